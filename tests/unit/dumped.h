/*
 * tests/unit/dumped.h - a ground, and a backup of it in memory.
 *
 * Tenants acme (two printers, one of them revoked) and globex, an operator, and
 * three tokens, two of them open.
 */
#ifndef QUATRAIN_TESTS_UNIT_DUMPED_H
#define QUATRAIN_TESTS_UNIT_DUMPED_H

#include "ca/dump_record.h"
#include "tests/unit/ground.h"

extern struct ground g;
extern struct bytes dump;                 /* the whole file */
extern struct dump_total total;           /* of its frames */
extern struct bytes dumped_root;          /* PEM */
extern const struct key *dumped_acme_key; /* of acme's log, and its certificates */
extern struct bytes dumped_acme_pem;
extern struct fault f;

/* A checked fixture. */
void dumped_setup(void);
void dumped_teardown(void);
/* The backup again, of the ground as it is now. */
void dumped_take(void);

/* For dump_write(): with is a struct bytes. */
bool dumped_keep(void *with, struct octets o, struct fault *fault);

/* The platform's log key, and its certificates appended. */
const struct key *dumped_key(struct bytes *certificates);
/* The end and the seal of the frames in b, by that key. */
void dumped_seal(struct bytes *b, const uint8_t *digest);

/* For dump_read(). */
struct dumped_input {
	struct octets left;
	size_t most; /* octets a call; 0: as many as are asked for */
};
bool dumped_give(void *with, uint8_t *to, size_t n, size_t *ret_n, struct fault *fault);

bool dumped_read(struct octets file, const struct dump_visitor *v, struct dump_verdict *ret);
bool dumped_reads(struct octets file);
/* It is not taken, as malformed or denied, in these words. */
void dumped_refused(struct octets file, const char *words);

#endif
