/* daemon/api_page.c - see api_page.h. */
#include "daemon/api_page.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/cursor.h"

static bool
visit(void *with, struct octets key, struct octets value)
{
	struct page *p = with;

	if (octets_same(key, p->after) || (p->want != NULL && !p->want(p, key, value)))
		return true;
	if (p->n == p->limit) {
		p->more = true;
		return false;
	}
	bytes_put_counted(&p->rows, key);
	bytes_put_counted(&p->rows, value);
	p->n++;
	return true;
}

bool
page_limit(
    const struct exchange *x, const char *name, int64_t fallback, int64_t *ret, struct fault *f)
{
	char text[24], *end;

	if (!api_query(x, name, text, sizeof(text), f))
		return false;
	*ret = text[0] == '\0' ? fallback : strtoll(text, &end, 10);
	if (text[0] != '\0' &&
	    (text[0] < '0' || text[0] > '9' || *end != '\0' || *ret < 1 || *ret > PAGE_MAX))
		return fault_set(f, FAULT_BADREQ, "%s: expected 1 to %d", name, PAGE_MAX);
	return true;
}

/* Tell the gathered rows; the last one's key is the cursor. */
static void
tell_rows(struct page *p, struct json *answer)
{
	struct reader r = reader_of(octets_bytes(&p->rows));
	struct octets key = { NULL, 0 };
	struct json *items = json_array();

	for (size_t i = 0; i < p->n; i++) {
		key = reader_counted(&r);
		json_add(items, p->tell(p, key, reader_counted(&r)));
	}
	json_put(answer, "items", items);
	if (p->more)
		cursor_put(answer, p->call->x->path, key);
}

bool
page_list(struct page *p, enum ledger_table table, struct fault *f)
{
	const struct exchange *x = p->call->x;
	uint8_t after[STORE_KEY_MAX];
	struct json *answer;
	int64_t limit;
	bool ok = false;

	if (!cursor_of(x, after, sizeof(after), &p->after.n, f) ||
	    !page_limit(x, "limit", PAGE_DEFAULT, &limit, f))
		return false;
	p->after.at = after;
	p->limit = (size_t)limit;
	if (store_scan(ledger_store(p->ledger), (unsigned)table, p->after, SIZE_MAX, visit, p, f) &&
	    bytes_ok(&p->rows, f)) {
		answer = json_object();
		tell_rows(p, answer);
		api_answer(p->call->x, 200, answer);
		ok = true;
	}
	bytes_free(&p->rows);
	return ok;
}
