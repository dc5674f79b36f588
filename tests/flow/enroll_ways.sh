#!/usr/bin/env bash
# tests/flow/enroll_ways.sh - quatrain enroll against the real service: by a card's code, with the key and the binding that the
# service wants, and by a registrar's word.
. "$(dirname "$0")/lib.sh"

PROFILES=$WORK/profiles
mkdir "$PROFILES"
cp "$TREE"/conf/profiles/{printer,service,operator,legacy-rsa}.yaml "$PROFILES"
cat >"$PROFILES/walkup.yaml" <<'Y'
name: walkup
kind: scanner
ask: [request, certificate]
Y
cat >"$PROFILES/bound.yaml" <<'Y'
name: bound
kind: gateway
binding: required
Y
eval "plain_$(declare -f write_conf)"
write_conf() {
	plain_write_conf
	echo "profiles: $PROFILES" >>"$CONF"
}
service_fresh acme

key_of() { openssl pkey -in "$1/key.pem" -noout -text 2>/dev/null | head -1; }
name_of() { openssl x509 -in "$1/cert.pem" -noout -ext subjectAltName | grep -o 'URI:.*'; }
chain_holds() { openssl verify -CAfile "$1/root.pem" -untrusted "$1/cert.pem" "$1/cert.pem"; }
token_for() { q token create --tenant acme --device "$1" --profile "$2" --json | jq -r .token; }

# --- a card ---
printf 'device,profile\ncard-1,printer\nold-1,legacy-rsa\n' >"$WORK/devices.csv"
works "two cards" q token create --tenant acme --csv "$WORK/devices.csv" --out-csv "$WORK/out.csv"
code_of() { tr -d '\r' <"$WORK/out.csv" | grep "^$1," | cut -d, -f7; }
works "by a card's code" q enroll --code - --out "$WORK/card-1" <<<"$(code_of card-1)"
like "its key is P-256" '256 bit' "$(key_of "$WORK/card-1")"
like "its name" '/printer/card-1$' "$(name_of "$WORK/card-1")"
works "its chain" chain_holds "$WORK/card-1"
refuses "the card is good once" q enroll --code - --out "$WORK/again" <<<"$(code_of card-1)"
unlike "and no secret is said" "$(code_of card-1 | sed 's/.*token=//; s/\..*//')" "$OUT"
works "a card that wants RSA" q enroll --code - --out "$WORK/old-1" <<<"$(code_of old-1)"
like "its key is RSA" '2048 bit' "$(key_of "$WORK/old-1")"
like "its name" '/old-1$' "$(name_of "$WORK/old-1")"
works "it renews, with a new key of the same kind" q enroll --renew --new-key --url "$URL" --out "$WORK/old-1"
like "which is RSA" '2048 bit' "$(key_of "$WORK/old-1")"

# --- the key, and the binding, that the service wants ---
works "RSA because the service says so" q enroll --url "$URL" --token "$(token_for old-2 legacy-rsa)" --out "$WORK/old-2"
like "is RSA" '2048 bit' "$(key_of "$WORK/old-2")"
refuses "P-256 where RSA is wanted" q enroll --url "$URL" --token "$(token_for old-3 legacy-rsa)" --out "$WORK/old-3" --key p256
works "a binding because the service wants one" q enroll --url "$URL" --token "$(token_for gw-1 bound)" --out "$WORK/gw-1"
works "and at its renewal" q enroll --renew --url "$URL" --out "$WORK/gw-1"
works "a binding that nobody asked for" q enroll --url "$URL" --token "$(token_for hp-1 printer)" --out "$WORK/hp-1" --bind
works "and at its renewal" q enroll --renew --url "$URL" --out "$WORK/hp-1" --bind

# --- the manufacturer's certificate ---
M=$WORK/maker
mkdir "$M"
p256 "$M/root.key"
p256 "$M/device.key"
openssl req -x509 -new -key "$M/root.key" -subj /O=Lexa/CN=Root -days 30 -out "$M/root.pem" \
    -addext keyUsage=critical,keyCertSign 2>/dev/null
printf 'keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n' >"$M/x.cnf"
openssl req -new -key "$M/device.key" -subj /O=Lexa/serialNumber=SN-1 |
    openssl x509 -req -CA "$M/root.pem" -CAkey "$M/root.key" -set_serial 7 -days 30 -extfile "$M/x.cnf" -out "$M/device.pem" 2>/dev/null
by_maker() { # by_maker DIR ARGUMENTS...
	local dir=$1
	shift
	q enroll --url "$URL" --tenant acme --root "$ROOT" --idevid-cert "$M/device.pem" --idevid-key "$M/device.key" --out "$WORK/$dir" "$@"
}
works "a manufacturer" q maker add "$M/root.pem" --tenant acme --name lexa
refuses "its device is not registered yet" by_maker maker-1
like "the advice is another one than a token's" 'Next: ask the service.s registrar' "$OUT"
works "it is registered" q device add SN-1 --tenant acme --maker lexa --device maker-1
works "and comes in, knowing no name but its maker's" by_maker maker-1
like "with the name of the list" '/printer/maker-1$' "$(name_of "$WORK/maker-1")"
works "it renews by what it got" q enroll --renew --url "$URL" --out "$WORK/maker-1"

# --- a registrar's word ---
walk_up() { # walk_up DEVICE ARGUMENTS...
	local device=$1
	shift
	q enroll --request --url "$URL" --tenant acme --profile walkup --device "$device" --root "$ROOT" --out "$WORK/$device" "$@"
}
waiting() { q request list --tenant acme --json | jq -r '.items[] | select(.state == "waiting") | .id'; }
exits "nobody has said a word yet" 1 walk_up scan-1 --wait 1s
like "it says when to ask again" 'try again in [0-9]+ s' "$OUT"
like "and how to go on" 'Next: run the same command again later' "$OUT"
is "no certificate" no "$([ -e "$WORK/scan-1/cert.pem" ] && echo yes || echo no)"
key=$(cat "$WORK/scan-1/key.pem")
id=$(waiting)
works "a registrar approves" q request approve --tenant acme "$id"
works "the same command goes on" walk_up scan-1 --wait 1s
is "with the same key" "$key" "$(cat "$WORK/scan-1/key.pem")"
like "and its name" '/scanner/scan-1$' "$(name_of "$WORK/scan-1")"
exits "another waits" 1 walk_up scan-2 --wait 1s
works "and is refused" q request refuse --tenant acme "$(waiting)" --reason "not ours"
exits "it hears of it" 1 walk_up scan-2 --wait 10m
unlike "and does not wait" 'try again in' "$OUT"
finish
