/* daemon/notary_sign.c - what a checkpoint is signed and cosigned by; see notary.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ca/found.h"
#include "ca/log_tree.h"
#include "daemon/signer.h"

bool
notary_is_done(struct ledger *l, bool cosigns, bool *ret, struct fault *f)
{
	struct bytes text = { 0 };
	struct log_note note;
	struct log_edge e;
	struct fault why;
	uint64_t epoch;
	bool ok;

	*ret = false;
	if (!log_edge_read(l, &e, f) || !log_epoch(l, &epoch, f))
		return false;
	ok = log_note_stored(l, &text, &note, &why);
	if (ok)
		*ret = note.size == e.size && note.epoch == epoch && (note.lines > 1 || !cosigns);
	else /* one that cannot be read is signed anew */
		ok = why.code == FAULT_NOTFOUND || why.code == FAULT_BADREQ;
	if (!ok)
		*f = why;
	bytes_free(&text);
	return ok;
}

/* The region that the tenant's CA stands under; after a rollover that may be one of before. Where
 * its key is away and it has no cosigner, logs do without, and that is said once. */
static bool
find_cosigner(struct signer *s, struct notary_keys *k, int64_t now_s, struct fault *f)
{
	struct authority region;
	struct fault why;

	if (!realm_authority(s->realm, k->ca.issuer, &region, f))
		return false;
	log_cosigner_name(k->origin, k->cosigner_name);
	k->cosigns = keyring_delegate(s->keys, &region, &found_cosigner, now_s, &k->cosigner, &why);
	if (!k->cosigns && !s->uncosigned)
		log_fact(LOG_WARN, "cosigner", "region", region.label, "why", why.text, NULL);
	s->uncosigned = !k->cosigns;
	return true;
}

bool
notary_find_keys(
    struct signer *s, const char *ledger, int64_t now_s, struct notary_keys *ret, struct fault *f)
{
	struct notary_keys k = { .cosigns = false };
	char label[TEXT_LABEL_MAX];
	struct tenant t;

	log_origin(realm_space(s->realm), ledger, k.origin);
	ledger_name_tenant(ledger, label);
	if (!realm_tenant(s->realm, label, &t, f) ||
	    !realm_authority(s->realm, t.key_id, &k.ca, f) || !find_cosigner(s, &k, now_s, f) ||
	    !keyring_delegate(s->keys, &k.ca, &found_log, now_s, &k.log, f))
		return false;
	*ret = k;
	return true;
}

/* The cosigner judges by itself: does the tree begin with what it cosigned last? */
static bool
weigh(struct signer *s, struct ledger *l, const struct checkpoint *c, struct fault *f)
{
	struct mark_cosigned last;
	struct log_path path;
	struct fault why;

	if (!marks_cosigned(s->watch.marks, c->origin, &last, &why)) {
		*f = why;
		return why.code == FAULT_NOTFOUND;
	}
	if (c->mark.signed_epoch > last.epoch) /* a merge told of it: nothing of it was cosigned */
		return true;
	if (c->mark.signed_epoch == last.epoch && c->mark.signed_size >= last.size) {
		if (!log_tree_consistency(l, last.size, c->mark.signed_size, &path, f))
			return false;
		if (log_path_extends(
			&path, last.size, last.root, c->mark.signed_size, c->mark.signed_root))
			return true;
	}
	return fault_set(f, FAULT_CONFLICT,
	    "log of %.63s: RFC 6962 section 2.1.2: it does not begin with the %" PRIu64
	    " entries that its region cosigned",
	    ledger_tenant(l), last.size);
}

static bool
cosign(struct signer *s, const struct notary_keys *k, struct ledger *l, struct checkpoint *c,
    struct fault *f)
{
	struct log_note note;

	return weigh(s, l, c, f) && log_note_read(octets_bytes(&c->note), &note, f) &&
	       log_cosign(note.text, k->cosigner_name, k->cosigner.key, c->at_s, &c->note, f);
}

bool
notary_sign(struct signer *s, const struct notary_keys *k, struct ledger *l, int64_t now_s,
    struct checkpoint *ret, struct fault *f)
{
	struct checkpoint c = { .at_s = now_s, .cosigned = k->cosigns };
	struct log_edge e;
	bool ok;

	(void)snprintf(c.ledger, sizeof(c.ledger), "%s", ledger_tenant(l));
	memcpy(c.origin, k->origin, sizeof(c.origin));
	ok = watch_prove(s, l, &c.mark, f) && log_edge_read(l, &e, f) &&
	     log_checkpoint(c.origin, &e, c.mark.signed_epoch, k->log.key, &c.note, f);
	c.own_n = c.note.n;
	if (ok && (!c.cosigned || cosign(s, k, l, &c, f))) {
		*ret = c;
		return true;
	}
	bytes_free(&c.note);
	return false;
}

bool
notary_promise(struct signer *s, const char *tenant, const struct checkpoint *c, struct fault *f)
{
	struct mark_cosigned k = {
		.size = c->mark.signed_size, .epoch = c->mark.signed_epoch, .at_s = c->at_s
	};

	memcpy(k.root, c->mark.signed_root, sizeof(k.root));
	return watch_signed(s, tenant, &c->mark, f) &&
	       (!c->cosigned || marks_put_cosigned(s->watch.marks, c->origin, &k, f));
}

/* No entry is written, so there is nothing to mark. */
bool
notary_keep(struct ledger *l, const struct checkpoint *c, struct fault *f)
{
	bool changed = ledger_changed(l), ok;

	log_note_store(l, octets_bytes(&c->note));
	ok = ledger_end(l, f);
	ledger_set_changed(l, changed);
	return ok;
}
