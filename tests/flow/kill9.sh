#!/usr/bin/env bash
# tests/flow/kill9.sh - any child killed, 50 times, while clients enrol: nothing that was given out is lost, nothing is signed unseen.
. "$(dirname "$0")/lib.sh"

KILLS=${KILLS:-50}
CLIENTS=3
TOKENS=400 # a client; more than it can use

service_fresh acme

for ((c = 1; c <= CLIENTS; c++)); do
	mkdir "$WORK/c$c"
	for ((n = 1; n <= TOKENS; n++)); do
		printf 'url = "http://localhost/v1/tenants/acme/tokens"\nunix-socket = "%s"\ndata = "{\\"device\\":\\"c%d-%d\\"}"\nheader = "Content-Type: application/json"\n' \
		    "$DATA/run/api.sock" "$c" "$n"
		[ "$n" -eq "$TOKENS" ] || echo next
	done >"$WORK/c$c/ask"
	curl -s -K "$WORK/c$c/ask" | jq -r .secret >"$WORK/c$c/secrets"
	is "client $c has its tokens" "$TOKENS" "$(grep -cE '^[A-Z2-7]{26}$' "$WORK/c$c/secrets")"
done

# client C: enrols device after device until told to stop; keeps each certificate that it was given, as c.N.p7
client() {
	local c=$1 n=0 dir secret status
	dir=$WORK/c$c
	while read -r secret && [ ! -e "$WORK/enough" ]; do
		n=$((n + 1))
		p256 "$dir/key.pem"
		csr "$dir/key.pem" "/CN=c$c-$n" >"$dir/csr.b64"
		for _ in 1 2 3; do
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
CLIENT_PIDS=""
for ((c = 1; c <= CLIENTS; c++)); do
	client "$c" &
	CLIENT_PIDS+=" $!"
done

roles=(signer edge desk signer)
kills=0
for ((k = 0; k < KILLS; k++)); do
	role=${roles[RANDOM % ${#roles[@]}]}
	victim=""
	for ((i = 0; i < 200; i++)); do
		victim=$(child_pids "$role" | head -1)
		[ -z "$victim" ] || break
		sleep 0.05
	done
	if [ -z "$victim" ]; then
		fail "a $role to kill" "one within 10 s of the last" "none after $kills kills"
		break
	fi
	kill -KILL "$victim" && kills=$((kills + 1))
	sleep "0.$((RANDOM % 30 + 10))"
done
is "children killed" "$KILLS" "$kills"
touch "$WORK/enough"
# shellcheck disable=SC2086 # the list of processes
wait $CLIENT_PIDS
is "the clients were busy to the end" no "$([ -e "$WORK/exhausted" ] && echo yes || echo no)"
is "main is alive" yes "$(alive "$PID" && echo yes || echo no)"
sort "$WORK"/c*/statuses | uniq -c | sed 's/^/      status:/'
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
is "clients hold certificates ($held)" yes "$([ "$held" -ge 10 ] && echo yes || echo "only $held")"
is "each of them is good in the ledger" "" "$(sed 's/$/ good/' "$WORK/held" | grep -vxFf "$WORK/standings")"
grep -oE '"serial":"[0-9a-f]{32}"' "$WORK/export/entries.jsonl" | cut -d'"' -f4 >"$WORK/logged"
is "each of them is in the log" "" "$(grep -vxFf "$WORK/logged" "$WORK/held")"

awk '$5 == "signed" { print $4 }' "$DATA/journal" >"$WORK/signed"
signed=$(wc -l <"$WORK/signed")
is "as many signatures as certificates, at least ($signed)" yes "$([ "$signed" -ge "$held" ] && echo yes || echo no)"
grep -E ' (good|revoked|abandoned)$' "$WORK/standings" | cut -d' ' -f1 >"$WORK/settled"
is "no signature without a recorded intent and an outcome" "" "$(grep -vxFf "$WORK/settled" "$WORK/signed")"
cut -d' ' -f2 "$WORK/standings" | sort | uniq -c | sed 's/^/      in the ledger:/'
works "cert show agrees" q cert show --tenant acme "$(serial "$WORK/last/leaf.pem")"
finish
