#!/usr/bin/env bash
# tests/flow/ocsp.sh - is it still good? openssl, GnuTLS and curl ask, at all four levels; CRLs and CA certificates beside it.
. "$(dirname "$0")/lib.sh"

service_fresh acme
chain_of acme "$WORK/ca"
TENANT=$WORK/ca1.pem REGION=$WORK/ca2.pem
cat "$TENANT" "$REGION" "$ROOT" >"$WORK/all.pem"
enrol acme hp-4711 "$WORK/dev" || stop_here "enrol"
LEAF=$WORK/dev/leaf.pem

# ask ISSUER CERT OPENSSL-ARGUMENTS...: what openssl ocsp says
ask() {
	local issuer=$1 cert=$2
	shift 2
	timeout 30 openssl ocsp "$@" -issuer "$issuer" -cert "$cert" -CAfile "$ROOT" -verify_other "$WORK/all.pem" \
	    -url "$OPEN/ocsp" 2>&1
}

# answers WHAT STATUS ISSUER CERT ARGUMENTS...: verified, of that status, without a warning
answers() {
	local what=$1 status=$2
	shift 2
	OUT=$(ask "$@")
	like "$what: verified" '^Response verify OK' "$OUT"
	like "$what: $status" ": $status\$" "$OUT"
	unlike "$what: no warning" 'WARNING|Error' "$OUT"
}

gnutls_asks() { # gnutls_asks ISSUER CERT
	timeout 30 ocsptool --ask="$OPEN/ocsp" --nonce --load-issuer "$1" --load-cert "$2" --load-trust "$WORK/all.pem" 2>&1
}

while read -r level issuer cert; do
	answers "$level, SHA-1 CertID, nonce" good "$issuer" "$cert"
	answers "$level, SHA-256 CertID" good "$issuer" "$cert" -sha256 -no_nonce
	OUT=$(gnutls_asks "$issuer" "$cert")
	like "$level, ocsptool: good" 'Certificate Status: good' "$OUT"
	like "$level, ocsptool: verified" 'Verifying OCSP Response: Success' "$OUT"
done <<-LEVELS
	root $ROOT $ROOT
	region $ROOT $REGION
	tenant $REGION $TENANT
	endpoint $TENANT $LEAF
LEVELS

# the answer itself
openssl ocsp -no_nonce -issuer "$TENANT" -cert "$LEAF" -reqout "$WORK/req.der" >/dev/null 2>&1
PATH64=$(openssl base64 -A -in "$WORK/req.der")
ESCAPED=$(sed 's/+/%2B/g; s|/|%2F|g; s/=/%3D/g' <<<"$PATH64")
verify_body() {
	openssl ocsp -respin "$BODY" -issuer "$TENANT" -cert "$LEAF" -CAfile "$ROOT" -verify_other "$WORK/all.pem" 2>&1
}
get() { # get WHAT STATUS PATH
	http --path-as-is "$OPEN/ocsp/$3"
	is "$1: status" 200 "$STATUS"
	is "$1: Content-Type" application/ocsp-response "$(header Content-Type)"
	like "$1: $2" ": $2\$" "$(verify_body)"
}
get "GET, escaped" good "$ESCAPED"
like "GET: max-age" 'max-age=[0-9]+' "$(header Cache-Control)"
like "GET: ETag" . "$(header ETag)"
like "GET: Expires" GMT "$(header Expires)"
like "GET: Last-Modified" GMT "$(header Last-Modified)"
get "GET, unescaped" good "$PATH64"
get "GET, after a double slash" good "/$ESCAPED"
http -H 'Content-Type: application/ocsp-request' --data-binary @"$WORK/req.der" "$OPEN/ocsp"
is "POST: Content-Length" "$(wc -c <"$BODY")" "$(header Content-Length)"
text=$(openssl ocsp -respin "$BODY" -resp_text -noverify 2>&1)
like "responder by key" 'Responder Id: [0-9A-F]{40}' "$text"
like "nextUpdate" 'Next Update:' "$text"
like "the delegate is for OCSP" 'OCSP Signing' "$text"
like "the delegate needs no check" 'OCSP No Check' "$text"
is "one answer" 1 "$(grep -c 'Cert Status' <<<"$text")"

# several in one request
enrol acme hp-4712 "$WORK/dev2" || stop_here "enrol hp-4712"
OUT=$(ask "$TENANT" "$LEAF" -issuer "$TENANT" -cert "$WORK/dev2/leaf.pem")
is "two certificates in one request" 2 "$(grep -c ': good$' <<<"$OUT")"

# nonces (RFC 9654): 16 to 32 octets come back; none and too long ones are malformed
OUT=$(ask "$TENANT" "$LEAF" -resp_text)
like "the nonce comes back" 'OCSP Nonce' "$OUT"

# who we do not know
like "an unknown serial" 'unknown|unauthorized' \
    "$(openssl ocsp -issuer "$TENANT" -serial 0x00112233445566778899aabbccddeeff -CAfile "$ROOT" -verify_other "$WORK/all.pem" -url "$OPEN/ocsp" 2>&1)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/foreign.key" -subj /CN=foreign -out "$WORK/foreign.pem" 2>/dev/null
like "an unknown issuer" 'unauthorized|unknown' "$(ask "$WORK/foreign.pem" "$LEAF")"

# malformedRequest is 30 03 0a 01 01
malformed() {
	is "$1: status" 200 "$STATUS"
	is "$1: malformedRequest" "30 03 0a 01 01" "$(od -An -v -tx1 "$BODY" | sed 's/^ //')"
	unlike "$1: not to be cached" 'max-age=[1-9]' "$(header Cache-Control)"
}
http -H 'Content-Type: application/ocsp-request' --data-binary 'no request' "$OPEN/ocsp"
malformed "POST of junk"
(cat "$WORK/req.der" && printf x) >"$WORK/trailing.der"
http -H 'Content-Type: application/ocsp-request' --data-binary @"$WORK/trailing.der" "$OPEN/ocsp"
malformed "POST with an octet too many"
head -c 40 "$WORK/req.der" >"$WORK/short.der"
http -H 'Content-Type: application/ocsp-request' --data-binary @"$WORK/short.der" "$OPEN/ocsp"
malformed "POST cut short"
http "$OPEN/ocsp/AAAA"
malformed "GET of junk"

# revoked: by GET and POST, at once, also where an answer was ready
api POST "/v1/tenants/acme/certificates/$(serial "$LEAF")/revoke" '{"reason":"keyCompromise"}'
is "revoke" 200 "$STATUS"
get "GET after it" revoked "$ESCAPED"
answers "POST after it" revoked "$TENANT" "$LEAF"
like "the reason" 'Reason: keyCompromise' "$(ask "$TENANT" "$LEAF" -no_nonce)"
answers "POST after it, SHA-256" revoked "$TENANT" "$LEAF" -sha256 -no_nonce
like "ocsptool after it" 'Certificate Status: revoked' "$(gnutls_asks "$TENANT" "$LEAF")"
answers "the other one still" good "$TENANT" "$WORK/dev2/leaf.pem"

# CA certificates and CRLs, where the certificates say they are
url_in() { # url_in CERT EXTENSION SUFFIX
	openssl x509 -in "$1" -noout -ext "$2" | grep -oE "http://[^ ]*\\.$3" | head -1
}
: >"$WORK/crls.pem"
while read -r level issuer cert; do
	http "$(url_in "$cert" authorityInfoAccess cer)"
	is "$level: caIssuers" "$STATUS $(openssl x509 -in "$issuer" -outform DER | openssl sha256 -r)" "200 $(openssl sha256 -r <"$BODY")"
	http "$(url_in "$cert" crlDistributionPoints crl)"
	is "$level: CRL" 200 "$STATUS"
	is "$level: CRL type" application/pkix-crl "$(header Content-Type)"
	OUT=$(openssl crl -inform DER -in "$BODY" -CAfile "$issuer" -noout -text 2>&1)
	like "$level: CRL verifies" 'verify OK' "$OUT"
	like "$level: CRL version 2" 'Version 2' "$OUT"
	like "$level: CRL number" 'CRL Number' "$OUT"
	like "$level: CRL next update" 'Next Update: [A-Z]' "$OUT"
	openssl crl -inform DER -in "$BODY" >>"$WORK/crls.pem"
done <<-LEVELS
	root $ROOT $REGION
	region $REGION $TENANT
	tenant $TENANT $LEAF
LEVELS
check_crls() {
	openssl verify -x509_strict -crl_check_all -CRLfile "$WORK/crls.pem" -CAfile "$ROOT" -untrusted "$WORK/all.pem" "$1" 2>&1
}
works "a good one against all CRLs" check_crls "$WORK/dev2/leaf.pem"
refuses "the revoked one against all CRLs" check_crls "$LEAF"
like "because it is revoked" 'certificate revoked' "$OUT"

for path in healthz readyz; do
	http "$OPEN/$path"
	is "/$path" 200 "$STATUS"
done
finish
