/* daemon/hsm_login.c - see hsm_login.h. */
#include "daemon/hsm_login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.h"
#include "ca/keyring.h"
#include "ca/wire.h"
#include "daemon/child.h"

#define CREDENTIAL "credential:"
#define PATH_ROOM  (CONF_TEXT_MAX * 2)
#define NAMED_OCTETS                                                                               \
	4 /* of a PIN's keyed hash: enough to tell two apart, too few to find one by               \
	   */

bool
hsm_is_set(const struct settings *s)
{
	return s->hsm.module[0] != '\0';
}

static bool
is_credential(const struct settings *s)
{
	return strncmp(s->hsm.pin_file, CREDENTIAL, strlen(CREDENTIAL)) == 0;
}

static bool
find_file(const struct settings *s, char path[static PATH_ROOM], struct fault *f)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (is_credential(s) && folder == NULL)
		return fault_set(f, FAULT_NOTFOUND,
		    "hsm.pin_file: expected a systemd credential: start by systemd with LoadCredentialEncrypted=");
	n = is_credential(s)
		? snprintf(path, PATH_ROOM, "%s/%s", folder, s->hsm.pin_file + strlen(CREDENTIAL))
		: snprintf(path, PATH_ROOM, "%s", s->hsm.pin_file);
	return (n >= 0 && n < PATH_ROOM) ||
	       fault_set(f, FAULT_BADREQ, "hsm.pin_file: the path is too long");
}

/* systemd keeps a credential from others by the folder, and may give its file to a group. */
static bool
is_private(const struct settings *s, const char *path, const struct stat *st, struct fault *f)
{
	if (!S_ISREG(st->st_mode))
		return fault_set(f, FAULT_BADREQ, "hsm.pin_file: %s is no plain file", path);
	if (!is_credential(s) && (st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return fault_set(
		    f, FAULT_DENIED, "hsm.pin_file: others may read %s: chmod 600 it", path);
	return true;
}

bool
hsm_read_pin(const struct settings *s, struct pin *ret, struct fault *f)
{
	struct pin p = { .source = "" };
	char path[PATH_ROOM];
	struct stat st;
	int fd;
	bool ok;

	if (!hsm_is_set(s)) {
		*ret = p;
		return true;
	}
	if (!find_file(s, path, f))
		return false;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return fault_errno(f, FAULT_NOTFOUND, "hsm.pin_file: %s", path);
	if (fstat(fd, &st) != 0)
		ok = fault_errno(f, FAULT_INTERNAL, "hsm.pin_file: %s", path);
	else
		ok = is_private(s, path, &st, f) && secret_read_line_of(fd, &p.digits, f);
	(void)close(fd);
	if (!ok)
		return false;
	if (!is_credential(s))
		(void)snprintf(p.source, sizeof(p.source), "file %lx %lu %ld %ld.%09ld\n",
		    (unsigned long)st.st_dev, (unsigned long)st.st_ino, (long)st.st_size,
		    (long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec);
	*ret = p;
	return true;
}

bool
hsm_put_pin(const struct pin *p, struct bytes *ret, struct fault *f)
{
	bytes_put_counted_text(ret, p->source);
	bytes_put_counted(ret, secret_octets(&p->digits));
	return bytes_ok(ret, f);
}

bool
hsm_tell_pin(const struct settings *s, const struct pin *p, int control, struct fault *f)
{
	struct bytes body = { 0 };
	bool ok;

	if (!hsm_is_set(s))
		return true;
	ok = hsm_put_pin(p, &body, f) && child_tell(control, WIRE_PIN, octets_bytes(&body), -1, f);
	bytes_free(&body); /* wiped */
	return ok;
}

bool
hsm_take_pin(struct octets body, struct pin *ret, struct fault *f)
{
	struct reader r = reader_of(body);
	struct pin p = { .source = "" };
	struct octets digits;

	reader_counted_text(&r, p.source, sizeof(p.source));
	digits = reader_counted(&r);
	if (!reader_done(&r))
		return fault_set(f, FAULT_BADREQ, "hsm: expected a PIN and its source");
	if (!secret_copy(digits, &p.digits, f))
		return false;
	*ret = p;
	return true;
}

static bool
name_credential(const struct secret *token_key, struct pin *p, struct fault *f)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hex[NAMED_OCTETS * 2 + 1];
	unsigned n;

	if (HMAC(EVP_sha256(), token_key->at, (int)token_key->n, p->digits.at, p->digits.n, digest,
		&n) == NULL)
		return fault_crypto(f, FAULT_INTERNAL, "hsm: HMAC");
	text_hex(digest, NAMED_OCTETS, hex);
	secret_wipe(digest, sizeof(digest));
	(void)snprintf(p->source, sizeof(p->source), "credential %s\n", hex);
	return true;
}

bool
hsm_log_in(const struct settings *s, const char *keys_at, const struct secret *token_key,
    struct pin *pin, struct hsm **ret, struct fault *f)
{
	if (!hsm_is_set(s)) {
		*ret = NULL;
		return true;
	}
	if (snprintf(pin->marker, sizeof(pin->marker), "%s/pin-refused", keys_at) >=
	    (int)sizeof(pin->marker)) {
		pin_free(pin);
		return fault_set(f, FAULT_INTERNAL, "hsm: the data folder's path is too long");
	}
	if (pin->source[0] == '\0' && !name_credential(token_key, pin, f)) {
		pin_free(pin);
		return false;
	}
	return hsm_open(s->hsm.module, s->hsm.token, pin, ret, f);
}

unsigned
hsm_uses(const struct settings *s)
{
	static const struct {
		const char *word;
		enum keyring_use use;
	} words[] = {
		{ "root", KEYRING_ROOT },
		{ "region", KEYRING_REGION },
		{ "tenant", KEYRING_TENANT },
		{ "responder", KEYRING_RESPONDER },
	};
	unsigned uses = 0;

	for (size_t i = 0; hsm_is_set(s) && i < s->hsm.keys.n; i++)
		for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++)
			if (strcmp(s->hsm.keys.at[i], words[j].word) == 0)
				uses |= (unsigned)words[j].use;
	return uses;
}
