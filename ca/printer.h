/*
 * ca/printer.h - the printers that a tenant prints to through its connectors: who may speak for
 * which.
 *
 * A row of TABLE_PRINTER: a printer's name ("hp-1": printer/hp-1) and the gateways that may print
 * there. Its output-device-uuid (PWG 5100.18) is derived from its SPIFFE id, so that nobody can
 * claim another's. A printer with a certificate of its own speaks for itself without a row. Acts:
 * printer.added, printer.changed and printer.removed, in the tenant's issuance log. Removing the
 * endpoint printer/NAME (ca/removal.h) removes the row in the same commit.
 */
#ifndef QUATRAIN_CA_PRINTER_H
#define QUATRAIN_CA_PRINTER_H

#include "base/json.h"
#include "ca/log.h"
#include "ca/realm.h"

#define PRINTER_GATEWAYS_MAX 8
#define PRINTER_UUID         16
#define PRINTER_UUID_TEXT    46 /* "urn:uuid:" (RFC 9562 section 4), the hex groups and a NUL */
#define PRINTER_TAG_MAX      40

struct printer {
	char name[TEXT_LABEL_MAX];
	size_t gateways_n;
	char gateways[PRINTER_GATEWAYS_MAX][TEXT_LABEL_MAX]; /* names of gateway/NAME */
	int64_t added_s;
	uint64_t log_index; /* of the entry that says so last */
};

/* A row of a printer; false for others of the table, which lead from a uuid to a name. */
bool printer_read(struct octets key, struct octets value, struct printer *ret);
/* Any row of the table, as a backup checks it. */
bool printer_row(struct octets key, struct octets value);

/* RFC 9562 section 5.5 (version 5, namespace URL) of
 * "spiffe://<tenant>.<region>.<domain>/printer/<name>". */
void printer_uuid(
    const struct realm *r, const char *tenant, const char *name, uint8_t to[static PRINTER_UUID]);
/* Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool printer_get(struct ledger *l, const char *name, struct printer *ret, struct fault *f) CHECKED;
bool printer_find(struct realm *r, const char *tenant, const uint8_t uuid[static PRINTER_UUID],
    struct printer *ret, struct fault *f) CHECKED;
/* May who (a good identity of tenant) speak for the printer: itself, or a gateway of its row? */
bool printer_speaks(struct realm *r, const struct identity *who, const char *name);

/* "urn:uuid:..."; and back, of either case: false for anything else. */
void printer_uuid_text(const uint8_t uuid[static PRINTER_UUID], char to[static PRINTER_UUID_TEXT]);
bool printer_uuid_read(struct octets text, uint8_t ret[static PRINTER_UUID]);
/* The entity tag of a row, its quotes too (RFC 9110 section 8.8.3). Fault: FAULT_INTERNAL. */
bool printer_tag(const struct printer *p, char to[static PRINTER_TAG_MAX], struct fault *f) CHECKED;

/* An entry of the log about p, to log_append(). */
struct json *printer_entry(const struct realm *r, const char *tenant, const char *act,
    const struct log_context *why, const struct printer *p);
/* Writes of the signer, into the batch: the row, and that of its uuid. Fault: FAULT_INTERNAL. */
bool printer_put(
    struct realm *r, struct ledger *l, const struct printer *p, struct fault *f) CHECKED;
void printer_remove(struct realm *r, struct ledger *l, const char *name);

#endif
