# shellcheck shell=bash disable=SC2034 # variables are for the flows
# tests/flow/lib.sh - what every flow stands on: a fresh service, real clients, and words for what was expected.
#
# A flow sources this, calls service_fresh, asserts, and ends with finish. It runs alone
# (tests/flow/ocsp.sh) or from scripts/test. QUATRAIN_BIN is the binary under test.
set -u

FLOW=$(basename "$0" .sh)
TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
QUATRAIN_BIN=${QUATRAIN_BIN:-$TREE/build/release/quatrain}
[ -x "$QUATRAIN_BIN" ] || { echo "flow: no binary at $QUATRAIN_BIN; build it, or set QUATRAIN_BIN" >&2; exit 2; }
WORK=$(mktemp -d "${TMPDIR:-/tmp}/quatrain-$FLOW.XXXXXX") || exit 2
DATA=$WORK/data
CONF=$WORK/quatrain.yaml
BODY=$WORK/body
HEADERS=$WORK/headers
PID=""
PASSED=0
FAILED=0
# A build with sanitizers has no seccomp filter and starts slower.
SANITIZED=""
grep -q __asan_init "$QUATRAIN_BIN" && SANITIZED=1
# A copy that every user can read: a service that is another's than root reads it too, wherever the checkout lies.
LSAN_SUPP=""
if [ -n "$SANITIZED" ]; then
	LSAN_SUPP=$(mktemp "${TMPDIR:-/tmp}/quatrain-lsan.XXXXXX") || exit 2
	cp "$TREE/tests/lsan.supp" "$LSAN_SUPP"
	chmod 644 "$LSAN_SUPP"
	export LSAN_OPTIONS=suppressions=$LSAN_SUPP:print_suppressions=0
fi

# --- telling ---------------------------------------------------------------------------------

pass() {
	PASSED=$((PASSED + 1))
	echo "pass  $FLOW: $1"
}

# fail WHAT EXPECTED GOT
fail() {
	FAILED=$((FAILED + 1))
	printf 'FAIL  %s: %s\n      expected: %s\n      got:      %.2000s\n' "$FLOW" "$1" "$2" "$3"
}

# is WHAT EXPECTED GOT
is() {
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "$2" "$3"; fi
}

# like WHAT PATTERN TEXT: an extended pattern, matched line by line
like() {
	if grep -qE -- "$2" <<<"$3"; then pass "$1"; else fail "$1" "/$2/" "$3"; fi
}

# unlike WHAT PATTERN TEXT
unlike() {
	if grep -qE -- "$2" <<<"$3"; then fail "$1" "no /$2/" "$3"; else pass "$1"; fi
}

# works WHAT COMMAND...: exit 0; both outputs are kept in OUT
works() {
	local what=$1 rc
	shift
	OUT=$("$@" 2>&1)
	rc=$?
	if [ $rc -eq 0 ]; then pass "$what"; else fail "$what" "exit 0 of: $*" "exit $rc: $OUT"; fi
	return $rc
}

# refuses WHAT COMMAND...: any exit but 0, and no crash (a signal gives 128 and more)
refuses() {
	local what=$1 rc
	shift
	OUT=$("$@" 2>&1)
	rc=$?
	if [ $rc -ne 0 ] && [ $rc -lt 126 ]; then
		pass "$what"
	else
		fail "$what" "a refusal of: $*" "exit $rc: $OUT"
	fi
}

# exits WHAT CODE COMMAND...
exits() {
	local what=$1 code=$2 rc
	shift 2
	OUT=$("$@" 2>&1)
	rc=$?
	if [ $rc -eq "$code" ]; then pass "$what"; else fail "$what" "exit $code of: $*" "exit $rc: $OUT"; fi
}

finish() {
	[ -z "$PID" ] || is "the process is alive at the end" yes "$(alive "$PID" && echo yes || echo no)"
	service_stop
	local crashed
	crashed=$(grep -sE 'AddressSanitizer|UndefinedBehavior|runtime error|LeakSanitizer' "$WORK"/serve.log | head -5)
	[ -z "$crashed" ] || fail "no sanitizer report" "a quiet log" "$crashed"
	echo "$FLOW: $PASSED passed, $FAILED failed"
	[ "$FAILED" -eq 0 ]
	exit
}

tidy_up() {
	service_stop
	[ -z "$LSAN_SUPP" ] || rm -f "$LSAN_SUPP"
	if [ "$FAILED" -gt 0 ] || [ -n "${QUATRAIN_KEEP:-}" ]; then
		echo "flow: left for you: $WORK"
		[ ! -f "$WORK/serve.log" ] || tail -n 15 "$WORK/serve.log" | sed 's/^/      log: /'
	else
		rm -rf "$WORK"
	fi
}
trap tidy_up EXIT
trap 'exit 130' INT TERM

# stop_here WHY: the rest of the flow cannot mean anything
stop_here() {
	fail "$1" "a running start" "${OUT:-}"
	finish
}

# --- the service -----------------------------------------------------------------------------

alive() {
	[ -d "/proc/$1" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

port_taken() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Four free ports, below the range that the kernel gives to outgoing connections.
pick_ports() {
	local i
	while :; do
		PUBLIC=$((20000 + (RANDOM * 32768 + RANDOM) % 11900))
		SECURE=$((PUBLIC + 1)) RELAY=$((PUBLIC + 2)) METRICS=$((PUBLIC + 3))
		for i in $PUBLIC $SECURE $RELAY $METRICS; do
			port_taken "$i" && continue 2
		done
		URL=https://localhost:$SECURE
		OPEN=http://localhost:$PUBLIC
		return
	done
}

write_conf() {
	cat >"$CONF" <<-YAML
	data: $DATA
	domain: example.org
	region: eu
	listen:
	  public:  127.0.0.1:$PUBLIC
	  secure:  127.0.0.1:$SECURE
	  relay:   127.0.0.1:$RELAY
	  metrics: 127.0.0.1:$METRICS
	public_url: http://localhost:$PUBLIC
	names: [localhost, 127.0.0.1]
	YAML
}

# The command line under test, on this flow's configuration.
q() {
	timeout 60 "$QUATRAIN_BIN" "$@" --config "$CONF"
}

# service_start: serve, and wait until all listen. 1: an address is in use; 2: anything else.
service_start() {
	local i
	rm -f "$WORK/ready"
	"$QUATRAIN_BIN" serve --config "$CONF" --ready-file "$WORK/ready" >>"$WORK/serve.log" 2>&1 </dev/null &
	PID=$!
	for ((i = 0; i < 600; i++)); do
		[ ! -e "$WORK/ready" ] || return 0
		alive "$PID" || break
		sleep 0.05
	done
	service_stop
	grep -qi 'in use' "$WORK/serve.log" && return 1
	return 2
}

# service_stop: asks, then insists. Says in STOPPED_MS how long it took.
service_stop() {
	local i from
	[ -n "$PID" ] || return 0
	from=${EPOCHREALTIME/./}
	kill -TERM "$PID" 2>/dev/null
	for ((i = 0; i < 200; i++)); do
		alive "$PID" || break
		sleep 0.05
	done
	kill -KILL "$PID" 2>/dev/null
	wait "$PID" 2>/dev/null
	STOPPED_RC=$?
	STOPPED_MS=$(((${EPOCHREALTIME/./} - from) / 1000))
	PID=""
}

# service_fresh [TENANT...]: a new authority, running, with these tenants.
service_fresh() {
	local try rc tenant
	for try in 1 2 3 4 5; do
		rm -rf "$DATA" "$WORK/serve.log"
		pick_ports
		write_conf
		OUT=$(q init 2>&1) || stop_here "init"
		service_start && break
		rc=$?
		OUT=$(tail -n 5 "$WORK/serve.log")
		if [ $rc -ne 1 ] || [ "$try" -eq 5 ]; then stop_here "serve"; fi
	done
	ROOT=$DATA/root.pem
	for tenant in "$@"; do
		OUT=$(q tenant create "$tenant" 2>&1) || stop_here "tenant create $tenant"
	done
}

# child_pids ROLE: the running processes of that role, of this service.
child_pids() {
	local d name
	for d in /proc/[0-9]*; do
		{ IFS= read -r -d '' name <"$d/cmdline"; } 2>/dev/null || continue
		[ "$name" = "quatrain: $1" ] || continue
		grep -qs "^PPid:[[:space:]]*$PID\$" "$d/status" && alive "${d#/proc/}" && echo "${d#/proc/}"
	done
}

# --- clients ---------------------------------------------------------------------------------

# http CURL-ARGUMENTS...: STATUS, and the files BODY and HEADERS
http() {
	: >"$BODY"
	: >"$HEADERS"
	local told rc
	told=$(curl -s -S --max-time 30 -o "$BODY" -D "$HEADERS" -w '%{http_code} %{method} %{url_effective}' "$@" 2>"$WORK/curl.err")
	rc=$?
	STATUS=${told%% *}
	[ -z "${QUATRAIN_ANSWERS:-}" ] || keep_answer "${told#* }"
	return $rc
}

# keep_answer "METHOD URL": the last answer, where it is the API's, as a file that tests/openapi.py reads
keep_answer() {
	local target=/${1#*://*/}
	[ "$STATUS" != 000 ] || return 0
	case ${1#* } in
	"$URL"/v1/* | http://localhost/v1/* | "$URL"/readyz | "$OPEN"/readyz | */healthz | "http://localhost:$METRICS/metrics") ;;
	*) return 0 ;;
	esac
	[ "${KEPT:-0}" -lt 500 ] || return 0
	KEPT=$((${KEPT:-0} + 1))
	{
		printf '%s %s %s\n' "${1%% *}" "$target" "$STATUS"
		tr -d '\r' <"$HEADERS" | awk '/^HTTP\// { n = 0; next } NF { line[n++] = $0 } END { for (i = 0; i < n; i++) print line[i] }'
		echo
		cat "$BODY"
	} >"$QUATRAIN_ANSWERS/$FLOW-$$-$KEPT"
}

# api METHOD PATH [JSON]: as the local officer
api() {
	http -X "$1" --unix-socket "$DATA/run/api.sock" ${3:+-H 'Content-Type: application/json' --data-binary "$3"} \
	    "http://localhost$2"
}

# est TENANT/OPERATION CURL-ARGUMENTS...
est() {
	local path=$1
	shift
	http --cacert "$ROOT" "$@" "$URL/.well-known/est/$path"
}

# est_post TENANT/OPERATION FILE CURL-ARGUMENTS...: FILE holds a base64 request
est_post() {
	local path=$1 file=$2
	shift 2
	est "$path" -H 'Content-Type: application/pkcs10' --data-binary @"$file" "$@"
}

# header NAME: its value in the last answer, in this very case
header() {
	sed -n "s/^$1: *\(.*\)\r\$/\1/p" "$HEADERS"
}

# gauge NAME: its value, as the metrics listener tells it
gauge() {
	http "http://localhost:$METRICS/metrics"
	sed -n "s/^$1 //p" "$BODY"
}

# secrets TENANT PREFIX N: those of tokens for devices PREFIX-1 to PREFIX-N, one a line
secrets() {
	local n
	for ((n = 1; n <= $3; n++)); do
		printf 'url = "http://localhost/v1/tenants/%s/tokens"\nunix-socket = "%s"\ndata = "{\\"device\\":\\"%s-%d\\"}"\nheader = "Content-Type: application/json"\n' \
		    "$1" "$DATA/run/api.sock" "$2" "$n"
		[ "$n" -eq "$3" ] || echo next
	done >"$WORK/secrets.curl"
	curl -s -K "$WORK/secrets.curl" | jq -r .secret
}

# enrol_until_full TENANT PREFIX SECRETS: device after device, each into WORK/PREFIX-N.pem, until one is not answered
# 200, or no secret is left; ENROLLED says how many were
enrol_until_full() {
	local secret
	ENROLLED=0
	p256 "$WORK/$2.key"
	while read -r secret; do
		p256 "$WORK/$2.key"
		csr "$WORK/$2.key" "/CN=$2-$((ENROLLED + 1))" >"$WORK/$2.b64"
		est_post "$1/simpleenroll" "$WORK/$2.b64" -u "$2-$((ENROLLED + 1)):$secret"
		[ "$STATUS" = 200 ] || return
		ENROLLED=$((ENROLLED + 1))
		p7_certs "$BODY" >"$WORK/$2-$ENROLLED.pem"
	done <"$3"
}

# ocsp_word CERTIFICATE: good or revoked, as openssl ocsp says; chain_of wrote WORK/ca
ocsp_word() {
	cat "$WORK"/ca[123].pem >"$WORK/all.pem"
	timeout 30 openssl ocsp -issuer "$WORK/ca1.pem" -cert "$1" -CAfile "$ROOT" -verify_other "$WORK/all.pem" \
	    -url "$OPEN/ocsp" 2>&1 | sed -n 's/.*: \(good\|revoked\|unknown\)$/\1/p'
}

# within SECONDS COMMAND...: 0 as soon as the command is
within() {
	local i tenths=$(($1 * 10))
	shift
	for ((i = 0; i < tenths; i++)); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}

# crl_text CA: the list of the CA of this certificate, as text
crl_text() {
	http "$OPEN/crl/$(openssl x509 -in "$1" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :' | tr 'A-F' 'a-f').crl"
	openssl crl -inform DER -in "$BODY" -noout -text 2>/dev/null
}

# crl_has CA PATTERN, crl_lacks CA PATTERN: a list follows what was revoked by some seconds (crl: delay:)
crl_has() { crl_text "$1" | grep -q -- "$2"; }
crl_lacks() { crl_text "$1" >"$WORK/crl.text" && ! grep -q -- "$2" "$WORK/crl.text"; }

# ready WORD: is issuing ok or stopped, by /readyz?
ready() {
	http "$OPEN/readyz"
	[ "$(jq -r .issuing "$BODY")" = "$1" ]
}

# token TENANT DEVICE
token() {
	q token create --tenant "$1" --device "$2" --json | jq -r .token
}

p256() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

# csr KEY SUBJECT OPENSSL-ARGUMENTS...: a request in base64 on one line
csr() {
	local key=$1 subject=$2
	shift 2
	openssl req -new -key "$key" -subj "$subject" -outform DER "$@" | openssl base64 -A
}

# p7_certs FILE: base64 certs-only CMS to PEM
p7_certs() {
	tr -d '\n' <"$1" | openssl base64 -d -A | openssl pkcs7 -inform DER -print_certs
}

# enrol TENANT DEVICE DIR: DIR/key.pem, csr.b64, leaf.pem, by curl and openssl
enrol() {
	local t
	mkdir -p "$3"
	p256 "$3/key.pem"
	csr "$3/key.pem" "/CN=$2" >"$3/csr.b64"
	t=$(token "$1" "$2")
	est_post "$1/simpleenroll" "$3/csr.b64" -u "$2:$t"
	[ "$STATUS" = 200 ] && p7_certs "$BODY" >"$3/leaf.pem" && [ -s "$3/leaf.pem" ]
}

# joins TENANT DIR DEVICE PROFILE: enrolled by our own client; DIR/cert.pem, key.pem, root.pem
joins() {
	local t
	t=$(q token create --tenant "$1" --device "$3" --profile "$4" --json | jq -r .token)
	works "$3 enrols" q enroll --url "$URL" --token "$t" --out "$2" || stop_here "enroll $3"
}

# nginx_conf: a server, from standard input, as the whole configuration of one nginx that stays in WORK
nginx_conf() {
	cat <<-CONF
	daemon off;
	master_process off;
	pid $WORK/nginx.pid;
	error_log $WORK/nginx.log info;
	events { worker_connections 64; }
	http {
	    access_log off;
	    client_body_temp_path $WORK/nginx-1; proxy_temp_path $WORK/nginx-2; fastcgi_temp_path $WORK/nginx-3;
	    uwsgi_temp_path $WORK/nginx-4; scgi_temp_path $WORK/nginx-5;
	CONF
	cat
	echo "}"
}

# serial FILE: as the API spells it
serial() {
	openssl x509 -in "$1" -noout -serial | sed 's/^serial=//' | tr 'A-F' 'a-f'
}

# split_pem FILE PREFIX: PREFIX1.pem, PREFIX2.pem, ...
split_pem() {
	awk -v p="$2" '/-----BEGIN CERT/ { n++; on = 1 } on { print >(p n ".pem") } /-----END CERT/ { on = 0 }' "$1"
}

# chain_of TENANT PREFIX: PREFIX1 tenant, PREFIX2 region, PREFIX3 root
chain_of() {
	api GET "/v1/tenants/$1"
	jq -r .chain "$BODY" >"$2.pem"
	split_pem "$2.pem" "$2"
}

# entries TENANT: every line of its log so far, in order (taking no export, which would be a line itself)
entries() {
	local from=0 n
	while :; do
		api GET "/v1/tenants/$1/log/entries?from=$from&count=1000"
		[ "$STATUS" = 200 ] || return 1
		cat "$BODY"
		n=$(wc -l <"$BODY")
		[ "$n" -gt 0 ] || return 0
		from=$((from + n))
	done
}
