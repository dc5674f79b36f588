#!/usr/bin/env bash
# tests/flow/refusals.sh - what bad input gets: the right status, one log entry with the reason, nothing issued, a living process.
. "$(dirname "$0")/lib.sh"
# bad_csr and mistake read a pipe and count in this shell.
shopt -s lastpipe

# --- DER by hand, in hex: for requests that no tool would make --------------------------------

hex() { od -An -v -tx1 | tr -d ' \n'; }
unhex() { printf '%b' "$(sed 's/../\\x&/g')"; }

der() { # der TAG HEX...
	local tag=$1 content
	shift
	content=$(printf '%s' "$@")
	local n=$((${#content} / 2))
	if [ $n -lt 128 ]; then
		printf '%s%02x%s' "$tag" $n "$content"
	elif [ $n -lt 256 ]; then
		printf '%s81%02x%s' "$tag" $n "$content"
	else
		printf '%s82%04x%s' "$tag" $n "$content"
	fi
}

WITH_SHA256=300a06082a8648ce3d040302
VERSION0=020100
NO_ATTRIBUTES=a000

sign_hex() { # sign_hex INFO KEY [HASH]
	unhex <<<"$1" | openssl dgst "-${3:-sha256}" -sign "$2" | hex
}
wrap_csr() { # wrap_csr INFO SIGNATURE [ALGORITHM]
	der 30 "$1" "${3:-$WITH_SHA256}" "$(der 03 00 "$2")"
}
common_name() { # common_name TAG HEX
	der 30 "$(der 31 "$(der 30 0603550403 "$(der "$1" "$2")")")"
}
ext_request() { # ext_request EXTENSION...: the attribute
	der 30 06092a864886f70d01090e "$(der 31 "$(der 30 "$@")")"
}
extension() { # extension OID-TLV VALUE
	der 30 "$1" "$(der 04 "$2")"
}
# raw SUBJECT SPKI ATTRIBUTES [VERSION]: a request with a good signature, in hex
raw() {
	local info
	info=$(der 30 "${4:-$VERSION0}" "$1" "$2" "$3")
	wrap_csr "$info" "$(sign_hex "$info" "$KEY")"
}
to64() { unhex | openssl base64 -A; }

# --- one refusal -------------------------------------------------------------------------------

service_fresh acme globex
q operator add rita --role registrar --out "$WORK/rita" >/dev/null 2>&1

log_size() { entries "$1" | wc -l; }
issued() {
	api GET "/v1/tenants/acme/certificates?limit=1000"
	jq '.items | length' "$BODY"
}

mark() {
	ACME=$(log_size acme) PLATFORM=$(log_size platform) ISSUED=$(issued)
}

# new_entries: what both logs gained since mark; waits a little, for a log that is written after the reply
new_entries() {
	local i new
	for ((i = 0; i < 20; i++)); do
		new=$(entries acme | tail -n +$((ACME + 1)) | sed 's/^/acme /'
			entries platform | tail -n +$((PLATFORM + 1)) | sed 's/^/platform /')
		[ -z "$new" ] || break
		sleep 0.1
	done
	printf '%s' "$new"
}

# refused WHAT STATUS-PATTERN LOG REASON-PATTERN COMMAND...: LOG is acme or platform
refused() {
	local what=$1 status=$2 log=$3 reason=$4 new
	shift 4
	mark
	"$@"
	local got=$STATUS answer
	cp "$HEADERS" "$WORK/kept.headers"
	cp "$BODY" "$WORK/kept.body"
	answer=$(head -c 300 "$BODY" | tr -d '\0')
	like "$what: status" "^($status)$" "$got"
	[ -z "$answer" ] || unlike "$what: no certificate" '^MII' "$answer"
	new=$(new_entries)
	is "$what: one entry" 1 "$(grep -c . <<<"$new")"
	like "$what: in the log of $log" "^$log .*refuse" "$new"
	like "$what: with the reason" "$reason" "$new"
	is "$what: nothing issued" "$ISSUED" "$(issued)"
	STATUS=$got
	cp "$WORK/kept.headers" "$HEADERS"
	cp "$WORK/kept.body" "$BODY"
}
T=$(token acme hp-1)
p256 "$WORK/key.pem"
KEY=$WORK/key.pem
csr "$KEY" /CN=hp-1 >"$WORK/good.b64"
SPKI=$(openssl pkey -in "$KEY" -pubout -outform DER | hex)

# --- credentials --------------------------------------------------------------------------------

refused "a wrong token" 401 acme '[Tt]oken' est_post acme/simpleenroll "$WORK/good.b64" -u hp-1:AAAAAAAAAAAAAAAAAAAAAAAAAA
like "a wrong token: asks again" '^Basic realm=' "$(header WWW-Authenticate)"
refused "a token for another device" 401 acme '[Tt]oken' est_post acme/simpleenroll "$WORK/good.b64" -u "hp-2:$T"
refused "a token of another tenant" 401 acme '[Tt]oken' est_post acme/simpleenroll "$WORK/good.b64" -u "hp-1:$(token globex hp-1)"
# No password is no credentials: the first step of a client that waits to be asked, and no refusal worth an entry.
est_post acme/simpleenroll "$WORK/good.b64" -u hp-1:
is "an empty password" 401 "$STATUS"
refused "an unknown tenant" 404 platform '[Tt]enant|label' est_post nobody/simpleenroll "$WORK/good.b64" -u "hp-1:$T"
VOID=$(q token create --tenant acme --device hp-9 --json)
q token revoke --tenant acme "$(jq -r .id <<<"$VOID")" >/dev/null
refused "a revoked token" 401 acme '[Tt]oken' est_post acme/simpleenroll "$WORK/good.b64" -u "hp-9:$(jq -r .token <<<"$VOID")"

# --- requests that fail the gate ------------------------------------------------------------------

# bad_csr WHAT [STATUS]: base64 on standard input
bad_csr() {
	cat >"$WORK/bad.b64"
	refused "$1" "${2:-400}" acme . est_post acme/simpleenroll "$WORK/bad.b64" -u "hp-1:$T"
}
by_tool() { # by_tool GENPKEY-ARGUMENTS...
	openssl genpkey "$@" -out "$WORK/odd.pem" 2>/dev/null
	openssl req -new -key "$WORK/odd.pem" -subj /CN=hp-1 -outform DER 2>/dev/null | openssl base64 -A
}
NAME=$(common_name 0c "$(printf hp-1 | hex)")
INFO=$(der 30 "$VERSION0" "$NAME" "$SPKI" "$NO_ATTRIBUTES")
SIGNATURE=$(sign_hex "$INFO" "$KEY")
GOOD=$(wrap_csr "$INFO" "$SIGNATURE")

: | bad_csr "nothing"
printf '!!!!' | bad_csr "no base64"
openssl base64 -A -in "$WORK/key.pem" | bad_csr "base64 of no request"
printf '%s' "$(to64 <<<"$GOOD")=" | bad_csr "padding too much"
to64 <<<"${GOOD:0:200}" | bad_csr "cut short"
to64 <<<"${GOOD}00" | bad_csr "an octet too many"
to64 <<<"$GOOD$GOOD" | bad_csr "two requests"
to64 <<<"3080${GOOD:6}0000" | bad_csr "indefinite length"
to64 <<<"308200${GOOD:4}" | bad_csr "a length that is not minimal"
by_tool -algorithm EC -pkeyopt ec_paramgen_curve:P-384 | bad_csr "P-384"
by_tool -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 | bad_csr "secp256k1"
by_tool -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit | bad_csr "explicit parameters"
by_tool -algorithm RSA -pkeyopt rsa_keygen_bits:1024 | bad_csr "RSA-1024"
by_tool -algorithm ED25519 | bad_csr "Ed25519"
for form in compressed hybrid; do
	spki=$(openssl ec -in "$KEY" -pubout -conv_form $form -outform DER 2>/dev/null | hex)
	raw "$NAME" "$spki" "$NO_ATTRIBUTES" | to64 | bad_csr "a $form point"
done
raw "$NAME" "${SPKI:0:126}$(printf %02x $((0x${SPKI:126:2} ^ 1)))${SPKI:128}" "$NO_ATTRIBUTES" | to64 | bad_csr "a point off the curve"
raw "$NAME" "${SPKI/034200/034201}" "$NO_ATTRIBUTES" | to64 | bad_csr "unused bits in the key"
raw "$NAME" "$SPKI" "$NO_ATTRIBUTES" 020101 | to64 | bad_csr "version 1"
p256 "$WORK/other.pem"
wrap_csr "$INFO" "$(sign_hex "$INFO" "$WORK/other.pem")" | to64 | bad_csr "signed by another key"
wrap_csr "$INFO" "${SIGNATURE%?}$(printf %x $((0x${SIGNATURE: -1} ^ 1)))" | to64 | bad_csr "a flipped bit in the signature"
wrap_csr "$INFO" 3006020100020100 | to64 | bad_csr "r = s = 0"
wrap_csr "$INFO" "$(sign_hex "$INFO" "$KEY" sha1)" 300906072a8648ce3d0401 | to64 | bad_csr "signed with SHA-1"
wrap_csr "$INFO" "$SIGNATURE" 300c06082a8648ce3d0403020500 | to64 | bad_csr "NULL parameters"
USAGE=$(extension 0603551d0f 03020780)
raw "$NAME" "$SPKI" "$(der a0 "$(ext_request "$USAGE")" "$(ext_request "$USAGE")")" | to64 | bad_csr "extensionRequest twice"
VALUE=$(der 30 "$USAGE")
raw "$NAME" "$SPKI" "$(der a0 "$(der 30 06092a864886f70d01090e "$(der 31 "$VALUE" "$VALUE")")")" | to64 |
    bad_csr "extensionRequest with two values"
asks() { # asks WHAT EXTENSION
	csr "$KEY" /CN=hp-1 -addext "$2" | bad_csr "asks for $1"
}
asks "CA:TRUE" 'basicConstraints=critical,CA:TRUE'
asks "keyCertSign" 'keyUsage=keyCertSign'
asks "OCSPSigning" 'extendedKeyUsage=OCSPSigning'
asks "another tenant's URI" 'subjectAltName=URI:spiffe://globex.eu.example.org/printer/hp-1'
asks "another tenant's DNS name" 'subjectAltName=DNS:hp-1.printer.globex.eu.example.org'
asks "another device's URI" 'subjectAltName=URI:spiffe://acme.eu.example.org/printer/hp-2'
raw "$(common_name 0c "$(head -c 10000 /dev/zero | tr '\0' a | hex)")" "$SPKI" "$NO_ATTRIBUTES" | to64 | bad_csr "10 KiB" '400|413'

# Odd names are not copied: whatever the answer, none of it may stand in a certificate.
for odd in 68700031 68700d0a31 68701b5b316d e280ae68702d31; do
	p256 "$WORK/odd.pem"
	KEY=$WORK/odd.pem raw "$(common_name 0c $odd)" "$(openssl pkey -in "$WORK/odd.pem" -pubout -outform DER | hex)" "$NO_ATTRIBUTES" |
	    to64 >"$WORK/odd.b64"
	est_post acme/simpleenroll "$WORK/odd.b64" -u "hp-7:$(token acme hp-7)"
	like "a name of $odd: an answer" '^(200|400)$' "$STATUS"
	[ "$STATUS" = 400 ] || is "a name of $odd: not in the certificate" 'subject=O = acme, OU = printer, CN = hp-7' \
	    "$(p7_certs "$BODY" | openssl x509 -noout -subject)"
done

# --- size -------------------------------------------------------------------------------------------

head -c 70000 /dev/zero | tr '\0' A >"$WORK/big"
refused "a body over 64 KiB" 413 acme . est_post acme/simpleenroll "$WORK/big" -u "hp-1:$T"

# --- after all that the token is still good, once -----------------------------------------------------

est_post acme/simpleenroll "$WORK/good.b64" -u "hp-1:$T"
is "a refused request does not use the token up" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/leaf.pem"
csr "$WORK/other.pem" /CN=hp-1 >"$WORK/other.b64"
refused "a used token" 401 acme "[Tt]oken" est_post acme/simpleenroll "$WORK/other.b64" -u "hp-1:$T"

# --- keys that are somebody else's ----------------------------------------------------------------------

csr "$KEY" /CN=hp-3 >"$WORK/same.b64"
refused "a key that another device holds" '400|403|409' acme '[Kk]ey' est_post acme/simpleenroll "$WORK/same.b64" -u "hp-3:$(token acme hp-3)"

# --- renewal -----------------------------------------------------------------------------------------------

renew() { # renew SUBJECT CSR-ARGUMENTS...
	local subject=$1
	shift
	csr "$KEY" "$subject" "$@" >"$WORK/renew.b64"
	est_post acme/simplereenroll "$WORK/renew.b64" --cert "$WORK/leaf.pem" --key "$KEY"
}
OWN=/O=acme/OU=printer/CN=hp-1
refused "renewal with another subject" 400 acme . renew /O=acme/OU=printer/CN=hp-2
refused "renewal with another URI" 400 acme . renew "$OWN" -addext 'subjectAltName=URI:spiffe://acme.eu.example.org/printer/hp-2'
refused "renewal with another tenant's URI" 400 acme . renew "$OWN" -addext 'subjectAltName=URI:spiffe://globex.eu.example.org/printer/hp-1'
refused "renewal as a gateway" 400 acme . renew /O=acme/OU=gateway/CN=hp-1
api POST "/v1/tenants/acme/certificates/$(serial "$WORK/leaf.pem")/revoke" '{"reason":"keyCompromise"}'
is "revoke" 200 "$STATUS"
refused "a revoked certificate renewing" 403 acme '[Rr]evoked' renew "$OWN"
csr "$KEY" /CN=hp-1 >"$WORK/again.b64"
refused "enrolling again with the revoked key" '400|403|409' acme '[Kk]ey|revoked' \
    est_post acme/simpleenroll "$WORK/again.b64" -u "hp-1:$(token acme hp-1)"

# --- OCSP ----------------------------------------------------------------------------------------------------

ask_junk() { http -H 'Content-Type: application/ocsp-request' --data-binary 'no request' "$OPEN/ocsp"; }
refused "a malformed OCSP request" 200 platform '[Oo][Cc][Ss][Pp]|malformed' ask_junk
is "malformedRequest" "30 03 0a 01 01" "$(od -An -v -tx1 "$BODY" | sed 's/^ //')"

# --- paths, methods, types -------------------------------------------------------------------------------------

for path in 'a/b' '..%2f..%2fetc' 'acme%00' '%2e%2e' "$(head -c 300 /dev/zero | tr '\0' a)" 'Acme' 'acme.globex'; do
	http --cacert "$ROOT" --path-as-is "$URL/.well-known/est/$path/cacerts"
	is "label ${path:0:20}" 404 "$STATUS"
done
http --cacert "$ROOT" "$URL/.well-known/est/acme/nothing"
is "an operation that is not" 404 "$STATUS"
http --cacert "$ROOT" "$URL/.well-known/est/acme/simpleenroll"
like "GET of simpleenroll" '^40[45]$' "$STATUS"
http --cacert "$ROOT" -X DELETE "$URL/.well-known/est/acme/cacerts"
like "DELETE of cacerts" '^40[45]$' "$STATUS"

# --- the API ------------------------------------------------------------------------------------------------------

http --cacert "$ROOT" "$URL/v1/tenants"
is "the API without a certificate" 401 "$STATUS"
like "a problem document" '^application/problem\+json' "$(header Content-Type)"
is "it says its status" 401 "$(jq .status "$BODY")"
enrol acme hp-8 "$WORK/dev8"
http --cacert "$ROOT" --cert "$WORK/dev8/leaf.pem" --key "$WORK/dev8/key.pem" "$URL/v1/tenants"
is "the API by a printer's certificate" 403 "$STATUS"
rita() {
	http --cacert "$ROOT" --cert "$WORK/rita/cert.pem" --key "$WORK/rita/key.pem" -H 'Content-Type: application/json' "$@"
}
rita -d '{"name":"initech"}' "$URL/v1/tenants"
is "a registrar makes no tenants" 403 "$STATUS"
rita "$URL/v1/tenants"
is "a registrar reads them" 200 "$STATUS"
for body in 'no json' '{"device":7}' '{"device":"Hp_1"}' '{}' '{"device":"hp-1","ttl_s":5}' '{"device":"hp-1","ttl_s":-1}' \
    '{"device":"hp-1","profile":"toaster"}' '{"device":"hp-1","device":"hp-2"}' '[[[[[[[[]]]]]]]]'; do
	rita -d "$body" "$URL/v1/tenants/acme/tokens"
	is "a token asked for with $body" 400 "$STATUS"
	like "a problem document for $body" '"detail"' "$(cat "$BODY")"
done

# --- all of it in the export ----------------------------------------------------------------------------------------

works "log export" q log export --tenant acme --out "$WORK/export"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"
refusals=$(grep -c refused "$WORK/export/entries.jsonl")
like "more than forty refusals in it" '^([4-9][0-9]|[1-9][0-9]{2})$' "$refusals"
service_stop

# --- configuration ------------------------------------------------------------------------------------------------------

# mistake WHAT LINE EXPECTED: the file on standard input
mistake() {
	cat >"$WORK/bad.yaml"
	refuses "configuration: $1" timeout 10 "$QUATRAIN_BIN" init --config "$WORK/bad.yaml"
	like "configuration: $1: file and line" "bad\\.yaml:$2:" "$OUT"
	like "configuration: $1: what was expected" "$3" "$OUT"
	is "configuration: $1: nothing made" no "$([ -e "$WORK/never" ] && echo yes || echo no)"
}
DATA_LINE="data: $WORK/never"
mistake "an unknown key" 2 'domian' <<<"$DATA_LINE"$'\ndomian: example.org\n'
mistake "a key twice" 3 'region|twice|duplicate' <<<"$DATA_LINE"$'\nregion: eu\nregion: us\n'
mistake "a list for a text" 2 'domain' <<<"$DATA_LINE"$'\ndomain: [a, b]\n'
mistake "a text for a map" 2 'listen' <<<"$DATA_LINE"$'\nlisten: 8443\n'
mistake "a port too high" 3 'listen\.public' <<<"$DATA_LINE"$'\nlisten:\n  public: 127.0.0.1:99999\n'
mistake "no label" 2 'label' <<<"$DATA_LINE"$'\nregion: Eu_West\n'
mistake "no http URL" 2 'http' <<<"$DATA_LINE"$'\npublic_url: ftp://localhost\n'
mistake "an anchor" 2 'anchor|alias' <<<"$DATA_LINE"$'\ndomain: &a example.org\n'
mistake "a tag" 2 'tag' <<<"$DATA_LINE"$'\ndomain: !!str example.org\n'
mistake "a second document" 2 'document' <<<"$DATA_LINE"$'\n---\ndomain: example.org\n'
mistake "no YAML" "[2-4]" . <<<"$DATA_LINE"$'\ndomain: "example.org\n'
{ echo "$DATA_LINE"; printf 'names: '; head -c 50000 /dev/zero | tr '\0' '['; } | mistake "fifty thousand brackets" 2 .
refuses "a configuration that is not there" "$QUATRAIN_BIN" init --config "$WORK/no-such.yaml"
like "a configuration that is not there: says so" 'no-such\.yaml' "$OUT"
finish
