/* ca/redaction.c - see redaction.h. */
#include "ca/redaction.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/log_trace.h"
#include "ca/profile.h"

#define ROW_OCTETS (8 + 8 + LOG_HASH_OCTETS)
#define HEX_DIGITS (2 * LOG_HASH_OCTETS)

static const char head[] = "{\"leaf\":\"";
static const char tells[] = "\"act\":\"" REDACTION_ACT "\"";

void
redaction_put_stub(const struct redaction *r, struct bytes *ret)
{
	char hex[HEX_DIGITS + 1];

	text_hex(r->leaf, sizeof(r->leaf), hex);
	bytes_put_fmt(
	    ret, "%s%s\",\"n\":%" PRIu64 ",\"redacted\":%" PRIu64 "}", head, hex, r->n, r->by);
}

/* Read by its parts and then spelled again: there is one spelling, and no parser is asked. */
bool
redaction_stub(struct octets line, uint64_t n, struct redaction *ret)
{
	const size_t at = sizeof(head) - 1;
	struct redaction r = { .n = n };
	char text[160], hex[HEX_DIGITS + 1], *by;
	struct bytes again = { 0 };
	bool same;

	if (line.n <= at + HEX_DIGITS || line.n >= sizeof(text) || memcmp(line.at, head, at) != 0)
		return false;
	memcpy(text, line.at, line.n);
	text[line.n] = '\0';
	memcpy(hex, text + at, HEX_DIGITS);
	hex[HEX_DIGITS] = '\0';
	if (!text_unhex(hex, r.leaf, sizeof(r.leaf)) || (by = strrchr(text, ':')) == NULL)
		return false;
	r.by = strtoull(by + 1, NULL, 10);
	redaction_put_stub(&r, &again);
	same = octets_same(octets_bytes(&again), line) && r.by > n;
	bytes_free(&again);
	if (same)
		*ret = r;
	return same;
}

void
log_line_leaf(struct octets line, uint64_t n, uint8_t to[static LOG_HASH_OCTETS])
{
	struct redaction r;

	if (redaction_stub(line, n, &r))
		memcpy(to, r.leaf, LOG_HASH_OCTETS);
	else
		log_leaf(line, to);
}

static bool
read_told(const struct json *j, struct redaction *r)
{
	const char *act = json_text(j, "act"), *leaf = json_text(j, "leaf"),
		   *before = json_text(j, "before"), *was = json_text(j, "was");
	int64_t n;

	if (act == NULL || strcmp(act, REDACTION_ACT) != 0 || leaf == NULL || before == NULL ||
	    was == NULL || !json_number(j, "index", 0, INT64_MAX >> 11, -1, &n) || n < 0)
		return false;
	r->n = (uint64_t)n;
	return r->n < r->by && text_unhex(leaf, r->leaf, sizeof(r->leaf)) &&
	       text_unhex(before, r->before, sizeof(r->before)) &&
	       snprintf(r->was, sizeof(r->was), "%s", was) < (int)sizeof(r->was);
}

/* In a canonical line the word is there only as the member's own: within a text each quote has a
 * backslash before it. So nearly no line is parsed for this. */
bool
redaction_read(struct octets line, uint64_t by, struct redaction *ret)
{
	struct redaction r = { .by = by };
	struct json *j = NULL;
	struct fault none;
	bool ok;

	if (line.n == 0 || memmem(line.at, line.n, tells, sizeof(tells) - 1) == NULL)
		return false;
	ok = json_parse(line, &j, &none) && read_told(j, &r);
	json_free(j);
	if (ok)
		*ret = r;
	return ok;
}

static void
put_row(const struct redaction *r, struct bytes *to)
{
	bytes_put_u64(to, r->by);
	bytes_put_u64(to, r->n);
	bytes_put(to, r->leaf, sizeof(r->leaf));
}

void
redactions_see(struct redactions *r, uint64_t n, struct octets line)
{
	struct redaction one;

	if (redaction_stub(line, n, &one))
		put_row(&one, &r->stubs);
	else if (redaction_read(line, n, &one))
		put_row(&one, &r->told);
}

static int
by_row(const void *a, const void *b)
{
	return memcmp(a, b, ROW_OCTETS);
}

bool
redactions_hold(struct redactions *r, struct fault *f)
{
	struct reader row;
	size_t at = 0;

	if (!bytes_ok(&r->stubs, f) || !bytes_ok(&r->told, f))
		return false;
	if (r->stubs.n > 0)
		qsort(r->stubs.at, r->stubs.n / ROW_OCTETS, ROW_OCTETS, by_row);
	for (size_t i = 0; i < r->stubs.n; i += ROW_OCTETS) {
		while (at < r->told.n && by_row(r->told.at + at, r->stubs.at + i) < 0)
			at += ROW_OCTETS;
		if (at < r->told.n && by_row(r->told.at + at, r->stubs.at + i) == 0)
			continue;
		row = reader_of(octets_of(r->stubs.at + i + 8, 8));
		return fault_set(f, FAULT_BADREQ,
		    "log: entry %" PRIu64 " was taken out, and no entry tells of its redaction",
		    reader_u64(&row));
	}
	return true;
}

void
redactions_free(struct redactions *r)
{
	bytes_free(&r->stubs);
	bytes_free(&r->told);
}

bool
redaction_told(
    struct ledger *l, const struct redaction *stub, struct redaction *ret, struct fault *f)
{
	struct bytes line = { 0 };
	struct redaction r;
	struct log_edge e;
	struct fault why;
	uint8_t key[8];
	bool ok;

	if (!log_edge_read(l, &e, f))
		return false;
	if (!ledger_get(l, TABLE_LOG, octets_u64(stub->by, key), &line, &why) &&
	    why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	ok = stub->by < e.size && redaction_read(octets_bytes(&line), stub->by, &r) &&
	     r.n == stub->n && memcmp(r.leaf, stub->leaf, sizeof(r.leaf)) == 0;
	bytes_free(&line);
	if (!ok)
		return fault_set(f, FAULT_CONFLICT,
		    "log of %.63s: entry %" PRIu64 " was taken out, and entry %" PRIu64
		    " does not tell of its redaction",
		    ledger_tenant(l), stub->n, stub->by);
	*ret = r;
	return true;
}

bool
redaction_prev(struct ledger *l, uint64_t index, struct octets line,
    uint8_t to[static LOG_HASH_OCTETS], struct fault *f)
{
	struct redaction r;

	if (redaction_stub(line, index, &r)) {
		if (!redaction_told(l, &r, &r, f))
			return false;
		memcpy(to, r.before, LOG_HASH_OCTETS);
		return true;
	}
	return log_prev(line, to) ||
	       fault_set(f, FAULT_CONFLICT,
		   "log of %.63s: entry %" PRIu64 " does not name the one before it",
		   ledger_tenant(l), index);
}

/* Without these nobody could say what a log is, whose it is, or why a line is gone. */
static const struct {
	const char *act, *why;
} kept[] = {
	{ REDACTION_ACT, "it tells of a redaction" },
	{ "tenant.created", "it tells of a CA" },
	{ "tenant.rolled", "it tells of a CA" },
	{ "region.rolled", "it tells of a CA" },
	{ "ca.revoked", "it tells of a CA" },
	{ "certificate.lost", "it tells what the service has not any more" },
	{ "ledger.merged", "the log's epoch rests on it" },
	{ "ledger.restored", "the log's epoch rests on it" },
};

/* A profile that nobody may ask for is of a CA, or of what a CA signs logs and answers with. */
static bool
may_go(const struct json *j, uint64_t n, struct fault *f)
{
	const char *act = json_text(j, "act"), *profile = json_text(j, "profile");
	const struct profile *p = profile == NULL ? NULL : profile_find(profile);

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strcmp(act, kept[i].act) == 0)
			return fault_set(f, FAULT_DENIED,
			    "log: entry %" PRIu64 " (%s) is never redacted: %s", n, act,
			    kept[i].why);
	if (strcmp(act, "certificate.issued") == 0 && p != NULL && p->ask == 0)
		return fault_set(f, FAULT_DENIED,
		    "log: entry %" PRIu64
		    " is never redacted: the log is believed by the %s's certificate",
		    n, p->name);
	return true;
}

/* What comes after it knows its hash: an entry that was altered is evidence, and stays. */
static bool
unaltered(struct ledger *l, const struct redaction *r, struct fault *f)
{
	uint8_t known[LOG_HASH_OCTETS], key[8];
	struct bytes next = { 0 };
	struct log_edge e;
	bool ok;

	if (!log_edge_read(l, &e, f))
		return false;
	memcpy(known, e.last, sizeof(known));
	ok = r->n + 1 == e.size || (ledger_get(l, TABLE_LOG, octets_u64(r->n + 1, key), &next, f) &&
				       redaction_prev(l, r->n + 1, octets_bytes(&next), known, f));
	bytes_free(&next);
	if (ok && memcmp(known, r->leaf, sizeof(known)) != 0)
		ok = fault_set(f, FAULT_CONFLICT,
		    "log: entry %" PRIu64 " was altered: it is evidence, and is not redacted",
		    r->n);
	return ok;
}

bool
redaction_check(struct ledger *l, uint64_t n, struct redaction *ret, struct fault *f)
{
	struct redaction r = { .n = n };
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0 };
	struct bytes line = { 0 };
	struct json *j = NULL;
	const char *act;
	uint8_t key[8];
	bool ok = false;

	if (!ledger_get(l, TABLE_LOG, octets_u64(n, key), &line, f)) {
		if (f->code == FAULT_NOTFOUND)
			fault_set(f, FAULT_NOTFOUND, "log: there is no entry %" PRIu64, n);
		return false;
	}
	if (redaction_stub(octets_bytes(&line), n, &r)) {
		fault_set(f, FAULT_CONFLICT,
		    "log: entry %" PRIu64 " is redacted already: entry %" PRIu64 " tells of it", n,
		    r.by);
		goto out;
	}
	log_leaf(octets_bytes(&line), r.leaf);
	if (!json_parse(octets_bytes(&line), &j, f) || (act = json_text(j, "act")) == NULL ||
	    strlen(act) >= sizeof(r.was) || !log_prev(octets_bytes(&line), r.before)) {
		fault_set(f, FAULT_CONFLICT, "log: entry %" PRIu64 " cannot be read", n);
		goto out;
	}
	memcpy(r.was, act, strlen(act) + 1);
	r.issued = strcmp(act, "certificate.issued") == 0 &&
		   text_unhex(json_text(j, "serial") == NULL ? "" : json_text(j, "serial"), serial,
		       sizeof(serial));
	digest_of(octets_of(serial, sizeof(serial)), r.serial_digest);
	if ((ok = may_go(j, n, f) && unaltered(l, &r, f)))
		*ret = r;
out:
	json_free(j);
	bytes_free(&line);
	return ok;
}

bool
redaction_make(struct ledger *l, uint64_t n, const struct redaction_order *o, int64_t now_s,
    uint64_t *ret_index, struct fault *f)
{
	struct redaction r;
	struct bytes stub = { 0 };
	struct json *e;
	uint8_t key[8];
	bool ok;

	if (!redaction_check(l, n, &r, f))
		return false;
	e = log_entry(REDACTION_ACT, o->why);
	json_put_number(e, "index", (int64_t)n);
	json_put_hex(e, "leaf", r.leaf, sizeof(r.leaf));
	json_put_hex(e, "before", r.before, sizeof(r.before));
	json_put_text(e, "was", r.was);
	if (r.issued)
		json_put_hex(e, "serial_sha256", r.serial_digest, sizeof(r.serial_digest));
	json_put_octets(e, "reason", o->reason);
	json_put_octets(e, "order", o->order);
	if (!log_append(l, e, now_s, &r.by, f))
		return false;
	redaction_put_stub(&r, &stub);
	if ((ok = bytes_ok(&stub, f))) {
		ledger_put(l, TABLE_LOG, octets_u64(n, key), octets_bytes(&stub));
		log_trace_drop(l, n);
		*ret_index = r.by;
	}
	bytes_free(&stub);
	return ok;
}
