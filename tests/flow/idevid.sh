#!/usr/bin/env bash
# tests/flow/idevid.sh - devices that come with the certificate of their manufacturer (IDevID, IEEE 802.1AR): who gets in by it,
# who does not, and that hostile chains reach nothing.
. "$(dirname "$0")/lib.sh"

PROFILES=$WORK/profiles
mkdir "$PROFILES"
cp "$TREE"/conf/profiles/{printer,service,operator}.yaml "$PROFILES"
sed 's/^name: printer/name: each/; s/^kind: printer/kind: each/; s/^approval: none/approval: each/' \
    "$TREE/conf/profiles/printer.yaml" >"$PROFILES/each.yaml"
sed 's/^name: printer/name: closed/; s/^kind: printer/kind: closed/; s/^ask: .*/ask: [token]/' \
    "$TREE/conf/profiles/printer.yaml" >"$PROFILES/closed.yaml"
eval "$(declare -f write_conf | sed '1s/write_conf/write_conf_of_lib/')"
write_conf() {
	write_conf_of_lib
	echo "profiles: $PROFILES" >>"$CONF"
}

# --- manufacturers ---------------------------------------------------------------------------

M=$WORK/maker
mkdir "$M"
CA='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n'
DEVICE='keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n'

# made NAME SUBJECT ISSUER|- EXTENSIONS [OPENSSL-ARGUMENT...]: NAME.pem by ISSUER (- is itself), NAME.key where there is none
made() {
	local name=$1 subject=$2 issuer=$3 extensions=$4
	shift 4
	[ -e "$M/$name.key" ] || p256 "$M/$name.key"
	printf '%b' "$extensions" >"$M/x.cnf"
	openssl req -new -key "$M/$name.key" -subj "$subject" -out "$M/x.csr"
	if [ "$issuer" = - ]; then
		openssl x509 -req -in "$M/x.csr" -signkey "$M/$name.key" -days 3650 -extfile "$M/x.cnf" "$@"
	else
		${WHEN:+faketime "$WHEN"} openssl x509 -req -in "$M/x.csr" -CA "$M/$issuer.pem" -CAkey "$M/$issuer.key" -set_serial "0x$(openssl rand -hex 8)" \
		    -days 3650 -extfile "$M/x.cnf" "$@"
	fi >"$M/$name.pem" 2>"$M/x.err"
	[ -s "$M/$name.pem" ] || stop_here "make $name: $(cat "$M/x.err")"
}

# shows NAME [ABOVE...]: NAME.chain is what it shows
shows() {
	local name=$1 above
	shift
	cat "$M/$name.pem" >"$M/$name.chain"
	for above; do cat "$M/$above.pem" >>"$M/$name.chain"; done
}

made root /O=Lexa/CN=Root - "$CA"
made mid /O=Lexa/CN=Issuing root "$CA"
made one /O=Lexa/serialNumber=SN-1 mid "$DEVICE"
shows one mid
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$M/two.key" 2>/dev/null
made two /O=Lexa/serialNumber=SN-2 mid "$DEVICE"
shows two mid root
made other /O=Otto/CN=Root - "$CA"
made stranger /O=Otto/serialNumber=SN-1 other "$DEVICE"
shows stranger

# --- what a device does ----------------------------------------------------------------------

# openssl's level 0 lets a client show whatever it has
cat >"$WORK/weak.cnf" <<-CNF
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = weak
[weak]
CipherString = DEFAULT@SECLEVEL=0
CNF

# as NAME PATH CURL-ARGUMENT...: as the device of that name
as() {
	local name=$1 path=$2
	shift 2
	OPENSSL_CONF=$WORK/weak.cnf est "$path" --cert "$M/$name.chain" --key "$M/$name.key" "$@"
}

# born NAME DEVICE [LABEL]: a new key, and simpleenroll by the manufacturer's certificate
born() {
	p256 "$WORK/$2.key"
	csr "$WORK/$2.key" "/CN=$2" >"$WORK/$2.b64"
	as "$1" "${3:-acme}/simpleenroll" -H 'Content-Type: application/pkcs10' --data-binary @"$WORK/$2.b64"
	[ "$STATUS" = 200 ] && p7_certs "$BODY" >"$WORK/$2.pem"
}

# altered NAME FROM TO ISSUER: NAME.pem with octets changed (hex, of the same length) and signed again by ISSUER
altered() {
	local tbs signature body
	openssl x509 -in "$M/$1.pem" -outform DER | openssl asn1parse -inform DER -strparse 4 -noout -out "$M/x.tbs" >/dev/null
	tbs=$(hex <"$M/x.tbs")
	[ "${tbs/"$2"/"$3"}" != "$tbs" ] || stop_here "alter $1"
	tbs=${tbs/"$2"/"$3"}
	unhex "$tbs" >"$M/x.tbs"
	signature=$(openssl dgst -sha256 -sign "$M/$4.key" "$M/x.tbs" | hex)
	body=${tbs}300a06082a8648ce3d04030203$(length "00$signature")00$signature
	unhex "30$(length "$body")$body" | openssl x509 -inform DER -out "$M/$1.pem" || stop_here "sign $1 again"
}
hex() { od -An -v -tx1 | tr -d ' \n'; }
# shellcheck disable=SC2001 # an escape before each octet
unhex() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }
# length HEX: of a DER value of these octets
length() {
	local n=$((${#1} / 2))
	if [ $n -lt 128 ]; then printf '%02x' $n; elif [ $n -lt 256 ]; then printf '81%02x' $n; else printf '82%04x' $n; fi
}

# last TENANT: the newest entry
last() { entries "$1" | tail -n 1; }

service_fresh acme globex
chain_of acme "$WORK/ca"

# nobody is known yet
born one hp-1
is "before any maker is known: no handshake" 000 "$STATUS"

works "maker add" q maker add "$M/root.pem" --tenant acme --name lexa
like "maker add says what to do next" 'quatrain device add SERIAL --tenant acme --maker lexa' "$OUT"
is "its entry" "maker.added lexa local" "$(last acme | jq -r '.act + " " + .maker + " " + .by')"
refuses "the same root by another name" q maker add "$M/root.pem" --tenant acme --name again
like "it says under which it stands" 'as lexa' "$OUT"
refuses "a device's certificate is no root" q maker add "$M/one.pem" --tenant acme --name leaf
is "maker list" "lexa" "$(q maker list --tenant acme --json | jq -r '.items[].name')"
is "another tenant has none" 0 "$(q maker list --tenant globex --json | jq '.items | length')"

born one hp-1
is "not registered" 403 "$STATUS"
like "it says what is missing" 'lexa/SN-1 is not registered' "$(cat "$BODY")"
is "its entry, with what and why" "request.refused enroll yes" "$(last acme | jq -r '.act + " " + .request + " " + (if (.reason | contains("lexa/SN-1")) then "yes" else .reason end)')"

works "device add" q device add SN-1 --tenant acme --maker lexa --device hp-1
is "its entry" "device.registered lexa/SN-1 printer/hp-1" "$(last acme | jq -r '.act + " " + .idevid + " " + .name')"
printf 'serial,device,maker\nSN-2,hp-2,lexa\nSN-3,hp-3,\n"SN,4",hp-4,lexa\n' >"$WORK/list.csv"
works "device add of a list" q device add --csv "$WORK/list.csv" --tenant acme --maker lexa
is "device list" "hp-1 hp-2 hp-3 hp-4" "$(q device list --tenant acme --json | jq -r '.items[].device' | sort | paste -sd' ')"
refuses "a device twice" q device add SN-1 --tenant acme --maker lexa --device hp-9
refuses "a device of no maker" q device add SN-7 --tenant acme --maker nobody --device hp-7
refuses "a profile that takes none" q device add SN-7 --tenant acme --maker lexa --device hp-7 --profile closed
printf 'serial,device\nSN-8,hp-8\nSN-1,hp-9\n' >"$WORK/list.csv"
refuses "a list with a device that is there" q device add --csv "$WORK/list.csv" --tenant acme --maker lexa
is "of a list all or none" "" "$(q device list --tenant acme --json | jq -r '.items[].device' | grep hp-8)"

for name in one two; do
	n=${name/one/1} n=${n/two/2}
	born $name "hp-$n"
	is "device $n enrols" 200 "$STATUS"
	like "device $n: its name" "spiffe://acme\..*/printer/hp-$n" "$(openssl x509 -in "$WORK/hp-$n.pem" -noout -ext subjectAltName)"
	is "device $n: good" good "$(ocsp_word "$WORK/hp-$n.pem")"
	api GET "/v1/tenants/acme/certificates/$(serial "$WORK/hp-$n.pem")"
	is "device $n: how it came in" "idevid lexa/SN-$n local" "$(jq -r '.how + " " + .evidence + " " + .enroller' "$BODY")"
	is "device $n: how sure" idevid "$(jq -r .assurance_word "$BODY")"
done
is "its entry" "certificate.issued idevid" "$(last acme | jq -r '.act + " " + .how')"
cp "$WORK/hp-1.pem" "$WORK/first.pem"
cp "$WORK/hp-1.key" "$WORK/first.key"

# what it has is a certificate as any other: it renews
csr "$WORK/hp-2.key" "/O=acme/OU=printer/CN=hp-2" >"$WORK/renew.b64"
est_post acme/simplereenroll "$WORK/renew.b64" --cert "$WORK/hp-2.pem" --key "$WORK/hp-2.key"
is "it renews with the certificate that it got" 200 "$STATUS"
p7_certs "$BODY" >"$WORK/renewed.pem"
api GET "/v1/tenants/acme/certificates/$(serial "$WORK/renewed.pem")"
is "which is as sure" "certificate idevid" "$(jq -r '.how + " " + .assurance_word' "$BODY")"

# --- for nothing else ------------------------------------------------------------------------

as one acme/cacerts
is "cacerts" 200 "$STATUS"
as one acme/csrattrs
is "csrattrs" 200 "$STATUS"
as one acme/simplereenroll -H 'Content-Type: application/pkcs10' --data-binary @"$WORK/hp-1.b64"
is "simplereenroll" 403 "$STATUS"
like "it says what it is good for" 'first enrolment alone' "$(cat "$BODY")"
for route in /v1/tenants /v1/tenants/acme/certificates /healthz; do
	http --cacert "$ROOT" --cert "$M/one.chain" --key "$M/one.key" "$URL$route"
	is "$route" 403 "$STATUS"
done
csr "$M/one.key" /CN=hp-1 >"$WORK/same.b64"
as one acme/simpleenroll -H 'Content-Type: application/pkcs10' --data-binary @"$WORK/same.b64"
is "the manufacturer's key" 400 "$STATUS"
like "it says what to do" 'make another' "$(cat "$BODY")"
csr "$WORK/hp-1.key" /CN=hp-1 -addext subjectAltName=DNS:hp-2.printer.acme.eu.example.org >"$WORK/names.b64"
as one acme/simpleenroll -H 'Content-Type: application/pkcs10' --data-binary @"$WORK/names.b64"
is "another device's name" 400 "$STATUS"
born one hp-9 acme:closed
is "another profile in the label" 403 "$STATUS"
born one hp-9 globex
is "row 37: another tenant's label" 403 "$STATUS"
is "row 37: its entry there" "request.refused enroll" "$(last globex | jq -r '.act + " " + .request')"
is "the first is good still" good "$(ocsp_word "$WORK/first.pem")"

# --- an open connection of such a device is no revocation's business ----------------------------

coproc KEPT { timeout 60 openssl s_client -quiet -connect "localhost:$SECURE" -cert "$M/one.pem" -key "$M/one.key" \
    -cert_chain "$M/mid.pem" -CAfile "$ROOT" 2>/dev/null; }
# kept: the status of one more answer over it
kept() {
	local line
	printf 'HEAD /.well-known/est/acme/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"${KEPT[1]}"
	while read -r -t 20 line <&"${KEPT[0]}"; do
		case $line in HTTP/*) echo "${line:9:3}" ;; $'\r') return ;; esac
	done
}
is "a connection" 200 "$(kept)"
enrol acme hp-98 "$WORK/unrelated" || fail "enrol another" 200 "$STATUS"
works "another is revoked" q cert revoke --tenant acme "$(serial "$WORK/unrelated/leaf.pem")"
sleep 0.5
is "the connection goes on" 200 "$(kept)"
kill "$KEPT_PID"

# --- again, after a reset ----------------------------------------------------------------------

born one hp-1
is "a device that was reset" 200 "$STATUS"
is "what it had ends" revoked "$(ocsp_word "$WORK/first.pem")"
is "what it has is good" good "$(ocsp_word "$WORK/hp-1.pem")"
is "the entry of the end" "certificate.revoked superseded" "$(last acme | jq -r '.act + " " + .reason')"

# --- a registrar for each --------------------------------------------------------------------

made five /O=Lexa/serialNumber=SN-5 mid "$DEVICE"
shows five mid
works "device add for a profile where a registrar has the last word" \
    q device add SN-5 --tenant acme --maker lexa --device hp-5 --profile each
born five hp-5
is "it waits" 202 "$STATUS"
id=$(q request list --tenant acme --json | jq -r '.items[].id')
is "by which proof" idevid "$(q request list --tenant acme --json | jq -r '.items[].way')"
works "request approve" q request approve --tenant acme "$id"
as five acme:each/simpleenroll -H 'Content-Type: application/pkcs10' --data-binary @"$WORK/hp-5.b64"
is "approved, it enrols" 200 "$STATUS"

# --- certificates of all kinds that are good --------------------------------------------------

made six '/serialNumber=SN 6-(a):\+\/.b' root "$DEVICE"'subjectAltName=otherName:1.3.6.1.5.5.7.8.4;SEQ:hw\n[hw]\nt=OID:1.2.3.4\ns=FORMAT:HEX,OCT:0102\n' -days 2900000
shows six
works "device add: a serial number of many letters" q device add 'SN 6-(a):+/.b' --tenant acme --maker lexa --device hp-6
born six hp-6
is "with a hardwareModuleName, for 8,000 years, right beneath the root" 200 "$STATUS"
works "chain audit" q chain audit --tenant acme

# --- hostile chains ----------------------------------------------------------------------------

edges=$(child_pids edge | sort | paste -sd' ')
before=$(entries acme | grep -c certificate.issued)

# outside WHAT NAME PATTERN: no handshake; the service's own log says why
outside() {
	born "$2" hp-1
	is "$1: no handshake" 000 "$STATUS"
	like "$1: the log says why" "$3" "$(grep event=handshake-refused "$WORK/serve.log" | tail -n 1)"
}
LEAF=/O=Lexa/serialNumber=SN-1
WHEN=2020-01-01 made past /O=Lexa/CN=Past root "$CA" -days 30
made past-leaf $LEAF past "$DEVICE"
shows past-leaf past
outside "an intermediate that expired" past-leaf 'has expired'
made none /O=Lexa/CN=None root 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\n'
made none-leaf $LEAF none "$DEVICE"
shows none-leaf none
outside "an intermediate that is no CA" none-leaf 'invalid CA certificate'
made short /O=Lexa/CN=Short root "${CA/CA:TRUE/CA:TRUE,pathlen:0}"
made below /O=Lexa/CN=Below short "$CA"
made below-leaf $LEAF below "$DEVICE"
shows below-leaf below short
outside "a path longer than its CA permits" below-leaf 'path length'
outside "another manufacturer's" stranger 'no manufacturer.s root of that name'
made weak $LEAF mid "$DEVICE" -sha1
shows weak mid
outside "signed with SHA-1" weak 'too weak'
made weak-mid /O=Lexa/CN=Weak root "$CA" -sha1
made weak-mid-leaf $LEAF weak-mid "$DEVICE"
shows weak-mid-leaf weak-mid
outside "beneath a CA signed with SHA-1" weak-mid-leaf 'too weak'
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$M/rsa.key" 2>/dev/null
made rsa $LEAF mid "$DEVICE"
shows rsa mid
outside "RSA of 1,024 bits" rsa 'too weak'
WHEN=2020-01-01 made old $LEAF mid "$DEVICE" -days 30
shows old mid
outside "an IDevID that expired" old 'has expired'
shows one mid mid mid mid mid mid mid mid mid mid mid mid mid mid mid mid mid mid mid mid
outside "20 certificates in the chain" one 'certificates'
shows one
outside "without the intermediate" one 'no manufacturer.s root of that name'
shows one mid
made server $LEAF mid "$DEVICE"'extendedKeyUsage=serverAuth\n'
shows server mid
outside "for servers alone" server 'purpose'
made empty $LEAF mid "$DEVICE"'extendedKeyUsage=DER:3000\n'
shows empty mid
outside "row 18: an empty extended key usage in a manufacturer's certificate" empty 'purpose'
made critical $LEAF mid "$DEVICE"'1.2.3.4.5=critical,DER:0500\n'
shows critical mid
outside "a critical extension that nobody knows" critical 'critical extension'
made is-ca $LEAF mid "$CA"
shows is-ca mid
outside "a CA's certificate" is-ca "a CA's certificate"
shows mid root
outside "the intermediate itself" mid "a CA's certificate"
made forged $LEAF mid "$DEVICE"
altered forged 534e2d31 534e2d32 other
shows forged mid
outside "signed by another key than the intermediate's" forged 'signature'

# the subject's serialNumber
made nul /O=Lexa/serialNumber=SN-1xhp-1 mid "$DEVICE"
altered nul 534e2d31786870 534e2d31006870 mid
made lines /O=Lexa/serialNumber=SN-1xxevent=ready mid "$DEVICE"
altered lines 534e2d317878 534e2d310d0a mid
made long "/O=Lexa/description=$(printf '1%.0s' {1..200})" mid "$DEVICE"
altered long 060355040d 0603550405 mid
made twice /O=Lexa/serialNumber=SN-1/serialNumber=SN-1 mid "$DEVICE"
made absent /O=Lexa/CN=SN-1 mid "$DEVICE"
made blank '/O=Lexa/serialNumber= SN-1' mid "$DEVICE"
for name in nul lines long twice absent blank; do
	shows $name mid
	outside "serialNumber: $name" $name 'serialNumber'
done
is "no line of the log is a device's" 0 "$(grep -c '^event=ready' "$WORK/serve.log")"

# --- a root of the same name and key identifier, which another tenant trusts -------------------

key_id=$(openssl x509 -in "$M/root.pem" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' ')
made twin /O=Lexa/CN=Root - "${CA/hash/$key_id}"
made twin-leaf $LEAF twin "$DEVICE"
shows twin-leaf
works "another tenant trusts a root of the same name" q maker add "$M/twin.pem" --tenant globex --name lexa
born twin-leaf hp-1
is "row 37: its device at our label" 403 "$STATUS"
born twin-leaf hp-1 globex
is "there it is not registered" 403 "$STATUS"
like "and that is said" 'not registered' "$(cat "$BODY")"
works "there it is registered" q device add SN-1 --tenant globex --maker lexa --device hp-1
born twin-leaf hp-1 globex
is "there it enrols" 200 "$STATUS"
is "nothing of it was issued here" "$before" "$(entries acme | grep -c certificate.issued)"
born one hp-1
is "the true one comes in as before" 200 "$STATUS"

# --- taken back ----------------------------------------------------------------------------------

works "device remove" q device remove SN-1 --tenant acme --maker lexa
is "its entry" "device.removed lexa/SN-1" "$(last acme | jq -r '.act + " " + .idevid')"
refuses "device remove again" q device remove SN-1 --tenant acme --maker lexa
born one hp-9
is "a device that was removed" 403 "$STATUS"
is "what it has stays good" good "$(ocsp_word "$WORK/hp-1.pem")"
works "maker remove" q maker remove lexa --tenant acme
is "its entry" "maker.removed lexa" "$(last acme | jq -r '.act + " " + .maker')"
refuses "maker remove again" q maker remove lexa --tenant acme
born two hp-2
like "a device of a maker that was removed" '^(000|403)$' "$STATUS"
works "maker remove at the other" q maker remove lexa --tenant globex
born two hp-2
is "a maker that nobody knows any more" 000 "$STATUS"
is "the same processes served all of it" "$edges" "$(child_pids edge | sort | paste -sd' ')"
enrol acme hp-99 "$WORK/token" || fail "a token still lets in" 200 "$STATUS"

finish
