#!/usr/bin/env bash
# tests/flow/roles.sh - every operation of docs/openapi.yaml, asked by everybody who may not: another role, nobody, an endpoint,
# a certificate of a stranger's CA, an operator who was revoked, is held or has expired; and with the ids of one tenant
# under another. A new route is in it by itself, with the roles that its x-roles name. Each is refused, each refusal is in
# the log, and nothing changed.
. "$(dirname "$0")/lib.sh"

FAKE=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$FAKE" ] || stop_here "faketime"
export ASAN_OPTIONS=verify_asan_link_order=0 # the clock is loaded before it
PROFILES=$WORK/profiles
mkdir "$PROFILES"
cp "$TREE"/conf/profiles/{service,printer}.yaml "$PROFILES"
sed 's/^validity: .*/validity: 1d/; s/^renewal_window: .*/renewal_window: 1d/; s/^grace: .*/grace: 0/' \
    "$TREE/conf/profiles/operator.yaml" >"$PROFILES/operator.yaml"
printf 'name: walkup\nkind: scanner\nask: [request]\n' >"$PROFILES/walkup.yaml"
eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	echo "profiles: $PROFILES" >>"$CONF"
}

# ago TIME COMMAND...: the command, and what it starts, in a day that is over
ago() {
	export LD_PRELOAD=$FAKE FAKETIME=-$1 FAKETIME_DONT_FAKE_MONOTONIC=1
	shift
	"$@"
	local rc=$?
	unset LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC
	return $rc
}

# operator NAME ROLE
operator() {
	q operator add "$1" --role "$2" --out "$WORK/$1" >"$WORK/out" 2>&1 || stop_here "operator add $1: $(cat "$WORK/out")"
}

# --- who there is -----------------------------------------------------------------------------

ago 72h service_fresh acme beta
ago 72h operator past officer
service_stop
service_start || stop_here "start, three days later"
for role in officer registrar auditor; do operator "$role" "$role"; done
operator ended officer
operator halted officer
q cert revoke --tenant platform "$(serial "$WORK/ended/cert.pem")" >/dev/null || stop_here "revoke"
q cert hold --tenant platform "$(serial "$WORK/halted/cert.pem")" >/dev/null || stop_here "hold"
enrol acme hp-1 "$WORK/hp-1" || stop_here "enrol"
mkdir "$WORK/endpoint" "$WORK/stranger"
mv "$WORK/hp-1/leaf.pem" "$WORK/endpoint/cert.pem"
mv "$WORK/hp-1/key.pem" "$WORK/endpoint/key.pem"

# A CA of the same name as the platform's, and an officer's certificate by it, all but the signature.
openssl x509 -in "$WORK/officer/cert.pem" -out "$WORK/own.pem"
p256 "$WORK/ca.key"
p256 "$WORK/stranger/key.pem"
openssl req -new -x509 -key "$WORK/ca.key" -subj "/O=$(openssl x509 -in "$WORK/own.pem" -noout -issuer -nameopt multiline | sed -n 's/.*organizationName *= //p')/CN=platform" \
    -days 30 -out "$WORK/ca.pem" 2>/dev/null
printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nsubjectAltName=%s\n' \
    "$(openssl x509 -in "$WORK/own.pem" -noout -ext subjectAltName | tail -1 | sed 's/ //g')" >"$WORK/x.cnf"
openssl req -new -key "$WORK/stranger/key.pem" -subj /CN=officer |
    openssl x509 -req -CA "$WORK/ca.pem" -CAkey "$WORK/ca.key" -set_serial "0x$(serial "$WORK/own.pem")" -days 1 -extfile "$WORK/x.cnf" \
    -out "$WORK/stranger/cert.pem" 2>/dev/null
[ -s "$WORK/stranger/cert.pem" ] || stop_here "a stranger's certificate"

# --- what acme has, as the examples of the document name it ---------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$WORK/maker.key" -subj /O=Lexa/CN=Root \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -days 30 -out "$WORK/maker.pem" 2>/dev/null
printf 'keyUsage=critical,digitalSignature\n' >"$WORK/x.cnf"
mkdir "$WORK/born"
p256 "$WORK/born/key.pem"
openssl req -new -key "$WORK/born/key.pem" -subj /O=Lexa/serialNumber=SN-0815 |
    openssl x509 -req -CA "$WORK/maker.pem" -CAkey "$WORK/maker.key" -set_serial 4711 -days 30 -extfile "$WORK/x.cnf" \
    -out "$WORK/born/cert.pem" 2>/dev/null
q maker add "$WORK/maker.pem" --tenant acme --name lexa >/dev/null || stop_here "maker add"
p256 "$WORK/scan.key"
csr "$WORK/scan.key" /CN=scan >"$WORK/scan.b64"
est_post acme:walkup/simpleenroll "$WORK/scan.b64"
[ "$STATUS" = 202 ] || stop_here "a request"
q device add SN-0815 --tenant acme --maker lexa --device hp-4711 >/dev/null || stop_here "device add"
declare -A HAS=(
	[serial]=$(serial "$WORK/endpoint/cert.pem")
	[token]=$(q token create --tenant acme --device hp-2 --json | jq -r .id)
	[request]=$(q request list --tenant acme --json | jq -r '.items[0].id')
	[maker]=lexa
	[region]=eu
	[operator]=auditor
	[kind]=printer
	[name]=hp-1
)
for key in "${!HAS[@]}"; do like "acme has a $key" '^[a-z0-9-]+$' "${HAS[$key]}"; done

# fill PATH TENANT [NOWHERE]: its names in braces; with a third word an object that is nowhere
fill() {
	local path=${1//\{tenant\}/$2} key
	for key in "${!HAS[@]}"; do
		path=${path//\{$key\}/$([ -n "${3:-}" ] && echo nosuch || echo "${HAS[$key]}")}
	done
	while [[ $path =~ \{[a-z_]+\} ]]; do path=${path/"${BASH_REMATCH[0]}"/nosuch}; done
	echo "$path"
}

# --- asking ---------------------------------------------------------------------------------------

OUT_DIR=$WORK/out.d
mkdir "$OUT_DIR"
REFUSED=0
N=0
PLANNED=0

# plan WHO EXPECTED METHOD PATH KIND BODY: one more question of WHO's; EXPECTED: a pattern
plan() {
	N=$((N + 1))
	{
		[ "$PLANNED" -eq 0 ] || echo next
		printf 'url = "%s%s"\nrequest = "%s"\ncacert = "%s"\nmax-time = %d\noutput = "%s"\ndump-header = "%s"\nwrite-out = "%%{http_code}\\n"\nsilent\n' \
		    "$URL" "$4" "$3" "$ROOT" "$([ "$5" = stream ] && echo 1 || echo 20)" "$OUT_DIR/$N.body" "$OUT_DIR/$N.head"
		[ "$1" = nobody ] || printf 'cert = "%s"\nkey = "%s"\n' "$WORK/$1/cert.pem" "$WORK/$1/key.pem"
		[ "$6" = - ] || printf 'header = "Content-Type: application/json"\ndata-binary = "%s"\n' "${6//\"/\\\"}"
	} >>"$WORK/plan"
	printf '%s %s %s %s\n' "$N" "$2" "$3" "$4" >>"$WORK/expected"
	PLANNED=$((PLANNED + 1))
}

# ask WHAT: all that was planned; one line, and one more for each that is not as it should be
ask() {
	local n want method path got bad=0 all=0
	curl -K "$WORK/plan" >"$WORK/told" 2>/dev/null
	while read -r n want method path && read -r got <&3; do
		all=$((all + 1))
		case $got in 401 | 403) REFUSED=$((REFUSED + 1)) ;; esac
		if ! grep -qxE -- "$want" <<<"$got"; then
			bad=$((bad + 1))
			fail "$1: $method $path" "$want" "$got $(head -c 300 "$OUT_DIR/$n.body" 2>/dev/null)"
		fi
		[ -z "${QUATRAIN_ANSWERS:-}" ] || [ "$got" = 000 ] || {
			printf '%s %s %s\n' "$method" "$path" "$got"
			tr -d '\r' <"$OUT_DIR/$n.head" | sed '1d; /^$/d'
			echo
			cat "$OUT_DIR/$n.body" 2>/dev/null
		} >"$QUATRAIN_ANSWERS/$FLOW-$$-$n"
	done <"$WORK/expected" 3<"$WORK/told"
	[ "$all" -eq "$(wc -l <"$WORK/expected")" ] || fail "$1" "an answer to each of $(wc -l <"$WORK/expected")" "$all"
	[ "$bad" -gt 0 ] || { pass "$1"; echo "      $all operations"; }
	: >"$WORK/plan"
	: >"$WORK/expected"
	PLANNED=0
}

# acts: all entries that tell of something done, and what lists show
acts() {
	local tenant list
	for tenant in acme beta platform; do
		entries "$tenant" | grep -v '"act":"request.refused"'
		for list in tokens requests devices certificates; do
			api GET "/v1/tenants/$tenant/$list"
			cat "$BODY"
		done
	done
	for list in tenants operators regions/eu; do
		api GET "/v1/$list"
		cat "$BODY"
	done
}

# refusals: entries that tell of one, with those that went untold
refusals() {
	local tenant
	for tenant in acme beta platform; do entries "$tenant"; done | grep '"act":"request.refused"' |
	    jq -s 'length + (map(.suppressed // 0) | add // 0)'
}

# lines: in the process's log, with those that went unsaid
lines() {
	grep -E 'event=refused status=' "$WORK/serve.log" |
	    awk '/status=40[13] / { n++ } { if (match($0, /unsaid=[0-9]+/)) n += substr($0, RSTART + 7, RLENGTH - 7) } END { print n + 0 }'
}

MATRIX=$WORK/matrix
"$TREE/tests/openapi.py" matrix >"$MATRIX" || stop_here "docs/openapi.yaml"
is "the matrix has every route" "$(grep -cE '^[[:space:]]\{ "[A-Z]+", "/v1/' "$TREE/daemon/api.c")" "$(wc -l <"$MATRIX")"
acts >"$WORK/before"
ENTRIES=$(refusals)
LINES_BEFORE=$(lines)

# Those who may do nothing at all. A stranger's certificate ends the handshake, a manufacturer's is let in to enrol alone. What nobody is asked for is no secret to who shows nothing, or a good certificate.
for who in nobody:401:200 endpoint:403:200 stranger:000:000 born:403:403 ended:403:403 halted:403:403 past:403:403; do
	IFS=: read -r who status open <<<"$who"
	while read -r method path act _ _ kind body; do
		[ "$act" = - ] && want=$open || want=$status
		plan "$who" "$want" "$method" "$(fill "$path" acme)" "$kind" "$body"
	done <"$MATRIX"
	ask "$who is refused"
done

# The roles that may not; those that may are let through to a tenant that is not there, and change nothing.
for role in officer registrar auditor; do
	while read -r method path act roles local kind body; do
		[ "$act" != - ] || continue
		if [ "$local" = only ] || [[ ,$roles, != *,$role,* ]]; then
			plan "$role" 403 "$method" "$(fill "$path" acme)" "$kind" "$body"
		fi
	done <"$MATRIX"
	ask "$role: all that is for other roles is refused"
	while read -r method path act roles local kind body; do
		if [ "$act" = - ] || [ "$local" = only ] || [[ ,$roles, != *,$role,* ]]; then continue; fi
		plan "$role" '200|201|400|404|409|412|428' "$method" "$(fill "$path" nosuch nowhere)" "$kind" "$body"
	done <"$MATRIX"
	ask "$role: all that is for this role is not"
done

# The ids of acme, under beta and under the platform: there is nothing of that name.
for tenant in beta platform; do
	while read -r method path act roles local kind body; do
		[[ $path = *'{tenant}'*'{'* && $method != PUT ]] || continue # a PUT makes what is not there
		plan officer '404' "$method" "$(fill "$path" "$tenant")" "$kind" "$body"
	done <"$MATRIX"
	[ "$tenant" = beta ] || sed -i 's/ 404 / 403|404 /' "$WORK/expected"
	ask "acme's ids are nothing to $tenant"
done
plan officer 404 POST /v1/tenants/beta/devices/remove - '{"maker":"lexa","serial":"SN-0815"}'
plan officer 400 POST /v1/tenants/beta/devices - '{"maker":"lexa","serial":"SN-0815","device":"hp-4711"}'
ask "nor is acme's maker"

# A registrar is one of customers' tenants, and nothing of the platform's is hers.
OWN=$(serial "$WORK/auditor/cert.pem")
for what in revoke hold release; do
	plan registrar 403 POST "/v1/tenants/platform/certificates/$OWN/$what" - '{}'
done
plan registrar 403 POST /v1/tenants/platform/tokens - '{"device":"hp-1"}'
ask "a registrar does nothing to the platform"

sleep 1.1 # a line and an entry are due again, and tell how many were left out
plan nobody 401 GET /v1/tenants - -
ask "and once more"

acts >"$WORK/after"
is "nothing has changed" "" "$(diff "$WORK/before" "$WORK/after" | head -c 2000)"
TOLD=$(($(refusals) - ENTRIES)) # what was not found, or was no good request, is an entry too where the signer was asked
is "every refusal is an entry, or counted in one" "$REFUSED and more" "$([ "$TOLD" -ge "$REFUSED" ] && echo "$REFUSED and more" || echo "$TOLD")"
SAID=$(($(lines) - LINES_BEFORE)) # what is counted in a line may have been another refusal
is "and a line of the process's log, or counted in one" "$REFUSED and more" "$([ "$SAID" -ge "$REFUSED" ] && echo "$REFUSED and more" || echo "$SAID")"
finish
