/*
 * tests/clients/fatten.c - years of a tenant's life in a second.
 *
 * fatten STORE OCTETS: fills the store in that folder, which no service may be
 * using, with rows of a table that nobody reads, until so many octets are used.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/store.h"

#define TABLE      (STORE_TABLES - 1)
#define ROW_OCTETS 32768

static bool
fatten(struct store *s, uint64_t octets, struct fault *f)
{
	static uint8_t row[ROW_OCTETS];
	struct batch *b = batch_new(s);
	uint64_t used, room;
	bool ok = b != NULL;
	uint8_t key[8];

	for (uint64_t n = 0; ok; n++) {
		store_usage(s, &used, &room);
		if (used >= octets)
			break;
		batch_add(b, TABLE, octets_u64(n, key), octets_of(row, sizeof(row)));
		ok = batch_apply(b, f);
	}
	batch_free(b);
	return ok;
}

int
main(int argc, char **argv)
{
	struct store *s = NULL;
	struct fault f = { .text = "out of memory" };
	bool ok;

	if (argc != 3)
		return 2;
	ok = store_open(argv[1], STORE_WRITE, &s, &f) && fatten(s, strtoull(argv[2], NULL, 10), &f);
	store_close(s);
	if (!ok)
		(void)fprintf(stderr, "fatten: %s\n", f.text);
	return ok ? 0 : 1;
}
