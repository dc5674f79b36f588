/* daemon/agent_link.c - see agent_link.h. */
#include "daemon/agent_link.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/credential.h"
#include "daemon/fetch.h"

#define ANSWER_MAX 131072
#define TIMEOUT_S  60L /* of a request without a document */

/* Whose turn it is. */
enum turn {
	TURN_IDLE,   /* the loop's: it may ask */
	TURN_ASKED,  /* the thread's */
	TURN_WANTS,  /* the loop's: it has to give */
	TURN_GIVEN,  /* the thread's */
	TURN_ANSWER, /* the loop's: it has to look */
};

struct agent_link {
	pthread_t thread;
	bool runs;
	int fd;
	char cert[CREDENTIAL_PATH_MAX], key[CREDENTIAL_PATH_MAX], root[CREDENTIAL_PATH_MAX];
	/* the thread's own */
	struct fetch *fetch;
	struct stat stamp; /* of the certificate that fetch was made with */
	uint64_t sent;     /* of head and document */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	enum turn turn;
	bool ends, told; /* told: the loop has seen what stands here */
	struct agent_request request;
	struct bytes piece;
	uint64_t offset;
	size_t want;
	struct agent_link_news answer;
};

/* libcurl asks for it without saying for whom: there is one agent in a process. */
static atomic_bool stops;

static bool
is_stopping(void)
{
	return atomic_load(&stops);
}

/* With the lock held. */
static void
pass(struct agent_link *l, enum turn to)
{
	const uint64_t one = 1;

	l->turn = to;
	l->told = false;
	(void)pthread_cond_broadcast(&l->changed);
	(void)!write(l->fd, &one, sizeof(one));
}

/* ---- the thread ---- */

/* With the lock held: until the loop has done its part. False: it ends. */
static bool
wait_for(struct agent_link *l, enum turn turn)
{
	while (l->turn != turn && !l->ends)
		(void)pthread_cond_wait(&l->changed, &l->lock);
	return !l->ends;
}

static size_t
give(void *with, void *at, size_t n)
{
	struct agent_link *l = with;
	struct octets head = octets_bytes(&l->request.head);

	if (l->sent < head.n) {
		if (n > head.n - l->sent)
			n = head.n - (size_t)l->sent;
		(void)memcpy(at, head.at + l->sent, n);
		l->sent += n;
		return n;
	}
	(void)pthread_mutex_lock(&l->lock);
	l->offset = l->sent - head.n;
	l->want = n > AGENT_LINK_PIECE ? AGENT_LINK_PIECE : n;
	pass(l, TURN_WANTS);
	if (!wait_for(l, TURN_GIVEN) || l->piece.bad || l->piece.n > n)
		n = 0;
	else
		n = l->piece.n;
	if (n > 0)
		(void)memcpy(at, l->piece.at, n);
	bytes_clear(&l->piece);
	(void)pthread_mutex_unlock(&l->lock);
	l->sent += n;
	return n;
}

static bool
again(void *with)
{
	struct agent_link *l = with;

	l->sent = 0;
	return true;
}

/* A certificate that was renewed is used from the next request on, over a connection of its own. */
static bool
connect_as_now(struct agent_link *l, struct fault *f)
{
	const struct fetch_peer peer = {
		.root_file = l->root,
		.cert = l->cert,
		.key = l->key,
		.body_max = ANSWER_MAX,
		.timeout_s = TIMEOUT_S,
		.stop = is_stopping,
	};
	struct stat now;

	if (stat(l->cert, &now) != 0)
		return fault_errno(f, FAULT_NOTFOUND, "agent: %s", l->cert);
	if (l->fetch != NULL && now.st_ino == l->stamp.st_ino && now.st_dev == l->stamp.st_dev &&
	    now.st_mtim.tv_sec == l->stamp.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == l->stamp.st_mtim.tv_nsec)
		return true;
	fetch_free(l->fetch);
	l->fetch = NULL;
	l->stamp = now;
	return fetch_new(&peer, &l->fetch, f);
}

/* The request is the thread's until it is answered. */
static void
answer(struct agent_link *l, struct agent_link_news *ret)
{
	const struct agent_request *r = &l->request;
	struct fetch_ask ask = { .method = r->method, .url = r->url, .type = r->type };
	struct fetch_reply reply;

	l->sent = 0;
	if (r->octets > 0) {
		ask.read = give;
		ask.rewind = again;
		ask.with = l;
		ask.octets = r->head.n + r->octets;
	} else
		ask.body = octets_bytes(&r->head);
	ret->ok = connect_as_now(l, &ret->why) && fetch_do(l->fetch, &ask, &reply, &ret->why);
	if (ret->ok) {
		ret->status = reply.status;
		ret->retry_after_s = reply.retry_after_s;
		ret->body = reply.body;
		return;
	}
	fetch_free(l->fetch);
	l->fetch = NULL;
}

static void *
work(void *with)
{
	struct agent_link *l = with;
	struct agent_link_news news;

	(void)pthread_mutex_lock(&l->lock);
	while (wait_for(l, TURN_ASKED)) {
		(void)pthread_mutex_unlock(&l->lock);
		news = (struct agent_link_news){ .retry_after_s = -1 };
		answer(l, &news);
		(void)pthread_mutex_lock(&l->lock);
		bytes_free(&l->request.head);
		l->answer = news;
		pass(l, TURN_ANSWER);
	}
	(void)pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* ---- the loop ---- */

static bool
start(struct agent_link *l, const char *folder, struct fault *f)
{
	int code;

	if (!credential_path(folder, "cert.pem", l->cert, f) ||
	    !credential_path(folder, "key.pem", l->key, f) ||
	    !credential_path(folder, "root.pem", l->root, f))
		return false;
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->fd < 0)
		return fault_errno(f, FAULT_INTERNAL, "agent: eventfd");
	atomic_store(&stops, false);
	if ((code = pthread_create(&l->thread, NULL, work, l)) != 0) {
		errno = code;
		return fault_errno(f, FAULT_INTERNAL, "agent: a thread");
	}
	l->runs = true;
	return true;
}

bool
agent_link_new(const char *folder, struct agent_link **ret, struct fault *f)
{
	struct agent_link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return fault_set(f, FAULT_INTERNAL, "agent: out of memory");
	l->fd = -1;
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->changed, NULL);
	if (!start(l, folder, f)) {
		agent_link_free(l);
		return false;
	}
	*ret = l;
	return true;
}

void
agent_link_free(struct agent_link *l)
{
	if (l == NULL)
		return;
	if (l->runs) {
		atomic_store(&stops, true);
		(void)pthread_mutex_lock(&l->lock);
		l->ends = true;
		(void)pthread_cond_broadcast(&l->changed);
		(void)pthread_mutex_unlock(&l->lock);
		(void)pthread_join(l->thread, NULL);
	}
	fetch_free(l->fetch);
	bytes_free(&l->request.head);
	bytes_free(&l->piece);
	if (l->turn == TURN_ANSWER)
		bytes_free(&l->answer.body);
	(void)pthread_cond_destroy(&l->changed);
	(void)pthread_mutex_destroy(&l->lock);
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l);
}

int
agent_link_fd(const struct agent_link *l)
{
	return l->fd;
}

void
agent_link_ask(struct agent_link *l, struct agent_request *r)
{
	(void)pthread_mutex_lock(&l->lock);
	l->request = *r;
	r->head = (struct bytes){ 0 };
	pass(l, TURN_ASKED);
	(void)pthread_mutex_unlock(&l->lock);
}

bool
agent_link_is_busy(const struct agent_link *l)
{
	struct agent_link *self;
	bool busy;

	(void)memcpy(&self, &l, sizeof(self)); /* to look takes the lock, and changes nothing */
	(void)pthread_mutex_lock(&self->lock);
	busy = l->turn != TURN_IDLE;
	(void)pthread_mutex_unlock(&self->lock);
	return busy;
}

enum agent_news
agent_link_look(struct agent_link *l, struct agent_link_news *ret)
{
	enum agent_news news = AGENT_NOTHING;
	uint64_t times;

	(void)!read(l->fd, &times, sizeof(times));
	(void)pthread_mutex_lock(&l->lock);
	if (l->turn == TURN_WANTS && !l->told) {
		*ret = (struct agent_link_news){ .offset = l->offset, .n = l->want };
		l->told = true;
		news = AGENT_WANTS;
	} else if (l->turn == TURN_ANSWER) {
		*ret = l->answer;
		l->answer = (struct agent_link_news){ .ok = false };
		l->turn = TURN_IDLE;
		news = AGENT_ANSWER;
	}
	(void)pthread_mutex_unlock(&l->lock);
	return news;
}

void
agent_link_give(struct agent_link *l, struct octets piece)
{
	(void)pthread_mutex_lock(&l->lock);
	bytes_clear(&l->piece);
	bytes_put_octets(&l->piece, piece);
	pass(l, TURN_GIVEN);
	(void)pthread_mutex_unlock(&l->lock);
}
