/*
 * daemon/signer.h - the signer's inside: an errand, a duty, and what they share.
 *
 * The signer takes what waits on its lines as one round. Each errand of a round is
 * judged (parsed, decided, intended); one commit a ledger makes the intents
 * durable; then each acts (signs, records); a second commit; then all are
 * answered. So many requests share two syncs, and nothing is answered before it
 * is on disk.
 */
#ifndef QUATRAIN_DAEMON_SIGNER_H
#define QUATRAIN_DAEMON_SIGNER_H

#include "base/ipc.h"
#include "base/pace.h"
#include "ca/keyring.h"
#include "ca/repeat.h"
#include "ca/wire.h"
#include "daemon/notary.h"
#include "daemon/policies.h"
#include "daemon/press.h"
#include "daemon/settings.h"
#include "daemon/tally.h"
#include "daemon/watch.h"
#include "policy/inputs.h"

#define FROM_EDGE (1u << 0)
#define FROM_DESK (1u << 1)

/* One asker. */
struct line {
	int fd; /* -1: closed */
	unsigned from;
	struct bytes sessions; /* of an edge: the newest WIRE_SESSIONS */
};

/* An activity ledger that could not be opened: not tried before until_s. */
#define SIGNER_SHUT 64
struct signer_shut {
	char tenant[TEXT_LABEL_MAX];
	int64_t until_s;
};

struct signer {
	struct settings settings;
	bool pin_refused; /* by the token, at the start */
	bool uncosigned;  /* the region has no cosigner, and it was said */
	const struct line *lines;
	const size_t *lines_n;
	struct seal *seal;
	struct realm *realm;
	struct keyring *keys;
	struct hsm *hsm; /* NULL: no token */
	struct journal journal;
	struct watch watch;
	struct tally *tally;       /* NULL: nobody counts */
	struct press *press;       /* NULL in a command that writes by itself */
	struct notary *notary;     /* the same */
	struct policies *policies; /* NULL until it is open */
	struct secret token_key;
	struct log_context self; /* for what the signer does by itself */
	uint8_t policy[RULES_DIGEST_OCTETS];
	struct {
		int64_t at_s;
		unsigned left, suppressed; /* entries that may still be written; not written down */
	} refusals;
	struct signer_shut shut[SIGNER_SHUT];
	struct pace verifiers; /* PINs and badges that are hashed */
	int64_t swept_s;       /* when what is past its time was looked for last (daemon/once.h) */
};

struct errand {
	unsigned from;      /* FROM_EDGE or FROM_DESK */
	struct octets body; /* lent from the message */
	int64_t now_s;
	bool failed, untold; /* refused without an entry: what is refused has one */
	struct fault fault;
	struct bytes members;   /* of the problem that a fault is answered with: JSON */
	struct bytes *sessions; /* of the asker's line */
	struct bytes answer;
	struct ticket *ticket; /* a certificate on its way */
	const struct issuer *issuer;
	/* kept from judge() to act() */
	struct identity who;
	struct verdict verdict; /* rule NULL: nothing was decided yet */
	struct inputs inputs;   /* what it was decided from */
	struct ruling ruling;   /* and what policies said, where they were asked */
	struct bytes request;   /* what they were asked: JSON */
	struct endpoint device;
	char tenant[TEXT_LABEL_MAX];
	uint8_t key_digest[32]; /* of an enrolment */
	unsigned waits_s;       /* it waits for a registrar, and is asked again so much later */
	bool sending;           /* the certificate sent was made before, and its answer lost */
	uint8_t sent[TBS_SERIAL_OCTETS];
	enum enrol_way way;            /* of an enrolment */
	const struct profile *profile; /* that a device was announced for */
	int64_t late_s;                /* of a renewal: the certificate had ended so long before */
	bool activity;                 /* it wrote to an activity ledger (ca/ledger_name.h) */
	bool cuts;                     /* as a duty's: something was revoked on the way */
	enum identity_role role;       /* of an operator to be */
	struct checkpoint checkpoint;  /* of an export */
	uint16_t verb;
	struct repeat repeat;        /* of an act with an Idempotency-Key */
	bool keeps;                  /* its answer is kept under that */
	bool repeated;               /* it was done before, and the answer is that of then */
	bool late;                   /* the same request is in this round: it waits for the first */
	uint16_t done;               /* bits of WIRE_DONE, in the answer */
	const struct second *second; /* it waited, and is approved now (daemon/second.h) */
	char second_by[IDENTITY_TEXT_MAX]; /* in the entry; empty: no second person is wanted */
};

/* What may be asked of the keys. Anything else ends the asker's line; what is only too long is
 * refused. */
struct duty {
	uint16_t verb;
	const char *word; /* in the log */
	unsigned from;
	size_t max_octets;
	bool (*judge)(struct signer *s, struct errand *j, struct fault *f); /* may be NULL */
	bool (*act)(struct signer *s, struct errand *j, struct fault *f);
	bool tells; /* a refusal of it is a log entry */
	bool cuts;  /* its success may end connections that are open, or change what edges show */
};

/* daemon/duty_enroll.c */
bool duty_enroll_judge(struct signer *s, struct errand *j, struct fault *f);
bool duty_enroll_act(struct signer *s, struct errand *j, struct fault *f);
bool duty_device(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_bulk.c */
bool duty_revoke_many(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_endpoint.c */
bool duty_endpoint_remove(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_status.c */
bool duty_ocsp(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_act.c */
bool duty_tenant(struct signer *s, struct errand *j, struct fault *f);
bool duty_token(struct signer *s, struct errand *j, struct fault *f);
bool duty_token_revoke(struct signer *s, struct errand *j, struct fault *f);
bool duty_revoke(struct signer *s, struct errand *j, struct fault *f);
bool duty_export(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_redact.c */
bool duty_redact(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_keys.c */
bool duty_keys(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_level.c */
bool duty_tenant_suspend(struct signer *s, struct errand *j, struct fault *f);
bool duty_tenant_resume(struct signer *s, struct errand *j, struct fault *f);
bool duty_region_suspend(struct signer *s, struct errand *j, struct fault *f);
bool duty_region_resume(struct signer *s, struct errand *j, struct fault *f);
bool duty_hold(struct signer *s, struct errand *j, struct fault *f);
bool duty_release(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_roll.c */
bool duty_roll(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_maker.c */
bool duty_maker(struct signer *s, struct errand *j, struct fault *f);
bool duty_maker_remove(struct signer *s, struct errand *j, struct fault *f);
bool duty_devices(struct signer *s, struct errand *j, struct fault *f);
bool duty_device_remove(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_operator.c */
bool duty_operator_judge(struct signer *s, struct errand *j, struct fault *f);
bool duty_operator_act(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_request.c */
bool duty_approve(struct signer *s, struct errand *j, struct fault *f);
bool duty_disapprove(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_webhook.c */
bool duty_webhook_test(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_backup.c */
bool duty_backup(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_service.c */
bool duty_service(struct signer *s, struct errand *j, struct fault *f);
bool duty_state(struct signer *s, struct errand *j, struct fault *f);
bool duty_refused(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_staff.c */
bool duty_operator_role(struct signer *s, struct errand *j, struct fault *f);
bool duty_operator_remove(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_proposal.c */
bool duty_act_approve(struct signer *s, struct errand *j, struct fault *f);
bool duty_act_refuse(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_policy.c */
bool duty_policy(struct signer *s, struct errand *j, struct fault *f);
bool duty_policy_remove(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_badge.c */
bool duty_badge(struct signer *s, struct errand *j, struct fault *f);
bool duty_badge_remove(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_printer.c */
bool duty_printer(struct signer *s, struct errand *j, struct fault *f);
bool duty_printer_remove(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_rewrap.c */
bool duty_release_key(struct signer *s, struct errand *j, struct fault *f);
bool duty_rewrap(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_verifier.c */
bool duty_verifier(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_grant.c */
bool duty_grant(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_feed.c */
bool duty_feed(struct signer *s, struct errand *j, struct fault *f);
/* daemon/duty_offline.c: the head of a bundle as ledgers stand, signed by k; appended. Faults:
 * FAULT_CONFLICT the policies are not for that, FAULT_INTERNAL. */
struct feed_cut;
struct key;
bool duty_offline_head(struct signer *s, const struct feed_cut *c, const struct key *k,
    struct bytes *ret, struct fault *f) CHECKED;
/* daemon/duty_activity.c */
bool duty_activity(struct signer *s, struct errand *j, struct fault *f);
/* daemon/radius.c */
bool duty_sessions(struct signer *s, struct errand *j, struct fault *f);

/*
 * What an operator asks: the act, its body as an object (empty where there is no body), and the
 * decision on it. *ret to json_free(). Faults:
 * those of signer_decide() and json_parse().
 */
bool signer_open_act(struct signer *s, struct errand *j, enum act act, struct wire_act *a,
    struct json **ret, struct fault *f);
/* The answer, written; it is freed either way. Fault: FAULT_INTERNAL. */
bool signer_close_act(struct errand *j, struct json *answer, struct fault *f);
/* The log that an act is about: the tenant's or, where its object says so, that of its activity.
 * Faults: those of realm_ledger(), FAULT_BADREQ another object. */
bool signer_log(struct signer *s, struct errand *j, const struct wire_act *a, struct ledger **ret,
    struct fault *f) CHECKED;
/* The serial that an act names. Fault: FAULT_NOTFOUND it is none. */
bool signer_serial(
    const struct wire_act *a, uint8_t serial[static TBS_SERIAL_OCTETS], struct fault *f);
/*
 * For the duties. An act's identity, from its peer's certificate or, from the
 * desk alone, the machine's own user; then the decision, into j->who and
 * j->verdict. Faults: FAULT_AUTH, FAULT_DENIED with the rule, FAULT_INTERNAL.
 */
bool signer_decide(struct signer *s, struct errand *j, const struct wire_act *a, enum act act,
    const struct object *what, struct fault *f);
/* The decision alone, on j->who. Fault: FAULT_DENIED with the rule. */
bool signer_verdict(
    struct errand *j, enum act act, const struct object *what, struct fault *f) CHECKED;
/*
 * What policies say of an act that j->verdict permits, into j->ruling. of is
 * what is known of who asks. A no is j->verdict's from there on, and j->members have its id.
 * Faults: FAULT_DENIED with the rule, FAULT_BUSY the policies cannot be read
 */
struct evidence;
bool signer_rule(struct signer *s, struct errand *j, const struct evidence *of, enum act act,
    const struct object *what, struct fault *f) CHECKED;
/* Is any policy in force for who asks? Mostly there is none, and nothing to be looked up. Fault:
 * FAULT_BUSY. */
bool signer_has_policies(
    struct signer *s, const struct errand *j, bool *ret, struct fault *f) CHECKED;
/* The context of j's log entries; by is room for its text. */
struct log_context signer_context(
    const struct signer *s, const struct errand *j, char by[static IDENTITY_TEXT_MAX]);
/* For realm_on_open(): what an earlier death left pending in l becomes abandoned, its tokens free;
 * committed. */
bool signer_settle(void *with, struct ledger *l, struct fault *f);
/* Names in a JSON body that an act does not know are refused: a misspelt option must not pass for
 * its default. */
bool signer_only(const struct json *body, const char *const *names, struct fault *f);
/* A member that is true, false or not there. Fault: FAULT_BADREQ anything else. */
bool signer_flag(const struct json *body, const char *name, bool *ret, struct fault *f);
/* "reason", as RFC 5280 section 5.3.1 names them; fallback where it is not there. Fault:
 * FAULT_BADREQ. */
bool signer_reason(const struct json *body, uint8_t fallback, uint8_t *ret, struct fault *f);
/* One entry of a refusal, rate-limited, into the ledger of tenant (or the platform's). who is
 * signer_refused()'s, or says by and from alone. */
void signer_tell_refusal(struct signer *s, const char *tenant, const char *act,
    const struct log_context *who, const struct fault *why, int64_t now_s);
/* The context of a refusal of j: the rule and the inputs where a decision refused it, else the word
 * "refused". */
struct log_context signer_refused(
    const struct signer *s, const struct errand *j, char by[static IDENTITY_TEXT_MAX]);

/*
 * All that a writer of the ledgers has: realm, marks, journal, the token's session, keys. settings,
 * seal and self are set, journal.fd is -1; the data folder's lock is held. pin is taken. After a
 * fault too signer_close() frees what there is. Faults: those of watch_start() and hsm_log_in(),
 * FAULT_INTERNAL.
 */
bool signer_open(struct signer *s, struct pin *pin, struct fault *f) CHECKED;
void signer_close(struct signer *s);

/* The process. Returns its exit status. */
int signer_main(int control);

#endif
