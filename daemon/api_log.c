/*
 * daemon/api_log.c - a tenant's log as C2SP tlog-tiles serves it, and proofs about it; see api.h.
 *
 * All of it is about the newest checkpoint that was signed: what came after it
 * is not here yet, so nobody is shown a tree that nothing stands for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/log_tree.h"
#include "ca/proof_file.h"
#include "daemon/api.h"
#include "daemon/precondition.h"

static const char type_text[] = "text/plain; charset=utf-8";

/* A log with its newest checkpoint; text is to bytes_free(). */
struct shown {
	struct ledger *ledger;
	struct bytes text;
	struct log_note note; /* lends from text */
};

static bool
open_shown(const struct api_call *c, struct shown *s, struct fault *f)
{
	*s = (struct shown){ .ledger = NULL };
	if (!realm_ledger(c->api->realm, c->ledger, &s->ledger, f))
		return false;
	if (log_note_stored(s->ledger, &s->text, &s->note, f))
		return true;
	bytes_free(&s->text);
	if (f->code == FAULT_NOTFOUND)
		fault_set(f, FAULT_NOTFOUND,
		    "log: no checkpoint was signed yet: the service signs one within \"log: checkpoint:\" seconds");
	else if (f->code == FAULT_BADREQ)
		f->code = FAULT_INTERNAL; /* ours, not the asker's */
	return false;
}

bool
api_checkpoint(const struct api_call *c, struct fault *f)
{
	struct shown s;

	if (!open_shown(c, &s, f))
		return false;
	bytes_put_octets(&c->x->reply, octets_bytes(&s.text));
	bytes_free(&s.text);
	if (!bytes_ok(&c->x->reply, f))
		return false;
	exchange_header(c->x, "Cache-Control", "private, no-cache");
	c->x->type = type_text;
	c->x->status = 200;
	return true;
}

/* --- tiles -------------------------------------------------------------------------------------
 */

/* A hash never changes, so a full tile of them is good for ever; lines may be redacted by law, and
 * must be asked for again. */
static void
send_tile(struct exchange *x, bool lasts)
{
	uint8_t digest[32];
	char hex[33], tag[35];

	digest_of(octets_bytes(&x->reply), digest);
	text_hex(digest, 16, hex);
	(void)snprintf(tag, sizeof(tag), "\"%s\"", hex);
	exchange_header(x, "ETag", "%s", tag);
	exchange_header(x, "Cache-Control", "%s",
	    lasts ? "private, max-age=31536000, immutable" : "private, no-cache");
	if (precondition_has(x->if_none_match, tag)) {
		bytes_clear(&x->reply);
		x->status = 304;
		return;
	}
	x->type = "application/octet-stream";
	x->status = 200;
}

bool
api_tile(const struct api_call *c, struct fault *f)
{
	struct log_tile_name t;
	struct shown s;
	bool ok;

	if (!log_tile_read_name(c->rest, &t))
		return fault_set(f, FAULT_NOTFOUND,
		    "tile: C2SP tlog-tiles: expected LEVEL/x001/234, entries/x001/234, or .p/WIDTH behind it");
	if (!open_shown(c, &s, f))
		return false;
	if (!log_tile_in(s.note.size, t.level, t.index, t.width))
		ok = fault_set(f, FAULT_NOTFOUND,
		    "tile: a tree of %" PRIu64 " entries, as the newest checkpoint has, has it not",
		    s.note.size);
	else if (t.entries)
		ok = log_tile_entries(s.ledger, t.index, t.width, &c->x->reply, f);
	else
		ok = log_tile(s.ledger, t.level, t.index, t.width, &c->x->reply, f);
	bytes_free(&s.text);
	if (ok)
		send_tile(c->x, !t.entries && t.width == LOG_TILE_WIDTH);
	return ok;
}

/* --- proofs ------------------------------------------------------------------------------------
 */

/* A whole number of the query. *ret_there: it stands there. */
static bool
number(const struct exchange *x, const char *name, uint64_t *ret, bool *ret_there, struct fault *f)
{
	char text[20], *end;

	if (!api_query(x, name, text, sizeof(text), f))
		return false;
	*ret_there = text[0] != '\0';
	if (!*ret_there)
		return true;
	*ret = strtoull(text, &end, 10);
	return (text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
		   (text[0] != '0' || text[1] == '\0')) ||
	       fault_set(f, FAULT_BADREQ, "%s: expected a whole number", name);
}

/* A proof is about a tree that is signed for; of those the newest is kept. */
static bool
check_size(const struct api_call *c, const struct shown *s, struct fault *f)
{
	uint64_t size;
	bool there;

	if (!number(c->x, "size", &size, &there, f))
		return false;
	return !there || size == s->note.size ||
	       fault_set(f, FAULT_NOTFOUND,
		   "size: the newest checkpoint is over %" PRIu64 " entries", s->note.size);
}

static bool
find_entry(const struct api_call *c, const struct shown *s, uint64_t *ret, struct fault *f)
{
	char hex[2 * TBS_SERIAL_OCTETS + 2];
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct standing st;
	bool by_index;

	if (!api_query(c->x, "serial", hex, sizeof(hex), f) ||
	    !number(c->x, "index", ret, &by_index, f))
		return false;
	if (by_index == (hex[0] != '\0'))
		return fault_set(f, FAULT_BADREQ, "expected either index or serial");
	if (by_index)
		return true;
	if (!text_unhex(hex, serial, sizeof(serial)))
		return fault_set(f, FAULT_BADREQ, "serial: expected %d hexadecimal digits",
		    2 * TBS_SERIAL_OCTETS);
	if (!ledger_standing(s->ledger, serial, &st, f)) {
		if (f->code == FAULT_NOTFOUND)
			fault_set(f, FAULT_NOTFOUND, "serial: there is no such certificate");
		return false;
	}
	*ret = st.issued_index;
	return true;
}

static bool
broken(struct fault *f)
{
	return fault_set(f, FAULT_INTERNAL, "log: what is stored is not what was signed");
}

static bool
prove_entry(const struct api_call *c, const struct shown *s, struct fault *f)
{
	uint8_t leaf[LOG_HASH_OCTETS], key[8];
	struct bytes line = { 0 };
	struct log_path path;
	uint64_t index;
	bool ok;

	if (!check_size(c, s, f) || !find_entry(c, s, &index, f))
		return false;
	if (index >= s->note.size)
		return fault_set(f, FAULT_NOTFOUND,
		    "log: entry %" PRIu64 " is not under the newest checkpoint, over %" PRIu64
		    " entries, yet",
		    index, s->note.size);
	ok = log_tree_inclusion(s->ledger, index, s->note.size, &path, f) &&
	     log_leaf_at(s->ledger, index, leaf, f) &&
	     (log_path_includes(&path, leaf, index, s->note.size, s->note.root) || broken(f)) &&
	     ledger_get(s->ledger, TABLE_LOG, octets_u64(index, key), &line, f) &&
	     proof_file_put_inclusion(
		 octets_bytes(&line), index, &path, octets_bytes(&s->text), &c->x->reply, f);
	bytes_free(&line);
	return ok;
}

static bool
prove_growth(const struct api_call *c, const struct shown *s, struct fault *f)
{
	uint8_t root[LOG_HASH_OCTETS];
	struct log_path path;
	uint64_t old;
	bool there;

	if (!check_size(c, s, f) || !number(c->x, "old", &old, &there, f))
		return false;
	if (!there)
		return fault_set(f, FAULT_BADREQ, "old: expected a number of entries");
	if (old > s->note.size)
		return fault_set(f, FAULT_NOTFOUND,
		    "old: the newest checkpoint is over %" PRIu64 " entries", s->note.size);
	return log_tree_consistency(s->ledger, old, s->note.size, &path, f) &&
	       log_tree_root(s->ledger, old, root, f) &&
	       (log_path_extends(&path, old, root, s->note.size, s->note.root) || broken(f)) &&
	       proof_file_put_consistency(old, &path, octets_bytes(&s->text), &c->x->reply, f);
}

static bool
prove(const struct api_call *c,
    bool (*put)(const struct api_call *c, const struct shown *s, struct fault *f), struct fault *f)
{
	struct shown s;
	bool ok;

	if (!open_shown(c, &s, f))
		return false;
	ok = put(c, &s, f);
	bytes_free(&s.text);
	if (!ok)
		return false;
	exchange_header(c->x, "Cache-Control", "private, no-cache");
	c->x->type = type_text;
	c->x->status = 200;
	return true;
}

bool
api_proof(const struct api_call *c, struct fault *f)
{
	return prove(c, prove_entry, f);
}

bool
api_consistency(const struct api_call *c, struct fault *f)
{
	return prove(c, prove_growth, f);
}
