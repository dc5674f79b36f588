/* policy/rules.c - see rules.h. */
#include "policy/rules.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/bytes.h"
#include "policy/identity.h"

#define STAFF   (IDENTITY_LOCAL | IDENTITY_OPERATOR)
#define ANYROLE (ROLE_OFFICER | ROLE_REGISTRAR | ROLE_AUDITOR)

static const struct rule rules[] = {
	{ "staff-reads", ACT_READ, STAFF, ANYROLE, 0 },
	{ "officer-makes-tenants", ACT_TENANT_CREATE, STAFF, ROLE_OFFICER, 0 },
	{ "officer-suspends-tenants", ACT_TENANT_SUSPEND, STAFF, ROLE_OFFICER, 0 },
	{ "officer-rolls-tenants", ACT_TENANT_ROLL, STAFF, ROLE_OFFICER, 0 },
	{ "officer-suspends-regions", ACT_REGION_SUSPEND, STAFF, ROLE_OFFICER, 0 },
	{ "officer-adds-operators", ACT_OPERATOR_ADD, STAFF, ROLE_OFFICER, 0 },
	{ "officer-changes-operators", ACT_OPERATOR_CHANGE, STAFF, ROLE_OFFICER, 0 },
	{ "officer-decides-acts", ACT_DECIDE, STAFF, ROLE_OFFICER, 0 },
	{ "registrar-makes-tokens", ACT_TOKEN_CREATE, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "registrar-revokes-tokens", ACT_TOKEN_REVOKE, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "registrar-revokes", ACT_CERTIFICATE_REVOKE, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "officer-revokes-anywhere", ACT_CERTIFICATE_REVOKE, STAFF, ROLE_OFFICER, 0 },
	{ "registrar-holds", ACT_CERTIFICATE_HOLD, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "officer-holds-anywhere", ACT_CERTIFICATE_HOLD, STAFF, ROLE_OFFICER, 0 },
	{ "registrar-removes-endpoints", ACT_ENDPOINT_REMOVE, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "staff-exports-the-log", ACT_LOG_EXPORT, STAFF, ANYROLE, 0 },
	{ "officer-redacts-the-log", ACT_LOG_REDACT, STAFF, ROLE_OFFICER, 0 },
	{ "local-officer-takes-backups", ACT_BACKUP, IDENTITY_LOCAL, ROLE_OFFICER, 0 },
	{ "officer-lists-keys", ACT_KEY_LIST, STAFF, ROLE_OFFICER | ROLE_AUDITOR, 0 },
	{ "officer-tests-webhooks", ACT_WEBHOOK_TEST, STAFF, ROLE_OFFICER, 0 },
	{ "registrar-decides-requests", ACT_REQUEST_DECIDE, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "officer-trusts-makers", ACT_MAKER, STAFF, ROLE_OFFICER, RULE_CUSTOMER },
	{ "registrar-registers-devices", ACT_DEVICE, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "registrar-registers-printers", ACT_PRINTER, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "registrar-hands-out-badges", ACT_BADGE, STAFF, ROLE_OFFICER | ROLE_REGISTRAR,
	    RULE_CUSTOMER },
	{ "officer-changes-policies", ACT_POLICY, STAFF, ROLE_OFFICER, 0 },
	{ "staff-follows-revocations", ACT_FEED, STAFF, ANYROLE, 0 },
	{ "relying-party-follows-revocations", ACT_FEED, IDENTITY_ENDPOINT, 0,
	    RULE_SAME_TENANT | RULE_RELYING },
	{ "staff-asks-for-decisions", ACT_AUTHZ, STAFF, ANYROLE, 0 },
	{ "relying-party-asks-for-decisions", ACT_AUTHZ, IDENTITY_ENDPOINT, 0,
	    RULE_SAME_TENANT | RULE_RELYING },
	{ "request-asks-for-its-device", ACT_ASK, IDENTITY_REQUEST, 0,
	    RULE_SAME_TENANT | RULE_SAME_ENDPOINT | RULE_CUSTOMER },
	{ "token-enrols-its-device", ACT_ENROLL, IDENTITY_TOKEN, 0,
	    RULE_SAME_TENANT | RULE_SAME_ENDPOINT },
	{ "manufacturer-vouches-for-its-device", ACT_ENROLL, IDENTITY_IDEVID, 0,
	    RULE_SAME_TENANT | RULE_SAME_ENDPOINT | RULE_CUSTOMER },
	{ "endpoint-renews-itself", ACT_RENEW, IDENTITY_ENDPOINT | IDENTITY_OPERATOR, 0,
	    RULE_SAME_TENANT | RULE_SAME_ENDPOINT },
	{ "endpoint-prints", ACT_PRINT_SUBMIT, IDENTITY_ENDPOINT, 0,
	    RULE_SAME_TENANT | RULE_CUSTOMER | RULE_PERSONAL },
	{ "owner-releases", ACT_PRINT_RELEASE, IDENTITY_ENDPOINT, 0,
	    RULE_SAME_TENANT | RULE_SAME_ENDPOINT | RULE_CUSTOMER | RULE_PERSONAL },
	{ "printer-releases", ACT_PRINT_RELEASE, IDENTITY_ENDPOINT, 0,
	    RULE_SAME_TENANT | RULE_CUSTOMER | RULE_MACHINE },
	{ "printer-fetches", ACT_PRINT_FETCH, IDENTITY_ENDPOINT, 0,
	    RULE_SAME_TENANT | RULE_CUSTOMER | RULE_MACHINE },
	{ "printer-scans", ACT_SCAN_SEND, IDENTITY_ENDPOINT, 0,
	    RULE_SAME_TENANT | RULE_CUSTOMER | RULE_MACHINE },
};

static const char *const words[ACT_COUNT] = {
	[ACT_READ] = "read",
	[ACT_TENANT_CREATE] = "tenant.create",
	[ACT_TENANT_SUSPEND] = "tenant.suspend",
	[ACT_TENANT_ROLL] = "tenant.roll",
	[ACT_REGION_SUSPEND] = "region.suspend",
	[ACT_OPERATOR_ADD] = "operator.add",
	[ACT_OPERATOR_CHANGE] = "operator.change",
	[ACT_DECIDE] = "act.decide",
	[ACT_TOKEN_CREATE] = "token.create",
	[ACT_TOKEN_REVOKE] = "token.revoke",
	[ACT_CERTIFICATE_REVOKE] = "certificate.revoke",
	[ACT_CERTIFICATE_HOLD] = "certificate.hold",
	[ACT_ENDPOINT_REMOVE] = "endpoint.remove",
	[ACT_LOG_EXPORT] = "log.export",
	[ACT_LOG_REDACT] = "log.redact",
	[ACT_BACKUP] = "backup.take",
	[ACT_KEY_LIST] = "key.list",
	[ACT_WEBHOOK_TEST] = "webhook.test",
	[ACT_REQUEST_DECIDE] = "request.decide",
	[ACT_MAKER] = "maker.change",
	[ACT_DEVICE] = "device.change",
	[ACT_PRINTER] = "printer.change",
	[ACT_BADGE] = "badge.change",
	[ACT_FEED] = "revocations.read",
	[ACT_POLICY] = "policy.change",
	[ACT_AUTHZ] = "authz.ask",
	[ACT_ASK] = "enrolment.ask",
	[ACT_ENROLL] = "certificate.enroll",
	[ACT_RENEW] = "certificate.renew",
	[ACT_PRINT_SUBMIT] = "print.submit",
	[ACT_PRINT_RELEASE] = "print.release",
	[ACT_PRINT_FETCH] = "print.fetch",
	[ACT_SCAN_SEND] = "scan.send",
};

const struct rule *
rules_all(size_t *n)
{
	*n = sizeof(rules) / sizeof(rules[0]);
	return rules;
}

const char *
rules_act_word(enum act act)
{
	return words[act];
}

void
rules_text(struct bytes *ret)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		bytes_put_fmt(ret, "permit %s %s kinds=%x roles=%x when=%x\n", rules[i].id,
		    words[rules[i].act], rules[i].kinds, rules[i].roles, rules[i].conditions);
}

bool
rules_act(const char *word, enum act *ret)
{
	for (size_t i = 0; i < ACT_COUNT; i++)
		if (strcmp(words[i], word) == 0) {
			*ret = (enum act)i;
			return true;
		}
	return false;
}

bool
rules_digest(uint8_t to[static RULES_DIGEST_OCTETS], struct fault *f)
{
	struct bytes text = { 0 };
	bool ok = false;

	rules_text(&text);
	if (!bytes_ok(&text, f))
		goto out;
	if (EVP_Digest(text.at, text.n, to, NULL, EVP_sha256(), NULL) != 1) {
		fault_crypto(f, FAULT_INTERNAL, "rules: EVP_Digest");
		goto out;
	}
	ok = true;
out:
	bytes_free(&text);
	return ok;
}
