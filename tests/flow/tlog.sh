#!/usr/bin/env bash
# tests/flow/tlog.sh - the log for clients that are not ours: C2SP tlog-tiles over HTTPS, read and believed only as far as
# golang.org/x/mod proves it; checkpoints that the signer signs by itself; and what a flipped bit in the store stops.
. "$(dirname "$0")/lib.sh"

eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	echo 'log: { checkpoint: 1 }' >>"$CONF"
}

CLIENT=$WORK/tlog_client
command -v go >/dev/null || stop_here "go is missing: scripts/setup test"
works "the client is built of x/mod as Debian has it" env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= \
    go build -o "$CLIENT" "$TREE/tests/clients/tlog_client.go" || finish

service_fresh acme globex
q operator add alice --role auditor --out "$WORK/alice" >/dev/null || stop_here "operator add"
ALICE=(--cacert "$ROOT" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem")

# log PATH CURL-ARGUMENTS...: of acme's log, as the auditor
log() {
	local path=$1
	shift
	http "${ALICE[@]}" "$@" "$URL/v1/tenants/acme/log/$path"
}

# signed TENANT: its newest checkpoint is over all of its entries
signed() {
	http "${ALICE[@]}" "$URL/v1/tenants/$1/log/checkpoint"
	[ "$STATUS" = 200 ] && [ "$(sed -n 2p "$BODY")" = "$(entries "$1" >"$WORK/all" && wc -l <"$WORK/all")" ]
}
# signed_all TENANT: it is so, and BODY is that checkpoint
signed_all() {
	within 20 signed "$1" || return 1
	http "${ALICE[@]}" "$URL/v1/tenants/$1/log/checkpoint"
}

# --- verifier keys ---------------------------------------------------------------------------------

log keys
is "keys" "200 application/json" "$STATUS $(header Content-Type)"
is "the log's origin" acme.eu.example.org/log "$(jq -r .origin "$BODY")"
cp "$BODY" "$WORK/keys.json"
LOGKEY=$(jq -r .log.vkey "$BODY") COSIGNER=$(jq -r .cosigner.vkey "$BODY")
like "the log's verifier key" '^acme\.eu\.example\.org/log\+[0-9a-f]{8}\+AQ?[A-Za-z0-9+/]+=*$' "$LOGKEY"
like "the cosigner's" '^eu\.example\.org/cosigner\+[0-9a-f]{8}\+B[A-Za-z0-9+/]+=*$' "$COSIGNER"
for who in log cosigner; do
	jq -r ".$who.certificates" "$WORK/keys.json" >"$WORK/$who.pem"
	works "$who: its certificate leads to the root" openssl verify -CAfile "$ROOT" -untrusted "$WORK/$who.pem" -purpose any "$WORK/$who.pem"
	is "$who: the verifier key is that of the certificate" "$(openssl x509 -in "$WORK/$who.pem" -noout -pubkey | openssl pkey -pubin -outform DER | tail -c 32 | openssl base64 -A)" \
	    "$(jq -r ".$who.vkey" "$WORK/keys.json" | cut -d+ -f3- | openssl base64 -d -A | tail -c 32 | openssl base64 -A)"
done
is "key list shows the cosigner" "eu file in use" \
    "$(q key list --json | jq -r '.items[] | select(.kind == "cosigner") | "\(.of) \(.where) \(.state)"')"

# --- a stock client ----------------------------------------------------------------------------------

# stock TENANT ARGUMENTS...
stock() {
	local tenant=$1
	shift
	timeout 60 "$CLIENT" -url "$URL/v1/tenants/$tenant/log" -ca "$ROOT" -cert "$WORK/alice/cert.pem" -key "$WORK/alice/key.pem" "$@"
}
ACME=(acme -log "$LOGKEY" -cosigner "$COSIGNER")

works "a checkpoint comes by itself" signed_all acme
is "as text" "text/plain; charset=utf-8 private, no-cache" "$(header Content-Type) $(header Cache-Control)"
is "with two signatures" "acme.eu.example.org/log eu.example.org/cosigner" "$(grep '^—' "$BODY" | cut -d' ' -f2 | xargs)"
works "the client reads a small log" stock "${ACME[@]}" -keep "$WORK/first"
secrets acme dev 300 >/dev/null
works "the next one comes by itself" signed_all acme
SIZE=$(sed -n 2p "$BODY")
works "the client reads tiles and entries, and proves growth" stock "${ACME[@]}" -old "$WORK/first" -keep "$WORK/second"
like "all of them" "all $SIZE entries" "$OUT"
like "from those of before" "began with the $(sed -n 2p "$WORK/first") entries" "$OUT"
secrets acme more 5 >/dev/null
works "and another" signed_all acme
works "grown from both" stock "${ACME[@]}" -old "$WORK/second"
works "and still from the first" stock "${ACME[@]}" -old "$WORK/first"
for path in checkpoint tile/0/000 tile/1/000.p/1 tile/entries/000; do
	refuses "the client refuses what was altered on the way: $path" stock "${ACME[@]}" -bend "$path"
done
refuses "another log's key" stock acme -log "${LOGKEY/acme/globex}"
refuses "another log's checkpoint" stock globex -log "$LOGKEY"
http "${ALICE[@]}" "$URL/v1/tenants/platform/log/keys"
PLATFORM=(platform -log "$(jq -r .log.vkey "$BODY")" -cosigner "$(jq -r .cosigner.vkey "$BODY")")
is "one region, one cosigner" "$COSIGNER" "$(jq -r .cosigner.vkey "$BODY")"
works "the platform's own log is signed too" signed_all platform
works "and read the same" stock "${PLATFORM[@]}"

# --- paths, and what a cache may keep ------------------------------------------------------------------

log tile/0/000
is "a full tile" "200 application/octet-stream 8192" "$STATUS $(header Content-Type) $(wc -c <"$BODY")"
is "stays as it is" "private, max-age=31536000, immutable" "$(header Cache-Control)"
cp "$BODY" "$WORK/tile"
TAG=$(header ETag)
log tile/0/000 -H "If-None-Match: $TAG"
is "and need not be sent twice" "304 0" "$STATUS $(wc -c <"$BODY")"
log tile/0/000.p/7
is "a part of it is its beginning" "$(head -c 224 "$WORK/tile" | sha256sum)" "$(sha256sum <"$BODY")"
log tile/entries/000
is "entries may be redacted by law, and are asked for again" "200 private, no-cache" "$STATUS $(header Cache-Control)"
for path in tile/0/001 tile/0/002.p/1 tile/1/000 tile/1/000.p/2 tile/2/000.p/1 tile/8/000.p/1 tile/63/000 tile/64/000.p/1 \
    tile/00/000 tile/0/0 tile/0/00 tile/0/0000 tile/0/x000/000 tile/0/x000 tile/0/000/ tile/0/000.p tile/0/000.p/ \
    tile/0/000.p/0 tile/0/000.p/07 tile/0/000.p/256 tile/0/000.p/257 tile/0/000.p/-1 tile/0/000.p/1/ tile/0/0x0 \
    tile/0/x001/x001/x001/x001/x001/x001/000 tile/entries/001 tile/entries/000.p/300 tile/entries tile/entries/ tile/0 tile/ \
    tile tile/-1/000 tile/0/%30%30%30 tile/0/000%2ep/1 tile/0/000.P/1 tile/ENTRIES/000 tile/0//000 tile/0/../0/000 x; do
	log "$path" --path-as-is
	is "no such tile: $path" 404 "$STATUS"
done
http "${ALICE[@]}" "$URL/v1/tenants/nobody/log/tile/0/000"
is "of no tenant" 404 "$STATUS"
http --cacert "$ROOT" "$URL/v1/tenants/acme/log/tile/0/000"
is "nobody reads without a certificate" 401 "$STATUS"
log tile/0/000 -X POST
is "nobody writes a tile" 405 "$STATUS"

# --- proofs --------------------------------------------------------------------------------------------

log "proof?index=3"
is "a proof" "200 text/plain; charset=utf-8" "$STATUS $(header Content-Type)"
is "as C2SP tlog-proof has it" "c2sp.org/tlog-proof@v1 extra index" "$(head -3 "$BODY" | cut -d' ' -f1 | xargs)"
is "the entry itself is in it" "$(entries acme | sed -n 4p)" "$(http "${ALICE[@]}" "$URL/v1/tenants/acme/log/proof?index=3"; sed -n 's/^extra //p' "$BODY" | openssl base64 -d -A)"
enrol acme hp-1 "$WORK/dev" || stop_here "enrol"
works "its checkpoint" signed_all acme
SIZE=$(sed -n 2p "$BODY")
log "proof?serial=$(serial "$WORK/dev/leaf.pem")&size=$SIZE"
like "by serial" "$(serial "$WORK/dev/leaf.pem")" "$(sed -n 's/^extra //p' "$BODY" | openssl base64 -d -A)"
log "consistency?old=$(sed -n 2p "$WORK/first")"
is "consistency" "old $(sed -n 2p "$WORK/first")" "$(head -1 "$BODY")"
for query in "proof 400" "proof?index=1&serial=$(serial "$WORK/dev/leaf.pem") 400" "proof?index=-1 400" "proof?index=01 400" \
    "proof?index=$SIZE 404" "proof?index=99999999999999999999 400" "proof?index=1&size=5 404" "proof?index=1&size=x 400" \
    "proof?serial=00 400" "proof?serial=00000000000000000000000000000000 404" "consistency 400" "consistency?old=x 400" \
    "consistency?old=$((SIZE + 1)) 404" "consistency?old=1&size=2 404" "keys/ 404"; do
	log "${query% *}"
	is "refused: ${query% *}" "${query##* }" "$STATUS"
done

# --- a bit flips in the store ----------------------------------------------------------------------------

# flip FILE TEXT: one bit of the first octet, wherever TEXT stands in it
flip() {
	local at n=0
	while IFS=: read -r at _; do
		printf '%b' "\\x$(printf %02x $(($(od -An -tu1 -j "$at" -N 1 "$1" | tr -d ' ') ^ 1)))" |
		    dd of="$1" bs=1 seek="$at" conv=notrunc status=none
		n=$((n + 1))
	done < <(grep -aboF "$2" "$1")
	[ "$n" -gt 0 ]
}

STORE=$DATA/tenants/acme/data.mdb
INDEX=20
HASH=$(entries acme | sed -n $((INDEX + 1))p | jq -r .prev) # no other row holds that text
like "a text of one entry alone" '^[0-9a-f]{64}$' "$HASH"
reasons() {
	http "$OPEN/readyz"
	jq -r '.reasons[]' "$BODY"
}
alarmed() { reasons | grep -q 'no checkpoints'; }
is "all is well before" "1 " "$(gauge quatrain_checkpoints) $(reasons)"
works "a bit of entry $INDEX flips in the running service" flip "$STORE" "$HASH"
token acme later-1 >/dev/null
works "/readyz says that a log gets no checkpoints" within 20 alarmed
http "$OPEN/readyz"
is "and stays ready: all else goes on" "200 true" "$STATUS $(jq -r .ready "$BODY")"
is "the metric too" 0 "$(gauge quatrain_checkpoints)"
for n in 2 3 4; do token acme later-$n >/dev/null; done
sleep 3
is "the log says it once" 1 "$(grep -c 'level=error .*event=log tenant=acme' "$WORK/serve.log")"
like "and names the entry" "entry ($INDEX|$((INDEX - 1))) was altered" "$(grep 'event=log tenant=acme' "$WORK/serve.log")"
log checkpoint
is "the last checkpoint is that of before" "$SIZE" "$(sed -n 2p "$BODY")"
refuses "an export is not signed either" q log export --tenant acme --out "$WORK/export"
api POST "/v1/tenants/acme/certificates/$(serial "$WORK/dev/leaf.pem")/revoke" '{"reason":"keyCompromise"}'
is "revoking goes on" 200 "$STATUS"
chain_of acme "$WORK/ca"
is "and is told" revoked "$(ocsp_word "$WORK/dev/leaf.pem")"
token globex tomorrow >/dev/null
works "the others get theirs" signed_all globex
works "the bit flips back" flip "$STORE" "$(printf '%b' "\\x$(printf %02x $(($(printf '%d' "'${HASH:0:1}") ^ 1)))")${HASH:1}"
service_stop
service_start || stop_here "serve"
works "the repaired log is signed for again" signed_all acme
works "and grew from what was signed before" stock "${ACME[@]}" -old "$WORK/second"
is "nothing is wrong any more" "1 " "$(gauge quatrain_checkpoints) $(reasons)"

finish
