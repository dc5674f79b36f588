/*
 * base/problem.h - answers in JSON, and refusals as problem documents (RFC 9457).
 */
#ifndef QUATRAIN_BASE_PROBLEM_H
#define QUATRAIN_BASE_PROBLEM_H

#include "base/exchange.h"
#include "base/json.h"

/* Answer x with a JSON value; taken. */
void problem_answer(struct exchange *x, unsigned status, struct json *taken);

/* x's reply to a fault, all but its status, which is returned; members of the problem's own (RFC
 * 9457 section 3.2), a JSON object, or none. */
unsigned problem_fault(struct exchange *x, const struct fault *f, struct octets members);
/* Answer x with a problem. */
void problem_send(struct exchange *x, const struct fault *f);
/* 405 (RFC 9110 section 15.5.6), with the methods that there are; detail for people. */
void problem_other_method(struct exchange *x, const char *allow, const char *detail);

#endif
