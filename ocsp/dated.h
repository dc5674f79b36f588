/*
 * ocsp/dated.h - a signed answer with the headers that it is sent with.
 *
 * Made once and sent often: only what depends on the time of sending is made anew,
 * once a second.
 * Source: RFC 9919 section 6.2 (headers), RFC 9110 section 13.1.2 (If-None-Match).
 */
#ifndef QUATRAIN_OCSP_DATED_H
#define QUATRAIN_OCSP_DATED_H

#include "base/exchange.h"

#define DATED_TAG_MAX     67 /* a SHA-256 in hex, two quotes and a NUL */
#define DATED_CONTROL_MAX 96

struct dated {
	struct shared *answer;            /* OCSPResponse, DER */
	int64_t made_s, fresh_s, until_s; /* when asked for; not sent again after; nextUpdate */
	char tag[DATED_TAG_MAX];          /* ETag */
	char modified[EXCHANGE_DATE_MAX]; /* Last-Modified: thisUpdate */
	char expires[EXCHANGE_DATE_MAX];  /* Expires: nextUpdate */
	char control[DATED_CONTROL_MAX];  /* Cache-Control, as it was at control_s */
	int64_t control_s;
};

/* der is copied. What max_age_s says ends no later than the answer. *ret to dated_free(). Faults:
 * those of answer_times(), FAULT_INTERNAL. */
bool dated_make(struct octets der, int64_t made_s, int64_t max_age_s, struct dated *ret,
    struct fault *f) CHECKED;
/* r, in the place of what x has; 304 where a GET or HEAD has it already. */
void dated_put(struct dated *r, int64_t now_s, struct exchange *x);
/* An answer for one asker, that no cache may keep: der, lent for the call. */
void dated_put_once(struct octets der, struct exchange *x);
void dated_free(struct dated *r);

/* application/ocsp-response */
extern const char dated_type[];

#endif
