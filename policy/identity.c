/* policy/identity.c - see identity.h. */
#include "policy/identity.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum identity_role role;
	const char *word;
} roles[] = {
	{ ROLE_OFFICER, "officer" },
	{ ROLE_REGISTRAR, "registrar" },
	{ ROLE_AUDITOR, "auditor" },
};

static const struct {
	enum identity_kind kind;
	const char *word;
} kinds[] = {
	{ IDENTITY_NOBODY, "nobody" },
	{ IDENTITY_LOCAL, "local" },
	{ IDENTITY_OPERATOR, "operator" },
	{ IDENTITY_ENDPOINT, "endpoint" },
	{ IDENTITY_TOKEN, "token" },
	{ IDENTITY_REQUEST, "request" },
	{ IDENTITY_IDEVID, "idevid" },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define ROLES (sizeof(roles) / sizeof(roles[0]))

void
identity_text(const struct identity *who, char to[static IDENTITY_TEXT_MAX])
{
	switch (who->kind) {
	case IDENTITY_LOCAL:
		(void)snprintf(to, IDENTITY_TEXT_MAX, "local");
		break;
	case IDENTITY_OPERATOR:
		(void)snprintf(to, IDENTITY_TEXT_MAX, "operator:%s", who->name);
		break;
	case IDENTITY_ENDPOINT:
		(void)snprintf(to, IDENTITY_TEXT_MAX, "endpoint:%s/%s", who->endpoint, who->name);
		break;
	case IDENTITY_TOKEN:
		(void)snprintf(to, IDENTITY_TEXT_MAX, "token:%s", who->evidence);
		break;
	case IDENTITY_REQUEST:
		(void)snprintf(to, IDENTITY_TEXT_MAX, "request:%s", who->evidence);
		break;
	case IDENTITY_IDEVID:
		(void)snprintf(to, IDENTITY_TEXT_MAX, "idevid:%s", who->evidence);
		break;
	case IDENTITY_NOBODY:
	default:
		(void)snprintf(to, IDENTITY_TEXT_MAX, "nobody");
		break;
	}
}

enum identity_role
identity_role(const char *word)
{
	for (size_t i = 0; i < ROLES; i++)
		if (strcmp(word, roles[i].word) == 0)
			return roles[i].role;
	return ROLE_NONE;
}

const char *
identity_role_word(enum identity_role role)
{
	for (size_t i = 0; i < ROLES; i++)
		if (roles[i].role == role)
			return roles[i].word;
	return "none";
}

const char *
identity_kind_word(enum identity_kind kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].kind == kind)
			return kinds[i].word;
	return kinds[0].word;
}

bool
identity_kind(const char *word, enum identity_kind *ret)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(word, kinds[i].word) == 0) {
			*ret = kinds[i].kind;
			return true;
		}
	return false;
}
