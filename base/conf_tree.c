/* base/conf_tree.c - see conf_tree.h. */
#include "base/conf_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/conf_events.h"

#define FEW            16 /* names of a mapping that are compared each with each */
#define KEY_MAX_OCTETS 160

/* What was anchored, with what it counts when it is put elsewhere. */
struct anchor {
	const char *name;
	struct conf_node node;
	size_t weight;
	unsigned height;
};

/* A list or a mapping that is open. */
struct frame {
	struct conf_node node;
	size_t first;     /* its kids are on the stack from here */
	size_t weight;    /* nodes beneath and itself, aliases written out */
	unsigned height;  /* levels beneath and itself */
	const char *name; /* of a mapping: the name that waits for its value; NULL: none does */
	size_t name_n;
	uint32_t name_line;
	const char *anchor;          /* its own; NULL: none */
	const struct anchor *merged; /* "<<: *x"; NULL: none */
};

struct builder {
	struct conf_events e;
	struct conf_tree *t;
	const char *expands;
	size_t most, nodes; /* nodes so far, aliases written out */
	struct frame at[CONF_DEPTH_MAX];
	size_t depth;
	struct conf_node *kids; /* of all frames that are open */
	size_t kids_n, kids_room;
	struct anchor *anchors;
	size_t anchors_n;
	struct fault *f;
};

/* Where we are: "rules[2].when". */
static const char *
where(const struct builder *b, char to[static KEY_MAX_OCTETS])
{
	size_t n = 0;

	to[0] = '\0';
	for (size_t i = 0; i < b->depth && n < KEY_MAX_OCTETS; i++) {
		const struct frame *at = &b->at[i];
		size_t end = i + 1 < b->depth ? b->at[i + 1].first : b->kids_n;
		int put = 0;

		if (at->node.type == CONF_NODE_LIST)
			put = snprintf(to + n, KEY_MAX_OCTETS - n, "[%zu]", end - at->first);
		else if (at->name != NULL)
			put = snprintf(
			    to + n, KEY_MAX_OCTETS - n, "%s%s", n > 0 ? "." : "", at->name);
		n += put > 0 ? (size_t)put : 0;
	}
	return to[0] == '\0' ? "document" : to;
}

static bool
refuse(const struct builder *b, size_t line, const char *expected, const char *found)
{
	char key[KEY_MAX_OCTETS];

	return conf_refuse(b->e.name, line, where(b, key), expected, found, b->f);
}

static bool
refuse_event(const struct builder *b, const char *expected)
{
	char key[KEY_MAX_OCTETS];

	return conf_events_refuse(&b->e, where(b, key), expected, b->f);
}

static bool
out_of_memory(const struct builder *b)
{
	return fault_set(b->f, FAULT_INTERNAL, "conf: out of memory");
}

/* Is what comes next below the one name where anchors are taken? */
static bool
expands(const struct builder *b)
{
	return b->expands != NULL && b->depth > 0 && b->at[0].name != NULL &&
	       strcmp(b->at[0].name, b->expands) == 0;
}

static bool
weigh(struct builder *b, size_t weight)
{
	b->nodes += weight;
	return b->nodes <= b->most || refuse(b, conf_events_line(&b->e), "fewer values", "more");
}

/* Put a node where it belongs: behind its sisters, or at the top. */
static bool
place(struct builder *b, struct conf_node node, size_t weight, unsigned height)
{
	struct frame *in = b->depth == 0 ? NULL : &b->at[b->depth - 1];

	if (in == NULL) {
		b->t->top = arena_copy_of(&b->t->nodes, &node, 1, sizeof(node));
		return b->t->top != NULL || out_of_memory(b);
	}
	if (b->kids == NULL || b->kids_n == b->kids_room) {
		size_t room = b->kids_room == 0 ? 256 : 2 * b->kids_room;
		struct conf_node *more = reallocarray(b->kids, room, sizeof(*more));

		if (more == NULL)
			return out_of_memory(b);
		b->kids = more;
		b->kids_room = room;
	}
	node.name = in->name;
	node.name_n = (uint8_t)in->name_n;
	node.line = in->name == NULL ? node.line : in->name_line;
	b->kids[b->kids_n++] = node;
	in->name = NULL;
	in->name_n = 0;
	in->weight += weight;
	in->height = in->height > height + 1 ? in->height : height + 1;
	return true;
}

/* Remember what was anchored, if it was. */
static bool
anchor(struct builder *b, const char *name, struct conf_node node, size_t weight, unsigned height)
{
	if (name == NULL)
		return true;
	for (size_t i = 0; i < b->anchors_n; i++)
		if (strcmp(b->anchors[i].name, name) == 0)
			return refuse(b, node.line, "each anchor once", "it a second time");
	if (b->anchors_n == CONF_TREE_ANCHORS_MAX)
		return refuse(b, node.line, "at most 256 anchors", "one more");
	if (b->anchors == NULL)
		b->anchors = calloc(CONF_TREE_ANCHORS_MAX, sizeof(*b->anchors));
	if (b->anchors == NULL)
		return out_of_memory(b);
	b->anchors[b->anchors_n++] =
	    (struct anchor){ .name = name, .node = node, .weight = weight, .height = height };
	return true;
}

/* A copy of what libyaml has; *ret is NULL where it has nothing. */
static bool
keep(struct builder *b, const yaml_char_t *text, size_t n, const char **ret)
{
	struct octets o = { 0 };

	if (text != NULL) {
		o = arena_copy(&b->t->texts, octets_of(text, n));
		if (o.at == NULL)
			return out_of_memory(b);
	}
	*ret = (const char *)o.at;
	return true;
}

static bool
wants_name(const struct builder *b)
{
	return b->depth > 0 && b->at[b->depth - 1].node.type == CONF_NODE_MAP &&
	       b->at[b->depth - 1].name == NULL;
}

static bool
on_name(struct builder *b)
{
	const yaml_event_t *v = &b->e.event;
	struct frame *in = &b->at[b->depth - 1];
	size_t n;

	if (v->type != YAML_SCALAR_EVENT || v->data.scalar.anchor != NULL)
		return refuse_event(b, "a name");
	n = v->data.scalar.length;
	if (n == 0 || n > CONF_TREE_NAME_MAX || memchr(v->data.scalar.value, '\0', n) != NULL)
		return refuse_event(b, "a name of 1 to 128 octets");
	in->name_line = (uint32_t)conf_events_line(&b->e);
	in->name_n = n;
	return keep(b, v->data.scalar.value, n, &in->name);
}

static bool
on_text(struct builder *b)
{
	const yaml_event_t *v = &b->e.event;
	struct conf_node node = { .type = CONF_NODE_TEXT,
		.line = (uint32_t)conf_events_line(&b->e),
		.n = (uint32_t)v->data.scalar.length,
		.quoted = v->data.scalar.style != YAML_PLAIN_SCALAR_STYLE };
	const yaml_char_t *name = v->data.scalar.anchor;
	const char *anchored = NULL;

	if (memchr(v->data.scalar.value, '\0', v->data.scalar.length) != NULL)
		return refuse(b, node.line, "a text without NUL", "one");
	return keep(b, v->data.scalar.value, node.n, &node.text) &&
	       keep(b, name, name == NULL ? 0 : strlen((const char *)name), &anchored) &&
	       weigh(b, 1) && anchor(b, anchored, node, 1, 0) && place(b, node, 1, 0);
}

static bool
on_begin(struct builder *b, enum conf_node_type type, const yaml_char_t *name)
{
	struct frame *in = &b->at[b->depth];

	*in = (struct frame){ .node = { .type = (uint8_t)type,
				  .line = (uint32_t)conf_events_line(&b->e) },
		.first = b->kids_n,
		.weight = 1,
		.height = 1 };
	if (!weigh(b, 1) ||
	    !keep(b, name, name == NULL ? 0 : strlen((const char *)name), &in->anchor))
		return false;
	b->depth++;
	return true;
}

static bool
on_alias(struct builder *b)
{
	struct frame *in = &b->at[b->depth - 1];
	const char *name = (const char *)b->e.event.data.alias.anchor;
	const struct anchor *a = NULL;

	for (size_t i = 0; i < b->anchors_n && a == NULL; i++)
		if (strcmp(b->anchors[i].name, name) == 0)
			a = &b->anchors[i];
	if (a == NULL)
		return refuse(b, conf_events_line(&b->e), "an anchor that stands before it",
		    "an alias of none");
	if (b->depth + a->height > CONF_DEPTH_MAX)
		return refuse(b, conf_events_line(&b->e), "at most 16 levels", "more");
	if (!weigh(b, a->weight))
		return false;
	if (in->name == NULL || strcmp(in->name, "<<") != 0)
		return place(b, a->node, a->weight, a->height);
	if (a->node.type != CONF_NODE_MAP)
		return refuse(b, conf_events_line(&b->e), "the alias of a mapping", "another");
	if (in->merged != NULL)
		return refuse(b, conf_events_line(&b->e), "each name once", "it a second time");
	in->merged = a;
	in->weight += a->weight;
	in->height = in->height > a->height ? in->height : a->height;
	in->name = NULL;
	in->name_n = 0;
	return true;
}

static bool
same_name(const struct conf_node *a, const struct conf_node *b)
{
	return a->name_n == b->name_n && memcmp(a->name, b->name, a->name_n) == 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct conf_node *x = *(const struct conf_node *const *)a;
	const struct conf_node *y = *(const struct conf_node *const *)b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static bool
refuse_twice(struct builder *b, const struct conf_node *kid)
{
	b->at[b->depth - 1].name = kid->name;
	return refuse(b, kid->line, "each name once", "it a second time");
}

/* No name stands twice among the n kids of a mapping. */
static bool
check_names(struct builder *b, const struct conf_node *kids, size_t n)
{
	const struct conf_node **sorted;
	bool ok = true;

	for (size_t i = 1; n <= FEW && i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (same_name(&kids[i], &kids[j]))
				return refuse_twice(b, &kids[i]);
	if (n <= FEW)
		return true;
	if ((sorted = calloc(n, sizeof(*sorted))) == NULL)
		return out_of_memory(b);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &kids[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 1; i < n && ok; i++)
		if (same_name(sorted[i - 1], sorted[i]))
			ok = refuse_twice(b, sorted[i]);
	free(sorted);
	return ok;
}

/* Put behind the kids of the mapping that ends what "<<" adds: what it does not say itself. */
static bool
merge(struct builder *b, const struct frame *in)
{
	size_t own = b->kids_n;

	for (uint32_t i = 0; i < in->merged->node.n; i++) {
		const struct conf_node *kid = &in->merged->node.kids[i];
		size_t k = in->first;
		struct frame *top = &b->at[b->depth - 1];

		while (k < own && !same_name(&b->kids[k], kid))
			k++;
		if (k < own)
			continue;
		top->name = kid->name;
		top->name_n = kid->name_n;
		top->name_line = kid->line;
		if (!place(b, *kid, 0, 0))
			return false;
	}
	return true;
}

static bool
on_end(struct builder *b)
{
	struct frame *in = &b->at[b->depth - 1];
	struct conf_node node = in->node;

	if (b->kids != NULL && node.type == CONF_NODE_MAP &&
	    !check_names(b, b->kids + in->first, b->kids_n - in->first))
		return false;
	if (in->merged != NULL && !merge(b, in))
		return false;
	node.n = (uint32_t)(b->kids_n - in->first);
	node.kids = arena_copy_of(
	    &b->t->nodes, b->kids == NULL ? NULL : b->kids + in->first, node.n, sizeof(node));
	if (node.kids == NULL)
		return out_of_memory(b);
	b->kids_n = in->first;
	b->depth--;
	return anchor(b, in->anchor, node, in->weight, in->height) &&
	       place(b, node, in->weight, in->height);
}

/* A value, or a part of one. */
static bool
on_value(struct builder *b)
{
	const yaml_event_t *v = &b->e.event;
	const char *name = b->depth == 0 ? NULL : b->at[b->depth - 1].name;

	if (v->type == YAML_ALIAS_EVENT)
		return on_alias(b);
	if (name != NULL && strcmp(name, "<<") == 0)
		return refuse_event(b, "an alias");
	if (v->type == YAML_SEQUENCE_START_EVENT)
		return on_begin(b, CONF_NODE_LIST, v->data.sequence_start.anchor);
	if (v->type == YAML_MAPPING_START_EVENT)
		return on_begin(b, CONF_NODE_MAP, v->data.mapping_start.anchor);
	return on_text(b);
}

static bool
on_event(struct builder *b)
{
	switch (b->e.event.type) {
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(b);
	case YAML_SCALAR_EVENT:
	case YAML_ALIAS_EVENT:
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return wants_name(b) ? on_name(b) : on_value(b);
	case YAML_DOCUMENT_START_EVENT:
		return b->t->top == NULL ||
		       refuse(b, conf_events_line(&b->e), "one document", "a second");
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	default:
		return true;
	}
}

static bool
read_all(struct builder *b)
{
	char key[KEY_MAX_OCTETS];

	do {
		if (!conf_events_next(&b->e, expands(b)))
			return conf_events_say(&b->e, where(b, key), b->f);
		if (!on_event(b))
			return false;
	} while (b->e.event.type != YAML_STREAM_END_EVENT);
	return true;
}

bool
conf_tree_read(struct conf_tree *t, const char *name, struct octets yaml, size_t most,
    const char *expands_below, struct fault *f)
{
	struct builder *b;
	bool ok;

	*t = (struct conf_tree){ 0 };
	if (yaml.n > most || yaml.n > UINT32_MAX / 2)
		return fault_set(f, FAULT_LIMIT,
		    "%.100s:1: document: expected at most %zu octets, found %zu", name, most,
		    yaml.n);
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "conf: out of memory");
	b->t = t;
	b->f = f;
	b->most = most;
	b->expands = expands_below;
	ok = conf_events_open(&b->e, name, yaml, f);
	if (ok) {
		ok = read_all(b);
		t->events = b->e.n;
		conf_events_close(&b->e);
	}
	t->top = ok ? t->top : NULL;
	free(b->anchors);
	free(b->kids);
	free(b);
	return ok;
}

void
conf_tree_free(struct conf_tree *t)
{
	arena_free(&t->nodes);
	arena_free(&t->texts);
	*t = (struct conf_tree){ 0 };
}
