#!/usr/bin/env bash
# A folder of profiles of one's own: names by template, a window for renewals, an officer's approval; and what a folder
# may not hold.
. "$(dirname "$0")/lib.sh"

PROFILES=$WORK/profiles
mkdir "$PROFILES"
cp "$TREE"/conf/profiles/{printer,service,operator}.yaml "$PROFILES"
# A certificate of two hours that is renewed in its last one.
cat >"$PROFILES/brief.yaml" <<'Y'
name: brief
kind: label-printer
validity: 2h
tolerance: 1m
purposes: [clientAuth]
subject:
  unit: "Labels of {tenant}"
  common_name: "{kind} {name}"
dns:
  - "{name}.labels.{tenant}.{region}.{domain}"
  - "{name}.{kind}.{tenant}.{region}.{domain}"
renewal_window: 1h
Y
cat >"$PROFILES/vault.yaml" <<'Y'
name: vault
kind: gateway
dns: []
approval: officer
assurance: approved
Y
cat >"$PROFILES/ending.yaml" <<'Y'
name: ending
kind: printer
ask: [certificate]
Y

# The same configuration, and the folder; lib.sh writes it for each try.
eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	echo "profiles: $PROFILES" >>"$CONF"
}

works "the folder is a set" "$QUATRAIN_BIN" profile check "$PROFILES"
service_fresh acme
works "profile list" q profile list
like "a profile of one's own" '^brief +label-printer +2h +1h ' "$OUT"
unlike "none that the folder has not" '^phone' "$OUT"
is "in JSON" '["{name}.labels.{tenant}.{region}.{domain}","{name}.{kind}.{tenant}.{region}.{domain}"]' \
    "$(q profile list --json | jq -c '.items[] | select(.name == "brief") | .dns')"

# token_by PROFILE DEVICE [OPTION...]
token_by() {
	local profile=$1 device=$2
	shift 2
	q token create --tenant acme --device "$device" --profile "$profile" --json "$@" | jq -r .token
}

# enrol_by PROFILE DEVICE: its folder holds key.pem, csr.b64, leaf.pem
enrol_by() {
	local d=$WORK/$2
	mkdir -p "$d"
	p256 "$d/key.pem"
	csr "$d/key.pem" "/CN=$2" >"$d/csr.b64"
	est_post acme/simpleenroll "$d/csr.b64" -u "$2:$(token_by "$1" "$2")"
	[ "$STATUS" = 200 ] && p7_certs "$BODY" >"$d/leaf.pem" && [ -s "$d/leaf.pem" ]
}

# renew DEVICE: with the subject that its certificate has
renew() {
	local d=$WORK/$1
	openssl req -new -key "$d/key.pem" -subj "$(openssl x509 -in "$d/leaf.pem" -noout -subject -nameopt RFC2253 |
	    sed 's/^subject=//' | awk -F, '{ for (i = NF; i > 0; i--) printf "/%s", $i }')" -outform DER |
	    openssl base64 -A >"$d/again.b64"
	est_post acme/simplereenroll "$d/again.b64" --cert "$d/leaf.pem" --key "$d/key.pem"
}

works "a label printer enrols" enrol_by brief lp-1
text=$(openssl x509 -in "$WORK/lp-1/leaf.pem" -noout -text -nameopt RFC2253)
like "its subject is the template's" 'Subject: CN=label-printer lp-1,OU=Labels of acme,O=acme' "$text"
like "its names are the template's" \
    'DNS:lp-1.labels.acme.eu.example.org, DNS:lp-1.label-printer.acme.eu.example.org, URI:spiffe://acme.eu.example.org/label-printer/lp-1' \
    "$text"
unlike "it is no server" 'TLS Web Server' "$text"
life=$(($(date -d "$(openssl x509 -in "$WORK/lp-1/leaf.pem" -noout -enddate | cut -d= -f2)" +%s) -
    $(date -d "$(openssl x509 -in "$WORK/lp-1/leaf.pem" -noout -startdate | cut -d= -f2)" +%s)))
is "it holds for two hours and the tolerance" 7260 "$life"
chain_of acme "$WORK/ca"
cat "$WORK/ca1.pem" "$WORK/ca2.pem" >"$WORK/middle.pem"
works "its chain verifies, name constraints and all" openssl verify -x509_strict -CAfile "$ROOT" \
    -untrusted "$WORK/middle.pem" "$WORK/lp-1/leaf.pem"
works "the audit finds nothing in names by template" q chain audit --tenant acme
renew lp-1
is "a renewal before the window: status" 403 "$STATUS"
like "a renewal before the window: says when" 'brief: a renewal is taken from 20[0-9-]+T[0-9:]+Z on' "$(cat "$BODY")"
like "and the log says so" 'request.refused.*a renewal is taken from' "$(entries acme)"

works "a printer enrols" enrol_by printer hp-1
renew hp-1
is "its window is always open" 200 "$STATUS"

# a subject of the device's own is never taken
mkdir "$WORK/x" && p256 "$WORK/x/key.pem"
csr "$WORK/x/key.pem" "/O=other/CN=root" >"$WORK/x/csr.b64"
est_post acme/simpleenroll "$WORK/x/csr.b64" -u "lp-2:$(token_by brief lp-2)"
is "a request with other names" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/x/leaf.pem"
is "gets the template's" "subject=CN=label-printer lp-2,OU=Labels of acme,O=acme" \
    "$(openssl x509 -in "$WORK/x/leaf.pem" -noout -subject -nameopt RFC2253)"
csr "$WORK/x/key.pem" "/CN=lp-3" -addext subjectAltName=DNS:lp-9.labels.acme.eu.example.org >"$WORK/x/csr.b64"
est_post acme/simpleenroll "$WORK/x/csr.b64" -u "lp-3:$(token_by brief lp-3)"
is "a request for another's name: status" 400 "$STATUS"
like "a request for another's name: the log" 'request.refused.*asks for a name that is not its own' "$(entries acme)"
long=$(printf 'a%.0s' {1..60})
refuses "a name that does not fit the template" q token create --tenant acme --device "$long" --profile brief
like "says which" 'of aaa.* is over 64 octets' "$OUT"

# approval
works "a registrar" q operator add rita --role registrar --out "$WORK/rita"
as_rita=(--url "$URL" --cert "$WORK/rita/cert.pem" --key "$WORK/rita/key.pem" --root "$ROOT")
refuses "a registrar makes no token for what an officer approves" \
    q token create --tenant acme --device v-1 --profile vault "${as_rita[@]}"
like "and is told why" 'vault: a token for it is made by an officer alone' "$OUT"
renewed=$(serial "$WORK/rita/cert.pem")
works "an operator renews by EST, at any time" "$QUATRAIN_BIN" enroll --url "$URL" --renew --tenant platform \
    --out "$WORK/rita"
unlike "with another certificate" "$renewed" "$(serial "$WORK/rita/cert.pem")"
is "which the list of operators names" "rita registrar $(serial "$WORK/rita/cert.pem") good" \
    "$(q operator list --json | jq -r '.items[] | "\(.name) \(.role) \(.serial) \(.status)"')"
works "but for others" q token create --tenant acme --device hp-2 --profile printer "${as_rita[@]}"
works "an officer's token is taken" enrol_by vault v-1
is "without DNS names" "" "$(openssl x509 -in "$WORK/v-1/leaf.pem" -noout -text | grep DNS:)"
like "the entry says that it was approved" '"act":"certificate.issued","assurance":2,.*gateway/v-1' "$(entries acme)"
renew v-1
is "and renewed" 200 "$STATUS"

# what may not be asked for
refuses "no token for a profile that ends" q token create --tenant acme --device old --profile ending
like "it says which there are" 'expected one of brief, printer, service, vault' "$OUT"
refuses "no token for operators" q token create --tenant acme --device old --profile operator
refuses "nor for what there is not" q token create --tenant acme --device old --profile toaster

# another edition: an approval that came later, a profile that is gone
cat >"$PROFILES/brief.yaml" <<'Y'
name: brief
kind: label-printer
purposes: [clientAuth]
approval: officer
assurance: approved
Y
stale=$(q token create --tenant acme --device lp-7 --profile brief --json "${as_rita[@]}" | jq -r .token)
rm "$PROFILES/vault.yaml"
q profile list --json | jq -r '.items[] | select(.name == "brief") | .digest' >"$WORK/before"
service_stop
service_start || stop_here "a start with another edition"
q profile list --json | jq -r '.items[] | select(.name == "brief") | .digest' >"$WORK/after"
unlike "the digest is another" "$(cat "$WORK/before")" "$(cat "$WORK/after")"
renew lp-1
is "a certificate that nobody approved is not renewed: status" 403 "$STATUS"
like "and says what to do" 'enrol again with an officer.s token' "$(cat "$BODY")"
est_post acme/simpleenroll "$WORK/lp-1/csr.b64" -u "lp-7:$stale"
is "a registrar's token of before: status" 403 "$STATUS"
like "a registrar's token of before: words" "takes a token of an officer alone" "$(cat "$BODY")"
works "an officer's token" enrol_by brief lp-1
renew v-1
unlike "a profile that is gone renews nothing" '^200$' "$STATUS"
is "the list still knows its certificates" vault \
    "$(api GET "/v1/tenants/acme/certificates?device=v-1" && jq -r '.items[0].profile' "$BODY")"
service_stop

# bad folders
bad() {
	local what=$1 pattern=$2
	refuses "$what: profile check" "$QUATRAIN_BIN" profile check "$PROFILES"
	like "$what: says where" "$pattern" "$OUT"
	refuses "$what: serve" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
	like "$what: serve says so too" "$pattern" "$OUT"
}
printf 'name: brief\nkind: label-printer\nvalidity: 10m\n' >"$PROFILES/brief.yaml"
bad "a validity of ten minutes" 'brief.yaml:3: validity: expected 1h to 825d'
printf 'name: printer\n' >"$PROFILES/brief.yaml"
bad "a name twice" 'printer.yaml:[0-9]+: name: expected a name that no other file has, found "printer"'
printf 'name: brief\ndns: ["www.example.com"]\n' >"$PROFILES/brief.yaml"
bad "a name outside the tenant" 'brief.yaml:2: dns: expected a DNS name that ends in [.].tenant.*found "www.example.com"'
rm "$PROFILES/brief.yaml" "$PROFILES/operator.yaml"
bad "no profile for operators" 'expected one called operator'
rm -r "$PROFILES"
bad "no folder" 'cannot be read'
works "a command that needs none minds not" q version

finish
