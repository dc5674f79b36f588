/*
 * daemon/place.h - a data folder in the making.
 *
 * All of it is made in DATA.new, which becomes DATA when it is whole: what was
 * interrupted leaves nothing that could be taken for a service, and what failed
 * is taken away again.
 */
#ifndef QUATRAIN_DAEMON_PLACE_H
#define QUATRAIN_DAEMON_PLACE_H

#include "daemon/owner.h"

#define PLACE_PATH_MAX (CONF_TEXT_MAX * 2)

struct place {
	const char *what; /* "init", "restore": begins the faults' texts */
	char data[PLACE_PATH_MAX], made_in[PLACE_PATH_MAX];
	bool made;   /* DATA.new is there, and ours */
	bool stands; /* it is DATA by now: nothing that belongs to it may be taken away */
};

/*
 * DATA.new with keys, tenants and run, for the settings' data folder. Faults: FAULT_CONFLICT DATA
 * or DATA.new is there already, FAULT_BADREQ the path is too long, FAULT_INTERNAL.
 */
bool place_make(
    struct place *p, const char *what, const struct settings *s, struct fault *f) CHECKED;

/* DATA.new becomes its owner's, but for the file named but, and then DATA. Everything in it is
 * synced by whoever wrote it; its name is synced here. Fault: FAULT_INTERNAL. */
bool place_publish(
    struct place *p, const struct owner *o, const char *but, struct fault *f) CHECKED;

/* DATA.new is removed where it is ours; so that the next try is not in its own way. */
void place_remove(struct place *p);

#endif
