/* base/json.c - see json.h. A struct json is a cJSON that callers cannot look into. */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json_text.h"
#include "base/text.h"

#define NUMBER_MAX ((INT64_C(1) << 53) - 1) /* RFC 7493 section 2.2 */
/* A bit of cJSON's type that cJSON leaves alone: something could not be put in here. */
#define INCOMPLETE (1 << 16)

static cJSON *
tree(struct json *j)
{
	return (cJSON *)j;
}

static const cJSON *
tree_const(const struct json *j)
{
	return (const cJSON *)j;
}

static struct json *
disguise(cJSON *c)
{
	return (struct json *)c;
}

static const struct json *
disguise_const(const cJSON *c)
{
	return (const struct json *)c;
}

/* Octets of UTF-8 in the order that their characters have in UTF-16, where surrogates (that is the
 * four-octet characters) stand before U+E000. */
static unsigned
utf16_rank(uint8_t c)
{
	if (c < 0xee)
		return c;
	return c < 0xf0 ? c + 0x10u : c;
}

/* RFC 8785 section 3.2.3: names by their UTF-16 code units. */
static int
by_name(const void *a, const void *b)
{
	const char *x = (*(const cJSON *const *)a)->string;
	const char *y = (*(const cJSON *const *)b)->string;

	while (*x != '\0' && *x == *y) {
		x++;
		y++;
	}
	return (int)utf16_rank((uint8_t)*x) - (int)utf16_rank((uint8_t)*y);
}

/* The n members of an object by name, to free(); NULL when out of memory. */
static const cJSON **
sort_members(const cJSON *object, size_t *ret_n)
{
	size_t n = 0, i = 0;
	const cJSON **members, *m;

	cJSON_ArrayForEach(m, object) n++;
	members = calloc(n + 1, sizeof(*members));
	if (members == NULL)
		return NULL;
	cJSON_ArrayForEach(m, object) members[i++] = m;
	qsort(members, n, sizeof(*members), by_name);
	*ret_n = n;
	return members;
}

static bool check_value(const cJSON *value, struct fault *f);

static bool
check_names(const cJSON *object, struct fault *f)
{
	size_t n = 0, i;
	const cJSON **members = sort_members(object, &n);
	bool ok = true;

	if (members == NULL)
		return fault_set(f, FAULT_INTERNAL, "json: out of memory");
	for (i = 1; i < n && ok; i++)
		if (strcmp(members[i - 1]->string, members[i]->string) == 0)
			ok = fault_set(f, FAULT_BADREQ,
			    "json: RFC 7493 section 2.3: name \"%s\" stands twice",
			    members[i]->string);
	free(members);
	return ok;
}

/* What the scan cannot see: duplicate names, numbers beyond a double. Depth is bounded by the scan.
 */
static bool
check_value(const cJSON *value, struct fault *f)
{
	const cJSON *m;

	if (cJSON_IsNumber(value) && !isfinite(value->valuedouble))
		return fault_set(f, FAULT_BADREQ, "json: a number too large");
	if (cJSON_IsObject(value) && !check_names(value, f))
		return false;
	cJSON_ArrayForEach(m, value) if (!check_value(m, f)) return false;
	return true;
}

bool
json_parse(struct octets o, struct json **ret, struct fault *f)
{
	cJSON *c;

	if (!json_scan(o, f))
		return false;
	c = cJSON_ParseWithLengthOpts((const char *)o.at, o.n, NULL, false);
	if (c == NULL)
		return fault_set(f, FAULT_INTERNAL, "json: out of memory");
	if (!check_value(c, f)) {
		cJSON_Delete(c);
		return false;
	}
	*ret = disguise(c);
	return true;
}

struct json *
json_object(void)
{
	return disguise(cJSON_CreateObject());
}

struct json *
json_array(void)
{
	return disguise(cJSON_CreateArray());
}

void
json_free(struct json *j)
{
	cJSON_Delete(tree(j));
}

/* Set name in j to item, which is taken; one that is missing leaves its mark. */
static void
set(struct json *j, const char *name, cJSON *item)
{
	cJSON *object = tree(j);

	if (object == NULL || item == NULL || !cJSON_IsObject(object)) {
		cJSON_Delete(item);
		if (object != NULL)
			object->type |= INCOMPLETE;
		return;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (!cJSON_AddItemToObject(object, name, item)) {
		cJSON_Delete(item);
		object->type |= INCOMPLETE;
	}
}

static cJSON *
new_text(struct octets text, bool ours)
{
	struct bytes b = { 0 };
	struct fault f;
	cJSON *c = NULL;

	text_put_safe(&b, text, ours);
	bytes_put_u8(&b, '\0');
	if (bytes_ok(&b, &f))
		c = cJSON_CreateString((const char *)b.at);
	bytes_free(&b);
	return c;
}

static cJSON *
new_number(int64_t v)
{
	return v < -NUMBER_MAX || v > NUMBER_MAX ? NULL : cJSON_CreateNumber((double)v);
}

void
json_put_text(struct json *j, const char *name, const char *text)
{
	set(j, name, text == NULL ? NULL : new_text(octets_text(text), true));
}

void
json_put_octets(struct json *j, const char *name, struct octets text)
{
	set(j, name, new_text(text, false));
}

void
json_put_hex(struct json *j, const char *name, const void *at, size_t n)
{
	char *hex = n > BYTES_MAX ? NULL : malloc(2 * n + 1);

	if (hex != NULL)
		text_hex(at, n, hex);
	json_put_text(j, name, hex);
	free(hex);
}

void
json_put_number(struct json *j, const char *name, int64_t v)
{
	set(j, name, new_number(v));
}

void
json_put_bool(struct json *j, const char *name, bool v)
{
	set(j, name, cJSON_CreateBool(v));
}

void
json_put_time(struct json *j, const char *name, int64_t at_s)
{
	char text[TEXT_TIME_MAX];

	text_time(at_s, text);
	json_put_text(j, name, text);
}

void
json_put(struct json *j, const char *name, struct json *taken)
{
	set(j, name, tree(taken));
}

static void
add(struct json *j, cJSON *item)
{
	cJSON *array = tree(j);

	if (array == NULL || item == NULL || !cJSON_IsArray(array)) {
		cJSON_Delete(item);
		if (array != NULL)
			array->type |= INCOMPLETE;
		return;
	}
	(void)cJSON_AddItemToArray(array, item); /* which only links */
}

void
json_add(struct json *array, struct json *taken)
{
	add(array, tree(taken));
}

void
json_add_text(struct json *array, const char *text)
{
	add(array, text == NULL ? NULL : new_text(octets_text(text), true));
}

const struct json *
json_get(const struct json *j, const char *name)
{
	return disguise_const(cJSON_IsObject(tree_const(j))
				  ? cJSON_GetObjectItemCaseSensitive(tree_const(j), name)
				  : NULL);
}

const char *
json_text(const struct json *j, const char *name)
{
	return json_as_text(json_get(j, name));
}

bool
json_as_number(const struct json *value, int64_t lo, int64_t hi, int64_t *ret)
{
	const cJSON *c = tree_const(value);
	double v = cJSON_IsNumber(c) ? c->valuedouble : (double)INFINITY;

	if (fabs(v) > (double)NUMBER_MAX || trunc(v) != v || v < (double)lo || v > (double)hi)
		return false;
	*ret = (int64_t)v;
	return true;
}

bool
json_number(
    const struct json *j, const char *name, int64_t lo, int64_t hi, int64_t fallback, int64_t *ret)
{
	return json_get(j, name) == NULL ? (*ret = fallback, true)
					 : json_as_number(json_get(j, name), lo, hi, ret);
}

bool
json_true(const struct json *j, const char *name)
{
	return cJSON_IsTrue(tree_const(json_get(j, name)));
}

enum json_kind
json_kind(const struct json *value)
{
	return value == NULL ? JSON_NONE : (enum json_kind)(tree_const(value)->type & 0xff);
}

size_t
json_count(const struct json *array)
{
	return cJSON_IsArray(tree_const(array)) ? (size_t)cJSON_GetArraySize(tree_const(array)) : 0;
}

/* The i-th child of an array or object. */
static const cJSON *
child_at(const cJSON *c, size_t i)
{
	const cJSON *m = c->child;

	while (m != NULL && i-- > 0)
		m = m->next;
	return m;
}

const struct json *
json_at(const struct json *array, size_t i)
{
	const cJSON *c = tree_const(array);

	return disguise_const(cJSON_IsArray(c) ? child_at(c, i) : NULL);
}

const struct json *
json_next(const struct json *value)
{
	return disguise_const(value == NULL ? NULL : tree_const(value)->next);
}

struct json *
json_take(struct json *j, const char *name)
{
	return disguise(cJSON_IsObject(tree(j))
			    ? cJSON_DetachItemFromObjectCaseSensitive(tree(j), name)
			    : NULL);
}

const char *
json_as_text(const struct json *value)
{
	return cJSON_GetStringValue(tree_const(value));
}

const char *
json_name_at(const struct json *object, size_t i)
{
	const cJSON *c = tree_const(object);
	const cJSON *m = cJSON_IsObject(c) ? child_at(c, i) : NULL;

	return m == NULL ? NULL : m->string;
}

struct writer {
	struct bytes *to;
	bool pretty;
	unsigned depth;
	const char *wrong; /* why the tree cannot be written, or NULL */
};

static void write_value(struct writer *w, const cJSON *c);

/* A new line, indented; for people only. */
static void
write_line(struct writer *w)
{
	if (!w->pretty)
		return;
	bytes_put_u8(w->to, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		bytes_put_text(w->to, "  ");
}

static void
write_number(struct writer *w, double v)
{
	if (fabs(v) > (double)NUMBER_MAX || v != (double)(int64_t)v)
		w->wrong = "a number that is not whole within 2^53";
	else
		bytes_put_fmt(w->to, "%" PRId64, (int64_t)v);
}

static void
write_array(struct writer *w, const cJSON *array)
{
	const cJSON *m;

	bytes_put_u8(w->to, '[');
	w->depth++;
	cJSON_ArrayForEach(m, array)
	{
		if (m != array->child)
			bytes_put_u8(w->to, ',');
		write_line(w);
		write_value(w, m);
	}
	w->depth--;
	if (array->child != NULL)
		write_line(w);
	bytes_put_u8(w->to, ']');
}

static void
write_object(struct writer *w, const cJSON *object)
{
	size_t n = 0;
	const cJSON **members = sort_members(object, &n);

	if (members == NULL) {
		w->wrong = "out of memory";
		return;
	}
	bytes_put_u8(w->to, '{');
	w->depth++;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			bytes_put_u8(w->to, ',');
		write_line(w);
		json_quote(w->to, members[i]->string);
		bytes_put_text(w->to, w->pretty ? ": " : ":");
		write_value(w, members[i]);
	}
	w->depth--;
	if (n > 0)
		write_line(w);
	bytes_put_u8(w->to, '}');
	free(members);
}

static void
write_value(struct writer *w, const cJSON *c)
{
	if ((c->type & INCOMPLETE) != 0)
		w->wrong = "out of memory, or a value that cannot be written";
	else if (w->depth == JSON_DEPTH_MAX && (cJSON_IsObject(c) || cJSON_IsArray(c)))
		w->wrong = "too deep";
	if (w->wrong != NULL)
		return;
	if (cJSON_IsObject(c))
		write_object(w, c);
	else if (cJSON_IsArray(c))
		write_array(w, c);
	else if (cJSON_IsString(c))
		json_quote(w->to, c->valuestring);
	else if (cJSON_IsNumber(c))
		write_number(w, c->valuedouble);
	else
		bytes_put_text(w->to, cJSON_IsNull(c)   ? "null"
				      : cJSON_IsTrue(c) ? "true"
							: "false");
}

static bool
write_text(const struct json *j, bool pretty, struct bytes *ret, struct fault *f)
{
	struct writer w = { .to = ret, .pretty = pretty };
	size_t before = ret->n;

	if (!bytes_ok(ret, f))
		return false;
	if (j == NULL)
		w.wrong = "out of memory";
	else
		write_value(&w, tree_const(j));
	if (pretty)
		bytes_put_u8(ret, '\n');
	if (w.wrong == NULL && bytes_ok(ret, f))
		return true;
	ret->n = before;
	ret->bad = false;
	return w.wrong == NULL ? false : fault_set(f, FAULT_INTERNAL, "json: %s", w.wrong);
}

bool
json_write(const struct json *j, struct bytes *ret, struct fault *f)
{
	return write_text(j, false, ret, f);
}

bool
json_write_pretty(const struct json *j, struct bytes *ret, struct fault *f)
{
	return write_text(j, true, ret, f);
}
