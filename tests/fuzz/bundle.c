/* tests/fuzz/bundle.c - a tar that is taken as a bundle is the one that ca/bundle_out.h would
 * write; its lines and certificates are read within it, and a proof of a range has one spelling.
 *
 * Behind an odd first octet: a line of JSON, seen as an entry and as a range. Behind an even one: a
 * tar. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ca/bundle_line.h"
#include "ca/bundle_tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* --- a line -------------------------------------------------------------------------------------
 */

/* Nothing of a view may end its line, or begin another. */
static void
one_line(struct octets o, const char *end)
{
	must(o.n >= strlen(end) && memcmp(o.at + o.n - strlen(end), end, strlen(end)) == 0);
	for (size_t i = 0; i + strlen(end) < o.n; i++)
		must(o.at[i] >= ' ' && o.at[i] != 0x7f);
}

static void
line(struct octets o)
{
	static const uint8_t leaf[LOG_HASH_OCTETS];
	struct bytes b = { 0 };
	struct bundle_range r;
	struct bundle_line l;
	struct fault f;

	if (bundle_line(o, &l))
		must(l.n >= -1 &&
		     (l.act.n == 0 || (l.act.at > o.at && l.act.at + l.act.n < o.at + o.n)));
	if (bundle_csv(o, leaf, &b, &f))
		one_line(octets_bytes(&b), "\r\n");
	bytes_clear(&b);
	if (bundle_cef(o, leaf, &b, &f))
		one_line(octets_bytes(&b), "\n");
	bytes_clear(&b);
	if (bundle_range_read(o, "range", &r, &f))
		must(bundle_range_write(&r, &b, &f) && octets_same(octets_bytes(&b), o) &&
		     r.from < r.to && r.to <= r.size);
	bytes_free(&b);
}

/* --- a tar --------------------------------------------------------------------------------------
 */

static void
read_through(const struct bundle *b, enum bundle_file which)
{
	struct bundle_reader r;
	struct octets o;
	struct fault f;
	bool more = true;

	must(bundle_reader_new(b, which, &r, &f));
	while (bundle_next(&r, LOG_ENTRY_MAX, &o, &more, &f) && more)
		must(o.n <= LOG_ENTRY_MAX);
	bundle_reader_free(&r);
	must(bundle_reader_new(b, which, &r, &f));
	while (bundle_next_der(&r, &o, &more, &f) && more)
		must(o.n <= CERT_MAX_OCTETS);
	bundle_reader_free(&r);
}

/* The tar again, of what was found in it. */
static void
again(const struct bundle *b, struct octets whole)
{
	uint8_t head[BUNDLE_BLOCK];
	size_t at = 0;

	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		const struct bundle_part *p = &b->part[i];

		if (p->fd < 0)
			continue;
		bundle_tar_header((enum bundle_file)i, p->n, b->at_s, head);
		must(p->at == at + BUNDLE_BLOCK && p->n <= whole.n - at);
		must(memcmp(whole.at + at, head, sizeof(head)) == 0);
		for (at = p->at + p->n; at % BUNDLE_BLOCK != 0; at++)
			must(whole.at[at] == 0);
		read_through(b, (enum bundle_file)i);
	}
	must(whole.n == at + (size_t)2 * BUNDLE_BLOCK);
	while (at < whole.n)
		must(whole.at[at++] == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct bundle b;
	struct fault f;
	int fd;

	if (n == 0)
		return 0;
	if ((at[0] & 1) != 0) {
		line(octets_of(at + 1, n - 1));
		return 0;
	}
	must((fd = memfd_create("bundle", MFD_CLOEXEC)) >= 0);
	must(write(fd, at + 1, n - 1) == (ssize_t)(n - 1));
	if (!bundle_open_tar(fd, &b, &f)) {
		must(f.code == FAULT_BADREQ || f.code == FAULT_NOTFOUND);
		return 0;
	}
	again(&b, octets_of(at + 1, n - 1));
	bundle_close(&b);
	return 0;
}
