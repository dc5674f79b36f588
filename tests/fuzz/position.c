/* tests/fuzz/position.c - what clients give back that we gave them: where a stream of events or a
 * page goes on, and the tag of what they saw. Each has one spelling. */
#include <stdlib.h>
#include <string.h>

#include "daemon/cursor.h"
#include "daemon/position.h"
#include "daemon/precondition.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

#define PATH "/v1/tenants/acme/certificates"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
try_position(struct octets text)
{
	struct bytes again = { 0 };
	struct position p;
	struct fault f;

	if (!position_read(text, &p, &f)) {
		must(f.code == FAULT_BADREQ);
		return;
	}
	must(p.n > 0 && p.n <= POSITION_LOGS_MAX && text.n <= POSITION_TEXT_MAX);
	for (size_t i = 0; i < p.n; i++)
		must(text_is_label(p.at[i].tenant) && position_find(&p, p.at[i].tenant) == i);
	position_write(&p, 0, &again);
	must(octets_same(octets_bytes(&again), text));
	bytes_free(&again);
}

static void
try_cursor(const char *text)
{
	uint8_t key[STORE_KEY_MAX], small[8];
	struct json *page = json_object();
	struct fault f;
	size_t n, none;

	if (cursor_read(octets_text(PATH), text, key, sizeof(key), &n, &f)) {
		must((n == 0) == (text[0] == '\0') && n <= sizeof(key));
		cursor_put(page, octets_text(PATH), octets_of(key, n));
		must(n == 0 || strcmp(json_text(page, "next"), text) == 0);
		/* another list's is none of this one */
		must(n == 0 ||
		     !cursor_read(octets_text(PATH "x"), text, key, sizeof(key), &none, &f));
	} else {
		must(f.code == FAULT_BADREQ);
	}
	if (cursor_read(octets_text(PATH), text, small, sizeof(small), &n, &f))
		must(n <= sizeof(small));
	json_free(page);
}

/* Whoever names our tag has what is there, and a list that a write would take a read takes too. */
static void
try_tags(struct octets header)
{
	static const char tag[] = "\"17\"";
	struct fault f;
	bool match = precondition_match(header, tag, true, &f);

	if (!match)
		must(f.code == FAULT_BLIND || f.code == FAULT_STALE || f.code == FAULT_BADREQ);
	must(!match || precondition_has(header, tag));
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	char *text = malloc(n + 1);

	must(text != NULL);
	if (n > 0)
		memcpy(text, at, n);
	text[n] = '\0';
	try_position(octets_of(at, n));
	try_cursor(text);
	try_tags(octets_of(at, n));
	free(text);
	return 0;
}
