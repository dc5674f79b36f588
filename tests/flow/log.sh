#!/usr/bin/env bash
# tests/flow/log.sh - the issuance log: exported, verified offline, and one flipped bit anywhere found and named.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
for n in 1 2 3; do
	enrol acme "hp-$n" "$WORK/dev$n" || stop_here "enrol hp-$n"
done
api POST "/v1/tenants/acme/certificates/$(serial "$WORK/dev1/leaf.pem")/revoke" '{"reason":"superseded"}'
est_post acme/simpleenroll "$WORK/dev1/csr.b64" -u "hp-1:AAAAAAAAAAAAAAAAAAAAAAAAAA"
works "export" q log export --tenant acme --out "$WORK/acme"
works "export of another tenant" q log export --tenant globex --out "$WORK/globex"
cp "$ROOT" "$WORK/root.pem"
service_stop

verify() { # verify DIR [ROOT]: offline, without configuration or service
	(cd / && timeout 60 "$QUATRAIN_BIN" log verify "$1" --root "${2:-$WORK/root.pem}")
}
works "verify" verify "$WORK/acme"
size=$(wc -l <"$WORK/acme/entries.jsonl")
like "verify says how many" "\\b$size\\b" "$OUT"
works "verify of the other" verify "$WORK/globex"
while read -r line; do
	jq -e . >/dev/null 2>&1 <<<"$line" || fail "every line is JSON" "JSON" "$line"
done <"$WORK/acme/entries.jsonl"
for what in "$(serial "$WORK/dev1/leaf.pem")" "$(serial "$WORK/dev3/leaf.pem")" hp-2 superseded; do
	like "the log tells of $what" "$what" "$(cat "$WORK/acme/entries.jsonl")"
done
unlike "no secret in the log" 'AAAAAAAAAAAAAAAAAAAAAAAAAA' "$(cat "$WORK/acme/entries.jsonl")"

# The tree's head, by an independent hand: RFC 6962 section 2.1 with openssl alone.
sha256_hex() { openssl sha256 -r | cut -d' ' -f1; }
unhex() { printf '%b' "$(sed 's/../\\x&/g')"; }
mapfile -t level < <(while IFS= read -r line; do printf '\0%s' "$line" | sha256_hex; done <"$WORK/acme/entries.jsonl")
# Pairing neighbours and carrying an odd last one up gives the same head as splitting at the largest power of two.
while [ "${#level[@]}" -gt 1 ]; do
	next=()
	for ((i = 0; i + 1 < ${#level[@]}; i += 2)); do
		next+=("$(unhex <<<"01${level[i]}${level[i + 1]}" | sha256_hex)")
	done
	((i < ${#level[@]})) && next+=("${level[i]}")
	level=("${next[@]}")
done
is "checkpoint: size" "$size" "$(sed -n 2p "$WORK/acme/checkpoint")"
is "checkpoint: root hash" "$(unhex <<<"${level[0]}" | openssl base64 -A)" "$(sed -n 3p "$WORK/acme/checkpoint")"
like "checkpoint: origin" '^acme\.eu\.example\.org' "$(sed -n 1p "$WORK/acme/checkpoint")"

# bit FILE OCTET BIT: flips it
bit() {
	local now
	now=$(od -An -v -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf '%b' "\\x$(printf %02x $((now ^ (1 << $3))))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
tampered() { # a fresh copy to spoil
	rm -rf "$WORK/bad"
	cp -r "$WORK/acme" "$WORK/bad"
}

# flips FILE STEP: one bit at every STEPth octet; each must be refused, and said where
flips() {
	local file=$1 step=$2 n at missed="" silent="" tried=0
	n=$(wc -c <"$WORK/acme/$file")
	tampered
	for ((at = 0; at < n; at += step)); do
		tried=$((tried + 1))
		bit "$WORK/bad/$file" "$at" $((tried % 8))
		if OUT=$(verify "$WORK/bad" 2>&1); then
			missed+=" $at"
		elif ! grep -qE "$file|line|entry|checkpoint|cosignature|certificate|level [1-4]" <<<"$OUT"; then
			silent+=" $at: $OUT"
		fi
		bit "$WORK/bad/$file" "$at" $((tried % 8))
	done
	is "$file: a bit flipped at each of $tried places is refused" "" "$missed"
	is "$file: and said where" "" "$silent"
}
flips entries.jsonl $(($(wc -c <"$WORK/acme/entries.jsonl") / 120 + 1))
flips checkpoint 2
flips certificates.pem $(($(wc -c <"$WORK/acme/certificates.pem") / 120 + 1))

# The line that was touched is the line that is named.
tampered
sed -i '3s/"n"/"N"/' "$WORK/bad/entries.jsonl"
refuses "line 3 spoiled" verify "$WORK/bad"
like "line 3 is named" '\b3\b' "$OUT"

spoil() { # spoil WHAT SED-SCRIPT FILE
	tampered
	sed -i "$2" "$WORK/bad/$3"
	cmp -s "$WORK/acme/$3" "$WORK/bad/$3" && fail "$1" "a changed file" "the same"
	refuses "$1" verify "$WORK/bad"
	like "$1: says where" 'line|entr|checkpoint|certificate' "$OUT"
}
spoil "the last line removed" '${d}' entries.jsonl
spoil "the first line removed" '1d' entries.jsonl
spoil "a line in the middle removed" '4d' entries.jsonl
spoil "two lines swapped" '4{h;d};5{G}' entries.jsonl
spoil "a line slipped in" '4{p}' entries.jsonl
spoil "an empty line at the end" '${G}' entries.jsonl
spoil "a space at a line's end" '2s/$/ /' entries.jsonl
spoil "CRLF" 's/$/\r/' entries.jsonl
spoil "another size" '2s/.*/1/' checkpoint
spoil "no signature" '/^—/d' checkpoint
spoil "another origin" '1s/acme/globex/' checkpoint
for n in 1 40 100; do
	tampered
	head -c "$n" "$WORK/acme/checkpoint" >"$WORK/bad/checkpoint"
	refuses "checkpoint cut to $n octets" verify "$WORK/bad"
done
tampered
: >"$WORK/bad/entries.jsonl"
refuses "no lines" verify "$WORK/bad"
tampered
truncate -s -1 "$WORK/bad/entries.jsonl"
refuses "the last newline cut off" verify "$WORK/bad"
for f in entries.jsonl checkpoint certificates.pem; do
	tampered
	rm "$WORK/bad/$f"
	refuses "$f missing" verify "$WORK/bad"
	like "$f missing: says so" "$f" "$OUT"
	tampered
	cp "$WORK/globex/$f" "$WORK/bad/$f"
	refuses "another tenant's $f" verify "$WORK/bad"
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/other.key" -subj /CN=other -out "$WORK/other.pem" 2>/dev/null
refuses "another root" verify "$WORK/acme" "$WORK/other.pem"
works "and untouched it still verifies" verify "$WORK/acme"
finish
