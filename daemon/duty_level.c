/* daemon/duty_level.c - a certificate, a tenant or a region stops and goes on; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/suspend.h"
#include "daemon/once.h"
#include "daemon/radius.h"
#include "daemon/second.h"

/* What the body says. */
struct wanted {
	struct suspend_why why;
	bool resume, dry_run;
};

bool
signer_flag(const struct json *body, const char *name, bool *ret, struct fault *f)
{
	const struct json *v = json_get(body, name);
	struct bytes word = { 0 };
	bool ok = true;

	*ret = json_true(body, name);
	if (v != NULL && !*ret)
		ok = (json_write(v, &word, f) &&
			 octets_same(octets_bytes(&word), octets_text("false"))) ||
		     fault_set(f, FAULT_BADREQ, "%s: expected true or false", name);
	bytes_free(&word);
	return ok;
}

static bool
read_wanted(const struct json *body, const struct log_context *who, bool resume, struct wanted *ret,
    struct fault *f)
{
	static const char *const names[] = { "reason", "dry_run", NULL };
	const char *reason = json_text(body, "reason");

	*ret = (struct wanted){ .why = { .who = who }, .resume = resume };
	if (!signer_only(body, names, f) || !signer_flag(body, "dry_run", &ret->dry_run, f))
		return false;
	if (json_get(body, "reason") == NULL)
		return true;
	if (reason == NULL || strlen(reason) > SUSPEND_REASON_MAX)
		return fault_set(f, FAULT_BADREQ, "reason: expected a text of at most %d octets",
		    SUSPEND_REASON_MAX);
	ret->why.reason = octets_text(reason);
	return true;
}

/* Suspending a region wants two persons. What it stands on: the CAs that it would stop. */
static bool
may_go(struct signer *s, struct errand *j, const struct wire_act *a, const struct level_cas *cas,
    const struct json *shows, bool *ret, struct fault *f)
{
	struct second_case c = { .word = "region.suspend", .shows = shows, .emergency = true };
	struct bytes basis = { 0 };
	bool ok;

	bytes_put_counted_text(&basis, cas->at[0].label);
	for (size_t i = 0; i < cas->n; i++)
		bytes_put(&basis, cas->at[i].serial, sizeof(cas->at[i].serial));
	c.basis = octets_bytes(&basis);
	ok = bytes_ok(&basis, f) && second_go(s, j, a, &c, ret, f);
	bytes_free(&basis);
	return ok;
}

static bool
act_on(struct signer *s, struct errand *j, const struct wire_act *a, const struct level_cas *cas,
    const struct wanted *w, struct json *answer, struct fault *f)
{
	bool region = cas->at[0].level == LEVEL_REGION, go = true;
	struct ledger *platform = realm_platform(s->realm);
	struct radius r;
	struct suspended done;

	if (!radius_of(s, cas, j->now_s, &r, f))
		return false;
	json_put_text(answer, region ? "region" : "tenant", cas->at[0].label);
	radius_put(answer, &r);
	json_put_bool(answer, "dry_run", w->dry_run);
	json_put_text(answer, "status", w->resume == w->dry_run ? "suspended" : "good");
	if (w->dry_run)
		return json_write(answer, &j->answer, f);
	if (region && !w->resume && !may_go(s, j, a, cas, answer, &go, f))
		return false;
	if (!go)
		return true;
	if (!suspend_prepare(s->realm, cas, w->resume, &w->why, j->now_s, &done, f))
		return false;
	json_put_time(answer, w->resume ? "resumed_at" : "suspended_at", j->now_s);
	json_put_number(answer, "log_index", (int64_t)done.log_index);
	json_put_number(answer, "platform_index", (int64_t)done.platform_index);
	return radius_note(s, &cas->at[0], answer, f) && json_write(answer, &j->answer, f) &&
	       once_decide(s, j, platform, f) && ledger_commit(platform, f);
}

/* Names of tenants and regions are labels; from the path they come as octets. */
static bool
check_name(enum level level, const char *name, struct fault *f)
{
	if (level == LEVEL_TENANT && strcmp(name, NAME_PLATFORM) == 0)
		return fault_set(f, FAULT_DENIED,
		    "tenant: platform holds the operators and the service itself: suspending it would lock everybody out");
	return text_is_label(name) || fault_set(f, FAULT_NOTFOUND, "%s: there is none of that name",
					  level == LEVEL_REGION ? "region" : "tenant");
}

static bool
run(struct signer *s, struct errand *j, enum level level, bool resume, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX], name[TEXT_LABEL_MAX] = "";
	struct wire_act a;
	struct json *body, *answer;
	struct log_context who;
	struct level_cas cas;
	struct wanted w;
	bool ok;

	if (!signer_open_act(s, j, level == LEVEL_REGION ? ACT_REGION_SUSPEND : ACT_TENANT_SUSPEND,
		&a, &body, f))
		return false;
	if (level == LEVEL_TENANT)
		(void)snprintf(name, sizeof(name), "%s", a.tenant);
	else if (a.object.n < sizeof(name))
		memcpy(name, a.object.at, a.object.n);
	who = signer_context(s, j, by);
	answer = json_object();
	ok = read_wanted(body, &who, resume, &w, f) && check_name(level, name, f) &&
	     suspend_check(s->realm, level, name, resume, j->now_s, &cas, f) &&
	     act_on(s, j, &a, &cas, &w, answer, f);
	json_free(answer);
	json_free(body);
	return ok;
}

bool
duty_tenant_suspend(struct signer *s, struct errand *j, struct fault *f)
{
	return run(s, j, LEVEL_TENANT, false, f);
}

bool
duty_tenant_resume(struct signer *s, struct errand *j, struct fault *f)
{
	return run(s, j, LEVEL_TENANT, true, f);
}

bool
duty_region_suspend(struct signer *s, struct errand *j, struct fault *f)
{
	return run(s, j, LEVEL_REGION, false, f);
}

bool
duty_region_resume(struct signer *s, struct errand *j, struct fault *f)
{
	return run(s, j, LEVEL_REGION, true, f);
}

/* A dry run does it all, and takes it back. */
static bool
turn_leaf(struct errand *j, struct ledger *l, const struct wire_act *a, const struct wanted *w,
    struct fault *f)
{
	struct ledger_mark mark = ledger_mark(l);
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct standing st;
	struct json *answer;
	uint64_t index;

	if (!signer_serial(a, serial, f))
		return false;
	if (!(w->resume ? suspend_release : suspend_hold)(l, serial, &w->why, j->now_s, &index, f))
		return false;
	if (w->dry_run)
		ledger_undo(l, mark);
	if (!ledger_standing(l, serial, &st, f))
		return false;
	answer = json_object();
	json_put_hex(answer, "serial", serial, sizeof(serial));
	json_put_text(answer, "name", st.name);
	json_put_text(answer, "kind", st.profile);
	json_put_text(answer, "status", ledger_state_word(&st, j->now_s));
	json_put_bool(answer, "dry_run", w->dry_run);
	if (!w->dry_run)
		json_put_number(answer, "log_index", (int64_t)index);
	return signer_close_act(j, answer, f);
}

static bool
run_leaf(struct signer *s, struct errand *j, bool resume, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct wire_act a;
	struct json *body;
	struct log_context who;
	struct ledger *l;
	struct wanted w;
	bool ok;

	if (!signer_open_act(s, j, ACT_CERTIFICATE_HOLD, &a, &body, f))
		return false;
	who = signer_context(s, j, by);
	ok = realm_ledger(s->realm, a.tenant, &l, f) && read_wanted(body, &who, resume, &w, f) &&
	     turn_leaf(j, l, &a, &w, f);
	json_free(body);
	return ok;
}

bool
duty_hold(struct signer *s, struct errand *j, struct fault *f)
{
	return run_leaf(s, j, false, f);
}

bool
duty_release(struct signer *s, struct errand *j, struct fault *f)
{
	return run_leaf(s, j, true, f);
}
