/*
 * daemon/openapi.h - docs/openapi.yaml, as it was when the program was built.
 *
 * cmake/embed_file.cmake writes the definition.
 */
#ifndef QUATRAIN_DAEMON_OPENAPI_H
#define QUATRAIN_DAEMON_OPENAPI_H

#include "base/bytes.h"

extern const struct octets openapi_document; /* YAML */

#endif
