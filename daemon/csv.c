/* daemon/csv.c - see csv.h. */
#include "daemon/csv.h"

#include <string.h>

#include "base/text.h"

/* A row in the making. */
struct making {
	struct csv_row row;
	size_t used;
	size_t column; /* of the octet that is looked at, from 1 */
};

void
csv_open(struct csv *c, struct octets text)
{
	(void)octets_take_text(&text, "\xef\xbb\xbf");
	*c = (struct csv){ .left = text, .line = 1 };
}

static bool
refuse(const struct csv *c, const struct making *m, const char *why, struct fault *f)
{
	return fault_set(f, FAULT_BADREQ, "csv: RFC 4180 section 2: line %zu, column %zu: %s",
	    c->line, m->column, why);
}

static void
step(struct csv *c, struct making *m, size_t n)
{
	c->left.at += n;
	c->left.n -= n;
	m->column += n;
}

static bool
put(struct making *m, const void *at, size_t n)
{
	if (n > sizeof(m->row.text) - m->used)
		return false;
	(void)memcpy(m->row.text + m->used, at, n);
	m->used += n;
	return true;
}

/* One character into the cell. */
static bool
take(struct csv *c, struct making *m, struct fault *f)
{
	uint32_t code = 0;
	size_t n = text_utf8(c->left, &code);

	if (n == 0)
		return refuse(c, m, "expected UTF-8", f);
	if (code < ' ' || (code >= 0x7f && code <= 0x9f))
		return refuse(c, m, "expected no control character", f);
	if (!put(m, c->left.at, n))
		return fault_set(f, FAULT_LIMIT, "csv: line %zu: the row is over %d octets",
		    c->line, CSV_ROW_MAX);
	step(c, m, n);
	return true;
}

static bool
at(const struct csv *c, char letter)
{
	return c->left.n > 0 && c->left.at[0] == (uint8_t)letter;
}

/* Octets of the line end that comes now, or 0. */
static size_t
line_end(const struct csv *c)
{
	if (at(c, '\n'))
		return 1;
	return c->left.n > 1 && c->left.at[0] == '\r' && c->left.at[1] == '\n' ? 2 : 0;
}

static bool
take_quoted(struct csv *c, struct making *m, struct fault *f)
{
	step(c, m, 1);
	for (;;) {
		if (c->left.n == 0 || line_end(c) > 0)
			return refuse(c, m, "expected a closing quote before the line's end", f);
		if (at(c, '"')) {
			step(c, m, 1);
			if (!at(c, '"'))
				break;
		}
		if (!take(c, m, f))
			return false;
	}
	if (c->left.n > 0 && !at(c, ',') && line_end(c) == 0)
		return refuse(c, m, "expected a comma behind the closing quote", f);
	return true;
}

static bool
take_plain(struct csv *c, struct making *m, struct fault *f)
{
	while (c->left.n > 0 && !at(c, ',') && line_end(c) == 0) {
		if (at(c, '"'))
			return refuse(c, m, "expected a cell with a quote in it in quotes", f);
		if (!take(c, m, f))
			return false;
	}
	return true;
}

static bool
take_cell(struct csv *c, struct making *m, struct fault *f)
{
	if (m->row.n == CSV_CELLS_MAX)
		return fault_set(f, FAULT_LIMIT, "csv: line %zu, column %zu: over %d cells",
		    c->line, m->column, CSV_CELLS_MAX);
	m->row.cell[m->row.n++] = m->row.text + m->used;
	if (!(at(c, '"') ? take_quoted(c, m, f) : take_plain(c, m, f)))
		return false;
	if (!put(m, "", 1))
		return fault_set(f, FAULT_LIMIT, "csv: line %zu: the row is over %d octets",
		    c->line, CSV_ROW_MAX);
	return true;
}

bool
csv_next(struct csv *c, struct csv_row *ret, bool *ret_more, struct fault *f)
{
	struct making m = { .column = 1 };
	size_t n;

	while ((n = line_end(c)) > 0) {
		step(c, &m, n);
		c->line++;
	}
	m.column = 1;
	m.row.line = c->line;
	*ret_more = c->left.n > 0;
	if (!*ret_more)
		return true;
	for (;;) {
		if (!take_cell(c, &m, f))
			return false;
		if (!at(c, ','))
			break;
		step(c, &m, 1);
	}
	step(c, &m, line_end(c));
	c->line++;
	*ret = m.row;
	/* The cells lie in ret now, not in what it was copied from. */
	for (size_t i = 0; i < ret->n; i++)
		ret->cell[i] = ret->text + (m.row.cell[i] - m.row.text);
	return true;
}

void
csv_put(struct bytes *b, const char *cell)
{
	if (cell[strcspn(cell, ",\"\r\n")] == '\0') {
		bytes_put_text(b, cell);
		return;
	}
	bytes_put_text(b, "\"");
	for (; *cell != '\0'; cell++) {
		if (*cell == '"')
			bytes_put_text(b, "\"");
		bytes_put(b, cell, 1);
	}
	bytes_put_text(b, "\"");
}
