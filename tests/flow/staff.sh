#!/usr/bin/env bash
# tests/flow/staff.sh - operators come, change and go; two must want what one alone may not; what is sent twice is done once.
. "$(dirname "$0")/lib.sh"

service_fresh acme

for pair in alice:officer bob:officer reg:registrar aud:auditor; do
	works "operator add ${pair%:*}" q operator add "${pair%:*}" --role "${pair#*:}" --out "$WORK/${pair%:*}"
done

# as NAME METHOD PATH [JSON] [CURL-ARGUMENTS...]: the API, by that operator's certificate
as() {
	local who=$1 method=$2 path=$3 body=${4:-}
	shift 3
	[ $# -eq 0 ] || shift
	http -X "$method" --cacert "$ROOT" --cert "$WORK/$who/cert.pem" --key "$WORK/$who/key.pem" \
	    ${body:+-H 'Content-Type: application/json' --data-binary "$body"} "$@" "$URL$path"
}

# qa NAME WORDS...: the command line, as that operator
qa() {
	local who=$1
	shift
	timeout 60 "$QUATRAIN_BIN" "$@" --url "$URL" --cert "$WORK/$who/cert.pem" --key "$WORK/$who/key.pem" --root "$ROOT"
}

# turn NAME ROLE: another role, by the machine's own user
turn() {
	api GET "/v1/operators/$1"
	http -X PATCH --unix-socket "$DATA/run/api.sock" -H "If-Match: $(header ETag)" -H 'Content-Type: application/json' \
	    --data-binary "{\"role\":\"$2\"}" "http://localhost/v1/operators/$1"
}

field() { jq -r "$1" "$BODY"; }
# told PATTERN: how many lines of the platform's log have it
told() { entries platform | grep -cE -- "$1"; }

# --- who works here, and as what ---------------------------------------------------------------

as aud GET /v1/operators/reg
is "an auditor sees an operator" "200 registrar" "$STATUS $(field .role)"
etag=$(header ETag)
is "the tag is in the body too" "$etag" "$(field .etag)"
as aud GET /v1/operators/reg "" -H "If-None-Match: $etag"
is "who has it gets nothing" "304 0" "$STATUS $(wc -c <"$BODY")"
as aud GET /v1/operators/nobody
is "there is no such operator" 404 "$STATUS"
as alice PATCH /v1/operators/reg '{"role":"auditor"}'
is "a change wants to know what was seen" 428 "$STATUS"
as alice PATCH /v1/operators/reg '{"role":"auditor"}' -H 'If-Match: "00000000000000000000000000000000"'
is "of another state it is refused" 412 "$STATUS"
as alice PATCH /v1/operators/reg '{"role":"auditor"}' -H "If-Match: W/$etag"
is "a weak tag matches nothing" 412 "$STATUS"
as alice PATCH /v1/operators/reg '{"role":"auditor"}' -H 'If-Match: rubbish'
is "what is no list of tags" 400 "$STATUS"
as alice PATCH /v1/operators/reg '{"role":"king"}' -H "If-Match: $etag"
is "a role that is none" 400 "$STATUS"
as reg PATCH /v1/operators/reg '{"role":"officer"}' -H "If-Match: $etag"
is "a registrar makes nobody an officer" 403 "$STATUS"
as alice PATCH /v1/operators/reg '{"role":"auditor"}' -H "If-Match: $etag"
is "an officer changes a role" "200 auditor" "$STATUS $(field .role)"
unlike "its tag is another one" "^$etag\$" "$(field .etag)"
as reg POST /v1/tenants/acme/tokens '{"device":"hp-1"}'
is "the role holds from the next request on" 403 "$STATUS"
works "operator role, by the command line" qa alice operator role reg --role registrar
as reg POST /v1/tenants/acme/tokens '{"device":"hp-1"}'
is "and back" 201 "$STATUS"
refuses "operator role with a tag that is not of now" qa alice operator role reg --role auditor --if-match '"1f"'
like "it says why" 'changed since' "$OUT"

# --- a kept connection of one who is removed ends at once ----------------------------------------

is "every refusal is in the log" yes "$([ "$(told '"act":"request.refused".*"request":"operator.role"')" -ge 5 ] && echo yes)"
mkfifo "$WORK/pipe"
openssl s_client -connect "localhost:$SECURE" -CAfile "$ROOT" -cert "$WORK/reg/cert.pem" -key "$WORK/reg/key.pem" -quiet \
    <"$WORK/pipe" >"$WORK/kept.out" 2>/dev/null &
KEPT_PID=$!
exec 7>"$WORK/pipe"
printf 'GET /v1/operators HTTP/1.1\r\nHost: localhost\r\n\r\n' >&7
within 10 grep -q '200 OK' "$WORK/kept.out"
is "reg has a connection" yes "$(alive $KEPT_PID && echo yes || echo no)"
works "operator remove" qa alice operator remove reg
ended() { ! alive "$KEPT_PID"; }
within 5 ended
is "it ended with the operator" no "$(alive $KEPT_PID && echo yes || echo no)"
exec 7>&-
as reg GET /v1/operators
is "the certificate is good for nothing" 403 "$STATUS"
as alice GET /v1/operators/reg
is "and the name is free" 404 "$STATUS"
like "the log says so" '"act":"operator.removed".*"operator":"reg"' "$(entries platform)"
works "the name is given again" q operator add reg --role auditor --out "$WORK/reg2"
as reg2 GET /v1/operators
is "to who has another certificate" 200 "$STATUS"
as reg GET /v1/operators
is "the old one stays revoked" 403 "$STATUS"

# --- two officers -------------------------------------------------------------------------------

as alice POST /v1/regions/eu/suspend '{"dry_run":true}'
is "looking needs nobody else" 200 "$STATUS"
as alice POST /v1/regions/eu/suspend '{"reason":"drill"}'
is "suspending a region waits" "202 waiting region.suspend" "$STATUS $(field '.state + " " + .request')"
act=$(field .id)
is "with where to look" "/v1/acts/$act" "$(header Location)"
is "and what it would touch" true "$(field '.shows | .platform and .certificates > 0 and .tenants == 2')"
as alice GET /v1/regions/eu
is "nothing is done yet" good "$(field .status)"
as alice POST /v1/regions/eu/suspend '{"reason":"again"}'
is "the same does not wait twice" 409 "$STATUS"
as alice POST "/v1/acts/$act/approve" '{}'
is "who asked is no second person" 403 "$STATUS"
as aud POST "/v1/acts/$act/approve" '{}'
is "an auditor is none" 403 "$STATUS"
as aud GET "/v1/acts/$act"
is "but sees who wants what" "200 operator:alice waiting drill" "$STATUS $(field '.by + " " + .state + " " + .body.reason')"
works "act show" qa bob act show "$act"
like "in words" 'certificates: [1-9]' "$OUT"
works "act approve --dry-run" qa bob act approve "$act" --dry-run
like "does nothing" 'Nothing was done' "$OUT"
as bob POST "/v1/acts/$act/refuse" '{}'
is "a refusal wants a reason" 400 "$STATUS"
as bob POST "/v1/acts/$act/refuse" '{"reason":"no drill today"}'
is "the second one says no" "200 refused" "$STATUS $(field .state)"
as bob POST "/v1/acts/$act/approve" '{}'
is "and no yes after it" 409 "$STATUS"

as alice POST /v1/regions/eu/suspend '{"reason":"fire"}'
act=$(field .id)
# what it is about changes: the machine's own user suspends meanwhile, and lets go on
api POST /v1/regions/eu/suspend '{"reason":"local"}'
is "the machine's own user waits for nobody" 200 "$STATUS"
like "and the entry says so" '"act":"region.suspended".*"second":"none: the machine.s own user"' "$(entries platform)"
api POST "/v1/acts/$act/approve" '{}'
is "what is done already is not done again" 409 "$STATUS"
api POST /v1/regions/eu/resume '{}'
is "resumed" 200 "$STATUS"
as bob POST "/v1/acts/$act/approve" '{}'
is "it still waits, and two want it" "200 approved suspended" "$STATUS $(field '.state + " " + .answer.status')"
api GET /v1/regions/eu
is "the region is suspended" suspended "$(field .status)"
like "with both of them in its entry" '"act":"region.suspended","at":"[^"]*","by":"operator:alice".*"second":"operator:bob"' "$(entries platform)"
api POST /v1/regions/eu/resume '{}'
is "resumed by the machine's own user" 200 "$STATUS"

# an officer is removed by two; making one too
as alice POST /v1/operators "{\"name\":\"eve\",\"role\":\"officer\",\"csr\":\"$(p256 "$WORK/eve.key"; csr "$WORK/eve.key" /CN=eve)\"}"
is "nobody makes a second officer alone" 409 "$STATUS"
works "act for an officer" qa alice operator role aud --role officer
like "waits" 'second officer must want it' "$OUT"
act=$(qa bob act list --state waiting --json | jq -r '.items[0].id')
# meanwhile it changes: the approval is of another state
turn aud registrar
is "the machine's own user changes a role" 200 "$STATUS"
as bob POST "/v1/acts/$act/approve" '{}'
is "what changed meanwhile is asked anew" 409 "$STATUS"
like "and why" 'changed since|412|cannot be done any more' "$(field .detail)"
as alice DELETE /v1/operators/bob
is "removing an officer waits" "202 operator.remove" "$STATUS $(field .request)"
act=$(field .id)
# the one who asked loses the role: then nobody asks any more
turn alice auditor
is "alice is an auditor now" 200 "$STATUS"
api POST "/v1/acts/$act/approve" '{}'
is "who may not any more has asked nothing" 409 "$STATUS"
like "it says whose role it is" 'policy' "$(field .detail)"
as alice POST "/v1/acts/$act/approve" '{}'
is "and decides nothing" 403 "$STATUS"
as bob DELETE /v1/operators/bob
is "the last officer stays" 409 "$STATUS"
as bob POST /v1/regions/eu/suspend '{"reason":"alone"}'
is "alone it goes through" 200 "$STATUS"
like "and its entry says so" '"second":"none: there is no other officer"' "$(entries platform)"
api POST /v1/regions/eu/resume '{}'
works "the machine's own user removes the last officer" q operator remove bob

# --- once ---------------------------------------------------------------------------------------

once() { # KEY METHOD PATH JSON
	http -X "$2" --unix-socket "$DATA/run/api.sock" -H "Idempotency-Key: $1" -H 'Content-Type: application/json' \
	    --data-binary "$4" "http://localhost$3"
}
once k-1 POST /v1/tenants/acme/tokens '{"device":"hp-2"}'
is "a token" 201 "$STATUS"
first=$(field .token)
once k-1 POST /v1/tenants/acme/tokens '{"device":"hp-2"}'
is "the same request, the same token" "201 $first true" "$STATUS $(field .token) $(header Idempotent-Replayed)"
once k-1 POST /v1/tenants/acme/tokens '{"device":"hp-3"}'
is "another request under the key" 422 "$STATUS"
once k-1 POST /v1/tenants '{"name":"globex"}'
is "another path too" 422 "$STATUS"
once "$(printf 'k%.0s' {1..256})" POST /v1/tenants/acme/tokens '{"device":"hp-2"}'
is "a key that is too long" 400 "$STATUS"
http -X POST --unix-socket "$DATA/run/api.sock" -H 'Idempotency-Key;' http://localhost/v1/tenants/acme/tokens
is "an empty one" 400 "$STATUS"
http -X POST --unix-socket "$DATA/run/api.sock" -H 'Idempotency-Key: a' -H 'Idempotency-Key: b' http://localhost/v1/tenants/acme/tokens
is "two of them" 400 "$STATUS"
as reg2 POST /v1/tenants/acme/tokens '{"device":"hp-2"}' -H 'Idempotency-Key: k-1'
is "another asker's key is another one, and its role decides" 403 "$STATUS"
is "one token was made for it" 1 "$(entries acme | grep -c '"act":"token.created".*"name":"printer/hp-2"')"
once k-2 POST /v1/tenants/acme/tokens '{"device":"no such name"}'
is "a refusal" 400 "$STATUS"
once k-2 POST /v1/tenants/acme/tokens '{"device":"hp-4"}'
is "is not kept" 201 "$STATUS"

# killed at any moment between the question and the answer: both or neither
for i in 1 2 3 4 5; do
	(once "kill-$i" POST /v1/tenants/acme/tokens "{\"device\":\"killed-$i\"}") 2>/dev/null &
	asker=$!
	sleep "0.00$((i * 2))"
	kill -KILL "$PID"
	wait "$PID" 2>/dev/null
	wait "$asker"
	service_start || stop_here "serve after a kill"
	once "kill-$i" POST /v1/tenants/acme/tokens "{\"device\":\"killed-$i\"}"
	is "kill $i: the retry is answered" 201 "$STATUS"
	first=$(field .token)
	once "kill-$i" POST /v1/tenants/acme/tokens "{\"device\":\"killed-$i\"}"
	is "kill $i: and so is the next, with the same" "$first true" "$(field .token) $(header Idempotent-Replayed)"
	is "kill $i: it was done once" 1 "$(entries acme | grep -c "\"act\":\"token.created\".*\"name\":\"printer/killed-$i\"")"
done

# --- what else staff may know ---------------------------------------------------------------------

as reg2 GET /v1/regions
is "regions are listed" "200 eu good" "$STATUS $(field '.items[0].name + " " + .items[0].status')"
as reg2 GET "/v1/regions?after=6575"
is "a cursor that is none of the list's is refused" 400 "$STATUS"
as reg2 GET /v1/policy
digest=$(field .digest)
is "the rules" "200 denied auto" "$STATUS $(field '.otherwise + " " + .two_person')"
as reg2 GET "/v1/policy?form=text"
is "their text gives the digest" "$digest" "$(sha256sum "$BODY" | cut -d' ' -f1)"
like "entries name it" "\"policy\":\"$digest\"" "$(entries platform | tail -1)"
as reg2 GET /v1/health
is "how it is, with names" "200 ok ok ok 1" "$STATUS $(field '.issuing + " " + .signer + " " + .clock + " " + (.tenants | tostring)')"
is "no backup was taken yet" null "$(field .backup_taken)"
works "backup" q backup "$WORK/backup.q"
works "health" q health
like "knows of the backup" 'last backup +20' "$OUT"
for words in "policy show" "region list" "act list" "operator show reg" "health"; do
	# shellcheck disable=SC2086 # words
	works "$words --json" q $words --json
done
http --cacert "$ROOT" "$URL/v1/health"
is "strangers are told nothing" 401 "$STATUS"

# --- all of it holds --------------------------------------------------------------------------------

works "chain audit of the platform" q chain audit --tenant platform
works "chain audit of acme" q chain audit --tenant acme
works "another backup" q backup "$WORK/backup2.q"
works "backup verify" q backup verify "$WORK/backup2.q" --root "$ROOT"
works "log export" q log export --tenant platform --out "$WORK/export"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"
finish
