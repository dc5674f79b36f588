#!/usr/bin/env bash
# tests/flow/slow.sh - clients that take their time, and certificates that end meanwhile: cut at the limit, others served.
. "$(dirname "$0")/lib.sh"
CLIENTS=$(dirname "$QUATRAIN_BIN")

service_fresh acme
enrol acme hp-1 "$WORK/hp-1" || stop_here "enrol"
EDGE=$(child_pids edge)
descriptors() { find "/proc/$EDGE/fd" -mindepth 1 2>/dev/null | wc -l; }
IDLE=$(descriptors)
served() { http "$OPEN/healthz" && [ "$STATUS" = 200 ] && est acme/cacerts && [ "$STATUS" = 200 ]; }
# Of these each must be closed by the service; they begin now and are looked at when the rest is done.
hold() { # hold NAME PORT COUNT [FILE]
	"$CLIENTS/hold" "$2" "$3" 120 127.0.0.1 ${4:+"$4"} >"$WORK/held-$1" &
	within 60 grep -qs held "$WORK/held-$1"
}
cut_is() { # cut_is WHAT NAME COUNT LIMIT-MS
	within 60 grep -qs cut "$WORK/held-$2"
	is "$1: all $3 are cut" "held $3 cut $3" "$(sed 's/ after.*//' "$WORK/held-$2" | tr '\n' ' ' | sed 's/ $//')"
	like "$1: at the limit" yes "$(sed -n 's/.*after //p' "$WORK/held-$2" | awk -v most="$4" '{ print $1 <= most ? "yes" : $1 }')"
}

# --- row 42: slow heads, slow bodies, handshakes that never begin or end ------------------------------------------------

printf 'GET /ocsp HTTP/1.1\r\nHost: local' >"$WORK/head"
printf 'POST /ocsp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ocsp-request\r\nContent-Length: 100\r\n\r\n0' >"$WORK/body"
printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' >"$WORK/hello"
hold head "$PUBLIC" 50 "$WORK/head"
hold body "$PUBLIC" 50 "$WORK/body"
hold hello "$SECURE" 50 "$WORK/hello"
{
	printf 'POST /.well-known/est/acme/simpleenroll HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkcs10\r\nContent-Length: 500\r\n\r\n'
	for ((i = 0; i < 60; i++)); do
		sleep 1
		printf M
	done
} 2>/dev/null | (
	openssl s_client -quiet -connect "127.0.0.1:$SECURE" >"$WORK/slow-body" 2>&1
	echo ended >"$WORK/slow-body.end"
) &
SLOW=$EPOCHSECONDS
hold idle "$SECURE" 5000
is "row 42: 5,000 idle handshakes at once" "held 5000" "$(head -n 1 "$WORK/held-idle")"
works "row 42: others are served meanwhile" served
enrol acme hp-2 "$WORK/hp-2"
is "row 42: others enrol meanwhile" 200 "$STATUS"
cut_is "row 42: 5,000 idle handshakes" idle 5000 20000
cut_is "row 42: a slow greeting of TLS" hello 50 20000
cut_is "row 42: a slow head" head 50 30000
cut_is "row 42: a slow body" body 50 30000

# --- more connections than there are places: who rests longest makes room ------------------------------------------------

for i in 1 2 3; do hold "many-$i" "$PUBLIC" 3000; done
works "row 42: 9,000 idle connections, more than there are places: others are served" within 30 served
for i in 1 2 3; do cut_is "row 42: idle connections, $i" "many-$i" 3000 40000; done
few_left() { [ "$(descriptors)" -le $((IDLE + 8)) ]; }
works "row 42: no descriptor is left behind" within 40 few_left
prlimit --pid "$EDGE" --nofile=300:300
hold few "$PUBLIC" 1000
works "row 42: out of descriptors others are served" within 30 served
cut_is "row 42: idle connections without descriptors" few 1000 60000
works "row 42: none is left behind then either" within 40 few_left

# --- row 35: revoked in a handshake, on a kept connection, and no other way in --------------------------------------------

revoke() {
	api POST "/v1/tenants/acme/certificates/$(serial "$1")/revoke" '{"reason":"superseded"}'
	[ "$STATUS" = 200 ]
}
for version in 1.3 1.2; do
	device=mid-${version#1.}
	enrol acme "$device" "$WORK/$device"
	mkfifo "$WORK/$device.fifo"
	"$CLIENTS/midway" "$SECURE" "$WORK/$device/leaf.pem" "$WORK/$device/key.pem" /v1/tenants ${version#1.3} <"$WORK/$device.fifo" >"$WORK/$device.out" &
	exec {GO}>"$WORK/$device.fifo"
	within 20 grep -q midway "$WORK/$device.out"
	works "TLS $version: revoke" revoke "$WORK/$device/leaf.pem"
	echo go >&"$GO"
	exec {GO}>&-
	wait $!
	like "row 35: revoked during a handshake of TLS $version: nothing is served" '^(HTTP/1.1 403|no handshake)' "$(cat "$WORK/$device.out")"
done
shown() { # shown VERSION ARGUMENTS...: what s_client tells of a connection of hp-2
	timeout 20 openssl s_client -connect "127.0.0.1:$SECURE" -CAfile "$ROOT" -cert "$WORK/hp-2/leaf.pem" -key "$WORK/hp-2/key.pem" \
	    "$@" < <(printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'; sleep 1) 2>&1
}
for version in -tls1_2 -tls1_3; do
	shown $version -ign_eof -sess_out "$WORK/session$version" >"$WORK/shown"
	unlike "row 35: $version gives no ticket" 'New TLS 1.3 Session Ticket|session ticket:' "$(cat "$WORK/shown")"
	[ ! -s "$WORK/session$version" ] || shown $version -ign_eof -sess_in "$WORK/session$version" >"$WORK/shown"
	unlike "row 35: $version resumes nothing" '^Reused' "$(cat "$WORK/shown")"
done
like "row 35: no early data" 'Early data was not sent|Max Early Data: 0' "$(shown -tls1_3 -ign_eof)"
(
	sleep 0.3
	echo R # openssl's word for it
	sleep 1
) | timeout 10 openssl s_client -tls1_2 -connect "127.0.0.1:$SECURE" 2>&1 | sed -n '/^RENEGOTIATING/,$p' >"$WORK/again"
like "row 36: renegotiation is tried" RENEGOTIATING "$(cat "$WORK/again")"
like "row 36: renegotiation is refused" ':error:' "$(cat "$WORK/again")"
unlike "row 36: no second handshake" 'verify|depth' "$(cat "$WORK/again")"
unlike "row 36: nothing is compressed" 'Compression: zlib|Expansion: zlib' "$(shown -tls1_2 -ign_eof)"
for suite in AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA256 DHE-RSA-AES128-GCM-SHA256 NULL-SHA256 ECDHE-ECDSA-NULL-SHA ADH-AES128-GCM-SHA256; do
	unlike "TLS 1.2: $suite is not spoken" "Cipher is $suite" \
	    "$(timeout 10 openssl s_client -tls1_2 -cipher "$suite:@SECLEVEL=0" -connect "127.0.0.1:$SECURE" </dev/null 2>&1)"
done
for priority in -VERS-ALL:+VERS-TLS1.0 -VERS-ALL:+VERS-TLS1.1 -VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA -VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC; do
	refuses "GnuTLS with $priority gets no handshake" timeout 10 gnutls-cli --no-ca-verification --priority "NORMAL:$priority" \
	    --port "$SECURE" 127.0.0.1 </dev/null
done

# --- the slow body over TLS, last since it is the longest -------------------------------------------------------------------

works "row 42: a slow body over TLS is cut" within 60 test -s "$WORK/slow-body.end"
is "row 42: a slow body over TLS: within the limit" yes "$([ $((EPOCHSECONDS - SLOW)) -le 55 ] && echo yes || echo no)"
is "row 42: the same process served all of it" "$EDGE" "$(child_pids edge)"
finish
