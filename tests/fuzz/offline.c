/* tests/fuzz/offline.c - an offline bundle's framing and head: what is taken is spelled the one way
 * there is, and what a decider remembers too. */
#include <stdlib.h>
#include <string.h>

#include "ca/offline_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static bool
no_zone(void *with, const char *name, struct bytes *ret, struct fault *f)
{
	(void)with;
	(void)ret;
	return fault_set(f, FAULT_NOTFOUND, "zone: no %s", name);
}

/* All parts put together again are the file. */
static void
split(struct octets file)
{
	struct bytes again = { 0 };
	struct octets in = file, part;
	enum offline_kind kind;
	struct offline_head head;
	struct fault f;
	bool ok = offline_file_open(&in, &f);

	offline_file_begin(&again);
	while (ok && in.n > 0 && (ok = offline_file_next(&in, &kind, &part, &f))) {
		offline_file_put(kind, part, &again);
		if (kind == OFFLINE_HEAD && offline_head_read(part, &head, &f) &&
		    (head.until_s < head.at_s || head.policies_n > OFFLINE_POLICIES_MAX))
			abort();
	}
	if (ok && !octets_same(octets_bytes(&again), file))
		abort();
	if (!ok && f.code != FAULT_BADREQ)
		abort();
	bytes_free(&again);
}

static void
remember(struct octets text)
{
	struct offline_held held;
	struct bytes again = { 0 };
	struct fault f;

	if (offline_held_read(text, &held, &f)) {
		offline_held_text(&held, &again);
		if (!octets_same(octets_bytes(&again), text))
			abort();
	}
	bytes_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct zones *zones = zones_new(no_zone, NULL);
	struct offline_set *set = NULL;
	struct fault f;

	split(octets_of(at, n));
	remember(octets_of(at, n));
	/* No root of ours signed it: it must never be taken. */
	if (zones != NULL && offline_set_open(octets_of(at, n), octets_text(""), zones, &set, &f))
		abort();
	zones_free(zones);
	return 0;
}
