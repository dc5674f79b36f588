# shellcheck shell=bash disable=SC2034,SC2153 # variables are for scripts/bench and tests/flow/lib.sh, and theirs are for us
# tests/bench/log.sh - what a long log costs: written, proven, exported while it serves, verified; scripts/bench sources this.
#
# Its entries are those of certificates that bench_fill puts there: it says what of them is not as a service would make it.

PROOFS=500 # questions

# timed NAME ENTRIES COMMAND...: how many entries a second, to the rounds of NAME; OUT is what it said
timed() {
	local name=$1 n=$2 from
	shift 2
	mark
	from=${EPOCHREALTIME/./}
	OUT=$("$@" 2>"$WORK/timed.err") || give_up "$name: $*" "$WORK/timed.err"
	from=$((${EPOCHREALTIME/./} - from))
	jq -cn --argjson us "$from" --argjson n "$n" --argjson spent "$(used)" \
	    '{us: $us, per_s: ($n * 1e6 / $us | floor)} + $spent' >>"$WORK/$name.rounds"
	echo "  $name: $(tail -n 1 "$WORK/$name.rounds" | jq -c '[.per_s, .others_cores]') entries/s, cores that others used"
}

# proofs ROUTE: of PROOFS entries all over the log, one after the other on one connection; us each
proofs() {
	local i n=$1 name=$2 from query
	for ((i = 0; i < PROOFS; i++)); do
		query="index=$((n / PROOFS * i))"
		[ "$name" = proof ] || query="from=$((n / PROOFS * i))&to=$((n / PROOFS * i + 1))&size=$n"
		printf 'url = "http://localhost/v1/tenants/acme/log/%s?%s"\nunix-socket = "%s"\noutput = "/dev/null"\nfail\n' \
		    "$name" "$query" "$DATA/run/api.sock"
		[ $((i + 1)) -eq "$PROOFS" ] || echo next
	done >"$WORK/proofs.curl"
	mark
	from=${EPOCHREALTIME/./}
	curl -sS -K "$WORK/proofs.curl" || give_up "proofs of $name"
	jq -cn --argjson us "$((${EPOCHREALTIME/./} - from))" --argjson n "$PROOFS" --argjson spent "$(used)" \
	    '{us: ($us / $n | round)} + $spent' >>"$WORK/log_$name.rounds"
	echo "  log_$name: $(tail -n 1 "$WORK/log_$name.rounds" | jq .us) us each"
}

log() {
	local i n octets
	echo "bench: a log of $ENTRIES entries"
	mkdir -p "$WORK/log"
	at log
	service_fresh acme
	service_stop
	AT_PORT[log]=$PUBLIC
	octets=$(du -sB1 "$DATA" | cut -f1)
	PIDS=()
	timed log_append "$ENTRIES" "$BUILD/bench_fill" --data "$DATA" --url "http://localhost:$PUBLIC" --tenant acme \
	    --certificates "$ENTRIES"
	echo "{\"octets\":$((($(du -sB1 "$DATA" | cut -f1) - octets) / ENTRIES))}" >"$WORK/log_disk.rounds"
	service_start || give_up "log: no start" "$WORK/serve.log"
	find_pids
	for ((i = 1; i <= ROUNDS; i++)); do
		rm -rf "$WORK/log/bundle" "$WORK/log/bundle.tar"
		timed log_folder "$ENTRIES" timeout 600 "$QUATRAIN_BIN" log export --tenant acme --out "$WORK/log/bundle" --json \
		    --config "$CONF"
		timed log_export "$ENTRIES" timeout 600 "$QUATRAIN_BIN" log export --tenant acme --bundle "$WORK/log/bundle.tar" \
		    --json --config "$CONF"
		n=$(jq .size <<<"$OUT")
		timed log_verify "$n" timeout 600 "$QUATRAIN_BIN" log verify "$WORK/log/bundle.tar" --root "$ROOT"
		timed log_python "$n" timeout 1200 "$TREE/scripts/verify-bundle" "$WORK/log/bundle.tar" "$ROOT"
		proofs "$n" proof
		proofs "$n" range
	done
	service_stop
	rm -rf "$WORK/log"
	judge_log
}

judge_log() {
	entry "log entries appended with all rows of a certificate, commits of 5,000, without syncs, $ENTRIES in all" 1/s per_s none log_append
	entry "log export to a folder while serving, with certificates and proofs, $ENTRIES entries" 1/s per_s "figure >= 100000" log_folder
	entry "log export --bundle while serving, the same as a tar" 1/s per_s "figure >= 100000" log_export
	entry "log verify of that bundle" 1/s per_s none log_verify
	entry "scripts/verify-bundle of that bundle" 1/s per_s none log_python
	entry "proof of one entry of $ENTRIES, local socket" us us none log_proof
	entry "proof of a range of $ENTRIES entries, local socket" us us none log_range
	entry "disk for each entry, with its certificate and all rows of that" octets octets none log_disk
}
