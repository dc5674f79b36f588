/* daemon/herald.c - see herald.h: the process. */
#include "daemon/herald.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/wire.h"
#include "daemon/child.h"
#include "daemon/herald_internal.h"

#define TURN_MS    100
#define ROOTS_MAX  (1u << 20)
#define ROOTS_FILE "/etc/ssl/certs/ca-certificates.crt"
#define TELL_US    500000

static const char *const name_files[2] = { "/etc/resolv.conf", "/etc/hosts" };

/* What main says before anything is opened. */
static bool
hear_start(struct herald *h, struct fault *f)
{
	struct message m = { .fd = -1 };
	bool ok = true;

	while (ok && h->tally == NULL) {
		if (!child_hear(h->control, true, &m, f))
			return false;
		if (m.verb == WIRE_SETTINGS && m.body.n == sizeof(h->settings))
			memcpy(&h->settings, m.body.at, sizeof(h->settings));
		else if (m.verb == WIRE_TALLY)
			ok = tally_open(m.fd, &h->tally, f);
		else if (m.verb != WIRE_PROFILES)
			ok = fault_set(f, FAULT_INTERNAL, "herald: main said %u", m.verb);
	}
	bytes_free(&m.body);
	return ok;
}

static bool
read_roots(const struct webhook *w, struct bytes *ret, struct fault *f)
{
	const char *path = w->ca[0] == '\0' ? ROOTS_FILE : w->ca;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint8_t part[16384];
	ssize_t n = 0;

	if (fd < 0)
		return fault_errno(
		    f, FAULT_BADREQ, "webhook: %s: %s cannot be read", w->name, path);
	while (ret->n <= ROOTS_MAX && (n = read(fd, part, sizeof(part))) > 0)
		bytes_put(ret, part, (size_t)n);
	(void)close(fd);
	if (n < 0 || ret->n == 0 || ret->n > ROOTS_MAX)
		return fault_set(
		    f, FAULT_BADREQ, "webhook: %s: %s: expected certificates, PEM", w->name, path);
	return bytes_ok(ret, f);
}

/* As whoever main is: the files may be root's alone. */
static bool
read_hook(struct herald *h, struct hook *k, struct fault *f)
{
	struct bytes all = { 0 };
	bool https = strncmp(k->w->url, "https:", 6) == 0;

	if (!herald_secrets(k->w->secret, &k->secrets, f) ||
	    (https && !read_roots(k->w, &k->roots, f)))
		return false;
	k->herald = h;
	bytes_put_counted_text(&all, k->w->url);
	for (size_t i = 0; i < 2; i++)
		bytes_put_counted(&all, secret_octets(&k->secrets.at[i]));
	bytes_put_counted(&all, octets_bytes(&k->roots));
	digest_of(octets_bytes(&all), k->like);
	bytes_free(&all); /* wiped */
	return true;
}

static bool
read_hooks(struct herald *h, struct fault *f)
{
	for (size_t i = 0; i < h->settings.webhooks.n; i++) {
		struct hook *k = &h->hook[i];

		k->number = i;
		k->w = &h->settings.webhooks.at[i];
		k->tally = &h->tally->hook[i];
		if (!read_hook(h, k, f))
			return false;
	}
	h->hooks = h->settings.webhooks.n;
	return true;
}

static bool
find_rows(struct herald *h, struct fault *f)
{
	for (size_t i = 0; i < h->hooks; i++) {
		struct hook *k = &h->hook[i];

		if (!herald_row(h->store, k->w->name, &k->row, f)) {
			if (f->code != FAULT_NOTFOUND)
				return false;
			k->row = (struct herald_row){ .since_s = clock_now_s() };
			if (!herald_keep_row(h, k, f))
				return false;
		}
		k->stopped = memcmp(k->row.stopped, k->like, sizeof(k->like)) == 0;
		if (k->stopped)
			tally_set_error(k->tally, "the receiver answered 410 before");
	}
	return true;
}

/*
 * Names are looked up in /etc/hosts and by DNS, which the C library does by itself: any other way
 * is code that it would load later, when nothing can be loaded any more.
 */
static bool
open_all(struct herald *h, struct fault *f)
{
	char folder[CONF_TEXT_MAX * 2];

	if (__nss_configure_lookup("hosts", "files dns") != 0)
		return fault_errno(f, FAULT_INTERNAL, "herald: names cannot be looked up");
	for (size_t i = 0; i < 2; i++)
		if (stat(name_files[i], &h->names[i]) != 0)
			memset(&h->names[i], 0, sizeof(h->names[i]));
	if (!settings_path(&h->settings, HERALD_FOLDER, folder, sizeof(folder)))
		return fault_set(f, FAULT_INTERNAL, "herald: the data folder's path is too long");
	return store_open(folder, STORE_CREATE, &h->store, f) &&
	       realm_open(h->settings.data, STORE_READ, &h->realm, f) && posts_new(&h->posts, f) &&
	       find_rows(h, f) && herald_survey(h, f);
}

static void
hear_main(struct herald *h)
{
	struct message m = { .fd = -1 };
	struct fault f;

	for (;;) {
		if (!child_hear(h->control, false, &m, &f) || m.verb == WIRE_STOP) {
			h->stop = true;
			break;
		}
		if (m.verb == 0)
			break;
		if (m.fd >= 0)
			(void)close(m.fd);
	}
	bytes_free(&m.body);
}

/* A file that was put in another's place is out of reach: a new process can read it. */
static bool
names_moved(const struct herald *h)
{
	struct stat st;

	for (size_t i = 0; i < 2; i++)
		if (stat(name_files[i], &st) == 0 &&
		    (st.st_ino != h->names[i].st_ino || st.st_dev != h->names[i].st_dev))
			return true;
	return false;
}

static void
look_around(struct herald *h, int64_t now_us)
{
	for (size_t i = 0; i < h->hooks; i++)
		herald_tell(&h->hook[i], now_us);
	if (!names_moved(h))
		return;
	log_fact(LOG_INFO, "resolver", "why", "the machine's files for names are others now", NULL);
	h->stop = true;
}

static void
loop(struct herald *h)
{
	int64_t told_us = 0;
	struct fault f;

	while (!h->stop) {
		int64_t now_us = clock_steady_us();
		bool more = false;

		if (!herald_survey(h, &f)) {
			log_fact(LOG_WARN, "webhook-log", "why", f.text, NULL);
			h->survey_us = now_us + 1000000;
		}
		for (size_t i = 0; i < h->hooks; i++)
			more |= herald_step(&h->hook[i], now_us);
		if (now_us - told_us >= TELL_US) {
			look_around(h, now_us);
			told_us = now_us;
		}
		posts_turn(h->posts, h->control, more ? 0 : TURN_MS);
		hear_main(h);
	}
}

static void
close_all(struct herald *h)
{
	posts_free(h->posts);
	for (size_t i = 0; i < h->hooks; i++) {
		herald_secrets_free(&h->hook[i].secrets);
		bytes_free(&h->hook[i].roots);
		bytes_free(&h->hook[i].body.text);
		bytes_free(&h->hook[i].test_body);
	}
	realm_close(h->realm);
	store_close(h->store);
	free(h->follow);
	free(h);
}

int
herald_main(int control)
{
	struct herald *h = calloc(1, sizeof(*h));
	struct fault f;
	int status = 1;

	if (h == NULL)
		return 1;
	h->control = control;
	if (!hear_start(h, &f) || !read_hooks(h, &f) ||
	    !child_settle(CHILD_HERALD, &h->settings, &f) || !open_all(h, &f) ||
	    !child_confine(CHILD_HERALD, &h->settings, &f) ||
	    !child_tell(control, WIRE_READY, octets_of(NULL, 0), -1, &f)) {
		log_fact(LOG_ERROR, "start", "fault", f.text, NULL);
	} else {
		log_fact(LOG_INFO, "ready", NULL);
		loop(h);
		status = 0;
	}
	close_all(h);
	return status;
}
