#!/usr/bin/env bash
# tests/flow/chain.sh - four levels under strict eyes, and the fence around a tenant that OpenSSL, GnuTLS and Java hold.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
enrol acme hp-4711 "$WORK/dev" || stop_here "enrol"
q operator add alice --role officer --out "$WORK/alice" >/dev/null || stop_here "operator add"
chain_of acme "$WORK/acme"
TENANT=$WORK/acme1.pem REGION=$WORK/acme2.pem
cat "$TENANT" "$REGION" >"$WORK/above.pem"

# what the service itself shows on its secure listener
openssl s_client -connect "127.0.0.1:$SECURE" -servername localhost -showcerts </dev/null >"$WORK/shown" 2>/dev/null
split_pem "$WORK/shown" "$WORK/service"
cat "$WORK"/service[2-9].pem >"$WORK/service-above.pem"
split_pem "$WORK/alice/cert.pem" "$WORK/alice/c"
cat "$WORK"/alice/c[2-9].pem >"$WORK/alice/above.pem"

strict() { # strict PURPOSE ABOVE CERT...
	local purpose=$1 above=$2
	shift 2
	openssl verify -x509_strict -check_ss_sig -policy_check -auth_level 2 -purpose "$purpose" -CAfile "$ROOT" -untrusted "$above" "$@"
}
works "the service's chain" strict sslserver "$WORK/service-above.pem" "$WORK/service1.pem"
works "the service's name" strict sslserver "$WORK/service-above.pem" -verify_hostname localhost "$WORK/service1.pem"
works "the service's address" strict sslserver "$WORK/service-above.pem" -verify_ip 127.0.0.1 "$WORK/service1.pem"
refuses "another name" strict sslserver "$WORK/service-above.pem" -verify_hostname printer.example "$WORK/service1.pem"
works "the operator's chain" strict sslclient "$WORK/alice/above.pem" "$WORK/alice/c1.pem"
works "the endpoint's chain" strict sslclient "$WORK/above.pem" "$WORK/dev/leaf.pem"
refuses "the endpoint without its tenant" strict sslclient "$REGION" "$WORK/dev/leaf.pem"
refuses "the tenant's CA is no client" strict sslclient "$WORK/above.pem" "$TENANT"

# each level as the profile table has it
cert_text() {
	openssl x509 -in "$1" -noout -text
}
while read -r level file pathlen; do
	text=$(cert_text "$file")
	like "$level: CA, critical" 'Basic Constraints: critical' "$text"
	like "$level: pathLen $pathlen" "CA:TRUE, pathlen:$pathlen\$" "$text"
	like "$level: key usage, critical" 'Key Usage: critical' "$text"
	like "$level: signs certificates and CRLs only" '^ *Certificate Sign, CRL Sign$' "$text"
	unlike "$level: no extended key usage" 'Extended Key Usage' "$text"
	like "$level: P-256" 'NIST CURVE: P-256' "$text"
	like "$level: ecdsa-with-SHA256" 'Signature Algorithm: ecdsa-with-SHA256' "$text"
	like "$level: subject key id" 'Subject Key Identifier' "$text"
done <<-LEVELS
	root $ROOT 2
	region $REGION 1
	tenant $TENANT 0
LEVELS
for f in "$ROOT" "$REGION" "$WORK/service2.pem"; do
	unlike "no name constraints above the service's certificate" 'Name Constraints' "$(cert_text "$f")"
done
like "the tenant is fenced in, critical" 'Name Constraints: critical' "$(cert_text "$TENANT")"
like "the tenant's fence" 'acme\.eu\.example\.org' "$(cert_text "$TENANT" | grep -A8 'Name Constraints')"
for f in "$ROOT" "$REGION" "$TENANT" "$WORK/dev/leaf.pem" "$WORK/service1.pem" "$WORK/alice/c1.pem"; do
	works "certtool reads ${f##*/}" certtool --certificate-info --infile "$f"
	like "certtool reads its subject" 'Subject:' "$OUT"
done

# A stolen tenant key. The test opens the sealed key as the signer would, and signs what the signer never would.
STOLEN=$WORK/stolen.pem
works "the test steals acme's key" "$(dirname "$QUATRAIN_BIN")/stolen_key" "$DATA" "$TENANT" "$STOLEN" || finish
is "it is acme's key" "$(openssl x509 -in "$TENANT" -noout -pubkey)" "$(openssl pkey -in "$STOLEN" -pubout)"

forge() { # forge OUT CN SAN
	p256 "$WORK/forged.key"
	printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=clientAuth' \
	    'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' "subjectAltName=$3" >"$WORK/forged.ext"
	openssl req -new -key "$WORK/forged.key" -subj "/O=acme/OU=printer/CN=$2" |
	    openssl x509 -req -CA "$TENANT" -CAkey "$STOLEN" -days 30 -extfile "$WORK/forged.ext" -out "$1" 2>/dev/null
	cat "$1" "$TENANT" "$REGION" >"$1.chain"
}
by_openssl() { openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/above.pem" "$1"; }
by_gnutls() { certtool --verify --load-ca-certificate "$ROOT" --infile "$1.chain"; }
by_java() { java -cp "$WORK" Verify "$ROOT" "$1" "$TENANT" "$REGION"; }
javac -d "$WORK" "$TREE/tests/clients/Verify.java" || fail "javac" "Verify.class" "none"

own=acme.eu.example.org other=globex.eu.example.org
forge "$WORK/right.pem" spare "URI:spiffe://$own/printer/spare,DNS:spare.printer.$own"
for who in openssl gnutls java; do
	works "$who takes our own endpoint" "by_$who" "$WORK/right.pem"
done
cat "$WORK/dev/leaf.pem" "$TENANT" "$REGION" >"$WORK/dev/leaf.pem.chain"
for who in openssl gnutls java; do
	works "$who takes what the service issued" "by_$who" "$WORK/dev/leaf.pem"
done
while read -r what san; do
	forge "$WORK/wrong.pem" spare "$san"
	for who in openssl gnutls java; do
		# GnuTLS 3.7 holds DNS, mail and address constraints and passes over those on URIs: an endpoint always
		# has both names, so a whole foreign name is refused by it too; a mixed one only by the other two.
		[ "$who $what" = "gnutls another-tenant's-URI" ] && continue
		refuses "$who refuses acme's key on $what" "by_$who" "$WORK/wrong.pem"
	done
done <<-SANS
	another-tenant URI:spiffe://$other/printer/spare,DNS:spare.printer.$other
	another-tenant's-URI URI:spiffe://$other/printer/spare,DNS:spare.printer.$own
	another-tenant's-DNS-name URI:spiffe://$own/printer/spare,DNS:spare.printer.$other
	the-platform URI:spiffe://platform.eu.example.org/operator/root,DNS:root.operator.platform.eu.example.org
	a-look-alike URI:spiffe://evil$own/printer/spare,DNS:spare.printer.evil$own
	an-address URI:spiffe://$own/printer/spare,DNS:spare.printer.$own,IP:127.0.0.1
	foreign-mail URI:spiffe://$own/printer/spare,DNS:spare.printer.$own,email:ceo@$other
SANS

# a forged certificate of the right shape is not in the ledger: our own listener does not take it
forge "$WORK/right.pem" spare "URI:spiffe://$own/printer/spare,DNS:spare.printer.$own"
csr "$WORK/forged.key" /O=acme/OU=printer/CN=spare >"$WORK/forged.b64"
est_post acme/simplereenroll "$WORK/forged.b64" --cert "$WORK/right.pem.chain" --key "$WORK/forged.key"
like "a forged certificate renews nothing" '^(000|40[013])$' "$STATUS"
finish
