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
	openssl req -new -key "$M/$name.key" -subj "$subject" -multivalue-rdn -out "$M/x.csr"
	if [ "$issuer" = - ]; then
		openssl x509 -req -in "$M/x.csr" -signkey "$M/$name.key" -days 3650 -extfile "$M/x.cnf" "$@"
	else
		openssl x509 -req -in "$M/x.csr" -CA "$M/$issuer.pem" -CAkey "$M/$issuer.key" -set_serial "0x$(openssl rand -hex 8)" \
		    -days 3650 -extfile "$M/x.cnf" "$@"
	fi >"$M/$name.pem" 2>"$M/x.err"
	[ -s "$M/$name.pem" ] || stop_here "make $name: $(cat "$M/x.err")"
}

# device NAME SERIAL [ABOVE...]: NAME.chain is what it shows
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

# with NAME PATH CURL-ARGUMENT...: as the device of that name; openssl's level 0 lets it show what it has
as() {
	local name=$1 path=$2
	shift 2
	est "$path" --cert "$M/$name.chain" --key "$M/$name.key" --ciphers DEFAULT@SECLEVEL=0 "$@"
}

# born NAME DEVICE [LABEL]: a new key, and simpleenroll by the manufacturer's certificate
born() {
	p256 "$WORK/$2.key"
	csr "$WORK/$2.key" "/CN=$2" >"$WORK/$2.b64"
	as "$1" "${3:-acme}/simpleenroll" -H 'Content-Type: application/pkcs10' --data-binary @"$WORK/$2.b64"
	[ "$STATUS" = 200 ] && p7_certs "$BODY" >"$WORK/$2.pem"
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

finish
