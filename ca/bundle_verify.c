/* ca/bundle_verify.c - a bundle held against its checkpoint and the root; see bundle.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bundle_check.h"
#include "ca/chain.h"
#include "ca/oid.h"
#include "ca/p256.h"

bool
bundle_check_left(const struct bundle_range *r, struct log_edge *ret)
{
	if (r->left.n != (size_t)__builtin_popcountll(r->from))
		return false;
	*ret = (struct log_edge){ .size = r->from };
	for (size_t i = 0; i < r->left.n; i++)
		memcpy(ret->node[i], r->left.node[i], LOG_HASH_OCTETS);
	return true;
}

bool
bundle_check_root(const struct bundle_check *c, const struct bundle_range *r,
    const struct log_edge *e, const char *what, struct fault *f)
{
	uint8_t root[LOG_HASH_OCTETS];

	log_edge_root(e, root);
	return log_path_extends(&r->path, r->to, root, c->note.size, c->note.root) ||
	       fault_set(f, FAULT_BADREQ,
		   "%s: RFC 6962 section 2.1: no part of the tree that was signed: it was altered, or its proof, or the checkpoint",
		   what);
}

static bool
read_root(const char *path, struct bytes *ret, struct fault *f)
{
	FILE *in = fopen(path, "rbe");
	uint8_t piece[4096];
	size_t n;

	if (in == NULL)
		return fault_errno(f, FAULT_NOTFOUND, "verify: %s", path);
	while (ret->n <= BUNDLE_SMALL_MAX && (n = fread(piece, 1, sizeof(piece), in)) > 0)
		bytes_put(ret, piece, n);
	(void)fclose(in);
	if (ret->n > BUNDLE_SMALL_MAX)
		return fault_set(
		    f, FAULT_BADREQ, "verify: %s: over %d octets", path, BUNDLE_SMALL_MAX);
	return bytes_ok(ret, f);
}

/* A checkpoint tells no time. It is not older than the newest entry here, nor than the certificate
 * of the key that signed it, which may be newer than all that is here. */
static bool
signed_at(struct octets pem, int64_t last_s, int64_t *ret, struct fault *f)
{
	struct bytes der = { 0 };
	struct cert c;
	bool ok = chain_pem_at(pem, 0, &der, f) && cert_read(octets_bytes(&der), &c, f);

	if (ok)
		*ret = c.not_before_s > last_s ? c.not_before_s : last_s;
	bytes_free(&der);
	return ok;
}

static bool
check_signer(struct bundle_check *c, const char *root_pem, struct fault *f)
{
	struct bytes chain = { 0 }, root = { 0 };
	uint8_t key[32];
	struct fault why;
	int64_t at_s;
	bool ok;

	ok = bundle_small(&c->b, BUNDLE_CERTIFICATES, &chain, f) && read_root(root_pem, &root, f);
	if (ok && (!signed_at(octets_bytes(&chain), c->v.last_s, &at_s, &why) ||
		      !log_signer(octets_bytes(&chain), octets_bytes(&root), c->note.origin, at_s,
			  key, &why)))
		ok = fault_set(f, why.code, "%s%.200s",
		    strstr(why.text, "certificates.pem") == NULL ? "certificates.pem: " : "",
		    why.text);
	ok = ok && log_note_signed(&c->note, key, f);
	bytes_free(&root);
	bytes_free(&chain);
	return ok;
}

/* The i-th certificate of a PEM file; *ret is lent from der. */
static bool
read_cert(const struct bundle_check *c, enum bundle_file which, size_t i, struct bytes *der,
    struct cert *ret, struct fault *f)
{
	struct bytes pem = { 0 }, again = { 0 };
	bool ok = bundle_small(&c->b, which, &pem, f) &&
		  chain_pem_at(octets_bytes(&pem), i, der, f) &&
		  cert_pem(octets_bytes(der), &again, f) && cert_read(octets_bytes(der), ret, f);

	if (ok && which == BUNDLE_COSIGNER &&
	    !octets_same(octets_bytes(&pem), octets_bytes(&again)))
		ok =
		    fault_set(f, FAULT_BADREQ, "cosigner.pem: RFC 7468: not one plain certificate");
	bytes_free(&again);
	bytes_free(&pem);
	return ok;
}

/* Certified by the region above the log, whose path to the root holds: to sign for logs. */
static bool
is_cosigner(const struct cert *c, const struct cert *region, int64_t at_s)
{
	struct octets purpose;

	return octets_same(c->issuer, region->subject) && region->ca && !c->ca &&
	       at_s >= c->not_before_s && at_s <= c->not_after_s && c->purposes == 1 &&
	       cert_purpose(c, 0, &purpose) && octets_same(purpose, oid_log_signing) &&
	       c->spki.n == 44 && c->uris == 0 && c->dns == 0 &&
	       p256_verify(region->spki, c->tbs, c->signature) == P256_HOLDS;
}

static bool
check_cosigner(struct bundle_check *c, struct fault *f)
{
	struct bytes der = { 0 }, above = { 0 };
	char name[LOG_ORIGIN_MAX];
	struct cert its, region;
	struct fault why;
	bool ok;

	if (c->b.part[BUNDLE_COSIGNER].fd < 0)
		return true;
	log_cosigner_name(c->note.origin, name);
	ok = read_cert(c, BUNDLE_COSIGNER, 0, &der, &its, f) &&
	     read_cert(c, BUNDLE_CERTIFICATES, 2, &above, &region, f);
	if (ok) {
		int64_t at_s = its.not_before_s > c->v.last_s ? its.not_before_s : c->v.last_s;

		ok = is_cosigner(&its, &region, at_s) ||
		     fault_set(f, FAULT_BADREQ,
			 "cosigner.pem: not a cosigner of logs beneath the region");
	}
	if (ok && !log_note_cosigned(
		      &c->note, name, its.spki.at + its.spki.n - 32, &c->v.cosigned_s, &why))
		ok = fault_set(f, why.code, "checkpoint: %.220s", why.text);
	c->v.cosigned = ok;
	bytes_free(&above);
	bytes_free(&der);
	return ok;
}

/* As sha256sum would write it again. */
static bool
check_manifest(struct bundle_check *c, struct fault *f)
{
	struct bytes is = { 0 }, want = { 0 };
	uint8_t digest[LOG_HASH_OCTETS];
	char hex[2 * LOG_HASH_OCTETS + 1];
	struct octets rest;
	bool ok = bundle_small(&c->b, BUNDLE_MANIFEST, &is, f);

	rest = octets_bytes(&is);
	for (unsigned i = 0; ok && i < BUNDLE_FILES; i++) {
		enum bundle_file which = (enum bundle_file)i;

		if (c->b.part[i].fd < 0 || which == BUNDLE_MANIFEST)
			continue;
		if (!(ok = bundle_digest(&c->b, which, digest, f)))
			break;
		text_hex(digest, sizeof(digest), hex);
		bytes_clear(&want);
		bytes_put_fmt(&want, "%s  %s\n", hex, bundle_name(which));
		bytes_put_u8(&want, 0);
		ok = bytes_ok(&want, f) &&
		     (octets_take_text(&rest, (const char *)want.at) ||
			 fault_set(f, FAULT_BADREQ,
			     "MANIFEST: %s is not the file that it names, or its line was altered",
			     bundle_name(which)));
	}
	if (ok && rest.n > 0)
		ok = fault_set(f, FAULT_BADREQ, "MANIFEST: it names files that are not here");
	bytes_free(&want);
	bytes_free(&is);
	return ok;
}

static bool
check_source(struct bundle_check *c, struct fault *f)
{
	enum bundle_file view = c->csv.fd >= 0 ? BUNDLE_CSV : BUNDLE_CEF;
	bool there = c->b.part[BUNDLE_VIEW].fd >= 0, csv = c->csv.fd >= 0, cef = c->cef.fd >= 0;
	struct bytes is = { 0 }, want = { 0 };
	bool ok;

	if (there != (csv || cef) || (csv && cef))
		return fault_set(f, FAULT_BADREQ,
		    "VIEW: expected with one view of the entries, and with no other");
	if (!there)
		return true;
	bundle_source(
	    bundle_name(view), c->range.from, c->range.to, octets_bytes(&c->checkpoint), &want);
	ok = bytes_ok(&want, f) && bundle_small(&c->b, BUNDLE_VIEW, &is, f) &&
	     (octets_same(octets_bytes(&is), octets_bytes(&want)) ||
		 fault_set(f, FAULT_BADREQ, "VIEW: not of this checkpoint and these entries"));
	c->v.view = ok;
	bytes_free(&want);
	bytes_free(&is);
	return ok;
}

/* Lines about whom the entries name: the service's word, which no log proves. Of a form, so that
 * each is one line to whoever reads it. */
static bool
check_names(struct bundle_check *c, struct fault *f)
{
	struct bundle_reader r;
	struct octets line;
	bool more = true, ok = bundle_reader_new(&c->b, BUNDLE_NAMES, &r, f);

	while (ok && (ok = bundle_next(&r, LOG_ENTRY_MAX, &line, &more, f)) && more) {
		struct json *j = NULL;

		bytes_clear(&c->row);
		if (!json_parse(line, &j, f) || !json_write(j, &c->row, f) ||
		    !octets_same(octets_bytes(&c->row), line) || json_text(j, "handle") == NULL)
			ok = fault_set(f, FAULT_BADREQ,
			    "names.jsonl: line %" PRIu64 ": not canonical JSON with a handle",
			    r.line);
		json_free(j);
		c->v.names++;
	}
	bundle_reader_free(&r);
	return ok;
}

static bool
open_all(struct bundle_check *c, struct fault *f)
{
	struct bytes line = { 0 };
	bool ok = bundle_small(&c->b, BUNDLE_CHECKPOINT, &c->checkpoint, f) &&
		  log_note_read(octets_bytes(&c->checkpoint), &c->note, f) &&
		  bundle_small(&c->b, BUNDLE_RANGE, &line, f);

	if (ok && (line.n == 0 || line.at[line.n - 1] != '\n'))
		ok = fault_set(f, FAULT_BADREQ, "range.json: expected one line");
	ok = ok && bundle_range_read(octets_of(line.at, line.n - 1), "range.json", &c->range, f);
	bytes_free(&line);
	if (!ok)
		return false;
	if (c->range.size != c->note.size || !bundle_check_left(&c->range, &c->edge))
		return fault_set(f, FAULT_BADREQ,
		    "range.json: of a tree of %" PRIu64 " entries, the checkpoint is over %" PRIu64,
		    c->range.size, c->note.size);
	return bundle_reader_new(&c->b, BUNDLE_ENTRIES, &c->entries, f) &&
	       bundle_reader_new(&c->b, BUNDLE_REVOCATIONS, &c->revocations, f) &&
	       bundle_reader_new(&c->b, BUNDLE_ISSUED, &c->issued, f) &&
	       bundle_reader_new(&c->b, BUNDLE_CSV, &c->csv, f) &&
	       bundle_reader_new(&c->b, BUNDLE_CEF, &c->cef, f);
}

static bool
check_all(struct bundle_check *c, const char *root_pem, struct fault *f)
{
	if (!open_all(c, f) || !bundle_check_outside(c, f) || !bundle_check_entries(c, f) ||
	    !bundle_check_root(c, &c->range, &c->edge, "entries.jsonl", f) ||
	    !check_signer(c, root_pem, f) || !check_cosigner(c, f) || !check_source(c, f) ||
	    !check_names(c, f) || !check_manifest(c, f))
		return false;
	if (c->b.tar && c->b.at_s != c->v.last_s)
		return fault_set(f, FAULT_BADREQ, "tar: its time is not that of the last entry");
	c->v.from = c->range.from;
	c->v.to = c->range.to;
	c->v.size = c->note.size;
	c->v.epoch = c->note.epoch;
	memcpy(c->v.origin, c->note.origin, sizeof(c->v.origin));
	memcpy(c->v.root, c->note.root, sizeof(c->v.root));
	return true;
}

bool
bundle_verify(const char *path, const char *root_pem, struct bundle_verdict *ret, struct fault *f)
{
	struct bundle_check *c = calloc(1, sizeof(*c));
	bool ok;

	if (c == NULL)
		return fault_set(f, FAULT_INTERNAL, "verify: out of memory");
	c->v.first_s = INT64_MAX;
	c->entries.fd = c->revocations.fd = c->issued.fd = c->csv.fd = c->cef.fd = -1;
	if ((ok = bundle_open(path, &c->b, f))) {
		if ((ok = check_all(c, root_pem, f)))
			*ret = c->v;
		bundle_close(&c->b);
	}
	bundle_reader_free(&c->entries);
	bundle_reader_free(&c->revocations);
	bundle_reader_free(&c->issued);
	bundle_reader_free(&c->csv);
	bundle_reader_free(&c->cef);
	bundle_serials_free(&c->seen);
	bundle_serials_free(&c->lost);
	bundle_serials_free(&c->gone);
	bytes_free(&c->missing);
	redactions_free(&c->redactions);
	bytes_free(&c->known);
	bytes_free(&c->row);
	bytes_free(&c->checkpoint);
	free(c);
	return ok;
}
