/* daemon/api_query.c - the query of a request, value by value; see api.h. */
#include <string.h>

#include "daemon/api.h"

bool
api_query_at(const struct exchange *x, const char *name, size_t nth, char *to, size_t size,
    bool *ret_found, struct fault *f)
{
	struct octets in = x->query;
	size_t n = strlen(name);

	to[0] = '\0';
	*ret_found = false;
	while (in.n > 0) {
		const uint8_t *end = memchr(in.at, '&', in.n);
		struct octets one = octets_of(in.at, end == NULL ? in.n : (size_t)(end - in.at));

		if (one.n > n && memcmp(one.at, name, n) == 0 && one.at[n] == '=' && nth-- == 0) {
			*ret_found = true;
			return text_unpercent(octets_of(one.at + n + 1, one.n - n - 1), to, size) ||
			       fault_set(f, FAULT_BADREQ, "%s: expected a text of under %zu octets",
				   name, size);
		}
		in = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, in.n - one.n - 1);
	}
	return true;
}

bool
api_query(const struct exchange *x, const char *name, char *to, size_t size, struct fault *f)
{
	bool found;

	return api_query_at(x, name, 0, to, size, &found, f);
}
