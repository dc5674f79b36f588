/* enroll/known.c - see known.h. */
#include "enroll/known.h"

#include <stdlib.h>
#include <string.h>

#include "ca/identify.h"
#include "ca/profile_set.h"
#include "enroll/basic.h"
#include "enroll/csrattrs.h"
#include "enroll/frame.h"
#include "enroll/reply.h"

static const char type_attributes[] = "application/csrattrs";

static void
reply(struct exchange *x, const struct csrattrs *what)
{
	struct bytes der = { 0 };
	struct fault f;

	if (!csrattrs_encode(what, &der, &f)) {
		reply_fault(x, &f);
	} else {
		bytes_clear(&x->reply);
		frame_put(x, octets_bytes(&der));
		x->type = type_attributes;
		x->status = 200;
	}
	bytes_free(&der);
}

/* Whom the signer knows by the token, between question and answer. */
struct asked {
	const struct name_space *space;
	struct label label;
};

/* The signer's answer: the device that a token was made for. Whoever shows none that can be used is
 * told what everybody is (RFC 7030 section 4.5: no authentication is needed). */
static void
device_known(struct exchange *x, uint16_t code, struct octets body)
{
	const struct asked *a = x->state;
	struct bytes subject = { 0 }, alt_names = { 0 };
	struct csrattrs what = { .profile = profile_find(a->label.profile) };
	struct reader r = reader_of(body);
	struct endpoint e = { .tenant = "" };
	char profile[TEXT_LABEL_MAX];
	struct fault f;

	memcpy(e.tenant, a->label.tenant, sizeof(e.tenant));
	reader_counted_text(&r, e.kind, sizeof(e.kind));
	reader_counted_text(&r, e.name, sizeof(e.name));
	reader_counted_text(&r, profile, sizeof(profile));
	if (code == 0 && reader_done(&r) && profile_find(profile) != NULL) {
		what.profile = profile_find(profile);
		if (csrattrs_names(what.profile, a->space, &e, &subject, &alt_names, &f)) {
			what.subject = octets_bytes(&subject);
			what.alt_names = octets_bytes(&alt_names);
		}
	}
	reply(x, &what);
	bytes_free(&subject);
	bytes_free(&alt_names);
}

/* A GET spends no token: the signer only says whose it is. */
static bool
ask_device(struct exchange *x, struct realm *r, const struct label *l)
{
	struct wire_enroll w = { .way = ENROL_TOKEN };
	struct bytes credentials = { 0 };
	struct asked *a = NULL;
	bool asked = false;

	if (basic_read(x->authorization, &credentials, &w.user, &w.password) &&
	    (a = calloc(1, sizeof(*a))) != NULL) {
		*a = (struct asked){ realm_space(r), *l };
		free(x->state);
		x->state = a;
		reply_ask(x, l, &w, WIRE_DEVICE, device_known);
		asked = true;
	}
	basic_forget(&credentials);
	return asked;
}

/* RFC 9908: a device that shows its certificate is told its names, which a renewal must have. */
void
known_attributes(struct exchange *x, struct realm *r, int64_t now_s, const struct label *l)
{
	struct csrattrs what = { .profile = profile_find(l->profile) };
	struct identified also;
	struct identity who;
	struct fault f;

	if (x->peer.n > 0 && identify(r, x->peer, now_s, &who, &also, &f) && who.good &&
	    strcmp(who.tenant, l->tenant) == 0 &&
	    (what.profile == NULL || strcmp(what.profile->name, also.standing.profile) == 0)) {
		what.profile = profile_find(also.standing.profile);
		what.subject = also.cert.subject;
		what.alt_names = also.cert.alt_names;
	} else if (x->peer.n == 0 && ask_device(x, r, l)) {
		return;
	}
	reply(x, &what);
}
