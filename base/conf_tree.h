/*
 * base/conf_tree.h - one YAML document as a bounded tree, for what no table of keys can say.
 *
 * What a node says is text until its reader types it; a table for the whole of a file is
 * base/conf.h. No tags, no second document, no duplicate names, CONF_DEPTH_MAX levels. Anchors,
 * aliases and the merge name "<<: *x" stand only below one name of the top, if the caller gives
 * it; what they expand to counts against the bound as if it had been written out.
 */
#ifndef QUATRAIN_BASE_CONF_TREE_H
#define QUATRAIN_BASE_CONF_TREE_H

#include "base/arena.h"
#include "base/bytes.h"

#define CONF_TREE_ANCHORS_MAX 256
#define CONF_TREE_NAME_MAX    128 /* octets of a name in a mapping */

enum conf_node_type { CONF_NODE_TEXT, CONF_NODE_LIST, CONF_NODE_MAP };

struct conf_node {
	union {
		const char *text;             /* of CONF_NODE_TEXT, NUL behind, none within */
		const struct conf_node *kids; /* of a list or a mapping, one behind the other */
	};
	const char *name; /* of a mapping's member; NULL: of none */
	uint32_t n;       /* octets, or kids */
	uint32_t line;    /* where it begins, or its name does */
	uint8_t name_n;
	uint8_t type;
	bool quoted; /* of text: a text by its looks, never a number or true */
};

struct conf_tree {
	const struct conf_node *top; /* NULL: there is nothing in the file */
	struct arena nodes;
	struct arena texts; /* what nodes say; a reader may take it over, and needs no copies */
	size_t events;      /* how many were read, whether it was taken or not: the work */
};

/*
 * Read yaml, of at most most octets; as many nodes may come of it. expands: the
 * top's name that anchors are taken below; NULL: nowhere. t is to be freed in either case.
 * Faults read "NAME:LINE: KEY: expected WHAT, found WHAT": FAULT_BADREQ; FAULT_LIMIT too many
 * octets; FAULT_INTERNAL
 */
bool conf_tree_read(struct conf_tree *t, const char *name, struct octets yaml, size_t most,
    const char *expands, struct fault *f) CHECKED;
void conf_tree_free(struct conf_tree *t);

/* The member of that name; NULL where map is NULL or no mapping, or has none. */
const struct conf_node *conf_node_get(const struct conf_node *map, const char *name);
struct octets conf_node_text(const struct conf_node *n); /* of CONF_NODE_TEXT */
/* What a plain scalar is in YAML 1.2's core schema, as far as we use it. */
bool conf_node_bool(const struct conf_node *n, bool *ret);
bool conf_node_number(const struct conf_node *n, int64_t *ret); /* whole, within 2^53 */
/* As JSON, RFC 8785 as long as names are ASCII: plain true, false, null and whole numbers stand for
 * themselves, all else is text. */
void conf_node_json(const struct conf_node *n, struct bytes *ret);
/* For a fault: the text in quotes, "a list", "a mapping", "nothing". */
#define CONF_NODE_SHOWN_MAX 80
const char *conf_node_shown(const struct conf_node *n, char to[static CONF_NODE_SHOWN_MAX]);

#endif
