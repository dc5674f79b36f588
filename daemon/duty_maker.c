/* daemon/duty_maker.c - whose devices a tenant takes, and which of them; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/device.h"
#include "ca/maker.h"
#include "ca/profile_set.h"
#include "daemon/signer.h"

#define DEVICES_MAX 500 /* in one request */

static void
copy(const char *from, char *to, size_t size)
{
	(void)snprintf(to, size, "%.*s", (int)size - 1, from);
}

static bool
read_maker(const struct errand *j, const struct json *body, struct maker *m, struct bytes *der,
    struct fault *f)
{
	static const char *const names[] = { "name", "certificate", NULL };
	const char *name = json_text(body, "name"), *pem = json_text(body, "certificate");

	if (!signer_only(body, names, f))
		return false;
	if (name == NULL || !text_is_label(name))
		return fault_set(f, FAULT_BADREQ,
		    "name: expected a DNS label: a-z, 0-9, inner hyphens, at most 63 letters");
	if (pem == NULL)
		return fault_set(f, FAULT_BADREQ, "certificate: expected PEM or base64");
	if (!text_unbase64(octets_text(pem), der, f))
		return false;
	*m = (struct maker){ .added_s = j->now_s, .certificate = octets_bytes(der) };
	copy(name, m->name, sizeof(m->name));
	return true;
}

static struct json *
maker_entry(const char *act, const struct log_context *why, const char *name,
    const uint8_t digest[static IDEVID_DIGEST_OCTETS])
{
	struct json *e = log_entry(act, why);

	json_put_text(e, "maker", name);
	json_put_hex(e, "certificate", digest, IDEVID_DIGEST_OCTETS);
	return e;
}

static bool
tell_maker(struct errand *j, const char *name, const uint8_t digest[static IDEVID_DIGEST_OCTETS],
    uint64_t index, const char *state, struct fault *f)
{
	struct json *answer = json_object();

	json_put_text(answer, "name", name);
	json_put_hex(answer, "sha256", digest, IDEVID_DIGEST_OCTETS);
	json_put_text(answer, "state", state);
	json_put_number(answer, "log_index", (int64_t)index);
	return signer_close_act(j, answer, f);
}

bool
duty_maker(struct signer *s, struct errand *j, struct fault *f)
{
	uint8_t name[IDEVID_DIGEST_OCTETS], digest[IDEVID_DIGEST_OCTETS];
	char by[IDENTITY_TEXT_MAX];
	struct bytes der = { 0 };
	struct log_context why;
	struct wire_act a;
	struct json *body;
	struct ledger *l;
	struct maker m;
	bool ok;

	if (!signer_open_act(s, j, ACT_MAKER, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	ok = realm_ledger(s->realm, a.tenant, &l, f) && ledger_has_room(l, f) &&
	     ledger_has_room(realm_platform(s->realm), f) && read_maker(j, body, &m, &der, f) &&
	     idevid_root(m.certificate, name, digest, f);
	if (ok) {
		copy(by, m.by, sizeof(m.by));
		ok = log_append(l, maker_entry("maker.added", &why, m.name, digest), j->now_s,
			 &m.log_index, f) &&
		     maker_add(s->realm, a.tenant, &m, f) &&
		     tell_maker(j, m.name, digest, m.log_index, "added", f);
	}
	bytes_free(&der);
	json_free(body);
	return ok;
}

static bool
take_object(const struct wire_act *a, char *to, size_t size)
{
	if (a->object.n == 0 || a->object.n >= size)
		return false;
	memcpy(to, a->object.at, a->object.n);
	to[a->object.n] = '\0';
	return strlen(to) == a->object.n;
}

bool
duty_maker_remove(struct signer *s, struct errand *j, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX], name[TEXT_LABEL_MAX];
	uint8_t digest[IDEVID_DIGEST_OCTETS];
	struct log_context why;
	struct wire_act a;
	struct json *body;
	struct ledger *l;
	uint64_t index;
	bool ok;

	if (!signer_open_act(s, j, ACT_MAKER, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	ok = realm_ledger(s->realm, a.tenant, &l, f) &&
	     (take_object(&a, name, sizeof(name)) ||
		 fault_set(f, FAULT_NOTFOUND, "maker: there is none of that name")) &&
	     maker_remove(s->realm, a.tenant, name, digest, f) &&
	     log_append(l, maker_entry("maker.removed", &why, name, digest), j->now_s, &index, f) &&
	     tell_maker(j, name, digest, index, "removed", f);
	json_free(body);
	return ok;
}

static bool
read_names(const struct json *o, struct device *d, struct fault *f)
{
	const char *maker = json_text(o, "maker"), *serial = json_text(o, "serial");
	const char *device = json_text(o, "device");

	if (maker == NULL || !text_is_label(maker))
		return fault_set(f, FAULT_BADREQ, "maker: expected the name of a maker");
	if (serial == NULL || !idevid_is_serial(serial))
		return fault_set(f, FAULT_BADREQ,
		    "serial: expected 1 to %d printable ASCII characters", IDEVID_SERIAL_MAX);
	if (device == NULL || !text_is_label(device))
		return fault_set(f, FAULT_BADREQ,
		    "device: expected a DNS label: a-z, 0-9, inner hyphens, at most 63 letters");
	copy(maker, d->maker, sizeof(d->maker));
	copy(serial, d->serial, sizeof(d->serial));
	copy(device, d->is.name, sizeof(d->is.name));
	return true;
}

/* What would not fit into its certificate is said now, and not to the device. */
static bool
read_device(struct signer *s, const struct errand *j, struct ledger *l, const struct json *o,
    struct device *d, struct fault *f)
{
	static const char *const names[] = { "maker", "serial", "device", "profile", NULL };
	char unit[TEMPLATE_TEXT_MAX], common[TEMPLATE_TEXT_MAX];
	char dns[PROFILE_DNS_MAX][TEXT_HOST_MAX];
	const char *profile = json_text(o, "profile");
	const struct profile *p = profile_find(profile == NULL ? "printer" : profile);
	struct bytes row = { 0 };
	struct fault why;
	bool known;

	*d = (struct device){ .added_s = j->now_s };
	if (!signer_only(o, names, f) || !read_names(o, d, f))
		return false;
	if (p == NULL || (p->ask & PROFILE_BY_IDEVID) == 0 ||
	    (profile == NULL && json_get(o, "profile") != NULL))
		return fault_set(f, FAULT_BADREQ,
		    "profile: expected one that may be asked for by idevid: \"ask\" in its file says so");
	if (p->officer && j->who.role != ROLE_OFFICER)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: a device for it is registered by an officer alone", p->name);
	known = ledger_get(l, TABLE_MAKER, octets_text(d->maker), &row, &why);
	bytes_free(&row);
	if (!known)
		return why.code == FAULT_NOTFOUND
			   ? fault_set(f, FAULT_BADREQ, "maker: there is none of that name")
			   : (*f = why, false);
	copy(j->tenant, d->is.tenant, sizeof(d->is.tenant));
	copy(p->kind, d->is.kind, sizeof(d->is.kind));
	copy(p->name, d->profile, sizeof(d->profile));
	return name_endpoint_check(realm_space(s->realm), &d->is, f) &&
	       profile_fill(p, realm_space(s->realm), &d->is, unit, common, dns, f);
}

static struct json *
device_entry(const char *act, const struct log_context *why, const struct device *d)
{
	struct json *e = log_entry(act, why);
	char name[TEXT_LABEL_MAX * 2], key[DEVICE_KEY_MAX];

	(void)device_key(d->maker, d->serial, key);
	(void)snprintf(name, sizeof(name), "%s/%s", d->is.kind, d->is.name);
	json_put_text(e, "idevid", key);
	json_put_text(e, "name", name);
	json_put_text(e, "profile", d->profile);
	return e;
}

static bool
add_device(struct signer *s, struct errand *j, struct ledger *l, const struct json *o,
    uint64_t *ret_index, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct device d;

	if (!read_device(s, j, l, o, &d, f) ||
	    !log_append(l, device_entry("device.registered", &why, &d), j->now_s, &d.log_index, f))
		return false;
	copy(by, d.by, sizeof(d.by));
	*ret_index = d.log_index;
	return device_add(l, &d, f);
}

/* One, or a list of which all are taken or none. */
static bool
add_devices(struct signer *s, struct errand *j, struct ledger *l, const struct json *body,
    uint64_t *ret_index, size_t *ret_n, struct fault *f)
{
	static const char *const names[] = { "devices", NULL };
	const struct json *list = json_get(body, "devices");
	struct fault why;

	*ret_n = 1;
	if (list == NULL)
		return add_device(s, j, l, body, ret_index, f);
	*ret_n = json_count(list);
	if (!signer_only(body, names, f))
		return false;
	if (*ret_n < 1 || *ret_n > DEVICES_MAX)
		return fault_set(
		    f, FAULT_BADREQ, "devices: expected a list of 1 to %d", DEVICES_MAX);
	for (size_t i = 0; i < *ret_n; i++)
		if (!add_device(s, j, l, json_at(list, i), ret_index, &why))
			return fault_set(f, why.code, "device %zu: %.200s", i + 1, why.text);
	return true;
}

bool
duty_devices(struct signer *s, struct errand *j, struct fault *f)
{
	uint64_t index = 0;
	struct wire_act a;
	struct json *body, *answer;
	struct ledger *l;
	size_t n;
	bool ok;

	if (!signer_open_act(s, j, ACT_DEVICE, &a, &body, f))
		return false;
	ok = realm_ledger(s->realm, a.tenant, &l, f) && ledger_has_room(l, f) &&
	     add_devices(s, j, l, body, &index, &n, f);
	if (ok) {
		answer = json_object();
		json_put_number(answer, "registered", (int64_t)n);
		json_put_number(answer, "log_index", (int64_t)index);
		ok = signer_close_act(j, answer, f);
	}
	json_free(body);
	return ok;
}

bool
duty_device_remove(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { "maker", "serial", NULL };
	char by[IDENTITY_TEXT_MAX];
	const char *maker, *serial;
	struct log_context why;
	struct wire_act a;
	struct json *body, *answer;
	struct ledger *l;
	struct device d;
	uint64_t index;
	bool ok;

	if (!signer_open_act(s, j, ACT_DEVICE, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	maker = json_text(body, "maker");
	serial = json_text(body, "serial");
	ok = realm_ledger(s->realm, a.tenant, &l, f) && signer_only(body, names, f) &&
	     ((maker != NULL && text_is_label(maker) && serial != NULL &&
		  idevid_is_serial(serial)) ||
		 fault_set(f, FAULT_BADREQ, "expected \"maker\" and \"serial\"")) &&
	     device_find(l, maker, serial, &d, f) && device_remove(l, maker, serial, f) &&
	     log_append(l, device_entry("device.removed", &why, &d), j->now_s, &index, f);
	if (ok) {
		answer = json_object();
		json_put_text(answer, "maker", d.maker);
		json_put_text(answer, "serial", d.serial);
		json_put_text(answer, "device", d.is.name);
		json_put_text(answer, "state", "removed");
		json_put_number(answer, "log_index", (int64_t)index);
		ok = signer_close_act(j, answer, f);
	}
	json_free(body);
	return ok;
}
