/* daemon/duty_export.c - a log is exported: an entry, and a checkpoint over all up to it; see
 * signer.h.
 *
 * What the bundle has beside it are reads. With names it is an act of two: the approval permits it
 * for a day, and each export is an entry.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "ca/proposal.h"
#include "daemon/exported.h"
#include "daemon/second.h"

#define WORD "log.export"

/* Lines of our own: their ends stay as they are. */
static bool
put_lines(struct json *to, const char *name, struct octets lines, struct fault *f)
{
	struct bytes text = { 0 };
	bool ok;

	bytes_put_octets(&text, lines);
	bytes_put_u8(&text, 0);
	if ((ok = bytes_ok(&text, f)))
		json_put_text(to, name, (const char *)text.at);
	bytes_free(&text);
	return ok;
}

/* The checkpoint over all up to and with the entry of this export. */
static bool
sign_checkpoint(struct signer *s, struct errand *j, struct ledger *l,
    const struct notary_keys *keys, struct json *answer, struct fault *f)
{
	struct checkpoint *c = &j->checkpoint;

	if (!notary_sign(s, keys, l, j->now_s, c, f)) {
		log_fact(LOG_ERROR, "log", "tenant", j->tenant, "why", f->text, NULL);
		f->code = FAULT_INTERNAL; /* ours, not the asker's */
		return false;
	}
	json_put_text(answer, "origin", c->origin);
	json_put_number(answer, "size", (int64_t)c->mark.signed_size);
	return put_lines(answer, "checkpoint", octets_of(c->note.at, c->own_n), f) &&
	       (!c->cosigned || put_lines(answer, "cosignature",
				    octets_of(c->note.at + c->own_n, c->note.n - c->own_n), f));
}

/* The log's with tenant and region, and that of the region's cosigner. */
static bool
tell_certificates(
    struct signer *s, const struct notary_keys *k, struct json *answer, struct fault *f)
{
	struct bytes pem = { 0 }, cosigner = { 0 };
	bool ok = cert_pem(k->log.certificate, &pem, f) &&
		  realm_chain_pem(s->realm, k->ca.key_id, false, &pem, f) &&
		  (!k->cosigns || cert_pem(k->cosigner.certificate, &cosigner, f)) &&
		  put_lines(answer, "certificates", octets_bytes(&pem), f) &&
		  (!k->cosigns || put_lines(answer, "cosigner", octets_bytes(&cosigner), f));

	bytes_free(&cosigner);
	bytes_free(&pem);
	return ok;
}

/* --- with names ---------------------------------------------------------------------------------
 */

/* What is asked, without what permits it. */
static bool
basis_of(const struct exported *e, struct bytes *ret, struct fault *f)
{
	struct exported bare = *e;
	struct json *j = json_object();
	bool ok;

	bare.act[0] = '\0';
	exported_put(&bare, j);
	ok = json_write(j, ret, f);
	json_free(j);
	return ok;
}

/* What else is logged of endpoints names nobody who acts for others. */
static bool
may_be_named(const struct wire_act *a, const struct exported *e, struct fault *f)
{
	return !e->names || a->object.n == 0 ||
	       fault_set(
		   f, FAULT_BADREQ, "names: they are exported with the log of certificates alone");
}

/* By an approval of the same, of whoever asks, which is not a day old. */
static bool
check_approval(struct signer *s, struct errand *j, const struct exported *e, struct octets basis,
    struct fault *f)
{
	uint8_t digest[PROPOSAL_DIGEST_OCTETS];
	char by[IDENTITY_TEXT_MAX];
	struct bytes row = { 0 };
	struct proposal p;
	bool ok = proposal_find(realm_platform(s->realm), e->act, &row, &p, f);

	identity_text(&j->who, by);
	digest_of(basis, digest);
	if (ok && (strcmp(p.word, WORD) != 0 || strcmp(p.tenant, j->tenant) != 0 ||
		      strcmp(p.by, by) != 0 || memcmp(p.basis, digest, sizeof(digest)) != 0))
		ok = fault_set(f, FAULT_DENIED,
		    "act: %s is none that permits this: another asked it, or for another range or format",
		    e->act);
	if (ok && (p.state != PROPOSAL_APPROVED || j->now_s >= p.decided_s + EXPORTED_OPEN_S))
		ok = fault_set(f, FAULT_CONFLICT, "act: %s is %s, and permits nothing %s", e->act,
		    proposal_state_word(&p, j->now_s),
		    p.state == PROPOSAL_APPROVED ? "any more" : "yet");
	if (ok)
		(void)snprintf(j->second_by, sizeof(j->second_by), "%s", p.decided_by);
	bytes_free(&row);
	return ok;
}

/* *ret_go: export now; else the answer is made. */
static bool
may_name(struct signer *s, struct errand *j, const struct wire_act *a, const struct exported *e,
    bool *ret_go, struct fault *f)
{
	struct json *shows = json_object(), *answer;
	struct second_case c = { .word = WORD, .shows = shows };
	struct bytes basis = { 0 };
	bool ok = basis_of(e, &basis, f);

	json_put_text(shows, "tenant", j->tenant);
	exported_put(e, shows);
	c.basis = octets_bytes(&basis);
	*ret_go = true;
	if (ok && e->act[0] != '\0')
		ok = check_approval(s, j, e, c.basis, f);
	else if (ok && (ok = second_go(s, j, a, &c, ret_go, f)) && *ret_go && j->second != NULL) {
		*ret_go = false;
		answer = json_object();
		json_put_text(answer, "state", "permitted");
		json_put_time(answer, "until", j->now_s + EXPORTED_OPEN_S);
		ok = json_write(answer, &j->answer, f);
		json_free(answer);
	}
	bytes_free(&basis);
	json_free(shows);
	return ok;
}

/* --- the duty -----------------------------------------------------------------------------------
 */

static bool
append(struct signer *s, struct errand *j, struct ledger *l, struct exported *e,
    uint64_t *ret_index, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *entry = log_entry(EXPORTED_ACT, &why);
	struct log_edge edge;

	if (!log_edge_read(l, &edge, f)) {
		json_free(entry);
		return false;
	}
	if (!e->by_time && e->to > edge.size)
		e->to = edge.size;
	exported_put(e, entry);
	return log_append(l, entry, j->now_s, ret_index, f);
}

bool
duty_export(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { "range", "format", "names", "approval", NULL };
	struct json *body, *answer = NULL;
	struct notary_keys keys;
	struct exported e;
	struct wire_act a;
	struct ledger *l;
	uint64_t index;
	bool ok = false, go = true;

	if (!signer_open_act(s, j, ACT_LOG_EXPORT, &a, &body, f))
		return false;
	if (!signer_only(body, names, f) || !exported_read(body, &e, f) ||
	    !signer_log(s, j, &a, &l, f) || !may_be_named(&a, &e, f) ||
	    (e.names && !may_name(s, j, &a, &e, &go, f)))
		goto out;
	ok = !go;
	if (!go || !notary_find_keys(s, ledger_tenant(l), j->now_s, &keys, f) ||
	    !append(s, j, l, &e, &index, f))
		goto out;
	answer = json_object();
	json_put_number(answer, "log_index", (int64_t)index);
	ok = sign_checkpoint(s, j, l, &keys, answer, f) && tell_certificates(s, &keys, answer, f) &&
	     json_write(answer, &j->answer, f);
	json_free(answer);
out:
	json_free(body);
	return ok;
}
