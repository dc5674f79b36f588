#!/usr/bin/env bash
# tests/flow/sheet.sh - a sheet of codes: one token a device, as CSV and as a page whose QR codes a scanner reads.
. "$(dirname "$0")/lib.sh"

service_fresh acme

{
	printf '\xef\xbb\xbfdevice,profile,ttl\r\n'
	for n in 1 2 3 4 5 6 7 8 9; do printf 'hp-%d,,\r\n' $n; done
	printf '"gw-1",gateway,7d\r\nold-1,legacy-rsa,\r\n'
} >"$WORK/devices.csv"
unused() { q token list --tenant acme --json | jq '[.items[] | select(.state == "unused")] | length'; }

# --- what is refused makes nothing ---
printf 'device\nhp-1\nHP 2\n' >"$WORK/wrong.csv"
refuses "a wrong line" q token create --tenant acme --csv "$WORK/wrong.csv"
like "names line and column" 'line 3, column 1 \(device\)' "$OUT"
printf 'device,profile\nhp-1,printer\nhp-2,toaster\n' >"$WORK/wrong.csv"
refuses "a profile that is none" q token create --tenant acme --csv "$WORK/wrong.csv"
like "names its line" 'line 3: there is no profile toaster' "$OUT"
printf 'device,profile\nhp-1,printer\nal,operator\n' >"$WORK/wrong.csv"
refuses "a profile that takes no token" q token create --tenant acme --csv "$WORK/wrong.csv"
refuses "no such tenant" q token create --tenant nobody --csv "$WORK/devices.csv"
exits "a device and a list" 2 q token create --tenant acme --csv "$WORK/devices.csv" --device hp-1
exits "--html without a list" 2 q token create --tenant acme --device hp-1 --html "$WORK/x.html"
exits "--resume without a file" 2 q token create --tenant acme --csv "$WORK/devices.csv" --resume
is "no token was made" 0 "$(unused)"

# --- the sheet ---
works "a token for each device" q token create --tenant acme --csv "$WORK/devices.csv" --out-csv "$WORK/out.csv" \
    --html "$WORK/out.html"
unlike "no token on the terminal" 'quatrain:enrol' "$OUT"
is "CSV and page are private" "600 600" "$(stat -c %a "$WORK/out.csv" "$WORK/out.html" | xargs)"
is "a row each, and a header" 12 "$(wc -l <"$WORK/out.csv")"
is "the columns" device,profile,token,expires,url,id,code "$(head -1 "$WORK/out.csv" | tr -d '\r')"
is "all are in the service" 11 "$(unused)"
is "none is in the log of the service" 0 "$(grep -cFf <(tail -n +2 "$WORK/out.csv" | cut -d, -f3) "$WORK/serve.log")"
is "two pages" 2 "$(grep -c '<section' "$WORK/out.html")"
unlike "no script, nothing from elsewhere" '<script|src=|href=|url\(|@import' "$(cat "$WORK/out.html")"

# Every QR code as a scanner sees it, against the CSV.
awk -v p="$WORK/qr" '/^<svg/ { n++; print >(p n ".svg") }' "$WORK/out.html"
seen=""
for n in $(seq 1 11); do
	rsvg-convert -w 300 "$WORK/qr$n.svg" -o "$WORK/qr.png"
	seen+=$(zbarimg -q --raw "$WORK/qr.png" 2>/dev/null)$'\n'
done
is "the QR codes are the CSV's" "$(tail -n +2 "$WORK/out.csv" | tr -d '\r' | cut -d, -f7)" "${seen%$'\n'}"
like "a device of RSA keys says so" 'old-1&key=rsa$' "$seen"

# --- again ---
refuses "nothing is overwritten" q token create --tenant acme --csv "$WORK/devices.csv" --out-csv "$WORK/out.csv"
refuses "nor the page" q token create --tenant acme --csv "$WORK/devices.csv" --out-csv "$WORK/other.csv" \
    --html "$WORK/out.html"
is "and no token made" 11 "$(unused)"
# As a power cut leaves it: five devices, and half of the sixth.
cp "$WORK/out.csv" "$WORK/whole.csv"
{ head -6 "$WORK/whole.csv"; sed -n 7p "$WORK/whole.csv" | head -c 40; } >"$WORK/out.csv"
works "--resume goes on" q token create --tenant acme --csv "$WORK/devices.csv" --out-csv "$WORK/out.csv" \
    --html "$WORK/out.html" --resume
is "the first are the same" "$(head -6 "$WORK/whole.csv")" "$(head -6 "$WORK/out.csv")"
is "each device once" "$(cut -d, -f1 "$WORK/whole.csv")" "$(cut -d, -f1 "$WORK/out.csv")"
is "six were made" 17 "$(unused)"
is "all are on the page" 11 "$(grep -c '<article' "$WORK/out.html")"
works "--resume of what is whole" q token create --tenant acme --csv "$WORK/devices.csv" --out-csv "$WORK/out.csv" --resume
is "makes none" 17 "$(unused)"
cp "$ROOT" "$WORK/foreign.pem"
refuses "--resume of another file" q token create --tenant acme --csv "$WORK/devices.csv" --out-csv "$WORK/foreign.pem" --resume
is "which is as it was" "$(cat "$ROOT")" "$(cat "$WORK/foreign.pem")"

# --- a token that cannot be written is taken back ---
{ echo device; for n in 1 2 3 4 5 6 7 8; do echo lost-$n; done; } >"$WORK/lost.csv"
# A file may grow to 1 KiB here: the header and some rows.
(
	trap '' XFSZ
	ulimit -f 1
	q token create --tenant acme --csv "$WORK/lost.csv" --out-csv "$WORK/lost.out"
) >"$WORK/lost.log" 2>&1
is "a full disk is a refusal" 1 $?
like "it says how far it came" 'tokens stand in .* --resume' "$(cat "$WORK/lost.log")"
written=$(($(wc -l <"$WORK/lost.out") - 1))
like "some were written" '^[1-7]$' "$written"
is "only those are good" $((17 + written)) "$(unused)"
is "the one too many was taken back" 1 "$(q token list --tenant acme --json | jq '[.items[] | select(.state == "revoked")] | length')"
works "--resume makes the others" q token create --tenant acme --csv "$WORK/lost.csv" --out-csv "$WORK/lost.out" --resume
is "all of them" 25 "$(unused)"

# --- to standard output, and with it a device comes in ---
works "to standard output" q token create --tenant acme --csv - --json <<<$'device\npipe-1\npipe-2'
is "in JSON" "pipe-1 pipe-2" "$(jq -r '.items[].device' <<<"$OUT" | xargs)"
IFS=, read -r device _ secret _ <<<"$(sed -n 2p "$WORK/out.csv")"
p256 "$WORK/hp.key"
csr "$WORK/hp.key" "/CN=$device" >"$WORK/hp.b64"
est_post acme/simpleenroll "$WORK/hp.b64" -u "$device:${secret%%.*}"
is "the letters of a card are a password" 200 "$STATUS"
finish
