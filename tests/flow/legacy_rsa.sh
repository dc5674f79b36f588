#!/usr/bin/env bash
# Old printers: RSA keys by the profile legacy-rsa, with curl and openssl as the printer; and what no profile takes.
. "$(dirname "$0")/lib.sh"

# rsa BITS FILE
rsa() {
	openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$1" -out "$2" 2>/dev/null
}

# token_by PROFILE DEVICE
token_by() {
	q token create --tenant acme --device "$2" --profile "$1" --json | jq -r .token
}

# enrol_rsa DEVICE BITS: its folder holds key.pem, csr.b64, leaf.pem
enrol_rsa() {
	local d=$WORK/$1
	mkdir -p "$d"
	rsa "$2" "$d/key.pem"
	csr "$d/key.pem" "/CN=$1" >"$d/csr.b64"
	est_post acme/simpleenroll "$d/csr.b64" -u "$1:$(token_by legacy-rsa "$1")"
	[ "$STATUS" = 200 ] && p7_certs "$BODY" >"$d/leaf.pem" && [ -s "$d/leaf.pem" ]
}

# refused_csr WHAT STATUS PATTERN DEVICE PROFILE: of $WORK/bad.b64, with a token that stays good
refused_csr() {
	est_post acme/simpleenroll "$WORK/bad.b64" -u "$4:$(token_by "$5" "$4")"
	is "$1: status" "$2" "$STATUS"
	like "$1: words" "$3" "$(cat "$BODY")"
}

service_fresh acme
chain_of acme "$WORK/ca"
cat "$WORK/ca1.pem" "$WORK/ca2.pem" >"$WORK/middle.pem"
cat "$WORK/middle.pem" "$ROOT" >"$WORK/all.pem"

for bits in 2048 3072; do
	name=hp-$bits d=$WORK/hp-$bits
	works "RSA-$bits enrols" enrol_rsa "$name" "$bits"
	works "RSA-$bits: the chain verifies" openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/middle.pem" \
	    "$d/leaf.pem"
	text=$(openssl x509 -in "$d/leaf.pem" -noout -text)
	like "RSA-$bits: the key" "Public-Key: \($bits bit\)" "$text"
	like "RSA-$bits: signed by the tenant's P-256 key" 'Signature Algorithm: ecdsa-with-SHA256' "$text"
	like "RSA-$bits: an RSA key agrees on nothing" 'Digital Signature, Key Encipherment' "$text"
	like "RSA-$bits: it is a printer" "URI:spiffe://acme.eu.example.org/printer/$name" "$text"
	like "RSA-$bits: and called so" "DNS:$name.printer.acme.eu.example.org" "$text"
	works "RSA-$bits: OCSP" openssl ocsp -issuer "$WORK/ca1.pem" -cert "$d/leaf.pem" -url "$OPEN/ocsp" \
	    -CAfile "$WORK/all.pem" -no_nonce
	like "RSA-$bits: OCSP is good" 'leaf.pem: good' "$OUT"

	# a renewal over the certificate at hand, in both versions of TLS
	subject=$(openssl x509 -in "$d/leaf.pem" -noout -subject -nameopt RFC2253 | sed 's/^subject=//')
	openssl req -new -key "$d/key.pem" -subj "$(awk -F, '{ for (i = NF; i > 0; i--) printf "/%s", $i }' <<<"$subject")" \
	    -outform DER | openssl base64 -A >"$d/again.b64"
	for version in 1.2 1.3; do
		est_post acme/simplereenroll "$d/again.b64" --cert "$d/leaf.pem" --key "$d/key.pem" --tls-max "$version"
		is "RSA-$bits: renewal over TLS $version" 200 "$STATUS"
		p7_certs "$BODY" >"$d/leaf2.pem"
		is "RSA-$bits: the same key, over TLS $version" "$(openssl x509 -in "$d/leaf.pem" -noout -pubkey)" \
		    "$(openssl x509 -in "$d/leaf2.pem" -noout -pubkey)"
		mv "$d/leaf2.pem" "$d/leaf.pem"
	done
done

# strongSwan's pki, which checks what it got: its own proof of the chain
d=$WORK/swan
mkdir "$d"
q tenant create lenient --constraints compatible >/dev/null || stop_here "tenant create"
chain_of lenient "$WORK/lenient"
pki --gen --type rsa --size 3072 --outform pem >"$d/key.pem" 2>/dev/null
pki --req --in "$d/key.pem" --type rsa --digest sha256 --dn "CN=swan" --outform der >"$d/csr.der" 2>/dev/null
above=(--cacert "$ROOT" --cacert "$WORK/lenient2.pem" --cacert "$WORK/lenient1.pem")
token=$(q token create --tenant lenient --device swan --profile legacy-rsa --json | jq -r .token)
swan() {
	local in=$1 out=$2
	shift 2
	timeout 60 pki --est --url "https://127.0.0.1:$SECURE/lenient" "${above[@]}" --in "$in" --outform pem "$@" >"$out"
}
works "strongSwan enrols with RSA-3072" swan "$d/csr.der" "$d/leaf.pem" --userpass "swan:$token"
like "strongSwan trusts what it got" 'Issued certificate is trusted' "$OUT"
pki --req --in "$d/key.pem" --type rsa --digest sha256 --dn "O=lenient, OU=printer, CN=swan" --outform der \
    >"$d/again.der" 2>/dev/null
works "strongSwan renews with it" swan "$d/again.der" "$d/leaf2.pem" --cert "$d/leaf.pem" --key "$d/key.pem"
like "strongSwan reads it" 'spiffe://lenient.eu.example.org/printer/swan' "$(pki --print --in "$d/leaf2.pem" 2>&1)"

api GET "/v1/tenants/acme/certificates?device=hp-2048"
is "the list has the kind" printer "$(jq -r '.items[0].kind' "$BODY")"
is "and the profile" legacy-rsa "$(jq -r '.items[0].profile' "$BODY")"
like "the log has the profile" '"profile":"legacy-rsa"' "$(entries acme | grep certificate.issued)"

works "the audit finds nothing in an RSA leaf" q chain audit --tenant acme
works "nor in its file" q chain audit "$WORK/hp-2048/leaf.pem"

# a certificate of the device's is no way to a key that its profile does not take
p256 "$WORK/ec.pem"
openssl req -new -key "$WORK/ec.pem" -subj /O=acme/OU=printer/CN=hp-2048 -outform DER | openssl base64 -A >"$WORK/bad.b64"
est_post acme/simplereenroll "$WORK/bad.b64" --cert "$WORK/hp-2048/leaf.pem" --key "$WORK/hp-2048/key.pem"
is "a renewal with a P-256 key: status" 400 "$STATUS"
like "a renewal with a P-256 key: words" 'legacy-rsa: expected an RSA key of 2048 to 4096 bits' "$(cat "$BODY")"

csr "$WORK/ec.pem" /CN=ec >"$WORK/bad.b64"
refused_csr "a P-256 key by legacy-rsa" 400 'expected an RSA key' ec legacy-rsa
csr "$WORK/hp-2048/key.pem" /CN=modern >"$WORK/bad.b64"
refused_csr "an RSA key by printer" 400 'profile: printer: expected a P-256 key, found an RSA key of 2048 bits' modern printer
refused_csr "another device's key" 409 'registered to another' thief legacy-rsa

rsa 1024 "$WORK/1024.pem"
csr "$WORK/1024.pem" /CN=short >"$WORK/bad.b64"
refused_csr "RSA-1024" 400 '2048 to 4096 bits in whole octets, found 1024' short legacy-rsa
rsa 2560 "$WORK/2560.pem"
csr "$WORK/2560.pem" /CN=odd >"$WORK/bad.b64"
refused_csr "RSA-2560, between the steps" 400 'in steps of 1024, found an RSA key of 2560 bits' odd legacy-rsa
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 \
    -out "$WORK/e3.pem" 2>/dev/null
csr "$WORK/e3.pem" /CN=three >"$WORK/bad.b64"
refused_csr "exponent 3" 400 'exponent 65537' three legacy-rsa
openssl req -new -sha1 -key "$WORK/hp-3072/key.pem" -subj /CN=sha -outform DER | openssl base64 -A >"$WORK/bad.b64"
refused_csr "SHA-1 as proof" 400 'sha256WithRSAEncryption' sha legacy-rsa
openssl req -new -key "$WORK/hp-3072/key.pem" -sigopt rsa_padding_mode:pss -subj /CN=pss -outform DER |
    openssl base64 -A >"$WORK/bad.b64"
refused_csr "PSS as proof" 400 'sha256WithRSAEncryption' pss legacy-rsa

entries acme >"$WORK/entries"
for why in 'found 1024' 'exponent 65537' 'found an RSA key of 2560' 'found a P-256 key'; do
	like "the log says why: $why" "\"act\":\"request.refused\".*$why" "$(cat "$WORK/entries")"
done

serial=$(serial "$WORK/hp-3072/leaf.pem")
works "it is revoked" q cert revoke --tenant acme "$serial" --reason keyCompromise
works "OCSP after that" openssl ocsp -issuer "$WORK/ca1.pem" -cert "$WORK/hp-3072/leaf.pem" -url "$OPEN/ocsp" \
    -CAfile "$WORK/all.pem" -no_nonce
like "OCSP says revoked" 'leaf.pem: revoked' "$OUT"
est_post acme/simpleenroll "$WORK/hp-3072/csr.b64" -u "hp-3072:$(token_by legacy-rsa hp-3072)"
is "its key is never taken again" 409 "$STATUS"

finish
