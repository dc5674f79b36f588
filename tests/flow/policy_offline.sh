#!/usr/bin/env bash
# tests/flow/policy_offline.sh - a branch that decides while the WAN is down: the bundle, what is in it, when it ends, and
# what is refused.
. "$(dirname "$0")/lib.sh"

cat >"$WORK/acme.yaml" <<'Y'
apiVersion: quatrain.policy/v1
kind: PolicySet
metadata:
  name: acme
  scope: spiffe://acme.eu.example.org/**
  owner: it@acme.example
  revision: 1
mode: enforce
schema: quatrain.attributes/v1
defaults:
  offline: {max_age: 12h}
rules:
  - id: enrolment
    effect: permit
    actions: [est.enroll, est.reenroll, connect, feed.read]
  - id: release
    effect: permit
    subjects: {spiffe: "spiffe://acme.eu.example.org/printer/*"}
    actions: [print.release]
    resources: {type: job}
    when: {resource.pages: {lte: 20}}
    obligations:
      - log: {level: full}
Y
cat >"$WORK/release.json" <<'J'
{"action":"print.release","subject":{"id":"spiffe://acme.eu.example.org/printer/ceo","role":"printer"},"resource":{"type":"job","id":"j1","pages":12},"supports":["log"]}
J
sed 's/"pages":12/"pages":21/' "$WORK/release.json" >"$WORK/long.json"

service_fresh acme
for device in hp-1 hp-2; do
	works "$device enrols" q enroll --url "$URL" --out "$WORK/$device" --root "$ROOT" --wait 5s \
	    --token "$(q token create --tenant acme --device "$device" --json | jq -r .token)"
done
works "a gateway enrols" q enroll --url "$URL" --out "$WORK/gw" --root "$ROOT" \
    --token "$(q token create --tenant acme --device gw --profile gateway --json | jq -r .token)"

# bundle [OPTION...]: as the local officer
bundle() { q policy bundle --tenant acme --out "$WORK/bundle" "$@"; }
# decide WHO REQUEST [OPTION...]
decide() {
	local who=$1 request=$2
	shift 2
	"$QUATRAIN_BIN" policy decide --bundle "$WORK/bundle" --root "$ROOT" --cert "$WORK/$who/cert.pem" \
	    --input "$WORK/$request.json" --json "$@"
}

refuses "without a PolicySet there is no bundle" bundle
like "and it says why" 'without a PolicySet' "$OUT"
sed '/^defaults:/,/max_age/d' "$WORK/acme.yaml" >"$WORK/never.yaml"
works "a set that says of no age" q policy put --tenant acme "$WORK/never.yaml"
refuses "is not for offline" bundle
like "and it says what to write" 'max_age' "$OUT"
works "a set of 12 hours" q policy put --tenant acme "$WORK/acme.yaml"
works "the bundle" bundle
like "it ends" 'good until' "$OUT"
is "it begins as bundles do" "quatrain offline bundle 1" "$(head -1 "$WORK/bundle")"
works "a gateway fetches it too" "$QUATRAIN_BIN" policy bundle --tenant acme --out "$WORK/of-gw" --url "$URL" \
    --cert "$WORK/gw/cert.pem" --key "$WORK/gw/key.pem" --root "$ROOT"
refuses "a printer does not" "$QUATRAIN_BIN" policy bundle --tenant acme --out "$WORK/of-hp" --url "$URL" \
    --cert "$WORK/hp-1/cert.pem" --key "$WORK/hp-1/key.pem" --root "$ROOT"
works "another tenant" q tenant create other
refuses "nor a gateway of another tenant's" "$QUATRAIN_BIN" policy bundle --tenant other --out "$WORK/of-other" --url "$URL" \
    --cert "$WORK/gw/cert.pem" --key "$WORK/gw/key.pem" --root "$ROOT"

service_stop # the WAN is down
works "a printer may" decide hp-1 release
is "by its rule" '["permit","release"]' "$(jq -c '[.decision,.rule]' <<<"$OUT")"
is "and whoever the request says he is" spiffe://acme.eu.example.org/printer/hp-1 "$(jq -r .subject <<<"$OUT")"
exits "too many pages" 1 decide hp-1 long
is "no permit" no-permit "$(jq -r .code <<<"$OUT")"
exits "a gateway releases nothing" 1 decide gw release
works "explained" decide hp-1 release --explain
is "every rule" 1 "$(jq '.considered | length' <<<"$OUT")"
exits "the certificate of a CA is nobody's" 1 "$QUATRAIN_BIN" policy decide --bundle "$WORK/bundle" --root "$ROOT" \
    --cert "$ROOT" --input "$WORK/release.json" --json
is "certificate" certificate "$(jq -r .code <<<"$OUT")"

service_start
SERIAL=$(q cert list --tenant acme --device hp-2 --json | jq -r '.items[0].serial')
works "the other printer is revoked" q cert revoke --tenant acme "$SERIAL" --reason keyCompromise
cp "$WORK/bundle" "$WORK/older"
service_stop
works "which the bundle of before does not know" decide hp-2 release
service_start
sleep 1 # a bundle is numbered by the second that it was made in
works "a new bundle" bundle
service_stop
exits "but that of now does" 1 decide hp-2 release
is "revoked" revoked "$(jq -r .code <<<"$OUT")"
works "the first may still" decide hp-1 release
cp "$WORK/bundle" "$WORK/newer"
cp "$WORK/older" "$WORK/bundle"
exits "the older bundle does not come back" 1 decide hp-2 release
like "as it is older" 'older than one' "$OUT"
cp "$WORK/newer" "$WORK/bundle"

# faketime is preloaded, which a sanitizer does not allow; unit_offline has every clock.
if [ -z "$SANITIZED" ]; then
	exits "after 12 hours it is stale" 1 faketime -f '+13h' "$QUATRAIN_BIN" policy decide --bundle "$WORK/bundle" --root "$ROOT" \
	    --cert "$WORK/hp-1/cert.pem" --input "$WORK/release.json" --json --state "$WORK/ahead"
	is "stale" stale "$(jq -r .code <<<"$OUT")"
	exits "a clock that was set back" 1 faketime -f '-2h' "$QUATRAIN_BIN" policy decide --bundle "$WORK/bundle" --root "$ROOT" \
	    --cert "$WORK/hp-1/cert.pem" --input "$WORK/release.json" --json --state "$WORK/back"
	is "clock" clock "$(jq -r .code <<<"$OUT")"
	works "the clock of a decision is remembered" faketime -f '+2h' "$QUATRAIN_BIN" policy decide --bundle "$WORK/bundle" \
	    --root "$ROOT" --cert "$WORK/hp-1/cert.pem" --input "$WORK/release.json" --state "$WORK/seen"
	exits "and none before it is believed" 1 decide hp-1 release --state "$WORK/seen"
	like "as it was set back" 'clock was set back' "$OUT"
fi

# One octet of the policy, of a revocation, of the head.
for what in 'lte: 20' 'changes 1' 'until 2'; do
	at=$(grep -abo "$what" "$WORK/bundle" | tail -1 | cut -d: -f1)
	cp "$WORK/bundle" "$WORK/bad"
	printf '9' | dd of="$WORK/bad" bs=1 seek=$((at + ${#what} - 1)) conv=notrunc status=none
	exits "altered at \"$what\"" 1 "$QUATRAIN_BIN" policy decide --bundle "$WORK/bad" --root "$ROOT" \
	    --cert "$WORK/hp-1/cert.pem" --input "$WORK/release.json"
	unlike "no permit" '=> permit' "$OUT"
done
head -c 3000 "$WORK/bundle" >"$WORK/bad"
exits "cut short" 1 "$QUATRAIN_BIN" policy decide --bundle "$WORK/bad" --root "$ROOT" --cert "$WORK/hp-1/cert.pem" \
    --input "$WORK/release.json"
echo damaged >"$WORK/bundle.held"
exits "a damaged memory permits nothing" 1 decide hp-1 release
finish
