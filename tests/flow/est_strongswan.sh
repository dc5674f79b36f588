#!/usr/bin/env bash
# tests/flow/est_strongswan.sh - strongSwan's pki enrols and renews, on TLS 1.2 (its default) and 1.3.
. "$(dirname "$0")/lib.sh"

service_fresh acme

# pki 5.9.8 puts a label in front: https://host:port/LABEL asks /LABEL/.well-known/est/...
estca() {
	pki --estca --url "$URL/acme" --cacert "$ROOT" --caout "$1" --outform pem --force
}

# ask IN OUT PKI-ARGUMENTS...
ask() {
	local in=$1 out=$2
	shift 2
	# What cacerts gave stands beside the root, so that pki can check what it gets.
	timeout 60 pki --est --url "$URL/acme" --cacert "$ROOT" --cacert "$WORK/tenant.pem" --cacert "$WORK/region.pem" \
	    --in "$in" --outform pem "$@" >"$out"
}

request() { # request KEY DN OUT
	pki --req --in "$1" --type ecdsa --dn "$2" --outform der >"$3"
}

chain_of acme "$WORK/chain"
mv "$WORK/chain1.pem" "$WORK/tenant.pem"
mv "$WORK/chain2.pem" "$WORK/region.pem"

for version in 1.2 1.3; do
	printf 'libtls {\n version_max = %s\n}\n' "$version" >"$WORK/strongswan.conf"
	export STRONGSWAN_CONF=$WORK/strongswan.conf
	d=$WORK/$version
	device=strong-${version/./}
	mkdir "$d"
	works "TLS $version: pki --estca" estca "$d/ca"
	is "TLS $version: three CA certificates" 3 "$(find "$d" -name 'ca*' | wc -l)"
	pki --gen --type ecdsa --size 256 --outform pem >"$d/key.pem" 2>/dev/null
	request "$d/key.pem" "CN=$device" "$d/csr.der"
	works "TLS $version: pki --est" ask "$d/csr.der" "$d/cert.pem" --userpass "$device:$(token acme "$device")"
	works "TLS $version: the certificate verifies" openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/tenant.pem" \
	    -untrusted "$WORK/region.pem" "$d/cert.pem"
	refuses "TLS $version: a wrong token" ask "$d/csr.der" "$d/none.pem" --userpass "$device:AAAAAAAAAAAAAAAAAAAAAAAAAA"

	request "$d/key.pem" "O=acme, OU=printer, CN=$device" "$d/renew.der"
	works "TLS $version: pki --est with the certificate renews" ask "$d/renew.der" "$d/cert2.pem" --cert "$d/cert.pem" --key "$d/key.pem"
	works "TLS $version: the renewed one verifies" openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/tenant.pem" \
	    -untrusted "$WORK/region.pem" "$d/cert2.pem"
	unlike "TLS $version: it is another one" "^$(serial "$d/cert.pem")\$" "$(serial "$d/cert2.pem")"
	like "TLS $version: pki reads it" "spiffe://acme.eu.example.org/printer/$device" "$(pki --print --in "$d/cert2.pem" 2>&1)"
done
finish
