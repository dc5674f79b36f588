#!/usr/bin/env bash
# tests/flow/ocsp_clients.sh - the OCSP clients of others: the JDK's path validation (the strictest), PKI.js, easy-ocsp,
# and nginx as the server that relies on us: a printer's certificate is let in, revoked, and refused.
. "$(dirname "$0")/lib.sh"

NODE=$TREE/tests/clients/node
NGINX=""

service_fresh acme
chain_of acme "$WORK/ca"
TENANT=$WORK/ca1.pem REGION=$WORK/ca2.pem
enrol acme hp-4711 "$WORK/dev" || stop_here "enrol"
enrol acme hp-4712 "$WORK/held" || stop_here "enrol"
LEAF=$WORK/dev/leaf.pem
mkdir "$WORK/java"
cat "$TENANT" "$REGION" "$ROOT" >"$WORK/trusted.pem"
works "the Java judge is compiled" javac -d "$WORK/java" "$TREE/tests/clients/Ocsp.java"
[ -d "$NODE/node_modules/pkijs" ] || stop_here "tests/clients/node: scripts/setup test installs it"

# java_says [PROPERTY...]: of CERT
java_says() {
	timeout 60 java -cp "$WORK/java" "$@" Ocsp "$ROOT" "$CERT" "$TENANT" "$REGION" 2>&1
}
node_says() { # node_says CLIENT [nonce]
	# localhost in certificates; the service listens on its IPv4 address, which Node 18 tries second at best
	timeout 30 node --dns-result-order=ipv4first "$NODE/ocsp.mjs" "$1" "$OPEN/ocsp" "$TENANT" "$CERT" "$WORK/trusted.pem" "${@:2}" 2>&1
}
judged() { # judged WHAT JAVA-PATTERN WORD
	like "$1: JDK 17, OCSP at every level" "$2" "$(java_says)"
	is "$1: PKI.js" "$3" "$(node_says pkijs)"
	is "$1: PKI.js, nonce" "$3" "$(node_says pkijs nonce)"
	is "$1: easy-ocsp" "$3" "$(node_says easy-ocsp)"
	is "$1: easy-ocsp, nonce" "$3" "$(node_says easy-ocsp nonce)"
}
CERT=$LEAF
judged "good" '^VALID$' good
by_crl() { java_says -Dcrl=true -Dcom.sun.security.enableCRLDP=true; }
is "good: JDK, by the CRLs that the certificates name" VALID "$(by_crl)"
CERT=$WORK/held/leaf.pem
works "hold" q cert hold --tenant acme "$(serial "$CERT")" --reason "seen twice"
judged "held" '^REVOKED: .*CERTIFICATE_HOLD' revoked
works "release" q cert release --tenant acme "$(serial "$CERT")"
judged "released" '^VALID$' good

# --- nginx relies on us -----------------------------------------------------------------------

FRONT=$((PUBLIC + 5))
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/front.key" -out "$WORK/front.pem" \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
nginx_conf >"$WORK/nginx.conf" <<-CONF
	    server {
	        listen 127.0.0.1:$FRONT ssl;
	        ssl_certificate $WORK/front.pem;
	        ssl_certificate_key $WORK/front.key;
	        ssl_client_certificate $WORK/trusted.pem;
	        ssl_verify_client on;
	        ssl_verify_depth 4;
	        ssl_session_cache off;
	        ssl_session_tickets off;
	        ssl_ocsp on;
	        ssl_ocsp_responder http://127.0.0.1:$PUBLIC/ocsp;
	        location / { return 200 "let in: \$ssl_client_s_dn\n"; }
	    }
CONF
nginx -c "$WORK/nginx.conf" -p "$WORK" >"$WORK/nginx.out" 2>&1 &
NGINX=$!
stop_nginx() {
	kill "$NGINX" 2>/dev/null
	wait "$NGINX" 2>/dev/null
	NGINX=""
}
trap '[ -z "$NGINX" ] || stop_nginx; tidy_up' EXIT
listens() { alive "$NGINX" && port_taken "$FRONT"; }
within 10 listens || stop_here "nginx"

visit() { # visit DIR: as the printer whose certificate lies there
	http --cacert "$WORK/front.pem" --cert "$1/leaf.pem" --key "$1/key.pem" "https://localhost:$FRONT/"
	echo "$STATUS $(head -c 200 "$BODY" | tr '\n' ' ')"
}
like "nginx: a printer is let in" '^200 let in: .*CN=hp-4711' "$(visit "$WORK/dev")"
like "nginx: and the other" '^200 let in: .*CN=hp-4712' "$(visit "$WORK/held")"
works "revoke" q cert revoke --tenant acme "$(serial "$LEAF")" --reason keyCompromise
like "nginx: refused at its next connection" '^400 .*certificate error' "$(visit "$WORK/dev" | tr -d '\r')"
like "nginx: because it is revoked" 'certificate status "revoked"|certificate revoked' "$(cat "$WORK/nginx.log")"
like "nginx: the other is let in still" '^200 let in: .*CN=hp-4712' "$(visit "$WORK/held")"
works "hold" q cert hold --tenant acme "$(serial "$WORK/held/leaf.pem")"
like "nginx: one that is held is refused" '^400 ' "$(visit "$WORK/held")"
works "release" q cert release --tenant acme "$(serial "$WORK/held/leaf.pem")"
like "nginx: and let in when it is good again" '^200 ' "$(visit "$WORK/held")"
works "suspend the tenant" q tenant suspend acme --reason "stolen pallet"
like "nginx: beneath a suspended tenant nobody is let in" '^400 ' "$(visit "$WORK/held")"
works "resume" q tenant resume acme
like "nginx: and again after it" '^200 ' "$(visit "$WORK/held")"
stop_nginx

CERT=$LEAF
judged "revoked" '^REVOKED: .*KEY_COMPROMISE' revoked
listed() { [ "$(by_crl | cut -d: -f1)" = REVOKED ]; }
works "revoked: JDK, by the CRL, soon" within 20 listed
finish
