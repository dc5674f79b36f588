#!/usr/bin/env bash
# tests/flow/staple.sh - OCSP stapling on the secure listener: the service's certificate comes with its status.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

service_fresh acme

# stapled VERSION: what s_client makes of the status that comes along
stapled() {
	timeout 20 openssl s_client -connect "localhost:$SECURE" -servername localhost -CAfile "$ROOT" -status "$1" \
	    </dev/null 2>/dev/null | tr -d '\r'
}
comes() { stapled -tls1_3 | grep -q 'Cert Status: '; }
is_revoked() { stapled -tls1_3 | grep -q 'Cert Status: revoked'; }

works "an answer is there soon after the start" within 10 comes
for version in -tls1_2 -tls1_3; do
	said=$(stapled "$version")
	like "$version: good" 'Cert Status: good' "$said"
	like "$version: the responder is named by its key" 'Responder Id: [0-9A-F]{40}' "$said"
done
is "who does not ask gets none" 0 "$(timeout 20 openssl s_client -connect "localhost:$SECURE" -CAfile "$ROOT" \
    </dev/null 2>/dev/null | grep -c 'OCSP')"
works "curl --cert-status, TLS 1.2" curl -sS --cert-status --tls-max 1.2 --cacert "$ROOT" -o /dev/null "$URL/healthz"
works "curl --cert-status, TLS 1.3" curl -sS --cert-status --tlsv1.3 --cacert "$ROOT" -o /dev/null "$URL/healthz"

timeout 20 openssl s_client -connect "localhost:$SECURE" -showcerts </dev/null 2>/dev/null |
    openssl x509 -out "$WORK/service.pem" 2>/dev/null
works "the service's certificate is revoked" q cert revoke "$(serial "$WORK/service.pem")" --tenant platform \
    --reason superseded
refuses "at once curl --cert-status is refused" curl -sS --cert-status --cacert "$ROOT" -o /dev/null "$URL/healthz"
works "the answer that comes along says so" within 10 is_revoked
refuses "and curl --cert-status is refused still" curl -sS --cert-status --cacert "$ROOT" -o /dev/null "$URL/healthz"
like "by that" 'revoked|91' "$OUT"
works "who does not ask is served" curl -sS --cacert "$ROOT" -o /dev/null "$URL/healthz"

finish
