#!/usr/bin/env bash
# tests/flow/release.sh - pull printing against the binary: held until its owner, a PIN or a badge releases it to one printer;
# connectors that lose a printer in mid-job; nothing of a PIN, a badge or a document on any disk.
. "$(dirname "$0")/lib.sh"

PIN=pin-marker-4711
BADGE=badge-marker-04a2
CONNECTORS=""

end_connectors() {
	local p
	for p in $CONNECTORS; do
		kill "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
	CONNECTORS=""
}
trap 'end_connectors; tidy_up' EXIT

# connects DIR PRINTER LOG [SLOW]
connects() {
	python3 "$TREE/tests/clients/connector.py" "$RELAY" "$1/cert.pem" "$1/key.pem" "$ROOT" \
	    "spiffe://acme.eu.example.org/printer/$2" "${4:-0}" >"$3" 2>&1 &
	CONNECTORS="$CONNECTORS $!"
}
# prints DIR [PIN]: a held job; its number
prints() {
	local got
	got=$("$TREE/tests/clients/print_job.py" "$RELAY" "$1" "$ROOT" /ipp/print "$WORK/document.pdf" ${2:+"$2"})
	[ "${got%% *}" = 0x0000 ] || { echo "print: $got" >&2; return 1; }
	awk '{ print $2 }' <<<"$got"
}
# state DIR ID
state() {
	"$TREE/tests/clients/print_job.py" "$RELAY" "$1" "$ROOT" "/ipp/job/$2" | awk '{ print $3 }'
}
becomes() { # becomes DIR ID STATE
	local i
	for i in $(seq 100); do
		[ "$(state "$1" "$2")" = "$3" ] && return
		sleep 0.1
	done
	return 1
}
# release DIR JSON: STATUS and BODY
release() {
	BODY=$WORK/release.body
	STATUS=$(curl -s --max-time 20 --cacert "$ROOT" --cert "$1/cert.pem" --key "$1/key.pem" -o "$BODY" -w '%{http_code}' \
	    -H 'Content-Type: application/json' --data-binary "$2" "https://localhost:$RELAY/release")
}

service_fresh acme
joins acme "$WORK/alice" alice workstation
joins acme "$WORK/bob" bob workstation
joins acme "$WORK/gw-1" gw-1 gateway
joins acme "$WORK/gw-2" gw-2 gateway
works "a printer" q printer add hp-1 --tenant acme --gateway gw-1
{
	printf '%%PDF-1.4 document-marker\n'
	for _ in $(seq 2000); do echo "document-marker in each of many lines"; done
} >"$WORK/document.pdf"

# --- by its owner ---------------------------------------------------------------------------------

connects "$WORK/gw-1" hp-1 "$WORK/gw-1.log"
JOB=$(prints "$WORK/alice") || stop_here "print"
is "it is held" 4 "$(state "$WORK/alice" "$JOB")"
sleep 2
is "and nobody fetches it" "" "$(cat "$WORK/gw-1.log")"
release "$WORK/bob" "{\"printer\":\"hp-1\",\"jobs\":[$JOB]}"
is "another's release" "200 unknown" "$STATUS $(jq -r '.kept[0].why' "$BODY")"
release "$WORK/gw-1" "{\"printer\":\"hp-1\",\"jobs\":[$JOB]}"
is "the connector's own" "200 unknown" "$STATUS $(jq -r '.kept[0].why' "$BODY")"
release "$WORK/alice" '{"printer":"hp-9","all":true}'
is "a printer that there is not" 404 "$STATUS"
is "it is still held" 4 "$(state "$WORK/alice" "$JOB")"
release "$WORK/alice" "{\"printer\":\"hp-1\",\"jobs\":[$JOB]}"
is "its owner's release" "200 $JOB" "$STATUS $(jq -r '.released[0].id' "$BODY")"
works "it is printed" becomes "$WORK/alice" "$JOB" 9
like "the connector got the document, and said so" "^job $JOB: document 0x0000 [0-9]{5,}, told \[0, 0\]" "$(cat "$WORK/gw-1.log")"
unlike "as ciphertext" "document-marker" "$(cat "$WORK/gw-1.log")"

# --- by PIN ---------------------------------------------------------------------------------------

JOB=$(prints "$WORK/alice" "$PIN") || stop_here "print with a PIN"
release "$WORK/alice" '{"printer":"hp-1","all":true}'
is "its owner needs the PIN too" "200 pin" "$STATUS $(jq -r '.kept[0].why // "pin"' "$BODY")"
is "and it is held" 4 "$(state "$WORK/alice" "$JOB")"
STATUS=$(curl -s --cacert "$ROOT" --cert "$WORK/gw-1/cert.pem" --key "$WORK/gw-1/key.pem" -o "$WORK/list" -w '%{http_code}' \
    "https://localhost:$RELAY/release?printer=hp-1&owner=workstation/alice")
is "the panel sees it" "200 $JOB true" "$STATUS $(jq -r '.items[] | "\(.id) \(.pin)"' "$WORK/list")"
unlike "and no name" 'Marker-of-a-name' "$(cat "$WORK/list")"
release "$WORK/gw-1" "{\"printer\":\"hp-1\",\"job\":$JOB,\"pin\":\"wrong\"}"
is "a wrong PIN" "403 pin 4" "$STATUS $(jq -r '.kept[0] | "\(.why) \(.left)"' "$BODY")"
release "$WORK/gw-2" "{\"printer\":\"hp-1\",\"job\":$JOB,\"pin\":\"$PIN\"}"
is "at a printer that it does not speak for" 404 "$STATUS"
release "$WORK/gw-1" "{\"printer\":\"hp-1\",\"owner\":\"workstation/alice\",\"pin\":\"$PIN\"}"
is "the right one" "200 $JOB" "$STATUS $(jq -r '.released[0].id' "$BODY")"
works "it is printed, too" becomes "$WORK/alice" "$JOB" 9
JOB=$(prints "$WORK/alice" "$PIN") || stop_here "print with a PIN"
for _ in 1 2 3 4; do release "$WORK/gw-1" "{\"printer\":\"hp-1\",\"job\":$JOB,\"pin\":\"wrong\"}"; done
is "the fourth wrong one" "403 pin" "$STATUS $(jq -r '.kept[0].why' "$BODY")"
release "$WORK/gw-1" "{\"printer\":\"hp-1\",\"job\":$JOB,\"pin\":\"wrong\"}"
is "the fifth" "403 locked" "$STATUS $(jq -r '.kept[0].why' "$BODY")"
release "$WORK/gw-1" "{\"printer\":\"hp-1\",\"job\":$JOB,\"pin\":\"$PIN\"}"
is "the right one comes too late" 409 "$STATUS"
is "the job is gone" 7 "$(state "$WORK/alice" "$JOB")"

# --- by badge -------------------------------------------------------------------------------------

printf '%s\n' "$BADGE" >"$WORK/badge"
works "badge add" q badge add "$WORK/badge" --tenant acme --owner workstation/alice
unlike "what is on it is not said" "$BADGE" "$OUT"
refuses "it is alice's" q badge add "$WORK/badge" --tenant acme --owner workstation/bob
is "in the log" "badge.added workstation/alice" "$(entries acme | jq -r 'select(.act | startswith("badge.")) | "\(.act) \(.name)"')"
unlike "without its octets" "$BADGE" "$(entries acme)"
JOB=$(prints "$WORK/alice") || stop_here "print"
release "$WORK/gw-1" '{"printer":"hp-1","badge":"another"}'
is "nobody's badge" 403 "$STATUS"
release "$WORK/gw-2" "{\"printer\":\"hp-1\",\"badge\":\"$BADGE\"}"
is "at a printer that it does not speak for" 403 "$STATUS"
release "$WORK/gw-1" "{\"printer\":\"hp-1\",\"badge\":\"$BADGE\"}"
is "alice's" "200 $JOB" "$STATUS $(jq -r '.released[0].id' "$BODY")"
works "it is printed as well" becomes "$WORK/alice" "$JOB" 9
ID=$(q badge list --tenant acme --json | jq -r '.items[0].id')
works "badge remove" q badge remove "$ID" --tenant acme
JOB=$(prints "$WORK/alice") || stop_here "print"
release "$WORK/gw-1" "{\"printer\":\"hp-1\",\"badge\":\"$BADGE\"}"
is "a badge that was removed" 403 "$STATUS"
end_connectors

# --- a connector loses the printer in mid-job --------------------------------------------------------

release "$WORK/alice" "{\"printer\":\"hp-1\",\"jobs\":[$JOB]}"
connects "$WORK/gw-1" hp-1 "$WORK/slow.log" 4
works "it prints" becomes "$WORK/alice" "$JOB" 5
works "the printer is another gateway's now" q printer add hp-1 --tenant acme --gateway gw-2
connects "$WORK/gw-2" hp-1 "$WORK/gw-2.log"
works "which takes the job over" becomes "$WORK/alice" "$JOB" 9
like "by a lease of its own" "^job $JOB: document 0x0000 [0-9]+, told \[0, 0\]" "$(cat "$WORK/gw-2.log")"
within 10 grep -q "job $JOB" "$WORK/slow.log"
like "the first one's word counts no more" "^job $JOB: .*, told \[0, 1027\]|^jobs: 0x0403" "$(cat "$WORK/slow.log")"
end_connectors

# --- a connector is removed in mid-job ---------------------------------------------------------------

works "both gateways share the printer" q printer add hp-1 --tenant acme --gateway gw-1 --gateway gw-2
connects "$WORK/gw-1" hp-1 "$WORK/gone.log" 60
JOB=$(prints "$WORK/alice") || stop_here "print"
release "$WORK/alice" "{\"printer\":\"hp-1\",\"jobs\":[$JOB]}"
works "the first one prints" becomes "$WORK/alice" "$JOB" 5
works "it is removed" q endpoint remove --tenant acme gateway/gw-1
connects "$WORK/gw-2" hp-1 "$WORK/heir.log"
works "the other does not wait for its lease to run out" becomes "$WORK/alice" "$JOB" 9
like "and has a lease of its own" "^job $JOB: document 0x0000 [0-9]+, told \[0, 0\]" "$(cat "$WORK/heir.log")"
end_connectors

# --- who waits is told ----------------------------------------------------------------------------

JOB=$(prints "$WORK/alice") || stop_here "print"
"$TREE/tests/clients/notified.py" "$RELAY" "$WORK/gw-2" "$ROOT" >"$WORK/told" 2>&1 &
WAITS=$!
within 10 grep -q waiting "$WORK/told"
release "$WORK/alice" "{\"printer\":\"hp-1\",\"jobs\":[$JOB]}"
wait "$WAITS"
is "a connector that waits hears of the release" "waiting $JOB" "$(paste -sd ' ' "$WORK/told")"

# --- nothing of it lies anywhere -------------------------------------------------------------------

JOB=$(prints "$WORK/alice" "$PIN") || stop_here "print with a PIN"
for marker in "$PIN" "$BADGE" document-marker Marker-of-a-name; do
	is "$marker: in no file of the service" "" "$(grep -rlaF -- "$marker" "$DATA" 2>/dev/null)"
done
unlike "and in no line of its log" "$PIN|$BADGE|document-marker|Marker-of-a-name" "$(cat "$WORK/serve.log")"
works "alice's workstation goes" q endpoint remove --tenant acme workstation/alice
release "$WORK/alice" '{"printer":"hp-1","all":true}'
is "and releases nothing" yes "$([[ $STATUS = 403 || $STATUS = 000 || $STATUS = 401 ]] && echo yes || echo "$STATUS")"

finish
