#!/usr/bin/env bash
# tests/flow/agent.sh - a PC that prints: cupsd, lpadmin -m everywhere and lp, through the agent's Unix socket, to the relay.
# What is printed is nowhere in clear, is kept while the relay is away, and is there once, whoever dies in between.
. "$(dirname "$0")/lib.sh"

if ! command -v ipptool >/dev/null || [ ! -x /usr/sbin/cupsd ] || ! command -v lpadmin >/dev/null; then
	echo "skip  $FLOW: ipptool, lpadmin or cupsd is not here"
	exit 77
fi
AGENT=""
CUPSD=""
CONNECTOR=""
SOCKET=$WORK/run/agent.sock
URI=ipp://${SOCKET//\//%2F}/ipp/print
MARKER=marker-$RANDOM$RANDOM-of-a-document
USER_MARKER=claimed-$RANDOM$RANDOM

end_others() {
	local p
	for p in $AGENT $CUPSD $CONNECTOR; do
		kill "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
	AGENT="" CUPSD="" CONNECTOR=""
}
trap 'end_others; tidy_up' EXIT

# AGENT, as soon as its socket is there
agent_start() {
	rm -f "$SOCKET"
	TMPDIR=$WORK/tmp "$QUATRAIN_BIN" agent --config "$WORK/agent.yaml" >>"$WORK/agent.log" 2>&1 </dev/null &
	AGENT=$!
	! grep -q '^listen: unix' "$WORK/agent.yaml" || within 20 test -S "$SOCKET"
}
agent_stop() {
	kill "$AGENT" 2>/dev/null
	wait "$AGENT" 2>/dev/null
	AGENT_RC=$?
	AGENT=""
}
told() { grep -q -- "$1" "$WORK/agent.log"; }

# ask NAME LINES...: an ipptool test of our own, at the socket; OUT
ask() {
	local name=$1
	shift
	{
		echo '{'
		printf '%s\n' "$@"
		echo '}'
	} >"$WORK/$name.test"
	OUT=$(timeout 60 ipptool -tvI -f "$WORK/document.pdf" "$URI" "$WORK/$name.test" 2>&1)
}
HEAD=('GROUP operation-attributes-tag' 'ATTR charset attributes-charset utf-8'
	'ATTR naturalLanguage attributes-natural-language en' 'ATTR uri printer-uri $uri')
print_here() {
	ask print 'OPERATION Print-Job' "${HEAD[@]}" "ATTR name requesting-user-name $USER_MARKER" \
	    "ATTR name job-name secret-$MARKER" 'ATTR mimeMediaType document-format application/pdf' \
	    "FILE ${1:-\$filename}" 'STATUS successful-ok'
}
# the states of all jobs, as the agent's clients see them: this user's, and those of cupsd's
states() {
	local lp=""
	ask jobs 'OPERATION Get-Jobs' "${HEAD[@]}" "ATTR keyword which-jobs ${1:-not-completed}" \
	    'ATTR keyword requested-attributes job-id,job-state,job-state-reasons,job-state-message'
	[ "$(id -u)" != 0 ] || lp=$(as lp ipptool -tvI "$URI" "$WORK/jobs.test" 2>&1)
	sed -n 's/.*job-state (enum) = //p' <<<"$OUT$lp" | sort | uniq -c | awk '{ print $2 "*" $1 }' | paste -sd' '
}
# as USER COMMAND...
as() {
	local user=$1
	shift
	timeout 60 setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"
}
states_are() { [ "$(states)" = "$1" ]; }

# at_relay [WHICH [QUEUE]]: what the relay has of this PC
at_relay() {
	python3 "$TREE/tests/clients/ipp_jobs.py" "$RELAY" "$WORK/pc/cert.pem" "$WORK/pc/key.pem" "$ROOT" "$@"
}
relay_has() { [ "$(at_relay | grep -c .)" = "$1" ]; }

# clear_of WHAT WORD FOLDER...: the word is in no file there
clear_of() {
	local what=$1 word=$2
	shift 2
	is "$what" "" "$(grep -rlaF -- "$word" "$@" 2>/dev/null)"
}

service_fresh acme
chmod 711 "$WORK"
mkdir -m 755 "$WORK/run"
mkdir "$WORK/tmp"
{
	printf '%%PDF-1.4\n%% %s\n' "$MARKER"
	head -c 3000 /dev/urandom
} >"$WORK/document.pdf"
{
	cat "$WORK/document.pdf"
	for i in 1 2 3 4 5 6 7 8 9; do
		head -c 300000 /dev/urandom
		echo "$MARKER"
	done
} >"$WORK/large.pdf"
q token create --tenant acme --device alice-pc --profile workstation --json | jq -r .token >"$WORK/token"
cat >"$WORK/agent.yaml" <<-YAML
service: $URL
relay: https://localhost:$RELAY
folder: $WORK/pc
token_file: $WORK/token
listen: unix:$SOCKET
YAML

# --- it comes in by itself -------------------------------------------------------------------

agent_start || stop_here "the agent starts"
within 20 test -s "$WORK/pc/cert.pem"
is "it enrolled" "spiffe://acme.eu.example.org/workstation/alice-pc" \
    "$(openssl x509 -in "$WORK/pc/cert.pem" -noout -ext subjectAltName | sed -n 's/.*URI:\([^,]*\).*/\1/p')"
within 20 test -s "$WORK/pc/release.pem"
like "it knows to whom documents are encrypted" 'CN *= *release' "$(openssl x509 -in "$WORK/pc/release.pem" -noout -subject)"

BEFORE=$(serial "$WORK/pc/cert.pem")
renewed() { [ "$(serial "$WORK/pc/cert.pem")" != "$BEFORE" ]; }
kill -HUP "$AGENT"
within 20 renewed
is "SIGHUP renews its certificate" yes "$(renewed && echo yes)"

# --- a program at the socket -----------------------------------------------------------------

chmod 644 "$WORK"/*.pdf
OUT=$(timeout 60 ipptool -t -f "$WORK/document.pdf" "$URI" get-printer-attributes.test 2>&1)
like "it says what it can" 'PASS' "$OUT"
print_here
like "a program prints" 'PASS' "$OUT"
like "its name is the one that the machine knows, vouched for by root" "job-originating-user-name|PASS" "$OUT"
within 10 states_are 'pending-held*1'
is "the relay holds it, and the program sees that" 'pending-held*1' "$(states)"
like "at the relay it is this machine's" '^4 job-held-for-release.* user=alice-pc ' "$(at_relay)"
unlike "and nobody is named there" "$USER_MARKER|$MARKER" "$(at_relay)"

print_here "$WORK/large.pdf"
like "one that is large" 'PASS' "$OUT"
within 10 relay_has 2
is "it came too" 2 "$(at_relay | grep -c .)"
clear_of "what was printed is in no file of the agent" "$MARKER" "$WORK/pc" "$WORK/agent.log"
clear_of "nor of the relay" "$MARKER" "$DATA" "$WORK/serve.log"
clear_of "nor is who printed" "$USER_MARKER" "$WORK/pc" "$DATA" "$WORK/agent.log" "$WORK/serve.log"
is "when the relay has them, no document is left here" "" "$(find "$WORK/pc/spool/documents" -type f 2>/dev/null)"

ask cancel 'OPERATION Cancel-Job' "${HEAD[@]}" 'ATTR integer job-id 1' 'STATUS successful-ok'
like "one is canceled here" 'PASS' "$OUT"
within 10 relay_has 1
like "and so it is there" '^7 job-canceled-by-user' "$(at_relay completed)"
ask cancel 'OPERATION Cancel-Job' "${HEAD[@]}" 'ATTR integer job-id 2' 'STATUS successful-ok'
within 10 relay_has 0
is "all of them" 0 "$(at_relay | grep -c .)"

# --- who may ---------------------------------------------------------------------------------

if [ "$(id -u)" = 0 ]; then
	as_nobody() { OUT=$(as nobody ipptool -tvI "$URI" "$WORK/jobs.test" 2>&1); }
	states >/dev/null
	as_nobody
	like "another user of the machine may print" 'PASS' "$OUT"
	unlike "and sees no jobs of others" 'job-id' "$(sed -n '/RECEIVED/,$p' <<<"$OUT")"
	agent_stop
	echo 'users: [root]' >>"$WORK/agent.yaml"
	agent_start || stop_here "the agent starts again"
	as_nobody
	unlike "unless users says who may" 'PASS' "$OUT"
	is "and that is told" yes "$(told 'event=refused uid=65534 status=403' && echo yes)"
	ask jobs 'OPERATION Get-Jobs' "${HEAD[@]}" 'STATUS successful-ok'
	like "and root may" 'PASS' "$OUT"
	agent_stop
	sed -i '/^users:/d' "$WORK/agent.yaml"
	agent_start || stop_here "the agent starts again"
fi

# --- cupsd -----------------------------------------------------------------------------------

CUPS=$WORK/cups
CUPS_PORT=$((PUBLIC + 7))
mkdir -p "$CUPS"/{etc,spool,cache,run,log,tmp}
chmod 755 "$CUPS" "$CUPS"/*
cat >"$CUPS/etc/cups-files.conf" <<-CONF
ServerRoot $CUPS/etc
RequestRoot $CUPS/spool
CacheDir $CUPS/cache
StateDir $CUPS/run
TempDir $CUPS/tmp
AccessLog $CUPS/log/access_log
ErrorLog $CUPS/log/error_log
PageLog $CUPS/log/page_log
SystemGroup root
CONF
cat >"$CUPS/etc/cupsd.conf" <<-CONF
LogLevel debug
Listen 127.0.0.1:$CUPS_PORT
ServerName localhost
Browsing Off
DefaultAuthType None
MaxLogSize 0
PreserveJobHistory Yes
PreserveJobFiles No
<Location />
  Order allow,deny
  Allow localhost
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow localhost
  </Limit>
</Policy>
CONF
/usr/sbin/cupsd -f -c "$CUPS/etc/cupsd.conf" -s "$CUPS/etc/cups-files.conf" >"$CUPS/log/out" 2>&1 </dev/null &
CUPSD=$!
within 20 port_taken "$CUPS_PORT" || stop_here "cupsd"
export CUPS_SERVER=127.0.0.1:$CUPS_PORT
works "lpadmin -m everywhere takes it" timeout 60 lpadmin -p secure -E -v "$URI" -m everywhere
# cupsd asks the queue what it can in its own time
options() { OPTIONS=$(timeout 30 lpoptions -p secure -l 2>&1) && grep -q PageSize <<<"$OPTIONS"; }
within 30 options
like "with its options" 'Duplex|sides' "$OPTIONS"
cups_done() { [ -z "$(lpstat -o secure 2>/dev/null)" ]; }

works "lp prints" timeout 60 lp -d secure -o sides=two-sided-long-edge -n 2 -t "title-$MARKER" "$TREE/tests/vectors/print/page.pdf"
within 60 relay_has 1
like "the relay holds it as it was meant" '^4 job-held-for-release.* copies=2 sides=two-sided-long-edge user=alice-pc ' "$(at_relay)"
within 60 cups_done
is "and cupsd is done with it" "" "$(lpstat -o secure 2>&1)"

# --- the relay is away -----------------------------------------------------------------------

service_stop
works "lp prints while the relay is away" timeout 60 lp -d secure "$TREE/tests/vectors/print/page.pdf"
within 30 states_are 'pending*1 pending-held*1'
is "the agent keeps it" 'pending*1 pending-held*1' "$(states)"
print_here "$WORK/large.pdf"
like "so does a program's" 'PASS' "$OUT"
is "both wait" 'pending*2 pending-held*1' "$(states)"
clear_of "and lie there sealed" "$MARKER" "$WORK/pc" "$WORK/agent.log"
kill -KILL "$AGENT"
wait "$AGENT" 2>/dev/null
agent_start || stop_here "the agent starts after kill -9"
is "an agent that was killed has them still" 'pending*2 pending-held*1' "$(states)"
print_here
like "and takes more, without a network" 'PASS' "$OUT"
service_start || stop_here "the service starts again"
within 60 relay_has 4
is "all are there when the relay is back" 4 "$(at_relay | grep -c .)"
sleep 2
is "each of them once" 4 "$(at_relay | grep -c .)"
within 20 states_are 'pending-held*4'
is "and the agent knows" 'pending-held*4' "$(states)"
within 60 cups_done
is "so does cupsd" "" "$(lpstat -o secure 2>&1)"

# Dead at any moment between: what was said to the relay is said again, and is one job.
for i in 1 2 3 4; do
	print_here "$WORK/large.pdf"
	sleep 0.0$((i * 2))
	kill -KILL "$AGENT"
	wait "$AGENT" 2>/dev/null
	agent_start || stop_here "the agent starts after kill -9"
done
within 60 relay_has 8
sleep 2
is "four that were killed for are there once" 8 "$(at_relay | grep -c .)"

# --- PINs ------------------------------------------------------------------------------------

PIN=73914628
print_with_pin() {
	ask pin 'OPERATION Print-Job' "${HEAD[@]}" 'ATTR mimeMediaType document-format application/pdf' \
	    'ATTR keyword job-password-encryption none' "ATTR octetString job-password $PIN" \
	    'FILE $filename' 'STATUS successful-ok'
}
print_with_pin
like "a job with a PIN" 'PASS' "$OUT"
within 20 relay_has 9
is "goes to the relay with it" 9 "$(at_relay | grep -c .)"
service_stop
print_with_pin
like "one that waits" 'PASS' "$OUT"
clear_of "its PIN is on no disk" "$PIN" "$WORK/pc" "$DATA" "$WORK/agent.log" "$WORK/serve.log"
kill -KILL "$AGENT"
wait "$AGENT" 2>/dev/null
agent_start || stop_here "the agent starts after kill -9"
service_start || stop_here "the service starts again"
within 30 eval 'states completed | grep -q aborted'
states completed >/dev/null
like "and is not passed on when it was lost" 'job-state-message .* = its PIN was lost' "$OUT"
is "nothing came of it there" 9 "$(at_relay | grep -c .)"

# --- a printer's own queue -------------------------------------------------------------------

joins acme "$WORK/gw" gw-1 gateway
works "a printer" q printer add hp-1 --tenant acme --gateway gw-1
HP=$URI/hp-1
OUT=$(timeout 60 ipptool -t "$HP" get-printer-attributes.test 2>&1)
unlike "a queue that the settings do not name is not there" 'PASS' "$OUT"
echo 'printers: [hp-1]' >>"$WORK/agent.yaml"
agent_stop
agent_start || stop_here "the agent starts with a printer"
python3 "$TREE/tests/clients/connector.py" "$RELAY" "$WORK/gw/cert.pem" "$WORK/gw/key.pem" "$ROOT" \
    spiffe://acme.eu.example.org/printer/hp-1 >"$WORK/connector.log" 2>&1 &
CONNECTOR=$!
OUT=$(timeout 60 ipptool -t -f "$WORK/document.pdf" "$HP" print-job.test 2>&1)
like "it takes a job" 'PASS' "$OUT"
printed() {
	OUT=$(ipptool -tvI -d which=completed "$HP" "$WORK/hp.test" 2>&1)
	grep -q 'job-state (enum) = completed' <<<"$OUT"
}
sed 's/not-completed/completed/' "$WORK/jobs.test" >"$WORK/hp.test"
within 30 printed
like "which a connector prints, and the program hears of it" 'job-state .enum. = completed' "$OUT"

# --- what policies say -----------------------------------------------------------------------

cat >"$WORK/policy.yaml" <<-YAML
apiVersion: quatrain.policy/v1
kind: PolicySet
metadata: {name: own, scope: "spiffe://acme.eu.example.org/**", owner: it@example.org, revision: 1}
mode: enforce
schema: quatrain.attributes/v1
rules:
  - {id: come-in, effect: permit, actions: [connect, est.enroll, est.reenroll, print.release, print.fetch]}
  - {id: sealed-by-the-pc, effect: permit, actions: [print.submit], subjects: {roles: [workstation]}, when: {resource.encrypted_by: agent, resource.copies: {lte: 2}}}
YAML
works "a policy: what a PC encrypted, two copies at most" q policy put "$WORK/policy.yaml" --tenant acme
ask one 'OPERATION Print-Job' "${HEAD[@]}" 'ATTR mimeMediaType document-format application/pdf' \
    'GROUP job-attributes-tag' 'ATTR integer copies 2' 'FILE $filename' 'STATUS successful-ok'
within 20 relay_has 10
is "the grade is the agent's" 10 "$(at_relay | grep -c .)"
ask two 'OPERATION Print-Job' "${HEAD[@]}" 'ATTR mimeMediaType document-format application/pdf' \
    'GROUP job-attributes-tag' 'ATTR integer copies 3' 'FILE $filename' 'STATUS successful-ok'
like "what it forbids is taken here" 'PASS' "$OUT"
within 20 eval 'states completed | grep -q aborted'
states completed >/dev/null
like "and ended with the relay's words" 'job-state-message .* = .*no rule permits|job-state-message .* = .*print.submit|job-state-message.*policy' "$OUT"
is "nothing came of what is forbidden" 10 "$(at_relay | grep -c .)"

# --- what it does not do ---------------------------------------------------------------------

refuses "a second agent of the same folder" timeout 20 "$QUATRAIN_BIN" agent --config "$WORK/agent.yaml" --listen "unix:$WORK/other.sock"
like "it says why" 'another agent uses' "$OUT"
refuses "one that other machines could reach" timeout 20 "$QUATRAIN_BIN" agent --config "$WORK/agent.yaml" --listen 0.0.0.0:$((PUBLIC + 8))
like "it says why" 'this machine alone' "$OUT"
refuses "one without a relay" timeout 20 "$QUATRAIN_BIN" agent --listen "unix:$WORK/other.sock"
is "nothing is left in the temporary folder" "" "$(ls -A "$WORK/tmp")"

# A relay that is not there, and a release certificate that is none: nothing is encrypted to it.
agent_stop
service_stop
cp "$WORK/pc/release.pem" "$WORK/release.pem"
cp "$WORK/pc/cert.pem" "$WORK/pc/release.pem"
agent_start || stop_here "the agent starts with another release certificate"
print_here
like "documents are encrypted to no other certificate" 'server-error-service-unavailable' "$OUT"
within 5 told 'event=release-key why="recipient: expected service/release'
is "and it says why" yes "$(told 'event=release-key why="recipient: expected service/release' && echo yes)"
agent_stop
cp "$WORK/release.pem" "$WORK/pc/release.pem"

# On loopback.
sed -i "s|^listen:.*|listen: 127.0.0.1:$((PUBLIC + 8))|" "$WORK/agent.yaml"
agent_start
URI=ipp://127.0.0.1:$((PUBLIC + 8))/ipp/print
within 10 port_taken $((PUBLIC + 8))
within 5 eval 'print_here; grep -q PASS <<<"$OUT"'
like "on loopback it prints too, without a network" 'PASS' "$OUT"

agent_stop
is "the agent ends when it is told to" 0 "$AGENT_RC"
service_start || stop_here "the service starts again"
is "no sanitizer report of it" "" "$(grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$WORK/agent.log" | head -5)"
finish
