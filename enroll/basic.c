/* enroll/basic.c - see basic.h. */
#include "enroll/basic.h"

#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/text.h"

#define CREDENTIALS_MAX 512 /* octets of the header */

bool
basic_read(struct octets authorization, struct bytes *text, struct octets *ret_user,
    struct octets *ret_password)
{
	static const size_t n = sizeof("Basic ") - 1;
	struct octets user, password;
	struct fault f;
	const uint8_t *colon;

	if (authorization.n < n || authorization.n > CREDENTIALS_MAX ||
	    strncasecmp((const char *)authorization.at, "Basic ", n) != 0)
		return false;
	if (!text_unbase64(octets_of(authorization.at + n, authorization.n - n), text, &f))
		return false;
	if ((colon = memchr(text->at, ':', text->n)) == NULL)
		return false;
	user = octets_of(text->at, (size_t)(colon - text->at));
	password = octets_of(colon + 1, text->n - user.n - 1);
	if (user.n == 0 || password.n == 0)
		return false;
	*ret_user = user;
	*ret_password = password;
	return true;
}

void
basic_forget(struct bytes *text)
{
	if (text->at != NULL)
		secret_wipe(text->at, text->n);
	bytes_free(text);
}
