/* relay/job.c - see job.h. */
#include "relay/job.h"

#include <string.h>

#define EDITION 1

void
job_free(struct job *j)
{
	bytes_free(&j->template);
	bytes_free(&j->names);
	bytes_free(&j->envelope);
	bytes_free(&j->rewrapped);
	*j = (struct job){ .id = 0 };
}

void
job_write(const struct job *j, struct bytes *ret)
{
	bytes_put_u8(ret, EDITION);
	bytes_put_u32(ret, j->id);
	bytes_put(ret, j->uuid, sizeof(j->uuid));
	bytes_put_counted_text(ret, j->tenant);
	bytes_put_counted_text(ret, j->owner);
	bytes_put_counted_text(ret, j->printer);
	bytes_put_u8(ret, (uint8_t)j->grade);
	bytes_put_u8(ret, (uint8_t)j->release);
	bytes_put_u64(ret, (uint64_t)j->created_s);
	bytes_put_u64(ret, (uint64_t)j->expires_s);
	bytes_put_u32(ret, (uint32_t)j->copies);
	bytes_put_counted_text(ret, j->format);
	bytes_put_counted_text(ret, j->compression);
	bytes_put_counted(ret, octets_bytes(&j->template));
	bytes_put_counted(ret, octets_bytes(&j->names));
	bytes_put(ret, j->verifier, sizeof(j->verifier));
	bytes_put_u64(ret, j->octets);
	bytes_put_u8(ret, j->in_file ? 1 : 0);
	bytes_put_counted(ret, octets_bytes(&j->envelope));
	bytes_put_u8(ret, (uint8_t)j->state);
	bytes_put_u32(ret, j->reasons);
	bytes_put_u8(ret, j->attempts);
	bytes_put_u64(ret, (uint64_t)j->changed_s);
	bytes_put_u64(ret, (uint64_t)j->processing_s);
	bytes_put_u64(ret, (uint64_t)j->completed_s);
	bytes_put_counted_text(ret, j->device);
	bytes_put_counted_text(ret, j->connector);
	bytes_put_u64(ret, j->epoch);
	bytes_put_u64(ret, (uint64_t)j->lease_s);
	bytes_put_counted(ret, octets_bytes(&j->rewrapped));
	bytes_put_u32(ret, j->impressions);
	bytes_put_u32(ret, j->sheets);
	bytes_put_counted_text(ret, j->decision);
	bytes_put_counted_text(ret, j->says);
}

static void
take(struct reader *in, size_t most, struct bytes *ret)
{
	struct octets o = reader_counted(in);

	if (o.n > most)
		in->bad = true;
	else
		bytes_put_octets(ret, o);
}

static void
take_fixed(struct reader *in, struct job *j)
{
	j->id = reader_u32(in);
	reader_copy(in, j->uuid, sizeof(j->uuid));
	reader_counted_text(in, j->tenant, sizeof(j->tenant));
	reader_counted_text(in, j->owner, sizeof(j->owner));
	reader_counted_text(in, j->printer, sizeof(j->printer));
	j->grade = (enum job_grade)reader_u8(in);
	j->release = (enum job_release)reader_u8(in);
	j->created_s = (int64_t)reader_u64(in);
	j->expires_s = (int64_t)reader_u64(in);
	j->copies = (int32_t)reader_u32(in);
	reader_counted_text(in, j->format, sizeof(j->format));
	reader_counted_text(in, j->compression, sizeof(j->compression));
	take(in, JOB_TEMPLATE_MAX, &j->template);
	take(in, JOB_NAMES_MAX, &j->names);
	reader_copy(in, j->verifier, sizeof(j->verifier));
	j->octets = reader_u64(in);
	j->in_file = reader_u8(in) != 0;
	take(in, ENVELOPE_MAX, &j->envelope);
}

static void
take_rest(struct reader *in, struct job *j)
{
	j->state = (enum job_state)reader_u8(in);
	j->reasons = reader_u32(in);
	j->attempts = reader_u8(in);
	j->changed_s = (int64_t)reader_u64(in);
	j->processing_s = (int64_t)reader_u64(in);
	j->completed_s = (int64_t)reader_u64(in);
	reader_counted_text(in, j->device, sizeof(j->device));
	reader_counted_text(in, j->connector, sizeof(j->connector));
	j->epoch = reader_u64(in);
	j->lease_s = (int64_t)reader_u64(in);
	take(in, ENVELOPE_MAX, &j->rewrapped);
	j->impressions = reader_u32(in);
	j->sheets = reader_u32(in);
	reader_counted_text(in, j->decision, sizeof(j->decision));
	reader_counted_text(in, j->says, sizeof(j->says));
}

static bool
is_job(const struct job *j)
{
	return j->id > 0 && j->state >= JOB_PENDING && j->state <= JOB_COMPLETED &&
	       j->grade >= JOB_GRADE_RELAY && j->grade <= JOB_GRADE_AGENT &&
	       j->release >= JOB_RELEASE_NONE && j->release <= JOB_RELEASE_PASSWORD;
}

bool
job_read(struct octets row, struct job *ret, struct fault *f)
{
	struct reader in = reader_of(row);
	struct job j = { .id = 0 };
	uint8_t edition = reader_u8(&in);

	if (edition == EDITION) {
		take_fixed(&in, &j);
		take_rest(&in, &j);
	}
	if (edition == EDITION && reader_done(&in) && is_job(&j) && !j.template.bad &&
	    !j.names.bad && !j.envelope.bad && !j.rewrapped.bad) {
		*ret = j;
		return true;
	}
	job_free(&j);
	return fault_set(f, FAULT_INTERNAL, "job: a row of edition %u that is none", edition);
}

bool
job_is_over(const struct job *j)
{
	return j->state >= JOB_CANCELED;
}

/* RFC 8011 section 5.3.7.1; a lease that ran out leads back to pending, and so does a stop. */
bool
job_may_become(const struct job *j, enum job_state to)
{
	static const uint16_t may[JOB_COMPLETED + 1] = {
		[JOB_PENDING] = 1 << JOB_PENDING | 1 << JOB_HELD | 1 << JOB_PROCESSING |
				1 << JOB_CANCELED | 1 << JOB_ABORTED,
		[JOB_HELD] =
		    1 << JOB_HELD | 1 << JOB_PENDING | 1 << JOB_CANCELED | 1 << JOB_ABORTED,
		[JOB_PROCESSING] = 1 << JOB_PROCESSING | 1 << JOB_PENDING | 1 << JOB_STOPPED |
				   1 << JOB_CANCELED | 1 << JOB_ABORTED | 1 << JOB_COMPLETED,
		[JOB_STOPPED] = 1 << JOB_STOPPED | 1 << JOB_PROCESSING | 1 << JOB_PENDING |
				1 << JOB_CANCELED | 1 << JOB_ABORTED | 1 << JOB_COMPLETED,
	};

	return j->state >= JOB_PENDING && j->state <= JOB_COMPLETED && to >= JOB_PENDING &&
	       to <= JOB_COMPLETED && (may[j->state] >> to & 1) != 0;
}
