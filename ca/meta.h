/*
 * ca/meta.h - a row of TABLE_META that may not be there yet.
 */
#ifndef QUATRAIN_CA_META_H
#define QUATRAIN_CA_META_H

#include "ca/ledger.h"

/* What a reader of a row may see: in the signer also what the batch holds, or what is committed
 * alone. */
enum meta_view { META_ALL, META_COMMITTED };

/* ret is cleared first, and stays empty where there is no such row. Fault: FAULT_INTERNAL. */
bool meta_get(struct ledger *l, enum meta_view view, struct octets key, struct bytes *ret,
    struct fault *f) CHECKED;
/* A counter, u64; 0 where there is none. Fault: FAULT_INTERNAL. */
bool meta_number(struct ledger *l, enum meta_view view, struct octets key, uint64_t *ret,
    struct fault *f) CHECKED;

#endif
