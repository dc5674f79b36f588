# shellcheck shell=bash disable=SC2154,SC2034 # scripts/bench has the rest, and reads some
# tests/bench/peers.sh - other programs that do the same work in the same run: `openssl ocsp`, and CFSSL as a responder and as
# an issuer. None of them stores what it signs.
#
# scripts/bench sources this.

CFSSL=() # the processes

peers_stop() {
	[ ${#CFSSL[@]} -gt 0 ] || return 0
	kill -TERM "${CFSSL[@]}" 2>/dev/null
	wait "${CFSSL[@]}" 2>/dev/null
	CFSSL=()
}

# peers_ca: a P-256 CA, and one certificate of it in OpenSSL's index
peers_ca() {
	local d=$WORK/peers serial
	mkdir -p "$d"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$d/ca.key" -out "$d/ca.pem" -days 30 \
	    -subj /CN=peer -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
	p256 "$d/leaf.key"
	openssl req -new -key "$d/leaf.key" -subj /CN=leaf -out "$d/leaf.csr"
	openssl x509 -req -in "$d/leaf.csr" -CA "$d/ca.pem" -CAkey "$d/ca.key" -CAcreateserial -days 9 -out "$d/leaf.pem" 2>/dev/null
	serial=$(openssl x509 -in "$d/leaf.pem" -noout -serial | sed 's/^serial=//')
	printf 'V\t491231235959Z\t\t%s\tunknown\t/CN=leaf\n' "$serial" >"$d/index"
	openssl ocsp -no_nonce -issuer "$d/ca.pem" -cert "$d/leaf.pem" -reqout "$d/ready.der" >/dev/null 2>&1
	openssl ocsp -nonce -issuer "$d/ca.pem" -cert "$d/leaf.pem" -reqout "$d/nonce.der" >/dev/null 2>&1
	openssl ocsp -index "$d/index" -CA "$d/ca.pem" -rsigner "$d/ca.pem" -rkey "$d/ca.key" -ndays 1 -reqin "$d/ready.der" \
	    -respout "$d/answer.der" >/dev/null 2>&1
}

# cfssl_start: responder and issuer on free ports of loopback
cfssl_start() {
	local d=$WORK/peers try i
	openssl base64 -A -in "$d/answer.der" >"$d/answers"
	echo '{"signing":{"default":{"usages":["digital signature","client auth"],"expiry":"2160h"}}}' >"$d/cfssl.json"
	jq -Rs '{certificate_request: .}' <"$d/leaf.csr" >"$d/sign.json"
	for try in 1 2 3 4 5; do
		PEER_OCSP=$((20000 + (RANDOM * 32768 + RANDOM) % 11900)) PEER_SIGN=$((PEER_OCSP + 1))
		cfssl ocspserve -address 127.0.0.1 -port "$PEER_OCSP" -responses "$d/answers" -loglevel 4 >"$d/cfssl.log" 2>&1 3>&- &
		CFSSL=($!)
		cfssl serve -address 127.0.0.1 -port "$PEER_SIGN" -ca "$d/ca.pem" -ca-key "$d/ca.key" -config "$d/cfssl.json" \
		    -loglevel 4 >>"$d/cfssl.log" 2>&1 3>&- &
		CFSSL+=($!)
		for ((i = 0; i < 100; i++)); do
			{ alive "${CFSSL[0]}" && alive "${CFSSL[1]}"; } || break
			if port_taken "$PEER_OCSP" && port_taken "$PEER_SIGN"; then
				PIDS[cfssl]="${CFSSL[*]}"
				return
			fi
			sleep 0.05
		done
		peers_stop
		echo "  cfssl: another port (try $try)"
	done
	give_up "cfssl: would not start" "$d/cfssl.log"
}

# openssl_ocsp: as JSON. It listens on every address, so it gets a network of its own; and it hangs at 100 % when a
# client comes and says nothing (3.0), so nobody tries whether it is there but by asking. It keeps no connection.
openssl_ocsp() {
	# shellcheck disable=SC2016 # for the inner shell
	timeout $((TIME_S + 30)) unshare -rn bash -c '
		cd "$1" && ip link set lo up || exit 1
		openssl ocsp -port 2560 -index index -CA ca.pem -rsigner ca.pem -rkey ca.key -ndays 1 >server.log 2>&1 &
		server=$!
		for ((i = 0; i < 100; i++)); do
			openssl ocsp -no_nonce -reqin ready.der -url http://127.0.0.1:2560/ -noverify >/dev/null 2>&1 && break
			sleep 0.05
		done
		ab -l -q -t "$2" -n 10000000 -c 4 -p nonce.der -T application/ocsp-request http://127.0.0.1:2560/ >ab.out 2>ab.err
		kill $server' - "$WORK/peers" "$TIME_S" || return 1
	awk '/^Complete requests/ { done = $3 } /^Failed requests/ { failed = $3 } /^Requests per second/ { rate = $4 }
	    END { printf "{\"done\":%d,\"failed\":%d,\"per_s\":%d}\n", done, failed, rate; exit rate == 0 }' "$WORK/peers/ab.out"
}

# post_load URL FILE [TYPE]: as JSON
post_load() {
	wrk -t 1 -c "$ASK" -d "${TIME_S}s" -s "$TREE/tests/bench/ocsp.lua" "$1" -- "$2" "${3:-}" | tail -n 1
}

peers_start() {
	peers_ca
	cfssl_start
	[ "$(curl -s --data-binary @"$WORK/peers/sign.json" "http://127.0.0.1:$PEER_SIGN/api/v1/cfssl/sign" | jq -r .success)" = true ] ||
	    give_up "cfssl: does not sign" "$WORK/peers/cfssl.log"
}

peers() {
	measure peer_openssl openssl_ocsp
	measure peer_cfssl_ocsp post_load "http://127.0.0.1:$PEER_OCSP/" "$WORK/peers/ready.der"
	measure peer_cfssl_sign post_load "http://127.0.0.1:$PEER_SIGN/api/v1/cfssl/sign" "$WORK/peers/sign.json"
}

judge_peers() {
	entry "OCSP with a new nonce each, beside another responder" 1/s per_s none ocsp_nonce \
	    peer_openssl "openssl ocsp, one certificate in its index, a connection each, as it keeps none"
	entry "OCSP, ready answer, POST, beside another responder" 1/s per_s none ocsp_post \
	    peer_cfssl_ocsp "cfssl ocspserve, one answer made before"
	entry "EST enrolments, durable and logged, beside another issuer" 1/s per_s none est_kept \
	    peer_cfssl_sign "cfssl serve: plain HTTP, no proof of who asks, nothing stored"
}
