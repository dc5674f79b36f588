/*
 * ca/device.h - a device that was announced before it came: TABLE_DEVICE.
 *
 * A registrar says which device of which maker may come in, under which name and
 * by which profile. Its IDevID proves that it is the one (ca/maker.h); it may
 * come again, as after a reset, until it is removed.
 *
 * Source: IEEE 802.1AR-2018 section 8.6 (serialNumber).
 */
#ifndef QUATRAIN_CA_DEVICE_H
#define QUATRAIN_CA_DEVICE_H

#include "ca/idevid.h"
#include "ca/ledger.h"

#define DEVICE_ID_LETTERS 16
#define DEVICE_KEY_MAX    (TEXT_LABEL_MAX + IDEVID_SERIAL_MAX + 1)

struct device {
	char maker[TEXT_LABEL_MAX];
	char serial[IDEVID_SERIAL_MAX + 1];
	struct endpoint is; /* its kind is the profile's */
	char profile[TEXT_LABEL_MAX];
	char by[PROVENANCE_TEXT_MAX];
	int64_t added_s;
	uint64_t log_index; /* of device.registered */
};

bool device_read(const char *tenant, struct octets key, struct octets value, struct device *ret);
/* The id, for logs and certificates: of maker and serial, by a digest. Fault: FAULT_INTERNAL. */
bool device_id(
    const struct device *d, char to[static DEVICE_ID_LETTERS + 1], struct fault *f) CHECKED;
/* Its key in TABLE_DEVICE: "maker/serial"; lent from to. */
struct octets device_key(const char *maker, const char *serial, char to[static DEVICE_KEY_MAX]);

/* Into l's batch. Faults: FAULT_BADREQ the serial is none, FAULT_CONFLICT it is registered,
 * FAULT_INTERNAL. */
bool device_add(struct ledger *l, const struct device *d, struct fault *f) CHECKED;
/* Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool device_find(struct ledger *l, const char *maker, const char *serial, struct device *ret,
    struct fault *f) CHECKED;
bool device_remove(
    struct ledger *l, const char *maker, const char *serial, struct fault *f) CHECKED;

#endif
