/* tests/fuzz/ocsp_get.c - any request to the public face is answered, with DER where it is OCSP.
 * One line: the path, in which @ stands for the key id of a CA that there is; then a body, where
 * there is one: behind an @, it is a serial of that CA's (one that was issued, where it begins with
 * '=') and what else stands in a request. */
#include "tests/fuzz/service.h"

#include <openssl/evp.h>

#include "base/der.h"
#include "ca/oid.h"
#include "ocsp/answer.h"
#include "ocsp/crl_issue.h"
#include "ocsp/ocsp.h"
#include "tests/unit/forge.h"

static struct ocsp *face;
static const struct ground_cert *leaf;

static void
end_face(void)
{
	ocsp_free(face);
}

static const struct crl_want want = { GROUND_URL, CRL_VALID_S, true };

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct fault f;

	(void)argc;
	(void)argv;
	service_start();
	leaf = ground_leaf(&service, service.acme, "printer", "hp-4711");
	if (!crl_make(service.acme, &want, GROUND_NOW_S, &f))
		abort();
	ground_commit(service.acme->ledger);
	if (!ocsp_new(service.realm, service_now, 60, &face, &f) || atexit(end_face) != 0)
		abort();
	return 0;
}

/* As the signer does it; it judges the request again. */
static void
sign(struct exchange *x)
{
	struct bytes out = { 0 };
	struct authority issuer;
	struct delegate d;
	struct status_request r;
	struct responder by;
	struct fault f;

	if (!request_parse(octets_bytes(&x->ask.body), &r, &f) ||
	    !answer_issuer(service.realm, &r, &issuer, &f) ||
	    !keyring_delegate(service.keys, &issuer, &found_responder, GROUND_NOW_S, &d, &f))
		abort();
	by = (struct responder){
		.key = d.key, .certificate = d.certificate, .until_s = d.not_after_s
	};
	if (!answer(service.realm, &r, &issuer, &by, GROUND_NOW_S, &out, &f) ||
	    !der_check(octets_bytes(&out), &f))
		abort();
	service_answer(x, 0, octets_bytes(&out));
	bytes_free(&out);
}

static struct octets
sha1(struct octets o)
{
	uint8_t at[EVP_MAX_MD_SIZE];
	unsigned n;

	if (EVP_Digest(o.at, o.n, at, &n, EVP_sha1(), NULL) != 1)
		abort();
	return forge_exact(octets_of(at, n));
}

/* A question about a serial of the CA's; more is what else the request holds. */
static struct octets
question(struct octets serial, struct octets more)
{
	const struct cert *ca = &service.acme->facts;
	struct octets key = octets_of(ca->spki.at + ca->spki.n - 65, 65);

	return SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(OID(oid_sha1)), TLV(DER_OCTETS, sha1(ca->subject)),
			   TLV(DER_OCTETS, sha1(key)), forge_tlv(DER_INTEGER, serial)))),
	    more));
}

/* The path with the CA's key id in place of each @. */
static struct octets
path_of(struct octets line)
{
	char hex[TBS_KEY_ID_OCTETS * 2 + 1];
	struct octets path = NONE;

	text_hex(service.acme->a.key_id, TBS_KEY_ID_OCTETS, hex);
	for (size_t i = 0, from = 0; i <= line.n; i++) {
		if (i < line.n && line.at[i] != '@')
			continue;
		path = JOIN(path, octets_of(line.at + from, i - from),
		    i < line.n ? octets_text(hex) : NONE);
		from = i + 1;
	}
	return path;
}

static struct octets
body_of(struct octets in)
{
	if (in.n <= TBS_SERIAL_OCTETS || in.at[0] != '@')
		return in;
	return question(octets_of(in.at[1] == '=' ? leaf->serial : in.at + 1, TBS_SERIAL_OCTETS),
	    octets_of(in.at + 1 + TBS_SERIAL_OCTETS, in.n - 1 - TBS_SERIAL_OCTETS));
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static const char type[] = "application/ocsp-response";
	struct octets in = octets_of(at, n), body;
	struct exchange x = { .face = FACE_PUBLIC, .source = "192.0.2.7:4711" };
	struct fault f;

	if (n > 65536)
		return 0;
	x.path = path_of(service_line(&in));
	x.body = body_of(in);
	x.method = octets_text(in.n > 0 ? "POST" : "GET");
	if (ocsp_serve(face, &x)) {
		if (x.ask.verb == WIRE_OCSP)
			sign(&x);
		else if (x.ask.verb != 0)
			service_answer(&x, 0, NONE);
		service_check(&x);
		body = x.shared != NULL ? octets_of(x.shared->at, x.shared->n)
					: octets_bytes(&x.reply);
		if (x.type != NULL && octets_same(octets_text(x.type), octets_text(type)) &&
		    x.status == 200 && !der_check(body, &f))
			abort();
	} else if (x.status != 0 || x.ask.verb != 0) {
		abort();
	}
	exchange_free(&x);
	forge_empty();
	return 0;
}
