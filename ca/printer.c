/* ca/printer.c - see printer.h. */
#include "ca/printer.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/digest.h"

#define EDITION    1
#define TAG_OCTETS 16

/* RFC 9562 section 6.6: the namespace of URLs. */
static const uint8_t namespace_url[PRINTER_UUID] = { 0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
	0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };

static void
uuid_of(const struct name_space *ns, const char *tenant, const char *name,
    uint8_t to[static PRINTER_UUID])
{
	uint8_t text[PRINTER_UUID + NAME_URI_MAX], digest[SHA_DIGEST_LENGTH] = { 0 };
	struct endpoint e = { .kind = "printer" };
	char uri[NAME_URI_MAX];
	size_t n;

	(void)snprintf(e.tenant, sizeof(e.tenant), "%s", tenant);
	(void)snprintf(e.name, sizeof(e.name), "%s", name);
	name_uri(ns, &e, uri);
	n = strlen(uri);
	memcpy(text, namespace_url, PRINTER_UUID);
	memcpy(text + PRINTER_UUID, uri, n);
	(void)SHA1(text, PRINTER_UUID + n, digest);
	memcpy(to, digest, PRINTER_UUID);
	to[6] = (uint8_t)((to[6] & 0x0f) | 0x50);
	to[8] = (uint8_t)((to[8] & 0x3f) | 0x80);
}

void
printer_uuid(
    const struct realm *r, const char *tenant, const char *name, uint8_t to[static PRINTER_UUID])
{
	uuid_of(realm_space(r), tenant, name, to);
}

/* Of a row by its uuid: no label has an octet over 127, as the ninth of a uuid is. */
static bool
is_index(struct octets key)
{
	return key.n == PRINTER_UUID && (key.at[8] & 0x80) != 0;
}

static bool
read_index(struct octets value, char name[static TEXT_LABEL_MAX])
{
	struct reader in = reader_of(value);
	bool known = reader_u8(&in) == EDITION;

	reader_counted_text(&in, name, TEXT_LABEL_MAX);
	return known && reader_done(&in) && text_is_label(name);
}

bool
printer_read(struct octets key, struct octets value, struct printer *ret)
{
	struct reader in = reader_of(value);
	struct printer p = { .name = "" };

	if (key.n == 0 || key.n >= sizeof(p.name) || reader_u8(&in) != EDITION)
		return false;
	memcpy(p.name, key.at, key.n);
	p.added_s = (int64_t)reader_u64(&in);
	p.log_index = reader_u64(&in);
	p.gateways_n = reader_u8(&in);
	if (p.gateways_n == 0 || p.gateways_n > PRINTER_GATEWAYS_MAX || !text_is_label(p.name))
		return false;
	for (size_t i = 0; i < p.gateways_n; i++) {
		reader_counted_text(&in, p.gateways[i], sizeof(p.gateways[i]));
		if (!text_is_label(p.gateways[i]))
			return false;
	}
	if (!reader_done(&in))
		return false;
	*ret = p;
	return true;
}

bool
printer_row(struct octets key, struct octets value)
{
	char name[TEXT_LABEL_MAX];
	struct printer p;

	return is_index(key) ? read_index(value, name) : printer_read(key, value, &p);
}

bool
printer_get(struct ledger *l, const char *name, struct printer *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct fault why;
	bool ok = ledger_get(l, TABLE_PRINTER, octets_text(name), &row, &why);

	if (!ok && why.code == FAULT_NOTFOUND)
		fault_set(f, FAULT_NOTFOUND, "printer: there is none of that name");
	else if (!ok)
		*f = why;
	else
		ok = printer_read(octets_text(name), octets_bytes(&row), ret) ||
		     fault_set(f, FAULT_INTERNAL, "printer: a row that cannot be read");
	bytes_free(&row);
	return ok;
}

bool
printer_find(struct realm *r, const char *tenant, const uint8_t uuid[static PRINTER_UUID],
    struct printer *ret, struct fault *f)
{
	char name[TEXT_LABEL_MAX];
	struct bytes row = { 0 };
	struct ledger *l;
	struct fault why;
	bool ok;

	if (!realm_ledger(r, tenant, &l, f))
		return false;
	ok = is_index(octets_of(uuid, PRINTER_UUID)) &&
	     ledger_get(l, TABLE_PRINTER, octets_of(uuid, PRINTER_UUID), &row, &why);
	if (ok)
		ok = read_index(octets_bytes(&row), name) ||
		     fault_set(f, FAULT_INTERNAL, "printer: a row that cannot be read");
	else
		fault_set(f, FAULT_NOTFOUND, "printer: there is none of that uuid");
	bytes_free(&row);
	return ok && printer_get(l, name, ret, f);
}

bool
printer_speaks(struct realm *r, const struct identity *who, const char *name)
{
	struct printer p;
	struct ledger *l;
	struct fault ignored;

	if (!who->good || who->kind != IDENTITY_ENDPOINT)
		return false;
	if (strcmp(who->endpoint, "printer") == 0)
		return strcmp(who->name, name) == 0;
	if (strcmp(who->endpoint, "gateway") != 0 || !realm_ledger(r, who->tenant, &l, &ignored) ||
	    !printer_get(l, name, &p, &ignored))
		return false;
	for (size_t i = 0; i < p.gateways_n; i++)
		if (strcmp(p.gateways[i], who->name) == 0)
			return true;
	return false;
}

static void
write_row(const struct printer *p, struct bytes *to)
{
	bytes_put_u8(to, EDITION);
	bytes_put_u64(to, (uint64_t)p->added_s);
	bytes_put_u64(to, p->log_index);
	bytes_put_u8(to, (uint8_t)p->gateways_n);
	for (size_t i = 0; i < p->gateways_n; i++)
		bytes_put_counted_text(to, p->gateways[i]);
}

bool
printer_tag(const struct printer *p, char to[static PRINTER_TAG_MAX], struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes row = { 0 };
	bool ok;

	bytes_put_counted_text(&row, p->name);
	write_row(p, &row);
	if ((ok = bytes_ok(&row, f))) {
		digest_of(octets_bytes(&row), digest);
		to[0] = '"';
		text_hex(digest, TAG_OCTETS, to + 1);
		memcpy(to + 1 + TAG_OCTETS * 2, "\"", 2);
	}
	bytes_free(&row);
	return ok;
}

bool
printer_put(struct realm *r, struct ledger *l, const struct printer *p, struct fault *f)
{
	struct bytes row = { 0 }, index = { 0 };
	uint8_t uuid[PRINTER_UUID];
	bool ok;

	write_row(p, &row);
	bytes_put_u8(&index, EDITION);
	bytes_put_counted_text(&index, p->name);
	if ((ok = bytes_ok(&row, f) && bytes_ok(&index, f))) {
		printer_uuid(r, ledger_tenant(l), p->name, uuid);
		ledger_put(l, TABLE_PRINTER, octets_text(p->name), octets_bytes(&row));
		ledger_put(l, TABLE_PRINTER, octets_of(uuid, sizeof(uuid)), octets_bytes(&index));
	}
	bytes_free(&row);
	bytes_free(&index);
	return ok;
}

void
printer_remove(struct realm *r, struct ledger *l, const char *name)
{
	uint8_t uuid[PRINTER_UUID];

	printer_uuid(r, ledger_tenant(l), name, uuid);
	batch_remove(ledger_batch(l), TABLE_PRINTER, octets_text(name));
	batch_remove(ledger_batch(l), TABLE_PRINTER, octets_of(uuid, sizeof(uuid)));
}

void
printer_uuid_text(const uint8_t uuid[static PRINTER_UUID], char to[static PRINTER_UUID_TEXT])
{
	static const uint8_t groups[] = { 4, 2, 2, 2, 6 };
	size_t at = 0;

	to += snprintf(to, PRINTER_UUID_TEXT, "urn:uuid:");
	for (size_t i = 0; i < sizeof(groups); i++) {
		text_hex(uuid + at, groups[i], to);
		at += groups[i];
		to += 2 * groups[i];
		*to++ = i + 1 < sizeof(groups) ? '-' : '\0';
	}
}

bool
printer_uuid_read(struct octets text, uint8_t ret[static PRINTER_UUID])
{
	char hex[2 * PRINTER_UUID + 1];
	size_t n = 0;

	if (text.n != PRINTER_UUID_TEXT - 1 || !octets_take_text(&text, "urn:uuid:"))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen != (text.at[i] == '-') || text.at[i] == '\0')
			return false;
		if (!hyphen)
			hex[n++] = (char)text.at[i];
	}
	hex[n] = '\0';
	return text_unhex(hex, ret, PRINTER_UUID);
}

struct json *
printer_entry(const struct realm *r, const char *tenant, const char *act,
    const struct log_context *why, const struct printer *p)
{
	char uuid[PRINTER_UUID_TEXT];
	struct json *e = log_entry(act, why), *gateways = json_array();
	uint8_t raw[PRINTER_UUID];

	printer_uuid(r, tenant, p->name, raw);
	printer_uuid_text(raw, uuid);
	json_put_text(e, "printer", p->name);
	json_put_text(e, "uuid", uuid);
	for (size_t i = 0; i < p->gateways_n; i++)
		json_add_text(gateways, p->gateways[i]);
	json_put(e, "gateways", gateways);
	return e;
}
