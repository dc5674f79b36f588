/* daemon/cli_revocations.c - revocations follow: a relying party that holds the feed; see
 * ca/feed_piece.h. */
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "ca/feed_set.h"
#include "ca/log.h"
#include "daemon/cli_call.h"
#include "daemon/cli_revocations.h"
#include "daemon/credential.h"
#include "daemon/interrupt.h"

#define EVERY_S      5
#define WAIT_MAX_S   60
#define FAILURES_MAX 5 /* in a row that may be an outage, and may be meant */
#define PIECES_AGAIN 3 /* snapshots begun in a row, before it is given up */

struct relying {
	const struct invocation *inv;
	struct client *client;
	const char *tenant, *out;
	struct bytes root;
	struct feed_set set;
	uint8_t key[32];
	bool has_key, told_stale;
	unsigned failures; /* in a row */
	int64_t every_s;
	uint64_t told_seq; /* of what was told last */
	int64_t told_at_s;
};

static bool
get(struct relying *r, const char *query, struct bytes *ret, struct fault *f)
{
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/revocations%s", r->tenant, query);
	return client_get(r->client, path, "text/plain", ret, f);
}

/* The log's key, proven by the root that the person brought. */
static bool
get_key(struct relying *r, const struct feed_piece *p, struct fault *f)
{
	struct bytes pem = { 0 };
	bool ok =
	    get(r, "?certificates=yes", &pem, f) &&
	    log_signer(octets_bytes(&pem), octets_bytes(&r->root), p->origin, p->at_s, r->key, f);

	r->has_key = ok;
	bytes_free(&pem);
	return ok;
}

/* Is it this tenant's? The origin is its host, and the root says who may speak for that. */
static bool
is_ours(const struct relying *r, const struct feed_piece *p, struct fault *f)
{
	size_t n = strlen(r->tenant);

	return (strncmp(p->origin, r->tenant, n) == 0 && p->origin[n] == '.') ||
	       fault_set(f, FAULT_BADREQ, "feed: it is %.100s, not %s's", p->origin, r->tenant);
}

static bool
verify(struct relying *r, const struct feed_piece *p, struct fault *f)
{
	struct fault first;

	if (!is_ours(r, p, f))
		return false;
	if (r->has_key && feed_piece_verify(p, r->key, &first))
		return true;
	/* After a rollover the log has another key. */
	return get_key(r, p, f) && feed_piece_verify(p, r->key, f);
}

/* One piece into the set. */
static bool
take(struct relying *r, const char *query, struct fault *f)
{
	struct bytes note = { 0 };
	struct feed_piece p;
	bool ok = get(r, query, &note, f) && feed_piece_read(octets_bytes(&note), &p, f) &&
		  verify(r, &p, f) && feed_set_take(&r->set, &p, f);

	bytes_free(&note);
	return ok;
}

static bool
take_snapshot(struct relying *r, struct fault *f)
{
	char query[32 + 2 * FEED_PLACE_OCTETS] = "", hex[2 * FEED_PLACE_OCTETS + 1];

	do {
		if (!take(r, query, f))
			return false;
		text_hex(r->set.place, sizeof(r->set.place), hex);
		(void)snprintf(query, sizeof(query), "?place=%s", hex);
	} while (r->set.paging && !is_interrupted());
	return true;
}

static bool
take_changes(struct relying *r, struct fault *f)
{
	char query[40];

	do {
		(void)snprintf(query, sizeof(query), "?after=%" PRIu64, r->set.seq);
		if (!take(r, query, f))
			return false;
	} while (!feed_set_whole(&r->set) && !is_interrupted());
	return true;
}

/* Until it holds all that there is. What does not fit what is held ends that: a snapshot begins
 * anew. */
static bool
catch_up(struct relying *r, struct fault *f)
{
	for (unsigned i = 0; i < PIECES_AGAIN; i++) {
		if ((r->set.origin[0] != '\0' && !r->set.paging) || take_snapshot(r, f)) {
			if (take_changes(r, f))
				return true;
		}
		if (f->code != FAULT_CONFLICT)
			return false;
		(void)fprintf(stderr, "quatrain: %s; it is read anew\n", f->text);
		feed_set_free(&r->set);
	}
	return false;
}

/* The set as a snapshot without a signature: what follows it can be held against its hash. */
static bool
write_out(const struct relying *r, struct fault *f)
{
	const char *slash = strrchr(r->out, '/');
	char dir[CREDENTIAL_PATH_MAX] = ".";
	struct bytes lines = { 0 }, text = { 0 };
	struct feed_piece p = { .snapshot = true };
	bool ok;

	if (slash != NULL)
		(void)snprintf(
		    dir, sizeof(dir), "%.*s", slash == r->out ? 1 : (int)(slash - r->out), r->out);
	memcpy(p.origin, r->set.origin, sizeof(p.origin));
	memcpy(p.before, r->set.hash, sizeof(p.before));
	memcpy(p.after, r->set.hash, sizeof(p.after));
	memcpy(p.ca, r->set.ca, sizeof(p.ca));
	p.cas_n = r->set.cas_n;
	p.size = r->set.seq;
	p.at_s = r->set.at_s;
	p.until_s = r->set.until_s;
	ok = feed_set_lines(&r->set, &lines, &p.lines_n, f);
	p.lines = octets_bytes(&lines);
	feed_piece_text(&p, &text);
	ok = ok && bytes_ok(&text, f) &&
	     credential_replace(
		 dir, slash == NULL ? r->out : slash + 1, 0644, octets_bytes(&text), f);
	bytes_free(&text);
	bytes_free(&lines);
	return ok;
}

bool
revocations_read(const char *path, struct feed_set *ret, struct fault *f)
{
	struct feed_set set = { .row = NULL };
	struct bytes text = { 0 };
	struct feed_piece p;
	bool ok = cli_read_file(path, BYTES_MAX, &text, f) &&
		  feed_piece_read_text(octets_bytes(&text), &p, f) &&
		  ((p.snapshot && !p.has_from && !p.has_to) ||
		      fault_set(f, FAULT_BADREQ, "feed: %s holds no set", path)) &&
		  feed_set_take(&set, &p, f);

	bytes_free(&text);
	if (ok)
		*ret = set;
	else
		feed_set_free(&set);
	return ok;
}

void
revocations_tell(const struct invocation *inv, const char *tenant, const struct feed_set *s)
{
	char at[TEXT_TIME_MAX], until[TEXT_TIME_MAX];
	int64_t now_s = clock_now_s();
	size_t bad = 0;
	struct json *j;

	for (size_t i = 0; i < s->rows; i++)
		bad += s->row[i].state == STANDING_REVOKED || s->row[i].state == STANDING_HELD;
	text_time(s->at_s, at);
	text_time(s->until_s, until);
	if (!inv->json) {
		(void)printf("%s: %zu not good after %" PRIu64
			     " changes; signed %s, good until %s%s\n",
		    tenant, bad, s->seq, at, until, now_s > s->until_s ? ": STALE" : "");
		for (size_t i = 0; i < s->cas_n; i++)
			if (s->ca[i].state != STANDING_GOOD)
				(void)printf("all certificates of a CA are %s\n",
				    s->ca[i].state == STANDING_HELD ? "held" : "revoked");
	} else {
		j = json_object();
		json_put_text(j, "tenant", tenant);
		json_put_text(j, "origin", s->origin);
		json_put_number(j, "changes", (int64_t)s->seq);
		json_put_number(j, "not_good", (int64_t)bad);
		json_put_text(j, "at", at);
		json_put_text(j, "until", until);
		json_put_bool(j, "fresh", now_s <= s->until_s);
		cli_print_json(stdout, j);
		json_free(j);
	}
	(void)fflush(stdout);
}

/* Told when it changed, or stands anew; the file is written whenever it was signed anew. */
static bool
keep(struct relying *r, struct fault *f)
{
	bool news = r->told_at_s == 0 || r->told_seq != r->set.seq || r->told_stale;

	if (r->told_at_s == r->set.at_s && !news)
		return true;
	if (!write_out(r, f))
		return false;
	r->told_at_s = r->set.at_s;
	r->told_seq = r->set.seq;
	r->told_stale = false;
	if (news)
		revocations_tell(r->inv, r->tenant, &r->set);
	return true;
}

/* Cut off: say so, and once that the set may not be relied on any more. */
static void
complain(struct relying *r, const struct fault *f)
{
	(void)fprintf(stderr, "quatrain: %s\n", f->text);
	if (r->set.origin[0] != '\0' && clock_now_s() > r->set.until_s && !r->told_stale) {
		r->told_stale = true;
		revocations_tell(r->inv, r->tenant, &r->set);
	}
}

/* An outage is waited for; a refusal may look like one, or be one of a service that dies just then.
 * What proves nothing is neither. */
static bool
may_wait(struct relying *r, enum fault_code code)
{
	if (code == FAULT_BUSY)
		return true;
	return (code == FAULT_DENIED || code == FAULT_INTERNAL) && r->set.origin[0] != '\0' &&
	       ++r->failures < FAILURES_MAX;
}

static bool
follow(struct relying *r, bool once, struct fault *f)
{
	int64_t wait_s = r->every_s;

	while (!is_interrupted()) {
		if (!catch_up(r, f)) {
			if (is_interrupted())
				break;
			if (once || !may_wait(r, f->code))
				return false;
			complain(r, f);
			wait_s = wait_s * 2 < WAIT_MAX_S ? wait_s * 2 : WAIT_MAX_S;
		} else {
			if (!is_interrupted() && !keep(r, f))
				return false;
			wait_s = r->every_s;
			r->failures = 0;
		}
		if (once)
			break;
		(void)poll(NULL, 0, (int)(wait_s * 1000));
	}
	return true;
}

static bool
read_root(struct relying *r, struct fault *f)
{
	char path[CONF_TEXT_MAX + 32];
	const char *root = cli_option(r->inv, "root");

	if (root == NULL && !settings_path(&r->inv->settings, "root.pem", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	return cli_read_file(root == NULL ? path : root, CREDENTIAL_FILE_MAX, &r->root, f);
}

/* What an earlier run left is gone on with; what is none is replaced. */
static void
read_before(struct relying *r)
{
	struct fault f;

	if (revocations_read(r->out, &r->set, &f) || f.code == FAULT_NOTFOUND)
		return;
	(void)fprintf(stderr, "quatrain: %s; it is read anew\n", f.text);
}

int
revocations_follow_command(const struct invocation *inv)
{
	const char *every = cli_option(inv, "every");
	struct relying r = { .inv = inv,
		.tenant = cli_option(inv, "tenant"),
		.out = cli_option(inv, "out"),
		.every_s = EVERY_S };
	struct client_to to = { .settings = &inv->settings,
		.config = inv->config,
		.url = cli_option(inv, "url"),
		.cert = cli_option(inv, "cert"),
		.key = cli_option(inv, "key"),
		.root = cli_option(inv, "root"),
		.stop = is_interrupted };
	struct fault f;
	int status = CLI_OK;

	if (every != NULL && !text_duration(every, &r.every_s))
		return cli_usage(inv->command, "--every: expected a duration");
	if (r.every_s > WAIT_MAX_S)
		r.every_s = WAIT_MAX_S;
	interrupt_catch();
	if (!read_root(&r, &f) || !client_open(&to, &r.client, &f))
		return cli_refuse(inv, &f);
	read_before(&r);
	if (!follow(&r, cli_flag(inv, "once"), &f))
		status = cli_refuse(inv, &f);
	client_close(r.client);
	feed_set_free(&r.set);
	bytes_free(&r.root);
	return status;
}
