/* daemon/network.c - see network.h. */
#include "daemon/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define V4_AT      12 /* octets before an IPv4 address */
#define TEXT_MAX   64
#define TOTAL_BITS (NETWORK_OCTETS * 8)

static const uint8_t mapped[V4_AT] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool
network_is_v4(const uint8_t at[static NETWORK_OCTETS])
{
	return memcmp(at, mapped, sizeof(mapped)) == 0;
}

/* Decimal, without sign or leading zeros. */
static bool
read_bits(const char *text, unsigned most, unsigned *ret)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 3 || text[n] != '\0' || (text[0] == '0' && n > 1))
		return false;
	*ret = (unsigned)strtoul(text, NULL, 10);
	return *ret <= most;
}

static bool
is_clear_beyond(const struct network *n)
{
	for (unsigned i = n->bits; i < TOTAL_BITS; i++)
		if ((n->at[i / 8] & 0x80 >> i % 8) != 0)
			return false;
	return true;
}

bool
network_parse(const char *text, struct network *ret)
{
	const char *slash = strchr(text, '/');
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
	struct network net = { .bits = TOTAL_BITS };
	unsigned before = 0;
	char address[TEXT_MAX];

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET, address, net.at + V4_AT) == 1) {
		memcpy(net.at, mapped, sizeof(mapped));
		before = V4_AT * 8;
	} else if (inet_pton(AF_INET6, address, net.at) != 1) {
		return false;
	}
	if (slash != NULL) {
		if (!read_bits(slash + 1, TOTAL_BITS - before, &net.bits))
			return false;
		net.bits += before;
	}
	if (!is_clear_beyond(&net))
		return false;
	*ret = net;
	return true;
}

bool
network_address(const struct sockaddr *peer, uint8_t to[static NETWORK_OCTETS])
{
	if (peer->sa_family == AF_INET) {
		memcpy(to, mapped, sizeof(mapped));
		memcpy(to + V4_AT, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
	} else if (peer->sa_family == AF_INET6) {
		memcpy(to, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr,
		    NETWORK_OCTETS);
	} else {
		return false;
	}
	return true;
}

bool
network_has(const struct network *n, const uint8_t at[static NETWORK_OCTETS])
{
	unsigned whole = n->bits / 8, left = n->bits % 8;

	return memcmp(n->at, at, whole) == 0 &&
	       (left == 0 || ((n->at[whole] ^ at[whole]) & 0xff00 >> left & 0xff) == 0);
}
