/* tests/fuzz/roster.c - a list of devices is rows of labels or a refusal; the line of a code
 * likewise; and what csv_put() writes csv_next() reads. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/csv.h"
#include "daemon/enrol_code.h"
#include "daemon/roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
check_roster(struct octets text)
{
	static const struct roster_row ours = { .profile = "printer" };
	struct roster r = { 0 };
	struct fault f;

	if (!roster_parse(text, &ours, &r, &f))
		return;
	for (size_t i = 0; i < r.n; i++)
		if (!text_is_label(r.at[i].device) || !text_is_label(r.at[i].profile) ||
		    r.at[i].ttl_s < 0 || r.at[i].ttl_s > ROSTER_TTL_MAX_S)
			abort();
	roster_free(&r);
}

/* Each row, written again, is the same row. */
static void
check_csv(struct octets text)
{
	struct csv_row row, again;
	struct csv c, d;
	struct fault f;
	bool more;

	csv_open(&c, text);
	while (csv_next(&c, &row, &more, &f) && more) {
		struct bytes b = { 0 };

		/* Before it a line of its own: a byte order mark is one at the beginning alone. */
		bytes_put_text(&b, "first\r\n");
		for (size_t i = 0; i < row.n; i++) {
			bytes_put_text(&b, i == 0 ? "" : ",");
			csv_put(&b, row.cell[i]);
		}
		bytes_put_text(&b, "\r\n");
		csv_open(&d, octets_bytes(&b));
		if (!csv_next(&d, &again, &more, &f))
			abort();
		/* One empty cell alone is an empty line, which is passed over. */
		if (row.n > 1 || row.cell[0][0] != '\0') {
			if (!csv_next(&d, &again, &more, &f) || !more || again.n != row.n)
				abort();
			for (size_t i = 0; i < row.n; i++)
				if (strcmp(row.cell[i], again.cell[i]) != 0)
					abort();
		}
		bytes_free(&b);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct enrol_code code = { 0 };
	static bool started;
	struct fault f;

	if (!started && !secret_start(&f))
		abort();
	started = true;
	check_roster(octets_of(at, n));
	check_csv(octets_of(at, n));
	if (enrol_code_read(octets_of(at, n), &code, &f) &&
	    (strncmp(code.url, "https://", 8) != 0 || code.token.n == 0))
		abort();
	secret_free(&code.token);
	return 0;
}
