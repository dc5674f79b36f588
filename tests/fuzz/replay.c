/* tests/fuzz/replay.c - an entry of any making is decided again without harm; inputs that are read
 * are written as what they mean, and only what was decided so comes out the same. */
#include <stdlib.h>
#include <string.h>

#include "policy/inputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* What is written of any other text is longer, so that it stays one line. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~' || *text == '\\')
			return false;
	return true;
}

static bool
all_plain(const struct inputs *in)
{
	return is_plain(in->who.tenant) && is_plain(in->who.endpoint) && is_plain(in->who.name) &&
	       is_plain(in->what.tenant) && is_plain(in->what.endpoint) && is_plain(in->what.name);
}

static void
write_and_read(const struct inputs *in)
{
	struct json *j = inputs_json(in), *second;
	struct bytes one = { 0 }, two = { 0 };
	struct inputs again;
	struct fault f;

	must(json_write(j, &one, &f) && inputs_read(j, &again, &f));
	must((second = inputs_json(&again)) != NULL && json_write(second, &two, &f));
	must(octets_same(octets_bytes(&one), octets_bytes(&two)));
	bytes_free(&one);
	bytes_free(&two);
	json_free(second);
	json_free(j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	uint8_t rules[RULES_DIGEST_OCTETS];
	struct json *entry;
	struct inputs in;
	struct replay r;
	struct fault f;

	if (!json_parse(octets_of(at, n), &entry, &f))
		return 0;
	if (!inputs_read(json_get(entry, "inputs"), &in, &f))
		must(f.code == FAULT_BADREQ);
	else if (all_plain(&in))
		write_and_read(&in);
	/* under the rules that it names, as if it were of today, and under ours */
	if (json_text(entry, "policy") == NULL ||
	    !text_unhex(json_text(entry, "policy"), rules, sizeof(rules)))
		must(rules_digest(rules, &f));
	replay_entry(entry, rules, &r);
	must(r.outcome < REPLAY_OUTCOMES && replay_word(r.outcome) != NULL);
	if (r.outcome == REPLAY_SAME)
		must(r.permit == r.permits && strcmp(r.rule, r.now) == 0);
	json_free(entry);
	return 0;
}
