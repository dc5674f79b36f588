/* daemon/html.h - text as it may stand in HTML, between tags or in a quoted attribute. */
#ifndef QUATRAIN_DAEMON_HTML_H
#define QUATRAIN_DAEMON_HTML_H

#include "base/bytes.h"

/* Append text; & < > " and ' become references, and what is no printable ASCII becomes a "?". */
void html_put(struct bytes *b, const char *text);

#endif
