/* daemon/profiles.c - see profiles.h. */
#include "daemon/profiles.h"

bool
profiles_start(const struct settings *s, struct bytes *bundle, struct fault *f)
{
	struct bytes own = { 0 };
	bool ok = s->profiles[0] == '\0' ? profile_bundle_builtin(&own, f)
					 : profile_bundle_folder(s->profiles, &own, f);

	ok = ok && profile_load(octets_bytes(&own), f);
	if (ok && bundle != NULL) {
		bytes_put_octets(bundle, octets_bytes(&own));
		ok = bytes_ok(bundle, f);
	}
	bytes_free(&own);
	return ok;
}
