#!/usr/bin/env bash
# tests/flow/bundle.sh - the forensic bundle: exported while devices enrol, proven by two verifiers that share nothing, and
# refused by both however it is tampered with, by a forger who makes the manifest anew too.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
cp "$ROOT" "$WORK/root.pem"
for n in 1 2 3; do
	enrol acme "hp-$n" "$WORK/dev$n" || stop_here "enrol hp-$n"
done

# --- two verifiers -----------------------------------------------------------------------------

ours() { (cd / && timeout 60 "$QUATRAIN_BIN" log verify "$1" --root "${2:-$WORK/root.pem}"); }
theirs() { timeout 60 "$TREE/scripts/verify-bundle" "$1" "${2:-$WORK/root.pem}"; }
both() { # both WHAT PATH
	works "$1: log verify" ours "$2"
	works "$1: verify-bundle" theirs "$2"
}
# neither WHAT PATH [ROOT]: both refuse, and say where
neither() {
	refuses "$1: log verify" ours "${@:2}"
	like "$1: log verify says where" "${WHERE:-entry|[a-zA-Z]+\.(jsonl|json|der|pem|csv|cef)|MANIFEST|checkpoint|README|VIEW|tar|line}" "$OUT"
	refuses "$1: verify-bundle" theirs "${@:2}"
	like "$1: verify-bundle says where" "^BAD: ${WHERE:-entry|[a-zA-Z]+\.(jsonl|json|der|pem|csv|cef)|MANIFEST|checkpoint|README|VIEW|tar|line}" "$OUT"
}
is "verify-bundle is short enough to be read" yes "$([ "$(wc -l <"$TREE/scripts/verify-bundle")" -le 200 ] && echo yes)"
is "and stands on the standard library alone" "" "$(sed -n 's/^import //p' "$TREE/scripts/verify-bundle" | tr -d ' ' | tr ',' '\n' |
    grep -vxE 'base64|calendar|functools|hashlib|json|mmap|os|re|sys|time')"

# --- while devices enrol -----------------------------------------------------------------------

secrets acme live 60 >"$WORK/live.secrets"
(enrol_until_full acme live "$WORK/live.secrets"; echo "$ENROLLED" >"$WORK/live.enrolled") &
LIVE=$!
for n in 1 2 3 4; do
	within 60 test -s "$WORK/live-$((n * 5)).pem"
	works "export $n, while devices enrol" q log export --tenant acme --bundle "$WORK/live$n.tar"
done
wait "$LIVE"
is "and the log grew between them" yes \
    "$([ "$(tar xOf "$WORK/live4.tar" checkpoint | sed -n 2p)" -gt $(($(tar xOf "$WORK/live1.tar" checkpoint | sed -n 2p) + 15)) ] && echo yes)"
for n in 1 2 3 4; do both "export $n" "$WORK/live$n.tar"; done
is "all of them enrolled" 60 "$(cat "$WORK/live.enrolled")"
is "tar reads it too" "README MANIFEST checkpoint" "$(tar tf "$WORK/live1.tar" | head -3 | tr '\n' ' ' | sed 's/ $//')"
mkdir "$WORK/untarred"
tar xf "$WORK/live1.tar" -C "$WORK/untarred"
works "and so does sha256sum" bash -c "cd '$WORK/untarred' && sha256sum -c --quiet MANIFEST"
both "unpacked" "$WORK/untarred"

# --- ranges ------------------------------------------------------------------------------------

api POST "/v1/tenants/acme/certificates/$(serial "$WORK/dev1/leaf.pem")/revoke" '{"reason":"superseded"}'
# What a peer could have written: a formula, line ends, colours, text that runs backwards, CEF's own signs.
api POST "/v1/tenants/acme/certificates/$(serial "$WORK/dev2/leaf.pem")/hold" \
    '{"reason":"=HYPERLINK(\"http://evil\")\r\nCEF:0|forged|a=b\\c|\u001b[31m\u202e\u2028\u0085"}'
is "a hostile reason is taken" 200 "$STATUS"
entries acme >"$WORK/all.jsonl"
revoked=$(grep -n '"act":"certificate.revoked"' "$WORK/all.jsonl" | cut -d: -f1)
first=$((revoked - 2))
works "a range by number" q log export --tenant acme --out "$WORK/range" --from-index "$first" --to-index "$((first + 1))"
is "its lines" "$(sed -n "$((first + 1)),$((first + 2))p" "$WORK/all.jsonl")" "$(cat "$WORK/range/entries.jsonl")"
both "a range by number" "$WORK/range"
is "its certificates: the one that was issued long before" "$(openssl x509 -in "$WORK/dev1/leaf.pem" -outform DER | openssl sha256 -r)" \
    "$(tail -c "$(openssl x509 -in "$WORK/dev1/leaf.pem" -outform DER | wc -c)" "$WORK/range/issued.der" | openssl sha256 -r)"
like "and who issued it, proven" '"act":"certificate.issued"' "$(cat "$WORK/range/outside.jsonl")"
is "its revocations" 1 "$(wc -l <"$WORK/range/revocations.jsonl")"
at=$(jq -r .at <<<"$(sed -n "$((first + 1))p" "$WORK/all.jsonl")")
works "a range by time" q log export --tenant acme --out "$WORK/times" --from "$at" --to "$at"
is "it is all of that second" "$(jq -r --arg at "$at" 'select(.at == $at) | .n' "$WORK/all.jsonl")" \
    "$(jq -r 'select(.act != "log.exported") | .n' "$WORK/times/entries.jsonl")"
both "a range by time" "$WORK/times"
works "a day" q log export --tenant acme --bundle "$WORK/day.tar" --from "${at%T*}" --to "$(date -u -d "$at + 1 day" +%F)"
both "a day" "$WORK/day.tar"
refuses "a range of nothing" q log export --tenant acme --out "$WORK/none" --from 2001-01-01 --to 2001-01-02
is "leaves nothing" "" "$(ls -A "$WORK/none")"
for wrong in "--from 2026-13-01" "--from 2026-11-22T10:00:00" "--from-index x" "--from 2026-01-02 --to 2026-01-01" \
    "--from 2026-01-01 --to-index 3" "--format xml" "--bundle $WORK/two.tar"; do
	# shellcheck disable=SC2086 # words
	exits "usage: $wrong" 2 q log export --tenant acme --out "$WORK/wrong" $wrong
done
refuses "a bundle that is there is left alone" q log export --tenant acme --bundle "$WORK/day.tar"
refuses "so is a folder with one" q log export --tenant acme --out "$WORK/range"
both "as it was" "$WORK/range"

# --- the same octets ---------------------------------------------------------------------------

works "a bundle" q log export --tenant acme --bundle "$WORK/same1.tar" --from-index 2 --format csv
tar xf "$WORK/same1.tar" -C "$WORK" checkpoint
enrol acme hp-9 "$WORK/dev9" || stop_here "enrol hp-9"
sleep 1.1
works "and of the same checkpoint later" q log export --tenant acme --bundle "$WORK/same2.tar" --from-index 2 \
    --format csv --checkpoint "$WORK/checkpoint"
works "is the same, octet for octet" cmp "$WORK/same1.tar" "$WORK/same2.tar"
both "the same" "$WORK/same2.tar"

# --- views -------------------------------------------------------------------------------------

works "csv" q log export --tenant acme --out "$WORK/csv" --format csv
works "cef" q log export --tenant acme --bundle "$WORK/cef.tar" --format cef
both "csv" "$WORK/csv"
both "cef" "$WORK/cef.tar"
mkdir "$WORK/cef"
tar xf "$WORK/cef.tar" -C "$WORK/cef"
is "csv: a row each, and the titles" "$(($(wc -l <"$WORK/csv/entries.jsonl") + 1))" "$(wc -l <"$WORK/csv/entries.csv")"
is "cef: a row each" "$(wc -l <"$WORK/cef/entries.jsonl")" "$(grep -c '^CEF:0|quatrain|log|1|' "$WORK/cef/entries.cef")"
for f in csv/entries.jsonl csv/entries.csv cef/entries.cef; do
	is "$f: nothing that turns, colours or breaks a line" "" \
	    "$(sed 's/\r$//' "$WORK/$f" | LC_ALL=C.UTF-8 grep -nP '[\x00-\x1f\x7f-\x9f\x{200e}\x{200f}\x{202a}-\x{202e}\x{2028}\x{2029}\x{2066}-\x{2069}]')"
done
is "csv: read back, and no formula in any cell" "$(wc -l <"$WORK/csv/entries.jsonl") 14 " "$(python3 - "$WORK/csv/entries.csv" <<'PY'
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
print(len(rows) - 1, len(rows[0]), " ".join(c for r in rows for c in r if c.strip()[:1] in "=+-@" and c))
PY
)"
like "csv: the formula is a text" "\"'=HYPERLINK" "$(cat "$WORK/csv/entries.csv")"
like "cef: signs are escaped" 'reason=\\=HYPERLINK.*CEF:0\|forged\|a\\=b' "$(cat "$WORK/cef/entries.cef")"
like "a view says of which checkpoint it is" "^$(sed -n 3p "$WORK/csv/checkpoint" | sed 's/[+]/[+]/g')\$" "$(cat "$WORK/csv/VIEW")"

# --- redacted by law ---------------------------------------------------------------------------

enrol globex g-2 "$WORK/g2" || stop_here "enrol g-2"
enrol globex g-1 "$WORK/g1" || stop_here "enrol g-1"
api POST "/v1/tenants/globex/certificates/$(serial "$WORK/g1/leaf.pem")/hold" '{"reason":"Mister Smith has it"}'
entries globex >"$WORK/globex.jsonl"
index() { jq -r --arg act "$1" 'select(.act == $act) | .n' "$WORK/globex.jsonl" | tail -n 1; }
held=$(index certificate.held)
works "an entry is redacted" q log redact --tenant globex --index "$held" --order "a law" --reason "a name"
works "the whole log" q log export --tenant globex --out "$WORK/redacted" --format csv
both "the whole log" "$WORK/redacted"
is "the words are gone" "" "$(grep -rl Smith "$WORK/redacted")"
works "the redacted entry alone" q log export --tenant globex --out "$WORK/stub" --from-index "$held" --to-index "$held"
both "the redacted entry alone" "$WORK/stub"
like "with who redacted it, proven" '"act":"entry.redacted"' "$(cat "$WORK/stub/outside.jsonl")"
issued=$(index certificate.issued)
works "who issued it is redacted too" q log redact --tenant globex --index "$issued" --order "a law" --reason "a name"
api POST "/v1/tenants/globex/certificates/$(serial "$WORK/g1/leaf.pem")/release" '{"reason":"found"}'
entries globex >"$WORK/globex.jsonl"
released=$(index certificate.released)
works "what came after" q log export --tenant globex --out "$WORK/after" --from-index "$released" --to-index "$released"
both "what came after" "$WORK/after"
is "a certificate whose issue is redacted is not in it" 0 "$(wc -c <"$WORK/after/issued.der")"
is "and is counted" 1 "$(ours "$WORK/after" | grep -c '^lost  *1 ')"
is "the redaction tells a hash of its serial" "$(python3 -c 'import hashlib, sys; print(hashlib.sha256(bytes.fromhex(sys.argv[1])).hexdigest())' "$(serial "$WORK/g1/leaf.pem")")" \
    "$(jq -r 'select(.serial_sha256) | .serial_sha256' "$WORK/globex.jsonl")"
# What is lost or redacted excuses itself alone: another certificate of such a log is not left out unseen.
api POST "/v1/tenants/globex/certificates/$(serial "$WORK/g2/leaf.pem")/hold" '{"reason":"stolen"}'
works "a log with a redaction, and more" q log export --tenant globex --out "$WORK/excused" --from-index "$((issued + 1))"
both "a log with a redaction, and more" "$WORK/excused"

# --- tampering ---------------------------------------------------------------------------------

works "the bundle that will suffer" q log export --tenant acme --out "$WORK/good" --from-index 2 --format cef
works "and as a tar" q log export --tenant acme --bundle "$WORK/good.tar" --from-index 2 --format cef \
    --checkpoint "$WORK/good/checkpoint"
works "another log's" q log export --tenant globex --out "$WORK/globex"
enrol acme hp-10 "$WORK/dev10" || stop_here "enrol hp-10"
works "a later one" q log export --tenant acme --out "$WORK/later" --from-index 2
service_stop
both "the bundle" "$WORK/good"
both "the tar" "$WORK/good.tar"

# One bit at each of 200 places; verify-bundle in one process, as it would be in many.
cat >"$WORK/flips.py" <<'PY'
import os, runpy, subprocess, sys
tree, binary, tar, root = sys.argv[1:]
good, bad = open(tar, "rb").read(), tar + ".bad"
for i in range(200):
    at = i * (len(good) - 1) // 199
    octets = bytearray(good)
    octets[at] ^= 1 << i % 8
    open(bad, "wb").write(octets)
    sys.argv = ["verify-bundle", bad, root]
    sys.stdout = open(os.devnull, "w")
    try:
        runpy.run_path(tree + "/scripts/verify-bundle", run_name="__main__")
        print("verify-bundle took octet", at, file=sys.stderr)
    except SystemExit as e:
        if not str(e).startswith("BAD: "):
            print("verify-bundle said of octet", at, e, file=sys.stderr)
    except Exception:
        pass  # refused: its hook says so where it is a process of its own
    p = subprocess.run([binary, "log", "verify", bad, "--root", root], capture_output=True, cwd="/")
    if p.returncode != 1 or b"BAD: " not in p.stderr + p.stdout and b"NOT VERIFIED: " not in p.stderr:
        print("log verify of octet", at, p.returncode, p.stderr, file=sys.stderr)
PY
is "a bit flipped at each of 200 places: both refuse each" "" \
    "$(python3 "$WORK/flips.py" "$TREE" "$QUATRAIN_BIN" "$WORK/good.tar" "$WORK/root.pem" 2>&1)"

manifest() { # manifest DIR: made anew, as a forger would
	local name
	for name in README checkpoint certificates.pem cosigner.pem root.pem range.json entries.jsonl revocations.jsonl issued.der \
	    outside.jsonl entries.csv entries.cef VIEW names.jsonl; do
		[ ! -f "$1/$name" ] || (cd "$1" && sha256sum "$name")
	done >"$WORK/MANIFEST.new"
	mv "$WORK/MANIFEST.new" "$1/MANIFEST"
}
tampered() { rm -rf "$WORK/bad"; cp -r "$WORK/good" "$WORK/bad"; rm -f "$WORK/bad"/VIEW "$WORK/bad"/entries.cef; }
spoil() { # spoil WHAT FILE SED-SCRIPT: with the manifest as it was, and with one that fits
	tampered
	manifest "$WORK/bad"
	sed -i "$3" "$WORK/bad/$2"
	cmp -s "$WORK/good/$2" "$WORK/bad/$2" && fail "$1" "a changed file" "the same"
	neither "$1" "$WORK/bad"
	manifest "$WORK/bad"
	neither "$1, and the manifest fits" "$WORK/bad"
}
tampered
manifest "$WORK/bad"
both "without its view" "$WORK/bad"
OUT=$(ours "$WORK/bad")
like "log verify: the region has cosigned it" '^cosigned +20' "$OUT"
OUT=$(theirs "$WORK/bad")
like "verify-bundle: so it says" 'and a cosigner signed' "$OUT"
spoil "a cosigner that is none" cosigner.pem 's/^....../MIICAA/'
cp "$WORK/bad/certificates.pem" "$WORK/bad/cosigner.pem"
manifest "$WORK/bad"
neither "the log as its own cosigner" "$WORK/bad"
spoil "no line of the cosigner" checkpoint '/cosigner /d'
spoil "the first line removed" entries.jsonl 1d
spoil "a line in the middle removed" entries.jsonl 5d
spoil "the last line removed" entries.jsonl '$d'
spoil "the tail cut" entries.jsonl '4,$d'
spoil "all lines removed" entries.jsonl d
spoil "two lines swapped" entries.jsonl '4{h;d};5{G}'
spoil "a line twice" entries.jsonl '4{p}'
spoil "an entry slipped in" entries.jsonl '4{p;s/"by":"[^"]*"/"by":"nobody"/}'
spoil "an entry changed" entries.jsonl '3s/"from":"local"/"from":"lokal"/;3s/"from":"127/"from":"126/'
spoil "a time changed" entries.jsonl '$s/"at":"2/"at":"3/'
spoil "another spelling" entries.jsonl '3s/,"by":/, "by":/'
spoil "a redaction that nobody ordered" entries.jsonl "3s/.*/{\"leaf\":\"$(printf '\0%s' "$(sed -n 3p "$WORK/good/entries.jsonl")" | sha256sum | cut -d' ' -f1)\",\"n\":4,\"redacted\":9}/"
spoil "a revocation left out" revocations.jsonl 1d
spoil "a revocation slipped in" revocations.jsonl '1{p}'
spoil "a revocation changed" revocations.jsonl '1s/superseded/unspecified/'
spoil "another range" range.json 's/"from":2/"from":3/'
spoil "a hash of the range" range.json 's/\(left":\["\)./\1g/'
spoil "another size" checkpoint '2s/.*/7/'
spoil "another origin" checkpoint 's/^acme/globex/;s/ acme/ globex/'
spoil "no signature" checkpoint '/^—/d'
spoil "the log's certificate left out" certificates.pem '1,/END/d'
tampered
manifest "$WORK/bad"
sed -i 's/README/REDAME/' "$WORK/bad/MANIFEST"
WHERE=MANIFEST neither "a manifest of other files" "$WORK/bad"
for f in checkpoint certificates.pem entries.jsonl issued.der range.json; do
	tampered
	cp "$WORK/globex/$f" "$WORK/bad/$f"
	manifest "$WORK/bad"
	neither "another log's $f" "$WORK/bad"
	tampered
	rm "$WORK/bad/$f"
	manifest "$WORK/bad"
	neither "no $f" "$WORK/bad"
done
tampered
cp "$WORK/later/checkpoint" "$WORK/bad/checkpoint"
manifest "$WORK/bad"
neither "a later checkpoint of the same log" "$WORK/bad"
cp "$WORK/later/range.json" "$WORK/bad/range.json"
manifest "$WORK/bad"
neither "with its range" "$WORK/bad"

# The first certificate (DER: two octets, and two of length) is taken out, doubled and changed.
one=$((4 + 0x$(od -An -tx1 -j 2 -N 2 "$WORK/good/issued.der" | tr -d ' ')))
for how in missing twice changed another; do
	tampered
	case $how in
	missing) tail -c +$((one + 1)) "$WORK/good/issued.der" >"$WORK/bad/issued.der" ;;
	twice) cat <(head -c $one "$WORK/good/issued.der") "$WORK/good/issued.der" >"$WORK/bad/issued.der" ;;
	changed) printf '\xff' | dd of="$WORK/bad/issued.der" bs=1 seek=$((one - 2)) conv=notrunc status=none ;;
	another) cat "$WORK/good/issued.der" <(openssl x509 -in "$WORK/dev10/leaf.pem" -outform DER) >"$WORK/bad/issued.der" ;;
	esac
	manifest "$WORK/bad"
	WHERE=issued.der neither "a certificate $how" "$WORK/bad"
done
cp -r "$WORK/range" "$WORK/lean"
: >"$WORK/lean/outside.jsonl"
manifest "$WORK/lean"
WHERE=outside.jsonl neither "who issued what was revoked left out" "$WORK/lean"
cp "$WORK/range/outside.jsonl" "$WORK/lean/outside.jsonl"
sed -i '1s/"name":"/"name":"x/' "$WORK/lean/outside.jsonl"
manifest "$WORK/lean"
WHERE=outside.jsonl neither "who issued what was revoked changed" "$WORK/lean"
for from in stub after; do
	rm -rf "$WORK/lean"
	cp -r "$WORK/$from" "$WORK/lean"
	: >"$WORK/lean/outside.jsonl"
	manifest "$WORK/lean"
	neither "nothing tells of the redaction: $from" "$WORK/lean"
done
rm -rf "$WORK/lean"
cp -r "$WORK/excused" "$WORK/lean"
openssl x509 -in "$WORK/g2/leaf.pem" -outform DER -out "$WORK/g2.der"
python3 - "$WORK/lean" "$WORK/g2.der" "$(serial "$WORK/g2/leaf.pem" | tr A-F a-f)" <<'PY'
import sys
folder, der, serial = sys.argv[1:]
issued, cut = open(folder + "/issued.der", "rb").read(), open(der, "rb").read()
assert cut in issued
open(folder + "/issued.der", "wb").write(issued.replace(cut, b""))
pairs = open(folder + "/outside.jsonl").read().split("\n")[:-1]
kept = [p for p in zip(pairs[::2], pairs[1::2]) if '"serial":"' + serial not in p[0]]
assert len(kept) * 2 < len(pairs)
open(folder + "/outside.jsonl", "w").write("".join(a + "\n" + b + "\n" for a, b in kept))
PY
manifest "$WORK/lean"
WHERE=outside.jsonl neither "a certificate and its proof left out where another is redacted" "$WORK/lean"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/other.key" -subj /CN=other -out "$WORK/other.pem" 2>/dev/null
neither "another root" "$WORK/good" "$WORK/other.pem"
neither "the root of the bundle's own forger" "$WORK/good" "$WORK/good/certificates.pem"

# A tar that is none of ours: longer, cut, a link, a path, a file twice, another order.
cp "$WORK/good.tar" "$WORK/odd.tar"
head -c 512 /dev/zero >>"$WORK/odd.tar"
neither "zeros behind the tar" "$WORK/odd.tar"
head -c 5000 "$WORK/good.tar" >"$WORK/odd.tar"
neither "a tar that was cut" "$WORK/odd.tar"
(cd "$WORK/good" && tar cf "$WORK/odd.tar" --format=ustar -- *)
neither "a tar of somebody else's making" "$WORK/odd.tar"
mkdir "$WORK/links"
cp "$WORK/good"/* "$WORK/links"
ln -sf "$WORK/good/entries.jsonl" "$WORK/links/entries.jsonl"
refuses "a folder of links: log verify" ours "$WORK/links"
tar cf "$WORK/odd.tar" --format=ustar -C "$WORK" good/entries.jsonl ../../../../etc/passwd 2>/dev/null
neither "paths" "$WORK/odd.tar"
both "and untouched it still holds" "$WORK/good"
finish
