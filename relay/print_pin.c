/*
 * relay/print_pin.c - a job's PIN becomes a verifier: hashed with a key that only the signer has,
 * then hard in a thread (relay/release.h); see print_under.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "relay/print_under.h"

#define PIN_MIN 4 /* octets: job-password-length-supported */
#define PIN_MAX 255
#define PINS    64 /* in threads at once: each takes memory */

struct pin_work {
	struct release_work work; /* first: done() is given this */
	struct call *call;        /* NULL: its client is gone */
	struct print *print;
};

/* PWG 5100.11 section 5.1: the PIN itself, or its SHA-256, which is all that we go on with. */
static bool
take_pin(struct octets o, bool hashed, struct secret *ret, struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS];
	bool ok;

	if (hashed ? o.n != DIGEST_OCTETS : o.n < PIN_MIN || o.n > PIN_MAX)
		return fault_set(f, FAULT_BADREQ, "print: PWG 5100.11 section 5.1: job-password");
	if (hashed)
		return secret_copy(o, ret, f);
	digest_of(o, digest);
	ok = secret_copy(octets_of(digest, sizeof(digest)), ret, f);
	secret_wipe(digest, sizeof(digest));
	return ok;
}

bool
pin_read(struct call *c)
{
	struct octets way = call_text(c, "job-password-encryption");
	bool hashed = octets_same(way, octets_text("sha2-256"));
	struct ipp_value v;
	struct fault f;

	if (!call_find(c, "job-password", &v) || v.tag == IPP_NO_VALUE)
		return true;
	if ((c->print->key == NULL && c->print->keep_pin == NULL) ||
	    (way.n > 0 && !hashed && !octets_same(way, octets_text("none")))) {
		/* A PIN that nobody would ask for is worse than none. */
		ipp_put_none(&c->unsupported, IPP_UNSUPPORTED,
		    way.n > 0 ? "job-password-encryption" : "job-password");
		reply_refuse(c, PRINT_ATTRIBUTES, "print: PWG 5100.11 section 5.1: job-password");
		return false;
	}
	if (v.tag != IPP_OCTETS)
		reply_refuse(c, PRINT_BAD_REQUEST, "print: PWG 5100.11 section 5.1: job-password");
	else if (!take_pin(v.value, hashed, &c->pin, &f))
		print_reply_fault(c, &f);
	c->job.release = JOB_RELEASE_PASSWORD;
	return c->step != CALL_DONE;
}

static void
work_free(struct pin_work *w)
{
	bytes_free(&w->work.keyed);
	free(w);
}

/* On the loop, when the thread is done. */
static void
hardened(struct release_work *done)
{
	struct pin_work *w = (struct pin_work *)(void *)done;
	struct call *c = w->call;

	w->print->hardening--;
	if (c != NULL) {
		struct exchange *x = c->x;

		c->work = NULL;
		x->waits = false;
		memcpy(c->job.verifier, w->work.salt, RELEASE_SALT);
		memcpy(c->job.verifier + RELEASE_SALT, w->work.ret, RELEASE_HARD);
		if (w->work.ok)
			c->next(c);
		else
			reply_refuse(c, PRINT_TEMPORARY, "print: the PIN could not be taken");
		if (!x->waits)
			exchange_wake(x);
	}
	work_free(w);
}

static bool
harden(struct call *c, struct octets answer, struct fault *f)
{
	struct print *p = c->print;
	struct pin_work *w;
	struct octets key;

	if (!p->keyed(p->with, answer, &key, f))
		return false;
	if (p->hardening >= PINS)
		return fault_set(f, FAULT_BUSY, "print: %u PINs at once", p->hardening);
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return fault_set(f, FAULT_INTERNAL, "print: out of memory");
	*w = (struct pin_work){ .call = c, .print = p, .work = { .done = hardened } };
	secret_nonce(w->work.salt, sizeof(w->work.salt));
	bytes_put_octets(&w->work.keyed, key);
	if (!bytes_ok(&w->work.keyed, f) || !p->harden(p->with, &w->work, f)) {
		work_free(w);
		return false;
	}
	p->hardening++;
	c->work = w;
	c->x->waits = true;
	return true;
}

static void
keyed(struct exchange *x, uint16_t code, struct octets body)
{
	struct call *c = x->state;
	struct fault f;

	if (code != 0)
		fault_set(&f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
	if (code != 0 || !harden(c, body, &f))
		print_reply_fault(c, &f);
}

void
pin_then(struct call *c, void (*next)(struct call *c))
{
	struct print *p = c->print;
	struct fault f;

	if (c->pin.n == 0) {
		next(c);
		return;
	}
	if (p->key == NULL) {
		if (p->keep_pin(p->with, &c->job, &c->pin, &f))
			next(c);
		else
			print_reply_fault(c, &f);
		secret_free(&c->pin);
		return;
	}
	c->step = CALL_ASKS;
	c->next = next;
	if (!p->key(p->with, c->x, c->who.tenant, secret_octets(&c->pin), &f))
		print_reply_fault(c, &f);
	else
		c->x->ask.then = keyed;
	secret_free(&c->pin);
}

void
pin_drop(struct call *c)
{
	secret_free(&c->pin);
	if (c->work != NULL)
		c->work->call = NULL;
	c->work = NULL;
}
