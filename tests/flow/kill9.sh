#!/usr/bin/env bash
# tests/flow/kill9.sh - any process killed, main too, while clients enrol and revoke: nothing that was told is lost, nothing is signed unseen.
#
# KILLS says how often; by default 10 times, and with QUATRAIN_LONG=1 200 times.
. "$(dirname "$0")/lib.sh"

KILLS=${KILLS:-$([ "${QUATRAIN_LONG:-0}" = 1 ] && echo 200 || echo 10)}
CLIENTS=3
TOKENS=$((100 + KILLS * 10)) # a client; more than it can use

service_fresh acme

for ((c = 1; c <= CLIENTS; c++)); do
	mkdir "$WORK/c$c"
	secrets acme "c$c" $TOKENS >"$WORK/c$c/secrets"
	is "client $c has its tokens" "$TOKENS" "$(grep -cE '^[A-Z2-7]{26}$' "$WORK/c$c/secrets")"
done

# client C: enrols device after device until told to stop; keeps each certificate that it was given, as N.p7
client() {
	local c=$1 n=0 dir secret status
	dir=$WORK/c$c
	while read -r secret && [ ! -e "$WORK/enough" ]; do
		n=$((n + 1))
		p256 "$dir/key.pem"
		csr "$dir/key.pem" "/CN=c$c-$n" >"$dir/csr.b64"
		for _ in {1..50}; do
			status=$(curl -s --max-time 25 --cacert "$ROOT" -o "$dir/answer" -w '%{http_code}' -u "c$c-$n:$secret" \
			    -H 'Content-Type: application/pkcs10' --data-binary @"$dir/csr.b64" "$URL/.well-known/est/acme/simpleenroll")
			echo "$status" >>"$dir/statuses"
			[ "$status" != 200 ] || { mv "$dir/answer" "$dir/$n.p7"; break; }
			[ "$status" = 503 ] || [ "$status" = 000 ] || break
			sleep 0.1
		done
	done <"$dir/secrets"
	[ -e "$WORK/enough" ] || touch "$WORK/exhausted"
}

# revoker: revokes every fifth certificate of the first client, and notes the serials that it was told are revoked
revoker() {
	local n serial status
	for ((n = 1; ; n += 5)); do
		until [ -s "$WORK/c1/$n.p7" ]; do
			[ ! -e "$WORK/enough" ] || return 0
			[ ! -s "$WORK/c1/$((n + 2)).p7" ] || continue 2 # that one was never given out
			sleep 0.05
		done
		p7_certs "$WORK/c1/$n.p7" >"$WORK/revoke.pem"
		serial=$(serial "$WORK/revoke.pem")
		for _ in {1..100}; do
			status=$(curl -s --max-time 25 -o /dev/null -w '%{http_code}' --unix-socket "$DATA/run/api.sock" \
			    -H 'Content-Type: application/json' --data '{"reason":"superseded"}' \
			    "http://localhost/v1/tenants/acme/certificates/$serial/revoke")
			echo "$status" >>"$WORK/revoke.statuses"
			case $status in
			200) echo "$serial" | tee -a "$WORK/revoked" >>"$WORK/told"; break ;;
			409) echo "$serial" >>"$WORK/revoked"; break ;; # an earlier try was done, and its answer lost
			esac
			sleep 0.1
		done
	done
}

: >"$WORK/revoked"
: >"$WORK/told"
CLIENT_PIDS=""
for ((c = 1; c <= CLIENTS; c++)); do
	client "$c" &
	CLIENT_PIDS+=" $!"
done
revoker &
CLIENT_PIDS+=" $!"

# kill_child ROLE
kill_child() {
	local victim="" i
	for ((i = 0; i < 200; i++)); do
		victim=$(child_pids "$1" | head -1)
		[ -z "$victim" ] || break
		sleep 0.05
	done
	[ -n "$victim" ] && kill -KILL "$victim"
}

# kill_main: and with it, by the kernel, all of the service; the same one is started again
kill_main() {
	kill -KILL "$PID" || return 1
	wait "$PID" 2>/dev/null
	service_start
}

# The first four are one of each, so that the short mode has them all.
roles=(main signer edge desk)
kills=0
for ((k = 0; k < KILLS; k++)); do
	role=${roles[k < 4 ? k : RANDOM % ${#roles[@]}]}
	if [ "$role" = main ]; then kill_main; else kill_child "$role"; fi || { fail "kill $k: $role" "killed, and back" "not"; break; }
	kills=$((kills + 1))
	sleep "0.$((RANDOM % 30 + 10))"
done
is "processes killed" "$KILLS" "$kills"
touch "$WORK/enough"
# shellcheck disable=SC2086 # the list of processes
wait $CLIENT_PIDS
is "the clients were busy to the end" no "$([ -e "$WORK/exhausted" ] && echo yes || echo no)"
is "main is alive" yes "$(alive "$PID" && echo yes || echo no)"
sort "$WORK"/c*/statuses | uniq -c | sed 's/^/      enrolments answered:/'
sort "$WORK/revoke.statuses" | uniq -c | sed 's/^/      revocations answered:/'
unlike "only answers that a client can understand" '^(4[0-9][02-9]|50[0-24-9])$' "$(cat "$WORK"/c*/statuses)"

# still whole: the service works, after the kills and after a clean restart too
for ((i = 0; i < 100; i++)); do
	enrol acme "last-$i" "$WORK/last" && break
	sleep 0.1
done
is "it serves after the kills" 200 "$STATUS"
service_stop
is "it stops well" 0 "$STOPPED_RC"
service_start || stop_here "serve after the kills"

works "log export" q log export --tenant acme --out "$WORK/export"
works "log verify" "$QUATRAIN_BIN" log verify "$WORK/export" --root "$ROOT"

# all_standings: SERIAL STATUS of every certificate in both ledgers
all_standings() {
	local tenant after
	for tenant in acme platform; do
		after=""
		while :; do
			api GET "/v1/tenants/$tenant/certificates?limit=1000${after:+&after=$after}"
			jq -r '.items[] | .serial + " " + .status' "$BODY"
			after=$(jq -r '.next // empty' "$BODY")
			[ -n "$after" ] || break
		done
	done
}
all_standings >"$WORK/standings"

# The serials that clients hold, one a line.
for p7 in "$WORK"/c*/*.p7; do
	[ ! -e "$p7" ] || p7_certs "$p7"
done >"$WORK/held.pem"
split_pem "$WORK/held.pem" "$WORK/held."
for pem in "$WORK"/held.[0-9]*.pem; do
	serial "$pem"
done >"$WORK/held"
held=$(wc -l <"$WORK/held")
revoked=$(wc -l <"$WORK/revoked")
is "clients hold certificates ($held)" yes "$([ "$held" -ge 10 ] && echo yes || echo "only $held")"
is "and were told that some are revoked ($revoked)" yes "$([ "$revoked" -ge 1 ] && echo yes || echo "only $revoked")"
grep -vxFf "$WORK/revoked" "$WORK/held" >"$WORK/good"
is "each that was not revoked is good in the ledger" "" "$(sed 's/$/ good/' "$WORK/good" | grep -vxFf "$WORK/standings")"
is "each revocation that was told is in the ledger" "" "$(sed 's/$/ revoked/' "$WORK/revoked" | grep -vxFf "$WORK/standings")"
grep -oE '"serial":"[0-9a-f]{32}"' "$WORK/export/entries.jsonl" | cut -d'"' -f4 >"$WORK/logged"
is "each certificate is in the log" "" "$(grep -vxFf "$WORK/logged" "$WORK/held")"
grep '"certificate.revoked"' "$WORK/export/entries.jsonl" | grep -oE '"serial":"[0-9a-f]{32}"' | cut -d'"' -f4 >"$WORK/logged.revoked"
is "each revocation is in the log" "" "$(grep -vxFf "$WORK/logged.revoked" "$WORK/revoked")"

# journal KIND: the serials of its lines of that kind (SECONDS TENANT ISSUER SERIAL KIND WHAT CHAIN)
journal() {
	awk -v kind="$1" '$5 == kind { print $4 }' "$DATA/journal"
}
journal signed >"$WORK/signed"
signed=$(wc -l <"$WORK/signed")
is "as many signatures as certificates, at least ($signed)" yes "$([ "$signed" -ge "$held" ] && echo yes || echo no)"
is "each certificate's signature is in the journal" "" "$(grep -vxFf "$WORK/signed" "$WORK/held")"
grep -E ' (good|revoked|abandoned)$' "$WORK/standings" | cut -d' ' -f1 >"$WORK/settled"
is "no signature without a recorded intent and an outcome" "" "$(grep -vxFf "$WORK/settled" "$WORK/signed")"
journal revoked >"$WORK/ended"
is "each revocation is in the journal" "" "$(grep -vxFf "$WORK/ended" "$WORK/told")"
cut -d' ' -f2 "$WORK/standings" | sort | uniq -c | sed 's/^/      in the ledger:/'
works "cert show agrees" q cert show --tenant acme "$(serial "$WORK/last/leaf.pem")"
finish
