/* daemon/duty_backup.c - the seal under a backup, and the entry that tells of it; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/dump.h"
#include "ca/found.h"
#include "daemon/signer.h"

struct taken {
	uint8_t digest[DUMP_HASH_OCTETS];
	int64_t ledgers, rows;
};

static bool
read_body(struct octets body, struct taken *ret, struct fault *f)
{
	static const char *const names[] = { "digest", "ledgers", "rows", NULL };
	struct json *j = NULL;
	const char *digest;
	bool ok = false;

	if (!json_parse(body.n == 0 ? octets_text("{}") : body, &j, f))
		return false;
	digest = json_text(j, "digest");
	if (!signer_only(j, names, f))
		goto out;
	if (digest == NULL || !text_unhex(digest, ret->digest, sizeof(ret->digest)))
		fault_set(f, FAULT_BADREQ, "digest: expected a SHA-256 in hex");
	else if (!json_number(j, "ledgers", 1, DUMP_LEDGERS_MAX, 0, &ret->ledgers) ||
		 !json_number(j, "rows", 1, INT64_MAX >> 11, 0, &ret->rows) || ret->ledgers == 0 ||
		 ret->rows == 0)
		fault_set(f, FAULT_BADREQ, "ledgers, rows: expected numbers");
	else
		ok = true;
out:
	json_free(j);
	return ok;
}

/* The certificates of the platform's log key, without the root: as a text. */
static bool
put_certificates(struct signer *s, const struct authority *of, const struct delegate *d,
    struct bytes *ret, struct fault *f)
{
	return cert_pem(d->certificate, ret, f) &&
	       realm_chain_pem(s->realm, of->key_id, false, ret, f);
}

static bool
put_seal(
    struct signer *s, struct errand *j, const struct taken *t, struct json *answer, struct fault *f)
{
	struct bytes pem = { 0 }, text = { 0 }, signature = { 0 };
	char origin[LOG_ORIGIN_MAX];
	struct tenant platform;
	struct authority ca;
	struct delegate d;
	bool ok = false;

	log_origin(realm_space(s->realm), NAME_PLATFORM, origin);
	if (!realm_tenant(s->realm, NAME_PLATFORM, &platform, f) ||
	    !realm_authority(s->realm, platform.key_id, &ca, f) ||
	    !keyring_delegate(s->keys, &ca, &found_log, j->now_s, &d, f) ||
	    !put_certificates(s, &ca, &d, &pem, f) ||
	    !dump_signed_text(origin, j->now_s, t->digest, octets_bytes(&pem), &text, f) ||
	    !key_sign(d.key, octets_bytes(&text), &signature, f))
		goto out;
	bytes_put_u8(&pem, 0); /* as a text */
	if (!bytes_ok(&pem, f))
		goto out;
	json_put_time(answer, "at", j->now_s);
	json_put_text(answer, "origin", origin);
	json_put_hex(answer, "signature", signature.at, signature.n);
	json_put_text(answer, "certificates", (const char *)pem.at);
	ok = true;
out:
	bytes_free(&signature);
	bytes_free(&text);
	bytes_free(&pem);
	return ok;
}

/* The entry lies behind what the backup holds: so a restored log can do without it. */
static bool
tell(
    struct signer *s, struct errand *j, const struct taken *t, uint64_t *ret_index, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *e = log_entry("backup.taken", &why);
	uint8_t at[8];

	ledger_put(realm_platform(s->realm), TABLE_META, octets_text(LEDGER_META_BACKUP),
	    octets_u64((uint64_t)j->now_s, at));

	json_put_hex(e, "backup", t->digest, sizeof(t->digest));
	json_put_number(e, "ledgers", t->ledgers);
	json_put_number(e, "rows", t->rows);
	return log_append(realm_platform(s->realm), e, j->now_s, ret_index, f);
}

bool
duty_backup(struct signer *s, struct errand *j, struct fault *f)
{
	const struct object what = { .tenant = NAME_PLATFORM };
	struct json *answer = json_object();
	struct taken t = { .ledgers = 0 };
	struct wire_act a;
	uint64_t index;
	bool ok = false;

	(void)snprintf(j->tenant, sizeof(j->tenant), "%s", NAME_PLATFORM);
	if (!wire_act(j->body, &a, f) || !signer_decide(s, j, &a, ACT_BACKUP, &what, f) ||
	    !read_body(a.json, &t, f) || !put_seal(s, j, &t, answer, f) ||
	    !tell(s, j, &t, &index, f))
		goto out;
	json_put_number(answer, "log_index", (int64_t)index);
	ok = json_write(answer, &j->answer, f);
out:
	json_free(answer);
	return ok;
}
