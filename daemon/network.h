/*
 * daemon/network.h - an address, or a network of them: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32.
 *
 * IPv4 is kept as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2), so that a listener
 * for both families sees each client as one.
 */
#ifndef QUATRAIN_DAEMON_NETWORK_H
#define QUATRAIN_DAEMON_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define NETWORK_OCTETS 16

struct network {
	uint8_t at[NETWORK_OCTETS];
	unsigned bits; /* of at that count */
};

/* False for what is neither an address nor a network, or has bits beyond its mask. */
bool network_parse(const char *text, struct network *ret);
/* False where the peer has no IP address. */
bool network_address(const struct sockaddr *peer, uint8_t to[static NETWORK_OCTETS]);
bool network_is_v4(const uint8_t at[static NETWORK_OCTETS]);
bool network_has(const struct network *n, const uint8_t at[static NETWORK_OCTETS]);

#endif
