#!/usr/bin/env bash
# tests/flow/activity.sh - the second log: who connected, who was refused, who was cut; proven as the first is, and lost by nothing that dies.
. "$(dirname "$0")/lib.sh"

eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	printf 'log:\n  checkpoint: 1\nlimits:\n  exempt: [127.0.0.0/8]\n' >>"$CONF"
}
service_fresh acme beta
for device in hp-1 hp-2 hp-3; do enrol acme "$device" "$WORK/$device" || stop_here "enrol $device"; done

# from ADDRESS DEVICE PATH: one connection of its own
from() {
	http --interface "$1" --cacert "$ROOT" --cert "$WORK/$2/leaf.pem" --key "$WORK/$2/key.pem" "$URL${3:-/healthz}"
}
# seen FILTER...: what activity list says, as JSON
seen() {
	q activity list --tenant acme "$@" --json
}
# count FILTER...: how many entries
count() {
	seen "$@" | jq '.items | length'
}
# have N FILTER...: are there so many?
have() {
	local n=$1
	shift
	[ "$(count "$@")" -ge "$n" ]
}

# --- before anything was seen --------------------------------------------------------------------

enrolled=$(count)
api GET /v1/tenants/beta/activity
is "of beta nothing was seen" '200 {"items":[]}' "$STATUS $(cat "$BODY")"
is "and nothing was made for it" no "$([ -e "$DATA/tenants/beta/activity" ] && echo yes || echo no)"
api GET /v1/tenants/beta/activity/log/checkpoint
is "it has no checkpoint" 404 "$STATUS"

# --- let in, refused, cut ------------------------------------------------------------------------

from 127.0.0.1 hp-1
is "a printer connects" 200 "$STATUS"
within 10 have $((enrolled + 1)) || stop_here "an entry"
ENTRY=$(seen --device hp-1 | jq -c '.items[0]')
is "its entry" "connect permit built-in" "$(jq -r '"\(.act) \(.decision) \(.policy)"' <<<"$ENTRY")"
is "says who" spiffe://acme.eu.example.org/printer/hp-1 "$(jq -r .subject <<<"$ENTRY")"
is "and what it was decided from" "connect $(serial "$WORK/hp-1/leaf.pem")" "$(jq -r '"\(.request.action) \(.request.cert.serial)"' <<<"$ENTRY")"
is "in the second log alone" 0 "$(entries acme | grep -c '"act":"connect"')"

timeout 60 openssl s_client -connect "127.0.0.1:$SECURE" -servername localhost -CAfile "$ROOT" \
    -cert "$WORK/hp-2/leaf.pem" -key "$WORK/hp-2/key.pem" < <(printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'; exec sleep 60) >"$WORK/held.out" 2>&1 &
HELD=$!
within 20 grep -q '^ok' "$WORK/held.out" || stop_here "a connection that stays"
api POST "/v1/tenants/acme/certificates/$(serial "$WORK/hp-2/leaf.pem")/revoke" '{"reason":"keyCompromise"}'
is "it is revoked" 200 "$STATUS"
within 10 have 1 --act session.cut || stop_here "a cut"
CUT=$(seen --act session.cut | jq -c '.items[0]')
is "the cut is an entry" "deny number" "$(jq -r '"\(.decision) \(.took_us | type)"' <<<"$CUT")"
like "that says why" revoked "$(jq -r .why <<<"$CUT")"
is "and took less than 50 ms" yes "$([ "$(jq -r .took_us <<<"$CUT")" -lt 50000 ] && echo yes)"
kill "$HELD" 2>/dev/null
from 127.0.0.1 hp-2
is "it is refused from then on" 403 "$STATUS"
within 10 have 1 --act connect --decision deny --device hp-2
is "which is an entry too" "connect deny" "$(seen --device hp-2 --decision deny --act connect | jq -r '.items[0] | "\(.act) \(.decision)"')"

# --- searched -------------------------------------------------------------------------------------

is "by what was decided" deny "$(seen --decision deny | jq -r '[.items[].decision] | unique | join(" ")')"
is "by kind and name" hp-1 "$(seen --device printer/hp-1 | jq -r '.items[].request.subject.name' | sort -u)"
is "since a day that is to come" 0 "$(count --since 2999-01-01)"
is "until one that is over" 0 "$(count --until 2001-01-01)"
is "of today" "$(count)" "$(count --since "$(date -u +%Y-%m-%d)" --until "$(date -u +%Y-%m-%d)")"
api GET '/v1/tenants/acme/activity?limit=1'
is "in pages" "1 string" "$(jq -r '"\(.items | length) \(.next | type)"' "$BODY")"
api GET "/v1/tenants/acme/activity?limit=1&after=$(jq -r .next "$BODY")"
is "one after the other" 200 "$STATUS"
for wrong in decision=perhaps since=yesterday after=nothing nosuch=1 limit=0; do
	api GET "/v1/tenants/acme/activity?$wrong"
	is "not by $wrong" 400 "$STATUS"
done
http --cacert "$ROOT" --cert "$WORK/hp-1/leaf.pem" --key "$WORK/hp-1/key.pem" "$URL/v1/tenants/acme/activity"
is "a printer may not read it" 403 "$STATUS"
api GET '/v1/tenants/acme/log?act=certificate.revoked'
is "the first log is searched the same way" "200 1" "$STATUS $(jq '.items | length' "$BODY")"

# --- proven ---------------------------------------------------------------------------------------

works "an export" q activity export --tenant acme --out "$WORK/export"
works "is verified with the root alone" q log verify "$WORK/export" --root "$ROOT"
like "as the second log" 'acme\.eu\.example\.org/activity' "$OUT"
refuses "it is not taken for the first" q replay "$WORK/export" --index 999999
sed -i '2s/permit/allows/' "$WORK/export/entries.jsonl"
refuses "one that was touched" q log verify "$WORK/export" --root "$ROOT"
checked() { q log prove --tenant acme --activity --index 0 --out "$WORK/proof" >/dev/null 2>&1; }
within 20 checked || stop_here "a checkpoint"
works "the keys" q log keys --tenant acme --activity --out "$WORK/keys"
works "an entry is proven" q log verify "$WORK/proof" --root "$ROOT" --key "$WORK/keys"
for path in "entries?count=5" "certificates?count=5" "range?from=0&to=1&size=1" checkpoint tile/0/000.p/1 tile/entries/000.p/1 keys "proof?index=0" "consistency?old=1"; do
	api GET "/v1/tenants/acme/activity/log/$path"
	is "activity/log/$path" 200 "$STATUS"
done
is "the region cosigned it" 2 "$(api GET /v1/tenants/acme/activity/log/checkpoint; grep -c '^— ' "$BODY")"
api POST /v1/tenants/acme/activity/log/exports '{}'
is "an export over the API" "201 acme.eu.example.org/activity" "$STATUS $(jq -r .origin "$BODY")"
api POST /v1/tenants/acme/activity/log/redactions '{"index":0,"reason":"erasure was asked for","order":"GDPR article 17"}'
is "a redaction" "201 redacted" "$STATUS $(jq -r .state "$BODY")"
api GET '/v1/tenants/acme/activity/log/entries?from=0&count=1'
is "leaves a hash" "leaf n redacted" "$(jq -r 'keys | join(" ")' "$BODY")"
rm -rf "$WORK/export"
works "and the log proves all else" q activity export --tenant acme --out "$WORK/export"
works "as before" q log verify "$WORK/export" --root "$ROOT"

# --- unlike itself ----------------------------------------------------------------------------------

cat >"$WORK/acme.yaml" <<'YAML'
apiVersion: quatrain.policy/v1
kind: PolicySet
metadata:
  name: acme-own
  scope: "spiffe://acme.eu.example.org/**"
  owner: it@example.org
  revision: 1
mode: enforce
schema: quatrain.attributes/v1
rules:
  - id: printers
    effect: permit
    subjects: {roles: [printer]}
    actions: [connect, est.enroll, est.reenroll]
  - id: unlike-itself
    effect: forbid
    actions: [connect]
    when: {anomaly.score: {gte: 50}}
    reason: it behaves unlike itself
YAML
works "a rule that looks at the score" q policy put "$WORK/acme.yaml" --tenant acme
sleep 1 # till then an edge looks at open connections again, and may end the third before it is answered
from 127.0.1.1 hp-3
is "a printer from one network" 200 "$STATUS"
from 127.0.2.1 hp-3
is "that moves to another" 200 "$STATUS"
from 127.0.1.1 hp-3
is "and is in both at once" 403 "$STATUS"
ID=$(jq -r .decision_id "$BODY")
like "is refused by a decision" '^[0-9a-f]{32}$' "$ID"
within 10 have 1 --device hp-3 --decision deny || stop_here "its entry"
UNLIKE=$(seen --device hp-3 --decision deny | jq -c '.items[0]')
is "whose entry has the reason" "networks 60" "$(jq -r '.anomaly.reasons[] | select(.points > 0) | "\(.word) \(.points)"' <<<"$UNLIKE")"
is "and the score that the rule saw" 60 "$(jq -r .request.anomaly.score <<<"$UNLIKE")"
works "the decision is shown" q decision show "$ID" --tenant acme
like "with its rule" 'unlike-itself' "$OUT"
like "and the reason in words" 'networks 60: another one [0-9]+ s before' "$OUT"
refuses "one that there is none of" q decision show 00000000000000000000000000000000 --tenant acme
from 127.0.1.1 hp-1
is "another printer goes on" 200 "$STATUS"

# --- what dies loses nothing that was told -----------------------------------------------------------

sleep 1 # what was told is written
before=$(count --device hp-1)
kill -KILL "$(child_pids signer)"
for i in 1 2 3 4 5; do
	from 127.0.1.1 hp-1
	is "without a signer it is let in" 200 "$STATUS"
done
within 20 have $((before + 5)) --device hp-1
is "and told when there is one: each once" $((before + 5)) "$(count --device hp-1)"
service_stop
works "the ledgers are whole" q ledger check
like "the second one too" 'acme/activity: [0-9]+ entries.*whole' "$OUT"
service_start || stop_here "start"
from 127.0.2.1 hp-3
is "what a printer did before a restart is remembered after it" 403 "$STATUS"
works "a backup" q backup "$WORK/backup"
works "holds it" q backup verify "$WORK/backup" --root "$ROOT"

sed "s#^data: .*#data: $WORK/second#" "$CONF" >"$WORK/second.yaml"
cp "$ROOT" "$WORK/root.pem"
works "which is restored" timeout 60 "$QUATRAIN_BIN" restore "$WORK/backup" --root "$WORK/root.pem" --config "$WORK/second.yaml"
works "and checked" timeout 60 "$QUATRAIN_BIN" ledger check --config "$WORK/second.yaml"
like "the second log is there, with an epoch of its own" 'acme/activity: [0-9]+ entries.*whole' "$OUT"

# --- an older copy --------------------------------------------------------------------------------

sleep 2 # marks are written once a second
service_stop
rm -r "$DATA/tenants/acme/activity"
exits "a second log that is gone keeps the service from a start" 1 timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
like "and says so" 'acme/activity.*missing|missing.*acme/activity' "$OUT"
works "it is led on" q ledger merge --yes
service_start || stop_here "start, led on"
from 127.0.1.1 hp-1
within 10 have 1 --device hp-1
is "and goes on, with the gap told" ledger.merged "$(seen --act ledger.merged | jq -r '.items[0].act')"

# --- a flood -----------------------------------------------------------------------------------------

enrol acme hp-4 "$WORK/hp-4" || stop_here "enrol hp-4"
BEGAN=$(date -u +%Y-%m-%dT%H:%M:%SZ)
for ((i = 0; i < 420; i++)); do
	printf 'url = "%s/healthz"\ncert = "%s"\nkey = "%s"\ncacert = "%s"\noutput = "/dev/null"\nheader = "Connection: close"\nsilent\nwrite-out = "%%{http_code}\\n"\n' "$URL" "$WORK/hp-2/leaf.pem" "$WORK/hp-2/key.pem" "$ROOT"
	[ "$i" -eq 419 ] || echo next
done >"$WORK/flood"
# A connection that broke before it was refused is nobody's fact.
refused=$(curl -K "$WORK/flood" 2>/dev/null | grep -c 403)
is "of the flood nearly all came to be refused" yes "$([ "$refused" -ge 400 ] && echo yes || echo "$refused")"
within 30 have 1 --act activity.lost || stop_here "what was lost is an entry"
told() {
	kept=$(count --device hp-2 --decision deny --since "$BEGAN")
	lost=$(seen --act activity.lost --since "$BEGAN" | jq '[.items[].count] | add')
	[ $((kept + lost)) -ge "$refused" ]
}
within 30 told
is "of a flood so much is kept as one may fill" yes "$([ "$kept" -ge 300 ] && [ "$kept" -le 330 ] && echo yes || echo "$kept")"
is "and the rest is counted" yes "$([ $((kept + lost)) -ge "$refused" ] && echo yes || echo "$kept $lost of $refused")"

# --- a printer that asks for an officer's act ---------------------------------------------------------

from 127.0.3.1 hp-4
is "a printer is let in" 200 "$STATUS"
from 127.0.3.1 hp-4 /v1/tenants
is "and may not list tenants" 403 "$STATUS"
from 127.0.3.1 hp-4
within 10 have 2 --device hp-4 --act connect
like "which is remembered of it" foreign "$(seen --device hp-4 | jq -r '.items[0].anomaly.reasons[].word')"
finish
