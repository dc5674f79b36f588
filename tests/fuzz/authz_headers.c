/* tests/fuzz/authz_headers.c - what nginx or Envoy passes on, of any making: the first line is a
 * certificate or X-Forwarded-Client-Cert, then method, target, address, obligations and
 * what nginx says of the certificate. */
#include <stdlib.h>
#include <string.h>

#include "daemon/authz_question.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

#define LINES 6
static struct octets lines[LINES];

static bool
header(const struct exchange *x, const char *name, struct octets *ret)
{
	static const char *const names[LINES] = { "x-client-cert", "x-original-method",
		"x-original-uri", "x-real-ip", "x-quatrain-supports", "x-client-verify" };

	(void)x;
	if (strcmp(name, "x-forwarded-client-cert") == 0)
		*ret = lines[0];
	for (size_t i = 0; i < LINES; i++)
		if (strcmp(name, names[i]) == 0)
			*ret = lines[i];
	return true;
}

static void
look(const struct authz_question *q)
{
	for (int a = ATTRIBUTE_SUBJECT_ID; a <= ATTRIBUTE_CHAIN_TENANT; a++)
		if (q->request.fixed[a].type != VALUE_NONE)
			abort();
	if (q->certificate.n == 0 && !q->has_digest)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static struct authz_question q;
	struct octets rest = octets_of(at, n);
	struct exchange x = { .header = header };
	struct fault f;

	for (size_t i = 0; i < LINES; i++) {
		const uint8_t *end = rest.n == 0 ? NULL : memchr(rest.at, '\n', rest.n);

		lines[i] = octets_of(rest.at, end == NULL ? rest.n : (size_t)(end - rest.at));
		rest =
		    end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, rest.n - lines[i].n - 1);
	}
	x.method = lines[1];
	x.path = lines[2];
	if (authz_question_nginx(&x, &q, &f))
		look(&q);
	authz_question_free(&q);
	if (authz_question_envoy(&x, "/", &q, &f))
		look(&q);
	authz_question_free(&q);
	return 0;
}
