#!/usr/bin/env bash
# tests/flow/sealed.sh - what is printed is readable at its end alone: opened there by other people's cryptography, and found
# nowhere on its way, on no disk and in no memory of the relay.
. "$(dirname "$0")/lib.sh"

MARKER=the-marker-of-this-document
NAME=the-name-that-somebody-gave-it
CONNECTOR=""
end_connector() {
	[ -z "$CONNECTOR" ] || { kill "$CONNECTOR"; wait "$CONNECTOR"; } 2>/dev/null
	tidy_up
}
trap end_connector EXIT

service_fresh acme
joins acme "$WORK/alice" alice workstation
joins acme "$WORK/gw" gw-1 gateway
joins acme "$WORK/other" gw-2 gateway
works "a printer" q printer add hp-1 --tenant acme --gateway gw-1

# print FILE QUEUE: Print-Job by alice; the body is kept in BODY
print() {
	python3 - "$NAME" <<-'PYTHON' >"$WORK/head"
	import struct, sys
	def put(tag, name, value):
	    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value.encode()
	out = struct.pack(">BBHI", 2, 0, 2, 1) + b"\1" + put(0x47, "attributes-charset", "utf-8")
	out += put(0x48, "attributes-natural-language", "en") + put(0x45, "printer-uri", "ipps://localhost/ipp/print/hp-1")
	out += put(0x42, "requesting-user-name", sys.argv[1]) + put(0x42, "job-name", sys.argv[1])
	out += put(0x49, "document-format", "application/pdf") + b"\3"
	sys.stdout.buffer.write(out)
	PYTHON
	cat "$WORK/head" "$1" >"$WORK/request"
	STATUS=$(curl -sS --cacert "$ROOT" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem" -o "$BODY" -w '%{http_code}' \
	    -H 'Content-Type: application/ipp' --data-binary "@$WORK/request" "https://localhost:$RELAY/ipp/print/hp-1")
	rm -f "$WORK/request" "$WORK/head"
}

# found_in_memory PID TEXT: how often
found_in_memory() {
	python3 - "$1" "$2" <<-'PYTHON'
	import re, sys
	pid, text, found = sys.argv[1], sys.argv[2].encode(), 0
	with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
	    for line in maps:
	        at, to, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
	        if "r" not in mode or "[v" in line:
	            continue
	        try:
	            memory.seek(int(at, 16))
	            found += memory.read(int(to, 16) - int(at, 16)).count(text)
	        except (OSError, ValueError):
	            pass
	print(found)
	PYTHON
}

mkdir "$WORK/kept"
for size in 100 400000; do
	yes "$MARKER" | head -c "$size" >"$WORK/plain.$size"
done
print "$WORK/plain.100"
is "a small document is taken" 200 "$STATUS"
print "$WORK/plain.400000"
is "a large one" 200 "$STATUS"
# Only root sees another's memory, and the sanitizers' has terabytes of shadows.
if [ "$(id -u)" = 0 ] && [ -z "$SANITIZED" ]; then
	relay=$(child_pids relay)
	is "the relay's memory can be looked into" yes "$([ "$(found_in_memory "$relay" "ipp/print")" -gt 0 ] && echo yes)"
	is "and has nothing of the documents" 0 "$(found_in_memory "$relay" "$MARKER")"
fi
is "no file has anything of them" "" "$(grep -rlF "$MARKER" "$DATA" 2>/dev/null)"
is "nor what they were called" "" "$(grep -rlF "$NAME" "$DATA" 2>/dev/null)"
is "nor has the log" "" "$(grep -E "$MARKER|$NAME" "$WORK/serve.log")"

KEEP=$WORK/kept python3 "$TREE/tests/clients/connector.py" "$RELAY" "$WORK/gw/cert.pem" "$WORK/gw/key.pem" "$ROOT" \
    spiffe://acme.eu.example.org/printer/hp-1 >"$WORK/connector.log" 2>&1 &
CONNECTOR=$!
both() { [ "$(grep -c 'told \[0, 0\]' "$WORK/connector.log")" = 2 ]; }
works "both are fetched by their connector" within 20 both

# opened ID KEYS: by openssl and node, with the keys in that folder
opened() {
	openssl cms -decrypt -inform DER -in "$WORK/kept/$1.envelope" -recip "$WORK/$2/cert.pem" -inkey "$WORK/$2/key.pem" \
	    -binary -out "$WORK/content" 2>/dev/null || return 1
	node "$TREE/tests/clients/unseal.mjs" "$WORK/content" "$WORK/kept/$1.sealed" acme "$(cat "$WORK/kept/$1.uuid")" 1
}
is "the small one opens there" "$(sha256sum <"$WORK/plain.100")" "$(opened 1 gw | sha256sum)"
is "the large one too" "$(sha256sum <"$WORK/plain.400000")" "$(opened 2 gw | sha256sum)"
is "and with no other gateway's key" no "$(opened 2 other >"$WORK/out" 2>&1 && echo yes || echo no)"
printf '\1' | dd of="$WORK/kept/2.sealed" bs=1 seek=100000 conv=notrunc 2>/dev/null
is "nor when an octet of it was changed" no "$(opened 2 gw >"$WORK/out" 2>&1 && echo yes || echo no)"
is "when they are printed their documents are gone" 0 "$(find "$DATA/spool/documents" -type f | wc -l)"
finish
