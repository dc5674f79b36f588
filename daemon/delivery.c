/* daemon/delivery.c - see delivery.h. */
#include "daemon/delivery.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum state { OPEN, LAST, BROKEN };

struct delivery {
	struct fetch_send what; /* its texts are ours */
	struct secret password;
	int wake_fd;
	pthread_t thread;
	pthread_mutex_t lock; /* of all that stands below */
	pthread_cond_t more;
	enum state state;
	bool full; /* somebody waits for room */
	bool ended, ok;
	struct fault fault;
	size_t at, n; /* of the ring: where it begins, and how much is in it */
	uint8_t ring[DELIVERY_ROOM];
};

static void
wake(const struct delivery *d)
{
	const uint64_t one = 1;

	(void)!write(d->wake_fd, &one, sizeof(one));
}

/* Of the thread. */
static size_t
read_ring(void *with, void *to, size_t n)
{
	struct delivery *d = with;
	bool tell;

	(void)pthread_mutex_lock(&d->lock);
	while (d->n == 0 && d->state == OPEN)
		(void)pthread_cond_wait(&d->more, &d->lock);
	if (d->state == BROKEN) {
		(void)pthread_mutex_unlock(&d->lock);
		return FETCH_SEND_BROKEN;
	}
	if (n > d->n)
		n = d->n;
	if (n > DELIVERY_ROOM - d->at)
		n = DELIVERY_ROOM - d->at;
	memcpy(to, d->ring + d->at, n);
	d->at = (d->at + n) % DELIVERY_ROOM;
	d->n -= n;
	/* Not for each little: who waits is called when half of it is free. */
	tell = d->full && d->n <= DELIVERY_ROOM / 2;
	d->full = d->full && !tell;
	(void)pthread_mutex_unlock(&d->lock);
	if (tell)
		wake(d);
	return n;
}

static void *
run(void *with)
{
	struct delivery *d = with;
	struct fault f;
	bool ok = fetch_send(&d->what, &f);

	(void)pthread_mutex_lock(&d->lock);
	d->ended = true;
	d->ok = ok;
	if (!ok)
		d->fault = f;
	(void)pthread_mutex_unlock(&d->lock);
	wake(d);
	return NULL;
}

/* A text of what, copied; NULL stays NULL. False: no memory. */
static bool
own(const char **text)
{
	return *text == NULL || (*text = strdup(*text)) != NULL;
}

static bool
own_roots(struct octets *o)
{
	uint8_t *at;

	if (o->n == 0)
		return true;
	if ((at = malloc(o->n)) == NULL)
		return false;
	memcpy(at, o->at, o->n);
	o->at = at;
	return true;
}

static void
let_go(struct delivery *d)
{
	const char *texts[] = { d->what.url, d->what.type, d->what.user, d->what.region,
		d->what.from, d->what.to };
	char *mine;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memcpy(&mine, &texts[i], sizeof(mine)); /* they are ours, and not const */
		free(mine);
	}
	memcpy(&mine, &d->what.roots.at, sizeof(mine));
	free(mine);
	secret_free(&d->password);
	secret_wipe(d->ring, sizeof(d->ring)); /* it held a document */
	free(d);
}

/* Each is taken in turn, so that let_go() never frees what is the caller's. */
static bool
own_all(struct delivery *d, const struct fetch_send *what, struct fault *f)
{
	const struct {
		const char *from, **to;
	} texts[] = { { what->url, &d->what.url }, { what->type, &d->what.type },
		{ what->user, &d->what.user }, { what->region, &d->what.region },
		{ what->from, &d->what.from }, { what->to, &d->what.to } };

	d->what = (struct fetch_send){
		.way = what->way, .octets = what->octets, .read = read_ring, .with = d
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *copy = texts[i].from;

		if (!own(&copy))
			return fault_set(f, FAULT_INTERNAL, "delivery: out of memory");
		*texts[i].to = copy;
	}
	d->what.roots = what->roots;
	if (!own_roots(&d->what.roots)) {
		d->what.roots = (struct octets){ 0 };
		return fault_set(f, FAULT_INTERNAL, "delivery: out of memory");
	}
	d->what.password = &d->password;
	return what->user == NULL || secret_copy(secret_octets(what->password), &d->password, f);
}

bool
delivery_begin(const struct fetch_send *what, int wake_fd, struct delivery **ret, struct fault *f)
{
	struct delivery *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return fault_set(f, FAULT_INTERNAL, "delivery: out of memory");
	d->wake_fd = wake_fd;
	if (!own_all(d, what, f)) {
		let_go(d);
		return false;
	}
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_cond_init(&d->more, NULL);
	if (pthread_create(&d->thread, NULL, run, d) != 0) {
		let_go(d);
		return fault_set(f, FAULT_INTERNAL, "delivery: no thread");
	}
	*ret = d;
	return true;
}

size_t
delivery_put(struct delivery *d, struct octets piece)
{
	size_t taken = 0;

	(void)pthread_mutex_lock(&d->lock);
	while (taken < piece.n && d->n < DELIVERY_ROOM && !d->ended) {
		size_t to = (d->at + d->n) % DELIVERY_ROOM, n = piece.n - taken;

		if (n > DELIVERY_ROOM - d->n)
			n = DELIVERY_ROOM - d->n;
		if (n > DELIVERY_ROOM - to)
			n = DELIVERY_ROOM - to;
		memcpy(d->ring + to, piece.at + taken, n);
		d->n += n;
		taken += n;
	}
	d->full = taken < piece.n;
	(void)pthread_cond_signal(&d->more);
	(void)pthread_mutex_unlock(&d->lock);
	return taken;
}

static void
become(struct delivery *d, enum state to)
{
	(void)pthread_mutex_lock(&d->lock);
	if (d->state == OPEN || to == BROKEN)
		d->state = to;
	(void)pthread_cond_signal(&d->more);
	(void)pthread_mutex_unlock(&d->lock);
}

void
delivery_last(struct delivery *d)
{
	become(d, LAST);
}

bool
delivery_ended(struct delivery *d, bool *ok, struct fault *f)
{
	bool ended;

	(void)pthread_mutex_lock(&d->lock);
	ended = d->ended;
	if (ended && !(*ok = d->ok))
		*f = d->fault;
	(void)pthread_mutex_unlock(&d->lock);
	return ended;
}

void
delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	become(d, BROKEN);
	(void)pthread_join(d->thread, NULL);
	(void)pthread_mutex_destroy(&d->lock);
	(void)pthread_cond_destroy(&d->more);
	let_go(d);
}
