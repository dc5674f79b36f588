/* ca/wire.c - see wire.h. */
#include "ca/wire.h"

static bool
done(const struct reader *r, struct fault *f)
{
	return reader_done(r) || fault_set(f, FAULT_BADREQ, "wire: a message of another shape");
}

void
wire_put_enroll(const struct wire_enroll *e, struct bytes *ret)
{
	bytes_put_counted_text(ret, e->tenant);
	bytes_put_counted_text(ret, e->profile);
	bytes_put_counted_text(ret, e->source);
	bytes_put_counted(ret, e->user);
	bytes_put_counted(ret, e->password);
	bytes_put_counted(ret, e->peer);
	bytes_put_counted(ret, e->above);
	bytes_put_counted(ret, e->csr);
	bytes_put_counted(ret, e->binding);
	bytes_put(ret, e->profiles, sizeof(e->profiles));
	bytes_put_u8(ret, (uint8_t)e->way);
}

bool
wire_enroll(struct octets body, struct wire_enroll *ret, struct fault *f)
{
	struct reader r = reader_of(body);

	reader_counted_text(&r, ret->tenant, sizeof(ret->tenant));
	reader_counted_text(&r, ret->profile, sizeof(ret->profile));
	reader_counted_text(&r, ret->source, sizeof(ret->source));
	ret->user = reader_counted(&r);
	ret->password = reader_counted(&r);
	ret->peer = reader_counted(&r);
	ret->above = reader_counted(&r);
	ret->csr = reader_counted(&r);
	ret->binding = reader_counted(&r);
	reader_copy(&r, ret->profiles, sizeof(ret->profiles));
	ret->way = (enum enrol_way)reader_u8(&r);
	return done(&r, f);
}

void
wire_put_act(const struct wire_act *a, struct bytes *ret)
{
	bytes_put_counted_text(ret, a->tenant);
	bytes_put_counted_text(ret, a->source);
	bytes_put_counted(ret, a->object);
	bytes_put_counted(ret, a->peer);
	bytes_put_counted(ret, a->json);
	bytes_put_counted(ret, a->match);
	bytes_put_counted(ret, a->key);
}

bool
wire_act(struct octets body, struct wire_act *ret, struct fault *f)
{
	struct reader r = reader_of(body);

	reader_counted_text(&r, ret->tenant, sizeof(ret->tenant));
	reader_counted_text(&r, ret->source, sizeof(ret->source));
	ret->object = reader_counted(&r);
	ret->peer = reader_counted(&r);
	ret->json = reader_counted(&r);
	ret->match = reader_counted(&r);
	ret->key = reader_counted(&r);
	return done(&r, f);
}

void
wire_put_refused(const struct wire_refused *a, struct bytes *ret)
{
	bytes_put_counted_text(ret, a->tenant);
	bytes_put_counted_text(ret, a->source);
	bytes_put_counted(ret, a->act);
	bytes_put_counted(ret, a->peer);
	bytes_put_counted(ret, a->text);
	bytes_put_counted_text(ret, a->decision);
	bytes_put_u16(ret, a->code);
}

bool
wire_refused(struct octets body, struct wire_refused *ret, struct fault *f)
{
	struct reader r = reader_of(body);

	reader_counted_text(&r, ret->tenant, sizeof(ret->tenant));
	reader_counted_text(&r, ret->source, sizeof(ret->source));
	ret->act = reader_counted(&r);
	ret->peer = reader_counted(&r);
	ret->text = reader_counted(&r);
	reader_counted_text(&r, ret->decision, sizeof(ret->decision));
	ret->code = reader_u16(&r);
	return done(&r, f);
}

void
wire_put_activity(const struct wire_activity *a, struct bytes *ret)
{
	bytes_put_u8(ret, a->asker);
	bytes_put_u64(ret, a->life);
	bytes_put_u64(ret, a->turn);
	bytes_put_octets(ret, a->rows);
}

bool
wire_activity(struct octets body, struct wire_activity *ret, struct fault *f)
{
	struct reader r = reader_of(body);

	ret->asker = reader_u8(&r);
	ret->life = reader_u64(&r);
	ret->turn = reader_u64(&r);
	if (r.bad || ret->turn == 0)
		return fault_set(f, FAULT_BADREQ, "wire: a message of another shape");
	ret->rows = octets_of(r.at, r.n);
	return true;
}

void
wire_put_rewrap(const struct wire_rewrap *w, struct bytes *ret)
{
	bytes_put_counted_text(ret, w->tenant);
	bytes_put_counted_text(ret, w->source);
	bytes_put_counted_text(ret, w->printer);
	bytes_put_counted_text(ret, w->owner);
	bytes_put(ret, w->job, sizeof(w->job));
	bytes_put_u32(ret, w->number);
	bytes_put_u8(ret, w->grade);
	bytes_put_u64(ret, w->size);
	bytes_put_counted(ret, w->peer);
	bytes_put_counted(ret, w->envelope);
}

bool
wire_rewrap(struct octets body, struct wire_rewrap *ret, struct fault *f)
{
	struct reader r = reader_of(body);

	reader_counted_text(&r, ret->tenant, sizeof(ret->tenant));
	reader_counted_text(&r, ret->source, sizeof(ret->source));
	reader_counted_text(&r, ret->printer, sizeof(ret->printer));
	reader_counted_text(&r, ret->owner, sizeof(ret->owner));
	reader_copy(&r, ret->job, sizeof(ret->job));
	ret->number = reader_u32(&r);
	ret->grade = reader_u8(&r);
	ret->size = reader_u64(&r);
	ret->peer = reader_counted(&r);
	ret->envelope = reader_counted(&r);
	return done(&r, f);
}
