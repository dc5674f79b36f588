/* relay/print.c - see print.h. */
#include "relay/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "relay/print_under.h"

bool
print_start(struct print *p, struct fault *f)
{
	return print_names_new(&p->names, f);
}

void
print_end(struct print *p)
{
	print_names_free(p->names);
	p->names = NULL;
}

/* The client is gone, or has its answer. */
static void
call_over(struct exchange *x)
{
	struct call *c = x->state;

	for (struct call **at = &c->print->waiting; *at != NULL; at = &(*at)->next_waiting)
		if (*at == c) {
			*at = c->next_waiting;
			break;
		}
	document_drop(c);
	pin_drop(c);
	job_free(&c->job);
	bytes_free(&c->came);
	bytes_free(&c->unsupported);
}

/* A job's number: digits, no zero in front, no sign. */
static bool
number(struct octets o, uint32_t *ret)
{
	uint32_t v = 0;

	if (o.n == 0 || o.n > 9 || o.at[0] == '0')
		return false;
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] < '0' || o.at[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(o.at[i] - '0');
	}
	*ret = v;
	return true;
}

bool
call_path(struct octets path, char queue[static TEXT_LABEL_MAX], uint32_t *job)
{
	char name[TEXT_LABEL_MAX] = "";

	if (octets_take_text(&path, "/ipp/job/")) {
		queue[0] = '\0';
		return number(path, job);
	}
	if (!octets_take_text(&path, "/ipp/print"))
		return false;
	if (path.n > 0) {
		if (path.at[0] != '/' || path.n > TEXT_LABEL_MAX)
			return false;
		snprintf(name, sizeof(name), "%.*s", (int)path.n - 1, (const char *)path.at + 1);
		if (!text_is_label(name))
			return false;
	}
	snprintf(queue, TEXT_LABEL_MAX, "%s", name);
	*job = 0;
	return true;
}

static void
refuse_http(struct exchange *x, unsigned status, const char *why)
{
	x->status = status;
	snprintf(x->why, sizeof(x->why), "%s", why);
}

/* Is it a POST of an IPP message, as it is? Otherwise x is answered. */
static bool
is_ipp(struct exchange *x)
{
	struct octets coding, type = x->content_type;

	if (!octets_same(x->method, octets_text("POST"))) {
		exchange_header_text(x, "Allow", "POST");
		refuse_http(x, 405, "print: RFC 8010 section 4: IPP comes by POST");
		return false;
	}
	if (type.n != 15 || strncasecmp((const char *)type.at, "application/ipp", type.n) != 0) {
		refuse_http(x, 415, "print: RFC 8010 section 4: not application/ipp");
		return false;
	}
	if (!exchange_ask_header(x, "content-encoding", &coding) || coding.at != NULL) {
		refuse_http(x, 415, "print: a message under Content-Encoding");
		return false;
	}
	return true;
}

static struct call *
call_new(struct print *p, struct exchange *x, const struct identity *who)
{
	struct call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->print = p;
	c->x = x;
	c->who = *who;
	return c;
}

static bool
owner(const struct print *p, const struct identity *who, char to[static JOB_OWNER_MAX])
{
	struct endpoint e = { .tenant = "" };
	char uri[NAME_URI_MAX];

	memcpy(e.tenant, who->tenant, sizeof(e.tenant));
	memcpy(e.kind, who->endpoint, sizeof(e.kind));
	memcpy(e.name, who->name, sizeof(e.name));
	name_uri(p->space, &e, uri);
	return snprintf(to, JOB_OWNER_MAX, "%s", uri) < JOB_OWNER_MAX;
}

bool
print_serve(struct print *p, struct exchange *x, const struct identity *who)
{
	char queue[TEXT_LABEL_MAX];
	char id[JOB_OWNER_MAX];
	uint32_t job;
	struct call *c;

	if (!call_path(x->path, queue, &job))
		return false;
	if (!is_ipp(x))
		return true;
	if (who->kind != IDENTITY_ENDPOINT || !who->good || !owner(p, who, id)) {
		refuse_http(x, 403, "print: not an endpoint's certificate that is good");
		return true;
	}
	c = call_new(p, x, who);
	if (c == NULL) {
		refuse_http(x, 500, "print: out of memory");
		return true;
	}
	memcpy(c->owner, id, sizeof(c->owner));
	memcpy(c->queue, queue, sizeof(c->queue));
	c->path_job = job;
	x->state = c;
	x->over = call_over;
	x->take = head_take;
	return true;
}

void
print_committed(struct print *p, const struct fault *failed)
{
	struct call *c = p->waiting, *next;

	p->waiting = NULL;
	for (; c != NULL; c = next) {
		next = c->next_waiting;
		c->next_waiting = NULL;
		if (failed != NULL)
			print_reply_fault(c, failed);
		else
			c->durable(c);
		exchange_wake(c->x);
	}
}
