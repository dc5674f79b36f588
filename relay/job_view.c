/* relay/job_view.c - see job_view.h. */
#include "relay/job_view.h"

#include <stdio.h>
#include <string.h>

#include "relay/ipp_span.h"
#include "relay/ipp_write.h"

#define DESCRIPTION "job-description"
#define TEMPLATE    "job-template"
#define URI_MAX     512
#define TEXT_MAX    256

static void
put_texts(struct bytes *b, const struct job *j, const struct job_view *v, const struct wanted *w)
{
	char uri[URI_MAX], queue[URI_MAX], uuid[64], hex[2 * DOCUMENT_UUID + 1];
	const struct {
		const char *name;
		enum ipp_tag tag;
		const char *value;
	} rows[] = {
		{ "job-uri", IPP_URI, uri },
		{ "job-uuid", IPP_URI, uuid },
		{ "job-printer-uri", IPP_URI, queue },
		{ "job-name", IPP_NAME, v->name },
		{ "job-originating-user-name", IPP_NAME, v->user },
		{ "job-state-message", IPP_TEXT, job_state_message(j) },
		{ "document-format-supplied", IPP_MIME, j->format },
		{ "compression-supplied", IPP_KEYWORD,
		    j->compression[0] != '\0' ? j->compression : "none" },
	};

	text_hex(j->uuid, sizeof(j->uuid), hex);
	snprintf(uuid, sizeof(uuid), "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
	    hex + 16, hex + 20);
	snprintf(uri, sizeof(uri), "%s/ipp/job/%u", v->base, j->id);
	snprintf(queue, sizeof(queue), "%s/ipp/print%s%s", v->base,
	    j->printer[0] != '\0' ? "/" : "", j->printer);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (wanted_is(w, rows[i].name, DESCRIPTION))
			ipp_put_text(b, rows[i].tag, rows[i].name, rows[i].value);
}

static int32_t
count_of(uint64_t n)
{
	return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

static void
put_numbers(struct bytes *b, const struct job *j, const struct job_view *v, const struct wanted *w)
{
	const struct {
		const char *name;
		enum ipp_tag tag;
		int32_t value;
	} rows[] = {
		{ "job-id", IPP_INTEGER, (int32_t)j->id },
		{ "job-state", IPP_ENUM, (int32_t)j->state },
		{ "job-printer-up-time", IPP_INTEGER, (int32_t)(v->now_s - v->started_s) + 1 },
		{ "number-of-documents", IPP_INTEGER, j->octets > 0 ? 1 : 0 },
		{ "job-k-octets", IPP_INTEGER, count_of((j->octets + 1023) / 1024) },
		{ "job-impressions-completed", IPP_INTEGER, count_of(j->impressions) },
		{ "job-media-sheets-completed", IPP_INTEGER, count_of(j->sheets) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (wanted_is(w, rows[i].name, DESCRIPTION))
			ipp_put_number(b, rows[i].tag, rows[i].name, rows[i].value);
}

/* RFC 8011 section 5.3.14: the same moment twice, as up-time and as a date; no-value: not yet. */
static void
put_times(struct bytes *b, const struct job *j, const struct job_view *v, const struct wanted *w)
{
	const struct {
		const char *name, *date;
		int64_t at_s;
	} rows[] = {
		{ "time-at-creation", "date-time-at-creation", j->created_s },
		{ "time-at-processing", "date-time-at-processing", j->processing_s },
		{ "time-at-completed", "date-time-at-completed", j->completed_s },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t up = rows[i].at_s - v->started_s + 1;

		if (wanted_is(w, rows[i].name, DESCRIPTION)) {
			if (rows[i].at_s == 0)
				ipp_put_none(b, IPP_NO_VALUE, rows[i].name);
			else /* one from before we started: section 5.3.14 has 0 or less */
				ipp_put_number(
				    b, IPP_INTEGER, rows[i].name, (int32_t)(up < 1 ? 0 : up));
		}
		if (!wanted_is(w, rows[i].date, DESCRIPTION))
			continue;
		if (rows[i].at_s == 0)
			ipp_put_none(b, IPP_NO_VALUE, rows[i].date);
		else
			ipp_put_time(b, rows[i].date, rows[i].at_s);
	}
}

static void
put_reasons(struct bytes *b, const struct job *j, const struct wanted *w)
{
	const char *name = "job-state-reasons";

	if (!wanted_is(w, name, DESCRIPTION))
		return;
	for (uint32_t bit = 1; bit != 0; bit <<= 1) {
		const char *word =
		    (j->reasons & bit) != 0 ? job_reason_word((enum job_reason)bit) : NULL;

		if (word == NULL)
			continue;
		ipp_put_text(b, IPP_KEYWORD, name, word);
		name = "";
	}
	if (name[0] != '\0')
		ipp_put_text(b, IPP_KEYWORD, name, "none");
}

/* The attributes of the template whose names are wanted; their octets as they are. */
static void
put_template(struct bytes *b, const struct job *j, const struct wanted *w)
{
	struct ipp_span s = { .rest = octets_bytes(&j->template) };

	while (ipp_next_span(&s)) {
		char name[IPP_NAME_MAX + 1];

		snprintf(name, sizeof(name), "%.*s", (int)s.name.n, (const char *)s.name.at);
		if (wanted_is(w, name, TEMPLATE))
			bytes_put_octets(b, s.whole);
	}
}

void
job_view_put(struct bytes *b, const struct job *j, const struct job_view *v, const struct wanted *w)
{
	put_numbers(b, j, v, w);
	put_texts(b, j, v, w);
	put_reasons(b, j, w);
	put_times(b, j, v, w);
	put_template(b, j, w);
}
