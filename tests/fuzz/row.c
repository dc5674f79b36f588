/* tests/fuzz/row.c - rows of a ledger, as a disk or a backup gives them: each is refused or read,
 * and what is written again of it is the same row.
 *
 * Input: the kind of row u8, how long its key is u8, the key, the value. */
#include <stdlib.h>
#include <string.h>

#include "ca/device.h"
#include "ca/feed.h"
#include "ca/intent.h"
#include "ca/log_trace.h"
#include "ca/maker.h"
#include "ca/policy_book.h"
#include "ca/proposal.h"
#include "ca/redaction.h"
#include "ca/staff.h"
#include "ca/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

#define STANDING_EDITION 2

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
is_terminated(const char *text, size_t size)
{
	must(memchr(text, '\0', size) != NULL);
}

static void
proposal(struct octets key, struct octets value)
{
	struct bytes again = { 0 };
	struct proposal p;

	if (!proposal_read(key, value, &p))
		return;
	is_terminated(p.word, sizeof(p.word));
	is_terminated(p.tenant, sizeof(p.tenant));
	is_terminated(p.by, sizeof(p.by));
	is_terminated(p.decided_by, sizeof(p.decided_by));
	is_terminated(p.reason, sizeof(p.reason));
	must(proposal_state_word(&p, p.due_s) != NULL && proposal_state_word(&p, 0) != NULL);
	proposal_write(&p, &again);
	must(octets_same(octets_bytes(&again), value));
	bytes_free(&again);
}

static void
standing(struct octets key, struct octets value)
{
	struct bytes again = { 0 };
	struct standing s;

	(void)key;
	if (!ledger_read_standing(value, &s))
		return;
	if (value.at[0] == STANDING_EDITION) {
		ledger_write_standing(&s, &again);
		must(octets_same(octets_bytes(&again), value));
	}
	bytes_free(&again);
}

static void
authority(struct octets key, struct octets value)
{
	struct authority a;

	(void)key;
	if (ledger_read_authority(value, &a))
		is_terminated(a.label, sizeof(a.label));
}

static void
redacted(struct octets key, struct octets value)
{
	struct reader r = reader_of(key);
	struct bytes again = { 0 };
	uint8_t leaf[LOG_HASH_OCTETS];
	uint64_t n = reader_u64(&r);
	struct redaction one;

	log_line_leaf(value, n, leaf);
	if (redaction_stub(value, n, &one)) {
		must(one.n == n && one.by > n && memcmp(leaf, one.leaf, sizeof(leaf)) == 0);
		redaction_put_stub(&one, &again);
		must(octets_same(octets_bytes(&again), value));
	}
	if (redaction_read(value, n, &one))
		must(one.by == n && one.n < n);
	bytes_free(&again);
}

static void
edge(struct octets key, struct octets value)
{
	struct log_edge e;
	struct fault f;
	uint8_t root[LOG_HASH_OCTETS];

	(void)key;
	if (log_edge_decode(value, &e, &f))
		log_edge_root(&e, root);
	else
		must(f.code == FAULT_INTERNAL);
}

static void
beside_the_log(struct octets key, struct octets value)
{
	(void)feed_row(key, value);
	(void)log_trace_row(key, value);
	(void)policy_book_row(key, value);
}

static void
person(struct octets key, struct octets value)
{
	struct staff o;

	if (staff_read(key, value, &o))
		is_terminated(o.name, sizeof(o.name));
}

static void
begun(struct octets key, struct octets value)
{
	struct intent i;

	(void)key;
	if (intent_read(value, &i))
		must(i.tbs.n <= value.n && i.standing.state == STANDING_PENDING);
}

static void
way_in(struct octets key, struct octets value)
{
	struct octets certificate;
	struct device d;
	struct maker m;
	struct token t;

	if (token_read("acme", key, value, &t))
		must(strcmp(t.device.tenant, "acme") == 0);
	if (maker_read(key, value, &m))
		must(m.certificate.n <= value.n);
	if (maker_read_index(key, value, &certificate))
		must(certificate.n <= value.n);
	if (device_read("acme", key, value, &d))
		must(strcmp(d.is.tenant, "acme") == 0);
}

static void (*const kinds[])(struct octets key, struct octets value) = { proposal, standing,
	authority, redacted, edge, beside_the_log, person, begun, way_in };

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	size_t key_n;

	if (n < 2)
		return 0;
	key_n = at[1] < n - 2 ? at[1] : n - 2;
	kinds[at[0] % (sizeof(kinds) / sizeof(kinds[0]))](
	    octets_of(at + 2, key_n), octets_of(at + 2 + key_n, n - 2 - key_n));
	return 0;
}
