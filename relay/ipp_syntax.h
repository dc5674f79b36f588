/*
 * relay/ipp_syntax.h - what the values of each tag may be: octets, and letters (RFC 8010
 * section 3.9, RFC 8011 section 5.1).
 */
#ifndef QUATRAIN_RELAY_IPP_SYNTAX_H
#define QUATRAIN_RELAY_IPP_SYNTAX_H

#include "relay/ipp_read.h"

/* Has v what its tag allows? False too for a tag that is none. */
bool ipp_fits(const struct ipp_value *v);
bool ipp_is_keyword(struct octets o);

#endif
