#!/bin/sh
# tests/layers.sh [TREE] - fail if a folder includes from one it does not stand on, or a library is seen outside its place.
#
# First it is held against a tree that breaks both rules: a test that cannot fail tests nothing.
set -u

# A folder, and the folders it may include from.
may() {
	case $1 in
	base)   echo base ;;
	policy) echo base policy ;;
	ca)     echo base policy ca ;;
	ocsp)   echo base policy ca ocsp ;;
	enroll) echo base policy ca enroll ;;
	relay)  echo base policy ca relay ;;
	daemon) echo base policy ca ocsp enroll relay daemon ;;
	esac
}

# A library's header, and the files that may know it.
only() {
	grep -rnE "^# *include <$1" --include='*.[ch]' base policy ca ocsp enroll relay daemon 2>/dev/null |
	    grep -vE "^($2):" | sed "s#\$#  (only $2 may)#"
}

violations() {
	cd "$1" || exit 2
	for d in base policy ca ocsp enroll relay daemon; do
		[ -d "$d" ] || continue
		ok=$(may "$d" | tr ' ' '|')
		grep -rnE '^# *include "' --include='*.[ch]' "$d" | grep -vE "include \"($ok)/" |
		    sed "s|\$|  ($d/ may not)|"
	done
	only 'h2o'        'daemon/http[a-z_]*\.c'
	only 'lmdb\.h'    'base/store[a-z_]*\.[ch]'
	only 'yaml\.h'    'base/conf_(events\.[ch]|json\.c)'
	only 'cjson/'     'base/json\.c'
	only 'curl/'      'daemon/fetch[a-z_]*\.c'
	only 'qrencode'   'daemon/qr\.c'
	only 'seccomp\.h' 'base/sandbox\.c'
	only 'sodium'     'base/(secret|seal|box|text|harden)\.c|ca/(log|journal|dump)[a-z_]*\.c|ca/(key|token)\.c'
	only 'p11-kit/'   'ca/hsm_internal\.h'
	only 'check\.h'   'tests/.*'
}

self_check() {
	t=$(mktemp -d) || exit 2
	mkdir "$t/base" "$t/ocsp" "$t/enroll" "$t/daemon"
	echo '#include "ca/key.h"' >"$t/base/upward.h"
	echo '#include "enroll/est.h"' >"$t/ocsp/sibling.c"
	printf '# include <lmdb.h>\n#include <sodium/utils.h>\n' >"$t/enroll/library.c"
	printf '#include <h2o.h>\n#include "base/fault.h"\n#include "ocsp/ocsp.h"\n' >"$t/daemon/http_tls.c"
	found=$(violations "$t" | cut -d: -f1 | sort | tr '\n' ' ')
	rm -r "$t"
	[ "$found" = "base/upward.h enroll/library.c enroll/library.c ocsp/sibling.c " ] && return
	echo "layers.sh: its own check expected four violations, found: $found"
	exit 2
}

self_check
bad=$(violations "${1:-$(dirname "$0")/..}")
[ -z "$bad" ] || { echo "$bad"; exit 1; }
