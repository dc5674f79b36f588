#!/usr/bin/env bash
# tests/flow/io_error.sh - a disk that fails under the signer: it ends at once, main brings it back, and nothing that was told is lost.
. "$(dirname "$0")/lib.sh"

SHIM=$(dirname "$QUATRAIN_BIN")/io_shim.so
TOLD=$DATA/told # where the signer may write
export ASAN_OPTIONS=verify_asan_link_order=0

# serve_failing CALL NTH ERROR FILE: the service, on a disk that fails once
serve_failing() {
	rm -f "$TOLD" "$TOLD.from"
	export QUATRAIN_IO_CALL=$1 QUATRAIN_IO_NTH=$2 QUATRAIN_IO_ERROR=$3 QUATRAIN_IO_FILE=$4 QUATRAIN_IO_TOLD=$TOLD
	export QUATRAIN_IO_FROM=$TOLD.from LD_PRELOAD=$SHIM
	service_start || stop_here "serve under the shim"
	unset LD_PRELOAD
	touch "$TOLD.from" # a start that fails is no matter of coming back
}

# struck_once: what the shim told. A sync is never tried again. After a write of the meta page that failed LMDB itself
# puts the old page back, once; which write is the 40th depends on how the enrolments fell into rounds.
struck_once() {
	if [ "$call" = write ]; then sed '2{/^again$/d}' "$TOLD"; else cat "$TOLD"; fi
}

# enrol_through NAME N: N devices, each asked for again until it is given; the certificates are NAME-*.pem
enrol_through() {
	local n try t
	for ((n = 1; n <= $2; n++)); do
		p256 "$WORK/$1.key"
		csr "$WORK/$1.key" "/CN=$1-$n" >"$WORK/$1.b64"
		for ((try = 0; try < 50; try++)); do
			t=$(token acme "$1-$n" 2>/dev/null) && est_post acme/simpleenroll "$WORK/$1.b64" -u "$1-$n:$t" && [ "$STATUS" = 200 ] && break
			sleep 0.1
		done
		p7_certs "$BODY" >"$WORK/$1-$n.pem"
	done
}

# --- a ceremony tells of nothing that is not on disk: its journal too -----------------------------

sed "s#^data: .*#data: $WORK/first#" <(DATA=x PUBLIC=1 SECURE=2 RELAY=3 METRICS=4 CONF=/dev/stdout write_conf) >"$WORK/first.yaml"
refuses "init where the journal cannot be synced" env LD_PRELOAD="$SHIM" QUATRAIN_IO_CALL=sync QUATRAIN_IO_NTH=1 \
    QUATRAIN_IO_ERROR=EIO QUATRAIN_IO_FILE=journal QUATRAIN_IO_TOLD="$WORK/told" "$QUATRAIN_BIN" init --config "$WORK/first.yaml"
like "it says so" 'journal: sync' "$OUT"
is "and nothing is left" "" "$(find "$WORK" -name 'first' -o -name 'first.new')"

service_fresh acme
chain_of acme "$WORK/ca"
service_stop
while read -r call nth error file; do
	what="$file, $error at $call $nth"
	: >"$WORK/serve.log"
	serve_failing "$call" "$nth" "$error" "$file"
	enrol_through "${file%.mdb}-$call-$nth" 12
	came_back() { grep -q child-ended "$WORK/serve.log" && enrol acme "back-$RANDOM" "$WORK/back"; }
	within 10 came_back
	is "$what: it came to it, and nothing was tried again" struck "$(struck_once)"
	is "row 30: $what: the signer ended, once, and by abort" 1 "$(grep -c 'child-ended.*signer.*signal 6' "$WORK/serve.log")"
	like "$what: with a line that says why" '^store: commit failed, ending: |journal: sync' "$(cat "$WORK/serve.log")"
	is "$what: the edge counted it" 1 "$(gauge 'quatrain_process_restarts_total{process="signer"}')"
	is "$what: no other process ended" 1 "$(grep -c 'child-ended' "$WORK/serve.log")"
	service_stop
done <<-FAULTS
sync 7 EIO data.mdb
sync 20 EIO data.mdb
write 9 EIO data.mdb
write 39 EIO data.mdb
write 40 EIO data.mdb
sync 1 EIO journal
FAULTS

unset QUATRAIN_IO_CALL
service_start || stop_here "serve on a sound disk"
given=("$WORK"/data-*-*-*.pem "$WORK"/journal-*-*-*.pem)
is "certificates that clients hold" 72 ${#given[@]}
api GET "/v1/tenants/acme/certificates?limit=1000"
jq -r '.items[] | .serial + " " + .status' "$BODY" >"$WORK/standings"
missing=0
for pem in "${given[@]}"; do
	grep -qx "$(serial "$pem") good" "$WORK/standings" || missing=$((missing + 1))
done
is "each of them is in the ledger, and good" 0 $missing
is "OCSP knows the last" good "$(ocsp_word "${given[71]}")"
is "nothing is left pending" "" "$(grep ' pending$' "$WORK/standings")"
works "log export" q log export --tenant acme --out "$WORK/export"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"
finish
