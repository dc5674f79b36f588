/* relay/ipp_read.c - see ipp_read.h. */
#include "relay/ipp_read.h"

#include <string.h>

#include "base/text.h"
#include "relay/ipp_syntax.h"

#define FIELD_MAX 32767 /* lengths are signed 16-bit numbers */

/* A length in front of octets: false where it does not fit into what there is. */
static bool
counted(struct octets *o, struct octets *ret)
{
	size_t n;

	if (o->n < 2)
		return false;
	n = (size_t)o->at[0] << 8 | o->at[1];
	if (n > FIELD_MAX || o->n - 2 < n)
		return false;
	*ret = octets_of(o->at + 2, n);
	*o = octets_of(o->at + 2 + n, o->n - 2 - n);
	return true;
}

static bool
long_field(struct octets o, size_t at)
{
	return o.n >= at + 2 && ((size_t)o.at[at] << 8 | o.at[at + 1]) > FIELD_MAX;
}

/* The length of the value field at o's first octet, its tag; 0: there is not enough of it yet. */
static bool
field(struct octets o, size_t *ret, struct fault *f)
{
	size_t n = 1;

	*ret = 0;
	for (int i = 0; i < 2; i++) {
		if (long_field(o, n))
			return fault_set(
			    f, FAULT_BADREQ, "ipp: RFC 8010 section 3.1.4: a negative length");
		if (o.n < n + 2)
			return true;
		n += 2 + ((size_t)o.at[n] << 8 | o.at[n + 1]);
	}
	if (o.n >= n)
		*ret = n;
	return true;
}

bool
ipp_measure(struct octets o, struct ipp_measure *ret, struct fault *f)
{
	struct ipp_measure m = *ret;
	size_t n;

	if (m.at == 0 && o.n >= IPP_HEAD_OCTETS)
		m.at = IPP_HEAD_OCTETS;
	while (m.at > 0 && !m.whole && m.at < o.n && m.at < IPP_MESSAGE_MAX) {
		uint8_t tag = o.at[m.at];

		if (tag == 0 || (tag >= IPP_GROUPS && tag < 0x10))
			return fault_set(
			    f, FAULT_BADREQ, "ipp: RFC 8010 section 3.5.1: group tag 0x%02x", tag);
		if (tag < IPP_GROUPS) {
			m.at++;
			m.whole = tag == IPP_GROUP_END;
			continue;
		}
		if (!field(octets_of(o.at + m.at, o.n - m.at), &n, f))
			return false;
		if (n == 0)
			break;
		m.at += n;
	}
	if (m.at > IPP_MESSAGE_MAX || (!m.whole && o.n >= IPP_MESSAGE_MAX))
		return fault_set(
		    f, FAULT_LIMIT, "ipp: attributes of more than %u octets", IPP_MESSAGE_MAX);
	*ret = m;
	return true;
}

void
ipp_reader_of(struct octets checked, struct ipp_reader *ret)
{
	*ret = (struct ipp_reader){ .rest = { checked.at + IPP_HEAD_OCTETS,
					checked.n - IPP_HEAD_OCTETS } };
}

enum step { STEP_VALUE, STEP_MEMBER, STEP_GROUP, STEP_END, STEP_BAD };

static enum step
begin_group(struct ipp_reader *r, uint8_t tag)
{
	bool first = r->groups == 0;

	if (tag == IPP_GROUP_END)
		return r->last.depth == 0 && !first && r->rest.n == 0 ? STEP_END : STEP_BAD;
	if (r->last.depth != 0 || first != (tag == IPP_GROUP_OPERATION) ||
	    r->groups == IPP_GROUPS_MAX)
		return STEP_BAD;
	r->last = (struct ipp_value){ .group = (enum ipp_group)tag, .group_n = r->groups++ };
	return STEP_GROUP;
}

/* The name that a value has: its own, its member's, or none where it is one more of the same. */
static bool
name_value(struct ipp_reader *r, struct octets name, struct ipp_value *v)
{
	bool inside = v->depth > 0;

	if (name.n > IPP_NAME_MAX || (inside && name.n > 0))
		return false;
	v->name = inside ? r->member : name;
	v->more = v->name.n == 0;
	r->member = (struct octets){ 0 };
	/* One more of what? There has to be one before, in this group or this collection. */
	if (v->more && !r->member_more[v->depth])
		return false;
	r->member_more[v->depth] = true;
	return true;
}

static enum step
take_value(struct ipp_reader *r, uint8_t tag, struct ipp_value *v)
{
	struct octets name, value;

	if (!counted(&r->rest, &name) || !counted(&r->rest, &value))
		return STEP_BAD;
	*v = (struct ipp_value){ .group = r->last.group,
		.group_n = r->last.group_n,
		.depth = r->last.depth,
		.tag = (enum ipp_tag)tag,
		.value = value };
	if (tag == IPP_MEMBER) {
		if (v->depth == 0 || name.n > 0 || value.n == 0 || value.n > IPP_NAME_MAX ||
		    r->member.n > 0)
			return STEP_BAD;
		r->member = value;
		return STEP_MEMBER;
	}
	if (tag == IPP_COLLECTION_END) {
		if (v->depth == 0 || name.n > 0 || value.n > 0 || r->member.n > 0)
			return STEP_BAD;
		v->depth = --r->last.depth;
		return STEP_VALUE;
	}
	if (!name_value(r, name, v))
		return STEP_BAD;
	if (tag != IPP_COLLECTION)
		return STEP_VALUE;
	if (value.n > 0 || r->last.depth == IPP_DEPTH_MAX)
		return STEP_BAD;
	r->member_more[++r->last.depth] = false;
	return STEP_VALUE;
}

static enum step
advance(struct ipp_reader *r, struct ipp_value *v)
{
	uint8_t tag;

	if (r->rest.n == 0)
		return STEP_BAD;
	tag = r->rest.at[0];
	r->rest = octets_of(r->rest.at + 1, r->rest.n - 1);
	if (tag < 0x10) {
		r->member_more[0] = false;
		return tag > 0 && tag < IPP_GROUPS ? begin_group(r, tag) : STEP_BAD;
	}
	return r->groups > 0 ? take_value(r, tag, v) : STEP_BAD;
}

bool
ipp_next(struct ipp_reader *r, struct ipp_value *ret)
{
	enum step s;

	do
		s = advance(r, ret);
	while (s == STEP_GROUP || s == STEP_MEMBER);
	return s == STEP_VALUE;
}

bool
ipp_find(struct octets checked, enum ipp_group group, const char *name, struct ipp_value *ret)
{
	struct ipp_reader r;
	struct ipp_value v;

	ipp_reader_of(checked, &r);
	while (ipp_next(&r, &v))
		if (v.group == group && v.depth == 0 && !v.more &&
		    octets_same(v.name, octets_text(name))) {
			*ret = v;
			return true;
		}
	return false;
}

bool
ipp_number(const struct ipp_value *v, int32_t *ret)
{
	struct reader in = reader_of(v->value);

	if ((v->tag != IPP_INTEGER && v->tag != IPP_ENUM) || v->value.n != 4)
		return false;
	*ret = (int32_t)reader_u32(&in);
	return true;
}

bool
ipp_yes(const struct ipp_value *v)
{
	return v->tag == IPP_BOOLEAN && v->value.n == 1 && v->value.at[0] == 1;
}

struct octets
ipp_text(const struct ipp_value *v)
{
	struct octets o = v->value, language, text;

	switch (v->tag) {
	case IPP_TEXT_LANGUAGE:
	case IPP_NAME_LANGUAGE:
		return counted(&o, &language) && counted(&o, &text) ? text : (struct octets){ 0 };
	case IPP_TEXT:
	case IPP_NAME:
	case IPP_KEYWORD:
	case IPP_URI:
	case IPP_URI_SCHEME:
	case IPP_CHARSET:
	case IPP_LANGUAGE:
	case IPP_MIME:
		return o;
	default:
		return (struct octets){ 0 };
	}
}

/* The names of the group, or of the collections that are open: each may be there once. */
struct names {
	struct octets at[IPP_ATTRIBUTES_MAX];
	size_t n, all, values;
	size_t from[IPP_DEPTH_MAX + 2]; /* where the names of each depth begin */
	unsigned group_n;
};

static bool
once(struct names *s, const struct ipp_value *v)
{
	for (size_t i = s->from[v->depth]; i < s->n; i++)
		if (octets_same(s->at[i], v->name))
			return false;
	if (s->all == IPP_ATTRIBUTES_MAX)
		return false;
	s->all++;
	s->at[s->n++] = v->name;
	return true;
}

static bool
refuse(struct octets name, const char *why, struct fault *f)
{
	struct bytes shown = { 0 };

	bytes_put(&shown, "", 0);
	text_put_printable(&shown, octets_of(name.at, name.n < 64 ? name.n : 64));
	fault_set(f, FAULT_BADREQ, "ipp: %.*s: %s", (int)shown.n,
	    shown.n > 0 ? (const char *)shown.at : "", why);
	bytes_free(&shown);
	return false;
}

static bool
weigh(struct names *s, const struct ipp_value *v, struct octets *attribute, struct fault *f)
{
	if (v->group_n != s->group_n) {
		s->group_n = v->group_n;
		s->n = 0;
	}
	if (v->tag == IPP_COLLECTION_END) {
		s->n = s->from[v->depth + 1];
		return true;
	}
	if (v->depth == 0 && !v->more)
		*attribute = v->name;
	if (++s->values > IPP_VALUES_MAX)
		return refuse(*attribute, "more values than are taken", f);
	if (!v->more && (!ipp_is_keyword(v->name) || !once(s, v)))
		return refuse(v->name,
		    "RFC 8010 section 3.1.3: a name that is none, is there twice, or too many", f);
	if (!ipp_fits(v))
		return refuse(
		    *attribute, "RFC 8011 section 5.1: a value that its syntax does not allow", f);
	if (v->tag == IPP_COLLECTION)
		s->from[v->depth + 1] = s->n;
	return true;
}

/* Charset and language come first, in this order (RFC 8011 section 4.1.4). */
static bool
opens(const struct ipp_value *v, size_t at)
{
	static const struct {
		const char *name;
		enum ipp_tag tag;
	} want[] = {
		{ "attributes-charset", IPP_CHARSET },
		{ "attributes-natural-language", IPP_LANGUAGE },
	};

	return at >= 2 || (v->group_n == 0 && v->tag == want[at].tag &&
			      octets_same(v->name, octets_text(want[at].name)));
}

static bool
check_values(struct octets o, struct fault *f)
{
	struct names s = { .group_n = 0 };
	struct octets attribute = { 0 };
	struct ipp_reader r;
	struct ipp_value v;
	enum step step;
	size_t at = 0;

	ipp_reader_of(o, &r);
	for (;;) {
		step = advance(&r, &v);
		if (step == STEP_END)
			break;
		if (step == STEP_BAD)
			return refuse(attribute,
			    "RFC 8010 section 3.1: groups, lengths or collections that do not fit",
			    f);
		if (step != STEP_VALUE)
			continue;
		if (!opens(&v, at++))
			return refuse(v.name,
			    "RFC 8011 section 4.1.4: attributes-charset and attributes-natural-language come first",
			    f);
		if (!weigh(&s, &v, &attribute, f))
			return false;
	}
	if (at < 2)
		return refuse(attribute,
		    "RFC 8011 section 4.1.4: no attributes-charset and attributes-natural-language",
		    f);
	return true;
}

bool
ipp_check(struct octets o, struct ipp_head *ret, struct fault *f)
{
	struct reader in = reader_of(o);
	struct ipp_head h;

	h.major = reader_u8(&in);
	h.minor = reader_u8(&in);
	h.code = reader_u16(&in);
	h.request_id = reader_u32(&in);
	if (o.n <= IPP_HEAD_OCTETS)
		return fault_set(f, FAULT_BADREQ, "ipp: RFC 8010 section 3.1.1: no message");
	if (o.n > IPP_MESSAGE_MAX)
		return fault_set(
		    f, FAULT_LIMIT, "ipp: attributes of more than %u octets", IPP_MESSAGE_MAX);
	if (!check_values(o, f))
		return false;
	*ret = h;
	return true;
}

bool
ipp_check_request(struct octets o, struct ipp_head *ret, struct fault *f)
{
	struct ipp_head h;
	struct ipp_reader r;
	struct ipp_value v;
	unsigned seen = 0;
	enum step step;

	if (!ipp_check(o, &h, f))
		return false;
	ipp_reader_of(o, &r);
	while ((step = advance(&r, &v)) != STEP_END) {
		unsigned bit = 1u << r.last.group;

		if (step != STEP_GROUP || r.last.group == IPP_GROUP_SUBSCRIPTION)
			continue;
		if ((seen & bit) != 0)
			return fault_set(f, FAULT_BADREQ,
			    "ipp: RFC 8010 section 3.1.1: group 0x%02x is there twice",
			    (unsigned)r.last.group);
		seen |= bit;
	}
	*ret = h;
	return true;
}
