/* ca/policy_signature.c - see policy_signature.h. */
#include "ca/policy_signature.h"

#include <string.h>

#define DASH     "\xe2\x80\x94 "
#define KEY_TYPE LOG_KEY_SIGNS

static bool
no_key(const char *vkey, struct fault *f)
{
	return fault_set(f, FAULT_BADREQ,
	    "policy: trust_key: expected NAME+HASH+BASE64 of an Ed25519 key, found \"%.80s\"",
	    vkey);
}

/* NAME, between: no '+' and no space. */
static bool
take_key_name(const char *vkey, char to[static LOG_ORIGIN_MAX], const char **ret_rest)
{
	size_t n = strcspn(vkey, "+ \t\n");

	if (n == 0 || n >= LOG_ORIGIN_MAX || vkey[n] != '+')
		return false;
	memcpy(to, vkey, n);
	to[n] = '\0';
	*ret_rest = vkey + n + 1;
	return true;
}

bool
policy_key_read(const char *vkey, struct policy_key *ret, struct fault *f)
{
	struct policy_key k = { .name = "" };
	struct bytes raw = { 0 };
	struct fault ignored;
	char hex[9] = "";
	const char *rest;
	uint8_t want[4];
	bool ok = take_key_name(vkey, k.name, &rest) && strlen(rest) > 9 && rest[8] == '+';

	if (ok) {
		memcpy(hex, rest, 8);
		ok = text_unhex(hex, k.hash, sizeof(k.hash)) &&
		     text_unbase64(octets_text(rest + 9), &raw, &ignored) &&
		     raw.n == 1 + sizeof(k.key) && raw.at[0] == KEY_TYPE;
	}
	if (ok) {
		memcpy(k.key, raw.at + 1, sizeof(k.key));
		ok = log_key_hash(k.name, KEY_TYPE, k.key, want, &ignored) &&
		     memcmp(want, k.hash, sizeof(want)) == 0;
	}
	bytes_free(&raw);
	if (!ok)
		return no_key(vkey, f);
	*ret = k;
	return true;
}

/* One line, without its end; empty ones are passed over. */
static bool
next_line(struct octets *in, struct octets *line)
{
	while (in->n > 0 && in->at[0] == '\n')
		*in = octets_of(in->at + 1, in->n - 1);
	if (in->n == 0)
		return false;
	*line = octets_of(in->at, in->n);
	for (size_t i = 0; i < in->n; i++)
		if (in->at[i] == '\n') {
			line->n = i;
			break;
		}
	*in = octets_of(in->at + line->n, in->n - line->n);
	return true;
}

/* Hash and signature of a line; raw is cleared. */
static bool
read_line(struct octets line, struct octets *name, struct bytes *raw, struct fault *f)
{
	struct fault ignored;
	const uint8_t *space;
	bool ok = octets_take_text(&line, DASH) && line.n > 0 &&
		  (space = memchr(line.at, ' ', line.n)) != NULL;

	bytes_clear(raw);
	if (ok) {
		*name = octets_of(line.at, (size_t)(space - line.at));
		ok = text_unbase64(octets_of(space + 1, line.n - name->n - 1), raw, &ignored) &&
		     raw->n > 4;
	}
	return ok ||
	       fault_set(f, FAULT_BADREQ, "policy: signature: expected lines \"— NAME BASE64\"");
}

/* *ret: a key of ours is named, and stands behind it. False: it is named, and does not. */
static bool
check_line(struct octets text, struct octets name, const struct bytes *raw,
    const struct policy_key *keys, size_t n, bool *ret, struct fault *f)
{
	for (size_t i = 0; i < n; i++) {
		if (!octets_same(name, octets_text(keys[i].name)) ||
		    memcmp(raw->at, keys[i].hash, sizeof(keys[i].hash)) != 0)
			continue;
		if (raw->n != sizeof(keys[i].hash) + LOG_SIGNATURE_OCTETS ||
		    !log_signed(keys[i].key, raw->at + sizeof(keys[i].hash), text, "policy", f))
			return fault_set(f, FAULT_DENIED,
			    "policy: signature: %.200s signed another text than this",
			    keys[i].name);
		*ret = true;
	}
	return true;
}

bool
policy_signed(struct octets text, struct octets signature, const struct policy_key *keys, size_t n,
    struct fault *f)
{
	struct bytes raw = { 0 };
	struct octets line, name;
	size_t lines = 0;
	bool ok = true, found = false;

	if (signature.n == 0)
		return fault_set(f, FAULT_DENIED,
		    "policy: signature: there is none, and \"policy: trust_key\" wants one");
	while (ok && next_line(&signature, &line)) {
		ok =
		    lines++ < POLICY_SIGNATURE_LINES
			? read_line(line, &name, &raw, f)
			: fault_set(f, FAULT_BADREQ, "policy: signature: expected at most %d lines",
			      POLICY_SIGNATURE_LINES);
		ok = ok && check_line(text, name, &raw, keys, n, &found, f);
	}
	bytes_free(&raw);
	return ok &&
	       (found || fault_set(f, FAULT_DENIED,
			     "policy: signature: by none of the keys of \"policy: trust_key\""));
}
