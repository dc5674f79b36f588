#!/bin/sh
# tests/fuzz/seeds.sh [FOLDER] - make seeds of api, base64, csr, cert, chain, conf, der, dump, est, feed, frame, http, http_head, ipp, note,
# ocsp_get, ocsp_request, position, proof_file, replay, row and wire anew.
#
# They are committed, since a fuzzer that begins with nothing finds nothing in ten seconds; this tells what they are.
# Those of bundle, conf, policy, print and der that are not made here were written by hand, or are what a service wrote.
# Keys are made here and kept nowhere.
set -eu

to=${1:-$(dirname "$0")/corpus}
t=$(mktemp -d)
trap 'rm -r "$t"' EXIT

seed() { # seed TARGET NAME: standard input becomes it
	mkdir -p "$to/$1"
	cat >"$to/$1/$2"
}

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

key "$t/key.pem"
cat >"$t/conf" <<-'CONF'
	[req]
	distinguished_name = name
	req_extensions = asks
	prompt = no
	[name]
	O = acme
	CN = hp-4711
	[asks]
	subjectAltName = DNS:hp-4711.printer.acme.eu.example.org,URI:spiffe://acme.eu.example.org/printer/hp-4711
	keyUsage = digitalSignature
	extendedKeyUsage = clientAuth,serverAuth
	basicConstraints = CA:FALSE
	[leaf]
	subjectAltName = URI:spiffe://acme.eu.example.org/printer/hp-4711,DNS:hp-4711.printer.acme.eu.example.org
	basicConstraints = critical,CA:FALSE
	keyUsage = critical,digitalSignature,keyAgreement
	extendedKeyUsage = clientAuth,serverAuth
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid:always
	[ca]
	basicConstraints = critical,CA:TRUE,pathlen:0
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid:always
CONF

sed 's/^prompt = no/&\nattributes = attributes/' "$t/conf" >"$t/bound"
printf '[attributes]\nchallengePassword = AAECAwQFBgcICQoL\n' >>"$t/bound"
openssl req -new -key "$t/key.pem" -config "$t/conf" -outform DER -out "$t/req.der"
seed csr whole <"$t/req.der"
openssl req -new -newkey rsa:2048 -nodes -keyout "$t/rsa.pem" -subj /CN=hp -outform DER 2>/dev/null | seed csr rsa
# Behind an odd octet: attributes; behind an even one: the subject's RDNs. [0] is the last member of the request's info.
# shellcheck disable=SC2046 # offset, header's length, content's length
set -- $(openssl asn1parse -inform DER -in "$t/req.der" |
    sed -n 's/^ *\([0-9]*\):d=2 *hl= *\([0-9]*\) *l= *\([0-9]*\) *cons: cont \[ 0 \].*/\1 \2 \3/p')
{
	printf '\001'
	tail -c "+$(($1 + $2 + 1))" "$t/req.der" | head -c "$3"
} | seed csr attributes
printf '\0001\0130\011\006\003\125\004\012\014\002hp1\0130\011\006\003\125\004\003\023\002hp' | seed csr subject

# What is asked for and refused, or taken: each reaches another branch of the gate.
asks() { # asks NAME LINE...: attributes alone, as above
	name=$1
	shift
	printf '%s\n' '[req]' 'distinguished_name = name' 'prompt = no' 'req_extensions = asks' 'attributes = more' '[name]' 'CN = hp' \
	    '[more]' 'challengePassword = hp-secret' '[asks]' "$@" >"$t/asks"
	openssl req -new -key "$t/key.pem" -config "$t/asks" -outform DER -out "$t/asks.der"
	# shellcheck disable=SC2046
	set -- $(openssl asn1parse -inform DER -in "$t/asks.der" |
	    sed -n 's/^ *\([0-9]*\):d=2 *hl= *\([0-9]*\) *l= *\([0-9]*\) *cons: cont \[ 0 \].*/\1 \2 \3/p')
	{
		printf '\001'
		tail -c "+$(($1 + $2 + 1))" "$t/asks.der" | head -c "$3"
	} | seed csr "$name"
}
asks authority 'basicConstraints = critical,CA:TRUE,pathlen:0' 'keyUsage = critical,keyCertSign,cRLSign'
asks purposes 'extendedKeyUsage = critical,OCSPSigning,anyExtendedKeyUsage,emailProtection' 'keyUsage = decipherOnly'
asks kinds 'subjectAltName = DNS:a.example,URI:spiffe://a/b,IP:127.0.0.1,IP:::1,email:a@b.example,RID:1.2.3.4,otherName:1.2.3;UTF8:x'
asks strange '1.2.3.4 = critical,DER:0101ff' '1.3.6.1.4.1.311.20.2 = ASN1:BMPSTRING:printer'

openssl req -new -x509 -key "$t/key.pem" -config "$t/conf" -extensions ca -set_serial 0x0102030405060708090a0b0c0d0e0f10 \
    -outform DER -out "$t/ca.der"
openssl x509 -inform DER -in "$t/ca.der" -out "$t/ca.pem"
seed cert ca <"$t/ca.der"
openssl x509 -req -in "$t/req.der" -inform DER -CA "$t/ca.pem" -CAkey "$t/key.pem" -extfile "$t/conf" -extensions leaf \
    -set_serial 0x1102030405060708090a0b0c0d0e0f10 -outform DER -out "$t/leaf.der" 2>/dev/null
openssl x509 -inform DER -in "$t/leaf.der" -out "$t/leaf.pem"
seed cert leaf <"$t/leaf.der"
cat "$t/leaf.pem" "$t/ca.pem" | seed chain two
# What others do in certificates that we do not: from x509-limbo (tests/vectors/limbo, Apache-2.0).
for case in nc::permitted-dns-match nc::permitted-dn-match nc::excluded-ipv6-match nc::not-allowed-in-ee-critical san::malformed \
    unknown-critical-extension-ee duplicate-extensions ee-aia serial::too-long aki::critical-aki mismatching-signature-algorithm; do
	name=$(printf %s "$case" | tr -s : -)
	jq -r --arg id "rfc5280::$case" '.[] | select(.id == $id) | .leaf, .intermediates[], .trusted[]' \
	    "$(dirname "$0")/../vectors/limbo/cases.json" | seed chain "$name"
	jq -r --arg id "rfc5280::$case" '.[] | select(.id == $id) | if (.id | contains("nc::p")) then .trusted[0] else .leaf end' \
	    "$(dirname "$0")/../vectors/limbo/cases.json" | sed '/^-/d' | openssl base64 -d | seed cert "$name"
done

seed der request <"$t/req.der"
seed der certificate <"$t/leaf.der"
{ # one of each type that the walker looks into
	printf '\001\001\377\002\002\000\200\003\002\007\200\005\000\006\003\052\203\010\012\001\002\014\003\342\202\254'
	printf '\023\002hp\026\002a@\027\015'
	printf '260101000000Z\030\017'
	printf '20500101000000Z\061\006\014\001a\014\001b'
} >"$t/kinds"
{
	printf '\060'
	# shellcheck disable=SC2059 # the escape is made here
	printf "\\$(printf %03o "$(wc -c <"$t/kinds")")"
	cat "$t/kinds"
} | seed der kinds

# conf: each type of value as it should be, and as it should not.
cat <<-'CONF' | seed conf values
	# a comment
	text: "a \"quoted\" \x41 \u00e9 text"
	listen: {public: "127.0.0.1:65535"}
	url: https://[::1]:8443/
	choice: debug
	names: []
	count: 64
	ttl: 1h
	on: true
CONF
cat <<-'CONF' | seed conf blocks
	text: >-
	  folded
	  text
	names:
	  - a
	  - b # two
	listen:
	  public: "*:80"
	on: yes
CONF
printf 'count: 65\nttl: 5x\nurl: ftp://h\nlisten:\n  public: h:99999\nchoice: loud\non: 7\n' | seed conf wrong
printf 'text: a\ntext: b\nlisten.public: h:1\n' | seed conf twice
printf '\377\376t\000' | seed conf utf16
printf 'text: [[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]\nnames: {a: {b: {c: d}}}\n? text\n: x\n' | seed conf deep
printf 'text: !!str x\nurl: *a\n<<: *a\n%%YAML 1.1\n---\n' | seed conf tags

openssl ocsp -issuer "$t/ca.pem" -cert "$t/leaf.pem" -reqout "$t/nonce.der" >/dev/null
openssl ocsp -no_nonce -sha256 -issuer "$t/ca.pem" -cert "$t/leaf.pem" -cert "$t/ca.pem" -reqout "$t/two.der" >/dev/null
openssl ocsp -issuer "$t/ca.pem" -cert "$t/leaf.pem" -signer "$t/ca.pem" -signkey "$t/key.pem" -reqout "$t/signed.der" >/dev/null
for kind in nonce two signed; do seed ocsp_request $kind <"$t/$kind.der"; done

printf '/ocsp/%s' "$(openssl base64 -A -in "$t/two.der")" | seed ocsp_get get
printf '/ocsp/%s' "$(openssl base64 -A -in "$t/nonce.der" | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')" | seed ocsp_get escaped
{
	printf '/ocsp\n'
	cat "$t/nonce.der"
} | seed ocsp_get post
printf '/ocsp\n@0123456789abcdef\242\0430!0\037\006\011+\006\001\005\005\0070\001\002\004\022\004\0200123456789abcdef' |
    seed ocsp_get ours
printf '/ocsp\n@=123456789abcdef' | seed ocsp_get kept
printf '/crl/@.crl' | seed ocsp_get crl
printf '/ca/@.cer' | seed ocsp_get cer

b64=$(openssl base64 -A -in "$t/req.der")
printf 'POST\n/.well-known/est/acme/simpleenroll\napplication/pkcs10\nBasic aHA6c2VjcmV0\n\n%s' "$b64" | seed est enroll
printf 'POST\n/acme/.well-known/est/simplereenroll\napplication/pkcs10; a=b\n\nlibest 3.2.0p\n%s ' "$b64" | seed est renew
printf 'POST\n/.well-known/est/acme%%3Aprinter/simpleenroll\napplication/x-pem-file\nBasic aHA6Uy5SLmFjbWUuaHA=\n\n-----BEGIN CERTIFICATE REQUEST-----\n%s\n-----END CERTIFICATE REQUEST-----\n' \
    "$b64" | seed est label
openssl req -new -key "$t/key.pem" -config "$t/bound" -outform DER | openssl base64 -A >"$t/bound.b64"
printf 'POST\n/.well-known/est/simpleenroll\napplication/pkcs10\nBasic aHA6Uy5SLmFjbWUuaHA=\n\n%s' "$(cat "$t/bound.b64")" | seed est bound
printf 'application/pkcs10; charset=utf-8\n\n%s' "$b64" | seed frame one
printf 'APPLICATION/PKCS10\nlibest 3.2.0p\n%s\r\n' "$(printf '%s' "$b64" | fold -w 64 | sed 's/$/\r/')" | seed frame lines
printf 'application/x-pem-file\nx\n-----BEGIN NEW CERTIFICATE REQUEST-----\n%s\n-----END NEW CERTIFICATE REQUEST-----\n' "$b64" | seed frame pem
printf 'acme%%3Aprinter' | seed frame label
printf '/acme:printer/.well-known/est/cacerts' | seed frame path
printf 'GET\n/.well-known/est/acme/cacerts\n\n\nlibest\n' | seed est cacerts
printf 'GET\n/.well-known/est/platform/csrattrs\n\n\n\n' | seed est csrattrs
printf 'POST\n/.well-known/est/acme/serverkeygen\n\n\n\n' | seed est keygen


# A connection's octets. Behind each goes one more request.
printf 'GET /healthz?a=b HTTP/1.1\r\nHost: a\r\n\r\n' | seed http get
printf 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nAuthorization: Basic eDp5\r\nContent-Length: 3\r\n\r\nabc' | seed http post
printf 'POST /xy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n' | seed http chunked
printf 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab' | seed http continue
printf 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' | seed http both
printf 'GET http://a:1/x HTTP/1.0\nHost: a\nConnection: keep-alive\n\n' | seed http absolute
printf 'GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\nIf-None-Match: "1"\r\nOrigin: http://b\r\n\r\nHEAD /%%2e%%00 HTTP/1.1\r\nHost: a\r\n\r\n' |
    seed http two
printf 'OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n' |
    seed http upgrade
printf 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' | seed http preface
printf '\002POST /ipp/print HTTP/1.1\r\nHost: a\r\nContent-Type: application/ipp\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc' |
    seed http_head post
printf '\003POST /ipp/print/hp-1?a=b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n' |
    seed http_head chunked
printf '\001POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.0\r\nConnection: close\r\n\r\n' | seed http_head two
printf '\004a;b\r\n0123456789\r\n5\r\nhello\r\n000\r\nA: b\r\n\r\n' | seed http_head chunks
printf '\001POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nA: b\r\n c\r\n\r\n0\r\n\r\n' |
    seed http_head both

printf 'aHA6c2VjcmV0\r\n aHA6\tc2Vj\ncmV0' | seed base64 lines
printf 'AA==' | seed base64 two
printf 'AAA=' | seed base64 one
printf 'AB==' | seed base64 bits
printf '+/+/____' | seed base64 urls
printf '%s' "$b64" | seed base64 request

hash=$(printf '%032d' 0 | openssl base64 -A)
printf 'acme.eu.example.org/log\n4711\n%s\n\n\342\200\224 acme.eu.example.org/log %s\n' "$hash" \
    "$(printf '%068d' 0 | openssl base64 -A)" | seed note one
printf 'acme.eu.example.org/log\n4711\n%s\nepoch 3\n\n\342\200\224 acme.eu.example.org/log %s\n' "$hash" \
    "$(printf '%068d' 0 | openssl base64 -A)" | seed note epoch

# Pieces of a revocation feed: a page of the snapshot with one line, and changes of which there are none.
feed() {
	printf 'acme.eu.example.org/revocations\n%s\nsize 1\nbefore %s=\nafter %s=\n' "$1" "$(printf '%043d' 0 | tr 0 A)" \
	    "$(printf '%043d' 0 | tr 0 A)"
	printf 'at 2030-01-01T00:00:00Z\nuntil 2030-01-01T00:05:00Z\n'
	printf 'ca 00112233445566778899aabbccddeeff00112233 held certificateHold 2030-01-01T00:00:00Z\n'
	[ -z "$2" ] || printf '%s 00112233445566778899aabbccddeeff00112233 revoked superseded 2030-01-01T00:00:00Z 7 2031-01-01T00:00:00Z\n' "$2"
	printf '\n\342\200\224 acme.eu.example.org/revocations %s\n' "$(printf '%068d' 0 | openssl base64 -A)"
}
feed 'snapshot - -' 00112233445566778899aabbccddeeff | seed feed snapshot
feed 'changes 0 0' '' | seed feed changes
printf ': hi\nretry: 1000\nid: acme:3\n\nid: acme:4\nevent: token.created\ndata: {"act":"token.created"}\n\n' | seed sse unix
printf '\357\273\277data: a\r\ndata\rdata:  b\r\n\r\nid: x\n\n' | seed sse others

signed=$(printf 'acme.eu.example.org/log\n4711\n%s\nepoch 3\n\n\342\200\224 acme.eu.example.org/log %s\n.' "$hash" \
    "$(printf '%068d' 0 | openssl base64 -A)")
entry=$(printf '{"act":"test.done","at":"2030-03-17T17:46:40Z","n":7}' | openssl base64 -A)
stub=$(printf '{"leaf":"%064d","n":7,"redacted":9}' 0 | openssl base64 -A)
printf 'c2sp.org/tlog-proof@v1\nextra %s\nindex 7\n%s\n%s\n\n%s' "$entry" "$hash" "$hash" "${signed%.}" | seed proof_file inclusion
printf 'c2sp.org/tlog-proof@v1\nextra %s\nindex 7\n\n%s' "$stub" "${signed%.}" | seed proof_file stub
printf 'c2sp.org/tlog-proof@v1\nindex 0\n\n%s' "${signed%.}" | seed proof_file bare
printf 'old 12\n%s\n\n%s' "$hash" "${signed%.}" | seed proof_file consistency
printf '# keys\nexample.org/log+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n' | seed proof_file vkey
printf '{"origin":"example.org/log","log":{"vkey":"example.org/log+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"}}' |
    seed proof_file answer

printf '\000\000\000\000\004acme\000\000\000\005local\000\000\000\002hp\000\000\000\006secret\000\000\000\000\000\000\000\0020\000%032d\001' 0 |
    seed wire enroll
printf '\001\000\000\000\004acme\000\000\000\005local\000\000\000\000\000\000\000\000\000\000\000\002{}' | seed wire act
printf '\002\000\000\000\000\000\000\000\005local\000\000\000\004ocsp\000\000\000\000\000\000\000\002no\000\001' | seed wire refused

printf 'acme:18,platform:40' | seed position two
printf 'platform:0' | seed position one
printf '"16", W/"17", "17"' | seed position tags
{
	printf '/v1/tenants/acme/certificates\000\000\000\000\000\000\000\000\007' | openssl dgst -sha256 -r | cut -c1-16 | sed 's/^/0000000000000007/'
} | tr -d '\n' | seed position cursor

policy=$(printf '%064d' 0)
for who in '"kind":"operator","name":"ann","role":"officer"' '"kind":"local","role":"officer"' \
    '"endpoint":"printer/hp","kind":"endpoint","tenant":"acme"' '"kind":"nobody"'; do
	kind=$(printf %s "$who" | sed 's/.*"kind":"\([a-z]*\)".*/\1/')
	printf '{"act":"token.created","by":"%s:ann","inputs":{"act":"token.create","object":{"tenant":"acme"},"who":{%s,"good":true}},"policy":"%s","rule":"%s"}' \
	    "$kind" "$who" "$policy" registrar-makes-tokens | seed replay "$kind"
done
printf '{"act":"request.refused","by":"local","policy":"%s","rule":"refused"}' "$policy" | seed replay undecided

# The kind of row, its key's length, the key, the value.
printf '\000\0100123456\067\001\001\001\000\000\000\000\000\000\000\001\000\000\000\000\000\001\121\201\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\007\000\000\000\000\000\000\000\000\000\000\000\016region.suspend\000\000\000\000\000\000\000\015operator:anna\000\000\000\000\000\000\000\000%032d\000\000\000\001x\000\000\000\002{}' 0 |
    seed row proposal
printf '\003\010\000\000\000\000\000\000\000\007{"leaf":"%064d","n":7,"redacted":9}' 0 | seed row stub
printf '\004\003log\001\000\000\000\000\000\000\000\001%032d%032d' 0 0 | seed row edge
printf '\005\002\000\007\001\000\000\000\000\000\000\000\007%016d%08d\001' 1 1 | seed row trace
printf '\005\010\000\000\000\000\000\000\000\001\001%016d%020d\003\004%08d%08d%08d%032d' 0 0 0 0 0 0 | seed row change

# Behind an odd octet a file's beginning; behind an even one changes to a whole one: none, an octet of the header, a row
# less, a record twice, a row of a table that there is not, a long key, a file of another name.
printf '\001quatrain dump\n\000\001\000\000\000\004abcd' | seed dump file
printf '\000' | seed dump whole
printf '\000\000\000\000\003\000\011x' | seed dump header
printf '\000\000\012\001\000' | seed dump less
printf '\000\000\005\002\000\000\020\002\000' | seed dump twice
printf '\000\000\050\003\006\006\020\000\001kv' | seed dump table
printf '\000\000\050\003\010\006\015\002\377\000\000kv' | seed dump key
printf '\000\000\002\003\016\002\000\000\000\011../x.key0' | seed dump name

# Lines of the journal, each chained to the one before.
unhex() { perl -e 'print pack("H*", shift)' "$1"; }
zeros=$(printf '%064d' 0)
chain=$zeros
line() { # line TEXT: it, its chain value, and the line's end
	chain=$({ unhex "$chain"; printf '%s' "$1"; } | openssl dgst -sha256 -r | cut -d' ' -f1)
	printf '%s %s\n' "$1" "$chain"
}
who=$(printf '%040d' 0 | tr 0 a)\ 0123456789abcdef0123456789abcdef
hash=$(printf '%064d' 0 | tr 0 d)
{
	line "1900000000 acme $who signed $hash"
	line "1900000001 acme $who held 6"
	line "1900000002 acme $who released 0"
	line "1900000003 acme $who revoked 1"
} >"$t/four"
seed journal four <"$t/four"
{
	printf '1900000000 0123456789abcdef0123456789abcdef %s\n' "$hash"
	head -n 1 "$t/four"
} | seed journal old
head -c 300 "$t/four" | seed journal torn
chain=$zeros
line "7 platform $who revoked 0" >"$t/one"
seed journal one <"$t/one"

# IPP: a job with a template, an answer with two jobs, collections, and what does not fit. A tag, a name, a value each.
ipp() { # ipp TAG NAME VALUE: the tag in octal; no octet of the value is NUL
	printf "\\$1\\000\\$(printf %03o ${#2})%s\\000\\$(printf %03o ${#3})%s" "$2" "$3"
}
ipp_head() { # ipp_head PIECE CODE
	printf '%b\002\000\000%b\000\000\000\001\001' "\\0$1" "\\0$2"
	ipp 107 attributes-charset utf-8
	ipp 110 attributes-natural-language en
}
{
	ipp_head 001 002
	ipp 105 printer-uri ipps://relay/ipp/print
	printf '\042\000\026ipp-attribute-fidelity\000\001\001\065\000\010job-name\000\012\000\002de\000\004Plan'
	printf '\002\041\000\006copies\000\004\000\000\000\003'
	ipp 104 sides one-sided
	ipp 104 print-color-mode color
	printf '\063\000\013page-ranges\000\010\000\000\000\001\000\000\000\002\003%%PDF'
} | seed ipp print
{
	ipp_head 007 000
	ipp 101 status-message ready
	for job in 1 2; do
		printf '\002\041\000\006job-id\000\004\000\000\000\%03o\043\000\011job-state\000\004\000\000\000\004' "$job"
		ipp 104 job-state-reasons job-held-for-release
		ipp 104 '' job-fetchable
		printf '\061\000\025date-time-at-creation\000\013\007\356\003\021\021\056\050\000+\000\000\023\000\001x\000\000'
	done
	printf '\003'
} | seed ipp jobs
{
	ipp_head 003 013
	ipp 104 requested-attributes all
	ipp 104 '' media-col-database
	printf '\002\064\000\011media-col\000\000'
	ipp 112 '' media-size
	printf '\064\000\000\000\000'
	ipp 112 '' x-dimension
	printf '\041\000\000\000\004\000\000\122\010\067\000\000\000\000'
	ipp 112 '' media-type
	ipp 104 '' stationery
	printf '\067\000\000\000\000\064\000\011overrides\000\000'
	ipp 112 '' pages
	printf '\063\000\000\000\010\000\000\000\001\000\000\000\002\067\000\000\000\000'
	printf '\062\000\022printer-resolution\000\011\000\000\002\130\000\000\002\130\003\003'
} | seed ipp collections
{
	ipp_head 001 002
	printf '\002\064\000\001a\000\000\067\000\000\000\000\044\000\001b\177\377x'
} | seed ipp long
{
	ipp_head 001 026
	printf '\006'
	ipp 104 notify-events job-fetchable
	printf '\006'
	ipp 104 notify-events job-state-changed
	printf '\003'
} | seed ipp subscriptions

# A request to the API: of every operation one, as docs/openapi.yaml tells of it; its length says who asks, an officer.
asked() { # asked NAME METHOD TARGET BODY
	body=$4
	path=${3%%\?*}
	query=$(printf %s "$3" | sed -n 's/^[^?]*?//p')
	type=application/json
	[ "$body" != - ] || body='' type=''
	while :; do
		printf '%s\n%s\n%s\n%s\n\n\n\n\n\n\n\n%s' "$2" "$path" "$query" "$type" "$body" >"$t/asked"
		[ $(($(wc -c <"$t/asked") % 4)) -ne 1 ] || break
		query="$query&"
	done
	seed api "$1" <"$t/asked"
}
n=0
"$(dirname "$0")/../openapi.py" matrix | while read -r method path _ _ _ _ body; do
	n=$((n + 1))
	asked "$n" "$method" "$(printf %s "$path" | sed 's/{tenant}/acme/; s/{region}/eu/; s/{serial}/00112233445566778899aabbccddeeff/; s/{[a-z]*}/0123456789abcdef/g')" "$body"
done
asked page GET '/v1/tenants/acme/certificates?limit=1&after=00&status=good' -
