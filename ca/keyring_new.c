/* ca/keyring_new.c - see keyring.h: a key in the making, and its file. */
#include <stdio.h>

#include "ca/keyring.h"

bool
keyring_path(const struct realm *r, const uint8_t id[static TBS_KEY_ID_OCTETS],
    char to[static REALM_PATH_MAX], struct fault *f)
{
	char hex[TBS_KEY_ID_OCTETS * 2 + 1];

	text_hex(id, TBS_KEY_ID_OCTETS, hex);
	if (snprintf(to, REALM_PATH_MAX, "%s/keys/%s.key", realm_data(r), hex) >= REALM_PATH_MAX)
		return fault_set(f, FAULT_INTERNAL, "keyring: the data folder's path is too long");
	return true;
}

/* "quatrain responder of acme": what a person sees in the token. */
static void
label_of(enum keyring_use use, const char *whose, char *to, size_t size)
{
	static const struct {
		enum keyring_use use;
		const char *word;
	} words[] = {
		{ KEYRING_ROOT, "root" },
		{ KEYRING_REGION, "region" },
		{ KEYRING_TENANT, "tenant" },
		{ KEYRING_RESPONDER, "responder of" },
	};
	const char *word = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].use == use)
			word = words[i].word;
	(void)snprintf(
	    to, size, use == KEYRING_ROOT ? "quatrain %s" : "quatrain %s %s", word, whose);
}

bool
keyring_new_key(struct keyring *k, enum keyring_use use, enum key_kind kind, const char *whose,
    const char *elsewhere, struct key **ret, struct fault *f)
{
	const struct keyring_ground *g = keyring_ground(k);
	bool there = (g->in_token & (unsigned)use) != 0;
	char label[TEXT_LABEL_MAX + 32], path[REALM_PATH_MAX];
	struct key *key;

	if (there && elsewhere != NULL)
		return fault_set(f, FAULT_BADREQ,
		    "keyring: a key that is made in a token has no file to take elsewhere");
	label_of(use, whose, label, sizeof(label));
	if (!(there ? key_new_in(g->hsm, label, &key, f) : key_new(kind, &key, f)))
		return false;
	if (!keyring_path(g->realm, key_id(key), path, f) ||
	    !key_write(key, g->seal, elsewhere != NULL ? elsewhere : path, f)) {
		key_free(key);
		return false;
	}
	*ret = key;
	return true;
}
