/* daemon/entry_lines.c - see entry_lines.h. */
#include "daemon/entry_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "ca/note.h"
#include "ca/proof_file.h"
#include "daemon/cli_call.h"

#define PROGRESS 10000 /* entries */

static uint64_t
index_of(struct octets line, uint64_t fallback)
{
	struct json *j = NULL;
	struct fault none;
	int64_t n = -1;

	if (json_parse(line, &j, &none) && json_number(j, "n", 0, INT64_MAX >> 11, -1, &n) && n < 0)
		n = -1;
	json_free(j);
	return n < 0 ? fallback : (uint64_t)n;
}

bool
entry_lines_take(struct entry_lines *e, struct octets line, struct fault *f)
{
	uint8_t prev[LOG_HASH_OCTETS];

	if (!e->began) {
		e->began = true;
		e->next = index_of(line, 0);
	} else if (log_prev(line, prev) && memcmp(prev, e->leaf, sizeof(prev)) != 0) {
		e->altered(e->with, e->next - 1, "the entry behind it names another hash for it");
	}
	log_line_leaf(line, e->next, e->leaf);
	if (e->next == e->edge.size)
		log_edge_add(&e->edge, e->leaf);
	if (e->progress && isatty(STDERR_FILENO) == 1 && e->next % PROGRESS == PROGRESS - 1)
		(void)fprintf(stderr, "\r%" PRIu64 " entries", e->next + 1);
	e->next++;
	return e->line(e->with, line, e->next - 1, f);
}

bool
entry_lines_page(struct entry_lines *e, struct octets page, uint64_t *ret_n, struct fault *f)
{
	*ret_n = 0;
	while (page.n > 0) {
		const uint8_t *end = memchr(page.at, '\n', page.n);
		struct octets line = octets_of(page.at, end == NULL ? 0 : (size_t)(end - page.at));

		if (end == NULL)
			return fault_set(f, FAULT_BADREQ, "replay: an entry is cut short");
		page = octets_of(end + 1, page.n - line.n - 1);
		(*ret_n)++;
		if (!entry_lines_take(e, line, f))
			return false;
	}
	return true;
}

static bool
take_all(struct entry_lines *e, FILE *in, const char *name, struct fault *f)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	bool ok = true;

	while (ok && (n = getline(&line, &room, in)) > 0) {
		if (line[n - 1] != '\n' || n > LOG_ENTRY_MAX)
			ok = fault_set(
			    f, FAULT_BADREQ, "%.100s: a line too long or cut short", name);
		else if (n > 1)
			ok = entry_lines_take(e, octets_of(line, (size_t)n - 1), f);
	}
	free(line);
	return ok;
}

bool
entry_lines_file(struct entry_lines *e, const char *path, struct fault *f)
{
	bool ok;
	FILE *in;

	if (strcmp(path, "-") == 0)
		return take_all(e, stdin, "standard input", f);
	if ((in = fopen(path, "rbe")) == NULL)
		return fault_errno(f, FAULT_NOTFOUND, "replay: %s", path);
	ok = take_all(e, in, path, f);
	(void)fclose(in);
	return ok;
}

static bool
hold_folder(struct entry_lines *e, const char *dir, struct fault *f)
{
	char path[LOG_PATH_MAX];
	struct bytes text = { 0 };
	uint8_t root[LOG_HASH_OCTETS];
	struct log_note note;
	bool ok;

	(void)snprintf(path, sizeof(path), "%.1000s/checkpoint", dir);
	ok = cli_read_file(path, PROOF_FILE_MAX, &text, f) &&
	     log_note_read(octets_bytes(&text), &note, f);
	if (ok && e->edge.size == e->next && note.size == e->next) {
		log_edge_root(&e->edge, root);
		if (memcmp(root, note.root, sizeof(root)) != 0)
			e->altered(e->with, e->next - 1,
			    "the lines are not the tree that the checkpoint names");
	} else if (ok && note.size <= e->next && e->edge.size == e->next) {
		ok = fault_set(f, FAULT_BADREQ, "entries.jsonl: more lines than were signed");
	}
	bytes_free(&text);
	return ok;
}

bool
entry_lines_folder(struct entry_lines *e, const char *dir, struct fault *f)
{
	char path[LOG_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.1000s/entries.jsonl", dir);
	return entry_lines_file(e, path, f) && hold_folder(e, dir, f);
}
