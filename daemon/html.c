/* daemon/html.c - see html.h. */
#include "daemon/html.h"

void
html_put(struct bytes *b, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			bytes_put_text(b, "?");
		else if (*text == '&' || *text == '<' || *text == '>' || *text == '"' ||
			 *text == '\'')
			bytes_put_fmt(b, "&#%d;", *text);
		else
			bytes_put(b, text, 1);
}
