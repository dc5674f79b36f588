#!/usr/bin/env bash
# tests/flow/policy_replay.sh - what a service decided, made again from its exported activity log, and what another policy
# would have decided.
. "$(dirname "$0")/lib.sh"

cat >"$WORK/acme.yaml" <<'Y'
apiVersion: quatrain.policy/v1
kind: PolicySet
metadata:
  name: acme
  scope: spiffe://acme.eu.example.org/**
  owner: it@acme.example
  revision: 1
mode: enforce
schema: quatrain.attributes/v1
rules:
  - id: enrolment
    effect: permit
    actions: [est.enroll, est.reenroll, feed.read]
  - id: connect
    effect: permit
    subjects: {roles: [printer, gateway]}
    actions: [connect]
Y
sed 's/roles: \[printer, gateway\]/roles: [printer]/' "$WORK/acme.yaml" >"$WORK/stricter.yaml"
sed 's/- id: connect/- id: devices/' "$WORK/acme.yaml" >"$WORK/renamed.yaml"

service_fresh acme
works "a policy" q policy put "$WORK/acme.yaml" --tenant acme
for kind in printer gateway; do
	works "a $kind enrols" q enroll --url "$URL" --out "$WORK/$kind" --root "$ROOT" \
	    --token "$(q token create --tenant acme --device "$kind-1" --profile "$kind" --json | jq -r .token)"
	curl -s -o "$WORK/body" --cacert "$ROOT" --cert "$WORK/$kind/cert.pem" --key "$WORK/$kind/key.pem" \
	    "$URL/v1/tenants/acme/revocations"
done
told() { [ "$(q activity list --tenant acme --act connect --json | jq '.items | length')" -ge 2 ]; }
within 10 told
is "both connections are in the activity log" yes "$(told && echo yes)"
works "it is exported" q activity export --tenant acme --out "$WORK/log"
service_stop

replay() { "$QUATRAIN_BIN" policy replay "$WORK/log" "$@"; }
changes() { "$QUATRAIN_BIN" policy diff --replay "$WORK/log" "$@"; }
works "made again, all come out the same" replay --policy "$WORK/acme.yaml" --json
is "not one otherwise" '[0,0,0,0]' "$(jq -c '[.differs,.otherwise,.unknown,.altered]' <<<"$OUT")"
is "and at least the two" yes "$(jq -e '.same >= 2' <<<"$OUT" >/dev/null && echo yes)"
exits "other policies did not decide them" 1 replay --policy "$WORK/stricter.yaml"
like "and those that did are named" 'NOT REPLAYED: .*the policies with the digest [0-9a-f]{64}$' "$OUT"
exits "a stricter policy would have changed some" 1 changes "$WORK/stricter.yaml" --json
is "the gateway's connections, and no other" '[true,0]' "$(jq -c '[.permit_to_deny > 0, .deny_to_permit]' <<<"$OUT")"
is "each of the findings tells by which rule" '["acme/connect","default"]' \
    "$(jq -c '[.findings[] | [.was.rule, .now.rule]] | unique | .[0]' <<<"$OUT")"
works "another name for a rule changes none" changes "$WORK/renamed.yaml" --json
is "it is counted by itself" yes "$(jq -e '.otherwise >= 2 and .differs == 0' <<<"$OUT" >/dev/null && echo yes)"

cp -r "$WORK/log" "$WORK/forged"
sed -i '1s/"decision":"permit"/"decision":"deny"/' "$WORK/forged/entries.jsonl"
exits "an entry that was altered" 1 "$QUATRAIN_BIN" policy replay "$WORK/forged" --policy "$WORK/acme.yaml"
like "is found" '^ALTERED: entry 0: the entry behind it names another hash for it$' "$OUT"
exits "whatever is asked of it" 1 "$QUATRAIN_BIN" policy diff --replay "$WORK/forged" "$WORK/acme.yaml"
finish
