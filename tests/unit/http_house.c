/* tests/unit/http_house.c - see http_site.h. What the child serves, and the orders it takes. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/log.h"
#include "base/text.h"
#include "tests/unit/http_site.h"

#define FLOOD 20000 /* more questions than line and queue hold together */

static struct http *http;
static int child_control;
static SSL_CTX *next_tls;
static unsigned ticks;
static uint64_t served;
static unsigned streams_over;
static size_t gushed;

/* Check's own asserts would have the child go on with the suite. */
static void
must(bool what)
{
	if (!what)
		abort();
}

static void
hello(struct exchange *x)
{
	x->status = 200;
	x->type = "text/plain";
	exchange_header(x, "WWW-Authenticate", "Basic realm=\"%s\"", "here");
	bytes_put_text(&x->reply, "hello\n");
}

/* Held once, and lent to each reply: longer than what is sent at once. */
static void
large(struct exchange *x)
{
	static struct shared *held;

	if (held == NULL) {
		must((held = shared_new(SITE_LARGE)) != NULL);
		for (size_t i = 0; i < held->n; i++)
			held->at[i] = site_large_at(i);
	}
	x->status = 200;
	x->type = "application/octet-stream";
	x->shared = shared_hold(held);
}

static void
echo(struct exchange *x)
{
	x->status = x->body_too_large ? 413 : 200;
	x->type = "application/octet-stream";
	if (x->body_too_large)
		bytes_put_fmt(&x->reply, "too large, %zu octets shown", x->body.n);
	else
		bytes_put_octets(&x->reply, x->body);
}

/* Everything that a handler can see, a line each. */
static void
who(struct exchange *x)
{
	char hex[2 * 32 + 1];
	uint8_t digest[32];

	x->status = 200;
	x->type = "text/plain";
	exchange_bind(x);
	text_hex(x->binding, x->binding_n, hex);
	bytes_put_fmt(&x->reply, "source=%s\nbinding=%s\n", x->source, hex);
	EVP_Digest(x->peer.at, x->peer.n, digest, NULL, EVP_sha256(), NULL);
	text_hex(digest, sizeof(digest), hex);
	bytes_put_fmt(&x->reply, "peer=%s\nface=%d\nwith=%s\n", x->peer.n > 0 ? hex : "none",
	    (int)x->face, (const char *)x->with);
	bytes_put_fmt(&x->reply, "path=%.*s\nquery=%.*s\n", (int)x->path.n,
	    (const char *)x->path.at, (int)x->query.n, (const char *)x->query.at);
	bytes_put_fmt(&x->reply, "type=%.*s\nauth=%.*s\nagent=%.*s\nmatch=%.*s\n",
	    (int)x->content_type.n, (const char *)x->content_type.at, (int)x->authorization.n,
	    (const char *)x->authorization.at, (int)x->user_agent.n, (const char *)x->user_agent.at,
	    (int)x->if_none_match.n, (const char *)x->if_none_match.at);
	bytes_put_fmt(
	    &x->reply, "last=%.*s\n", (int)x->last_event_id.n, (const char *)x->last_event_id.at);
}

static void
tell_answer(struct exchange *x, uint16_t code, struct octets body)
{
	x->status = code == 0 ? 200 : 503;
	x->type = "text/plain";
	bytes_put_fmt(&x->reply, "%u %.*s %s", code, (int)body.n, (const char *)body.at,
	    (const char *)x->state);
}

static void
ask_again(struct exchange *x, uint16_t code, struct octets body)
{
	must(code == 0);
	x->ask.verb = 2;
	bytes_put_octets(&x->ask.body, body);
	bytes_put_text(&x->ask.body, " and more");
	x->ask.then = tell_answer;
}

static void
ask(struct exchange *x)
{
	x->state = strdup("kept");
	x->ask.verb = 1;
	bytes_put_octets(&x->ask.body, x->body);
	x->ask.then = octets_same(x->path, octets_text("/twice")) ? ask_again : tell_answer;
}

static void
tell_counts(struct exchange *x)
{
	x->status = 200;
	bytes_put_fmt(&x->reply, "%u ticks, %s", ticks, served > 0 ? "served" : "none served");
}

/* Three words, one a pull, with a pause before each. */
static bool
drip(struct exchange *x)
{
	static const char *const words[] = { "", "one ", "", "", "two ", "", "three" };
	unsigned *at = x->state;

	bytes_put_text(&x->reply, words[*at]);
	return ++*at < sizeof(words) / sizeof(*words);
}

static void
dripped(struct exchange *x)
{
	(void)x;
	streams_over++;
}

static void
stream(struct exchange *x)
{
	must((x->state = calloc(1, sizeof(unsigned))) != NULL);
	x->status = 200;
	x->type = "text/event-stream";
	bytes_put_text(&x->reply, "zero ");
	x->pull = drip;
	x->over = dripped;
}

/* 16 KiB whenever they are asked for, without an end. */
static bool
gush(struct exchange *x)
{
	static const char some[16384];

	gushed += sizeof(some);
	bytes_put(&x->reply, some, sizeof(some));
	return true;
}

static bool
wait(struct exchange *x)
{
	(void)x;
	return true;
}

static void
endless(struct exchange *x)
{
	stream(x);
	x->pull = octets_same(x->path, octets_text("/gush")) ? gush : wait;
}

static void
tell_streams(struct exchange *x)
{
	x->status = 200;
	bytes_put_fmt(&x->reply, "%u over, %zu KiB", streams_over, gushed / 1024);
}

static void
no_content(struct exchange *x)
{
	x->status = 204;
}

static void
last(struct exchange *x)
{
	hello(x);
	x->close = true;
}

static void
say_nothing(struct exchange *x)
{
	(void)x;
}

static const struct {
	const char *path;
	void (*serve)(struct exchange *x);
} routes[] = {
	{ "/hello", hello },
	{ "/echo", echo },
	{ "/large", large },
	{ "/who", who },
	{ "/ask", ask },
	{ "/twice", ask },
	{ "/counts", tell_counts },
	{ "/empty", no_content },
	{ "/stream", stream },
	{ "/gush", endless },
	{ "/wait", endless },
	{ "/streams", tell_streams },
	{ "/last", last },
	{ "/nothing", say_nothing },
};

static void
serve(struct exchange *x)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (octets_same(x->path, octets_text(routes[i].path))) {
			routes[i].serve(x);
			return;
		}
	}
	x->status = 404;
}

static void
count_served(const struct exchange *x, int64_t took_us)
{
	served += x->status == 200 && took_us >= 0;
}

static void
count_tick(void *with)
{
	(*(unsigned *)with)++;
}

static void
say_answer(void *with, uint16_t code, struct octets body)
{
	char c = code == 0 && body.n == 1 ? (char)*body.at : '!';

	must(write(*(int *)with, &c, 1) == 1);
}

/* Questions that nobody answers: say once that there were too many. */
static void
count_refused(void *with, uint16_t code, struct octets body)
{
	bool *told = with;

	if (*told || code != FAULT_BUSY || memmem(body.at, body.n, "too many", 8) == NULL)
		return;
	*told = true;
	must(write(child_control, "!", 1) == 1);
}

static void
flood(void)
{
	static bool told;

	for (unsigned i = 0; i < FLOOD; i++)
		http_ask(http, 8, octets_of(NULL, 0), count_refused, &told);
}

static bool
is_to_be_cut(void *with, const struct http_peer *peer)
{
	const uint8_t *p = peer->peer.at;
	X509 *x = d2i_X509(NULL, &p, (long)peer->peer.n);
	char cn[64] = "";

	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof(cn));
	X509_free(x);
	return strcmp(cn, with) == 0;
}

static void
obey(void *with)
{
	char cut[] = "to-be-cut", order, answer = '.';

	(void)with;
	if (read(child_control, &order, 1) != 1)
		return;
	if (order == 'c')
		answer = (char)('0' + http_cut(http, is_to_be_cut, cut));
	else if (order == 't')
		http_set_tls(http, FACE_SECURE, next_tls);
	else if (order == 'l')
		http_set_line(http, -1);
	else if (order == 'q')
		http_ask(http, 7, octets_text("mine"), say_answer, &child_control);
	else if (order == 'f')
		flood();
	must(write(child_control, &answer, 1) == 1);
}

static void
on_term(int signal_number)
{
	(void)signal_number;
	http_stop(http);
}

static void
listen_at(const struct plan *plan, enum exchange_face which, int fd)
{
	static char with[] = "the house";
	struct http_face face = {
		.face = which,
		.listener = fd,
		.tls = which == FACE_SECURE ? plan->tls : NULL,
		.body_max = SITE_BODY_MAX,
		.request_ms = SITE_PATIENCE_S * 1000,
		.conns_max = which == FACE_PUBLIC && plan->conns_max > 0 ? plan->conns_max : 100,
		.serve = serve,
		.served = count_served,
		.with = with,
	};
	struct fault f;

	must(http_listen(http, &face, &f));
}

void
site_run(const struct plan *plan, const int listeners[3], int line, int control)
{
	struct sigaction sa = { .sa_handler = on_term };
	struct fault f;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_start("test", LOG_ERROR);
	child_control = control;
	next_tls = plan->next_tls;
	must(http_new(&http, &f));
	(void)sigaction(SIGTERM, &sa, NULL);
	listen_at(plan, FACE_PUBLIC, listeners[0]);
	listen_at(plan, FACE_LOCAL, listeners[2]);
	if (plan->tls != NULL)
		listen_at(plan, FACE_SECURE, listeners[1]);
	else
		(void)close(listeners[1]);
	http_set_line(http, line);
	must(http_watch(http, control, obey, NULL, &f));
	http_every(http, 1, count_tick, &ticks);
	must(write(control, "!", 1) == 1); /* SIGTERM is safe from here on */
	http_run(http, plan->drain_ms > 0 ? plan->drain_ms : SITE_PATIENCE_S * 1000);
	(void)signal(SIGTERM, SIG_IGN); /* it may come twice */
	http_free(http);
	_exit(0);
}
