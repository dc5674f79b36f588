/* tests/bench/job.c - see job.h. */
#include "tests/bench/job.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define FIELDS 5

bool
jobs_new(size_t n, struct jobs *ret, struct fault *f)
{
	struct job *at = calloc(n + 1, sizeof(*at));

	if (at == NULL)
		return fault_set(f, FAULT_INTERNAL, "job: out of memory");
	*ret = (struct jobs){ at, n };
	return true;
}

void
jobs_free(struct jobs *j)
{
	for (size_t i = 0; i < j->n; i++) {
		bytes_free(&j->at[i].token);
		bytes_free(&j->at[i].key);
		bytes_free(&j->at[i].csr);
		bytes_free(&j->at[i].certificate);
	}
	free(j->at);
	*j = (struct jobs){ 0 };
}

static bool
read_der(const char *base64, struct bytes *ret, struct fault *f)
{
	return *base64 == '\0' || text_unbase64(octets_text(base64), ret, f);
}

static bool
read_line(char *line, struct job *j, struct fault *f)
{
	char *field[FIELDS];

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < FIELDS; i++)
		if ((field[i] = strsep(&line, "\t")) == NULL)
			return fault_set(f, FAULT_BADREQ, "job: a line of too few fields");
	if (strlen(field[0]) >= sizeof(j->name))
		return fault_set(f, FAULT_BADREQ, "job: too long a name");
	memcpy(j->name, field[0], strlen(field[0]) + 1);
	bytes_put_text(&j->token, field[1]);
	bytes_put_text(&j->csr, field[3]);
	return read_der(field[2], &j->key, f) && read_der(field[4], &j->certificate, f) &&
	       bytes_ok(&j->token, f) && bytes_ok(&j->csr, f);
}

static size_t
count_lines(FILE *in)
{
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(in)) != EOF)
		n += c == '\n';
	rewind(in);
	return n;
}

bool
jobs_read(const char *file, struct jobs *ret, struct fault *f)
{
	struct jobs j = { 0 };
	FILE *in = fopen(file, "re");
	char *line = NULL;
	size_t room = 0, n = 0;
	bool ok;

	if (in == NULL)
		return fault_errno(f, FAULT_NOTFOUND, "job: %s", file);
	ok = jobs_new(count_lines(in), &j, f);
	while (ok && n < j.n && getline(&line, &room, in) > 0)
		ok = read_line(line, &j.at[n++], f);
	(void)fclose(in);
	free(line);
	if (!ok)
		jobs_free(&j);
	else
		*ret = j;
	return ok;
}

static void
put_job(struct bytes *to, const struct job *j)
{
	bytes_put_text(to, j->name);
	bytes_put_text(to, "\t");
	bytes_put_octets(to, octets_bytes(&j->token));
	bytes_put_text(to, "\t");
	text_base64(octets_bytes(&j->key), 0, to);
	bytes_put_text(to, "\t");
	bytes_put_octets(to, octets_bytes(&j->csr));
	bytes_put_text(to, "\t");
	text_base64(octets_bytes(&j->certificate), 0, to);
	bytes_put_text(to, "\n");
}

bool
jobs_write(const char *file, const struct jobs *j, struct fault *f)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	struct bytes line = { 0 };
	bool some = false, ok = true;

	if (out == NULL)
		return fault_errno(f, FAULT_INTERNAL, "job: %s", file);
	for (size_t i = 0; i < j->n; i++)
		some = some || j->at[i].certificate.n > 0;
	for (size_t i = 0; ok && i < j->n; i++) {
		if (some && j->at[i].certificate.n == 0)
			continue;
		bytes_clear(&line);
		put_job(&line, &j->at[i]);
		ok = bytes_ok(&line, f) && (fwrite(line.at, 1, line.n, out) == line.n ||
					       fault_errno(f, FAULT_INTERNAL, "job: %s", file));
	}
	bytes_free(&line);
	if (fclose(out) != 0 && ok)
		ok = fault_errno(f, FAULT_INTERNAL, "job: %s", file);
	return ok;
}

bool
job_badge(const struct job *j, struct badge *ret, struct fault *f)
{
	const uint8_t *key = j->key.at, *cert = j->certificate.at;
	struct badge b = { 0 };

	if (j->certificate.n > 0)
		b.cert = d2i_X509(NULL, &cert, (long)j->certificate.n);
	if (j->key.n > 0)
		b.key = d2i_AutoPrivateKey(NULL, &key, (long)j->key.n);
	if (b.cert == NULL || b.key == NULL) {
		job_badge_free(&b);
		return fault_crypto(f, FAULT_BADREQ, "job: %s has no certificate", j->name);
	}
	*ret = b;
	return true;
}

void
job_badge_free(struct badge *b)
{
	X509_free(b->cert);
	EVP_PKEY_free(b->key);
	*b = (struct badge){ 0 };
}

bool
job_number(const char *text, long lo, long hi, long *ret, struct fault *f)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (end == text || *end != '\0' || v < lo || v > hi)
		return fault_set(
		    f, FAULT_BADREQ, "%s is no whole number from %ld to %ld", text, lo, hi);
	*ret = v;
	return true;
}
