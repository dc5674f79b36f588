#!/usr/bin/env bash
# tests/flow/webhooks.sh - entries posted to receivers of every kind, each at least once and in order, and nobody waits for them.
# shellcheck source=tests/flow/lib.sh
. "$(dirname "$0")/lib.sh"

IN=$WORK/in
RECEIVER=""
secret() { echo "whsec_$(openssl rand -base64 32)"; }
mode() { echo "$1" >"$IN.mode"; }

receiver_start() {
	python3 "$TREE/tests/clients/hook_receiver.py" "$HOOK_PORT" "$IN" "$WORK/hook.pem" "$WORK/hook.key" \
	    >>"$WORK/receiver.log" 2>&1 </dev/null &
	RECEIVER=$!
	within 10 port_taken "$HOOK_PORT"
}
receiver_stop() {
	[ -n "$RECEIVER" ] || return 0
	kill "$RECEIVER" 2>/dev/null
	wait "$RECEIVER" 2>/dev/null
	RECEIVER=""
}
trap 'receiver_stop; tidy_up' EXIT

# hook FIELD: of the webhook in GET /v1/webhooks
hook() {
	api GET /v1/webhooks
	jq -r ".items[0].$1 // \"-\"" "$BODY"
}
hook_is() { [ "$(hook "$1")" = "$2" ]; }
# taken TENANT: the numbers of the entries that the receiver took, a line each, in the order that they came; a post
# that came twice counts once, as its webhook-id says
taken() {
	awk -F '\t' '($1 == "ok" || $1 == "slow" || $1 == "huge") && !seen[$2]++' "$IN" | cut -f5 |
	    jq -r --arg t "$1" 'select(.type == "log.entries" and .data.tenant == $t) | .data.entries[].n'
}
# size TENANT: entries of its log
size() { entries "$1" | wc -l; }
all_taken() { [ "$(taken acme | tail -1)" = "$(($(size acme) - 1))" ]; }
lines() { grep -cE "event=$1 " "$WORK/serve.log"; }
works_on() { q token create --tenant acme --device "$1" --json >"$WORK/token.json" 2>&1; }

service_fresh acme
service_stop
HOOK_PORT=$((PUBLIC + 9))
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/hook.key" -out "$WORK/hook.pem" -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
secret >"$WORK/one.secret"
chmod 600 "$WORK/one.secret"
cp "$WORK/one.secret" "$IN.secret"
: >"$IN"
mode ok
cp "$CONF" "$WORK/bare.yaml"
# conf_hook URL MORE...: the configuration with one webhook
conf_hook() {
	cp "$WORK/bare.yaml" "$CONF"
	printf 'webhooks:\n  - name: inventory\n    url: %s\n    secret: %s\n' "$1" "$WORK/one.secret" >>"$CONF"
	shift
	[ $# -eq 0 ] || printf '    %s\n' "$@" >>"$CONF"
}
HOOK_URL="https://localhost:$HOOK_PORT/in?key=hidden"

# --- what does not start ---------------------------------------------------------------------

conf_hook "$HOOK_URL" "ca: $WORK/hook.pem"
chmod 644 "$WORK/one.secret"
refuses "a secret that others may read: no start" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
like "and why" 'expected a file that its owner alone may read' "$OUT"
unlike "the secret itself is in no line" "$(sed 's/whsec_//' "$WORK/one.secret" | cut -c1-12)" "$OUT"
chmod 600 "$WORK/one.secret"
conf_hook "http://example.org/in"
refuses "http to another machine" "$QUATRAIN_BIN" webhook list --config "$CONF"
like "and why" 'webhooks\[0\].url: expected https' "$OUT"

# --- a good receiver -------------------------------------------------------------------------

conf_hook "$HOOK_URL" "ca: $WORK/hook.pem"
receiver_start
: >"$WORK/serve.log"
service_start || stop_here "serve with a webhook"
begun=$(size acme)
like "the herald runs, confined" 'who=herald event=sandbox' "$(cat "$WORK/serve.log")"
[ -n "$SANITIZED" ] || like "its calls are filtered" 'who=herald event=sandbox files=[a-z]* calls=filtered' "$(cat "$WORK/serve.log")"
for n in 1 2 3; do works_on "printer-$n"; done
is "entries arrive" yes "$(within 15 all_taken && echo yes)"
is "all that were written since it began, in order" "$(seq "$(taken acme | head -1)" $((begun + 2)))" "$(taken acme)"
is "no signature failed" 0 "$(grep -c '^BAD' "$IN")"
is "a body holds the line itself" "$(entries acme | tail -1)" \
    "$(awk -F '\t' '$1 == "ok"' "$IN" | cut -f5 | jq -cS '.data | select(.tenant == "acme") | .entries[]' | tail -1)"
TRACE=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
# traced TYPE: bodies of posts in this trace
traced() { awk -F '\t' -v t="$TRACE" '$1 == "ok" && $6 == t' "$IN" | cut -f5 | jq -c "select(.type == \"$1\")"; }
is "none of these posts names a trace" "-" "$(cut -f6 "$IN" | sort -u)"

nothing_left() { q webhook list | grep -qE "^inventory +(idle|sending) +0 "; }
is "webhook list: nothing is left to be told" yes "$(within 15 nothing_left && echo yes)"
works "webhook list" q webhook list
unlike "a URL without its query" hidden "$OUT"
is "the API: an id and no secret" 0 "$(api GET /v1/webhooks; grep -c "whsec\|hidden" "$BODY")"
works "webhook test" env TRACEPARENT=$TRACE "$QUATRAIN_BIN" webhook test inventory --config "$CONF"
like "and what it says" 'took the test \(status 204' "$OUT"
is "the test came, signed" 1 "$(cut -f5 "$IN" | jq -c 'select(.type == "webhook.test")' | wc -l)"
is "in the trace of who asked for it" 1 "$(traced webhook.test | wc -l)"
is "it is an entry" 1 "$(entries platform | jq -c 'select(.act == "webhook.tested" and .webhook == "inventory")' | wc -l)"
refuses "a test of none" q webhook test nothing
api POST /v1/webhooks/inventory/test '{}'
is "the API: a test is asked for" 202 "$STATUS"
api POST /v1/webhooks/nothing/test '{}'
is "of none" 404 "$STATUS"
http "http://localhost:$METRICS/v1/webhooks"
is "no API at the metrics" 404 "$STATUS"
api POST /v1/webhooks/inventory/test '{"x":1}'
is "a body that means nothing" 400 "$STATUS"

# --- a tenant that is made later -------------------------------------------------------------

q tenant create later >/dev/null 2>&1
later_taken() { [ "$(taken later | tail -1)" = "$(($(size later) - 1))" ]; }
is "is told from its first entry" yes "$(within 15 later_taken && echo yes)"
is "every one" "$(seq 0 $(($(size later) - 1)))" "$(taken later)"

# --- a failing one ---------------------------------------------------------------------------

mode 503
works_on failing-1
is "503: it waits" yes "$(within 10 hook_is state waiting && echo yes)"
like "and says since when, why and until when" '^20[0-9T:.-]+Z the receiver answered 503 20' "$(hook failing_since) $(hook error) $(hook next_try)"
works_on failing-2
is "revoking, tokens and the rest go on" 201 "$(api POST /v1/tenants/acme/tokens '{"device":"while"}'; echo "$STATUS")"
http "$OPEN/readyz"
is "readyz: 200" 200 "$STATUS"
like "with a reason" 'webhooks: 1 cannot be told' "$(cat "$BODY")"
like "a gauge of lag" '^[1-9]' "$(gauge 'quatrain_webhook_lag_entries{webhook="inventory"}')"
within 20 hook_is failures 3
is "one line when it begins" 1 "$(lines webhook-failing)"
is "and none more of it" 0 "$(lines webhook-refused)"
mode 400
within 20 hook_is status 400
is "a 4xx is said" 1 "$(lines webhook-refused)"
mode ok
works "a test that is taken ends the waiting" q webhook test inventory
is "all is told" yes "$(within 10 all_taken && echo yes)"
is "one line when it is well" 1 "$(lines webhook-well)"
is "in order, none twice, none left out" "$(seq "$(taken acme | head -1)" "$(taken acme | tail -1)")" "$(taken acme)"
is "a retried post kept its id" 1 "$(awk -F '\t' '$1 == "503" { print $2 }' "$IN" | sort -u | wc -l)"
like "and has a timestamp of its own" '^[2-9]' "$(awk -F '\t' '$1 == "503" || $1 == "400" { print $3 }' "$IN" | sort -u | wc -l)"

# --- others ----------------------------------------------------------------------------------

# through MODE ERROR: the receiver behaves so, then well
through() {
	local before
	before=$(hook failures)
	mode "$1"
	works_on "$1-$RANDOM"
	failed_more() { [ "$(hook failures)" -gt "$before" ]; }
	is "$1: it is a failure" yes "$(within 30 failed_more && echo yes)"
	like "$1: said so" "$2" "$(hook error)"
	mode ok
	q webhook test inventory >/dev/null 2>&1
	is "$1: all is told after" yes "$(within 30 all_taken && echo yes)"
}
through redirect 'a redirect \(307\), which is not followed'
is "a redirect is not followed: one post for each try" 0 "$(grep -c elsewhere "$WORK/receiver.log")"
through cut '.'
mode slow
works_on slow-1
from=${EPOCHREALTIME/./}
works_on slow-2
api GET /v1/tenants
is "a slow receiver keeps nobody waiting" yes "$([ $(((${EPOCHREALTIME/./} - from) / 1000)) -lt 2500 ] && echo yes)"
is "slow: told" yes "$(within 30 all_taken && echo yes)"
mode huge
works_on huge-1
is "an answer without an end: taken by its status, and not read" yes "$(within 30 all_taken && echo yes)"
herald=$(child_pids herald)
most=$(awk '/^VmHWM/ { print $2 }' "/proc/$herald/status")
[ -n "$SANITIZED" ] || is "and costs no memory ($most KiB at most)" yes "$([ "$most" -lt 120000 ] && echo yes)"
mode ok
receiver_stop
TRACEPARENT=$TRACE works_on nobody-1
n=$(($(size acme) - 1))
is "nobody there" yes "$(within 15 hook_is state waiting && echo yes)"
kill -KILL "$(child_pids herald)"
within 10 hook_is state waiting
receiver_start
q webhook test inventory >/dev/null 2>&1
is "there again: told" yes "$(within 30 all_taken && echo yes)"
is "a post goes on in the trace of the request that it tells of, after a death too" "{\"$n\":\"$TRACE\"}" \
    "$(traced log.entries | jq -c 'select(.data.tenant == "acme").data.traces' | tail -1)"
unlike "and no entry holds it" 4bf92f3577b34da6a3ce929d0e0e4736 "$(entries acme)"

# --- kill -9 under load ----------------------------------------------------------------------

load() {
	local i
	for i in $(seq 60); do
		curl -s -o /dev/null --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' \
		    --data "{\"device\":\"load-$i\"}" http://localhost/v1/tenants/acme/tokens
		sleep 0.05 # so long that there is a herald to kill more than once
	done
}
load &
loader=$!
kills=0
while alive "$loader" && [ $kills -lt 12 ]; do
	for p in $(child_pids herald); do kill -KILL "$p" 2>/dev/null && kills=$((kills + 1)); done
	sleep 0.2
done
wait "$loader"
is "the herald was killed again and again" yes "$([ $kills -ge 2 ] && echo yes)"
is "each entry arrived" yes "$(within 60 all_taken && echo yes)"
is "in order, none left out, none twice by its id" "$(seq "$(taken acme | head -1)" "$(taken acme | tail -1)")" "$(taken acme)"
is "an id has one body, however often it came" 0 \
    "$(cut -f2,5- "$IN" | sort -u | cut -f1 | sort | uniq -d | wc -l)"
is "and no other process ended" 0 "$(grep 'event=child-ended' "$WORK/serve.log" | grep -vc 'child=herald')"

# --- both secrets ----------------------------------------------------------------------------

service_stop
secret >"$WORK/new.secret"
cat "$WORK/one.secret" >>"$WORK/new.secret"
cp "$WORK/new.secret" "$IN.secret"
cat "$WORK/new.secret" >"$WORK/one.secret"
service_start || stop_here "serve with two secrets"
works_on rotated
is "rotation: told" yes "$(within 15 all_taken && echo yes)"
is "two signatures, and both hold" 2 "$(tail -1 "$IN" | cut -f4)"

# --- selected, and gone ----------------------------------------------------------------------

service_stop
conf_hook "$HOOK_URL" "ca: $WORK/hook.pem" "acts: [certificate.]" "tenants: [acme]"
service_start || stop_here "serve with a selection"
before=$(taken acme | wc -l)
works_on not-told
enrol acme told "$WORK/told"
told() { [ "$(taken acme | wc -l)" -gt "$before" ]; }
is "selected by act: told" yes "$(within 15 told && echo yes)"
is "and only what was selected" "certificate.issued" \
    "$(tail -1 "$IN" | cut -f5 | jq -r '[.data.entries[].act] | unique | join(" ")')"
is "no lag from what is not wanted" yes "$(within 10 hook_is lag 0 && echo yes)"
mode 410
enrol acme gone "$WORK/gone"
is "410: stopped" yes "$(within 15 hook_is state stopped && echo yes)"
is "with a line" 1 "$(lines webhook-stopped)"
posts=$(hook posts)
service_stop
mode ok
service_start || stop_here "serve after 410"
enrol acme gone-2 "$WORK/gone2"
is "after a restart: stopped still" stopped "$(within 5 hook_is state stopped; hook state)"
is "nothing is posted" 0 "$(hook posts)"
is "it had been" yes "$([ "$posts" -gt 0 ] && echo yes)"
service_stop
conf_hook "https://localhost:$HOOK_PORT/other" "ca: $WORK/hook.pem"
service_start || stop_here "serve with another url"
is "another url: it goes on where it was" yes "$(within 20 all_taken && echo yes)"

# --- whom it trusts --------------------------------------------------------------------------

service_stop
conf_hook "$HOOK_URL" "ca: $ROOT"
: >"$WORK/serve.log"
service_start || stop_here "serve with another root"
count=$(wc -l <"$IN")
works_on untrusted
is "a receiver of another root is not told" yes "$(within 15 hook_is state waiting && echo yes)"
like "and why" 'certificate' "$(hook error)"
is "nothing reached it" "$count" "$(wc -l <"$IN")"
[ -n "$SANITIZED" ] || is "no call of the herald was forbidden" 0 "$(grep -c 'child=herald why="signal' "$WORK/serve.log")"
receiver_stop
finish
