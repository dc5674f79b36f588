/* ca/profile_read.c - one YAML file as one profile; see profile_set.h. */
#include <stdio.h>
#include <string.h>

#include "ca/oid.h"
#include "ca/profile_set.h"

#define RSA_STEP 1024
#define RSA_MIN  2048
#define RSA_MAX  4096

/* What a file says, before it is known to hold together. */
struct draft {
	char name[CONF_TEXT_MAX], kind[CONF_TEXT_MAX];
	char unit[CONF_TEXT_MAX], common[CONF_TEXT_MAX];
	char approval[CONF_TEXT_MAX], assurance[CONF_TEXT_MAX], binding[CONF_TEXT_MAX];
	struct conf_list keys, purposes, dns, ask;
	int64_t valid_s, back_s, window_s, grace_s;
	int64_t rsa_min, rsa_max, rsa_step; /* 0: not said */
};

#define AT(field) offsetof(struct draft, field)

enum key {
	NAME,
	KIND,
	VALIDITY,
	TOLERANCE,
	KEYS,
	RSA_BITS_MIN,
	RSA_BITS_MAX,
	RSA_BITS_STEP,
	PURPOSES,
	UNIT,
	COMMON,
	DNS,
	WINDOW,
	ASK,
	APPROVAL,
	ASSURANCE,
	BINDING,
	GRACE,
	KEYS_N,
};

const struct conf_key profile_keys[] = {
	[NAME] = { "name", CONF_LABEL, AT(name), NULL, NULL },
	[KIND] = { "kind", CONF_LABEL, AT(kind), NULL, NULL },
	[VALIDITY] = { "validity", CONF_DURATION, AT(valid_s), "90d", NULL },
	[TOLERANCE] = { "tolerance", CONF_DURATION, AT(back_s), "1h", NULL },
	[KEYS] = { "keys", CONF_CHOICES, AT(keys), "p256", "p256|rsa" },
	[RSA_BITS_MIN] = { "rsa_bits_min", CONF_COUNT, AT(rsa_min), NULL, "2048..4096" },
	[RSA_BITS_MAX] = { "rsa_bits_max", CONF_COUNT, AT(rsa_max), NULL, "2048..4096" },
	[RSA_BITS_STEP] = { "rsa_bits_step", CONF_COUNT, AT(rsa_step), NULL, "8..2048" },
	[PURPOSES] = { "purposes", CONF_CHOICES, AT(purposes), "clientAuth",
	    "clientAuth|serverAuth" },
	[UNIT] = { "subject.unit", CONF_TEXT, AT(unit), "{kind}", NULL },
	[COMMON] = { "subject.common_name", CONF_TEXT, AT(common), "{name}", NULL },
	[DNS] = { "dns", CONF_LIST, AT(dns), "{name}.{kind}.{tenant}.{region}.{domain}", NULL },
	[WINDOW] = { "renewal_window", CONF_DURATION, AT(window_s), NULL, NULL },
	[ASK] = { "ask", CONF_CHOICES, AT(ask), "token,certificate",
	    "token|certificate|request|idevid" },
	[APPROVAL] = { "approval", CONF_CHOICE, AT(approval), "none", "none|officer|each" },
	[ASSURANCE] = { "assurance", CONF_CHOICE, AT(assurance), "token", "token|approved" },
	[BINDING] = { "binding", CONF_CHOICE, AT(binding), "checked", "checked|required|static" },
	[GRACE] = { "grace", CONF_DURATION, AT(grace_s), "0", "0" },
};
const size_t profile_keys_n = KEYS_N;

struct reading {
	const char *file;
	struct draft d;
	size_t line[KEYS_N];
	struct fault *f;
};

static bool
refuse_at(struct reading *r, size_t line, enum key k, const char *expected, const char *found)
{
	char quoted[64];

	(void)snprintf(quoted, sizeof(quoted), "\"%.48s\"", found);
	return conf_refuse(r->file, line == 0 ? 1 : line, profile_keys[k].path, expected,
	    found[0] == '\0' ? "nothing" : quoted, r->f);
}

static bool
refuse(struct reading *r, enum key k, const char *expected, const char *found)
{
	return refuse_at(r, r->line[k], k, expected, found);
}

static bool
refuse_duration(struct reading *r, enum key k, const char *expected, int64_t found_s)
{
	char found[32];

	(void)snprintf(found, sizeof(found), "%lld s", (long long)found_s);
	return refuse(r, k, expected, found);
}

static bool
has(const struct conf_list *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i], word) == 0)
			return true;
	return false;
}

/* The names of our own are kinds too; an operator or the log must not be had by a token. */
static bool
read_names(struct reading *r, const struct profile *before, size_t before_n, struct profile *p)
{
	static const char *const first[] = { "token", "request", "idevid" };
	struct draft *d = &r->d;

	if (d->name[0] == '\0')
		return refuse(r, NAME, "the profile's name, a lower-case DNS label", "");
	if (profile_is_own(d->name))
		return refuse(r, NAME, "a name that is not the service's own", d->name);
	for (size_t i = 0; i < before_n; i++)
		if (strcmp(before[i].name, d->name) == 0)
			return refuse(r, NAME, "a name that no other file has", d->name);
	if (d->kind[0] == '\0')
		memcpy(d->kind, d->name, sizeof(d->kind));
	if (profile_is_own(d->kind))
		return refuse(r, KIND, "a kind that is not the service's own", d->kind);
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (strcmp(d->kind, "operator") == 0 && has(&d->ask, first[i]))
			return refuse(r, ASK,
			    "certificate alone, because operators are added and do not enrol",
			    first[i]);
	(void)snprintf(p->name, sizeof(p->name), "%.63s", d->name);
	(void)snprintf(p->kind, sizeof(p->kind), "%.63s", d->kind);
	return true;
}

static bool
read_times(struct reading *r, struct profile *p)
{
	const struct draft *d = &r->d;

	if (d->valid_s < PROFILE_VALID_MIN || d->valid_s > PROFILE_VALID_MAX)
		return refuse_duration(r, VALIDITY, "1h to 825d", d->valid_s);
	if (d->back_s > PROFILE_BACK_MAX)
		return refuse_duration(r, TOLERANCE, "1s to 1d", d->back_s);
	if (d->window_s > d->valid_s)
		return refuse_duration(r, WINDOW, "at most the validity", d->window_s);
	if (d->grace_s > PROFILE_GRACE_MAX)
		return refuse_duration(r, GRACE, "at most 90d", d->grace_s);
	p->valid_s = d->valid_s;
	p->grace_s = d->grace_s;
	p->back_s = d->back_s;
	p->window_s = d->window_s == 0 ? d->valid_s : d->window_s;
	return true;
}

/* The bits of an RSA key, where there may be one. */
static bool
read_bits(struct reading *r, struct profile *p)
{
	static const char none[] = "nothing, because keys has no rsa";
	const struct draft *d = &r->d;

	if ((p->keys & PROFILE_RSA) == 0) {
		for (enum key k = RSA_BITS_MIN; k <= RSA_BITS_STEP; k++)
			if (r->line[k] != 0)
				return refuse(r, k, none, "a number");
		return true;
	}
	p->rsa_min = d->rsa_min == 0 ? RSA_MIN : (unsigned)d->rsa_min;
	p->rsa_max = d->rsa_max == 0 ? RSA_MAX : (unsigned)d->rsa_max;
	p->rsa_step = d->rsa_step == 0 ? RSA_STEP : (unsigned)d->rsa_step;
	if (p->rsa_max < p->rsa_min)
		return refuse(r, r->line[RSA_BITS_MAX] == 0 ? RSA_BITS_MIN : RSA_BITS_MAX,
		    "rsa_bits_max not under rsa_bits_min", "less");
	if (p->rsa_min % 8 != 0 || p->rsa_step % 8 != 0)
		return refuse(r, p->rsa_min % 8 != 0 ? RSA_BITS_MIN : RSA_BITS_STEP,
		    "a multiple of 8", "another number");
	return true;
}

static bool
read_keys(struct reading *r, struct profile *p)
{
	const struct draft *d = &r->d;
	size_t n = 0;

	if (d->keys.n == 0)
		return refuse(r, KEYS, "at least one of p256, rsa", "");
	p->keys =
	    (has(&d->keys, "p256") ? PROFILE_P256 : 0) | (has(&d->keys, "rsa") ? PROFILE_RSA : 0);
	if (d->purposes.n == 0)
		return refuse(r, PURPOSES, "at least one of clientAuth, serverAuth", "");
	if (has(&d->purposes, "clientAuth"))
		p->eku[n++] = &oid_client_auth;
	if (has(&d->purposes, "serverAuth"))
		p->eku[n++] = &oid_server_auth;
	return read_bits(r, p);
}

static bool
read_templates(struct reading *r, struct profile *p)
{
	static const char subject[] =
	    "at most 64 printable characters with {name}, {kind}, {tenant}";
	const struct draft *d = &r->d;

	if (!template_subject(d->unit, &p->unit))
		return refuse(r, UNIT, subject, d->unit);
	if (!template_subject(d->common, &p->common))
		return refuse(r, COMMON, subject, d->common);
	if (d->dns.n > PROFILE_DNS_MAX)
		return refuse_at(r, d->dns.line[PROFILE_DNS_MAX], DNS, "at most 4 names",
		    d->dns.at[PROFILE_DNS_MAX]);
	for (size_t i = 0; i < d->dns.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(d->dns.at[i], d->dns.at[k]) == 0)
				return refuse_at(
				    r, d->dns.line[i], DNS, "each name once", d->dns.at[i]);
		if (!template_dns(d->dns.at[i], &p->dns[i]))
			return refuse_at(r, d->dns.line[i], DNS,
			    "a DNS name that ends in .{tenant}.{region}.{domain}", d->dns.at[i]);
	}
	p->dns_n = d->dns.n;
	return true;
}

static enum binding
binding_of(const char *word)
{
	for (enum binding b = BINDING_REQUIRED; b <= BINDING_STATIC; b++)
		if (strcmp(word, profile_binding_word(b)) == 0)
			return b;
	return BINDING_CHECKED;
}

/* Who may ask, and what it takes. */
static bool
read_asking(struct reading *r, struct profile *p)
{
	const struct draft *d = &r->d;

	p->ask = (has(&d->ask, "token") ? PROFILE_BY_TOKEN : 0) |
		 (has(&d->ask, "certificate") ? PROFILE_BY_CERTIFICATE : 0) |
		 (has(&d->ask, "request") ? PROFILE_BY_REQUEST : 0) |
		 (has(&d->ask, "idevid") ? PROFILE_BY_IDEVID : 0);
	p->enrol = (p->ask & ~(unsigned)PROFILE_BY_CERTIFICATE) != 0;
	p->binding = binding_of(d->binding);
	p->officer = strcmp(d->approval, "officer") == 0;
	p->each = strcmp(d->approval, "each") == 0;
	p->assurance = strcmp(d->assurance, "approved") == 0 ? ASSURANCE_APPROVED : ASSURANCE_TOKEN;
	if ((p->ask & PROFILE_BY_CERTIFICATE) != 0 && p->eku[0] != &oid_client_auth)
		return refuse(
		    r, ASK, "no certificate, because purposes has no clientAuth", "certificate");
	if (p->assurance > ASSURANCE_TOKEN && !p->officer && !p->each &&
	    (p->ask & PROFILE_BY_TOKEN) != 0)
		return refuse(r, ASSURANCE, "token, because approval is none", d->assurance);
	return true;
}

bool
profile_parse(const char *file, struct octets text, const struct profile *before, size_t before_n,
    struct profile *ret, struct fault *f)
{
	struct reading r = { .file = file, .f = f };
	struct profile p = {
		.level = LEVEL_ENDPOINT,
		.key_usage = USE_DIGITAL_SIGNATURE | USE_KEY_AGREEMENT,
		.path_len = -1,
		.named = true,
		.status = true,
	};

	if (!conf_parse_lines(file, text.n == 0 ? "" : (const char *)text.at, text.n, profile_keys,
		profile_keys_n, &r.d, r.line, f) ||
	    !read_names(&r, before, before_n, &p) || !read_times(&r, &p) || !read_keys(&r, &p) ||
	    !read_templates(&r, &p) || !read_asking(&r, &p))
		return false;
	*ret = p;
	return true;
}
