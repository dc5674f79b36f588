/* tests/unit/release.c - relay/release.h: whose job goes to which printer, and how often one may
 * guess. */
#include "relay/release.h"
#include "base/digest.h"
#include "base/json.h"
#include "ca/badge.h"
#include "tests/unit/infra_site.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SALT     7
#define ASKS     78

static struct release r;
static struct identity owner, other, phone; /* ws-1, ws-2; a phone */
static struct release_work *works[128];
static size_t works_n;
static unsigned decided, harden_fails;
static bool seen_present;
static char seen_how[16], seen_printer[TEXT_LABEL_MAX];
static int64_t steady;

/* One HTTP request. */
struct call {
	struct exchange x; /* first: site_wake() counts what lies behind */
	struct bytes message;
	unsigned woken;
	struct json *answer;
};

static struct call a;

static int64_t
steady_us(void)
{
	return steady;
}

static bool
decide_release(void *with, struct exchange *x, const struct decider_question *q,
    struct decider_answer *ret, struct fault *why)
{
	(void)with, (void)x, (void)why;
	ck_assert_int_eq(q->act, ACT_PRINT_RELEASE);
	decided++;
	seen_present = q->owner_present;
	(void)snprintf(seen_how, sizeof(seen_how), "%s", q->how);
	(void)snprintf(seen_printer, sizeof(seen_printer), "%s", q->printer);
	*ret = (struct decider_answer){ .permit = permits, .decision = "d-1", .why = "no" };
	return true;
}

static const struct decider release_decider = { decide_release, NULL };

static bool
key(void *with, struct exchange *x, const char *tenant, struct octets secret, struct fault *why)
{
	(void)with, (void)why;
	ck_assert_str_eq(tenant, "acme");
	x->ask.verb = ASKS;
	bytes_clear(&x->ask.body);
	bytes_put_octets(&x->ask.body, secret);
	return true;
}

static bool
keyed(void *with, struct octets answer, struct octets *ret, struct fault *why)
{
	(void)with, (void)why;
	*ret = answer;
	return true;
}

static void
hard_of(struct octets secret, const uint8_t *salt, uint8_t to[static DIGEST_OCTETS])
{
	digest_of_both(octets_of(salt, RELEASE_SALT), secret, to);
}

static bool
make_hard(void *with, struct release_work *w, struct fault *why)
{
	(void)with;
	if (harden_fails > 0) {
		harden_fails--;
		return fault_set(why, FAULT_BUSY, "all threads are at work");
	}
	works[works_n++] = w;
	return true;
}

/* What print clients send of a PIN, too: its SHA-256. */
static void
hard_of_text(const char *text, const uint8_t *salt, uint8_t to[static DIGEST_OCTETS])
{
	uint8_t digest[DIGEST_OCTETS];

	digest_of(octets_text(text), digest);
	hard_of(octets_of(digest, sizeof(digest)), salt, to);
}

/* A thread has finished the oldest. */
static void
work(void)
{
	struct release_work *w = works[0];

	ck_assert_uint_gt(works_n, 0);
	memmove(works, works + 1, --works_n * sizeof(works[0]));
	hard_of(octets_bytes(&w->keyed), w->salt, w->ret);
	w->ok = true;
	w->done(w);
}

static bool
holder(void *with, const char *tenant, const uint8_t badge[RELEASE_HARD],
    char ret[RELEASE_HOLDER_MAX], struct fault *why)
{
	uint8_t salt[HARDEN_SALT], hard[DIGEST_OCTETS];

	(void)with;
	badge_salt(tenant, salt);
	hard_of_text("card-1", salt, hard);
	if (memcmp(hard, badge, RELEASE_HARD) != 0)
		return fault_set(why, FAULT_NOTFOUND, "nobody's");
	(void)snprintf(ret, RELEASE_HOLDER_MAX, "workstation/ws-1");
	return true;
}

static void
changed(void *with, const struct job *j)
{
	(void)with;
	infra_changed(&n, j);
}

static void
commit(const struct fault *failed)
{
	ck_assert(spool_commit(n.spool, &f));
	infra_committed(&n, failed);
	release_committed(&r, failed);
}

static void
setup(void)
{
	site_new();
	r = (struct release){ .realm = g.realm,
		.spool = n.spool,
		.decider = &release_decider,
		.now_s = site_now,
		.steady_us = steady_us,
		.key = key,
		.keyed = keyed,
		.holder = holder,
		.harden = make_hard,
		.changed = changed };
	ck_assert(release_start(&r, &f));
	owner = site_who("acme", "workstation", "ws-1");
	other = site_who("acme", "workstation", "ws-2");
	phone = site_who("globex", "workstation", "ws-1");
	a = (struct call){ .woken = 0 };
	works_n = decided = harden_fails = 0;
	steady = 1;
}

static void
done(struct call *c)
{
	if (c->x.over != NULL)
		c->x.over(&c->x);
	exchange_free(&c->x);
	json_free(c->answer);
	*c = (struct call){ .woken = 0 };
}

static void
teardown(void)
{
	done(&a);
	release_end(&r);
	site_free();
}

/* A job that ws-1 sent; pin NULL: without. */
static uint32_t
held(const char *pin)
{
	uint32_t id = site_job("");
	struct job j = { .id = 0 };

	ck_assert(spool_get(n.spool, "acme", id, &j, &f));
	j.release = pin == NULL ? JOB_RELEASE_OWNER : JOB_RELEASE_PASSWORD;
	memset(j.verifier, SALT + (int)id, RELEASE_SALT);
	if (pin != NULL)
		hard_of_text(pin, j.verifier, j.verifier + RELEASE_SALT);
	ck_assert(spool_put(n.spool, &j, false, &f));
	job_free(&j);
	commit(NULL);
	return id;
}

/* body NULL: GET of that query. */
static void
send(struct call *c, const struct identity *who, const char *query, const char *body)
{
	done(c);
	c->x = (struct exchange){ .face = FACE_RELAY,
		.method = octets_text(body == NULL ? "GET" : "POST"),
		.path = octets_text("/release"),
		.query = octets_text(query),
		.content_type = octets_text("application/json"),
		.wake = site_wake };
	ck_assert(release_serve(&r, &c->x, who));
	if (c->x.take != NULL && c->x.status == 0)
		c->x.take(&c->x, octets_text(body), true);
}

static void
signer(struct call *c)
{
	struct bytes secret = c->x.ask.body;

	ck_assert_uint_eq(c->x.ask.verb, ASKS);
	c->x.ask.verb = 0;
	c->x.ask.body = (struct bytes){ 0 };
	c->x.ask.then(&c->x, 0, octets_bytes(&secret));
	bytes_free(&secret);
}

static unsigned
finish(struct call *c)
{
	for (int i = 0; c->x.status == 0 && i < 100; i++) {
		if (c->x.ask.verb != 0)
			signer(c);
		else if (works_n > 0)
			work();
		else
			commit(NULL);
	}
	ck_assert_uint_ne(c->x.status, 0);
	ck_assert(!c->x.waits);
	json_free(c->answer);
	c->answer = NULL;
	ck_assert(json_parse(octets_bytes(&c->x.reply), &c->answer, &f));
	return c->x.status;
}

static unsigned
ask(const struct identity *who, const char *body)
{
	send(&a, who, "", body);
	return finish(&a);
}

static size_t
count(const char *list)
{
	return json_count(json_get(a.answer, list));
}

static const char *
why(size_t i)
{
	const char *word = json_text(json_at(json_get(a.answer, "kept"), i), "why");

	return word == NULL ? "" : word;
}

START_TEST(ones_own_by_certificate)
{
	uint32_t one_job = held(NULL), two_job = held(NULL), secret = held("4711");

	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-1\",\"jobs\":[1,3,99]}"), 200);
	ck_assert_uint_eq(count("released"), 1);
	ck_assert_uint_eq(count("kept"), 2);
	ck_assert_str_eq(why(0), "pin");
	ck_assert_str_eq(why(1), "unknown");
	ck_assert_int_eq(site_see(one_job).state, JOB_PENDING);
	ck_assert_uint_eq(site_see(one_job).reasons, JOB_FETCHABLE);
	ck_assert_str_eq(site_see(one_job).device, "hp-1");
	ck_assert_str_eq(site_see(one_job).decision, "d-1");
	ck_assert_str_eq(seen_how, "owner");
	ck_assert(seen_present);
	ck_assert_int_eq(site_see(two_job).state, JOB_HELD);
	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-2\",\"all\":true}"), 200);
	ck_assert_uint_eq(count("released"), 1);
	ck_assert_str_eq(site_see(two_job).device, "hp-2");
	ck_assert_int_eq(site_see(secret).state, JOB_HELD);
	/* The printer is jammed: another, as long as nobody fetched it. */
	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-2\",\"jobs\":[1]}"), 200);
	ck_assert_str_eq(site_see(one_job).device, "hp-2");
	ck_assert_int_eq(site_say(&one, FETCH_JOB, "hp-1", one_job, 0, 0), LOST);
}
END_TEST

/* Nothing is fetchable before its owner released it, however long one waits. */
START_TEST(what_is_fetched_is_not_released_again)
{
	uint32_t id = held(NULL);

	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-1\",\"all\":true}"), 200);
	n.decider = &(const struct decider){ site_decide, NULL };
	ck_assert_int_eq(site_say(&one, FETCH_JOB, "hp-1", id, 0, 0), 0);
	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-2\",\"jobs\":[1]}"), 200);
	ck_assert_str_eq(why(0), "printing");
	ck_assert_str_eq(site_see(id).device, "hp-1");
}
END_TEST

START_TEST(anothers_are_unknown)
{
	uint32_t id = held(NULL);

	ck_assert_uint_eq(ask(&other, "{\"printer\":\"hp-1\",\"jobs\":[1]}"), 200);
	ck_assert_str_eq(why(0), "unknown");
	ck_assert_uint_eq(ask(&one, "{\"printer\":\"hp-1\",\"jobs\":[1]}"), 200);
	ck_assert_str_eq(why(0), "unknown");
	ck_assert_uint_eq(ask(&one, "{\"printer\":\"hp-1\",\"all\":true}"), 200);
	ck_assert_uint_eq(count("released"), 0);
	ck_assert_uint_eq(ask(&phone, "{\"printer\":\"hp-1\",\"jobs\":[1]}"), 404);
	ck_assert_uint_eq(decided, 0);
	ck_assert_int_eq(site_see(id).state, JOB_HELD);
}
END_TEST

START_TEST(policies_have_the_last_word)
{
	uint32_t id = held(NULL), secret = held("4711");

	permits = false;
	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-1\",\"all\":true}"), 200);
	ck_assert_uint_eq(count("released"), 0);
	ck_assert_str_eq(why(0), "policy");
	ck_assert_str_eq(site_see(id).device, "");
	ck_assert_uint_eq(ask(&one, "{\"printer\":\"hp-1\",\"job\":2,\"pin\":\"4711\"}"), 200);
	ck_assert_str_eq(why(0), "policy");
	ck_assert_str_eq(site_see(secret).device, "");
	ck_assert_uint_eq(site_see(secret).attempts, 0); /* it was the right one */
	ck_assert_int_eq(site_see(secret).state, JOB_HELD);
}
END_TEST

START_TEST(by_pin_at_the_printer)
{
	uint32_t id = held("4711"), next = held("4711"), third = held("0815");

	ck_assert_uint_eq(ask(&one, "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"4711\"}"), 200);
	ck_assert_uint_eq(count("released"), 1);
	ck_assert_str_eq(seen_how, "pin");
	ck_assert_str_eq(seen_printer, "hp-1");
	ck_assert_str_eq(site_see(id).device, "hp-1");
	ck_assert_uint_eq(site_see(id).attempts, 0);
	ck_assert_uint_eq(
	    ask(&self, "{\"printer\":\"hp-1\",\"owner\":\"workstation/ws-1\",\"pin\":\"4711\"}"),
	    200);
	ck_assert_uint_eq(count("released"), 2); /* the first again, and the second */
	ck_assert_str_eq(why(0), "pin");
	ck_assert_str_eq(site_see(next).device, "hp-1");
	ck_assert_uint_eq(site_see(third).attempts, 0); /* it has another, and that is no guess */
	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-1\",\"job\":3,\"pin\":\"0815\"}"), 200);
	ck_assert_str_eq(site_see(third).device, "hp-1");
}
END_TEST

/* Attack: five wrong, then the right one. */
START_TEST(five_wrong_and_it_is_gone)
{
	uint32_t id = held("4711");

	for (int i = 1; i <= 5; i++) {
		ck_assert_uint_eq(
		    ask(&one, "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"1111\"}"), 403);
		ck_assert_str_eq(why(0), i < 5 ? "pin" : "locked");
		ck_assert_uint_eq(site_see(id).attempts, (unsigned)i);
	}
	ck_assert_int_eq(site_see(id).state, JOB_CANCELED);
	ck_assert_uint_eq(site_see(id).reasons, JOB_LOCKED);
	ck_assert_uint_eq(site_see(id).envelope.n, 0);
	ck_assert_uint_eq(ask(&one, "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"4711\"}"), 409);
	ck_assert_uint_eq(decided, 0);
}
END_TEST

/* Attack: a hundred guesses at once, the right one among the last. */
START_TEST(a_hundred_at_once)
{
	static struct call all[100];
	uint32_t id = held("0099");
	unsigned looked = 0;
	char body[80];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(
		    body, sizeof(body), "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"%04d\"}", i);
		send(&all[i], i % 2 == 0 ? &one : &two, "", body);
	}
	commit(NULL);
	for (int i = 0; i < 100; i++)
		if (all[i].x.status == 0) {
			looked++;
			signer(&all[i]);
		}
	ck_assert_uint_eq(looked, JOB_ATTEMPTS_MAX);
	ck_assert_uint_eq(works_n, JOB_ATTEMPTS_MAX);
	while (works_n > 0)
		work();
	commit(NULL);
	for (int i = 0; i < 100; i++) {
		ck_assert_uint_eq(all[i].x.status, 403);
		done(&all[i]);
	}
	ck_assert_int_eq(site_see(id).state, JOB_CANCELED);
	ck_assert_uint_eq(site_see(id).reasons, JOB_LOCKED);
	ck_assert_uint_eq(decided, 0);
}
END_TEST

/* Four wrong ones and the right one on their way together: it is released, and not locked. */
START_TEST(the_right_one_among_five)
{
	static struct call all[5];
	uint32_t id = held("0003");
	char body[80];

	for (int i = 0; i < 5; i++) {
		(void)snprintf(
		    body, sizeof(body), "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"%04d\"}", i);
		send(&all[i], &one, "", body);
	}
	commit(NULL);
	for (int i = 0; i < 5; i++)
		signer(&all[i]);
	while (works_n > 0)
		work();
	commit(NULL);
	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(all[i].x.status, i == 3 ? 200 : i == 4 ? 403 : 403);
		done(&all[i]);
	}
	ck_assert_int_eq(site_see(id).state, JOB_PENDING);
	ck_assert_str_eq(site_see(id).device, "hp-1");
}
END_TEST

/* Attack: who hangs up before the answer takes no guess back. */
START_TEST(who_hangs_up_has_guessed)
{
	static const char body[] = "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"1111\"}";
	uint32_t id = held("4711");

	send(&a, &one, "", body); /* before the commit */
	done(&a);
	commit(NULL);
	commit(NULL);
	send(&a, &one, "", body); /* while the signer is asked */
	commit(NULL);
	done(&a);
	commit(NULL);
	send(&a, &one, "", body); /* while the thread works */
	commit(NULL);
	signer(&a);
	done(&a);
	work();
	commit(NULL);
	ck_assert_uint_eq(site_see(id).attempts, 3);
	for (int i = 0; i < 2; i++) {
		send(&a, &one, "", body);
		commit(NULL);
		done(&a);
		commit(NULL);
	}
	ck_assert_int_eq(site_see(id).state, JOB_CANCELED);
	ck_assert_uint_eq(site_see(id).envelope.n, 0);
	ck_assert_ptr_null(r.calls);
}
END_TEST

START_TEST(who_nobody_looked_at_has_not_guessed)
{
	static const struct fault full = { FAULT_BUSY, "the disk is full" };
	static const char body[] = "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"4711\"}";
	uint32_t id = held("4711");

	harden_fails = 1;
	ck_assert_uint_eq(ask(&one, body), 503);
	ck_assert_uint_eq(site_see(id).attempts, 0);
	send(&a, &one, "", body);
	commit(&full);
	ck_assert_uint_eq(a.x.status, 503);
	ck_assert_uint_eq(a.x.ask.verb, 0); /* what is not counted is not looked at */
}
END_TEST

/* Attack: how long a comparison takes tells nothing: whatever is typed, 32 octets go to the signer,
 * and 32 are compared, in constant time, of which nobody outside knows one. */
START_TEST(every_guess_is_of_one_length)
{
	static const size_t lengths[] = { 1, 4, 6, 64, 255 };
	char body[400], pin[256];
	uint32_t id = held("4711");

	for (size_t i = 0; i < COUNT(lengths); i++) {
		memset(pin, '7', lengths[i]);
		pin[lengths[i]] = '\0';
		(void)snprintf(
		    body, sizeof(body), "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"%s\"}", pin);
		send(&a, &one, "", body);
		commit(NULL);
		ck_assert_uint_eq(a.x.ask.body.n, DIGEST_OCTETS);
		ck_assert_ptr_null(memmem(a.x.ask.body.at, a.x.ask.body.n, "7777", 4));
		signer(&a);
		ck_assert_uint_eq(works[0]->keyed.n, DIGEST_OCTETS);
		work();
		commit(NULL);
		ck_assert_uint_eq(a.x.status, 403);
	}
	ck_assert_int_eq(site_see(id).state, JOB_CANCELED);
	send(&a, &one, "", "{\"printer\":\"hp-1\",\"badge\":\"7777\"}");
	ck_assert_uint_eq(a.x.ask.body.n, DIGEST_OCTETS);
	signer(&a);
	work();
	ck_assert_uint_eq(a.x.status, 403);
}
END_TEST

START_TEST(by_badge)
{
	uint32_t id = held(NULL), secret = held("4711");

	ck_assert_uint_eq(ask(&one, "{\"printer\":\"hp-1\",\"badge\":\"card-1\"}"), 200);
	ck_assert_uint_eq(count("released"), 1);
	ck_assert_str_eq(why(0), "pin");
	ck_assert_str_eq(seen_how, "badge");
	ck_assert_str_eq(site_see(id).device, "hp-1");
	ck_assert_int_eq(site_see(secret).state, JOB_HELD);
	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-1\",\"badge\":\"card-1\"}"), 403);
}
END_TEST

/* Attack: badges are tried one after the other, and many at once. */
START_TEST(badges_are_not_guessed)
{
	static struct call all[RELEASE_BADGES + 5];
	static const char body[] = "{\"printer\":\"hp-1\",\"badge\":\"card-2\"}";
	size_t looked = 0;

	for (size_t i = 0; i < COUNT(all); i++)
		send(&all[i], i % 2 == 0 ? &one : &two, "", body);
	for (size_t i = 0; i < COUNT(all); i++) {
		if (all[i].x.status == 0) {
			looked++;
			signer(&all[i]);
			work();
			ck_assert_uint_eq(all[i].x.status, 403);
		} else {
			ck_assert_uint_eq(all[i].x.status, 429);
		}
		done(&all[i]);
	}
	ck_assert_uint_eq(looked, RELEASE_BADGES);
	ck_assert_uint_eq(ask(&one, "{\"printer\":\"hp-1\",\"badge\":\"card-1\"}"), 429);
	ck_assert_uint_eq(ask(&three, "{\"printer\":\"hp-2\",\"badge\":\"card-1\"}"), 200);
	steady += RELEASE_BADGES_S * INT64_C(1000000);
	for (size_t i = 0; i < 2 * RELEASE_BADGES; i++) /* good ones cost nothing */
		ck_assert_uint_eq(ask(&one, "{\"printer\":\"hp-1\",\"badge\":\"card-1\"}"), 200);
}
END_TEST

/* A printer's panel is its own, and its gateways'. */
START_TEST(who_does_not_speak_for_it)
{
	static const char *const bodies[] = {
		"{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"4711\"}",
		"{\"printer\":\"hp-1\",\"owner\":\"workstation/ws-1\",\"pin\":\"4711\"}",
		"{\"printer\":\"hp-1\",\"badge\":\"card-1\"}",
	};
	struct identity printer = site_who("acme", "printer", "hp-2");
	const struct identity *who[] = { &three, &printer, &other };
	uint32_t id = held("4711");

	for (size_t i = 0; i < COUNT(bodies); i++)
		for (size_t w = 0; w < COUNT(who); w++)
			ck_assert_uint_eq(ask(who[w], bodies[i]), i == 0 ? 404 : 403);
	ck_assert_uint_eq(site_see(id).attempts, 0);
	send(&a, &three, "printer=hp-1&owner=workstation/ws-1", NULL);
	ck_assert_uint_eq(finish(&a), 403);
}
END_TEST

START_TEST(what_could_be_released)
{
	const struct json *items;
	uint32_t id = held("4711");

	(void)held(NULL);
	(void)site_job("hp-1"); /* it is, and may go elsewhere */
	send(&a, &one, "printer=hp-1&owner=workstation%2Fws-1", NULL);
	ck_assert_uint_eq(finish(&a), 200);
	items = json_get(a.answer, "items");
	ck_assert_uint_eq(json_count(items), 3);
	ck_assert(json_true(json_at(items, 0), "pin"));
	ck_assert(!json_true(json_at(items, 1), "pin"));
	ck_assert_ptr_null(json_get(json_at(items, 0), "name"));
	ck_assert_uint_eq(ask(&owner, "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"4711\"}"), 200);
	ck_assert_str_eq(site_see(id).device, "hp-1");
	send(&a, &other, "printer=hp-1", NULL);
	ck_assert_uint_eq(finish(&a), 200);
	ck_assert_uint_eq(json_count(json_get(a.answer, "items")), 0);
	send(&a, &owner, "printer=hp-9", NULL);
	ck_assert_uint_eq(finish(&a), 404);
	send(&a, &one, "printer=hp-1&owner=nobody", NULL);
	ck_assert_uint_eq(finish(&a), 400);
}
END_TEST

/* Attack: users that nobody knows, and bodies that make no sense: a status, and no more. */
START_TEST(what_makes_no_sense)
{
	static const struct {
		unsigned status;
		const char *body;
	} rows[] = {
		{ 400, "" },
		{ 400, "[]" },
		{ 400, "{}" },
		{ 400, "{\"printer\":7}" },
		{ 400, "{\"printer\":\"HP 1\",\"all\":true}" },
		{ 404, "{\"printer\":\"hp-9\",\"all\":true}" },
		{ 400, "{\"printer\":\"hp-1\"}" },
		{ 400, "{\"printer\":\"hp-1\",\"all\":false}" },
		{ 400, "{\"printer\":\"hp-1\",\"all\":true,\"jobs\":[1]}" },
		{ 400, "{\"printer\":\"hp-1\",\"jobs\":[]}" },
		{ 400, "{\"printer\":\"hp-1\",\"jobs\":[1,\"2\"]}" },
		{ 400, "{\"printer\":\"hp-1\",\"jobs\":[-1]}" },
		{ 400, "{\"printer\":\"hp-1\",\"jobs\":[1.5]}" },
		{ 400, "{\"printer\":\"hp-1\",\"jobs\":[1],\"force\":true}" },
		{ 400, "{\"printer\":\"hp-1\",\"pin\":\"4711\"}" },
		{ 400, "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"\"}" },
		{ 400, "{\"printer\":\"hp-1\",\"job\":1,\"pin\":4711}" },
		{ 400, "{\"printer\":\"hp-1\",\"job\":0,\"pin\":\"4711\"}" },
		{ 400, "{\"printer\":\"hp-1\",\"job\":1,\"owner\":\"a/b\",\"pin\":\"4711\"}" },
		{ 400, "{\"printer\":\"hp-1\",\"owner\":\"ws-1\",\"pin\":\"4711\"}" },
		{ 400, "{\"printer\":\"hp-1\",\"owner\":\"../ws-1\",\"pin\":\"4711\"}" },
		{ 404, "{\"printer\":\"hp-1\",\"owner\":\"workstation/nobody\",\"pin\":\"4711\"}" },
		{ 404, "{\"printer\":\"hp-1\",\"job\":77,\"pin\":\"4711\"}" },
		{ 409, "{\"printer\":\"hp-1\",\"job\":1,\"pin\":\"4711\"}" }, /* it has none */
		{ 400, "{\"printer\":\"hp-1\",\"badge\":\"\"}" },
		{ 403, "{\"printer\":\"hp-1\",\"badge\":\"x\"}" },
	};
	uint32_t id = held(NULL);

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(
		    ask(&one, rows[i].body) == rows[i].status, "%s: %u", rows[i].body, a.x.status);
	ck_assert_int_eq(site_see(id).state, JOB_HELD);
	ck_assert_uint_eq(decided, 0);
	owner.good = false;
	send(&a, &owner, "", "{\"printer\":\"hp-1\",\"all\":true}");
	ck_assert_uint_eq(a.x.status, 403);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("release");
	TCase *t = tcase_create("release");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, ones_own_by_certificate);
	tcase_add_test(t, what_is_fetched_is_not_released_again);
	tcase_add_test(t, anothers_are_unknown);
	tcase_add_test(t, policies_have_the_last_word);
	tcase_add_test(t, by_pin_at_the_printer);
	tcase_add_test(t, five_wrong_and_it_is_gone);
	tcase_add_test(t, a_hundred_at_once);
	tcase_add_test(t, the_right_one_among_five);
	tcase_add_test(t, who_hangs_up_has_guessed);
	tcase_add_test(t, who_nobody_looked_at_has_not_guessed);
	tcase_add_test(t, every_guess_is_of_one_length);
	tcase_add_test(t, by_badge);
	tcase_add_test(t, badges_are_not_guessed);
	tcase_add_test(t, who_does_not_speak_for_it);
	tcase_add_test(t, what_could_be_released);
	tcase_add_test(t, what_makes_no_sense);
	suite_add_tcase(s, t);
	return run_suite(s);
}
