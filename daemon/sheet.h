/*
 * daemon/sheet.h - a printable page of enrolment codes: a card a device, eight a page.
 *
 * HTML that needs nothing else: no script, no picture or font from anywhere, a
 * content security policy that allows its own style alone, by its hash. Each card has
 * a QR code (enrol_code.h) and the same in words. As secret as the tokens on it.
 */
#ifndef QUATRAIN_DAEMON_SHEET_H
#define QUATRAIN_DAEMON_SHEET_H

#include "base/bytes.h"

#define SHEET_CARDS_A_PAGE 8

struct sheet_card {
	const char *device, *profile, *expires;
	const char *url;   /* https://HOST[:PORT] */
	const char *token; /* SECRET.ROOT.TENANT.DEVICE */
	const char *code;  /* what the QR code holds */
};

/* Append the page's beginning; cards is their number. Fault: FAULT_INTERNAL. */
bool sheet_begin(struct bytes *b, const char *tenant, size_t cards, struct fault *f) CHECKED;
/* Append the i-th card, from 0. Faults: FAULT_BADREQ its token is none, those of qr_put_svg(). */
bool sheet_put(struct bytes *b, const char *tenant, const struct sheet_card *card, size_t i,
    struct fault *f) CHECKED;
/* Append its end, after cards of them. */
void sheet_end(struct bytes *b, size_t cards);

#endif
