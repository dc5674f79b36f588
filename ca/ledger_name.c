/* ca/ledger_name.c - see ledger_name.h. */
#include "ca/ledger_name.h"

#include <stdio.h>
#include <string.h>

static const char suffix[] = "/" LEDGER_ACTIVITY;

void
ledger_name_activity(const char *tenant, char to[static LEDGER_NAME_MAX])
{
	(void)snprintf(to, LEDGER_NAME_MAX, "%.63s%s", tenant, suffix);
}

bool
ledger_name_is_activity(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash != NULL && strcmp(slash, suffix) == 0;
}

void
ledger_name_tenant(const char *name, char to[static TEXT_LABEL_MAX])
{
	size_t n = ledger_name_is_activity(name) ? strcspn(name, "/") : strlen(name);

	to[0] = '\0';
	if (n >= TEXT_LABEL_MAX)
		return;
	memcpy(to, name, n);
	to[n] = '\0';
	if (!text_is_label(to))
		to[0] = '\0';
}
