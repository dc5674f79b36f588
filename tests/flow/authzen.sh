#!/usr/bin/env bash
# tests/flow/authzen.sh - OpenID AuthZEN 1.0, and what Envoy's ext_authz sends: decisions, batches, searches, and who may not ask.
. "$(dirname "$0")/lib.sh"

policy_of() { # policy_of TENANT
	cat <<-YAML
	apiVersion: quatrain.policy/v1
	kind: PolicySet
	metadata: {name: $1, scope: "spiffe://$1.eu.example.org/**", owner: tests, revision: 1}
	mode: enforce
	schema: quatrain.attributes/v1
	sets: {nets.office: [10.20.0.0/16]}
	rules:
	  - id: live
	    effect: permit
	    actions: [connect, est.enroll, est.reenroll, feed.read]
	  - id: release
	    effect: permit
	    subjects: {roles: [printer]}
	    actions: [print.release]
	    resources: {type: job}
	    when: {source.ip: {in_set: nets.office}, resource.pages: {lte: 200}, cert.key_pinned: true, cert.level: 4}
	    obligations: [{watermark: {text: "{subject.name}"}}]
	  - id: old-firmware
	    effect: forbid
	    mode: shadow
	    actions: ["print.*"]
	    when: {device.firmware: {lt: "5.4.0"}}
	    reason: Firmware below 5.4.0
	  - id: no-secrets
	    effect: forbid
	    actions: [print.release]
	    when: {resource.dlp: secret}
	    if_missing: ignore
	    reason: Secret documents stay where they are
	YAML
}

service_fresh acme beta
joins acme "$WORK/pep" gate gateway
joins acme "$WORK/hp" hp-4711 printer
joins acme "$WORK/hp2" hp-4712 printer
joins acme "$WORK/pc" pc-1 workstation
joins beta "$WORK/beta" hp-1 printer
joins beta "$WORK/betagate" gate gateway
for tenant in acme beta; do
	policy_of $tenant >"$WORK/$tenant.yaml"
	works "the policy of $tenant" q policy put "$WORK/$tenant.yaml" --tenant $tenant
done
for role in officer registrar auditor; do
	works "an $role" q operator add "its-$role" --role $role --out "$WORK/$role"
done
sha() { openssl x509 -in "$1/cert.pem" -outform DER | sha256sum | cut -d' ' -f1; }

# question [JQ]: a release of hp-4711, changed by the expression
question() {
	jq -cn --arg sha "$(sha "$WORK/hp")" '{
		subject: {type: "spiffe", id: "spiffe://acme.eu.example.org/printer/hp-4711", properties: {cert_sha256: $sha}},
		action: {name: "print.release"},
		resource: {type: "job", id: "job-88", properties: {pages: 12, dlp: "internal"}},
		context: {source_ip: "10.20.4.9", device: {firmware: "5.3.0"}, supports: ["watermark"]}} | '"${1:-.}"
}

# ask DIR ROUTE BODY CURL-ARGUMENTS...
ask() {
	local dir=$1 route=$2 body=$3
	shift 3
	[ "$dir" = - ] || set -- --cert "$dir/cert.pem" --key "$dir/key.pem" "$@"
	http --cacert "$ROOT" -H "Content-Type: ${TYPE:-application/json}" --data-binary "$body" "$@" "$URL$route"
}
decides() { # decides WHAT EXPECTED [JQ]: "true permit", "false forbid", ...
	ask "$WORK/pep" /access/v1/evaluation "$(question "${3:-.}")"
	is "$1" "200 $2" "$STATUS $(jq -r '"\(.decision) \(.context.code)"' "$BODY" 2>/dev/null)"
}

# --- one ---------------------------------------------------------------------------------------

decides "a release in the office" "true permit"
is "with what must be done" '[{"watermark":{"text":"{subject.name}"}}]' "$(jq -c .context.obligations "$BODY")"
is "the rule" acme/release "$(jq -r .context.rule "$BODY")"
is "what is on trial" '["old-firmware"]' "$(jq -c .context.shadow "$BODY")"
like "an id" '^[0-9a-f]{32}$' "$(jq -r .context.id "$BODY")"
decides "from elsewhere" "false no-permit" '.context.source_ip = "192.0.2.1"'
is "a no tells no rule" null "$(jq -r .context.rule "$BODY")"
decides "from nowhere" "false no-permit" 'del(.context.source_ip)'
decides "too many pages" "false no-permit" '.resource.properties.pages = 201'
decides "a secret" "false forbid" '.resource.properties.dlp = "secret"'
is "with words for the user" "Secret documents stay where they are" "$(jq -r .context.reason_user "$BODY")"
decides "who cannot watermark" "false unsupported-obligation" '.context.supports = ["log"]'
decides "who says nothing of it" "false unsupported-obligation" 'del(.context.supports)'
decides "an action that no rule has" "false no-permit" '.action.name = "print.fly"'
decides "the certificate itself" "true permit" ".subject.properties = {certificate: $(jq -sR . <"$WORK/hp/cert.pem" | head -c 6000)} | .subject.properties.certificate |= (split(\"-----END CERTIFICATE-----\")[0] + \"-----END CERTIFICATE-----\")"
decides "no certificate" "false no-certificate" 'del(.subject.properties)'
decides "another's certificate" "false other-subject" ".subject.properties = {cert_sha256: \"$(sha "$WORK/hp2")\"} | .subject.properties.certificate = \"$(openssl x509 -in "$WORK/hp2/cert.pem" -outform DER | openssl base64 -A)\""
decides "a certificate that nobody has" "false unknown-certificate" '.subject.properties.cert_sha256 = ("00" * 32)'
decides "another tenant's printer" "false other-tenant" ".subject.id = \"spiffe://beta.eu.example.org/printer/hp-1\" | .subject.properties.cert_sha256 = \"$(sha "$WORK/beta")\""
decides "a claim in the context is only context" "false no-permit" '.context.source_ip = "192.0.2.1" | .context.cert_key_pinned = true'

# --- no questions ------------------------------------------------------------------------------

wrong() { # wrong WHAT STATUS BODY CURL-ARGUMENTS...
	local what=$1 status=$2 body=$3
	shift 3
	ask "$WORK/pep" /access/v1/evaluation "$body" "$@"
	is "$what" "$status" "$STATUS"
	like "$what: a problem" '^\{"detail":' "$(cat "$BODY")"
}
wrong "what is no JSON" 400 '{"subject":'
wrong "a member twice" 400 '{"subject":{},"subject":{}}'
wrong "a list" 400 '[]'
wrong "no subject" 400 "$(question 'del(.subject)')"
wrong "no action" 400 "$(question 'del(.action)')"
wrong "no resource" 400 "$(question 'del(.resource)')"
wrong "row 39: what stands in a certificate is not to be said" 400 "$(question '.subject.properties.cert = {key_pinned: true}')"
wrong "a user who is none" 400 "$(question '.subject.id = "alice@acme.example"')"
wrong "deep JSON" 400 "$(printf '[%.0s' {1..2000})"
wrong "over 64 KiB" 413 "$(head -c 70000 /dev/zero | tr '\0' ' ')"
TYPE=text/plain wrong "another type" 415 "$(question)"
wrong "a page asks" 403 "$(question)" -H 'Origin: https://evil.example'
wrong "a request id with a blank" 400 "$(question)" -H 'X-Request-ID: a b'
ask "$WORK/pep" /access/v1/evaluation "$(question)" -H 'X-Request-ID: bfe9eb29-ab87'
is "a request id comes back" bfe9eb29-ab87 "$(header X-Request-ID)"
http --cacert "$ROOT" --cert "$WORK/pep/cert.pem" --key "$WORK/pep/key.pem" "$URL/access/v1/evaluation"
is "only POST" "405 POST" "$STATUS $(header Allow)"
ask "$WORK/pep" /access/v1/search/thing "$(question)"
is "no search for things" 404 "$STATUS"

# --- who asks ----------------------------------------------------------------------------------

ask - /access/v1/evaluation "$(question)"
is "row 47: nobody" 401 "$STATUS"
ask - /access/v1/evaluation "$(question)" -u admin:secret
is "row 47: a password" 401 "$STATUS"
ask - /access/v1/evaluation "$(question)" -H 'Authorization: Bearer abc'
is "row 47: a bearer's token" 401 "$STATUS"
ask "$WORK/hp" /access/v1/evaluation "$(question)"
is "a printer" 403 "$STATUS"
ask "$WORK/betagate" /access/v1/evaluation "$(question)"
is "row 37: another tenant's gateway" "200 false other-tenant" "$STATUS $(jq -r '"\(.decision) \(.context.code)"' "$BODY")"
for role in officer registrar auditor; do
	ask "$WORK/$role" /access/v1/evaluation "$(question)"
	is "an $role" "200 true" "$STATUS $(jq -r .decision "$BODY")"
	is "and whether it is explained" "$([ $role = auditor ] && echo true || echo false)" "$(jq '.context | has("explanation")' "$BODY")"
done

# --- many --------------------------------------------------------------------------------------

batch() { # batch SEMANTIC: no, yes, no
	ask "$WORK/pep" /access/v1/evaluations "$(question ". + {evaluations: [{resource: {type: \"job\", id: \"1\", properties: {pages: 900}}}, {}, {action: {name: \"x\"}}]} | .options.evaluations_semantic = \"$1\"")"
	jq -r '[.evaluations[].decision] | join(" ")' "$BODY"
}
is "all are decided" "false true false" "$(batch execute_all)"
is "until the first no" "false" "$(batch deny_on_first_deny)"
is "until the first yes" "false true" "$(batch permit_on_first_permit)"
batch any >/dev/null 2>&1
is "in no other way" 400 "$STATUS"
ask "$WORK/pep" /access/v1/evaluations "$(question)"
is "a batch of none is one" "200 true" "$STATUS $(jq -r .decision "$BODY")"
ask "$WORK/pep" /access/v1/evaluations "$(question '. + {evaluations: [{}, {action: {}}, 7, {}]}')"
is "what is no question is denied where it stands" "true false false true" "$(jq -r '[.evaluations[].decision] | join(" ")' "$BODY")"
ask "$WORK/pep" /access/v1/evaluations "$(question '. + {evaluations: [range(65) | {}]}')"
is "65 are too many" 413 "$STATUS"

# --- searches ----------------------------------------------------------------------------------

ask "$WORK/pep" /access/v1/search/subject "$(question 'del(.subject.id) | del(.subject.properties)')"
is "who may release it" "spiffe://acme.eu.example.org/printer/hp-4711 spiffe://acme.eu.example.org/printer/hp-4712" \
    "$(jq -r '[.results[].id] | join(" ")' "$BODY")"
FOUND=$(jq -c '.results[1]' "$BODY")
decides "a subject as it was found" "true permit" ".subject = $FOUND"
ask "$WORK/pep" /access/v1/search/subject "$(question '.subject = {type: "user"}')"
is "subjects of another type: none" "200 []" "$STATUS $(jq -c .results "$BODY")"
ask "$WORK/pep" /access/v1/search/subject "$(question 'del(.subject.id) | del(.subject.properties) | .page = {limit: 1}')"
NEXT=$(jq -r .page.next_token "$BODY")
is "a page of one" 1 "$(jq '.results | length' "$BODY")"
ask "$WORK/pep" /access/v1/search/subject "$(question "del(.subject.id) | del(.subject.properties) | .page = {token: \"$NEXT\"}")"
is "and the next" "spiffe://acme.eu.example.org/printer/hp-4712" "$(jq -r '.results[].id' "$BODY")"
ask "$WORK/pep" /access/v1/search/subject "$(question "del(.subject.id) | del(.subject.properties) | .page = {token: \"00ff\"}")"
is "a token of its own making" 400 "$STATUS"
ask "$WORK/pep" /access/v1/search/subject "$(question 'del(.subject.id) | .subject.properties = {tenant: "beta"}')"
is "row 37: another tenant's endpoints" 403 "$STATUS"
ask "$WORK/pep" /access/v1/search/action "$(question)"
is "what may it do" "connect est.enroll est.reenroll feed.read print.release" "$(jq -r '[.results[].name] | join(" ")' "$BODY")"

ask "$WORK/pep" /access/v1/search/action "$(question ".subject.id = \"spiffe://beta.eu.example.org/printer/hp-1\" | .subject.properties.cert_sha256 = \"$(sha "$WORK/beta")\"")"
is "row 37: what may another tenant's do: nothing that is told" "200 0" "$STATUS $(jq '.results | length' "$BODY")"
ask "$WORK/pep" /access/v1/search/resource "$(question '.action.name = "connect" | .resource = {type: "service"}')"
is "what may it connect to" "secure est revocations authz" "$(jq -r '[.results[].id] | join(" ")' "$BODY")"
ask "$WORK/pep" /access/v1/search/resource "$(question 'del(.resource.id)')"
is "which jobs there are is not known here" "200 0" "$STATUS $(jq '.results | length' "$BODY")"
ask "$WORK/pep" /access/v1/search/resource "$(question 'del(.resource)')"
is "of no type" 400 "$STATUS"

# --- Envoy -------------------------------------------------------------------------------------

envoy() { # envoy METHOD PATH XFCC
	http --cacert "$ROOT" --cert "$WORK/pep/cert.pem" --key "$WORK/pep/key.pem" -X "$1" -H "X-Forwarded-Client-Cert: $3" \
	    -H 'X-Quatrain-Supports: watermark' "$URL/authz/envoy$2"
}
XFCC="Hash=$(sha "$WORK/hp");Subject=\"CN=hp-4711\";URI=spiffe://acme.eu.example.org/printer/hp-4711"
envoy GET /jobs/1 "$XFCC"
is "Envoy: no permit for that" "403 no-permit" "$STATUS $(header X-Quatrain-Code)"
sed 's/actions: \[connect,/actions: ["http.*", connect,/; s/revision: 1/revision: 2/' "$WORK/acme.yaml" >"$WORK/acme2.yaml"
works "a policy that has one" q policy put "$WORK/acme2.yaml" --tenant acme
envoy GET /jobs/1 "$XFCC"
is "Envoy: permitted" "200 permit" "$STATUS $(header X-Quatrain-Code)"
envoy DELETE /jobs/1 "$XFCC"
is "Envoy: its own method" 200 "$STATUS"
envoy GET /jobs/1 "Hash=$(sha "$WORK/hp");URI=spiffe://acme.eu.example.org/printer/hp-4711,Hash=00;URI=x"
is "Envoy: the last element counts" 400 "$STATUS"
envoy GET /jobs/1 ""
is "Envoy: no certificate" 401 "$STATUS"

# --- what was told stands in the activity log --------------------------------------------------

told() { # told JQ: how many entries of the activity log of acme are so
	api GET "/v1/tenants/acme/activity?limit=1000"
	jq "[.items[] | (.entry // .) | select(.act == \"authz.decided\") | select($1)] | length" "$BODY"
}
ask "$WORK/pep" /access/v1/evaluation "$(question '.resource.properties.dlp = "secret"')"
ID=$(jq -r .context.id "$BODY")
noted() { [ "$(told ".id == \"$ID\"")" = 1 ]; }
works "a decision is noted under its id" within 5 noted
is "with what was asked, and by whom" 1 "$(told ".id == \"$ID\" and .decision == \"deny\" and .code == \"forbid\" and .request.resource.dlp == \"secret\" and .pep == \"endpoint:gateway/gate\"")"

# --- a policy says who may ask -----------------------------------------------------------------

sed 's/revision: 1/revision: 3/; s/^rules:/rules:\n  - {id: not-this-one, effect: forbid, actions: [authz.ask], when: {subject.name: gate}, reason: Not this gateway}/' \
    "$WORK/acme.yaml" >"$WORK/acme3.yaml"
works "a policy that forbids the gateway to ask" q policy put "$WORK/acme3.yaml" --tenant acme
ask "$WORK/pep" /access/v1/evaluation "$(question)"
is "it is told no decision" "403 32" "$STATUS $(jq -r .decision_id "$BODY" | tr -d '\n' | wc -c)"
ask "$WORK/officer" /access/v1/evaluation "$(question)"
is "staff is" "200 true" "$STATUS $(jq -r .decision "$BODY")"
works "and it may again" q policy put "$WORK/acme2.yaml" --tenant acme

# --- standings, and the end --------------------------------------------------------------------

http --cacert "$ROOT" "$URL/.well-known/authzen-configuration"
is "metadata" "200 $URL/access/v1/evaluation" "$STATUS $(jq -r .access_evaluation_endpoint "$BODY")"
is "of whom" "$URL" "$(jq -r .policy_decision_point "$BODY")"
works "a printer is held" q cert hold --tenant acme "$(serial "$WORK/hp/cert.pem")"
decides "at once it may nothing" "false not-good"
works "and released" q cert release --tenant acme "$(serial "$WORK/hp/cert.pem")"
decides "and again" "true permit"
works "the gateway is revoked" q cert revoke --tenant acme "$(serial "$WORK/pep/cert.pem")"
ask "$WORK/pep" /access/v1/evaluation "$(question)"
is "row 35: a revoked caller is told nothing" yes "$([ "$STATUS" != 200 ] && echo yes || echo no)"
finish
