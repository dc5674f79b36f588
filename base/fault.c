/* base/fault.c - see fault.h. */
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#undef fault_set /* the analyzer's; see there */
#undef fault_errno
#undef fault_crypto

/* Peers choose part of some texts; keep them from forging log lines. */
static void
make_printable(char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

/* Put the sentence into f, then ": " and why, where there is a why. */
static void PRINTF_LIKE(4, 0)
    fill(struct fault *f, enum fault_code code, const char *why, const char *fmt, va_list ap)
{
	size_t n;

	f->code = code;
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	n = strlen(f->text);
	if (why != NULL)
		(void)snprintf(f->text + n, sizeof(f->text) - n, ": %s", why);
	make_printable(f->text);
}

bool
fault_set(struct fault *f, enum fault_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(f, code, NULL, fmt, ap);
	va_end(ap);
	return false;
}

bool
fault_errno(struct fault *f, enum fault_code code, const char *fmt, ...)
{
	const char *why = strerror(errno);
	va_list ap;

	va_start(ap, fmt);
	fill(f, code, why, fmt, ap);
	va_end(ap);
	return false;
}

bool
fault_crypto(struct fault *f, enum fault_code code, const char *fmt, ...)
{
	unsigned long e = ERR_peek_last_error();
	va_list ap;

	/* A peer must not be blamed for our being out of memory. */
	if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
		code = FAULT_INTERNAL;

	va_start(ap, fmt);
	fill(f, code, ERR_reason_error_string(e), fmt, ap);
	va_end(ap);
	ERR_clear_error();
	return false;
}
