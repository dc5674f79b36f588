/*
 * tests/unit/print_site.h - a queue without a socket: requests are put together by hand, given to
 * print_serve() in pieces, and their answers looked at.
 */
#ifndef QUATRAIN_TESTS_UNIT_PRINT_SITE_H
#define QUATRAIN_TESTS_UNIT_PRINT_SITE_H

#include "relay/ipp_write.h"
#include "relay/print.h"

struct print_site {
	struct print print;
	struct identity who;          /* alice's workstation, until a test says otherwise */
	struct decider_answer answer; /* of the decider */
	bool busy;                    /* nobody can decide */
	bool pins;                    /* they are taken */
	uint16_t key_fault;           /* what the signer says of one; 0: it keys it */
	bool soft;                    /* no thread has time */
	struct release_work *work;    /* of a PIN, until site_hardened() */
	bool keyless;                 /* no release certificate is known */
	int64_t now_s;
	unsigned asked; /* how often something was decided, and what last */
	struct decider_question question;
	unsigned changed;
	enum job_state changed_to;
	struct exchange x;
	struct ipp_head head; /* of the answer */
	size_t took;          /* octets of the body that were taken before the answer */
};
extern struct print_site site;

void site_new(void);
void site_free(void);

/* A message is begun, with charset, language and printer-uri; more attributes may follow. */
void site_begin(struct bytes *b, uint16_t operation, const char *printer_uri);
/* Give a request to path, its body in pieces of so many octets (0: at once), and let it be
 * committed. The answer is in site.x and site.head; its status is returned, or the status of HTTP,
 * where that is not 200. */
unsigned site_send(const char *path, struct octets body, size_t piece);
/* The thread is done with the PIN, in the midst of site_send() (which returns 0), and what waited
 * goes on; the status. */
unsigned site_hardened(bool ok);
/* The same as site_send() without the end: the client goes away. */
void site_break(const char *path, struct octets body, size_t n);
/* The end of the message is put behind b, it is sent as a whole, and freed. */
unsigned site_ask(const char *path, struct bytes *b);
/* The same with a document behind it. */
unsigned site_ask_with(const char *path, struct bytes *b, const char *document);

/* Of the answer: the number or the text of the nth job's (or printer's) attribute. */
int32_t site_number(enum ipp_group group, const char *name);
struct octets site_text(enum ipp_group group, const char *name);
/* How many jobs it has. */
unsigned site_jobs(void);

#endif
