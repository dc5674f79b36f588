/* ca/profile.c - see profile.h. */
#include "ca/profile.h"

#include <string.h>

#include <openssl/evp.h>

#include "ca/oid.h"

#define DAY       ((int64_t)86400)
#define YEAR      (365 * DAY + DAY / 4)
#define TOLERANCE 3600 /* an hour: devices keep worse clocks than servers */

#define CA_USE (USE_CERT_SIGN | USE_CRL_SIGN)
#define EE_USE (USE_DIGITAL_SIGNATURE | USE_KEY_AGREEMENT)

/* What may be asked for over EST. */
#define ENROLS                                                                                     \
	.level = LEVEL_ENDPOINT, .key_usage = EE_USE, .path_len = -1, .valid_s = 90 * DAY,         \
	.back_s = TOLERANCE, .enrol = true, .named = true, .status = true
#define CLIENT                                                                                     \
	{                                                                                          \
		&oid_client_auth                                                                   \
	}
#define BOTH_SIDES                                                                                 \
	{                                                                                          \
		&oid_client_auth, &oid_server_auth                                                 \
	}

static const struct profile profiles[] = {
	{ .name = "root",
	    .level = LEVEL_ROOT,
	    .key_usage = CA_USE,
	    .path_len = 2,
	    .back_s = TOLERANCE,
	    .valid_s = 25 * YEAR },
	{ .name = "region",
	    .level = LEVEL_REGION,
	    .key_usage = CA_USE,
	    .path_len = 1,
	    .back_s = TOLERANCE,
	    .valid_s = 10 * YEAR,
	    .status = true },
	{ .name = "tenant",
	    .level = LEVEL_TENANT,
	    .key_usage = CA_USE,
	    .path_len = 0,
	    .back_s = TOLERANCE,
	    .valid_s = 5 * YEAR,
	    .status = true },
	{ .name = "printer", ENROLS, .eku = BOTH_SIDES },
	{ .name = "gateway", ENROLS, .eku = BOTH_SIDES },
	{ .name = "workstation", ENROLS, .eku = CLIENT },
	{ .name = "phone", ENROLS, .eku = CLIENT },
	{ .name = "service", ENROLS, .eku = BOTH_SIDES },
	{ .name = "operator",
	    .level = LEVEL_ENDPOINT,
	    .key_usage = EE_USE,
	    .path_len = -1,
	    .eku = { &oid_client_auth },
	    .valid_s = 90 * DAY,
	    .back_s = TOLERANCE,
	    .named = true,
	    .status = true },
	/* An offline root cannot renew its responder by itself: the ceremony gives it longer. */
	{ .name = "responder",
	    .level = LEVEL_ENDPOINT,
	    .key_usage = USE_DIGITAL_SIGNATURE,
	    .path_len = -1,
	    .eku = { &oid_ocsp_signing },
	    .valid_s = 30 * DAY,
	    .back_s = TOLERANCE,
	    .nocheck = true },
	{ .name = "responder-offline",
	    .level = LEVEL_ENDPOINT,
	    .key_usage = USE_DIGITAL_SIGNATURE,
	    .path_len = -1,
	    .eku = { &oid_ocsp_signing },
	    .valid_s = 2 * YEAR,
	    .back_s = TOLERANCE,
	    .nocheck = true },
	{ .name = "log",
	    .level = LEVEL_ENDPOINT,
	    .key_usage = USE_DIGITAL_SIGNATURE,
	    .path_len = -1,
	    .eku = { &oid_log_signing },
	    .valid_s = 5 * YEAR,
	    .named = true,
	    .status = true },
};

const struct profile *
profile_find(const char *name)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

bool
profile_digest(const struct profile *p, uint8_t to[static PROFILE_DIGEST_OCTETS], struct fault *f)
{
	struct bytes all = { 0 };
	bool ok = false;

	bytes_put_counted_text(&all, p->name);
	bytes_put_u8(&all, (uint8_t)p->level);
	bytes_put_u8(&all, p->key_usage);
	bytes_put_u8(&all, (uint8_t)(p->path_len + 1));
	for (size_t i = 0; i < PROFILE_EKU_MAX; i++)
		bytes_put_counted(&all, p->eku[i] == NULL ? octets_of(NULL, 0) : *p->eku[i]);
	bytes_put_u64(&all, (uint64_t)p->valid_s);
	bytes_put_u64(&all, (uint64_t)p->back_s);
	bytes_put_u8(&all, (uint8_t)(p->enrol | p->named << 1 | p->status << 2 | p->nocheck << 3));
	if (!bytes_ok(&all, f))
		goto out;
	if (EVP_Digest(all.at, all.n, to, NULL, EVP_sha256(), NULL) != 1) {
		fault_crypto(f, FAULT_INTERNAL, "profile: EVP_Digest");
		goto out;
	}
	ok = true;
out:
	bytes_free(&all);
	return ok;
}

int64_t
profile_not_after(const struct profile *p, int64_t now_s, int64_t issuer_not_after_s)
{
	int64_t end_s = now_s + p->valid_s;

	return end_s < issuer_not_after_s ? end_s : issuer_not_after_s;
}
