#!/usr/bin/env bash
# tests/flow/ipp.sh - other people's tests of our queues: ipptool's suites for IPP/1.1, IPP/2.0 and IPP Everywhere, through a
# TLS client with a certificate, as none of CUPS' tools has one.
. "$(dirname "$0")/lib.sh"

for tool in ipptool stunnel; do
	command -v "$tool" >/dev/null || stop_here "$tool is not here: scripts/setup brings it"
done
SUITES=$WORK/suites
STUNNEL=""
CONNECTOR=""

# through DIR PORT: a plain port that leads to the relay with the certificate in DIR; STUNNEL
through() {
	cat >"$WORK/stunnel-$2.conf" <<-CONF
	foreground = yes
	pid =
	[relay]
	client = yes
	accept = 127.0.0.1:$2
	connect = 127.0.0.1:$RELAY
	cert = $1/cert.pem
	key = $1/key.pem
	CAfile = $ROOT
	verifyChain = yes
	checkHost = localhost
	CONF
	stunnel "$WORK/stunnel-$2.conf" >"$WORK/stunnel-$2.log" 2>&1 &
	STUNNEL="$STUNNEL $!"
	within 10 port_taken "$2"
}
end_others() {
	local p
	for p in $STUNNEL $CONNECTOR; do
		kill "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
}
trap 'end_others; tidy_up' EXIT

service_fresh acme
joins acme "$WORK/alice" alice workstation
joins acme "$WORK/bob" bob workstation
joins acme "$WORK/gw" gw-1 gateway
works "a printer" q printer add hp-1 --tenant acme --gateway gw-1
ALICE=$((PUBLIC + 5)) BOB=$((PUBLIC + 6))
through "$WORK/alice" $ALICE || stop_here "stunnel of alice"
through "$WORK/bob" $BOB || stop_here "stunnel of bob"
python3 "$TREE/tests/clients/connector.py" "$RELAY" "$WORK/gw/cert.pem" "$WORK/gw/key.pem" "$ROOT" \
    spiffe://acme.eu.example.org/printer/hp-1 >"$WORK/connector.log" 2>&1 &
CONNECTOR=$!

# The suites as Debian has them, and the raster files that its packages leave out: nobody here looks into one.
mkdir "$SUITES"
cp /usr/share/cups/ipptool/*.test "$SUITES"
sed -n 's/^[[:space:]]*FILE[[:space:]]*\([^$" ]*\.pwg\)$/\1/p' "$SUITES/ipp-everywhere.test" | sort -u >"$WORK/rasters"
while read -r name; do
	mkdir -p "$SUITES/$(dirname "$name")"
	printf 'RaS2%s' "$name" >"$SUITES/$name"
done <"$WORK/rasters"
{
	printf '%%PDF-1.4\n'
	head -c 3000 /dev/urandom
} >"$WORK/document.pdf"
cp "$WORK/document.pdf" "$SUITES/document.pdf"

# suite NAME VERSION: ipptool's own words of what failed, and its exit
suite() {
	timeout 500 ipptool -V "$2" -tI -f "$WORK/document.pdf" "ipp://localhost:$ALICE/ipp/print/hp-1" "$SUITES/$1" \
	    >"$WORK/$1.out" 2>&1
	is "$1: exit 0, nothing failed" "0 0" "$? $(grep -c '\[FAIL\]' "$WORK/$1.out")"
	grep -A12 '\[FAIL\]' "$WORK/$1.out" | head -40
	PASSES=$(grep -c '\[PASS\]' "$WORK/$1.out")
	echo "      $1: $PASSES passed"
}

suite ipp-1.1.test 1.1
is "ipp-1.1.test: it went through" yes "$([ "$PASSES" -ge 25 ] && echo yes || echo "$PASSES")"
suite ipp-2.0.test 2.0
is "ipp-2.0.test: it went through" yes "$([ "$PASSES" -ge 26 ] && echo yes || echo "$PASSES")"
suite ipp-everywhere.test 2.0
is "ipp-everywhere.test: it went through" yes "$([ "$PASSES" -ge 100 ] && echo yes || echo "$PASSES")"

finish
