/* daemon/qr.c - see qr.h. */
#include "daemon/qr.h"

#include <string.h>

#include <qrencode.h>

#include "base/secret.h"
#include "daemon/html.h"

#define QUIET 4 /* modules around it */

/* Each row is one line, drawn through its middle: strokes for the dark runs, moves for the light
 * ones. */
static void
put_row(struct bytes *b, const unsigned char *row, int width, int y)
{
	int from = 0, x = 0;

	while (x < width) {
		int run = x;

		while (run < width && (row[run] & 1) == (row[x] & 1))
			run++;
		if ((row[x] & 1) != 0) {
			if (from == 0)
				bytes_put_fmt(b, "M%d %d.5", x + QUIET, y + QUIET);
			else
				bytes_put_fmt(b, "m%d 0", x - from);
			bytes_put_fmt(b, "h%d", run - x);
			from = run;
		}
		x = run;
	}
}

bool
qr_put_svg(struct bytes *b, const char *text, const char *label, struct fault *f)
{
	QRcode *code;
	int size;

	if (strlen(text) > QR_TEXT_MAX)
		return fault_set(f, FAULT_LIMIT, "qr: over %d octets", QR_TEXT_MAX);
	if ((code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "qr: libqrencode refuses the text");
	size = code->width + 2 * QUIET;
	bytes_put_fmt(b,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
	    size, size);
	html_put(b, label);
	bytes_put_fmt(b,
	    "\"><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path stroke=\"#000\" "
	    "shape-rendering=\"crispEdges\" d=\"",
	    size, size);
	for (int y = 0; y < code->width; y++)
		put_row(b, code->data + y * code->width, code->width, y);
	bytes_put_text(b, "\"/></svg>");
	secret_wipe(code->data, (size_t)code->width * (size_t)code->width);
	QRcode_free(code);
	return bytes_ok(b, f);
}
