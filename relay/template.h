/*
 * relay/template.h - how a job is to be printed: its job-template attributes, held against what the
 * queue can, and changed by what policies oblige to.
 */
#ifndef QUATRAIN_RELAY_TEMPLATE_H
#define QUATRAIN_RELAY_TEMPLATE_H

#include "relay/decider.h"
#include "relay/ipp_read.h"

/*
 * Take the job group of a checked message into j->template and j->copies. What is not supported is
 * left out and appended to unsupported (as attributes, without the group's tag) or, with
 * ipp-attribute-fidelity, refused. Faults: FAULT_CONFLICT fidelity cannot be kept, unsupported says
 * of what; FAULT_LIMIT over JOB_TEMPLATE_MAX.
 */
bool template_read(
    struct octets message, struct job *j, struct bytes *unsupported, struct fault *f) CHECKED;
/* Change j as a's obligations say; what its sender wanted otherwise is appended to unsupported.
 * Fault: FAULT_DENIED an obligation that is not known. */
bool template_oblige(struct job *j, const struct decider_answer *a, struct bytes *unsupported,
    struct fault *f) CHECKED;

#endif
