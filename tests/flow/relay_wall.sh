#!/usr/bin/env bash
# tests/flow/relay_wall.sh - the listener of printing, to whoever comes: who gets no handshake, what is no request, bodies of any
# length and pace, and connections that end with their certificate.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
joins globex "$WORK/sloth" sloth workstation
joins acme "$WORK/alice" alice workstation
joins acme "$WORK/bob" bob workstation
WALL=https://localhost:$RELAY
relay_pid() { child_pids relay; }
CHILD=$(relay_pid)

# relay WHO CURL-ARGUMENTS... PATH
relay() {
	local who=$1 path=${*: -1}
	http --cacert "$ROOT" --cert "$WORK/$who/cert.pem" --key "$WORK/$who/key.pem" "${@:2:$#-2}" "$WALL$path"
}

# dial WHO OPENSSL-ARGUMENTS...: standard input to the wall, and what comes back
dial() {
	local who=$1
	shift
	timeout 20 openssl s_client -quiet -connect "127.0.0.1:$RELAY" -servername localhost -CAfile "$ROOT" \
	    -cert "$WORK/$who/cert.pem" -key "$WORK/$who/key.pem" "$@" 2>/dev/null
}

# --- messages of IPP (RFC 8010), by hand ------------------------------------------------------------

u16() { printf '%b' "\\x$(printf %02x $(($1 >> 8)))\\x$(printf %02x $(($1 & 255)))"; }
attr() { # attr TAG NAME VALUE
	printf '%b' "\\x$1"
	u16 ${#2}
	printf %s "$2"
	u16 ${#3}
	printf %s "$3"
}
message() { # message OPERATION
	printf '\2\0'
	u16 $((16#$1))
	printf '\0\0\0\1\1'
	attr 47 attributes-charset utf-8
	attr 48 attributes-natural-language en
	attr 45 printer-uri "ipps://localhost:$RELAY/ipp/print"
	attr 42 requesting-user-name whoever
	[ "$1" != 0002 ] || attr 49 document-format application/octet-stream
	printf '\3'
}
message 000b >"$WORK/ask" # Get-Printer-Attributes
message 0002 >"$WORK/print" # Print-Job
ASK=$(wc -c <"$WORK/ask")
IPP=(-H 'Content-Type: application/ipp')
ipp_status() { od -An -tx1 -j2 -N2 "$BODY" | tr -d ' '; }
prints() { # prints WHO FILE CURL-ARGUMENTS...: is it a job?
	relay "$1" "${IPP[@]}" --data-binary "@$2" "${@:3}" /ipp/print
	[ "$STATUS $(ipp_status)" = "200 0000" ] || [ "$STATUS $(ipp_status)" = "200 0001" ]
}
cat "$WORK/print" <(head -c 20000 /dev/urandom) >"$WORK/small"

# --- slow ones: they begin now, and are looked at when the rest is done ------------------------------

slowly() { # slowly NAME SECONDS-BETWEEN FILE: FILE, then an octet now and then
	{
		cat "$3"
		for ((i = 0; i < 200; i++)); do
			sleep "$2"
			printf x
		done
	} 2>/dev/null | (
		timeout 180 openssl s_client -quiet -connect "127.0.0.1:$RELAY" -cert "$WORK/sloth/cert.pem" -key "$WORK/sloth/key.pem" \
		    >"$WORK/slow-$1" 2>/dev/null
		echo $((EPOCHSECONDS - SLOW)) >"$WORK/slow-$1.end"
	) &
}
SLOW=$EPOCHSECONDS
printf 'POST /ipp/print HTTP/1.1\r\nHost: localhost\r\nX-Slow: ' >"$WORK/slow-head.in"
{
	printf 'POST /ipp/print HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\nContent-Length: 100000\r\n\r\n'
	cat "$WORK/print"
} >"$WORK/slow-body.in"
slowly head 2 "$WORK/slow-head.in"
slowly body 3 "$WORK/slow-body.in"
slowly silent 100 "$WORK/slow-body.in"

# --- who gets no handshake ----------------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/other.key" -out "$WORK/other.pem" -days 9 \
    -subj /O=acme/OU=workstation/CN=alice \
    -addext "subjectAltName=URI:$(openssl x509 -in "$WORK/alice/cert.pem" -noout -ext subjectAltName | sed -n 's/.*URI:\([^,]*\).*/\1/p')" 2>/dev/null
for version in 1.2 1.3; do
	http --cacert "$ROOT" "--tlsv$version" --tls-max $version "$WALL/ipp/print"
	is "row 37: TLS $version: no certificate, no answer" 000 "$STATUS"
	like "TLS $version: and an alert says so" 'alert (certificate required|handshake failure)' "$(cat "$WORK/curl.err")"
	http --cacert "$ROOT" "--tlsv$version" --tls-max $version --cert "$WORK/other.pem" --key "$WORK/other.key" "$WALL/ipp/print"
	is "row 37: TLS $version: one of alice's name that somebody else issued: no answer" 000 "$STATUS"
	like "TLS $version: and an alert says so of it" 'alert unknown ca' "$(cat "$WORK/curl.err")"
	relay alice "--tlsv$version" --tls-max $version /ipp/print
	is "TLS $version: her own is let in, and told what is spoken here" 405 "$STATUS"
done
q operator add olga --role officer --out "$WORK/olga" >/dev/null 2>&1
relay olga "${IPP[@]}" --data-binary "@$WORK/ask" /ipp/print
is "row 37: an officer, who prints nothing" 403 "$STATUS"
http --max-time 5 "http://localhost:$RELAY/ipp/print"
is "what speaks no TLS gets nothing" 000 "$STATUS"
like "HTTP/2 alone is not spoken" 'no application protocol|alert' "$(openssl s_client -alpn h2 -connect "127.0.0.1:$RELAY" \
    -cert "$WORK/alice/cert.pem" -key "$WORK/alice/key.pem" </dev/null 2>&1)"
relay alice --http2 "${IPP[@]}" --data-binary "@$WORK/ask" /ipp/print
like "and where both are offered it is HTTP/1.1" '^HTTP/1.1 200' "$(head -n 1 "$HEADERS")"

# --- what is no request ---------------------------------------------------------------------------------

# odd WHAT STATUS FIELDS [BODY]: refused, once, and what stands behind it is no request of anybody's
odd() {
	local answer
	answer=$({
		printf 'POST /ipp/print HTTP/1.1\r\nContent-Type: application/ipp\r\n%b\r\n\r\n' "$3"
		printf '%b' "${4:-}"
		printf 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'
	} | dial alice -ign_eof | tr -d '\0')
	is "row 40: $1" "HTTP/1.1 $2" "$(grep -ao 'HTTP/1.1 [0-9]*' <<<"$answer")"
}
odd "length and chunks" 400 'Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked' '0\r\n\r\n'
odd "chunks and length" 400 'Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5' '0\r\n\r\n'
odd "two lengths" 400 'Host: a\r\nContent-Length: 0\r\nContent-Length: 44'
odd "two lengths in one" 400 'Host: a\r\nContent-Length: 0, 44'
odd "a length with a sign" 400 'Host: a\r\nContent-Length: +0'
odd "two hosts" 400 'Host: a\r\nHost: b'
odd "no host" 400 'X-Host: a'
odd "a folded line" 400 'Host: a\r\nX-A: b\r\n Content-Length: 44'
odd "a blank before a colon" 400 'Host: a\r\nContent-Length : 44'
odd "a bare line feed" 400 'Host: a\nContent-Length: 44'
odd "a bare carriage return" 400 'Host: a\r\nX-A: b\rContent-Length: 44'
odd "chunked under another name" 501 'Host: a\r\nTransfer-Encoding: xchunked' '0\r\n\r\n'
odd "chunked twice" 501 'Host: a\r\nTransfer-Encoding: chunked, chunked' '0\r\n\r\n'
odd "another coding" 501 'Host: a\r\nTransfer-Encoding: gzip, chunked' '0\r\n\r\n'
odd "an expectation that nobody knows" 417 'Host: a\r\nExpect: the-unexpected'
body=$(od -An -v -tx1 "$WORK/ask" | tr -d '\n' | sed 's/ /\\x/g')
for size in 0x5 +5 -5 5g ' 5' '5 ' 10000000000000005; do
	odd "a chunk of '$size'" 400 'Host: a\r\nTransfer-Encoding: chunked' "$size\r\nhello\r\n0\r\n\r\n"
done
odd "a chunk that is longer than it says" 400 'Host: a\r\nTransfer-Encoding: chunked' "$(printf %x "$ASK")\r\n${body}XX\r\n0\r\n\r\n"
odd "a chunk with bare line feeds" 400 'Host: a\r\nTransfer-Encoding: chunked' "$(printf %x "$ASK")\n$body\n0\n\n"
{ printf 'GET / HTTP/1.1\r\nHost: a\r\nX-A: '; head -c 17000 /dev/zero | tr '\0' a; } >"$WORK/long"
like "row 42: a head of 17 KB" '^HTTP/1.1 431' "$(dial alice -ign_eof <"$WORK/long" | head -n 1)"

# --- what is one ------------------------------------------------------------------------------------------

answers() { grep -ao 'HTTP/1.1 200' | wc -l; }
one() { # one FRAMING: a whole request
	printf 'POST /ipp/print HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\n'
	if [ "$1" = length ]; then
		printf 'Content-Length: %s\r\n%s\r\n' "$ASK" "${2:-}"
		cat "$WORK/ask"
	else
		printf 'Transfer-Encoding: chunked\r\n%s\r\n%x;x=y\r\n' "${2:-}" "$ASK"
		cat "$WORK/ask"
		printf '\r\n0\r\nX-Trailer: z\r\n\r\n'
	fi
}
is "four requests in one write, of both framings: four answers" 4 \
    "$({ one length; one chunks; one length; one chunks $'Connection: close\r\n'; } | dial alice -ign_eof | answers)"
curl -s -o "$BODY" -o "$WORK/body2" -w '%{num_connects} ' --cacert "$ROOT" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem" \
    "${IPP[@]}" --data-binary "@$WORK/ask" "$WALL/ipp/print" "$WALL/ipp/print" >"$WORK/connects"
is "a connection is kept from one request to the next" "1 0 " "$(cat "$WORK/connects")"
prints alice "$WORK/small" -H 'Expect: 100-continue'
is "a body is invited where it is wanted" "100 200" "$(sed -n 's/^HTTP\/1.1 \([0-9]*\).*/\1/p' "$HEADERS" | tr '\n' ' ' | sed 's/ $//')"
curl -s -o /dev/null -D "$HEADERS" -w '%{size_upload}' --cacert "$ROOT" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem" "${IPP[@]}" \
    -H 'Expect: 100-continue' --data-binary "@$WORK/small" "$WALL/nowhere" >"$WORK/uploaded"
is "and not where it is not: nothing of it was sent" "404 0" "$(sed -n 's/^HTTP\/1.1 \([0-9]*\).*/\1/p' "$HEADERS" | tr '\n' ' ')$(cat "$WORK/uploaded")"

# --- how much memory a body costs ----------------------------------------------------------------------------

hwm_kib() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$CHILD/status"; }
BEFORE=$(hwm_kib)
{ cat "$WORK/print"; head -c 300000000 /dev/zero; } >"$WORK/large"
FROM=${EPOCHREALTIME/./}
works "300 MB are printed" prints alice "$WORK/large" -H Expect:
TOOK=$((${EPOCHREALTIME/./} - FROM))
echo "      300 MB in $((TOOK / 1000)) ms; at most $(hwm_kib) KiB were resident, $BEFORE before"
works "300 MB are printed in chunks" prints alice "$WORK/large" -H Expect: -H 'Transfer-Encoding: chunked'
limit=32768
[ -z "$SANITIZED" ] || limit=700000 # which keeps what was freed
like "row 42: 300 MB cost no memory" yes "$([ $(($(hwm_kib) - BEFORE)) -le $limit ] && echo yes || echo "$BEFORE KiB, then $(hwm_kib)")"
rm "$WORK/large"

# --- what became of them ---------------------------------------------------------------------------------------

seen() { # seen ACT MORE...
	q activity list --tenant acme --act "$@" --json
}
accepted() { [ "$(seen job.accepted --device workstation/alice | jq '.items | length')" = 3 ]; }
works "each job is an entry in the activity log" within 10 accepted
is "which says whose it is, and how large" "spiffe://acme.eu.example.org/workstation/alice relay 300000000" \
    "$(seen job.accepted | jq -r '.items[0].job | "\(.owner) \(.encrypted_by) \(.octets)"')"
is "and nothing is told of bob" 0 "$(seen job.accepted --device bob | jq '.items | length')"
like "that she may is another" '^permit$' "$(seen print.submit --device alice | jq -r '.items[0].decision')"
NUMBER=$(seen job.accepted | jq '.items[0].job.number')
{
	printf '\2\0\0\10\0\0\0\1\1' # Cancel-Job
	attr 47 attributes-charset utf-8
	attr 48 attributes-natural-language en
	attr 45 job-uri "ipps://localhost:$RELAY/ipp/job/$NUMBER"
	printf '\3'
} >"$WORK/cancel"
relay alice "${IPP[@]}" --data-binary "@$WORK/cancel" "/ipp/job/$NUMBER"
is "one is canceled" "200 0000" "$STATUS $(ipp_status)"
ended() { [ "$(seen job.ended | jq -r '.items[0].job | "\(.number) \(.state) \(.reasons[0])"')" = "$NUMBER canceled job-canceled-by-user" ]; }
works "and that is an entry" within 10 ended
unlike "no name that a client gave is in any" whoever "$(seen job.accepted; seen job.ended; seen print.submit)"

# --- a certificate that ends in the middle of a body -----------------------------------------------------------

head -c 50000000 /dev/zero | cat "$WORK/print" - >"$WORK/long-one"
upload() { # upload WHO: slowly; how it ended, and when
	curl -s -o /dev/null --limit-rate 300k --max-time 100 --cacert "$ROOT" --cert "$WORK/$1/cert.pem" --key "$WORK/$1/key.pem" -H Expect: \
	    "${IPP[@]}" --data-binary "@$WORK/long-one" "$WALL/ipp/print"
	echo "$? ${EPOCHREALTIME/./}" >"$WORK/upload-$1"
}
jobs_held() { find "$DATA/spool/documents" -type f 2>/dev/null | wc -l; }
HELD=$(jobs_held)
upload bob &
upload alice &
UPLOADING=$!
two_more() { [ "$(jobs_held)" -ge $((HELD + 2)) ]; }
works "two documents are on their way" within 20 two_more
FROM=${EPOCHREALTIME/./}
api POST "/v1/tenants/acme/certificates/$(serial "$WORK/bob/cert.pem")/revoke" '{"reason":"keyCompromise"}'
is "bob's certificate is revoked" 200 "$STATUS"
works "row 35: his upload ends" within 20 test -s "$WORK/upload-bob"
read -r ENDED AT <"$WORK/upload-bob"
like "row 35: as one that was cut" '^(52|55|56)$' "$ENDED"
like "row 35: within two seconds ($(((AT - FROM) / 1000)) ms)" yes "$([ $((AT - FROM)) -le 2000000 ] && echo yes || echo $((AT - FROM)))"
one_gone() { [ "$(jobs_held)" -eq $((HELD + 1)) ]; }
works "row 35: nothing of it is left" within 5 one_gone
relay bob "${IPP[@]}" --data-binary "@$WORK/ask" /ipp/print
is "row 35: and on another connection he is served nothing" 403 "$STATUS"
is "others go on" no "$([ -s "$WORK/upload-alice" ] && echo yes || echo no)"
is "and print" yes "$(prints alice "$WORK/small" && echo yes || echo no)"
OUT=$(q tenant suspend acme 2>&1)
works "row 35: where her tenant is suspended, hers ends too" within 20 test -s "$WORK/upload-alice"
wait $UPLOADING
relay alice "${IPP[@]}" --data-binary "@$WORK/ask" /ipp/print
unlike "row 35: and she is not served" '^200$' "$STATUS"
OUT=$(q tenant resume acme 2>&1)
again() { relay alice "${IPP[@]}" --data-binary "@$WORK/ask" /ipp/print && [ "$STATUS" = 200 ]; }
works "until it is resumed" within 10 again

# --- the slow ones ---------------------------------------------------------------------------------------------

slow_is() { # slow_is WHAT NAME LIMIT-S
	works "row 42: $1 is cut" within 120 test -s "$WORK/slow-$2.end"
	like "row 42: $1: at the limit" yes "$(awk -v most="$3" '{ print $1 <= most ? "yes" : $1 }' "$WORK/slow-$2.end")"
}
slow_is "a head that comes by single octets" head 45
slow_is "a body of which no more comes" silent 45
slow_is "a body that comes by single octets" body 80
is "one process served all of it" "$CHILD" "$(relay_pid)"

# --- handshakes that fail, again and again ------------------------------------------------------------------------

service_stop
printf 'limits:\n  exempt: [127.0.0.9]\n  handshakes: 5\n' >>"$CONF"
service_start || stop_here "serve with limits"
CHILD=$(relay_pid)
knock() { # knock ADDRESS COUNT: without a certificate; how many were answered with an alert
	for ((i = 0; i < $2; i++)); do
		http --cacert "$ROOT" --interface "$1" "$WALL/ipp/print"
		cat "$WORK/curl.err"
	done | grep -c 'alert certificate required'
}
like "row 42: of 60 handshakes without a certificate few get as far as TLS" '^([5-9]|1[0-9])$' "$(knock 127.0.0.2 60)"
relay alice --interface 127.0.0.2 /ipp/print
is "row 42: then the door is shut to that address" 000 "$STATUS"
relay alice --interface 127.0.0.3 /ipp/print
is "row 42: and to no other" 405 "$STATUS"
is "an exempt address is told each time" 20 "$(knock 127.0.0.9 20)"
like "the metrics count them" '^[1-9][0-9]*$' "$(gauge 'quatrain_limited_total{what="handshakes"}')"
back() { relay alice --interface 127.0.0.2 /ipp/print && [ "$STATUS" = 405 ]; }
works "who waits is let in again" within 60 back

# --- a process that dies --------------------------------------------------------------------------------------------

kill -KILL "$CHILD"
works "a relay that was killed comes back" within 20 back
prints alice "$WORK/small"
is "and prints" "200 0000" "$STATUS $(ipp_status)"
finish
