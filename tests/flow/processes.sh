#!/usr/bin/env bash
# tests/flow/processes.sh - main, signer, edge, desk: what each may, that SIGTERM stops all, that a killed child comes back.
. "$(dirname "$0")/lib.sh"

# Main's caller may leave descriptors open: no child may get one.
exec 9<"$TREE/CMakeLists.txt"
service_fresh acme
exec 9<&-

children() { # children: the processes of all roles
	child_pids signer
	child_pids edge
	child_pids desk
}

for role in signer edge desk relay; do
	is "there is a $role" yes "$([ -n "$(child_pids $role)" ] && echo yes || echo no)"
done
is "one signer" 1 "$(child_pids signer | wc -l)"

# network_sockets PID: sockets of PID that are known to a network protocol
network_sockets() {
	local fd
	for fd in "/proc/$1/fd"/*; do
		readlink "$fd"
	done | sed -n 's/^socket:\[\(.*\)\]$/\1/p' | while read -r inode; do
		awk -v inode="$inode" '$10 == inode { print FILENAME, $4 }' "/proc/$1/net"/{tcp,tcp6,udp,udp6,raw,raw6} 2>/dev/null
	done
}
# The children are not dumpable: only root can look into them.
if [ "$(id -u)" = 0 ]; then
	is "the signer has no network socket" "" "$(network_sockets "$(child_pids signer)")"
	is "the edge has some (the test can see them)" yes \
	    "$(for p in $(child_pids edge); do network_sockets "$p"; done | grep -q . && echo yes || echo no)"
	is "main has none but those that it listens on" "" "$(network_sockets "$PID" | grep -v '0A$')"
	for p in "$PID" $(child_pids signer) $(child_pids edge) $(child_pids desk) $(child_pids relay); do
		is "nothing secret in the arguments or environment of $p" 0 \
		    "$(cat "/proc/$p/cmdline" "/proc/$p/environ" | grep -acF "$(cat "$DATA/master.key")")"
	done
	for p in $(children); do
		is "nothing of main's caller is open in $p" "" "$(readlink "/proc/$p/fd"/* | grep -F CMakeLists)"
	done
	is "the signer holds the lock as main does" yes \
	    "$(readlink "/proc/$(child_pids signer)/fd"/* | grep -qx "$DATA/run/lock" && echo yes || echo no)"
else
	echo "skip  $FLOW: descriptors and environments, which only root can see"
fi
for role in signer edge desk relay; do
	for p in $(child_pids $role); do
		is "$role: no new privileges" 1 "$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$p/status")"
		[ -n "$SANITIZED" ] || is "$role: a seccomp filter" 2 "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$p/status")"
		is "$role: no core dumps" "0" "$(awk '/^Max core file size/ { print $5 }' "/proc/$p/limits")"
	done
done

# What a role may still call and open is tests/unit/sandbox.c's; here: that each child really is in its jail.
if [ -z "$SANITIZED" ]; then
	is "four children say that their calls are filtered" 4 "$(grep -c 'event=sandbox .*calls=filtered' "$WORK/serve.log")"
	if grep -qs landlock /sys/kernel/security/lsm; then
		is "and their files confined" 4 "$(grep -c 'event=sandbox files=confined' "$WORK/serve.log")"
	fi
fi

# serves: an enrolment from token to certificate
serves() {
	enrol acme "$1" "$WORK/$1"
}
works "it serves" serves before

# comes_back ROLE: killed, it is there again, and the service does its whole work
comes_back() {
	local role=$1 i old now=""
	for old in $(child_pids "$role"); do
		kill -KILL "$old"
		for ((i = 0; i < 200; i++)); do
			now=$(child_pids "$role" | grep -vx "$old")
			[ -z "$now" ] || break
			sleep 0.05
		done
		unlike "a killed $role is replaced" '^$' "$now"
		is "main is the same" yes "$(alive "$PID" && echo yes || echo no)"
	done
	for ((i = 0; i < 100; i++)); do
		serves "after-$role-$i" && break
		sleep 0.1
	done
	is "with a new $role it serves" 200 "$STATUS"
	for other in signer edge desk; do
		unlike "after the death of a $role there is a $other" '^$' "$(child_pids $other)"
	done
}
for role in signer edge desk relay; do
	comes_back $role
done
is "what was issued before is still known" good "$(q cert show --tenant acme "$(serial "$WORK/before/leaf.pem")" --json | jq -r .status)"
[ -n "$SANITIZED" ] || is "the new signer has its filter too" 2 \
    "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$(child_pids signer)/status")"

# A signer that hangs, as on a disk that answers no more, is not dead; what was asked of it meanwhile it does afterwards.
signer=$(child_pids signer)
kill -STOP "$signer"
q tenant create patient >"$WORK/patient" 2>&1 &
asked=$!
is "/readyz says that the signer does not answer" yes "$(within 20 ready stopped && echo yes || echo no)"
like "and in what words" 'signer: it does not answer' "$(cat "$BODY")"
kill -CONT "$signer"
wait "$asked"
is "it does what it was asked" 0 "$?"
is "and /readyz is content" yes "$(within 10 ready ok && echo yes || echo no)"
is "it is the same signer" "$signer" "$(child_pids signer)"

# A second serve on the same data folder would be a second writer.
refuses "a second serve on the same data" timeout 20 "$QUATRAIN_BIN" serve --config "$CONF"
works "the first one does not mind" serves second

# SIGTERM: all end, within 5 s, also with a connection that says nothing and a request in hand
children="$(child_pids signer) $(child_pids edge) $(child_pids desk) $(child_pids relay)"
exec 7<>"/dev/tcp/127.0.0.1/$SECURE" 8<>"/dev/tcp/127.0.0.1/$PUBLIC"
printf 'GET /healthz HTTP/1.1\r\nHost: local' >&8
service_stop
is "SIGTERM: exit 0" 0 "$STOPPED_RC"
is "SIGTERM: within 5 s" yes "$([ "$STOPPED_MS" -le 5000 ] && echo yes || echo "$STOPPED_MS ms")"
exec 7>&- 8>&-
for p in $children; do
	is "SIGTERM: child $p is gone" no "$(alive "$p" && echo yes || echo no)"
done
port_taken "$SECURE"
is "SIGTERM: nobody listens any more" 1 $?

# Killed with its main, no child stays behind, busy as it may be: nobody would watch it.
printf 'log:\n  level: warn\n' >>"$CONF"
: >"$WORK/serve.log"
service_start || stop_here "serve again"
chain_of acme "$WORK/ca"
openssl ocsp -issuer "$WORK/ca1.pem" -cert "$WORK/before/leaf.pem" -reqout "$WORK/ask.der" >"$WORK/ask.txt" 2>&1
curl -s -Z --parallel-max 40 --max-time 60 -o "$WORK/answer" -H 'Content-Type: application/ocsp-request' \
    --data-binary @"$WORK/ask.der" "$OPEN/ocsp#[1-200000]" >"$WORK/load.out" 2>&1 &
load=$!
before=$(awk '{ print $14 + $15 }' "/proc/$(child_pids signer)/stat")
sleep 1
is "the signer is busy" yes \
    "$([ "$(awk '{ print $14 + $15 }' "/proc/$(child_pids signer)/stat")" -gt $((before + 10)) ] && echo yes || echo no)"
doomed=$(children)
from=${EPOCHREALTIME/./}
{ kill -KILL "$PID"; wait "$PID"; } 2>/dev/null
for ((i = 0; i < 100; i++)); do
	left=""
	for p in $doomed; do alive "$p" && left+=" $p"; done
	[ -n "$left" ] || break
	sleep 0.05
done
took_ms=$(((${EPOCHREALTIME/./} - from) / 1000))
is "no child outlives a killed main" "" "$left"
is "they are gone within 2 s" yes "$([ "$took_ms" -le 2000 ] && echo yes || echo "$took_ms ms")"
PID=""
service_start || stop_here "serve after a killed main"
works "after a killed main it serves" serves last
{ kill "$load"; wait "$load"; } 2>/dev/null
unlike "log: level: warn: no line of less" 'level=(info|debug)' "$(cat "$WORK/serve.log")"
finish
