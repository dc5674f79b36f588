#!/usr/bin/env bash
# tests/flow/observe.sh - what the service tells of itself: lines, traces, metrics, readiness.
# shellcheck source=tests/flow/lib.sh
. "$(dirname "$0")/lib.sh"

service_fresh acme
service_stop
printf 'edges: 3\nlog:\n  format: json\n  level: debug\n' >>"$CONF"
rm -f "$WORK/ready"
# What a person reads goes to standard output, and is not looked at here.
"$QUATRAIN_BIN" serve --config "$CONF" --ready-file "$WORK/ready" >/dev/null 2>"$WORK/lines" </dev/null &
PID=$!
within 30 test -e "$WORK/ready" || stop_here "serve with three edges"

ID=4bf92f3577b34da6a3ce929d0e0e4736
SPAN=00f067aa0ba902b7

# lines JQ-FILTER: the objects of the log that it selects
lines() { jq -c "select($1)" "$WORK/lines"; }

# --- lines -----------------------------------------------------------------------------------

is "every line is one canonical object" "$(wc -l <"$WORK/lines")" "$(jq -cS . "$WORK/lines" | grep -cFxf - "$WORK/lines")"
is "each has time, level, who, event" 0 "$(lines '(.time and .level and .who and .event) | not' | wc -l)"
http -A 'x' "$OPEN/nothing%0aevent=issued%22%7d" --path-as-is
is "a path of a stranger: 404" 404 "$STATUS"
http --request-target $'/a\xe2\x80\xaeb' "$OPEN/"
like "a target with bidi octets is no path" '^4' "$STATUS"
api GET /v1/tenants/nobody
is "every line is still one object" "$(wc -l <"$WORK/lines")" "$(jq -c . "$WORK/lines" | wc -l)"
is "no line is a stranger's" 0 "$(lines '.event == "issued"' | wc -l)"

# --- traces ----------------------------------------------------------------------------------

# traced WHAT HEADERS...: the trace of the line of a request with these headers; PATH names it
traced() {
	local path=/v1/tenants/none-$RANDOM$RANDOM args=()
	for h in "$@"; do args+=(-H "$h"); done
	http --unix-socket "$DATA/run/api.sock" "${args[@]}" "http://localhost$path"
	within 5 grep -q "$path" "$WORK/lines" || return
	jq -r --arg p "$path" 'select(.event == "refused" and .path == $p) | .trace + " " + .span + " " + (.tracestate // "-")' \
	    "$WORK/lines"
}

is "a traceparent passes into the line" "$ID $SPAN -" "$(traced "traceparent: 00-$ID-$SPAN-01")"
is "and tracestate with it" "$ID $SPAN rojo=1,congo=t61" "$(traced "traceparent: 00-$ID-$SPAN-01" 'tracestate: rojo=1,congo=t61')"
is "a later version is read as far as it is known" "$ID $SPAN -" "$(traced "traceparent: 7f-$ID-$SPAN-01-more")"
is "a tracestate that is none is dropped alone" "$ID $SPAN -" "$(traced "traceparent: 00-$ID-$SPAN-01" 'tracestate: a=b,a=c')"
while IFS=';' read -r what one two; do
	got=$(traced "$one" ${two:+"$two"})
	like "$what: a new trace" '^[0-9a-f]{32} [0-9a-f]{16} -$' "$got"
	unlike "$what: not theirs" "$ID|$SPAN|a=b" "$got"
done <<-HOSTILE
no traceparent;x: y
tracestate alone;tracestate: a=b
version ff;traceparent: ff-$ID-$SPAN-01
upper case;traceparent: 00-${ID^^}-$SPAN-01
version 00 with more;traceparent: 00-$ID-$SPAN-01-more
an id of zeros;traceparent: 00-00000000000000000000000000000000-$SPAN-01
a span of zeros;traceparent: 00-$ID-0000000000000000-01
too short;traceparent: 00-$ID-$SPAN
empty;traceparent;
quotes and ends;traceparent: 00-$ID-$SPAN-01" event="x
twice;traceparent: 00-$ID-$SPAN-01;traceparent: 00-$ID-$SPAN-00
very long;traceparent: 00-$ID-$SPAN-01$(printf '%04000d' 0)
HOSTILE
http --unix-socket "$DATA/run/api.sock" -H "traceparent: 00-$ID-$SPAN-01" -H 'tracestate: a=b' http://localhost/v1/tenants
is "the reply has neither header" 0 "$(grep -ciE '^trace(parent|state):' "$HEADERS")"
api_refused() { lines '.event == "fault" and .request == "tenant.create" and .trace == "'"$ID"'"' | grep -q .; }
http --unix-socket "$DATA/run/api.sock" -H "traceparent: 00-$ID-$SPAN-01" -H 'Content-Type: application/json' \
    --data '{"name":"acme"}' http://localhost/v1/tenants
is "what the signer refused" 409 "$STATUS"
is "its line has the trace too" yes "$(within 5 api_refused && echo yes)"
unlike "no entry of the log has it" "$ID" "$(entries platform; entries acme)"
TRACEPARENT=00-$ID-$SPAN-01 TRACESTATE=cli=1 q tenant show nobody-there >/dev/null 2>&1
is "the command line passes on its own" "$ID $SPAN cli=1" \
    "$(jq -r 'select(.path == "/v1/tenants/nobody-there") | .trace + " " + .span + " " + .tracestate' "$WORK/lines")"
TRACEPARENT="00-$ID-$SPAN-01
x: y" q tenant show nobody-here >/dev/null 2>&1
unlike "but not what is none" "$ID" "$(lines '.path == "/v1/tenants/nobody-here"')"

# --- metrics ---------------------------------------------------------------------------------

metrics() {
	http "http://localhost:$METRICS/metrics"
	cp "$BODY" "$WORK/$1.metrics"
}
metrics first
is "metrics: 200" 200 "$STATUS"
like "metrics: the type" '^text/plain; version=0.0.4' "$(header Content-Type)"
works "metrics: names, units, HELP and TYPE hold" python3 "$TREE/tests/flow/metrics_check.py" <"$WORK/first.metrics"
promtool=$(command -v promtool || echo "$TREE/build/tools/promtool")
works "there is a promtool (scripts/setup test)" "$promtool" --version
is "promtool check metrics: nothing to say" "0 " "$("$promtool" check metrics <"$WORK/first.metrics" >"$WORK/promtool" 2>&1; echo "$? $(cat "$WORK/promtool")")"
printf '# HELP quatrain_x x\n# TYPE quatrain_x counter\nquatrain_x 1\nquatrain_x 1\nquatrain_y 2\n' >"$WORK/bad.metrics"
exits "the check can fail" 1 python3 "$TREE/tests/flow/metrics_check.py" <"$WORK/bad.metrics"
is "and finds three faults" 3 "$(wc -l <<<"$OUT")"
exits "promtool can fail" 3 "$promtool" check metrics <"$WORK/bad.metrics"

# count NAME: as the last metrics() tells it
count() { sed -n "s/^$1 //p" "$WORK/$2.metrics"; }
issued=$(count quatrain_certificates_issued_total first)
enrol acme printer-1 "$WORK/p1"
enrol acme printer-2 "$WORK/p2"
api POST "/v1/tenants/acme/certificates/$(serial "$WORK/p1/leaf.pem")/revoke" '{}'
chain_of acme "$WORK/ca"
is "a revoked one" revoked "$(ocsp_word "$WORK/p1/leaf.pem")"
for n in $(seq 30); do
	http "$OPEN/healthz"
done
metrics second
works "later: they hold, and no counter went back" python3 "$TREE/tests/flow/metrics_check.py" "$WORK/first.metrics" <"$WORK/second.metrics"
is "two were issued" $((issued + 2)) "$(count quatrain_certificates_issued_total second)"
is "one was revoked" 1 "$(count quatrain_certificates_revoked_total second)"
is "whichever edge is asked tells of all: each of 30 requests" 30 \
    "$(count 'quatrain_replies_total{listener="public",route="health",status="200"}' second)"
is "promtool: with numbers in it" "0 " "$("$promtool" check metrics <"$WORK/second.metrics" >"$WORK/promtool" 2>&1; echo "$? $(cat "$WORK/promtool")")"
is "of those that are good, none ends within 30 days" 0 "$(count 'quatrain_ending_certificates{tenant="acme",within_days="30"}' second)"
is "EST: two replies took their time" 2 "$(count 'quatrain_reply_seconds_count{route="est"}' second)"
is "revocation has its own latency" 1 "$(count 'quatrain_reply_seconds_count{route="revoke"}' second)"
is "OCSP answers made" 1 "$(count 'quatrain_ocsp_answers_total{from="signer"}' second)"
ocsp_word "$WORK/p1/leaf.pem" >"$WORK/word"
metrics third
is "OCSP: a nonce wants another answer, or a kept one is given" 2 \
    "$(($(count 'quatrain_ocsp_answers_total{from="signer"}' third) + $(count 'quatrain_ocsp_answers_total{from="kept"}' third)))"
is "edges" 3 "$(count quatrain_edges third)"
like "build" '^quatrain_build_info\{version="[0-9.]+"\} 1$' "$(cat "$WORK/third.metrics")"
is "rows are bounded" yes "$([ "$(wc -l <"$WORK/third.metrics")" -lt 900 ] && echo yes)"

is "log size" "$(size_of() { entries "$1" | wc -l; }; size_of acme)" "$(count 'quatrain_log_entries{tenant="acme"}' third)"
signed() { [ "$(gauge 'quatrain_log_unsigned_entries{tenant="acme"}')" = 0 ]; }
is "what is new is signed soon" yes "$(within 30 signed && echo yes)"
is "and then nothing is late" 0 "$(gauge 'quatrain_checkpoint_late_seconds{tenant="acme"}')"

# What a process had counted outlives it.
before=$(child_pids edge | sort)
kill -KILL "$(head -1 <<<"$before")"
back() { [ "$(child_pids edge | wc -l)" -eq 3 ] && [ "$(child_pids edge | sort)" != "$before" ]; }
within 10 back
metrics fourth
works "after a kill -9 of an edge: no counter went back" python3 "$TREE/tests/flow/metrics_check.py" "$WORK/third.metrics" <"$WORK/fourth.metrics"
is "and the kill is counted" 1 "$(count 'quatrain_process_restarts_total{process="edge"}' fourth)"
is "of no other" 0 "$(count 'quatrain_process_restarts_total{process="signer"}' fourth)"

# --- the table of events ---------------------------------------------------------------------

python3 - "$TREE" >"$WORK/events" <<'PY'
import glob, re, sys
for name in glob.glob(sys.argv[1] + '/daemon/*.c'):
    if name.endswith('/cli_daemon.c') or '/agent' in name: # programs of their own
        continue
    with open(name, encoding='utf-8') as f:
        for m in re.finditer(r'log_fact\((.*?)\);', f.read(), re.S):
            head = ','.join(m.group(1).split(',')[:2])
            print('\n'.join(re.findall(r'"([a-z-]+)"', head)))
PY
is "docs/observing.md lists each event" "" \
    "$(sort -u "$WORK/events" | while read -r e; do grep -qE "^\|[^|]*\`$e\`" "$TREE/docs/observing.md" || echo "$e"; done)"
is "and there are some" yes "$([ "$(sort -u "$WORK/events" | wc -l)" -gt 20 ] && echo yes)"
crashed=$(grep -sE 'AddressSanitizer|UndefinedBehavior|runtime error|LeakSanitizer' "$WORK/lines" | head -5)
is "no sanitizer report" "" "$crashed"
finish
