/*
 * relay/template.h - how a job is to be printed: its job-template attributes, held against what a
 * queue can, and changed by what policies oblige to.
 *
 * Obligations that are kept here: "duplex" (both sides), "monochrome", "copies-max" (its parameter:
 * how many at most), "log" (which whoever decided has done).
 */
#ifndef QUATRAIN_RELAY_TEMPLATE_H
#define QUATRAIN_RELAY_TEMPLATE_H

#include "relay/decider.h"
#include "relay/ipp_read.h"

/*
 * Take the job group of a checked message into j->template and j->copies, which are empty before.
 * An attribute that is not supported, or a value or a member of it that is not, is left out and
 * appended to unsupported (as of a group without its tag; RFC 8011 section 4.1.7). Faults, with
 * unsupported filled in: FAULT_CONFLICT ipp-attribute-fidelity cannot be kept; FAULT_LIMIT over
 * JOB_TEMPLATE_MAX.
 */
bool template_read(
    struct octets message, struct job *j, struct bytes *unsupported, struct fault *f) CHECKED;
#define TEMPLATE_WORD_MAX 64
/* The keyword of sides, print-color-mode, ... as it would be printed: otherwise is the queue's, for
 * a job that does not say. */
void template_word(const struct job *j, const char *name, const char *otherwise,
    char to[static TEMPLATE_WORD_MAX]);
/* Is it one of those that are kept here? */
bool template_keeps(const char *obligation);
/* Change j as a's obligations say; what its sender wanted otherwise is appended to unsupported.
 * Faults: FAULT_DENIED an obligation that is not kept here, FAULT_LIMIT over JOB_TEMPLATE_MAX. */
bool template_oblige(struct job *j, const struct decider_answer *a, struct bytes *unsupported,
    struct fault *f) CHECKED;

#endif
