#!/usr/bin/env bash
# tests/flow/cut.sh - a revocation ends the connections that are open with that certificate, and no others.
. "$(dirname "$0")/lib.sh"

service_fresh acme
for device in gone stays; do
	enrol acme "$device" "$WORK/$device" || stop_here "enrol $device"
done

# hold DEVICE: a connection that has done its handshake and asks for nothing; its process in HELD
hold() {
	mkfifo "$WORK/$1.fifo"
	timeout 60 openssl s_client -connect "127.0.0.1:$SECURE" -servername localhost -CAfile "$ROOT" \
	    -cert "$WORK/$1/leaf.pem" -key "$WORK/$1/key.pem" <"$WORK/$1.fifo" >"$WORK/$1.out" 2>&1 &
	HELD=$!
	exec {PIPE}>"$WORK/$1.fifo" # held open: s_client ends when its input does
	# the first request goes through, so the connection is kept by the service and not only by the handshake
	printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$PIPE"
	for ((i = 0; i < 400; i++)); do
		grep -q '^ok' "$WORK/$1.out" && return 0
		sleep 0.05
	done
	return 1
}

hold gone || stop_here "a connection of the one"
GONE=$HELD
hold stays || stop_here "a connection of the other"
STAYS=$HELD

api POST "/v1/tenants/acme/certificates/$(serial "$WORK/gone/leaf.pem")/revoke" '{"reason":"cessationOfOperation"}'
is "revoke" 200 "$STATUS"
for ((i = 0; i < 400; i++)); do
	alive "$GONE" || break
	sleep 0.05
done
is "the revoked one's connection ends by itself" no "$(alive "$GONE" && echo yes || echo no)"
is "the other's stays" yes "$(alive "$STAYS" && echo yes || echo no)"
printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$PIPE"
for ((i = 0; i < 400; i++)); do
	[ "$(grep -c '^ok' "$WORK/stays.out")" -lt 2 ] || break
	sleep 0.05
done
is "and serves" 2 "$(grep -c '^ok' "$WORK/stays.out")"
like "the service says so once" 'event=cut connections=1 us=[0-9]+$' "$(grep 'event=cut' "$WORK/serve.log")"
kill "$STAYS" 2>/dev/null
finish
