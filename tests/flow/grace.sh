#!/usr/bin/env bash
# tests/flow/grace.sh - certificates that ended lately: they renew where their profile says grace, are good for nothing else,
# and renew no more once they were revoked, replaced, or ended too long ago.
. "$(dirname "$0")/lib.sh"

FAKE=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$FAKE" ] || stop_here "faketime"
export ASAN_OPTIONS=verify_asan_link_order=0 # the clock is loaded before it
PROFILES=$WORK/profiles
mkdir "$PROFILES"
cp "$TREE"/conf/profiles/{service,operator}.yaml "$PROFILES"
sed 's/^validity: .*/validity: 1d/; s/^renewal_window: .*/renewal_window: 1d/; s/^grace: .*/grace: 1d/' \
    "$TREE/conf/profiles/printer.yaml" >"$PROFILES/printer.yaml"
sed 's/^name: .*/name: prompt/; s/^kind: .*/kind: prompt/; s/^grace: .*/grace: 0/' "$PROFILES/printer.yaml" >"$PROFILES/prompt.yaml"
eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	echo "profiles: $PROFILES" >>"$CONF"
}

# ago TIME COMMAND...: as if it were so long ago. The clients' clock stays, so that what the service shows began for them too.
ago() {
	export LD_PRELOAD=$FAKE FAKETIME=-$1 FAKETIME_DONT_FAKE_MONOTONIC=1
	shift
	"$@"
	local rc=$?
	unset LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC
	return $rc
}
# renew NAME [FILE]: by the certificate NAME/FILE, for the same key
renew() {
	csr "$WORK/$1/key.pem" "$(openssl x509 -in "$WORK/$1/leaf.pem" -noout -subject -nameopt RFC2253 |
	    sed 's/^subject=//; s/\(.*\),\(.*\),\(.*\)/\/\3\/\2\/\1/')" >"$WORK/renew.b64"
	est_post acme/simplereenroll "$WORK/renew.b64" --cert "$WORK/$1/${2:-leaf.pem}" --key "$WORK/$1/key.pem"
	[ "$STATUS" = 200 ] && p7_certs "$BODY" >"$WORK/$1/next.pem"
}
state() {
	api GET "/v1/tenants/acme/certificates/$(serial "$1")"
	jq -r '.status + (if .reason then " " + .reason else "" end)' "$BODY"
}

ago 72h service_fresh acme
for name in hp-1 hp-2 hp-3 hp-5 hp-6; do
	enrol acme $name "$WORK/$name" || stop_here "enrol $name"
done
mkdir "$WORK/hp-4"
p256 "$WORK/hp-4/key.pem"
csr "$WORK/hp-4/key.pem" /CN=hp-4 >"$WORK/hp-4/csr.b64"
t=$(q token create --tenant acme --device hp-4 --profile prompt --json | jq -r .token)
est_post acme/simpleenroll "$WORK/hp-4/csr.b64" -u "hp-4:$t"
p7_certs "$BODY" >"$WORK/hp-4/leaf.pem"
works "one is revoked" q cert revoke --tenant acme "$(serial "$WORK/hp-3/leaf.pem")"
works "one is held" q cert hold --tenant acme "$(serial "$WORK/hp-6/leaf.pem")"
is "profiles tell of it" 86400 "$(q profile list --json | jq '.items[] | select(.name == "printer") | .grace_s')"
service_stop

# --- half a day after their end ------------------------------------------------------------------

ago 36h service_start || stop_here "start, a day and a half later"
is "it has ended" expired "$(state "$WORK/hp-1/leaf.pem")"
LATE=(--cert "$WORK/hp-1/leaf.pem" --key "$WORK/hp-1/key.pem")
for operation in cacerts csrattrs; do
	est "acme/$operation" "${LATE[@]}"
	is "late: $operation" 403 "$STATUS"
done
like "late: it says why" 'expired' "$(cat "$BODY")"
http --cacert "$ROOT" "${LATE[@]}" "$URL/v1/tenants"
is "late: the API" 403 "$STATUS"
t=$(token acme hp-1)
est_post acme/simpleenroll "$WORK/hp-1/csr.b64" -u "hp-1:$t" "${LATE[@]}"
is "late: simpleenroll" 403 "$STATUS"

renew hp-1
is "late: simplereenroll" 200 "$STATUS"
is "what it gets is good" good "$(state "$WORK/hp-1/next.pem")"
is "the one before it has ended" expired "$(state "$WORK/hp-1/leaf.pem")"
entry=$(entries acme | tail -n 1)
is "its entry" "certificate.issued certificate" "$(jq -r '.act + " " + .how' <<<"$entry")"
late=$(jq -r .late_s <<<"$entry")
is "its entry says how late" yes "$([ "$late" -ge 43140 ] && [ "$late" -le 43800 ] && echo yes || echo "$late")"
like "the service's own log too" "event=renewed-late tenant=acme kind=printer name=hp-1 late_s=$late" "$(cat "$WORK/serve.log")"
renew hp-1 next.pem
is "the new one renews" 200 "$STATUS"
is "which is not late" null "$(entries acme | tail -n 1 | jq -r .late_s)"

est_post globex/simplereenroll "$WORK/renew.b64" "${LATE[@]}"
is "late, at another's label" 404 "$STATUS"
csr "$WORK/hp-1/key.pem" /O=acme/OU=printer/CN=hp-2 >"$WORK/renew.b64"
est_post acme/simplereenroll "$WORK/renew.b64" "${LATE[@]}"
is "late, as another" 400 "$STATUS"
renew hp-3
is "revoked before" 403 "$STATUS"
renew hp-6
is "held before" 403 "$STATUS"
renew hp-4
is "a profile without grace" 403 "$STATUS"
like "it says why" 'expired' "$(cat "$BODY")"

enrol acme hp-2 "$WORK/reset" || fail "a device that was reset" 200 "$STATUS"
is "what it had is revoked, though it had ended" "revoked superseded" "$(state "$WORK/hp-2/leaf.pem")"
renew hp-2
is "and renews no more" 403 "$STATUS"
works "chain audit" q chain audit --tenant acme
service_stop

# --- two days after their end --------------------------------------------------------------------

service_start || stop_here "start, today"
renew hp-5
is "too late" 403 "$STATUS"
cp "$WORK/hp-1/next.pem" "$WORK/hp-1/second.pem"
renew hp-1 second.pem
is "what was renewed late is renewed late again" 200 "$STATUS"
enrol acme hp-5 "$WORK/again" || fail "with a new token it comes back" 200 "$STATUS"
sed -i 's/^grace: .*/grace: 10d/' "$PROFILES/printer.yaml"
service_stop
service_start || stop_here "start, with more grace"
renew hp-5
is "more grace brings nothing back that was replaced" 403 "$STATUS"

finish
