/* policy/document_key.c - mappings, words, texts and lists of a document, and what is wrong with
 * them. */
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/text.h"
#include "policy/document_read.h"

#define NEAR 3 /* fewer octets away is what was meant */

bool
document_refuse_found(
    struct reading *r, const struct conf_node *n, const char *expected, const char *found)
{
	char key[DOCUMENT_ID_MAX + CONF_TREE_NAME_MAX + 16];
	const char *name = n->name == NULL ? r->key : n->name;

	if (r->rule == NULL)
		return conf_refuse(r->file, n->line, name, expected, found, r->f);
	(void)snprintf(key, sizeof(key), "rules.%.64s.%.64s", r->rule, name);
	return conf_refuse(r->file, n->line, key, expected, found, r->f);
}

bool
document_refuse(struct reading *r, const struct conf_node *n, const char *expected)
{
	char shown[CONF_NODE_SHOWN_MAX];

	return document_refuse_found(r, n, expected, conf_node_shown(n, shown));
}

/* Say what the name may have been meant to be. */
static bool
refuse_unknown(
    struct reading *r, const struct conf_node *kid, const struct document_key *keys, size_t keys_n)
{
	char found[CONF_TREE_NAME_MAX];
	const char *meant = NULL;
	size_t best = NEAR;

	for (size_t i = 0; i < keys_n; i++) {
		size_t far = text_distance(kid->name, octets_text(keys[i].name));

		if (far < best && far < kid->name_n) {
			best = far;
			meant = keys[i].name;
		}
	}
	(void)snprintf(found, sizeof(found), "an unknown one%s%s%s",
	    meant == NULL ? "" : " (did you mean \"", meant == NULL ? "" : meant,
	    meant == NULL ? "" : "\"?)");
	return document_refuse_found(r, kid, "a known key", found);
}

bool
document_keys(struct reading *r, const struct conf_node *n, const struct document_key *keys,
    size_t keys_n, void *to)
{
	const struct conf_node *at[DOCUMENT_KEYS_MAX] = { 0 };
	char found[64];

	if (n->type != CONF_NODE_MAP)
		return document_refuse(r, n, "a mapping of keys");
	for (uint32_t i = 0; i < n->n; i++) {
		size_t k = 0;

		while (k < keys_n && strcmp(keys[k].name, n->kids[i].name) != 0)
			k++;
		if (k == keys_n)
			return refuse_unknown(r, &n->kids[i], keys, keys_n);
		at[k] = &n->kids[i];
	}
	for (size_t k = 0; k < keys_n; k++) {
		if (at[k] == NULL && keys[k].needed) {
			(void)snprintf(found, sizeof(found), "no \"%s\"", keys[k].name);
			return document_refuse_found(r, n, "all that it needs", found);
		}
		r->key = keys[k].name;
		if (at[k] != NULL && !keys[k].read(r, at[k], to))
			return false;
	}
	return true;
}

bool
document_text(struct reading *r, const struct conf_node *n, size_t most, struct octets *ret)
{
	char expected[64];
	bool ok = n->type == CONF_NODE_TEXT && n->n > 0 && n->n <= most;

	for (uint32_t i = 0; ok && i < n->n; i++)
		ok = (uint8_t)n->text[i] >= ' ' && n->text[i] != 0x7f;
	if (!ok) {
		(void)snprintf(
		    expected, sizeof(expected), "a text of one line, 1 to %zu octets", most);
		return document_refuse(r, n, expected);
	}
	*ret = conf_node_text(n);
	return true;
}

const char *
document_words(const char *const *words, size_t n, char to[static DOCUMENT_EXPECTED_MAX])
{
	size_t at = 0;

	for (size_t i = 0; i < n && at < DOCUMENT_EXPECTED_MAX; i++) {
		const char *between = i == 0 ? "" : i + 1 < n ? ", " : " or ";
		int put = snprintf(to + at, DOCUMENT_EXPECTED_MAX - at, "%s%s", between, words[i]);

		at += put > 0 ? (size_t)put : 0;
	}
	return to;
}

bool
document_word(struct reading *r, const struct conf_node *n, const char *const *words,
    size_t words_n, unsigned *ret)
{
	char expected[DOCUMENT_EXPECTED_MAX];

	for (unsigned i = 0; n->type == CONF_NODE_TEXT && i < words_n; i++)
		if (strcmp(words[i], n->text) == 0) {
			*ret = i;
			return true;
		}
	return document_refuse(r, n, document_words(words, words_n, expected));
}

static bool
one_of_list(struct reading *r, const struct conf_node *n, bool (*is)(struct octets),
    const char *expected, struct octets *ret)
{
	if (n->type != CONF_NODE_TEXT || !is(conf_node_text(n)))
		return document_refuse(r, n, expected);
	*ret = conf_node_text(n);
	return true;
}

bool
document_list(struct reading *r, const struct conf_node *n, bool (*is)(struct octets),
    const char *expected, const struct octets **ret, size_t *ret_n)
{
	const struct conf_node *kids = n->type == CONF_NODE_LIST ? n->kids : n;
	size_t kids_n = n->type == CONF_NODE_LIST ? n->n : 1;
	struct octets *to;

	if (kids_n == 0)
		return document_refuse_found(r, n, expected, "an empty list");
	if ((to = arena_take(r->arena, kids_n, sizeof(*to))) == NULL)
		return arena_ok(r->arena, r->f);
	for (size_t i = 0; i < kids_n; i++)
		if (!one_of_list(r, &kids[i], is, expected, &to[i]))
			return false;
	*ret = to;
	*ret_n = kids_n;
	return true;
}
