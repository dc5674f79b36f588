/* daemon/cursor.c - see cursor.h. */
#include "daemon/cursor.h"

#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "daemon/api.h"

/* A path has no NUL, so that where it ends is plain. */
static bool
sum(struct octets path, struct octets key, uint8_t to[static CURSOR_SUM])
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes both = { 0 };
	struct fault f;
	bool ok;

	bytes_put_octets(&both, path);
	bytes_put_u8(&both, 0);
	bytes_put_octets(&both, key);
	if ((ok = bytes_ok(&both, &f))) {
		digest_of(octets_bytes(&both), digest);
		memcpy(to, digest, CURSOR_SUM);
	}
	bytes_free(&both);
	return ok;
}

void
cursor_put(struct json *page, struct octets path, struct octets key)
{
	uint8_t all[STORE_KEY_MAX + CURSOR_SUM];

	if (key.n > STORE_KEY_MAX || !sum(path, key, all + key.n)) {
		json_put_text(page, "next", NULL); /* and then nothing is written */
		return;
	}
	memcpy(all, key.at, key.n);
	json_put_hex(page, "next", all, key.n + CURSOR_SUM);
}

bool
cursor_read(
    struct octets path, const char *text, uint8_t *key, size_t size, size_t *ret, struct fault *f)
{
	uint8_t all[STORE_KEY_MAX + CURSOR_SUM], due[CURSOR_SUM];
	size_t letters = strlen(text), n = letters / 2;

	*ret = 0;
	if (letters == 0)
		return true;
	if (n <= CURSOR_SUM || n > sizeof(all) || n - CURSOR_SUM > size ||
	    strpbrk(text, "ABCDEF") != NULL || !text_unhex(text, all, n) ||
	    !sum(path, octets_of(all, n - CURSOR_SUM), due) ||
	    memcmp(due, all + n - CURSOR_SUM, CURSOR_SUM) != 0)
		return fault_set(f, FAULT_BADREQ, "after: expected the next of an earlier page");
	*ret = n - CURSOR_SUM;
	memcpy(key, all, *ret);
	return true;
}

bool
cursor_of(const struct exchange *x, uint8_t *key, size_t size, size_t *ret, struct fault *f)
{
	char text[CURSOR_TEXT];

	return api_query(x, "after", text, sizeof(text), f) &&
	       cursor_read(x->path, text, key, size, ret, f);
}
