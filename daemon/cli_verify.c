/* daemon/cli_verify.c - see cli_verify.h. */
#include "daemon/cli_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "ca/bundle.h"
#include "ca/proof_check.h"
#include "daemon/cli_call.h"

/* One of the words. */
struct material {
	const char *path;
	enum { IS_NOTE, IS_INCLUSION, IS_CONSISTENCY, IS_FOLDER } kind;
	struct bytes text;
	struct proof_file proof; /* of IS_NOTE its note alone */
	struct proven_note note; /* what was believed */
	struct log_keys keys;    /* by which */
};

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
cli_verify_is_files(const struct invocation *inv)
{
	return inv->words_n > 1 || (!is_folder(inv->words[0]) && !bundle_is(inv->words[0]));
}

static void
material_free(struct material *m)
{
	proof_file_free(&m->proof);
	bytes_free(&m->text);
}

static bool
material_read(const char *path, struct material *m, struct fault *f)
{
	struct octets text;

	m->path = path;
	if (is_folder(path)) {
		m->kind = IS_FOLDER;
		return true;
	}
	if (!cli_read_file(path, PROOF_FILE_MAX, &m->text, f))
		return false;
	text = octets_bytes(&m->text);
	if (!proof_file_is(text)) {
		m->kind = IS_NOTE;
		return log_note_read(text, &m->proof.note, f);
	}
	if (!proof_file_read(text, &m->proof, f))
		return false;
	m->kind = m->proof.kind == PROOF_INCLUSION ? IS_INCLUSION : IS_CONSISTENCY;
	return true;
}

/* --- keys ---------------------------------------------------------------------------------------
 */

/* Certificates must have been good when the log wrote what is proven: the entry's own time where
 * there is one, which the proof then binds to the log. */
static int64_t
time_of(const struct material *m)
{
	int64_t at_s;

	if (m->kind == IS_INCLUSION && proof_entry_time(octets_bytes(&m->proof.extra), &at_s))
		return at_s;
	return clock_now_s();
}

static bool
read_keys(const struct invocation *inv, struct material *m, struct fault *f)
{
	const char *key = cli_option(inv, "key"), *root = cli_option(inv, "root");
	struct bytes keys = { 0 }, pem = { 0 };
	bool ok;

	if (key == NULL)
		return fault_set(f, FAULT_NOTFOUND,
		    "keys: expected --key FILE: what log keys wrote, or certificates.pem of an export");
	ok = cli_read_file(key, LOG_KEYS_MAX, &keys, f);
	if (ok && root != NULL)
		ok = cli_read_file(root, LOG_KEYS_MAX, &pem, f);
	else if (ok && log_keys_want_root(octets_bytes(&keys)))
		ok = fault_set(f, FAULT_NOTFOUND,
		    "keys: certificates prove a key by the root: expected --root FILE");
	ok = ok && log_keys_read(octets_bytes(&keys), octets_bytes(&pem), m->proof.note.origin,
		       time_of(m), &m->keys, f);
	bytes_free(&pem);
	bytes_free(&keys);
	return ok;
}

/* --- words --------------------------------------------------------------------------------------
 */

static void
put_note(struct json *j, const struct proven_note *n)
{
	struct json *by = json_array();

	json_put_text(j, "origin", n->origin);
	json_put_number(j, "size", (int64_t)n->size);
	json_put_hex(j, "root", n->root, sizeof(n->root));
	json_put_number(j, "epoch", (int64_t)n->epoch);
	json_put_text(j, "key_from", n->rooted ? "certificates up to the root" : "verifier key");
	json_put_bool(j, "past_key", n->old_key);
	for (size_t i = 0; i < n->cosigned; i++) {
		struct json *one = json_object();

		json_put_octets(one, "name", octets_text(n->by[i].name));
		json_put_time(one, "at", n->by[i].at_s);
		json_add(by, one);
	}
	json_put(j, "cosigned", by);
	json_put_number(j, "strangers", (int64_t)n->strangers);
}

static void
tell_note(const struct proven_note *n)
{
	char at[TEXT_TIME_MAX], root[2 * LOG_HASH_OCTETS + 1];

	text_hex(n->root, sizeof(n->root), root);
	(void)printf("log       %s\nentries   %" PRIu64 "\nroot      %s\nepoch     %" PRIu64 "\n",
	    n->origin, n->size, root, n->epoch);
	(void)printf("signed    by %s, %s\n",
	    n->old_key ? "a past key of the log" : "the log's key",
	    n->rooted ? "which certificates up to your root name"
		      : "as your verifier key has it; no root was asked");
	for (size_t i = 0; i < n->cosigned; i++) {
		text_time(n->by[i].at_s, at);
		(void)printf("cosigned  by %s at %s: it had seen the log grow, and never change\n",
		    n->by[i].name, at);
	}
	if (n->cosigned == 0)
		(void)printf("cosigned  by nobody whose key you gave\n");
	if (n->strangers > 0)
		(void)printf(
		    "unknown   %zu signature lines by keys that you did not give: they prove nothing here\n",
		    n->strangers);
}

/* --- one file -----------------------------------------------------------------------------------
 */

/* What was asked for must be what is proven. */
static bool
check_serial(const struct json *line, const char *want, struct fault *f)
{
	const char *serial = json_text(line, "serial");

	if (want == NULL || (serial != NULL && strcasecmp(serial, want) == 0))
		return true;
	return fault_set(f, FAULT_BADREQ, "proof: the entry tells of %.60s%s, not of serial %.40s",
	    serial == NULL ? "no serial" : "serial ", serial == NULL ? "" : serial, want);
}

static void
tell_line(const struct json *line)
{
	static const struct cli_column facts[] = {
		{ "act", "act     ", 0 },
		{ "at", "at      ", 0 },
		{ "by", "by      ", 0 },
		{ "from", "from    ", 0 },
		{ "rule", "rule    ", 0 },
		{ "policy", "policy  ", 0 },
		{ "serial", "serial  ", 0 },
		{ "name", "name    ", 0 },
		{ "reason", "reason  ", 0 },
	};

	cli_print_facts(line, facts, sizeof(facts) / sizeof(facts[0]));
}

static const char unproven_entry[] =
    "what came after it: whether what it tells of still stands is OCSP's word, or a newer proof's";
static const char unproven_body[] = "what it said: its body was taken out, by law";
static const char unproven_note[] =
    "that others were shown the same: compare with a checkpoint that somebody else has";

static void
tell_entry(const struct invocation *inv, const struct proven_entry *e, const struct json *line)
{
	struct json *j;

	if (!inv->json) {
		(void)printf("GOOD: entry %" PRIu64 " is in the log, among %" PRIu64
			     " entries%s.\n",
		    e->index, e->note.size, e->redacted ? ", and its body is REDACTED" : "");
		if (e->redacted)
			(void)printf("told of   by entry %" PRIu64 "\n", e->stub.by);
		else
			tell_line(line);
		tell_note(&e->note);
		(void)printf("Not proven: %s.\n", e->redacted ? unproven_body : unproven_entry);
		(void)printf("Next: keep file, root and keys together\n");
		return;
	}
	j = json_object();
	json_put_text(j, "verdict", "good");
	json_put_text(j, "kind", "inclusion");
	json_put_number(j, "index", (int64_t)e->index);
	json_put_bool(j, "redacted", e->redacted);
	if (e->redacted)
		json_put_number(j, "redacted_by", (int64_t)e->stub.by);
	put_note(j, &e->note);
	json_put_text(j, "not_proven", e->redacted ? unproven_body : unproven_entry);
	cli_print_json(stdout, j);
	json_free(j);
}

/* A stub alone is anybody's word: by is the proof of the entry that tells of it, or NULL. */
static bool
check_told(
    const struct proven_entry *e, const struct material *m, struct material *by, struct fault *f)
{
	struct redaction told;

	if (!e->redacted)
		return true;
	if (by == NULL)
		return fault_set(f, FAULT_NOTFOUND,
		    "entry %" PRIu64 " is REDACTED: expected beside it the proof of entry %" PRIu64
		    ", which tells of that (quatrain log prove --index %" PRIu64 ")",
		    e->index, e->stub.by, e->stub.by);
	return proof_check_told(e, &by->proof, &m->keys, &told, f);
}

static bool
verify_entry(const struct invocation *inv, struct material *m, struct material *by, struct fault *f)
{
	struct json *line = NULL;
	struct proven_entry e;
	bool ok;

	ok = proof_check_entry(&m->proof, &m->keys, &e, f) && check_told(&e, m, by, f) &&
	     json_parse(octets_bytes(&m->proof.extra), &line, f) &&
	     check_serial(line, cli_option(inv, "serial"), f);
	if (ok)
		tell_entry(inv, &e, line);
	json_free(line);
	return ok;
}

static bool
verify_note(const struct invocation *inv, struct material *m, struct fault *f)
{
	struct json *j;

	if (!proof_check_note(&m->proof.note, &m->keys, &m->note, f))
		return false;
	if (!inv->json) {
		(void)printf("GOOD: the log's key signed this checkpoint.\n");
		tell_note(&m->note);
		(void)printf("Not proven: %s.\n", unproven_note);
		(void)printf("Next: quatrain log verify OLDER NEWER, with another checkpoint\n");
		return true;
	}
	j = json_object();
	json_put_text(j, "verdict", "good");
	json_put_text(j, "kind", "checkpoint");
	put_note(j, &m->note);
	json_put_text(j, "not_proven", unproven_note);
	cli_print_json(stdout, j);
	json_free(j);
	return true;
}

static bool
verify_one(const struct invocation *inv, struct material *m, struct fault *f)
{
	if (m->kind == IS_CONSISTENCY)
		return fault_set(f, FAULT_NOTFOUND,
		    "a proof of consistency is about two checkpoints: expected the older one before it");
	return m->kind == IS_INCLUSION ? verify_entry(inv, m, NULL, f) : verify_note(inv, m, f);
}

/* --- two of them --------------------------------------------------------------------------------
 */

/* What each outcome means; good ones first. */
static const struct {
	const char *word, *text;
} pairs[] = {
	[PAIR_SAME] = { "same", "GOOD: both checkpoints are of one tree" },
	[PAIR_EXTENDS] = { "extends",
	    "GOOD: the newer log begins with the older one, entry for entry" },
	[PAIR_SPLIT] = { "split",
	    "CONVICTED: these two notes convict the log. Its key signed two histories of one size. Keep both files" },
	[PAIR_EPOCHS] = { "epochs",
	    "NOT PROVEN: the log was led on after a loss between these two (their epochs differ); its entry ledger.merged says what was lost" },
	[PAIR_UNPROVEN] = { "unproven",
	    "NOT PROVEN: these are checkpoints of two sizes, and nothing here shows that one begins with the other" },
};

static int
tell_pair(const struct invocation *inv, const struct material *older, const struct material *newer,
    enum proof_pair pair)
{
	bool good = pair == PAIR_SAME || pair == PAIR_EXTENDS;
	struct json *j, *a, *b;

	if (inv->json) {
		j = json_object();
		a = json_object();
		b = json_object();
		json_put_text(j, "verdict", good ? "good" : pairs[pair].word);
		json_put_text(j, "kind", "consistency");
		json_put_text(j, "pair", pairs[pair].word);
		put_note(a, &older->note);
		put_note(b, &newer->note);
		json_put(j, "older", a);
		json_put(j, "newer", b);
		cli_print_json(stdout, j);
		json_free(j);
		return good ? CLI_OK : CLI_REFUSED;
	}
	(void)printf("%s.\n--- %s\n", pairs[pair].text, older->path);
	tell_note(&older->note);
	(void)printf("--- %s\n", newer->path);
	tell_note(&newer->note);
	if (good)
		(void)printf("Not proven: what was logged since.\n");
	(void)printf("Next: %s\n",
	    pair == PAIR_SPLIT
		? "show both to whoever relies on this log; neither proves anything more alone"
	    : pair == PAIR_UNPROVEN
		? "quatrain log prove --tenant T --since OLDER --out FILE, and verify OLDER FILE"
		: "keep the newer one for the next comparison");
	return good ? CLI_OK : CLI_REFUSED;
}

/* An export holds every entry: the older root is made again from its lines. */
static bool
pair_folder(const struct invocation *inv, struct material *older, struct material *folder,
    enum proof_pair *ret, struct fault *f)
{
	const struct log_note *n = &older->proof.note;
	struct log_then then = { .size = n->size };
	struct log_verdict v = { 0 };

	if (!log_verify_then(folder->path, cli_option(inv, "root"), &then, &v, f))
		return false;
	folder->note = (struct proven_note){ .size = v.size, .epoch = v.epoch, .rooted = true };
	memcpy(folder->note.origin, v.origin, sizeof(v.origin));
	memcpy(folder->note.root, v.root, sizeof(v.root));
	if (!proof_check_pair(&older->note, &folder->note, ret, f))
		return false;
	if (*ret == PAIR_SPLIT || *ret == PAIR_SAME)
		return true;
	if (!then.reached)
		return fault_set(f, FAULT_BADREQ,
		    "checkpoint: over %" PRIu64 " entries, and the export has %" PRIu64, n->size,
		    v.size);
	if (memcmp(then.root, older->note.root, sizeof(then.root)) == 0)
		*ret = PAIR_EXTENDS;
	else if (*ret == PAIR_UNPROVEN)
		*ret = PAIR_SPLIT; /* its own lines give another history than it signed before */
	return true;
}

static bool
pair_files(struct material *older, struct material *newer, enum proof_pair *ret, struct fault *f)
{
	if (!proof_check_note(&newer->proof.note, &newer->keys, &newer->note, f))
		return false;
	if (newer->kind == IS_CONSISTENCY)
		return proof_check_consistency(&older->note, &newer->proof, &newer->note, ret, f);
	return proof_check_pair(&older->note, &newer->note, ret, f);
}

/* Is a the proof of a redacted entry, and b that of the entry that it names? */
static bool
is_told_by(const struct material *a, const struct material *b)
{
	struct redaction stub;

	return a->kind == IS_INCLUSION && b->kind == IS_INCLUSION &&
	       redaction_stub(octets_bytes(&a->proof.extra), a->proof.index, &stub) &&
	       stub.by == b->proof.index;
}

static int
verify_told(
    const struct invocation *inv, struct material *gone, struct material *by, struct fault *f)
{
	return read_keys(inv, gone, f) && verify_entry(inv, gone, by, f) ? CLI_OK : -1;
}

static int
verify_two(const struct invocation *inv, struct material *m, struct fault *f)
{
	struct material *older = &m[0], *newer = &m[1];
	enum proof_pair pair;

	if (is_told_by(older, newer))
		return verify_told(inv, older, newer, f);
	if (is_told_by(newer, older))
		return verify_told(inv, newer, older, f);
	if (older->kind == IS_FOLDER || older->kind == IS_CONSISTENCY ||
	    (newer->kind != IS_FOLDER && older->proof.note.size > newer->proof.note.size)) {
		older = &m[1];
		newer = &m[0];
	}
	if (older->kind == IS_FOLDER || older->kind == IS_CONSISTENCY) {
		fault_set(f, FAULT_NOTFOUND,
		    "expected a checkpoint, or a proof with one, and what is newer");
		return -1;
	}
	if (!read_keys(inv, older, f) || (newer->kind != IS_FOLDER && !read_keys(inv, newer, f)) ||
	    !proof_check_note(&older->proof.note, &older->keys, &older->note, f) ||
	    !(newer->kind == IS_FOLDER ? pair_folder(inv, older, newer, &pair, f)
				       : pair_files(older, newer, &pair, f)))
		return -1;
	return tell_pair(inv, older, newer, pair);
}

int
cli_verify_files(const struct invocation *inv)
{
	struct material *m = calloc(2, sizeof(*m));
	struct fault why, f;
	int status = -1;

	if (inv->words_n > 2) {
		free(m);
		return cli_usage(inv->command, "expected one or two words");
	}
	if (m == NULL)
		fault_set(&why, FAULT_INTERNAL, "verify: out of memory");
	else if (material_read(inv->words[0], &m[0], &why) &&
		 (inv->words_n == 1 || material_read(inv->words[1], &m[1], &why))) {
		if (inv->words_n == 2)
			status = verify_two(inv, m, &why);
		else if (read_keys(inv, &m[0], &why) && verify_one(inv, &m[0], &why))
			status = CLI_OK;
	}
	for (size_t i = 0; m != NULL && i < 2; i++)
		material_free(&m[i]);
	free(m);
	if (status >= 0)
		return status;
	fault_set(&f, why.code, "%s: %.220s",
	    why.code == FAULT_NOTFOUND || why.code == FAULT_INTERNAL ? "NOT VERIFIED" : "BAD",
	    why.text);
	return cli_refuse_next(inv, &f,
	    why.code == FAULT_NOTFOUND
		? "give the proof, the log's keys and the root certificate: quatrain log verify --help"
		: "keep the files as they are, and ask the service for the proof again to compare");
}
