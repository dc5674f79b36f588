/* relay/job_words.c - the keywords of RFC 8011 section 5.3.8 and PWG 5100.7 section 6.8 for what a
 * job's row says in bits; see job.h. */
#include "relay/job.h"

#include <stddef.h>

const char *
job_reason_word(enum job_reason r)
{
	static const struct {
		enum job_reason reason;
		const char *word;
	} words[] = {
		{ JOB_INCOMING, "job-incoming" },
		{ JOB_HELD_FOR_RELEASE, "job-held-for-release" },
		{ JOB_FETCHABLE, "job-fetchable" },
		{ JOB_PRINTING, "job-printing" },
		{ JOB_CANCELED_BY_USER, "job-canceled-by-user" },
		{ JOB_CANCELED_BY_OPERATOR, "job-canceled-by-operator" },
		{ JOB_CANCELED_AFTER, "job-canceled-after-timeout" },
		{ JOB_ABORTED_BY_SYSTEM, "aborted-by-system" },
		{ JOB_DONE, "job-completed-successfully" },
		{ JOB_WITH_ERRORS, "job-completed-with-errors" },
		{ JOB_LOCKED, "account-authorization-failed" },
		{ JOB_INTERRUPTED, "job-interrupted" },
		{ JOB_NO_PERMIT, "account-closed" },
		{ JOB_DATA_INSUFFICIENT, "job-data-insufficient" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].reason == r)
			return words[i].word;
	return NULL;
}

const char *
job_state_message(const struct job *j)
{
	static const char *const words[] = {
		[JOB_PENDING] = "on its way to the printer",
		[JOB_HELD] = "held until it is released at a printer",
		[JOB_PROCESSING] = "printing",
		[JOB_STOPPED] = "the printer needs somebody",
		[JOB_CANCELED] = "canceled",
		[JOB_ABORTED] = "not printed",
		[JOB_COMPLETED] = "printed",
	};

	if (j->says[0] != '\0')
		return j->says;
	if ((j->reasons & JOB_LOCKED) != 0)
		return "locked after too many wrong PINs";
	if ((j->reasons & JOB_INCOMING) != 0)
		return "its document is awaited";
	return j->state >= JOB_PENDING && j->state <= JOB_COMPLETED ? words[j->state] : "";
}
