/* tests/unit/profile_file.c - ca/profile_set.h: a file is a profile whose values can be used, or is
 * refused with file, line, key, what was expected and what was found. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/oid.h"
#include "ca/profile_set.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct profile p;
static struct bytes bundle;
static struct fault f;

static void
teardown(void)
{
	bytes_free(&bundle);
}

static void
takes(const char *yaml)
{
	memset(&p, 0x55, sizeof(p));
	ck_assert_msg(
	    profile_parse("a.yaml", octets_text(yaml), NULL, 0, &p, &f), "%s: %s", yaml, f.text);
}

struct row {
	const char *yaml, *fault;
};

static void
all_refused(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct profile before;

		memset(&p, 0x55, sizeof(p));
		before = p;
		ck_assert_msg(!profile_parse("a.yaml", octets_text(rows[i].yaml), NULL, 0, &p, &f),
		    "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_str_eq(f.text, rows[i].fault);
		ck_assert_mem_eq(&p, &before, sizeof(p));
	}
}

START_TEST(a_name_is_enough)
{
	takes("name: thing");
	ck_assert_str_eq(p.name, "thing");
	ck_assert_str_eq(p.kind, "thing");
	ck_assert_int_eq(p.level, LEVEL_ENDPOINT);
	ck_assert_int_eq(p.path_len, -1);
	ck_assert_int_eq(p.valid_s, 90 * 86400);
	ck_assert_int_eq(p.back_s, 3600);
	ck_assert_int_eq(p.window_s, 90 * 86400);
	ck_assert_uint_eq(p.keys, PROFILE_P256);
	ck_assert_uint_eq(p.rsa_max, 0);
	ck_assert_ptr_eq(p.eku[0], &oid_client_auth);
	ck_assert_ptr_null(p.eku[1]);
	ck_assert_uint_eq(p.ask, PROFILE_BY_TOKEN | PROFILE_BY_CERTIFICATE);
	ck_assert(p.enrol && p.named && p.status && !p.nocheck && !p.officer);
	ck_assert_int_eq(p.assurance, ASSURANCE_TOKEN);
	ck_assert_int_eq(p.binding, BINDING_CHECKED);
	ck_assert_int_eq(p.grace_s, 0);
	ck_assert_uint_eq(p.dns_n, 1);
}
END_TEST

START_TEST(every_key)
{
	char shown[TEMPLATE_SHOWN_MAX];

	takes("name: t\nkind: k\nvalidity: 825d\ntolerance: 1d\nkeys: [rsa, p256]\n"
	      "rsa_bits_min: 2048\nrsa_bits_max: 3072\nrsa_bits_step: 512\n"
	      "purposes: [serverAuth, clientAuth]\nsubject:\n  unit: 'U {tenant}'\n"
	      "  common_name: '{name} of {tenant}'\ndns: []\nrenewal_window: 30d\n"
	      "ask: [certificate]\napproval: officer\nassurance: approved\nbinding: required\n"
	      "grace: 90d\n");
	ck_assert_int_eq(p.grace_s, PROFILE_GRACE_MAX);
	ck_assert_int_eq(p.binding, BINDING_REQUIRED);
	ck_assert_str_eq(p.kind, "k");
	ck_assert_int_eq(p.valid_s, PROFILE_VALID_MAX);
	ck_assert_int_eq(p.back_s, PROFILE_BACK_MAX);
	ck_assert_uint_eq(p.keys, PROFILE_P256 | PROFILE_RSA);
	ck_assert_uint_eq(p.rsa_min, 2048);
	ck_assert_uint_eq(p.rsa_max, 3072);
	ck_assert_uint_eq(p.rsa_step, 512);
	ck_assert_ptr_eq(p.eku[0], &oid_client_auth);
	ck_assert_ptr_eq(p.eku[1], &oid_server_auth);
	template_show(&p.unit, shown);
	ck_assert_str_eq(shown, "U {tenant}");
	template_show(&p.common, shown);
	ck_assert_str_eq(shown, "{name} of {tenant}");
	ck_assert_uint_eq(p.dns_n, 0);
	ck_assert_int_eq(p.window_s, 30 * 86400);
	ck_assert_uint_eq(p.ask, PROFILE_BY_CERTIFICATE);
	ck_assert(p.officer && !p.enrol);
	ck_assert_int_eq(p.assurance, ASSURANCE_APPROVED);
	takes("name: t\nask: []\npurposes: [serverAuth]\nassurance: approved\n");
	ck_assert(!p.enrol);
	takes("name: t\nkeys: [rsa]\n");
	ck_assert_uint_eq(p.rsa_min, 2048);
	ck_assert_uint_eq(p.rsa_max, 4096);
	ck_assert_uint_eq(p.rsa_step, 1024);
}
END_TEST

START_TEST(bad_names)
{
	static const struct row rows[] = {
		{ "",
		    "a.yaml:1: name: expected the profile's name, a lower-case DNS label, found nothing" },
		{ "kind: printer",
		    "a.yaml:1: name: expected the profile's name, a lower-case DNS label, found nothing" },
		{ "name: Printer",
		    "a.yaml:1: name: expected a lower-case DNS label, found \"Printer\"" },
		{ "\n\nname: a/b",
		    "a.yaml:3: name: expected a lower-case DNS label, found \"a/b\"" },
		{ "name: ../x", "a.yaml:1: name: expected a lower-case DNS label, found \"../x\"" },
		{ "name: [a]", "a.yaml:1: name: expected a lower-case DNS label, found a list" },
		{ "name: root",
		    "a.yaml:1: name: expected a name that is not the service's own, found \"root\"" },
		{ "name: log",
		    "a.yaml:1: name: expected a name that is not the service's own, found \"log\"" },
		{ "name: x\nkind: responder",
		    "a.yaml:2: kind: expected a kind that is not the service's own, found \"responder\"" },
		{ "name: x\nkind: operator",
		    "a.yaml:1: ask: expected certificate alone, because operators are added and do not enrol, found \"token\"" },
		{ "name: operator\n\nask: [token]",
		    "a.yaml:3: ask: expected certificate alone, because operators are added and do not enrol, found \"token\"" },
	};

	all_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(bad_times)
{
	static const struct row rows[] = {
		{ "name: x\nvalidity: 0",
		    "a.yaml:2: validity: expected a duration such as 90d, 24h, 15m, 30s, found \"0\"" },
		{ "name: x\nvalidity: forever",
		    "a.yaml:2: validity: expected a duration such as 90d, 24h, 15m, 30s, found \"forever\"" },
		{ "name: x\nvalidity: -1d",
		    "a.yaml:2: validity: expected a duration such as 90d, 24h, 15m, 30s, found \"-1d\"" },
		{ "name: x\nvalidity: 3599s",
		    "a.yaml:2: validity: expected 1h to 825d, found \"3599 s\"" },
		{ "name: x\nvalidity: 826d",
		    "a.yaml:2: validity: expected 1h to 825d, found \"71366400 s\"" },
		{ "name: x\n\n# a day\ntolerance: 25h",
		    "a.yaml:4: tolerance: expected 1s to 1d, found \"90000 s\"" },
		{ "name: x\nvalidity: 2h\nrenewal_window: 3h",
		    "a.yaml:3: renewal_window: expected at most the validity, found \"10800 s\"" },
		{ "name: x\nrenewal_window: 91d",
		    "a.yaml:2: renewal_window: expected at most the validity, found \"7862400 s\"" },
	};

	all_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(bad_keys)
{
	static const struct row rows[] = {
		{ "name: x\nkeys: []",
		    "a.yaml:2: keys: expected at least one of p256, rsa, found nothing" },
		{ "name: x\nkeys: p256",
		    "a.yaml:2: keys: expected a list of each once of p256|rsa, found \"p256\"" },
		{ "name: x\nkeys: [p384]",
		    "a.yaml:2: keys: expected a list of each once of p256|rsa, found \"p384\"" },
		{ "name: x\nkeys:\n  - p256\n  - p256",
		    "a.yaml:4: keys: expected a list of each once of p256|rsa, found \"p256\"" },
		{ "name: x\nkeys: [rsa]\nrsa_bits_min: 1024",
		    "a.yaml:3: rsa_bits_min: expected a whole number in 2048..4096, found \"1024\"" },
		{ "name: x\nkeys: [rsa]\nrsa_bits_max: 8192",
		    "a.yaml:3: rsa_bits_max: expected a whole number in 2048..4096, found \"8192\"" },
		{ "name: x\nkeys: [rsa]\nrsa_bits_min: 3072\nrsa_bits_max: 2048",
		    "a.yaml:4: rsa_bits_max: expected rsa_bits_max not under rsa_bits_min, found \"less\"" },
		{ "name: x\nkeys: [rsa]\nrsa_bits_min: 2050",
		    "a.yaml:3: rsa_bits_min: expected a multiple of 8, found \"another number\"" },
		{ "name: x\nkeys: [rsa]\nrsa_bits_step: 0",
		    "a.yaml:3: rsa_bits_step: expected a whole number in 8..2048, found \"0\"" },
		{ "name: x\nkeys: [rsa]\nrsa_bits_step: 9",
		    "a.yaml:3: rsa_bits_step: expected a multiple of 8, found \"another number\"" },
		{ "name: x\nrsa_bits_min: 2048",
		    "a.yaml:2: rsa_bits_min: expected nothing, because keys has no rsa, found \"a number\"" },
		{ "name: x\npurposes: []",
		    "a.yaml:2: purposes: expected at least one of clientAuth, serverAuth, found nothing" },
		{ "name: x\npurposes: [OCSPSigning]",
		    "a.yaml:2: purposes: expected a list of each once of clientAuth|serverAuth, found \"OCSPSigning\"" },
		{ "name: x\npurposes: [clientAuth, serverAuth, anyExtendedKeyUsage]",
		    "a.yaml:2: purposes: expected a list of each once of clientAuth|serverAuth, found \"anyExtendedKeyUsage\"" },
	};

	all_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(bad_asking)
{
	static const struct row rows[] = {
		{ "name: x\nask: [anybody]",
		    "a.yaml:2: ask: expected a list of each once of token|certificate|request|idevid, found \"anybody\"" },
		{ "name: x\npurposes: [serverAuth]\nask: [token, certificate]",
		    "a.yaml:3: ask: expected no certificate, because purposes has no clientAuth, found \"certificate\"" },
		{ "name: x\napproval: registrar",
		    "a.yaml:2: approval: expected one of none|officer|each, found \"registrar\"" },
		{ "name: x\nbinding: none",
		    "a.yaml:2: binding: expected one of checked|required|static, found \"none\"" },
		{ "name: x\ngrace: 91d",
		    "a.yaml:2: grace: expected at most 90d, found \"7862400 s\"" },
		{ "name: x\ngrace: 00",
		    "a.yaml:2: grace: expected a duration such as 90d, 24h, 15m, 30s or 0, found \"00\"" },
		{ "name: x\nvalidity: 0",
		    "a.yaml:2: validity: expected a duration such as 90d, 24h, 15m, 30s, found \"0\"" },
		{ "name: x\nassurance: ceremony",
		    "a.yaml:2: assurance: expected one of token|approved, found \"ceremony\"" },
		{ "name: x\nassurance: approved",
		    "a.yaml:2: assurance: expected token, because approval is none, found \"approved\"" },
	};

	all_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(bad_subjects)
{
	static const char *const bad[] = { "{nam}", "{name", "name}", "{}", "{{name}}", "{region}",
		"{domain}", "a{name}{", " {name}", "{name} ",
		"0123456789012345678901234567890123456789012345678901234567890123{name}",
		"{name}{name}{name}{name}{name}{name}{name}{name}{name}{name}{name}" };
	char yaml[256], want[256];

	for (size_t i = 0; i < COUNT(bad); i++) {
		(void)snprintf(
		    yaml, sizeof(yaml), "name: x\nsubject:\n  common_name: \"%s\"\n", bad[i]);
		(void)snprintf(want, sizeof(want),
		    "a.yaml:3: subject.common_name: expected at most 64 printable characters with {name}, {kind}, {tenant}, found \"%.48s\"",
		    bad[i]);
		all_refused(&(struct row){ yaml, want }, 1);
	}
	all_refused(
	    &(struct row){ "name: x\nsubject: {unit: 'B\xc3\xbcro'}",
		"a.yaml:2: subject.unit: expected at most 64 printable characters with {name}, {kind}, {tenant}, found \"B??ro\"" },
	    1);
	all_refused(
	    &(struct row){ "name: x\nsubject:\n  unit: {name}\n",
		"a.yaml:3: subject.unit: expected text of 1 to 255 printable octets, found a mapping" },
	    1);
}
END_TEST

START_TEST(bad_dns)
{
	static const char tail[] = ".{tenant}.{region}.{domain}";
	static const char *const bad[] = { "www.example.com", "{name}", "{name}.{tenant}.{region}",
		"{name}.{tenant}.{domain}", "{name}.{region}.{tenant}.{domain}",
		".{tenant}.{region}.{domain}", "x{tenant}.{region}.{domain}",
		"{name}.{tenant}.{region}.{domain}.",
		"{name}.{tenant}.{region}.{domain}.evil.example", "{tenant}.{region}.{domain}" };
	static const char *const heads[] = { "-{name}", "{name}-", "{name}..x", "*", "a_b", "A",
		"a b", "{nam}", "{name", "\\x41", "a@b", "a/b" };
	char yaml[256], want[320], name[160];

	for (size_t i = 0; i < COUNT(bad) + COUNT(heads); i++) {
		(void)snprintf(name, sizeof(name), "%s%s",
		    i < COUNT(bad) ? bad[i] : heads[i - COUNT(bad)], i < COUNT(bad) ? "" : tail);
		(void)snprintf(yaml, sizeof(yaml),
		    "name: x\ndns:\n  - '{name}.{kind}%s'\n  - '%s'\n", tail, name);
		(void)snprintf(want, sizeof(want),
		    "a.yaml:4: dns: expected a DNS name that ends in .{tenant}.{region}.{domain}, found \"%.48s\"",
		    name);
		all_refused(&(struct row){ yaml, want }, 1);
	}
}
END_TEST

START_TEST(dns_names_are_few)
{
	static const struct row rows[] = {
		{ "name: x\ndns:\n"
		  "  - 'a.{tenant}.{region}.{domain}'\n  - 'b.{tenant}.{region}.{domain}'\n"
		  "  - 'c.{tenant}.{region}.{domain}'\n  - 'd.{tenant}.{region}.{domain}'\n"
		  "  - 'e.{tenant}.{region}.{domain}'\n",
		    "a.yaml:7: dns: expected at most 4 names, found \"e.{tenant}.{region}.{domain}\"" },
		{ "name: x\ndns: ['a.{tenant}.{region}.{domain}', 'a.{tenant}.{region}.{domain}']\n",
		    "a.yaml:2: dns: expected each name once, found \"a.{tenant}.{region}.{domain}\"" },
	};

	all_refused(rows, COUNT(rows));
	takes("name: x\ndns:\n"
	      "  - 'a.{tenant}.{region}.{domain}'\n  - 'b.{tenant}.{region}.{domain}'\n"
	      "  - 'c.{tenant}.{region}.{domain}'\n  - '{name}-d.{tenant}.{region}.{domain}'\n");
	ck_assert_uint_eq(p.dns_n, 4);
}
END_TEST

/* YAML's own ways: base/conf.h refuses them for every file; here is that it does for this one. */
START_TEST(bad_yaml)
{
	static const struct row rows[] = {
		{ "name: x\nname: y",
		    "a.yaml:2: name: expected each key once, found it a second time" },
		{ "name: &a x", "a.yaml:1: name: expected a plain value, found an anchor" },
		{ "name: *a", "a.yaml:1: name: expected a plain value, found an alias" },
		{ "name: !!str x", "a.yaml:1: name: expected a plain value, found a tag" },
		{ "name: x\n---\nname: y\n",
		    "a.yaml:2: document: expected one document, found a second" },
		{ "- x", "a.yaml:1: document: expected a mapping of keys, found a list" },
		{ "name: x\nvalidty: 1d",
		    "a.yaml:2: validty: expected a known key, found an unknown one (did you mean \"validity\"?)" },
		{ "name: x\nunit: y",
		    "a.yaml:2: unit: expected a known key, found an unknown one (did you mean \"subject.unit\"?)" },
	};

	all_refused(rows, COUNT(rows));
}
END_TEST

static void
put(const char *file, const char *yaml)
{
	bytes_put_counted_text(&bundle, file);
	bytes_put_counted_text(&bundle, yaml);
}

#define NEEDED                                                                                     \
	put("o", "name: operator\nask: []");                                                       \
	put("s", "name: service\npurposes: [clientAuth, serverAuth]")

/* The set is what it was. */
static void
load_refused(enum fault_code code, const char *why)
{
	size_t n = 0;

	ck_assert(profile_load_builtin(&f));
	while (profile_at(n) != NULL)
		n++;
	ck_assert(!profile_load(octets_bytes(&bundle), &f));
	ck_assert_int_eq(f.code, code);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_ptr_nonnull(profile_find("printer"));
	ck_assert_ptr_nonnull(profile_at(n - 1));
	ck_assert_ptr_null(profile_at(n));
	bytes_clear(&bundle);
}

START_TEST(sets)
{
	size_t n;

	NEEDED;
	put("z.yaml", "name: zebra\nkind: printer");
	ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
	ck_assert_ptr_nonnull(profile_find("zebra"));
	ck_assert_str_eq(profile_kind("zebra"), "printer");
	ck_assert_ptr_null(profile_find("printer"));
	ck_assert_ptr_nonnull(profile_find("tenant"));
	ck_assert_str_eq(profile_at(0)->name, "operator");
	ck_assert_str_eq(profile_at(2)->name, "zebra");
	ck_assert_ptr_null(profile_at(3));
	ck_assert(profile_check(octets_bytes(&bundle), &n, &f));
	ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(sets_that_are_none)
{
	load_refused(FAULT_BADREQ, "expected one called operator");
	put("s", "name: service");
	load_refused(FAULT_BADREQ, "expected one called operator");
	put("o", "name: operator\nask: []");
	load_refused(FAULT_BADREQ, "expected one called service");
	put("o", "name: operator\nask: []");
	put("s", "name: service\nkind: printer");
	load_refused(FAULT_BADREQ, "expected one called service, of that kind");
	put("o", "name: operator\nask: []");
	put("s", "name: service\nkeys: [rsa]");
	load_refused(FAULT_BADREQ, "for p256 keys");
	put("o", "name: operator\nask: []");
	put("s", "name: service\nvalidity: 23h");
	load_refused(FAULT_BADREQ, "service: expected a validity of at least 1d");
	NEEDED;
	put("t.yaml", "\nname: service");
	load_refused(FAULT_BADREQ,
	    "t.yaml:2: name: expected a name that no other file has, found \"service\"");
	NEEDED;
	put("t.yaml", "name: x\nvalidity: 1m");
	load_refused(FAULT_BADREQ, "t.yaml:2: validity");
	NEEDED;
	bytes_put_u8(&bundle, 0);
	load_refused(FAULT_INTERNAL, "a bundle of another shape");
	NEEDED;
	bundle.n--;
	load_refused(FAULT_INTERNAL, "a bundle of another shape");
}
END_TEST

START_TEST(sets_too_large)
{
	char file[16], yaml[32];

	NEEDED;
	for (int i = 0; i < PROFILE_MAX - 1; i++) {
		if (i == PROFILE_MAX - 2)
			ck_assert(profile_load(octets_bytes(&bundle), &f));
		(void)snprintf(file, sizeof(file), "%d.yaml", i);
		(void)snprintf(yaml, sizeof(yaml), "name: p-%d", i);
		put(file, yaml);
	}
	load_refused(FAULT_LIMIT, "30.yaml: expected at most 32 profiles");
}
END_TEST

/* Two sets that differ in a value differ in their digest. */
START_TEST(digest_of_a_set)
{
	uint8_t first[PROFILE_DIGEST_OCTETS];

	NEEDED;
	put("z", "name: zebra");
	ck_assert(profile_load(octets_bytes(&bundle), &f));
	memcpy(first, profile_set_digest(), sizeof(first));
	bytes_clear(&bundle);
	put("elsewhere", "name: zebra # in another order");
	NEEDED;
	ck_assert(profile_load(octets_bytes(&bundle), &f));
	ck_assert_mem_eq(first, profile_set_digest(), sizeof(first));
	bytes_clear(&bundle);
	NEEDED;
	put("z", "name: zebra\ntolerance: 61m");
	ck_assert(profile_load(octets_bytes(&bundle), &f));
	ck_assert_mem_ne(first, profile_set_digest(), sizeof(first));
}
END_TEST

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[SCRATCH_PATH_MAX + 64];
	FILE *to;

	scratch_path(dir, name, path, sizeof(path));
	ck_assert_ptr_nonnull(to = fopen(path, "w"));
	ck_assert_int_ge(fputs(text, to), 0);
	ck_assert_int_eq(fclose(to), 0);
}

START_TEST(folders)
{
	char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16], large[CONF_MAX_OCTETS + 2];
	size_t n;

	scratch_new(dir);
	ck_assert(!profile_bundle_folder(dir, &bundle, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(f.text, "found none"));
	write_file(dir, "b.yaml", "name: b");
	write_file(dir, "a.yaml", "name: a");
	write_file(dir, ".hidden.yaml", "what an editor leaves");
	write_file(dir, "README.md", "of no matter");
	ck_assert(profile_bundle_folder(dir, &bundle, &f));
	ck_assert(profile_check(octets_bytes(&bundle), &n, &f));
	ck_assert_uint_eq(n, 2);
	bytes_clear(&bundle);
	memset(large, '#', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	write_file(dir, "c.yaml", large);
	ck_assert(profile_bundle_folder(dir, &bundle, &f));
	ck_assert(!profile_check(octets_bytes(&bundle), &n, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "c.yaml:1: document: expected at most 65536 octets"));
	bytes_clear(&bundle);
	write_file(dir, "d.yaml", large);
	write_file(dir, "e.yaml", large);
	ck_assert(!profile_bundle_folder(dir, &bundle, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	scratch_path(dir, "0.yaml", path, sizeof(path));
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!profile_bundle_folder(dir, &bundle, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "0.yaml: is no file"));
	scratch_free(dir);
	ck_assert(!profile_bundle_folder(dir, &bundle, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!profile_bundle_file("/nonexistent/x.yaml", &bundle, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

/* The text of one file of conf/profiles. */
static const char *
slurp(const char *name)
{
	static char text[CONF_MAX_OCTETS];
	char path[512];
	FILE *from;
	size_t n;

	(void)snprintf(path, sizeof(path), QUATRAIN_SOURCE_DIR "/conf/profiles/%s.yaml", name);
	ck_assert_msg((from = fopen(path, "r")) != NULL, "%s", path);
	n = fread(text, 1, sizeof(text) - 1, from);
	text[n] = '\0';
	(void)fclose(from);
	return text;
}

/* Every key stands in every file, below a comment that says its default; a key without a value of
 * its own stands as a comment. */
START_TEST(the_files_are_the_manual)
{
	uint8_t ours[PROFILE_DIGEST_OCTETS], built_in[PROFILE_DIGEST_OCTETS];
	size_t files = 0;

	ck_assert(profile_load_builtin(&f));
	for (; profile_at(files) != NULL; files++) {
		const char *text = slurp(profile_at(files)->name);

		for (size_t i = 0; i < profile_keys_n; i++) {
			const char *path = profile_keys[i].path, *dot = strchr(path, '.');
			char plain[64], comment[64];
			const char *at;

			(void)snprintf(plain, sizeof(plain), "\n%s%s:", dot == NULL ? "" : "  ",
			    dot == NULL ? path : dot + 1);
			(void)snprintf(comment, sizeof(comment), "\n#%s:", path);
			at = strstr(text, plain) != NULL ? strstr(text, plain)
							 : strstr(text, comment);
			ck_assert_msg(
			    at != NULL, "%s.yaml lacks %s", profile_at(files)->name, path);
		}
		ck_assert_ptr_nonnull(strstr(text, "Default"));
		ck_assert(
		    profile_parse(profile_at(files)->name, octets_text(text), NULL, 0, &p, &f));
		ck_assert(profile_digest(&p, ours, &f) &&
			  profile_digest(profile_at(files), built_in, &f));
		ck_assert_mem_eq(ours, built_in, sizeof(ours));
	}
	ck_assert_uint_eq(files, 7);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("profile_file");
	TCase *t = tcase_create("profile_file");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, a_name_is_enough);
	tcase_add_test(t, every_key);
	tcase_add_test(t, bad_names);
	tcase_add_test(t, bad_times);
	tcase_add_test(t, bad_keys);
	tcase_add_test(t, bad_asking);
	tcase_add_test(t, bad_subjects);
	tcase_add_test(t, bad_dns);
	tcase_add_test(t, dns_names_are_few);
	tcase_add_test(t, bad_yaml);
	tcase_add_test(t, sets);
	tcase_add_test(t, sets_that_are_none);
	tcase_add_test(t, sets_too_large);
	tcase_add_test(t, digest_of_a_set);
	tcase_add_test(t, folders);
	tcase_add_test(t, the_files_are_the_manual);
	suite_add_tcase(s, t);
	return run_suite(s);
}
