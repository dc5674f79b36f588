#!/usr/bin/env bash
# tests/flow/openapi.sh - every operation of docs/openapi.yaml is called once with success, by the command line where it has
# a command (its calls are recorded on the local socket) and by curl where it has none; then each answer is held against the
# document. The document itself, as it is served and printed.
. "$(dirname "$0")/lib.sh"

SPEC=$TREE/docs/openapi.yaml
ANSWERS=$WORK/answers
mkdir "$ANSWERS"
[ -z "${QUATRAIN_ANSWERS:-}" ] || KEEP_TOO=$QUATRAIN_ANSWERS
export QUATRAIN_ANSWERS=$ANSWERS
RECORDER=""
trap '[ -z "$RECORDER" ] || kill "$RECORDER" 2>/dev/null; tidy_up' EXIT

# --- profiles: one that a registrar lets in -----------------------------------------------------

PROFILES=$WORK/profiles
mkdir "$PROFILES"
cp "$TREE"/conf/profiles/{printer,service,operator}.yaml "$PROFILES"
printf 'name: walkup\nkind: scanner\nask: [request, certificate]\n' >"$PROFILES/walkup.yaml"
eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	printf 'profiles: %s\nwebhooks:\n  - name: inventory\n    url: http://127.0.0.1:9/\n    secret: %s\n' "$PROFILES" "$WORK/hook.secret" >>"$CONF"
}

# A receiver that nobody is: its list and its test are answered all the same.
(umask 077 && echo "whsec_$(openssl rand -base64 32)" >"$WORK/hook.secret")

# --- the document --------------------------------------------------------------------------------

works "docs/openapi.yaml is OpenAPI 3.1" "$TREE/tests/openapi.py" check
is "api describe prints it" "$(sha256sum <"$SPEC")" "$("$QUATRAIN_BIN" api describe | sha256sum)"
is "and in JSON it is the same" "$(/usr/bin/python3 -c 'import json,sys,yaml; json.dump(yaml.safe_load(open(sys.argv[1])),sys.stdout)' "$SPEC" | jq -S . | sha256sum)" \
    "$("$QUATRAIN_BIN" api describe --json | jq -S . | sha256sum)"

service_fresh gamma
http --cacert "$ROOT" "$URL/v1/openapi.yaml"
is "it is served to whoever reaches the API, without a certificate too" "200 application/yaml" "$STATUS $(header Content-Type)"
is "as it is printed" "$(sha256sum <"$SPEC")" "$(sha256sum <"$BODY")"
ETAG=$(header ETag)
like "with an ETag" '^"[0-9a-f]{32}"$' "$ETAG"
for list in "$ETAG" "W/$ETAG" "\"other\", $ETAG"; do
	http --cacert "$ROOT" -H "If-None-Match: $list" "$URL/v1/openapi.yaml"
	is "304 to who has it: $list" "304 0" "$STATUS $(wc -c <"$BODY")"
done
http --cacert "$ROOT" -H 'If-None-Match: "0123"' "$URL/v1/openapi.yaml"
is "200 to who has another" 200 "$STATUS"

# --- a walk by the command line, each call recorded -------------------------------------------------

"$TREE/tests/record.py" "$DATA/run/api.sock" "$ANSWERS" >"$WORK/record.log" 2>&1 &
RECORDER=$!
within 10 grep -qx ready "$WORK/record.log" || stop_here "the recorder"

# made NAME SUBJECT ISSUER EXTENSIONS: a manufacturer's certificate
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$WORK/maker.key" -subj /O=Lexa/CN=Root \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -days 3650 -out "$WORK/maker.pem" 2>/dev/null

# id NAME: of the request for its key
id() {
	openssl pkey -in "$WORK/$1.key" -pubout -outform DER | sha256sum | cut -c1-16
}

# wait_for NAME: a device that asks with nothing but a key
wait_for() {
	p256 "$WORK/$1.key"
	csr "$WORK/$1.key" "/CN=$1" >"$WORK/$1.b64"
	est_post acme:walkup/simpleenroll "$WORK/$1.b64"
	is "$1 waits" 202 "$STATUS"
}

works "tenant create" q tenant create acme --constraints compatible --name acme.example
works "tenant create, another" q tenant create beta
works "tenant list" q tenant list
works "tenant show" q tenant show acme
works "operator add" q operator add alice --role officer --out "$WORK/alice"
works "operator list" q operator list
works "operator add, a second" q operator add bob --role registrar --out "$WORK/bob"
works "operator show" q operator show bob
works "operator role" q operator role bob --role auditor
works "operator remove" q operator remove bob
works "profile list" q profile list
works "policy show" q policy show
# policy KIND NAME SCOPE RULE: a file
policy() {
	printf 'apiVersion: quatrain.policy/v1\nkind: %s\nmetadata: {name: %s, scope: "%s", owner: it@example.org, revision: 1}\nmode: enforce\nschema: quatrain.attributes/v1\nrules:\n  - %s\n' "$@"
}
policy Guardrail no-tests 'spiffe://*.eu.example.org/**' '{id: no-tests, effect: forbid, actions: [scan.test]}' >"$WORK/rail.yaml"
policy PolicySet beta-own 'spiffe://beta.eu.example.org/**' '{id: all, effect: permit, actions: ["*"]}' >"$WORK/own.yaml"
works "policy put, tried" q policy put "$WORK/rail.yaml" --dry-run
works "policy put" q policy put "$WORK/rail.yaml"
works "policy put, a tenant's" q policy put "$WORK/own.yaml" --tenant beta
works "policy list" q policy list
works "policy list, a guardrail's history" q policy list --history no-tests
works "policy list, a tenant's" q policy list --tenant beta
works "policy show, a guardrail" q policy show no-tests
works "policy show, a tenant's" q policy show --tenant beta
api POST /v1/tenants/beta/tokens '{"device":"hp-9"}'
is "an act that policies decided on" 201 "$STATUS"
api GET "/v1/tenants/platform/policy/documents?set=$(entries beta | jq -r 'select(.act == "token.created") | .decided.policy')"
is "its set" "200 1" "$STATUS $(jq '.items | length' "$BODY")"
works "policy remove" q policy remove no-tests
works "policy remove, a tenant's" q policy remove --tenant beta
works "health" q health
works "webhook list" q webhook list
api POST /v1/webhooks/inventory/test '{}'
is "a webhook's test is taken" 202 "$STATUS"
works "token create" q token create --tenant acme --device hp-1 --json
works "token list" q token list --tenant acme
works "token revoke" q token revoke --tenant acme "$(q token list --tenant acme --json | jq -r '.items[0].id')"
enrol acme hp-2 "$WORK/hp-2"
SERIAL=$(serial "$WORK/hp-2/leaf.pem")
wait_for scan-1
wait_for scan-2
works "request list" q request list --tenant acme
works "request show" q request show --tenant acme "$(id scan-1)"
works "request approve" q request approve --tenant acme "$(id scan-1)"
works "request show, approved" q request show --tenant acme "$(id scan-1)"
works "request refuse" q request refuse --tenant acme "$(id scan-2)" --reason "not ordered"
works "request show, refused" q request show --tenant acme "$(id scan-2)"
est_post acme:walkup/simpleenroll "$WORK/scan-1.b64"
is "scan-1 has its certificate" 200 "$STATUS"
works "request show, issued" q request show --tenant acme "$(id scan-1)"
works "maker add" q maker add "$WORK/maker.pem" --tenant acme --name lexa
works "maker list" q maker list --tenant acme
works "device add" q device add SN-1 --tenant acme --maker lexa --device hp-3
works "device list" q device list --tenant acme
works "device remove" q device remove SN-1 --tenant acme --maker lexa
works "maker remove" q maker remove lexa --tenant acme
works "printer add" q printer add hp-2 --tenant acme --gateway site-1 --gateway site-2
works "printer add, again" q printer add hp-2 --tenant acme --gateway site-1
works "printer list" q printer list --tenant acme
works "printer show" q printer show hp-2 --tenant acme
printf '04a2247f1c5e80\n' >"$WORK/badge"
works "badge add" q badge add "$WORK/badge" --tenant acme --owner workstation/ws-1
works "badge list" q badge list --tenant acme
works "badge remove" q badge remove "$(q badge list --tenant acme --json | jq -r '.items[0].id')" --tenant acme
works "printer remove" q printer remove hp-2 --tenant acme
works "cert list" q cert list --tenant acme
works "cert show" q cert show --tenant acme "$SERIAL"
works "cert hold, a dry run" q cert hold --tenant acme "$SERIAL" --reason "lost?" --dry-run
works "cert hold" q cert hold --tenant acme "$SERIAL" --reason "lost?"
works "cert list, held" q cert list --tenant acme --status held
works "cert release" q cert release --tenant acme "$SERIAL"
works "chain audit" q chain audit "$WORK/hp-2/leaf.pem"
works "chain audit of a tenant" q chain audit --tenant acme
works "cert revoke" q cert revoke --tenant acme "$SERIAL" --reason keyCompromise
works "cert find" q cert find --device hp-2
enrol acme hp-4 "$WORK/hp-4"
works "cert revoke, all of a token" q cert revoke --tenant acme --enroller local --dry-run
works "endpoint list" q endpoint list --tenant acme
works "endpoint show" q endpoint show printer/hp-4 --tenant acme
works "endpoint remove" q endpoint remove printer/hp-4 --tenant acme
works "cert show, revoked" q cert show --tenant acme "$SERIAL"
works "tenant rollover" q tenant rollover acme
works "tenant suspend, a dry run" q tenant suspend acme --dry-run
works "tenant suspend" q tenant suspend acme
works "tenant resume" q tenant resume acme
works "region show" q region show eu
works "region suspend" q region suspend eu --dry-run
works "region list" q region list
works "operator add, a second officer" q operator add carol --role officer --out "$WORK/carol"
ALICE=(--url "$URL" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem" --root "$ROOT")
works "an officer's region suspend waits" q region suspend eu "${ALICE[@]}"
works "act list" q act list
ACT=$(q act list --state waiting --json | jq -r '.items[0].id')
works "act show" q act show "$ACT"
works "act refuse" q act refuse "$ACT" --reason "not today"
works "region suspend, asked once more" q region suspend eu "${ALICE[@]}"
ACT=$(q act list --state waiting --json | jq -r '.items[0].id')
works "act approve, a dry run" q act approve "$ACT" --dry-run
works "act approve" q act approve "$ACT"
works "region resume" q region resume eu
works "log export" q log export --tenant acme --out "$WORK/export" --with-names
works "key list" q key list
works "backup" q backup "$WORK/backup"
refuses "a CA's end without its name" q cert revoke --tenant platform "$(q tenant show beta --json | jq -r .ca_serial)"
works "a CA's end" q cert revoke --tenant platform "$(q tenant show beta --json | jq -r .ca_serial)" --confirm beta

works "a device that connects" q enroll --url "$URL" --out "$WORK/seen" --root "$ROOT" \
    --token "$(q token create --tenant acme --device seen --json | jq -r .token)"
seen() {
	curl -s -o "$BODY" --cacert "$ROOT" --cert "$WORK/seen/cert.pem" --key "$WORK/seen/key.pem" "$URL/v1/tenants"
	[ "$(q activity list --tenant acme --json | jq '.items | length')" -ge 1 ]
}
within 10 seen
works "who connected" q activity list --tenant acme
works "the activity log, exported" q activity export --tenant acme --out "$WORK/activity"
works "its keys" q log keys --tenant acme --activity --out "$WORK/activity.keys"

kill "$RECORDER"
wait "$RECORDER" 2>/dev/null
RECORDER=""
is "the recorder met nothing that it did not understand" ready "$(cat "$WORK/record.log")"
is "it kept the calls of the command line" yes "$([ "$(find "$ANSWERS" -name 'record-*' | wc -l)" -ge 45 ] && echo yes)"

# --- what has no command ------------------------------------------------------------------------------

for path in /v1/revocations?tenant=acme /v1/tenants/acme/revocations; do
	api GET "$path"
	is "the feed at $path" 200 "$STATUS"
done
api GET /v1/tenants/acme/log/entries
is "entries" 200 "$STATUS"
api POST /v1/tenants/acme/log/redactions '{"index":3,"reason":"erasure was asked for","order":"GDPR article 17"}'
is "a redaction" 201 "$STATUS"
api GET /v1/tenants/acme/log/checkpoint
is "a checkpoint" 200 "$STATUS"
for path in tile/0/000.p/1 tile/entries/000.p/1 keys "proof?index=0" "consistency?old=1"; do
	api GET "/v1/tenants/acme/log/$path"
	is "log/$path" 200 "$STATUS"
done
cat >"$WORK/offline.yaml" <<'Y'
apiVersion: quatrain.policy/v1
kind: PolicySet
metadata:
  name: acme
  scope: spiffe://acme.eu.example.org/**
  owner: it@acme.example
  revision: 1
mode: enforce
schema: quatrain.attributes/v1
defaults:
  offline: {max_age: 12h}
rules:
  - id: all
    effect: permit
    actions: ["*"]
Y
works "a policy that may be used offline" q policy put "$WORK/offline.yaml" --tenant acme
api GET /v1/tenants/acme/policy/bundle
is "the bundle" 200 "$STATUS"
api GET /v1/tenants/acme/log
is "a search of the log" 200 "$STATUS"
api GET /v1/tenants/acme/activity/log/entries
is "the activity's entries" 200 "$STATUS"
for path in checkpoint tile/0/000.p/1 keys "proof?index=0" "consistency?old=1"; do
	api GET "/v1/tenants/acme/activity/log/$path"
	is "activity/log/$path" 200 "$STATUS"
done
api POST /v1/tenants/acme/activity/log/redactions '{"index":0,"reason":"erasure was asked for","order":"GDPR article 17"}'
is "a redaction of the activity" 201 "$STATUS"
http --unix-socket "$DATA/run/api.sock" -m 2 "http://localhost/v1/events?tenant=acme&after=0"
is "events" 200 "$STATUS"
api GET "/v1/tenants/acme/revocations"
is "a tenant's revocations" 200 "$STATUS"
api GET "/v1/revocations?tenant=acme&after=0"
is "the same, the tenant in the query" 200 "$STATUS"
for path in healthz readyz; do
	http "$OPEN/$path"
	is "$path" 200 "$STATUS"
done
http "http://localhost:$METRICS/metrics"
is "metrics" 200 "$STATUS"

works "every operation was answered with success, and every answer stands in docs/openapi.yaml" \
    "$TREE/tests/openapi.py" answers "$ANSWERS" successes
[ -z "${KEEP_TOO:-}" ] || for file in "$ANSWERS"/*; do cp "$file" "$KEEP_TOO/$FLOW-$$-$(basename "$file")"; done
finish
