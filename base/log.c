/* base/log.c - see log.h. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define TAIL      "\" cut=yes\n" /* the most that a line still needs when it is full */
#define PAIRS_MAX 24

struct pair {
	const char *key, *value;
};

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
static enum log_format form = LOG_LOGFMT;

void
log_start(const char *who, enum log_level least)
{
	who_logs = who;
	least_logged = least;
}

void
log_form(enum log_format format)
{
	form = format;
}

bool
log_wants(enum log_level level)
{
	return level >= least_logged;
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
time_text(char to[static TEXT_TIME_MAX + 8])
{
	char text[TEXT_TIME_MAX];
	int64_t now_us = clock_now_us();

	text_time(now_us / 1000000, text);
	(void)snprintf(
	    to, TEXT_TIME_MAX + 8, "%.19s.%03uZ", text, (unsigned)(now_us / 1000 % 1000));
}

/* A line that cannot be written has nowhere to be told. */
static void
write_line(const void *at, size_t n)
{
	while (write(STDERR_FILENO, at, n) < 0 && errno == EINTR)
		continue;
}

static void
write_logfmt(const struct pair *pairs, size_t n)
{
	struct line l = { .n = 0 };
	const char *tail;

	for (size_t i = 0; i < n; i++)
		put_pair(&l, pairs[i].key, pairs[i].value);
	tail = l.cut ? " cut=yes\n" : "\n";
	memcpy(l.at + l.n, tail, strlen(tail));
	write_line(l.at, l.n + strlen(tail));
}

/* False where it does not fit, or there is no memory for it. */
static bool
write_object(const struct pair *pairs, size_t n, bool cut)
{
	struct json *j = json_object();
	struct bytes line = { 0 };
	struct fault f;
	bool ok;

	for (size_t i = 0; i < n; i++) {
		size_t len = strnlen(pairs[i].value, LOG_VALUE_MAX + 1);

		cut |= len > LOG_VALUE_MAX;
		if (len > LOG_VALUE_MAX)
			len = LOG_VALUE_MAX;
		json_put_octets(j, pairs[i].key, octets_of(pairs[i].value, len));
	}
	if (cut)
		json_put_text(j, "cut", "yes");
	ok = json_write(j, &line, &f);
	json_free(j);
	bytes_put_text(&line, "\n");
	ok = ok && bytes_ok(&line, &f) && line.n <= LOG_LINE_MAX;
	if (ok)
		write_line(line.at, line.n);
	bytes_free(&line);
	return ok;
}

/* The last pairs are left out of a line that is too long; what must not be lost stands first. */
static void
write_json(const struct pair *pairs, size_t n)
{
	for (size_t kept = n; kept > 0; kept--)
		if (write_object(pairs, kept, kept < n))
			return;
	write_logfmt(pairs, n);
}

void
log_fact(enum log_level level, const char *event, ...)
{
	char now[TEXT_TIME_MAX + 8];
	struct pair pairs[PAIRS_MAX] = { { "time", now }, { "level", LEVELS[level] },
		{ "who", who_logs }, { "event", event } };
	size_t n = 4;
	const char *key;
	va_list ap;

	if (!log_wants(level))
		return;
	time_text(now);
	va_start(ap, event);
	while (n < PAIRS_MAX && (key = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);

		pairs[n++] = (struct pair){ key, value == NULL ? "" : value };
		if (value == NULL) /* it may be the closing NULL itself */
			break;
	}
	va_end(ap);
	if (form == LOG_JSON)
		write_json(pairs, n);
	else
		write_logfmt(pairs, n);
}
