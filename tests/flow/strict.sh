#!/usr/bin/env bash
# tests/flow/strict.sh - the API to whoever does not ask as it is written: pages of other sites (CORS is closed), other methods,
# paths that only look the same, hostile cursors; and lists, of which a walk by ones sees each item once.
. "$(dirname "$0")/lib.sh"

service_fresh acme beta
q operator add olga --role officer --out "$WORK/olga" >"$WORK/out" 2>&1 || stop_here "operator add: $(cat "$WORK/out")"
for n in 1 2 3; do q token create --tenant acme --device "hp-$n" >/dev/null || stop_here "token create"; done
for n in 4 5; do enrol acme "hp-$n" "$WORK/hp-$n" || stop_here "enrol"; done

# secure CURL-ARGUMENTS... PATH: as olga, an officer
secure() {
	local path=${*: -1}
	http --cacert "$ROOT" --cert "$WORK/olga/cert.pem" --key "$WORK/olga/key.pem" --path-as-is "${@:1:$#-1}" "$URL$path"
}

json=(-H 'Content-Type: application/json')

# --- pages of other sites --------------------------------------------------------------------------

grants() { grep -i '^Access-Control-' "$HEADERS"; }

secure /v1/tenants
is "an officer reads" "200 " "$STATUS $(grants)"
is "and no answer lets a page look" "" "$(grants)"
for origin in https://evil.example null "$URL" ''; do
	secure -H "Origin: $origin" ${origin:+-H "X-Nothing: x"} /v1/tenants
	[ -n "$origin" ] || secure -H 'Origin;' /v1/tenants
	is "a read of a page at '$origin'" "403 " "$STATUS $(grants)"
	like "says why" 'no page reads or acts here' "$(jq -r .detail "$BODY")"
	secure "${json[@]}" -H "Origin: ${origin:-x}" --data '{"name":"evil"}' /v1/tenants
	is "an act of a page at '$origin'" "403 " "$STATUS $(grants)"
	secure -X OPTIONS -H "Origin: ${origin:-x}" -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: content-type' /v1/tenants
	is "its preflight" "405 POST, GET, HEAD " "$STATUS $(header Allow) $(grants)"
done
for site in cross-site same-site same-origin; do
	secure -H "Sec-Fetch-Site: $site" /v1/tenants
	is "a read, Sec-Fetch-Site $site" 403 "$STATUS"
	secure "${json[@]}" -H "Sec-Fetch-Site: $site" --data '{"name":"evil"}' /v1/tenants
	is "an act, Sec-Fetch-Site $site" 403 "$STATUS"
	secure -H "Sec-Fetch-Site: $site" /v1/openapi.yaml
	is "what is no secret, Sec-Fetch-Site $site" 403 "$STATUS"
done
secure -H 'Sec-Fetch-Site: none' /v1/tenants
is "what a person typed into a browser" 200 "$STATUS"
for type in text/plain application/x-www-form-urlencoded multipart/form-data application/jsonp ''; do
	secure -H "Content-Type: $type" --data '{"name":"evil"}' /v1/tenants
	is "an act with a body of type '$type', as forms can send it" 415 "$STATUS"
	secure -H "Content-Type: $type" --data '{"chain":""}' /v1/audit
	is "and a read" 415 "$STATUS"
done
api GET /v1/tenants/evil
is "nothing came of all that" 404 "$STATUS"
like "each of these refusals is an entry" 'request.refused' "$(entries platform | grep 'no page reads or acts')"

# --- bodies -------------------------------------------------------------------------------------------

# body NAME STATUS: $WORK/sent to a route that makes something; it is refused so, and nothing is made
body() {
	http --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' --data-binary "@$WORK/sent" http://localhost/v1/tenants
	is "$1" "$2" "$STATUS"
	like "$1: why" "${3:-json: }" "$(jq -r .detail "$BODY")"
}
printf '{"name":"evil","name":"fine"}' >"$WORK/sent"
body "a member twice, of which each reader may take another" 400
printf '{"name":"evil","\\u006eame":"fine"}' >"$WORK/sent"
body "a member twice, in two spellings" 400
{ printf '{"name":'; printf '[%.0s' {1..30000}; printf ']%.0s' {1..30000}; printf '}'; } >"$WORK/sent"
body "30,000 brackets, one in the other" 400
{ printf '{"a":%.0s' {1..10000}; printf 1; printf '}%.0s' {1..10000}; } >"$WORK/sent"
body "10,000 objects, one in the other" 400
printf '{"name":"evil","name\\u0000":"x"}' >"$WORK/sent"
body "a NUL in a name" 400
printf '{"name":"evil"} {"name":"evil"}' >"$WORK/sent"
body "two values" 400
printf '{"name":"evil","hosts":1e999}' >"$WORK/sent"
body "a number beyond all numbers" 400
printf '{"name":"\\ud800"}' >"$WORK/sent"
body "half a pair" 400
{ printf '{"name":"evil","x":"'; head -c 70000 /dev/zero | tr '\0' x; printf '"}'; } >"$WORK/sent"
body "70 KB" 413 "over 65536"
head -c 20000000 /dev/zero | tr '\0' '[' >"$WORK/sent"
# Over what the listener takes at all the HTTP library refuses, in plain text: no answer of the API's.
QUATRAIN_ANSWERS="" http --unix-socket "$DATA/run/api.sock" -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' \
    --data-binary "@$WORK/sent" http://localhost/v1/tenants
is "20 MB of brackets, in chunks" 413 "$STATUS"
api GET /v1/tenants/evil
is "nothing came of these either" 404 "$STATUS"
api GET /v1/tenants
is "and it serves as before" 200 "$STATUS"

# --- methods ------------------------------------------------------------------------------------------

size() { wc -c <"$BODY"; }
secure /v1/tenants
LENGTH=$(size)
secure -I /v1/tenants
is "HEAD is GET without the body" "200 $LENGTH" "$STATUS $(header content-length)$(header Content-Length)"
secure -I /v1/keys
is "of what the signer tells, too" 200 "$STATUS"
secure -I /v1/events
is "but not of a stream" "405 GET" "$STATUS $(header Allow)"
secure -I /v1/tenants/nobody
is "a HEAD of nothing" 404 "$STATUS"
for row in "PUT /v1/tenants POST, GET, HEAD" "TRACE /v1/tenants POST, GET, HEAD" "get /v1/tenants POST, GET, HEAD" \
    "PATCH /v1/tenants/acme/tokens POST, GET, HEAD" "BREW /v1/tenants/acme GET, HEAD" "GET /v1/tenants/acme/suspend POST" \
    "DELETE /v1/openapi.yaml GET, HEAD" "OPTIONS /v1/backups POST"; do
	read -r method path allow <<<"$row"
	secure -X "$method" "$path"
	is "$method $path" "405 $allow" "$STATUS $(header Allow)"
done

# --- paths ---------------------------------------------------------------------------------------------

for path in /v1/tenants/ /v1//tenants //v1/tenants /v1/tenants//acme /v1/tenants/acme/ /v1/tenants/acme// /v1/./tenants /v1/tenants/. \
    /v1/tenants/../tenants /v1/tenants/acme/../beta /v1/%74enants /v1%2Ftenants /v1/tenants%2Facme /v1/tenants/acme%2F /v1/tenants/acm%65 \
    /v1/tenants/acme%00 /v1/tenants/ACME /V1/tenants /v1/Tenants /v1/tenants/acme%20 '/v1/tenants/acme;x=1' /v1/tenants.json \
    /v1 /v1/ /v1/tenants/acme/tokens/x/y '/v1/tenants%23x' /v2/tenants; do
	secure "$path"
	is "$path is nothing" 404 "$STATUS"
done
secure "/v1/tenants/acme?x=1&limit=2&&=&%"
is "a query that a route does not know" 200 "$STATUS"

# --- lists -----------------------------------------------------------------------------------------------

# walk LIST: its items one by one, each on a line
walk() {
	local after='' n=0
	while [ $((n++)) -lt 200 ]; do
		secure "/v1/$1?limit=1${after:+&after=$after}"
		[ "$STATUS" = 200 ] || { echo "status $STATUS"; return; }
		jq -cS '.items[]' "$BODY"
		after=$(jq -r '.next // empty' "$BODY")
		[ -n "$after" ] || return
		LAST_CURSOR=$after
	done
	echo endless
}

for list in tenants operators regions tenants/acme/tokens tenants/acme/certificates tenants/platform/certificates tenants/acme/endpoints \
    tenants/acme/audit tenants/acme/devices tenants/acme/requests tenants/acme/makers acts; do
	LAST_CURSOR=''
	walk "$list" >"$WORK/ones" # and what it leaves in LAST_CURSOR
	secure "/v1/$list?limit=200"
	is "$list, one by one" "$(jq -cS '.items[]' "$BODY" | sha256sum)" "$(sha256sum <"$WORK/ones")"
	case $list in
	tenants) FOREIGN=$LAST_CURSOR ;;
	esac
	[ -n "$LAST_CURSOR" ] || continue
	last=${LAST_CURSOR: -1}
	flipped=${LAST_CURSOR%?}$(tr '0-9a-f' '1-9a-f0' <<<"$last")
	front=$(tr '0-9a-f' '1-9a-f0' <<<"${LAST_CURSOR:0:1}")${LAST_CURSOR:1}
	for bad in "$flipped" "$front" "${LAST_CURSOR%??}" "${LAST_CURSOR}00" "$(printf 'a%.0s' {1..4000})" 00 zz "%00" "${LAST_CURSOR^^}0"; do
		secure "/v1/$list?after=$bad"
		is "$list after ${bad:0:20}..." 400 "$STATUS"
	done
	[ "$list" = tenants ] || {
		secure "/v1/$list?after=$FOREIGN"
		is "$list after a cursor of another list" 400 "$STATUS"
	}
done
secure "/v1/tenants/acme/tokens?limit=1"
secure "/v1/tenants/beta/tokens?after=$(jq -r .next "$BODY")"
is "a cursor of another tenant's list" 400 "$STATUS"
secure "/v1/keys?after=$FOREIGN"
is "keys after a cursor of another list" 400 "$STATUS"
for limit in 0 -1 1001 1x '' 99999999999999999999; do
	secure "/v1/tenants?limit=$limit"
	is "limit=$limit" "$([ -n "$limit" ] && echo 400 || echo 200)" "$STATUS"
done

unlike "no answer granted anything to a page" 'Access-Control' "$(cat "$HEADERS")"
finish
