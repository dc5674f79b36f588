/* ca/device.c - see device.h. */
#include "ca/device.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#define EDITION 1

struct octets
device_key(const char *maker, const char *serial, char to[static DEVICE_KEY_MAX])
{
	(void)snprintf(to, DEVICE_KEY_MAX, "%s/%s", maker, serial);
	return octets_text(to);
}

bool
device_read(const char *tenant, struct octets key, struct octets value, struct device *ret)
{
	const uint8_t *slash = key.n == 0 ? NULL : memchr(key.at, '/', key.n);
	struct reader in = reader_of(value);
	struct device d = { .maker = "" };
	size_t maker_n, serial_n;

	if (slash == NULL || reader_u8(&in) != EDITION)
		return false;
	maker_n = (size_t)(slash - key.at);
	serial_n = key.n - maker_n - 1;
	if (maker_n >= sizeof(d.maker) || serial_n >= sizeof(d.serial))
		return false;
	memcpy(d.maker, key.at, maker_n);
	memcpy(d.serial, slash + 1, serial_n);
	(void)snprintf(d.is.tenant, sizeof(d.is.tenant), "%s", tenant);
	reader_counted_text(&in, d.is.kind, sizeof(d.is.kind));
	reader_counted_text(&in, d.is.name, sizeof(d.is.name));
	reader_counted_text(&in, d.profile, sizeof(d.profile));
	reader_counted_text(&in, d.by, sizeof(d.by));
	d.added_s = (int64_t)reader_u64(&in);
	d.log_index = reader_u64(&in);
	if (!reader_done(&in) || !idevid_is_serial(d.serial) || !text_is_label(d.maker) ||
	    !text_is_label(d.is.name))
		return false;
	*ret = d;
	return true;
}

bool
device_id(const struct device *d, char to[static DEVICE_ID_LETTERS + 1], struct fault *f)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char key[DEVICE_KEY_MAX];
	struct octets o = device_key(d->maker, d->serial, key);

	if (EVP_Digest(o.at, o.n, digest, NULL, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "device: EVP_Digest");
	text_hex(digest, DEVICE_ID_LETTERS / 2, to);
	return true;
}

bool
device_add(struct ledger *l, const struct device *d, struct fault *f)
{
	char key[DEVICE_KEY_MAX];
	struct octets at = device_key(d->maker, d->serial, key);
	struct bytes b = { 0 };
	struct fault why;
	bool ok;

	if (!idevid_is_serial(d->serial))
		return fault_set(f, FAULT_BADREQ,
		    "device: expected a serial number of 1 to %d printable ASCII characters",
		    IDEVID_SERIAL_MAX);
	if (at.n >= PROVENANCE_TEXT_MAX)
		return fault_set(f, FAULT_BADREQ,
		    "device: the names of maker and serial number are over %d characters together",
		    PROVENANCE_TEXT_MAX - 2);
	if (ledger_get(l, TABLE_DEVICE, at, &b, &why)) {
		bytes_free(&b);
		return fault_set(f, FAULT_CONFLICT, "device: %s is registered already", key);
	}
	if (why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	bytes_put_u8(&b, EDITION);
	bytes_put_counted_text(&b, d->is.kind);
	bytes_put_counted_text(&b, d->is.name);
	bytes_put_counted_text(&b, d->profile);
	bytes_put_counted_text(&b, d->by);
	bytes_put_u64(&b, (uint64_t)d->added_s);
	bytes_put_u64(&b, d->log_index);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_DEVICE, at, octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
device_find(
    struct ledger *l, const char *maker, const char *serial, struct device *ret, struct fault *f)
{
	char key[DEVICE_KEY_MAX];
	struct octets at = device_key(maker, serial, key);
	struct bytes row = { 0 };
	struct fault why;
	bool ok = ledger_get(l, TABLE_DEVICE, at, &row, &why);

	if (!ok && why.code == FAULT_NOTFOUND)
		fault_set(f, FAULT_NOTFOUND, "device: no such serial number of this maker");
	else if (!ok)
		*f = why;
	else
		ok = device_read(ledger_tenant(l), at, octets_bytes(&row), ret) ||
		     fault_set(f, FAULT_INTERNAL, "device: a row that cannot be read");
	bytes_free(&row);
	return ok;
}

bool
device_remove(struct ledger *l, const char *maker, const char *serial, struct fault *f)
{
	char key[DEVICE_KEY_MAX];
	struct device d;

	if (!device_find(l, maker, serial, &d, f))
		return false;
	batch_remove(ledger_batch(l), TABLE_DEVICE, device_key(maker, serial, key));
	return true;
}
