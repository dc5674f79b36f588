#!/usr/bin/env bash
# tests/flow/rollback.sh - an older copy of a ledger is put back: the service refuses to start, says what is missing, and goes
# on with "ledger merge", after which nothing that was revoked is good.
. "$(dirname "$0")/lib.sh"

# serve_refuses: the whole log of a start that came to nothing
serve_refuses() {
	: >"$WORK/serve.log"
	if service_start; then
		service_stop
		return 1
	fi
	cat "$WORK/serve.log"
}

# newest TENANT: size and epoch of its last checkpoint
newest() {
	sed -n '2p;4p' "$1/checkpoint" | tr '\n' ' '
}

service_fresh acme globex
enrol acme before "$WORK/before" || stop_here "a device before the copy"
enrol globex other "$WORK/other" || stop_here "another tenant's device"
chain_of acme "$WORK/ca"
works "an export before" q log export --tenant acme --out "$WORK/e1"
is "its checkpoint tells its epoch" "epoch 0" "$(sed -n 4p "$WORK/e1/checkpoint")"
service_stop
cp -r "$DATA/tenants/acme" "$WORK/older"
cp -r "$DATA/tenants" "$WORK/older-all"
works "ledger check: whole" q ledger check
like "ledger check says so" '^GOOD' "$OUT"

service_start || stop_here "serve"
enrol acme gap "$WORK/gap" || stop_here "a device in the gap"
old=$(serial "$WORK/before/leaf.pem")
gap=$(serial "$WORK/gap/leaf.pem")
works "the first one is revoked" q cert revoke --tenant acme "$old" --reason keyCompromise
is "OCSP: revoked" revoked "$(ocsp_word "$WORK/before/leaf.pem")"
is "OCSP: good" good "$(ocsp_word "$WORK/gap/leaf.pem")"
works "an export in the gap" q log export --tenant acme --out "$WORK/e2"
refuses "ledger check while it runs" q ledger check
like "it says what is in the way" 'is using' "$OUT"
refuses "ledger merge while it runs" q ledger merge --yes
service_stop

# --- one tenant's ledger is older -------------------------------------------------------------

mv "$DATA/tenants/acme" "$WORK/newer"
cp -r "$WORK/older" "$DATA/tenants/acme"
log=$(serve_refuses) || fail "serve refuses the older copy" "a refusal" "it serves"
like "serve refuses, and says which entries are missing" 'log of acme: entries [0-9]+ to [0-9]+.* are missing' "$log"
like "and what to do" 'quatrain ledger merge' "$log"
refuses "ledger check finds it" q ledger check
like "it names the log" 'acme: .*are missing' "$OUT"
like "it names a serial that the ledger does not know" 'journal: tenant acme: certificate [0-9a-f]{32}' "$OUT"
refuses "ledger check --json" q ledger check --json
is "its verdict" bad "$(grep -o '"verdict":"[a-z]*"' <<<"$OUT" | cut -d'"' -f4)"

# The newer data put back: nothing is lost.
mv "$DATA/tenants/acme" "$WORK/older2"
cp -r "$WORK/newer" "$DATA/tenants/acme"
works "the newer data put back are whole" q ledger check
service_start || stop_here "serve with the newer data"
is "OCSP: still revoked" revoked "$(ocsp_word "$WORK/before/leaf.pem")"
service_stop

rm -r "$DATA/tenants/acme"
cp -r "$WORK/older" "$DATA/tenants/acme"
octets=$(wc -c <"$DATA/journal")
refuses "ledger merge without --yes writes nothing" q ledger merge
like "it says what is lost" 'entries [0-9]+ to [0-9]+ are lost' "$OUT"
like "it counts the lost certificate" 'become revoked: 1' "$OUT"
like "it counts the lost revocation" 'made again: 1' "$OUT"
like "it says how to go on" -- '--yes' "$OUT"
is "nothing was written" "$octets" "$(wc -c <"$DATA/journal")"
log=$(serve_refuses) || fail "serve still refuses" "a refusal" "it serves"
works "ledger merge --yes" q ledger merge --yes
works "whole again" q ledger check
works "a second merge finds nothing" q ledger merge --yes
like "it says so" 'Nothing is older' "$OUT"
service_start || stop_here "serve after the merge"
is "OCSP of the revoked one: still revoked" revoked "$(ocsp_word "$WORK/before/leaf.pem")"
is "OCSP of the one from the gap: revoked" revoked "$(ocsp_word "$WORK/gap/leaf.pem")"
works "cert show of the lost one" q cert show --tenant acme "$gap"
like "it is revoked" 'revoked' "$OUT"
in_list() { # in_list SERIAL: in the list that follows the merge
	curl -s -o "$WORK/acme.crl" "$(openssl x509 -in "$WORK/before/leaf.pem" -noout -ext crlDistributionPoints | sed -n 's/.*URI://p')"
	openssl crl -inform DER -in "$WORK/acme.crl" -noout -text | tr -d ':' | tr 'A-F' 'a-f' | grep -q "$1"
}
works "the CRL has the first" within 30 in_list "$old"
works "the CRL has the lost one" within 30 in_list "$gap"
is "a renewal of the lost one is refused" no "$(est acme/simplereenroll --cert "$WORK/gap/leaf.pem" --key "$WORK/gap/key.pem" \
    -H 'Content-Type: application/pkcs10' --data-binary @"$WORK/gap/csr.b64" && [ "$STATUS" = 200 ] && echo yes || echo no)"
entries acme >"$WORK/entries"
like "the log tells of the merge" '"act":"ledger.merged"' "$(cat "$WORK/entries")"
like "it names the lost root" '"lost_root":"[0-9a-f]{64}"' "$(grep ledger.merged "$WORK/entries")"
works "an export after" q log export --tenant acme --out "$WORK/e3"
works "it verifies" "$QUATRAIN_BIN" log verify "$WORK/e3" --root "$ROOT"
works "and without our code" "$TREE/scripts/verify-bundle" "$WORK/e3" "$ROOT"
is "an entry names the lost one" "$gap" "$(jq -r 'select(.act == "certificate.lost") | .serial' "$WORK/entries")"
is "its checkpoint tells the new epoch" "epoch 1" "$(sed -n 4p "$WORK/e3/checkpoint")"
enrol acme after "$WORK/after"
is "it issues again" 200 "$STATUS"
works "the tenant's audit knows the merge's entry" q chain audit --tenant acme
service_stop

# --- the compromised key, and an export as the source -------------------------------------------

service_start || stop_here "serve"
mkdir "$WORK/thief"
cp "$WORK/before/key.pem" "$WORK/thief/key.pem"
csr "$WORK/thief/key.pem" "/CN=thief" >"$WORK/thief/csr.b64"
est_post globex/simpleenroll "$WORK/thief/csr.b64" -u "thief:$(token globex thief)"
is "row 19: a key revoked in one tenant is refused in another" 409 "$STATUS"
cp "$WORK/other/key.pem" "$WORK/thief/key.pem"
csr "$WORK/thief/key.pem" "/CN=thief2" >"$WORK/thief/csr.b64"
est_post acme/simpleenroll "$WORK/thief/csr.b64" -u "thief2:$(token acme thief2)"
is "row 19: a key that another tenant's device holds is refused" 409 "$STATUS"
like "row 19: and logged" 'registered to another endpoint' "$(entries acme)"
service_stop

# --- all ledgers are older, and the journal is gone ---------------------------------------------

rm -r "$DATA/tenants"
cp -r "$WORK/older-all" "$DATA/tenants"
mv "$DATA/journal" "$WORK/journal.newer"
log=$(serve_refuses) || fail "serve refuses older ledgers without a journal" "a refusal" "it serves"
like "row 28: it says why" 'log of platform: entries [0-9]+ to [0-9]+.*missing' "$log"
works "ledger merge from an export" q ledger merge --yes --from "$WORK/e2"
like "the journal begins anew" 'journal: it is missing' "$OUT"
works "whole again" q ledger check
service_start || stop_here "serve after a merge from an export"
is "OCSP of the revoked one, from the export" revoked "$(ocsp_word "$WORK/before/leaf.pem")"
is "OCSP of the one from the gap, from the export" revoked "$(ocsp_word "$WORK/gap/leaf.pem")"
chain_of globex "$WORK/ca"
is "the other tenant's stays good" good "$(ocsp_word "$WORK/other/leaf.pem")"
service_stop
mkdir "$WORK/elsewhere"
mv "$WORK/journal.newer" "$WORK/elsewhere/journal"
refuses "ledger merge: nothing to learn from there" q ledger merge --yes --from "$WORK/before"
works "ledger merge from another folder's journal" q ledger merge --yes --from "$WORK/elsewhere"
like "it knows of more" 'become revoked: [1-9]' "$OUT"
works "whole again" q ledger check
service_start || stop_here "serve after a merge from another journal"
is "OCSP of one that only that journal knows" revoked "$(chain_of acme "$WORK/ca"; ocsp_word "$WORK/after/leaf.pem")"
enrol acme last "$WORK/last"
is "it issues again" 200 "$STATUS"
service_stop

# --- the platform's ledger is older than a tenant's new CA ---------------------------------------

cp -r "$DATA/tenants/platform" "$WORK/platform.older"
service_start || stop_here "serve before the rollover"
works "globex rolls over" q tenant rollover globex
enrol globex rolled "$WORK/rolled"
is "its new CA issues" 200 "$STATUS"
chain_of globex "$WORK/new"
id=$(openssl x509 -in "$WORK/new1.pem" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :' | tr 'A-F' 'a-f')
service_stop
mv "$DATA/keys/$id.key" "$WORK/lost.key"
service_start || stop_here "serve without a tenant's key"
enrol globex keyless "$WORK/keyless"
is "a lost key is the service's fault, not the asker's" 500 "$STATUS"
unlike "and the asker hears of no path" "$DATA" "$(cat "$BODY")"
service_stop
mv "$WORK/lost.key" "$DATA/keys/$id.key"
rm -r "$DATA/tenants/platform"
cp -r "$WORK/platform.older" "$DATA/tenants/platform"
works "ledger merge" q ledger merge --yes
service_start || stop_here "serve after the platform's merge"
works "a backup of what has lost a CA" q backup "$WORK/lost.dump"
works "it holds" "$QUATRAIN_BIN" backup verify "$WORK/lost.dump" --root "$ROOT"
refuses "an audit of its tenant goes on" q chain audit --tenant globex
like "and says whose certificates nobody answers for" 'FAILS +recorded .*of a CA that the platform.s ledger does not know' "$OUT"
enrol globex old "$WORK/old"
is "the CA before issues" 200 "$STATUS"
service_stop

# --- the clock ---------------------------------------------------------------------------------

: >"$WORK/serve.log"
ASAN_OPTIONS=verify_asan_link_order=0 faketime -f '-1h' "$QUATRAIN_BIN" serve --config "$CONF" \
    >>"$WORK/serve.log" 2>&1 </dev/null
is "row 26: serve refuses with a clock that is behind" 1 "$?"
like "it says what time it is, and what the log says" 'clock: it says 20.*, and the newest entry of the log is of 20' "$(cat "$WORK/serve.log")"

# --- the journal ------------------------------------------------------------------------------

printf '1900000000 acme torn' >>"$DATA/journal"
: >"$WORK/serve.log"
service_start || stop_here "serve with a torn last line"
like "a torn last line is cut off, and it is said" 'torn last line' "$(cat "$WORK/serve.log")"
service_stop
cp "$DATA/journal" "$WORK/journal.whole"
tail -n 1 "$DATA/journal" | sed 's/^[0-9]*/&1/' >"$WORK/line" # the time of the last line altered
{
	head -n -1 "$WORK/journal.whole"
	cat "$WORK/line"
} >"$DATA/journal"
refuses "ledger check: an altered line" q ledger check
like "it says where" 'journal: the line at octet [0-9]+ was altered' "$OUT"
tail -n 3 "$WORK/journal.whole" >"$DATA/journal"
log=$(serve_refuses) || fail "serve refuses a journal that is shorter than it was" "a refusal" "it serves"
like "it says how short" 'journal: it ends at octet [0-9]+, and was [0-9]+ octets long' "$log"
rm "$DATA/journal"
log=$(serve_refuses) || fail "serve refuses without a journal" "a refusal" "it serves"
like "it says so" 'journal: it (is missing|ends at octet 0)' "$log"
cp "$WORK/journal.whole" "$DATA/journal"
mv "$DATA/keys/marks" "$WORK/marks"
log=$(serve_refuses) || fail "serve refuses without its marks" "a refusal" "it serves"
like "it says so" 'keys/marks is missing' "$log"
mv "$WORK/marks" "$DATA/keys/marks"
works "all put back" q ledger check
service_start || stop_here "serve with all put back"
finish
