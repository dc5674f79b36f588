/*
 * daemon/herald.h - the process that tells others: entries of the logs, posted to webhooks.
 *
 * It reads ledgers as edges do, keeps its own state in DATA/herald, and has no
 * line to the signer: nobody waits for it, and what it is asked (a test) it
 * finds in the platform's log. Each hook is served by itself, a post at a time
 * and in order: first what a post will hold is made durable, then it is sent,
 * again and again if need be, until it was taken; then that is made durable. So
 * every entry arrives at least once, and what arrives twice is the same post
 * with the same webhook-id, whatever happened to this process in between.
 *
 * Whom it connects to is the operator's word alone: a URL comes from the
 * configuration and from nowhere else, redirects are not followed and no proxy
 * of the environment is used, so no answer moves it to another place. Private
 * addresses are not refused: a receiver beside the service is what most have.
 *
 * Source: Standard Webhooks 1.0.0 (headers, signature scheme, retries, 410).
 */
#ifndef QUATRAIN_DAEMON_HERALD_H
#define QUATRAIN_DAEMON_HERALD_H

#include "base/digest.h"
#include "base/secret.h"
#include "ca/realm.h"
#include "daemon/settings.h"

#define HERALD_FOLDER      "herald" /* in DATA */
#define HERALD_ENTRIES_MAX 100      /* of a post */
#define HERALD_OCTETS_MAX  (512u << 10)
#define HERALD_ROWS_MAX    10000 /* entries looked at for one post */
#define HERALD_DELAY_MAX_S 86400
#define HERALD_ID_MAX      40
#define HERALD_SIGNED_MAX  160

int herald_main(int control);

/* --- daemon/herald_state.c: how far each hook has come, durable ------------------------------ */

/* Of one hook in one tenant's log. */
struct herald_place {
	uint64_t next;               /* the first entry that was not taken yet */
	uint64_t to;                 /* over next: a post of [next, to) was begun */
	uint8_t leaf[DIGEST_OCTETS]; /* leaf hash of entry next - 1; zeros where next is 0 */
};

struct herald_row {
	int64_t since_s;                /* when the hook was first seen */
	uint8_t stopped[DIGEST_OCTETS]; /* what it was like when a receiver said 410; else zeros */
};

/* Faults of all: FAULT_INTERNAL; FAULT_NOTFOUND there is no such row. */
bool herald_row(struct store *s, const char *hook, struct herald_row *ret, struct fault *f) CHECKED;
void herald_put_row(struct batch *b, const char *hook, const struct herald_row *row);
bool herald_place(struct store *s, const char *hook, const char *tenant, struct herald_place *ret,
    struct fault *f) CHECKED;
void herald_put_place(
    struct batch *b, const char *hook, const char *tenant, const struct herald_place *p);

/* --- daemon/herald_post.c: what is posted ---------------------------------------------------- */

struct herald_secrets {
	struct secret at[2]; /* the one of now; the one before, or empty */
};

/*
 * A file of mode 0600 or stricter: a line "whsec_" and base64 of 24 to 64
 * octets, and perhaps a second one, of the secret before: both sign. Fault:
 * FAULT_BADREQ, saying what was expected.
 */
bool herald_secrets(const char *path, struct herald_secrets *ret, struct fault *f) CHECKED;
void herald_secrets_free(struct herald_secrets *s);

struct herald_body {
	struct bytes text;
	size_t n;                         /* entries in it */
	char traceparent[TRACE_TEXT_MAX]; /* of the first that came with one; empty: none */
};

/* The entries of l from p->next on that w wants, as the body of a post; of an empty *ret. p->to is
 * where it ends, and with none of them how far none is wanted. With p->to set already it is that
 * post again. Fault: FAULT_INTERNAL. */
bool herald_body(const struct webhook *w, struct ledger *l, struct herald_place *p,
    struct herald_body *ret, struct fault *f) CHECKED;
/* The body of a test: who asked for it stands in entry index of the platform's log. */
bool herald_test_body(const struct webhook *w, uint64_t index, int64_t now_s, struct bytes *ret,
    struct fault *f) CHECKED;

/* The same for the same entries of the same log, and another for any other. */
void herald_id(const struct webhook *w, const char *tenant, const struct herald_place *p,
    char to[static HERALD_ID_MAX]);
/* webhook-signature: "v1,..." by each secret, of id, time and body. Fault: FAULT_INTERNAL. */
bool herald_sign(const struct herald_secrets *s, const char *id, int64_t now_s, struct octets body,
    char to[static HERALD_SIGNED_MAX], struct fault *f) CHECKED;

/* Seconds to wait after so many failures in a row (1: the first), of which chance takes up to half
 * away; at least as long as the receiver asked for (-1: it did not), at most a day. */
int64_t herald_delay_s(unsigned failures, int64_t asked_s, uint32_t chance);

#endif
