/* daemon/metrics_log.c - see metrics_log.h. */
#include "daemon/metrics_log.h"

#include "ca/log.h"
#include "ca/note.h"

struct look {
	struct log_number *n;
	int64_t now_s;
};

static int64_t
age_of(struct ledger *l, uint64_t index, int64_t now_s)
{
	struct bytes line = { 0 };
	struct json *entry = NULL;
	const char *at;
	struct fault f;
	uint8_t key[8];
	int64_t at_s = now_s;

	if (ledger_get(l, TABLE_LOG, octets_u64(index, key), &line, &f) &&
	    json_parse(octets_bytes(&line), &entry, &f) && (at = json_text(entry, "at")) != NULL &&
	    !log_time(at, &at_s))
		at_s = now_s;
	json_free(entry);
	bytes_free(&line);
	return at_s < now_s ? now_s - at_s : 0;
}

static bool
see(void *with, struct ledger *l, struct fault *f)
{
	struct look *a = with;
	struct bytes text = { 0 };
	struct log_edge e;
	struct log_note note;
	uint64_t done = 0;

	if (!log_edge_read(l, &e, f) || !census_ending(l, a->now_s, &a->n->ending, f))
		return false;
	if (log_note_stored(l, &text, &note, f))
		done = note.size;
	bytes_free(&text);
	a->n->size = e.size;
	a->n->unsigned_n = done < e.size ? e.size - done : 0;
	a->n->late_s = done < e.size ? age_of(l, done, a->now_s) : 0;
	return true;
}

bool
log_number(struct realm *realm, struct log_number *n, int64_t now_s, struct fault *f)
{
	struct look a = { n, now_s };

	return realm_visit(realm, n->tenant, see, &a, f);
}

static void
put(const char *name, const char *help, struct bytes *to)
{
	bytes_put_fmt(to, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void
put_row(const char *name, const struct log_number *n, uint64_t v, struct bytes *to)
{
	bytes_put_fmt(to, "%s{tenant=\"%s\"} %llu\n", name, n->tenant, (unsigned long long)v);
}

static void
put_ending(
    const char *name, const struct log_number *n, unsigned days, uint64_t v, struct bytes *to)
{
	bytes_put_fmt(to, "%s{tenant=\"%s\",within_days=\"%u\"} %llu\n", name, n->tenant, days,
	    (unsigned long long)v);
}

void
log_metrics(const struct log_number *logs, size_t n, struct bytes *to)
{
	static const char size[] = "quatrain_log_entries", open[] = "quatrain_log_unsigned_entries",
			  late[] = "quatrain_checkpoint_late_seconds",
			  ending[] = "quatrain_ending_certificates";

	put(size, "Entries of a tenant's log.", to);
	for (size_t i = 0; i < n; i++)
		put_row(size, &logs[i], logs[i].size, to);
	put(open, "Entries that no checkpoint is over yet.", to);
	for (size_t i = 0; i < n; i++)
		put_row(open, &logs[i], logs[i].unsigned_n, to);
	put(late, "How long the oldest entry has waited for a checkpoint; 0 where none waits.", to);
	for (size_t i = 0; i < n; i++)
		put_row(late, &logs[i], (uint64_t)logs[i].late_s, to);
	put(ending, "Certificates that are good and end within so many days, to the hour.", to);
	for (size_t i = 0; i < n; i++) {
		put_ending(ending, &logs[i], 7, logs[i].ending.week, to);
		put_ending(ending, &logs[i], CENSUS_DUE_S / 86400, logs[i].ending.due, to);
	}
}
