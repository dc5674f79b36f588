/* ca/suspend.c - see suspend.h. */
#include "ca/suspend.h"

#include <string.h>

#include "ca/revoke.h"
#include "ca/tell.h"

static bool
is_ca(const struct standing *s)
{
	return strcmp(s->profile, "root") == 0 || strcmp(s->profile, "region") == 0 ||
	       strcmp(s->profile, "tenant") == 0;
}

/* The standing that stops or goes on, and the CRL's row; index is that of the entry. */
static bool
turn(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], struct standing *s,
    bool resume, uint64_t index, int64_t now_s, struct fault *f)
{
	s->state = resume ? STANDING_GOOD : STANDING_HELD;
	s->reason = resume ? REASON_UNSPECIFIED : REASON_HOLD;
	s->changed_s = now_s;
	s->log_index = index;
	return ledger_put_standing(l, serial, s, f) &&
	       (resume ? revoke_unlist(l, serial, s, f) : revoke_list(l, serial, s, f));
}

static struct json *
entry(const char *act, const struct suspend_why *why)
{
	struct json *j = log_entry(act, why->who);

	if (why->reason.n > 0)
		json_put_octets(j, "reason", why->reason);
	return j;
}

static bool
find(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], bool resume, int64_t now_s,
    struct standing *ret, struct fault *f)
{
	struct standing s;
	struct fault missing;

	if (!ledger_standing(l, serial, &s, &missing)) {
		if (missing.code != FAULT_NOTFOUND)
			return *f = missing, false;
		return fault_set(f, FAULT_NOTFOUND, "certificate: no such serial in this tenant");
	}
	if (is_ca(&s))
		return fault_set(f, FAULT_DENIED,
		    "certificate: a %s CA's: a tenant or a region is suspended by its name",
		    s.profile);
	if (s.state != (resume ? STANDING_HELD : STANDING_GOOD) ||
	    (!resume && now_s > s.not_after_s))
		return fault_set(f, FAULT_CONFLICT,
		    resume ? "certificate: it is %s, not held" : "certificate: it is %s already",
		    ledger_state_word(&s, now_s));
	*ret = s;
	return true;
}

static bool
turn_leaf(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], bool resume,
    const struct suspend_why *why, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	struct standing s;
	struct json *j;
	uint64_t index;

	if (!find(l, serial, resume, now_s, &s, f))
		return false;
	j = entry(resume ? "certificate.released" : "certificate.held", why);
	json_put_hex(j, "serial", serial, TBS_SERIAL_OCTETS);
	json_put_text(j, "profile", s.profile);
	json_put_text(j, "name", s.name);
	if (!log_append(l, j, now_s, &index, f) || !turn(l, serial, &s, resume, index, now_s, f))
		return false;
	*ret_index = index;
	return true;
}

bool
suspend_hold(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct suspend_why *why, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	return turn_leaf(l, serial, false, why, now_s, ret_index, f);
}

bool
suspend_release(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct suspend_why *why, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	return turn_leaf(l, serial, true, why, now_s, ret_index, f);
}

static const char *
level_word(enum level level)
{
	return level == LEVEL_REGION ? "region" : "tenant";
}

bool
suspend_check(struct realm *r, enum level level, const char *label, bool resume, int64_t now_s,
    struct level_cas *ret, struct fault *f)
{
	struct level_cas all, some = { .n = 0 };
	struct standing s = { .state = STANDING_PENDING };

	if (!level_cas(r, level, label, &all, f))
		return false;
	if (all.n == 0)
		return fault_set(
		    f, FAULT_NOTFOUND, "%s: there is none called %s", level_word(level), label);
	for (size_t i = all.n; i-- > 0;) { /* the newest last: it is what a refusal speaks of */
		if (!ledger_standing(realm_platform(r), all.at[i].serial, &s, f))
			return false;
		if (s.state == (resume ? STANDING_HELD : STANDING_GOOD) &&
		    (resume || now_s <= s.not_after_s))
			some.at[some.n++] = all.at[i];
	}
	if (some.n == 0)
		return fault_set(f, FAULT_CONFLICT, "%s: %s is %s%s", level_word(level), label,
		    s.state == STANDING_HELD ? "suspended" : ledger_state_word(&s, now_s),
		    resume ? ", not suspended" : " already");
	*ret = some;
	return true;
}

static bool
turn_all(struct ledger *platform, const struct level_cas *cas, bool resume, uint64_t index,
    int64_t now_s, struct fault *f)
{
	struct standing s;

	for (size_t i = 0; i < cas->n; i++)
		if (!ledger_standing(platform, cas->at[i].serial, &s, f) ||
		    !turn(platform, cas->at[i].serial, &s, resume, index, now_s, f))
			return false;
	return true;
}

static struct json *
level_entry(const struct level_cas *cas, bool resume, const struct suspend_why *why)
{
	static const char *const acts[2][2] = {
		{ "tenant.suspended", "tenant.resumed" },
		{ "region.suspended", "region.resumed" },
	};
	bool region = cas->at[0].level == LEVEL_REGION;
	struct json *j = entry(acts[region][resume], why), *serials = json_array();
	char hex[TBS_SERIAL_OCTETS * 2 + 1];

	json_put_text(j, region ? "region" : "tenant", cas->at[0].label);
	for (size_t i = 0; i < cas->n; i++) {
		text_hex(cas->at[i].serial, sizeof(cas->at[i].serial), hex);
		json_add_text(serials, hex);
	}
	json_put(j, "cas", serials);
	return j;
}

/* What others wrote to the tenant's log goes out first: then its entry has the index that is told,
 * also where a death makes it wait for the next start. What cannot be written there now is written
 * then. */
static void
flush(struct ledger *own, const struct ledger *platform)
{
	struct fault later;

	if (own == platform || ledger_commit(own, &later))
		return;
}

bool
suspend_prepare(struct realm *r, const struct level_cas *cas, bool resume,
    const struct suspend_why *why, int64_t now_s, struct suspended *ret, struct fault *f)
{
	struct ledger *platform = realm_platform(r), *own = platform;
	struct suspended at;

	if (cas->at[0].level == LEVEL_TENANT && !realm_records(r, &cas->at[0], &own, f))
		return false;
	flush(own, platform);
	if (!log_append(platform, level_entry(cas, resume, why), now_s, &at.platform_index, f))
		return false;
	if (!tell_tenant(r, own, level_entry(cas, resume, why), at.platform_index, now_s,
		&at.log_index, f) ||
	    !turn_all(platform, cas, resume, at.platform_index, now_s, f))
		return false;
	*ret = at;
	return true;
}

bool
suspend_level(struct realm *r, const struct level_cas *cas, bool resume,
    const struct suspend_why *why, int64_t now_s, struct suspended *ret, struct fault *f)
{
	return suspend_prepare(r, cas, resume, why, now_s, ret, f) &&
	       ledger_commit(realm_platform(r), f);
}
