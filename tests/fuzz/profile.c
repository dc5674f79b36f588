/* tests/fuzz/profile.c - a file of any octets is refused on one line, or is a profile whose values
 * hold together: what it names fits into a certificate, and nothing in it is out of range. */
#include <stdlib.h>
#include <string.h>

#include "ca/profile_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
check_times(const struct profile *p)
{
	if (p->valid_s < PROFILE_VALID_MIN || p->valid_s > PROFILE_VALID_MAX || p->back_s < 1 ||
	    p->back_s > PROFILE_BACK_MAX || p->window_s < 1 || p->window_s > p->valid_s)
		abort();
}

static void
check_keys(const struct profile *p)
{
	if (p->keys == 0 || p->eku[0] == NULL)
		abort();
	if ((p->keys & PROFILE_RSA) != 0 &&
	    (p->rsa_min < 2048 || p->rsa_max > 4096 || p->rsa_max < p->rsa_min || p->rsa_step == 0))
		abort();
	if (p->enrol != ((p->ask & PROFILE_BY_TOKEN) != 0) || profile_is_own(p->name) ||
	    profile_is_own(p->kind))
		abort();
}

/* With the names of a small service: every DNS name lies under the tenant's. */
static void
check_names(const struct profile *p)
{
	static const struct name_space ns = { "example.org", "eu", "Example" };
	static const char tail[] = ".acme.eu.example.org";
	struct endpoint e = { "acme", "", "hp-4711" };
	char unit[TEMPLATE_TEXT_MAX], common[TEMPLATE_TEXT_MAX];
	char dns[PROFILE_DNS_MAX][TEXT_HOST_MAX];
	struct fault f;

	memcpy(e.kind, p->kind, sizeof(e.kind));
	if (!profile_fill(p, &ns, &e, unit, common, dns, &f)) {
		if (f.code != FAULT_BADREQ)
			abort();
		return;
	}
	if (unit[0] == '\0' || common[0] == '\0')
		abort();
	for (size_t i = 0; i < p->dns_n; i++) {
		size_t n = strlen(dns[i]);

		if (!text_is_host(dns[i]) || n < sizeof(tail) ||
		    strcmp(dns[i] + n - (sizeof(tail) - 1), tail) != 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	uint8_t digest[PROFILE_DIGEST_OCTETS];
	struct profile p;
	struct fault f;

	if (!profile_parse("f", octets_of(at, n), NULL, 0, &p, &f)) {
		if (strncmp(f.text, "f:", 2) != 0 || strstr(f.text, ": expected ") == NULL)
			abort();
		return 0;
	}
	check_times(&p);
	check_keys(&p);
	check_names(&p);
	if (!profile_digest(&p, digest, &f))
		abort();
	return 0;
}
