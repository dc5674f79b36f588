#!/usr/bin/env bash
# tests/flow/events.sh - the log as a stream: who comes back with Last-Event-ID sees each entry once, whoever died meanwhile.
. "$(dirname "$0")/lib.sh"

service_fresh acme beta
SOCKET=$DATA/run/api.sock
EVENTS=http://localhost/v1/events

# stream FILE CURL-ARGUMENTS...: what the service says goes to FILE, until STREAM is ended
stream() {
	local to=$1
	shift
	curl -sN --unix-socket "$SOCKET" "$@" >"$to" 2>/dev/null &
	STREAM=$!
}

# unstream: end the last stream
unstream() {
	kill "$STREAM" 2>/dev/null
	wait "$STREAM" 2>/dev/null
}

# has_line FILE PATTERN
has_line() { grep -qE -- "$2" "$1"; }

# indexes FILE...: the numbers of the entries that were told, in order of their coming
indexes() {
	sed -n 's/^data: //p' "$@" | jq -r .n
}

# last_id FILE: as a reader keeps it; an event that was cut off counts for nothing
last_id() {
	awk '/^id: / { id = substr($0, 5) } /^$/ { if (id != "") last = id } END { print last }' "$1"
}

# --- one stream --------------------------------------------------------------------------------

stream "$WORK/one" -D "$HEADERS" "$EVENTS?tenant=acme"
within 5 has_line "$WORK/one" '^id: acme:'
like "a stream is told as one" '^Content-Type: text/event-stream' "$(cat "$HEADERS")"
like "nobody keeps it" '^Cache-Control: no-store' "$(cat "$HEADERS")"
FIRST=$(last_id "$WORK/one")
token acme hp-1 >/dev/null
within 5 has_line "$WORK/one" '^event: token.created'
is "an act is an event" "$(entries acme | tail -n 1)" "$(sed -n 's/^data: //p' "$WORK/one" | tail -n 1)"
token beta hp-1 >/dev/null
streams() { [ "$(gauge quatrain_event_streams)" = "$1" ]; }
within 5 streams 1
is "the metrics count it" 1 "$(gauge quatrain_event_streams)"
unstream
within 5 streams 0
is "and that it ended" 0 "$(gauge quatrain_event_streams)"
token acme hp-2 >/dev/null
stream "$WORK/two" -H "Last-Event-ID: $(last_id "$WORK/one")" "$EVENTS?tenant=acme"
within 5 has_line "$WORK/two" hp-2
unstream
is "who comes back sees what is new alone" "printer/hp-2" "$(sed -n 's/^data: //p' "$WORK/two" | jq -r .name)"
stream "$WORK/three" -H "Last-Event-ID: $FIRST" "$EVENTS?tenant=acme"
within 5 has_line "$WORK/three" hp-2
unstream
is "from an older place it sees more" "printer/hp-1 printer/hp-2" \
    "$(sed -n 's/^data: //p' "$WORK/three" | jq -r .name | paste -sd' ')"
http --unix-socket "$SOCKET" -H 'Last-Event-ID: acme:1,nobody:2' "$EVENTS?tenant=acme"
is "a place that is none is refused" 400 "$STATUS"
http --unix-socket "$SOCKET" -H 'Last-Event-ID: acme:999' "$EVENTS?tenant=acme"
is "one past the end is of another log" 409 "$STATUS"
http --unix-socket "$SOCKET" "$EVENTS?tenant=nobody"
is "an unknown tenant is none" 404 "$STATUS"
http --cacert "$ROOT" "$URL/v1/events"
is "nobody without a certificate" 401 "$STATUS"

# --- an operator, and the end of what he may -----------------------------------------------------

q operator add alice --role auditor --out "$WORK/alice" >/dev/null 2>&1
ALICE=(--cacert "$ROOT" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem")
curl -sN "${ALICE[@]}" "$URL/v1/events" >"$WORK/alice.events" 2>/dev/null &
STREAM=$!
within 5 has_line "$WORK/alice.events" '^id: '
token acme hp-3 >/dev/null
within 5 has_line "$WORK/alice.events" hp-3
pass "an auditor follows all logs by certificate"
FROM=${EPOCHREALTIME/./}
api POST "/v1/tenants/platform/certificates/$(serial "$WORK/alice/cert.pem")/hold" '{}'
is "she is held" 200 "$STATUS"
gone() { ! alive "$STREAM"; }
within 5 gone
is "her stream ends at once" yes "$(gone && echo yes)"
echo "      closed $(((${EPOCHREALTIME/./} - FROM) / 1000)) ms after the request to hold her"
unstream
like "and the service's own log says so" 'event=(cut|stream-ended) ' "$(cat "$WORK/serve.log")"
http "${ALICE[@]}" "$URL/v1/events"
is "and is not opened again" 403 "$STATUS"

# --- how soon -----------------------------------------------------------------------------------

# From the answer to the act until the event is read; told, and judged by nobody: the machine may be busy.
curl -sN --unix-socket "$SOCKET" "$EVENTS?tenant=acme&act=token.created" 2>/dev/null | while read -r line; do
	[[ $line != id:* ]] || : >"$WORK/opened"
	[[ $line != data:* ]] || echo "${EPOCHREALTIME/./} $line"
done >"$WORK/heard" &
opened() { [ -e "$WORK/opened" ]; }
within 10 opened # it begins with now, and says so
for ((n = 0; n < 60; n++)); do
	api POST /v1/tenants/acme/tokens "{\"device\":\"soon-$n\"}"
	echo "${EPOCHREALTIME/./} $(jq -r .log_index "$BODY")"
	sleep 0.0$((RANDOM % 9 + 1))
done >"$WORK/answered"
heard_last() { grep -q '"printer/soon-59"' "$WORK/heard"; }
within 10 heard_last
sed 's/^\([0-9]*\) data: .*"n":\([0-9]*\).*/\2 \1/' "$WORK/heard" | sort >"$WORK/heard.n"
awk '{ print $2, $1 }' "$WORK/answered" | sort | join - "$WORK/heard.n" | awk '{ print $3 - $2 }' | sort -n >"$WORK/us"
is "each of sixty events came" 60 "$(wc -l <"$WORK/us")"
echo "      after the answer: p50 $(sed -n 30p "$WORK/us") us, p99 $(sed -n 60p "$WORK/us") us"

# --- two hundred acts, and deaths --------------------------------------------------------------

# follow FILE: as EventSource does it, until the file $WORK/stop is there; each connection is a file of its own
follow() {
	local n=0 last=$FIRST part
	while [ ! -e "$WORK/stop" ]; do
		part=$1.$((n++))
		: >"$part"
		curl -sN "${BOB[@]}" -H "Last-Event-ID: $last" "$URL/v1/events?tenant=acme" >"$part" 2>/dev/null
		[ -z "$(last_id "$part")" ] || last=$(last_id "$part")
		sleep 0.1
	done
}

q operator add bob --role auditor --out "$WORK/bob" >/dev/null 2>&1
BOB=(--cacert "$ROOT" --cert "$WORK/bob/cert.pem" --key "$WORK/bob/key.pem")
FIRST=acme:$(entries acme | wc -l)
follow "$WORK/part" &
FOLLOWER=$!
timeout 120 "$QUATRAIN_BIN" events --tenant acme --after "${FIRST#acme:}" --json --url "$URL" --cert "$WORK/bob/cert.pem" \
    --key "$WORK/bob/key.pem" --root "$ROOT" >"$WORK/cli.events" 2>"$WORK/cli.err" &
CLI=$!
(
	n=0
	while [ $n -lt 200 ]; do
		n=$((n + 1))
		curl -s -o /dev/null --max-time 10 --unix-socket "$SOCKET" -H 'Content-Type: application/json' \
		    --data-binary "{\"device\":\"many-$n\"}" http://localhost/v1/tenants/acme/tokens
	done
) &
ACTS=$!
for role in edge signer edge signer edge; do
	sleep 0.4
	kill -9 "$(child_pids "$role" | head -n 1)" 2>/dev/null
done
wait "$ACTS"
# The signer is back when an act is done again; it is the mark that all must see.
done_again() { token acme the-last >/dev/null 2>&1 && entries acme | grep -q the-last; }
within 30 done_again
all_told() { cat "$WORK"/part.* | grep -q the-last && grep -q the-last "$WORK/cli.events"; }
within 60 all_told
entries acme | tail -n +"$((${FIRST#acme:} + 1))" | jq -r .n >"$WORK/want"
END=$(tail -n 1 "$WORK/want")
touch "$WORK/stop"
seen_end() { indexes "$WORK"/part.* | grep -qx "$END" && jq -r .entry.n "$WORK/cli.events" | grep -qx "$END"; }
within 30 seen_end
read -ra CHILDREN <"/proc/$FOLLOWER/task/$FOLLOWER/children"
kill -TERM "${CHILDREN[@]}" 2>/dev/null
wait "$FOLLOWER"
kill -INT "$CLI"
wait "$CLI" 2>/dev/null
is "Ctrl-C ends the command well" 0 $?
for ((n = 0; ; n++)); do
	[ -e "$WORK/part.$n" ] || break
	# What curl wrote of an event that was cut off was never dispatched.
	awk 'BEGIN { RS = ""; FS = "\n" } { print $0 "\n" }' "$WORK/part.$n" | sed -n 's/^data: //p' |
	    jq -R -r 'fromjson? | .n'
done >"$WORK/got"
is "the follower saw each entry exactly once, in order" "$(cat "$WORK/want")" "$(cat "$WORK/got")"
is "and so did the command" "$(cat "$WORK/want")" "$(jq -r .entry.n "$WORK/cli.events")"
echo "      $(wc -l <"$WORK/want") entries over $n connections"
is "the stream did break" yes "$([ "$n" -gt 1 ] && echo yes)"
like "there were many entries" '^[0-9]{3}$' "$(wc -l <"$WORK/want")"

# --- the end ------------------------------------------------------------------------------------

stream "$WORK/last" "$EVENTS"
within 5 has_line "$WORK/last" '^id: '
service_stop
wait "$STREAM"
is "a stop ends a stream well" 0 $?
is "and is not kept waiting by it" yes "$([ "$STOPPED_MS" -lt 3000 ] && echo yes)"
finish
