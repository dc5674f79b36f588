/* base/conf_node.c - a node of conf_tree.h: what it says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_tree.h"
#include "base/json_text.h"

#define DIGITS_MAX 16

const struct conf_node *
conf_node_get(const struct conf_node *map, const char *name)
{
	for (uint32_t i = 0; map != NULL && map->type == CONF_NODE_MAP && i < map->n; i++)
		if (strcmp(map->kids[i].name, name) == 0)
			return &map->kids[i];
	return NULL;
}

struct octets
conf_node_text(const struct conf_node *n)
{
	return octets_of(n->text, n->n);
}

static bool
is_plain(const struct conf_node *n)
{
	return n->type == CONF_NODE_TEXT && !n->quoted;
}

bool
conf_node_bool(const struct conf_node *n, bool *ret)
{
	bool yes = is_plain(n) && strcmp(n->text, "true") == 0;

	if (!yes && !(is_plain(n) && strcmp(n->text, "false") == 0))
		return false;
	*ret = yes;
	return true;
}

/* YAML's whole numbers may begin with zeros, and those are texts here. */
bool
conf_node_number(const struct conf_node *n, int64_t *ret)
{
	const char *s = n->text;
	int64_t v = 0;
	bool minus;

	if (!is_plain(n) || n->n == 0)
		return false;
	minus = s[0] == '-';
	s += minus;
	if (s[0] == '\0' || strlen(s) > DIGITS_MAX || (s[0] == '0' && (s[1] != '\0' || minus)))
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = 10 * v + (*s - '0');
	}
	if (v >= INT64_C(1) << 53)
		return false;
	*ret = minus ? -v : v;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(const struct conf_node *const *)a)->name,
	    (*(const struct conf_node *const *)b)->name);
}

/* The members of a mapping by name, to free(). NULL: out of memory. */
static const struct conf_node **
sorted(const struct conf_node *map)
{
	const struct conf_node **to = calloc(map->n + 1, sizeof(*to));

	for (uint32_t i = 0; to != NULL && i < map->n; i++)
		to[i] = &map->kids[i];
	if (to != NULL)
		qsort(to, map->n, sizeof(*to), by_name);
	return to;
}

static void
put_scalar(const struct conf_node *n, struct bytes *ret)
{
	int64_t number;
	bool yes;

	if (conf_node_bool(n, &yes) || conf_node_number(n, &number) ||
	    (is_plain(n) && strcmp(n->text, "null") == 0))
		bytes_put_text(ret, n->text);
	else
		json_quote(ret, n->text);
}

/* NOLINTNEXTLINE(misc-no-recursion): a tree has at most CONF_DEPTH_MAX levels */
void
conf_node_json(const struct conf_node *n, struct bytes *ret)
{
	const struct conf_node **members = NULL;
	bool map = n->type == CONF_NODE_MAP;

	if (n->type == CONF_NODE_TEXT) {
		put_scalar(n, ret);
		return;
	}
	if (map && (members = sorted(n)) == NULL) {
		ret->bad = true;
		return;
	}
	bytes_put_u8(ret, map ? '{' : '[');
	for (uint32_t i = 0; i < n->n; i++) {
		if (i > 0)
			bytes_put_u8(ret, ',');
		if (members != NULL) {
			json_quote(ret, members[i]->name);
			bytes_put_u8(ret, ':');
		}
		conf_node_json(members != NULL ? members[i] : &n->kids[i], ret);
	}
	bytes_put_u8(ret, map ? '}' : ']');
	free(members);
}

const char *
conf_node_shown(const struct conf_node *n, char to[static CONF_NODE_SHOWN_MAX])
{
	if (n->type != CONF_NODE_TEXT)
		return n->type == CONF_NODE_LIST ? "a list" : "a mapping";
	if (n->n == 0)
		return "nothing";
	(void)snprintf(
	    to, CONF_NODE_SHOWN_MAX, "%s\"%.48s\"", n->quoted ? "the text " : "", n->text);
	return to;
}
