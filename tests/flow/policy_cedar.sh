#!/usr/bin/env bash
# tests/flow/policy_cedar.sh - policies and requests at random, decided by Cedar, are decided the same by us: the word, the code and
# the rule of all, and of some what must be done and what is on trial. CEDAR_SETS and CEDAR_SEED ask for more, or others.
. "$(dirname "$0")/lib.sh"

NODE=$TREE/tests/clients/node
SETS=${CEDAR_SETS:-100}
EACH=100
SEED=${CEDAR_SEED:-20261122}
[ -d "$NODE/node_modules/@cedar-policy" ] || stop_here "tests/clients/node: scripts/setup test installs it"

# Without the optimizer of Node 20, which now and then dies of its own in the midst of this (V8, Deoptimizer).
works "Cedar decides" node --no-opt "$NODE/policy_cedar.mjs" "$WORK/sets" "$SEED" "$SETS" "$EACH" || stop_here "Cedar"
TOLD=$OUT
for code in permit no-permit forbid forbid-on-missing unsupported-obligation; do
	is "there are decisions of the code $code" yes "$([ "$(jq --arg c "$code" '.[$c] // 0' <<<"$TOLD")" -gt 20 ] && echo yes || echo "$TOLD")"
done

same=0 other=0
for ((n = 0; n < SETS; n++)); do
	files=()
	for file in "$WORK/sets/$n"/*.yaml; do files+=(--policy "$file"); done
	OUT=$("$QUATRAIN_BIN" policy replay "$WORK/sets/$n/decisions.jsonl" "${files[@]}" 2>&1)
	told=$(sed -n 's/.* \([0-9]*\) the same, .*/\1/p' <<<"$OUT")
	same=$((same + ${told:-0}))
	if [ "${told:-0}" -ne "$EACH" ]; then
		other=$((other + 1))
		[ $other -gt 3 ] || printf '      set %d: %.600s\n' "$n" "$OUT"
	fi
done
is "decisions that come out the same, of $((SETS * EACH))" $((SETS * EACH)) $same
is "sets with a difference" 0 $other

# What must be done, and what is on trial: one request of each of these sets, a permit where there is one.
parts='[.decision, .code, .rule, ((.obligations // []) | map(if type == "object" then keys[0] else . end) | unique), (.shadow | sort)]'
good=0 asked=0
for ((n = 0; n < SETS && n < 60; n++)); do
	grep -q '^mode: enforce' "$WORK/sets/$n/set.yaml" || continue # on trial as a whole it leaves permits to others
	line=$(jq -c 'select(.decision == "permit")' "$WORK/sets/$n/decisions.jsonl" | head -n 1)
	[ -n "$line" ] || line=$(head -n 1 "$WORK/sets/$n/decisions.jsonl")
	told=$(jq -c .request <<<"$line" | "$QUATRAIN_BIN" policy explain "$WORK/sets/$n"/*.yaml --input - --json 2>&1)
	asked=$((asked + 1))
	if [ "$(jq -c "$parts" <<<"$line")" = "$(jq -c "$parts" <<<"$told")" ]; then good=$((good + 1)); else echo "      set $n: $(jq -c "$parts" <<<"$line") $told"; fi
done
is "with the same obligations and trials" $asked $good
finish
