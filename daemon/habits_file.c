/* daemon/habits_file.c - habits across a restart; see habits.h.
 *
 * The file: "quatrain habits\n", edition u8, seed, then rows of who u64 and the counts, and at the
 * end the SHA-256 of all before it: what was torn is dropped whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/folder.h"
#include "base/log.h"
#include "daemon/habits_internal.h"

#define EDITION    1
#define WAYS       8
#define SUM        32
#define PATH_LIMIT 1024
#define ROW_OCTETS ((size_t)(8 * 6 + 16 * ANOMALY_NETWORKS + 4 * 6 + 2 * ANOMALY_HOURS))
#define HEAD       (sizeof(magic) - 1 + 1 + SECRET_SEED_OCTETS)
#define FILE_MAX   (HEAD + ROW_OCTETS * HABITS_ROWS + SUM)

static const char magic[] = "quatrain habits\n";

static void
write_row(uint64_t who, const struct anomaly *a, struct bytes *to)
{
	bytes_put_u64(to, who);
	bytes_put_u64(to, (uint64_t)a->first_s);
	bytes_put_u64(to, (uint64_t)a->last_s);
	bytes_put_u64(to, a->key);
	bytes_put_u64(to, a->last);
	bytes_put_u64(to, (uint64_t)a->foreign_s);
	for (size_t i = 0; i < ANOMALY_NETWORKS; i++) {
		bytes_put_u64(to, a->network[i].id);
		bytes_put_u64(to, (uint64_t)a->network[i].last_s);
	}
	bytes_put_u32(to, a->events);
	bytes_put_u32(to, a->week);
	bytes_put_u32(to, a->hour_at);
	bytes_put_u32(to, a->hour_n);
	bytes_put_u32(to, a->hour_most);
	bytes_put_u32(to, a->foreign);
	for (size_t i = 0; i < ANOMALY_HOURS; i++)
		bytes_put_u16(to, a->hours[i]);
}

static uint64_t
read_row(struct reader *in, struct anomaly *a)
{
	uint64_t who = reader_u64(in);

	*a = (struct anomaly){ .first_s = (int64_t)reader_u64(in) };
	a->last_s = (int64_t)reader_u64(in);
	a->key = reader_u64(in);
	a->last = reader_u64(in);
	a->foreign_s = (int64_t)reader_u64(in);
	for (size_t i = 0; i < ANOMALY_NETWORKS; i++) {
		a->network[i].id = reader_u64(in);
		a->network[i].last_s = (int64_t)reader_u64(in);
	}
	a->events = reader_u32(in);
	a->week = reader_u32(in);
	a->hour_at = reader_u32(in);
	a->hour_n = reader_u32(in);
	a->hour_most = reader_u32(in);
	a->foreign = reader_u32(in);
	for (size_t i = 0; i < ANOMALY_HOURS; i++)
		a->hours[i] = reader_u16(in);
	return who;
}

/* --- saving ------------------------------------------------------------------------------------
 */

static bool
write_all(const struct habits *h, struct bytes *to, struct fault *f)
{
	uint8_t sum[SUM];
	struct anomaly a;

	bytes_put_text(to, magic);
	bytes_put_u8(to, EDITION);
	bytes_put(to, h->seed, sizeof(h->seed));
	for (size_t i = 0; i < HABITS_ROWS; i++) {
		uint64_t who = atomic_load_explicit(&h->row[i].who, memory_order_relaxed);

		if (who == 0)
			continue;
		habits_get(&h->row[i], &a);
		write_row(who, &a, to);
	}
	if (!bytes_ok(to, f))
		return false;
	digest_of(octets_bytes(to), sum);
	bytes_put(to, sum, sizeof(sum));
	return bytes_ok(to, f);
}

bool
habits_save(struct habits *h, const char *path, struct fault *f)
{
	uint64_t events = atomic_load_explicit(&h->events, memory_order_relaxed);
	char made[PATH_LIMIT];
	struct bytes all = { 0 };
	bool ok;
	int fd;

	if (events == h->saved)
		return true;
	if (snprintf(made, sizeof(made), "%s.new", path) >= (int)sizeof(made))
		return fault_set(f, FAULT_INTERNAL, "habits: the path is too long");
	if (!write_all(h, &all, f)) {
		bytes_free(&all);
		return false;
	}
	(void)unlink(made);
	fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ok = fd >= 0 && folder_write_all(fd, octets_bytes(&all)) && fsync(fd) == 0 &&
	     rename(made, path) == 0;
	if (!ok)
		fault_errno(f, FAULT_INTERNAL, "habits: %s", made);
	if (fd >= 0)
		(void)close(fd);
	bytes_free(&all);
	ok = ok && folder_sync_of(path, f);
	if (ok)
		h->saved = events;
	return ok;
}

/* --- loading -----------------------------------------------------------------------------------
 */

static bool
read_all(const char *path, struct bytes *to, struct fault *f)
{
	uint8_t piece[65536];
	struct stat st;
	ssize_t n;
	int fd;

	if (!folder_check(path, S_IFREG, &st, f))
		return false;
	if ((uint64_t)st.st_size > FILE_MAX)
		return fault_set(f, FAULT_BADREQ, "habits: %s: over %zu octets", path, FILE_MAX);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "habits: %s", path);
	while (to->n <= FILE_MAX && (n = read(fd, piece, sizeof(piece))) > 0)
		bytes_put(to, piece, (size_t)n);
	(void)close(fd);
	return bytes_ok(to, f);
}

/* Two rows of one endpoint, or more than a set holds, cannot be: what is left over is dropped. */
static bool
place(struct habits *h, uint64_t who, const struct anomaly *a)
{
	struct habits_row *set = habits_set(h, who);

	for (size_t i = 0; i < WAYS; i++) {
		uint64_t there = atomic_load_explicit(&set[i].who, memory_order_relaxed);

		if (there == who)
			return false;
		if (there != 0)
			continue;
		habits_put(&set[i], a);
		atomic_store_explicit(&set[i].who, who, memory_order_relaxed);
		return true;
	}
	return false;
}

static bool
is_whole(struct octets all)
{
	uint8_t sum[SUM];

	if (all.n < HEAD + SUM || (all.n - HEAD - SUM) % ROW_OCTETS != 0 ||
	    memcmp(all.at, magic, sizeof(magic) - 1) != 0 || all.at[sizeof(magic) - 1] != EDITION)
		return false;
	digest_of(octets_of(all.at, all.n - SUM), sum);
	return memcmp(sum, all.at + all.n - SUM, SUM) == 0;
}

bool
habits_load(struct habits *h, const char *path, int64_t now_s, uint64_t *ret_n, struct fault *f)
{
	struct bytes all = { 0 };
	struct reader in;
	struct anomaly a;
	struct fault why;
	uint64_t who;
	bool ok;

	*ret_n = 0;
	if (!read_all(path, &all, &why)) {
		*f = why;
		ok = why.code == FAULT_NOTFOUND;
	} else if (!is_whole(octets_bytes(&all))) {
		ok = fault_set(f, FAULT_BADREQ, "habits: %s is torn, or none of ours", path);
	} else {
		in = reader_of(octets_of(all.at + sizeof(magic), all.n - sizeof(magic) - SUM));
		reader_copy(&in, h->seed, sizeof(h->seed));
		while (in.n > 0 && !in.bad) {
			who = read_row(&in, &a);
			if (who != 0 && anomaly_is_sane(&a, now_s) && place(h, who, &a))
				++*ret_n;
		}
		ok = true;
	}
	bytes_free(&all);
	return ok;
}

/* --- main's side -------------------------------------------------------------------------------
 */

bool
habits_start(struct habits_keeper *k, const struct settings *s, struct fault *f)
{
	char path[CONF_TEXT_MAX * 2];
	struct fault why;
	uint64_t n;

	if (!habits_new(&k->habits, &k->fd, f))
		return false;
	k->due_us = clock_steady_us() + HABITS_SAVE_S * INT64_C(1000000);
	if (!settings_path(s, "habits", path, sizeof(path)))
		return fault_set(f, FAULT_INTERNAL, "habits: the data folder's path is too long");
	if (!habits_load(k->habits, path, clock_now_s(), &n, &why))
		log_fact(LOG_WARN, "habits", "why", why.text, "next",
		    "what endpoints usually do is learnt anew", NULL);
	return true;
}

bool
habits_due(const struct habits_keeper *k)
{
	return clock_steady_us() >= k->due_us;
}

bool
habits_keep(struct habits_keeper *k, const struct settings *s, struct fault *f)
{
	char path[CONF_TEXT_MAX * 2];
	struct fault why;

	k->due_us = clock_steady_us() + HABITS_SAVE_S * INT64_C(1000000);
	if (!settings_path(s, "habits", path, sizeof(path)))
		return fault_set(f, FAULT_INTERNAL, "habits: the data folder's path is too long");
	if (!habits_save(k->habits, path, &why))
		log_fact(LOG_WARN, "habits", "why", why.text, NULL);
	return true;
}
