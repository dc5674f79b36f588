/*
 * ca/profile_builtin.h - the files of conf/profiles, as they were when the program was built.
 *
 * cmake/embed.cmake writes the definitions.
 */
#ifndef QUATRAIN_CA_PROFILE_BUILTIN_H
#define QUATRAIN_CA_PROFILE_BUILTIN_H

#include "base/bytes.h"

struct profile_file {
	const char *name; /* "conf/profiles/printer.yaml" */
	struct octets text;
};

extern const struct profile_file profile_builtin[];
extern const size_t profile_builtin_n;

#endif
