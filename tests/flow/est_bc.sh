#!/usr/bin/env bash
# tests/flow/est_bc.sh - Bouncy Castle's EST client, on TLS 1.3 and 1.2: every operation of it.
. "$(dirname "$0")/lib.sh"

JARS=/usr/share/java/bcpkix.jar:/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar
service_fresh acme
chain_of acme "$WORK/ca"
mkdir "$WORK/java"
works "the client is compiled" javac -cp "$JARS" -d "$WORK/java" "$TREE/tests/clients/BcEst.java" || finish

# bc OPERATION DIR PROPERTIES... -- USER PASSWORD
bc() {
	local operation=$1 dir=$2 properties=()
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		properties+=("$1")
		shift
	done
	shift
	timeout 60 java -cp "$WORK/java:$JARS" "-Dtls=$TLS" "${properties[@]}" BcEst "localhost:$SECURE" "${LABEL:-acme}" "$ROOT" \
	    "$operation" "$dir" "$@" 2>&1
}

verifies() {
	openssl verify -x509_strict -CAfile "$ROOT" -untrusted "$WORK/ca1.pem" -untrusted "$WORK/ca2.pem" "$1"
}

for TLS in TLSv1.3 TLSv1.2; do
	d=$WORK/$TLS
	device=bc-$(tr -dc '0-9' <<<"$TLS")
	mkdir "$d"
	is "$TLS: cacerts" "ok certificates=3" "$(bc cacerts "$d" --)"
	like "$TLS: csrattrs says EC" "^ok .*1\\.2\\.840\\.10045\\.2\\.1" "$(bc csrattrs "$d" --)"
	# a profile's own: whole extensions, and the template of RFC 9908, which it does not know
	like "$TLS: csrattrs of a profile" "^ok .*1\\.2\\.840\\.113549\\.1\\.9\\.16\\.2\\.61" "$(LABEL=acme:printer bc csrattrs "$d" --)"
	is "$TLS: enroll" "ok certificates=1" "$(bc enroll "$d" -Dsubject=CN="$device" -- "$device" "$(token acme "$device")")"
	works "$TLS: it verifies" verifies "$d/cert.pem"
	first=$(serial "$d/cert.pem")
	like "$TLS: a wrong token" '^failed: .*401' "$(bc enroll "$d" -Dsubject=CN="$device" -- "$device" AAAAAAAAAAAAAAAAAAAAAAAAAA)"
	is "$TLS: reenroll" "ok certificates=1" \
	    "$(bc reenroll "$d" "-Dsubject=$(openssl x509 -in "$d/cert.pem" -noout -subject -nameopt sep_comma_plus,sname,utf8 | sed 's/^subject=//')" --)"
	works "$TLS: the new one verifies" verifies "$d/cert.pem"
	unlike "$TLS: it is another one" "^$first\$" "$(serial "$d/cert.pem")"
	like "$TLS: serverkeygen is refused" '^failed: .*403' "$(bc serverkeygen "$d" -- "$device" "$(token acme "$device-k")")"
done
finish
