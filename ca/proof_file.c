/* ca/proof_file.c - see proof_file.h. */
#include "ca/proof_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_HASHES 63

static const char magic[] = "c2sp.org/tlog-proof@v1";
static const char word_extra[] = "extra ", word_index[] = "index ", word_old[] = "old ";

static void
put_path(const struct log_path *path, struct octets checkpoint, struct bytes *ret)
{
	for (size_t i = 0; i < path->n; i++) {
		text_base64(octets_of(path->node[i], LOG_HASH_OCTETS), 0, ret);
		bytes_put_text(ret, "\n");
	}
	bytes_put_text(ret, "\n");
	bytes_put_octets(ret, checkpoint);
}

bool
proof_file_put_inclusion(struct octets entry, uint64_t index, const struct log_path *path,
    struct octets checkpoint, struct bytes *ret, struct fault *f)
{
	bytes_put_fmt(ret, "%s\n", magic);
	if (entry.n > 0) {
		bytes_put_text(ret, word_extra);
		text_base64(entry, 0, ret);
		bytes_put_text(ret, "\n");
	}
	bytes_put_fmt(ret, "%s%" PRIu64 "\n", word_index, index);
	put_path(path, checkpoint, ret);
	return bytes_ok(ret, f);
}

bool
proof_file_put_consistency(uint64_t old, const struct log_path *path, struct octets checkpoint,
    struct bytes *ret, struct fault *f)
{
	bytes_put_fmt(ret, "%s%" PRIu64 "\n", word_old, old);
	put_path(path, checkpoint, ret);
	return bytes_ok(ret, f);
}

static bool
begins(struct octets in, const char *word)
{
	size_t n = strlen(word);

	return in.n >= n && memcmp(in.at, word, n) == 0;
}

bool
proof_file_is(struct octets text)
{
	return begins(text, magic) || begins(text, word_old);
}

/* The text, and the line that is being read. */
struct lines {
	struct octets left, line;
	unsigned at;
};

static bool
next(struct lines *l)
{
	const uint8_t *end = l->left.n == 0 ? NULL : memchr(l->left.at, '\n', l->left.n);

	if (end == NULL)
		return false;
	l->line = octets_of(l->left.at, (size_t)(end - l->left.at));
	l->left = octets_of(end + 1, l->left.n - l->line.n - 1);
	l->at++;
	return true;
}

static bool
wrong(const struct lines *l, const char *expected, struct fault *f)
{
	return fault_set(f, FAULT_BADREQ, "proof: line %u: expected %s", l->at, expected);
}

/* What stands behind word, where the line begins with it. */
static bool
behind(const struct lines *l, const char *word, struct octets *ret)
{
	size_t n = strlen(word);

	if (!begins(l->line, word))
		return false;
	*ret = octets_of(l->line.at + n, l->line.n - n);
	return true;
}

/* How the number is spelled is looked at when all is spelled again. */
static bool
take_number(const struct lines *l, const char *word, uint64_t *ret)
{
	struct octets o;
	char text[20];

	if (!behind(l, word, &o) || o.n == 0 || o.n > 18)
		return false;
	memcpy(text, o.at, o.n);
	text[o.n] = '\0';
	*ret = strtoull(text, NULL, 10);
	return true;
}

static bool
take_path(struct lines *l, struct log_path *path, struct fault *f)
{
	struct bytes hash = { 0 };
	struct fault why;
	bool ok = true;

	while ((ok = next(l)) && l->line.n > 0) {
		bytes_clear(&hash);
		if (path->n == PATH_MAX_HASHES || !text_unbase64(l->line, &hash, &why) ||
		    hash.n != LOG_HASH_OCTETS) {
			ok = false;
			break;
		}
		memcpy(path->node[path->n++], hash.at, LOG_HASH_OCTETS);
	}
	bytes_free(&hash);
	return ok ||
	       wrong(
		   l, "a hash in base64, or an empty line (C2SP tlog-proof, 63 hashes at most)", f);
}

static bool
take_head(struct lines *l, struct proof_file *p, struct fault *f)
{
	struct octets extra;
	struct fault why;

	if (!next(l) || !proof_file_is(l->line))
		return wrong(l, "c2sp.org/tlog-proof@v1, or old and a number", f);
	p->kind = begins(l->line, word_old) ? PROOF_CONSISTENCY : PROOF_INCLUSION;
	if (p->kind == PROOF_CONSISTENCY)
		return take_number(l, word_old, &p->index) || wrong(l, "a number", f);
	if (next(l) && behind(l, word_extra, &extra)) {
		if (!text_unbase64(extra, &p->extra, &why) || p->extra.n == 0 ||
		    p->extra.n > LOG_ENTRY_MAX)
			return wrong(l, "the entry in base64", f);
		(void)next(l);
	}
	return take_number(l, word_index, &p->index) ||
	       wrong(l, "index and the number of an entry", f);
}

/* Numbers with zeros before them, base64 with spaces or other bits in it: not what is written. */
static bool
is_canonical(struct octets text, const struct proof_file *p, struct fault *f)
{
	struct bytes again = { 0 };
	size_t at = 0;
	bool ok = p->kind == PROOF_CONSISTENCY
		      ? proof_file_put_consistency(p->index, &p->path, p->checkpoint, &again, f)
		      : proof_file_put_inclusion(
			    octets_bytes(&p->extra), p->index, &p->path, p->checkpoint, &again, f);

	if (ok && !octets_same(text, octets_bytes(&again))) {
		while (at < text.n && at < again.n && text.at[at] == again.at[at])
			at++;
		ok = fault_set(f, FAULT_BADREQ,
		    "proof: RFC 4648 section 4: spelled in another way at octet %zu", at);
	}
	bytes_free(&again);
	return ok;
}

bool
proof_file_read(struct octets text, struct proof_file *ret, struct fault *f)
{
	struct lines l = { .left = text };
	struct proof_file p = { .kind = PROOF_INCLUSION };

	if (text.n > PROOF_FILE_MAX)
		return fault_set(f, FAULT_LIMIT, "proof: over %d octets", PROOF_FILE_MAX);
	if (!take_head(&l, &p, f) || !take_path(&l, &p.path, f))
		goto fail;
	p.checkpoint = l.left;
	if (!log_note_read(p.checkpoint, &p.note, f) || !is_canonical(text, &p, f))
		goto fail;
	if (p.kind == PROOF_INCLUSION ? p.index >= p.note.size : p.index > p.note.size) {
		fault_set(f, FAULT_BADREQ,
		    "proof: it is about entry %" PRIu64 ", and the checkpoint is over %" PRIu64,
		    p.index, p.note.size);
		goto fail;
	}
	*ret = p;
	return true;
fail:
	bytes_free(&p.extra);
	return false;
}

void
proof_file_free(struct proof_file *p)
{
	bytes_free(&p->extra);
}
