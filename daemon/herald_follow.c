/* daemon/herald_follow.c - see herald_internal.h: which logs there are, how long they are, and who
 * wants to hear of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/log.h"
#include "daemon/herald_internal.h"

#define SURVEY_US    200000
#define SURVEY_SHARE 50 /* of the time a survey takes at most the fiftieth part */
#define SETTLED_S    2  /* a file that changed so shortly ago may have changed again unseen */

static bool
keep(struct herald *h, struct batch *b, struct fault *f)
{
	bool ok;

	(void)h;
	if (b == NULL)
		return fault_set(f, FAULT_INTERNAL, "herald: out of memory");
	ok = batch_apply(b, f);
	batch_free(b);
	return ok;
}

bool
herald_keep(struct herald *h, const struct hook *k, const char *tenant,
    const struct herald_place *p, struct fault *f)
{
	struct batch *b = batch_new(h->store);

	if (b != NULL)
		herald_put_place(b, k->w->name, tenant, p);
	return keep(h, b, f);
}

bool
herald_keep_row(struct herald *h, const struct hook *k, struct fault *f)
{
	struct batch *b = batch_new(h->store);

	if (b != NULL)
		herald_put_row(b, k->w->name, &k->row);
	return keep(h, b, f);
}

static bool
wants(const struct webhook *w, const char *tenant)
{
	for (size_t i = 0; i < w->tenants.n; i++)
		if (strcmp(w->tenants.at[i], tenant) == 0)
			return true;
	return w->tenants.n == 0;
}

struct look {
	struct herald *h;
	struct follow *w;
	bool first; /* its places are not known yet */
};

/* Where a hook begins in a log that it never told of: with a tenant that is younger than the hook
 * at its beginning, else at its end. */
static bool
begin_at(const struct look *a, const struct hook *k, struct ledger *l, struct herald_place *ret,
    struct fault *f)
{
	struct herald_place p = { .next = 0 };
	struct tenant t;

	if (!realm_tenant(a->h->realm, a->w->tenant, &t, f))
		return false;
	if (t.created_s < k->row.since_s)
		p.next = a->w->size;
	if (p.next > 0 && !log_leaf_at(l, p.next - 1, p.leaf, f))
		return false;
	*ret = p;
	return herald_keep(a->h, k, a->w->tenant, ret, f);
}

static bool
find_places(const struct look *a, struct ledger *l, struct fault *f)
{
	for (size_t i = 0; i < a->h->hooks; i++) {
		const struct hook *k = &a->h->hook[i];

		a->w->wanted[i] = wants(k->w, a->w->tenant);
		if (!a->w->wanted[i] ||
		    herald_place(a->h->store, k->w->name, a->w->tenant, &a->w->place[i], f))
			continue;
		if (f->code != FAULT_NOTFOUND || !begin_at(a, k, l, &a->w->place[i], f))
			return false;
	}
	return true;
}

static void
ask_test(struct herald *h, const char *name, uint64_t index)
{
	for (size_t i = 0; name != NULL && i < h->hooks; i++)
		if (strcmp(h->hook[i].w->name, name) == 0) {
			h->hook[i].test_due = true;
			h->hook[i].test_index = index;
		}
}

/* An act of staff that asks for a test is an entry, and this is how it comes here. */
static bool
see_test(void *with, struct octets key, struct octets value)
{
	static const char word[] = "\"webhook.tested\"";
	struct reader r = reader_of(key);
	uint64_t index = reader_u64(&r);
	struct herald *h = with;
	struct json *entry;
	struct fault f;

	h->tests_from = index + 1;
	if (memmem(value.at, value.n, word, sizeof(word) - 1) == NULL ||
	    !json_parse(value, &entry, &f))
		return true;
	if (json_text(entry, "act") != NULL &&
	    strcmp(json_text(entry, "act"), "webhook.tested") == 0)
		ask_test(h, json_text(entry, "webhook"), index);
	json_free(entry);
	return true;
}

static bool
see(void *with, struct ledger *l, struct fault *f)
{
	struct look *a = with;
	struct log_edge e;
	uint8_t key[8];

	if (!log_edge_read(l, &e, f))
		return false;
	a->w->size = e.size;
	if (a->first && !find_places(a, l, f))
		return false;
	if (strcmp(a->w->tenant, NAME_PLATFORM) != 0)
		return true;
	if (a->first && a->h->tests_from == 0)
		a->h->tests_from = e.size;
	return store_scan(ledger_store(l), TABLE_LOG, octets_u64(a->h->tests_from, key), SIZE_MAX,
	    see_test, a->h, f);
}

static bool
is_new(const struct follow *w, const struct stat *st, int64_t now_s)
{
	return st->st_mtim.tv_sec != w->changed.tv_sec ||
	       st->st_mtim.tv_nsec != w->changed.tv_nsec || st->st_mtim.tv_sec > now_s - SETTLED_S;
}

/* By the time of its file: ten thousand ledgers are not opened to see that nothing happened. */
static bool
look_at(struct herald *h, struct follow *w, bool first, struct fault *f)
{
	char path[CONF_TEXT_MAX + TEXT_LABEL_MAX + 32];
	struct look a = { h, w, first };
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/tenants/%s/data.mdb", h->settings.data, w->tenant);
	if (stat(path, &st) != 0)
		return fault_errno(f, FAULT_INTERNAL, "herald: the ledger of %s", w->tenant);
	if (!first && !is_new(w, &st, clock_now_s()))
		return true;
	if (!realm_visit(h->realm, w->tenant, see, &a, f))
		return false;
	w->changed = st.st_mtim;
	return true;
}

/* Labels are in order, and so are those that are followed: a new one is put where it belongs. */
static bool
follow_new(struct herald *h, const struct bytes *labels, struct fault *f)
{
	size_t n = 0, at = 0;
	struct follow *all;

	for (size_t i = 0; i < labels->n; i++)
		n += labels->at[i] == 0;
	if (n == 0 || n == h->follows)
		return true;
	if ((all = calloc(n, sizeof(*all))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "herald: out of memory");
	n = 0;
	for (const char *label = (const char *)labels->at;
	     label < (const char *)labels->at + labels->n; label += strlen(label) + 1) {
		while (at < h->follows && strcmp(h->follow[at].tenant, label) < 0)
			at++;
		if (at < h->follows && strcmp(h->follow[at].tenant, label) == 0) {
			all[n++] = h->follow[at];
			continue;
		}
		(void)snprintf(all[n].tenant, sizeof(all[n].tenant), "%s", label);
		if (look_at(h, &all[n], true, f))
			n++;
		else
			log_fact(LOG_WARN, "webhook-log", "tenant", label, "why", f->text, NULL);
	}
	free(h->follow);
	h->follow = all;
	h->follows = n;
	return true;
}

/* Posts under way name a log by its place: it may have moved. */
static void
find_again(struct herald *h, size_t k, const char *tenant)
{
	for (size_t i = 0; i < h->follows; i++)
		if (strcmp(h->follow[i].tenant, tenant) == 0)
			h->hook[k].follow = i;
}

static bool
refresh(struct herald *h, struct fault *f)
{
	char now[WEBHOOKS_MAX][TEXT_LABEL_MAX] = { "" };
	struct bytes labels = { 0 };
	bool ok;

	for (size_t i = 0; i < h->hooks; i++)
		if (h->hook[i].posting)
			(void)snprintf(
			    now[i], sizeof(now[i]), "%s", h->follow[h->hook[i].follow].tenant);
	ok = realm_labels(h->realm, &labels, f) && follow_new(h, &labels, f);
	bytes_free(&labels);
	for (size_t i = 0; i < h->hooks; i++) {
		h->hook[i].follow = h->follows == 0 ? 0 : h->hook[i].follow % h->follows;
		if (now[i][0] != '\0')
			find_again(h, i, now[i]);
	}
	return ok;
}

/* One ledger that cannot be read keeps the others from nobody; it is said once. */
static void
look_again(struct herald *h, struct follow *w)
{
	struct fault f;
	bool ok = look_at(h, w, false, &f);

	if (!ok && !w->broken)
		log_fact(LOG_WARN, "webhook-log", "tenant", w->tenant, "why", f.text, NULL);
	w->broken = !ok;
}

bool
herald_survey(struct herald *h, struct fault *f)
{
	int64_t begun_us = clock_steady_us(), took_us;

	if (begun_us < h->survey_us)
		return true;
	if (!refresh(h, f))
		return false;
	for (size_t i = 0; i < h->follows; i++)
		look_again(h, &h->follow[i]);
	took_us = (clock_steady_us() - begun_us) * SURVEY_SHARE;
	h->survey_us = clock_steady_us() + (took_us > SURVEY_US ? took_us : SURVEY_US);
	return true;
}
