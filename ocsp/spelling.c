/* ocsp/spelling.c - see spelling.h. */
#include "ocsp/spelling.h"

#include <string.h>

#include "base/text.h"
#include "ocsp/request.h"

#define ROOM (REQUEST_MAX_OCTETS * 2)

static void
replace(char *text, char from, char to)
{
	for (; *text != '\0'; text++)
		if (*text == from)
			*text = to;
}

/* Some intermediaries encode what is encoded; a '%' that is left can only be that. */
static bool
decode(struct octets in, char text[static ROOM])
{
	char once[ROOM];

	if (!text_unpercent(in, once, sizeof(once)))
		return false;
	return text_unpercent(octets_text(once), text, ROOM - 4);
}

/* Without padding and what stands behind it, then padded anew. */
static void
pad(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == '=')
		n--;
	while (n % 4 != 0)
		text[n++] = '=';
	text[n] = '\0';
}

bool
spelling_read(struct octets in_path, struct bytes *ret, struct fault *f)
{
	char text[ROOM];
	struct octets whole;
	size_t n;

	while (in_path.n > 0 && in_path.at[0] == '/') /* a DER SEQUENCE begins with 'M' */
		in_path = octets_of(in_path.at + 1, in_path.n - 1);
	if (!decode(in_path, text))
		return fault_set(
		    f, FAULT_BADREQ, "ocsp: RFC 6960 appendix A.1: expected base64 in the path");
	replace(text, ' ', '+');
	replace(text, '-', '+');
	replace(text, '_', '/');
	/* A slash may be the last of the base64, but not behind its padding. */
	n = strlen(text);
	while (n > 1 && text[n - 1] == '/' && text[n - 2] == '=')
		text[--n] = '\0';
	pad(text);
	whole = octets_text(text);
	return text_unbase64(whole, ret, f);
}
