/*
 * policy/attribute.h - the names of what a rule may look at: the schema quatrain.attributes/v1.
 *
 * Names of the schema have a fixed type and a place of their own in a request.
 * Below "resource.", "device." and "context." any further name may be used (an
 * open name): its type is that of its value.
 */
#ifndef QUATRAIN_POLICY_ATTRIBUTE_H
#define QUATRAIN_POLICY_ATTRIBUTE_H

#include "policy/value.h"

#define ATTRIBUTE_SCHEMA   "quatrain.attributes/v1"
#define ATTRIBUTE_NAME_MAX 64

enum attribute {
	ATTRIBUTE_SUBJECT_ID,   /* SPIFFE id, spiffe://<tenant>.<region>.<domain>/<kind>/<name> */
	ATTRIBUTE_SUBJECT_ROLE, /* printer, gateway, ...; of an operator officer, registrar, auditor
				 */
	ATTRIBUTE_SUBJECT_NAME,
	ATTRIBUTE_CERT_SERIAL,     /* hex */
	ATTRIBUTE_CERT_LEVEL,      /* 1 root to 4 endpoint */
	ATTRIBUTE_CERT_AGE,        /* seconds since notBefore */
	ATTRIBUTE_CERT_EXPIRES_IN, /* seconds */
	ATTRIBUTE_CERT_KEY_PINNED, /* the key is the registered one */
	ATTRIBUTE_CERT_ENROLLER,   /* who added it, as provenance says */
	ATTRIBUTE_CERT_HOW,        /* token, certificate, idevid, operator, ... */
	ATTRIBUTE_CERT_ASSURANCE,  /* grade of that channel, a number */
	ATTRIBUTE_CERT_PROFILE,
	ATTRIBUTE_CERT_SHA256, /* hex */
	ATTRIBUTE_CHAIN_ROOT,  /* "ski:<hex>", the key identifier of each CA */
	ATTRIBUTE_CHAIN_REGION,
	ATTRIBUTE_CHAIN_TENANT,
	ATTRIBUTE_SOURCE_IP,
	ATTRIBUTE_TIME, /* seconds since 1970; rules use it through time: {days, hours} */
	ATTRIBUTE_DEVICE_FIRMWARE, /* a version */
	ATTRIBUTE_DEVICE_MODEL,
	ATTRIBUTE_DEVICE_ZONE,
	ATTRIBUTE_DEVICE_SERIAL_BOUND,
	ATTRIBUTE_RESOURCE_TYPE,
	ATTRIBUTE_RESOURCE_ID,
	ATTRIBUTE_RESOURCE_OWNER,
	ATTRIBUTE_RESOURCE_TENANT, /* label of whose tenant it is */
	ATTRIBUTE_RESOURCE_PAGES,
	ATTRIBUTE_RESOURCE_OWNER_PRESENT,
	ATTRIBUTE_ANOMALY_SCORE,          /* 0 to 100 */
	ATTRIBUTE_FIXED,                  /* how many */
	ATTRIBUTE_OPEN = ATTRIBUTE_FIXED, /* any other name below resource., device., context. */
};

/* How a rule's scalar for it is read: one of VALUE_*, with these two besides. */
enum attribute_reading {
	READ_PLAIN,    /* by its type alone */
	READ_DURATION, /* a number said as 90d */
	READ_VERSION,  /* a text that gt, lt, ... compare by its numbers */
};

struct attribute_info {
	const char *name;
	enum value_type type;
	enum attribute_reading reading;
};

/* The place of a name: below ATTRIBUTE_FIXED of the schema, ATTRIBUTE_OPEN where it may be used
 * freely; false: no attribute can be called so. */
bool attribute_find(struct octets name, enum attribute *ret);
const struct attribute_info *attribute_info(enum attribute a); /* a < ATTRIBUTE_FIXED */

#endif
