/* relay/release.c - see release.h: who asks for what, and the answer. */
#include "relay/release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json_body.h"
#include "base/problem.h"
#include "ca/printer.h"
#include "relay/release_under.h"

/* Kept while the body comes. */
struct asking {
	struct release *release;
	struct identity who;
};

/* --- calls -------------------------------------------------------------------------------------
 */

static void
call_free(struct release_call *c)
{
	struct release_call **at = &c->release->calls;

	while (c->listed && *at != NULL && *at != c)
		at = &(*at)->next;
	if (c->listed && *at == c)
		*at = c->next;
	secret_free(&c->secret);
	bytes_free(&c->work.keyed);
	json_free(c->released);
	json_free(c->kept);
	json_free(c->items);
	free(c);
}

/* x's state is a pointer of its own: the call may outlive x. */
static void
over(struct exchange *x)
{
	struct release_call **of = x->state;

	if (of != NULL && *of != NULL) {
		(*of)->x = NULL;
		release_gone(*of);
	}
}

bool
release_call_new(struct release *r, struct exchange *x, const struct identity *who,
    struct release_call **ret, struct fault *f)
{
	struct release_call *c = calloc(1, sizeof(*c)),
			    **of = calloc(1, sizeof(struct release_call *));

	if (c == NULL || of == NULL) {
		free(c);
		free(of);
		return fault_set(f, FAULT_INTERNAL, "release: out of memory");
	}
	*c = (struct release_call){ .release = r, .x = x, .who = *who };
	c->released = json_array();
	c->kept = json_array();
	c->next = r->calls;
	c->listed = true;
	r->calls = c;
	*of = c;
	x->state = of;
	x->over = over;
	*ret = c;
	return true;
}

void
release_wait(struct release_call *c)
{
	c->waits = true;
	if (c->x != NULL)
		c->x->waits = true;
}

void
release_keep(struct release_call *c, uint32_t id, const char *why, int left)
{
	struct json *o = json_object();

	json_put_number(o, "id", (int64_t)id);
	json_put_text(o, "why", why);
	if (left >= 0)
		json_put_number(o, "left", left);
	json_add(c->kept, o);
}

/* Of a wrong PIN too which jobs it was tried on, and how often it may yet be. */
static void
refuse(struct release_call *c, struct exchange *x)
{
	struct json *o = json_object();
	struct bytes members = { 0 };
	struct fault f;

	if (json_count(c->kept) > 0) {
		json_put(o, "kept", c->kept);
		c->kept = NULL;
	}
	x->status = problem_fault(x, &c->fault,
	    json_write(o, &members, &f) ? octets_bytes(&members) : octets_of(NULL, 0));
	(void)snprintf(x->why, sizeof(x->why), "%.*s", EXCHANGE_WHY_MAX - 1, c->fault.text);
	json_free(o);
	bytes_free(&members);
}

static void
answer(struct release_call *c, struct exchange *x)
{
	struct json *o;

	if (c->fault.code != 0) {
		refuse(c, x);
		return;
	}
	o = json_object();
	if (c->items != NULL) {
		json_put(o, "items", c->items);
		c->items = NULL;
		problem_answer(x, 200, o);
		return;
	}
	json_put_text(o, "printer", c->printer);
	json_put(o, "released", c->released);
	json_put(o, "kept", c->kept);
	c->released = c->kept = NULL;
	problem_answer(x, 200, o);
}

void
release_tell(struct release_call *c)
{
	struct exchange *x = c->x;

	if (x != NULL) {
		struct release_call **of = x->state;

		*of = NULL;
		answer(c, x);
		call_free(c);
		if (x->waits)
			exchange_wake(x);
		return;
	}
	call_free(c);
}

bool
release_is_tried(const struct release_call *c, uint32_t id)
{
	for (const struct release_call *o = c->release->calls; o != NULL; o = o->next)
		for (size_t i = 0; o != c && i < o->tries_n; i++)
			if (o->tries[i].id == id && strcmp(o->who.tenant, c->who.tenant) == 0)
				return true;
	return false;
}

void
release_committed(struct release *r, const struct fault *failed)
{
	bool again = true;

	/* What goes on may end, and take itself off the list. */
	while (again) {
		again = false;
		for (struct release_call *c = r->calls; c != NULL; c = c->next)
			if (c->waits) {
				c->waits = false;
				again = true;
				release_go_on(c, failed);
				break;
			}
	}
}

bool
release_start(struct release *r, struct fault *f)
{
	static const struct quota_rule rule = { .burst = RELEASE_BADGES,
		.period_us = RELEASE_BADGES_S * INT64_C(1000000) };

	secret_nonce(r->seed, sizeof(r->seed));
	return quota_new(&rule, &r->badges, f);
}

void
release_end(struct release *r)
{
	while (r->calls != NULL)
		call_free(r->calls);
	quota_free(r->badges);
	r->badges = NULL;
}

/* --- a request ---------------------------------------------------------------------------------
 */

bool
release_owner_of(const struct release_call *c, const char *id, char to[static JOB_OWNER_MAX])
{
	const char *slash = strchr(id, '/');
	char uri[NAME_URI_MAX];
	struct endpoint e = { .kind = "" };

	if (slash == NULL || (size_t)(slash - id) >= sizeof(e.kind) ||
	    strlen(slash + 1) >= sizeof(e.name))
		return false;
	memcpy(e.tenant, c->who.tenant, sizeof(e.tenant));
	memcpy(e.kind, id, (size_t)(slash - id));
	(void)snprintf(e.name, sizeof(e.name), "%s", slash + 1);
	if (!text_is_label(e.kind) || !text_is_label(e.name))
		return false;
	name_uri(realm_space(c->release->realm), &e, uri);
	return snprintf(to, JOB_OWNER_MAX, "%s", uri) < JOB_OWNER_MAX;
}

static void
own(const struct release_call *c, char to[static JOB_OWNER_MAX])
{
	char id[2 * TEXT_LABEL_MAX];

	(void)snprintf(id, sizeof(id), "%s/%s", c->who.endpoint, c->who.name);
	if (!release_owner_of(c, id, to))
		to[0] = '\0';
}

/* A printer of the tenant: one with a row, or who asks itself. */
static bool
read_printer(struct release_call *c, const char *name, struct fault *f)
{
	struct ledger *l;
	struct printer p;

	if (name == NULL || !text_is_label(name))
		return fault_set(f, FAULT_BADREQ, "printer: expected a printer's name");
	(void)snprintf(c->printer, sizeof(c->printer), "%s", name);
	return printer_speaks(c->release->realm, &c->who, name) ||
	       (realm_ledger(c->release->realm, c->who.tenant, &l, f) &&
		   printer_get(l, name, &p, f));
}

static bool
only(const struct json *body, struct fault *f)
{
	static const char *const names[] = { "printer", "jobs", "all", "job", "pin", "owner",
		"badge" };
	const char *name;

	for (size_t i = 0; (name = json_name_at(body, i)) != NULL; i++) {
		bool known = false;

		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			known = known || strcmp(name, names[k]) == 0;
		if (!known)
			return fault_set(f, FAULT_BADREQ, "%.40s: there is no such member", name);
	}
	return true;
}

/* Its SHA-256 is what print clients send of a PIN, too (relay/print_pin.c). */
static bool
take_secret(struct release_call *c, const char *text, const char *what, struct fault *f)
{
	size_t n = text == NULL ? 0 : strlen(text);
	uint8_t digest[DIGEST_OCTETS];
	bool ok;

	if (n == 0 || n > RELEASE_PIN_MAX)
		return fault_set(
		    f, FAULT_BADREQ, "%s: expected 1 to %d octets", what, RELEASE_PIN_MAX);
	digest_of(octets_text(text), digest);
	ok = secret_copy(octets_of(digest, sizeof(digest)), &c->secret, f);
	secret_wipe(digest, sizeof(digest));
	return ok;
}

/* By the owner's certificate. */
static bool
by_owner(struct release_call *c, const struct json *body, struct fault *f)
{
	const struct json *ids = json_get(body, "jobs");

	if ((ids != NULL) == json_true(body, "all") ||
	    (ids != NULL && (json_count(ids) < 1 || json_count(ids) > RELEASE_JOBS_MAX)))
		return fault_set(f, FAULT_BADREQ,
		    "release: expected jobs, a list of 1 to %d ids, or \"all\": true",
		    RELEASE_JOBS_MAX);
	c->how = "owner";
	own(c, c->owner);
	release_all(c, ids);
	return true;
}

static bool
by_pin(struct release_call *c, const struct json *body, bool speaks, struct fault *f)
{
	const char *owner = json_text(body, "owner");
	int64_t id = 0;

	if (!json_number(body, "job", 1, INT32_MAX, 0, &id) || (id == 0) == (owner == NULL))
		return fault_set(f, FAULT_BADREQ, "release: expected job or owner beside pin");
	if (owner != NULL && !release_owner_of(c, owner, c->owner))
		return fault_set(f, FAULT_BADREQ, "owner: expected KIND/NAME");
	if (!speaks) { /* then the owner alone may, for its own */
		if (owner != NULL)
			return fault_set(f, FAULT_DENIED,
			    "release: the certificate does not speak for that printer");
		own(c, c->owner);
	}
	if (!take_secret(c, json_text(body, "pin"), "pin", f))
		return false;
	c->how = "pin";
	release_pin(c, (uint32_t)id);
	return true;
}

static bool
begin(struct release_call *c, const struct json *body, struct fault *f)
{
	bool speaks;

	if (!only(body, f) || !read_printer(c, json_text(body, "printer"), f))
		return false;
	speaks = printer_speaks(c->release->realm, &c->who, c->printer);
	if (json_get(body, "badge") != NULL) {
		if (!speaks)
			return fault_set(f, FAULT_DENIED,
			    "release: the certificate does not speak for that printer");
		if (!take_secret(c, json_text(body, "badge"), "badge", f))
			return false;
		c->how = "badge";
		release_badge(c);
		return true;
	}
	if (json_get(body, "pin") != NULL)
		return by_pin(c, body, speaks, f);
	return by_owner(c, body, f);
}

static void
came(struct exchange *x, const void *with, const struct json *body)
{
	const struct asking *a = with;
	struct release_call *c;
	struct fault f;

	if (!release_call_new(a->release, x, &a->who, &c, &f)) {
		problem_send(x, &f);
	} else if (!begin(c, body, &f)) {
		c->fault = f;
		release_tell(c);
	}
}

static bool
query(struct exchange *x, const char *name, char *to, size_t size)
{
	struct octets left = x->query;
	size_t n = strlen(name);

	to[0] = '\0';
	while (left.n > 0) {
		const uint8_t *end = memchr(left.at, '&', left.n);
		struct octets one =
		    octets_of(left.at, end == NULL ? left.n : (size_t)(end - left.at));

		left = octets_of(one.at + one.n, left.n - one.n);
		if (left.n > 0)
			left = octets_of(left.at + 1, left.n - 1);
		if (one.n > n && memcmp(one.at, name, n) == 0 && one.at[n] == '=')
			return text_unpercent(octets_of(one.at + n + 1, one.n - n - 1), to, size);
	}
	return true;
}

static bool
list(struct release_call *c, struct exchange *x, struct fault *f)
{
	char printer[TEXT_LABEL_MAX], owner[RELEASE_HOLDER_MAX];

	if (!query(x, "printer", printer, sizeof(printer)) ||
	    !query(x, "owner", owner, sizeof(owner)))
		return fault_set(f, FAULT_BADREQ, "release: the query cannot be read");
	if (!read_printer(c, printer, f))
		return false;
	if (owner[0] == '\0')
		own(c, c->owner);
	else if (!printer_speaks(c->release->realm, &c->who, c->printer))
		return fault_set(
		    f, FAULT_DENIED, "release: the certificate does not speak for that printer");
	else if (!release_owner_of(c, owner, c->owner))
		return fault_set(f, FAULT_BADREQ, "owner: expected KIND/NAME");
	release_list(c);
	return true;
}

bool
release_serve(struct release *r, struct exchange *x, const struct identity *who)
{
	struct asking a = { .release = r, .who = *who };
	struct release_call *c;
	struct fault f;

	if (!octets_same(x->path, octets_text(RELEASE_PATH)))
		return false;
	if (!who->good || who->kind != IDENTITY_ENDPOINT) {
		fault_set(&f, FAULT_DENIED, "release: endpoints alone ask here");
		problem_send(x, &f);
	} else if (octets_same(x->method, octets_text("POST"))) {
		json_body(x, RELEASE_BODY_MAX, &a, sizeof(a), came);
	} else if (!octets_same(x->method, octets_text("GET"))) {
		problem_other_method(x, "GET, POST", "release: POST releases, GET shows");
	} else if (!release_call_new(r, x, who, &c, &f)) {
		problem_send(x, &f);
	} else if (!list(c, x, &f)) {
		c->fault = f;
		release_tell(c);
	}
	return true;
}
