/* daemon/position.c - see position.h. */
#include "daemon/position.h"

#include <inttypes.h>
#include <string.h>

void
position_write(const struct position *p, size_t first, struct bytes *ret)
{
	for (size_t i = 0; i < p->n; i++) {
		size_t k = i == 0 ? first : i <= first ? i - 1 : i;

		bytes_put_fmt(
		    ret, "%s%s:%" PRIu64, i == 0 ? "" : ",", p->at[k].tenant, p->at[k].next);
	}
}

size_t
position_find(const struct position *p, const char *tenant)
{
	size_t i = 0;

	while (i < p->n && strcmp(p->at[i].tenant, tenant) != 0)
		i++;
	return i;
}

/* Decimal, in its shortest spelling, of what a log's index may be. */
static bool
read_number(struct octets o, uint64_t *ret)
{
	uint64_t v = 0;

	if (o.n == 0 || o.n > 18 || (o.at[0] == '0' && o.n > 1))
		return false;
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] < '0' || o.at[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(o.at[i] - '0');
	}
	*ret = v;
	return true;
}

static bool
read_one(struct octets o, struct position *p)
{
	const uint8_t *colon = o.n == 0 ? NULL : memchr(o.at, ':', o.n);
	size_t n = colon == NULL ? 0 : (size_t)(colon - o.at);
	char tenant[TEXT_LABEL_MAX];

	if (n == 0 || n >= sizeof(tenant) || p->n == POSITION_LOGS_MAX)
		return false;
	memcpy(tenant, o.at, n);
	tenant[n] = '\0';
	if (strlen(tenant) != n || !text_is_label(tenant) || position_find(p, tenant) < p->n ||
	    !read_number(octets_of(colon + 1, o.n - n - 1), &p->at[p->n].next))
		return false;
	memcpy(p->at[p->n++].tenant, tenant, n + 1);
	return true;
}

bool
position_read(struct octets text, struct position *ret, struct fault *f)
{
	struct position p = { .n = 0 };
	bool ok = text.n > 0 && text.n < POSITION_TEXT_MAX;

	while (ok) {
		const uint8_t *end = text.n == 0 ? NULL : memchr(text.at, ',', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.at);

		ok = read_one(octets_of(text.at, n), &p);
		if (end == NULL)
			break;
		text = octets_of(end + 1, text.n - n - 1);
	}
	if (!ok)
		return fault_set(f, FAULT_BADREQ,
		    "events: Last-Event-ID: expected the id of an event, TENANT:N[,TENANT:N...]");
	*ret = p;
	return true;
}
