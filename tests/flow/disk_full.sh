#!/usr/bin/env bash
# tests/flow/disk_full.sh - a disk that others fill: issuing stops in time, revoking goes on to the very end, and room brings issuing back.
#
# The disk is a small tmpfs in a mount namespace of its own. Where none can be made, that is a failure.
if [ -z "${QUATRAIN_DISK_FULL:-}" ]; then
	export QUATRAIN_DISK_FULL=1
	if unshare --mount true 2>/dev/null; then exec unshare --mount "$0"; fi
	# where / is no mount point (a chroot) its propagation cannot be changed; the disk is unmounted at the end
	if unshare --mount --propagation unchanged true 2>/dev/null; then exec unshare --mount --propagation unchanged "$0"; fi
	if unshare --user --map-root-user --mount true 2>/dev/null; then exec unshare --user --map-root-user --mount "$0"; fi
	echo "FAIL  disk_full: a mount namespace of its own"
	echo "disk_full: 0 passed, 1 failed"
	exit 1
fi
. "$(dirname "$0")/lib.sh"

LEAST=$((8 << 20)) # LEDGER_LEAST_OCTETS, and the ballast's size
mkdir "$WORK/disk"
works "a disk of 64 MiB" mount -t tmpfs -o size=64m,mode=700 tmpfs "$WORK/disk" || finish
DATA=$WORK/disk/data

free_octets() {
	echo $(($(stat -f -c '%a * %S' "$WORK/disk")))
}

service_fresh acme
chain_of acme "$WORK/ca"
secrets acme dev 200 >"$WORK/secrets"
http "$OPEN/readyz"
is "/readyz while there is room" 200 "$STATUS"
is "/readyz: all of it" '{"issuing":"ok","ready":true,"reasons":[],"revoking":"ok"}' "$(cat "$BODY")"
is "quatrain_issuing" 1 "$(gauge quatrain_issuing)"
is "the ballast" $LEAST "$(stat -c %s "$DATA/ballast")"

# Others leave a little more than the least.
fallocate -l $(($(free_octets) - LEAST - (192 << 10))) "$WORK/disk/others"
enrol_until_full acme dev "$WORK/secrets"
is "some were enrolled before ($ENROLLED)" yes "$([ "$ENROLLED" -ge 5 ] && echo yes || echo no)"
is "row 29: then issuing stops" 503 "$STATUS"
is "with Retry-After" 2 "$(header Retry-After)"
like "and with words" 'issuing waits.*revoking goes on' "$(cat "$BODY")"
api POST /v1/tenants/acme/tokens '{"device":"late"}'
is "no token either" 503 "$STATUS"
within 5 ready stopped
is "/readyz then" 503 "$STATUS"
is "it says: issuing" stopped "$(jq -r .issuing "$BODY")"
is "it says: revoking" ok "$(jq -r .revoking "$BODY")"
like "it says why" 'issuing waits for a larger disk' "$(jq -r '.reasons[]' "$BODY")"
is "quatrain_issuing then" 0 "$(gauge quatrain_issuing)"
is "quatrain_revoking then" 1 "$(gauge quatrain_revoking)"
http "$OPEN/healthz"
is "/healthz all the same" 200 "$STATUS"

# revoke N: device N's certificate
revoke() {
	api POST "/v1/tenants/acme/certificates/$(serial "$WORK/dev-$1.pem")/revoke" '{"reason":"keyCompromise"}'
	[ "$STATUS" = 200 ]
}
works "it revokes" revoke 1
is "OCSP knows" revoked "$(ocsp_word "$WORK/dev-1.pem")"

# Others take the last octet.
dd if=/dev/zero of="$WORK/disk/more" bs=4k >/dev/null 2>&1
is "the disk is full" 0 "$(free_octets)"
is "the ballast is there" yes "$([ -e "$DATA/ballast" ] && echo yes || echo no)"
refused=0
for ((n = 2; n <= ENROLLED; n++)); do
	revoke "$n" || refused=$((refused + 1))
done
is "row 29: each of $((ENROLLED - 1)) is revoked on a full disk" 0 $refused
is "OCSP knows the last" revoked "$(ocsp_word "$WORK/dev-$ENROLLED.pem")"
is "the ballast was let go for them" no "$([ -e "$DATA/ballast" ] && echo yes || echo no)"
is "its room is not for issuing" 503 "$(est_post acme/simpleenroll "$WORK/dev.b64" -u "dev-$((ENROLLED + 1)):$(sed -n $((ENROLLED + 1))p "$WORK/secrets")"; echo "$STATUS")"
unlike "no process ended" 'child-ended' "$(cat "$WORK/serve.log")"

# Room brings it back, by itself.
rm "$WORK/disk/others" "$WORK/disk/more"
within 5 ready ok
is "/readyz with room again" 200 "$STATUS"
is "quatrain_issuing with room again" 1 "$(gauge quatrain_issuing)"
is "it issues, with the token that was refused" 200 "$(est_post acme/simpleenroll "$WORK/dev.b64" -u "dev-$((ENROLLED + 1)):$(sed -n $((ENROLLED + 1))p "$WORK/secrets")"; echo "$STATUS")"
remade() {
	q token create --tenant acme --device poke >/dev/null
	[ -e "$DATA/ballast" ]
}
is "the ballast is remade" yes "$(within 10 remade && echo yes || echo no)"
is "OCSP still knows the first" revoked "$(ocsp_word "$WORK/dev-1.pem")"
works "log export" q log export --tenant acme --out "$WORK/export"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"
service_stop
cp "$ROOT" "$WORK/root.pem"
umount "$WORK/disk"
finish
