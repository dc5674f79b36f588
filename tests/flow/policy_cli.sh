#!/usr/bin/env bash
# tests/flow/policy_cli.sh - policies in CI: checked, tested, explained, compared and replayed, by files alone.
. "$(dirname "$0")/lib.sh"

Q=$QUATRAIN_BIN
EXAMPLES=$TREE/conf/policy
cd "$WORK" || exit 2 # no configuration anywhere near

# policy NAME MORE...: a PolicySet of its own, in NAME.yaml
policy() {
	local name=$1
	cat >"$name.yaml"
	sed -i '1i apiVersion: quatrain.policy/v1\
kind: PolicySet\
metadata:\
  name: acme\
  scope: spiffe://acme.eu.example.org/**\
  owner: it@acme.example\
  revision: 1\
mode: enforce\
schema: quatrain.attributes/v1' "$name.yaml"
}

# --- check and test ------------------------------------------------------------------------------

works "the examples would be loaded" "$Q" policy check "$EXAMPLES"
like "every test of theirs passes" '14 tests' "$OUT"
works "in JSON" "$Q" policy check "$EXAMPLES" --json
is "14 tests, no problem" '[2,14,0]' "$(jq -c '[(.documents | length),.tests,(.problems | length)]' <<<"$OUT")"
works "their tests, one by one" "$Q" policy test "$EXAMPLES"
is "14 of 14" 14 "$(grep -c '^pass' <<<"$OUT")"
works "one of them" "$Q" policy test "$EXAMPLES" --run Saturday
is "and no other" 1 "$(grep -c '^pass' <<<"$OUT")"
refuses "a name that no test has" "$Q" policy test "$EXAMPLES" --run nothing-of-that-name

policy good <<'Y'
sets:
  nets.office: [10.20.0.0/16]
rules:
  - id: connect
    effect: permit
    subjects: {spiffe: "spiffe://acme.eu.example.org/printer/*"}
    actions: [connect, est.enroll, est.reenroll]
    when: {source.ip: {in_set: nets.office}}
  - id: release
    effect: permit
    actions: [print.release]
    when: {resource.pages: {lte: 20}}
tests:
  - name: from the office
    request: {subject: {id: "spiffe://acme.eu.example.org/printer/hp-1", role: printer}, action: connect, resource: {type: service}, source: {ip: 10.20.0.7}, time: "2026-07-01T10:15:00Z"}
    expect: {decision: permit, rule: connect}
Y
sed 's/10.20.0.7/10.21.0.7/' good.yaml >failing.yaml
sed 's/actions: \[print.release\]/actions: [print.release]\n    colour: blue/' good.yaml >unknown.yaml
sed 's#printer/\*"}#printer/*"}#; s#spiffe://acme.eu.example.org/printer/\*#spiffe://other.eu.example.org/printer/*#' good.yaml >outside.yaml
works "a good one" "$Q" policy check good.yaml
exits "a test that fails" 1 "$Q" policy check failing.yaml
like "is told with its line" '^(quatrain: )?failing.yaml:[0-9]+:.*from the office' "$OUT"
exits "an unknown key" 1 "$Q" policy check unknown.yaml
like "is told with its line" 'unknown.yaml:21: colour: ' "$OUT"
exits "a subject outside of the scope" 1 "$Q" policy check outside.yaml
like "is told with its line" 'outside.yaml:[0-9]+:' "$OUT"
exits "of three files every problem is told" 1 "$Q" policy check unknown.yaml good.yaml outside.yaml failing.yaml
for bad in unknown outside failing; do like "that of $bad" "$bad.yaml:[0-9]+:" "$OUT"; done
exits "a file that is not there" 1 "$Q" policy check nothing.yaml
exits "no file at all" 2 "$Q" policy check
exits "a test that fails is explained" 1 "$Q" policy test failing.yaml
like "by what it looked at" 'FALSE +source.ip +10.21.0.7 vs \{in_set: nets.office\}' "$OUT"

# --- explain -------------------------------------------------------------------------------------

cat >request.json <<'J'
{"action":"print.release","subject":{"id":"spiffe://acme.eu.example.org/printer/hp-1","role":"printer"},"resource":{"type":"job","pages":21},"time":"2026-07-01T10:15:00Z"}
J
works "explain" "$Q" policy explain good.yaml --input request.json
like "each condition" 'FALSE +resource.pages 21 vs \{lte: 20\}' "$OUT"
like "the decision" '^=> deny default no-permit$' "$OUT"
like "what came nearest" 'nearest permit: release' "$OUT"
first=$OUT
works "again" "$Q" policy explain good.yaml --input - <request.json
is "it says the same" "$first" "$OUT"
works "in JSON" "$Q" policy explain good.yaml --input request.json --json
is "the same" '["deny","no-permit","release",1]' \
    "$(jq -c '[.decision,.code,.nearest_permit,(.documents | length)]' <<<"$OUT")"
exits "a request that is none" 1 "$Q" policy explain good.yaml --input good.yaml
exits "no request" 2 "$Q" policy explain good.yaml

# --- diff ----------------------------------------------------------------------------------------

sed 's/lte: 20/lte: 50/; s/id: release/id: release/' good.yaml >wider.yaml
awk '/- id: release/ { print "  # a comment"; } { print }' good.yaml >worded.yaml
works "words are no difference" "$Q" policy diff good.yaml worded.yaml
like "the same in meaning" 'the same in meaning' "$OUT"
exits "a limit is" 1 "$Q" policy diff good.yaml wider.yaml
like "the rule" '^~ rule release$' "$OUT"
like "what it was" '^ +- resource.pages: \{lte: 20\}$' "$OUT"
like "what it is" '^ +\+ resource.pages: \{lte: 50\}$' "$OUT"
exits "in JSON" 1 "$Q" policy diff good.yaml wider.yaml --json
is "the same" '["release","changed","when"]' "$(jq -c '.rules[0] | [.id,.change,.parts[0].what]' <<<"$OUT")"
exits "one file" 2 "$Q" policy diff good.yaml

# --- what was decided ----------------------------------------------------------------------------

DIGEST=$("$Q" policy explain good.yaml --input request.json --json | jq -r .policy)
# line DECISION CODE RULE PAGES [POLICY]
line() {
	jq -c --arg d "$1" --arg c "$2" --arg r "$3" --argjson p "$4" --arg g "${5:-$DIGEST}" \
	    '{decision: $d, code: $c, rule: $r, id: "d\($p)", policy: $g, request: (.resource.pages = $p), t: "2026-07-01T10:15:00Z"}' request.json
}
{
	line permit permit release 12
	line deny no-permit default 21
	line deny no-permit default 40
	line deny no-permit default 60
	echo '{"act":"session.cut"}'
} >log.jsonl
works "decided again by the policies of then" "$Q" policy replay log.jsonl --policy good.yaml
like "all the same" '^5 entries: 0 come out otherwise .* 4 the same, .* 1 of other kinds' "$OUT"
exits "by others" 1 "$Q" policy replay log.jsonl --policy wider.yaml
like "which are named by their digest" "NOT REPLAYED: entry 0 d12: .*$DIGEST" "$OUT"
{ cat log.jsonl; line permit permit release 90; } >forged.jsonl
exits "a decision that was never made so" 1 "$Q" policy replay forged.jsonl --policy good.yaml
like "is told" 'CHANGES: entry 5 d90: was permit by release \(permit\), is deny by default \(no-permit\)' "$OUT"
exits "what a change would change" 1 "$Q" policy diff --replay log.jsonl wider.yaml
like "two" '^5 entries: 2 would change \(0 permit to deny, 2 deny to permit\), 2 the same' "$OUT"
exits "in JSON" 1 "$Q" policy diff --replay - wider.yaml --json <log.jsonl
is "the same" '[2,0,2,2,[1,2]]' "$(jq -c '[.differs,.permit_to_deny,.deny_to_permit,.same,[.findings[].index]]' <<<"$OUT")"
works "nothing changes by words" "$Q" policy diff --replay log.jsonl worded.yaml
jq -c .request log.jsonl 2>/dev/null | grep -v null >asked.jsonl
exits "lines that only ask are unknown" 1 "$Q" policy diff --replay asked.jsonl wider.yaml
like "unknown" ' 4 unknown' "$OUT"
exits "unless two policies decide them" 1 "$Q" policy diff --replay asked.jsonl --old good.yaml wider.yaml
like "two would change" '^4 entries: 2 would change' "$OUT"
exits "a log that is none" 1 "$Q" policy diff --replay good.yaml wider.yaml
exits "a log of nothing" 1 "$Q" policy replay /dev/null --policy good.yaml
finish
