/* daemon/api_describe.c - GET /v1/openapi.yaml: what the API is, in OpenAPI 3.1; see api.h. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "daemon/api.h"
#include "daemon/openapi.h"

#define TAG_OCTETS 16 /* of its SHA-256, in the ETag */

bool
api_describe(const struct api_call *c, struct fault *f)
{
	struct exchange *x = c->x;
	uint8_t digest[DIGEST_OCTETS];
	char hex[TAG_OCTETS * 2 + 1], tag[TAG_OCTETS * 2 + 3];

	(void)f;
	digest_of(openapi_document, digest);
	text_hex(digest, TAG_OCTETS, hex);
	(void)snprintf(tag, sizeof(tag), "\"%s\"", hex);
	exchange_header(x, "ETag", "%s", tag);
	exchange_header(x, "Cache-Control", "no-cache");
	/* RFC 9110 section 13.1.2: one tag of a list will do, and a weak one is as good. */
	if (x->if_none_match.n > 0 &&
	    memmem(x->if_none_match.at, x->if_none_match.n, tag, strlen(tag)) != NULL) {
		x->status = 304;
		return true;
	}
	x->type = "application/yaml";
	bytes_put_octets(&x->reply, openapi_document);
	x->status = 200;
	return true;
}
