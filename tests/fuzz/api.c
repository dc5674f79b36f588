/* tests/fuzz/api.c - any request to the API is answered, or asks the signer for an act that can be
 * read; who shows no certificate reads nothing, and a refusal is a problem document. One line each:
 * method, path, query, content type, Origin, Sec-Fetch-Site, If-Match, If-None-Match,
 * Idempotency-Key, Last-Event-ID, Accept; then the body. */
#include "tests/fuzz/service.h"

#include <string.h>

#include "base/json.h"
#include "daemon/api.h"

static struct octets peers[4]; /* nobody, an officer, an auditor, a printer */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	service_start();
	peers[1] = octets_bytes(&ground_operator(&service, "olga", ROLE_OFFICER)->der);
	peers[2] = octets_bytes(&ground_operator(&service, "anna", ROLE_AUDITOR)->der);
	peers[3] = octets_bytes(&ground_leaf(&service, service.acme, "printer", "hp-1")->der);
	return 0;
}

static void
read_request(struct octets in, struct exchange *x)
{
	struct octets *const lines[] = { &x->method, &x->path, &x->query, &x->content_type,
		&x->origin, &x->fetch_site, &x->if_match, &x->if_none_match, &x->idempotency_key,
		&x->last_event_id, &x->accept };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		*lines[i] = service_line(&in);
		if (lines[i]->n == 0 && i > 2)
			*lines[i] = octets_of(NULL, 0); /* it is not there */
	}
	x->body = in;
	api_limit_body(x);
}

static void
check_problem(const struct exchange *x)
{
	struct json *j = NULL;
	struct fault f;
	int64_t status;

	if (x->type == NULL || strcmp(x->type, "application/problem+json") != 0 ||
	    !json_parse(octets_bytes(&x->reply), &j, &f) ||
	    !json_number(j, "status", 400, 599, 0, &status) || status != x->status ||
	    json_text(j, "detail") == NULL)
		abort();
	json_free(j);
}

/* What may be asked without a decision here is decided by the signer, of what came whole. */
static void
check_asked(const struct exchange *x)
{
	struct wire_act a;
	struct fault f;

	if (!wire_act(octets_bytes(&x->ask.body), &a, &f) || !octets_same(a.peer, x->peer) ||
	    strlen(a.tenant) >= TEXT_LABEL_MAX)
		abort();
}

static void
hear_stream(struct exchange *x)
{
	for (int i = 0; i < 3 && x->pull != NULL; i++) {
		bytes_clear(&x->reply);
		if (!x->pull(x))
			break;
	}
	if (x->over != NULL)
		x->over(x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct api api = { .realm = service.realm, .now_s = service_now, .two_person = "auto" };
	struct exchange x = { .face = FACE_SECURE, .source = "192.0.2.7:4711" };
	bool asked = false;

	read_request(octets_of(at, n), &x);
	x.peer = peers[n % 4];
	if (api_serve(&api, &x) != api_is(&x))
		abort();
	if (x.ask.verb != 0 && x.ask.verb != WIRE_REFUSED) {
		asked = true;
		check_asked(&x);
		service_answer(
		    &x, (uint16_t)(n % 12), octets_text("{\"id\":\"0123456789abcdef\"}"));
	} else if (x.ask.verb == WIRE_REFUSED) {
		service_answer(&x, 0, octets_of(NULL, 0));
	}
	if (api_is(&x)) {
		service_check(&x);
		if (x.status >= 400)
			check_problem(&x);
		else if (x.peer.n == 0 && !asked &&
			 !octets_same(x.path, octets_text("/v1/openapi.yaml")))
			abort();
	}
	hear_stream(&x);
	exchange_free(&x);
	if (api.streams != NULL)
		abort();
	api_feed_free(&api);
	return 0;
}
