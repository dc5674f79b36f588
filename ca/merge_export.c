/* ca/merge_export.c - an exported log as a source of what was signed and ended; see merge.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/merge_plan.h"
#include "ca/revoke.h"

/* What an entry's act means for its serial; others mean nothing here. */
static const struct {
	const char *act;
	enum journal_kind kind;
} acts[] = {
	{ "certificate.issued", JOURNAL_SIGNED },
	{ "certificate.revoked", JOURNAL_REVOKED },
	{ "certificate.abandoned", JOURNAL_REVOKED },
	{ "certificate.held", JOURNAL_HELD },
	{ "certificate.released", JOURNAL_RELEASED },
};

struct source {
	struct merge *m;
	const char *tenant;
	struct ledger *ledger;
};

/* Of a signed one the entry has the issuer; of an ended one the ledger, or the entry that issued
 * it. */
static bool
fill(struct source *s, const struct json *j, struct journal_line *l)
{
	const char *serial = json_text(j, "serial"), *issuer = json_text(j, "issuer"),
		   *at = json_text(j, "at"), *reason = json_text(j, "reason");
	struct standing known;
	struct fault none;

	if (serial == NULL || at == NULL || !text_unhex(serial, l->serial, sizeof(l->serial)) ||
	    !log_time(at, &l->at_s))
		return false;
	(void)snprintf(l->tenant, sizeof(l->tenant), "%s", s->tenant);
	if (reason != NULL && !revoke_reason(reason, &l->reason))
		l->reason = REASON_UNSPECIFIED;
	if (l->kind == JOURNAL_HELD)
		l->reason = REASON_HOLD;
	if (issuer != NULL)
		return text_unhex(issuer, l->issuer, sizeof(l->issuer));
	if (!ledger_standing(s->ledger, l->serial, &known, &none))
		return true; /* its issuer comes from the entry that issued it */
	memcpy(l->issuer, known.issuer, sizeof(l->issuer));
	return true;
}

/* An issued certificate that the ledger knows is no fact; merge_take() would hold its digest
 * against the entry's, which is of the whole certificate. */
static bool
take_signed(struct source *s, const struct journal_line *l, struct fault *f)
{
	struct standing known;
	struct fault why;

	if (ledger_standing(s->ledger, l->serial, &known, &why))
		return true;
	if (why.code == FAULT_NOTFOUND)
		return merge_take(s->m, l, f);
	*f = why;
	return false;
}

/* What ended it is told of a serial whose issuer an earlier line has told. */
static void
find_issuer(const struct source *s, struct journal_line *l)
{
	static const uint8_t none[TBS_KEY_ID_OCTETS];

	if (memcmp(l->issuer, none, sizeof(none)) != 0)
		return;
	for (size_t i = s->m->fact_n; i-- > 0;)
		if (memcmp(s->m->fact[i].line.serial, l->serial, sizeof(l->serial)) == 0) {
			memcpy(l->issuer, s->m->fact[i].line.issuer, sizeof(l->issuer));
			return;
		}
}

static bool
take_line(struct source *s, struct octets text, struct fault *f)
{
	struct journal_line l = { .at_s = 0 };
	struct json *j;
	const char *act;
	bool ok = true;

	if (!json_parse(text, &j, f))
		return false;
	act = json_text(j, "act");
	for (size_t i = 0; act != NULL && i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].act, act) == 0)
			l.kind = acts[i].kind;
	if (l.kind != 0 && fill(s, j, &l)) {
		find_issuer(s, &l);
		ok = l.kind == JOURNAL_SIGNED ? take_signed(s, &l, f) : merge_take(s->m, &l, f);
	}
	json_free(j);
	return ok;
}

static bool
take_entries(struct source *s, const char *dir, struct fault *f)
{
	struct bundle_reader r;
	struct octets line;
	bool more = true, ok;

	if (!bundle_reader_open(dir, BUNDLE_ENTRIES, &r, f))
		return false;
	while ((ok = bundle_next(&r, LOG_ENTRY_MAX, &line, &more, f)) && more)
		if (!(ok = take_line(s, line, f)))
			break;
	bundle_reader_free(&r);
	return ok;
}

/* Whose log it is: the origin names its host. */
static bool
find_tenant(struct merge *m, const char *origin, char to[static LEDGER_NAME_MAX], struct fault *f)
{
	char want[LOG_ORIGIN_MAX], label[TEXT_LABEL_MAX];
	size_t n = strcspn(origin, ".");
	struct tenant row;

	if (n < TEXT_LABEL_MAX) {
		memcpy(label, origin, n);
		label[n] = '\0';
		memcpy(to, label, n + 1);
		log_origin(realm_space(m->realm), to, want);
		if (strcmp(want, origin) != 0) {
			ledger_name_activity(label, to);
			log_origin(realm_space(m->realm), to, want);
		}
		if (strcmp(want, origin) == 0 && realm_tenant(m->realm, label, &row, f))
			return true;
	}
	return fault_set(
	    f, FAULT_NOTFOUND, "merge: %.150s is the log of none of the tenants here", origin);
}

bool
merge_export(struct merge *m, const char *dir, struct fault *f)
{
	char root[REALM_PATH_MAX], tenant[LEDGER_NAME_MAX];
	struct source s = { .m = m, .tenant = tenant };
	struct log_verdict v;

	(void)snprintf(root, sizeof(root), "%.500s/root.pem", realm_data(m->realm));
	return log_verify_folder(dir, root, &v, f) && find_tenant(m, v.origin, tenant, f) &&
	       realm_ledger(m->realm, tenant, &s.ledger, f) && take_entries(&s, dir, f);
}
