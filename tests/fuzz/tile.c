/* tests/fuzz/tile.c - a tile's name that is taken is spelled the one way there is, and a tile that
 * a tree has lies inside it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/log_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
put_index(uint64_t index, struct bytes *to)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, index),
	       lead = (3 - n % 3) % 3;

	for (size_t i = 0; i < lead + n; i++) {
		if (i % 3 == 0)
			bytes_put_text(to, i + 3 < lead + n ? (i == 0 ? "x" : "/x")
					   : i == 0         ? ""
							    : "/");
		bytes_put_u8(to, (uint8_t)(i < lead ? '0' : digits[i - lead]));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct log_tile_name t;
	struct bytes b = { 0 };

	if (!log_tile_read_name(octets_of(at, n), &t))
		return 0;
	if (t.level > LOG_TILE_LEVEL || t.width == 0 || t.width > LOG_TILE_WIDTH)
		abort();
	if (t.entries)
		bytes_put_text(&b, "entries/");
	else
		bytes_put_fmt(&b, "%u/", t.level);
	put_index(t.index, &b);
	if (t.width < LOG_TILE_WIDTH)
		bytes_put_fmt(&b, ".p/%u", t.width);
	if (!octets_same(octets_bytes(&b), octets_of(at, n)))
		abort();
	bytes_free(&b);
	/* trees of growing sizes */
	for (unsigned i = 0; i < 64; i += 7) {
		uint64_t size = UINT64_C(1) << i;

		if (log_tile_in(size, t.level, t.index, t.width) &&
		    ((t.index << LOG_TILE_BITS) + t.width) > size >> t.level * LOG_TILE_BITS)
			abort();
	}
	return 0;
}
