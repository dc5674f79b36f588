/* ca/log_keys.c - see log_keys.h. */
#include "ca/log_keys.h"

#include <string.h>

#include "ca/cert.h"
#include "ca/chain.h"

static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";

static bool
is_answer(struct octets file)
{
	return file.n > 0 && file.at[0] == '{';
}

bool
log_keys_want_root(struct octets file)
{
	return file.n > 0 && !is_answer(file) &&
	       memmem(file.at, file.n, pem_begin, sizeof(pem_begin) - 1) != NULL;
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

/* Both stand beneath one region: certificate second of the cosigner's is third of the log's. */
static bool
same_region(struct octets log, struct octets cosigner, struct fault *f)
{
	struct bytes a = { 0 }, b = { 0 };
	bool ok = chain_pem_at(log, 2, &a, f) && chain_pem_at(cosigner, 1, &b, f);

	if (ok && !octets_same(octets_bytes(&a), octets_bytes(&b)))
		ok = fault_set(f, FAULT_BADREQ, "keys: the cosigner is of another region");
	bytes_free(&a);
	bytes_free(&b);
	return ok;
}

static bool
read_rooted(const struct json *log, const struct json *cosigner, struct octets root, int64_t at_s,
    struct log_keys *k, struct fault *f)
{
	const char *pem = json_text(log, "certificates"),
		   *above = json_text(cosigner, "certificates");
	struct log_known_key *c = &k->cosigner[0];

	k->rooted = true;
	if (pem == NULL || !log_signer(octets_text(pem), root, k->log.name, at_s, k->log.key, f))
		return pem != NULL ? false
				   : fault_set(f, FAULT_BADREQ, "keys: log: no certificates");
	if (cosigner == NULL)
		return true;
	if (above == NULL)
		return fault_set(f, FAULT_BADREQ, "keys: cosigner: no certificates");
	log_cosigner_name(k->log.name, c->name);
	k->cosigners = 1;
	return log_cosigner(octets_text(above), root, at_s, c->key, f) &&
	       same_region(octets_text(pem), octets_text(above), f);
}

/* Past cosigners are of the same region, by its name: its key may be another by now. */
static bool
same_name(struct octets log, struct octets cosigner, struct fault *f)
{
	struct bytes a = { 0 }, b = { 0 };
	struct cert of_log, of_cosigner;
	bool ok = chain_pem_at(log, 2, &a, f) && chain_pem_at(cosigner, 1, &b, f) &&
		  cert_read(octets_bytes(&a), &of_log, f) &&
		  cert_read(octets_bytes(&b), &of_cosigner, f);

	if (ok && !octets_same(of_log.subject, of_cosigner.subject))
		ok = fault_set(f, FAULT_BADREQ, "keys: a past cosigner is of another region");
	bytes_free(&a);
	bytes_free(&b);
	return ok;
}

/* Within the time of the certificate, and nearest to when it is asked for. */
static bool
time_within(struct octets pem, int64_t *at_s, struct fault *f)
{
	struct bytes der = { 0 };
	struct cert c;
	bool ok = chain_pem_at(pem, 0, &der, f) && cert_read(octets_bytes(&der), &c, f);

	if (ok && *at_s > c.not_after_s)
		*at_s = c.not_after_s;
	if (ok && *at_s < c.not_before_s)
		*at_s = c.not_before_s;
	bytes_free(&der);
	return ok;
}

/* One past key; those beyond the room are left alone: the newest come last. */
static bool
read_old(const struct json *one, const char *log_pem, struct octets root, int64_t at_s,
    struct log_keys *k, struct fault *f)
{
	const char *role = json_text(one, "role"), *pem = json_text(one, "certificates"),
		   *vkey = json_text(one, "vkey");
	bool cosigns = role != NULL && strcmp(role, "cosigner") == 0;
	struct log_known_key *to = cosigns ? &k->cosigner[k->cosigners] : &k->old[k->olds];
	enum log_key_type type;

	if (role == NULL || pem == NULL || vkey == NULL)
		return fault_set(
		    f, FAULT_BADREQ, "keys: past: expected role, vkey and certificates");
	if (cosigns ? k->cosigners == LOG_NOTE_LINES : k->olds == LOG_KEYS_OLD)
		return true;
	if (root.n == 0) {
		if (!read_vkey(octets_text(vkey), &type, to) ||
		    type != (cosigns ? LOG_KEY_COSIGNS : LOG_KEY_SIGNS) ||
		    (!cosigns && strcmp(to->name, k->log.name) != 0))
			return fault_set(f, FAULT_BADREQ, "keys: past: no verifier key");
	} else if (!time_within(octets_text(pem), &at_s, f)) {
		return false;
	} else if (cosigns) {
		log_cosigner_name(k->log.name, to->name);
		if (!log_cosigner(octets_text(pem), root, at_s, to->key, f) ||
		    !same_name(octets_text(log_pem), octets_text(pem), f))
			return false;
	} else {
		memcpy(to->name, k->log.name, sizeof(to->name));
		if (!log_signer(octets_text(pem), root, k->log.name, at_s, to->key, f))
			return false;
	}
	k->cosigners += cosigns;
	k->olds += !cosigns;
	return true;
}

static bool
read_past(const struct json *answer, struct octets root, int64_t at_s, struct log_keys *k,
    struct fault *f)
{
	const char *log_pem = json_text(json_get(answer, "log"), "certificates");
	const struct json *one = json_at(json_get(answer, "past"), 0);

	for (; one != NULL; one = json_next(one))
		if (!read_old(one, log_pem == NULL ? "" : log_pem, root, at_s, k, f))
			return false;
	return true;
}

/* What the service answers: {"origin","log":{"vkey","certificates"},"cosigner":{the same}}. */
static bool
read_answer(struct octets file, struct octets root, const char *origin, int64_t at_s,
    struct log_keys *k, struct fault *f)
{
	struct json *j;
	const struct json *log, *cosigner;
	const char *name, *own, *other;
	struct bytes lines = { 0 };
	bool ok;

	if (!json_parse(file, &j, f))
		return false;
	log = json_get(j, "log");
	cosigner = json_get(j, "cosigner");
	name = json_text(j, "origin");
	own = json_text(log, "vkey");
	other = json_text(cosigner, "vkey");
	if (name == NULL || strcmp(name, origin) != 0) {
		ok = fault_set(f, FAULT_NOTFOUND, "keys: no key of the log %.150s", origin);
	} else if (root.n > 0) {
		memcpy(k->log.name, origin, strnlen(origin, sizeof(k->log.name) - 1));
		ok = read_rooted(log, cosigner, root, at_s, k, f);
	} else {
		bytes_put_fmt(
		    &lines, "%s\n%s\n", own == NULL ? "" : own, other == NULL ? "" : other);
		ok = bytes_ok(&lines, f) && read_vkeys(octets_bytes(&lines), origin, k, f);
	}
	ok = ok && read_past(j, root, at_s, k, f);
	bytes_free(&lines);
	json_free(j);
	return ok;
}

bool
log_keys_read(struct octets file, struct octets root, const char *origin, int64_t at_s,
    struct log_keys *ret, struct fault *f)
{
	struct log_keys k = { .cosigners = 0 };

	if (file.n > LOG_KEYS_MAX)
		return fault_set(f, FAULT_BADREQ, "keys: over %d octets", LOG_KEYS_MAX);
	if (is_answer(file)) {
		if (!read_answer(file, root, origin, at_s, &k, f))
			return false;
	} else if (log_keys_want_root(file)) {
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
