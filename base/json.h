/*
 * base/json.h - JSON read, built, and written in the one canonical form.
 *
 * The only user of cJSON. Canonical is RFC 8785 for what we use of it: names
 * sorted, whole numbers within 2^53, no white space.
 */
#ifndef QUATRAIN_BASE_JSON_H
#define QUATRAIN_BASE_JSON_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

#define JSON_DEPTH_MAX 8

struct json; /* an object, an array, or a value in one of them */

enum json_kind { /* numbered as cJSON does */
	JSON_NONE = 0,
	JSON_FALSE = 1 << 0,
	JSON_TRUE = 1 << 1,
	JSON_NULL = 1 << 2,
	JSON_NUMBER = 1 << 3,
	JSON_TEXT = 1 << 4,
	JSON_ARRAY = 1 << 5,
	JSON_OBJECT = 1 << 6,
};

/*
 * Parse o, which must be one JSON text and nothing more; no duplicate names,
 * no depth over JSON_DEPTH_MAX, no U+0000. *ret is the caller's, to json_free().
 * Faults: FAULT_BADREQ with the offset or the name, FAULT_INTERNAL memory.
 */
bool json_parse(struct octets o, struct json **ret, struct fault *f) CHECKED;

/* NULL when out of memory; every json_put takes NULL, and json_write refuses it. */
struct json *json_object(void);
struct json *json_array(void);
void json_free(struct json *j); /* NULL is allowed */

/*
 * Set name in object j, in place of what it was.
 *
 * Text goes in as text_put_safe() leaves it: what could make one record look
 * like another is \xNN. A line end passes in json_put_text() and
 * json_add_text(), which are for texts of ours such as PEM, and not in
 * json_put_octets(), for a peer's.
 *
 * What cannot be put (a NULL text, a number beyond 2^53, a name in an array,
 * no memory) is remembered, and json_write refuses the whole.
 */
void json_put_text(struct json *j, const char *name, const char *text);
void json_put_octets(struct json *j, const char *name, struct octets text);
void json_put_hex(struct json *j, const char *name, const void *at, size_t n);
void json_put_number(struct json *j, const char *name, int64_t v);
void json_put_bool(struct json *j, const char *name, bool v);
void json_put_time(struct json *j, const char *name, int64_t at_s); /* RFC 3339 */
void json_put(struct json *j, const char *name, struct json *taken);
void json_add(struct json *array, struct json *taken);
void json_add_text(struct json *array, const char *text);

enum json_kind json_kind(const struct json *value); /* JSON_NONE for NULL */
/* Lent; NULL where j is NULL, has no such name, or the value is of another type. */
const struct json *json_get(const struct json *j, const char *name);
const char *json_text(const struct json *j, const char *name);
/* fallback where there is no such name; false only if the value is not a whole number in lo..hi. */
bool json_number(
    const struct json *j, const char *name, int64_t lo, int64_t hi, int64_t fallback, int64_t *ret);
bool json_true(const struct json *j, const char *name); /* present and true */
size_t json_count(const struct json *array);            /* 0 for anything else */
const struct json *json_at(const struct json *array, size_t i);
const char *json_as_text(const struct json *value); /* NULL if it is no text */
/* False if it is not a whole number in lo..hi. */
bool json_as_number(const struct json *value, int64_t lo, int64_t hi, int64_t *ret);
/* The value behind one of the same array or object; NULL behind the last. json_at() counts from the
 * beginning, so a long list is walked with this. */
const struct json *json_next(const struct json *value);
/* Take the member out of j: the caller's, to json_free(). NULL where there is none. */
struct json *json_take(struct json *j, const char *name);
/* The name of the i-th member of an object; NULL beyond. For refusing unknown names. */
const char *json_name_at(const struct json *object, size_t i);

/*
 * Append the canonical text. Fault: FAULT_INTERNAL out of memory at any step
 * since json_object(), depth over JSON_DEPTH_MAX, a parsed number that is not whole.
 */
bool json_write(const struct json *j, struct bytes *ret, struct fault *f) CHECKED;
/* The same for people: indented, newline at the end. */
bool json_write_pretty(const struct json *j, struct bytes *ret, struct fault *f) CHECKED;

#endif
