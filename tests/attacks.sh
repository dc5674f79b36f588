#!/usr/bin/env bash
# tests/attacks.sh [ROW...] - fail if an attack of tests/attacks.tsv has no test, or its test did not run and pass.
#
# A unit test is one that its source has and that the program told as passed (CMakeLists.txt has ctest keep what each told); a
# flow's is a line "pass" in its log. What is missing or older than the program is run first. QUATRAIN_BUILD names the build.
set -u

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$TREE" || exit 1
BUILD=${QUATRAIN_BUILD:-build/release}
TABLE=tests/attacks.tsv
LOGS=build/logs
FLOW_S=$([ "${QUATRAIN_LONG:-0}" = 1 ] && echo 1800 || echo 600)
ROWS=("$@")
[ $# -gt 0 ] || mapfile -t ROWS < <(seq 1 49; seq 51 57; echo 61)
PASSED=0
FAILED=0

miss() { # miss ROW WHERE NAME WHY
	FAILED=$((FAILED + 1))
	echo "attacks: row $1: $2: \"$3\": $4"
}

# told WHERE: the file in which its tests are told; run now where it is missing or old
told() {
	local noun=${1#*:}
	case $1 in
	unit:*)
		TOLD=$BUILD/tap/unit_$noun.tap
		[ -x "$BUILD/unit_$noun" ] || return 1
		[ "$TOLD" -nt "$BUILD/unit_$noun" ] || CK_TAP_LOG_FILE_NAME=$TOLD "$BUILD/unit_$noun" >/dev/null 2>&1
		;;
	flow:*)
		TOLD=$LOGS/flow-${BUILD##*/}-$noun.log
		[ -x "tests/flow/$noun.sh" ] || return 1
		[ "$TOLD" -nt "$BUILD/quatrain" ] || QUATRAIN_BIN=$TREE/$BUILD/quatrain timeout "$FLOW_S" "tests/flow/$noun.sh" >"$TOLD" 2>&1
		;;
	*) return 1 ;;
	esac
	[ -s "$TOLD" ]
}

# ran WHERE NAME: all of its runs passed, and there was one
ran() {
	case $1 in
	unit:*) awk -v name="$2" '{ split($0, w, ":") }
	    index($0, ":" name ":") { n++; if ($0 !~ /^ok [0-9]+ - / || $0 !~ /: Passed$/) bad = 1 } END { exit bad || n == 0 }' "$TOLD" ;;
	flow:*) grep -qxF "pass  ${1#*:}: $2" "$TOLD" && ! grep -qxF "FAIL  ${1#*:}: $2" "$TOLD" ;;
	esac
}

check() { # check ROW WHERE NAME
	if ! told "$2"; then
		miss "$@" "no such program or flow, or it told nothing"
	elif [ "${2%%:*}" = unit ] && ! grep -qE "^START_TEST\($3\)" "tests/unit/${2#*:}.c"; then
		miss "$@" "its source has no such test"
	elif ! ran "$2" "$3"; then
		miss "$@" "did not run and pass"
	else
		PASSED=$((PASSED + 1))
	fi
}

mkdir -p "$LOGS" "$BUILD/tap"
for row in "${ROWS[@]}"; do
	before=$((PASSED + FAILED))
	while IFS=$'\t' read -r number attack expected where name; do
		[ "$number" = "$row" ] || continue
		if [ -z "$attack" ] || [ -z "$expected" ] || [ -z "$name" ]; then
			miss "$row" "$where" "$name" "a line of five columns is due"
		else
			check "$row" "$where" "$name"
		fi
	done < <(grep -v '^#' $TABLE)
	[ $((PASSED + FAILED)) -gt "$before" ] || miss "$row" $TABLE "" "no test for it"
done
echo "attacks: ${#ROWS[@]} rows, $PASSED tests ran and passed, $FAILED did not"
[ "$FAILED" -eq 0 ]
