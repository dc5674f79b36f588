#!/usr/bin/env bash
# tests/flow/map_full.sh - a tenant's ledger at store_max: issuing stops at 80 % of it, revoking goes on, and a larger store_max brings issuing back.
. "$(dirname "$0")/lib.sh"

PERCENT80=$(((64 << 20) * 80 / 100))
service_fresh acme
chain_of acme "$WORK/ca"
enrol acme early "$WORK/early" || stop_here "enrol"
secrets acme dev 200 >"$WORK/secrets"
service_stop
works "years pass" "$(dirname "$QUATRAIN_BIN")/fatten" "$DATA/tenants/acme" $((PERCENT80 - (192 << 10)))
echo "store_max: 64" >>"$CONF"
service_start || stop_here "serve with store_max"

http "$OPEN/readyz"
is "/readyz short of it" 200 "$STATUS"
enrol_until_full acme dev "$WORK/secrets"
is "some were enrolled before ($ENROLLED)" yes "$([ "$ENROLLED" -ge 5 ] && echo yes || echo no)"
is "row 29: then issuing stops" 503 "$STATUS"
is "with Retry-After" 2 "$(header Retry-After)"
like "and with words" 'of 64 MiB are used: issuing waits' "$(cat "$BODY")"
within 5 ready stopped
is "/readyz then" 503 "$STATUS"
is "it says: revoking" ok "$(jq -r .revoking "$BODY")"
like "it says why, and names nobody" '^tenants: 1 of 1 have no room to issue' "$(jq -r '.reasons[]' "$BODY")"
is "quatrain_issuing then" 0 "$(gauge quatrain_issuing)"
is "quatrain_tenants_without_room" 1 "$(gauge quatrain_tenants_without_room)"
is "it is at 80 %" yes "$([ "$(gauge 'quatrain_store_used_bytes{tenant="acme"}')" -ge $PERCENT80 ] && echo yes || echo no)"
is "of store_max" $((64 << 20)) "$(gauge 'quatrain_store_room_bytes{tenant="acme"}')"

works "row 29: it revokes" q cert revoke --tenant acme "$(serial "$WORK/early/leaf.pem")" --reason keyCompromise
is "OCSP knows" revoked "$(ocsp_word "$WORK/early/leaf.pem")"
OUT=$(q tenant create other 2>&1) || stop_here "tenant create other"
enrol other free "$WORK/free"
is "another tenant issues" 200 "$STATUS"
within 5 ready ok
is "and so the service is ready" 200 "$STATUS"
like "though one tenant's trouble is told" '^tenants: 1 of 2 have no room' "$(jq -r '.reasons[]' "$BODY")"

service_stop
sed -i 's/^store_max: 64/store_max: 128/' "$CONF"
service_start || stop_here "serve with a larger store_max"
within 5 ready ok
is "with a larger store_max it is ready" '[]' "$(jq -c .reasons "$BODY")"
enrol acme late "$WORK/late"
is "and issues" 200 "$STATUS"
is "OCSP still knows" revoked "$(ocsp_word "$WORK/early/leaf.pem")"
finish
