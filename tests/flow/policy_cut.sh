#!/usr/bin/env bash
# tests/flow/policy_cut.sh - sessions end when they may not go on: a revocation, a suspension and a policy, of 1,000 live ones each, and a
# handshake that is half done. Each end is in the activity log, with the time that it took.
. "$(dirname "$0")/lib.sh"

SESSIONS=$(dirname "$QUATRAIN_BIN")/sessions
[ -x "$SESSIONS" ] || stop_here "no $SESSIONS; build it"
MANY=1000
BAR_US=1000000
[ -z "$SANITIZED" ] || BAR_US=10000000

service_fresh acme beta
for device in one two three stays; do
	enrol acme "$device" "$WORK/$device" || stop_here "enrol $device"
done
enrol beta four "$WORK/four" || stop_here "enrol four"

# request METHOD PATH JSON: as octets, for the local socket; HEADER is one more line
HEADER=""
request() {
	printf '%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s' \
	    "$1" "$2" "${HEADER:+$HEADER$'\r\n'}" "$(printf %s "$3" | wc -c)" "$3" >"$WORK/request"
}

# cut_all WHAT TENANT DEVICE: the request that stands there ends all sessions of the device
cut_all() {
	OUT=$(timeout 120 "$SESSIONS" "$SECURE" $MANY "$ROOT" "$WORK/$3/leaf.pem" "$WORK/$3/key.pem" "$DATA/run/api.sock" "$WORK/request")
	is "$1: held" $MANY "$(sed -n 's/^held //p' <<<"$OUT")"
	is "$1: it is done" 200 "$(sed -n 's/^status //p' <<<"$OUT")"
	is "$1: each one ends" "$MANY of $MANY" "$(sed -n 's/^cut //p' <<<"$OUT")"
	LAST=$(sed -n 's/^last //p' <<<"$OUT")
	is "$1: within the bar" yes "$([ "$LAST" -le $BAR_US ] && echo yes || echo "$LAST us")"
	echo "      $1: p50 $(sed -n 's/^p50 //p' <<<"$OUT") us, p99 $(sed -n 's/^p99 //p' <<<"$OUT") us, max $LAST us"
	CUT=$(within 5 told "$2" && told "$2")
	like "$1: and is told, with its time" '^[0-9]+$' "$(jq -r .took_us <<<"$CUT" | tail -n 1)"
}

# told TENANT: entries session.cut in its activity log
told() {
	api GET "/v1/tenants/$1/activity?act=session.cut&limit=1000"
	jq -ce '.items[]' "$BODY"
}

# own REVISION RULE: acme's PolicySet, as the API takes it
own() {
	jq -n --arg d "$(printf 'apiVersion: quatrain.policy/v1\nkind: PolicySet\nmetadata: {name: own, scope: "spiffe://acme.eu.example.org/**", owner: it@example.org, revision: %s}\nmode: enforce\nschema: quatrain.attributes/v1\nrules:\n  - {id: come-in, effect: permit, actions: [connect, est.enroll, est.reenroll]}\n%s' "$1" "${2:-}")" '{document: $d}'
}

request POST "/v1/tenants/acme/certificates/$(serial "$WORK/one/leaf.pem")/revoke" '{"reason":"keyCompromise"}'
cut_all "one of them is revoked" acme one
request POST /v1/tenants/beta/suspend '{"reason":"a test"}'
cut_all "its tenant is suspended" beta four
api PUT /v1/tenants/acme/policy "$(own 1)"
is "a PolicySet that lets all in" 200 "$STATUS"
HEADER="If-Match: $(header ETag)$(jq -r .etag "$BODY")"
request PUT /v1/tenants/acme/policy "$(own 2 '  - {id: not-two, effect: forbid, subjects: {spiffe: ["spiffe://acme.eu.example.org/printer/two"]}, actions: [connect]}')"
cut_all "a policy forbids it" acme two
is "and says by which rule" own/not-two "$(jq -r 'select(.rule != null) | .rule' <<<"$CUT" | head -n 1)"
SET=$(jq -r 'select(.rule == "own/not-two") | .policy' <<<"$CUT" | head -n 1)
api GET "/v1/tenants/acme/policy/documents?set=$SET"
is "and by which set, which is found by its digest" "200 $SET" "$STATUS $(jq -r .set "$BODY")"
http --cacert "$ROOT" --cert "$WORK/stays/leaf.pem" --key "$WORK/stays/key.pem" "$URL/healthz"
is "another device is let in" 200 "$STATUS"

# A handshake that has begun before, and ends behind the change: its first request is refused.
cat >"$WORK/half.py" <<'PY'
import socket, ssl, sys
port, root, cert, key, ready, go = sys.argv[1:7]
ctx = ssl.create_default_context(cafile=root)
ctx.load_cert_chain(cert, key)
end = socket.create_connection(("127.0.0.1", int(port)))
end.settimeout(20)
into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = ctx.wrap_bio(into, out, server_hostname="localhost")
half = False
while True:
    try:
        tls.do_handshake()
        break
    except ssl.SSLWantReadError:
        end.sendall(out.read())
        into.write(end.recv(65536))
open(ready, "w").close()  # the client's own flight is not sent yet
open(go).read()
end.sendall(out.read())
tls.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
end.sendall(out.read())
got = b""
try:
    while b"\r\n\r\n" not in got:
        piece = end.recv(65536)
        if not piece:
            break
        into.write(piece)
        try:
            got += tls.read(65536)
        except ssl.SSLWantReadError:
            pass
except (OSError, ssl.SSLError):
    pass
print(got.split(b"\r\n")[0].decode() or "ended")
PY
mkfifo "$WORK/go"
/usr/bin/python3 "$WORK/half.py" "$SECURE" "$ROOT" "$WORK/three/leaf.pem" "$WORK/three/key.pem" "$WORK/half" "$WORK/go" >"$WORK/half.out" 2>&1 &
HALF=$!
within 10 [ -e "$WORK/half" ] || stop_here "a handshake that is half done"
HEADER="If-Match: $(q policy show --tenant acme --json | jq -r .etag)"
http -X PUT --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' -H "$HEADER" \
    --data-binary "$(own 3 '  - {id: not-three, effect: forbid, subjects: {spiffe: ["spiffe://acme.eu.example.org/printer/three"]}, actions: [connect]}')" http://localhost/v1/tenants/acme/policy
is "the policy forbids that one too" 200 "$STATUS"
echo go >"$WORK/go"
wait $HALF
is "a handshake in flight is caught before its first request" "HTTP/1.1 403 Forbidden" "$(cat "$WORK/half.out")"
finish
