/* policy/document.c - see document.h. */
#include "policy/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "policy/document_read.h"
#include "policy/glob.h"

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define OWNER_MAX     128
#define OFFLINE_MAX_S (INT64_C(366) * 86400)
#define SCHEME        "spiffe://"
#define BELOW         "/**"

struct owned {
	struct document d; /* first: document_free() gets its address */
	struct arena arena;
};

static const char *const KINDS[] = { "Guardrail", "PolicySet" };
static const char *const MODES[] = { "enforce", "shadow", "off" };

static bool
read_api_version(struct reading *r, const struct conf_node *n, void *to)
{
	static const char *const words[] = { DOCUMENT_API_VERSION };
	unsigned word;

	(void)to;
	return document_word(r, n, words, COUNT(words), &word);
}

static bool
read_schema(struct reading *r, const struct conf_node *n, void *to)
{
	static const char *const words[] = { ATTRIBUTE_SCHEMA };
	unsigned word;

	(void)to;
	return document_word(r, n, words, COUNT(words), &word);
}

static bool
read_kind(struct reading *r, const struct conf_node *n, void *to)
{
	struct document *d = to;
	unsigned word;

	if (!document_word(r, n, KINDS, COUNT(KINDS), &word))
		return false;
	d->kind = word == 0 ? DOCUMENT_GUARDRAIL : DOCUMENT_POLICY_SET;
	return true;
}

static bool
read_mode(struct reading *r, const struct conf_node *n, void *to)
{
	struct document *d = to;
	unsigned word;

	if (!document_word(r, n, MODES, COUNT(MODES), &word))
		return false;
	d->mode = (enum policy_mode)word;
	return true;
}

static bool
read_name(struct reading *r, const struct conf_node *n, void *to)
{
	struct document *d = to;

	if (n->type != CONF_NODE_TEXT || !text_is_label(n->text))
		return document_refuse(r, n, "a name of a-z, 0-9 and hyphens, at most 63 octets");
	d->name = conf_node_text(n);
	return true;
}

/* How many leading labels of the host are '*', and how many labels there are. */
static void
count_labels(struct octets host, size_t *ret_any, size_t *ret_n)
{
	size_t any = 0, n = 1;

	while (host.n >= 2 * any + 2 && host.at[2 * any] == '*' && host.at[2 * any + 1] == '.')
		any++;
	for (size_t i = 0; i < host.n; i++)
		n += host.at[i] == '.';
	*ret_any = any;
	*ret_n = n;
}

static size_t
count_stars(struct octets o)
{
	size_t n = 0;

	for (size_t i = 0; i < o.n; i++)
		n += o.at[i] == '*';
	return n;
}

/* A tenant's: one tenant, all of it or what is below a path. A guardrail's: all tenants of a
 * region, or of all regions. */
static bool
is_scope(enum document_kind kind, struct octets scope)
{
	struct octets host = scope;
	size_t any, labels, stars = count_stars(scope);

	if (!glob_is_pattern(scope) || !octets_take_text(&host, SCHEME) || host.n < strlen(BELOW) ||
	    memcmp(host.at + host.n - strlen(BELOW), BELOW, strlen(BELOW)) != 0)
		return false;
	host.n = (size_t)((const uint8_t *)memchr(host.at, '/', host.n) - host.at);
	count_labels(host, &any, &labels);
	if (kind == DOCUMENT_POLICY_SET)
		return stars == 2 && labels >= 3;
	return (any == 1 || any == 2) && stars == any + 2 && labels >= 3 &&
	       scope.n == strlen(SCHEME) + host.n + strlen(BELOW);
}

static bool
read_scope(struct reading *r, const struct conf_node *n, void *to)
{
	struct document *d = to;

	if (n->type != CONF_NODE_TEXT || !is_scope(d->kind, conf_node_text(n)))
		return document_refuse(r, n,
		    d->kind == DOCUMENT_POLICY_SET
			? "one tenant, such as spiffe://acme.eu.example.org/**"
			: "all tenants of one region or of all, such as spiffe://*.eu.example.org/**");
	d->scope = conf_node_text(n);
	return true;
}

static bool
read_owner(struct reading *r, const struct conf_node *n, void *to)
{
	struct document *d = to;

	return document_text(r, n, OWNER_MAX, &d->owner);
}

static bool
read_revision(struct reading *r, const struct conf_node *n, void *to)
{
	struct document *d = to;

	return (conf_node_number(n, &d->revision) && d->revision > 0) ||
	       document_refuse(r, n, "a whole number of 1 or more");
}

static bool
read_metadata(struct reading *r, const struct conf_node *n, void *to)
{
	static const struct document_key keys[] = {
		{ "name", true, read_name },
		{ "scope", true, read_scope },
		{ "owner", false, read_owner },
		{ "revision", false, read_revision },
	};

	return document_keys(r, n, keys, COUNT(keys), to);
}

static bool
read_zone(struct reading *r, const struct conf_node *n, void *to)
{
	(void)to;
	return document_zone(r, n, &r->zone);
}

static bool
read_max_age(struct reading *r, const struct conf_node *n, void *to)
{
	struct document *d = to;

	return (n->type == CONF_NODE_TEXT &&
		   value_duration(conf_node_text(n), &d->offline_max_age_s) &&
		   d->offline_max_age_s > 0 && d->offline_max_age_s <= OFFLINE_MAX_S) ||
	       document_refuse(r, n, "a duration from 1s to 366d");
}

static bool
read_offline(struct reading *r, const struct conf_node *n, void *to)
{
	static const struct document_key keys[] = { { "max_age", true, read_max_age } };

	return document_keys(r, n, keys, COUNT(keys), to);
}

static bool
read_defaults(struct reading *r, const struct conf_node *n, void *to)
{
	static const struct document_key keys[] = {
		{ "time_zone", false, read_zone },
		{ "offline", false, read_offline },
	};

	return document_keys(r, n, keys, COUNT(keys), to);
}

static bool
read_sets(struct reading *r, const struct conf_node *n, void *to)
{
	(void)to;
	return document_sets(r, n);
}

static bool
read_rules(struct reading *r, const struct conf_node *n, void *to)
{
	(void)to;
	return document_rules(r, n);
}

static bool
read_invariants(struct reading *r, const struct conf_node *n, void *to)
{
	(void)to;
	return document_invariants(r, n);
}

static bool
read_tests(struct reading *r, const struct conf_node *n, void *to)
{
	(void)to;
	return document_tests(r, n);
}

/* In the order in which one needs the other. */
static const struct document_key TOP[] = {
	{ "apiVersion", true, read_api_version },
	{ "kind", true, read_kind },
	{ "schema", true, read_schema },
	{ "metadata", true, read_metadata },
	{ "mode", false, read_mode },
	{ "sets", false, read_sets },
	{ "defaults", false, read_defaults },
	{ "rules", true, read_rules },
	{ "invariants", false, read_invariants },
	{ "tests", false, read_tests },
};

static bool
read_tree(struct owned *o, const char *name, const struct conf_node *top, struct zones *zones,
    struct fault *f)
{
	static const struct conf_node nothing = { .line = 1, .type = CONF_NODE_TEXT, .text = "" };
	struct reading r = { .file = name,
		.d = &o->d,
		.arena = &o->arena,
		.zones = zones,
		.key = "document",
		.f = f };

	return document_keys(&r, top == NULL ? &nothing : top, TOP, COUNT(TOP), &o->d) &&
	       arena_ok(&o->arena, f);
}

bool
document_read(const char *name, struct octets yaml, size_t most, struct zones *zones,
    struct document **ret, struct fault *f)
{
	struct owned *o = calloc(1, sizeof(*o));
	struct conf_tree tree = { 0 };
	bool ok;

	if (o == NULL)
		return fault_set(f, FAULT_INTERNAL, "document: out of memory");
	ok = conf_tree_read(&tree, name, yaml, most, "tests", f);
	if (ok) {
		o->arena = tree.texts;
		tree.texts = (struct arena){ 0 };
		ok = read_tree(o, name, tree.top, zones, f);
	}
	conf_tree_free(&tree);
	if (ok) {
		o->d.text = arena_copy(&o->arena, yaml);
		digest_of(yaml, o->d.digest);
		ok = arena_ok(&o->arena, f);
	}
	if (!ok) {
		document_free(&o->d);
		return false;
	}
	*ret = &o->d;
	return true;
}

void
document_free(struct document *d)
{
	struct owned *o = (struct owned *)d;

	if (o == NULL)
		return;
	document_tests_free(d);
	arena_free(&o->arena);
	free(o);
}
