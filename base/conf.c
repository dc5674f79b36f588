/* base/conf.c - see conf.h. */
#include "base/conf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_events.h"
#include "base/conf_value.h"
#include "base/text.h"

#define PATH_MAX_OCTETS 128 /* of a dotted key, the NUL included */
#define NAME_SHOWN_MAX  100 /* of the file's name; the rest of the fault must have room */

/* A file that is being read. */
struct load {
	const char *name;
	struct conf_events events;
	const struct conf_key *keys;
	size_t n;
	void *ret;
	uint32_t *seen; /* for each key: bit d is set when its first d segments stood in the file */
	size_t *lines;  /* of each key; NULL: nobody asks */
	char path[PATH_MAX_OCTETS];
	char row[PATH_MAX_OCTETS]; /* what stands before it, within a row: "webhooks[0]." */
	struct fault *f;
};

bool
conf_refuse(const char *name, size_t line, const char *key, const char *expected, const char *found,
    struct fault *f)
{
	size_t n = strlen(name);

	name += n > NAME_SHOWN_MAX ? n - NAME_SHOWN_MAX : 0;
	return fault_set(
	    f, FAULT_BADREQ, "%s:%zu: %s: expected %s, found %s", name, line, key, expected, found);
}

/* The key at hand, as people know it. */
static const char *
key_of(const struct load *l, char to[static 2 * PATH_MAX_OCTETS])
{
	(void)snprintf(to, 2 * PATH_MAX_OCTETS, "%s%s", l->row, l->path);
	return to[0] == '\0' ? "document" : to;
}

static bool
refuse(struct load *l, size_t line, const char *expected, const char *found)
{
	char key[2 * PATH_MAX_OCTETS];

	return conf_refuse(l->name, line, key_of(l, key), expected, found, l->f);
}

/* The event at hand is not what was expected. */
static bool
refuse_event(struct load *l, const char *expected)
{
	char key[2 * PATH_MAX_OCTETS];

	return conf_events_refuse(&l->events, key_of(l, key), expected, l->f);
}

/* Put the next event at hand. */
static bool
next(struct load *l)
{
	char key[2 * PATH_MAX_OCTETS];

	return conf_events_next(&l->events, false) ||
	       conf_events_say(&l->events, key_of(l, key), l->f);
}

/* Length of the first depth segments of a dotted path; 0 if it has fewer. */
static size_t
prefix_length(const char *path, unsigned depth)
{
	size_t n = 0;

	for (;; n++) {
		n += strcspn(path + n, ".");
		if (--depth == 0)
			return n;
		if (path[n] == '\0')
			return 0;
	}
}

/* The first key that is l->path, whose segments are depth, or lies under it; NULL for none. */
static const struct conf_key *
find(const struct load *l, unsigned depth)
{
	for (size_t i = 0; i < l->n; i++)
		if (prefix_length(l->keys[i].path, depth) == strlen(l->path) &&
		    strncmp(l->keys[i].path, l->path, strlen(l->path)) == 0)
			return &l->keys[i];
	return NULL;
}

/* Say what name, the last segment of l->path, may have been meant to be: a sister or a key
 * elsewhere. */
static bool
refuse_unknown(struct load *l, size_t base, unsigned depth, const char *name)
{
	size_t best = 3, line = conf_events_line(&l->events);
	char meant[PATH_MAX_OCTETS], found[PATH_MAX_OCTETS + 64];

	for (size_t i = 0; i < l->n; i++) {
		const char *path = l->keys[i].path;
		const char *last = strrchr(path, '.') == NULL ? path : strrchr(path, '.') + 1;
		size_t n = prefix_length(path, depth), far = best;

		if (n > base && strncmp(path, l->path, base) == 0)
			far = text_distance(name, octets_of(path + base, n - base));
		if (strcmp(last, name) == 0) {
			far = 1;
			n = strlen(path);
		}
		if (far < best && far < strlen(name) && n < sizeof(meant)) {
			best = far;
			memcpy(meant, path, n);
			meant[n] = '\0';
		}
	}
	(void)snprintf(found, sizeof(found), "an unknown one%s%s%s",
	    best < 3 ? " (did you mean \"" : "", best < 3 ? meant : "", best < 3 ? "\"?)" : "");
	return refuse(l, line, "a known key", found);
}

/* The event at hand is a name: put it behind the path, of depth segments then, and find what it
 * names. */
static bool
read_name(struct load *l, unsigned depth, const struct conf_key **ret)
{
	const char *name = (const char *)l->events.event.data.scalar.value;
	size_t base = strlen(l->path) + (depth > 1);
	const struct conf_key *k;
	bool odd;

	if (l->events.event.type != YAML_SCALAR_EVENT)
		return refuse_event(l, "a key");
	odd = strchr(name, '.') != NULL || strlen(name) != l->events.event.data.scalar.length ||
	      strlen(name) > CONF_SHOWN_MAX || base + strlen(name) >= sizeof(l->path);
	(void)snprintf(l->path + strlen(l->path), sizeof(l->path) - strlen(l->path), "%s%.*s",
	    depth > 1 ? "." : "", CONF_SHOWN_MAX, name);
	k = odd ? NULL : find(l, depth);
	if (k == NULL)
		return refuse_unknown(l, base, depth, name);
	if ((l->seen[k - l->keys] & 1u << depth) != 0)
		return refuse(l, conf_events_line(&l->events), "each key once", "it a second time");
	l->seen[k - l->keys] |= 1u << depth;
	if (l->lines != NULL && strcmp(k->path, l->path) == 0)
		l->lines[k - l->keys] = conf_events_line(&l->events);
	*ret = k;
	return true;
}

/* The event at hand is a scalar that sets k; a list gets one more. */
static bool
read_scalar(struct load *l, const struct conf_key *k)
{
	char expected[CONF_EXPECTED_MAX];
	const yaml_event_t *e = &l->events.event;

	conf_value_expected(k, expected);
	if (e->type != YAML_SCALAR_EVENT)
		return refuse_event(l, expected);
	if (strlen((const char *)e->data.scalar.value) != e->data.scalar.length ||
	    !conf_value_set(k, l->ret, (const char *)e->data.scalar.value,
		e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE))
		return refuse_event(l, expected);
	conf_value_at(k, l->ret, conf_events_line(&l->events));
	return true;
}

static bool
read_list(struct load *l, const struct conf_key *k)
{
	char expected[CONF_EXPECTED_MAX];

	conf_value_expected(k, expected);
	if (l->events.event.type != YAML_SEQUENCE_START_EVENT)
		return refuse_event(l, expected);
	conf_value_clear(k, l->ret);
	for (;;) {
		if (!next(l))
			return false;
		if (l->events.event.type == YAML_SEQUENCE_END_EVENT)
			return true;
		if (!read_scalar(l, k))
			return false;
	}
}

static bool read_mapping(struct load *l, unsigned depth);

static bool
set_fallbacks(const struct conf_key *keys, size_t n, void *ret, struct fault *f)
{
	for (size_t i = 0; i < n; i++)
		if (!conf_value_reset(&keys[i], ret))
			return fault_set(f, FAULT_INTERNAL,
			    "conf: %s: the fallback \"%s\" is not of its own type", keys[i].path,
			    keys[i].fallback);
	return true;
}

/* The event at hand begins the mapping that is row number i of k: read with keys of its own. */
static bool
read_row(struct load *l, const struct conf_key *k, size_t i)
{
	const struct conf_rows *rows = k->more;
	const struct conf_key *keys = l->keys;
	char path[PATH_MAX_OCTETS];
	uint32_t *seen = l->seen;
	void *ret = l->ret;
	size_t n = l->n, *lines = l->lines;
	bool ok = false;

	memcpy(path, l->path, sizeof(path));
	(void)snprintf(l->row, sizeof(l->row), "%.100s[%zu].", path, i);
	l->path[0] = '\0';
	l->keys = rows->keys;
	l->n = rows->n;
	l->lines = NULL;
	l->ret = (char *)ret + k->offset + sizeof(size_t) + i * rows->size;
	l->seen = calloc(rows->n + 1, sizeof(*l->seen));
	if (l->seen == NULL)
		(void)fault_set(l->f, FAULT_INTERNAL, "conf: out of memory");
	else
		ok = set_fallbacks(rows->keys, rows->n, l->ret, l->f) && read_mapping(l, 1);
	free(l->seen);
	l->keys = keys;
	l->n = n;
	l->lines = lines;
	l->ret = ret;
	l->seen = seen;
	l->row[0] = '\0';
	memcpy(l->path, path, sizeof(path));
	return ok;
}

static bool
read_rows(struct load *l, const struct conf_key *k)
{
	const struct conf_rows *rows = k->more;
	size_t n = 0;

	if (l->events.event.type != YAML_SEQUENCE_START_EVENT)
		return refuse_event(l, "a list of mappings");
	for (;;) {
		if (!next(l))
			return false;
		if (l->events.event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (n == rows->max)
			return refuse(l, conf_events_line(&l->events), "fewer of them", "one more");
		if (!read_row(l, k, n++))
			return false;
	}
	memcpy((char *)l->ret + k->offset, &n, sizeof(n));
	return true;
}

/* The next event is what stands at l->path, which names k or a section that k is in. */
static bool
read_value(struct load *l, const struct conf_key *k, unsigned depth)
{
	if (!next(l))
		return false;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): refuse() is never true */
	if (strcmp(k->path, l->path) != 0)
		return read_mapping(l, depth + 1);
	if (k->type == CONF_ROWS)
		return read_rows(l, k);
	return conf_value_is_list(k) ? read_list(l, k) : read_scalar(l, k);
}

/* The event at hand begins a mapping, whose names are the path's segment number depth. */
static bool
read_mapping(struct load *l, unsigned depth)
{
	size_t base = strlen(l->path);
	const struct conf_key *k = NULL;

	if (l->events.event.type != YAML_MAPPING_START_EVENT)
		return refuse_event(l, "a mapping of keys");
	for (;;) {
		if (!next(l))
			return false;
		if (l->events.event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!read_name(l, depth, &k) || !read_value(l, k, depth))
			return false;
		l->path[base] = '\0';
	}
}

/* Stream start, nothing or one document, stream end. */
static bool
read_stream(struct load *l)
{
	if (!next(l) || !next(l))
		return false;
	if (l->events.event.type == YAML_STREAM_END_EVENT)
		return true;
	if (!next(l) || !read_mapping(l, 1) || !next(l) || !next(l))
		return false;
	if (l->events.event.type != YAML_STREAM_END_EVENT)
		return refuse(l, conf_events_line(&l->events), "one document", "a second");
	return true;
}

bool
conf_parse(const char *name, const char *yaml, size_t len, const struct conf_key *keys, size_t n,
    void *ret, struct fault *f)
{
	return conf_parse_lines(name, yaml, len, keys, n, ret, NULL, f);
}

bool
conf_parse_lines(const char *name, const char *yaml, size_t len, const struct conf_key *keys,
    size_t n, void *ret, size_t *lines, struct fault *f)
{
	struct load l = { .name = name, .keys = keys, .n = n, .ret = ret, .lines = lines, .f = f };
	bool ok;

	if (!set_fallbacks(keys, n, ret, f))
		return false;
	for (size_t i = 0; lines != NULL && i < n; i++)
		lines[i] = 0;
	if (len > CONF_MAX_OCTETS) /* before libyaml sees it: its time is not linear */
		return refuse(&l, 1, "at most 65536 octets", "more");
	l.seen = calloc(n + 1, sizeof(*l.seen));
	if (l.seen == NULL)
		return fault_set(f, FAULT_INTERNAL, "conf: out of memory");
	ok = conf_events_open(&l.events, name, octets_of(yaml, len), f);
	if (ok) {
		ok = read_stream(&l);
		conf_events_close(&l.events);
	}
	free(l.seen);
	return ok;
}

bool
conf_load(const char *file, const struct conf_key *keys, size_t n, void *ret, struct fault *f)
{
	FILE *in = NULL;
	char *text = NULL;
	size_t len;
	bool ok = false;

	if (file == NULL)
		return set_fallbacks(keys, n, ret, f);
	in = fopen(file, "re");
	if (in == NULL)
		return fault_errno(f, FAULT_NOTFOUND, "%s: cannot be read", file);
	text = malloc(CONF_MAX_OCTETS + 1);
	if (text == NULL) {
		(void)fault_set(f, FAULT_INTERNAL, "conf: out of memory");
		goto out;
	}
	len = fread(text, 1, CONF_MAX_OCTETS + 1, in);
	if (ferror(in) != 0) {
		(void)fault_errno(f, FAULT_NOTFOUND, "%s: cannot be read", file);
		goto out;
	}
	ok = conf_parse(file, text, len, keys, n, ret, f);
out:
	free(text);
	(void)fclose(in);
	return ok;
}
