#!/usr/bin/env bash
# Channel binding (RFC 7030 section 3.5, RFC 9266): a device that binds its request to its TLS connection, on 1.2 and 1.3,
# and what happens to one whose request was made for another; by what the profile says.
. "$(dirname "$0")/lib.sh"

CLIENT=$(dirname "$QUATRAIN_BIN")/bound_est
PROFILES=$WORK/profiles
mkdir "$PROFILES"
cp "$TREE"/conf/profiles/{printer,service,operator}.yaml "$PROFILES"
printf 'name: bound\nkind: printer\nbinding: required\n' >"$PROFILES/bound.yaml"
printf 'name: gear\nkind: gateway\nbinding: static\n' >"$PROFILES/gear.yaml"
printf 'name: slow-gear\nkind: switch\nbinding: static\napproval: each\n' >"$PROFILES/slow-gear.yaml"
eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	echo "profiles: $PROFILES" >>"$CONF"
}

service_fresh acme
TOKENS=0

# fresh PROFILE: DEVICE, TOKEN and a key of its own
fresh() {
	TOKENS=$((TOKENS + 1))
	DEVICE=dev-$TOKENS
	TOKEN=$(q token create --tenant acme --device "$DEVICE" --profile "$1" --json | jq -r .token)
	p256 "$WORK/key.pem"
}

# says VERSION PASSWORD [LABEL]: what the client prints
says() {
	timeout 30 "$CLIENT" localhost "$SECURE" "/.well-known/est/${3:-acme}/simpleenroll" "$ROOT" "$WORK/key.pem" "$DEVICE" \
	    "$1" "$DEVICE:$TOKEN" "$2" "$BODY" 2>&1
}

for v in 1.2 1.3; do
	fresh printer
	is "TLS $v: another connection's binding is refused, and the connection ends" "400 closed" "$(says $v other)"
	like "TLS $v: and why" 'section 3\.5' "$(cat "$BODY")"
	is "TLS $v: a password is refused" "400 closed" "$(says $v =swordfish)"
	unlike "TLS $v: which is told nowhere" swordfish "$(cat "$BODY" "$WORK/serve.log")"
	is "TLS $v: its own is taken, with the same token, and the connection ends" "200 closed" "$(says $v own)"
	works "TLS $v: the certificate" openssl x509 -in <(p7_certs "$BODY") -noout
	fresh printer
	is "TLS $v: its own with a line end behind it, as OpenSSL's encoder leaves it" "200 closed" "$(says $v own+lf)"
	fresh printer
	is "TLS $v: none is taken where the profile only checks" "200 open" "$(says $v none)"
	fresh bound
	is "TLS $v: none is refused where the profile requires it" "400 open" "$(says $v none)"
	is "TLS $v: its own is taken there" "200 closed" "$(says $v own acme:bound)"
	fresh gear
	is "TLS $v: a password is passed over where it is static" "200 closed" "$(says $v =swordfish)"
	unlike "TLS $v: and stands nowhere" swordfish "$(p7_certs "$BODY" | openssl x509 -noout -text)"
done

# a request that waits for a registrar is kept, and its password is not
fresh slow-gear
is "a request with a static password waits" "202 closed" "$(says 1.3 =swordfish)"
is "and nothing in the data folder has it" "" "$(grep -rlaF swordfish "$DATA")"
works "a registrar approves it" q request approve --tenant acme "$(q request list --tenant acme --json | jq -r '.items[0].id')"
is "and it gets its certificate" "200 closed" "$(says 1.3 =swordfish)"
is "the data folder still has no password" "" "$(grep -rlaF swordfish "$DATA")"

# it was logged: a request made for another connection is what somebody in between would send
works "the log" q log export --tenant acme --out "$WORK/log"
like "each refusal is an entry" 'section 3\.5' "$(cat "$WORK"/log/* 2>/dev/null)"
unlike "no entry has the password" swordfish "$(cat "$WORK"/log/*)"

# who must send one is told so, and who reads the template too would not be
est acme:bound/csrattrs
like "csrattrs of such a profile has challengePassword" challengePassword "$(tr -d '\n' <"$BODY" | openssl base64 -d -A | openssl asn1parse -inform DER)"
est acme:gear/csrattrs
unlike "and of no other" challengePassword "$(tr -d '\n' <"$BODY" | openssl base64 -d -A | openssl asn1parse -inform DER)"
finish
