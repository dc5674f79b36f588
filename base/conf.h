/*
 * base/conf.h - one YAML file into one typed struct, by a table of keys.
 *
 * Anchors, aliases, tags, directives, a second document, duplicate keys, depth over
 * CONF_DEPTH_MAX and files over CONF_MAX_OCTETS are refused while they are read.
 * Every fault in a file reads "FILE:LINE: KEY: expected WHAT, found WHAT".
 */
#ifndef QUATRAIN_BASE_CONF_H
#define QUATRAIN_BASE_CONF_H

#include <stddef.h>

#include "base/fault.h"

#define CONF_MAX_OCTETS 65536
#define CONF_DEPTH_MAX  16
#define CONF_TEXT_MAX   256 /* room of every text value, the NUL included */
#define CONF_LIST_MAX   16

enum conf_type {
	CONF_TEXT,     /* char[CONF_TEXT_MAX], not empty */
	CONF_LABEL,    /* char[CONF_TEXT_MAX], a DNS label */
	CONF_HOST,     /* char[CONF_TEXT_MAX], a DNS name */
	CONF_ADDRESS,  /* char[CONF_TEXT_MAX], host:port, [v6]:port; port 0 to 65535 */
	CONF_URL,      /* char[CONF_TEXT_MAX], http://host[:port][/path], no trailing slash kept */
	CONF_CHOICE,   /* char[CONF_TEXT_MAX], one of the words in more, split by '|' */
	CONF_COUNT,    /* int64_t; more is "lo..hi" */
	CONF_DURATION, /* int64_t seconds, as text_duration(); more is "0" where none may be said */
	CONF_BOOL,     /* bool; true or false */
	CONF_LIST,     /* struct conf_list of texts */
	CONF_CHOICES,  /* struct conf_list of words in more, split by '|', each at most once */
	CONF_ROWS,     /* a list of mappings; more is a struct conf_rows. The field is how many, a
			  size_t, and right behind it room for the most */
};

struct conf_list {
	size_t n;
	char at[CONF_LIST_MAX][CONF_TEXT_MAX];
	size_t line[CONF_LIST_MAX]; /* where each stands in the file; 0: of the fallback */
};

struct conf_key {
	const char *path; /* "listen.secure"; a segment has at most 48 octets, the whole 127 */
	enum conf_type type;
	size_t offset;        /* of the field in the caller's struct */
	const char *fallback; /* as in the file, a list split by ','; NULL: the field is zeros */
	const void *more;     /* a text for CONF_CHOICE, CONF_CHOICES, CONF_COUNT, CONF_DURATION */
};

/* What one mapping of a CONF_ROWS may have: its keys' offsets are in a row of size octets. */
struct conf_rows {
	const struct conf_key *keys;
	size_t n, size, max;
};

/*
 * Set every key's fallback in ret, then what the file says. file may be NULL:
 * fallbacks only. On failure the contents of ret are unspecified.
 * Faults: FAULT_NOTFOUND the file cannot be read, FAULT_BADREQ anything in it
 */
bool conf_load(
    const char *file, const struct conf_key *keys, size_t n, void *ret, struct fault *f) CHECKED;

/* The same from memory; name stands for the file in faults. */
bool conf_parse(const char *name, const char *yaml, size_t len, const struct conf_key *keys,
    size_t n, void *ret, struct fault *f) CHECKED;

/* The same; lines[i] is where keys[i] stands in the file, 0 where it does not. */
bool conf_parse_lines(const char *name, const char *yaml, size_t len, const struct conf_key *keys,
    size_t n, void *ret, size_t *lines, struct fault *f) CHECKED;

/* A fault as all in a file read, for what a table cannot check: FAULT_BADREQ; returns false. */
bool conf_refuse(const char *name, size_t line, const char *key, const char *expected,
    const char *found, struct fault *f);

#endif
