/*
 * policy/identity.h - who asks, as far as it was proven.
 *
 * An identity is filled in by whoever verified the proof (ca/identify.h for a
 * certificate, ca/token.h for a token, the desk's socket for the machine's own
 * user); rules only read it. It holds ids and labels, never a person's name.
 */
#ifndef QUATRAIN_POLICY_IDENTITY_H
#define QUATRAIN_POLICY_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define IDENTITY_PLATFORM   "platform" /* the reserved tenant: the service and its operators */
#define IDENTITY_TEXT_MAX   160
#define IDENTITY_SOURCE_MAX 64

enum identity_kind {
	IDENTITY_NOBODY = 1 << 0,   /* nothing was proven */
	IDENTITY_LOCAL = 1 << 1,    /* the service's own user on this machine */
	IDENTITY_OPERATOR = 1 << 2, /* an operator's certificate, platform tenant */
	IDENTITY_ENDPOINT = 1 << 3, /* an endpoint's certificate */
	IDENTITY_TOKEN = 1 << 4,    /* a one-time token for one device */
	IDENTITY_REQUEST = 1 << 5,  /* a key, and what its holder says of itself */
	IDENTITY_IDEVID = 1 << 6,   /* its manufacturer's certificate of a registered device */
};

enum identity_role {
	ROLE_NONE = 0,
	ROLE_OFFICER = 1 << 0,
	ROLE_REGISTRAR = 1 << 1,
	ROLE_AUDITOR = 1 << 2,
};

struct identity {
	enum identity_kind kind;
	enum identity_role role;       /* operators and local */
	char tenant[TEXT_LABEL_MAX];   /* whose; empty for local and nobody */
	char endpoint[TEXT_LABEL_MAX]; /* kind of endpoint: printer, ...; from certificate or token
					*/
	char name[TEXT_LABEL_MAX];     /* its name */
	char evidence[TEXT_LABEL_MAX]; /* serial (hex), id of a token, a request or a device */
	char source[IDENTITY_SOURCE_MAX]; /* address:port, or local */
	bool good;                        /* not revoked, held or expired at any level */
};

/* "operator:alice", "local", "token:1f..", "request:1f..", "idevid:1f..",
 * "endpoint:printer/hp-4711", "nobody". */
void identity_text(const struct identity *who, char to[static IDENTITY_TEXT_MAX]);

/* ROLE_NONE for a word that is no role. */
enum identity_role identity_role(const char *word);
const char *identity_role_word(enum identity_role role);

/* "operator", "local", ... */
const char *identity_kind_word(enum identity_kind kind);
/* The kind of a word; false: there is none. */
bool identity_kind(const char *word, enum identity_kind *ret);

#endif
