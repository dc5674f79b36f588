/*
 * base/conf_value.h - the types of conf.h: what each takes, and how it says so.
 *
 * For conf.c alone; knows nothing of YAML.
 */
#ifndef QUATRAIN_BASE_CONF_VALUE_H
#define QUATRAIN_BASE_CONF_VALUE_H

#include "base/conf.h"

#define CONF_EXPECTED_MAX 128

/* Set k's field in the caller's struct from s; a list gets one more. quoted: s was a text by its
 * looks. */
bool conf_value_set(const struct conf_key *k, void *ret, const char *s, bool quoted);
/* Set it to the fallback; to zeros where there is none. */
bool conf_value_reset(const struct conf_key *k, void *ret);
/* Make it zeros, an empty list. */
void conf_value_clear(const struct conf_key *k, void *ret);
/* What was just set stands there: a list keeps it. */
void conf_value_at(const struct conf_key *k, void *ret, size_t line);
bool conf_value_is_list(const struct conf_key *k);
/* "a whole number in 1..64" */
void conf_value_expected(const struct conf_key *k, char to[static CONF_EXPECTED_MAX]);

#endif
