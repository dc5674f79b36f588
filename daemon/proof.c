/* daemon/proof.c - what all ways of proof share; see proof.h. */
#include "daemon/proof.h"

#include <string.h>

#include "base/der.h"
#include "ca/profile_set.h"

const struct proof *
proof_find(enum enrol_way way)
{
	static const struct proof *const ways[] = { &proof_token, &proof_certificate, &proof_idevid,
		&proof_request };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (ways[i]->way == way)
			return ways[i];
	return NULL;
}

bool
proof_profile(struct claim *c, const char *name, const char *kind, struct fault *f)
{
	const struct proof *way = proof_find(c->wire.way);

	if (memcmp(c->wire.profiles, profile_set_digest(), PROFILE_DIGEST_OCTETS) != 0)
		return fault_set(f, FAULT_BUSY,
		    "profile: the edge has read other profiles than the signer: restart the service");
	if (c->wire.profile[0] != '\0' && strcmp(c->wire.profile, name) != 0)
		return fault_set(f, FAULT_DENIED,
		    "est: RFC 7030 section 3.2.2: the label says profile %s, the proof says %s",
		    c->wire.profile, name);
	if ((c->profile = profile_find(name)) == NULL || strcmp(c->profile->kind, kind) != 0)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: there is none of that name for a %s any more", name, kind);
	if (way == NULL || (c->profile->ask & way->ask) == 0)
		return fault_set(f, FAULT_DENIED, "profile: %s: may not be asked for by %s", name,
		    way == NULL ? "nobody" : way->word);
	return true;
}

bool
proof_names_within(struct octets asked, struct octets have)
{
	struct octets one, other, rest, content;
	uint8_t tag;

	while (der_next(&asked, &tag, &content, &one)) {
		bool found = false;

		for (rest = have; !found && der_next(&rest, &tag, &content, &other);)
			found = octets_same(one, other);
		if (!found)
			return false;
	}
	return true;
}

bool
proof_own_names(struct signer *s, const struct errand *j, const struct claim *c, struct fault *f)
{
	char uri[NAME_URI_MAX], unit[TEMPLATE_TEXT_MAX], common[TEMPLATE_TEXT_MAX];
	char dns[PROFILE_DNS_MAX][TEXT_HOST_MAX];
	struct bytes own = { 0 };
	struct der d = { .out = &own };
	bool ok;

	if (!profile_fill(c->profile, realm_space(s->realm), &j->device, unit, common, dns, f))
		return false;
	name_uri(realm_space(s->realm), &j->device, uri);
	der_put_text(&d, DER_CONTEXT(6), uri);
	for (size_t i = 0; i < c->profile->dns_n; i++)
		der_put_text(&d, DER_CONTEXT(2), dns[i]);
	der_put_text(&d, DER_CONTEXT(2), j->device.name);
	ok = bytes_ok(&own, f) &&
	     (proof_names_within(c->csr.alt_names, octets_bytes(&own)) ||
		 fault_set(f, FAULT_BADREQ,
		     "csr: RFC 5280 section 4.2.1.6: asks for a name that is not its own"));
	bytes_free(&own);
	return ok;
}
