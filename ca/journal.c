/* ca/journal.c - see journal.h. */
#include "ca/journal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include <openssl/evp.h>

bool
journal_open(const char *path, struct journal *ret, struct fault *f)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fault_errno(f, FAULT_INTERNAL, "journal: %s", path);
	ret->fd = fd;
	return true;
}

void
journal_close(struct journal *j)
{
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = -1;
}

bool
journal_note(struct journal *j, const uint8_t serial[static TBS_SERIAL_OCTETS], struct octets tbs,
    int64_t now_s, struct fault *f)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char serial_hex[TBS_SERIAL_OCTETS * 2 + 1], digest_hex[64 + 1];
	struct bytes line = { 0 };
	bool ok = false;

	if (EVP_Digest(tbs.at, tbs.n, digest, NULL, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "journal: EVP_Digest");
	text_hex(serial, TBS_SERIAL_OCTETS, serial_hex);
	text_hex(digest, 32, digest_hex);
	bytes_put_fmt(&line, "%" PRId64 " %s %s\n", now_s, serial_hex, digest_hex);
	if (!bytes_ok(&line, f))
		goto out;
	if (write(j->fd, line.at, line.n) != (ssize_t)line.n) {
		fault_errno(f, FAULT_INTERNAL, "journal: write");
		goto out;
	}
	ok = true;
out:
	bytes_free(&line);
	return ok;
}
