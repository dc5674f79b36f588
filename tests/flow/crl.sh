#!/usr/bin/env bash
# tests/flow/crl.sh - complete, delta and sharded lists, as OpenSSL, GnuTLS, the JDK and Mbed TLS read them.
. "$(dirname "$0")/lib.sh"

# Mbed TLS knows no critical name constraints either: compatible ones, so that it is the lists that are tried.
service_fresh plain
works "a tenant with one list" q tenant create acme --constraints compatible
service_stop
cat >>"$CONF" <<-YAML
	crl:
	  delay: 1
	  shards: 16
YAML
service_start || stop_here "serve with shards"
works "a tenant with shards" q tenant create big --constraints compatible

mkdir "$WORK/java"
works "the JDK's judge is compiled" javac -d "$WORK/java" "$TREE/tests/clients/Ocsp.java"
works "Mbed TLS's is" cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror "$TREE/tests/clients/mbedtls_crl.c" \
    -o "$WORK/mbed" -lmbedx509 -lmbedcrypto

# fetch URL FILE
fetch() {
	http "$1"
	[ "$STATUS" = 200 ] && cp "$BODY" "$2"
}

# point CERT: where its list is
point() { openssl x509 -in "$1" -noout -ext crlDistributionPoints | sed -n 's/.*URI://p'; }
text() { openssl crl -inform DER -in "$1" -noout -text; }
number() { openssl crl -inform DER -in "$1" -noout -crlnumber | sed 's/.*=0x//'; }

# openssl_says LEAF LISTS... -- OPTIONS...: the leaf alone is asked for
openssl_says() {
	local leaf=$1 list
	shift
	: >"$WORK/lists.pem"
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		list=$1
		shift
		openssl crl -inform DER -in "$list" >>"$WORK/lists.pem"
	done
	shift
	openssl verify -x509_strict -crl_check "$@" -CRLfile "$WORK/lists.pem" -CAfile "$ROOT" \
	    -untrusted "$WORK/chain.pem" "$leaf" 2>&1 | sed -n 's/.*: OK$/good/p; s/.*depth lookup: //p' | tail -1
}

# gnutls_says LIST CA: its signature
gnutls_says() {
	openssl crl -inform DER -in "$1" >"$WORK/g.pem"
	certtool --verify-crl --infile "$WORK/g.pem" --load-ca-certificate "$2" 2>&1 |
	    sed -n 's/^Verification output: \([A-Za-z ]*\)\..*/\1/p'
}

# gnutls_takes LEAF LIST: the chain with the list
gnutls_takes() {
	openssl crl -inform DER -in "$2" >"$WORK/g.pem"
	cat "$1" "$WORK/chain.pem" >"$WORK/g.chain"
	certtool --verify --load-ca-certificate "$ROOT" --load-crl "$WORK/g.pem" --infile "$WORK/g.chain" 2>&1 |
	    sed -n 's/^Chain verification output: Verified\..*/good/p; s/^Chain verification output:.* revoked\..*/revoked/p'
}

java_says() {
	timeout 60 java -cp "$WORK/java" -Dcrl=true -Dcom.sun.security.enableCRLDP=true Ocsp "$ROOT" "$1" "$TENANT" "$REGION" 2>&1
}
mbed_says() { "$WORK/mbed" "$ROOT" "$WORK/chain.pem" "$1" "$2"; }

# of TENANT: its chain, and two devices
of() {
	chain_of "$1" "$WORK/$1"
	TENANT=$WORK/${1}1.pem REGION=$WORK/${1}2.pem
	cat "$TENANT" "$REGION" >"$WORK/chain.pem"
	ID=$(openssl x509 -in "$TENANT" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :' | tr 'A-F' 'a-f')
}

# lists_serial FILE LEAF
lists_serial() { text "$1" | grep -qi "$(serial "$2")"; }
newer_has() { fetch "$1" "$2" && lists_serial "$2" "$3"; }

# --- one list for all --------------------------------------------------------------------------

of acme
enrol acme hp-1 "$WORK/a1" || stop_here "enrol"
enrol acme hp-2 "$WORK/a2" || stop_here "enrol"
LEAF=$WORK/a1/leaf.pem OTHER=$WORK/a2/leaf.pem
is "its certificates name one list" "$OPEN/crl/$ID.crl" "$(point "$LEAF")"
works "the list is there before anything was revoked" fetch "$OPEN/crl/$ID.crl" "$WORK/old.crl"
unlike "it has nothing critical" critical "$(text "$WORK/old.crl")"
like "it points to the delta list" "URI:$OPEN/crl/$ID-delta.crl" "$(text "$WORK/old.crl" | grep -A3 'Freshest')"
is "OpenSSL: good" good "$(openssl_says "$LEAF" "$WORK/old.crl" --)"
is "GnuTLS: the list is verified" Verified "$(gnutls_says "$WORK/old.crl" "$TENANT")"
is "GnuTLS: good" good "$(gnutls_takes "$LEAF" "$WORK/old.crl")"
is "JDK: good" VALID "$(java_says "$LEAF")"
is "Mbed TLS: good" good "$(mbed_says "$LEAF" "$WORK/old.crl")"

works "revoke" q cert revoke --tenant acme "$(serial "$LEAF")" --reason superseded
works "the list has it in seconds" within 30 newer_has "$OPEN/crl/$ID.crl" "$WORK/new.crl" "$LEAF"
is "OpenSSL: revoked" "certificate revoked" "$(openssl_says "$LEAF" "$WORK/new.crl" --)"
is "GnuTLS: revoked" revoked "$(gnutls_takes "$LEAF" "$WORK/new.crl")"
like "JDK: revoked" REVOKED "$(java_says "$LEAF")"
is "Mbed TLS: revoked" revoked "$(mbed_says "$LEAF" "$WORK/new.crl")"
is "the other is good: OpenSSL" good "$(openssl_says "$OTHER" "$WORK/new.crl" --)"
is "the other is good: JDK" VALID "$(java_says "$OTHER")"
is "the other is good: Mbed TLS" good "$(mbed_says "$OTHER" "$WORK/new.crl")"

# --- what changed, for who keeps an old list -----------------------------------------------------

DELTA=$OPEN/crl/$ID-delta.crl
works "the delta list has it" within 30 newer_has "$DELTA" "$WORK/delta.crl" "$LEAF"
like "it says so, critically" 'Delta CRL Indicator: critical' "$(text "$WORK/delta.crl")"
is "its base is the first list" "$(number "$WORK/old.crl")" \
    "$(text "$WORK/delta.crl" | grep -A1 'Delta CRL Indicator' | tail -1 | tr -d ' ' | { read -r n; printf '%X' "$n"; })"
is "it has the number of the complete one" "$(number "$WORK/new.crl")" "$(number "$WORK/delta.crl")"
is "OpenSSL: the old list alone does not know it" good "$(openssl_says "$LEAF" "$WORK/old.crl" --)"
is "OpenSSL: with the delta list it is revoked" "certificate revoked" \
    "$(openssl_says "$LEAF" "$WORK/old.crl" "$WORK/delta.crl" -- -extended_crl -use_deltas)"
is "GnuTLS: the delta list is verified" Verified "$(gnutls_says "$WORK/delta.crl" "$TENANT")"
works "hold the other" q cert hold --tenant acme "$(serial "$OTHER")"
works "the list has it" within 30 newer_has "$OPEN/crl/$ID.crl" "$WORK/held.crl" "$OTHER"
is "OpenSSL: on hold" "certificate revoked" "$(openssl_says "$OTHER" "$WORK/held.crl" --)"
works "release it" q cert release --tenant acme "$(serial "$OTHER")"
released() { fetch "$DELTA" "$WORK/delta.crl" && text "$WORK/delta.crl" | grep -q 'Remove From CRL'; }
works "the delta list takes it back" within 30 released
is "OpenSSL: the list with the hold and the delta list say good" good \
    "$(openssl_says "$OTHER" "$WORK/held.crl" "$WORK/delta.crl" -- -extended_crl -use_deltas)"
is "and the first stays revoked" "certificate revoked" \
    "$(openssl_says "$LEAF" "$WORK/held.crl" "$WORK/delta.crl" -- -extended_crl -use_deltas)"

# --- shards --------------------------------------------------------------------------------------

of big
enrol big hp-1 "$WORK/b1" || stop_here "enrol"
enrol big hp-2 "$WORK/b2" || stop_here "enrol"
LEAF=$WORK/b1/leaf.pem
SHARD=$(point "$LEAF")
like "its certificates name a shard" "^$OPEN/crl/$ID/[0-9]*\\.crl\$" "$SHARD"
works "the shard is there" fetch "$SHARD" "$WORK/s.crl"
like "it says of what, critically" 'Issuing Distribution Point: critical' "$(text "$WORK/s.crl")"
like "by the very URI" "URI:$SHARD" "$(text "$WORK/s.crl")"
like "for end entities" 'Only User Certificates' "$(text "$WORK/s.crl")"
is "OpenSSL: good" good "$(openssl_says "$LEAF" "$WORK/s.crl" --)"
is "OpenSSL, extended: good" good "$(openssl_says "$LEAF" "$WORK/s.crl" -- -extended_crl)"
is "GnuTLS: the list is verified" Verified "$(gnutls_says "$WORK/s.crl" "$TENANT")"
is "JDK: good" VALID "$(java_says "$LEAF")"
is "Mbed TLS cannot read it" unread "$(mbed_says "$LEAF" "$WORK/s.crl")"
N=${SHARD##*/} N=${N%.crl}
works "another shard" fetch "$OPEN/crl/$ID/$(((N + 1) % 16)).crl" "$WORK/t.crl"
is "OpenSSL: another shard says nothing" "different CRL scope" "$(openssl_says "$LEAF" "$WORK/t.crl" --)"

works "revoke" q cert revoke --tenant big "$(serial "$LEAF")" --reason cessationOfOperation
works "its shard has it in seconds" within 30 newer_has "$SHARD" "$WORK/s.crl" "$LEAF"
works "the complete list too" within 30 newer_has "$OPEN/crl/$ID.crl" "$WORK/new.crl" "$LEAF"
is "OpenSSL: revoked" "certificate revoked" "$(openssl_says "$LEAF" "$WORK/s.crl" --)"
is "OpenSSL, extended: revoked" "certificate revoked" "$(openssl_says "$LEAF" "$WORK/s.crl" -- -extended_crl)"
is "OpenSSL: by the complete list too" "certificate revoked" "$(openssl_says "$LEAF" "$WORK/new.crl" --)"
is "GnuTLS: revoked" revoked "$(gnutls_takes "$LEAF" "$WORK/s.crl")"
like "JDK: revoked" REVOKED "$(java_says "$LEAF")"
is "Mbed TLS reads the complete list" revoked "$(mbed_says "$LEAF" "$WORK/new.crl")"
is "the other is good: Mbed TLS" good "$(mbed_says "$WORK/b2/leaf.pem" "$WORK/new.crl")"
is "the other is good: JDK" VALID "$(java_says "$WORK/b2/leaf.pem")"
http "$OPEN/crl/$ID/$(((N + 1) % 16)).crl"
works "the other shards stay as they were" cmp -s "$BODY" "$WORK/t.crl"

# --- HTTP ----------------------------------------------------------------------------------------

URL1=$OPEN/crl/$ID.crl
http "$URL1"
is "type" application/pkix-crl "$(header Content-Type)"
TAG=$(header ETag) SINCE=$(header Last-Modified) SIZE=$(header Content-Length)
is "Cache-Control" "max-age=300, public" "$(header Cache-Control)"
like "Expires" GMT "$(header Expires)"
http -H "If-None-Match: $TAG" "$URL1"
is "the same, unchanged" 304 "$STATUS"
is "without a body" 0 "$(wc -c <"$BODY")"
http -H "If-None-Match: \"0\"" "$URL1"
is "another tag" 200 "$STATUS"
http -H "If-Modified-Since: $SINCE" "$URL1"
is "not modified since" 304 "$STATUS"
http -H 'If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT' "$URL1"
is "modified since" 200 "$STATUS"
http -I "$URL1"
is "HEAD" "200 $SIZE" "$STATUS $(header Content-Length)"
http -r 0-9 "$URL1"
is "a range is the whole" "200 $SIZE" "$STATUS $(wc -c <"$BODY")"
http -X POST --data x "$URL1"
is "POST" "405 GET, HEAD" "$STATUS $(header Allow)"
LONG=$(printf 'a%.0s' {1..300})
for path in "..%2f$ID.crl" "../crl/x.crl" "$LONG.crl" "$ID" "$ID.crl/" "$ID.crl.crl" "$ID-delta.crl.crl" "$ID/16.crl" \
    "$ID/00.crl" "$ID/-1.crl" "$ID/0x1.crl" "$ID/1.crl/" "$ID//1.crl" "$ID/999999999999.crl" "$ID/.crl" "${ID%?}.crl" \
    "0000000000000000000000000000000000000000.crl" "%00.crl"; do
	http --path-as-is "$OPEN/crl/$path"
	is "no such list: ${path:0:60}" 404 "$STATUS"
done
of acme
http "$OPEN/crl/$ID/0.crl"
is "a CA of one list has no shards" 404 "$STATUS"
ROOT_ID=$(openssl x509 -in "$ROOT" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :' | tr 'A-F' 'a-f')
http "$OPEN/crl/$ROOT_ID-delta.crl"
is "a root has no delta list" 404 "$STATUS"

# --- a restart -----------------------------------------------------------------------------------

fetch "$OPEN/crl/$ID.crl" "$WORK/before.crl"
service_stop
service_start || stop_here "serve again"
http "$OPEN/crl/$ID.crl"
works "the list is the same, without a new signature" cmp -s "$BODY" "$WORK/before.crl"
finish
