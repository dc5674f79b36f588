/* tests/fuzz/authzen.c - an AuthZEN body of any making is read or refused, and nothing that it says
 * of the subject is believed. */
#include <stdlib.h>
#include <string.h>

#include "daemon/authz_question.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static struct authz_question q;
	struct authz_parts parts;
	struct json *j, *again;
	struct bytes text = { 0 };
	struct fault f;

	if (!json_parse(octets_of(at, n), &j, &f))
		return 0;
	parts = (struct authz_parts){ json_get(j, "subject"), json_get(j, "action"),
		json_get(j, "resource"), json_get(j, "context") };
	if (authz_question_read(&parts, &q, &f)) {
		for (int a = ATTRIBUTE_SUBJECT_ID; a <= ATTRIBUTE_CHAIN_TENANT; a++)
			must(q.request.fixed[a].type == VALUE_NONE);
		must(q.request.fixed[ATTRIBUTE_TIME].type == VALUE_NONE &&
		     q.request.fixed[ATTRIBUTE_ANOMALY_SCORE].type == VALUE_NONE);
		must(
		    strncmp(q.id, "spiffe://", 9) == 0 && q.certificate.n <= AUTHZ_CERTIFICATE_MAX);
		must((again = request_json(&q.request)) != NULL && json_write(again, &text, &f));
		must(memchr(text.at, '\n', text.n) == NULL);
		json_free(again);
		bytes_free(&text);
	}
	authz_question_free(&q);
	json_free(j);
	return 0;
}
