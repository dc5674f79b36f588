/*
 * base/json_text.h - the letters of JSON, for json.c and conf_node.c; knows nothing of cJSON.
 *
 * cJSON lets pass what RFC 8259 does not (numbers like 01, raw control octets,
 * broken UTF-8, text behind the end), and recurses; so json_scan() looks first,
 * without recursion and without memory.
 */
#ifndef QUATRAIN_BASE_JSON_TEXT_H
#define QUATRAIN_BASE_JSON_TEXT_H

#include "base/bytes.h"
#include "base/fault.h"

#define JSON_NUMBER_MAX 40 /* octets of a number as written; cJSON ends at 63 */

/*
 * o is one JSON text in UTF-8, no deeper than JSON_DEPTH_MAX, without U+0000.
 * Duplicate names are not seen here. Fault: FAULT_BADREQ, with the offset.
 */
bool json_scan(struct octets o, struct fault *f) CHECKED;

/* Append s in quotes, escaped as RFC 8785 section 3.2.2.2 has it. */
void json_quote(struct bytes *b, const char *s);

#endif
