/* base/log.c - see log.h. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define TAIL "\" cut=yes\n" /* the most that a line still needs when it is full */

/* A line in the making; its last octets are kept for the tail. */
struct line {
	char at[LOG_LINE_MAX];
	size_t n;
	bool full; /* takes nothing more */
	bool cut;  /* something is missing: it was full, or a value too long */
};

static const char *const LEVELS[] = { "debug", "info", "warn", "error" };

static const char *who_logs = "quatrain";
static enum log_level least_logged = LOG_INFO;

void
log_start(const char *who, enum log_level least)
{
	who_logs = who;
	least_logged = least;
}

/* All of s or nothing. */
static bool
put(struct line *l, const char *s, size_t n)
{
	if (l->full || l->n + n > sizeof(l->at) - sizeof(TAIL)) {
		l->full = l->cut = true;
		return false;
	}
	memcpy(l->at + l->n, s, n);
	l->n += n;
	return true;
}

static bool
is_bare(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || *s == '"' || *s == '=' || *s == '\\')
			return false;
	return true;
}

/* One octet inside quotes; its escape is never cut in two. */
static bool
put_escaped(struct line *l, char c)
{
	char hex[5];

	if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
		return put(l, &c, 1);
	(void)snprintf(hex, sizeof(hex), "\\x%02x", (unsigned)(unsigned char)c);
	return put(l, hex, 4);
}

/* A long value is cut by itself, so that a peer cannot push the pairs behind it out of the line. */
static void
put_value(struct line *l, const char *value)
{
	size_t from = l->n;

	if (is_bare(value) && strlen(value) <= LOG_VALUE_MAX) {
		(void)put(l, value, strlen(value));
		return;
	}
	if (!put(l, "\"", 1))
		return;
	for (; *value != '\0'; value++) {
		if (l->n - from > LOG_VALUE_MAX) {
			l->cut = true;
			break;
		}
		if (!put_escaped(l, *value))
			break;
	}
	l->at[l->n++] = '"'; /* the tail keeps room for it */
}

static void
put_pair(struct line *l, const char *key, const char *value)
{
	size_t before = l->n;

	if ((before > 0 && !put(l, " ", 1)) || !put(l, key, strlen(key)) || !put(l, "=", 1))
		l->n = before; /* no key without its value */
	else
		put_value(l, value);
}

static void
put_time(struct line *l)
{
	char text[TEXT_TIME_MAX], full[TEXT_TIME_MAX + 8];
	int64_t now_us = clock_now_us();

	text_time(now_us / 1000000, text);
	(void)snprintf(full, sizeof(full), "%.19s.%03uZ", text, (unsigned)(now_us / 1000 % 1000));
	put_pair(l, "time", full);
}

static void
end_line(struct line *l)
{
	const char *tail = l->cut ? " cut=yes\n" : "\n";

	memcpy(l->at + l->n, tail, strlen(tail));
	l->n += strlen(tail);
	/* A line that cannot be written has nowhere to be told. */
	while (write(STDERR_FILENO, l->at, l->n) < 0 && errno == EINTR)
		continue;
}

void
log_fact(enum log_level level, const char *event, ...)
{
	struct line l = { .n = 0 };
	const char *key;
	va_list ap;

	if (level < least_logged)
		return;
	put_time(&l);
	put_pair(&l, "level", LEVELS[level]);
	put_pair(&l, "who", who_logs);
	put_pair(&l, "event", event);
	va_start(ap, event);
	while ((key = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);

		put_pair(&l, key, value == NULL ? "" : value);
		if (value == NULL) /* it may be the closing NULL itself */
			break;
	}
	va_end(ap);
	end_line(&l);
}
