/*
 * daemon/cursor.h - where the next page of a list begins, as text that is opaque to clients.
 *
 * It is the last row's key, and behind it a sum over the list's path and the
 * key, in hex. The sum keeps nobody out, since whoever may read the list may
 * begin anywhere in it; it tells a cursor of another list, or one that was cut
 * or changed on its way, from a good one, so that no page is skipped unseen.
 */
#ifndef QUATRAIN_DAEMON_CURSOR_H
#define QUATRAIN_DAEMON_CURSOR_H

#include "base/exchange.h"
#include "base/json.h"
#include "base/store.h"

#define CURSOR_SUM 8 /* octets */
#define CURSOR_TEXT                                                                                \
	((STORE_KEY_MAX + CURSOR_SUM) * 2 + 1) /* letters of the longest, and its NUL              \
						*/

/* "next" of a page of the list at this path, of which key was the last. */
void cursor_put(struct json *page, struct octets path, struct octets key);
/* Into key, of size octets; *ret is how many, 0 for an empty text. Fault: FAULT_BADREQ it is none
 * of this list's. */
bool cursor_read(struct octets path, const char *text, uint8_t *key, size_t size, size_t *ret,
    struct fault *f) CHECKED;
/* The same of "after" in x's query. */
bool cursor_of(
    const struct exchange *x, uint8_t *key, size_t size, size_t *ret, struct fault *f) CHECKED;

#endif
