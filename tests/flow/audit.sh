#!/usr/bin/env bash
# tests/flow/audit.sh - chain audit: a good chain, and each way in which one can be wrong, by the check that finds it.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
enrol acme hp-4711 "$WORK/dev" || stop_here "enrol"
enrol acme hp-4712 "$WORK/dev2" || stop_here "enrol"
q operator add alice --role auditor --out "$WORK/alice" >/dev/null || stop_here "operator add"
chain_of acme "$WORK/acme"
TENANT=$WORK/acme1.pem REGION=$WORK/acme2.pem LEAF=$WORK/dev/leaf.pem
LEAF2=$WORK/dev2/leaf.pem

failing() { # failing FILE ARG...: the names of the checks that fail, with their levels
	q chain audit --json "$@" 2>/dev/null | jq -r '[.findings[] | select(.result == "fails") | "\(.level):\(.check)"] | unique | join(" ")'
}
finds() { # finds "name" CHECK FILE ARG...: that check is among the failing
	local name=$1 check=$2
	shift 2
	like "$name" "(^| )$check( |\$)" "$(failing "$@")"
	refuses "$name: the command fails" q chain audit "$@"
}

# good: the leaf alone, and the whole chain
works "a leaf alone" q chain audit "$LEAF"
like "its verdict" '^GOOD: ' "$OUT"
for n in 1 2 3 4; do
	like "level $n has a block" "^Level $n, " "$OUT"
done
like "the entry that proves it" 'certificate\.issued' "$OUT"
like "the token that let it in" 'token\.created' "$OUT"
like "who added it" 'added by local' "$OUT"
cat "$LEAF" "$TENANT" "$REGION" "$ROOT" >"$WORK/whole.pem"
works "the whole chain" q chain audit "$WORK/whole.pem"
cat "$ROOT" "$REGION" "$LEAF" "$TENANT" >"$WORK/shuffled.pem"
works "in any order" q chain audit "$WORK/shuffled.pem"
works "an operator's certificate" q chain audit "$WORK/alice/cert.pem"

# --json: levels, findings, the line of the log and its leaf hash
q chain audit --json "$LEAF" >"$WORK/audit.json"
is "json: ok" true "$(jq .ok "$WORK/audit.json")"
is "json: nothing fails" 0 "$(jq .fails "$WORK/audit.json")"
is "json: four levels" "1 2 3 4" "$(jq -r '[.levels[].level | tostring] | join(" ")' "$WORK/audit.json")"
is "json: the leaf is from the file" "records records records file" "$(jq -r '[.levels[].from] | join(" ")' "$WORK/audit.json")"
is "json: each finding says who, by what and how it came out" "" \
    "$(jq -r '.findings[] | select((.level and .check and .source and .result and (.text != null)) | not)' "$WORK/audit.json")"
is "json: every level is in the log" "1 2 3 4" \
    "$(jq -r '[.findings[] | select(.check == "issued_entry" and .entry) | .level] | sort | map(tostring) | join(" ")' "$WORK/audit.json")"
entry=$(jq -r '.findings[] | select(.check == "issued_entry" and .level == 4) | .entry' "$WORK/audit.json")
is "json: the entry names the certificate" "$(openssl x509 -in "$LEAF" -outform DER | sha256sum | cut -d' ' -f1)" "$(jq -r .certificate <<<"$entry")"
is "json: its leaf hash" "$( (printf '\0'; printf %s "$entry") | sha256sum | cut -d' ' -f1)" \
    "$(jq -r '.findings[] | select(.check == "issued_entry" and .level == 4) | .leaf_hash' "$WORK/audit.json")"
is "json: both logs make their trees" "ok ok" "$(jq -r '[.findings[] | select(.check == "log_tree") | .result] | join(" ")' "$WORK/audit.json")"

# cert show tells who added it, by what, and shows the same entry
SERIAL=$(openssl x509 -in "$LEAF" -noout -serial | cut -d= -f2)
works "cert show" q cert show --tenant acme "$SERIAL"
like "cert show: the token" '^evidence +[0-9a-f]{16}$' "$OUT"
like "cert show: how sure" '^assurance +token$' "$OUT"
like "cert show: the entry" '"act":"certificate\.issued"' "$OUT"
is "cert show --json: the same entry" "$entry" "$(q cert show --tenant acme "$SERIAL" --json | jq -r .entry)"

# over TLS, by an auditor's certificate; and nobody without one
remote=(--url "https://localhost:$SECURE" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem" --root "$ROOT")
works "an auditor audits a file" q chain audit "$LEAF" "${remote[@]}"
works "an auditor audits a tenant" q chain audit --tenant acme "${remote[@]}"
is "nobody audits" 401 "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$ROOT" -H 'Content-Type: application/json' \
    -d '{"chain":"x"}' "https://localhost:$SECURE/v1/audit")"

# a whole tenant, page by page
works "a tenant" q chain audit --tenant acme
like "its log" 'they make its tree' "$OUT"
like "its certificates" '^4 certificates, 0 of them with a check that fails' "$OUT"
works "the platform, CAs and all" q chain audit --tenant platform
works "a tenant in json" q chain audit --tenant acme --json
is "json: a tenant's shape" "true acme 4 0" "$(jq -r '"\(.ok) \(.tenant) \(.certificates) \(.failing | length)"' <<<"$OUT")"
refuses "no such tenant" q chain audit --tenant nobody
refuses "neither file nor tenant" q chain audit
refuses "both" q chain audit "$LEAF" --tenant acme
is "pages are bounded" 400 "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$DATA/run/api.sock" 'http://x/v1/tenants/acme/audit?limit=201')"
is "pages go on" 2 "$(curl -s --unix-socket "$DATA/run/api.sock" 'http://x/v1/tenants/acme/audit?limit=2' | jq '.items | length')"

# a CA as a leaf
finds "a CA as a leaf" 3:end_entity "$TENANT"
finds "a CA as a leaf has not four levels" 3:levels "$TENANT"
finds "a region as a leaf" 2:end_entity "$REGION"

# another's chain
service_root_of_another() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/other.key" -subj /O=other/CN=Root -days 30 -out "$1" 2>/dev/null
}
service_root_of_another "$WORK/other.pem"
finds "a stranger" 1:trusted "$WORK/other.pem"
finds "a stranger is not on record" 1:recorded "$WORK/other.pem"

openssl req -x509 -newkey rsa:4096 -sha1 -nodes -keyout "$WORK/other.key" -subj /O=other/CN=RSA -days 30 -out "$WORK/rsa.pem" 2>/dev/null
finds "a stranger with other algorithms" 1:algorithm_strong "$WORK/rsa.pem"
openssl req -x509 -newkey ed25519 -nodes -keyout "$WORK/other.key" -subj /CN=Ed -days 30 -out "$WORK/ed.pem" 2>/dev/null
finds "and with others still" 1:algorithm_ours "$WORK/ed.pem"

# forged with a stolen key: right in every octet, and in no ledger
works "the test steals acme's key" "$(dirname "$QUATRAIN_BIN")/stolen_key" "$DATA" "$TENANT" "$WORK/stolen.pem" || finish
forge() { # forge OUT EXTENSIONS...
	local out=$1
	shift
	local id
	p256 "$WORK/forged.key"
	id=$(openssl pkey -in "$WORK/forged.key" -pubout -outform DER | tail -c 65 | sha256sum | cut -c1-40) # RFC 7093, as ours
	printf '%s\n' "subjectKeyIdentifier=$id" 'authorityKeyIdentifier=keyid' "$@" >"$WORK/forged.ext"
	openssl req -new -key "$WORK/forged.key" -subj "/O=acme/OU=printer/CN=spare" | openssl x509 -req -CA "$TENANT" \
	    -CAkey "$WORK/stolen.pem" -days 30 -extfile "$WORK/forged.ext" -set_serial "0x7a$(openssl rand -hex 15)" -out "$out" 2>/dev/null
}
usual=('basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature,keyAgreement' 'extendedKeyUsage=clientAuth,serverAuth')
names='subjectAltName=URI:spiffe://acme.eu.example.org/printer/spare,DNS:spare.printer.acme.eu.example.org'
forge "$WORK/forged.pem" "${usual[@]}" "$names"
works "openssl takes the forgery" openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/whole.pem" "$WORK/forged.pem"
finds "a forgery is not on record" 4:recorded "$WORK/forged.pem"
forge "$WORK/wrong.pem" "${usual[@]}" 'subjectAltName=URI:spiffe://globex.eu.example.org/printer/spare'
finds "a forgery of another tenant breaks the walls" 3:names_constrained "$WORK/wrong.pem"
forge "$WORK/wrong.pem" "${usual[@]}" 'subjectAltName=DNS:spare.printer.acme.eu.example.org'
finds "a forgery without a URI" 4:one_uri "$WORK/wrong.pem"
forge "$WORK/wrong.pem" "${usual[@]:0:2}" 'extendedKeyUsage=anyExtendedKeyUsage' "$names"
finds "a forgery for any purpose" 4:no_any_purpose "$WORK/wrong.pem"
forge "$WORK/wrong.pem" "${usual[@]:0:2}" "$names"
finds "a forgery for no purpose" 4:purposes_present "$WORK/wrong.pem"
forge "$WORK/wrong.pem" 'basicConstraints=critical,CA:TRUE' 'keyUsage=critical,keyCertSign' "$names"
finds "a forged CA beneath a tenant" 4:end_entity "$WORK/wrong.pem"
printf '%s\n' 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' "${usual[@]}" "$names" >"$WORK/under.ext"
p256 "$WORK/under.key"
openssl req -new -key "$WORK/under.key" -subj /O=acme/OU=printer/CN=spare | openssl x509 -req -CA "$WORK/wrong.pem" \
    -CAkey "$WORK/forged.key" -days 20 -extfile "$WORK/under.ext" -out "$WORK/under.pem" 2>/dev/null
cat "$WORK/wrong.pem" >>"$WORK/under.pem"
finds "what a forged CA signs is beyond the path length" 3:path_length "$WORK/under.pem" "${remote[@]}"
finds "and beyond four levels" 5:levels "$WORK/under.pem"

# a file that was tampered with
openssl x509 -in "$LEAF" -outform DER >"$WORK/leaf.der"
size=$(stat -c %s "$WORK/leaf.der")
{ head -c $((size - 1)) "$WORK/leaf.der"; tail -c 1 "$WORK/leaf.der" | tr '\000-\377' '\001-\377\000'; } >"$WORK/bent.der"
openssl x509 -inform DER -in "$WORK/bent.der" -out "$WORK/bent.pem"
finds "a bent signature" 4:signature "$WORK/bent.pem"
finds "a bent signature is not on record" 4:on_record "$WORK/bent.pem"
printf 'no certificate\n' >"$WORK/none.pem"
refuses "no certificate" q chain audit "$WORK/none.pem"
sed '5d' "$LEAF" >"$WORK/cut.pem"
refuses "a line is missing" q chain audit "$WORK/cut.pem"
refuses "no file" q chain audit "$WORK/nowhere.pem"

# offline: the path alone, and it says so
service_stop
works "offline" q chain audit "$WORK/whole.pem" --root "$ROOT"
like "offline: what was not asked" 'Not asked without the service: record, revocation, the log' "$OUT"
works "offline, without the root in the file" q chain audit <(cat "$LEAF" "$TENANT" "$REGION") --root "$ROOT"
finds "offline: another root" 1:trusted "$WORK/whole.pem" --root "$WORK/other.pem"
finds "offline: a link is missing" 4:trusted "$LEAF" --root "$ROOT"
cat "$WORK/forged.pem" "$TENANT" "$REGION" >"$WORK/forged-chain.pem"
works "offline a forgery is not seen" q chain audit "$WORK/forged-chain.pem" --root "$ROOT"
cat "$WORK/bent.pem" "$TENANT" "$REGION" >"$WORK/bent-chain.pem"
finds "offline: a bent signature" 4:signature "$WORK/bent-chain.pem" --root "$ROOT"
service_start

# suspended and resumed; revoked for good
works "suspend" q tenant suspend acme
finds "a suspended tenant" 3:standing "$LEAF"
works "resume" q tenant resume acme
works "resumed: as before" q chain audit "$LEAF"
works "hold" q cert hold --tenant acme "$SERIAL"
finds "a leaf that is held" 4:standing "$LEAF"
works "release" q cert release --tenant acme "$SERIAL"
works "released: as before" q chain audit "$LEAF"
like "released: its entry" 'certificate\.released' "$OUT"
works "rollover" q tenant rollover acme
works "a leaf under the old CA" q chain audit "$LEAF"
enrol acme hp-4713 "$WORK/dev3" || fail "enrol under the new CA" 200 "$STATUS"
works "a leaf under the new CA" q chain audit "$WORK/dev3/leaf.pem"

# an old printer's RSA key
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$WORK/old.key" 2>/dev/null
csr "$WORK/old.key" /CN=old >"$WORK/old.b64"
secret=$(q token create --tenant acme --device old --profile legacy-rsa --json | jq -r .token)
est_post acme/simpleenroll "$WORK/old.b64" -u "old:$secret"
p7_certs "$BODY" >"$WORK/old.pem"
works "an RSA leaf" q chain audit "$WORK/old.pem"
works "revoke" q cert revoke --tenant acme "$SERIAL" --reason superseded
finds "a revoked leaf" 4:standing "$LEAF"
like "when and why" 'revoked since .*superseded' "$(q chain audit "$LEAF" 2>&1)"
works "another leaf" q chain audit "$LEAF2"
works "the book tells of it rightly" q chain audit --tenant acme
finish
