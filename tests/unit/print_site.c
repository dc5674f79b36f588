/* tests/unit/print_site.c - see print_site.h. */
#include "tests/unit/print_site.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "relay/ipp_span.h"

/* Answers of many jobs have more groups than our own reader takes. */
#define IPP_MESSAGE_OF_OURS 10000

struct print_site site;

static int64_t
now(void)
{
	return site.now_s;
}

static bool
decide(void *with, struct exchange *x, const struct decider_question *q, struct decider_answer *ret,
    struct fault *f)
{
	(void)with;
	(void)x;
	site.asked++;
	site.question = *q;
	if (site.busy)
		return fault_set(f, FAULT_BUSY, "decider: no policies are known");
	*ret = site.answer;
	return true;
}

static bool
has_printer(void *with, const char *tenant, const char *name)
{
	(void)with;
	return strcmp(tenant, "acme") == 0 && strcmp(name, "hp-1") == 0;
}

static bool
recipient(void *with, const char *tenant, struct bytes *ret)
{
	(void)with;
	(void)tenant;
	bytes_put_text(ret, "certificate");
	return !site.keyless;
}

static void
changed(void *with, const struct job *j)
{
	(void)with;
	site.changed++;
	site.changed_to = j->state;
}

static bool
key(void *with, struct exchange *x, const char *tenant, struct octets secret, struct fault *f)
{
	(void)with;
	(void)f;
	bytes_put_text(&x->ask.body, tenant);
	bytes_put_octets(&x->ask.body, secret);
	x->ask.verb = 1;
	return true;
}

static bool
keyed(void *with, struct octets answer, struct octets *ret, struct fault *f)
{
	(void)with;
	(void)f;
	*ret = answer;
	return true;
}

static bool
harden(void *with, struct release_work *w, struct fault *f)
{
	(void)with;
	if (site.soft)
		return fault_set(f, FAULT_BUSY, "pool: no thread has time");
	site.work = w;
	return true;
}

static const struct decider decider = { .decide = decide };
static const struct name_space space = { .domain = "example.org", .region = "eu" };

void
site_new(void)
{
	struct fault f;

	site = (struct print_site){ .now_s = 1900000000,
		.who = { .kind = IDENTITY_ENDPOINT,
		    .tenant = "acme",
		    .endpoint = "workstation",
		    .name = "alice",
		    .good = true },
		.answer = { .permit = true, .decision = "d1" },
		.print = { .space = &space,
		    .decider = &decider,
		    .now_s = now,
		    .started_s = 1900000000 - 60,
		    .hold_s = 86400,
		    .has_printer = has_printer,
		    .recipient = recipient,
		    .asks = true,
		    .keyed = keyed,
		    .harden = harden,
		    .changed = changed } };
	ck_assert(secret_start(&f));
	ck_assert(print_start(&site.print, &f));
}

static void
over(void)
{
	if (site.x.over != NULL)
		site.x.over(&site.x);
	exchange_free(&site.x);
	site.x = (struct exchange){ .status = 0 };
}

void
site_free(void)
{
	over();
	print_end(&site.print);
}

void
site_begin(struct bytes *b, uint16_t operation, const char *printer_uri)
{
	struct ipp_head h = { .major = 2, .code = operation, .request_id = 7 };

	ipp_begin(b, &h);
	if (printer_uri != NULL)
		ipp_put_text(b, IPP_URI, "printer-uri", printer_uri);
}

static bool
waits_for_more(void)
{
	return site.x.status == 0 && !site.x.waits && site.x.ask.verb == 0 && site.x.take != NULL;
}

static void
give(const char *path, struct octets body, size_t piece, bool whole)
{
	struct exchange *x = &site.x;

	over();
	site.print.key = site.pins ? key : NULL;
	x->face = FACE_RELAY;
	x->method = octets_text("POST");
	x->path = octets_text(path);
	x->content_type = octets_text("application/ipp");
	x->body_octets = body.n;
	site.took = 0;
	ck_assert(print_serve(&site.print, x, &site.who));
	piece = piece == 0 ? body.n : piece;
	while (waits_for_more() && (site.took < body.n || whole)) {
		size_t n = body.n - site.took < piece ? body.n - site.took : piece;

		site.took += n;
		x->take(x, octets_of(body.at + site.took - n, n), whole && site.took == body.n);
	}
}

/* What the signer is asked, it answers: a certificate, or the keyed hash of a PIN. */
static void
ask_signer(struct exchange *x)
{
	struct bytes answer = { 0 };
	exchange_then *then = x->ask.then;
	bool pin = x->ask.verb == 1;

	if (pin)
		bytes_put_octets(&answer, octets_bytes(&x->ask.body));
	else
		bytes_put_counted_text(&answer, "certificate");
	if (pin && site.key_fault != 0)
		bytes_clear(&answer);
	bytes_clear(&x->ask.body);
	x->ask.verb = 0;
	x->ask.then = NULL;
	then(x, pin ? site.key_fault : 0, octets_bytes(&answer));
	bytes_free(&answer);
}

/* Until x is answered, or waits for a thread. */
static unsigned
go_on(struct exchange *x)
{
	struct fault f;

	if (x->ask.verb != 0)
		ask_signer(x);
	if (site.work != NULL)
		return 0;
	if (x->waits) {
		bool ok = spool_commit(site.print.spool, &f);

		print_committed(&site.print, ok ? NULL : &f);
		ck_assert(!x->waits);
	}
	ck_assert_uint_ne(x->status, 0);
	if (x->status != 200)
		return x->status;
	if (x->reply.n < IPP_MESSAGE_OF_OURS)
		ck_assert_msg(ipp_check(octets_bytes(&x->reply), &site.head, &f), "%s", f.text);
	return (unsigned)x->reply.at[2] << 8 | x->reply.at[3];
}

unsigned
site_send(const char *path, struct octets body, size_t piece)
{
	give(path, body, piece, true);
	return go_on(&site.x);
}

unsigned
site_hardened(bool ok)
{
	struct release_work *w = site.work;

	ck_assert_ptr_nonnull(w);
	site.work = NULL;
	w->ok = ok;
	for (size_t i = 0; i < RELEASE_HARD; i++)
		w->ret[i] = w->keyed.at[i % w->keyed.n] ^ 0x5a;
	w->done(w);
	return go_on(&site.x);
}

void
site_break(const char *path, struct octets body, size_t n)
{
	give(path, octets_of(body.at, n), 0, false);
	over();
}

unsigned
site_ask_with(const char *path, struct bytes *b, const char *document)
{
	unsigned status;

	ipp_end(b);
	bytes_put_text(b, document);
	status = site_send(path, octets_bytes(b), 0);
	bytes_free(b);
	return status;
}

unsigned
site_ask(const char *path, struct bytes *b)
{
	return site_ask_with(path, b, "");
}

int32_t
site_number(enum ipp_group group, const char *name)
{
	struct ipp_value v;
	int32_t n;

	ck_assert_msg(ipp_find(octets_bytes(&site.x.reply), group, name, &v), "no %s", name);
	ck_assert(ipp_number(&v, &n));
	return n;
}

struct octets
site_text(enum ipp_group group, const char *name)
{
	struct ipp_value v;

	ck_assert_msg(ipp_find(octets_bytes(&site.x.reply), group, name, &v), "no %s", name);
	return ipp_text(&v);
}

unsigned
site_jobs(void)
{
	struct octets o = octets_bytes(&site.x.reply);
	struct ipp_span s = { .rest = { o.at + IPP_HEAD_OCTETS, o.n - IPP_HEAD_OCTETS } };
	unsigned n = 0;

	/* each job of an answer begins with its number */
	while (ipp_next_span(&s))
		n += s.group == IPP_GROUP_JOB && octets_same(s.name, octets_text("job-id"));
	return n;
}
