/* daemon/relay_note.c - see relay_note.h. */
#include "daemon/relay_note.h"

#include <string.h>

#include "base/json.h"
#include "ca/printer.h"

#define REASONS_MAX 32 /* bits */

/* Has it a document, as a whole? */
static bool
is_there(const struct job *j)
{
	return j != NULL && j->octets > 0 && (j->reasons & JOB_INCOMING) == 0;
}

const char *
relay_note_act(const struct job *before, const struct job *after)
{
	bool was_over = before != NULL && job_is_over(before);

	if (job_is_over(after))
		return was_over ? NULL : ACTIVITY_ENDED;
	if (is_there(after) && !is_there(before))
		return ACTIVITY_ACCEPTED;
	if (before != NULL && after->device[0] != '\0' &&
	    strcmp(before->device, after->device) != 0)
		return ACTIVITY_RELEASED;
	return NULL;
}

static void
put_reasons(struct json *j, uint32_t reasons)
{
	struct json *words = json_array();

	for (unsigned i = 0; i < REASONS_MAX; i++) {
		uint32_t bit = UINT32_C(1) << i;
		const char *word =
		    (reasons & bit) == 0 ? NULL : job_reason_word((enum job_reason)bit);

		if (word != NULL)
			json_add_text(words, word);
	}
	json_put(j, "reasons", words);
}

static void
put_end(struct json *j, const struct job *job)
{
	json_put_text(j, "state",
	    job->state == JOB_COMPLETED  ? "completed"
	    : job->state == JOB_CANCELED ? "canceled"
					 : "aborted");
	put_reasons(j, job->reasons);
	json_put_number(j, "impressions", job->impressions);
	json_put_number(j, "sheets", job->sheets);
	if (job->connector[0] != '\0')
		json_put_text(j, "connector", job->connector);
}

bool
relay_note_entry(const char *act, const struct job *job, struct bytes *ret, struct fault *f)
{
	struct json *entry = json_object(), *j = json_object();
	const char *printer = job->device[0] != '\0' ? job->device : job->printer;
	char uuid[PRINTER_UUID_TEXT];
	bool ok;

	printer_uuid_text(job->uuid, uuid);
	json_put_text(entry, "act", act);
	json_put_time(entry, "t", job->changed_s);
	json_put_text(j, "uuid", uuid);
	json_put_number(j, "number", job->id);
	json_put_text(j, "owner", job->owner);
	if (printer[0] != '\0')
		json_put_text(j, "printer", printer);
	json_put_text(j, "encrypted_by", job->grade == JOB_GRADE_AGENT ? "agent" : "relay");
	json_put_number(j, "octets", (int64_t)job->octets);
	json_put_number(j, "copies", job->copies);
	if (job_is_over(job))
		put_end(j, job);
	json_put(entry, "job", j);
	ok = json_write(entry, ret, f);
	json_free(entry);
	return ok;
}

/* Whose PIN was guessed at, or whom policies refused: kept where refusals alone are. */
static bool
is_refusal(const struct job *j)
{
	return (j->reasons & (JOB_LOCKED | JOB_NO_PERMIT)) != 0;
}

void
relay_note_seen(void *with, const struct job *before, const struct job *after)
{
	struct relay_note *n = with;
	const char *act = relay_note_act(before, after);
	struct bytes line = { 0 };
	struct fault f;

	if (act == NULL)
		return;
	if (relay_note_entry(act, after, &line, &f)) {
		bytes_put_counted_text(&n->waiting, after->tenant);
		bytes_put_counted_text(&n->waiting, after->owner);
		bytes_put_u8(&n->waiting, is_refusal(after));
		bytes_put_counted(&n->waiting, octets_bytes(&line));
	}
	bytes_free(&line);
}

void
relay_note_committed(struct relay_note *n, bool made)
{
	struct reader in = reader_of(octets_bytes(&n->waiting));
	char tenant[TEXT_LABEL_MAX], owner[JOB_OWNER_MAX];

	while (made && in.n > 0 && !in.bad) {
		struct bytes line = { 0 };
		bool refusal;

		reader_counted_text(&in, tenant, sizeof(tenant));
		reader_counted_text(&in, owner, sizeof(owner));
		refusal = reader_u8(&in) != 0;
		bytes_put_octets(&line, reader_counted(&in));
		if (!in.bad)
			activity_note_line(
			    n->activity, tenant, octets_text(owner), !refusal, &line);
		bytes_free(&line);
	}
	bytes_free(&n->waiting);
}

void
relay_note_free(struct relay_note *n)
{
	bytes_free(&n->waiting);
}
