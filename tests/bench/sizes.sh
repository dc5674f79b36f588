# shellcheck shell=bash disable=SC2034,SC2153 # variables are for scripts/bench and tests/flow/lib.sh, and theirs are for us
# tests/bench/sizes.sh - what a large ledger and many tenants cost; scripts/bench sources this.
#
# Certificates and tenants are put there by bench_fill before a clock starts: it says what of them is not as a service
# would make it. A small service and a large one lie side by side, and each round measures both.

WINDOW=64 # questions in flight within the service; as many as the kept connections of EST
declare -A AT_PORT

# at NAME: what follows is about this one of the services
at() {
	DATA=$WORK/$1/data CONF=$WORK/$1/quatrain.yaml
	ROOT=$DATA/root.pem
	[ -n "${AT_PORT[$1]:-}" ] || return # service_fresh says
	PUBLIC=${AT_PORT[$1]} SECURE=$((AT_PORT[$1] + 1))
	URL=https://localhost:$SECURE OPEN=http://localhost:$PUBLIC
}

# filled NAME BENCH_FILL-ARGUMENTS...: a fresh service, stopped again, with a past
filled() {
	local name=$1
	shift
	mkdir -p "$WORK/$name"
	at "$name"
	service_fresh acme
	service_stop
	AT_PORT[$name]=$PUBLIC
	"$BUILD/bench_fill" --data "$DATA" --url "http://localhost:$PUBLIC" "$@" || give_up "fill: $name"
	echo "  $name: $(du -sm "$DATA" | cut -f1) MB on disk"
}

# order JOBS: to the load within the service; its answer
order() {
	echo "$1 acme $WINDOW $TIME_S" >"$BENCH_GO"
	timeout 120 cat "$BENCH_OUT"
}

# per_core FILE: how many for each core of the signer's that was used
per_core() {
	jq -c '.per_core = (.per_s / ([.cores.signer, 0.001] | max) | round)' "$1" >"$1.new" && mv "$1.new" "$1"
}

# issue_floor: the arithmetic of an issue on one core at this moment: a request's proof, a signature, and the proof that it holds
issue_floor() {
	openssl speed -seconds 1 ecdsap256 2>/dev/null | awk '/nistp256/ {
		printf "{\"sign\":%d,\"verify\":%d,\"per_core\":%d}\n", $(NF - 1), $NF, 1 / (1 / $(NF - 1) + 2 / $NF); n++ }
	    END { exit n != 1 }'
}

sized_round() { # sized_round NAME ROUND
	local name=$1 service=$QUATRAIN_BIN
	at "$name"
	QUATRAIN_BIN=$BUILD/bench_inside
	service_start || give_up "inside: no start" "$WORK/serve.log"
	find_pids
	make_jobs "in$name$2" "$INSIDE_JOBS"
	measure "floor_$name" issue_floor
	measure "inside_$name" order "$WORK/in$name$2.jobs"
	service_stop
	QUATRAIN_BIN=$service
	start_timed "start_$name"
	find_pids
	make_jobs "est$name$2" "$KEPT_JOBS"
	measure "est_$name" est_load "$SECURE" localhost /.well-known/est/acme/simpleenroll "est$name$2" "$KEPT" --kept
	[ "$2" -lt "$ROUNDS" ] || memory "memory_$name"
	service_stop
}

ledger_sizes() {
	local i
	export BENCH_GO=$WORK/go BENCH_OUT=$WORK/out
	mkfifo "$BENCH_GO" "$BENCH_OUT"
	echo "bench: a ledger of $SMALL and one of $LARGE certificates"
	filled small --tenant acme --certificates "$SMALL"
	filled large --tenant acme --certificates "$LARGE"
	for ((i = 1; i <= ROUNDS; i++)); do
		sized_round small "$i"
		sized_round large "$i"
	done
	per_core "$WORK/inside_small.rounds"
	per_core "$WORK/inside_large.rounds"
	rm -rf "$WORK/large"
}

many_tenants() {
	local i
	echo "bench: $MANY tenants"
	filled many --prefix t --tenants "$MANY"
	start_timed start_first # it reads what bench_fill left in the journal, as a start after a crash does
	starts start_many
	memory memory_many
	for ((i = 0; i < USED; i++)); do
		est "t$((i * (MANY / USED)))/cacerts"
		[ "$STATUS" = 200 ] || give_up "many: cacerts: $STATUS"
		api POST "/v1/tenants/t$((i * (MANY / USED)))/tokens" '{"device":"hp-1","profile":"printer"}'
		[ "$STATUS" = 201 ] || give_up "many: token: $STATUS" "$BODY"
	done
	memory memory_used
	service_stop
	rm -rf "$WORK/many"
}

judge_sizes() {
	local inside="issuing inside the service, durable and logged, no TLS" est="EST enrolments, durable and logged, $KEPT kept connections"
	local bar=none start=none memory=none
	[ "$LARGE" -lt 1000000 ] || bar="ratio >= 0.8"
	[ "$MANY" -lt 10000 ] || start="figure <= 1000000" memory="figure <= 200"
	entry "$inside, $SMALL certificates in the ledger" 1/s per_s none inside_small
	entry "$inside, $SMALL certificates in the ledger, for each core of the signer" "1/s a core" per_core "figure >= 5000" inside_small \
	    floor_small "openssl speed, one core: a signature and two verifications, which an issue cannot do without"
	entry "$inside, $LARGE certificates in the ledger" 1/s per_s "$bar" inside_large inside_small "the same with $SMALL"
	entry "$est, $LARGE certificates in the ledger" 1/s per_s "$bar" est_large est_small "the same with $SMALL"
	entry "start until ready, $LARGE certificates" us us none start_large start_small "the same with $SMALL"
	entry "resident memory of all processes, $LARGE certificates, pages of the ledger's file among it" MB mb none memory_large \
	    memory_small "the same with $SMALL"
	entry "start until ready, $MANY tenants" us us "$start" start_many
	entry "start until ready, $MANY tenants, three lines of the journal for each not yet held against their ledgers" us us none start_first
	entry "resident memory of all processes, $MANY tenants, started" MB mb "$memory" memory_many
	entry "resident memory of all processes, $MANY tenants, $USED of them in use" MB mb "$memory" memory_used
}
