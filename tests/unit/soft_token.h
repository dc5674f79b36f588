/*
 * tests/unit/soft_token.h - a SoftHSM token of one's own in a folder, and the module that leads to
 * it.
 *
 * Its label is "our token", its user PIN SOFT_TOKEN_PIN. The module is
 * tests/clients/pkcs11_shim.c, which counts logins and misbehaves when told to.
 */
#ifndef QUATRAIN_TESTS_UNIT_SOFT_TOKEN_H
#define QUATRAIN_TESTS_UNIT_SOFT_TOKEN_H

#include "ca/hsm.h"
#include "tests/unit/scratch.h"

#define SOFT_TOKEN_LABEL "our token"
#define SOFT_TOKEN_PIN   "12345678"

/* Make the token in dir, which is there, and set the environment that finds it. */
void soft_token_new(const char *dir);
/* One more token in the same folder. */
void soft_token_add(const char *label);
/* What the shim does from now on; "" for nothing. */
void soft_token_does(const char *words);
/* C_Login was called so often since soft_token_new(). */
size_t soft_token_logins(void);

/* A PIN from the source, whose refusal is kept in dir. */
struct pin soft_token_pin(const char *digits, const char *source);
/* Through the shim. */
bool soft_token_open(
    const char *digits, const char *source, struct hsm **ret, struct fault *f) CHECKED;
const char *soft_token_module(void);
const char *soft_token_marker(void);

#endif
