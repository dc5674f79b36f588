/* daemon/http_ask.c - see http_internal.h. Questions for the signer, and its answers. */
#include <h2o.h>

#include "daemon/http_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define WAITING_MAX    4096 /* questions that the line had no room for yet */
#define ANSWERS_A_TURN 64

/*
 * A question is in one of three lists. waiting: not on the line yet. sent:
 * there, and in sent_by_id. refused: its refusal is known, and is told from
 * the timer, never from inside the asking.
 */
struct question {
	h2o_linklist_t link;
	struct question *next; /* of its bucket */
	uint32_t id;
	uint16_t verb;
	struct trace trace;
	struct bytes body; /* owned until sent */
	int64_t due_ms;
	http_answer *then; /* NULL: nobody listens any more */
	void *with;
	struct fault refusal;
};

static struct question *
question_of(h2o_linklist_t *l)
{
	return H2O_STRUCT_FROM_MEMBER(struct question, link, l);
}

static struct question **
bucket_of(struct desk *d, uint32_t id)
{
	return &d->sent_by_id[id % (sizeof(d->sent_by_id) / sizeof(*d->sent_by_id))];
}

static void
later(struct http *h)
{
	if (!h2o_timeout_is_linked(&h->desk.later))
		h2o_timeout_link(h->loop, &h->soon, &h->desk.later);
}

static void
question_free(struct question *q)
{
	bytes_free(&q->body);
	free(q);
}

/* The sent question of this id, off its list and out of its bucket; NULL if there is none. */
static struct question *
take_sent(struct desk *d, uint32_t id)
{
	for (struct question **at = bucket_of(d, id); *at != NULL; at = &(*at)->next) {
		struct question *q = *at;

		if (q->id == id) {
			*at = q->next;
			h2o_linklist_unlink(&q->link);
			return q;
		}
	}
	return NULL;
}

static struct question *
take_waiting(struct desk *d)
{
	struct question *q = question_of(d->waiting.next);

	h2o_linklist_unlink(&q->link);
	d->waiting_n--;
	return q;
}

/* q is in no list. */
static void
refuse(struct http *h, struct question *q, enum fault_code code, const char *why)
{
	(void)fault_set(&q->refusal, code, "%s", why);
	h2o_linklist_insert(&h->desk.refused, &q->link);
	later(h);
}

static void
refuse_all(struct http *h, const char *why)
{
	struct desk *d = &h->desk;

	while (!h2o_linklist_is_empty(&d->sent))
		refuse(h, take_sent(d, question_of(d->sent.next)->id), FAULT_BUSY, why);
	while (!h2o_linklist_is_empty(&d->waiting))
		refuse(h, take_waiting(d), FAULT_BUSY, why);
}

static void
hang_up(struct http *h, const char *why)
{
	if (h->desk.line != NULL)
		h2o_socket_close(h->desk.line);
	h->desk.line = NULL;
	refuse_all(h, why);
}

/* Send q, which is in no list, or refuse it. False: the line is full and q is still in no list. */
static bool
send_now(struct http *h, struct question *q)
{
	struct message m = {
		.id = q->id, .verb = q->verb, .trace = q->trace, .body = q->body, .fd = -1
	};
	struct desk *d = &h->desk;
	struct fault f;

	if (d->line == NULL) {
		refuse(h, q, FAULT_BUSY, "signer: not there now, try again");
	} else if (ipc_send(h2o_socket_get_fd(d->line), &m, &f)) {
		struct question **bucket = bucket_of(d, q->id);

		bytes_free(&q->body);
		q->next = *bucket;
		*bucket = q;
		h2o_linklist_insert(&d->sent, &q->link);
	} else if (f.code == FAULT_BUSY) {
		return false;
	} else if (f.code == FAULT_NOTFOUND) {
		refuse(h, q, FAULT_BUSY, "signer: gone, try again");
		hang_up(h, "signer: gone, try again");
	} else {
		refuse(h, q, f.code, f.text);
	}
	return true;
}

static void
send_waiting(struct http *h)
{
	struct desk *d = &h->desk;

	while (!h2o_linklist_is_empty(&d->waiting)) {
		struct question *q = take_waiting(d);

		if (!send_now(h, q)) {
			h2o_linklist_insert(d->waiting.next, &q->link); /* first again */
			d->waiting_n++;
			later(h);
			return;
		}
	}
}

struct question *
http_ask_moved(struct http *h, uint16_t verb, const struct trace *trace, struct bytes *body,
    http_answer *then, void *with)
{
	struct question *q = h2o_mem_alloc(sizeof(*q));
	struct desk *d = &h->desk;

	memset(q, 0, sizeof(*q));
	q->id = ++d->last_id;
	q->verb = verb;
	if (trace != NULL)
		q->trace = *trace;
	q->body = *body;
	q->due_ms = clock_steady_us() / 1000 + HTTP_ASK_MS;
	q->then = then;
	q->with = with;
	memset(body, 0, sizeof(*body));
	if (d->waiting_n >= WAITING_MAX) {
		refuse(h, q, FAULT_BUSY, "signer: too many questions wait, try again");
	} else if (d->waiting_n > 0 || !send_now(h, q)) {
		h2o_linklist_insert(&d->waiting, &q->link);
		d->waiting_n++;
		later(h);
	}
	return q;
}

void
http_ask(struct http *h, uint16_t verb, struct octets body, http_answer *then, void *with)
{
	struct bytes copy = { 0 };
	struct fault f;

	bytes_put_octets(&copy, body);
	if (!bytes_ok(&copy, &f))
		h2o_fatal("no memory");
	(void)http_ask_moved(h, verb, NULL, &copy, then, with);
}

void
http_ask_forget(struct question *q)
{
	q->then = NULL;
}

static void
deliver(struct question *q, uint16_t code, struct octets body)
{
	if (q->then != NULL)
		q->then(q->with, code, body);
	question_free(q);
}

void
http_desk_deliver(struct http *h)
{
	h2o_linklist_t now;

	/* Those that the told ask again, and are refused again, wait for the next time. */
	h2o_linklist_init_anchor(&now);
	h2o_linklist_insert_list(&now, &h->desk.refused);
	while (!h2o_linklist_is_empty(&now)) {
		struct question *q = question_of(now.next);

		h2o_linklist_unlink(&q->link);
		deliver(q, (uint16_t)q->refusal.code, octets_text(q->refusal.text));
	}
}

static void
on_later(h2o_timeout_entry_t *entry)
{
	struct http *h = H2O_STRUCT_FROM_MEMBER(struct http, desk.later, entry);

	http_desk_deliver(h);
	send_waiting(h);
}

static void
on_answers(h2o_socket_t *line, const char *err)
{
	struct http *h = line->data;
	struct message *m = &h->desk.answer;
	struct fault f;

	(void)err;
	for (unsigned i = 0; i < ANSWERS_A_TURN && h->desk.line == line; i++) {
		struct question *q;

		if (!ipc_recv(h2o_socket_get_fd(line), m, &f)) {
			if (f.code == FAULT_NOTFOUND)
				hang_up(h, "signer: gone, try again");
			if (f.code != FAULT_BADREQ)
				break;
			continue; /* a message cut short answers nothing */
		}
		if (m->fd >= 0)
			(void)close(m->fd);
		if (m->id == 0 && h->desk.told != NULL)
			h->desk.told(h->desk.told_with, m->verb);
		else if ((q = take_sent(&h->desk, m->id)) != NULL)
			deliver(q, m->code, octets_bytes(&m->body));
	}
	send_waiting(h);
}

void
http_set_line(struct http *h, int fd)
{
	struct desk *d = &h->desk;

	hang_up(h, "signer: it started anew, try again");
	if (fd < 0)
		return;
	d->line = h2o_evloop_socket_create(h->loop, fd, H2O_SOCKET_FLAG_DONT_READ);
	d->line->data = h;
	h2o_socket_read_start(d->line, on_answers);
}

void
http_on_told(struct http *h, void (*told)(void *with, uint16_t verb), void *with)
{
	h->desk.told = told;
	h->desk.told_with = with;
}

bool
http_has_line(const struct http *h)
{
	return h->desk.line != NULL;
}

void
http_desk_open(struct http *h)
{
	struct desk *d = &h->desk;

	h2o_linklist_init_anchor(&d->waiting);
	h2o_linklist_init_anchor(&d->sent);
	h2o_linklist_init_anchor(&d->refused);
	d->answer.fd = -1;
	d->later.cb = on_later;
}

void
http_desk_expire(struct http *h)
{
	static const char why[] = "signer: no answer in time, try again";
	int64_t now_ms = clock_steady_us() / 1000;
	struct desk *d = &h->desk;

	while (!h2o_linklist_is_empty(&d->sent) && question_of(d->sent.next)->due_ms <= now_ms)
		refuse(h, take_sent(d, question_of(d->sent.next)->id), FAULT_BUSY, why);
	while (
	    !h2o_linklist_is_empty(&d->waiting) && question_of(d->waiting.next)->due_ms <= now_ms)
		refuse(h, take_waiting(d), FAULT_BUSY, why);
}

void
http_desk_hang_up(struct http *h)
{
	hang_up(h, "signer: this process stops, try again");
}

void
http_desk_close(struct http *h)
{
	struct desk *d = &h->desk;

	while (!h2o_linklist_is_empty(&d->refused)) {
		struct question *q = question_of(d->refused.next);

		h2o_linklist_unlink(&q->link);
		question_free(q);
	}
	bytes_free(&d->answer.body);
}
