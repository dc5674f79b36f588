#!/usr/bin/env bash
# tests/flow/est_strongswan.sh - strongSwan's pki enrols and renews, on TLS 1.2 (its default) and 1.3.
#
# strongSwan 5.9.8 cannot read a critical name constraint that has addresses in it, so it enrols at a
# strict tenant but cannot check what it got; at a compatible tenant it checks all of it (2026-11).
. "$(dirname "$0")/lib.sh"

service_fresh strict
# By address: it tries only the first one of a name, and localhost may be ::1 first.
URL=https://127.0.0.1:$SECURE
q tenant create lenient --constraints compatible >/dev/null || stop_here "tenant create"

# pki 5.9.8 puts a label in front: https://host:port/LABEL asks /LABEL/.well-known/est/...
# Its second and third file are named by what stands before the first dot, hence the bare name.
estca() { # estca TENANT DIR
	(cd "$2" && pki --estca --url "$URL/$1" --cacert "$ROOT" --caout ca --outform pem --force)
}

ask() { # ask TENANT IN OUT PKI-ARGUMENTS...
	local tenant=$1 in=$2 out=$3 above=(--cacert "$ROOT" --cacert "$WORK/$1.region.pem")
	shift 3
	# An intermediate that it knows is one that it can check with.
	[ "$tenant" = strict ] || above+=(--cacert "$WORK/$tenant.tenant.pem")
	timeout 60 pki --est --url "$URL/$tenant" "${above[@]}" --in "$in" --outform pem "$@" >"$out"
}

request() { # request KEY DN OUT
	pki --req --in "$1" --type ecdsa --dn "$2" --outform der >"$3" 2>/dev/null
}

verifies() { # verifies TENANT CERT
	openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/$1.tenant.pem" -untrusted "$WORK/$1.region.pem" "$2"
}

N=0
for tenant in strict lenient; do
	chain_of $tenant "$WORK/chain"
	mv "$WORK/chain1.pem" "$WORK/$tenant.tenant.pem"
	mv "$WORK/chain2.pem" "$WORK/$tenant.region.pem"
done

while read -r tenant version; do
	printf 'libtls {\n version_max = %s\n}\n' "$version" >"$WORK/strongswan.conf"
	export STRONGSWAN_CONF=$WORK/strongswan.conf
	what="$tenant, TLS $version"
	d=$WORK/$tenant-${version/./}
	device=swan-${version/./}
	mkdir "$d"
	works "$what: pki --estca" estca "$tenant" "$d" && like "$what: over that version" "negotiated TLS $version" "$OUT"
	is "$what: CA certificates" "$([ "$tenant" = strict ] && echo 2 || echo 3)" "$(find "$d" -name 'ca*' | wc -l)"
	pki --gen --type ecdsa --size 256 --outform pem >"$d/key.pem" 2>/dev/null
	request "$d/key.pem" "CN=$device" "$d/csr.der"
	works "$what: pki --est" ask "$tenant" "$d/csr.der" "$d/cert.pem" --userpass "$device:$(token "$tenant" "$device")"
	[ "$tenant" = strict ] || like "$what: pki trusts what it got" 'Issued certificate is trusted' "$OUT"
	works "$what: the certificate verifies" verifies "$tenant" "$d/cert.pem"
	refuses "$what: a wrong token" ask "$tenant" "$d/csr.der" "$d/none.pem" --userpass "$device:AAAAAAAAAAAAAAAAAAAAAAAAAA"

	request "$d/key.pem" "O=$tenant, OU=printer, CN=$device" "$d/renew.der"
	works "$what: pki --est with the certificate renews" ask "$tenant" "$d/renew.der" "$d/cert2.pem" --cert "$d/cert.pem" --key "$d/key.pem"
	works "$what: the renewed one verifies" verifies "$tenant" "$d/cert2.pem"
	unlike "$what: it is another one" "^$(serial "$d/cert.pem")\$" "$(serial "$d/cert2.pem")"
	like "$what: pki reads it" "spiffe://$tenant.eu.example.org/printer/$device" "$(pki --print --in "$d/cert2.pem" 2>&1)"
done <<-RUNS
	strict 1.2
	strict 1.3
	lenient 1.2
	lenient 1.3
RUNS

# a label with a profile in it; and none at all, since 5.9.8 drops its label behind a 202: the token says the tenant
for label in /strict:printer /strict%3Aprinter ''; do
	device=swan-label-$((++N))
	pki --gen --type ecdsa --size 256 --outform pem >"$WORK/label.pem" 2>/dev/null
	request "$WORK/label.pem" "CN=$device" "$WORK/label.der"
	works "the label \"$label\"" timeout 60 pki --est --url "$URL$label" --cacert "$ROOT" --cacert "$WORK/strict.region.pem" \
	    --in "$WORK/label.der" --outform pem --userpass "$device:$(token strict "$device")"
done
request "$WORK/label.pem" "CN=$device" "$WORK/label.der"
refuses "the label of another profile" timeout 60 pki --est --url "$URL/strict:gateway" --cacert "$ROOT" \
    --cacert "$WORK/strict.region.pem" --in "$WORK/label.der" --outform pem --userpass "$device:$(token strict "$device")"
finish
