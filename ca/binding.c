/* ca/binding.c - see binding.h. */
#include "ca/binding.h"

#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* Not told apart by time: an answer that comes sooner would tell how much was right. */
static bool
same(struct octets challenge, struct octets connection)
{
	struct bytes text = { 0 };
	struct secret mine;
	bool is;

	if (connection.n == 0 || connection.n > BINDING_OCTETS_MAX)
		return false;
	text_base64(connection, 0, &text);
	mine = (struct secret){ .at = text.at, .n = text.n };
	is = !text.bad && secret_same(&mine, challenge);
	bytes_free(&text);
	return is;
}

bool
binding_check(enum binding mode, struct octets challenge, struct octets connection, struct fault *f)
{
	if (mode == BINDING_STATIC)
		return true;
	if (challenge.n == 0)
		return mode == BINDING_CHECKED ||
		       fault_set(f, FAULT_BADREQ,
			   "csr: RFC 7030 section 3.5: the profile requires this connection's binding as challengePassword: tls-exporter on TLS 1.3, tls-unique on 1.2");
	return same(challenge, connection) ||
	       fault_set(f, FAULT_BADREQ,
		   "csr: RFC 7030 section 3.5: challengePassword is not this connection's binding: the request was made for another, or it is a password and the profile wants binding: static");
}

bool
binding_hide(struct octets der, struct octets challenge, struct bytes *ret, struct fault *f)
{
	size_t before = ret->n;

	bytes_put_octets(ret, der);
	if (!bytes_ok(ret, f))
		return false;
	if (challenge.n > 0)
		memset(ret->at + before + (challenge.at - der.at), '*', challenge.n);
	return true;
}
