/* ca/ledger_room.c - see ledger.h: what may still be written. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ca/ledger.h"

#define REVOKE_OCTETS ((uint64_t)256 << 10) /* new pages for one revocation, many times over */

bool
ledger_may_issue(uint64_t used, uint64_t room, struct fault *f)
{
	if (used / LEDGER_FULL_PERCENT < room / 100 && room - used >= LEDGER_LEAST_OCTETS)
		return true;
	return fault_set(f, FAULT_BUSY,
	    "ledger: %" PRIu64 " of %" PRIu64
	    " MiB are used: issuing waits for a larger disk or store_max, revoking goes on",
	    used >> 20, room >> 20);
}

bool
ledger_may_revoke(uint64_t used, uint64_t room, const char *data)
{
	char path[PATH_MAX];
	struct stat ballast;

	if (room - used >= REVOKE_OCTETS)
		return true;
	(void)snprintf(path, sizeof(path), "%s/" BALLAST_NAME, data);
	return stat(path, &ballast) == 0 && used < store_limit();
}
