/* daemon/api_profile.c - GET /v1/profiles: the profiles in force, as this process knows them. */
#include "ca/oid.h"
#include "ca/profile.h"
#include "daemon/api.h"

/* The words of a set, in the order of its bits. */
static struct json *
words(unsigned have, const char *const *word, size_t n)
{
	struct json *list = json_array();

	for (size_t i = 0; i < n; i++)
		if ((have & 1u << i) != 0)
			json_add_text(list, word[i]);
	return list;
}

static void
put_names(struct json *j, const struct profile *p)
{
	char shown[TEMPLATE_SHOWN_MAX];
	struct json *dns = json_array();

	template_show(&p->unit, shown);
	json_put_text(j, "unit", shown);
	template_show(&p->common, shown);
	json_put_text(j, "common_name", shown);
	for (size_t i = 0; i < p->dns_n; i++) {
		template_show(&p->dns[i], shown);
		json_add_text(dns, shown);
	}
	json_put(j, "dns", dns);
}

static struct json *
tell(const struct profile *p, struct fault *f)
{
	static const char *const keys[] = { "p256", "rsa" }, *const ask[] = { "token",
		"certificate", "request", "idevid" };
	uint8_t digest[PROFILE_DIGEST_OCTETS];
	struct json *j = json_object(), *purposes = json_array();

	for (size_t i = 0; i < PROFILE_EKU_MAX && p->eku[i] != NULL; i++)
		json_add_text(
		    purposes, p->eku[i] == &oid_client_auth ? "clientAuth" : "serverAuth");
	json_put_text(j, "name", p->name);
	json_put_text(j, "kind", p->kind);
	json_put_number(j, "validity_s", p->valid_s);
	json_put_number(j, "tolerance_s", p->back_s);
	json_put(j, "keys", words(p->keys, keys, 2));
	if ((p->keys & PROFILE_RSA) != 0) {
		json_put_number(j, "rsa_bits_min", p->rsa_min);
		json_put_number(j, "rsa_bits_max", p->rsa_max);
		json_put_number(j, "rsa_bits_step", p->rsa_step);
	}
	json_put(j, "purposes", purposes);
	put_names(j, p);
	json_put_number(j, "renewal_window_s", p->window_s);
	json_put_number(j, "grace_s", p->grace_s);
	json_put(j, "ask", words(p->ask, ask, 3));
	json_put_text(j, "approval", p->officer ? "officer" : p->each ? "each" : "none");
	json_put_text(j, "assurance", p->assurance == ASSURANCE_APPROVED ? "approved" : "token");
	json_put_text(j, "binding", profile_binding_word(p->binding));
	if (!profile_digest(p, digest, f)) {
		json_free(j);
		return NULL;
	}
	json_put_hex(j, "digest", digest, sizeof(digest));
	return j;
}

bool
api_profiles(const struct api_call *c, struct fault *f)
{
	struct json *answer = json_object(), *items = json_array(), *one;
	const struct profile *p;

	for (size_t i = 0; (p = profile_at(i)) != NULL; i++) {
		if ((one = tell(p, f)) == NULL) {
			json_free(items);
			json_free(answer);
			return false;
		}
		json_add(items, one);
	}
	json_put(answer, "items", items);
	api_answer(c->x, 200, answer);
	return true;
}
