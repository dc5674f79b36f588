/* relay/grant.c - see grant.h. */
#include "relay/grant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/log.h"

#define NOUN "grant"

enum field_kind { FIELD_WORD, FIELD_NUMBER, FIELD_TIME, FIELD_DIGEST };

/* The lines behind the origin's, in their order. */
static const struct field {
	const char *word;
	enum field_kind kind;
	size_t at, size;
} fields[] = {
#define FIELD(word, kind, name)                                                                    \
	{                                                                                          \
		word, kind, offsetof(struct grant, name), sizeof(((struct grant *)0)->name)        \
	}
	FIELD("id", FIELD_WORD, id),
	FIELD("user", FIELD_WORD, user),
	FIELD("device", FIELD_WORD, device),
	FIELD("connector", FIELD_WORD, connector),
	FIELD("profile", FIELD_WORD, profile),
	FIELD("destination", FIELD_DIGEST, destination),
	FIELD("octets", FIELD_NUMBER, octets),
	FIELD("at", FIELD_TIME, at_s),
	FIELD("until", FIELD_TIME, until_s),
	FIELD("decision", FIELD_WORD, decision),
#undef FIELD
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

void
grant_origin(const struct name_space *ns, const char *tenant, char to[static FEED_ORIGIN_MAX])
{
	char host[TEXT_HOST_MAX];

	name_tenant_host(ns, tenant, host);
	(void)snprintf(to, FEED_ORIGIN_MAX, "%.240s/scan-grant", host);
}

/* --- as text ------------------------------------------------------------------------------------
 */

static void
put_field(const struct grant *g, const struct field *l, struct bytes *ret)
{
	const uint8_t *at = (const uint8_t *)g + l->at;
	char text[2 * GRANT_DIGEST + 1];
	uint64_t number;
	int64_t when_s;

	bytes_put_fmt(ret, "%s ", l->word);
	switch (l->kind) {
	case FIELD_WORD:
		bytes_put_text(ret, (const char *)at);
		break;
	case FIELD_NUMBER:
		memcpy(&number, at, sizeof(number));
		bytes_put_fmt(ret, "%" PRIu64, number);
		break;
	case FIELD_TIME:
		memcpy(&when_s, at, sizeof(when_s));
		text_time(when_s, text);
		bytes_put_text(ret, text);
		break;
	case FIELD_DIGEST:
	default:
		text_hex(at, GRANT_DIGEST, text);
		bytes_put_text(ret, text);
		break;
	}
	bytes_put_text(ret, "\n");
}

static void
put_text(const struct grant *g, struct bytes *ret)
{
	bytes_put_fmt(ret, "%s\n", g->origin);
	for (size_t i = 0; i < FIELDS; i++)
		put_field(g, &fields[i], ret);
}

static bool
read_digest(struct octets line, uint8_t to[static GRANT_DIGEST])
{
	char hex[2 * GRANT_DIGEST + 1];

	if (line.n != sizeof(hex) - 1)
		return false;
	memcpy(hex, line.at, line.n);
	hex[line.n] = '\0';
	return text_unhex(hex, to, GRANT_DIGEST);
}

static bool
read_field(struct octets line, const struct field *l, struct grant *g)
{
	uint8_t *at = (uint8_t *)g + l->at;
	uint64_t number;
	int64_t when_s;
	char word[16];

	(void)snprintf(word, sizeof(word), "%s ", l->word);
	if (l->kind == FIELD_TIME) {
		if (!signed_text_time(line, word, &when_s))
			return false;
		memcpy(at, &when_s, sizeof(when_s));
		return true;
	}
	if (!octets_take_text(&line, word))
		return false;
	if (l->kind == FIELD_DIGEST)
		return read_digest(line, at);
	if (l->kind == FIELD_WORD)
		return signed_text_origin(line, (char *)at, l->size);
	if (!signed_text_number(line, &number))
		return false;
	memcpy(at, &number, sizeof(number));
	return true;
}

/* What is put is what would be read: a word with a blank or a line end in it is no word. */
static bool
is_canonical(const struct grant *g, struct octets text)
{
	struct bytes again = { 0 };
	bool same;

	put_text(g, &again);
	same = !again.bad && octets_same(octets_bytes(&again), text);
	bytes_free(&again);
	return same;
}

static bool
read_text(struct octets text, struct grant *ret, struct fault *f)
{
	struct grant g = { .text = text };
	struct octets in = text, line;

	if (!signed_text_line(&in, &line) || !signed_text_origin(line, g.origin, sizeof(g.origin)))
		return fault_set(f, FAULT_BADREQ, NOUN ": line 1: expected whose it is");
	for (size_t i = 0; i < FIELDS; i++)
		if (!signed_text_line(&in, &line) || !read_field(line, &fields[i], &g))
			return fault_set(f, FAULT_BADREQ, NOUN ": line %zu: expected \"%s ...\"",
			    i + 2, fields[i].word);
	if (in.n > 0 || !is_canonical(&g, text))
		return fault_set(f, FAULT_BADREQ, NOUN ": it is spelled in another way than ours");
	if (strlen(g.id) != GRANT_ID_LETTERS || g.until_s < g.at_s || g.octets > GRANT_OCTETS_MAX)
		return fault_set(f, FAULT_BADREQ, NOUN ": no grant has these values");
	*ret = g;
	return true;
}

bool
grant_sign(const struct grant *g, const struct key *k, struct bytes *ret, struct fault *f)
{
	struct bytes text = { 0 };
	struct grant again;
	bool ok;

	put_text(g, &text);
	ok = bytes_ok(&text, f) && read_text(octets_bytes(&text), &again, f) &&
	     signed_text_put(g->origin, octets_bytes(&text), k, ret, f);
	bytes_free(&text);
	return ok;
}

bool
grant_read(struct octets note, struct grant *ret, struct fault *f)
{
	struct octets text, signatures;
	struct grant g;

	if (note.n > GRANT_NOTE_MAX)
		return fault_set(f, FAULT_BADREQ, NOUN ": over %d octets", GRANT_NOTE_MAX);
	if (!signed_text_split(note, NOUN, &text, &signatures, f) || !read_text(text, &g, f) ||
	    !signed_text_by(signatures, g.origin, NOUN, &g.by, f))
		return false;
	*ret = g;
	return true;
}

/* --- is it ours to use so? ----------------------------------------------------------------------
 */

static bool
holds_for(const struct grant *g, const struct grant_use *use, struct fault *f)
{
	const struct {
		const char *word, *granted, *used;
	} same[] = {
		{ "tenant", g->origin, use->origin },
		{ "user", g->user, use->user },
		{ "device", g->device, use->device },
		{ "connector", g->connector, use->connector },
		{ "profile", g->profile, use->profile },
	};
	uint8_t digest[DIGEST_OCTETS];

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (strcmp(same[i].granted, same[i].used) != 0)
			return fault_set(
			    f, FAULT_DENIED, NOUN ": it is for another %s", same[i].word);
	digest_of(use->destination, digest);
	if (memcmp(digest, g->destination, sizeof(digest)) != 0)
		return fault_set(f, FAULT_DENIED, NOUN ": it is for another destination");
	if (use->octets > g->octets)
		return fault_set(f, FAULT_DENIED,
		    NOUN ": it is for %" PRIu64 " octets, not %" PRIu64, g->octets, use->octets);
	if (use->now_s > g->until_s || use->now_s + GRANT_SKEW_S < g->at_s)
		return fault_set(f, FAULT_DENIED, NOUN ": its time is not now");
	return true;
}

bool
grant_verify(const struct grant *g, struct octets signer, struct octets root_pem,
    const struct grant_use *use, struct fault *f)
{
	uint8_t key[32];

	return log_signer(signer, root_pem, g->origin, g->at_s, key, f) &&
	       signed_text_verify(g->text, g->origin, &g->by, key, NOUN, f) && holds_for(g, use, f);
}
