/* base/conf_json.c - see conf_json.h. */
#include "base/conf_json.h"

#include <string.h>

#include <yaml.h>

struct level {
	bool list; /* else a mapping */
	size_t n; /* scalars, lists and mappings in it so far: of a mapping every other is a name */
};

struct writer {
	struct bytes *to;
	struct level at[CONF_JSON_DEPTH];
	size_t depth;
};

static bool
refuse(const yaml_mark_t *mark, const char *what, struct fault *f)
{
	return fault_set(f, FAULT_BADREQ, "yaml: line %zu: %s", mark->line + 1, what);
}

static bool
is_name(const struct writer *w)
{
	return w->depth > 0 && !w->at[w->depth - 1].list && w->at[w->depth - 1].n % 2 == 0;
}

/* What stands between this one and the one before it. */
static void
put_between(struct writer *w)
{
	struct level *l = w->depth == 0 ? NULL : &w->at[w->depth - 1];

	if (l == NULL)
		return;
	if (!l->list && l->n % 2 == 1)
		bytes_put_u8(w->to, ':');
	else if (l->n > 0)
		bytes_put_u8(w->to, ',');
	l->n++;
}

/* RFC 8259 section 7. */
static void
put_text(struct bytes *to, struct octets text)
{
	bytes_put_u8(to, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			bytes_put_u8(to, '\\');
		if (text.at[i] < ' ')
			bytes_put_fmt(to, "\\u%04x", text.at[i]);
		else
			bytes_put_u8(to, text.at[i]);
	}
	bytes_put_u8(to, '"');
}

/* Does a plain scalar stand for itself in JSON? YAML's whole numbers may begin with zeros, and
 * those are texts here. */
static bool
is_bare(struct octets o)
{
	size_t sign = o.n > 1 && o.at[0] == '-' ? 1 : 0;

	if (octets_same(o, octets_text("true")) || octets_same(o, octets_text("false")) ||
	    octets_same(o, octets_text("null")))
		return true;
	if (o.n == sign || o.n > 16 || (o.n > sign + 1 && o.at[sign] == '0'))
		return false;
	for (size_t i = sign; i < o.n; i++)
		if (o.at[i] < '0' || o.at[i] > '9')
			return false;
	return true;
}

static bool
put_scalar(struct writer *w, const yaml_event_t *e, struct fault *f)
{
	struct octets text = octets_of(e->data.scalar.value, e->data.scalar.length);
	bool name = is_name(w);

	if (e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL)
		return refuse(&e->start_mark, "an anchor or a tag", f);
	put_between(w);
	if (!name && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && is_bare(text))
		bytes_put_octets(w->to, text);
	else
		put_text(w->to, text);
	return true;
}

static bool
begin(struct writer *w, const yaml_event_t *e, bool list, struct fault *f)
{
	const yaml_char_t *anchor =
	    list ? e->data.sequence_start.anchor : e->data.mapping_start.anchor;
	const yaml_char_t *tag = list ? e->data.sequence_start.tag : e->data.mapping_start.tag;

	if (anchor != NULL || tag != NULL)
		return refuse(&e->start_mark, "an anchor or a tag", f);
	if (is_name(w))
		return refuse(&e->start_mark, "a name that is no scalar", f);
	if (w->depth == CONF_JSON_DEPTH)
		return refuse(&e->start_mark, "too deep", f);
	put_between(w);
	w->at[w->depth++] = (struct level){ .list = list };
	bytes_put_u8(w->to, list ? '[' : '{');
	return true;
}

static void
end(struct writer *w)
{
	bytes_put_u8(w->to, w->at[--w->depth].list ? ']' : '}');
}

static bool
put_event(struct writer *w, const yaml_event_t *e, struct fault *f)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return put_scalar(w, e, f);
	case YAML_SEQUENCE_START_EVENT:
		return begin(w, e, true, f);
	case YAML_MAPPING_START_EVENT:
		return begin(w, e, false, f);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		end(w);
		return true;
	case YAML_ALIAS_EVENT:
		return refuse(&e->start_mark, "an alias", f);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	default:
		return true;
	}
}

bool
conf_json(struct octets yaml, struct bytes *ret, struct fault *f)
{
	struct writer w = { .to = ret };
	size_t was = ret->n, documents = 0;
	yaml_parser_t p;
	yaml_event_t e;
	bool ok, last = false;

	if (yaml_parser_initialize(&p) != 1)
		return fault_set(f, FAULT_INTERNAL, "yaml: out of memory");
	yaml_parser_set_input_string(&p, yaml.at, yaml.n);
	do {
		if (yaml_parser_parse(&p, &e) != 1) {
			ok = refuse(&p.problem_mark, p.problem == NULL ? "?" : p.problem, f);
			break;
		}
		last = e.type == YAML_STREAM_END_EVENT;
		documents += e.type == YAML_DOCUMENT_START_EVENT;
		ok = documents < 2 ? put_event(&w, &e, f)
				   : refuse(&e.start_mark, "a second document", f);
		yaml_event_delete(&e);
	} while (ok && !last);
	yaml_parser_delete(&p);
	if (ok && ret->n == was)
		ok = fault_set(f, FAULT_BADREQ, "yaml: nothing is in it");
	ok = ok && bytes_ok(ret, f);
	if (!ok && ret->n > was)
		ret->n = was;
	return ok;
}
