/* ca/proof_check.c - see proof_check.h. */
#include "ca/proof_check.h"

#include <inttypes.h>
#include <string.h>

static bool
check_cosigners(
    const struct log_note *n, const struct log_keys *k, struct proven_note *p, struct fault *f)
{
	for (size_t i = 0; i < k->cosigners && p->cosigned < LOG_NOTE_LINES; i++) {
		const struct log_known_key *c = &k->cosigner[i];
		struct fault why;

		if (log_note_cosigned(n, c->name, c->key, &p->by[p->cosigned].at_s, &why)) {
			memcpy(p->by[p->cosigned].name, c->name, sizeof(c->name));
			p->cosigned++;
		} else if (why.code != FAULT_NOTFOUND) {
			*f = why;
			return false;
		}
	}
	return true;
}

/* By the log's key, or by one that was the log's when it was signed. */
static bool
signed_by(const struct log_note *n, const struct log_keys *k, bool *ret_old, struct fault *f)
{
	struct fault none;

	*ret_old = true;
	for (size_t i = 0; i < k->olds; i++)
		if (log_note_signed(n, k->old[i].key, &none))
			return true;
	*ret_old = false;
	return log_note_signed(n, k->log.key, f);
}

bool
proof_check_note(
    const struct log_note *n, const struct log_keys *k, struct proven_note *ret, struct fault *f)
{
	struct proven_note p = { .size = n->size, .epoch = n->epoch, .rooted = k->rooted };

	if (strcmp(n->origin, k->log.name) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "checkpoint: it is of the log %.100s, not of %.100s", n->origin, k->log.name);
	if (!signed_by(n, k, &p.old_key, f) || !check_cosigners(n, k, &p, f))
		return false;
	memcpy(p.origin, n->origin, sizeof(p.origin));
	memcpy(p.root, n->root, sizeof(p.root));
	p.strangers = n->lines - 1 - p.cosigned;
	if (k->cosigners > 0 && p.cosigned == 0 && p.strangers > 0)
		return fault_set(f, FAULT_BADREQ,
		    "checkpoint: its cosignatures are by none of the cosigners that are known");
	*ret = p;
	return true;
}

bool
proof_entry_time(struct octets line, int64_t *ret_s)
{
	struct json *j = NULL;
	struct fault none;
	const char *at;
	bool ok;

	if (!json_parse(line, &j, &none))
		return false;
	at = json_text(j, "at");
	ok = at != NULL && log_time(at, ret_s);
	json_free(j);
	return ok;
}

/* The line is one of ours, and says that it is this entry. */
static bool
check_line(struct octets line, uint64_t index, struct fault *f)
{
	struct json *j = NULL;
	struct bytes again = { 0 };
	struct fault why;
	int64_t n;
	bool ok = false;

	if (!json_parse(line, &j, &why) || !json_write(j, &again, &why))
		fault_set(f, FAULT_BADREQ, "proof: the entry: %.180s", why.text);
	else if (!octets_same(octets_bytes(&again), line))
		fault_set(f, FAULT_BADREQ, "proof: the entry: RFC 8785: not canonical");
	else if (!json_number(j, "n", 0, INT64_MAX >> 11, -1, &n) || n != (int64_t)index)
		fault_set(f, FAULT_BADREQ,
		    "proof: the entry: it says that it is another than entry %" PRIu64, index);
	else if (json_text(j, "act") == NULL || json_text(j, "at") == NULL)
		fault_set(f, FAULT_BADREQ, "proof: the entry: it names no act, or no time");
	else
		ok = true;
	bytes_free(&again);
	json_free(j);
	return ok;
}

bool
proof_check_entry(
    const struct proof_file *p, const struct log_keys *k, struct proven_entry *ret, struct fault *f)
{
	struct octets line = octets_bytes(&p->extra);
	struct proven_entry e = { .index = p->index };
	uint8_t leaf[LOG_HASH_OCTETS];

	if (p->kind != PROOF_INCLUSION || line.n == 0)
		return fault_set(f, FAULT_BADREQ,
		    "proof: expected a proof of inclusion with the entry in its extra line");
	e.redacted = redaction_stub(line, p->index, &e.stub);
	if (!e.redacted && !check_line(line, p->index, f))
		return false;
	if (!proof_check_note(&p->note, k, &e.note, f))
		return false;
	log_line_leaf(line, p->index, leaf);
	if (!log_path_includes(&p->path, leaf, p->index, p->note.size, p->note.root))
		return fault_set(f, FAULT_BADREQ,
		    "proof: RFC 9162 section 2.1.3.2: the hashes do not lead from the entry to the checkpoint's root");
	if (e.redacted && e.stub.by >= p->note.size)
		return fault_set(
		    f, FAULT_BADREQ, "proof: the entry: its redaction is not in this tree");
	*ret = e;
	return true;
}

bool
proof_check_told(const struct proven_entry *gone, const struct proof_file *by,
    const struct log_keys *k, struct redaction *ret, struct fault *f)
{
	struct proven_entry e;
	struct redaction r;

	if (!proof_check_entry(by, k, &e, f))
		return false;
	if (strcmp(e.note.origin, gone->note.origin) != 0 || e.index != gone->stub.by ||
	    !redaction_read(octets_bytes(&by->extra), e.index, &r) || r.n != gone->index ||
	    memcmp(r.leaf, gone->stub.leaf, sizeof(r.leaf)) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "proof: entry %" PRIu64 " does not tell of the redaction of entry %" PRIu64,
		    e.index, gone->index);
	*ret = r;
	return true;
}

bool
proof_check_pair(const struct proven_note *older, const struct proven_note *newer,
    enum proof_pair *ret, struct fault *f)
{
	if (strcmp(older->origin, newer->origin) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "checkpoint: one is of the log %.90s, one of %.90s", older->origin,
		    newer->origin);
	if (older->epoch != newer->epoch)
		*ret = PAIR_EPOCHS;
	else if (older->size != newer->size)
		*ret = PAIR_UNPROVEN;
	else
		*ret = memcmp(older->root, newer->root, sizeof(older->root)) == 0 ? PAIR_SAME
										  : PAIR_SPLIT;
	return true;
}

bool
proof_check_consistency(const struct proven_note *older, const struct proof_file *p,
    const struct proven_note *newer, enum proof_pair *ret, struct fault *f)
{
	enum proof_pair pair;

	if (!proof_check_pair(older, newer, &pair, f))
		return false;
	if (pair == PAIR_UNPROVEN || pair == PAIR_EPOCHS) {
		if (p->kind != PROOF_CONSISTENCY || p->index != older->size)
			return fault_set(f, FAULT_BADREQ,
			    "proof: expected one of consistency with %" PRIu64 " entries",
			    older->size);
		if (!log_path_extends(&p->path, older->size, older->root, newer->size, newer->root))
			return fault_set(f, FAULT_BADREQ,
			    "proof: RFC 9162 section 2.1.4.2: the hashes do not lead from the older root to the newer one");
		pair = PAIR_EXTENDS;
	}
	*ret = pair;
	return true;
}
