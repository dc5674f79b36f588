#!/usr/bin/env bash
# tests/flow/approval.sh - devices that wait for a registrar: 202 and Retry-After, approved or refused by API and command,
# over a restart, a signer that is killed and a tenant that is suspended; and answers that were lost.
. "$(dirname "$0")/lib.sh"

PROFILES=$WORK/profiles
mkdir "$PROFILES"
cp "$TREE"/conf/profiles/{printer,service,operator}.yaml "$PROFILES"
cat >"$PROFILES/walkup.yaml" <<'Y'
name: walkup
kind: scanner
ask: [request, certificate]
Y
cat >"$PROFILES/strict.yaml" <<'Y'
name: strict
kind: gateway
ask: [request]
approval: officer
Y
cat >"$PROFILES/each.yaml" <<'Y'
name: each
kind: phone
approval: each
assurance: approved
Y

# The same configuration, and the folder; lib.sh writes it for each try.
eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	echo "profiles: $PROFILES" >>"$CONF"
}

service_fresh acme other

# device NAME: a key and a request for it
device() {
	mkdir -p "$WORK/$1"
	p256 "$WORK/$1/key.pem"
	csr "$WORK/$1/key.pem" "/CN=$1" >"$WORK/$1/csr.b64"
}

# ask NAME [LABEL] [CURL-ARGUMENT...]
ask() {
	local name=$1 label=${2:-acme:walkup}
	shift "$(($# > 1 ? 2 : 1))"
	est_post "$label/simpleenroll" "$WORK/$name/csr.b64" "$@"
}

# id NAME: of its request, from its key
id() {
	openssl pkey -in "$WORK/$1/key.pem" -pubout -outform DER | sha256sum | cut -c1-16
}

# state NAME: as the API tells it
state() {
	api GET "/v1/tenants/acme/requests/$(id "$1")"
	jq -r .state "$BODY"
}

# log_has ACT: how many entries of it
log_has() {
	entries acme | grep -c "\"act\":\"$1\""
}

# --- asked, approved, fetched
device scan-1
ask scan-1
is "a device without a token waits" 202 "$STATUS"
is "soon again" 5 "$(header Retry-After)"
is "without a body" 0 "$(header Content-Length)"
is "nothing in it" 0 "$(wc -c <"$BODY")"
is "one entry" 1 "$(log_has enrolment.asked)"
csr "$WORK/scan-1/key.pem" "/CN=scan-1" >"$WORK/scan-1/csr.b64" # signed anew, as clients do
ask scan-1
is "a poll waits too" 202 "$STATUS"
is "and leaves no entry" 1 "$(log_has enrolment.asked)"
works "request list" q request list --tenant acme
like "it is listed" "^$(id scan-1) +scan-1 +walkup +waiting +request +127.0.0.1" "$OUT"
works "request list --state" q request list --tenant acme --state approved
unlike "not among the approved" scan-1 "$OUT"
works "request show" q request show --tenant acme "$(id scan-1)"
like "with its key" "^key SHA-256 +$(openssl pkey -in "$WORK/scan-1/key.pem" -pubout -outform DER | sha256sum | cut -c1-64)" "$OUT"
like "and a next step" "quatrain request approve --tenant acme $(id scan-1)" "$OUT"
works "request approve" q request approve --tenant acme "$(id scan-1)"
refuses "approving twice" q request approve --tenant acme "$(id scan-1)"
like "is a conflict" 'approved already' "$OUT"
ask scan-1
is "its next poll gets the certificate" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/scan-1/leaf.pem"
api GET "/v1/tenants/acme/certificates/$(serial "$WORK/scan-1/leaf.pem")"
is "by approval" "approval $(id scan-1) approved local" "$(jq -r '"\(.how) \(.evidence) \(.assurance_word) \(.enroller)"' "$BODY")"
is "it is issued" issued "$(state scan-1)"
is "one entry of the approval" 1 "$(log_has enrolment.approved)"
refuses "approving after that" q request approve --tenant acme "$(id scan-1)"
like "is a conflict too" 'was issued' "$OUT"
refuses "and so is refusing" q request refuse --tenant acme "$(id scan-1)" --reason late
works "chain audit" q chain audit "$WORK/scan-1/leaf.pem"
works "it renews by its certificate" est_post acme/simplereenroll \
    <(csr "$WORK/scan-1/key.pem" "/O=acme/OU=scanner/CN=scan-1" -batch) --cert "$WORK/scan-1/leaf.pem" --key "$WORK/scan-1/key.pem"
is "with 200" 200 "$STATUS"

# --- an answer that was lost
ask scan-1
is "a lost answer is sent again" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/scan-1/again.pem"
is "the same certificate" "$(serial "$WORK/scan-1/leaf.pem")" "$(serial "$WORK/scan-1/again.pem")"
is "an entry tells of it" 1 "$(log_has certificate.sent)"
enrol acme hp-1 "$WORK/hp-1" || stop_here "enrol"
t=$(token acme hp-2)
device hp-2
est_post acme/simpleenroll "$WORK/hp-2/csr.b64" -u "hp-2:$t"
p7_certs "$BODY" >"$WORK/hp-2/leaf.pem"
csr "$WORK/hp-2/key.pem" "/CN=hp-2" >"$WORK/hp-2/csr.b64"
est_post acme/simpleenroll "$WORK/hp-2/csr.b64" -u "hp-2:$t"
is "a spent token with the same key" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/hp-2/again.pem"
is "gets the same certificate" "$(serial "$WORK/hp-2/leaf.pem")" "$(serial "$WORK/hp-2/again.pem")"
est_post acme/simpleenroll "$WORK/hp-1/csr.b64" -u "hp-2:$t"
is "with another key it is spent" 401 "$STATUS"
csr "$WORK/hp-2/key.pem" "/CN=hp-2" -addext 'subjectAltName=DNS:hp-3.printer.acme.eu.example.org' >"$WORK/other.b64"
est_post acme/simpleenroll "$WORK/other.b64" -u "hp-2:$t"
is "with another name too" 401 "$STATUS"
q cert revoke --tenant acme "$(serial "$WORK/hp-2/leaf.pem")" >/dev/null
est_post acme/simpleenroll "$WORK/hp-2/csr.b64" -u "hp-2:$t"
is "and when the certificate is revoked" 401 "$STATUS"

# --- refused, and thought again
device scan-2
ask scan-2
works "request refuse" q request refuse --tenant acme "$(id scan-2)" --reason "not one of ours"
ask scan-2
is "a refused device is told so" 403 "$STATUS"
like "with the reason" 'refused: not one of ours' "$(cat "$BODY")"
ask scan-2
is "it stays refused" 403 "$STATUS"
is "one entry of it" 1 "$(log_has enrolment.refused)"
is "polls make none" 0 "$(entries acme | grep -c 'not one of ours.*request.refused\|request.refused.*not one of ours')"
refuses "refusing twice" q request refuse --tenant acme "$(id scan-2)" --reason "again"
works "a registrar may think again" q request approve --tenant acme "$(id scan-2)"
ask scan-2
is "and then it is let in" 200 "$STATUS"

# --- same key, other wishes
device scan-3
ask scan-3
csr "$WORK/scan-3/key.pem" "/CN=scan-4" >"$WORK/other.b64"
est_post acme:walkup/simpleenroll "$WORK/other.b64"
is "the key waits for one name" 409 "$STATUS"
csr "$WORK/scan-3/key.pem" "/CN=scan-3" -addext subjectAltName=DNS:scan-3 >"$WORK/other.b64"
est_post acme:walkup/simpleenroll "$WORK/other.b64"
is "and for the names that it asked for" 409 "$STATUS"
est_post acme:strict/simpleenroll "$WORK/scan-3/csr.b64"
is "and by one profile" 409 "$STATUS"
for subject in /CN=Scan_1 /CN=a.b "/O=no name" /CN=a/CN=b; do
	csr "$WORK/scan-3/key.pem" "$subject" >"$WORK/other.b64"
	est_post acme:walkup/simpleenroll "$WORK/other.b64"
	is "no device's name: $subject" 400 "$STATUS"
done
ask scan-3 acme
is "a profile that takes no request wants proof" 401 "$STATUS"
ask scan-3 other:walkup
is "another tenant may be asked too" 202 "$STATUS"
ask scan-3 platform:walkup
is "the service's own may not" 403 "$STATUS"

# --- whose word: the roles
for role in registrar auditor officer; do
	q operator add "$role" --role "$role" --out "$WORK/op-$role" >/dev/null
done
# as ROLE COMMAND...
as() {
	local d=$WORK/op-$1
	shift
	timeout 60 "$QUATRAIN_BIN" "$@" --url "$URL" --cert "$d/cert.pem" --key "$d/key.pem" --root "$ROOT"
}
device gate-1
ask gate-1 acme:strict
is "an officer's profile waits too" 202 "$STATUS"
refuses "an auditor approves nothing" as auditor request approve --tenant acme "$(id gate-1)"
refuses "a registrar does not do" as registrar request approve --tenant acme "$(id gate-1)"
like "it says who" 'officer alone' "$OUT"
works "an officer does" as officer request approve --tenant acme "$(id gate-1)"
ask gate-1 acme:strict
is "the gateway is in" 200 "$STATUS"
device scan-5
ask scan-5
as registrar request approve --tenant acme "$(id scan-5)" >"$WORK/one" 2>&1 &
one=$!
as officer request approve --tenant acme "$(id scan-5)" >"$WORK/two" 2>&1 &
two=$!
wait $one; a=$?
wait $two; b=$?
is "of two registrars at once one approves" 1 $((a + b))

# --- a proof, and a registrar's word besides
t=$(q token create --tenant acme --device ph-1 --profile each --json | jq -r .token)
device ph-1
ask ph-1 acme -u "ph-1:$t"
is "a token alone is not enough" 202 "$STATUS"
is "it waits" waiting "$(q token list --tenant acme --json | jq -r '.items[] | select(.device == "ph-1") | .state')"
device ph-2
csr "$WORK/ph-2/key.pem" "/CN=ph-1" >"$WORK/ph-2/csr.b64"
ask ph-2 acme -u "ph-1:$t"
is "with another key the token is of no use" 401 "$STATUS"
ask ph-1 acme
is "nor the key without the token" 401 "$STATUS"
works "it is approved" q request approve --tenant acme "$(id ph-1)"
ask ph-1 acme -u "ph-1:$t"
is "and then gets its certificate" 200 "$STATUS"
is "the token is used" used "$(q token list --tenant acme --json | jq -r '.items[] | select(.device == "ph-1") | .state')"
ask ph-1 acme -u "ph-1:$t"
is "and a lost answer comes again" 200 "$STATUS"
t=$(q token create --tenant acme --device ph-3 --profile each --json)
device ph-3
ask ph-3 acme -u "ph-3:$(jq -r .token <<<"$t")"
is "another one waits" 202 "$STATUS"
q request approve --tenant acme "$(id ph-3)" >/dev/null
works "its token can be taken back" q token revoke --tenant acme "$(jq -r .id <<<"$t")"
ask ph-3 acme -u "ph-3:$(jq -r .token <<<"$t")"
is "and the approval is worth nothing then" 401 "$STATUS"

# --- a name that is taken: the registrar sees it, and what he has not seen is asked again
device scan-6
csr "$WORK/scan-6/key.pem" "/CN=scan-1" >"$WORK/scan-6/csr.b64"
ask scan-6
works "request show tells whose name it is" q request show --tenant acme "$(id scan-6)"
like "that it replaces" 'has a certificate already' "$OUT"
device scan-7a; device scan-7b
for n in a b; do
	csr "$WORK/scan-7$n/key.pem" "/CN=scan-7" >"$WORK/scan-7$n/csr.b64"
	ask scan-7$n
	q request approve --tenant acme "$(id scan-7$n)" >/dev/null
done
ask scan-7a
is "the first of two of one name" 200 "$STATUS"
ask scan-7b
is "what was approved before it came is asked again" 409 "$STATUS"
works "with the other one in sight" q request approve --tenant acme "$(id scan-7b)"
like "it is said" 'takes the place' "$OUT"
ask scan-7b
is "it is let in" 200 "$STATUS"

# --- a key that asks for another tenant without proving it
tr -d '\n' <"$WORK/scan-3/csr.b64" | openssl base64 -d -A >"$WORK/forged.der"
printf '\x00' | dd of="$WORK/forged.der" bs=1 seek=$(($(wc -c <"$WORK/forged.der") - 1)) conv=notrunc 2>/dev/null
openssl base64 -A -in "$WORK/forged.der" >"$WORK/forged.b64"
est_post simpleenroll "$WORK/forged.b64"
is "a request that is not signed by the key" 400 "$STATUS"

# --- without a label, as strongSwan 5.9.8 comes back
est_post simpleenroll "$WORK/scan-3/csr.b64"
is "a poll without a label finds its tenant" 202 "$STATUS"
device scan-8
est_post simpleenroll "$WORK/scan-8/csr.b64"
is "a key that nobody knows does not" 404 "$STATUS"

# --- strongSwan waits by itself, and comes back without its label
# 5.9.8 cannot read a critical name constraint that has addresses in it, so the tenant is a compatible one.
q tenant create lenient --constraints compatible >/dev/null || stop_here "tenant create"
chain_of lenient "$WORK/chain"
while read -r version userpass; do
	printf 'libtls {\n version_max = %s\n}\n' "$version" >"$WORK/strongswan.conf"
	export STRONGSWAN_CONF=$WORK/strongswan.conf
	name=swan-${version/./}$([ "$userpass" = none ] || echo -t)
	what="strongSwan, TLS $version, $userpass"
	mkdir -p "$WORK/$name"
	pki --gen --type ecdsa --size 256 --outform pem >"$WORK/$name/key.pem" 2>/dev/null
	pki --req --in "$WORK/$name/key.pem" --type ecdsa --dn "CN=$name" --outform der >"$WORK/$name/csr.der" 2>/dev/null
	label=lenient:walkup proof=()
	if [ "$userpass" != none ]; then
		label=lenient
		proof=(--userpass "$name:$(q token create --tenant lenient --device "$name" --profile each --json | jq -r .secret)")
	fi
	timeout 60 pki --est --url "https://127.0.0.1:$SECURE/$label" --cacert "$ROOT" --cacert "$WORK/chain1.pem" --cacert "$WORK/chain2.pem" \
	    --in "$WORK/$name/csr.der" "${proof[@]}" --interval 1 --maxpolltime 40 --outform pem >"$WORK/$name/leaf.pem" 2>"$WORK/$name/log" &
	swan=$!
	waits() { [ "$(q request list --tenant lenient --state waiting --json | jq -r '.items[].device')" = "$name" ]; }
	works "$what: it waits" within 15 waits
	works "$what: it is approved" q request approve --tenant lenient "$(id "$name")"
	wait $swan
	is "$what: it polls, and gets its certificate" 0 $?
	like "$what: by 202" 'EST request pending, polling every 5 seconds' "$(cat "$WORK/$name/log")"
	works "$what: which verifies" openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/chain1.pem" -untrusted "$WORK/chain2.pem" "$WORK/$name/leaf.pem"
done <<-RUNS
	1.2 none
	1.3 none
	1.3 token
RUNS

# --- the program's own client
"$QUATRAIN_BIN" enroll --url "$URL" --request --device own-1 --root "$ROOT" --tenant acme --profile walkup --wait 1m --out "$WORK/own-1" \
    >"$WORK/own.log" 2>&1 &
own=$!
own_id() { q request list --tenant acme --state waiting --json | jq -er '.items[] | select(.device == "own-1") | .id'; }
works "quatrain enroll waits" within 20 own_id
works "it is approved" q request approve --tenant acme "$(own_id)"
wait $own
is "and enrols" 0 $?
is "its certificate is here" own-1 "$(openssl x509 -in "$WORK/own-1/cert.pem" -noout -subject -nameopt multiline | sed -n 's/ *commonName *= //p')"

# --- Bouncy Castle calls it pending
JARS=/usr/share/java/bcpkix.jar:/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar
mkdir "$WORK/java" "$WORK/bc"
works "Bouncy Castle's client is compiled" javac -cp "$JARS" -d "$WORK/java" "$TREE/tests/clients/BcEst.java"
bc() {
	timeout 60 java -cp "$WORK/java:$JARS" -Dsubject=CN=bc BcEst "localhost:$SECURE" acme:walkup "$ROOT" enroll "$WORK/bc" 2>&1
}
is "Bouncy Castle is told to wait" "pending 5" "$(bc)"
works "it is approved" q request approve --tenant acme "$(sha256sum "$WORK/bc/key.der.pub" | cut -c1-16)"
is "and then it has its certificate" "ok certificates=1" "$(bc)"

# --- suspended in between
device scan-9
ask scan-9
q tenant suspend acme >/dev/null
ask scan-9
is "a suspended tenant lets nobody wait" 403 "$STATUS"
q tenant resume acme >/dev/null
ask scan-9
is "and goes on with who did" 202 "$STATUS"

# --- a signer that is killed, and a restart
# Whoever meets a service whose signer is just being started again is told to come back, and does.
asked_again() {
	ask scan-9
	[ "$STATUS" != 503 ]
}
kill -9 "$(child_pids signer)"
within 20 asked_again
is "the request is on disk" 202 "$STATUS"
is "asked once" 1 "$(entries acme | grep -c '"name":"scanner/scan-9".*enrolment.asked\|enrolment.asked.*"name":"scanner/scan-9"')"
works "and can be approved" q request approve --tenant acme "$(id scan-9)"
service_stop
service_start || stop_here "serve"
ask scan-9
is "over a restart too" 200 "$STATUS"

# --- how many may wait from one address
n=0
while :; do
	n=$((n + 1))
	device "many-$n"
	ask "many-$n"
	if [ "$STATUS" != 202 ] || [ $n -eq 20 ]; then break; fi
done
is "an address may have so many that wait" 503 "$STATUS"
is "and be asked later" 300 "$(header Retry-After)"
like "it is told why" 'from this address' "$(cat "$BODY")"
is "sixteen of one address" 16 "$(q request list --tenant acme --state waiting --json | jq '[.items[] | select(.way == "request")] | length')"
works "one is refused" q request refuse --tenant acme "$(id many-1)" --reason "no room"
ask "many-$n"
is "and makes room" 202 "$STATUS"
works "the log verifies" bash -c "'$QUATRAIN_BIN' log export --tenant acme --out '$WORK/export' --config '$CONF' && '$QUATRAIN_BIN' log verify '$WORK/export' --root '$ROOT'"
works "a backup holds the requests" q backup "$WORK/backup"
works "and verifies" "$QUATRAIN_BIN" backup verify "$WORK/backup" --root "$ROOT"
finish
