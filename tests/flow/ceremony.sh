#!/usr/bin/env bash
# tests/flow/ceremony.sh - whose the data folder is, and what a ceremony that fails leaves behind.
. "$(dirname "$0")/lib.sh"

# --- a ceremony that fails is not in the way of the next --------------------------------------

pick_ports
# shellcheck disable=SC2218 # it is lib.sh's here; one that says more takes its place below
write_conf
left() { find "$WORK" -mindepth 1 -newer "$WORK/mark" ! -name mark | sort; }
touch -d '1 minute ago' "$WORK/mark"
touch -d '2 minutes ago' "$CONF"
mkdir "$WORK/shut"
touch "$WORK/shut/there"
touch -d '2 minutes ago' "$WORK/shut/there" "$WORK/shut"

refuses "init with nowhere to put the root's key" q init --offline-root "$WORK/nowhere/root.key"
is "it leaves nothing" "" "$(left)"
sed "s|^data: .*|data: $DATA\nseal_file: $WORK/nowhere/master.key|" "$CONF" >"$WORK/bad.yaml"
touch -d '2 minutes ago' "$WORK/bad.yaml"
refuses "init with nowhere to put the master key" "$QUATRAIN_BIN" init --config "$WORK/bad.yaml"
is "it leaves nothing" "" "$(left)"
refuses "init over a root's key that is there" q init --offline-root "$WORK/shut/there"
is "the file that was there stays" yes "$([ -e "$WORK/shut/there" ] && echo yes)"
mkdir "$DATA.new"
touch "$DATA.new/precious"
refuses "init where another ceremony was interrupted" q init
is "what another left is not touched" yes "$([ -e "$DATA.new/precious" ] && echo yes)"
rm -r "$DATA.new"

# DATA comes into being while the ceremony is held: it cannot become DATA, and takes all of it back.
sed "s|^data: .*|data: $WORK/late/data\nseal_file: $WORK/late/master.key|" "$CONF" >"$WORK/late.yaml"
mkdir "$WORK/late"
(
	for ((i = 0; i < 5000; i++)); do
		[ ! -d "$WORK/late/data.new" ] || { mkdir -p "$WORK/late/data/busy"; break; }
	done
) &
"$QUATRAIN_BIN" init --config "$WORK/late.yaml" --offline-root "$WORK/late/root.key" >"$WORK/late.out" 2>&1
rc=$?
wait $!
if [ $rc -ne 0 ]; then
	is "a ceremony that fails at its end leaves no key and no folder" "data" "$(ls "$WORK/late")"
else
	echo "skip  $FLOW: a ceremony that fails at its end; this one was faster"
fi
works "the next try is free" q init --offline-root "$WORK/root.key"
like "it says what opens the root's key" 'root.key .*with a copy of' "$OUT"
rm -rf "$DATA"

# --- the data folder of a user ----------------------------------------------------------------

if [ "$(id -u)" != 0 ]; then
	echo "skip  $FLOW: user, which only root can serve"
	finish
fi
eval "$(declare -f write_conf | sed '1s/write_conf/plain_conf/')"
write_conf() {
	plain_conf
	echo 'user: nobody' >>"$CONF"
}
as_nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
uid=$(id -u nobody)


write_conf
sed -i 's/^user: .*/user: no-such-user/' "$CONF"
refuses "init for a user that is not there" q init
sed -i 's/^user: .*/user: root/' "$CONF"
refuses "init for root as the user" q init
is "neither leaves a folder" no "$([ -e "$DATA" ] || [ -e "$DATA.new" ] && echo yes || echo no)"

write_conf
works "init for nobody" q init
like "it says whose the folder is" 'belongs to +nobody' "$OUT"
refuses "serve where nobody cannot come to" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
like "it says why" 'nobody cannot come to' "$OUT"
rm -rf "$DATA"
chmod 711 "$WORK"

service_fresh acme
is "all but master.key is nobody's" "$DATA/master.key" "$(find "$DATA" ! -uid "$uid")"
is "master.key is root's alone" "0 600" "$(stat -c '%u %a' "$DATA/master.key")"
refuses "nobody cannot read master.key" as_nobody cat "$DATA/master.key"
works "nobody can read the journal (the test can tell)" as_nobody cat "$DATA/journal"
is "the local socket is nobody's alone" "$uid 600" "$(stat -c '%u %a' "$DATA/run/api.sock")"
for role in signer edge desk; do
	for p in $(child_pids $role); do
		is "$role: every uid is nobody's" "$uid $uid $uid $uid" "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$p/status")"
		is "$role: no group but nobody's" "" "$(sed -n 's/^Groups:[[:space:]]*//p' "/proc/$p/status")"
		is "$role: no capability" 0000000000000000 "$(sed -n 's/^CapPrm:[[:space:]]*//p' "/proc/$p/status")"
	done
done
unlike "no word about root" 'all processes stay root' "$(cat "$WORK/serve.log")"
works "an enrolment" enrol acme hp-1 "$WORK/hp-1"
chain_of acme "$WORK/ca"
ocsp() {
	openssl ocsp -issuer "$WORK/ca1.pem" -cert "$WORK/hp-1/leaf.pem" -CAfile "$ROOT" -verify_other "$WORK/ca.pem" \
	    -url "$OPEN/ocsp" 2>&1
}
like "OCSP" 'leaf.pem: good' "$(ocsp)"
works "a new tenant" q tenant create globex
works "an enrolment there" enrol globex hp-2 "$WORK/hp-2"
works "revoke" q cert revoke --tenant acme "$(serial "$WORK/hp-1/leaf.pem")"
like "OCSP says so" 'leaf.pem: revoked' "$(ocsp)"
p=$(child_pids signer)
kill -KILL "$p"
for ((i = 0; i < 100; i++)); do
	enrol acme "again-$i" "$WORK/again" 2>"$WORK/again.err" && break
	sleep 0.1
done
is "a new signer opens the keys as nobody" 200 "$STATUS"
{ kill -KILL "$PID"; wait "$PID"; } 2>/dev/null
doomed=$p
for ((i = 0; i < 40; i++)); do
	doomed=$(pgrep -u nobody -f '^quatrain: (signer|edge|desk)$')
	[ -n "$doomed" ] || break
	sleep 0.05
done
is "no child outlives a killed main, with a user too" "" "$doomed"
PID=""
is "nothing in the folder became root's" "$DATA/master.key" "$(find "$DATA" ! -uid "$uid")"
works "a command without a running service" q tenant create initech
is "nothing in the folder became root's" "$DATA/master.key" "$(find "$DATA" ! -uid "$uid")"

# a folder of root's is refused with the words that mend it
chown -R root: "$DATA"
refuses "serve of another's folder" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
mend=$(grep -oE 'chown -R nobody: .*' <<<"$OUT")
works "the refusal's command" bash -c "$mend"
service_start || stop_here "serve after mending"
works "an enrolment after mending" enrol globex hp-3 "$WORK/hp-3"
service_stop

# what others could have read or put there opens nothing
chmod 644 "$DATA/master.key"
refuses "serve with a master.key for all to read" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
like "it says what mends it" 'chmod 600' "$OUT"
chmod 600 "$DATA/master.key"
chmod 777 "$DATA/keys"
refuses "serve with a folder of keys for all to write" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
like "it names the folder" 'keys: others may write it' "$OUT"
chmod 700 "$DATA/keys"

# the owner cannot have main read a file of others for it
mv "$DATA/master.key" "$WORK/master.key"
as_nobody ln -s "$WORK/master.key" "$DATA/master.key"
refuses "serve with a link as master.key" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
like "it says so" 'no plain file' "$OUT"
rm "$DATA/master.key"
mv "$WORK/master.key" "$DATA/master.key"

# root without a user opens nothing that another user could have written, and is told to set one
sed -i '/^user:/d' "$CONF"
refuses "root without a user, of another's ledgers" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
like "it says what mends it" 'user: in the configuration' "$OUT"
chown -R root: "$DATA"
service_start || stop_here "serve as root"
like "root alone gets a warning" 'level=warn who=main event=user .*set user' "$(cat "$WORK/serve.log")"
finish
