/* policy/attribute.c - see attribute.h. */
#include "policy/attribute.h"

#include <string.h>

static const struct attribute_info infos[ATTRIBUTE_FIXED] = {
	[ATTRIBUTE_SUBJECT_ID] = { "subject.id", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_SUBJECT_ROLE] = { "subject.role", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_SUBJECT_NAME] = { "subject.name", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_CERT_SERIAL] = { "cert.serial", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_CERT_LEVEL] = { "cert.level", VALUE_NUMBER, READ_PLAIN },
	[ATTRIBUTE_CERT_AGE] = { "cert.age", VALUE_NUMBER, READ_DURATION },
	[ATTRIBUTE_CERT_EXPIRES_IN] = { "cert.expires_in", VALUE_NUMBER, READ_DURATION },
	[ATTRIBUTE_CERT_KEY_PINNED] = { "cert.key_pinned", VALUE_BOOL, READ_PLAIN },
	[ATTRIBUTE_CERT_ENROLLER] = { "cert.enroller", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_CERT_HOW] = { "cert.how", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_CERT_ASSURANCE] = { "cert.assurance", VALUE_NUMBER, READ_PLAIN },
	[ATTRIBUTE_CERT_PROFILE] = { "cert.profile", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_CERT_SHA256] = { "cert.sha256", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_CHAIN_ROOT] = { "chain.root", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_CHAIN_REGION] = { "chain.region", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_CHAIN_TENANT] = { "chain.tenant", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_SOURCE_IP] = { "source.ip", VALUE_ADDRESS, READ_PLAIN },
	[ATTRIBUTE_TIME] = { "time", VALUE_NUMBER, READ_PLAIN },
	[ATTRIBUTE_DEVICE_FIRMWARE] = { "device.firmware", VALUE_TEXT, READ_VERSION },
	[ATTRIBUTE_DEVICE_MODEL] = { "device.model", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_DEVICE_ZONE] = { "device.zone", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_DEVICE_SERIAL_BOUND] = { "device.serial_bound", VALUE_BOOL, READ_PLAIN },
	[ATTRIBUTE_RESOURCE_TYPE] = { "resource.type", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_RESOURCE_ID] = { "resource.id", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_RESOURCE_OWNER] = { "resource.owner", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_RESOURCE_TENANT] = { "resource.tenant", VALUE_TEXT, READ_PLAIN },
	[ATTRIBUTE_RESOURCE_PAGES] = { "resource.pages", VALUE_NUMBER, READ_PLAIN },
	[ATTRIBUTE_RESOURCE_OWNER_PRESENT] = { "resource.owner_present", VALUE_BOOL, READ_PLAIN },
	[ATTRIBUTE_ANOMALY_SCORE] = { "anomaly.score", VALUE_NUMBER, READ_PLAIN },
};

/* a-z, A-Z, 0-9, '_', '-', in parts between dots that are not empty. */
static bool
is_open_rest(struct octets o)
{
	bool part = false;

	for (size_t i = 0; i < o.n; i++) {
		uint8_t c = o.at[i];
		uint8_t small = c | 0x20;

		if (c == '.' && part)
			part = false;
		else if ((small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
			 c == '-')
			part = true;
		else
			return false;
	}
	return part;
}

bool
attribute_find(struct octets name, enum attribute *ret)
{
	static const char *const open[] = { "resource.", "device.", "context." };

	if (name.n >= ATTRIBUTE_NAME_MAX)
		return false;
	for (int a = 0; a < ATTRIBUTE_FIXED; a++)
		if (octets_same(name, octets_text(infos[a].name))) {
			*ret = (enum attribute)a;
			return true;
		}
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (octets_take_text(&name, open[i]) && is_open_rest(name)) {
			*ret = ATTRIBUTE_OPEN;
			return true;
		}
	return false;
}

const struct attribute_info *
attribute_info(enum attribute a)
{
	return &infos[a];
}
