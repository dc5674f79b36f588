/*
 * relay/print_names.h - what people called their jobs, for the answers that show it; in memory
 * only, and of the newest PRINT_NAMES_MAX jobs.
 *
 * What is stored is sealed under the document's key, which the relay has forgotten: after a restart
 * a client sees its jobs without names.
 */
#ifndef QUATRAIN_RELAY_PRINT_NAMES_H
#define QUATRAIN_RELAY_PRINT_NAMES_H

#include "base/bytes.h"
#include "relay/document.h"

#define PRINT_NAMES_MAX 4096
#define PRINT_NAME_MAX  256 /* RFC 8011 section 5.1.3: 255 octets */

struct print_names;

struct print_name {
	char job[PRINT_NAME_MAX], document[PRINT_NAME_MAX];
	char user[PRINT_NAME_MAX]; /* as it was claimed: nothing rests on it */
};

/* *ret to print_names_free(). Fault: FAULT_INTERNAL. */
bool print_names_new(struct print_names **ret, struct fault *f) CHECKED;
void print_names_free(struct print_names *s); /* wiped; NULL is allowed */
/* Silent: without memory it has no name. */
void print_names_put(
    struct print_names *s, const uint8_t uuid[static DOCUMENT_UUID], const struct print_name *name);
/* False: it has none, or none any more. */
bool print_names_get(
    const struct print_names *s, const uint8_t uuid[static DOCUMENT_UUID], struct print_name *ret);

#endif
