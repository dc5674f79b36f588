#!/usr/bin/env bash
# tests/flow/rollover.sh - a tenant's, then the region's new CA beside the old one: both verify, both answer, the log goes on.
. "$(dirname "$0")/lib.sh"

service_fresh acme
enrol acme old "$WORK/old" || stop_here "enrol old"
chain_of acme "$WORK/first"
works "an officer" q operator add olga --role officer --out "$WORK/olga"
works "an export before" q log export --tenant acme --out "$WORK/log0"
works "a proof before" q log prove --tenant acme --index 0 --out "$WORK/proof0"
works "and the keys" q log keys --tenant acme --out "$WORK/keys0"
is "of which none is past" null "$(jq .past "$WORK/keys0")"

# verifies WHAT LEAF TENANT-CA REGION-CA: by openssl, strictly
verifies() {
	cat "$3" "$4" >"$WORK/path.pem"
	is "$1" "$2: OK" "$(openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/path.pem" "$2" 2>&1 | tail -1)"
}

# ocsp ISSUER CERTIFICATE
ocsp() {
	timeout 30 openssl ocsp -issuer "$1" -cert "$2" -url "$OPEN/ocsp" -CAfile "$ROOT" -verify_other "$WORK/all.pem" \
	    >"$WORK/ocsp.out" 2>&1
	grep -q '^Response verify OK' "$WORK/ocsp.out" || echo "not verified"
	sed -n 's/^[^ ]*: \(good\|revoked\|unknown\)$/\1/p; s/^[[:space:]]*Reason: //p' "$WORK/ocsp.out" | tr '\n' ' ' | sed 's/ $//'
}

key_id() {
	openssl x509 -in "$1" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :' | tr 'A-F' 'a-f'
}

# crl CA: its list, verified by its key
crl() {
	http "$OPEN/crl/$(key_id "$1").crl"
	openssl crl -inform DER -in "$BODY" -noout -CAfile "$1" 2>&1 | tail -1
}

fenced() {
	openssl x509 -in "$1" -noout -ext nameConstraints
}

renew() {
	csr "$WORK/$1/key.pem" "/O=acme/OU=printer/CN=$1" >"$WORK/$1/again.b64"
	est_post acme/simplereenroll "$WORK/$1/again.b64" --cert "$WORK/$1/leaf.pem" --key "$WORK/$1/key.pem"
}

issuer_id() {
	openssl x509 -in "$1" -noout -ext authorityKeyIdentifier | tail -1 | sed 's/keyid://' | tr -d ' :' | tr 'A-F' 'a-f'
}

# --- a tenant ----------------------------------------------------------------------------------

works "suspended" q tenant suspend acme
api POST /v1/tenants/acme/rollover '{}'
is "a suspension is not stepped round" 409 "$STATUS"
works "resumed" q tenant resume acme
api POST /v1/tenants/nobody/rollover '{}'
is "nobody" 404 "$STATUS"
api POST /v1/tenants/acme/rollover '{"name":"x"}'
is "no options" 400 "$STATUS"
works "rollover" q tenant rollover acme
like "says both CAs" '^CA before +[0-9a-f]{32}$' "$OUT"
chain_of acme "$WORK/second"
cat "$WORK"/first?.pem "$WORK"/second?.pem >"$WORK/all.pem"
is "another key" no "$([ "$(key_id "$WORK/first1.pem")" = "$(key_id "$WORK/second1.pem")" ] && echo yes || echo no)"
is "the same name" "$(openssl x509 -in "$WORK/first1.pem" -noout -subject)" "$(openssl x509 -in "$WORK/second1.pem" -noout -subject)"
is "the same walls" "$(fenced "$WORK/first1.pem")" "$(fenced "$WORK/second1.pem")"
enrol acme new "$WORK/new" || stop_here "enrol new"
is "new certificates are the new CA's" "$(key_id "$WORK/second1.pem")" "$(issuer_id "$WORK/new/leaf.pem")"
verifies "the old leaf" "$WORK/old/leaf.pem" "$WORK/first1.pem" "$WORK/first2.pem"
verifies "the new leaf" "$WORK/new/leaf.pem" "$WORK/second1.pem" "$WORK/second2.pem"
is "OCSP of the old leaf" good "$(ocsp "$WORK/first1.pem" "$WORK/old/leaf.pem")"
is "of the new" good "$(ocsp "$WORK/second1.pem" "$WORK/new/leaf.pem")"
is "of both CAs" "good good" "$(ocsp "$WORK/first2.pem" "$WORK/first1.pem") $(ocsp "$WORK/second2.pem" "$WORK/second1.pem")"
is "the old CA's CRL" "verify OK" "$(crl "$WORK/first1.pem")"
is "the new one's" "verify OK" "$(crl "$WORK/second1.pem")"
est acme/cacerts
p7_certs "$BODY" >"$WORK/cacerts.pem"
is "cacerts: both CAs, region, root" 4 "$(grep -c BEGIN "$WORK/cacerts.pem")"
is "cacerts verify the old leaf" "$WORK/old/leaf.pem: OK" "$(openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/cacerts.pem" "$WORK/old/leaf.pem" 2>&1 | tail -1)"
api GET /v1/tenants/acme
is "tenant show: both, newest first" "true false" "$(jq -r '[.cas[].current] | join(" ")' "$BODY")"
is "and how many good leaves each has" "1 1" "$(jq -r '[.cas[].good] | join(" ")' "$BODY")"
works "in words" q tenant show acme
like "too" "^$(serial "$WORK/first1.pem") +good .* 1 +0 +0\$" "$OUT"
renew old
is "the old leaf renews" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/old/moved.pem"
is "and moves over" "$(key_id "$WORK/second1.pem")" "$(issuer_id "$WORK/old/moved.pem")"
works "the client enrols too" q enroll --url "$URL" --token "$(token acme laptop)" --out "$WORK/laptop"
works "an export after" q log export --tenant acme --out "$WORK/log1"
works "verifies with the new log key" q log verify "$WORK/log1" --root "$ROOT"
works "the one before still verifies" q log verify "$WORK/log0" --root "$ROOT"
works "log keys tell of the past one" q log keys --tenant acme --out "$WORK/keys1"
is "as it was" "$(jq -c .log "$WORK/keys0")" "$(jq -c '.past[] | select(.role == "log") | del(.role, .status)' "$WORK/keys1")"
works "a proof of then holds by it" q log verify "$WORK/proof0" --key "$WORK/keys1" --root "$ROOT"
like "as it is told" 'signed +by a past key of the log, which certificates' "$OUT"
works "by the verifier key too" q log verify "$WORK/proof0" --key "$WORK/keys1"
jq 'del(.past)' "$WORK/keys1" >"$WORK/keys1.now"
refuses "and not by the new one" q log verify "$WORK/proof0" --key "$WORK/keys1.now" --root "$ROOT"
jq '.past[0].certificates = .cosigner.certificates' "$WORK/keys1" >"$WORK/keys1.bad"
refuses "what stands there must lead to the root, as the log's" q log verify "$WORK/proof0" --key "$WORK/keys1.bad" --root "$ROOT"
is "the log's certificate is another" no "$(cmp -s "$WORK/log0/certificates.pem" "$WORK/log1/certificates.pem" && echo yes || echo no)"
like "it tells of the rollover" '"act":"tenant.rolled"' "$(cat "$WORK/log1/entries.jsonl")"
works "the platform's log" q log export --tenant platform --out "$WORK/log2"
like "too" '"act":"tenant.rolled"' "$(cat "$WORK/log2/entries.jsonl")"
api POST /v1/tenants/acme/suspend '{"dry_run":true}'
is "a suspension stops what both issued" 4 "$(jq -r .certificates "$BODY")"
works "suspend" q tenant suspend acme
is "both are held" "revoked certificateHold, revoked certificateHold" \
    "$(ocsp "$WORK/first1.pem" "$WORK/old/leaf.pem"), $(ocsp "$WORK/second1.pem" "$WORK/new/leaf.pem")"
works "resume" q tenant resume acme
works "the old CA's end" q cert revoke --tenant platform "$(serial "$WORK/first1.pem")" --reason keyCompromise --confirm acme
is "ends what it issued, and nothing else" "revoked cACompromise, good" \
    "$(ocsp "$WORK/first1.pem" "$WORK/old/leaf.pem"), $(ocsp "$WORK/second1.pem" "$WORK/old/moved.pem")"
is "the tenant is good" good "$(q tenant show acme --json | jq -r .status)"

# --- the platform ------------------------------------------------------------------------------

as_olga() {
	http --cacert "$ROOT" --cert "$WORK/olga/cert.pem" --key "$WORK/olga/key.pem" "$URL/v1/tenants"
}
api POST "/v1/tenants/platform/certificates/$(q tenant show platform --json | jq -r .ca_serial)/revoke" '{"confirm":"platform"}'
is "the service's own CA is not ended" 403 "$STATUS"
works "the platform rolls over" q tenant rollover platform
as_olga
is "operators of before are let in" 200 "$STATUS"
served() { # by the new CA within a moment, and not when its certificate is renewed
	openssl s_client -connect "127.0.0.1:$SECURE" -servername localhost -CAfile "$ROOT" -showcerts </dev/null 2>/dev/null |
	    openssl x509 -noout -ext authorityKeyIdentifier | tail -1 | sed 's/keyid://' | tr -d ' :' | tr 'A-F' 'a-f'
}
chain_of platform "$WORK/platform"
for ((i = 0; i < 100; i++)); do
	[ "$(served)" != "$(key_id "$WORK/platform1.pem")" ] || break
	sleep 0.05
done
is "the service shows a certificate of its new CA" "$(key_id "$WORK/platform1.pem")" "$(served)"
works "operators of after" q operator add otto --role auditor --out "$WORK/otto"
http --cacert "$ROOT" --cert "$WORK/otto/cert.pem" --key "$WORK/otto/key.pem" "$URL/v1/tenants"
is "too" 200 "$STATUS"
works "its log verifies" q log export --tenant platform --out "$WORK/log3"
works "to the root" q log verify "$WORK/log3" --root "$ROOT"
service_stop
service_start || stop_here "a start after it"
as_olga
is "and after a start" 200 "$STATUS"
est acme/cacerts
is "TLS verifies" 200 "$STATUS"

# --- the region --------------------------------------------------------------------------------

refuses "not while the service runs" q region rollover
like "and says so" 'is using' "$OUT"
service_stop
cp "$DATA/chain.pem" "$WORK/chain0.pem"
works "the region rolls over" q region rollover
like "says what comes next" 'quatrain tenant rollover' "$OUT"
is "chain.pem: root, both regions" 3 "$(grep -c BEGIN "$DATA/chain.pem")"
exits "its root key is here" 1 "$QUATRAIN_BIN" region rollover --root-key "$DATA/keys/token.key" --config "$CONF"
service_start || stop_here "a start under the new region"
as_olga
is "operators of before are let in" 200 "$STATUS"
est acme/cacerts
is "TLS verifies" 200 "$STATUS"
works "a new tenant" q tenant create fresh
chain_of fresh "$WORK/fresh"
chain_of acme "$WORK/third"
cat "$WORK"/fresh?.pem "$WORK"/third?.pem >>"$WORK/all.pem"
works "region show" q region show eu --json
is "has both CAs, the present one first" "$(serial "$WORK/fresh2.pem") $(serial "$WORK/second2.pem")" "$(jq -r '[.cas[].serial] | join(" ")' <<<"$OUT")"
api GET /v1/regions/nowhere
is "of no other" 404 "$STATUS"
is "stands under the new region" no "$([ "$(key_id "$WORK/fresh2.pem")" = "$(key_id "$WORK/second2.pem")" ] && echo yes || echo no)"
is "acme under the old one" "$(key_id "$WORK/second2.pem")" "$(key_id "$WORK/third2.pem")"
is "OCSP of both regions" "good good" "$(ocsp "$ROOT" "$WORK/fresh2.pem") $(ocsp "$ROOT" "$WORK/second2.pem")"
is "of both tenants' CAs" "good good" "$(ocsp "$WORK/fresh2.pem" "$WORK/fresh1.pem") $(ocsp "$WORK/second2.pem" "$WORK/second1.pem")"
is "the old region's CRL" "verify OK" "$(crl "$WORK/second2.pem")"
is "the new one's" "verify OK" "$(crl "$WORK/fresh2.pem")"
is "the root's" "verify OK" "$(crl "$ROOT")"
enrol fresh p "$WORK/p" || stop_here "enrol p"
verifies "a leaf under the new region" "$WORK/p/leaf.pem" "$WORK/fresh1.pem" "$WORK/fresh2.pem"
verifies "one under the old" "$WORK/new/leaf.pem" "$WORK/second1.pem" "$WORK/second2.pem"
works "acme moves" q tenant rollover acme
chain_of acme "$WORK/fourth"
is "under the new region" "$(key_id "$WORK/fresh2.pem")" "$(key_id "$WORK/fourth2.pem")"
est acme/cacerts
p7_certs "$BODY" >"$WORK/cacerts.pem"
is "cacerts still verify what the CA before issued" "$WORK/new/leaf.pem: OK" \
    "$(openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/cacerts.pem" "$WORK/new/leaf.pem" 2>&1 | tail -1)"
works "every chain of acme is audited" q chain audit --tenant acme
works "acme's log verifies" q log export --tenant acme --out "$WORK/log4"
works "to the same root" q log verify "$WORK/log4" --root "$ROOT"
works "log keys, with the region's past cosigner" q log keys --tenant acme --out "$WORK/keys4"
is "two logs' keys and a cosigner's" "cosigner log log" "$(jq -r '.past[].role' "$WORK/keys4" | sort | paste -sd' ')"
works "the first proof still holds" q log verify "$WORK/proof0" --key "$WORK/keys4" --root "$ROOT"
like "and that a cosigner saw it" '^cosigned +by eu.example.org/cosigner' "$OUT"
works "the platform's too" q log export --tenant platform --out "$WORK/log5"
works "to the same root" q log verify "$WORK/log5" --root "$ROOT"
like "and tells of it" '"act":"region.rolled"' "$(cat "$WORK/log5/entries.jsonl")"
OLD=$(serial "$WORK/second2.pem")
api POST "/v1/tenants/platform/certificates/$OLD/revoke" '{"reason":"superseded"}'
is "the old region's end wants its name" "409 eu" "$STATUS $(jq -r .confirm "$BODY")"
works "and with it" q cert revoke --tenant platform "$OLD" --reason superseded --confirm eu
is "ends what is beneath" "revoked superseded" "$(ocsp "$WORK/second1.pem" "$WORK/new/leaf.pem")"
is "and nothing else" good "$(ocsp "$WORK/fresh1.pem" "$WORK/p/leaf.pem")"
as_olga
is "an operator of the old platform CA has ended too" 403 "$STATUS"
est fresh/cacerts
is "the service goes on" 200 "$STATUS"
service_stop

# --- a root that is offline --------------------------------------------------------------------

rm -rf "$DATA"
works "a ceremony" q init --offline-root "$WORK/root.key"
refuses "no key, no rollover" q region rollover
like "and says which" '--root-key' "$OUT"
is "and nothing was done" 2 "$(grep -c BEGIN "$DATA/chain.pem")"
refuses "another key" q region rollover --root-key "$(find "$DATA/keys" -name '*.key' ! -name token.key | head -1)"
works "the root's" q region rollover --root-key "$WORK/root.key"
is "it is not kept" no "$([ -e "$DATA/keys/$(key_id "$DATA/root.pem").key" ] && echo yes || echo no)"
service_start || stop_here "a start"
works "a tenant under it" q tenant create fresh
chain_of fresh "$WORK/off"
cat "$WORK"/off?.pem >"$WORK/all.pem"
is "OCSP of the region, by the root's responder" good "$(ocsp "$WORK/off3.pem" "$WORK/off2.pem")"
is "the root's CRL" "verify OK" "$(crl "$WORK/off3.pem")"
works "suspend the region" q region suspend eu
like "its CRL cannot follow, and that is said" 'offline' "$OUT"
is "OCSP does" "revoked certificateHold" "$(ocsp "$WORK/off3.pem" "$WORK/off2.pem")"
works "resume" q region resume eu
finish
