/* ca/log_verify.c - an export held against its checkpoint and the root; see log.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/bundle.h"
#include "ca/cert.h"
#include "ca/chain.h"
#include "ca/note.h"
#include "ca/oid.h"
#include "ca/redaction.h"

#define SMALL_FILE_MAX  131072
#define COSIGNER_LEVELS 3 /* root, region, and it */

static bool
read_small(const char *path, struct bytes *ret, struct fault *f)
{
	FILE *in = fopen(path, "rbe");
	uint8_t piece[4096];
	size_t n;

	if (in == NULL)
		return fault_errno(f, FAULT_NOTFOUND, "verify: %s", path);
	while (ret->n <= SMALL_FILE_MAX && (n = fread(piece, 1, sizeof(piece), in)) > 0)
		bytes_put(ret, piece, n);
	(void)fclose(in);
	if (ret->n > SMALL_FILE_MAX)
		return fault_set(
		    f, FAULT_BADREQ, "verify: %s: over %d octets", path, SMALL_FILE_MAX);
	return bytes_ok(ret, f);
}

bool
log_time(const char *text, int64_t *ret_s)
{
	struct tm t = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &t);
	char again[TEXT_TIME_MAX];

	if (end == NULL || *end != '\0')
		return false;
	*ret_s = (int64_t)timegm(&t);
	text_time(*ret_s, again);
	return strcmp(again, text) == 0;
}

static bool
read_in(const char *dir, const char *name, struct bytes *ret, struct fault *f)
{
	char path[LOG_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return fault_set(f, FAULT_NOTFOUND, "verify: the folder's path is too long");
	return read_small(path, ret, f);
}

/* Hold one line against what the lines before it say it must be. */
static bool
check_line(struct octets line, const struct log_edge *e, int64_t *at_s, struct fault *f)
{
	struct json *j = NULL;
	struct bytes again = { 0 };
	const char *prev, *at;
	char want[LOG_HASH_OCTETS * 2 + 1];
	int64_t n;
	bool ok = false;

	if (!json_parse(line, &j, f)) {
		char why[FAULT_TEXT_MAX];

		memcpy(why, f->text, sizeof(why));
		return fault_set(
		    f, FAULT_BADREQ, "entries.jsonl: line %" PRIu64 ": %.180s", e->size + 1, why);
	}
	if (!json_write(j, &again, f))
		goto out;
	text_hex(e->last, sizeof(e->last), want);
	prev = json_text(j, "prev");
	if (!octets_same(octets_bytes(&again), line))
		fault_set(f, FAULT_BADREQ,
		    "entries.jsonl: line %" PRIu64 ": RFC 8785: not canonical", e->size + 1);
	else if (!json_number(j, "n", 0, INT64_MAX >> 11, -1, &n) || n != (int64_t)e->size)
		fault_set(f, FAULT_BADREQ,
		    "entries.jsonl: line %" PRIu64 ": expected entry %" PRIu64
		    ": a line is missing, moved or altered",
		    e->size + 1, e->size);
	else if (prev == NULL || strcmp(prev, want) != 0)
		fault_set(f, FAULT_BADREQ,
		    "entries.jsonl: line %" PRIu64 " was altered (line %" PRIu64
		    " names another hash for it)",
		    e->size, e->size + 1);
	else if ((at = json_text(j, "at")) == NULL || !log_time(at, at_s))
		fault_set(f, FAULT_BADREQ, "entries.jsonl: line %" PRIu64 ": no time", e->size + 1);
	else
		ok = true;
out:
	bytes_free(&again);
	json_free(j);
	return ok;
}

/* The tree as it was: looked at before each line, and behind the last one. */
static void
look_back(const struct log_edge *e, struct log_then *then)
{
	if (then == NULL || then->size != e->size)
		return;
	then->reached = true;
	log_edge_root(e, then->root);
}

static bool
read_entries(
    const char *dir, struct log_edge *e, struct log_then *then, int64_t *at_s, struct fault *f)
{
	struct redactions redacted = { { 0 }, { 0 } };
	uint8_t leaf[LOG_HASH_OCTETS];
	struct redaction stub;
	struct bundle_reader r;
	struct octets line;
	bool more = true, ok;

	if (!bundle_reader_open(dir, BUNDLE_ENTRIES, &r, f))
		return false;
	while ((ok = bundle_next(&r, LOG_ENTRY_MAX, &line, &more, f)) && more) {
		look_back(e, then);
		if (!redaction_stub(line, e->size, &stub) && !(ok = check_line(line, e, at_s, f)))
			break;
		redactions_see(&redacted, e->size, line);
		log_line_leaf(line, e->size, leaf);
		log_edge_add(e, leaf);
	}
	look_back(e, then);
	ok = ok && redactions_hold(&redacted, f);
	redactions_free(&redacted);
	bundle_reader_free(&r);
	return ok;
}

/* Key purpose log signing. */
static bool
check_purpose(const struct cert *c, struct fault *f)
{
	const uint8_t *p = c->der.at;
	X509 *x = d2i_X509(NULL, &p, (long)c->der.n);
	EXTENDED_KEY_USAGE *eku =
	    x == NULL ? NULL : X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	const ASN1_OBJECT *o = eku == NULL ? NULL : sk_ASN1_OBJECT_value(eku, 0);
	bool ok =
	    o != NULL && octets_same(octets_of(OBJ_get0_data(o), OBJ_length(o)), oid_log_signing);

	EXTENDED_KEY_USAGE_free(eku);
	X509_free(x);
	return ok ||
	       fault_set(f, FAULT_BADREQ, "certificates.pem: the first is no log's certificate");
}

/* Its name lies under the origin's host. */
static bool
check_origin(const struct cert *c, const char *origin, struct fault *f)
{
	char host[LOG_ORIGIN_MAX];

	(void)snprintf(host, sizeof(host), "spiffe://%.*s/", (int)strcspn(origin, "/"), origin);
	return strncmp(c->uri, host, strlen(host)) == 0 ||
	       fault_set(
		   f, FAULT_BADREQ, "certificates.pem: it is another log's than %.100s", origin);
}

bool
log_signed(const uint8_t key[static 32], const uint8_t signature[static 64], struct octets text,
    const char *what, struct fault *f)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = false;

	if (ctx == NULL || k == NULL || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k) != 1)
		fault_crypto(f, FAULT_INTERNAL, "verify: EVP_DigestVerifyInit");
	else if (EVP_DigestVerify(ctx, signature, 64, text.at, text.n) != 1)
		fault_crypto(f, FAULT_BADREQ,
		    "%s: RFC 8032 section 5.1.7: the signature does not hold", what);
	else
		ok = true;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return ok;
}

/* PEM has room for octets that no reader looks at; an export has none. */
static bool
check_spelling(struct octets pem, struct fault *f)
{
	struct bytes der = { 0 }, again = { 0 };
	struct fault end;
	size_t at = 0;
	bool ok = true;

	for (size_t i = 0; ok && chain_pem_at(pem, i, &der, &end); i++) {
		ok = cert_pem(octets_bytes(&der), &again, f);
		bytes_clear(&der);
	}
	while (at < pem.n && at < again.n && pem.at[at] == again.at[at])
		at++;
	if (ok && (at != pem.n || at != again.n))
		ok = fault_set(
		    f, FAULT_BADREQ, "certificates.pem: RFC 7468: altered at octet %zu", at);
	bytes_free(&again);
	bytes_free(&der);
	return ok;
}

/* The Ed25519 key of a certificate; purpose and, where it has one, name are looked at before. */
static bool
take_key(const struct cert *c, uint8_t ret_key[static 32], struct fault *f)
{
	if (c->spki.n != 44)
		return fault_set(f, FAULT_BADREQ,
		    "certificates.pem: RFC 8410 section 4: expected an Ed25519 key");
	memcpy(ret_key, c->spki.at + c->spki.n - 32, 32);
	return true;
}

bool
log_signer(struct octets certificates, struct octets root_pem, const char *origin, int64_t at_s,
    uint8_t ret_key[static 32], struct fault *f)
{
	struct bytes leaf = { 0 };
	struct cert c;
	bool ok;

	ok = check_spelling(certificates, f) &&
	     chain_verify(certificates, root_pem, at_s, &leaf, f) &&
	     cert_parse(octets_bytes(&leaf), &c, f) && check_purpose(&c, f) &&
	     check_origin(&c, origin, f) && take_key(&c, ret_key, f);
	bytes_free(&leaf);
	return ok;
}

bool
log_cosigner(struct octets certificates, struct octets root_pem, int64_t at_s,
    uint8_t ret_key[static 32], struct fault *f)
{
	struct bytes leaf = { 0 };
	struct cert c;
	bool ok;

	ok = check_spelling(certificates, f) &&
	     chain_verify_levels(certificates, root_pem, COSIGNER_LEVELS, at_s, &leaf, f) &&
	     cert_parse(octets_bytes(&leaf), &c, f) && check_purpose(&c, f) &&
	     take_key(&c, ret_key, f);
	bytes_free(&leaf);
	return ok;
}

static bool
check_signer(const char *dir, const char *root_pem, const struct log_note *note, int64_t at_s,
    struct fault *f)
{
	struct bytes chain = { 0 }, root = { 0 };
	uint8_t key[32];
	bool ok;

	ok = read_in(dir, "certificates.pem", &chain, f) && read_small(root_pem, &root, f) &&
	     log_signer(octets_bytes(&chain), octets_bytes(&root), note->origin, at_s, key, f) &&
	     log_note_signed(note, key, f);
	bytes_free(&root);
	bytes_free(&chain);
	return ok;
}

static bool
check_tree(
    const struct log_edge *e, const struct log_note *note, struct log_verdict *v, struct fault *f)
{
	if (e->size != note->size)
		return fault_set(f, FAULT_BADREQ,
		    "entries.jsonl: %" PRIu64 " lines, the checkpoint is over %" PRIu64, e->size,
		    note->size);
	log_edge_root(e, v->root);
	if (memcmp(v->root, note->root, sizeof(v->root)) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "entries.jsonl: RFC 6962 section 2.1: the root differs: line %" PRIu64
		    " was altered, or line 3 of checkpoint",
		    e->size);
	v->size = e->size;
	v->epoch = note->epoch;
	memcpy(v->origin, note->origin, sizeof(v->origin));
	return true;
}

bool
log_verify_folder(const char *dir, const char *root_pem, struct log_verdict *ret, struct fault *f)
{
	return log_verify_then(dir, root_pem, NULL, ret, f);
}

bool
log_verify_then(const char *dir, const char *root_pem, struct log_then *then,
    struct log_verdict *ret, struct fault *f)
{
	struct bytes text = { 0 };
	struct log_note note;
	struct log_edge *e = calloc(1, sizeof(*e));
	struct log_verdict v = { 0 };
	bool ok = false;

	if (e == NULL || root_pem == NULL) {
		fault_set(f, e == NULL ? FAULT_INTERNAL : FAULT_NOTFOUND, "verify: %s",
		    e == NULL ? "out of memory" : "expected the root certificate");
		goto out;
	}
	if (!read_in(dir, "checkpoint", &text, f) ||
	    !log_note_read(octets_bytes(&text), &note, f) ||
	    !read_entries(dir, e, then, &v.at_s, f) ||
	    !check_signer(dir, root_pem, &note, v.at_s, f) || !check_tree(e, &note, &v, f))
		goto out;
	*ret = v;
	ok = true;
out:
	free(e);
	bytes_free(&text);
	return ok;
}
