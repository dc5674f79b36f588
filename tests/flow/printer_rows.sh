#!/usr/bin/env bash
# tests/flow/printer_rows.sh - which gateways speak for a printer, and whose a badge is, by the API: what is taken, what is
# refused, and what the log says of it.
. "$(dirname "$0")/lib.sh"

service_fresh acme
P=/v1/tenants/acme/printers
B=/v1/tenants/acme/badges

# put WHAT STATUS PATH BODY [HEADER]
put() {
	http -X PUT --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' ${5:+-H "$5"} --data-binary "$4" \
	    "http://localhost$3"
	is "$1" "$2" "$STATUS"
}

put "a printer" 200 $P/hp-1 '{"gateways":["site-1","site-2"]}'
TAG=$(jq -r .etag "$BODY")
is "its output device follows from its name" \
    "urn:uuid:$(python3 -c 'import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, "spiffe://acme.eu.example.org/printer/hp-1"))')" \
    "$(jq -r .uuid "$BODY")"
put "again, unseen" 428 $P/hp-1 '{"gateways":["site-3"]}'
put "as it was not" 412 $P/hp-1 '{"gateways":["site-3"]}' 'If-Match: "0000"'
put "as it was" 200 $P/hp-1 '{"gateways":["site-3"]}' "If-Match: $TAG"
put "as it was before" 412 $P/hp-1 '{"gateways":["site-4"]}' "If-Match: $TAG"
put "one that was seen and is not there" 412 $P/hp-2 '{"gateways":["site-1"]}' "If-Match: $TAG"
put "no gateways" 400 $P/hp-2 '{"gateways":[]}'
put "nothing said" 400 $P/hp-2 '{}'
put "nine of them" 400 $P/hp-2 '{"gateways":["a","b","c","d","e","f","g","h","i"]}'
put "one twice" 400 $P/hp-2 '{"gateways":["a","a"]}'
put "one that is no name" 400 $P/hp-2 '{"gateways":["Site 1"]}'
put "one that is no text" 400 $P/hp-2 '{"gateways":[1]}'
put "a member that is none" 400 $P/hp-2 '{"gateways":["a"],"force":true}'
put "a name that is none" 400 $P/-hp '{"gateways":["a"]}'
put "a tenant that is none" 404 /v1/tenants/nobody/printers/hp-1 '{"gateways":["a"]}'
put "the platform's" 403 /v1/tenants/platform/printers/hp-1 '{"gateways":["a"]}'
api GET "$P?gateway=site-3"
is "the list of a gateway" "200 hp-1" "$STATUS $(jq -r '.items[].name' "$BODY")"
api GET "$P?gateway=site-1"
is "of one that lost it" "200 0" "$STATUS $(jq '.items | length' "$BODY")"
api GET $P/hp-1
is "one" '200 ["site-3"]' "$STATUS $(jq -c .gateways "$BODY")"
api DELETE $P/hp-1
is "not removed unseen" 428 "$STATUS"
works "printer remove" q printer remove hp-1 --tenant acme
refuses "printer remove again" q printer remove hp-1 --tenant acme
exits "printer add without a gateway" 2 q printer add hp-1 --tenant acme
is "the log has all of it" "printer.added 2 printer.changed 1 printer.removed 1" \
    "$(entries acme | jq -r 'select(.act | startswith("printer.")) | "\(.act) \(.gateways | length)"' | paste -sd ' ')"

put "a badge" 200 $B '{"badge":"04a2247f1c5e80","owner":"phone/ph-1"}'
put "the same" 200 $B '{"badge":"04a2247f1c5e80","owner":"phone/ph-1"}'
is "is there" there "$(jq -r .state "$BODY")"
put "another's" 409 $B '{"badge":"04a2247f1c5e80","owner":"phone/ph-2"}'
put "of a printer" 400 $B '{"badge":"x","owner":"printer/hp-1"}'
put "of nobody" 400 $B '{"badge":"x"}'
put "of a name that is none" 400 $B '{"badge":"x","owner":"phone/"}'
put "of two names" 400 $B '{"badge":"x","owner":"phone/a/b"}'
put "with nothing on it" 400 $B '{"badge":"","owner":"phone/ph-1"}'
put "with too much on it" 400 $B "{\"badge\":\"$(printf 'x%.0s' $(seq 256))\",\"owner\":\"phone/ph-1\"}"
put "a number" 400 $B '{"badge":4711,"owner":"phone/ph-1"}'
put "the platform's, too" 403 /v1/tenants/platform/badges '{"badge":"x","owner":"phone/ph-1"}'
api DELETE $B/0000000000000000
is "one that is none" 404 "$STATUS"
works "badge list" q badge list --tenant acme
like "says whose" 'phone/ph-1' "$OUT"
works "the phone goes" q endpoint remove --tenant acme phone/ph-1
like "and its badge" 'badges taken out +1' "$OUT"
api GET $B
is "there is none" 0 "$(jq '.items | length' "$BODY")"
works "a backup, with a printer and a badge" q printer add hp-3 --tenant acme --gateway site-1
put "a badge to keep" 200 $B '{"badge":"kept","owner":"workstation/ws-1"}'
works "is taken" q backup "$WORK/backup"
works "and holds" q backup verify "$WORK/backup" --root "$ROOT"

finish
