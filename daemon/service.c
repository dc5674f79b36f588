/* daemon/service.c - see service.h. */
#include "daemon/service.h"

#include <arpa/inet.h>

bool
service_purpose(
    const struct settings *s, struct service_names *room, struct purpose *ret, struct fault *f)
{
	struct purpose p = { .profile = "service", .name = "edge" };

	for (size_t i = 0; i < s->names.n; i++) {
		const char *name = s->names.at[i];
		uint8_t *ip = room->ip[p.ip_n];

		if (p.dns_n == TBS_NAMES_MAX - 1 || p.ip_n == TBS_NAMES_MAX)
			return fault_set(
			    f, FAULT_BADREQ, "names: expected at most %d", TBS_NAMES_MAX - 1);
		if (inet_pton(AF_INET, name, ip) == 1)
			p.ip[p.ip_n++] = octets_of(ip, 4);
		else if (inet_pton(AF_INET6, name, ip) == 1)
			p.ip[p.ip_n++] = octets_of(ip, 16);
		else if (text_is_host(name))
			p.dns[p.dns_n++] = name;
		else
			return fault_set(f, FAULT_BADREQ,
			    "names: expected a DNS name or an IP address, found \"%s\"", name);
	}
	*ret = p;
	return true;
}
