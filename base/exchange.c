/* base/exchange.c - see exchange.h. */
#include "base/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A line end in a value would let it become a header of its own. */
static bool
has_controls(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

void
exchange_header(struct exchange *x, const char *name, const char *fmt, ...)
{
	struct exchange_header *h = &x->headers[x->headers_n];
	va_list ap;
	int n;

	if (x->headers_n == EXCHANGE_HEADERS_MAX)
		return;
	va_start(ap, fmt);
	n = vsnprintf(h->value, sizeof(h->value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(h->value) || has_controls(h->value))
		return;
	h->name = name;
	x->headers_n++;
}

void
exchange_bind(struct exchange *x)
{
	x->binding_n = 0;
	if (x->bind != NULL)
		x->bind(x);
}

void
exchange_date(int64_t at_s, char to[static EXCHANGE_DATE_MAX])
{
	time_t t = (time_t)at_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    strftime(to, EXCHANGE_DATE_MAX, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
		to[0] = '\0';
}

void
exchange_header_text(struct exchange *x, const char *name, const char *value)
{
	struct exchange_header *h = &x->headers[x->headers_n];
	size_t n = strlen(value);

	if (x->headers_n == EXCHANGE_HEADERS_MAX || n >= sizeof(h->value))
		return;
	memcpy(h->value, value, n + 1);
	h->name = name;
	x->headers_n++;
}

bool
exchange_ask_header(const struct exchange *x, const char *name, struct octets *ret)
{
	*ret = octets_of(NULL, 0);
	return x->header == NULL || x->header(x, name, ret);
}

void
exchange_free(struct exchange *x)
{
	bytes_free(&x->ask.body);
	bytes_free(&x->reply);
	shared_drop(x->shared);
	x->shared = NULL;
	free(x->state);
	x->state = NULL;
}

void
exchange_wake(struct exchange *x)
{
	x->waits = false;
	if (x->wake != NULL)
		x->wake(x);
}
