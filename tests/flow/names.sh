#!/usr/bin/env bash
# tests/flow/names.sh - an export with names is an act of two: it waits, is permitted for a day to who asked it, for that range
# and format alone; the entry says so, and names are read with it by nobody else. Both verifiers take the bundle.
. "$(dirname "$0")/lib.sh"

service_fresh acme other
for pair in alice:officer bob:officer aud:auditor; do
	works "operator add ${pair%:*}" q operator add "${pair%:*}" --role "${pair#*:}" --out "$WORK/${pair%:*}"
done
enrol acme hp-1 "$WORK/hp-1" || stop_here "enrol"
enrol acme hp-2 "$WORK/hp-2" || stop_here "enrol"

# as NAME METHOD PATH [JSON]: the API, by that operator's certificate
as() {
	http -X "$2" --cacert "$ROOT" --cert "$WORK/$1/cert.pem" --key "$WORK/$1/key.pem" \
	    ${4:+-H 'Content-Type: application/json' --data-binary "$4"} "$URL$3"
}
# qa NAME WORDS...: the command line, as that operator
qa() {
	timeout 60 "$QUATRAIN_BIN" "${@:2}" --url "$URL" --cert "$WORK/$1/cert.pem" --key "$WORK/$1/key.pem" --root "$ROOT"
}
field() { jq -r "$1" "$BODY"; }
exports() { entries acme | jq -c 'select(.act == "log.exported")'; }
EXPORTS=/v1/tenants/acme/log/exports
NAMES=/v1/tenants/acme/log/names

as alice POST "/v1/tenants/acme/certificates/$(serial "$WORK/hp-1/leaf.pem")/hold" '{"reason":"theft"}'
is "an operator acts" 200 "$STATUS"

# --- without names -------------------------------------------------------------------------------

works "an export without names waits for nobody" qa aud log export --tenant acme --bundle "$WORK/plain.tar" --format cef --to-index 4
is "its entry says what it is of" '{"format":"cef","names":false,"range":{"from_index":0,"to_index":4}}' \
    "$(exports | tail -n 1 | jq -cS '{range, format, names}')"
plain=$(exports | tail -n 1 | jq .n)
as aud GET "$NAMES?export=$plain"
is "and permits no names" 403 "$STATUS"
works "times" qa aud log export --tenant acme --out "$WORK/times" --from 2026-01-01T00:00:00Z
is "stand in it as times" '{"from":"2026-01-01T00:00:00Z"}' "$(exports | tail -n 1 | jq -c .range)"
works "all" qa aud log export --tenant acme --out "$WORK/all"
is "is up to itself" true "$(exports | tail -n 1 | jq '.range == {from_index: 0, to_index: .n} and .format == "jsonl"')"

for wrong in '{"range":[]}' '{"range":{"from_index":-1}}' '{"range":{"from_index":2,"to_index":1}}' '{"range":{"from":"today"}}' \
    '{"range":{"from_index":1,"to":"2026-01-01T00:00:00Z"}}' '{"range":{"until":1}}' '{"range":{"to":7}}' '{"format":"pdf"}' '{"format":1}' \
    '{"names":"yes"}' '{"approval":"0123456789abcdef"}' '{"names":true,"approval":"0123"}' '{"with":"names"}' '[]'; do
	as aud POST $EXPORTS "$wrong"
	is "wrong: $wrong" 400 "$STATUS"
done

# --- with names: two ---------------------------------------------------------------------------------

asked=(log export --tenant acme --bundle "$WORK/names.tar" --with-names --to-index 12)
works "an auditor asks for names" qa aud "${asked[@]}"
like "it waits" 'second officer' "$OUT"
like "and says how it goes on" 'with --act [0-9a-f]{16}' "$OUT"
act=$(sed -n 's/.*--act \([0-9a-f]*\).*/\1/p' <<<"$OUT")
is "nothing was written" no "$([ -e "$WORK/names.tar" ] && echo yes || echo no)"
is "nor left beside it" "" "$(find "$WORK" -maxdepth 1 -name 'names.tar*')"
refuses "the same again waits already" qa aud "${asked[@]}"
refuses "before it is approved the act permits nothing" qa aud "${asked[@]}" --act "$act"
like "as it says" 'waiting' "$OUT"
as alice GET "/v1/acts/$act"
is "the second one sees what it would do" '{"format":"jsonl","names":true,"range":{"from_index":0,"to_index":12},"tenant":"acme"}' \
    "$(field '.shows' | jq -cS .)"
as aud POST "/v1/acts/$act/approve" '{}'
is "who asked approves nothing" 403 "$STATUS"
before=$(exports | wc -l)
works "an officer approves" qa alice act approve "$act"
is "which exports nothing yet" "$before" "$(exports | wc -l)"
refuses "another one's approval" qa bob "${asked[@]}" --act "$act"
like "permits nothing" 'another asked it' "$OUT"
refuses "nor does it another range" qa aud log export --tenant acme --bundle "$WORK/names.tar" --with-names --to-index 13 --act "$act"
refuses "nor another format" qa aud "${asked[@]}" --format csv --act "$act"
refuses "nor another tenant" qa aud log export --tenant other --bundle "$WORK/names.tar" --with-names --to-index 12 --act "$act"
refuses "nor does an act that is none" qa aud "${asked[@]}" --act 0123456789abcdef
exits "--act wants --with-names" 2 qa aud log export --tenant acme --out "$WORK/wrong" --act "$act"
works "who asked gets it" qa aud "${asked[@]}" --act "$act"
like "and is told of the names" 'lines about whom they name' "$OUT"
is "the entry has both of them" "operator:aud operator:alice true $act" \
    "$(exports | tail -n 1 | jq -r '"\(.by) \(.second) \(.names) \(.approval)"')"
entry=$(exports | tail -n 1 | jq .n)
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/names.tar" --root "$ROOT"
like "counts them" '^names +[1-9]' "$OUT"
works "verify-bundle" "$TREE/scripts/verify-bundle" "$WORK/names.tar" "$ROOT"
mkdir "$WORK/open"
tar xf "$WORK/names.tar" -C "$WORK/open"
names=$WORK/open/names.jsonl
is "each certificate of each handle once" "" "$(jq -r '.handle + (.serial // "")' "$names" | sort | uniq -d)"
is "the operator is on record" "officer $(serial "$WORK/alice/cert.pem") good" \
    "$(jq -r 'select(.handle == "operator:alice") | "\(.role) \(.serial) \(.status)"' "$names")"
is "with the certificate's hash" "$(openssl x509 -in "$WORK/alice/cert.pem" -outform DER | sha256sum | cut -d' ' -f1)" \
    "$(jq -r 'select(.handle == "operator:alice") | .certificate' "$names")"
is "and so are the devices" "$(serial "$WORK/hp-1/leaf.pem") held,$(serial "$WORK/hp-2/leaf.pem") good" \
    "$(jq -r 'select(.handle | startswith("endpoint:printer/hp-")) | "\(.serial) \(.status)"' "$names" | paste -sd,)"
is "and nobody else but who exported before" "endpoint:printer/hp-1 endpoint:printer/hp-2 operator:alice operator:aud" \
    "$(jq -r .handle "$names" | sort -u | paste -sd' ')"

# The manifest is made anew: what is no line of ours is refused all the same.
for how in 's/"handle"/"hand"/' 's/,/, /' '1s/$/x/'; do
	rm -rf "$WORK/bad"
	cp -r "$WORK/open" "$WORK/bad"
	sed -i "$how" "$WORK/bad/names.jsonl"
	refuses "names changed, $how: log verify" "$QUATRAIN_BIN" log verify "$WORK/bad" --root "$ROOT"
	(cd "$WORK/bad" && sed 's/.* //' MANIFEST | xargs sha256sum >MANIFEST.new && mv MANIFEST.new MANIFEST)
	refuses "names changed, $how, and the manifest: log verify" "$QUATRAIN_BIN" log verify "$WORK/bad" --root "$ROOT"
	refuses "names changed, $how, and the manifest: verify-bundle" "$TREE/scripts/verify-bundle" "$WORK/bad" "$ROOT"
done
rm "$WORK/bad/names.jsonl"
refuses "names taken out" "$QUATRAIN_BIN" log verify "$WORK/bad" --root "$ROOT"
refuses "and without our code" "$TREE/scripts/verify-bundle" "$WORK/bad" "$ROOT"

# --- read with that entry alone -----------------------------------------------------------------------

as aud GET "$NAMES?export=$entry&from=12&count=1"
is "who exported reads names in the range" 200 "$STATUS"
as aud GET "$NAMES?export=$entry&from=12&count=2"
is "and none beyond it" 403 "$STATUS"
as alice GET "$NAMES?export=$entry"
is "another one none at all" 403 "$STATUS"
as aud GET "/v1/tenants/other/log/names?export=$entry"
is "nor of another tenant" 403 "$STATUS"
as aud GET "$NAMES?export=999999"
is "an entry that is none" 403 "$STATUS"
as aud GET "$NAMES"
is "no entry" 400 "$STATUS"
for wrong in "export=$entry&count=0" "export=$entry&count=101" "export=x" "export=$entry&from=-1"; do
	as aud GET "$NAMES?$wrong"
	is "wrong: $wrong" 400 "$STATUS"
done

# --- who needs nobody ------------------------------------------------------------------------------------

works "the machine's own user goes on, with the log's word for it" q log export --tenant acme --out "$WORK/local" --with-names --format csv
like "as the entry says" '"second":"none: the machine.s own user"' "$(exports | tail -n 1)"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/local" --root "$ROOT"
works "in JSON what waits is told as such" qa aud log export --tenant acme --out "$WORK/none" --with-names --json
is "with its id" waiting "$(jq -r .state <<<"$OUT")"
works "operator remove" q operator remove aud
as aud GET "$NAMES?export=$entry"
is "who is no operator any more reads nothing" 403 "$STATUS"
finish
