#!/usr/bin/env bash
# tests/flow/attacks.sh - attacks over real connections, and a service that is none the worse: see tests/attacks.tsv.
. "$(dirname "$0")/lib.sh"
shopt -s lastpipe # what reads a pipe counts in this shell

unhex() { printf '%b' "$(sed 's/../\\x&/g')"; }
edges() { child_pids edge | sort | tr '\n' ' '; }
log_of() { entries "$1" >"$WORK/$1.log" && wc -l <"$WORK/$1.log"; }
# refusals TENANT SINCE: what its log gained since it had so many lines; waits a little
refusals() {
	local i
	for ((i = 0; i < 20; i++)); do
		log_of "$1" >/dev/null
		tail -n +$(($2 + 1)) "$WORK/$1.log" | grep -q refused && break
		sleep 0.1
	done
	tail -n +$(($2 + 1)) "$WORK/$1.log"
}

service_fresh acme globex
enrol acme hp-4711 "$WORK/dev" || stop_here "enrol"
EDGES=$(edges) FOLDERS=$(find "$DATA" -type d | sort)
T=$(token acme hp-1)
p256 "$WORK/key.pem"

# --- row 10: larger than anything honest --------------------------------------------------------

# too_large WHAT [told]: DER on standard input. What is over the wall's own limit is cut off there; the rest is told.
too_large() {
	local before
	openssl base64 -A >"$WORK/large"
	before=$(log_of acme)
	est_post acme/simpleenroll "$WORK/large" -u "hp-1:$T"
	is "row 10: $1: 413" 413 "$STATUS"
	[ -z "${2:-}" ] || is "row 10: $1: one entry in the log" 1 "$(refusals acme "$before" | grep -c refused)"
}
# long TAG OCTETS: a header of four octets of length
long() { printf '%s84%08x' "$1" "$2" | unhex; }
{
	long 30 $((10 << 20))
	head -c $((10 << 20)) /dev/zero
} | too_large "10 MiB"
{
	printf '%s\n' '[req]' 'distinguished_name = name' 'req_extensions = asks' '[name]' '[asks]' 'subjectAltName = @names' '[names]'
	seq 50000 | sed 's/.*/DNS.& = a&.printer.acme.eu.example.org/'
} >"$WORK/many.conf"
openssl req -new -key "$WORK/key.pem" -config "$WORK/many.conf" -subj /CN=hp-1 -outform DER | too_large "50,000 names"
openssl req -new -key "$WORK/key.pem" -subj "$(printf '/O=o%.0s' {1..2000})" -outform DER | too_large "2,000 parts of a subject" told
awk 'BEGIN { for (i = 4999; i >= 0; i--) printf "3082%04x", i * 4 }' | unhex | too_large "5,000 levels" told
{
	long 30 $(((1 << 20) + 6))
	long 06 $((1 << 20))
	head -c $((1 << 20)) /dev/zero | tr '\0' '*'
} | too_large "an identifier of 1 MiB"
head -c 65000 /dev/zero | tr '\0' ' ' >"$WORK/blank.json"
for path in tenants operators backups tenants/acme/tokens tenants/acme/suspend tenants/acme/rollover tenants/acme/log/exports regions/eu/suspend; do
	http --cacert "$ROOT" -X POST -H 'Content-Type: application/json' --data-binary @"$WORK/blank.json" "$URL/v1/$path"
	is "row 10: 64 KiB of nothing to $path by nobody: 401" 401 "$STATUS"
done
is "row 10: and the line to the keys holds" 200 "$(http "$OPEN/readyz"; echo "$STATUS")"

# --- row 14: what would write into a log or a terminal --------------------------------------------

# raw: a request's octets on standard input, over TLS as they are; the status in STATUS
raw() {
	STATUS=$(timeout 10 openssl s_client -quiet -connect "127.0.0.1:$SECURE" -servername localhost 2>/dev/null |
	    sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p')
}
FORGED='level=info event=issued'
for octets in '\r\n' '\n' '\x1b[31m' '\x9b31m' '\x08\x08' '\x7f' '\xe2\x80\xae'; do
	est_post acme/simpleenroll "$WORK/dev/csr.b64" \
	    -H "Authorization: Basic $(printf '%b' "hp-1$octets$FORGED:secret" | openssl base64 -A)"
	like "row 14: $octets in a user's name: refused" '^40[01]$' "$STATUS"
	api POST /v1/tenants/acme/tokens "{\"device\":\"a$(printf %s "$octets" | sed 's/\\x\(..\)/\\u00\1/g')$FORGED\"}"
	is "row 14: $octets in a device's name: refused" 400 "$STATUS"
done
printf 'GET /.well-known/est/acme\x1b[31m/cacerts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' | raw
like "row 14: an escape in a path: refused" '^(|40[04])$' "$STATUS"
printf 'GET /.well-known/est/acme/cacerts HTTP/1.1\r\nHost: localhost\r\nUser-Agent: \x1b[31m\x9b\r\nConnection: close\r\n\r\n' | raw
like "row 14: an escape in a header: an answer" '^(200|400)$' "$STATUS"
is "row 14: no octet of them in the service's own log" 0 "$(LC_ALL=C grep -cP '[\x00-\x08\x0b-\x1f\x7f-\xff]' "$WORK/serve.log")"
is "row 14: no line of an attacker's in it" 0 "$(grep -c "^$FORGED" "$WORK/serve.log")"
log_of acme >/dev/null
log_of platform >/dev/null
is "row 14: an entry is one line of JSON" "$(cat "$WORK/acme.log" "$WORK/platform.log" | wc -l)" \
    "$(jq -c . "$WORK/acme.log" "$WORK/platform.log" | wc -l)"
is "row 14: no octet of them in an entry" 0 "$(cat "$WORK/acme.log" "$WORK/platform.log" | LC_ALL=C grep -cP '[\x00-\x09\x0b-\x1f\x7f]')"

# --- row 15: names by Microsoft's attribute ----------------------------------------------------------

printf '%s\n' '[req]' 'distinguished_name = name' 'attributes = asks' 'prompt = no' '[name]' 'CN = hp-1' \
    '[asks]' 'msExtReq = x' >"$WORK/ms.conf"
openssl req -new -key "$WORK/key.pem" -config "$WORK/ms.conf" -outform DER | openssl base64 -A >"$WORK/ms.b64"
est_post acme/simpleenroll "$WORK/ms.b64" -u "hp-1:$T"
is "row 15: extensions under Microsoft's identifier: 400" 400 "$STATUS"

# --- rows 16 and 17: names of rare kinds -------------------------------------------------------------

asks() { # asks WHAT SUBJECTALTNAME
	csr "$WORK/key.pem" /CN=hp-1 -addext "subjectAltName=$2" >"$WORK/asks.b64"
	est_post acme/simpleenroll "$WORK/asks.b64" -u "hp-1:$T"
	is "$1: 400" 400 "$STATUS"
}
asks "row 16: an otherName" 'otherName:1.2.3.4;UTF8:hp-1'
asks "row 16: a registered identifier" 'RID:1.2.3.4'
asks "row 17: 600 octets of punycode mail" "email:a@xn--$(printf 'z%.0s' {1..594})"
asks "row 2: another tenant's names beside our own" \
    'URI:spiffe://acme.eu.example.org/printer/hp-1,URI:spiffe://globex.eu.example.org/printer/hp-1'

# --- row 21: what nobody offers -----------------------------------------------------------------------

for method in PUT PATCH DELETE TRACE OPTIONS PROPFIND BREW; do
	est acme/simpleenroll -X $method
	like "row 21: $method of an operation: refused" '^40[0145]$' "$STATUS"
done
http -X BREW "$OPEN/healthz"
is "row 21: BREW of /healthz: 405" 405 "$STATUS"
http -X POST "http://localhost:$METRICS/metrics"
is "row 21: POST of /metrics: 405" 405 "$STATUS"
for operation in simpleenrol simpleenroll/x SIMPLEENROLL sign issue x509 ssh-certificate; do
	est "acme/$operation" -H 'Content-Type: application/pkcs10' --data-binary @"$WORK/dev/csr.b64" -u "hp-1:$T"
	is "row 21: the operation $operation: 404" 404 "$STATUS"
done
est acme/fullcmc -H 'Content-Type: application/pkcs7-mime' --data-binary x
is "row 21: full CMC is not there" 501 "$STATUS"
for path in /v1/tenants/acme/sign /v1/sign /v1/tenants/acme/certificates /v1/ca /v2/tenants; do
	api POST $path '{}'
	like "row 21: POST $path: refused" '^40[45]$' "$STATUS"
done

# --- row 22: labels that would be paths, and another's label ---------------------------------------------

for label in '..%2f' '..%2F..%2Fplatform' 'acme%00' 'acme%2fcacerts' 'a/b' '.' '%2e' '%ff' "$(printf 'a%.0s' {1..300})"; do
	http --cacert "$ROOT" --path-as-is "$URL/.well-known/est/$label/cacerts"
	is "row 22: the label ${label:0:20}: 404" 404 "$STATUS"
done
is "row 22: no folder was made" "$FOLDERS" "$(find "$DATA" -type d | sort)"
before=$(log_of globex)
est_post globex/simplereenroll "$WORK/dev/csr.b64" --cert "$WORK/dev/leaf.pem" --key "$WORK/dev/key.pem"
is "row 22: another tenant's label: 403" 403 "$STATUS"
is "row 22: another tenant's label: one entry in the log" 1 "$(refusals globex "$before" | grep -c refused)"

# --- row 37: another tenant's things -------------------------------------------------------------------------

for path in tenants/globex/tokens tenants/globex/certificates tenants/globex/log/exports; do
	http --cacert "$ROOT" --cert "$WORK/dev/leaf.pem" --key "$WORK/dev/key.pem" -X POST -H 'Content-Type: application/json' \
	    --data '{"device":"hp-1"}' "$URL/v1/$path"
	like "row 37: POST of globex's $path by acme's device: refused" '^(403|405)$' "$STATUS"
done
http --cacert "$ROOT" --cert "$WORK/dev/leaf.pem" --key "$WORK/dev/key.pem" "$URL/v1/tenants/globex/certificates"
is "row 37: another tenant's part of the API: 403" 403 "$STATUS"

# --- row 39: the signer hangs ----------------------------------------------------------------------------------

chain_of acme "$WORK/acme"
cat "$WORK"/acme[123].pem >"$WORK/all.pem"
SIGNER=$(child_pids signer)
kill -STOP "$SIGNER"
timeout 60 openssl ocsp -issuer "$WORK/acme1.pem" -cert "$WORK/dev/leaf.pem" -CAfile "$ROOT" -verify_other "$WORK/all.pem" \
    -url "$OPEN/ocsp" >"$WORK/hung" 2>&1 &
OCSP=$!
est_post acme/simplereenroll <(csr "$WORK/dev/key.pem" /O=acme/OU=printer/CN=hp-4711) --cert "$WORK/dev/leaf.pem" --key "$WORK/dev/key.pem"
is "row 39: an enrolment, and no signer: 503" 503 "$STATUS"
wait $OCSP
like "row 39: OCSP with a nonce, and no signer: tryLater" 'trylater' "$(cat "$WORK/hung")"
unlike "row 39: and never good" ': good' "$(cat "$WORK/hung")"
kill -CONT "$SIGNER"
within 20 ready ok

# --- rows 18 and 38: certificates that a stolen key made ------------------------------------------------------

chain_of acme "$WORK/acme"
works "the test steals acme's key" "$(dirname "$QUATRAIN_BIN")/stolen_key" "$DATA" "$WORK/acme1.pem" "$WORK/stolen.pem" || finish
NAMES=URI:spiffe://acme.eu.example.org/printer/spare,DNS:spare.printer.acme.eu.example.org
certify() { # certify OUT EXTENSION...: by acme's own key
	local out=$1
	shift
	printf '%s\n' "$@" "subjectAltName=$NAMES" 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' >"$WORK/forged.ext"
	openssl req -new -key "$WORK/key.pem" -subj /O=acme/OU=printer/CN=spare |
	    openssl x509 -req -CA "$WORK/acme1.pem" -CAkey "$WORK/stolen.pem" -days 30 -extfile "$WORK/forged.ext" -out "$out" 2>/dev/null
	cat "$WORK/acme2.pem" >>"$out.above"
}
# shown WHAT CERTIFICATE KEY: no handshake, so no answer
shown() {
	csr "$3" /O=acme/OU=printer/CN=spare >"$WORK/shown.b64"
	cat "$2" "$WORK/acme1.pem" "$WORK/acme2.pem" >"$WORK/shown.pem"
	est_post acme/simplereenroll "$WORK/shown.b64" --cert "$WORK/shown.pem" --key "$3"
	is "$1: renews nothing" 000 "$STATUS"
	est acme/cacerts --cert "$WORK/shown.pem" --key "$3"
	is "$1: nothing else either" 000 "$STATUS"
	printf 'GET /v1/tenants HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
	    timeout 10 openssl s_client -quiet -connect "127.0.0.1:$SECURE" -servername localhost -cert "$2" -key "$3" \
	    -cert_chain "$WORK/shown.pem" >"$WORK/answer" 2>"$WORK/shake"
	is "$1: openssl gets no answer" 0 "$(wc -c <"$WORK/answer")"
	like "$1: openssl gets an alert" 'alert' "$(cat "$WORK/shake")"
}
EKU=extendedKeyUsage
while IFS='|' read -r what extension; do
	certify "$WORK/odd.pem" basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature "$extension"
	shown "$what" "$WORK/odd.pem" "$WORK/key.pem"
done <<-ROWS
	row 18: an empty extended key usage|$EKU=DER:3000
	row 18: an empty extended key usage, critical|$EKU=critical,DER:3000
	row 18: an extended key usage that is no sequence|$EKU=DER:0500
	row 18: any extended key usage|$EKU=anyExtendedKeyUsage
ROWS
certify "$WORK/odd.pem" basicConstraints=critical,CA:TRUE keyUsage=critical,digitalSignature,keyCertSign $EKU=clientAuth
shown "row 38: a CA certificate made for it" "$WORK/odd.pem" "$WORK/key.pem"
shown "row 38: the tenant's own CA certificate" "$WORK/acme1.pem" "$WORK/stolen.pem"

# --- a flood of refusals: in the metrics all of it, in the log a part, and how many are not --------------------

lines=$(grep -c 'event=refused' "$WORK/serve.log")
is "a flood of 1,500 is answered" 1500 "$(curl -s -o /dev/null -w '%{http_code}\n' "$OPEN/nothing/[1-1500]" | grep -c 404)"
sleep 0.2
http "$OPEN/nothing"
lines=$(($(grep -c 'event=refused' "$WORK/serve.log") - lines))
is "the log has some hundred lines of it ($lines)" yes "$([ $lines -gt 0 ] && [ $lines -lt 600 ] && echo yes || echo no)"
like "and says how many it has not" 'event=refused.* unsaid=[0-9]{2,}' "$(cat "$WORK/serve.log")"

# --- and the service is what it was ---------------------------------------------------------------------------

est_post acme/simplereenroll <(csr "$WORK/dev/key.pem" /O=acme/OU=printer/CN=hp-4711) --cert "$WORK/dev/leaf.pem" --key "$WORK/dev/key.pem"
is "an honest device renews after all of it" 200 "$STATUS"
is "the same processes served all of it" "$EDGES" "$(edges)"
works "log export" q log export --tenant acme --out "$WORK/export"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"
finish
