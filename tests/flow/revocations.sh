#!/usr/bin/env bash
# tests/flow/revocations.sh - a relying party follows the feed: what it holds is what OCSP answers, through deaths of edge and signer.
. "$(dirname "$0")/lib.sh"

service_fresh acme beta
DEVICES=6
for ((n = 1; n <= DEVICES; n++)); do enrol acme "hp-$n" "$WORK/d$n" || stop_here "enrol hp-$n"; done
chain_of acme "$WORK/ca"
FILE=$WORK/set

# act VERB N: revoke, hold or release the N-th device
act() { api POST "/v1/tenants/acme/certificates/$(serial "$WORK/d$2/leaf.pem")/$1" '{}'; }

# held N: the word of the follower's file, of the N-th device
held() {
	q revocations show "$FILE" --serial "$(serial "$WORK/d$1/leaf.pem")" --json | jq -r .state
}

# agree WHAT: of each device file and OCSP say the same (a hold is a revocation to OCSP)
agree() {
	local n file="" ocsp=""
	q revocations follow --tenant acme --root "$ROOT" --out "$FILE" --once >/dev/null || fail "$1" "a follower" "a refusal"
	for ((n = 1; n <= DEVICES; n++)); do
		file+="$(held "$n" | sed 's/held/revoked/') "
		ocsp+="$(ocsp_word "$WORK/d$n/leaf.pem") "
	done
	is "$1: $file" "$ocsp" "$file"
}

# --- what OCSP says ----------------------------------------------------------------------------

agree "nothing is revoked"
act revoke 1
act hold 2
agree "one revoked, one held"
act release 2
act hold 3
api POST /v1/tenants/acme/suspend '{}'
agree "the tenant is suspended"
is "and its file says held" held "$(held 4)"
api POST /v1/tenants/acme/resume '{}'
agree "it goes on, and what was held by itself stays so"
api POST /v1/regions/eu/suspend '{}'
agree "the region is suspended"
api POST /v1/regions/eu/resume '{}'
agree "the region goes on"
api POST /v1/tenants/acme/revocations \
    "{\"serials\":[\"$(serial "$WORK/d3/leaf.pem")\",\"$(serial "$WORK/d4/leaf.pem")\"],\"reason\":\"superseded\"}"
is "two end in one act" 200 "$STATUS"
agree "two ended in one act"
exits "a revoked one is not let in" 1 q revocations show "$FILE" --serial "$(serial "$WORK/d4/leaf.pem")"
exits "a good one is" 0 q revocations show "$FILE" --serial "$(serial "$WORK/d5/leaf.pem")"

# --- who, and what is refused ------------------------------------------------------------------

http --cacert "$ROOT" "$URL/v1/tenants/acme/revocations"
is "nobody without a certificate" 401 "$STATUS"
http --cacert "$ROOT" --cert "$WORK/d5/leaf.pem" --key "$WORK/d5/key.pem" "$URL/v1/tenants/acme/revocations"
is "no printer" 403 "$STATUS"
TOKEN=$(q token create --tenant acme --device gw-1 --profile gateway --json | jq -r .token)
works "a gateway enrols" q enroll --url "$URL" --token "$TOKEN" --out "$WORK/gw"
GATEWAY=(--url "$URL" --cert "$WORK/gw/cert.pem" --key "$WORK/gw/key.pem" --root "$WORK/gw/root.pem")
works "and follows its tenant's feed" q revocations follow --tenant acme "${GATEWAY[@]}" --out "$WORK/set.gw" --once
is "with the same set" "$(grep -c ' revoked ' "$FILE")" "$(grep -c ' revoked ' "$WORK/set.gw")"
refuses "but no other's" q revocations follow --tenant beta "${GATEWAY[@]}" --out "$WORK/set.beta" --once
like "the policy says so" 'default-deny|no rule' "$OUT"
p256 "$WORK/other.key"
openssl req -x509 -new -key "$WORK/other.key" -subj "/CN=other" -days 9 -out "$WORK/other.pem"
refuses "a root that is another proves nothing" q revocations follow --tenant acme --root "$WORK/other.pem" --out "$WORK/set.x" --once
is "and nothing is written" no "$([ -e "$WORK/set.x" ] && echo yes || echo no)"

# A file that was changed, or is of another past: found, and read anew.
sed -i 's/^size .*/size 1/' "$FILE"
agree "a file of another past is read anew"
echo nonsense >"$FILE"
refuses "a file that is none is not shown" q revocations show "$FILE"
agree "and replaced"
sed -i 's/^until .*/until 2026-01-01T00:00:00Z/; s/^at .*/at 2026-01-01T00:00:00Z/' "$FILE"
exits "a stale one lets nobody in" 1 q revocations show "$FILE" --serial "$(serial "$WORK/d5/leaf.pem")"
like "and says so" STALE "$OUT"

# --- a follower that stays, and deaths meanwhile -------------------------------------------------

timeout 120 "$QUATRAIN_BIN" revocations follow --tenant acme "${GATEWAY[@]}" --out "$WORK/set.gw" --every 1s \
    >"$WORK/follow.out" 2>"$WORK/follow.err" &
FOLLOWER=$!
for role in edge signer edge; do
	act hold 5
	kill -9 "$(child_pids "$role" | head -n 1)" 2>/dev/null
	sleep 0.3
	act release 5
done
last_act() { act revoke 6 && [ "$STATUS" = 200 ]; }
within 30 last_act
has_last() { grep -q "^$(serial "$WORK/d6/leaf.pem") .* revoked " "$WORK/set.gw"; }
within 30 has_last
is "it has what was revoked last" yes "$(has_last && echo yes)"
kill -INT "$FOLLOWER"
wait "$FOLLOWER" 2>/dev/null
is "Ctrl-C ends it well" 0 $?
agree "after the deaths"
finish
