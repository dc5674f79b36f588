/* ca/bundle_view.c - entries as other programs like them; see bundle_line.h. */
#include <inttypes.h>
#include <string.h>

#include "ca/bundle_line.h"

/* A row's cells: members of the entry by name, but for the two that are made. */
enum { CELL_TEXT, CELL_LEAF, CELL_MORE };
static const struct cell {
	const char *name;
	int kind;
} cells[] = {
	{ "n", CELL_TEXT }, { "at", CELL_TEXT }, { "act", CELL_TEXT }, { "by", CELL_TEXT },
	{ "from", CELL_TEXT }, { "rule", CELL_TEXT }, { "policy", CELL_TEXT },
	{ "name", CELL_TEXT }, { "serial", CELL_TEXT }, { "certificate", CELL_TEXT },
	{ "profile", CELL_TEXT }, { "reason", CELL_TEXT }, { "leaf", CELL_LEAF },
	{ "more", CELL_MORE }, /* what has no cell of its own, as JSON */
};
#define CELLS (sizeof(cells) / sizeof(cells[0]))

/*
 * o on one line. What the log wrote as \xNN stays as it is: a backslash is none of what could make
 * one line look like two, and this is to be read, not to be read back.
 */
static void
put_line(struct bytes *b, struct octets o)
{
	size_t from = 0;

	if (o.n == 0)
		return;
	for (size_t i = 0; i <= o.n; i++)
		if (i == o.n || o.at[i] == '\\') {
			text_put_safe(b, octets_of(o.at + from, i - from), false);
			if (i < o.n)
				bytes_put_u8(b, '\\');
			from = i + 1;
		}
}

/* A member as text: texts without their quotes, all else as canonical JSON. */
static bool
put_member(struct bytes *b, const struct json *value, struct fault *f)
{
	const char *text = json_as_text(value);
	struct bytes json = { 0 };
	bool ok;

	if (value == NULL)
		return true;
	if (text != NULL) {
		put_line(b, octets_text(text));
		return true;
	}
	ok = json_write(value, &json, f);
	if (ok)
		put_line(b, octets_bytes(&json));
	bytes_free(&json);
	return ok;
}

static bool
has_cell(const char *name)
{
	for (size_t i = 0; i < CELLS; i++)
		if (cells[i].kind == CELL_TEXT && strcmp(cells[i].name, name) == 0)
			return true;
	return strcmp(name, "prev") == 0; /* the leaf of the row before */
}

/* What has no cell: an object of it, empty where there is nothing. */
static bool
put_more(struct bytes *b, const struct json *j, struct fault *f)
{
	struct bytes text = { 0 };
	const char *at;
	bool ok = true;

	for (size_t i = 0; ok && (at = json_name_at(j, i)) != NULL; i++) {
		if (has_cell(at))
			continue;
		bytes_put_text(&text, text.n == 0 ? "{\"" : ",\"");
		text_put_printable(&text, octets_text(at));
		bytes_put_text(&text, "\":");
		ok = json_write(json_get(j, at), &text, f);
	}
	if (text.n > 0)
		bytes_put_u8(&text, '}');
	if (ok)
		put_line(b, octets_bytes(&text));
	bytes_free(&text);
	return ok;
}

static bool
put_cell(struct bytes *b, size_t i, const struct json *j,
    const uint8_t leaf[static LOG_HASH_OCTETS], struct fault *f)
{
	char hex[2 * LOG_HASH_OCTETS + 1];

	if (cells[i].kind == CELL_MORE)
		return put_more(b, j, f);
	if (cells[i].kind == CELL_TEXT)
		return put_member(b, json_get(j, cells[i].name), f);
	text_hex(leaf, LOG_HASH_OCTETS, hex);
	bytes_put_text(b, hex);
	return true;
}

void
bundle_source(
    const char *view, uint64_t from, uint64_t to, struct octets checkpoint, struct bytes *ret)
{
	bytes_put_fmt(ret,
	    "%s is a view of entries.jsonl: entries %" PRIu64 " to %" PRIu64
	    " of the log below. The evidence is entries.jsonl.\n\n",
	    view, from, to - 1);
	bytes_put_octets(ret, checkpoint);
}

/* --- comma-separated values --------------------------------------------------------------------
 */

void
bundle_csv_head(struct bytes *ret)
{
	for (size_t i = 0; i < CELLS; i++)
		bytes_put_fmt(ret, "%s\"%s\"", i == 0 ? "" : ",", cells[i].name);
	bytes_put_text(ret, "\r\n");
}

/* Spreadsheets compute what begins so, behind spaces too. */
static bool
is_formula(struct octets o)
{
	size_t i = 0;

	while (i < o.n && o.at[i] == ' ')
		i++;
	return i < o.n && memchr("=+-@", o.at[i], 4) != NULL;
}

static void
put_quoted(struct bytes *b, struct octets o)
{
	bytes_put_text(b, is_formula(o) ? "\"'" : "\"");
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] == '"')
			bytes_put_u8(b, '"');
		bytes_put_u8(b, o.at[i]);
	}
	bytes_put_u8(b, '"');
}

bool
bundle_csv(struct octets line, const uint8_t leaf[static LOG_HASH_OCTETS], struct bytes *ret,
    struct fault *f)
{
	struct bytes text = { 0 };
	struct json *j;
	bool ok;

	if (!json_parse(line, &j, f))
		return false;
	ok = true;
	for (size_t i = 0; ok && i < CELLS; i++) {
		bytes_clear(&text);
		if ((ok = put_cell(&text, i, j, leaf, f) && bytes_ok(&text, f))) {
			if (i > 0)
				bytes_put_u8(ret, ',');
			put_quoted(ret, octets_bytes(&text));
		}
	}
	bytes_put_text(ret, "\r\n");
	bytes_free(&text);
	json_free(j);
	return ok && bytes_ok(ret, f);
}

/* --- CEF 0 -------------------------------------------------------------------------------------
 */

/* How much an act asks to be looked at, 0 to 10; the others: 3. */
static const struct {
	const char *act;
	unsigned severity;
} severities[] = {
	{ "request.refused", 5 },
	{ "certificate.revoked", 6 },
	{ "certificate.held", 6 },
	{ "ca.revoked", 9 },
	{ "tenant.suspended", 8 },
	{ "region.suspended", 9 },
	{ "ledger.merged", 8 },
	{ "ledger.restored", 8 },
};

/* The extension's keys in their order: CEF's own names where it has one. */
static const struct {
	const char *key, *label, *member;
} fields[] = {
	{ "suser", NULL, "by" },
	{ "shost", NULL, "from" },
	{ "duser", NULL, "name" },
	{ "reason", NULL, "reason" },
	{ "fileHash", NULL, "certificate" },
	{ "cs1", "serial", "serial" },
	{ "cs2", "profile", "profile" },
	{ "cs3", "rule", "rule" },
	{ "cs4", "policy", "policy" },
	{ "cs5", "leaf", NULL },
	{ "cs6", "more", NULL },
};

/* In the header a pipe is escaped, in the extension an equals sign, in both a backslash; there are
 * no line ends any more. */
static void
put_escaped(struct bytes *b, struct octets o, char special)
{
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] == '\\' || o.at[i] == (uint8_t)special)
			bytes_put_u8(b, '\\');
		bytes_put_u8(b, o.at[i]);
	}
}

static void
put_head(struct bytes *b, const struct json *j, struct octets act)
{
	const char *at = json_text(j, "at");
	unsigned severity = 3;
	int64_t at_s, n;

	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (octets_same(act, octets_text(severities[i].act)))
			severity = severities[i].severity;
	bytes_put_text(b, "CEF:0|quatrain|log|1|");
	put_escaped(b, act, '|');
	bytes_put_u8(b, '|');
	put_escaped(b, act, '|');
	bytes_put_fmt(b, "|%u|", severity);
	if (at != NULL && log_time(at, &at_s))
		bytes_put_fmt(b, "rt=%" PRId64 " ", at_s * 1000);
	if (json_number(j, "n", 0, INT64_C(1) << 53, -1, &n) && n >= 0)
		bytes_put_fmt(b, "externalId=%" PRId64, n);
}

static bool
put_field(struct bytes *b, size_t i, const struct json *j,
    const uint8_t leaf[static LOG_HASH_OCTETS], struct fault *f)
{
	struct bytes text = { 0 };
	char hex[2 * LOG_HASH_OCTETS + 1];
	bool ok = true;

	if (fields[i].member != NULL) {
		ok = put_member(&text, json_get(j, fields[i].member), f);
	} else if (strcmp(fields[i].label, "leaf") == 0) {
		text_hex(leaf, LOG_HASH_OCTETS, hex);
		bytes_put_text(&text, hex);
	} else {
		ok = put_more(&text, j, f);
	}
	if (ok && text.n > 0) {
		if (fields[i].label != NULL)
			bytes_put_fmt(b, " %sLabel=%s", fields[i].key, fields[i].label);
		bytes_put_fmt(b, " %s=", fields[i].key);
		put_escaped(b, octets_bytes(&text), '=');
	}
	ok = ok && bytes_ok(&text, f);
	bytes_free(&text);
	return ok;
}

bool
bundle_cef(struct octets line, const uint8_t leaf[static LOG_HASH_OCTETS], struct bytes *ret,
    struct fault *f)
{
	struct bytes act = { 0 };
	const char *word;
	struct json *j;
	bool ok;

	if (!json_parse(line, &j, f))
		return false;
	word = json_text(j, "act");
	put_line(&act, octets_text(word != NULL ? word : "redacted"));
	ok = bytes_ok(&act, f);
	put_head(ret, j, octets_bytes(&act));
	for (size_t i = 0; ok && i < sizeof(fields) / sizeof(fields[0]); i++)
		ok = put_field(ret, i, j, leaf, f);
	bytes_put_u8(ret, '\n');
	bytes_free(&act);
	json_free(j);
	return ok && bytes_ok(ret, f);
}
