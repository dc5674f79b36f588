/* daemon/offline.c - see offline.h. */
#include "daemon/offline.h"

#include <string.h>
#include <unistd.h>

#include "daemon/hsm_login.h"
#include "daemon/passphrase.h"
#include "daemon/profiles.h"
#include "daemon/start.h"

static bool
open_seal(struct offline *o, struct fault *f)
{
	const struct settings *s = &o->signer.settings;
	struct secret passphrase = { 0 };
	bool ok = hsm_read_pin(s, &o->pin, f) && passphrase_get(s, &passphrase, f) &&
		  seal_new(&passphrase, passphrase_strength(s), &o->signer.seal, f);

	secret_free(&passphrase);
	return ok;
}

static bool
enter(struct offline *o, struct fault *f)
{
	o->entered = owner_enter(&o->owner, f);
	return o->entered;
}

bool
offline_open(const struct settings *s, const struct log_context *who,
    bool (*before)(void *with, struct seal *seal, struct fault *f), void *with, struct offline *ret,
    struct fault *f)
{
	struct settings *own = &ret->signer.settings;

	*ret = (struct offline){ .lock = -1 };
	*own = *s;
	ret->signer.self = *who;
	ret->signer.self.policy = ret->signer.policy;
	ret->signer.journal.fd = -1;
	return start_is_founded(own, f) && profiles_start(own, NULL, f) &&
	       owner_find(own, &ret->owner, f) && owner_check(&ret->owner, own, f) &&
	       open_seal(ret, f) && (before == NULL || before(with, ret->signer.seal, f)) &&
	       enter(ret, f) && start_lock(own, &ret->lock, f) &&
	       signer_open(&ret->signer, &ret->pin, f);
}

void
offline_close(struct offline *o)
{
	struct fault f;

	signer_close(&o->signer);
	pin_free(&o->pin);
	if (o->lock >= 0)
		(void)close(o->lock);
	if (o->entered && !owner_leave(&o->owner, &f))
		_exit(1); /* neither one nor the other: nothing more may be done */
}
