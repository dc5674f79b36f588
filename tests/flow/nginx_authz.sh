#!/usr/bin/env bash
# tests/flow/nginx_authz.sh - nginx in front of files asks us by auth_request: permitted, forbidden, forged, revoked, and nobody
# to ask. Its configuration and the tenant's policy are those of docs/authz.md, as they stand there.
. "$(dirname "$0")/lib.sh"

NGINX=""
DOC=$TREE/docs/authz.md

# block LANGUAGE N: the N-th block of that language in the page
block() {
	awk -v want="\`\`\`$1" -v n="$2" '$0 == want { on = ++k == n; next } /^```/ { on = 0 } on' "$DOC"
}

service_fresh acme
joins acme "$WORK/pep" web service
joins acme "$WORK/hp" hp-4711 printer
joins acme "$WORK/other" hp-4712 printer
joins acme "$WORK/pc" pc-1 workstation
block yaml 1 >"$WORK/acme.yaml"
works "the page's policy is put in force" q policy put "$WORK/acme.yaml" --tenant acme

mkdir -p "$WORK/files"
echo "for printers" >"$WORK/files/index.txt"
echo "for nobody" >"$WORK/files/secret.txt"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/site.key" -out "$WORK/site.pem" \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cp "$ROOT" "$WORK/root.pem"
FRONT=$((PUBLIC + 5))
block nginx 1 | sed "s|@DIR@|$WORK|; s|@PORT@|$FRONT|; s|@SECURE@|$SECURE|" | nginx_conf >"$WORK/nginx.conf"
chmod 755 "$WORK"
nginx -c "$WORK/nginx.conf" -p "$WORK" >"$WORK/nginx.out" 2>&1 &
NGINX=$!
stop_nginx() {
	kill "$NGINX" 2>/dev/null
	wait "$NGINX" 2>/dev/null
	NGINX=""
}
trap '[ -z "$NGINX" ] || stop_nginx; tidy_up' EXIT
listens() { alive "$NGINX" && port_taken "$FRONT"; }
within 10 listens || { OUT=$(cat "$WORK/nginx.out" "$WORK/nginx.log"); stop_here "nginx"; }

# visit DIR PATH CURL-ARGUMENTS...: as the endpoint whose certificate lies in DIR; "-": without one
visit() {
	local dir=$1 path=$2
	shift 2
	[ "$dir" = - ] || set -- --cert "$dir/cert.pem" --key "$dir/key.pem" "$@"
	http --cacert "$WORK/site.pem" "$@" "https://localhost:$FRONT$path"
}

# --- permitted and forbidden -------------------------------------------------------------------

visit "$WORK/hp" /index.txt
is "a printer is permitted" "200 for printers" "$STATUS $(cat "$BODY")"
like "the obligation arrives" '"log":\{"level":"full"\}' "$(header Quatrain-Obligations)"
like "the decision has an id" '^[0-9a-f]{32}$' "$(header Quatrain-Decision)"
visit "$WORK/hp" /secret.txt
is "what a rule forbids is forbidden" 403 "$STATUS"
visit "$WORK/hp" "/secret.txt?x=/index.txt"
is "a query changes nothing" 403 "$STATUS"
visit "$WORK/hp" /index.txt -X POST
is "another method is another action" 403 "$STATUS"
visit "$WORK/pc" /index.txt
is "a workstation has no permit" 403 "$STATUS"

# --- forged ------------------------------------------------------------------------------------

CLAIM=$(openssl x509 -in "$WORK/hp/cert.pem" | jq -sRr @uri)
visit - /index.txt
is "without a certificate: refused" 401 "$STATUS"
visit - /index.txt -H "X-Client-Cert: $CLAIM" -H "X-Client-Verify: SUCCESS"
is "row 47: a certificate in a header of the client's own: refused" 401 "$STATUS"
visit "$WORK/pc" /index.txt -H "X-Client-Cert: $CLAIM"
is "another's certificate in a header: refused" 403 "$STATUS"
visit "$WORK/hp" /secret.txt -H "X-Original-URI: /index.txt" -H "X-Quatrain-Action: connect"
is "another path and action in headers: refused" 403 "$STATUS"
visit - /index.txt -u admin:admin
is "row 47: a password in place of a certificate: refused" 401 "$STATUS"

# --- whoever asks must be somebody -------------------------------------------------------------

ask() { # ask DIR CURL-ARGUMENTS...
	local dir=$1
	shift
	[ "$dir" = - ] || set -- --cert "$dir/cert.pem" --key "$dir/key.pem" "$@"
	http --cacert "$ROOT" -H "X-Original-URI: /index.txt" -H "X-Original-Method: GET" -H "X-Quatrain-Supports: log" "$@" \
	    "$URL/authz/nginx"
}
ask "$WORK/pep" -H "X-Client-Cert: $CLAIM"
is "the site itself may ask" 204 "$STATUS"
ask "$WORK/pep" -H "X-Client-Cert: $CLAIM" -H "X-Client-Verify: FAILED:unable to verify"
is "what it could not verify is no certificate" 401 "$STATUS"
ask - -H "X-Client-Cert: $CLAIM"
is "nobody may not" 401 "$STATUS"
ask "$WORK/hp" -H "X-Client-Cert: $CLAIM"
is "a printer may not" 403 "$STATUS"
ask "$WORK/pep" -H "X-Client-Cert: $CLAIM" -H "X-Client-Cert: $CLAIM"
is "two certificates are none" 400 "$STATUS"
ask "$WORK/pep" -H "X-Client-Cert: $(jq -sRr @uri <"$WORK/site.pem")"
is "a certificate of somebody else's is nobody's" "403 unknown-certificate" "$STATUS $(header X-Quatrain-Code)"
ask "$WORK/pep" -H "X-Client-Cert: $(openssl x509 -in "$DATA/chain.pem" | jq -sRr @uri)"
is "a CA's is nobody's" 403 "$STATUS"

# --- revoked, and nobody to ask ----------------------------------------------------------------

works "a printer is revoked" q cert revoke --tenant acme "$(serial "$WORK/other/cert.pem")"
visit "$WORK/other" /index.txt
is "it is refused at once" 403 "$STATUS"
works "the tenant is suspended" q tenant suspend acme
visit "$WORK/hp" /index.txt
is "beneath a suspended tenant nobody is served" yes "$([ "$STATUS" -ge 400 ] && echo yes || echo "$STATUS")"
works "and resumed" q tenant resume acme
visit "$WORK/hp" /index.txt
is "served again" 200 "$STATUS"
service_stop
visit "$WORK/hp" /index.txt
is "nobody to ask: nothing is served" 500 "$STATUS"
service_start || stop_here "serve"
visit "$WORK/hp" /index.txt
is "and again when there is" 200 "$STATUS"
stop_nginx
finish
