/* tests/unit/wire.c - ca/wire.h: what was put comes back; every cut, every octet too many is
 * refused. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/wire.h"
#include "tests/unit/run.h"

static struct bytes b;
static struct fault f;

static void
setup(void)
{
	b = (struct bytes){ 0 };
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	bytes_free(&b);
}

static struct wire_enroll
some_enroll(void)
{
	return (struct wire_enroll){ .tenant = "acme",
		.source = "192.0.2.1:4711",
		.user = octets_text("hp-4711"),
		.password = octets_text("SECRET.ROOT"),
		.peer = octets_of("\x30\x00", 2),
		.above = octets_of("\x30\x01\x00\x30\x00", 5),
		.csr = octets_of("\x30\x03\x00\x01\xff", 5),
		.profiles = { 1, 2, 3 },
		.profile = "printer",
		.binding = octets_of("\x01\x02\x03", 3),
		.way = ENROL_CERTIFICATE };
}

static struct wire_act
some_act(void)
{
	return (struct wire_act){ .tenant = "acme",
		.source = "local",
		.object = octets_text("1f"),
		.peer = octets_of("\x30\x00", 2),
		.json = octets_text("{\"a\":1}"),
		.match = octets_text("\"1f\""),
		.key = octets_text("key-1") };
}

static struct wire_refused
some_refused(void)
{
	return (struct wire_refused){ .tenant = "",
		.source = "192.0.2.1:1",
		.act = octets_text("certificate.enroll"),
		.peer = octets_of(NULL, 0),
		.text = octets_text("csr: no"),
		.code = FAULT_BADREQ };
}

START_TEST(enroll_comes_back)
{
	struct wire_enroll in = some_enroll(), out = { 0 };

	for (unsigned way = ENROL_TOKEN; way <= ENROL_IDEVID; way++) {
		bytes_clear(&b);
		in.way = (enum enrol_way)way;
		wire_put_enroll(&in, &b);
		ck_assert(wire_enroll(octets_bytes(&b), &out, &f));
		ck_assert_str_eq(out.tenant, in.tenant);
		ck_assert_str_eq(out.source, in.source);
		ck_assert(octets_same(out.user, in.user));
		ck_assert(octets_same(out.password, in.password));
		ck_assert_mem_eq(out.profiles, in.profiles, sizeof(in.profiles));
		ck_assert(octets_same(out.peer, in.peer));
		ck_assert(octets_same(out.above, in.above));
		ck_assert(octets_same(out.csr, in.csr));
		ck_assert_str_eq(out.profile, in.profile);
		ck_assert(octets_same(out.binding, in.binding));
		ck_assert(out.way == in.way);
	}
}
END_TEST

START_TEST(act_comes_back)
{
	struct wire_act in = some_act(), out = { 0 };

	wire_put_act(&in, &b);
	ck_assert(wire_act(octets_bytes(&b), &out, &f));
	ck_assert_str_eq(out.tenant, in.tenant);
	ck_assert_str_eq(out.source, in.source);
	ck_assert(octets_same(out.object, in.object));
	ck_assert(octets_same(out.peer, in.peer));
	ck_assert(octets_same(out.json, in.json));
	ck_assert(octets_same(out.match, in.match));
	ck_assert(octets_same(out.key, in.key));
}
END_TEST

START_TEST(refused_comes_back)
{
	struct wire_refused in = some_refused(), out = { 0 };

	wire_put_refused(&in, &b);
	ck_assert(wire_refused(octets_bytes(&b), &out, &f));
	ck_assert_str_eq(out.tenant, in.tenant);
	ck_assert_str_eq(out.source, in.source);
	ck_assert(octets_same(out.act, in.act));
	ck_assert_uint_eq(out.peer.n, 0);
	ck_assert(octets_same(out.text, in.text));
	ck_assert_uint_eq(out.code, in.code);
}
END_TEST

static bool
read_any(unsigned kind, struct octets o)
{
	struct wire_enroll e;
	struct wire_act a;
	struct wire_refused r;

	f = (struct fault){ 0 };
	if (kind == 0)
		return wire_enroll(o, &e, &f);
	return kind == 1 ? wire_act(o, &a, &f) : wire_refused(o, &r, &f);
}

static void
put_any(unsigned kind)
{
	struct wire_enroll e = some_enroll();
	struct wire_act a = some_act();
	struct wire_refused r = some_refused();

	bytes_clear(&b);
	if (kind == 0)
		wire_put_enroll(&e, &b);
	else if (kind == 1)
		wire_put_act(&a, &b);
	else
		wire_put_refused(&r, &b);
}

/* Each cut lies in a block of its own size, so that a read past it is seen by the sanitizer. */
START_TEST(refuses_every_cut)
{
	for (unsigned kind = 0; kind < 3; kind++) {
		put_any(kind);
		ck_assert(read_any(kind, octets_bytes(&b)));
		for (size_t n = 0; n < b.n; n++) {
			uint8_t *cut = malloc(n + 1);

			memcpy(cut, b.at, n);
			ck_assert_msg(!read_any(kind, octets_of(cut, n)), "kind %u, %zu of %zu",
			    kind, n, b.n);
			ck_assert_uint_eq(f.code, FAULT_BADREQ);
			free(cut);
		}
	}
}
END_TEST

START_TEST(refuses_what_follows)
{
	for (unsigned kind = 0; kind < 3; kind++) {
		put_any(kind);
		bytes_put_u8(&b, 0);
		ck_assert_msg(!read_any(kind, octets_bytes(&b)), "kind %u", kind);
		ck_assert_uint_eq(f.code, FAULT_BADREQ);
	}
}
END_TEST

/* A length that says more than there is, up to what wraps around. */
START_TEST(refuses_lengths_that_lie)
{
	static const uint32_t lies[] = { 64, 65, 255, 0x7fffffff, 0x80000000, 0xfffffffb,
		0xffffffff };

	for (unsigned kind = 0; kind < 3; kind++)
		for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
			put_any(kind);
			for (int o = 0; o < 4; o++)
				b.at[o] = (uint8_t)(lies[i] >> (24 - 8 * o));
			ck_assert_msg(
			    !read_any(kind, octets_bytes(&b)), "kind %u, %u", kind, lies[i]);
		}
}
END_TEST

/* A tenant of 63 letters fits, of 64 does not; NUL inside is no text. */
START_TEST(texts_are_bounded)
{
	static const struct {
		size_t n;
		bool nul, fits;
	} rows[] = { { 63, false, true }, { 64, false, false }, { 200, false, false },
		{ 63, true, false }, { 1, true, false }, { 0, false, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t text[256];
		struct wire_act out;

		memset(text, 'a', sizeof(text));
		if (rows[i].nul)
			text[rows[i].n / 2] = '\0';
		bytes_clear(&b);
		bytes_put_counted(&b, octets_of(text, rows[i].n));
		for (int part = 0; part < 6; part++)
			bytes_put_counted_text(&b, "x");
		ck_assert_msg(wire_act(octets_bytes(&b), &out, &f) == rows[i].fits, "row %zu", i);
	}
}
END_TEST

/* The way is the octet as it came: whether there is such a way is the signer's to say. */
START_TEST(way_comes_as_it_is)
{
	struct wire_enroll out;

	put_any(0);
	for (unsigned v = 0; v < 256; v++) {
		b.at[b.n - 1] = (uint8_t)v;
		ck_assert(wire_enroll(octets_bytes(&b), &out, &f));
		ck_assert_uint_eq((unsigned)out.way, v);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("wire");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, enroll_comes_back);
	tcase_add_test(t, act_comes_back);
	tcase_add_test(t, refused_comes_back);
	tcase_add_test(t, refuses_every_cut);
	tcase_add_test(t, refuses_what_follows);
	tcase_add_test(t, refuses_lengths_that_lie);
	tcase_add_test(t, texts_are_bounded);
	tcase_add_test(t, way_comes_as_it_is);
	suite_add_tcase(s, t);
	return run_suite(s);
}
