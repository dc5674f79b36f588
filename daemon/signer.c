/* daemon/signer.c - the process that holds the keys; see signer.h. */
#include "daemon/signer.h"
#include "daemon/verifier.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/ballast.h"
#include "base/clock.h"
#include "base/log.h"
#include "ca/profile_set.h"
#include "ca/reseal.h"
#include "daemon/child.h"
#include "daemon/hsm_login.h"
#include "daemon/passphrase.h"
#include "daemon/round.h"

#define LINES_MAX   66 /* 64 edges, the desk, one to spare */
#define SECURE_HEAP (1 << 20)
#define BALLAST_US  5000000 /* let go, it is made again when there is room, looked for so often */

struct bench {
	struct signer signer;
	struct round round;
	int control, lock; /* lock: of the data folder, shared with main */
	struct line line[LINES_MAX];
	size_t lines;
	int64_t ballast_us; /* not looked at again before */
	bool stop;
	int status;     /* to exit with where the start fails */
	struct pin pin; /* from main, until the token takes it over */
};

/* Whoever asks what it may not has been captured, or is broken: it gets no second question. */
static void
hang_up(struct line *l, const char *why)
{
	log_fact(LOG_ERROR, "line", "why", why, NULL);
	(void)close(l->fd);
	l->fd = -1;
}

/* Permitted, and too long: refused by itself, since all others ask over the same line. */
static void
refuse_long(struct line *l, const struct message *asked)
{
	struct message m = { .id = asked->id, .verb = asked->verb, .code = FAULT_LIMIT, .fd = -1 };
	struct fault f;

	bytes_put_text(&m.body, "signer: a request that is too long");
	if (!ipc_send(l->fd, &m, &f))
		hang_up(l, f.text);
	bytes_free(&m.body);
}

/* Take one waiting message off l as the next job. False when there is none. */
static bool
take_job(struct line *l, struct round_job *r, int64_t now_s)
{
	struct fault f;

	if (l->fd < 0)
		return false;
	if (!ipc_recv(l->fd, &r->message, &f)) {
		if (f.code == FAULT_NOTFOUND) { /* it ended; main says so */
			(void)close(l->fd);
			l->fd = -1;
		} else if (f.code != FAULT_BUSY) {
			hang_up(l, f.text);
		}
		return false;
	}
	if (r->message.fd >= 0)
		(void)close(r->message.fd);
	r->duty = round_duty(r->message.verb);
	if (r->duty == NULL || (r->duty->from & l->from) == 0) {
		hang_up(l, "asked for what is not permitted");
		return false;
	}
	if (r->message.body.n > r->duty->max_octets) {
		refuse_long(l, &r->message);
		return false;
	}
	r->line = l;
	r->job = (struct errand){
		.from = l->from, .body = octets_bytes(&r->message.body), .now_s = now_s
	};
	r->job.sessions = &l->sessions;
	r->job.who.kind = IDENTITY_NOBODY;
	return true;
}

static size_t
gather(struct bench *d)
{
	int64_t now_s = clock_now_s();
	size_t n = 0;
	bool any = true;

	while (any && n < ROUND_MAX) { /* turn by turn: one busy edge must not starve the desk */
		any = false;
		for (size_t i = 0; i < d->lines && n < ROUND_MAX; i++)
			if (take_job(&d->line[i], &d->round.job[n], now_s)) {
				n++;
				any = true;
			}
	}
	return n;
}

/* A new line: in a free place, or a place of its own. */
static void
add_line(struct bench *d, const struct message *m)
{
	struct reader r = reader_of(octets_bytes(&m->body));
	unsigned from = reader_u8(&r) == CHILD_DESK ? FROM_DESK : FROM_EDGE;
	size_t i = 0;

	while (i < d->lines && d->line[i].fd >= 0)
		i++;
	if (i == LINES_MAX) {
		(void)close(m->fd);
		return;
	}
	bytes_free(&d->line[i].sessions);
	d->line[i] = (struct line){ .fd = m->fd, .from = from };
	if (i == d->lines)
		d->lines++;
}

static void
hear_main(struct bench *d)
{
	struct message m = { .fd = -1 };
	struct fault f;

	for (;;) {
		if (!child_hear(d->control, false, &m, &f) || m.verb == WIRE_STOP) {
			d->stop = true;
			break;
		}
		if (m.verb == 0)
			break;
		if (m.verb == WIRE_LINE && m.fd >= 0)
			add_line(d, &m);
		else if (m.fd >= 0)
			(void)close(m.fd);
	}
	bytes_free(&m.body);
}

/* Without one the service starts all the same: a full disk must not keep it from revoking. */
static void
keep_ballast(struct bench *d)
{
	char path[CONF_TEXT_MAX * 2];
	int64_t now_us = clock_steady_us();
	struct fault f;

	if (now_us < d->ballast_us ||
	    !settings_path(&d->signer.settings, BALLAST_NAME, path, sizeof(path)))
		return;
	if (!ballast_keep(path, &f) && d->ballast_us == 0)
		log_fact(LOG_WARN, "ballast", "why", f.text, NULL);
	d->ballast_us = now_us + BALLAST_US;
}

/* -1 is never. */
static int
sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int
wait_ms(const struct signer *s)
{
	return sooner(watch_wait_ms(s), sooner(press_wait_ms(s->press), notary_wait_ms(s->notary)));
}

static void
loop(struct bench *d)
{
	struct pollfd p[LINES_MAX + 1];
	size_t n;

	/* One round, then main again: under any load its word is heard. */
	while (!d->stop) {
		keep_ballast(d);
		p[0] = (struct pollfd){ .fd = d->control, .events = POLLIN };
		for (size_t i = 0; i < d->lines; i++)
			p[i + 1] = (struct pollfd){ .fd = d->line[i].fd, .events = POLLIN };
		if (poll(p, d->lines + 1, wait_ms(&d->signer)) < 0 && errno != EINTR)
			return;
		if (p[0].revents != 0)
			hear_main(d);
		if ((n = gather(d)) > 0)
			round_run(&d->round, n);
		press_turn(d->signer.press, n == 0);
		notary_turn(d->signer.notary, n == 0);
		watch_tick(&d->signer);
	}
}

static bool
read_token_key(struct signer *s, struct fault *f)
{
	char path[CONF_TEXT_MAX * 2];

	if (!settings_path(&s->settings, "keys/token.key", path, sizeof(path)))
		return fault_set(f, FAULT_INTERNAL, "signer: the data folder's path is too long");
	return seal_read(s->seal, path, &s->token_key, f);
}

static bool
expect(struct bench *d, uint16_t verb, struct message *m, struct fault *f)
{
	if (!child_hear(d->control, true, m, f))
		return false;
	return m->verb == verb ||
	       fault_set(f, FAULT_INTERNAL, "signer: main said %u, and %u was due", m->verb, verb);
}

/* A token's PIN, and where it is from. */
static bool
hear_pin(struct bench *d, struct message *m, struct fault *f)
{
	bool ok;

	if (!hsm_is_set(&d->signer.settings))
		return true;
	if (!expect(d, WIRE_PIN, m, f))
		return false;
	ok = hsm_take_pin(octets_bytes(&m->body), &d->pin, f);
	secret_wipe(m->body.at, m->body.n);
	return ok;
}

/* What main says first: settings, the lock, a token's PIN, then the passphrase. */
static bool
hear_start(struct bench *d, struct fault *f)
{
	struct signer *s = &d->signer;
	struct message m = { .fd = -1 };
	struct secret passphrase = { 0 };
	bool ok = false;

	if (!expect(d, WIRE_SETTINGS, &m, f))
		goto out;
	if (m.body.n != sizeof(s->settings)) {
		fault_set(f, FAULT_INTERNAL, "signer: expected settings");
		goto out;
	}
	memcpy(&s->settings, m.body.at, sizeof(s->settings));
	if (!expect(d, WIRE_PROFILES, &m, f) || !profile_load(octets_bytes(&m.body), f))
		goto out;
	if (!expect(d, WIRE_TALLY, &m, f) || !tally_open(m.fd, &s->tally, f))
		goto out;
	if (!expect(d, WIRE_LOCK, &m, f))
		goto out;
	d->lock = m.fd;
	if (!hear_pin(d, &m, f))
		goto out;
	if (!expect(d, WIRE_PASSPHRASE, &m, f))
		goto out;
	if (!secret_copy(octets_bytes(&m.body), &passphrase, f))
		goto out;
	ok = seal_new(&passphrase, passphrase_strength(&s->settings), &s->seal, f);
out:
	secret_free(&passphrase);
	if (m.body.at != NULL)
		secret_wipe(m.body.at, m.body.n);
	bytes_free(&m.body);
	return ok;
}

/* The first thing that a signer does is to say that it is there. */
static bool
tell_start(struct signer *s, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);
	struct json *e = log_entry("service.started", &s->self);

	json_put_text(e, "version", QUATRAIN_VERSION);
	json_put_hex(e, "profiles", profile_set_digest(), PROFILE_DIGEST_OCTETS);
	return log_append(platform, e, clock_now_s(), NULL, f) && ledger_commit(platform, f);
}

static bool
keys_are_whole(const struct signer *s, struct fault *f)
{
	char keys[CONF_TEXT_MAX * 2], word[RESEAL_WORD_MAX];
	bool pending;

	if (!settings_path(&s->settings, "keys", keys, sizeof(keys)))
		return fault_set(f, FAULT_INTERNAL, "signer: the data folder's path is too long");
	if (!reseal_pending(keys, &pending, word, f))
		return false;
	return !pending ||
	       fault_set(f, FAULT_CONFLICT,
		   "keys: \"quatrain key rotate\" was interrupted: run it again, as it was");
}

static bool
open_token(struct signer *s, struct pin *pin, struct fault *f)
{
	char keys[CONF_TEXT_MAX * 2];

	if (!settings_path(&s->settings, "keys", keys, sizeof(keys)))
		return fault_set(f, FAULT_INTERNAL, "signer: the data folder's path is too long");
	if (hsm_log_in(&s->settings, keys, &s->token_key, pin, &s->hsm, f))
		return true;
	s->pin_refused = f->code == FAULT_AUTH;
	return false;
}

bool
signer_open(struct signer *s, struct pin *pin, struct fault *f)
{
	struct keyring_ground ground;
	struct ledger *platform;

	if (!rules_digest(s->policy, f) || !keys_are_whole(s, f) ||
	    !realm_open(s->settings.data, STORE_WRITE, &s->realm, f) || !watch_start(s, f) ||
	    !read_token_key(s, f) || !open_token(s, pin, f))
		return false;
	ground = (struct keyring_ground){ .realm = s->realm,
		.seal = s->seal,
		.journal = &s->journal,
		.public_url = s->settings.public_url,
		.why = &s->self,
		.hsm = s->hsm,
		.in_token = hsm_uses(&s->settings),
		.shards = (unsigned)s->settings.crl.shards };
	s->verifiers = (struct pace){ .burst = VERIFIER_BURST, .each_s = VERIFIER_EACH_S };
	realm_on_open(s->realm, signer_settle, s);
	return keyring_new(&ground, &s->keys, f) &&
	       realm_ledger(s->realm, NAME_PLATFORM, &platform, f) &&
	       policies_new(s->realm, &s->policies, f);
}

void
signer_close(struct signer *s)
{
	watch_stop(s);
	policies_free(s->policies);
	keyring_free(s->keys);
	hsm_close(s->hsm);
	realm_close(s->realm);
	journal_close(&s->journal);
	secret_free(&s->token_key);
	seal_free(s->seal);
}

/* Only what the token says of its PIN has a status of its own. */
static bool
open_all(struct bench *d, struct fault *f)
{
	struct signer *s = &d->signer;

	s->self = (struct log_context){
		.by = "signer", .from = "local", .rule = "start", .policy = s->policy
	};
	if (press_new(s, &s->press, f) && notary_new(s, &s->notary, f) &&
	    signer_open(s, &d->pin, f) && tell_start(s, f))
		return true;
	if (s->pin_refused)
		d->status = HSM_PIN_STATUS;
	return false;
}

static void
close_all(struct bench *d)
{
	signer_close(&d->signer);
	press_free(d->signer.press);
	notary_free(d->signer.notary);
	pin_free(&d->pin);
	for (size_t i = 0; i < ROUND_MAX; i++)
		bytes_free(&d->round.job[i].message.body);
	for (size_t i = 0; i < d->lines; i++) {
		bytes_free(&d->line[i].sessions);
		if (d->line[i].fd >= 0)
			(void)close(d->line[i].fd);
	}
	if (d->lock >= 0) /* last: now another may write */
		(void)close(d->lock);
}

int
signer_main(int control)
{
	struct bench *d = calloc(1, sizeof(*d));
	struct fault f;
	int status;

	if (d == NULL || CRYPTO_secure_malloc_init(SECURE_HEAP, 32) == 0)
		return 1;
	d->status = 1;
	d->control = control;
	d->lock = -1;
	d->round.signer = &d->signer;
	d->round.lines = d->line;
	d->round.lines_n = &d->lines;
	d->signer.lines = d->line;
	d->signer.lines_n = &d->lines;
	d->signer.journal.fd = -1;
	if (!hear_start(d, &f) || !child_settle(CHILD_SIGNER, &d->signer.settings, &f) ||
	    !open_all(d, &f) || !child_confine(CHILD_SIGNER, &d->signer.settings, &f) ||
	    !child_tell(control, WIRE_READY, octets_of(NULL, 0), -1, &f)) {
		log_fact(LOG_ERROR, "start", "fault", f.text, NULL);
		goto out;
	}
	log_fact(LOG_INFO, "ready", NULL);
	loop(d);
	d->status = 0;
out:
	status = d->status;
	close_all(d);
	free(d);
	return status;
}
