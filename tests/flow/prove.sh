#!/usr/bin/env bash
# tests/flow/prove.sh - what a log proves in a file, offline; two histories that convict it; decisions made again; a body taken out by law.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
cp "$ROOT" "$WORK/root.pem"
MARK=hp-forgotten

# away WORDS...: the command line with no service, no configuration and another folder
away() { (cd / && timeout 60 "$QUATRAIN_BIN" "$@"); }
verify() { away log verify "$@" --key "$WORK/keys"; }
# covered TENANT N: the newest checkpoint is over at least N entries
covered() {
	api GET "/v1/tenants/$1/log/checkpoint"
	[ "$STATUS" = 200 ] && [ "$(sed -n 2p "$BODY")" -ge "$2" ]
}
size_of() { entries "$1" | wc -l; }
# checkpoint TENANT FILE: one over all that is in the log now
checkpoint() {
	within 30 covered "$1" "$(size_of "$1")" || fail "a checkpoint of $1" "one within 30 s" "$(cat "$BODY")"
	cp "$BODY" "$2"
}
index_of() { entries "$1" | grep -nE -- "$2" | tail -1 | cut -d: -f1 | awk '{ print $1 - 1 }'; }

for n in 1 2; do
	enrol acme "hp-$n" "$WORK/dev$n" || stop_here "enrol hp-$n"
done
enrol acme "$MARK" "$WORK/dev3" || stop_here "enrol $MARK"
s1=$(serial "$WORK/dev1/leaf.pem") s3=$(serial "$WORK/dev3/leaf.pem")
checkpoint acme "$WORK/first"

# --- an entry ----------------------------------------------------------------------------------

works "log keys" q log keys --tenant acme --out "$WORK/keys"
works "log prove by serial" q log prove --tenant acme --serial "$s1" --out "$WORK/p1"
is "it is a file of C2SP tlog-proof" c2sp.org/tlog-proof@v1 "$(head -1 "$WORK/p1")"
like "its entry is in it" "$s1" "$(sed -n 's/^extra //p' "$WORK/p1" | openssl base64 -d -A)"
like "the region's cosignature is in it" '^— eu\.example\.org/cosigner ' "$(cat "$WORK/p1")"
refuses "a file is never overwritten" q log prove --tenant acme --serial "$s1" --out "$WORK/p1"
works "log prove by index, to standard output" q log prove --tenant acme --index 0
is "it is the proof itself" c2sp.org/tlog-proof@v1 "$(head -1 <<<"$OUT")"
is "in JSON it is a member" "$(q log prove --tenant acme --serial "$s1" --json | jq -r .size)" \
    "$(q log prove --tenant acme --serial "$s1" --json | jq -r .proof | sed -n '/^acme/{n;p}' | head -1)"
refuses "there is no such entry" q log prove --tenant acme --index 99999
refuses "there is no such serial" q log prove --tenant acme --serial 00000000000000000000000000000000
exits "one of them" 2 q log prove --tenant acme --index 0 --serial "$s1"
exits "none of them" 2 q log prove --tenant acme

works "log verify, by the root" verify "$WORK/p1" --root "$WORK/root.pem" --serial "$s1"
like "it says what was proven" '^GOOD: entry [0-9]+ is in the log, among [0-9]+ entries\.$' "$OUT"
like "and of which act" '^act +certificate\.issued$' "$OUT"
like "and by whose key" 'which certificates up to your root name' "$OUT"
like "and who saw it" '^cosigned  by eu\.example\.org/cosigner at ' "$OUT"
like "and what was not" '^Not proven: ' "$OUT"
works "log verify, by verifier keys" verify "$WORK/p1"
like "no root was asked" 'no root was asked' "$OUT"
jq -r '.log.vkey, .cosigner.vkey' "$WORK/keys" >"$WORK/vkeys"
works "verifier keys, one a line" away log verify "$WORK/p1" --key "$WORK/vkeys"
jq -j '.log.certificates' "$WORK/keys" >"$WORK/certificates.pem"
works "certificates and the root" away log verify "$WORK/p1" --key "$WORK/certificates.pem" --root "$WORK/root.pem"
refuses "certificates without a root" away log verify "$WORK/p1" --key "$WORK/certificates.pem"
refuses "no keys" away log verify "$WORK/p1"
refuses "another serial" verify "$WORK/p1" --root "$WORK/root.pem" --serial "$s3"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/other.key" -subj /CN=other \
    -out "$WORK/other.pem" 2>/dev/null
refuses "another root" verify "$WORK/p1" --root "$WORK/other.pem"
works "globex's keys" q log keys --tenant globex --out "$WORK/keys2"
refuses "another log's keys" away log verify "$WORK/p1" --key "$WORK/keys2" --root "$WORK/root.pem"
is "verdict in JSON" "good inclusion 1" \
    "$(verify "$WORK/p1" --root "$WORK/root.pem" --json | jq -r '"\(.verdict) \(.kind) \(.cosigned | length)"')"

missed=""
n=$(wc -c <"$WORK/p1")
for ((at = 0; at < n; at += n / 60 + 1)); do
	cp "$WORK/p1" "$WORK/bent"
	now=$(od -An -v -tu1 -j "$at" -N 1 "$WORK/bent" | tr -d ' ')
	printf '%b' "\\x$(printf %02x $((now ^ (1 << at % 8))))" | dd of="$WORK/bent" bs=1 seek="$at" conv=notrunc status=none
	verify "$WORK/bent" --root "$WORK/root.pem" >/dev/null 2>&1 && missed+=" $at"
done
is "a bit flipped at each of 60 places is refused" "" "$missed"

# --- two checkpoints ---------------------------------------------------------------------------

token acme hp-9 >/dev/null
checkpoint acme "$WORK/second"
works "a checkpoint alone" verify "$WORK/second" --root "$WORK/root.pem"
exits "two sizes, and no proof" 1 verify "$WORK/first" "$WORK/second" --root "$WORK/root.pem"
like "it says so" '^NOT PROVEN' "$OUT"
works "the same one twice" verify "$WORK/first" "$WORK/first" --root "$WORK/root.pem"
works "log prove --since" q log prove --tenant acme --since "$WORK/first" --out "$WORK/since"
is "in the form of C2SP tlog-witness" "old $(sed -n 2p "$WORK/first")" "$(head -1 "$WORK/since")"
works "the log only grew" verify "$WORK/first" "$WORK/since" --root "$WORK/root.pem"
like "it says so" '^GOOD: the newer log begins with the older one' "$OUT"
works "in either order" verify "$WORK/since" "$WORK/first" --root "$WORK/root.pem"
refuses "a proof of consistency alone" verify "$WORK/since" --root "$WORK/root.pem"
checkpoint globex "$WORK/globex"
refuses "of two logs" verify "$WORK/first" "$WORK/globex" --root "$WORK/root.pem"
exits "three are too many" 2 verify "$WORK/first" "$WORK/second" "$WORK/since"
works "an export" q log export --tenant acme --out "$WORK/export"
works "an older checkpoint and a whole log" away log verify "$WORK/first" "$WORK/export" --key "$WORK/keys" --root "$WORK/root.pem"
like "it begins with it" '^GOOD: the newer log begins' "$OUT"

# The same data folder, led on twice: its key signs two histories of one size.
service_stop
cp -a "$DATA" "$WORK/fork"
service_start || stop_here "serve"
token acme hp-left >/dev/null
checkpoint acme "$WORK/left"
service_stop
mv "$DATA" "$WORK/kept"
mv "$WORK/fork" "$DATA"
service_start || stop_here "serve on the copy"
token acme hp-right >/dev/null
checkpoint acme "$WORK/right"
service_stop
rm -rf "$DATA"
mv "$WORK/kept" "$DATA"
service_start || stop_here "serve"
is "both are of one size" "$(sed -n 2p "$WORK/left")" "$(sed -n 2p "$WORK/right")"
works "each holds alone" verify "$WORK/left" --root "$WORK/root.pem"
works "and so does the other" verify "$WORK/right" --root "$WORK/root.pem"
exits "together they convict the log" 1 verify "$WORK/left" "$WORK/right" --root "$WORK/root.pem"
like "loudly" '^CONVICTED: these two notes convict the log' "$OUT"
is "in JSON too" split "$(verify "$WORK/left" "$WORK/right" --root "$WORK/root.pem" --json | jq -r .verdict)"
refuses "the service cannot show that it grew from the other one" q log prove --tenant acme --since "$WORK/right"

# --- decisions, again --------------------------------------------------------------------------

works "an auditor" q operator add aud --role auditor --out "$WORK/aud"
http -X POST --cacert "$ROOT" --cert "$WORK/aud/cert.pem" --key "$WORK/aud/key.pem" -H 'Content-Type: application/json' \
    --data-binary '{"device":"hp-8"}' "$URL/v1/tenants/acme/tokens"
is "an auditor makes no tokens" 403 "$STATUS"
no=$(index_of acme '"act":"request.refused".*default-deny|default-deny.*"act":"request.refused"')
like "the refusal has its rule and inputs" '"inputs":\{"act":"token\.create".*"role":"auditor".*"rule":"default-deny"' \
    "$(entries acme | tail -n +$((no + 1)) | head -1)"
works "replay of a refusal" q replay --tenant acme --index "$no"
like "the same" '^SAME: entry [0-9]+: refused by default-deny$' "$OUT"
works "replay of a whole log" q replay --tenant acme --all
like "with counts" '^[0-9]+ entries: [1-9][0-9]* decided again the same, 0 otherwise, 0 under other rules' "$OUT"
works "replay of the platform's" q replay --tenant platform --all
works "replay of a proof, offline" away replay "$WORK/p1"
like "the same" '^SAME: ' "$OUT"
rm -rf "$WORK/export"
works "an export" q log export --tenant acme --out "$WORK/export"
works "replay of an export, offline" away replay "$WORK/export"
is "in JSON" "0 0 0" "$(away replay "$WORK/export" --json | jq -r '"\(.differs) \(.other_policy) \(.altered)"')"
cp -r "$WORK/export" "$WORK/bad"
sed -i "$((no + 1))s/\"role\":\"auditor\"/\"role\":\"officer\"/" "$WORK/bad/entries.jsonl"
exits "an input that was bent comes out otherwise" 1 away replay "$WORK/bad"
like "and where" "^DIFFERS: entry $no: these inputs are permitted by registrar-makes-tokens" "$OUT"
like "and that it was altered" "^ALTERED: entry $no: " "$OUT"
cp "$WORK/export/entries.jsonl" "$WORK/bad/entries.jsonl"
sed -i "$((no + 1))s/127.0.0.1/127.0.0.2/" "$WORK/bad/entries.jsonl"
exits "one that no rule looks at is seen as well" 1 away replay "$WORK/bad"
sed 's/"policy":"[0-9a-f]*"/"policy":"00ff"/' "$WORK/export/entries.jsonl" >"$WORK/bad/entries.jsonl"
exits "of other rules" 1 away replay "$WORK/bad" --index "$no"
like "which are needed" '00ff' "$OUT"
exits "a place of entries" 2 q replay
exits "only one" 2 q replay "$WORK/p1" --tenant acme --all
refuses "no such entry" q replay --tenant acme --index 99999

# --- a body that must go -----------------------------------------------------------------------

gone=$(index_of acme "\"act\":\"certificate.issued\".*$MARK")
before=$(size_of acme)
redact() { q log redact --tenant acme --index "$1" --reason "erasure was asked for" --order "case 4711"; }
as() { # as NAME JSON: a redaction by that operator
	http -X POST --cacert "$ROOT" --cert "$WORK/$1/cert.pem" --key "$WORK/$1/key.pem" -H 'Content-Type: application/json' \
	    --data-binary "$2" "$URL/v1/tenants/acme/log/redactions"
}
as aud "{\"index\":$gone,\"reason\":\"a\",\"order\":\"b\"}"
is "an auditor redacts nothing" 403 "$STATUS"
for body in '{}' '{"index":1}' '{"index":1,"reason":"","order":"b"}' '{"index":-1,"reason":"a","order":"b"}' \
    '{"index":"1","reason":"a","order":"b"}' '{"index":1,"reason":"a","order":"b","more":1}' \
    "{\"index\":1,\"reason\":\"a\",\"order\":\"$(printf '%0600d' 0)\"}"; do
	api POST /v1/tenants/acme/log/redactions "$body"
	is "a body that is not right: ${body:0:40}" 400 "$STATUS"
done
api POST /v1/tenants/acme/log/redactions '{"index":99999,"reason":"a","order":"b"}'
is "there is no such entry" 404 "$STATUS"
works "log redact" redact "$gone"
stub=$(entries acme | tail -n +$((gone + 1)) | head -1)
like "the stub is all that is left" "^\{\"leaf\":\"[0-9a-f]{64}\",\"n\":$gone,\"redacted\":[0-9]+\}\$" "$stub"
by=$(jq -r .redacted <<<"$stub")
like "an entry tells of it" "\"act\":\"entry.redacted\".*\"index\":$gone.*\"order\":\"case 4711\".*\"was\":\"certificate.issued\"" \
    "$(entries acme | tail -n +$((by + 1)) | head -1)"
exits "not twice" 1 redact "$gone"
like "it is redacted already" 'redacted already' "$OUT"
exits "not what tells of it" 1 redact "$by"
exits "not what tells of the CA" 1 redact "$(index_of acme '"act":"tenant.created"')"
like "and why" 'it tells of a CA' "$OUT"
api GET "/v1/tenants/acme/log/entries?from=$gone&count=1"
unlike "the body is not served" "$s3|$MARK" "$(cat "$BODY")"
checkpoint acme "$WORK/third"
works "checkpoints go on" test "$(sed -n 2p "$WORK/third")" -gt "$before"
works "the log is proven to have only grown" q log prove --tenant acme --since "$WORK/left" --out "$WORK/since2"
works "as before" verify "$WORK/left" "$WORK/since2" --root "$WORK/root.pem"
refuses "but not of another older one" verify "$WORK/first" "$WORK/since2" --root "$WORK/root.pem"
refuses "nor of the other history" verify "$WORK/right" "$WORK/since2" --root "$WORK/root.pem"
works "the stub is proven" q log prove --tenant acme --index "$gone" --out "$WORK/p-gone"
exits "and does not stand alone" 1 verify "$WORK/p-gone" --root "$WORK/root.pem"
like "it says what is wanted" "log prove --index $by" "$OUT"
works "by its serial too" q log prove --tenant acme --serial "$s3"
works "what tells of it" q log prove --tenant acme --index "$by" --out "$WORK/p-by"
works "is proven" verify "$WORK/p-by" --root "$WORK/root.pem"
works "both together hold" verify "$WORK/p-gone" "$WORK/p-by" --root "$WORK/root.pem"
like "as what it is" 'its body is REDACTED' "$OUT"
works "in either order" verify "$WORK/p-by" "$WORK/p-gone" --root "$WORK/root.pem"
rm -rf "$WORK/export"
works "an export" q log export --tenant acme --out "$WORK/export"
unlike "without it" "\"serial\":\"$s3\"" "$(cat "$WORK/export/entries.jsonl")"
works "verifies" away log verify "$WORK/export" --root "$WORK/root.pem"
works "and by the other verifier" python3 "$TREE/scripts/verify-bundle" "$WORK/export" "$WORK/root.pem"
cp -r "$WORK/export" "$WORK/worse"
sed -i "$((by + 1))s/\"index\":$gone/\"index\":$((gone + 1))/" "$WORK/worse/entries.jsonl"
refuses "a stub that nothing tells of" away log verify "$WORK/worse" --root "$WORK/root.pem"
works "replay counts it apart" q replay --tenant acme --all
like "as redacted" ', 1 redacted, 0 altered' "$OUT"
works "the certificate is good still" q cert show --tenant acme "$s3"
works "its audit says so" q chain audit --tenant acme
works "a backup" q backup "$WORK/backup"
unlike "holds it no more" "\"act\":\"certificate.issued\"[^}]*\"name\":\"printer/$MARK\"" "$(tr -d '\0' <"$WORK/backup")"
service_stop
works "ledger check" q ledger check
service_start || stop_here "serve after it"
works "the service goes on" q log prove --tenant acme --index "$by"

# Two persons, where there are two.
works "an officer" q operator add alice --role officer --out "$WORK/alice"
works "and another" q operator add bob --role officer --out "$WORK/bob"
token acme hp-7 >/dev/null
last=$(index_of acme '"act":"token.created"')
as alice "{\"index\":$last,\"reason\":\"a\",\"order\":\"b\"}"
is "one officer alone waits" 202 "$STATUS"
id=$(jq -r .id "$BODY")
unlike "nothing is gone" '"redacted"' "$(entries acme | tail -n +$((last + 1)) | head -1)"
http -X POST --cacert "$ROOT" --cert "$WORK/bob/cert.pem" --key "$WORK/bob/key.pem" -H 'Content-Type: application/json' \
    --data-binary '{}' "$URL/v1/acts/$id/approve"
is "the second one approves" 200 "$STATUS"
like "and it is gone" '"redacted"' "$(entries acme | tail -n +$((last + 1)) | head -1)"

# What a backup keeps is the stub.
service_stop
mv "$DATA" "$WORK/was"
works "restore" q restore "$WORK/backup" --root "$WORK/root.pem"
cp "$WORK/was/master.key" "$DATA/master.key" 2>/dev/null
service_start || stop_here "serve what was restored"
is "the stub is there" "$stub" "$(entries acme | tail -n +$((gone + 1)) | head -1)"
finish
