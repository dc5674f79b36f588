/* ca/profile.c - see profile.h. */
#include "ca/profile.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/oid.h"

#define DAY       ((int64_t)86400)
#define YEAR      (365 * DAY + DAY / 4)
#define TOLERANCE 3600 /* an hour: devices keep worse clocks than servers */

#define CA_USE (USE_CERT_SIGN | USE_CRL_SIGN)

#define OURS .back_s = TOLERANCE, .keys = PROFILE_P256
#define SIGNS_STATUS                                                                               \
	.level = LEVEL_ENDPOINT, .key_usage = USE_DIGITAL_SIGNATURE, .path_len = -1,               \
	.eku = { &oid_ocsp_signing }, .nocheck = true
#define ONE(variable)                                                                              \
	{                                                                                          \
		.n = 1, .piece = { { .part = (variable) } }                                        \
	}

static const struct profile own[] = {
	{ .name = "root",
	    .kind = "root",
	    OURS,
	    .level = LEVEL_ROOT,
	    .key_usage = CA_USE,
	    .path_len = 2,
	    .valid_s = 25 * YEAR },
	{ .name = "region",
	    .kind = "region",
	    OURS,
	    .level = LEVEL_REGION,
	    .key_usage = CA_USE,
	    .path_len = 1,
	    .valid_s = 10 * YEAR,
	    .status = true },
	{ .name = "tenant",
	    .kind = "tenant",
	    OURS,
	    .level = LEVEL_TENANT,
	    .key_usage = CA_USE,
	    .path_len = 0,
	    .valid_s = 5 * YEAR,
	    .status = true },
	/* An offline root cannot renew its responder by itself: the ceremony gives it longer. */
	{ .name = "responder", .kind = "responder", OURS, SIGNS_STATUS, .valid_s = 30 * DAY },
	{ .name = "responder-offline",
	    .kind = "responder-offline",
	    OURS,
	    SIGNS_STATUS,
	    .valid_s = 2 * YEAR },
	/* The region's witness of its tenants' logs: it speaks for no endpoint, as a responder. */
	{ .name = "cosigner",
	    .kind = "cosigner",
	    OURS,
	    .level = LEVEL_ENDPOINT,
	    .key_usage = USE_DIGITAL_SIGNATURE,
	    .path_len = -1,
	    .eku = { &oid_log_signing },
	    .valid_s = 5 * YEAR,
	    .status = true },
	{ .name = "log",
	    .kind = "log",
	    OURS,
	    .level = LEVEL_ENDPOINT,
	    .key_usage = USE_DIGITAL_SIGNATURE,
	    .path_len = -1,
	    .eku = { &oid_log_signing },
	    .valid_s = 5 * YEAR,
	    .named = true,
	    .status = true,
	    .unit = ONE(TEMPLATE_KIND),
	    .common = ONE(TEMPLATE_NAME),
	    .dns_n = 1,
	    .dns = { { .dns = true,
		.n = 9,
		.piece = { { .part = TEMPLATE_NAME }, { .text = "." }, { .part = TEMPLATE_KIND },
		    { .text = "." }, { .part = TEMPLATE_TENANT }, { .text = "." },
		    { .part = TEMPLATE_REGION }, { .text = "." },
		    { .part = TEMPLATE_DOMAIN } } } } },
	/* A tenant's documents are encrypted to it, and it proves nobody. */
	{ .name = "release",
	    .kind = "service",
	    OURS,
	    .level = LEVEL_ENDPOINT,
	    .key_usage = USE_KEY_AGREEMENT,
	    .path_len = -1,
	    .eku = { &oid_document_release },
	    .valid_s = YEAR,
	    .named = true,
	    .status = true,
	    .unit = ONE(TEMPLATE_KIND),
	    .common = ONE(TEMPLATE_NAME),
	    .dns_n = 1,
	    .dns = { { .dns = true,
		.n = 9,
		.piece = { { .part = TEMPLATE_NAME }, { .text = "." }, { .part = TEMPLATE_KIND },
		    { .text = "." }, { .part = TEMPLATE_TENANT }, { .text = "." },
		    { .part = TEMPLATE_REGION }, { .text = "." },
		    { .part = TEMPLATE_DOMAIN } } } } },
};

#define OWN_N (sizeof(own) / sizeof(own[0]))

static const struct profile *
find_own(const char *name)
{
	for (size_t i = 0; i < OWN_N; i++)
		if (strcmp(own[i].name, name) == 0)
			return &own[i];
	return NULL;
}

const struct profile *
profile_find(const char *name)
{
	const struct profile *p = find_own(name);

	for (size_t i = 0; p == NULL && profile_at(i) != NULL; i++)
		if (strcmp(profile_at(i)->name, name) == 0)
			p = profile_at(i);
	return p;
}

bool
profile_is_own(const char *name)
{
	return find_own(name) != NULL;
}

const char *
profile_kind(const char *name)
{
	const struct profile *p = profile_find(name);

	return p == NULL ? name : p->kind;
}

const char *
profile_binding_word(enum binding b)
{
	static const char *const words[] = { "", "checked", "required", "static" };

	return (size_t)b < sizeof(words) / sizeof(words[0]) ? words[b] : "";
}

void
profile_names(char to[static PROFILE_NAMES_MAX])
{
	const struct profile *p;
	size_t at = 0;

	to[0] = '\0';
	for (size_t i = 0; (p = profile_at(i)) != NULL; i++) {
		if ((p->ask & PROFILE_BY_TOKEN) == 0)
			continue;
		if (at + strlen(p->name) + sizeof(", ...") > PROFILE_NAMES_MAX) {
			(void)snprintf(to + at, PROFILE_NAMES_MAX - at, ", ...");
			return;
		}
		at += (size_t)snprintf(
		    to + at, PROFILE_NAMES_MAX - at, "%s%s", at == 0 ? "" : ", ", p->name);
	}
}

static void
put_template(struct bytes *all, const struct template *t)
{
	char shown[TEMPLATE_SHOWN_MAX];

	template_show(t, shown);
	bytes_put_counted_text(all, shown);
}

static void
put_values(struct bytes *all, const struct profile *p)
{
	bytes_put_counted_text(all, p->name);
	bytes_put_counted_text(all, p->kind);
	bytes_put_u8(all, (uint8_t)p->level);
	bytes_put_u8(all, p->key_usage);
	bytes_put_u8(all, (uint8_t)(p->path_len + 1));
	for (size_t i = 0; i < PROFILE_EKU_MAX; i++)
		bytes_put_counted(all, p->eku[i] == NULL ? octets_of(NULL, 0) : *p->eku[i]);
	bytes_put_u64(all, (uint64_t)p->valid_s);
	bytes_put_u64(all, (uint64_t)p->back_s);
	bytes_put_u8(all, (uint8_t)(p->enrol | p->named << 1 | p->status << 2 | p->nocheck << 3));
	bytes_put_u32(all, p->keys);
	bytes_put_u32(all, p->rsa_min);
	bytes_put_u32(all, p->rsa_max);
	bytes_put_u32(all, p->rsa_step);
	put_template(all, &p->unit);
	put_template(all, &p->common);
	bytes_put_u8(all, (uint8_t)p->dns_n);
	for (size_t i = 0; i < p->dns_n; i++)
		put_template(all, &p->dns[i]);
	bytes_put_u64(all, (uint64_t)p->window_s);
	bytes_put_u32(all, p->ask);
	bytes_put_u8(all, (uint8_t)(p->officer | p->each << 1));
	bytes_put_u8(all, (uint8_t)p->assurance);
	bytes_put_u8(all, (uint8_t)p->binding);
	bytes_put_u64(all, (uint64_t)p->grace_s);
}

bool
profile_digest(const struct profile *p, uint8_t to[static PROFILE_DIGEST_OCTETS], struct fault *f)
{
	struct bytes all = { 0 };
	bool ok;

	put_values(&all, p);
	if ((ok = bytes_ok(&all, f)))
		digest_of(octets_bytes(&all), to);
	bytes_free(&all);
	return ok;
}

int64_t
profile_not_after(const struct profile *p, int64_t now_s, int64_t issuer_not_after_s)
{
	int64_t end_s = now_s + p->valid_s;

	return end_s < issuer_not_after_s ? end_s : issuer_not_after_s;
}

uint8_t
profile_usage(const struct profile *p, enum spki_kind kind)
{
	if (kind != SPKI_RSA || (p->key_usage & USE_KEY_AGREEMENT) == 0)
		return p->key_usage;
	return (uint8_t)((p->key_usage & ~USE_KEY_AGREEMENT) | USE_KEY_ENCIPHERMENT);
}

static bool
refuse_key(const struct profile *p, struct octets spki, struct fault *f)
{
	char rsa[64] = "";
	unsigned bits = spki_rsa_bits(spki);
	bool p256 = (p->keys & PROFILE_P256) != 0;

	if ((p->keys & PROFILE_RSA) != 0)
		(void)snprintf(rsa, sizeof(rsa), "%san RSA key of %u to %u bits in steps of %u",
		    p256 ? " or " : "", p->rsa_min, p->rsa_max, p->rsa_step);
	if (bits > 0)
		return fault_set(f, FAULT_BADREQ,
		    "profile: %.63s: expected %s%s, found an RSA key of %u bits", p->name,
		    p256 ? "a P-256 key" : "", rsa, bits);
	return fault_set(f, FAULT_BADREQ, "profile: %.63s: expected %s%s, found a %s key", p->name,
	    p256 ? "a P-256 key" : "", rsa, spki_word(spki_kind(spki)));
}

bool
profile_takes(const struct profile *p, struct octets spki, struct fault *f)
{
	unsigned bits = 0;

	switch (spki_kind(spki)) {
	case SPKI_P256:
		return (p->keys & PROFILE_P256) != 0 || refuse_key(p, spki, f);
	case SPKI_RSA:
		bits = spki_rsa_bits(spki);
		return ((p->keys & PROFILE_RSA) != 0 && bits >= p->rsa_min && bits <= p->rsa_max &&
			   (bits - p->rsa_min) % p->rsa_step == 0) ||
		       refuse_key(p, spki, f);
	case SPKI_ED25519:
	case SPKI_OTHER:
	default:
		return refuse_key(p, spki, f);
	}
}

bool
profile_fill(const struct profile *p, const struct name_space *ns, const struct endpoint *e,
    char unit[static TEMPLATE_TEXT_MAX], char common[static TEMPLATE_TEXT_MAX],
    char dns[static PROFILE_DNS_MAX][TEXT_HOST_MAX], struct fault *f)
{
	if (!template_fill(&p->unit, ns, e, unit, TEMPLATE_TEXT_MAX, f) ||
	    !template_fill(&p->common, ns, e, common, TEMPLATE_TEXT_MAX, f))
		return false;
	for (size_t i = 0; i < p->dns_n; i++)
		if (!template_fill(&p->dns[i], ns, e, dns[i], TEXT_HOST_MAX, f))
			return false;
	return true;
}
