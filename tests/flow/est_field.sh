#!/usr/bin/env bash
# EST as the field speaks it: labels that choose a profile, attributes for a device that is known, bodies of every framing
# that devices send, and the ones that are none.
. "$(dirname "$0")/lib.sh"

service_fresh acme

# take DEVICE: a key, WORK/DEVICE.der and .b64, and TOKEN; $2 a profile
take() {
	TOKEN=$(q token create --tenant acme --device "$1" --profile "${2:-printer}" --json | jq -r .token)
	p256 "$WORK/$1.key"
	csr "$WORK/$1.key" "/CN=$1" >"$WORK/$1.b64"
	openssl base64 -d -A -in "$WORK/$1.b64" >"$WORK/$1.der"
}

attributes() {
	tr -d '\n' <"$BODY" | openssl base64 -d -A | openssl asn1parse -inform DER -i
}

# labels: TENANT:PROFILE, the colon escaped too, and in front as strongSwan 5.9.8 has it
for path in /.well-known/est/acme:printer /.well-known/est/acme%3Aprinter /.well-known/est/acme%3aprinter \
    /acme:printer/.well-known/est /acme%3Aprinter/.well-known/est; do
	http --path-as-is --cacert "$ROOT" "$URL$path/cacerts"
	is "$path: cacerts" 200 "$STATUS"
done
take dev-1
est_post acme:gateway/simpleenroll "$WORK/dev-1.b64" -u "dev-1:$TOKEN"
is "a label of another profile than the token's" 403 "$STATUS"
est_post acme%3Aprinter/simpleenroll "$WORK/dev-1.b64" -u "dev-1:$TOKEN"
is "a label of the token's own" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/dev-1.pem"
csr "$WORK/dev-1.key" /O=acme/OU=printer/CN=dev-1 >"$WORK/again.b64"
est_post acme:gateway/simplereenroll "$WORK/again.b64" --cert "$WORK/dev-1.pem" --key "$WORK/dev-1.key"
is "a renewal by another profile's label" 403 "$STATUS"
est_post acme:printer/simplereenroll "$WORK/again.b64" --cert "$WORK/dev-1.pem" --key "$WORK/dev-1.key"
is "a renewal by its own" 200 "$STATUS"
for label in acme:nothing acme:root acme: :printer '..%2facme' 'acme%00' 'acme:%00' 'acme%252f' nobody:printer \
    "$(printf 'a%.0s' {1..300})"; do
	http --path-as-is --cacert "$ROOT" "$URL/.well-known/est/$label/cacerts"
	is "the label ${label:0:20}" 404 "$STATUS"
	http --path-as-is --cacert "$ROOT" "$URL/$label/.well-known/est/cacerts"
	is "the label ${label:0:20}, in front" 404 "$STATUS"
done

# without a label: the token says its tenant, and so does a certificate
take dev-2
est_post simpleenroll "$WORK/dev-2.b64" -u "dev-2:${TOKEN%%.*}"
is "no label, the secret alone" 404 "$STATUS"
est_post simpleenroll "$WORK/dev-2.b64" -u "dev-2:$TOKEN"
is "no label, a token that says its tenant" 200 "$STATUS"
est_post simplereenroll "$WORK/again.b64" --cert "$WORK/dev-1.pem" --key "$WORK/dev-1.key"
is "no label, a certificate" 200 "$STATUS"

# attributes: names for a device that is known, and a token that is looked at is not spent
take dev-3
est acme/csrattrs
unlike "for anybody: no name" 'commonName' "$(attributes)"
for i in 1 2; do
	est acme/csrattrs -u "dev-3:$TOKEN"
	like "with a token, try $i: its name" 'UTF8STRING *:dev-3' "$(attributes)"
	like "with a token, try $i: the template" '1\.2\.840\.113549\.1\.9\.16\.2\.61' "$(attributes)"
done
est_post acme/simpleenroll "$WORK/dev-3.b64" -u "dev-3:$TOKEN"
is "which still enrols" 200 "$STATUS"
est acme/csrattrs -u "dev-3:$TOKEN"
is "with a token that is spent" 200 "$STATUS"
unlike "with a token that is spent: no name" 'dev-3' "$(attributes)"
est acme/csrattrs --cert "$WORK/dev-1.pem" --key "$WORK/dev-1.key"
like "with a certificate: its name" 'UTF8STRING *:dev-1' "$(attributes)"
like "with a certificate: its subjectAltName" 'Subject Alternative Name' "$(attributes)"
est acme:legacy-rsa/csrattrs
like "a profile of RSA keys" 'rsaEncryption' "$(attributes)"
like "and their hash" 'sha256WithRSAEncryption' "$(attributes)"

# methods
for op in cacerts csrattrs; do
	http --cacert "$ROOT" -I "$URL/.well-known/est/acme/$op"
	is "HEAD $op" 200 "$STATUS"
	like "HEAD $op: with its length" '^[1-9][0-9]+$' "$(header Content-Length)"
	est acme/$op -X POST -d x
	is "POST $op" "405 GET, HEAD" "$STATUS $(header Allow)"
done
est acme/simpleenroll
is "GET simpleenroll" "405 POST" "$STATUS $(header Allow)"
est acme/fullcmc -X POST -d x
is "fullcmc" 501 "$STATUS"
like "fullcmc says what there is instead" simpleenroll "$(cat "$BODY")"

# bodies: sent WHAT FILE CURL-ARGUMENTS...: a new device's request in each is taken
device=10
sent() {
	local what=$1 make=$2
	shift 2
	device=$((device + 1))
	take "f-$device"
	$make "$WORK/f-$device" >"$WORK/sent"
	est acme/simpleenroll -u "f-$device:$TOKEN" --data-binary @"$WORK/sent" "$@"
	is "$what" 200 "$STATUS"
	is "$what: one certificate" 1 "$(p7_certs "$BODY" 2>/dev/null | grep -c BEGIN)"
}
one() { cat "$1.b64"; }
lf() { fold -w 64 "$1.b64" && echo; }
crlf() { fold -w 76 "$1.b64" | sed 's/$/\r/' && printf '\r\n'; }
blanks() { sed 's/..../& \t/g' "$1.b64"; }
armour() { openssl req -inform DER -in "$1.der"; }
armour_crlf() { armour "$1" | sed 's/$/\r/'; }
old_armour() { armour "$1" | sed 's/CERTIFICATE REQUEST/NEW &/'; }
trailing() { armour "$1" && printf '\n\n\n'; }
TYPE='Content-Type: application/pkcs10'
sent "one line" one -H "$TYPE"
sent "lines, LF" lf -H "$TYPE"
sent "lines, CRLF" crlf -H "$TYPE"
sent "spaces and tabs" blanks -H "$TYPE"
sent "armour" armour -H "$TYPE"
sent "armour, CRLF" armour_crlf -H "$TYPE"
sent "the older armour" old_armour -H "$TYPE"
sent "line ends behind it" trailing -H "$TYPE"
sent "application/x-pem-file" armour -H 'Content-Type: application/x-pem-file'
sent "charset" one -H "$TYPE; charset=utf-8"
sent "upper case" one -H 'CONTENT-TYPE: APPLICATION/PKCS10'
sent "Content-Transfer-Encoding: base64" one -H "$TYPE" -H 'Content-Transfer-Encoding: base64'
sent "Content-Transfer-Encoding: binary, which it is not" one -H "$TYPE" -H 'Content-Transfer-Encoding: binary'
sent "chunks" lf -H "$TYPE" -H 'Transfer-Encoding: chunked'
sent "Expect: 100-continue" one -H "$TYPE" -H 'Expect: 100-continue'
like "Expect: 100-continue is answered first" '^HTTP/1\.1 100' "$(head -1 "$HEADERS")"

# and what is no body: the token is not spent by any of them
take dev-9
none() {
	local what=$1 status=$2
	shift 2
	est acme/simpleenroll -u "dev-9:$TOKEN" --data-binary @"$WORK/sent" "$@"
	is "$what" "$status" "$STATUS"
}
cp "$WORK/dev-9.der" "$WORK/sent"
none "raw DER" 400 -H "$TYPE"
like "raw DER: and why" 'base64' "$(cat "$BODY")"
tr -d '=' <"$WORK/dev-9.b64" | head -c -1 >"$WORK/sent"
none "no padding, or a letter too few" 400 -H "$TYPE"
cat "$WORK/dev-9.b64" "$WORK/dev-9.b64" >"$WORK/sent"
none "twice" 400 -H "$TYPE"
armour "$WORK/dev-9" | sed 's/CERTIFICATE REQUEST/CERTIFICATE/' >"$WORK/sent"
none "another armour" 400 -H "$TYPE"
openssl req -inform DER -in "$WORK/dev-9.der" -text >"$WORK/sent"
none "text before the armour" 400 -H "$TYPE"
cp "$WORK/dev-9.b64" "$WORK/sent"
none "no armour where it is said" 400 -H 'Content-Type: application/x-pem-file'
none "another type" 415 -H 'Content-Type: application/octet-stream'
none "compressed, it says" 415 -H 'Content-Type: application/gzip'
none "as it should be" 200 -H "$TYPE"
finish
