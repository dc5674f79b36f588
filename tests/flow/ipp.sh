#!/usr/bin/env bash
# tests/flow/ipp.sh - other people's tests of our queues: ipptool's suites for IPP/1.1, IPP/2.0 and IPP Everywhere, through a
# TLS client with a certificate, as none of CUPS' tools has one.
. "$(dirname "$0")/lib.sh"

for tool in ipptool stunnel; do
	command -v "$tool" >/dev/null || stop_here "$tool is not here: scripts/setup brings it"
done
SUITES=$WORK/suites
STUNNEL=""
CONNECTOR=""

# through DIR PORT: a plain port that leads to the relay with the certificate in DIR; STUNNEL
through() {
	cat >"$WORK/stunnel-$2.conf" <<-CONF
	foreground = yes
	pid =
	[relay]
	client = yes
	accept = 127.0.0.1:$2
	connect = 127.0.0.1:$RELAY
	cert = $1/cert.pem
	key = $1/key.pem
	CAfile = $ROOT
	verifyChain = yes
	checkHost = localhost
	CONF
	stunnel "$WORK/stunnel-$2.conf" >"$WORK/stunnel-$2.log" 2>&1 &
	STUNNEL="$STUNNEL $!"
	within 10 port_taken "$2"
}
end_others() {
	local p
	for p in $STUNNEL $CONNECTOR; do
		kill "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
}
trap 'end_others; tidy_up' EXIT

service_fresh acme
joins acme "$WORK/alice" alice workstation
joins acme "$WORK/bob" bob workstation
joins acme "$WORK/gw" gw-1 gateway
works "a printer" q printer add hp-1 --tenant acme --gateway gw-1
ALICE=$((PUBLIC + 5)) BOB=$((PUBLIC + 6))
through "$WORK/alice" $ALICE || stop_here "stunnel of alice"
through "$WORK/bob" $BOB || stop_here "stunnel of bob"
python3 "$TREE/tests/clients/connector.py" "$RELAY" "$WORK/gw/cert.pem" "$WORK/gw/key.pem" "$ROOT" \
    spiffe://acme.eu.example.org/printer/hp-1 >"$WORK/connector.log" 2>&1 &
CONNECTOR=$!

# The suites as Debian has them, and the raster files that its packages leave out: nobody here looks into one.
mkdir "$SUITES"
cp /usr/share/cups/ipptool/*.test "$SUITES"
sed -n 's/^[[:space:]]*FILE[[:space:]]*\([^$" ]*\.pwg\)$/\1/p' "$SUITES/ipp-everywhere.test" | sort -u >"$WORK/rasters"
while read -r name; do
	mkdir -p "$SUITES/$(dirname "$name")"
	printf 'RaS2%s' "$name" >"$SUITES/$name"
done <"$WORK/rasters"
{
	printf '%%PDF-1.4\n'
	head -c 3000 /dev/urandom
} >"$WORK/document.pdf"
cp "$WORK/document.pdf" "$SUITES/document.pdf"

# suite NAME VERSION: ipptool's own words of what failed, and its exit
suite() {
	timeout 500 ipptool -V "$2" -tI -f "$WORK/document.pdf" "ipp://localhost:$ALICE/ipp/print/hp-1" "$SUITES/$1" \
	    >"$WORK/$1.out" 2>&1
	is "$1: exit 0, nothing failed" "0 0" "$? $(grep -c '\[FAIL\]' "$WORK/$1.out")"
	grep -A12 '\[FAIL\]' "$WORK/$1.out" | head -40
	PASSES=$(grep -c '\[PASS\]' "$WORK/$1.out")
	echo "      $1: $PASSES passed"
}

suite ipp-1.1.test 1.1
is "ipp-1.1.test: it went through" yes "$([ "$PASSES" -ge 25 ] && echo yes || echo "$PASSES")"
suite ipp-2.0.test 2.0
is "ipp-2.0.test: it went through" yes "$([ "$PASSES" -ge 26 ] && echo yes || echo "$PASSES")"
suite ipp-everywhere.test 2.0
is "ipp-everywhere.test: it went through" yes "$([ "$PASSES" -ge 100 ] && echo yes || echo "$PASSES")"

# --- held: what the suites cannot know --------------------------------------------------------

# ask USER-PORT PATH STATUS OPERATION [LINES]: one request; what was wrong of its answer, or nothing
ask() {
	cat >"$WORK/one.test" <<-TEST
	{
	OPERATION $4
	GROUP operation-attributes-tag
	ATTR charset attributes-charset utf-8
	ATTR language attributes-natural-language en
	ATTR uri printer-uri \$uri
	${5:-}
	STATUS $3
	}
	TEST
	timeout 60 ipptool -tv "ipp://localhost:$1$2" "$WORK/one.test" >"$WORK/one.out" 2>&1 || grep -A8 '\[FAIL\]' "$WORK/one.out"
}
stored() { find "$DATA/spool/documents" -type f | wc -l; }
job_id() { sed -n 's/^ *job-id (integer) = //p' "$WORK/one.out" | tail -1; }

head -c 5000000 /dev/urandom >"$WORK/large.bin"
is "a job is held, and root is no name that counts" "" "$(ask $ALICE /ipp/print successful-ok Print-Job "ATTR name requesting-user-name root
	FILE $WORK/large.bin
	EXPECT job-state WITH-VALUE 4
	EXPECT job-state-reasons WITH-VALUE job-held-for-release")"
JOB=$(job_id)
is "its document is a file of its own" 1 "$(stored)"
is "alice sees it as hers" "" "$(ask $ALICE /ipp/print successful-ok Get-Job-Attributes "ATTR integer job-id $JOB
	EXPECT job-originating-user-name WITH-VALUE alice
	EXPECT job-k-octets WITH-VALUE 4883")"
is "bob finds no such job" "" "$(ask $BOB /ipp/print client-error-not-found Get-Job-Attributes "ATTR integer job-id $JOB
	ATTR name requesting-user-name alice")"
is "nor can he cancel it" "" "$(ask $BOB /ipp/print client-error-not-found Cancel-Job "ATTR integer job-id $JOB")"
is "nor list it" "" "$(ask $BOB /ipp/print successful-ok Get-Jobs "EXPECT !job-id")"
is "nor with all that he could have" "" "$(ask $BOB /ipp/print successful-ok Cancel-My-Jobs "ATTR name requesting-user-name alice")"
is "it is there as before" "" "$(ask $ALICE /ipp/print successful-ok Get-Job-Attributes "ATTR integer job-id $JOB
	EXPECT job-state WITH-VALUE 4")"
is "alice cancels it" "" "$(ask $ALICE /ipp/print successful-ok Cancel-Job "ATTR integer job-id $JOB")"
is "its document is gone" 0 "$(stored)"
is "a second time there is nothing to cancel" "" "$(ask $ALICE /ipp/print client-error-not-possible Cancel-Job "ATTR integer job-id $JOB")"

is "a PIN is taken" "" "$(ask $ALICE /ipp/print successful-ok Print-Job "ATTR octetString job-password 4711
	ATTR keyword job-password-encryption none
	FILE $WORK/document.pdf
	EXPECT job-state WITH-VALUE 4")"
is "one of an encryption that nobody knows is not" "" "$(ask $ALICE /ipp/print client-error-attributes-or-values-not-supported \
    Print-Job "ATTR octetString job-password 4711
	ATTR keyword job-password-encryption md2
	FILE $WORK/document.pdf")"
is "a printer that is none has no queue" "" "$(ask $ALICE /ipp/print/hp-9 client-error-not-found Print-Job "FILE $WORK/document.pdf")"

# --- who goes away in the midst of it -----------------------------------------------------------

begun() { [ "$(stored)" -gt 0 ]; }
{
	printf '\2\0\0\2\0\0\0\1\1\107\0\022attributes-charset\0\5utf-8\110\0\033attributes-natural-language\0\2en\105\0\013printer-uri'
	printf '\0\034ipps://localhost:1/ipp/print\3'
	cat "$WORK/large.bin"
} >"$WORK/cut.bin"
curl -s -o "$WORK/cut.out" --cacert "$ROOT" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem" --limit-rate 500k \
    -H 'Content-Type: application/ipp' --data-binary @"$WORK/cut.bin" "https://localhost:$RELAY/ipp/print" &
CUT=$!
within 10 begun
is "an upload has begun" 1 "$(stored)"
kill -KILL "$CUT" 2>/dev/null
wait "$CUT" 2>/dev/null
ended() { [ "$(stored)" -eq 0 ]; }
within 10 ended
is "cut off, it leaves nothing" 0 "$(stored)"

finish
