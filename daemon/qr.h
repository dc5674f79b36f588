/*
 * daemon/qr.h - a text as a QR code (ISO/IEC 18004), drawn in SVG.
 *
 * The only user of libqrencode. Correction level M: a sheet gets a thumb mark.
 */
#ifndef QUATRAIN_DAEMON_QR_H
#define QUATRAIN_DAEMON_QR_H

#include "base/bytes.h"

#define QR_TEXT_MAX 2048 /* octets; version 40 at level M holds 2331 */

/*
 * Append an svg element with the code of text, which holds no NUL, and its quiet zone of four
 * modules; it has no style, no script, and names nothing outside of it. label, escaped here, is
 * for who cannot see. Faults: FAULT_LIMIT, FAULT_INTERNAL.
 */
bool qr_put_svg(struct bytes *b, const char *text, const char *label, struct fault *f) CHECKED;

#endif
