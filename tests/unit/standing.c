/* tests/unit/standing.c - ca/suspend.h, ca/level.h, ca/census.h: what stops, what stays as it was,
 * and how many there are. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "ca/suspend.h"
#include "ca/tell.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct ledger *l, *platform;
static const struct ground_cert *leaf;
static struct suspend_why why;
static uint64_t index_;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	platform = realm_platform(g.realm);
	leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	why = (struct suspend_why){ .who = &g.why, .reason = octets_text("lost") };
	index_ = 99;
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static bool
holds(struct ledger *in, const uint8_t *serial)
{
	return suspend_hold(in, serial, &why, g.now_s + 5, &index_, &f);
}

static bool
releases(struct ledger *in, const uint8_t *serial)
{
	return suspend_release(in, serial, &why, g.now_s + 6, &index_, &f);
}

/* As a duty does it: checked, then done and committed. */
static bool
turns(enum level level, const char *label, bool resume)
{
	struct level_cas cas;
	struct suspended at;

	if (!suspend_check(g.realm, level, label, resume, g.now_s, &cas, &f) ||
	    !suspend_level(g.realm, &cas, resume, &why, g.now_s + 7, &at, &f))
		return false;
	if (level == LEVEL_TENANT)
		ground_commit(l);
	index_ = at.platform_index;
	return true;
}

static struct standing
standing_of(struct ledger *in, const uint8_t *serial)
{
	struct standing s;

	ck_assert_msg(ledger_standing(in, serial, &s, &f), "%s", f.text);
	return s;
}

static bool
is_good(const struct issuer *ca)
{
	return realm_authority_good(g.realm, &ca->a, g.now_s, &f);
}

static bool
gather(void *with, struct octets key, struct octets value)
{
	bytes_put_counted(with, key);
	bytes_put_counted(with, value);
	return true;
}

/* A whole table, bit for bit. */
static struct bytes
table(struct ledger *in, enum ledger_table which)
{
	struct bytes all = { 0 };

	ck_assert(
	    store_scan(ledger_store(in), which, octets_of(NULL, 0), SIZE_MAX, gather, &all, &f));
	return all;
}

static bool
count_row(void *with, struct octets key, struct octets value)
{
	(void)key;
	(void)value;
	++*(size_t *)with;
	return true;
}

static size_t
rows(struct ledger *in)
{
	size_t n = 0;

	ck_assert(store_scan(
	    ledger_store(in), TABLE_REVOKED, octets_of(NULL, 0), SIZE_MAX, count_row, &n, &f));
	return n;
}

/* A member of the entry at index, as text. */
static void
entry_says(struct ledger *in, uint64_t at, const char *name, const char *want)
{
	struct bytes b = { 0 };
	struct json *j;
	uint8_t key[8];

	ck_assert(ledger_get(in, TABLE_LOG, octets_u64(at, key), &b, &f));
	ck_assert(json_parse(octets_bytes(&b), &j, &f));
	ck_assert_str_eq(json_text(j, name), want);
	json_free(j);
	bytes_free(&b);
}

static struct census
census_of(struct ledger *in, const struct issuer *ca, int64_t now_s)
{
	struct census n = { 0 };

	ck_assert(census_add(in, ca->a.key_id, now_s, &n, &f));
	return n;
}

static void
counts(int64_t now_s, uint64_t good, uint64_t due, uint64_t held, uint64_t revoked)
{
	struct census n = census_of(l, g.acme, now_s);

	ck_assert_uint_eq(n.good, good);
	ck_assert_uint_eq(n.due, due);
	ck_assert_uint_eq(n.held, held);
	ck_assert_uint_eq(n.revoked, revoked);
}

START_TEST(a_hold_is_standing_row_and_entry)
{
	struct standing before = standing_of(l, leaf->serial), s;
	uint64_t changes;

	ck_assert_msg(holds(l, leaf->serial), "%s", f.text);
	ck_assert_uint_eq(rows(l), 0); /* not before the commit */
	ground_commit(l);
	s = standing_of(l, leaf->serial);
	ck_assert_int_eq(s.state, STANDING_HELD);
	ck_assert_uint_eq(s.reason, 6);
	ck_assert_int_eq(s.changed_s, g.now_s + 5);
	ck_assert_uint_eq(s.log_index, index_);
	ck_assert_uint_eq(s.issued_index, before.issued_index);
	ck_assert_str_eq(ledger_state_word(&s, g.now_s), "held");
	ck_assert_uint_eq(rows(l), 1);
	entry_says(l, index_, "act", "certificate.held");
	entry_says(l, index_, "reason", "lost");
	ck_assert(releases(l, leaf->serial));
	ground_commit(l);
	s = standing_of(l, leaf->serial);
	ck_assert_int_eq(s.state, STANDING_GOOD);
	ck_assert_uint_eq(s.reason, 0);
	ck_assert_uint_eq(s.issued_index, before.issued_index);
	ck_assert_uint_eq(rows(l), 0);
	entry_says(l, index_, "act", "certificate.released");
	ck_assert(revoke_changes(l, g.acme->a.key_id, &changes, &f));
	ck_assert_uint_eq(changes, 2); /* a list of the same length is another list */
}
END_TEST

/* Free text is data: what could end a line or play on a terminal is spelled out. */
START_TEST(a_reason_is_data)
{
	struct bytes b = { 0 };
	uint8_t key[8];

	why.reason = octets_text("a\r\nb\x1b[2J\"");
	ck_assert(holds(l, leaf->serial));
	ground_commit(l);
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(index_, key), &b, &f));
	for (size_t i = 0; i < b.n; i++)
		ck_assert_uint_ge(b.at[i], ' ');
	bytes_free(&b);
	why.reason = octets_of(NULL, 0); /* never required */
	ck_assert(releases(l, leaf->serial));
}
END_TEST

START_TEST(what_is_not_good_is_not_held)
{
	const struct ground_cert *gone = ground_leaf(&g, g.acme, "printer", "gone");
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0 };

	ck_assert(!holds(l, serial));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!holds(platform, leaf->serial)); /* another tenant's */
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!releases(l, leaf->serial));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ground_revoke(&g, l, gone->serial, 4);
	ck_assert(!holds(l, gone->serial));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!releases(l, gone->serial)); /* a revocation is final */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(holds(l, leaf->serial));
	ck_assert(!holds(l, leaf->serial));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ground_commit(l);
	ground_revoke(&g, l, leaf->serial, 4); /* a hold may become one */
	ck_assert(!releases(l, leaf->serial));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

START_TEST(what_has_expired_is_not_held)
{
	struct standing s = standing_of(l, leaf->serial);

	ck_assert(!suspend_hold(l, leaf->serial, &why, s.not_after_s + 1, &index_, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(suspend_hold(l, leaf->serial, &why, s.not_after_s, &index_, &f));
}
END_TEST

START_TEST(a_ca_is_not_held_by_its_serial)
{
	const struct issuer *cas[] = { g.acme, g.platform, g.region, g.root };

	for (size_t i = 0; i < 4; i++) {
		ck_assert(!holds(platform, cas[i]->a.serial));
		ck_assert_int_eq(f.code, FAULT_DENIED);
	}
	ck_assert_uint_eq(index_, 99);
}
END_TEST

START_TEST(a_suspension_stops_and_touches_nothing_beneath)
{
	const struct ground_cert *held = ground_leaf(&g, g.acme, "printer", "held"),
				 *gone = ground_leaf(&g, g.acme, "printer", "gone");
	struct bytes before, after;
	struct standing s;

	ck_assert(holds(l, held->serial));
	ground_commit(l);
	ground_revoke(&g, l, gone->serial, 4);
	before = table(l, TABLE_SERIAL);
	ck_assert_msg(turns(LEVEL_TENANT, "acme", false), "%s", f.text);
	s = standing_of(platform, g.acme->a.serial);
	ck_assert_int_eq(s.state, STANDING_HELD);
	ck_assert_uint_eq(s.reason, 6);
	ck_assert_uint_eq(s.log_index, index_);
	ck_assert_uint_eq(rows(platform), 1);
	entry_says(platform, index_, "act", "tenant.suspended");
	entry_says(platform, index_, "tenant", "acme");
	entry_says(platform, index_, "reason", "lost");
	ck_assert(!is_good(g.acme));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(is_good(g.platform));
	after = table(l, TABLE_SERIAL);
	ck_assert(octets_same(octets_bytes(&before), octets_bytes(&after)));
	bytes_free(&after);
	ck_assert(turns(LEVEL_TENANT, "acme", true));
	ck_assert(is_good(g.acme));
	ck_assert_uint_eq(rows(platform), 0);
	entry_says(platform, index_, "act", "tenant.resumed");
	after = table(l, TABLE_SERIAL);
	ck_assert(octets_same(octets_bytes(&before), octets_bytes(&after)));
	ck_assert_int_eq(standing_of(l, held->serial).state, STANDING_HELD);
	ck_assert_int_eq(standing_of(l, gone->serial).state, STANDING_REVOKED);
	bytes_free(&after);
	bytes_free(&before);
}
END_TEST

/* The tenant's own log has the entry too, and names the platform's. */
START_TEST(both_logs_tell)
{
	struct log_edge e;
	struct bytes b = { 0 };
	struct json *j;
	uint8_t key[8];
	int64_t at;

	ck_assert(turns(LEVEL_TENANT, "acme", false));
	ck_assert(log_edge_read(l, &e, &f));
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(e.size - 1, key), &b, &f));
	ck_assert(json_parse(octets_bytes(&b), &j, &f));
	ck_assert_str_eq(json_text(j, "act"), "tenant.suspended");
	ck_assert(json_number(j, "platform_index", 0, INT64_MAX, -1, &at));
	ck_assert_uint_eq((uint64_t)at, index_);
	json_free(j);
	bytes_free(&b);
}
END_TEST

/* A death between the two commits: the tenant's log says it when it is opened next, once. */
START_TEST(a_log_says_what_it_missed)
{
	struct level_cas cas;
	struct suspended at;
	struct log_edge before, after;

	ck_assert(log_edge_read(l, &before, &f));
	ck_assert(suspend_check(g.realm, LEVEL_TENANT, "acme", false, g.now_s, &cas, &f));
	ck_assert(suspend_level(g.realm, &cas, false, &why, g.now_s, &at, &f));
	batch_undo(ledger_batch(l), 0); /* the platform's is durable, this one is lost */
	ck_assert(!is_good(g.acme));
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(tell_settle(g.realm, l, g.now_s + 9, &f), "%s", f.text);
		ck_assert(log_edge_read(l, &after, &f));
		ck_assert_uint_eq(after.size, before.size + 1);
	}
	entry_says(l, before.size, "act", "tenant.suspended");
	entry_says(l, before.size, "reason", "lost");
	ck_assert(turns(LEVEL_TENANT, "acme", true)); /* told in time: nothing is said twice */
	ck_assert(tell_settle(g.realm, l, g.now_s + 9, &f));
	ck_assert(log_edge_read(l, &after, &f));
	ck_assert_uint_eq(after.size, before.size + 2);
	ck_assert(tell_settle(g.realm, platform, g.now_s, &f));
}
END_TEST

START_TEST(not_twice_and_not_without_cause)
{
	struct level_cas cas = { .n = 77 };

	ck_assert(!turns(LEVEL_TENANT, "acme", true));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!turns(LEVEL_TENANT, "nobody", false));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!turns(LEVEL_TENANT, "../acme", false));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!turns(LEVEL_REGION, "acme", false)); /* no region of that name */
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!turns(LEVEL_TENANT, "eu", false));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(turns(LEVEL_TENANT, "acme", false));
	ck_assert(!turns(LEVEL_TENANT, "acme", false));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ground_revoke(&g, platform, g.acme->a.serial, 5);
	ck_assert(!turns(LEVEL_TENANT, "acme", true)); /* a revoked CA has no way back */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!turns(LEVEL_TENANT, "acme", false));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!suspend_check(g.realm, LEVEL_TENANT, NAME_PLATFORM, false,
	    g.platform->a.not_after_s + 1, &cas, &f)); /* expired */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_uint_eq(cas.n, 77);
}
END_TEST

START_TEST(a_region_stops_all_beneath_and_gives_back_what_was)
{
	const struct issuer *other = ground_tenant(&g, "other", CONSTRAINTS_STRICT);

	ck_assert(turns(LEVEL_TENANT, "acme", false));
	ck_assert(turns(LEVEL_REGION, "eu", false));
	entry_says(platform, index_, "act", "region.suspended");
	ck_assert(!is_good(g.acme));
	ck_assert(!is_good(other));
	ck_assert(!is_good(g.platform));
	ck_assert_int_eq(standing_of(platform, other->a.serial).state, STANDING_GOOD);
	ck_assert(turns(LEVEL_REGION, "eu", true));
	ck_assert(is_good(other));
	ck_assert(is_good(g.platform));
	ck_assert(!is_good(g.acme)); /* suspended by itself */
	ck_assert(turns(LEVEL_TENANT, "acme", true));
	ck_assert(is_good(g.acme));
}
END_TEST

START_TEST(what_was_undone_is_good_still)
{
	struct ledger_mark mark = ledger_mark(l);

	counts(g.now_s, 1, 0, 0, 0);
	ck_assert(holds(l, leaf->serial));
	ledger_undo(l, mark);
	ground_commit(l);
	ck_assert_int_eq(standing_of(l, leaf->serial).state, STANDING_GOOD);
	ck_assert_uint_eq(rows(l), 0);
	counts(g.now_s, 1, 0, 0, 0);
}
END_TEST

/* One certificate beneath three CAs: what it must be taken for. */
START_TEST(the_chain_weighs)
{
	static const struct {
		enum standing_state own, above[3];
		uint8_t reason[3];
		enum standing_state want;
		uint8_t why;
		int64_t since_s; /* own is 50; above 10, 20, 30 */
	} all[] = {
		{ 2, { 2, 2, 2 }, { 0 }, STANDING_GOOD, 0, 50 },
		{ 2, { 4, 2, 2 }, { 6 }, STANDING_HELD, 6, 10 },
		{ 2, { 2, 4, 2 }, { 0, 6 }, STANDING_HELD, 6, 20 },
		{ 2, { 2, 4, 4 }, { 0, 6, 6 }, STANDING_HELD, 6, 20 },
		{ 4, { 2, 2, 2 }, { 0 }, STANDING_HELD, 6, 50 },
		{ 4, { 2, 4, 2 }, { 0, 6 }, STANDING_HELD, 6, 20 },
		{ 2, { 3, 2, 2 }, { 1 }, STANDING_REVOKED, 2, 10 }, /* its key: cACompromise */
		{ 2, { 3, 2, 2 }, { 2 }, STANDING_REVOKED, 2, 10 },
		{ 2, { 3, 2, 2 }, { 5 }, STANDING_REVOKED, 5, 10 },
		{ 4, { 2, 3, 2 }, { 0, 4 }, STANDING_REVOKED, 4, 20 },
		{ 2, { 4, 3, 2 }, { 6, 5 }, STANDING_REVOKED, 5, 20 },
		{ 2, { 3, 4, 2 }, { 5, 6 }, STANDING_REVOKED, 5, 10 },
		{ 2, { 2, 3, 3 }, { 0, 5, 1 }, STANDING_REVOKED, 5, 20 }, /* the earlier stands */
		{ 3, { 4, 2, 2 }, { 6 }, STANDING_REVOKED, 4, 50 },       /* its own is final */
		{ 3, { 3, 2, 2 }, { 1 }, STANDING_REVOKED, 4, 50 },
		{ 5, { 3, 4, 2 }, { 1, 6 }, STANDING_ABANDONED, 0, 50 },
		{ 1, { 3, 2, 2 }, { 1 }, STANDING_PENDING, 0, 50 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct standing s = { .state = all[i].own, .changed_s = 50 };
		struct level_above above = { .n = 3 };

		s.reason = all[i].own == STANDING_REVOKED ? 4 : all[i].own == STANDING_HELD ? 6 : 0;
		for (size_t k = 0; k < 3; k++) {
			above.at[k].state = all[i].above[k];
			above.at[k].reason = all[i].reason[k];
			above.at[k].changed_s = 10 * (int64_t)(k + 1);
		}
		level_weigh(&above, &s);
		ck_assert_msg(s.state == all[i].want && s.reason == all[i].why &&
				  s.changed_s == all[i].since_s,
		    "row %zu: state %d, reason %u, since %lld", i, s.state, s.reason,
		    (long long)s.changed_s);
	}
}
END_TEST

/* Held and released within one second: the state and its second are what they were. */
START_TEST(a_change_and_back_is_a_change)
{
	struct level_above was;

	ck_assert(turns(LEVEL_TENANT, "acme", false));
	ck_assert(turns(LEVEL_TENANT, "acme", true));
	ck_assert(level_above(g.realm, &g.acme->a, &was, &f));
	ck_assert_uint_eq(was.n, 3);
	ck_assert(level_unchanged(g.realm, &was));
	ck_assert(turns(LEVEL_REGION, "eu", false));
	ck_assert(!level_unchanged(g.realm, &was));
	ck_assert(turns(LEVEL_REGION, "eu", true));
	ck_assert(!level_unchanged(g.realm, &was));
	ck_assert(level_above(g.realm, &g.acme->a, &was, &f));
	ck_assert(turns(LEVEL_TENANT, "acme", false));
	ck_assert(turns(LEVEL_TENANT, "acme", true));
	ck_assert(!level_unchanged(g.realm, &was));
}
END_TEST

START_TEST(counters_follow)
{
	struct standing s = standing_of(l, leaf->serial);
	const struct ground_cert *other = ground_leaf(&g, g.acme, "gateway", "gw");
	struct census n = census_of(l, g.platform, g.now_s);

	ck_assert_uint_eq(n.good + n.held + n.revoked, 0); /* by CA, not by ledger */
	counts(g.now_s, 2, 0, 0, 0); /* the log's key and the responder are no endpoint's */
	ck_assert(holds(l, leaf->serial));
	ground_commit(l);
	counts(g.now_s, 1, 0, 1, 0);
	ground_revoke(&g, l, leaf->serial, 4);
	counts(g.now_s, 1, 0, 0, 1);
	ck_assert(holds(l, other->serial));
	ground_commit(l);
	ck_assert(releases(l, other->serial));
	ground_commit(l);
	counts(g.now_s, 1, 0, 0, 1);
	counts(s.not_after_s - CENSUS_DUE_S - 3600, 1, 0, 0, 1);
	counts(s.not_after_s - CENSUS_DUE_S, 1, 1, 0, 1);
	counts(s.not_after_s, 1, 1, 0, 1);
	counts(s.not_after_s + 3600, 0, 0, 0, 1); /* ended; a revocation is counted for good */
}
END_TEST

static void
ending(int64_t now_s, uint64_t week, uint64_t due)
{
	struct census_ending n;

	ck_assert_msg(census_ending(l, now_s, &n, &f), "%s", f.text);
	ck_assert_uint_eq(n.week, week);
	ck_assert_uint_eq(n.due, due);
}

/* Another CA's row, as a rollover leaves it. */
static void
other_cas(uint8_t id, enum standing_state state, int64_t end_s, uint64_t n)
{
	struct bytes key = { 0 };
	uint8_t value[8], issuer[TBS_KEY_ID_OCTETS];

	memset(issuer, id, sizeof(issuer));
	bytes_put_text(&key, "census:");
	bytes_put(&key, issuer, sizeof(issuer));
	bytes_put_u8(&key, (uint8_t)state);
	bytes_put_u64(&key, (uint64_t)(end_s / 3600));
	ledger_put(l, TABLE_META, octets_bytes(&key), octets_u64(n, value));
	ground_commit(l);
	bytes_free(&key);
}

START_TEST(what_ends_soon)
{
	const struct ground_cert *other = ground_leaf(&g, g.acme, "printer", "two");
	int64_t end_s = standing_of(l, leaf->serial).not_after_s;

	ground_commit(l);
	ending(end_s - CENSUS_DUE_S - 3600, 0, 0);
	ending(end_s - CENSUS_DUE_S, 0, 2);
	ending(end_s - 7 * 86400 - 3600, 0, 2);
	ending(end_s - 7 * 86400, 2, 2);
	ending(end_s, 2, 2);
	ending(end_s + 3600, 0, 0);
	other_cas(0x00, STANDING_GOOD, end_s, 10);
	other_cas(0xff, STANDING_GOOD, end_s - 14 * 86400, 100);
	other_cas(0xff, STANDING_HELD, end_s, 1000);
	other_cas(0xfe, STANDING_REVOKED, end_s, 1000);
	ending(end_s - CENSUS_DUE_S, 0, 112);
	ending(end_s - 20 * 86400, 100, 112);
	ending(end_s, 12, 12);
	ground_revoke(&g, l, leaf->serial, 4);
	ending(end_s, 11, 11);
	ck_assert(holds(l, other->serial));
	ground_commit(l);
	ending(end_s, 10, 10);
	l = realm_platform(g.realm);
	ending(end_s, 0, 0);
}
END_TEST

/* What another process reads, from the disk. */
START_TEST(counters_outlive_the_process)
{
	struct realm *r;
	struct ledger *again;

	(void)ground_leaf(&g, g.acme, "printer", "two");
	ck_assert(holds(l, leaf->serial));
	ground_commit(l);
	ground_shut(&g);
	ck_assert_msg(realm_open(g.dir, STORE_READ, &r, &f), "%s", f.text);
	ck_assert(realm_ledger(r, "acme", &again, &f));
	l = again;
	/* the issuer went with the ground: its key id is in any standing */
	{
		struct standing s = standing_of(l, leaf->serial);
		struct census n = { 0 };

		ck_assert(census_add(l, s.issuer, g.now_s, &n, &f));
		ck_assert_uint_eq(n.good, 1);
		ck_assert_uint_eq(n.held, 1);
	}
	realm_close(r);
}
END_TEST

static bool
forget(void *with, struct octets key, struct octets value)
{
	(void)value;
	if (key.n >= 6 && memcmp(key.at, "census", 6) == 0)
		bytes_put_counted(with, key);
	return true;
}

/* A ledger of before there were counters comes to the same numbers, once. */
START_TEST(counted_afterwards_is_the_same)
{
	struct bytes before, after, keys = { 0 };
	struct reader r;

	for (int i = 0; i < 4; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "p%d", i);
		(void)ground_leaf(&g, g.acme, "printer", name);
	}
	ck_assert(holds(l, leaf->serial));
	ground_commit(l);
	before = table(l, TABLE_META);
	ck_assert(store_scan(
	    ledger_store(l), TABLE_META, octets_of(NULL, 0), SIZE_MAX, forget, &keys, &f));
	for (r = reader_of(octets_bytes(&keys)); r.n > 0;)
		batch_remove(ledger_batch(l), TABLE_META, reader_counted(&r));
	ground_commit(l);
	counts(g.now_s, 0, 0, 0, 0);
	ck_assert_msg(census_begin(l, &f), "%s", f.text);
	counts(g.now_s, 4, 0, 1, 0);
	ck_assert(census_begin(l, &f)); /* not again */
	after = table(l, TABLE_META);
	ck_assert(octets_same(octets_bytes(&before), octets_bytes(&after)));
	bytes_free(&keys);
	bytes_free(&after);
	bytes_free(&before);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("standing");
	TCase *t = tcase_create("standing");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, a_hold_is_standing_row_and_entry);
	tcase_add_test(t, a_reason_is_data);
	tcase_add_test(t, what_is_not_good_is_not_held);
	tcase_add_test(t, what_has_expired_is_not_held);
	tcase_add_test(t, a_ca_is_not_held_by_its_serial);
	tcase_add_test(t, a_suspension_stops_and_touches_nothing_beneath);
	tcase_add_test(t, both_logs_tell);
	tcase_add_test(t, a_log_says_what_it_missed);
	tcase_add_test(t, not_twice_and_not_without_cause);
	tcase_add_test(t, a_region_stops_all_beneath_and_gives_back_what_was);
	tcase_add_test(t, what_was_undone_is_good_still);
	tcase_add_test(t, the_chain_weighs);
	tcase_add_test(t, a_change_and_back_is_a_change);
	tcase_add_test(t, counters_follow);
	tcase_add_test(t, what_ends_soon);
	tcase_add_test(t, counters_outlive_the_process);
	tcase_add_test(t, counted_afterwards_is_the_same);
	suite_add_tcase(s, t);
	return run_suite(s);
}
