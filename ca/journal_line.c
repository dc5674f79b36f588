/* ca/journal_line.c - one line of the journal, written and read; see journal.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/journal.h"

#define FIELD_MAX 80

static const char *const kinds[] = {
	[JOURNAL_SIGNED] = "signed",
	[JOURNAL_REVOKED] = "revoked",
	[JOURNAL_HELD] = "held",
	[JOURNAL_RELEASED] = "released",
};

/* Take the text before the next space off in, NUL behind; false where it does not fit. */
static bool
take_field(struct octets *in, char to[static FIELD_MAX])
{
	size_t n = 0;

	while (n < in->n && in->at[n] != ' ')
		n++;
	if (n >= FIELD_MAX || memchr(in->at, '\0', n) != NULL)
		return false;
	memcpy(to, in->at, n);
	to[n] = '\0';
	n += n < in->n;
	*in = octets_of(in->at + n, in->n - n);
	return true;
}

static bool
read_number(const char *text, int64_t max, int64_t *ret)
{
	int64_t v = 0;

	if (*text == '\0' || strlen(text) > 15 || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (*text - '0');
	}
	*ret = v;
	return v <= max;
}

static bool
read_kind(const char *text, enum journal_kind *ret)
{
	for (size_t i = JOURNAL_SIGNED; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], text) == 0) {
			*ret = (enum journal_kind)i;
			return true;
		}
	return false;
}

static void
link_chain(const uint8_t before[static JOURNAL_CHAIN_OCTETS], struct octets text,
    uint8_t after[static JOURNAL_CHAIN_OCTETS])
{
	digest_of_both(octets_of(before, JOURNAL_CHAIN_OCTETS), text, after);
}

void
journal_write(const struct journal_line *l, const uint8_t before[static JOURNAL_CHAIN_OCTETS],
    struct bytes *ret, uint8_t after[static JOURNAL_CHAIN_OCTETS])
{
	char issuer[TBS_KEY_ID_OCTETS * 2 + 1], serial[TBS_SERIAL_OCTETS * 2 + 1];
	char digest[sizeof(l->digest) * 2 + 1], chain[JOURNAL_CHAIN_OCTETS * 2 + 1];
	size_t begin = ret->n;

	text_hex(l->issuer, sizeof(l->issuer), issuer);
	text_hex(l->serial, sizeof(l->serial), serial);
	text_hex(l->digest, sizeof(l->digest), digest);
	bytes_put_fmt(
	    ret, "%" PRId64 " %s %s %s %s ", l->at_s, l->tenant, issuer, serial, kinds[l->kind]);
	if (l->kind == JOURNAL_SIGNED)
		bytes_put_text(ret, digest);
	else
		bytes_put_fmt(ret, "%u", l->reason);
	memset(after, 0, JOURNAL_CHAIN_OCTETS);
	if (ret->bad)
		return;
	link_chain(before, octets_of(ret->at + begin, ret->n - begin), after);
	text_hex(after, JOURNAL_CHAIN_OCTETS, chain);
	bytes_put_fmt(ret, " %s\n", chain);
}

/* "SECONDS SERIAL DIGEST", as the first edition wrote it. */
static bool
read_old(struct octets line, struct journal_line *l)
{
	char field[FIELD_MAX];

	return take_field(&line, field) && read_number(field, INT64_MAX, &l->at_s) &&
	       take_field(&line, field) && text_unhex(field, l->serial, sizeof(l->serial)) &&
	       take_field(&line, field) && text_unhex(field, l->digest, sizeof(l->digest)) &&
	       line.n == 0;
}

static bool
read_new(struct octets line, struct journal_line *l)
{
	char field[FIELD_MAX];
	int64_t reason = 0;

	if (!take_field(&line, field) || !read_number(field, INT64_MAX, &l->at_s) ||
	    !take_field(&line, field) || !text_is_label(field))
		return false;
	memcpy(l->tenant, field, strlen(field) + 1);
	if (!take_field(&line, field) || !text_unhex(field, l->issuer, sizeof(l->issuer)) ||
	    !take_field(&line, field) || !text_unhex(field, l->serial, sizeof(l->serial)) ||
	    !take_field(&line, field) || !read_kind(field, &l->kind) || !take_field(&line, field))
		return false;
	if (l->kind == JOURNAL_SIGNED ? !text_unhex(field, l->digest, sizeof(l->digest))
				      : !read_number(field, UINT8_MAX, &reason))
		return false;
	l->reason = (uint8_t)reason;
	return true;
}

/* What is read loosely is held against what we would have written: there is one spelling. */
bool
journal_parse(struct octets line, const uint8_t before[static JOURNAL_CHAIN_OCTETS],
    struct journal_line *ret, uint8_t after[static JOURNAL_CHAIN_OCTETS], struct fault *f)
{
	struct journal_line l = { .kind = JOURNAL_OLD };
	struct bytes again = { 0 };
	bool same;

	if (read_old(line, &l)) {
		*ret = l;
		memset(after, 0, JOURNAL_CHAIN_OCTETS);
		return true;
	}
	l = (struct journal_line){ .at_s = 0 };
	if (!read_new(line, &l))
		return fault_set(f, FAULT_BADREQ, "journal: not a line of it");
	journal_write(&l, before, &again, after);
	same = !again.bad && again.n == line.n + 1 && memcmp(again.at, line.at, line.n) == 0;
	bytes_free(&again);
	if (!same)
		return fault_set(f, FAULT_BADREQ, "journal: the chain does not hold here");
	*ret = l;
	return true;
}
