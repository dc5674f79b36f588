#!/usr/bin/env bash
# tests/flow/enroll_daemon.sh - a device by itself: it enrols, stays, renews in time, and no cut tears key and certificate apart.
. "$(dirname "$0")/lib.sh"

# Certificates of an hour that may be renewed at any time: what is due is said by signals and a clock of the device's own.
mkdir "$WORK/profiles"
cp "$TREE"/conf/profiles/{printer,service,operator}.yaml "$WORK/profiles"
sed -i 's/^validity:.*/validity: 1h/; s/^renewal_window:.*/renewal_window: 1h/; s/^tolerance:.*/tolerance: 60s/' "$WORK/profiles/printer.yaml"
eval "plain_$(declare -f write_conf)"
write_conf() {
	plain_write_conf
	echo "profiles: $WORK/profiles" >>"$CONF"
}
service_fresh acme
FAKE=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$FAKE" ] || stop_here "faketime"

log=$WORK/device.log
DIR=$WORK/device
DEVICE=""

# device ARGUMENTS...: the daemon, in the background
device() {
	"$QUATRAIN_BIN" enroll --daemon --url "$URL" --out "$DIR" "$@" >>"$log" 2>&1 </dev/null &
	DEVICE=$!
}

# ahead HOW-MUCH ARGUMENTS...: the program, in our place, with a clock that is ahead
ahead() {
	local by=$1
	shift
	FAKETIME=$by FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=$FAKE exec "$QUATRAIN_BIN" "$@"
}

# ends: by SIGTERM; ENDED is its exit status
ends() {
	kill -TERM "$DEVICE"
	wait "$DEVICE"
	ENDED=$?
	DEVICE=""
}
said() { grep -q "event=$1" "$log"; }
times() { [ "$(grep -c "event=$1" "$log")" -ge "$2" ]; }
end_device() {
	[ -z "$DEVICE" ] || kill -KILL "$DEVICE" 2>/dev/null
	tidy_up
}
trap end_device EXIT

matches() {
	[ "$(openssl x509 -in "$DIR/cert.pem" -noout -pubkey)" = "$(openssl pkey -in "$DIR/key.pem" -pubout)" ]
}

# --- it enrols, and says when it will renew ---
token acme hp-1 >"$WORK/token"
cat >"$WORK/hook" <<-HOOK
	#!/bin/sh
	echo "\$1" >>$WORK/hooked
HOOK
chmod +x "$WORK/hook"
device --token-file "$WORK/token" --exec "$WORK/hook"
within 30 said next || stop_here "the daemon enrols"
like "it says that there is none" 'event=start .*certificate=none' "$(cat "$log")"
like "it enrolled" 'event=enrolled serial=[0-9a-f]{32}' "$(cat "$log")"
like "it says when it will renew" 'event=next .*renews=[0-9TZ:-]+' "$(cat "$log")"
is "the hook ran once, with the folder" "$DIR" "$(cat "$WORK/hooked")"
is "key and certificate belong together" yes "$(matches && echo yes)"
unlike "no token in its log" "$(cut -d. -f1 "$WORK/token")" "$(cat "$log")"
from=$(date -u -d "$(openssl x509 -in "$DIR/cert.pem" -noout -startdate | cut -d= -f2)" +%s)
to=$(date -u -d "$(openssl x509 -in "$DIR/cert.pem" -noout -enddate | cut -d= -f2)" +%s)
renews=$(date -u -d "$(sed -n 's/.*event=next.*renews=//p' "$log" | tail -1)" +%s)
like "in the last third" '^(7|8)[0-9]$' "$(((renews - from) * 100 / (to - from)))"

# --- SIGHUP renews now ---
first=$(serial "$DIR/cert.pem")
kill -HUP "$DEVICE"
works "SIGHUP renews" within 30 said renewed
works "and says the next time" within 10 times next 2
is "another certificate" no "$([ "$first" = "$(serial "$DIR/cert.pem")" ] && echo yes || echo no)"
is "the hook ran again" 2 "$(wc -l <"$WORK/hooked")"

# --- the service goes away: it says so, waits, and goes on ---
port=$SECURE
service_stop
kill -HUP "$DEVICE"
works "a service that is away is a failure" within 30 said failed
like "it says how long it waits" 'event=failed .*again_s=[0-9]+' "$(cat "$log")"
again=$(sed -n 's/.*event=failed .*again_s=//p' "$log" | tail -1)
is "not under its floor, nor over its first cap" yes "$([ "$again" -ge 30 ] && [ "$again" -le 120 ] && echo yes)"
service_start || stop_here "the service comes back"
is "on the same port" "$port" "$SECURE"
n=$(grep -c event=renewed "$log")
kill -HUP "$DEVICE"
works "and it renews" within 30 times renewed $((n + 1))
ends
is "SIGTERM ends it cleanly" 0 "$ENDED"
like "and it says so" 'event=stopped' "$(tail -1 "$log")"

# --- each with a new key ---
: >"$log"
key=$(sha256sum <"$DIR/key.pem")
device --new-key --exec "$WORK/nowhere"
works "it starts" within 10 said start
kill -HUP "$DEVICE"
works "a renewal with a new key" within 30 said renewed
is "the key is a new one" no "$([ "$key" = "$(sha256sum <"$DIR/key.pem")" ] && echo yes || echo no)"
is "both belong together" yes "$(matches && echo yes)"
works "a hook that is not there is said" within 10 grep -q 'level=error.*event=hook' "$log"
ends
is "and it goes on" 0 "$ENDED"

# faketime and AddressSanitizer wait for each other in every process that starts.
if [ -z "$SANITIZED" ]; then
# --- what is due is renewed at the start: a device whose clock is 55 minutes ahead ---
: >"$log"
ahead +55m enroll --daemon --url "$URL" --out "$DIR" \
    >>"$log" 2>&1 </dev/null &
DEVICE=$!
works "what is due is renewed" within 30 said renewed
works "and not again and again" within 10 said early
ends
is "once, and it ended" "0 1" "$ENDED $(grep -c event=renewed "$log")"

# --- one that has expired is tried, and what to do is said ---
: >"$log"
cp -r "$DIR" "$WORK/late"
ahead +3h enroll --daemon --url "$URL" --out "$WORK/late" \
    --root "$ROOT" >>"$log" 2>&1 </dev/null &
DEVICE=$!
works "an expired one is tried" within 30 grep -qE 'event=(failed|renewed)' "$log"
ends
is "and it ended" 0 "$ENDED"
fi

# --- a token that is used up ends it, and says what to do ---
: >"$log"
DIR=$WORK/second
device --token-file "$WORK/token"
wait "$DEVICE"
is "a used token: no second try" 1 $?
DEVICE=""
like "what to do" 'event=ended .*next="ask for a new token' "$(cat "$log")"

# --- killed at every step, the pair is whole ---
[ -z "$SANITIZED" ] || export ASAN_OPTIONS=verify_asan_link_order=0
die=$(dirname "$QUATRAIN_BIN")/die_at.so
DIR=$WORK/cut
q enroll --url "$URL" --token "$(token acme cut-1)" --out "$DIR" >/dev/null || stop_here "cut-1 enrols"
torn=0
deaths=0
for _ in 1 2; do # the files as they were first, and as links
	for ((step = 1; step < 200; step++)); do
		rm -f "$WORK/died"
		{ DIE_AT=$step DIE_TOLD=$WORK/died LD_PRELOAD=$die "$QUATRAIN_BIN" enroll --renew --new-key \
		    --url "$URL" --out "$DIR"; } >/dev/null 2>&1
		matches || torn=$((torn + 1))
		[ -e "$WORK/died" ] || break
		deaths=$((deaths + 1))
	done
done
is "no cut tears them apart" 0 "$torn"
is "it died at many steps" yes "$([ "$deaths" -ge 20 ] && echo yes || echo "$deaths")"
works "and it renews" q enroll --renew --new-key --url "$URL" --out "$DIR"
is "nothing is left lying" ".pair cert.pem key.pem root.pem" "$(cd "$DIR" && find . -maxdepth 1 -mindepth 1 ! -name '.pair-*' -printf '%f\n' | LC_ALL=C sort | xargs)"
is "but the folder of the pair" 1 "$(find "$DIR" -maxdepth 1 -name '.pair-*' | wc -l)"
finish
