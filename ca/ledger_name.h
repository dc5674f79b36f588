/*
 * ca/ledger_name.h - a ledger is called as its tenant, "acme", or "acme/activity": its second log.
 *
 * No label has a slash, so neither is ever taken for the other. The second is a
 * store of its own, in a folder beneath the first one's, so that no flood of
 * connections can fill what issuing and revoking write to, and it is made when
 * there is something to write: a tenant that nobody connects to has none.
 */
#ifndef QUATRAIN_CA_LEDGER_NAME_H
#define QUATRAIN_CA_LEDGER_NAME_H

#include <stdbool.h>

#include "base/text.h"

#define LEDGER_ACTIVITY "activity"
#define LEDGER_NAME_MAX (TEXT_LABEL_MAX + sizeof(LEDGER_ACTIVITY))

/* The activity ledger of tenant. */
void ledger_name_activity(const char *tenant, char to[static LEDGER_NAME_MAX]);
bool ledger_name_is_activity(const char *name);
/* Whose it is: the label before the slash; empty where that is none. */
void ledger_name_tenant(const char *name, char to[static TEXT_LABEL_MAX]);

#endif
