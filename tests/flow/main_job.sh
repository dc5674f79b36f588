#!/usr/bin/env bash
# tests/flow/main_job.sh - the main job by the command line: ceremony, tenant, token, enrol, OCSP, renew, revoke, prove.
. "$(dirname "$0")/lib.sh"

ocsp() { # ocsp ISSUER CERT: the word of the answer
	openssl ocsp -issuer "$1" -cert "$2" -CAfile "$ROOT" -verify_other "$WORK/acme.pem" \
	    -url "$OPEN/ocsp" 2>&1 | sed -n 's/^.*\(good\|revoked\|unknown\)$/\1/p'
}

# the ceremony
pick_ports
write_conf
exits "version" 0 "$QUATRAIN_BIN" version
exits "no command is wrong usage" 2 "$QUATRAIN_BIN"
exits "an unknown command is wrong usage" 2 "$QUATRAIN_BIN" conjure
exits "an unknown option is wrong usage" 2 "$QUATRAIN_BIN" init --config "$CONF" --offline-rot x
works "init" q init
like "init prints the root fingerprint" '([0-9a-fA-F]{2}:?){32}' "$OUT"
like "init says what to do next" 'quatrain serve' "$OUT"
for f in root.pem chain.pem; do
	is "init leaves $f" yes "$([ -s "$DATA/$f" ] && echo yes)"
done
is "the fingerprint is root.pem's" "$(openssl x509 -in "$DATA/root.pem" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr 'A-F' 'a-f')" \
    "$(tr -d ':' <<<"$OUT" | tr 'A-F' 'a-f' | grep -oE '[0-9a-f]{64}' | head -1)"
before=$(cat "$DATA/root.pem")
refuses "a second init" q init
is "a second init changes nothing" "$before" "$(cat "$DATA/root.pem")"
is "the data folder is the owner's alone" 700 "$(stat -c %a "$DATA")"
is "the generated master key is the owner's alone" 600 "$(stat -c %a "$DATA/master.key")"
is "no private key lies about in clear" "" "$(grep -rlE 'BEGIN (EC |RSA )?PRIVATE KEY' "$DATA")"

# the same with the root's key carried away
mkdir "$WORK/off"
sed "s|^data: .*|data: $WORK/off/data|" "$CONF" >"$WORK/off.yaml"
works "init --offline-root" "$QUATRAIN_BIN" init --config "$WORK/off.yaml" --offline-root "$WORK/off/root.key"
like "the root's key is in FILE, sealed" 'QUATRAIN SEALED KEY' "$(cat "$WORK/off/root.key" 2>&1)"
is "FILE is the owner's alone" 600 "$(stat -c %a "$WORK/off/root.key")"
is "one sealed key fewer stays in the data folder" \
    "$(($(grep -rl 'QUATRAIN SEALED KEY' "$DATA" | wc -l) - 1))" "$(grep -rl 'QUATRAIN SEALED KEY' "$WORK/off/data" | wc -l)"
sed "s|^data: .*|data: $WORK/off2/data|" "$CONF" >"$WORK/off2.yaml"
refuses "init --offline-root over an existing file" \
    "$QUATRAIN_BIN" init --config "$WORK/off2.yaml" --offline-root "$WORK/off/root.key"

# tokens in vain before serve: the commands start the signer and the desk themselves
works "tenant create without a running service" q tenant create early
works "token create without a running service" q token create --tenant early --device first

rm -rf "$DATA"
service_fresh initech
works "tenant create" q tenant create acme
like "tenant create says what to do next" 'token create' "$OUT"
refuses "the same tenant again" q tenant create acme
refuses "a tenant that is no label" q tenant create 'Ac_me'
refuses "the reserved tenant" q tenant create platform
works "a second tenant" q tenant create globex --constraints none
like "tenant list" acme "$(q tenant list)"
like "tenant show --json" '"constraints": ?"strict"' "$(q tenant show acme --json)"
refuses "tenant show of an unknown one" q tenant show nobody
chain_of acme "$WORK/acme"

# operators
works "operator add" q operator add alice --role officer --out "$WORK/alice"
for f in cert.pem key.pem root.pem; do
	is "operator add writes $f" yes "$([ -s "$WORK/alice/$f" ] && echo yes)"
done
is "the operator's key is the owner's alone" 600 "$(stat -c %a "$WORK/alice/key.pem")"
is "cert.pem holds the leaf and its chain" 3 "$(grep -c 'BEGIN CERT' "$WORK/alice/cert.pem")"
refuses "operator add with an unknown role" q operator add bob --role emperor --out "$WORK/bob"
like "operator list" alice "$(q operator list)"
remote=(--url "$URL" --cert "$WORK/alice/cert.pem" --key "$WORK/alice/key.pem" --root "$WORK/alice/root.pem")
like "the command line from afar, by certificate" acme "$("$QUATRAIN_BIN" tenant list "${remote[@]}" 2>&1)"

# a token, and an enrolment
works "token create" q token create --tenant acme --device hp-4711
like "token create prints the commands to use it" 'enroll' "$OUT"
TOKEN=$(token acme hp-4712)
like "the token has four parts" '^[A-Z2-7]{26}\.[A-Z2-7]{26}\.acme\.hp-4712$' "$TOKEN"
is "the secret is stored nowhere in clear" "" "$(grep -rlF "${TOKEN%%.*}" "$DATA" "$WORK/serve.log")"
like "token list" hp-4712 "$(q token list --tenant acme)"
works "enroll, knowing nothing but the token" q enroll --url "$URL" --token "$TOKEN" --out "$WORK/dev"
for f in cert.pem key.pem root.pem; do
	is "enroll writes $f" yes "$([ -s "$WORK/dev/$f" ] && echo yes)"
done
is "the device's key is the owner's alone" 600 "$(stat -c %a "$WORK/dev/key.pem")"
is "the root it learnt is ours" "$(openssl x509 -in "$ROOT" -noout -fingerprint)" \
    "$(openssl x509 -in "$WORK/dev/root.pem" -noout -fingerprint)"
works "the chain verifies from root.pem alone" openssl verify -x509_strict -check_ss_sig -policy_check \
    -CAfile "$ROOT" -untrusted "$WORK/dev/cert.pem" "$WORK/dev/cert.pem"
like "its name is a URI" 'URI:spiffe://acme\.eu\.example\.org/printer/hp-4712' \
    "$(openssl x509 -in "$WORK/dev/cert.pem" -noout -ext subjectAltName)"
refuses "the token a second time" q enroll --url "$URL" --token "$TOKEN" --out "$WORK/dev2"
is "no certificate for it" no "$([ -s "$WORK/dev2/cert.pem" ] && echo yes || echo no)"
old=$(serial "$WORK/dev/cert.pem")
like "cert show" "$old" "$(q cert show --tenant acme "$old")"
like "cert list" "$old" "$(q cert list --tenant acme --device hp-4712)"
is "OCSP" good "$(ocsp "$WORK/acme1.pem" "$WORK/dev/cert.pem")"

# a token that is taken back
VOID=$(q token create --tenant acme --device hp-4713 --json)
works "token revoke" q token revoke --tenant acme "$(jq -r .id <<<"$VOID")"
refuses "a revoked token" q enroll --url "$URL" --token "$(jq -r .token <<<"$VOID")" --out "$WORK/dev3"

# renewal
works "enroll --renew" q enroll --url "$URL" --renew --out "$WORK/dev" --tenant acme
new=$(serial "$WORK/dev/cert.pem")
unlike "renewal gives a new serial" "^$old\$" "$new"
keyed=$(openssl pkey -in "$WORK/dev/key.pem" -pubout)
works "enroll --renew --new-key" q enroll --url "$URL" --renew --out "$WORK/dev" --tenant acme --new-key
unlike "--new-key makes another" "^$(sed -n 2p <<<"$keyed")\$" "$(openssl pkey -in "$WORK/dev/key.pem" -pubout)"
is "key and certificate belong together" "$(openssl pkey -in "$WORK/dev/key.pem" -pubout)" \
    "$(openssl x509 -in "$WORK/dev/cert.pem" -noout -pubkey)"
new=$(serial "$WORK/dev/cert.pem")

# revocation
works "cert revoke" q cert revoke --tenant acme "$new" --reason keyCompromise
is "OCSP at once" revoked "$(ocsp "$WORK/acme1.pem" "$WORK/dev/cert.pem")"
refuses "revoking again" q cert revoke --tenant acme "$new"
like "revoking again is a conflict" 'already|revoked' "$OUT"
refuses "an unknown reason" q cert revoke --tenant acme "$old" --reason boredom
refuses "an unknown serial" q cert revoke --tenant acme 00112233445566778899aabbccddeeff
works "revoke by an operator's certificate" \
    "$QUATRAIN_BIN" cert revoke --tenant acme "$old" "${remote[@]}"
refuses "renewing a revoked certificate" q enroll --url "$URL" --renew --out "$WORK/dev" --tenant acme

# the log
works "log export" q log export --tenant acme --out "$WORK/export"
for f in entries.jsonl checkpoint certificates.pem; do
	is "log export writes $f" yes "$([ -s "$WORK/export/$f" ] && echo yes)"
done
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"
for s in "$old" "$new"; do
	like "$s is in the log" "$s" "$(cat "$WORK/export/entries.jsonl")"
done
works "the platform's log" q log export --tenant platform --out "$WORK/export-platform"
works "log verify of the platform's" "$QUATRAIN_BIN" log verify "$WORK/export-platform" --root "$ROOT"
like "it tells of the operator" alice "$(cat "$WORK/export-platform/entries.jsonl")"

# what acme has is still there after a stop and a start
service_stop
is "serve ends well" 0 "$STOPPED_RC"
works "cert show without a running service" q cert show --tenant acme "$new" --json
like "still revoked" '"status": ?"revoked"' "$OUT"
service_start || stop_here "serve a second time"
is "OCSP after a restart" revoked "$(ocsp "$WORK/acme1.pem" "$WORK/dev/cert.pem")"
works "log export after a restart" q log export --tenant acme --out "$WORK/export2"
works "log verify after a restart" "$QUATRAIN_BIN" log verify "$WORK/export2" --root "$ROOT"
finish
