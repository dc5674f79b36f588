#!/bin/sh
# tests/style.sh [TREE] - lessons that became greps. Each line of the table below is one that somebody learnt the hard way.
#
# First it is held against a file that breaks every rule: a test that cannot fail tests nothing.
set -u

folders="base policy ca ocsp enroll relay daemon"

# deny WHY PATTERN [EXCEPT-FILES]: PATTERN (extended, in code without comments) may stand nowhere else.
deny() {
	# shellcheck disable=SC2086 # the folders are words
	grep -rnE "$2" --include='*.[ch]' $folders 2>/dev/null |
	    grep -vE "^[^:]+:[0-9]+:[[:space:]]*(/?\*|//)" |
	    grep -vE "^(${3:-none}):" | sed "s#\$#  -- $1#"
}

violations() {
	cd "$1" || exit 2
	deny 'bounded copies only' '\b(strcpy|strcat|stpcpy|strncpy|strncat|sprintf|vsprintf|gets) *\('
	deny 'no number without a range check' '\b(atoi|atol|atoll|atof|sscanf) *\('
	deny 'time comes from base/clock and is handed down' \
	    '\b(time *\(|gettimeofday *\(|clock_gettime *\()' 'base/clock\.c'
	deny 'randomness comes from base/secret' '\b(rand|random|srand|drand48) *\('
	deny 'secrets are compared by secret_same' \
	    '\bmemcmp *\([^;]*(secret|token|passphrase|password|mac)\b'
	deny 'compare to 1: it answers 1, 0 and below 0' '! *(X509|X509_CRL|X509_REQ|EVP|OCSP|CMS|EVP_Digest)[A-Za-z0-9_]*_?[vV]erify'
	deny 'only daemon/ logs' '\blog_fact *\(|\blog_start *\(' 'base/log\.[ch]|daemon/[a-z_]+\.[ch]'
	deny 'only daemon/ writes to the terminal' '\b(printf|puts|perror) *\(|\bfprintf *\( *std(err|out)' \
	    'base/secret\.c|daemon/[a-z_]+\.[ch]'
	deny 'no shell' '\b(system|popen) *\('
	deny 'no typedef but for functions' '^typedef (struct|union|enum|unsigned|int|char|u?int[0-9]+_t)'
	deny 'reentrant only' '\b(strtok|localtime|gmtime|asctime|ctime|strerror|inet_ntoa|gethostbyname) *\(' 'base/fault\.c'
	# What is left to do has an issue's number, in comments too: TO-DO(#12).
	# shellcheck disable=SC2086
	grep -rnE '\b(TO''DO|FIX''ME|XX''X)\b' --include='*' --exclude-dir=node_modules $folders tests scripts docs conf ./*.md 2>/dev/null |
	    grep -vE 'TO''DO\(#[0-9]+\)' | sed 's/$/  -- with the number of its issue/'
	# A file over 500 lines is two files.
	# shellcheck disable=SC2086
	find $folders -name '*.[ch]' -exec wc -l {} + 2>/dev/null |
	    awk '$1 > 500 && $2 != "total" { print $2 ":" $1 ": lines  -- over 500 is two files" }'
}

self_check() {
	t=$(mktemp -d) || exit 2
	mkdir "$t/ca"
	cat >"$t/ca/bad.c" <<-'BAD'
	typedef struct bad bad;
		strcpy(a, b);
		n = atoi(s);
		now = time(NULL);
		r = rand();
		if (memcmp(a, token, 16))
		if (!X509_verify(c, k))
		log_fact(LOG_INFO, "x", NULL);
		printf("x");
		system("x");
		tm = gmtime(&t);
		/* TO''DO: later */
	BAD
	sed -i "s/''//" "$t/ca/bad.c"
	n=$(violations "$t" | wc -l)
	rm -r "$t"
	[ "$n" -eq 12 ] && return
	echo "style.sh: its own check expected 12 violations, found $n"
	exit 2
}

self_check
bad=$(violations "${1:-$(dirname "$0")/..}")
[ -z "$bad" ] || { echo "$bad"; exit 1; }
