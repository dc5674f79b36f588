/*
 * ca/merge_plan.h - what a merge is made of; only ca/merge*.c look inside.
 */
#ifndef QUATRAIN_CA_MERGE_PLAN_H
#define QUATRAIN_CA_MERGE_PLAN_H

#include "ca/merge.h"

/* What the sources say of one serial that its ledger says otherwise, or not at all. */
struct merge_fact {
	struct journal_line line;
	size_t order;
};

struct merge {
	struct realm *realm; /* lent */
	const char *only;    /* NULL: all tenants */
	int64_t now_s;
	struct marks *marks; /* NULL: there are none */
	struct merge_state state;
	uint64_t journal_good; /* octets of the journal that hold */
	struct merge_fact *fact;
	size_t fact_n, fact_room;
	struct merge_plan *plan;
	size_t plan_n, plan_room;
	bool sorted;
};

/* A line of any source: kept where its ledger does not agree. Fault: FAULT_INTERNAL. */
bool merge_take(struct merge *m, const struct journal_line *l, struct fault *f) CHECKED;
/* The ledger's plan, made where there is none. Fault: FAULT_INTERNAL. */
bool merge_plan_of(
    struct merge *m, const char *tenant, struct merge_plan **ret, struct fault *f) CHECKED;
/* What a group of facts about one serial comes to: facts[0..n) of one tenant and serial, in order.
 */
enum merge_act { MERGE_NOTHING, MERGE_UNKNOWN, MERGE_END, MERGE_HOLD };
bool merge_weigh(struct ledger *l, const struct merge_fact *facts, size_t n, enum merge_act *ret,
    const struct journal_line **ret_line, struct fault *f) CHECKED;
/* Sort the facts by tenant and serial, oldest first. */
void merge_sort(struct merge *m);
/* How many of the facts from i on are of the same tenant and serial. */
size_t merge_group(const struct merge *m, size_t i);

#endif
