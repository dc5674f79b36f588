/*
 * base/conf_json.h - a YAML document of ours as JSON, for programs that read nothing else.
 *
 * For what is in the program, such as docs/openapi.yaml, and not for a peer's:
 * names are not looked at twice. Plain scalars are what YAML 1.2's core schema
 * says of true, false, null and whole numbers; all else is text.
 */
#ifndef QUATRAIN_BASE_CONF_JSON_H
#define QUATRAIN_BASE_CONF_JSON_H

#include "base/bytes.h"
#include "base/fault.h"

#define CONF_JSON_DEPTH 32

/*
 * Append the JSON text of the one document in yaml.
 * Faults: FAULT_BADREQ no YAML, an anchor, an alias or a tag, a name that is no
 * scalar, a depth over CONF_JSON_DEPTH; FAULT_INTERNAL memory
 */
bool conf_json(struct octets yaml, struct bytes *ret, struct fault *f) CHECKED;

#endif
