/*
 * policy/spell.h - values and conditions written out, on one line, as the language has them.
 *
 * For explanations and comparisons. What stands in a rule or a request is
 * written as it is: json_put_octets() makes it safe to show.
 */
#ifndef QUATRAIN_POLICY_SPELL_H
#define QUATRAIN_POLICY_SPELL_H

#include "policy/document.h"

/* A value of attribute a (a text in quotes, a duration as 90d, a time as RFC 3339); "missing" where
 * it is not known. */
void spell_value(const struct value *v, enum attribute a, struct bytes *ret);
/* "90d", in the largest unit that it is a whole number of. */
void spell_duration(int64_t s, struct bytes *ret);
/* "resource.pages"; of the clock "time", of counts "rate" and "quota". Empty for all, any, not. */
struct octets spell_attribute(const struct condition *c);
/* What a condition without kids wants of its attribute: "{gte: 5.2.1}". A set is named, and of a
 * long list only the beginning stands there. */
void spell_want(const struct condition *c, struct bytes *ret);
/* "mon,tue,wed 07:00-20:00" */
void spell_hours(const struct condition_time *t, struct bytes *ret);

/*
 * The meaning of a whole condition: two of the same meaning that differ in order, or in the
 * name of a set, are written the same. NULL: nothing.
 */
void spell_condition(const struct condition *c, struct bytes *ret);
/* A list in brackets, in order. */
void spell_list(const struct octets *at, size_t n, struct bytes *ret);

const char *spell_effect(enum policy_effect effect);
const char *spell_mode(enum policy_mode mode);

#endif
