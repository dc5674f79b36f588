#!/usr/bin/env bash
# tests/flow/limits.sh - how much one address, tenant and device may ask: 429, closed doors, and nobody else shut out.
. "$(dirname "$0")/lib.sh"

service_fresh acme globex
enrol acme hp-1 "$WORK/hp-1" || stop_here "enrol"
is "loopback is exempt: 100 wrong tokens are told so" 100 "$(for ((i = 0; i < 100; i++)); do
	printf 'next\nurl = "%s/.well-known/est/acme/simpleenroll"\nuser = "hp-2:wrong"\ncacert = "%s"\nheader = "Content-Type: application/pkcs10"\ndata-binary = "@%s"\noutput = /dev/null\nwrite-out = "%%{http_code}\\n"\n' \
	    "$URL" "$ROOT" "$WORK/hp-1/csr.b64"
done | sed 1d | curl -s -K - | grep -c 401)"
service_stop
cat >>"$CONF" <<-YAML
limits:
  exempt: [127.0.0.9]
  connections: 300
  handshakes: 5
  refusals: 8
  tenant: 2
  device: 3
  ocsp: 2
YAML
service_start || stop_here "serve with limits"
p256 "$WORK/key.pem"
csr "$WORK/key.pem" /CN=hp-2 >"$WORK/hp-2.b64"
limited() { gauge "quatrain_limited_total{what=\"$1\"}"; }

# --- wrong tokens: the address waits, the device does not ------------------------------------------------------

guess() { est_post acme/simpleenroll "$WORK/hp-2.b64" --interface "$1" -u hp-2:wrong; }
told=0
for ((i = 0; i < 60; i++)); do
	guess 127.0.0.2
	[ "$STATUS" = 401 ] || break
	told=$((told + 1))
done
is "eight wrong tokens are told that they are ($told)" yes "$([ $told -ge 8 ] && echo yes || echo no)"
is "and then none is looked at" 429 "$STATUS"
like "and told in seconds when to come again" '^([1-9]|10)$' "$(header Retry-After)"
like "in a line of text" 'RFC 6585 section 4' "$(cat "$BODY")"
T=$(token acme hp-2)
est_post acme/simpleenroll "$WORK/hp-2.b64" --interface 127.0.0.2 -u "hp-2:$T"
is "nor is the right one, from there" 429 "$STATUS"
http --cacert "$ROOT" --interface 127.0.0.2 "$URL/v1/tenants"
is "nor the API" 429 "$STATUS"
is "which says so as a problem" 429 "$(jq -r .status "$BODY")"
est_post acme/simplereenroll <(csr "$WORK/hp-1/key.pem" /O=acme/OU=printer/CN=hp-1) --interface 127.0.0.2 \
    --cert "$WORK/hp-1/leaf.pem" --key "$WORK/hp-1/key.pem"
is "a device with a certificate renews from that very address" 200 "$STATUS"
est_post acme/simpleenroll "$WORK/hp-2.b64" --interface 127.0.0.3 -u "hp-2:$T"
is "the device whose token was guessed at enrols from its own" 200 "$STATUS"
for ((i = 0; i < 20; i++)); do guess 127.0.0.9; done
is "an exempt address is told of its twentieth wrong token" 401 "$STATUS"
like "the metrics count them" '^[1-9][0-9]*$' "$(limited refusals)"
like "and the log has a line" 'event=refused status=429 .*RFC 6585' "$(cat "$WORK/serve.log")"
wait_s=$(guess 127.0.0.2; header Retry-After)
sleep "${wait_s:-8}"
guess 127.0.0.2
is "after that time it is looked at again" 401 "$STATUS"

# --- a device in a loop, and a tenant in a hurry ---------------------------------------------------------------------

renew() {
	est_post acme/simplereenroll <(csr "$WORK/hp-1/key.pem" /O=acme/OU=printer/CN=hp-1) --cert "$WORK/hp-1/leaf.pem" --key "$WORK/hp-1/key.pem"
	[ "$STATUS" = 429 ] && [ "$(header Retry-After)" -gt 9 ] # less is the tenant's limit, which is over at once
}
works "a device that renews in a loop is stopped" within 30 renew
like "for minutes" '^[0-9]{3,4}$' "$(header Retry-After)"
like "and counted" '^[1-9]' "$(limited device)"
secrets globex gl 30 | while read -r t; do
	n=$((${n:-0} + 1))
	p256 "$WORK/gl.pem"
	csr "$WORK/gl.pem" "/CN=gl-$n" >"$WORK/gl-$n.b64"
	[ $n -eq 1 ] || echo next
	printf 'url = "%s/.well-known/est/globex/simpleenroll"\nuser = "gl-%d:%s"\ncacert = "%s"\n' "$URL" $n "$t" "$ROOT"
	printf 'header = "Content-Type: application/pkcs10"\ndata-binary = "@%s"\n' "$WORK/gl-$n.b64"
	printf 'output = /dev/null\nwrite-out = "%%{http_code}\\n"\n'
done >"$WORK/fleet.curl"
curl -s --parallel -K "$WORK/fleet.curl" >"$WORK/fleet.out" 2>/dev/null
like "a tenant's fleet that comes at once is told to come later" '^429$' "$(cat "$WORK/fleet.out")"
like "all but the first" '^200$' "$(cat "$WORK/fleet.out")"
t=$(token acme hp-5)
p256 "$WORK/key.pem"
csr "$WORK/key.pem" /CN=hp-5 >"$WORK/hp-5.b64"
est_post acme/simpleenroll "$WORK/hp-5.b64" -u "hp-5:$t"
is "another tenant's device is served meanwhile" 200 "$STATUS"

# --- handshakes that fail -----------------------------------------------------------------------------------------------------

garbage() { printf 'GET / HTTP/1.1\r\n\r\n' | timeout 5 curl -s --interface "$1" --max-time 3 "telnet://127.0.0.1:$SECURE" >/dev/null; }
open_again() { est acme/cacerts --interface 127.0.0.4 && [ "$STATUS" = 200 ]; }
tries=0
until [ $tries -ge 12 ]; do # each that is let in and fails again shuts the door for twice as long
	garbage 127.0.0.4
	tries=$((tries + 1))
	open_again || break
done
is "handshakes of garbage: five or more, and the door is shut ($tries)" "yes 000" \
    "$([ $tries -ge 5 ] && echo yes || echo no) $STATUS"
est acme/cacerts --interface 127.0.0.5
is "to that address alone" 200 "$STATUS"
works "after a while it is open" within 300 open_again
like "counted" '^[1-9]' "$(limited handshakes)"
like "and told" 'event=limited what=handshakes' "$(cat "$WORK/serve.log")"
for ((i = 0; i < 20; i++)); do (exec 3<>"/dev/tcp/127.0.0.1/$SECURE"); done
est acme/cacerts
is "who only looks whether the port is open has not failed" 200 "$STATUS"

# --- connections and requests, one by one -----------------------------------------------------------------------------------------

for ((i = 0; i < 600; i++)); do (exec 3<>"/dev/tcp/127.0.0.1/$SECURE"); done
like "300 connections a minute, and no more" '^[1-9]' "$(limited connections)"
est acme/cacerts --interface 127.0.0.6
is "another address connects" 200 "$STATUS"
like "OCSP by address, where it is wanted" '^429$' "$(curl -s -o /dev/null -w '%{http_code}\n' --interface 127.0.0.7 "$OPEN/ocsp/[1-40]")"
http --interface 127.0.0.8 "$OPEN/readyz"
is "and not for another" 200 "$STATUS"
finish
