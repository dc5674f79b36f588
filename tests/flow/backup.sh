#!/usr/bin/env bash
# tests/flow/backup.sh - a backup under load, verified, refused where it was touched, and a service made of it elsewhere.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
for n in 1 2 3; do
	enrol acme "hp-$n" "$WORK/dev$n" || stop_here "enrol hp-$n"
done
GONE=$(serial "$WORK/dev2/leaf.pem")
api POST "/v1/tenants/acme/certificates/$GONE/revoke" '{"reason":"keyCompromise"}'
is "one is revoked" 200 "$STATUS"
chain_of acme "$WORK/ca"
cat "$WORK/ca1.pem" "$WORK/ca2.pem" "$ROOT" >"$WORK/all.pem"
cp "$ROOT" "$WORK/root.pem"
ROOT=$WORK/root.pem
OPEN_TOKEN=$(token acme later)

# --- under load: enrolments at two tenants, while three backups are taken -------------------------

enrol_on() { # enrol_on TENANT N: until the file stop is there; says how many
	local n=0
	while [ ! -e "$WORK/stop" ]; do
		n=$((n + 1))
		(BODY=$WORK/body.$1 HEADERS=$WORK/headers.$1; enrol "$1" "load-$n" "$WORK/load/$1-$n") || echo "$1 $n" >>"$WORK/lost"
	done
	echo "$n" >"$WORK/count.$1"
}
mkdir "$WORK/load"
enrol_on acme &
A=$!
enrol_on globex &
B=$!
for n in 1 2 3; do
	works "backup $n under load" q backup "$WORK/load$n.dump"
	is "backup $n: nobody else reads it" 600 "$(stat -c %a "$WORK/load$n.dump")"
	sleep 0.5
done
touch "$WORK/stop"
wait $A $B
is "no enrolment was lost meanwhile" "" "$(cat "$WORK/lost" 2>/dev/null)"
like "there was a load" '^[1-9][0-9]*$' "$(($(cat "$WORK/count.acme") - 1))"
for n in 1 2 3; do
	works "backup $n holds" "$QUATRAIN_BIN" backup verify "$WORK/load$n.dump" --root "$ROOT"
done
rows() { "$QUATRAIN_BIN" backup verify "$1" --root "$ROOT" --json | jq .rows; }
is "the later ones hold more" yes "$([ "$(rows "$WORK/load3.dump")" -gt "$(rows "$WORK/load1.dump")" ] && echo yes)"
entries platform >"$WORK/platform.jsonl"
is "each is told of, with its digest" "$("$QUATRAIN_BIN" backup verify "$WORK/load2.dump" --root "$ROOT" --json | jq -r .digest)" \
    "$(jq -r 'select(.act == "backup.taken") | .backup' "$WORK/platform.jsonl" | sed -n 2p)"

# --- files -----------------------------------------------------------------------------------------

DUMP=$WORK/load3.dump
refuses "a file that is there is not overwritten" q backup "$DUMP"
like "and is named" "$DUMP is there already" "$OUT"
touch "$WORK/left.dump.part"
refuses "what an interrupted try left is not overwritten" q backup "$WORK/left.dump"
like "and says so" 'interrupted' "$OUT"
refuses "no folder, no backup" q backup "$WORK/nowhere/b.dump"
q backup - >"$WORK/out.dump" 2>"$WORK/out.words"
works "to standard output" "$QUATRAIN_BIN" backup verify - --root "$ROOT" <"$WORK/out.dump"
like "words go to standard error" 'The backup is in standard output' "$(cat "$WORK/out.words")"
is "no half of one is left" "$WORK/left.dump.part" "$(ls "$WORK"/*.part)"
q operator add alice --role officer --out "$WORK/alice" >/dev/null 2>&1
http --cacert "$ROOT" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem" -H 'Content-Type: application/json' \
    --data-binary '{"digest":"00","ledgers":1,"rows":1}' "$URL/v1/backups"
is "nobody from elsewhere has one signed" 403 "$STATUS"
api POST /v1/backups '{"digest":"00","ledgers":1,"rows":1}'
is "a digest is one" 400 "$STATUS"
api POST /v1/backups '{"ledgers":1,"rows":1}'
is "and must be there" 400 "$STATUS"

# --- what was touched, or is another's, is refused -------------------------------------------------

bit() { # bit FILE OCTET BIT: flips it
	local now
	now=$(od -An -v -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf '%b' "\\x$(printf %02x $((now ^ (1 << $3))))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
SIZE=$(stat -c %s "$DUMP")
cp "$DUMP" "$WORK/bad.dump"
for at in 3 15 17 200 $((SIZE / 3)) $((SIZE / 2)) $((SIZE - 3000)) $((SIZE - 900)) $((SIZE - 2)); do
	bit "$WORK/bad.dump" "$at" 2
	refuses "a flipped bit at octet $at" "$QUATRAIN_BIN" backup verify "$WORK/bad.dump" --root "$ROOT"
	bit "$WORK/bad.dump" "$at" 2
done
is "the copy is whole again" "$(sha256sum <"$DUMP")" "$(sha256sum <"$WORK/bad.dump")"
head -c $((SIZE - 1)) "$DUMP" >"$WORK/cut.dump"
refuses "cut by one octet" "$QUATRAIN_BIN" backup verify "$WORK/cut.dump" --root "$ROOT"
like "and why" 'cut short' "$OUT"
refuses "with a root that is not its own" "$QUATRAIN_BIN" backup verify "$DUMP" --root "$WORK/ca2.pem"
like "and why" 'another authority' "$OUT"
service_stop
FIRST=$DATA
DATA=$WORK/second
write_conf
bit "$WORK/bad.dump" $((SIZE / 2)) 5
for what in "a touched backup" "a database file" "the data folder" "no file at all"; do
	case $what in
	"a touched backup") from=$WORK/bad.dump ;;
	"a database file") from=$FIRST/tenants/acme/data.mdb ;;
	"the data folder") from=$FIRST ;;
	*) from=$WORK/missing ;;
	esac
	refuses "restore takes not: $what" q restore "$from" --root "$ROOT"
	is "nothing is left of it: $what" "" "$(ls -d "$DATA"* 2>/dev/null)"
done
# An LMDB file is not even opened as one: whoever tries would make a lock beside it.
mkdir "$WORK/foreign"
cp "$FIRST/tenants/acme/data.mdb" "$WORK/foreign/"
refuses "a database file of somebody else" q restore "$WORK/foreign/data.mdb" --root "$ROOT"
like "is no backup" 'no backup of quatrain' "$OUT"
is "and was not opened" data.mdb "$(ls "$WORK/foreign")"

# --- elsewhere -------------------------------------------------------------------------------------

works "restore" q restore "$DUMP" --root "$ROOT"
like "it says what is missing" "Missing: the master key.*$DATA/master.key" "$OUT"
like "it says that tokens are closed" '^[1-9][0-9]* enrolment tokens that were open are closed' "$OUT"
like "it says that there may be only one" 'must not run any more' "$OUT"
like "it says that later revocations are not known" 'quatrain ledger merge --from' "$OUT"
refuses "restore over a data folder" q restore "$DUMP" --root "$ROOT"
refuses "no start without the master key" timeout 30 "$QUATRAIN_BIN" serve --config "$CONF"
is "the folder is closed to others" 700 "$(stat -c %a "$DATA")"
is "so are the keys" "600" "$(stat -c %a "$DATA"/keys/*.key | sort -u)"
cp "$FIRST/master.key" "$DATA/master.key"
service_start || { OUT=$(tail -n 5 "$WORK/serve.log"); stop_here "serve from the restored folder"; }
status_of() {
	timeout 30 openssl ocsp -issuer "$WORK/ca1.pem" -cert "$1" -CAfile "$ROOT" -verify_other "$WORK/all.pem" \
	    -url "$OPEN/ocsp" 2>&1
}
like "what was good is good" ': good$' "$(status_of "$WORK/dev1/leaf.pem")"
like "what was revoked is revoked" ': revoked$' "$(status_of "$WORK/dev2/leaf.pem")"
like "with its reason" 'Reason: keyCompromise' "$(status_of "$WORK/dev2/leaf.pem")"
est_post acme/simplereenroll <(csr "$WORK/dev1/key.pem" /O=acme/OU=printer/CN=hp-1) \
    --cert "$WORK/dev1/leaf.pem" --key "$WORK/dev1/key.pem"
is "an old leaf renews" 200 "$STATUS"
est_post acme/simplereenroll <(csr "$WORK/dev2/key.pem" /O=acme/OU=printer/CN=hp-2) \
    --cert "$WORK/dev2/leaf.pem" --key "$WORK/dev2/key.pem"
unlike "a revoked one does not" '^200$' "$STATUS"
p256 "$WORK/later.pem"
est_post acme/simpleenroll <(csr "$WORK/later.pem" /CN=later) -u "later:$OPEN_TOKEN"
is "a token of before is closed" 401 "$STATUS"
enrol acme fresh "$WORK/fresh"
is "a new one enrols" 200 "$STATUS"
for tenant in acme globex; do
	works "log export of $tenant" q log export --tenant "$tenant" --out "$WORK/export-$tenant"
	works "log verify of $tenant" "$QUATRAIN_BIN" log verify "$WORK/export-$tenant" --root "$ROOT"
	is "$tenant: its log tells of it" 1 "$(grep -c '"act":"ledger.restored"' "$WORK/export-$tenant/entries.jsonl")"
	like "$tenant: later checkpoints tell the epoch" '^epoch 1$' "$(cat "$WORK/export-$tenant/checkpoint")"
done
works "a tenant rolls over" q tenant rollover globex
enrol globex rolled "$WORK/rolled"
is "its new CA issues" 200 "$STATUS"
works "and is suspended" q tenant suspend globex --reason audit
works "a backup of the restored service" q backup "$WORK/again.dump"
works "holds" "$QUATRAIN_BIN" backup verify "$WORK/again.dump" --root "$ROOT"
service_stop
service_start || { OUT=$(tail -n 5 "$WORK/serve.log"); stop_here "a second start"; }

# --- with the old folder's journal: nothing that was ended later is good again --------------------

# After the last backup: one more is issued, one is revoked, one is held.
enrol acme after "$WORK/after"
is "one is issued after the backup" 200 "$STATUS"
api POST "/v1/tenants/acme/certificates/$(serial "$WORK/fresh/leaf.pem")/revoke" '{"reason":"superseded"}'
is "one is revoked after it" 200 "$STATUS"
works "one is held after it" q cert hold --tenant acme "$(serial "$WORK/dev3/leaf.pem")"
service_stop
refuses "a restore over it" q restore "$WORK/again.dump" --root "$ROOT"
like "it says what to do with the old one" 'give it as --merge' "$OUT"
SECOND=$WORK/second.old
mv "$DATA" "$SECOND"
for ledger in "$SECOND"/tenants/*; do # whoever opened them would say so
	head -c 100000 /dev/urandom >"$ledger/data.mdb"
done
refuses "a folder without a journal" q restore "$WORK/again.dump" --root "$ROOT" --merge "$WORK/foreign"
is "nothing is left of it" "$SECOND" "$(ls -d "$DATA"*)"
works "restore with the old folder" q restore "$WORK/again.dump" --root "$ROOT" --merge "$SECOND"
like "it says how many were ended" '^From the journal of .*: 3 certificates ended' "$OUT"
cp "$FIRST/master.key" "$DATA/master.key"
service_start || { OUT=$(tail -n 5 "$WORK/serve.log"); stop_here "serve from the merged folder"; }
like "what was revoked before is revoked" ': revoked$' "$(status_of "$WORK/dev2/leaf.pem")"
like "what was revoked after the backup is revoked" ': revoked$' "$(status_of "$WORK/fresh/leaf.pem")"
like "what was issued after the backup is revoked" ': revoked$' "$(status_of "$WORK/after/leaf.pem")"
like "what was held after the backup is held" 'Reason: certificateHold' "$(status_of "$WORK/dev3/leaf.pem")"
like "what was good is good" ': good$' "$(status_of "$WORK/dev1/leaf.pem")"
est_post globex/simplereenroll <(csr "$WORK/rolled/key.pem" /O=globex/OU=printer/CN=rolled) \
    --cert "$WORK/rolled/leaf.pem" --key "$WORK/rolled/key.pem"
unlike "a suspended tenant is suspended" '^200$' "$STATUS"
works "until it is resumed" q tenant resume globex
est_post globex/simplereenroll <(csr "$WORK/rolled/key.pem" /O=globex/OU=printer/CN=rolled) \
    --cert "$WORK/rolled/leaf.pem" --key "$WORK/rolled/key.pem"
is "then the leaf of its new CA renews" 200 "$STATUS"
entries acme >"$WORK/acme.jsonl"
is "the log tells of it" 1 "$(grep -c '"act":"ledger.merged"' "$WORK/acme.jsonl")"
works "a backup of the merged service" q backup "$WORK/merged.dump"
works "holds" "$QUATRAIN_BIN" backup verify "$WORK/merged.dump" --root "$ROOT"
service_stop
works "ledger check" q ledger check
mv "$DATA" "$WORK/merged.old"
printf 'x' | dd of="$SECOND/journal" bs=1 seek=$(($(stat -c %s "$SECOND/journal") - 20)) conv=notrunc status=none
works "a damaged journal is read as far as it holds" q restore "$WORK/again.dump" --root "$ROOT" --merge "$SECOND"
like "and that is said" 'is damaged, and was read as far as it holds' "$OUT"
like "but for its last line" '^From the journal of .*: 2 certificates ended' "$OUT"

# --- of another user's service, by root ------------------------------------------------------------

if [ "$(id -u)" = 0 ]; then
	chmod 755 "$WORK"
	DATA=$WORK/third
	write_conf
	echo 'user: nobody' >>"$CONF"
	works "restore for nobody, from standard input" q restore - --root "$ROOT" <"$WORK/again.dump"
	is "all of it is nobody's" "" "$(find "$DATA" ! -user nobody)"
	install -m 600 "$FIRST/master.key" "$DATA/master.key"
	service_start || { OUT=$(tail -n 5 "$WORK/serve.log"); stop_here "serve as nobody"; }
	works "a backup by root, while nobody serves" q backup "$WORK/nobody.dump"
	works "holds" "$QUATRAIN_BIN" backup verify "$WORK/nobody.dump" --root "$ROOT"
	is "the file is root's" root "$(stat -c %U "$WORK/nobody.dump")"
	mv "$DATA/chain.pem" "$WORK/chain.pem"
	setpriv --reuid=nobody --regid=nogroup --clear-groups ln -s /etc/shadow "$DATA/chain.pem"
	refuses "a link in the folder leads nowhere" q backup "$WORK/link.dump"
	rm "$DATA/chain.pem"
	mv "$WORK/chain.pem" "$DATA/chain.pem"
fi
finish
