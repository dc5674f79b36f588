/* tests/fuzz/est.c - any request to EST is answered, or asks the signer for what can be judged. One
 * line each: method, path, content type, authorization, user agent; then the body. */
#include "tests/fuzz/service.h"

#include "ca/csr.h"
#include "ca/profile.h"
#include "enroll/est.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	service_start();
	return 0;
}

static void
bind_to(struct exchange *x)
{
	x->binding_n = sizeof(x->binding);
}

/* What is asked for is a request of the right shape, for a tenant that there is. */
static void
check_asked(const struct exchange *x)
{
	struct wire_enroll w;
	struct tenant t;
	struct csr csr;
	struct fault f;

	if (!wire_enroll(octets_bytes(&x->ask.body), &w, &f) || !csr_read(w.csr, &csr, &f) ||
	    !realm_tenant(service.realm, w.tenant, &t, &f))
		abort();
	/* A binding goes with a request that has one, and a label's profile is one that there is.
	 */
	if ((csr.challenge.n > 0) != (w.binding.n > 0) || x->close != (w.binding.n > 0) ||
	    (w.profile[0] != '\0' &&
		(profile_find(w.profile) == NULL || profile_is_own(w.profile))))
		abort();
	if ((w.way == ENROL_CERTIFICATE) != (w.peer.n > 0) ||
	    (w.way == ENROL_TOKEN) != (w.user.n > 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct est est = { service.realm, service_now };
	struct octets in = octets_of(at, n);
	struct exchange x = { .face = FACE_SECURE, .source = "192.0.2.7:4711", .bind = bind_to };

	x.method = service_line(&in);
	x.path = service_line(&in);
	x.content_type = service_line(&in);
	x.authorization = service_line(&in);
	x.user_agent = service_line(&in);
	x.body = in;
	if (n % 2 == 1)
		x.peer = octets_bytes(&service.acme->certificate);
	if (est_serve(&est, &x)) {
		if (x.ask.verb == WIRE_ENROLL) {
			check_asked(&x);
			service_answer(&x, (uint16_t)(n % 12), in);
		} else if (x.ask.verb == WIRE_DEVICE) {
			service_answer(&x, (uint16_t)(n % 3), in);
		} else if (x.ask.verb == WIRE_REFUSED) {
			service_answer(&x, 0, octets_of(NULL, 0));
		}
		service_check(&x);
	} else if (x.status != 0 || x.ask.verb != 0) {
		abort();
	}
	exchange_free(&x);
	return 0;
}
