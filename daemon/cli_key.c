/* daemon/cli_key.c - key list. */
#include "daemon/cli_call.h"

int
key_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "kind", "KEY", 16 },
		{ "of", "OF", 16 },
		{ "where", "WHERE", 8 },
		{ "token", "TOKEN", 12 },
		{ "online", "NEEDED ONLINE", 13 },
		{ "state", "STATE", 10 },
		{ "since", "SINCE", 20 },
		{ "until", "UNTIL", 20 },
		{ "id", "ID", 40 },
	};

	return cli_list(inv, cli_flag(inv, "all") ? "/v1/keys?all=yes" : "/v1/keys", columns,
	    sizeof(columns) / sizeof(columns[0]), "No key. Next: quatrain init");
}
