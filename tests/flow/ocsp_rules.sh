#!/usr/bin/env bash
# tests/flow/ocsp_rules.sh - how OCSP speaks: what the settings say, what caches are told, and that each change counts at
# once on connections that are kept, whichever process has them.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
ASKER=$(dirname "$QUATRAIN_BIN")/ocsp_kept

service_fresh acme
service_stop
printf 'edges: 1\nocsp:\n  unknown: revoked\n  max_age: 20s\n' >>"$CONF"
service_start || stop_here "serve with ocsp settings"
chain_of acme "$WORK/ca"
cat "$WORK"/ca[123].pem >"$WORK/all.pem"
enrol acme hp-4711 "$WORK/dev" || stop_here "enrol"
openssl ocsp -no_nonce -issuer "$WORK/ca1.pem" -cert "$WORK/dev/leaf.pem" -reqout "$WORK/req.der" >/dev/null 2>&1
GET=/ocsp/$(openssl base64 -A -in "$WORK/req.der" | sed 's/+/%2B/g; s|/|%2F|g; s/=/%3D/g')

# what caches are told
http "$OPEN$GET"
cp "$BODY" "$WORK/first"
like "max-age is the setting" '^max-age=(20|19),' "$(header Cache-Control)"
tag=$(header ETag)
is "the tag is the answer's digest" "\"$(openssl sha256 -r <"$BODY" | cut -d' ' -f1)\"" "$tag"
next=$(openssl ocsp -respin "$BODY" -resp_text -noverify 2>/dev/null | sed -n 's/ *Next Update: //p')
is "Expires is nextUpdate" "$(date -d "$next" +%s)" "$(date -d "$(header Expires)" +%s)"
for list in "$tag" "W/$tag" "\"x\", $tag" '*'; do
	http -H "If-None-Match: $list" "$OPEN$GET"
	is "not modified: $list" "304 0" "$STATUS $(wc -c <"$BODY")"
done
http -H 'If-None-Match: "x"' "$OPEN$GET"
is "another tag" 200 "$STATUS"
http -I "$OPEN$GET"
is "HEAD" "200 $(wc -c <"$WORK/first")" "$STATUS $(header Content-Length)"
http --path-as-is "$OPEN/${GET//%/%25}"
is "encoded twice, behind a double slash" 404 "$STATUS"
http --path-as-is "$OPEN${GET//%/%25}/"
is "encoded twice, a slash behind: status" 200 "$STATUS"
is "encoded twice, a slash behind: the same answer" "$(openssl sha256 -r <"$WORK/first")" "$(openssl sha256 -r <"$BODY")"

# never issued, and so revoked
said=$(openssl ocsp -issuer "$WORK/ca1.pem" -serial 0x00112233445566778899aabbccddeeff -CAfile "$ROOT" \
    -verify_other "$WORK/all.pem" -url "$OPEN/ocsp" -resp_text 2>&1)
like "an unknown serial is revoked" 'Cert Status: revoked' "$said"
like "on hold" 'certificateHold' "$said"
like "since 1970" 'Revocation Time: Jan  1 00:00:00 1970 GMT' "$said"
like "and the answer says that it speaks so" '1\.3\.6\.1\.5\.5\.7\.48\.1\.9|Valid' "$said"
like "verified" 'Response verify OK' "$said"

# held and released, again and again: each counts at once on each connection, of three processes
service_stop
sed -i 's/^edges: 1/edges: 3/' "$CONF"
service_start || stop_here "serve with three edges"
# asking COUNT: connections that are kept, for now()
asking() {
	coproc ASK { "$ASKER" "$PUBLIC" "$1" "$GET"; }
	IN=${ASK[1]} OUT_OF=${ASK[0]}
}
now() {
	SAID=""
	echo >&"$IN"
	IFS= read -r -t 25 -u "$OUT_OF" SAID
}
asked() { # until the next asking()
	exec {IN}>&-
	wait "$ASK_PID"
}
serial=$(serial "$WORK/dev/leaf.pem")
asking 12
now
is "12 kept connections" good "$SAID"
late=0 refused=0
for ((i = 0; i < 50; i++)); do
	for word in hold release; do
		api POST "/v1/tenants/acme/certificates/$serial/$word" '{"reason":"a test"}'
		[ "$STATUS" = 200 ] || refused=$((refused + 1))
		now
		[ "$word $SAID" = "hold revoked" ] || [ "$word $SAID" = "release good" ] || late=$((late + 1))
	done
done
is "100 changes, all made" 0 "$refused"
is "100 changes, none told late" 0 "$late"

# the signer is away: what is ready goes on while the ledger can be read and says the same; what is not is told later
signer=$(child_pids signer)
kill -STOP "$signer"
now
is "signer stopped, nothing changed: the ready answer" good "$SAID"
kill -CONT "$signer"
asked
api POST "/v1/tenants/acme/certificates/$serial/revoke" '{"reason":"superseded"}'
is "revoked" 200 "$STATUS"
kill -KILL "$signer"
asking 6
now
like "signer gone: later, or by the next one, and never good" '^(revoked|status 3)( (revoked|status 3))?$' "$SAID"
asked
# shellcheck disable=SC2317 # called by within
told_again() {
	asking 6
	now
	asked
	[ "$SAID" = revoked ]
}
works "and once it is back: revoked" within 20 told_again

finish
