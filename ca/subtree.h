/*
 * ca/subtree.h - name constraints: do the names of a certificate lie within a CA's walls?
 *
 * Our own reading, beside libcrypto's, since libraries differ most here. What
 * cannot be read, or is of a form that is not known here, allows nothing.
 * A leaf without any name of a form that is fenced in lies within: that it has
 * one is ca/leaf.h's to ask.
 * Source: RFC 5280 section 4.2.1.10.
 */
#ifndef QUATRAIN_CA_SUBTREE_H
#define QUATRAIN_CA_SUBTREE_H

#include "ca/cert.h"

#define SUBTREES_MAX 64 /* in one extension */

/* constraints is the extension's content (cert.extension[CERT_CONSTRAINTS]). Fault: FAULT_BADREQ.
 */
bool subtree_readable(struct octets constraints, struct fault *f) CHECKED;

/*
 * All names of c (its subject, its alternative names) are permitted and none is excluded.
 * Faults: FAULT_DENIED with the name, FAULT_BADREQ as subtree_readable()
 */
bool subtree_allows(struct octets constraints, const struct cert *c, struct fault *f) CHECKED;

/* Labels of letters, digits, hyphens and underscores, joined by dots. */
bool subtree_is_host(struct octets o);

/* host is zone, or lies in it; neither letter's case counts. */
bool subtree_host_within(struct octets host, struct octets zone);

#endif
