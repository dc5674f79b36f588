#!/usr/bin/env bash
# tests/flow/est_curl.sh - the whole of EST by hand: curl and openssl, headers and framing as every known client wants them.
. "$(dirname "$0")/lib.sh"

# framed WHAT TYPE: the last answer is framed so that the pickiest of clients can read it
framed() {
	is "$1: status" 200 "$STATUS"
	like "$1: HTTP/1.1" '^HTTP/1\.1 200' "$(head -1 "$HEADERS")"
	is "$1: Content-Type" "$2" "$(header Content-Type)"
	is "$1: Content-Transfer-Encoding" base64 "$(header Content-Transfer-Encoding)"
	is "$1: Content-Length" "$(wc -c <"$BODY")" "$(header Content-Length)"
	unlike "$1: not chunked" '[Cc]hunked' "$(cat "$HEADERS")"
	unlike "$1: header names in canonical case" '^[a-z][a-z-]*:' "$(cat "$HEADERS")"
	is "$1: head within 1024 octets" yes "$([ "$(wc -c <"$HEADERS")" -le 1024 ] && echo yes)"
}

# one_line WHAT: one line of base64, then LF
one_line() {
	is "$1: one line" 1 "$(wc -l <"$BODY")"
	unlike "$1: no CR" $'\r' "$(cat "$BODY")"
}

# wrapped WHAT: lines of 64, as OpenSSL's filter wants them where there are over 1,023 characters
wrapped() {
	is "$1: 64 columns" 64 "$(head -1 "$BODY" | tr -d '\n' | wc -c)"
	like "$1: several lines" '^[0-9]{2,}$' "$(wc -l <"$BODY")"
	unlike "$1: no CR" $'\r' "$(cat "$BODY")"
}

P7='application/pkcs7-mime; smime-type=certs-only'
service_fresh acme globex

# cacerts: tenant, region, root, and nothing else
est acme/cacerts
framed cacerts "$P7"
wrapped cacerts
p7_certs "$BODY" >"$WORK/ca.pem"
is "cacerts: three certificates" 3 "$(grep -c 'BEGIN CERT' "$WORK/ca.pem")"
split_pem "$WORK/ca.pem" "$WORK/ca"
for c in "$WORK"/ca?.pem; do openssl x509 -in "$c" -noout -subject; done >"$WORK/subjects"
like "cacerts: the tenant's" 'acme Tenant CA' "$(cat "$WORK/subjects")"
like "cacerts: the region's" 'eu Region CA' "$(cat "$WORK/subjects")"
like "cacerts: the root" 'Root' "$(cat "$WORK/subjects")"
openssl base64 -d -in "$BODY" | openssl cms -cmsout -print -inform DER >"$WORK/cms.txt" 2>&1
like "cacerts: SignedData without content" 'eContent: *<ABSENT>' "$(cat "$WORK/cms.txt")"
like "cacerts: without signers" 'signerInfos:' "$(grep -A1 signerInfos "$WORK/cms.txt")"
unlike "cacerts: no signer" 'issuerAndSerialNumber' "$(cat "$WORK/cms.txt")"

# one line for a client that says nothing of itself and sends no lines, as strongSwan before 5.9.11
est acme/cacerts -A ''
framed "cacerts without User-Agent" "$P7"
one_line "cacerts without User-Agent"

# wrapped where the client needs that
est acme/cacerts -A 'libest 3.2.0p'
framed "cacerts for libest" "$P7"
is "cacerts for libest: 64 columns" 64 "$(head -1 "$BODY" | tr -d '\r\n' | wc -c)"
is "cacerts for libest: the same octets" "$(grep -c . "$WORK/ca.pem")" \
    "$(openssl base64 -d -in "$BODY" | openssl pkcs7 -inform DER -print_certs | grep -c .)"

# without a label there is no tenant
est cacerts
is "no label" 404 "$STATUS"

# csrattrs: which key and which hash
est acme/csrattrs
framed csrattrs application/csrattrs
one_line csrattrs
attrs=$(openssl base64 -d -A -in "$BODY" | openssl asn1parse -inform DER -i)
like "csrattrs: EC key" 'id-ecPublicKey' "$attrs"
like "csrattrs: on P-256" 'prime256v1' "$attrs"
like "csrattrs: ecdsa-with-SHA256" 'ecdsa-with-SHA256' "$attrs"

# the first enrolment: device name and token
T=$(token acme hp-4711)
p256 "$WORK/key.pem"
csr "$WORK/key.pem" /CN=hp-4711 >"$WORK/csr.b64"
est_post acme/simpleenroll "$WORK/csr.b64"
is "without credentials" 401 "$STATUS"
like "without credentials: asks for Basic" '^Basic realm=' "$(header WWW-Authenticate)"
est_post acme/simpleenroll "$WORK/csr.b64" -u "hp-4711:$T"
framed simpleenroll "$P7"
wrapped simpleenroll
p7_certs "$BODY" >"$WORK/leaf.pem"
is "simpleenroll: exactly one certificate" 1 "$(grep -c 'BEGIN CERT' "$WORK/leaf.pem")"
text=$(openssl x509 -in "$WORK/leaf.pem" -noout -text)
is "the key is the request's" "$(openssl pkey -in "$WORK/key.pem" -pubout)" "$(openssl x509 -in "$WORK/leaf.pem" -noout -pubkey)"
like "subject" 'Subject: O = acme, OU = printer, CN = hp-4711' "$text"
like "URI and DNS name" 'URI:spiffe://acme\.eu\.example\.org/printer/hp-4711' "$text"
like "URI and DNS name" 'DNS:hp-4711\.printer\.acme\.eu\.example\.org' "$text"
like "not a CA" 'CA:FALSE' "$text"
like "key usage" 'Digital Signature, Key Agreement' "$text"
like "client authentication" 'TLS Web Client Authentication' "$text"
like "ecdsa-with-SHA256" 'Signature Algorithm: ecdsa-with-SHA256' "$text"
like "AIA: OCSP" "OCSP - URI:$OPEN/ocsp" "$text"
like "AIA: caIssuers" "CA Issuers - URI:$OPEN/ca/.*\\.cer" "$text"
like "CRL distribution point" "URI:$OPEN/crl/.*\\.crl" "$text"
like "authority key id" 'Authority Key Identifier' "$text"
is "128-bit serial" 32 "$(serial "$WORK/leaf.pem" | tr -d '\n' | wc -c)"
from=$(date -d "$(openssl x509 -in "$WORK/leaf.pem" -noout -startdate | cut -d= -f2)" +%s)
to=$(date -d "$(openssl x509 -in "$WORK/leaf.pem" -noout -enddate | cut -d= -f2)" +%s)
is "90 days" 90 "$(((to - from + 43200) / 86400))"
works "the chain verifies with what cacerts gave" openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/ca.pem" "$WORK/leaf.pem"

# SECRET alone is a password too, and clients wrap and armour as they like
T=$(token acme hp-4712)
est_post acme/simpleenroll "$WORK/csr.b64" -u "hp-4712:${T%%.*}"
like "a key that another device has" '^40[039]$' "$STATUS"
p256 "$WORK/key2.pem"
csr "$WORK/key2.pem" /CN=hp-4712 | fold -w 64 >"$WORK/csr2.b64"
echo >>"$WORK/csr2.b64"
T=$(token acme hp-4712)
est_post acme/simpleenroll "$WORK/csr2.b64" -u "hp-4712:${T%%.*}"
framed "a wrapped request, the secret alone" "$P7"
is "a wrapped request gets a wrapped answer" 64 "$(head -1 "$BODY" | tr -d '\r\n' | wc -c)"
p256 "$WORK/key3.pem"
openssl req -new -key "$WORK/key3.pem" -subj /CN=hp-4713 >"$WORK/csr3.pem"
est_post acme/simpleenroll "$WORK/csr3.pem" -u "hp-4713:$(token acme hp-4713)"
is "a request in PEM armour" 200 "$STATUS"
p256 "$WORK/key4.pem"
csr "$WORK/key4.pem" /CN=hp-4714 | fold -w 76 | sed 's/$/\r/' >"$WORK/csr4.b64"
est_post acme/simpleenroll "$WORK/csr4.b64" -u "hp-4714:$(token acme hp-4714)"
is "a request in lines of 76 with CRLF" 200 "$STATUS"
p256 "$WORK/key5.pem"
csr "$WORK/key5.pem" /CN=hp-4715 >"$WORK/csr5.b64"
est_post acme/simpleenroll "$WORK/csr5.b64" -u "hp-4715:$(token acme hp-4715)" --tlsv1.2 --tls-max 1.2
is "over TLS 1.2" 200 "$STATUS"
est_post acme/simpleenroll "$WORK/csr5.b64" -u "hp-4715:none" -H 'Transfer-Encoding: chunked'
like "a chunked request is answered too" '^(401|400|411)$' "$STATUS"

# renewal by the certificate, with the key it has and with a new one; the subject as it stands in the certificate
SUBJECT=/O=acme/OU=printer/CN=hp-4711
csr "$WORK/key.pem" "$SUBJECT" >"$WORK/renew.b64"
est_post acme/simplereenroll "$WORK/renew.b64" --cert "$WORK/leaf.pem" --key "$WORK/key.pem"
framed simplereenroll "$P7"
p7_certs "$BODY" >"$WORK/leaf2.pem"
unlike "another serial" "^$(serial "$WORK/leaf.pem")\$" "$(serial "$WORK/leaf2.pem")"
is "the same names" "$(openssl x509 -in "$WORK/leaf.pem" -noout -subject -ext subjectAltName)" \
    "$(openssl x509 -in "$WORK/leaf2.pem" -noout -subject -ext subjectAltName)"
p256 "$WORK/new.pem"
csr "$WORK/new.pem" "$SUBJECT" -addext 'subjectAltName=URI:spiffe://acme.eu.example.org/printer/hp-4711,DNS:hp-4711.printer.acme.eu.example.org' \
    >"$WORK/rekey.b64"
est_post acme/simplereenroll "$WORK/rekey.b64" --cert "$WORK/leaf2.pem" --key "$WORK/key.pem"
is "a new key" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/leaf3.pem"
is "the new certificate has the new key" "$(openssl pkey -in "$WORK/new.pem" -pubout)" "$(openssl x509 -in "$WORK/leaf3.pem" -noout -pubkey)"
est_post acme/simplereenroll "$WORK/rekey.b64"
is "renewal without a certificate" 401 "$STATUS"
est_post globex/simplereenroll "$WORK/rekey.b64" --cert "$WORK/leaf3.pem" --key "$WORK/new.pem"
like "renewal at another tenant" '^40[134]$' "$STATUS"

# several requests on one connection
curl -s --cacert "$ROOT" -o /dev/null -o /dev/null -o /dev/null -w '%{http_code} %{num_connects}\n' \
    "$URL/.well-known/est/acme/cacerts" "$URL/.well-known/est/acme/csrattrs" "$URL/.well-known/est/acme/cacerts" >"$WORK/kept"
is "a connection is kept" "200 1 200 0 200 0" "$(paste -sd' ' "$WORK/kept")"
finish
