#!/usr/bin/env bash
# tests/flow/certs.sh - certificates found, in the form that is wanted, ended by the hundred in one act; a device removed with all that it has.
. "$(dirname "$0")/lib.sh"

SESSIONS=$(dirname "$QUATRAIN_BIN")/sessions
SHIM=$(dirname "$QUATRAIN_BIN")/io_shim.so
ROUNDS=${ROUNDS:-$([ "${QUATRAIN_LONG:-0}" = 1 ] && echo 100 || echo 3)}
export ASAN_OPTIONS=verify_asan_link_order=0 # of the service under the shim
for file in "$SESSIONS" "$SHIM"; do
	[ -f "$file" ] || { echo "certs: no $file beside the binary; build it" >&2; exit 2; }
done

service_fresh acme globex
for who in alice:registrar anna:auditor; do
	OUT=$(q operator add "${who%:*}" --role "${who#*:}" --out "$WORK/${who%:*}" 2>&1) || stop_here "operator $who"
done

# as WHO METHOD PATH [JSON]: over the network
as() {
	http --cacert "$ROOT" --cert "$WORK/$1/cert.pem" --key "$WORK/$1/key.pem" -X "$2" \
	    ${4:+-H 'Content-Type: application/json' --data-binary "$4"} "$URL$3"
}

# enrol_by WHO DEVICE: with a token that the operator made; the certificate is WORK/DEVICE.pem
enrol_by() {
	as "$1" POST /v1/tenants/acme/tokens "{\"device\":\"$2\"}"
	TOKEN_ID=$(jq -r .id "$BODY")
	local secret
	secret=$(jq -r .secret "$BODY")
	p256 "$WORK/$2.key"
	csr "$WORK/$2.key" "/CN=$2" >"$WORK/$2.b64"
	est_post acme/simpleenroll "$WORK/$2.b64" -u "$2:$secret"
	[ "$STATUS" = 200 ] && p7_certs "$BODY" >"$WORK/$2.pem"
}

# renew DEVICE FROM TO: WORK/TO.pem comes of WORK/FROM.pem
renew() {
	csr "$WORK/$1.key" "/O=acme/OU=printer/CN=$1" >"$WORK/$1.b64"
	est_post acme/simplereenroll "$WORK/$1.b64" --cert "$WORK/$2.pem" --key "$WORK/$1.key"
	[ "$STATUS" = 200 ] && p7_certs "$BODY" >"$WORK/$3.pem"
}

# status CERTIFICATE: as the ledger has it
status() {
	api GET "/v1/tenants/acme/certificates/$(serial "$1")"
	jq -r .status "$BODY"
}

# revocations JSON: the act on many
revocations() {
	api POST /v1/tenants/acme/revocations "$1"
}

# log_has ACT: how many entries of it
log_has() {
	entries acme | grep -c "\"act\":\"$1\""
}

chain_of acme "$WORK/ca"
enrol acme local-1 "$WORK/local-1" || stop_here "enrol"
cp "$WORK/local-1/leaf.pem" "$WORK/local-1.pem"
for ((i = 1; i <= 12; i++)); do
	enrol_by alice "hp-$i" || stop_here "enrol hp-$i"
	[ $i -ne 1 ] || FIRST_TOKEN=$TOKEN_ID
done
renew hp-1 hp-1 hp-1b || stop_here "renew"
renew hp-1 hp-1b hp-1c || stop_here "renew again"
SERIAL=$(serial "$WORK/hp-2.pem")
KEY=$(openssl x509 -in "$WORK/hp-2.pem" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64)

# --- found

count() { # WHAT EXPECTED OPTION...
	works "cert list: $1" q cert list --tenant acme --json "${@:3}"
	is "cert list: $1: so many" "$2" "$(jq '.items | length' <<<"$OUT")"
}
count "of a device" 3 --device hp-1
count "of a device that holds" 1 --device hp-2 --status good
count "by how a name begins" 4 --name hp-1 --kind printer --how token
count "by how a serial begins" 1 --serial "${SERIAL:0:12}"
count "by key" 1 --key-sha256 "$KEY"
count "by enroller" 14 --enroller operator:alice
count "by enroller and way" 2 --enroller operator:alice --how certificate
count "by token, with what came of it" 3 --token "$FIRST_TOKEN"
count "what ends soon" 0 --ends-before 30d --kind printer
count "what ends within a year" 15 --ends-before 365d --kind printer
count "nothing" 0 --status revoked
works "cert find by serial" q cert find --serial "$SERIAL"
like "it says whose" "^acme +$SERIAL +printer +good" "$OUT"
works "cert find by key" q cert find --key-sha256 "$(sed 's/../&:/g; s/:$//' <<<"$KEY")"
like "it says whose" "^acme +$SERIAL" "$OUT"
works "cert find by device" q cert find --device hp-3
like "it says which" ' hp-3$' "$OUT"
exits "cert find of nothing" 2 q cert find
refuses "a filter that is none" q cert list --tenant acme --serial xyz
api GET '/v1/tenants/acme/certificates?stauts=good'
is "a misspelt filter is no filter" 400 "$STATUS"
as anna GET "/v1/certificates?serial=$SERIAL"
is "an auditor finds too" "200 acme" "$STATUS $(jq -r '.items[].tenant' "$BODY")"

# --- in its forms

q cert show --tenant acme "$SERIAL" --form der >"$WORK/shown.der"
is "DER is the certificate" "$(openssl x509 -in "$WORK/hp-2.pem" -outform DER | sha256sum)" "$(sha256sum <"$WORK/shown.der")"
q cert show --tenant acme "$SERIAL" --form pem >"$WORK/shown.pem"
works "PEM is a chain that OpenSSL follows" openssl verify -CAfile "$ROOT" -untrusted "$WORK/shown.pem" "$WORK/shown.pem"
works "cert show --form text" q cert show --tenant acme "$SERIAL" --form text
like "text says who let it in" 'let in by +operator:alice' "$OUT"
like "text has the levels" '^  2 region ' "$OUT"
exits "a form and --json" 2 q cert show --tenant acme "$SERIAL" --form pem --json
path=/v1/tenants/acme/certificates/$SERIAL
http -H 'Accept: application/pkix-cert' --unix-socket "$DATA/run/api.sock" "http://localhost$path"
is "by Accept" application/pkix-cert "$(header Content-Type)"
TAG=$(header ETag)
http -H 'Accept: application/pkix-cert' -H "If-None-Match: $TAG" --unix-socket "$DATA/run/api.sock" "http://localhost$path"
is "what the client has is not sent again" "304 0" "$STATUS $(wc -c <"$BODY")"

# --- many at once

as anna POST /v1/tenants/acme/revocations '{"enroller":"operator:alice","dry_run":true}'
is "an auditor ends nothing" 403 "$STATUS"
is "nor counts" 403 "$STATUS"
as alice POST /v1/tenants/platform/revocations '{"enroller":"local"}'
is "a registrar ends nothing of the platform" 403 "$STATUS"
revocations '{"enroller":"operator:alice","dry_run":true}'
is "a dry run counts" "200 14 0 true" "$STATUS $(jq -r '"\(.revoked) \(.already) \(.dry_run)"' "$BODY")"
is "and ends nothing" 0 "$(log_has certificate.revoked)"
revocations '{"enroller":"operator:alice"}'
is "many want their number" "409 14" "$STATUS $(jq -r .confirm "$BODY")"
revocations '{"enroller":"operator:alice","confirm":13}'
is "and not another" "409 14" "$STATUS $(jq -r .confirm "$BODY")"
FOREIGN=$(enrol globex other "$WORK/other" && serial "$WORK/other/leaf.pem")
CA=$(serial "$WORK/ca1.pem")
for bad in "$FOREIGN" "$CA" 00112233445566778899aabbccddeeff; do
	revocations "{\"serials\":[\"$SERIAL\",\"$bad\"],\"reason\":\"superseded\"}"
	is "one that is none of its own, and all stay" "404 good" "$STATUS $(status "$WORK/hp-2.pem")"
done
api POST /v1/tenants/platform/revocations "{\"serials\":[\"$CA\"]}"
is "a CA is none of many" 403 "$STATUS"
for bad in '{}' '{"serials":[]}' '{"serials":["x"]}' '{"enroller":"a","token":"b"}' '{"enroller":7}' '{"enroller":""}' \
    '{"serials":["'"$SERIAL"'"],"added_after":"2026-01-01T00:00:00Z"}' '{"enroller":"a","added_before":"now"}' \
    '{"enroller":"a","reason":"removeFromCRL"}' '{"enroller":"a","dry_run":"yes"}' '{"enroller":"a","confirm":-1}' \
    '{"enroller":"a","comfirm":1}' '[]' 'x'; do
	revocations "$bad"
	is "refused: ${bad:0:60}" 400 "$STATUS"
done
revocations '{"token":"0011223344556677"}'
is "a token that there is not" 404 "$STATUS"
works "by a token, counted" q cert revoke --tenant acme --token "$FIRST_TOKEN"
like "it says how many, and what next" '^3 certificates would end' "$OUT"
works "by a token" q cert revoke --tenant acme --token "$FIRST_TOKEN" --yes --reason privilegeWithdrawn
like "it says that they have" '^3 certificates are revoked' "$OUT"
is "the first, its renewal, and that one's" "revoked revoked revoked" \
    "$(status "$WORK/hp-1.pem") $(status "$WORK/hp-1b.pem") $(status "$WORK/hp-1c.pem")"
is "and no other" good "$(status "$WORK/hp-10.pem")"
printf '# a list\n%s\n\n%s\n' "$(serial "$WORK/hp-3.pem" | tr a-f A-F)" "$(serial "$WORK/hp-4.pem" | sed 's/../&:/g; s/:$//')" >"$WORK/list"
works "by a list" q cert revoke --tenant acme --serials-from "$WORK/list" --yes --json
is "of two" "2 false" "$(jq -r '"\(.revoked) \(.dry_run)"' <<<"$OUT")"
works "the same again" q cert revoke --tenant acme --serials-from - --yes --json <"$WORK/list"
is "is no error, and counted" "0 2" "$(jq -r '"\(.revoked) \(.already)"' <<<"$OUT")"
once() {
	http --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' -H 'Idempotency-Key: of-hp-5' \
	    --data-binary "$1" http://localhost/v1/tenants/acme/revocations
}
once "{\"serials\":[\"$(serial "$WORK/hp-5.pem")\"]}"
is "with a key" "200 1" "$STATUS $(jq -r .revoked "$BODY")"
once "{\"serials\":[\"$(serial "$WORK/hp-5.pem")\"]}"
is "the same request once more is answered as it was" "200 1 true" "$STATUS $(jq -r .revoked "$BODY") $(header Idempotent-Replayed)"
once "{\"serials\":[\"$(serial "$WORK/hp-6.pem")\"]}"
is "and another under that key is none" "422 good" "$STATUS $(status "$WORK/hp-6.pem")"
echo zz >>"$WORK/list"
refuses "a list with a line that is none" q cert revoke --tenant acme --serials-from "$WORK/list" --yes
like "says which" 'line 5' "$OUT"
exits "a serial and a list" 2 q cert revoke --tenant acme "$SERIAL" --serials-from "$WORK/list"
exits "nothing at all" 2 q cert revoke --tenant acme
BEFORE=$(log_has certificate.revoked)
works "by an enroller" q cert revoke --tenant acme --enroller operator:alice --yes
like "of the rest" '^8 certificates are revoked; .*, 6 had ended before' "$OUT"
is "an entry each" $((BEFORE + 8)) "$(log_has certificate.revoked)"
LAST=$(entries acme | tail -n 1)
is "and one of the act, behind them" "certificates.revoked enroller operator:alice 8 6" \
    "$(jq -r '"\(.act) \(.selector) \(.enroller) \(.certificates) \(.already)"' <<<"$LAST")"
is "OCSP knows" revoked "$(ocsp_word "$WORK/hp-12.pem")"
is "of those alone" good "$(ocsp_word "$WORK/local-1.pem")"
if within 20 crl_has "$WORK/ca1.pem" "$(serial "$WORK/hp-12.pem" | tr a-f A-F)"; then pass "the list knows"; else fail "the list knows" listed not; fi
is "the journal knows" 14 "$(grep -c ' revoked ' "$DATA/journal")"
http -H 'Accept: application/pkix-cert' -H "If-None-Match: $TAG" --unix-socket "$DATA/run/api.sock" "http://localhost$path"
is "and a tag of before is none any more" 200 "$STATUS"

# --- all or nothing: the signer killed, and a disk that fails

for ((i = 1; i <= 24; i++)); do
	enrol_by alice "kill-$i" || stop_here "enrol kill-$i"
done
# how_many WORD: of the kill devices
how_many() {
	q cert list --tenant acme --name kill- --status "$1" --json | jq '.items | length'
}
SIGNER=""
for ((try = 0; try < 40; try++)); do
	SIGNER=$(child_pids signer | head -1)
	curl -s -o "$WORK/killed" --max-time 25 --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' \
	    --data '{"enroller":"operator:alice","confirm":24}' http://localhost/v1/tenants/acme/revocations &
	CURL=$!
	sleep "0.0$(printf '%02d' $((try % 25)))"
	[ -z "$SIGNER" ] || kill -KILL "$SIGNER"
	wait "$CURL"
	back() { [ -n "$(child_pids signer)" ] && [ "$(child_pids signer | head -1)" != "$SIGNER" ] && api GET /v1/keys && [ "$STATUS" = 200 ]; }
	within 20 back || stop_here "the signer came back"
	REVOKED=$(how_many revoked)
	[ "$REVOKED" = 0 ] || break
	is "killed after $((try % 25)) ms: none has ended" 24 "$(how_many good)"
done
is "killed again and again: in the end all have" 24 "$REVOKED"

for ((i = 1; i <= 12; i++)); do
	enrol_by alice "disk-$i" || stop_here "enrol disk-$i"
done
for call in write:1:EIO sync:1:EIO write:1:ENOSPC write:2:short; do
	service_stop
	IFS=: read -r what nth error <<<"$call"
	TOLD=$DATA/told
	rm -f "$TOLD" "$TOLD.from"
	export QUATRAIN_IO_CALL=$what QUATRAIN_IO_NTH=$nth QUATRAIN_IO_ERROR=$error QUATRAIN_IO_FILE=data.mdb QUATRAIN_IO_TOLD=$TOLD
	export QUATRAIN_IO_FROM=$TOLD.from LD_PRELOAD=$SHIM
	service_start || stop_here "serve under the shim"
	unset LD_PRELOAD
	touch "$TOLD.from"
	http -X POST --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' \
	    --data '{"enroller":"operator:alice","confirm":12}' http://localhost/v1/tenants/acme/revocations
	ANSWER=$STATUS
	like "$call: the disk failed" struck "$(cat "$TOLD" 2>/dev/null)"
	good() { api GET '/v1/tenants/acme/certificates?name=disk-&status=good'; [ "$STATUS" = 200 ]; }
	within 20 good
	GOOD=$(jq '.items | length' "$BODY")
	case $ANSWER:$GOOD in
	200:0 | 5*:0 | 5*:12 | 000:0 | 000:12) pass "$call: all or none ($ANSWER, $GOOD are good)" ;;
	*) fail "$call: all or none" "200 and 0 good, or no success and 0 or 12" "$ANSWER and $GOOD good" ;;
	esac
	[ "$GOOD" -ne 0 ] || break
done
service_stop
service_start || stop_here "serve again"
api POST /v1/tenants/acme/revocations '{"enroller":"operator:alice","confirm":12}'
revocations '{"enroller":"operator:alice","dry_run":true}'
is "in the end they have" "0" "$(jq -r .revoked "$BODY")"

# --- a device goes

enrol_by alice gone || stop_here "enrol gone"
renew gone gone gone-b || stop_here "renew"
OPEN_TOKEN=$(token acme gone)
OTHER_TOKEN=$(token acme stays)
works "endpoint list" q endpoint list --tenant acme --kind printer
like "it holds two" '^printer +gone +2 +good' "$OUT"
unlike "keys of our own are none" '^log' "$(q endpoint list --tenant acme)"
works "endpoint show" q endpoint show --tenant acme printer/gone
like "with its certificates" "^$(serial "$WORK/gone-b.pem") +good" "$OUT"
works "endpoint remove --dry-run" q endpoint remove --tenant acme printer/gone --dry-run
like "counts" 'certificates revoked +2' "$OUT"
is "and ends nothing" good "$(status "$WORK/gone.pem")"
as anna DELETE /v1/tenants/acme/endpoints/printer/gone
is "no auditor removes" 403 "$STATUS"
api DELETE /v1/tenants/acme/endpoints/printer/gone '{"dry_run":true}'
is "a body is not passed over" 400 "$STATUS"
refuses "what is none" q endpoint remove --tenant acme printer/nobody
refuses "what is no device" q endpoint remove --tenant acme log/issuance
exits "what is no name" 2 q endpoint remove --tenant acme printer
works "a gateway prints there" q printer add gone --tenant acme --gateway site-1
works "endpoint remove" q endpoint remove --tenant acme printer/gone --json
is "all goes at once" "2 1 0 0 1 cessationOfOperation" \
    "$(jq -r '"\(.revoked) \(.tokens) \(.requests) \(.registrations) \(.printers) \(.reason)"' <<<"$OUT")"
is "its certificates" "revoked revoked" "$(status "$WORK/gone.pem") $(status "$WORK/gone-b.pem")"
is "OCSP knows" revoked "$(ocsp_word "$WORK/gone-b.pem")"
is "one entry of the act" "endpoint.removed printer/gone" "$(entries acme | tail -n 1 | jq -r '"\(.act) \(.name)"')"
est_post acme/simpleenroll "$WORK/gone.b64" -u "gone:$OPEN_TOKEN"
is "its open token lets nobody in" 401 "$STATUS"
csr "$WORK/gone.key" "/CN=gone" >"$WORK/gone.b64"
est_post acme/simpleenroll "$WORK/gone.b64" -u "gone:$(token acme gone)"
is "a new one does" 200 "$STATUS"
p256 "$WORK/stays.key"
csr "$WORK/stays.key" "/CN=stays" >"$WORK/stays.b64"
est_post acme/simpleenroll "$WORK/stays.b64" -u "stays:$OTHER_TOKEN"
is "another's token is open still" 200 "$STATUS"

# --- and its thousand sessions at once

: >"$WORK/last"
for ((round = 1; round <= ROUNDS; round++)); do
	enrol_by alice busy || stop_here "enrol busy"
	printf 'DELETE /v1/tenants/acme/endpoints/printer/busy HTTP/1.1\r\nHost: localhost\r\n\r\n' >"$WORK/delete"
	OUT=$(timeout 120 "$SESSIONS" "$SECURE" 1000 "$ROOT" "$WORK/busy.pem" "$WORK/busy.key" "$DATA/run/api.sock" "$WORK/delete" 2>&1)
	[ "$(sed -n 's/^held //p' <<<"$OUT")" = 1000 ] || { fail "round $round: sessions" 1000 "$OUT"; break; }
	[ "$(sed -n 's/^status //p' <<<"$OUT")" = 200 ] || { fail "round $round: removed" 200 "$OUT"; break; }
	[ "$(sed -n 's/^cut //p' <<<"$OUT")" = "1000 of 1000" ] || { fail "round $round: all are cut" "1000 of 1000" "$OUT"; break; }
	sed -n 's/^last //p' <<<"$OUT" >>"$WORK/last"
done
is "rounds in which each of 1,000 sessions was cut" "$ROUNDS" "$(wc -l <"$WORK/last")"
P99=$(sort -n "$WORK/last" | awk '{ at[NR] = $1 } END { i = int(NR * 0.99 + 0.999999); print at[i < 1 ? 1 : i] }')
echo "      the last of 1,000 sessions ended $P99 us after the removal was asked for (p99 of $ROUNDS)"
# The bar is 50 ms; a machine that does much else besides is no failure of ours, but ten times that is.
BAR=$([ "${QUATRAIN_LONG:-0}" = 1 ] && echo 50000 || echo 500000)
is "p99 within $((BAR / 1000)) ms" yes "$([ "${P99:-9999999}" -le "$BAR" ] && echo yes || echo "$P99 us")"

# --- whole after all that

works "log export" q log export --tenant acme --out "$WORK/export"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"
service_stop
works "ledger check" q ledger check
like "nothing is missing" GOOD "$OUT"
finish
