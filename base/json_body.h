/*
 * base/json_body.h - a JSON object that comes as the body of a request that streams.
 */
#ifndef QUATRAIN_BASE_JSON_BODY_H
#define QUATRAIN_BASE_JSON_BODY_H

#include "base/exchange.h"
#include "base/json.h"

/*
 * Collect x's body, at most max octets, and call then(x, with, body) with what is lent for the
 * call. Else x is answered: 415 for another content type, 413, or 400. Called by a handler in place
 * of setting x->take; x->state is used until then is called. with: n octets of the handler's own,
 * which are copied.
 */
typedef void json_body_then(struct exchange *x, const void *with, const struct json *body);
void json_body(struct exchange *x, size_t max, const void *with, size_t n, json_body_then *then);

#endif
