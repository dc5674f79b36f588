/* ca/merge_apply.c - a merge is done; see merge.h. What is to be done is found out in merge.c. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/folder.h"
#include "ca/cert.h"
#include "ca/claim.h"
#include "ca/intent.h"
#include "ca/journal_check.h"
#include "ca/merge_plan.h"
#include "ca/revoke.h"

#define NO_PROFILE "unknown" /* of a serial that is known by its signature alone */

const struct merge_plan *
merge_plans(struct merge *m, size_t *ret_n, struct merge_state *ret_state)
{
	if (ret_state != NULL)
		*ret_state = m->state;
	*ret_n = m->plan_n;
	return m->plan;
}

/* Who merges and why, and the entry ledger.merged. */
struct telling {
	const struct log_context *why;
	uint64_t index;
};

/* The end of what a lost certificate can have been valid for: that of its CA. */
static bool
fill_unknown(struct merge *m, const struct journal_line *l, struct standing *s, struct fault *f)
{
	struct authority by;

	if (!realm_authority(m->realm, l->issuer, &by, f))
		return false;
	*s = (struct standing){ .state = STANDING_REVOKED,
		.reason = l->kind == JOURNAL_REVOKED ? l->reason : REASON_UNSPECIFIED,
		.id = LEDGER_NO_CERTIFICATE,
		.not_before_s = l->at_s,
		.not_after_s = by.not_after_s,
		.changed_s = l->kind == JOURNAL_REVOKED ? l->at_s : m->now_s };
	memcpy(s->issuer, l->issuer, sizeof(s->issuer));
	(void)snprintf(s->profile, sizeof(s->profile), NO_PROFILE);
	(void)snprintf(s->how, sizeof(s->how), "merge");
	return true;
}

/* Each lost serial has an entry of its own: nothing else of it is left, and whoever is shown a part
 * of the log must see that it is this one that nobody can show. */
static bool
tell_lost(struct merge *m, struct ledger *l, const struct journal_line *line,
    const struct log_context *why, uint64_t *ret_index, struct fault *f)
{
	struct json *e = log_entry("certificate.lost", why);

	json_put_hex(e, "serial", line->serial, sizeof(line->serial));
	json_put_hex(e, "issuer", line->issuer, sizeof(line->issuer));
	return log_append(l, e, m->now_s, ret_index, f);
}

/* One serial, into l's batch. A compromised key is burnt where its certificate is known. */
static bool
apply_fact(struct merge *m, struct ledger *l, enum merge_act act, const struct journal_line *line,
    const struct telling *of, struct fault *f)
{
	uint64_t index = of->index;
	struct standing s;
	struct fault lost;

	if (act == MERGE_UNKNOWN) {
		if (!fill_unknown(m, line, &s, f) || !tell_lost(m, l, line, of->why, &index, f))
			return false;
	} else {
		if (!ledger_standing(l, line->serial, &s, f))
			return false;
		if (s.state == STANDING_PENDING && !intent_give_up(l, line->serial, f))
			return false;
		s.state = s.state == STANDING_PENDING ? STANDING_ABANDONED
			  : act == MERGE_HOLD         ? STANDING_HELD
						      : STANDING_REVOKED;
		s.reason =
		    line->kind == JOURNAL_SIGNED ? (uint8_t)REASON_UNSPECIFIED : line->reason;
		s.changed_s = line->kind == JOURNAL_SIGNED ? m->now_s : line->at_s;
		if (s.state == STANDING_REVOKED && s.reason == REASON_KEY_COMPROMISE)
			(void)!claim_burn(m->realm, l, line->serial, &lost);
	}
	s.log_index = index;
	if (act == MERGE_UNKNOWN)
		s.issued_index = index;
	return ledger_put_standing(l, line->serial, &s, f) && revoke_list(l, line->serial, &s, f);
}

/* The facts of one ledger. */
static bool
apply_facts(struct merge *m, struct ledger *l, const struct telling *of, struct fault *f)
{
	const struct journal_line *line;
	enum merge_act act;

	merge_sort(m);
	for (size_t i = 0, n; i < m->fact_n; i += n) {
		n = merge_group(m, i);
		if (strcmp(m->fact[i].line.tenant, ledger_tenant(l)) != 0)
			continue;
		if (!merge_weigh(l, &m->fact[i], n, &act, &line, f))
			return false;
		if (act != MERGE_NOTHING && !apply_fact(m, l, act, line, of, f))
			return false;
	}
	return true;
}

bool
merge_count(struct merge *m, struct fault *f)
{
	const struct journal_line *line;
	struct merge_plan *p;
	struct ledger *l;
	enum merge_act act;

	merge_sort(m);
	for (size_t i = 0; i < m->plan_n; i++)
		m->plan[i].unknown = m->plan[i].ended = m->plan[i].held = 0;
	for (size_t i = 0, n; i < m->fact_n; i += n) {
		n = merge_group(m, i);
		if (!realm_ledger(m->realm, m->fact[i].line.tenant, &l, f) ||
		    !merge_weigh(l, &m->fact[i], n, &act, &line, f))
			return false;
		if (act == MERGE_NOTHING)
			continue;
		if (!merge_plan_of(m, ledger_tenant(l), &p, f))
			return false;
		p->unknown += act == MERGE_UNKNOWN;
		p->ended += act == MERGE_END;
		p->held += act == MERGE_HOLD;
	}
	return true;
}

/* What the log is told; the newest entry now names the one before the gap as its predecessor. */
static bool
tell(struct merge *m, struct ledger *l, const struct merge_plan *p, const struct log_context *why,
    uint64_t *ret_index, struct fault *f)
{
	struct json *e = log_entry("ledger.merged", why);

	json_put_number(e, "epoch", (int64_t)p->epoch + 1);
	json_put_number(e, "size", (int64_t)p->size);
	if (p->behind) {
		json_put_number(e, "lost_size", (int64_t)p->mark.size);
		json_put_hex(e, "lost_root", p->mark.root, sizeof(p->mark.root));
		json_put_time(e, "lost_at", p->mark.at_s);
	}
	if (strcmp(p->tenant, NAME_PLATFORM) == 0) {
		json_put_bool(e, "journal_damaged", m->state.journal_damaged);
		json_put_bool(e, "marks_missing", m->state.no_marks);
		json_put_number(e, "tenants_gone", (int64_t)m->state.gone);
	}
	json_put_number(e, "unknown", (int64_t)p->unknown);
	json_put_number(e, "revoked", (int64_t)p->ended);
	json_put_number(e, "held", (int64_t)p->held);
	log_put_epoch(l, p->epoch + 1);
	return log_append(l, e, m->now_s, ret_index, f);
}

static bool
apply_plan(
    struct merge *m, const struct merge_plan *p, const struct log_context *why, struct fault *f)
{
	struct telling of = { .why = why };
	struct ledger *l;

	return realm_ledger(m->realm, p->tenant, &l, f) && tell(m, l, p, why, &of.index, f) &&
	       apply_facts(m, l, &of, f) && ledger_commit(l, f);
}

/* --- the journal ------------------------------------------------------------------------------ */

struct copying {
	int from, to;
};

static bool
copy(const struct copying *c, uint64_t n, struct fault *f)
{
	uint8_t piece[65536];

	while (n > 0) {
		size_t want = n < sizeof(piece) ? (size_t)n : sizeof(piece);
		ssize_t got = read(c->from, piece, want);

		if (got <= 0 || write(c->to, piece, (size_t)got) != got)
			return fault_errno(f, FAULT_INTERNAL, "merge: copying the journal");
		n -= (uint64_t)got;
	}
	return fsync(c->to) == 0 || fault_errno(f, FAULT_INTERNAL, "merge: the new journal");
}

/* The damaged one is kept beside; what of it holds is where the new one begins. */
static bool
renew_file(struct merge *m, const char *path, struct fault *f)
{
	char aside[REALM_PATH_MAX + 64], made[REALM_PATH_MAX + 64];
	struct copying c = { -1, -1 };
	bool ok = false;

	(void)snprintf(aside, sizeof(aside), "%s.damaged-%" PRId64, path, m->now_s);
	(void)snprintf(made, sizeof(made), "%s.new", path);
	(void)unlink(made);
	c.to = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (c.to < 0) {
		fault_errno(f, FAULT_INTERNAL, "merge: %s", made);
		goto out;
	}
	if (m->journal_good > 0 && (c.from = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		fault_errno(f, FAULT_INTERNAL, "merge: %s", path);
		goto out;
	}
	if (!copy(&c, m->journal_good, f))
		goto out;
	if ((link(path, aside) != 0 && errno != ENOENT && errno != EEXIST) ||
	    rename(made, path) != 0) {
		fault_errno(f, FAULT_INTERNAL, "merge: %s", path);
		goto out;
	}
	ok = folder_sync_of(path, f);
out:
	if (c.from >= 0)
		(void)close(c.from);
	if (c.to >= 0)
		(void)close(c.to);
	return ok;
}

/* A journal from nothing begins with the certificates that the platform itself has on record. */
struct rebuild {
	struct merge *m;
	struct journal *journal;
	struct bytes serials;
};

static bool
collect_serial(void *with, struct octets key, struct octets value)
{
	struct rebuild *b = with;

	(void)value;
	bytes_put_octets(&b->serials, key);
	return true;
}

static bool
note_one(struct rebuild *b, const uint8_t serial[static TBS_SERIAL_OCTETS], struct fault *f)
{
	struct ledger *platform = realm_platform(b->m->realm);
	struct journal_line l = {
		.kind = JOURNAL_SIGNED, .at_s = b->m->now_s, .tenant = NAME_PLATFORM
	};
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct bytes der = { 0 };
	struct fault none;
	struct standing s;
	struct cert c;
	bool ok = true;

	if (!ledger_standing(platform, serial, &s, f))
		return false;
	if (ledger_certificate(platform, s.id, &der, &none) &&
	    cert_parse(octets_bytes(&der), &c, &none) &&
	    EVP_Digest(c.tbs.at, c.tbs.n, digest, NULL, EVP_sha256(), NULL) == 1) {
		memcpy(l.digest, digest, sizeof(l.digest));
		memcpy(l.issuer, s.issuer, sizeof(l.issuer));
		memcpy(l.serial, serial, sizeof(l.serial));
		ok = journal_note(b->journal, &l, f);
	}
	bytes_free(&der);
	return ok;
}

static bool
rebuild(struct merge *m, struct journal *j, struct fault *f)
{
	struct rebuild b = { .m = m, .journal = j };
	bool ok = store_scan(ledger_store(realm_platform(m->realm)), TABLE_SERIAL,
		      octets_of(NULL, 0), SIZE_MAX, collect_serial, &b, f) &&
		  bytes_ok(&b.serials, f);

	for (size_t at = 0; ok && at + TBS_SERIAL_OCTETS <= b.serials.n; at += TBS_SERIAL_OCTETS)
		ok = note_one(&b, b.serials.at + at, f);
	bytes_free(&b.serials);
	return ok && journal_sync(j, f);
}

static bool
open_journal(struct merge *m, struct journal *ret, struct fault *f)
{
	static const struct journal_place beginning = { .offset = 0 };
	struct ledger *platform = realm_platform(m->realm);
	char path[REALM_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.500s/journal", realm_data(m->realm));
	if (!m->state.journal_damaged)
		return journal_open(path, ret, f);
	return renew_file(m, path, f) && journal_open(path, ret, f) &&
	       (m->journal_good > 0 || rebuild(m, ret, f)) &&
	       journal_put_mark(platform, &beginning, f) && ledger_commit(platform, f);
}

/* --- the marks -------------------------------------------------------------------------------- */

static bool
drop_gone(void *with, const char *tenant, const struct mark *k)
{
	struct merge *m = with;
	char label[TEXT_LABEL_MAX];
	struct tenant row;
	struct fault f;

	(void)k;
	ledger_name_tenant(tenant, label);
	if (!realm_tenant(m->realm, label, &row, &f) && f.code == FAULT_NOTFOUND)
		marks_remove(m->marks, tenant);
	return true;
}

static bool
write_marks(struct merge *m, struct fault *f)
{
	struct ledger *platform = realm_platform(m->realm), *l;

	if (m->marks == NULL && !marks_open(realm_data(m->realm), STORE_CREATE, &m->marks, f))
		return false;
	marks_expect(platform);
	if (!ledger_commit(platform, f) || !marks_each(m->marks, drop_gone, m, f) ||
	    !marks_put(m->marks, platform, m->now_s, f))
		return false;
	for (size_t i = 0; i < m->plan_n; i++)
		if (!realm_ledger(m->realm, m->plan[i].tenant, &l, f) ||
		    !marks_put(m->marks, l, m->now_s, f))
			return false;
	return marks_commit(m->marks, f);
}

/* Tenants first: the platform's part is what makes the next start look away from the gap. */
static bool
apply_plans(struct merge *m, const struct log_context *why, struct fault *f)
{
	for (int platform = 0; platform < 2; platform++)
		for (size_t i = 0; i < m->plan_n; i++)
			if ((strcmp(m->plan[i].tenant, NAME_PLATFORM) == 0) == (platform == 1) &&
			    !apply_plan(m, &m->plan[i], why, f))
				return false;
	return true;
}

bool
merge_apply(struct merge *m, const struct log_context *why, struct fault *f)
{
	struct journal j = { .fd = -1 };
	bool ok;

	if (!merge_count(m, f) || !open_journal(m, &j, f))
		return false;
	realm_on_event(m->realm, journal_told, &j);
	ok = apply_plans(m, why, f) && ledger_commit(realm_platform(m->realm), f) &&
	     journal_sync(&j, f) && write_marks(m, f);
	realm_on_event(m->realm, NULL, NULL);
	journal_close(&j);
	return ok;
}
