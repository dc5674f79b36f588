#!/usr/bin/env bash
# tests/flow/clock.sh - a clock that went back: nothing is issued or answered until it is right, and then all goes on.
. "$(dirname "$0")/lib.sh"

FAKE=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$FAKE" ] || stop_here "faketime"
# The file lies where every process of the service may read, and moves the clock of all that run.
service_fresh acme
CLOCK=$DATA/tenants/clock
set_clock() { echo "$1" >"$CLOCK"; }
start_by_clock() {
	LD_PRELOAD=$FAKE FAKETIME_TIMESTAMP_FILE=$CLOCK FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 service_start
}
ask() { # ask: OCSP of the first leaf, with a nonce, so that no kept answer serves
	openssl ocsp -nonce -issuer "$WORK/ca1.pem" -cert "$WORK/dev/leaf.pem" -CAfile "$ROOT" -verify_other "$WORK/ca.pem" \
	    -url "$OPEN/ocsp" 2>&1
}
is_ready() {
	http "http://127.0.0.1:$METRICS/readyz"
}
# post DEVICE: an enrolment by a token that was made before, so that nothing else is asked
post() {
	est_post acme/simpleenroll "$WORK/$1.b64" -u "$1:$(cat "$WORK/$1.token")"
}
for device in hp-1 hp-2 hp-3; do
	p256 "$WORK/$device.pem"
	csr "$WORK/$device.pem" "/CN=$device" >"$WORK/$device.b64"
	token acme $device >"$WORK/$device.token"
done
enrol acme dev "$WORK/dev" || stop_here "enrol"
chain_of acme "$WORK/ca"
like "by its own time OCSP says good" ': good' "$(ask)"
# faketime and AddressSanitizer wait for each other in every process that starts (faketime 0.9.10, gcc 12, 2026-11).
[ -z "$SANITIZED" ] || finish
service_stop

# --- a running service ------------------------------------------------------------------------------

set_clock +0
start_by_clock || stop_here "serve by a clock of ours"
like "by the right time OCSP says good" ': good' "$(ask)"
post hp-1
is "and a certificate is issued" 200 "$STATUS"
set_clock -4m
post hp-2
is "row 26: four minutes back: still issued" 200 "$STATUS"
set_clock -1h
post hp-3
is "row 26: an hour back: not issued" 503 "$STATUS"
unlike "row 26: an hour back: OCSP answers nothing" ': good' "$(ask)"
is_ready
is "row 26: an hour back: not ready" 503 "$STATUS"
like "row 26: it says why" 'clock' "$(cat "$BODY")"
like "row 26: the log says so, once" '^1$' "$(grep -c 'event=clock' "$WORK/serve.log")"
set_clock +0
post hp-3
is "row 26: right again: the same request is served" 200 "$STATUS"
like "row 26: right again: OCSP says good" ': good' "$(ask)"
service_stop

# --- a start: in this shell, which knows then what runs --------------------------------------------------

set_clock -1h
start_by_clock
is "row 26: no start an hour back" 2 $?
like "row 26: it says what to do" 'the newest entry of the log is of .*: set it right' "$(cat "$WORK/serve.log")"
set_clock +400d
start_by_clock
is "row 26: in 400 days it starts, and its log says when" 0 $?
service_stop
service_start
is "row 26: back from there: no start" 2 $?
start_by_clock
is "row 26: there again: it starts" 0 $?
finish
