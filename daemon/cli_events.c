/* daemon/cli_events.c - events: the log as it is written. */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "daemon/cli_call.h"
#include "daemon/fetch.h"
#include "daemon/interrupt.h"
#include "daemon/position.h"
#include "daemon/sse.h"

#define WAIT_MS     1000 /* before the first try of coming again; each further one twice as long */
#define WAIT_MAX_MS 30000
#define TRIES_MAX   8 /* in a row, where the service does not say what it has against us */

struct follower {
	const struct invocation *inv;
	struct client *client;
	struct bytes path;
	struct sse sse;
	struct fault why; /* of what piece() refused */
	bool refused;
	bool heard; /* anything, since it came again */
	unsigned tries;
};

/* Whose log the event is of: the first of its id. */
static void
tenant_of(struct octets id, char to[static TEXT_LABEL_MAX])
{
	size_t n = 0;

	while (n < id.n && n < TEXT_LABEL_MAX - 1 && id.at[n] != ':')
		n++;
	if (n > 0)
		memcpy(to, id.at, n);
	to[n] = '\0';
}

static void
tell_person(const char *tenant, const struct json *entry)
{
	static const char *const names[] = { "profile", "name", "device", "tenant", "serial",
		"reason" };
	char cell[CLI_CELL_MAX];

	(void)printf("%s", cli_cell(entry, "at", cell));
	(void)printf("  %s", tenant);
	(void)printf("  %s", cli_cell(entry, "n", cell));
	(void)printf("  %s", cli_cell(entry, "act", cell));
	(void)printf("  by %s", cli_cell(entry, "by", cell));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_get(entry, names[i]) != NULL)
			(void)printf("  %s %s", names[i], cli_cell(entry, names[i], cell));
	(void)printf("\n");
}

static bool
tell(void *with, const struct sse_event *e, struct fault *f)
{
	struct follower *w = with;
	struct json *entry = NULL, *j;
	char tenant[TEXT_LABEL_MAX];
	struct fault why;

	if (!json_parse(e->data, &entry, &why))
		return fault_set(
		    f, FAULT_BADREQ, "events: an entry that is no JSON: %.200s", why.text);
	tenant_of(e->id, tenant);
	w->tries = 0;
	if (w->inv->json) {
		j = json_object();
		json_put_octets(j, "tenant", octets_text(tenant));
		json_put_octets(j, "event", e->event);
		json_put_octets(j, "id", e->id);
		json_put(j, "entry", entry);
		cli_print_json(stdout, j);
		json_free(j);
	} else {
		tell_person(text_is_label(tenant) ? tenant : "?", entry);
		json_free(entry);
	}
	return fflush(stdout) == 0 || fault_errno(f, FAULT_INTERNAL, "events: standard output");
}

static bool
piece(void *with, struct octets octets)
{
	struct follower *w = with;

	w->heard = true;
	w->refused = !sse_take(&w->sse, octets, tell, w, &w->why);
	return !w->refused;
}

static bool
put_options(const struct invocation *inv, const char *name, struct bytes *path)
{
	const char *value;

	for (size_t i = 0; (value = cli_option_at(inv, name, i)) != NULL; i++) {
		bytes_put_fmt(
		    path, "%c%s=", memchr(path->at, '?', path->n) == NULL ? '?' : '&', name);
		fetch_put_escaped(path, value);
	}
	return !path->bad;
}

static bool
make_path(struct follower *w, struct fault *f)
{
	static const char *const names[] = { "tenant", "act", "after" };

	bytes_put_text(&w->path, "/v1/events");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!put_options(w->inv, names[i], &w->path))
			break;
	bytes_put_u8(&w->path, 0);
	return bytes_ok(&w->path, f);
}

/* Is it worth while to come again? What the service refuses with reasons it refuses next time. */
static bool
may_come_again(const struct follower *w, bool ended, long status, const struct fault *why)
{
	if (w->refused)
		return false;
	if (ended || w->heard || status == 503 || status == 429 || status == 500)
		return true;
	if (status != 0 || w->sse.id.n == 0) /* nor what failed from the beginning */
		return false;
	return why->code == FAULT_BUSY || (why->code == FAULT_DENIED && w->tries < TRIES_MAX);
}

/* Where all come again at once, they do so a little apart. */
static void
wait_a_while(struct follower *w, const char *why)
{
	int64_t ms = w->sse.retry_ms > 0 ? w->sse.retry_ms : WAIT_MS;

	for (unsigned i = 0; i < w->tries && ms < WAIT_MAX_MS; i++)
		ms *= 2;
	if (ms > WAIT_MAX_MS)
		ms = WAIT_MAX_MS;
	ms += clock_steady_us() % (ms / 4 + 1);
	if (w->tries++ > 0)
		(void)fprintf(stderr, "quatrain: %s; again in %lld ms\n", why, (long long)ms);
	(void)poll(NULL, 0, (int)ms);
}

static bool
follow(struct follower *w, struct fault *f)
{
	long status;

	while (!is_interrupted()) {
		struct bytes last = { 0 };
		bool ended;

		bytes_put_octets(&last, octets_bytes(&w->sse.id));
		bytes_put_u8(&last, 0);
		if (!bytes_ok(&last, f))
			return false;
		sse_again(&w->sse);
		w->heard = false;
		ended = client_follow(w->client, (const char *)w->path.at,
		    last.n > 1 ? (const char *)last.at : NULL, piece, w, &status, f);
		bytes_free(&last);
		if (is_interrupted())
			break;
		if (w->refused)
			*f = w->why;
		if (!may_come_again(w, ended, status, f))
			return false;
		if (w->heard)
			w->tries = 0;
		wait_a_while(w, ended ? "the stream ended" : f->text);
	}
	return true;
}

int
events_command(const struct invocation *inv)
{
	struct client_to to = { .settings = &inv->settings,
		.config = inv->config,
		.url = cli_option(inv, "url"),
		.cert = cli_option(inv, "cert"),
		.key = cli_option(inv, "key"),
		.root = cli_option(inv, "root"),
		.stop = is_interrupted };
	struct follower w = { .inv = inv, .sse = sse_begin() };
	struct position seen;
	struct fault f;
	int status = CLI_OK;

	interrupt_catch();
	if (!make_path(&w, &f) || !client_open(&to, &w.client, &f) || !follow(&w, &f))
		status = is_interrupted() ? CLI_OK : cli_refuse(inv, &f);
	if (status == CLI_OK && !inv->json && position_read(octets_bytes(&w.sse.id), &seen, &f) &&
	    seen.n == 1)
		(void)fprintf(stderr, "Next: quatrain events --tenant %s --after %" PRIu64 "\n",
		    seen.at[0].tenant, seen.at[0].next);
	client_close(w.client);
	sse_free(&w.sse);
	bytes_free(&w.path);
	return status;
}
