/* relay/release_proof.c - a PIN or a badge is counted, hashed and judged; see release_under.h. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/badge.h"
#include "relay/release_under.h"

/* --- what a guess ends in ----------------------------------------------------------------------
 */

/* The last guess was wrong, and none is under way: the job and its document's key are gone. */
static void
lock(struct release_call *c, struct job *j)
{
	struct release *r = c->release;

	j->state = JOB_CANCELED;
	j->reasons = JOB_LOCKED;
	j->changed_s = j->completed_s = r->now_s();
	if (spool_put(r->spool, j, true, &c->fault) && r->changed != NULL)
		r->changed(r->with, j);
}

/* It was no wrong guess at that job. */
static void
refund(struct release_call *c, uint32_t id)
{
	struct job j = { .id = 0 };
	struct fault gone;

	if (spool_get(c->release->spool, c->who.tenant, id, &j, &gone) && !job_is_over(&j) &&
	    j.attempts > 0) {
		j.attempts--;
		if (!spool_put(c->release->spool, &j, false, &gone))
			c->fault = gone;
	}
	job_free(&j);
}

static void
set_free(struct release_call *c, struct job *j)
{
	size_t before = json_count(c->released);

	if (j->attempts > 0)
		j->attempts--;
	release_one(c, j);
	if (json_count(c->released) == before) /* then nothing of j is kept */
		refund(c, j->id);
}

static void
judge(struct release_call *c, const struct release_try *t, bool right)
{
	struct job j = { .id = 0 };
	const char *why;
	struct fault gone;

	if (!spool_get(c->release->spool, c->who.tenant, t->id, &j, &gone)) {
		release_keep(c, t->id, "unknown", -1);
	} else if (!release_is_open(&j, &why)) {
		release_keep(c, t->id, why, -1);
	} else if (t->right) {
		set_free(c, &j);
	} else if (right) { /* another has this PIN: it was no guess at this one */
		refund(c, t->id);
		release_keep(c, t->id, "pin", JOB_ATTEMPTS_MAX - j.attempts + 1);
	} else if (j.attempts >= JOB_ATTEMPTS_MAX && !release_is_tried(c, t->id)) {
		lock(c, &j);
		release_keep(c, t->id, "locked", 0);
	} else {
		release_keep(c, t->id, "pin", JOB_ATTEMPTS_MAX - j.attempts);
	}
	job_free(&j);
}

static void
end(struct release_call *c)
{
	c->step = RELEASE_KEEPS;
	if (spool_is_dirty(c->release->spool))
		release_wait(c);
	else
		release_tell(c);
}

static void
verdict(struct release_call *c)
{
	bool right = false;

	for (size_t i = 0; i < c->tries_n; i++)
		right = right || c->tries[i].right;
	for (size_t i = 0; i < c->tries_n && c->fault.code == 0; i++)
		judge(c, &c->tries[i], right);
	c->tries_n = 0;
	if (c->fault.code == 0 && !right)
		fault_set(&c->fault, FAULT_DENIED, "release: the PIN is wrong");
	end(c);
}

/* Nobody looked at the guess: it does not count. */
static void
give_up(struct release_call *c, const struct fault *why)
{
	for (size_t i = 0; i < c->tries_n; i++)
		refund(c, c->tries[i].id);
	c->tries_n = 0;
	c->fault = *why;
	end(c);
}

/* --- hashing -----------------------------------------------------------------------------------
 */

static bool
is_badge(const struct release_call *c)
{
	return strcmp(c->how, "badge") == 0;
}

static uint64_t
badge_key(const struct release_call *c)
{
	char name[2 * TEXT_LABEL_MAX];
	int n = snprintf(name, sizeof(name), "%s/%s", c->who.tenant, c->printer);

	return secret_hash(c->release->seed, octets_of(name, (size_t)n));
}

static void work_done(struct release_work *w);

/* The next job's verifier; false: there is none left. */
static bool
work_on(struct release_call *c)
{
	struct release *r = c->release;
	struct job j = { .id = 0 };
	struct fault f;

	for (; !is_badge(c) && c->at < c->tries_n; c->at++) {
		bool there = spool_get(r->spool, c->who.tenant, c->tries[c->at].id, &j, &f);

		if (there)
			memcpy(c->work.salt, j.verifier, RELEASE_SALT);
		job_free(&j);
		if (there)
			break;
	}
	if (is_badge(c))
		badge_salt(c->who.tenant, c->work.salt);
	else if (c->at == c->tries_n)
		return false;
	c->step = RELEASE_WORKS;
	c->work.call = c;
	c->work.done = work_done;
	c->work.ok = false;
	if (!r->harden(r->with, &c->work, &f)) {
		give_up(c, &f);
		return true;
	}
	if (c->x != NULL)
		c->x->waits = true;
	return true;
}

static bool
is_right(struct release_call *c)
{
	struct job j = { .id = 0 };
	struct fault f;
	bool right = false;

	if (c->work.ok && spool_get(c->release->spool, c->who.tenant, c->tries[c->at].id, &j, &f))
		right = CRYPTO_memcmp(j.verifier + RELEASE_SALT, c->work.ret, RELEASE_HARD) == 0;
	job_free(&j);
	return right;
}

static void
badge_done(struct release_call *c)
{
	char holder[RELEASE_HOLDER_MAX];
	struct release *r = c->release;
	struct fault f;

	if (!c->work.ok) {
		fault_set(&f, FAULT_INTERNAL, "release: a badge could not be hashed");
		give_up(c, &f);
	} else if (!r->holder(r->with, c->who.tenant, c->work.ret, holder, &f) ||
		   !release_owner_of(c, holder, c->owner)) {
		if (f.code == FAULT_NOTFOUND)
			fault_set(&f, FAULT_DENIED, "release: nobody has that badge");
		give_up(c, &f);
	} else {
		quota_give_back(r->badges, badge_key(c));
		release_all(c, NULL);
	}
}

static void
work_done(struct release_work *w)
{
	struct release_call *c = w->call;

	if (is_badge(c)) {
		badge_done(c);
		return;
	}
	c->tries[c->at].right = is_right(c);
	c->at++;
	if (!work_on(c))
		verdict(c);
}

static void
keyed(struct exchange *x, uint16_t code, struct octets body)
{
	struct release_call **of = x->state, *c = *of;
	struct octets key;
	struct fault f;
	bool ok = code == 0;

	if (!ok)
		fault_set(&f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
	ok = ok && c->release->keyed(c->release->with, body, &key, &f);
	secret_free(&c->secret);
	if (ok) {
		bytes_put_octets(&c->work.keyed, key);
		ok = bytes_ok(&c->work.keyed, &f);
	}
	if (!ok)
		give_up(c, &f);
	else if (!work_on(c))
		verdict(c);
}

static void
ask(struct release_call *c)
{
	struct release *r = c->release;
	struct fault f;

	c->step = RELEASE_ASKS;
	if (!r->key(r->with, c->x, c->who.tenant, secret_octets(&c->secret), &f)) {
		give_up(c, &f);
		return;
	}
	c->x->ask.then = keyed;
	if (c->x->waits)
		exchange_wake(c->x);
}

/* --- a PIN -------------------------------------------------------------------------------------
 */

static bool
wants_pin(void *with, const struct job *j)
{
	struct release_call *c = with;
	const char *why;

	if (strcmp(j->owner, c->owner) == 0 && j->release == JOB_RELEASE_PASSWORD &&
	    release_is_open(j, &why) && c->tries_n < RELEASE_PINS_MAX)
		c->tries[c->tries_n++].id = j->id;
	return c->tries_n < RELEASE_PINS_MAX;
}

static bool
find_one(struct release_call *c, uint32_t id)
{
	struct job j = { .id = 0 };
	const char *why;
	bool ok = spool_get(c->release->spool, c->who.tenant, id, &j, &c->fault);

	if (ok && c->owner[0] != '\0' && strcmp(j.owner, c->owner) != 0)
		ok = fault_set(&c->fault, FAULT_NOTFOUND, "job: there is none of that id");
	if (ok && !release_is_open(&j, &why))
		ok = fault_set(&c->fault, FAULT_CONFLICT, "job: it is not held: %s", why);
	if (ok && j.release != JOB_RELEASE_PASSWORD)
		ok = fault_set(&c->fault, FAULT_CONFLICT, "job: it has no PIN");
	if (ok)
		c->tries[c->tries_n++].id = id;
	job_free(&j);
	return ok;
}

/* One guess more; where there are too many already, and all were judged, the job goes now. True: it
 * may be tried. */
static bool
count(struct release_call *c, uint32_t id)
{
	struct job j = { .id = 0 };
	bool ok = spool_get(c->release->spool, c->who.tenant, id, &j, &c->fault), may;

	may = ok && j.attempts < JOB_ATTEMPTS_MAX;
	if (may) {
		j.attempts++;
		may = spool_put(c->release->spool, &j, false, &c->fault);
	} else if (ok) {
		release_keep(c, id, "locked", 0);
		if (!release_is_tried(c, id))
			lock(c, &j);
	}
	job_free(&j);
	return may;
}

void
release_pin(struct release_call *c, uint32_t id)
{
	size_t n = 0;
	bool ok = id != 0 ? find_one(c, id)
			  : spool_each(c->release->spool, c->who.tenant, false, 1, wants_pin, c,
				&c->fault);

	if (ok && c->tries_n == 0)
		ok = fault_set(&c->fault, FAULT_NOTFOUND, "release: no job waits for a PIN");
	for (size_t i = 0; ok && i < c->tries_n; i++) {
		if (count(c, c->tries[i].id))
			c->tries[n++] = c->tries[i];
		ok = c->fault.code == 0;
	}
	if (ok && n == 0)
		fault_set(
		    &c->fault, FAULT_DENIED, "release: too many wrong PINs: the job is locked");
	c->tries_n = ok ? n : 0;
	c->step = n == 0 ? RELEASE_KEEPS : RELEASE_COUNTS;
	if (ok && spool_is_dirty(c->release->spool))
		release_wait(c);
	else
		release_tell(c);
}

void
release_badge(struct release_call *c)
{
	struct release *r = c->release;

	if (quota_take(r->badges, badge_key(c), r->steady_us()) > 0) {
		fault_set(&c->fault, FAULT_OFTEN, "release: too many wrong badges at this printer");
		release_tell(c);
		return;
	}
	ask(c);
}

/* --- on it goes --------------------------------------------------------------------------------
 */

void
release_go_on(struct release_call *c, const struct fault *failed)
{
	if (failed != NULL) {
		c->tries_n = 0;
		fault_set(&c->fault, FAULT_BUSY, "release: it could not be kept: try again");
		release_tell(c);
	} else if (c->step == RELEASE_KEEPS) {
		release_tell(c);
	} else if (c->x != NULL) {
		ask(c);
	} else {
		verdict(c);
	}
}

/* What was counted stays so; a commit or a thread that is under way comes back to it. */
void
release_gone(struct release_call *c)
{
	if (c->step == RELEASE_ASKS)
		verdict(c);
}
