/*
 * ca/offline_under.h - what an offline set is made of; for ca/offline_*.c alone.
 */
#ifndef QUATRAIN_CA_OFFLINE_UNDER_H
#define QUATRAIN_CA_OFFLINE_UNDER_H

#include "ca/offline_set.h"

#define OFFLINE_AUTHORITIES_MAX LEVEL_BUNDLE_MAX

struct offline_set {
	struct offline_head head; /* until_s as the policies allow it */
	char host[TEXT_HOST_MAX]; /* of the tenant: acme.eu.example.org */
	struct feed_set feed;
	size_t documents_n;
	struct document *document[OFFLINE_POLICIES_MAX];
	struct set *policies;
	size_t authorities_n;
	struct bytes authority[OFFLINE_AUTHORITIES_MAX]; /* DER; whom they lead to is asked later */
	struct bytes root;                               /* PEM, as it was brought */
};

#endif
