/* daemon/sse.c - see sse.h. */
#include "daemon/sse.h"

#include <string.h>

static const char field_data[] = "data", field_event[] = "event", field_id[] = "id",
		  field_retry[] = "retry";

static bool
is_act(struct octets act)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";

	for (size_t i = 0; i < act.n; i++)
		if (memchr(plain, act.at[i], sizeof(plain) - 1) == NULL)
			return false;
	return act.n > 0;
}

/* Each line end that a reader knows begins another line of data. */
static void
put_data(struct bytes *to, struct octets data)
{
	bytes_put_text(to, "data: ");
	for (size_t i = 0; i < data.n; i++) {
		if (data.at[i] == '\r' && i + 1 < data.n && data.at[i + 1] == '\n')
			continue;
		if (data.at[i] == '\n' || data.at[i] == '\r')
			bytes_put_text(to, "\ndata: ");
		else
			bytes_put_u8(to, data.at[i]);
	}
	bytes_put_text(to, "\n");
}

void
sse_put(struct bytes *to, struct octets id, struct octets act, struct octets data)
{
	bytes_put_text(to, "id: ");
	bytes_put_octets(to, id);
	bytes_put_text(to, "\n");
	if (data.n > 0) {
		bytes_put_text(to, "event: ");
		bytes_put_octets(to, is_act(act) ? act : octets_text("entry"));
		bytes_put_text(to, "\n");
		put_data(to, data);
	}
	bytes_put_text(to, "\n");
}

struct sse
sse_begin(void)
{
	return (struct sse){ .retry_ms = -1 };
}

void
sse_again(struct sse *s)
{
	bytes_clear(&s->line);
	bytes_clear(&s->event);
	bytes_clear(&s->data);
	s->begun = s->after_cr = false;
}

void
sse_free(struct sse *s)
{
	bytes_free(&s->line);
	bytes_free(&s->event);
	bytes_free(&s->data);
	bytes_free(&s->id);
}

/* An empty line: what was gathered is an event, if it has data. */
static bool
dispatch(struct sse *s, sse_told *told, void *with, struct fault *f)
{
	struct sse_event e = { .event = octets_bytes(&s->event), .id = octets_bytes(&s->id) };
	bool ok = true;

	if (!bytes_ok(&s->event, f) || !bytes_ok(&s->data, f) || !bytes_ok(&s->id, f))
		return false;
	if (s->data.n > 0) {
		e.data = octets_of(s->data.at, s->data.n - 1); /* the last line's end */
		if (e.event.n == 0)
			e.event = octets_text("message");
		ok = told(with, &e, f);
	}
	bytes_clear(&s->event);
	bytes_clear(&s->data);
	return ok;
}

static void
take_retry(struct sse *s, struct octets value)
{
	int64_t ms = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return;
		ms = ms * 10 + (value.at[i] - '0');
		if (ms > SSE_RETRY_MAX_MS)
			ms = SSE_RETRY_MAX_MS;
	}
	if (value.n > 0)
		s->retry_ms = ms;
}

static void
take_field(struct sse *s, struct octets name, struct octets value)
{
	if (octets_same(name, octets_text(field_data))) {
		bytes_put_octets(&s->data, value);
		bytes_put_u8(&s->data, '\n');
	} else if (octets_same(name, octets_text(field_event))) {
		bytes_clear(&s->event);
		bytes_put_octets(&s->event, value);
	} else if (octets_same(name, octets_text(field_id))) {
		if (value.n > 0 && memchr(value.at, 0, value.n) != NULL)
			return;
		bytes_clear(&s->id);
		bytes_put_octets(&s->id, value);
	} else if (octets_same(name, octets_text(field_retry))) {
		take_retry(s, value);
	}
}

static bool
take_line(struct sse *s, sse_told *told, void *with, struct fault *f)
{
	struct octets line = octets_bytes(&s->line), value = { NULL, 0 };
	const uint8_t *colon;

	if (!s->begun) { /* a byte order mark is no part of it */
		s->begun = true;
		(void)octets_take_text(&line, "\xef\xbb\xbf");
	}
	if (line.n == 0)
		return dispatch(s, told, with, f);
	if ((colon = memchr(line.at, ':', line.n)) != NULL) {
		value = octets_of(colon + 1, line.n - (size_t)(colon - line.at) - 1);
		line.n = (size_t)(colon - line.at);
		(void)octets_take_text(&value, " ");
	}
	if (line.n > 0) /* else a comment */
		take_field(s, line, value);
	return s->data.n <= SSE_EVENT_MAX ||
	       fault_set(f, FAULT_LIMIT, "events: an event over %d octets", SSE_EVENT_MAX);
}

bool
sse_take(struct sse *s, struct octets piece, sse_told *told, void *with, struct fault *f)
{
	for (size_t i = 0; i < piece.n; i++) {
		uint8_t c = piece.at[i];
		bool second = c == '\n' && s->after_cr; /* of CR LF, which ends one line */

		s->after_cr = c == '\r';
		if (second)
			continue;
		if (c != '\r' && c != '\n') {
			bytes_put_u8(&s->line, c);
			if (s->line.n > SSE_EVENT_MAX)
				return fault_set(
				    f, FAULT_LIMIT, "events: a line over %d octets", SSE_EVENT_MAX);
			continue;
		}
		if (!bytes_ok(&s->line, f) || !take_line(s, told, with, f))
			return false;
		bytes_clear(&s->line);
	}
	return true;
}
