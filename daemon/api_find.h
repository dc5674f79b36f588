/*
 * daemon/api_find.h - which certificates of a tenant: the filters of a search, and how they are
 * met.
 *
 * All filters must hold. A serial's beginning, a token, and what a device or a
 * key has now are found by an index; any other search looks at standings one
 * after the other, as many at a time as FIND_WORK allows, and the next page goes
 * on behind the last one.
 */
#ifndef QUATRAIN_DAEMON_API_FIND_H
#define QUATRAIN_DAEMON_API_FIND_H

#include "daemon/api.h"

#define FIND_WORK      20000 /* standings that one page looks at */
#define FIND_CERT_WORK 40    /* what it costs to read a certificate, in standings */

struct find {
	const struct api_call *call;
	struct ledger *ledger;
	char device[TEXT_LABEL_MAX], name[TEXT_LABEL_MAX], status[16], kind[TEXT_LABEL_MAX];
	char profile[TEXT_LABEL_MAX], enroller[PROVENANCE_TEXT_MAX], how[16], token[TEXT_LABEL_MAX];
	uint8_t serial[TBS_SERIAL_OCTETS];
	size_t digits; /* hex digits of serial that were given */
	bool by_key;
	uint8_t key[32]; /* SHA-256 of the SubjectPublicKeyInfo */
	int64_t ends_before_s, ends_after_s;
	uint8_t after[TBS_SERIAL_OCTETS]; /* the cursor */
	bool on;                          /* it is there */
	size_t limit;

	size_t work;       /* that is left */
	struct bytes rows; /* what was found: serial, standing counted */
	size_t n;
	bool more;
};

/* The filters of a query. Fault: FAULT_BADREQ, naming the one that is none. */
bool find_read(const struct exchange *x, struct find *ret, struct fault *f) CHECKED;
/* One page into rows; the caller frees them. Fault: FAULT_INTERNAL. */
bool find_run(struct find *a, struct fault *f) CHECKED;

/* What kind/name has or had lately, by TABLE_ENDPOINT, and that of a name of whatever kind:
 * serials, appended. Fault: FAULT_INTERNAL. */
bool find_held(struct ledger *l, const char *kind, const char *name, struct bytes *ret,
    struct fault *f) CHECKED;
bool find_named(struct ledger *l, const char *name, struct bytes *ret, struct fault *f) CHECKED;
/* Does the certificate of s name the key with this digest? */
bool find_has_key(struct ledger *l, const struct standing *s, const uint8_t key[static 32]);

/* 4 to 32 hex digits of a serial, 64 of a digest. Fault: FAULT_BADREQ. */
bool find_read_serial(const char *text, uint8_t serial[static TBS_SERIAL_OCTETS],
    size_t *ret_digits, struct fault *f) CHECKED;
bool find_read_key(const char *text, uint8_t key[static 32], struct fault *f) CHECKED;

#endif
