/*
 * tests/unit/book.h - documents of policy made by hand.
 *
 * What is made lives until book_close().
 */
#ifndef QUATRAIN_TESTS_BOOK_H
#define QUATRAIN_TESTS_BOOK_H

#include "policy/set.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ACME     "spiffe://acme.eu.example.org/**"
#define EU       "spiffe://*.eu.example.org/**"
#define HP       "spiffe://acme.eu.example.org/printer/hp-1"

void *book_take(size_t n); /* zeros */
void book_close(void);

/* The words of s, in its order. */
const struct octets *book_words(const char *s, size_t *ret_n);

/* Wants from words: a number, true or false, a net, or a text. */
struct condition book_want(enum condition_op op, enum attribute a, const char *wants);
struct condition book_open(enum condition_op op, const char *name, const char *wants);
struct condition book_kids(enum condition_op op, const struct condition *kids, size_t n);
/* What stands on top of a when or unless. */
const struct condition *book_all(const struct condition *kids, size_t n);
const struct condition *book_one(struct condition c);
struct condition book_rate(enum attribute key, int64_t most, bool over, int64_t per_s);
struct condition book_quota(enum attribute key, enum attribute unit, int64_t most, int64_t per_s);

/* A rule for actions (words), in force. */
struct policy_rule book_rule(enum policy_effect effect, const char *id, const char *actions);
void book_spiffe(struct policy_rule *rule, const char *patterns);
void book_roles(struct policy_rule *rule, const char *roles);
void book_types(struct policy_rule *rule, const char *types);
/* Words: NAME, or NAME=PARAMETERS. */
void book_oblige(struct policy_rule *rule, const char *obligations);

/* Its digest is of its name and number alone. */
struct document *book_document(enum document_kind kind, const char *name, const char *scope,
    const struct policy_rule *rules, size_t n);
struct set *book_set(const struct document *const *documents, size_t n);

/* Asked by an endpoint of acme, of a service. */
struct request book_request(const char *id, const char *role, const char *action);

/* Random numbers that are the same in every run. */
struct book_dice {
	uint64_t state;
};
uint32_t book_roll(struct book_dice *d, uint32_t n); /* below n */

#endif
