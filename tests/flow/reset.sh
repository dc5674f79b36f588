#!/usr/bin/env bash
# tests/flow/reset.sh - a device that was reset enrols again under its name: what it had ends with the new certificate.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
chain_of acme "$WORK/ca"
enrol acme hp-4711 "$WORK/old" || stop_here "enrol"
enrol acme hp-4712 "$WORK/other" || stop_here "enrol"
enrol globex hp-4711 "$WORK/globex" || stop_here "enrol"
OLD=$WORK/old/leaf.pem

# a renewal leaves the one before it good
csr "$WORK/old/key.pem" "/O=acme/OU=printer/CN=hp-4711" >"$WORK/renew.b64"
est_post acme/simplereenroll "$WORK/renew.b64" --cert "$OLD" --key "$WORK/old/key.pem"
is "renew" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/renewed.pem"
is "the first is good still" good "$(ocsp_word "$OLD")"

# a connection of the old one that is open when it ends
coproc KEPT { timeout 60 openssl s_client -quiet -connect "localhost:$SECURE" -cert "$OLD" -key "$WORK/old/key.pem" \
    -CAfile "$ROOT" 2>/dev/null; }
client=$KEPT_PID
printf 'GET /.well-known/est/acme/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"${KEPT[1]}"
read -r -t 20 line <&"${KEPT[0]}"
like "its connection is served" '^HTTP/1.1 200' "$line"

enrol acme hp-4711 "$WORK/new" || fail "enrol again" 200 "$STATUS $(cat "$BODY")"
NEW=$WORK/new/leaf.pem
for cert in "$OLD" "$WORK/renewed.pem"; do
	is "superseded: $(basename "$cert"), OCSP" revoked "$(ocsp_word "$cert")"
	api GET "/v1/tenants/acme/certificates/$(serial "$cert")"
	is "superseded: $(basename "$cert"), API" "revoked superseded" "$(jq -r '.status + " " + .reason' "$BODY")"
done
is "the new one is good" good "$(ocsp_word "$NEW")"
is "another device is as it was" good "$(ocsp_word "$WORK/other/leaf.pem")"
api GET "/v1/tenants/globex/certificates/$(serial "$WORK/globex/leaf.pem")"
is "another tenant's of that name is as it was" good "$(jq -r .status "$BODY")"

# all of it is one act in the log: issued, then what it ended
entries acme >"$WORK/entries"
is "entries" "certificate.issued certificate.revoked certificate.revoked" \
    "$(tail -n 3 "$WORK/entries" | jq -r .act | paste -sd' ')"
is "each says why" 2 "$(tail -n 2 "$WORK/entries" | jq -r .reason | grep -cx superseded)"
is "by the token" 1 "$(tail -n 2 "$WORK/entries" | jq -r .by | sort -u | grep -c token)"

closed() { ! kill -0 "$client" 2>/dev/null; }
works "the old one's open connection is closed" within 10 closed
est_post acme/simplereenroll "$WORK/renew.b64" --cert "$OLD" --key "$WORK/old/key.pem"
is "the old one renews no more" 403 "$STATUS"
est_post acme/simplereenroll "$WORK/renew.b64" --cert "$WORK/renewed.pem" --key "$WORK/old/key.pem"
is "nor does what it had renewed" 403 "$STATUS"
csr "$WORK/new/key.pem" "/O=acme/OU=printer/CN=hp-4711" >"$WORK/renew.b64"
est_post acme/simplereenroll "$WORK/renew.b64" --cert "$NEW" --key "$WORK/new/key.pem"
is "the new one does" 200 "$STATUS"
is "and is good still" good "$(ocsp_word "$NEW")"

# the same key again: the device kept it
t=$(token acme hp-4712)
est_post acme/simpleenroll "$WORK/other/csr.b64" -u "hp-4712:$t"
is "again with the same key" 200 "$STATUS"
is "the one before it ends all the same" revoked "$(ocsp_word "$WORK/other/leaf.pem")"

works "chain audit" q chain audit --tenant acme
finish
