/* daemon/replay_sets.c - see replay_sets.h. */
#include "daemon/replay_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli_call.h"
#include "daemon/zoneinfo.h"
#include "policy/recorded.h"

bool
replay_sets_open(struct replay_sets *s, struct fault *f)
{
	s->at = calloc(REPLAY_SETS_MAX, sizeof(*s->at));
	return s->at != NULL || fault_set(f, FAULT_INTERNAL, "replay: out of memory");
}

void
replay_sets_close(struct replay_sets *s)
{
	for (size_t i = 0; i < s->n; i++)
		policy_files_free(&s->at[i].files);
	free(s->at);
	*s = (struct replay_sets){ .n = 0 };
}

/* A place for one more. */
static struct replay_set *
make_room(struct replay_sets *s)
{
	struct replay_set *at;

	if (s->n < REPLAY_SETS_MAX)
		return &s->at[s->n++];
	at = &s->at[s->next++ % REPLAY_SETS_MAX];
	policy_files_free(&at->files);
	*at = (struct replay_set){ .digest = "" };
	return at;
}

static bool
seal(struct replay_set *set, struct fault *f)
{
	if (!policy_files_compile(&set->files, f))
		return false;
	text_hex(set_digest(set->files.set), DOCUMENT_DIGEST_OCTETS, set->digest);
	return true;
}

bool
replay_sets_add(struct replay_sets *s, const char *const *paths, size_t n, struct fault *f)
{
	struct replay_set *set = make_room(s);

	for (size_t i = 0; i < n; i++)
		if (!policy_files_add(&set->files, paths[i], f))
			return false;
	return n == 0 || seal(set, f);
}

static bool
add_document(struct policy_files *p, const char *text, struct fault *f)
{
	if (text == NULL || p->n == POLICY_FILES_MAX)
		return fault_set(f, FAULT_BADREQ, "replay: policies of another shape");
	if (p->zones == NULL && (p->zones = zones_new(zoneinfo_fetch, NULL)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "replay: out of memory");
	if (!document_read(
		"policy", octets_text(text), POLICY_FILE_MAX, p->zones, &p->document[p->n], f))
		return false;
	p->n++;
	return true;
}

/* The service keeps every document; what it answers must be what was asked for. */
static bool
fetch(struct replay_sets *s, const char *digest, struct replay_set **ret, struct fault *f)
{
	struct replay_set *set;
	const struct json *items;
	struct json *answer = NULL;
	char path[CLI_PATH_MAX];
	struct fault why;
	bool ok = true;

	*ret = NULL;
	(void)snprintf(
	    path, sizeof(path), "/v1/tenants/%s/policy/documents?set=%.64s", s->tenant, digest);
	if (!client_call(s->client, "GET", path, NULL, &answer, &why))
		return why.code == FAULT_NOTFOUND || (*f = why, false);
	set = make_room(s);
	items = json_get(answer, "items");
	for (size_t i = 0; ok && i < json_count(items); i++)
		ok = add_document(&set->files, json_text(json_at(items, i), "document"), f);
	ok = ok && seal(set, f);
	json_free(answer);
	if (ok && strcmp(set->digest, digest) == 0)
		*ret = set;
	return ok;
}

static bool
find(struct replay_sets *s, const char *digest, struct replay_set **ret, struct fault *f)
{
	*ret = NULL;
	for (size_t i = 0; i < s->n && *ret == NULL; i++)
		if (strcmp(s->at[i].digest, digest) == 0)
			*ret = &s->at[i];
	return *ret != NULL || s->client == NULL || fetch(s, digest, ret, f);
}

bool
replay_sets_decide(
    struct replay_sets *s, const struct json *decided, struct replay *p, struct fault *f)
{
	const char *digest = json_text(decided, "policy");
	struct recorded_with with = { .strict = true };
	struct recorded_again a;
	struct replay_set *set;

	if (!find(s, digest == NULL ? "" : digest, &set, f))
		return false;
	if (set == NULL) {
		p->outcome = REPLAY_POLICY;
		(void)snprintf(
		    p->policy, sizeof(p->policy), "%.64s", digest == NULL ? "-" : digest);
		return true;
	}
	with.set = set->files.set;
	recorded_decide(&with, decided, &a);
	(void)snprintf(p->why, sizeof(p->why), "by policies: %.200s",
	    a.why[0] == '\0' ? recorded_word(a.outcome) : a.why);
	if (a.outcome == RECORDED_UNKNOWN)
		p->outcome = REPLAY_UNDECIDED;
	else if (a.outcome != RECORDED_SAME)
		p->outcome = REPLAY_DIFFERS;
	return true;
}
