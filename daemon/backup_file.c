/* daemon/backup_file.c - see backup_file.h. */
#include "daemon/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "ca/chain.h"

#define MIB          (UINT64_C(1) << 20)
#define TOLD_OCTETS  (4 * MIB)
#define PIECE_OCTETS 4096

void
backup_progress_begin(struct backup_progress *p, const struct invocation *inv)
{
	*p = (struct backup_progress){ .shown = !inv->json && isatty(STDERR_FILENO) == 1 };
}

void
backup_progress_tell(struct backup_progress *p, const struct dump_total *t)
{
	if (!p->shown || t->octets < p->at + TOLD_OCTETS)
		return;
	p->at = t->octets;
	(void)fprintf(stderr, "\r%" PRIu64 " ledgers, %" PRIu64 " rows, %" PRIu64 " MiB",
	    t->ledgers, t->rows, t->octets / MIB);
}

void
backup_progress_end(const struct backup_progress *p)
{
	if (p->shown && p->at > 0)
		(void)fputc('\n', stderr);
}

bool
backup_root(const char *path, struct bytes *ret, struct fault *f)
{
	uint8_t piece[PIECE_OCTETS];
	FILE *in = fopen(path, "rbe");
	size_t n;

	if (in == NULL)
		return fault_errno(f, FAULT_NOTFOUND, "root: %s", path);
	while (ret->n <= CHAIN_PEM_MAX && (n = fread(piece, 1, sizeof(piece), in)) > 0)
		bytes_put(ret, piece, n);
	(void)fclose(in);
	if (ret->n > CHAIN_PEM_MAX)
		return fault_set(f, FAULT_BADREQ, "root: %s: over %d octets", path, CHAIN_PEM_MAX);
	return bytes_ok(ret, f);
}

bool
backup_open(const char *path, int *ret, struct fault *f)
{
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0) {
		*ret = STDIN_FILENO;
		return true;
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return fault_errno(f, FAULT_NOTFOUND, "backup: %s", path);
	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return fault_set(f, FAULT_BADREQ,
		    "backup: %s is a folder: expected a file that quatrain backup wrote", path);
	}
	*ret = fd;
	return true;
}

static bool
get(void *with, uint8_t *to, size_t n, size_t *ret_n, struct fault *f)
{
	const int *fd = with;
	ssize_t got;

	do
		got = read(*fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return fault_errno(f, FAULT_INTERNAL, "backup: read");
	*ret_n = (size_t)got;
	return true;
}

bool
backup_read(int fd, const struct dump_visitor *to, struct octets root_pem, struct dump_verdict *ret,
    struct fault *f)
{
	return dump_read(get, &fd, to, root_pem, ret, f);
}

void
backup_put_facts(const struct dump_verdict *v, struct json *j)
{
	json_put_text(j, "domain", v->header.space.domain);
	json_put_text(j, "region", v->header.space.region);
	json_put_time(j, "at", v->header.at_s);
	json_put_text(j, "version", v->header.version);
	json_put_hex(j, "digest", v->total.digest, sizeof(v->total.digest));
	json_put_number(j, "ledgers", (int64_t)v->total.ledgers);
	json_put_number(j, "files", (int64_t)v->total.files);
	json_put_number(j, "rows", (int64_t)v->total.rows);
	json_put_number(j, "octets", (int64_t)v->total.octets);
}

void
backup_print_facts(const struct dump_verdict *v, FILE *to)
{
	char at[TEXT_TIME_MAX], digest[DUMP_HASH_OCTETS * 2 + 1];

	text_time(v->header.at_s, at);
	text_hex(v->total.digest, sizeof(v->total.digest), digest);
	(void)fprintf(to,
	    "authority  %s, region %s\ntaken      %s by quatrain %s\nholds      %" PRIu64
	    " ledgers, %" PRIu64 " rows, %" PRIu64 " files, %" PRIu64
	    " octets\ndigest     %s    as in the platform's log: backup.taken\n",
	    v->header.space.domain, v->header.space.region, at, v->header.version, v->total.ledgers,
	    v->total.rows, v->total.files, v->total.octets, digest);
}
