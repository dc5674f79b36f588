/* ca/keyring_past.c - what a delegate of a CA was before; see keyring.h. */
#include <stdio.h>
#include <string.h>

#include "ca/keyring.h"

struct past {
	char prefix[8 + 2 * TBS_KEY_ID_OCTETS], word[64 + 2 * TBS_KEY_ID_OCTETS];
	struct bytes *to;
};

static bool
see(void *with, struct octets key, struct octets value)
{
	struct past *p = with;
	struct octets word;

	if (!octets_take_text(&key, p->prefix))
		return false;
	if (value.n <= TBS_SERIAL_OCTETS)
		return true;
	word = octets_of(value.at + TBS_SERIAL_OCTETS, value.n - TBS_SERIAL_OCTETS);
	if (octets_take_text(&word, p->word))
		bytes_put(p->to, value.at, TBS_SERIAL_OCTETS);
	return true;
}

bool
keyring_past(struct realm *r, const struct authority *of, const struct purpose *p,
    struct bytes *ret, struct fault *f)
{
	char hex[TBS_KEY_ID_OCTETS * 2 + 1];
	struct past past = { .to = ret };
	struct ledger *l;

	text_hex(of->key_id, sizeof(of->key_id), hex);
	(void)snprintf(past.prefix, sizeof(past.prefix), "key:%s:", hex);
	(void)snprintf(past.word, sizeof(past.word), "delegate:%s:%s:", p->profile, hex);
	return realm_records(r, of, &l, f) &&
	       store_scan(ledger_store(l), TABLE_META, octets_text(past.prefix), SIZE_MAX, see,
		   &past, f) &&
	       bytes_ok(ret, f);
}
