#!/usr/bin/env bash
# tests/flow/policy.sh - policies of root, region and tenant: how they come into force, what they decide, and what stays when they do not.
. "$(dirname "$0")/lib.sh"

# A key that policies are signed with, and its verifier key as the configuration has it (C2SP signed-note).
openssl genpkey -algorithm ed25519 -out "$WORK/sign.key" 2>/dev/null
openssl pkey -in "$WORK/sign.key" -pubout -outform DER | tail -c 32 >"$WORK/raw.key"
{ printf 'security.example.org\n\001'; cat "$WORK/raw.key"; } | openssl dgst -sha256 -binary | head -c 4 >"$WORK/raw.hash"
HASH=$(od -An -tx1 "$WORK/raw.hash" | tr -d ' \n')
VKEY=security.example.org+$HASH+$({ printf '\001'; cat "$WORK/raw.key"; } | openssl base64 -A)

# sign FILE: FILE.sig
sign() {
	openssl pkeyutl -sign -rawin -inkey "$WORK/sign.key" -in "$1" -out "$WORK/raw.sig"
	printf '\xe2\x80\x94 security.example.org %s\n' "$(cat "$WORK/raw.hash" "$WORK/raw.sig" | openssl base64 -A)" >"$1.sig"
}

TRUST=""
eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	[ -z "$TRUST" ] || printf 'policy:\n  trust_key: [%s]\n' "$VKEY" >>"$CONF"
}

# rail NAME: a guardrail with the rules that come in
rail() {
	printf 'apiVersion: quatrain.policy/v1\nkind: Guardrail\nmetadata:\n  name: %s\n  scope: "spiffe://*.eu.example.org/**"\n  owner: security@example.org\n  revision: 1\nmode: enforce\nschema: quatrain.attributes/v1\nrules:\n' "$1"
	cat
}

# own TENANT: a PolicySet with the rules that come in
own() {
	printf 'apiVersion: quatrain.policy/v1\nkind: PolicySet\nmetadata:\n  name: %s-own\n  scope: "spiffe://%s.eu.example.org/**"\n  owner: it@example.org\n  revision: 7\nmode: enforce\nschema: quatrain.attributes/v1\nrules:\n' "$1" "$1"
	cat
}

service_fresh acme beta
works "an officer" q operator add alice --role officer --out "$WORK/alice"
works "another" q operator add bob --role officer --out "$WORK/bob"
as() { # as NAME METHOD PATH [JSON]
	http -X "$2" --cacert "$ROOT" --cert "$WORK/$1/cert.pem" --key "$WORK/$1/key.pem" \
	    ${4:+-H 'Content-Type: application/json' --data-binary "$4"} "$URL$3"
}

# --- a guardrail of the region -------------------------------------------------------------------

rail no-late-hands <<'YAML' >"$WORK/hands.yaml"
  - id: known-enroller
    effect: forbid
    actions: [est.enroll]
    unless: {cert.enroller: {in: ["operator:alice", "operator:bob"]}}
    reason: added by somebody outside the team
YAML
works "tried without being put" q policy put "$WORK/hands.yaml" --dry-run
like "which changes nothing" 'No policy' "$(q policy list)"
works "a guardrail is put" q policy put "$WORK/hands.yaml"
like "with what it is" '^kind *Guardrail|kind: *Guardrail' "$OUT"
is "it is listed" no-late-hands "$(q policy list --json | jq -r '.items[0].name')"
is "and an entry" "no-late-hands in force" "$(entries platform | jq -r 'select(.act == "policy.changed") | "\(.name) \(.state)"')"

enrol acme hp-1 "$WORK/hp-1"
is "it forbids an enrolment by the local user's token" 403 "$STATUS"
REFUSED=$(entries acme | jq -c 'select(.act == "request.refused")' | tail -n 1)
is "by its rule, in the log" no-late-hands/known-enroller "$(jq -r .rule <<<"$REFUSED")"
is "with the enroller that it saw" "deny local" "$(jq -r '"\(.decided.decision) \(.decided.request.cert.enroller)"' <<<"$REFUSED")"
is "under an id" 32 "$(jq -r .decided.id <<<"$REFUSED" | tr -d '\n' | wc -c)"
as alice POST /v1/tenants/acme/tokens '{"device":"hp-1"}'
is "alice makes a token" 201 "$STATUS"
p256 "$WORK/hp-1/key.pem"
csr "$WORK/hp-1/key.pem" /CN=hp-1 >"$WORK/hp-1/csr.b64"
est_post acme/simpleenroll "$WORK/hp-1/csr.b64" -u "hp-1:$(jq -r .secret "$BODY")"
is "which it lets in" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/hp-1/leaf.pem"
is "its entry says what decided" permit "$(entries acme | jq -r 'select(.act == "certificate.issued") | .decided.decision' | tail -n 1)"

# --- a tenant's own ------------------------------------------------------------------------------

connect() { # connect DEVICE: STATUS of a request by its certificate
	http --cacert "$ROOT" --cert "$WORK/$1/leaf.pem" --key "$WORK/$1/key.pem" "$URL/healthz"
}
connect hp-1
is "without one a printer connects" 200 "$STATUS"
own acme <<'YAML' >"$WORK/acme.yaml"
  - id: printers-from-the-office
    effect: permit
    subjects: {roles: [printer]}
    actions: [connect, est.enroll, est.reenroll]
    resources: {type: service}
    when: {source.ip: {cidr: [10.20.0.0/16]}}
YAML
works "its PolicySet is put" q policy put "$WORK/acme.yaml" --tenant acme
connect hp-1
is "which permits printers from a network alone: this is another" 403 "$STATUS"
like "with the decision's id" '^[0-9a-f]{32}$' "$(jq -r .decision_id "$BODY")"
is "in a header too" "$(jq -r .decision_id "$BODY")" "$(header Quatrain-Decision)"
like "and in the service's line" "decision=$(jq -r .decision_id "$BODY")" "$(grep event=refused "$WORK/serve.log" | tail -n 1)"
as alice GET /v1/tenants/acme
is "staff is not locked out" 200 "$STATUS"
sed 's/10.20.0.0/127.0.0.0/; s#/16#/8#; s/revision: 7/revision: 8/' "$WORK/acme.yaml" >"$WORK/acme8.yaml"
works "another revision, which permits this network" q policy put "$WORK/acme8.yaml" --tenant acme
connect hp-1
is "lets it in" 200 "$STATUS"
is "the history has both" "8 7" "$(q policy list --tenant acme --json | jq -r '[.items[].revision] | join(" ")')"
is "and the first one's file" "$(cat "$WORK/acme.yaml")" "$(q policy show --tenant acme --revision 1 --json | jq -r .document)"
enrol beta hp-2 "$WORK/hp-2"
is "beta has none of it, but for the guardrail" 403 "$STATUS"

# --- what does not come into force ---------------------------------------------------------------

# stays WHAT: what is in force is as it was
stays() { is "$1: what was in force stays" "8 no-late-hands" "$(q policy show --tenant acme --json | jq -r .revision) $(q policy list --json | jq -r '.items[].name')"; }
sed 's/effect: permit/effect: perhaps/' "$WORK/acme8.yaml" >"$WORK/wrong.yaml"
refuses "a wrong file" q policy put "$WORK/wrong.yaml" --tenant acme
like "with file, line and what was expected" 'wrong\.yaml:[0-9]+:.*expected' "$OUT"
api PUT /v1/tenants/acme/policy "$(jq -n --rawfile d "$WORK/wrong.yaml" '{document: $d, file: "wrong.yaml", dry_run: true}')"
is "over the API too" "400 wrong.yaml number" "$STATUS $(jq -r '"\(.file) \(.line | type)"' "$BODY")"
stays "a wrong file"
sed 's/acme.eu/beta.eu/' "$WORK/acme8.yaml" >"$WORK/other.yaml"
refuses "another tenant's scope" q policy put "$WORK/other.yaml" --tenant acme
sed 's/roles: \[printer\]/spiffe: "spiffe:\/\/beta.eu.example.org\/printer\/*"/' "$WORK/acme8.yaml" >"$WORK/subject.yaml"
refuses "another tenant's subject" q policy put "$WORK/subject.yaml" --tenant acme
refuses "a PolicySet as a guardrail" q policy put "$WORK/acme8.yaml"
refuses "a guardrail as a tenant's" q policy put "$WORK/hands.yaml" --tenant acme
stays "what is another's"
{ cat "$WORK/acme8.yaml"; printf 'tests:\n  - name: lyon may not\n    request: {subject: {id: "spiffe://acme.eu.example.org/printer/x", role: printer}, action: connect, resource: {type: service}, source: {ip: 127.0.0.9}}\n    expect: {decision: deny}\n'; } >"$WORK/fails.yaml"
refuses "a file whose own test fails" q policy put "$WORK/fails.yaml" --tenant acme
stays "a test that fails"
{ cat "$WORK/acme8.yaml"; printf 'invariants:\n  - {never_permit: {actions: [connect], when: {cert.key_pinned: false}}}\n'; } >"$WORK/invariant.yaml"
refuses "an invariant that does not hold" q policy put "$WORK/invariant.yaml" --tenant acme
stays "an invariant that does not hold"
rail lock-out <<'YAML' >"$WORK/lock.yaml"
  - id: nobody-changes
    effect: forbid
    actions: [policy.*]
    reason: never again
YAML
refuses "a forbid on policy.change for every officer" q policy put "$WORK/lock.yaml"
stays "a lock-out"
api PUT /v1/tenants/acme/policy "$(jq -n --rawfile d "$WORK/acme8.yaml" '{document: $d}')"
is "blind" 428 "$STATUS"
http -X PUT --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' -H 'If-Match: "000000000000000000000001"' \
    --data-binary "$(jq -n --rawfile d "$WORK/acme8.yaml" '{document: $d}')" http://localhost/v1/tenants/acme/policy
is "of what somebody else changed meanwhile" 412 "$STATUS"
printf '%70000s' x >"$WORK/large.yaml"
refuses "too large" q policy put "$WORK/large.yaml" --tenant acme
stays "all that"

# --- guardrails bind staff -------------------------------------------------------------------------

rail no-far-staff <<'YAML' >"$WORK/staff.yaml"
  - id: no-tokens-by-alice
    effect: forbid
    subjects: {spiffe: ["spiffe://platform.eu.example.org/operator/alice"]}
    actions: [token.create, read]
    reason: not alice
YAML
works "a guardrail for staff" q policy put "$WORK/staff.yaml"
as alice POST /v1/tenants/acme/tokens '{"device":"hp-3"}'
is "alice makes no token" 403 "$STATUS"
ID=$(jq -r .decision_id "$BODY")
is "under the id that the log has" "$ID" "$(entries acme | jq -r 'select(.rule == "no-far-staff/no-tokens-by-alice") | .decided.id' | tail -n 1)"
as alice GET /v1/tenants
is "and reads nothing" 403 "$STATUS"
is "under the id that the log has too" "$(jq -r .decision_id "$BODY")" "$(entries platform | jq -r 'select(.act == "request.refused" and .request == "api.read") | .decided.id' | tail -n 1)"
as bob GET /v1/tenants
is "bob does" 200 "$STATUS"
rail unreadable <<'YAML' >"$WORK/all.yaml"
  - id: nobody-anything
    effect: forbid
    actions: [token.create]
YAML
works "another, that stops all tokens" q policy put "$WORK/all.yaml"
refuses "the local user's too" q token create --tenant acme --device hp-4
as bob DELETE /v1/policies/unreadable
is "taken out blind" 428 "$STATUS"
http -X DELETE --cacert "$ROOT" --cert "$WORK/bob/cert.pem" --key "$WORK/bob/key.pem" -H "If-Match: $(q policy show unreadable --json | jq -r .etag)" "$URL/v1/policies/unreadable"
is "bob asks for its end, which waits for a second officer" 202 "$STATUS"
works "the local user agrees" q act approve "$(jq -r .id "$BODY")"
works "and tokens are made again" q token create --tenant acme --device hp-4
works "the other goes" q policy remove no-far-staff

# --- the same decisions again ------------------------------------------------------------------------

works "every decision is made again, by the policies of then" q replay --tenant acme --all
like "and none comes out otherwise" ' 0 otherwise, 0 under other rules' "$OUT"
works "the platform's too" q replay --tenant platform --all
NO=$(entries acme | jq -r 'select(.rule == "no-late-hands/known-enroller") | .n' | tail -n 1)
works "one that a guardrail refused" q replay --tenant acme --index "$NO"
works "an export" q log export --tenant acme --out "$WORK/then"
exits "without the policies it cannot be told" 1 q replay "$WORK/then" --index "$NO"
like "it names what is needed" "$(entries acme | jq -r "select(.n == $NO) | .decided.policy")" "$OUT"
works "with them it is the same" q replay "$WORK/then" --index "$NO" --policy "$WORK/hands.yaml"
sed "s/operator:alice/local/" "$WORK/hands.yaml" >"$WORK/bent.yaml"
exits "and with others it is not" 1 q replay "$WORK/then" --index "$NO" --policy "$WORK/bent.yaml"

# --- the same after a restart, and after every death in between -------------------------------------

SUM=$(q policy show --tenant acme --json | jq -r .digest)
service_stop
service_start || stop_here "a second start"
is "a restart keeps them" "$SUM" "$(q policy show --tenant acme --json | jq -r .digest)"
connect hp-1
is "and decides by them" 200 "$STATUS"
for role in signer edge desk; do
	for n in 1 2 3; do
		sed "s/revision: 7/revision: 2$n/" "$WORK/acme8.yaml" | sed "s/revision: 8/revision: 2$n/" >"$WORK/next.yaml"
		q policy put "$WORK/next.yaml" --tenant acme >"$WORK/put.out" 2>&1 &
		PUT=$!
		sleep "0.0$((RANDOM % 9))"
		kill -KILL "$(child_pids "$role" | head -n 1)" 2>/dev/null
		wait $PUT
		DONE=$?
		within 10 q policy show --tenant acme >/dev/null 2>&1
		NOW=$(q policy show --tenant acme --json | jq -r .revision)
		[ $DONE -ne 0 ] || is "$role killed: what was answered is in force" "2$n" "$NOW"
		like "$role killed: it is the one or the other, whole" '^(8|2[123])$' "$NOW"
		is "and its entry says so" "$(q policy show --tenant acme --json | jq -r .log_index)" "$(entries acme | jq -r 'select(.act == "policy.changed") | .n' | tail -n 1)"
	done
done
within 10 connect hp-1
is "and a printer is let in" 200 "$STATUS"

# --- a key that is none, and one that is trusted -------------------------------------------------------------------------

service_stop
TRUST=1
write_conf
sed 's/security\.example/Security.example/' "$CONF" >"$WORK/bad.yaml"
refuses "a key whose name was altered starts nothing" timeout 20 "$QUATRAIN_BIN" serve --config "$WORK/bad.yaml"
like "and the line says what is expected" 'trust_key: expected NAME.HASH.BASE64' "$OUT"
service_start || stop_here "a start with a trusted key"
refuses "unsigned" q policy put "$WORK/acme.yaml" --tenant acme
like "with the reason" 'signature' "$OUT"
sign "$WORK/acme.yaml"
sed 's/AAA/AAB/; s/\(.\)\(.\)$/\2\1/' "$WORK/acme.yaml.sig" >"$WORK/bad.sig"
refuses "by octets that are none" q policy put "$WORK/acme.yaml" --tenant acme --signature "$WORK/bad.sig"
refuses "of another file" q policy put "$WORK/acme8.yaml" --tenant acme --signature "$WORK/acme.yaml.sig"
works "signed by the trusted key" q policy put "$WORK/acme.yaml" --tenant acme --signature "$WORK/acme.yaml.sig"
is "which is kept" true "$(q policy show --tenant acme --json | jq -r .signed)"
works "the log is whole" q log export --tenant acme --out "$WORK/export"
works "and verified" q log verify "$WORK/export" --root "$ROOT"
finish
