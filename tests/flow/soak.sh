#!/usr/bin/env bash
# tests/flow/soak.sh - good and hostile clients side by side: nobody honest is refused, nothing that was told is lost, no process
# ends, and memory stays flat.
#
# 15 seconds; with QUATRAIN_LONG=1 ten minutes, and then memory's slope is judged too (SECONDS_OF names another time).
. "$(dirname "$0")/lib.sh"

LONG=${QUATRAIN_LONG:-0}
SECONDS_OF=${SECONDS_OF:-$([ "$LONG" = 1 ] && echo 600 || echo 15)}
CLIENTS=$(dirname "$QUATRAIN_BIN")
HOSTILE=127.0.0.66 # and all others of loopback but 127.0.0.1 are strangers here
GOOD=2
FEW=10
GROWTH_KIB=1024 # and a twentieth of what there was: the middle of the last third of the time over that of the one before
# What was freed is kept by AddressSanitizer to catch its use: without a bound that alone grows for minutes.
export ASAN_OPTIONS=quarantine_size_mb=8:malloc_context_size=5

service_fresh acme
service_stop
printf 'limits:\n  exempt: [127.0.0.1]\n  device: 0\n' >>"$CONF"
service_start || stop_here "serve with limits"
chain_of acme "$WORK/acme"
cat "$WORK"/acme[123].pem >"$WORK/all.pem"
ISSUER=$(openssl x509 -in "$WORK/acme1.pem" -noout -ext subjectKeyIdentifier | sed -n 's/[: ]//g; 2p' | tr 'A-F' 'a-f')
PROCESSES=$(child_pids signer; child_pids edge; child_pids desk)
over() { [ -e "$WORK/enough" ]; }
: >"$WORK/empty"

# --- honest clients: each step must do what it should, or it is told ---------------------------------------------------------

wrong() { echo "$*" >>"$WORK/wrong"; }
did() { echo "$1" >>"$DIR/did"; }
must() { # must WHAT EXPECTED GOT
	if [ "$2" = "$3" ]; then did "$1"; else wrong "$1: $3, not $2"; fi
}
keep() { # keep FILE: the certificate's serial, which was told to us and must be known for ever
	serial "$1" >>"$DIR/held"
}
ask_ocsp() { # ask_ocsp CERTIFICATE WORD [-no_nonce]
	local word more=()
	[ $# -lt 3 ] || more=("$3")
	word=$(timeout 30 openssl ocsp -issuer "$WORK/acme1.pem" -cert "$1" -CAfile "$ROOT" -verify_other "$WORK/all.pem" "${more[@]}" \
	    -url "$OPEN/ocsp" 2>&1 | sed -n 's/.*: \(good\|revoked\|unknown\)$/\1/p')
	must "ocsp $2 ${3:-nonce}" "$2" "$word"
}
good() { # good N
	local n=0 secret path
	DIR=$WORK/good-$1 BODY=$WORK/good-$1/body HEADERS=$WORK/good-$1/headers
	while ! over && read -r secret; do
		n=$((n + 1))
		p256 "$DIR/key.pem"
		csr "$DIR/key.pem" "/CN=g$1-$n" >"$DIR/csr.b64"
		est_post acme/simpleenroll "$DIR/csr.b64" -u "g$1-$n:$secret"
		[ "$STATUS" = 200 ] || { wrong "enrol: $STATUS $(head -c 200 "$BODY")"; continue; }
		p7_certs "$BODY" >"$DIR/leaf.pem"
		keep "$DIR/leaf.pem"
		did enrol
		csr "$DIR/key.pem" "/O=acme/OU=printer/CN=g$1-$n" >"$DIR/csr.b64"
		est_post acme/simplereenroll "$DIR/csr.b64" --cert "$DIR/leaf.pem" --key "$DIR/key.pem"
		[ "$STATUS" = 200 ] || { wrong "renew: $STATUS $(head -c 200 "$BODY")"; continue; }
		p7_certs "$BODY" >"$DIR/next.pem"
		keep "$DIR/next.pem"
		did renew
		ask_ocsp "$DIR/next.pem" good
		# Ready answers are kept, of so many and no more: of the same few here, so that what grows is something else.
		[ $n -gt $FEW ] || cp "$DIR/leaf.pem" "$DIR/few-$((n % FEW)).pem"
		openssl ocsp -no_nonce -issuer "$WORK/acme1.pem" -cert "$DIR/few-$((n % FEW)).pem" -reqout "$DIR/req.der" >/dev/null 2>&1
		path=$(openssl base64 -A -in "$DIR/req.der" | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')
		http "$OPEN/ocsp/$path"
		must "ocsp by GET" 200 "$STATUS"
		if [ $((n % 3)) -eq 0 ]; then
			api POST "/v1/tenants/acme/certificates/$(serial "$DIR/leaf.pem")/revoke" '{"reason":"superseded"}'
			[ "$STATUS" = 200 ] || { wrong "revoke: $STATUS"; continue; }
			serial "$DIR/leaf.pem" >>"$DIR/revoked"
			did revoke
			ask_ocsp "$DIR/leaf.pem" revoked
			[ $n -gt $FEW ] || ask_ocsp "$DIR/leaf.pem" revoked -no_nonce
		fi
		http "$OPEN/crl/$ISSUER.crl"
		must crl 200 "$STATUS"
		est acme/cacerts
		must cacerts 200 "$STATUS"
	done <"$DIR/secrets"
	over || wrong "the tokens of $1 are used up"
}

# --- the others ---------------------------------------------------------------------------------------------------------------

hostile() {
	local path
	DIR=$WORK/hostile BODY=$WORK/hostile/body HEADERS=$WORK/hostile/headers
	p256 "$DIR/key.pem"
	csr "$DIR/key.pem" /CN=g1-1 >"$DIR/csr.b64"
	while ! over; do
		est_post acme/simpleenroll "$DIR/csr.b64" --interface "$HOSTILE" -u g1-1:wrong
		did "wrong token: $STATUS"
		head -c $((RANDOM % 4000 + 1)) /dev/urandom >"$DIR/junk"
		timeout 2 curl -s --max-time 1 --interface "$HOSTILE" --data-binary @"$DIR/junk" "telnet://127.0.0.1:$SECURE" <"$DIR/junk" >/dev/null
		did "garbage for TLS"
		http --interface "$HOSTILE" --data-binary @"$DIR/junk" -H 'Content-Type: application/ocsp-request' "$OPEN/ocsp"
		did "garbage for OCSP: $STATUS"
		http --interface "$HOSTILE" --path-as-is "$OPEN/ocsp/$(head -c 3000 "$DIR/junk" | openssl base64 -A | tr '+/' '%.')"
		did "garbage by GET: $STATUS"
		est_post acme/simpleenroll <(openssl base64 -A -in "$DIR/junk") --interface 127.0.0.$((RANDOM % 200 + 20)) -u g1-1:wrong
		did "no request: $STATUS"
		for path in '..%2f..%2f' "$(printf 'a%.0s' {1..3000})" 'acme%00/cacerts' '%ff'; do
			http --interface "$HOSTILE" --cacert "$ROOT" --path-as-is "$URL/.well-known/est/$path/simpleenroll"
			did "no path: $STATUS"
		done
		printf 'POST /ocsp HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n' |
		    timeout 2 curl -s --max-time 1 --interface "$HOSTILE" "telnet://127.0.0.1:$PUBLIC" >/dev/null
		did "two lengths"
		http --interface "$HOSTILE" -X BREW -H "X: $(printf 'y%.0s' {1..9000})" "$OPEN/healthz"
		did "no method: $STATUS"
	done
}
slow() {
	DIR=$WORK/slow
	printf 'POST /ocsp HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nx' >"$DIR/body"
	printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' >"$DIR/hello"
	while ! over; do
		"$CLIENTS/hold" "$PUBLIC" 100 3 127.0.0.70 "$DIR/body" >/dev/null
		"$CLIENTS/hold" "$SECURE" 100 3 127.0.0.$((RANDOM % 100 + 100)) "$DIR/hello" >/dev/null
		"$CLIENTS/hold" "$SECURE" 100 1 127.0.0.71 >/dev/null
		did "slow ones"
	done
}

# --- memory: what is each process's own; ledgers that are mapped grow with what is in them -------------------------------------------

sample() {
	local pid
	while ! over; do
		for pid in $PROCESSES; do
			sed -n "s/^RssAnon:[[:space:]]*\([0-9]*\) kB/$pid \1/p" "/proc/$pid/status" 2>/dev/null
		done >>"$WORK/memory"
		sleep "$([ "$LONG" = 1 ] && echo 2 || echo 0.5)"
	done
}

TOKENS=$((SECONDS_OF * 12 + 60))
WORKERS=""
for ((c = 1; c <= GOOD; c++)); do
	mkdir "$WORK/good-$c"
	: >"$WORK/good-$c/revoked"
	secrets acme "g$c" $TOKENS >"$WORK/good-$c/secrets"
	is "honest client $c has its tokens" $TOKENS "$(grep -c . "$WORK/good-$c/secrets")"
done
mkdir "$WORK/hostile" "$WORK/slow"
: >"$WORK/wrong"
for ((c = 1; c <= GOOD; c++)); do
	good $c &
	WORKERS+=" $!"
done
for worker in hostile slow sample; do
	$worker &
	WORKERS+=" $!"
done
sleep "$SECONDS_OF"
touch "$WORK/enough"
# shellcheck disable=SC2086 # the list of processes
wait $WORKERS

# --- what came of it --------------------------------------------------------------------------------------------------------------------

sort "$WORK"/*/did | uniq -c | sed 's/^/      /'
is "no honest client was refused anything" "" "$(head -5 "$WORK/wrong")"
for what in enrol renew 'ocsp good nonce' 'ocsp by GET' crl cacerts; do
	like "honest clients did: $what" "^$what\$" "$(cat "$WORK"/good-*/did)"
done
like "and hostile ones were refused" '^wrong token: 40' "$(cat "$WORK/hostile/did")"
is "and given nothing" "" "$(grep -E '^(wrong token|no request|no path|no method): 2' "$WORK/hostile/did" | head -3)"
is "the same processes as at first" "$PROCESSES" "$(child_pids signer; child_pids edge; child_pids desk)"
is "none ended" 0 "$(grep -c 'event=child-ended' "$WORK/serve.log")"
after=""
while :; do
	api GET "/v1/tenants/acme/certificates?limit=1000${after:+&after=$after}"
	jq -r '.items[] | .serial + " " + .status' "$BODY"
	after=$(jq -r '.next // empty' "$BODY")
	[ -n "$after" ] || break
done >"$WORK/standings"
cat "$WORK"/good-*/revoked | sort >"$WORK/revoked"
cat "$WORK"/good-*/held | sort | comm -23 - "$WORK/revoked" >"$WORK/held"
is "each certificate that was given out is good in the ledger ($(wc -l <"$WORK/held"))" "" \
    "$(sed 's/$/ good/' "$WORK/held" | grep -vxFf "$WORK/standings" | head -3)"
is "each revocation that was told is in the ledger ($(wc -l <"$WORK/revoked"))" "" \
    "$(sed 's/$/ revoked/' "$WORK/revoked" | grep -vxFf "$WORK/standings" | head -3)"
works "log export" q log export --tenant acme --out "$WORK/export"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"

# growth PID: KiB from the middle of the second third of its samples to that of the last one, and the former
growth() {
	awk -v pid="$1" '$1 == pid { at[n++] = $2 }
	    END { a = median(int(n / 3), int(2 * n / 3)); b = median(int(2 * n / 3), n); print b - a, a }
	    function median(from, to,   i, j, m, t, v) {
		m = 0
		for (i = from; i < to; i++) v[m++] = at[i]
		for (i = 1; i < m; i++) for (j = i; j > 0 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
		return v[int(m / 2)]
	    }' "$WORK/memory"
}
for role in signer edge desk; do
	read -r more had < <(growth "$(child_pids $role)")
	echo "      $role: $had KiB of its own in the middle of the time, $more more at the end"
	like "memory of $role was looked at" '^[1-9]' "$had"
	[ "$LONG" != 1 ] || is "memory of $role is flat" yes "$([ "$more" -le $((GROWTH_KIB + had / 20)) ] && echo yes || echo "$more KiB more")"
done
finish
