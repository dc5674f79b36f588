/* relay/wanted.c - see wanted.h. */
#include "relay/wanted.h"

static bool
means(struct octets word, const char *name, const char *group)
{
	return octets_same(word, octets_text(name)) ||
	       (group != NULL && (octets_same(word, octets_text("all")) ||
				     octets_same(word, octets_text(group))));
}

bool
wanted_is(const struct wanted *w, const char *name, const char *group)
{
	struct ipp_reader r;
	struct ipp_value v;
	bool in = false, there = false;

	r = (struct ipp_reader){ .groups = 0 };
	if (w->message.n > IPP_HEAD_OCTETS)
		ipp_reader_of(w->message, &r);
	while (r.rest.n > 0 && ipp_next(&r, &v) && v.group == IPP_GROUP_OPERATION) {
		if (v.depth == 0 && !v.more)
			in = octets_same(v.name, octets_text("requested-attributes"));
		there = there || in;
		if (in && means(ipp_text(&v), name, group))
			return true;
	}
	if (there)
		return false;
	for (const char *const *word = w->otherwise; *word != NULL; word++)
		if (means(octets_text(*word), name, group))
			return true;
	return false;
}
