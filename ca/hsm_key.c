/* ca/hsm_key.c - see hsm.h: keys made, found and used. */
#include <stdio.h>
#include <string.h>

#include "ca/hsm_internal.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))
#define POINT_OCTETS 65 /* 04, X, Y */

/* DER of the OID prime256v1 (RFC 5480 section 2.1.1.1). */
static const uint8_t curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

/* From CKA_EC_POINT: the point in an OCTET STRING or, as some tokens tell it, alone. */
static bool
read_point(struct octets o, struct hsm_key *k, struct fault *f)
{
	if (o.n == POINT_OCTETS + 2 && o.at[0] == 0x04 && o.at[1] == POINT_OCTETS)
		o = octets_of(o.at + 2, POINT_OCTETS);
	if (o.n != POINT_OCTETS || o.at[0] != 0x04)
		return fault_set(f, FAULT_INTERNAL, "hsm: a public key that is no point of P-256");
	_Static_assert(SPKI_P256_OCTETS == 27 + POINT_OCTETS - 1, "the prefix ends with 04");
	memcpy(k->spki, oid_spki_p256_prefix.at, oid_spki_p256_prefix.n);
	memcpy(k->spki + SPKI_P256_OCTETS - POINT_OCTETS, o.at, POINT_OCTETS);
	return true;
}

static bool
read_public(struct hsm *h, CK_OBJECT_HANDLE public, struct hsm_key *k, struct fault *f)
{
	uint8_t point[POINT_OCTETS + 2], params[sizeof(curve)];
	CK_ATTRIBUTE all[] = {
		{ CKA_EC_POINT, point, sizeof(point) },
		{ CKA_EC_PARAMS, params, sizeof(params) },
	};
	CK_RV rv = h->call->C_GetAttributeValue(h->session, public, all, COUNT(all));

	if (rv != CKR_OK)
		return hsm_told(rv, "C_GetAttributeValue of a public key", f);
	if (all[1].ulValueLen != sizeof(curve) || memcmp(params, curve, sizeof(curve)) != 0)
		return fault_set(f, FAULT_INTERNAL, "hsm: a key that is not P-256");
	return read_point(octets_of(point, all[0].ulValueLen), k, f) &&
	       tbs_key_id(octets_of(k->spki, sizeof(k->spki)), k->id, f);
}

/* What a token was asked for, and what it did, may differ. */
static bool
stays_inside(struct hsm *h, CK_OBJECT_HANDLE private, struct fault *f)
{
	CK_BBOOL sensitive = CK_FALSE, extractable = CK_TRUE;
	CK_ATTRIBUTE all[] = {
		{ CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
		{ CKA_EXTRACTABLE, &extractable, sizeof(extractable) },
	};
	CK_RV rv = h->call->C_GetAttributeValue(h->session, private, all, COUNT(all));

	if (rv != CKR_OK)
		return hsm_told(rv, "C_GetAttributeValue of a private key", f);
	return (sensitive == CK_TRUE && extractable == CK_FALSE) ||
	       fault_set(f, FAULT_DENIED, "hsm: a key that could leave the token");
}

static CK_RV
generate(struct hsm *h, const char *label, CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	uint8_t params[sizeof(curve)];
	char called[128];
	int n = snprintf(called, sizeof(called), "%s", label);
	CK_ULONG called_n = n < (int)sizeof(called) ? (CK_ULONG)n : sizeof(called) - 1;
	CK_ATTRIBUTE open[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_ENCRYPT, &no, sizeof(no) },
		{ CKA_WRAP, &no, sizeof(no) },
		{ CKA_EC_PARAMS, params, sizeof(params) },
		{ CKA_LABEL, called, called_n },
	};
	CK_ATTRIBUTE secret[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_DECRYPT, &no, sizeof(no) },
		{ CKA_UNWRAP, &no, sizeof(no) },
		{ CKA_DERIVE, &no, sizeof(no) },
		{ CKA_LABEL, called, called_n },
	};

	memcpy(params, curve, sizeof(curve));
	return h->call->C_GenerateKeyPair(
	    h->session, &mechanism, open, COUNT(open), secret, COUNT(secret), public, private);
}

static void
destroy(struct hsm *h, CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private)
{
	(void)h->call->C_DestroyObject(h->session, private);
	(void)h->call->C_DestroyObject(h->session, public);
}

/* Our key identifier is a hash of the public key, so it is known only now. */
static bool
name(struct hsm *h, CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private, struct hsm_key *k,
    struct fault *f)
{
	CK_ATTRIBUTE id = { CKA_ID, k->id, sizeof(k->id) };
	CK_RV rv;

	if (!read_public(h, public, k, f) || !stays_inside(h, private, f))
		return false;
	if ((rv = h->call->C_SetAttributeValue(h->session, public, &id, 1)) != CKR_OK ||
	    (rv = h->call->C_SetAttributeValue(h->session, private, &id, 1)) != CKR_OK)
		return hsm_told(rv, "C_SetAttributeValue", f);
	k->handle = private;
	k->session = h->sessions;
	return true;
}

bool
hsm_make(struct hsm *h, const char *label, struct hsm_key *ret, struct fault *f)
{
	CK_OBJECT_HANDLE public, private;
	struct hsm_key k;
	CK_RV rv;

	if (!hsm_is_in(h, f))
		return false;
	if (hsm_is_lost(rv = generate(h, label, &public, &private))) {
		if (!hsm_enter_again(h, f))
			return false;
		rv = generate(h, label, &public, &private);
	}
	if (rv != CKR_OK)
		return hsm_told(rv, "C_GenerateKeyPair", f);
	if (!name(h, public, private, &k, f)) {
		destroy(h, public, private);
		return false;
	}
	if (h->made_n < HSM_MADE_MAX) {
		h->made[h->made_n].public = public;
		h->made[h->made_n++].private = private;
	}
	*ret = k;
	return true;
}

void
hsm_unmake(struct hsm *h)
{
	while (h->made_n > 0) {
		h->made_n--;
		destroy(h, h->made[h->made_n].public, h->made[h->made_n].private);
	}
}

/* The one object of a class that has the id; *rv tells why not. */
static bool
find_object(struct hsm *h, CK_OBJECT_CLASS class, const uint8_t id[static TBS_KEY_ID_OCTETS],
    CK_OBJECT_HANDLE *ret, CK_RV *rv, struct fault *f)
{
	uint8_t own[TBS_KEY_ID_OCTETS];
	CK_ATTRIBUTE all[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, own, sizeof(own) },
	};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 0;

	memcpy(own, id, sizeof(own));
	if ((*rv = h->call->C_FindObjectsInit(h->session, all, COUNT(all))) != CKR_OK)
		return hsm_told(*rv, "C_FindObjectsInit", f);
	*rv = h->call->C_FindObjects(h->session, found, COUNT(found), &n);
	(void)h->call->C_FindObjectsFinal(h->session);
	if (*rv != CKR_OK)
		return hsm_told(*rv, "C_FindObjects", f);
	if (n == 0)
		return fault_set(f, FAULT_NOTFOUND, "hsm: token %s has no such key", h->token);
	if (n > 1)
		return fault_set(
		    f, FAULT_CONFLICT, "hsm: token %s has two keys of one id", h->token);
	*ret = found[0];
	return true;
}

static bool
find(struct hsm *h, const uint8_t id[static TBS_KEY_ID_OCTETS], struct hsm_key *ret, CK_RV *rv,
    struct fault *f)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	struct hsm_key k;

	if (!find_object(h, CKO_PRIVATE_KEY, id, &private, rv, f) ||
	    !find_object(h, CKO_PUBLIC_KEY, id, &public, rv, f) || !read_public(h, public, &k, f) ||
	    !stays_inside(h, private, f))
		return false;
	if (memcmp(k.id, id, sizeof(k.id)) != 0)
		return fault_set(
		    f, FAULT_CONFLICT, "hsm: token %s holds another key by that id", h->token);
	k.handle = private;
	k.session = h->sessions;
	*ret = k;
	return true;
}

bool
hsm_find(
    struct hsm *h, const uint8_t id[static TBS_KEY_ID_OCTETS], struct hsm_key *ret, struct fault *f)
{
	CK_RV rv = CKR_OK;

	if (!hsm_is_in(h, f))
		return false;
	if (find(h, id, ret, &rv, f))
		return true;
	return hsm_is_lost(rv) && hsm_enter_again(h, f) && find(h, id, ret, &rv, f);
}

bool
hsm_has(struct hsm *h, const uint8_t id[static TBS_KEY_ID_OCTETS], struct fault *f)
{
	CK_OBJECT_HANDLE private = 0;
	CK_RV rv;

	return hsm_is_in(h, f) && find_object(h, CKO_PRIVATE_KEY, id, &private, &rv, f);
}

static CK_RV
sign(struct hsm *h, const struct hsm_key *k, const uint8_t digest[static 32],
    uint8_t to[static HSM_SIGNATURE_OCTETS])
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	uint8_t own[32], out[HSM_SIGNATURE_OCTETS];
	CK_ULONG n = sizeof(out);
	CK_RV rv;

	memcpy(own, digest, sizeof(own)); /* the interface takes it as one that could be written */
	if ((rv = h->call->C_SignInit(h->session, &mechanism, k->handle)) != CKR_OK ||
	    (rv = h->call->C_Sign(h->session, own, sizeof(own), out, &n)) != CKR_OK)
		return rv;
	if (n != sizeof(out))
		return CKR_DEVICE_ERROR;
	memcpy(to, out, sizeof(out));
	return CKR_OK;
}

bool
hsm_sign(struct hsm *h, struct hsm_key *k, const uint8_t digest[static 32],
    uint8_t to[static HSM_SIGNATURE_OCTETS], struct fault *f)
{
	uint8_t id[TBS_KEY_ID_OCTETS];
	CK_RV rv;

	memcpy(id, k->id, sizeof(id));
	if (!hsm_is_in(h, f))
		return false;
	if (k->session != h->sessions && !hsm_find(h, id, k, f))
		return false;
	if (hsm_is_lost(rv = sign(h, k, digest, to))) {
		if (!hsm_enter_again(h, f) || !hsm_find(h, id, k, f))
			return false;
		rv = sign(h, k, digest, to);
	}
	return rv == CKR_OK || hsm_told(rv, "C_Sign", f);
}
