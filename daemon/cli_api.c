/* daemon/cli_api.c - api describe. */
#include "base/conf_json.h"
#include "daemon/cli_call.h"
#include "daemon/openapi.h"

int
api_describe_command(const struct invocation *inv)
{
	struct bytes text = { 0 };
	struct fault f;
	bool ok = true;

	if (inv->json) {
		ok = conf_json(openapi_document, &text, &f);
		bytes_put_u8(&text, '\n');
	} else {
		bytes_put_octets(&text, openapi_document);
	}
	ok = ok && bytes_ok(&text, &f);
	if (ok)
		(void)fwrite(text.at, 1, text.n, stdout);
	bytes_free(&text);
	return ok ? CLI_OK : cli_refuse(inv, &f);
}
