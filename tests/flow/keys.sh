#!/usr/bin/env bash
# tests/flow/keys.sh - key list says where each private key lives; key rotate seals them all anew, or not at all.
. "$(dirname "$0")/lib.sh"

die_at=$(dirname "$QUATRAIN_BIN")/die_at.so
typist=$(dirname "$QUATRAIN_BIN")/typist
for file in "$die_at" "$typist"; do
	[ -x "$file" ] || stop_here "the test's own programs beside the binary"
done
where() { jq -r ".items[] | select(.kind == \"$1\" and .of == \"$2\") | .where" <<<"$OUT"; }

# --- list -------------------------------------------------------------------------------------

service_fresh acme globex
works "key list" q key list
like "a person reads it" '^tenant +acme +file +- +yes +in use ' "$OUT"
works "key list in JSON" q key list --json
is "every key of the service" 16 "$(jq '.items | length' <<<"$OUT")"
is "all in files" file "$(jq -r '.items[].where' <<<"$OUT" | sort -u)"
is "each with a file of its name" "" "$(
	jq -r '.items[].id' <<<"$OUT" | while read -r id; do [ -e "$DATA/keys/$id.key" ] || echo "$id"; done
)"
is "and each file is listed" "$(find "$DATA/keys" -name '*.key' -printf '%f\n' | sed 's/\.key$//' | sort)" \
    "$(jq -r '.items[].id' <<<"$OUT" | sort)"
works "an officer" q operator add olga --role officer --out "$WORK/olga"
works "an auditor" q operator add anna --role auditor --out "$WORK/anna"
works "a registrar" q operator add rosa --role registrar --out "$WORK/rosa"
by() { "$QUATRAIN_BIN" "${@:2}" --url "$URL" --cert "$WORK/$1/cert.pem" --key "$WORK/$1/key.pem" --root "$ROOT"; }
works "an officer reads it from elsewhere" by olga key list
works "an auditor too" by anna key list
refuses "a registrar does not" by rosa key list
like "by the policy" 'policy' "$OUT"
api GET "/v1/keys?after=zz"
is "a cursor that is none" 400 "$STATUS"
api GET "/v1/keys?all=maybe"
is "a word that is none" 400 "$STATUS"
api POST /v1/keys '{}'
is "nothing is posted there" 405 "$STATUS"

log_key=$(q key list --json | jq -r '.items[] | select(.kind == "log" and .of == "globex") | .id')
mv "$DATA/keys/$log_key.key" "$WORK/lost.key"
works "key list with one gone" q key list --json
is "it is named as missing" missing "$(where log globex)"
is "and no other" 1 "$(jq '[.items[] | select(.where == "missing")] | length' <<<"$OUT")"
mv "$WORK/lost.key" "$DATA/keys/$log_key.key"

# --- rotate -----------------------------------------------------------------------------------

refuses "key rotate while a service runs" q key rotate
like "it says so" 'is using .* already' "$OUT"
service_stop
works "a backup of the keys" cp -a "$DATA/keys" "$DATA/master.key" "$WORK/"
works "key rotate" q key rotate
like "it counts them" '^16 keys are sealed anew' "$OUT"
like "it says what became of the old" "old master key in $DATA/master.key was overwritten" "$OUT"
like "it warns of copies" 'Backups and other copies' "$OUT"
unlike "nothing is to be changed in the configuration" 'configuration' "$OUT"
is "no file kept its octets" "" "$(for f in "$WORK"/keys/*.key; do cmp -s "$f" "$DATA/keys/${f##*/}" && echo "$f"; done)"
refuses "the new master key is another" cmp -s "$WORK/master.key" "$DATA/master.key"
is "of the same mode" 600 "$(stat -c %a "$DATA/master.key")"
is "nothing is left beside them" "" "$(find "$DATA" -name '*.new' -o -name resealing)"
service_start || stop_here "serve after a rotation"
works "an enrolment" enrol acme hp-1 "$WORK/hp-1"
like "the log tells" '"act":"keys.resealed".*"seal":"key-file"' "$(entries platform)"
service_stop

cp "$DATA/master.key" "$WORK/present.key"
cp "$WORK/master.key" "$DATA/master.key"
exits "serve with the old master key" 1 timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
like "it says which file does not open" 'keys/token.key: it is sealed with another passphrase or master key' "$OUT"
refuses "key rotate with the old master key" q key rotate
is "it leaves nothing" "" "$(find "$DATA" -name '*.new' -o -name resealing)"
cp "$WORK/present.key" "$DATA/master.key"

# elsewhere, and back
refuses "a master key over a file that is there" q key rotate --seal-file "$WORK/present.key"
works "a master key elsewhere" q key rotate --seal-file "$WORK/elsewhere.key"
is "the old one is gone" no "$([ -e "$DATA/master.key" ] && echo yes || echo no)"
like "it says what to set" "Set in the configuration: seal: key-file, seal_file: $WORK/elsewhere.key" "$OUT"
exits "serve without that" 1 timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
echo "seal_file: $WORK/elsewhere.key" >>"$CONF"
works "with it" q tenant list

mv "$WORK/elsewhere.key" "$WORK/real.key"
ln -s real.key "$WORK/elsewhere.key"
refuses "a link as the old master key" q key rotate
like "it says so" 'no plain file' "$OUT"
is "it leaves nothing" "" "$(find "$DATA" "$WORK" -name '*.new' -o -name resealing)"
mv "$WORK/real.key" "$WORK/elsewhere.key"

# to a passphrase, to another, to a credential, and back
ask() {
	local answers=()
	while [ "$1" != -- ]; do answers+=("$1"); shift; done
	shift
	timeout 60 "$typist" "${answers[@]}" -- "$QUATRAIN_BIN" "$@" --config "$CONF"
}
refuses "two passphrases that differ" ask "correct horse battery" "correct horse batterie" -- key rotate --seal passphrase
works "the master key still opens" q tenant list
works "a passphrase" ask "correct horse battery" "correct horse battery" -- key rotate --seal passphrase
is "the master key is gone" no "$([ -e "$WORK/elsewhere.key" ] && echo yes || echo no)"
sed -i "s|^seal_file:.*|seal: passphrase|" "$CONF"
refuses "a wrong present passphrase" ask "wrong horse battery" "a new passphrase" "a new passphrase" -- key rotate
refuses "the old one as the new one" ask "correct horse battery" "correct horse battery" "correct horse battery" -- key rotate
works "another passphrase" ask "correct horse battery" "a new passphrase" "a new passphrase" -- key rotate
export CREDENTIALS_DIRECTORY=$WORK/credentials
mkdir "$CREDENTIALS_DIRECTORY"
echo "the credential's own words" >"$CREDENTIALS_DIRECTORY/seal"
refuses "a credential without a name" ask "a new passphrase" -- key rotate --seal credential
works "a credential" ask "a new passphrase" -- key rotate --seal credential --seal-file seal
sed -i "s|^seal: .*|seal: credential\nseal_file: seal|" "$CONF"
refuses "the same credential again" q key rotate
works "back to a master key" q key rotate --seal key-file
sed -i '/^seal/d' "$CONF"
works "it opens" q tenant list

# --- more than a page -------------------------------------------------------------------------

service_start || stop_here "serve with a master key again"
before=$(q key list --json | jq '.items | length')
for i in $(seq 40); do
	api POST /v1/tenants "{\"name\":\"t$i\"}"
	[ "$STATUS" = 201 ] || fail "tenant t$i" 201 "$STATUS"
done
works "key list of forty tenants more" q key list --json
is "three keys each" $((before + 120)) "$(jq '.items | length' <<<"$OUT")"
is "none twice" $((before + 120)) "$(jq '[.items[].id] | unique | length' <<<"$OUT")"
is "and each file" "$(find "$DATA/keys" -name '*.key' -printf '%f\n' | sed 's/\.key$//' | sort)" \
    "$(jq -r '.items[].id' <<<"$OUT" | sort)"
api GET /v1/keys
is "it came in pages" yes "$(jq -r 'if .next then "yes" else "no" end' "$BODY")"
service_stop

# --- an offline root --------------------------------------------------------------------------

rm -rf "$DATA"
works "init with an offline root" q init --offline-root "$WORK/root.key"
works "key list" q key list --json
is "the root's key is offline" offline "$(where root root)"
is "and not needed" false "$(jq '.items[] | select(.kind == "root") | .online' <<<"$OUT")"
refuses "key rotate without a word about it" q key rotate
like "it says which words" '--offline-root.*--root-apart' "$OUT"
cp "$WORK/root.key" "$WORK/root.before"
works "key rotate with it" q key rotate --offline-root "$WORK/root.key"
refuses "it is sealed anew" cmp -s "$WORK/root.key" "$WORK/root.before"
works "it opens: the region rolls over" q region rollover --root-key "$WORK/root.key"
cp "$WORK/root.key" "$WORK/root.before"
works "key rotate and leave it" q key rotate --root-apart
works "it is as it was" cmp "$WORK/root.key" "$WORK/root.before"
refuses "and does not open with the others any more" q region rollover --root-key "$WORK/root.key"

rm -rf "$DATA" "$WORK/root.key"
OUT=$(q init --offline-root "$WORK/root.key" 2>&1) || stop_here "init"

# --- a death at each step ---------------------------------------------------------------------

[ -z "$SANITIZED" ] || export ASAN_OPTIONS=verify_asan_link_order=0
steps=0
broken=""
# The first steps are the same for each file: two of three are passed over there.
for ((n = 1; n < 400; n += n < 30 ? 3 : 1)); do
	rm -f "$WORK/died"
	{ DIE_AT=$n DIE_TOLD=$WORK/died LD_PRELOAD=$die_at "$QUATRAIN_BIN" key rotate --offline-root "$WORK/root.key" --config "$CONF"; } >/dev/null 2>&1
	[ -e "$WORK/died" ] || break
	steps=$n
	if [ -e "$DATA/keys/resealing" ]; then
		[ $((n % 8)) -ne 0 ] || ! q tenant list >/dev/null 2>&1 || broken+=" $n: served in between;"
	elif [ $((n % 8)) -eq 0 ]; then
		q tenant list >/dev/null 2>&1 || broken+=" $n: neither old nor begun;"
	fi
	OUT=$(q key rotate --offline-root "$WORK/root.key" 2>&1) || { broken+=" $n: not finished by the same command: $OUT;"; break; }
	[ ! -e "$DATA/keys/resealing" ] || broken+=" $n: still under way;"
	[ -z "$(find "$DATA/keys" -name '*.new')" ] || broken+=" $n: left something;"
	[ $((n % 8)) -ne 0 ] || q tenant list >/dev/null 2>&1 || broken+=" $n: does not open;"
done
is "a death at each of its steps leaves the old keys, or is finished by the same command" "" "$broken"
is "there were steps enough to die at" yes "$([ "$steps" -gt 50 ] && echo yes || echo "$steps")"
# another way than the one that was begun is no way to finish it
{ DIE_AT=$((steps - 9)) LD_PRELOAD=$die_at "$QUATRAIN_BIN" key rotate --offline-root "$WORK/root.key" --config "$CONF"; } >/dev/null 2>&1
is "one is under way" yes "$([ -e "$DATA/keys/resealing" ] && echo yes || echo no)"
refuses "another way" q key rotate --offline-root "$WORK/root.key" --seal passphrase
like "it says which" 'run it again as it was, with --seal key-file and --offline-root FILE' "$OUT"
refuses "nor without the root's file" q key rotate
refuses "nor a command in between" q tenant list
like "that says what to do" 'key rotate.* was interrupted' "$OUT"
works "the same command" q key rotate --offline-root "$WORK/root.key"
like "it says that it finished" 'interrupted is finished' "$OUT"

works "the root's file opens too" q region rollover --root-key "$WORK/root.key"
service_start || stop_here "serve after all of them"
works "a tenant" q tenant create initech
works "an enrolment" enrol initech hp-2 "$WORK/hp-2"
service_stop

# --- the data folder of a user ----------------------------------------------------------------

if [ "$(id -u)" = 0 ]; then
	rm -rf "$DATA"
	chmod 711 "$WORK"
	echo 'user: nobody' >>"$CONF"
	works "init for nobody" q init
	works "key rotate" q key rotate
	is "all but the master key is nobody's" "$DATA/master.key" "$(find "$DATA" ! -user nobody)"
	is "that is root's alone" "0 600" "$(stat -c '%u %a' "$DATA/master.key")"
	works "to a file elsewhere" q key rotate --seal-file "$WORK/nobodys.key"
	is "all is nobody's" "" "$(find "$DATA" ! -user nobody)"
	echo "seal_file: $WORK/nobodys.key" >>"$CONF"
	works "it opens" q tenant create acme
	# nobody cannot have root overwrite a file of others for it
	sed -i '/^seal_file/d' "$CONF"
	cp "$WORK/nobodys.key" "$WORK/precious"
	setpriv --reuid=nobody --regid=nogroup --clear-groups ln -s "$WORK/precious" "$DATA/master.key"
	refuses "a link as the master key" q key rotate
	works "what it leads to is as it was" cmp "$WORK/precious" "$WORK/nobodys.key"
else
	echo "skip  $FLOW: user, which only root can serve"
fi
finish
