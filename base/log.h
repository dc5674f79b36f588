/*
 * base/log.h - one line a fact, logfmt or JSON, to standard error.
 *
 * Only daemon/ calls it. A line is "time=... level=... who=... event=... key=value ...",
 * values quoted and escaped where they need it, written with one write(2), so
 * that lines of several processes never mix and no peer can forge one: inside
 * quotes a quote, a backslash and all but printable ASCII read \xNN. A value over
 * LOG_VALUE_MAX and a line over LOG_LINE_MAX are cut, and the line ends in cut=yes.
 * As JSON the same pairs are one canonical object of texts (base/json.h), in which UTF-8 stays and
 * whatever could break or disguise a line reads \xNN too. Never give it a secret.
 */
#ifndef QUATRAIN_BASE_LOG_H
#define QUATRAIN_BASE_LOG_H

#include <stdbool.h>

#define LOG_LINE_MAX  4096 /* octets, the line end included; what a pipe takes in one piece */
#define LOG_VALUE_MAX 512

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* The process's name in each line, kept by reference; lines below least are dropped. */
void log_start(const char *who, enum log_level least);
/* Of the lines from now on; logfmt at first. */
void log_form(enum log_format format);
/* Would a line of this level be written? For what is costly to say. */
bool log_wants(enum log_level level);

/*
 * At most 20 pairs of key and value, both texts, closed by NULL; a NULL value ends them too:
 * log_fact(LOG_INFO, "listen", "on", addr, NULL).
 */
void log_fact(enum log_level level, const char *event, ...) __attribute__((sentinel));

#endif
