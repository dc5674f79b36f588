/* tests/unit/publish.c - ocsp/publish.h and crl_cache.h: lists and CA certificates over HTTP, and
 * how a process holds a long list once. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "ocsp/crl_cache.h"
#include "ocsp/crl_issue.h"
#include "ocsp/publish.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define LONG_ROWS 8000 /* some 390 kB */

static struct ground g;
static struct publish *p;
static struct exchange x;
static struct fault f;
static char path[400], id[TBS_KEY_ID_OCTETS * 2 + 1];
static const struct crl_want want = { GROUND_URL, CRL_VALID_S, true };
static const struct crl_which complete = { CRL_COMPLETE, 0 };
static int64_t clock_s;

static int64_t
now_s(void)
{
	return clock_s;
}

static void
setup(void)
{
	ground_new(&g);
	clock_s = g.now_s;
	ck_assert(publish_new(g.realm, now_s, &p, &f));
	text_hex(g.acme->a.key_id, TBS_KEY_ID_OCTETS, id);
}

static void
teardown(void)
{
	exchange_free(&x);
	publish_free(p);
	ground_free(&g);
}

static void
ask(const char *method, const char *rest)
{
	exchange_free(&x);
	(void)snprintf(path, sizeof(path), "%s", rest);
	x = visit(FACE_PUBLIC, method, path);
	ck_assert(publish_serve(p, &x));
}

static void
get_list(const char *behind)
{
	char all[400];

	(void)snprintf(all, sizeof(all), "/crl/%s%s", id, behind);
	ask("GET", all);
}

static void
make(void)
{
	ck_assert_msg(crl_make(g.acme, &want, clock_s, &f), "%s", f.text);
	ground_commit(g.acme->ledger);
}

static struct crl_head
head(void)
{
	struct crl_head h;

	ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, complete, &h, &f));
	return h;
}

/* n rows of acme's. */
static void
revoke_many(unsigned n)
{
	struct standing s = { .reason = 1, .changed_s = g.now_s };
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0x22 };

	memcpy(s.issuer, g.acme->a.key_id, sizeof(s.issuer));
	for (unsigned i = 0; i < n; i++) {
		serial[14] = (uint8_t)(i >> 8);
		serial[15] = (uint8_t)i;
		ck_assert(revoke_list(g.acme->ledger, serial, &s, &f));
	}
	ground_commit(g.acme->ledger);
}

START_TEST(headers)
{
	make();
	get_list(".crl");
	visit_is(&x, 200, "application/pkix-crl");
	ck_assert_uint_eq(x.reply.n, head().size);
	ck_assert_str_eq(visit_header(&x, "Cache-Control"), "max-age=300, public");
	ck_assert_str_eq(visit_header(&x, "Last-Modified"), "Sun, 17 Mar 2030 17:46:40 GMT");
	ck_assert_str_eq(visit_header(&x, "Expires"), "Sun, 17 Mar 2030 17:51:40 GMT");
	ck_assert_uint_eq(strlen(visit_header(&x, "ETag")), 66);
}
END_TEST

/* No cache may keep it longer than it is good; an old one is served, and kept by nobody. */
START_TEST(an_end_that_is_near)
{
	make();
	clock_s += CRL_VALID_S - 100;
	get_list(".crl");
	visit_is(&x, 200, "application/pkix-crl");
	ck_assert_str_eq(visit_header(&x, "Cache-Control"), "max-age=100, public");
	clock_s += 100;
	get_list(".crl");
	visit_is(&x, 200, "application/pkix-crl");
	ck_assert_str_eq(visit_header(&x, "Cache-Control"), "no-cache");
	ck_assert_str_eq(visit_header(&x, "Expires"), "Sun, 24 Mar 2030 17:46:40 GMT");
}
END_TEST

/* GET with a condition; the status that comes. */
static unsigned
conditional(const char *none_match, const char *since)
{
	char all[400];

	exchange_free(&x);
	(void)snprintf(all, sizeof(all), "/crl/%s.crl", id);
	(void)snprintf(path, sizeof(path), "%s", all);
	x = visit(FACE_PUBLIC, "GET", path);
	x.if_none_match = none_match == NULL ? octets_of(NULL, 0) : octets_text(none_match);
	x.if_modified_since = since == NULL ? octets_of(NULL, 0) : octets_text(since);
	ck_assert(publish_serve(p, &x));
	ck_assert_uint_eq(x.reply.n == 0, x.status == 304);
	ck_assert_ptr_nonnull(visit_header(&x, "ETag"));
	ck_assert_ptr_nonnull(visit_header(&x, "Cache-Control"));
	return x.status;
}

START_TEST(conditions)
{
	char tag[80], weak[100], both[200];

	make();
	get_list(".crl");
	(void)snprintf(tag, sizeof(tag), "%s", visit_header(&x, "ETag"));
	(void)snprintf(weak, sizeof(weak), "W/%s", tag);
	(void)snprintf(both, sizeof(both), "\"0\", %s", tag);
	ck_assert_uint_eq(conditional(tag, NULL), 304);
	ck_assert_uint_eq(conditional(weak, NULL), 304);
	ck_assert_uint_eq(conditional(both, NULL), 304);
	ck_assert_uint_eq(conditional("*", NULL), 304);
	ck_assert_uint_eq(conditional(NULL, "Sun, 17 Mar 2030 17:46:40 GMT"), 304);
	ck_assert_uint_eq(conditional("\"0\"", NULL), 200);
	ck_assert_uint_eq(conditional(NULL, "Sun, 17 Mar 2030 17:46:39 GMT"), 200);
	ck_assert_uint_eq(conditional(NULL, "tomorrow"), 200);
	/* RFC 9110 section 13.2.2: the tag decides where there is one */
	ck_assert_uint_eq(conditional("\"0\"", "Sun, 17 Mar 2030 17:46:40 GMT"), 200);
	clock_s++;
	make();
	ck_assert_uint_eq(conditional(tag, NULL), 200);
}
END_TEST

START_TEST(nobody_is_asked)
{
	get_list(".crl"); /* the CA is there, its list is not yet */
	visit_is(&x, 503, "text/plain; charset=utf-8");
	ck_assert_ptr_nonnull(visit_header(&x, "Retry-After"));
	get_list("-delta.crl");
	visit_is(&x, 503, "text/plain; charset=utf-8");
	make();
	get_list("-delta.crl");
	visit_is(&x, 200, "application/pkix-crl");
}
END_TEST

START_TEST(other_methods)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "get" };

	make();
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		ask(methods[i], "/crl/x.crl");
		visit_is(&x, 405, NULL);
		ck_assert_str_eq(visit_header(&x, "Allow"), "GET, HEAD");
	}
	(void)snprintf(path, sizeof(path), "/crl/%s.crl", id);
	exchange_free(&x);
	x = visit(FACE_PUBLIC, "HEAD", path);
	ck_assert(publish_serve(p, &x));
	visit_is(&x, 200, "application/pkix-crl");
}
END_TEST

/* What is behind a good key identifier and names nothing: one spelling a list, and no other. */
START_TEST(no_such_list)
{
	static const char *const behind[] = { "", "/", ".", ".cr", ".crl/", ".CRL", ".crl.crl",
		"-delta", "-delta.crl/", "-Delta.crl", "/0.crl", "/1.crl", "//0.crl", "/.crl",
		"/..", "/../x.crl", "%2f0.crl", "/00.crl", "/-1.crl", "/+1.crl", "/ 1.crl",
		"/4294967296.crl", "/1", ".cer" };
	char longer[300];

	make();
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		get_list(behind[i]);
		visit_is(&x, 404, "text/plain; charset=utf-8");
	}
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	get_list(longer);
	visit_is(&x, 404, "text/plain; charset=utf-8");
}
END_TEST

START_TEST(no_such_ca)
{
	static const char *const paths[] = { "/crl/", "/ca/", "/crl/.crl",
		"/crl/..%2f..%2fmaster.key", "/crl/../../master.key",
		"/crl/0000000000000000000000000000000000000000.crl",
		"/crl/000000000000000000000000000000000000000g.crl",
		"/crl/00000000000000000000000000000000000000.crl",
		"/ca/0000000000000000000000000000000000000000.cer", "/crl/%00.crl" };

	make();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ask("GET", paths[i]);
		visit_is(&x, 404, "text/plain; charset=utf-8");
	}
	x.path = octets_text("/ocsp");
	ck_assert(!publish_serve(p, &x));
}
END_TEST

START_TEST(a_ca_above_has_no_deltas)
{
	char other[200];

	ck_assert(crl_make(g.region, &want, clock_s, &f));
	ground_commit(g.region->ledger);
	text_hex(g.region->a.key_id, TBS_KEY_ID_OCTETS, id);
	get_list(".crl");
	visit_is(&x, 200, "application/pkix-crl");
	get_list("-delta.crl");
	visit_is(&x, 404, "text/plain; charset=utf-8");
	(void)snprintf(other, sizeof(other), "/ca/%s.cer", id);
	ask("GET", other);
	visit_is(&x, 200, "application/pkix-cert");
}
END_TEST

START_TEST(a_long_list_is_lent)
{
	struct exchange other;
	struct shared *first;
	uint8_t *der;
	struct crl_head h;

	revoke_many(LONG_ROWS);
	make();
	h = head();
	ck_assert_uint_gt(h.pieces, 1);
	get_list(".crl");
	ck_assert_uint_eq(x.status, 200);
	ck_assert_uint_eq(x.reply.n, 0);
	ck_assert_ptr_nonnull(first = x.shared);
	ck_assert_uint_eq(first->n, h.size);
	ck_assert_ptr_nonnull(der = malloc(h.size));
	ck_assert(crl_read(g.acme->ledger, g.acme->a.key_id, complete, &h, der, &f));
	ck_assert_mem_eq(first->at, der, h.size);
	free(der);
	other = x;
	x = visit(FACE_PUBLIC, "GET", path);
	ck_assert(publish_serve(p, &x));
	ck_assert_ptr_eq(x.shared, first);
	ck_assert_uint_eq(first->holders, 3);
	clock_s++;
	make();
	get_list(".crl"); /* a newer one: the reader of the old one has it still */
	ck_assert_ptr_ne(x.shared, first);
	ck_assert_uint_eq(first->holders, 2);
	exchange_free(&other);
}
END_TEST

/* A cache with room for one list of this length and a half. */
static struct crl_cache *
small(struct crl_head *h)
{
	struct crl_cache *c;

	revoke_many(LONG_ROWS);
	make();
	*h = head();
	ck_assert(crl_cache_new(h->size + h->size / 2, &c, &f));
	return c;
}

static bool
cached(struct crl_cache *c, struct crl_head *h, struct shared **ret)
{
	return crl_cache_get(c, g.acme->ledger, g.acme->a.key_id, complete, h, ret, &f);
}

/* Who reads slowly keeps what it reads, and others wait: the memory has an end. */
START_TEST(slow_readers)
{
	struct shared *first, *second;
	struct crl_head h;
	struct crl_cache *c = small(&h);

	ck_assert(cached(c, &h, &first));
	clock_s++;
	make();
	h = head();
	ck_assert(!cached(c, &h, &second));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	shared_drop(first); /* it is done */
	ck_assert(cached(c, &h, &second));
	ck_assert_uint_eq(second->n, h.size);
	shared_drop(second);
	crl_cache_free(c);
}
END_TEST

START_TEST(a_list_over_all_room)
{
	struct shared *list;
	struct crl_head h;
	struct crl_cache *c = small(&h);

	crl_cache_free(c);
	ck_assert(crl_cache_new(h.size - 1, &c, &f));
	ck_assert(!cached(c, &h, &list));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	crl_cache_free(c);
	crl_cache_free(NULL);
}
END_TEST

/* The head was read, and then another list took its place and the pieces went: the newer one comes.
 */
START_TEST(a_list_that_is_replaced_meanwhile)
{
	struct shared *list;
	struct crl_head h, old;
	struct crl_cache *c = small(&h);

	old = h;
	for (unsigned i = 0; i < 3; i++) {
		clock_s++;
		make();
	}
	ck_assert(cached(c, &old, &list));
	ck_assert_uint_eq(old.number, head().number);
	shared_drop(list);
	crl_cache_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("publish");
	TCase *t = tcase_create("publish");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, headers);
	tcase_add_test(t, an_end_that_is_near);
	tcase_add_test(t, conditions);
	tcase_add_test(t, nobody_is_asked);
	tcase_add_test(t, other_methods);
	tcase_add_test(t, no_such_list);
	tcase_add_test(t, no_such_ca);
	tcase_add_test(t, a_ca_above_has_no_deltas);
	tcase_add_test(t, a_long_list_is_lent);
	tcase_add_test(t, slow_readers);
	tcase_add_test(t, a_list_over_all_room);
	tcase_add_test(t, a_list_that_is_replaced_meanwhile);
	suite_add_tcase(s, t);
	return run_suite(s);
}
