#!/usr/bin/env bash
# tests/flow/hsm.sh - every level's keys in a token (SoftHSM), under the signer's filter; a wrong PIN is tried once.
. "$(dirname "$0")/lib.sh"

module=""
for m in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib64/pkcs11; do
	[ ! -r "$m/libsofthsm2.so" ] || module=$m/libsofthsm2.so
done
[ -n "$module" ] || stop_here "SoftHSM (scripts/setup test installs it)"
shim=$(dirname "$QUATRAIN_BIN")/pkcs11_shim.so
[ -r "$shim" ] || stop_here "the counting module beside the binary"
cp "$shim" "$WORK/module.so" # where a user of less can read it, too
shim=$WORK/module.so
tokens=$WORK/tokens
pin=$WORK/pin
export SOFTHSM2_CONF=$WORK/softhsm2.conf SHIM_MODULE=$module SHIM_COUNT=$WORK/logins SHIM_DOES=
mkdir "$tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$tokens" >"$SOFTHSM2_CONF"
works "a token" softhsm2-util --init-token --free --label "our token" --so-pin 87654321 --pin 12345678
put_pin() { (umask 077 && echo "$1" >"$pin"); }
put_pin 12345678
logins() { stat -c %s "$SHIM_COUNT" 2>/dev/null || echo 0; }
serve_once() { timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"; }

eval "$(declare -f write_conf | sed '1s/write_conf/plain_conf/')"
write_conf() {
	plain_conf
	cat >>"$CONF" <<-YAML
	hsm:
	  module: $shim
	  token: our token
	  pin_file: $pin
	  keys: [root, region, tenant, responder]
	  paths: [$tokens]
	YAML
}

# --- what is refused before anything is made --------------------------------------------------

pick_ports
write_conf
chmod 640 "$pin"
refuses "init with a PIN that others may read" q init
like "it says what to do" 'chmod 600' "$OUT"
chmod 600 "$pin"
refuses "init with a root's file, where the root is in the token" q init --offline-root "$WORK/root.key"
is "no login for these" 0 "$(logins)"
put_pin 00000000
refuses "init with a wrong PIN" q init
is "it was tried once" 1 "$(logins)"
put_pin 12345678
sed -i 's/token: our token/token: another/' "$CONF"
refuses "init with a token that is not there" q init
like "it names it" 'labelled another' "$OUT"
is "neither leaves a folder" no "$([ -e "$DATA" ] || [ -e "$DATA.new" ] && echo yes || echo no)"
objects() {
	pkcs11-tool --module "$module" --token-label "our token" --login --pin 12345678 -O 2>/dev/null
}
is "nor a key in the token" 0 "$(objects | grep -c 'Private Key')"

# --- a day's work -----------------------------------------------------------------------------

service_fresh acme
is "the keys of root, region, platform, acme and their responders are in the token" 8 \
    "$(grep -l '^pkcs11:token=our%20token;id=' "$DATA"/keys/*.key | wc -l)"
is "as many private keys there" 8 "$(objects | grep -c 'Private Key')"
is "none of them can leave it" 8 "$(objects | grep -c 'sensitive, always sensitive, never extractable')"
like "a person can read what they are" 'label: +quatrain responder of acme' "$(objects)"
is "the references are the service's own" "600" "$(stat -c %a "$(grep -l '^pkcs11:' "$DATA"/keys/*.key | head -1)")"
if [ -z "$SANITIZED" ]; then
	like "the signer is confined and filtered" 'who=signer event=sandbox files=confined calls=filtered' "$(cat "$WORK/serve.log")"
fi
works "an enrolment" enrol acme hp-1 "$WORK/hp-1"
chain_of acme "$WORK/ca"
works "its chain verifies" openssl verify -x509_strict -CAfile "$WORK/ca3.pem" -untrusted "$WORK/ca.pem" "$WORK/hp-1/leaf.pem"
ocsp() {
	openssl ocsp -issuer "$WORK/ca1.pem" -cert "$WORK/$1/leaf.pem" -CAfile "$ROOT" -verify_other "$WORK/ca.pem" \
	    -url "$OPEN/ocsp" 2>&1
}
like "OCSP, by a responder in the token" 'leaf.pem: good' "$(ocsp hp-1)"
works "revoke" q cert revoke --tenant acme "$(serial "$WORK/hp-1/leaf.pem")"
like "OCSP says so" 'leaf.pem: revoked' "$(ocsp hp-1)"
crl=$(openssl x509 -in "$WORK/hp-1/leaf.pem" -noout -ext crlDistributionPoints | sed -n 's/.*URI://p')
http "$crl"
is "the CRL" 200 "$STATUS"
works "it is signed by the tenant" openssl crl -inform DER -in "$BODY" -noout -CAfile "$WORK/ca1.pem" -verify
works "a backup" q backup "$WORK/monday.dump"
works "it verifies" q backup verify "$WORK/monday.dump" --root "$ROOT"
works "key list" q key list --json
is "it says which are in the token" 8 "$(jq '[.items[] | select(.where == "token" and .token == "our token")] | length' <<<"$OUT")"
is "and none is missing" 0 "$(jq '[.items[] | select(.where == "missing")] | length' <<<"$OUT")"
works "a new tenant" q tenant create globex
is "its keys are made there, under the filter" 10 "$(objects | grep -c 'Private Key')"
works "an enrolment there" enrol globex hp-2 "$WORK/hp-2"

# --- new CAs beside the old ones --------------------------------------------------------------

works "tenant rollover" q tenant rollover globex
works "an enrolment under the new CA" enrol globex hp-9 "$WORK/hp-9"
is "its keys are in the token" 12 "$(objects | grep -c 'Private Key')"
is "the old CA's log is superseded, its responder is not" \
    "log in use,log superseded,responder in use,responder in use,tenant in use,tenant superseded" \
    "$(q key list --json | jq -r '[.items[] | select(.of == "globex") | "\(.kind) \(.state)"] | sort | join(",")')"

# --- restarts ---------------------------------------------------------------------------------

p=$(child_pids signer)
kill -KILL "$p"
for ((i = 0; i < 100; i++)); do
	enrol acme "again-$i" "$WORK/again" 2>/dev/null && break
	sleep 0.1
done
is "a new signer logs in" 200 "$STATUS"
unlike "the PIN is in no log" 12345678 "$(cat "$WORK/serve.log")"
is "nor in an argument list or environment of ours" "" "$(
	for d in $PID $(child_pids signer) $(child_pids edge) $(child_pids desk); do
		tr '\0' '\n' <"/proc/$d/cmdline"; tr '\0' '\n' <"/proc/$d/environ"
	done 2>/dev/null | grep 12345678
)"
service_stop
works "key rotate seals what is in files" q key rotate --json
is "the service's key, four logs', the cosigner's and the tokens'" 7 "$(jq .resealed <<<"$OUT")"
service_start || stop_here "serve again"
works "an enrolment after a restart" enrol acme hp-3 "$WORK/hp-3"
service_stop

# --- a wrong PIN ------------------------------------------------------------------------------

put_pin 00000000
before=$(logins)
for i in 1 2 3 4 5; do
	exits "serve with a wrong PIN, start $i" 77 serve_once
done
is "five starts tried it once" 1 $(($(logins) - before))
like "the last says what to do" 'not tried again: put the right one into hsm.pin_file, or remove .*/keys/pin-refused' "$OUT"
unlike "the marker does not hold it" 00000000 "$(cat "$DATA/keys/pin-refused")"
refuses "a command that starts the service for itself" q tenant list
is "does not try it either" 1 $(($(logins) - before))
like "systemd does not start it again" '^RestartPreventExitStatus=([0-9 ]*\b)?77\b' "$(cat "$TREE/conf/quatrain.service")"
rm "$DATA/keys/pin-refused"
exits "without the marker it is one more try" 77 serve_once
exits "and no other" 77 serve_once
is "two in all" 2 $(($(logins) - before))
put_pin 12345678
service_start || stop_here "serve with the right PIN in a new file"
is "the marker is gone" no "$([ -e "$DATA/keys/pin-refused" ] && echo yes || echo no)"
service_stop
before=$(logins)
SHIM_DOES=final-try exits "serve where one more would lock the token" 77 serve_once
SHIM_DOES=locked exits "serve where it is locked" 77 serve_once
is "no try for either" 0 $(($(logins) - before))

# the PIN as a systemd credential: a new file at each start, and the same PIN all the same
sed -i "s|pin_file: .*|pin_file: credential:pin|" "$CONF"
exits "serve without systemd's folder" 1 serve_once
export CREDENTIALS_DIRECTORY=$WORK/credentials
mkdir "$CREDENTIALS_DIRECTORY"
for i in 1 2 3; do
	rm -f "$CREDENTIALS_DIRECTORY/pin"
	sleep 0.02
	echo 00000000 >"$CREDENTIALS_DIRECTORY/pin"
	exits "serve with a wrong credential, start $i" 77 serve_once
done
is "three starts tried it once" 1 $(($(logins) - before))
echo 12345678 >"$CREDENTIALS_DIRECTORY/pin"
service_start || stop_here "serve with the right credential"
works "an enrolment" enrol acme hp-4 "$WORK/hp-4"
service_stop

# --- the PIN is changed under a running service -----------------------------------------------

service_start || stop_here "serve before the PIN is changed"
before=$(logins)
works "another PIN" pkcs11-tool --module "$module" --token-label "our token" --login --pin 12345678 \
    --change-pin --new-pin 55555555
kill -KILL "$(child_pids signer)"
for ((i = 0; i < 100; i++)); do
	alive "$PID" || break
	sleep 0.05
done
wait "$PID"
is "the signer that comes back is refused, and the service ends by itself" 77 $?
PID=""
is "after one try" 1 $(($(logins) - before))
echo 55555555 >"$CREDENTIALS_DIRECTORY/pin"
service_start || stop_here "serve with the new PIN"
works "an enrolment" enrol acme hp-6 "$WORK/hp-6"
service_stop

# --- the token of a user ----------------------------------------------------------------------

if [ "$(id -u)" = 0 ]; then
	chmod 711 "$WORK"
	chown -R nobody: "$tokens" "$DATA" "$SOFTHSM2_CONF" "$SHIM_COUNT"
	chown root: "$DATA/master.key"
	sed -i "s|pin_file: .*|pin_file: $pin|" "$CONF"
	sed -i '1i user: nobody' "$CONF"
	put_pin 55555555
	service_start || stop_here "serve for nobody"
	is "the signer is nobody's" "$(id -u nobody)" "$(awk '/^Uid:/ { print $2 }' "/proc/$(child_pids signer)/status")"
	is "the PIN is root's alone" "0 600" "$(stat -c '%u %a' "$pin")"
	works "an enrolment" enrol acme hp-7 "$WORK/hp-7"
	works "a new tenant" q tenant create initech
	is "its keys are made there" tenant "$(q key list --json | jq -r '.items[] | select(.kind == "tenant" and .of == "initech" and .where == "token") | .kind')"
	works "an enrolment there" enrol initech hp-8 "$WORK/hp-8"
	service_stop
	sed -i '/^user: nobody/d' "$CONF"
	chown -R root: "$tokens" "$DATA" "$SOFTHSM2_CONF" "$SHIM_COUNT"
else
	echo "skip  $FLOW: user, which only root can serve"
fi

# --- a token that is gone ---------------------------------------------------------------------

mv "$tokens" "$tokens.away"
mkdir "$tokens"
exits "serve without the token" 1 serve_once
like "it names it" 'labelled our token' "$OUT"
rmdir "$tokens"
mv "$tokens.away" "$tokens"
sed -i '/^hsm:/,$d' "$CONF"
service_start || stop_here "serve without hsm"
enrol acme hp-5 "$WORK/hp-5"
is "an enrolment without hsm in the configuration is told that the fault is ours" 500 "$STATUS"
unlike "and nothing of keys" 'keys/|token' "$(cat "$BODY")"
like "the log says where the key is" 'is in token our token' "$(cat "$WORK/serve.log")"
finish
