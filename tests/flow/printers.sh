#!/usr/bin/env bash
# tests/flow/printers.sh - the plainest printers: mbedTLS and wolfSSL trust root.pem alone, verify the service, and enrol.
. "$(dirname "$0")/lib.sh"

service_fresh acme
# A root that is not ours, with the same names.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/other.key" -out "$WORK/other.pem" \
    -subj "$(openssl x509 -in "$ROOT" -noout -subject -nameopt compat | sed 's/^subject=//')" 2>/dev/null

compile() { # compile NAME LIBRARY...
	local name=$1
	shift
	cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 "$TREE/tests/clients/$name.c" -o "$WORK/$name" "$@"
}
works "the mbedTLS printer is built" compile mbedtls_est -lmbedtls -lmbedx509 -lmbedcrypto
works "the wolfSSL printer is built" compile wolfssl_est -lwolfssl

# write_request DEVICE FILE: HTTP/1.1 by hand
write_request() {
	local body
	p256 "$WORK/$1.key"
	body=$(csr "$WORK/$1.key" "/CN=$1")
	printf 'POST /.well-known/est/acme/simpleenroll HTTP/1.1\r\nHost: localhost:%s\r\nAuthorization: Basic %s\r\n' \
	    "$SECURE" "$(printf '%s:%s' "$1" "$(token acme "$1")" | openssl base64 -A)" >"$2"
	printf 'Content-Type: application/pkcs10\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "${#body}" "$body" >>"$2"
}

for tls in mbedtls wolfssl; do
	device=$tls-printer
	write_request "$device" "$WORK/$tls.request"
	printer() { timeout 30 "$WORK/${tls}_est" "$SECURE" "$@" "$WORK/$tls.request" "$WORK/$tls.answer"; }
	refuses "$tls: another root" printer localhost "$WORK/other.pem"
	refuses "$tls: another name" printer printer.example "$ROOT"
	is "$tls: nothing was sent" no "$([ -s "$WORK/$tls.answer" ] && echo yes || echo no)"
	works "$tls: enrols" printer localhost "$ROOT" && echo "      $OUT"
	like "$tls: 200" '^HTTP/1.1 200' "$(head -1 "$WORK/$tls.answer")"
	sed '1,/^\r$/d' "$WORK/$tls.answer" >"$WORK/$tls.p7"
	p7_certs "$WORK/$tls.p7" >"$WORK/$tls.pem"
	is "$tls: the certificate is for its key" "$(openssl pkey -in "$WORK/$device.key" -pubout)" \
	    "$(openssl x509 -in "$WORK/$tls.pem" -noout -pubkey)"
done
finish
