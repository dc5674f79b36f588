/* ca/log_keys.c - see log_keys.h. */
#include "ca/log_keys.h"

#include <string.h>

static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";

bool
log_keys_are_certificates(struct octets file)
{
	return file.n > 0 && memmem(file.at, file.n, pem_begin, sizeof(pem_begin) - 1) != NULL;
}

/* NAME+HASH+BASE64, taken apart and spelled again: the hash says that the key is whole. Other
 * kinds of keys are left alone. */
static bool
read_vkey(struct octets line, enum log_key_type *type, struct log_known_key *ret)
{
	const uint8_t *plus = memchr(line.at, '+', line.n), *second;
	size_t name_n = plus == NULL ? 0 : (size_t)(plus - line.at);
	struct bytes told = { 0 };
	char again[LOG_VKEY_MAX];
	struct fault none;
	bool ok;

	if (name_n == 0 || name_n >= sizeof(ret->name) ||
	    (second = memchr(plus + 1, '+', line.n - name_n - 1)) == NULL)
		return false;
	ok = text_unbase64(
		 octets_of(second + 1, (size_t)(line.at + line.n - second) - 1), &told, &none) &&
	     told.n == 1 + sizeof(ret->key) &&
	     (told.at[0] == LOG_KEY_SIGNS || told.at[0] == LOG_KEY_COSIGNS);
	if (ok) {
		*type = (enum log_key_type)told.at[0];
		memcpy(ret->name, line.at, name_n);
		ret->name[name_n] = '\0';
		memcpy(ret->key, told.at + 1, sizeof(ret->key));
		ok = log_vkey(ret->name, *type, ret->key, again, &none) &&
		     octets_same(octets_text(again), line);
	}
	bytes_free(&told);
	return ok;
}

static bool
read_vkeys(struct octets file, const char *origin, struct log_keys *k, struct fault *f)
{
	struct log_known_key one;
	enum log_key_type type;
	unsigned at = 0;

	while (file.n > 0) {
		const uint8_t *end = memchr(file.at, '\n', file.n);
		struct octets line =
		    octets_of(file.at, end == NULL ? file.n : (size_t)(end - file.at));

		file = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, file.n - line.n - 1);
		at++;
		if (line.n == 0 || line.at[0] == '#')
			continue;
		if (!read_vkey(line, &type, &one))
			return fault_set(f, FAULT_BADREQ,
			    "keys: line %u: C2SP signed-note: expected a verifier key, NAME+HASH+BASE64, Ed25519",
			    at);
		if (type == LOG_KEY_SIGNS && strcmp(one.name, origin) == 0)
			k->log = one;
		else if (type == LOG_KEY_COSIGNS && k->cosigners < LOG_NOTE_LINES)
			k->cosigner[k->cosigners++] = one;
	}
	return true;
}

bool
log_keys_read(struct octets file, struct octets root, const char *origin, int64_t at_s,
    struct log_keys *ret, struct fault *f)
{
	struct log_keys k = { .cosigners = 0 };

	if (file.n > LOG_KEYS_MAX)
		return fault_set(f, FAULT_BADREQ, "keys: over %d octets", LOG_KEYS_MAX);
	if (log_keys_are_certificates(file)) {
		k.rooted = true;
		memcpy(k.log.name, origin, strnlen(origin, sizeof(k.log.name) - 1));
		if (!log_signer(file, root, origin, at_s, k.log.key, f))
			return false;
	} else if (!read_vkeys(file, origin, &k, f)) {
		return false;
	}
	if (k.log.name[0] == '\0')
		return fault_set(f, FAULT_NOTFOUND, "keys: no key of the log %.150s", origin);
	*ret = k;
	return true;
}
