# shellcheck shell=bash disable=SC2034,SC2153 # variables are for scripts/bench and tests/flow/lib.sh, and theirs are for us
# tests/bench/policy.sh - how fast policies decide, beside Cedar and Casbin by the same rules and requests; scripts/bench sources this.

NODE=$TREE/tests/clients/node
PEER_S=4

# Node's optimizer now and then dies in the midst of Cedar (V8, Deoptimizer): then once more.
decided_by() { # decided_by ENGINE
	local i
	for i in 1 2 3; do
		node "$NODE/policy_peers.mjs" "$1" "$WORK/peers" "$PEER_S" 2>"$WORK/node.err" && return
	done
	give_up "policy: $1" "$WORK/node.err"
}

policy() {
	local i
	echo "bench: policy decisions"
	"$TREE/scripts/setup" run test || give_up "policy: scripts/setup"
	[ -d "$NODE/node_modules/casbin" ] || give_up "policy: tests/clients/node has no modules"
	node "$NODE/policy_peers.mjs" make "$WORK/peers" 1000 20000 || give_up "policy: no rules"
	PIDS=()
	for ((i = 1; i <= ROUNDS; i++)); do
		measure policy_files "$BUILD/bench_policy" files "$WORK/peers"
		measure policy_cedar decided_by cedar
		measure policy_casbin decided_by casbin
		measure policy_1000 "$BUILD/bench_policy" spread 1000
		measure policy_100000 "$BUILD/bench_policy" spread 100000
		measure policy_bucket "$BUILD/bench_policy" bucket 10000
		measure habits "$BUILD/bench_habits" 10000
		measure policy_reload "$BUILD/bench_policy" reload 100000
	done
	judge_policy
}

judge_policy() {
	entry "policy decisions, one core, 1,000 rules, 11 attributes, beside Cedar (wasm)" 1/s per_s "figure >= 1000000" policy_files \
	    policy_cedar "Cedar 4.13, the same rules and requests, policies parsed before"
	entry "the same, beside Casbin" 1/s per_s "figure >= 1000000" policy_files policy_casbin "Casbin 5.51, the same rules and requests"
	entry "policy decision, 1,000 rules, p99" ns p99_ns "figure <= 1000" policy_1000
	entry "policy decisions, 100,000 rules, beside 1,000" 1/s per_s "figure >= 333333" policy_100000 policy_1000 "itself, 1,000 rules"
	entry "policy decisions, 10,000 wildcard rules in one bucket" 1/s per_s "figure >= 100000" policy_bucket
	entry "reload of 100,000 rules in 10,001 documents, one changed: read, compiled and swapped while another thread decides" ms changed_ms \
	    "figure <= 500" policy_reload
	entry "the same with every document read anew" ms reload_ms "figure <= 500" policy_reload
	entry "an event weighed against what is usual of its endpoint, and remembered, 10,000 endpoints" ns ns "figure <= 1000" habits
	entry "longest that a decision waited meanwhile" us longest_us none policy_reload
}
