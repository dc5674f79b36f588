#!/usr/bin/env bash
# tests/flow/levels.sh - tenants and regions stop and go on, a CA ends: what OCSP, TLS, EST and the log say of it.
. "$(dirname "$0")/lib.sh"

service_fresh acme other
for device in a b held gone; do
	enrol acme "$device" "$WORK/$device" || stop_here "enrol $device"
done
enrol other x "$WORK/x" || stop_here "enrol x"
chain_of acme "$WORK/acme"
chain_of other "$WORK/other"
CA=$(serial "$WORK/acme1.pem")

cat "$WORK"/acme?.pem "$WORK"/other?.pem >"$WORK/all.pem"

# ocsp ISSUER CERTIFICATE: "good", "revoked certificateHold", ...; openssl checks signature and path
ocsp() {
	timeout 30 openssl ocsp -issuer "$1" -cert "$2" -url "$OPEN/ocsp" -CAfile "$ROOT" -verify_other "$WORK/all.pem" \
	    >"$WORK/ocsp.out" 2>&1
	grep -q '^Response verify OK' "$WORK/ocsp.out" || echo "not verified"
	sed -n 's/^[^ ]*: \(good\|revoked\|unknown\)$/\1/p; s/^[[:space:]]*Reason: //p' "$WORK/ocsp.out" | tr '\n' ' ' | sed 's/ $//'
}

# gnutls ISSUER CERTIFICATE: what ocsptool makes of it
gnutls() {
	ocsptool --ask="$OPEN/ocsp" --load-issuer "$1" --load-cert "$2" --no-nonce 2>/dev/null |
	    sed -n 's/.*Certificate Status: //p; s/.*Revocation reason: //p' | tr '\n' ' ' | sed 's/ $//'
}

# hold DEVICE: a connection that is served once and then waits; its process in HELD
hold() {
	rm -f "$WORK/$1.fifo"
	mkfifo "$WORK/$1.fifo"
	timeout 120 openssl s_client -connect "127.0.0.1:$SECURE" -servername localhost -CAfile "$ROOT" \
	    -cert "$WORK/$1/leaf.pem" -key "$WORK/$1/key.pem" <"$WORK/$1.fifo" >"$WORK/$1.out" 2>&1 &
	HELD=$!
	exec {PIPE}>"$WORK/$1.fifo" # held open: s_client ends when its input does
	printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$PIPE"
	for ((i = 0; i < 400; i++)); do
		grep -q '^ok' "$WORK/$1.out" && return 0
		sleep 0.05
	done
	return 1
}

# ends PID: yes within five seconds, else no
ends() {
	for ((i = 0; i < 100; i++)); do
		alive "$1" || { echo yes; return; }
		sleep 0.05
	done
	echo no
}

member() {
	jq -r "$1" "$BODY"
}

# dry PATH CONNECTIONS: a dry run, once the edges have said that there are so many
dry() {
	for ((i = 0; i < 100; i++)); do
		api POST "$1" '{"dry_run":true}'
		[ "$(member .connections)" != "$2" ] || return 0
		sleep 0.05
	done
}

# renew DEVICE: with its own certificate and key
renew() {
	openssl req -new -key "$WORK/$1/key.pem" -subj "$(openssl x509 -in "$WORK/$1/leaf.pem" -noout -subject -nameopt compat |
	    sed 's/^subject=//')" -outform DER | openssl base64 -A >"$WORK/$1/again.b64"
	est_post "$2/simplereenroll" "$WORK/$1/again.b64" --cert "$WORK/$1/leaf.pem" --key "$WORK/$1/key.pem"
}

standings() {
	api GET /v1/tenants/acme/certificates
	jq -cS '.items' "$BODY"
}

# --- one certificate ---------------------------------------------------------------------------

S=$(serial "$WORK/held/leaf.pem")
works "hold one, dry" q cert hold --tenant acme "$S" --dry-run
is "and nothing came of it" good "$(ocsp "$WORK/acme1.pem" "$WORK/held/leaf.pem")"
works "hold one" q cert hold --tenant acme "$S" --reason 'lost, perhaps'
is "openssl: held" "revoked certificateHold" "$(ocsp "$WORK/acme1.pem" "$WORK/held/leaf.pem")"
refuses "held again" q cert hold --tenant acme "$S"
works "its CRL names the hold" within 30 crl_has "$WORK/acme1.pem" 'Certificate Hold'
works "release it" q cert release --tenant acme "$S"
is "good again" good "$(ocsp "$WORK/acme1.pem" "$WORK/held/leaf.pem")"
works "the CRL has lost it" within 30 crl_lacks "$WORK/acme1.pem" 'Certificate Hold'
refuses "released again" q cert release --tenant acme "$S"
works "hold it again" q cert hold --tenant acme "$S"
works "revoke another" q cert revoke --tenant acme "$(serial "$WORK/gone/leaf.pem")" --reason superseded
api POST "/v1/tenants/platform/certificates/$CA/hold" '{}'
is "a CA is not held by its serial" 403 "$STATUS"

# --- a tenant ----------------------------------------------------------------------------------

hold a || stop_here "a connection of acme"
A=$HELD
hold x || stop_here "a connection of other"
X=$HELD
BEFORE=$(standings)

dry /v1/tenants/acme/suspend 1
is "a dry run" "200 good true" "$STATUS $(member .status) $(member .dry_run)"
is "counts what is good: a, b" 2 "$(member .certificates)"
is "and who is connected" 1 "$(member .connections)"
is "and one tenant" 1 "$(member .tenants)"
is "none is due to renew" "0 30" "$(member .renewals_due) $(member .renewals_within_days)"
is "and does nothing" good "$(ocsp "$WORK/acme2.pem" "$WORK/acme1.pem")"
works "in words" q tenant suspend acme --dry-run
like "says that nothing was done" '^Nothing was done' "$OUT"
like "and the numbers" '^live connections +1$' "$OUT"

FROM=${EPOCHREALTIME/./}
works "suspend" q tenant suspend acme --reason $'under "suspicion"'
is "its connection has ended" yes "$(ends "$A")"
[ -n "$SANITIZED" ] || is "within the command's time and a second" yes "$([ $(((${EPOCHREALTIME/./} - FROM) / 1000)) -lt 3000 ] && echo yes || echo no)"
is "another tenant's stays" yes "$(alive "$X" && echo yes || echo no)"
is "openssl: the leaf" "revoked certificateHold" "$(ocsp "$WORK/acme1.pem" "$WORK/a/leaf.pem")"
is "openssl: the CA" "revoked certificateHold" "$(ocsp "$WORK/acme2.pem" "$WORK/acme1.pem")"
is "openssl: the held" "revoked certificateHold" "$(ocsp "$WORK/acme1.pem" "$WORK/held/leaf.pem")"
is "openssl: the revoked stays what it was" "revoked superseded" "$(ocsp "$WORK/acme1.pem" "$WORK/gone/leaf.pem")"
is "openssl: another tenant's" good "$(ocsp "$WORK/other1.pem" "$WORK/x/leaf.pem")"
if command -v ocsptool >/dev/null; then
	like "ocsptool: the leaf" '^revoked' "$(gnutls "$WORK/acme1.pem" "$WORK/b/leaf.pem")"
	like "ocsptool: the CA" '^revoked' "$(gnutls "$WORK/acme2.pem" "$WORK/acme1.pem")"
fi
works "cert show" q cert show --tenant acme "$(serial "$WORK/a/leaf.pem")"
like "tells what it is beneath its CAs" '^beneath its CAs +held$' "$OUT"
is "nothing beneath is rewritten" "$BEFORE" "$(standings)"
T=$(token acme c)
p256 "$WORK/c.key"
csr "$WORK/c.key" /CN=c >"$WORK/c.b64"
est_post acme/simpleenroll "$WORK/c.b64" -u "c:$T"
is "enrolment is refused" 403 "$STATUS"
renew b acme
is "renewal is refused" 403 "$STATUS"
api POST /v1/tenants/acme/suspend '{}'
is "suspended again" 409 "$STATUS"
api POST /v1/tenants/acme/suspend '{"dry_run":true}'
is "dry too" 409 "$STATUS"
api POST /v1/tenants/platform/suspend '{}'
is "the platform never" 403 "$STATUS"
api POST /v1/tenants/nobody/suspend '{}'
is "nobody" 404 "$STATUS"
api POST /v1/tenants/other/suspend '{"dry-run":true}'
is "a misspelt option" 400 "$STATUS"
api POST /v1/tenants/other/suspend "{\"reason\":\"$(printf 'x%.0s' {1..600})\"}"
is "a long reason" 400 "$STATUS"
is "the platform's log says who" local "$(entries platform | grep '"tenant.suspended"' | jq -r .by)"
is "and why, as data on one line" 'under "suspicion"' "$(entries platform | grep '"tenant.suspended"' | jq -r .reason)"
is "and the tenant's, with the platform's place" "$(entries platform | grep '"tenant.suspended"' | jq .n)" \
    "$(entries acme | grep '"tenant.suspended"' | jq .platform_index)"
for p in $(child_pids signer); do kill -9 "$p"; done
for ((i = 0; i < 200; i++)); do # until it is there again
	[ "$(ocsp "$WORK/acme1.pem" "$WORK/a/leaf.pem")" = "not verified" ] || break
	sleep 0.05
done
is "a signer that was killed forgets nothing" "revoked certificateHold" "$(ocsp "$WORK/acme1.pem" "$WORK/a/leaf.pem")"
dry /v1/tenants/other/suspend 1
is "and is told anew who is connected" 1 "$(member .connections)"
works "resume" q tenant resume acme --reason "looked into"
is "the standings are what they were" "$BEFORE" "$(standings)"
is "openssl: the leaf is good" good "$(ocsp "$WORK/acme1.pem" "$WORK/a/leaf.pem")"
is "openssl: the CA" good "$(ocsp "$WORK/acme2.pem" "$WORK/acme1.pem")"
is "openssl: the held stays held" "revoked certificateHold" "$(ocsp "$WORK/acme1.pem" "$WORK/held/leaf.pem")"
is "openssl: the revoked stays revoked" "revoked superseded" "$(ocsp "$WORK/acme1.pem" "$WORK/gone/leaf.pem")"
est_post acme/simpleenroll "$WORK/c.b64" -u "c:$T"
is "the same token enrols now" 200 "$STATUS"
renew b acme
is "and renewal works" 200 "$STATUS"
api POST /v1/tenants/acme/resume '{}'
is "resumed again" 409 "$STATUS"

# --- the region --------------------------------------------------------------------------------

works "an officer" q operator add olga --role officer --out "$WORK/olga"
as_olga() {
	http --cacert "$ROOT" --cert "$WORK/olga/cert.pem" --key "$WORK/olga/key.pem" "$@"
}
as_olga "$URL/v1/tenants"
is "reads by certificate" 200 "$STATUS"
dry /v1/regions/eu/suspend 1
is "the region: tenants with the platform" "200 3 true" "$STATUS $(member .tenants) $(member .platform)"
is "certificates: a, b, b's second, c, x, olga and the service's own" 7 "$(member .certificates)"
is "connections: x's" 1 "$(member .connections)"
is "all was counted" true "$(member .complete)"
works "suspend the region" q region suspend eu --json
is "its connection has ended" yes "$(ends "$X")"
is "openssl: a leaf far beneath" "revoked certificateHold" "$(ocsp "$WORK/other1.pem" "$WORK/x/leaf.pem")"
is "openssl: a tenant's CA" "revoked certificateHold" "$(ocsp "$WORK/other2.pem" "$WORK/other1.pem")"
is "openssl: the region's" "revoked certificateHold" "$(ocsp "$WORK/other3.pem" "$WORK/other2.pem")"
as_olga "$URL/v1/tenants"
is "operators are locked out" 403 "$STATUS"
as_olga -X POST -H 'Content-Type: application/json' --data '{}' "$URL/v1/regions/eu/resume"
is "and cannot resume" 403 "$STATUS"
http "$OPEN/readyz"
is "readyz says so, and OCSP stays in reach" "200 region: it is suspended, or its CA has ended" "$STATUS $(member '.reasons[0]')"
is "tenant list says so of all" "suspended suspended suspended" "$(q tenant list --json | jq -r '[.items[].status] | join(" ")')"
is "region show too" suspended "$(q region show eu --json | jq -r .status)"
http "$OPEN/crl/$(openssl x509 -in "$WORK/other2.pem" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :' | tr 'A-F' 'a-f').crl"
is "CRLs go on" 200 "$STATUS"
works "the local socket resumes" q region resume eu
is "openssl: good again" good "$(ocsp "$WORK/other1.pem" "$WORK/x/leaf.pem")"
as_olga "$URL/v1/tenants"
is "operators are in again" 200 "$STATUS"

# --- the end of a CA ---------------------------------------------------------------------------

ROOTS=$(serial "$ROOT")
api POST "/v1/tenants/platform/certificates/$ROOTS/revoke" '{"confirm":"root"}'
is "the root never" 403 "$STATUS"
api POST "/v1/tenants/platform/certificates/$CA/revoke" '{"reason":"keyCompromise"}'
is "unconfirmed" "409 acme 4" "$STATUS $(member .confirm) $(member .certificates)"
like "in words too" '4 good certificates' "$(member .detail)"
api POST "/v1/tenants/platform/certificates/$CA/revoke" '{"confirm":"other"}'
is "confirmed for another" 409 "$STATUS"
refuses "the command asks" q cert revoke --tenant platform "$CA" --reason keyCompromise
like "and says how to mean it" "cert revoke --tenant platform $CA --reason keyCompromise --confirm acme" "$OUT"
like "and what goes" '^good certificates +4$' "$OUT"
is "still good" good "$(ocsp "$WORK/acme1.pem" "$WORK/a/leaf.pem")"
works "meant" q cert revoke --tenant platform "$CA" --reason keyCompromise --confirm acme
is "openssl: the CA" "revoked keyCompromise" "$(ocsp "$WORK/acme2.pem" "$WORK/acme1.pem")"
is "openssl: the leaf, by its CA" "revoked cACompromise" "$(ocsp "$WORK/acme1.pem" "$WORK/a/leaf.pem")"
is "openssl: its own end stays" "revoked superseded" "$(ocsp "$WORK/acme1.pem" "$WORK/gone/leaf.pem")"
api POST /v1/tenants/acme/resume '{}'
is "there is no way back" 409 "$STATUS"
like "the tenant's log knows" '"act":"ca.revoked"' "$(entries acme)"
service_stop
service_start || stop_here "a second start"
is "after a start too" "revoked cACompromise" "$(ocsp "$WORK/acme1.pem" "$WORK/a/leaf.pem")"

# --- the end of a key --------------------------------------------------------------------------

renew x other
is "renewed with the same key" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/x/again.pem"
is "openssl: the renewed" good "$(ocsp "$WORK/other1.pem" "$WORK/x/again.pem")"
works "the key of the first is in a thief's hands" q cert revoke --tenant other "$(serial "$WORK/x/leaf.pem")" --reason keyCompromise
like "the renewed ends with it" "$(serial "$WORK/x/again.pem")" "$OUT"
is "openssl: the renewed, by its key" "revoked keyCompromise" "$(ocsp "$WORK/other1.pem" "$WORK/x/again.pem")"
works "every row is right" q chain audit --tenant other
finish
