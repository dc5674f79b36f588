/*
 * enroll/basic.h - a device's name and its token, as HTTP Basic brings them.
 *
 * Source: RFC 7617; RFC 7030 section 3.2.3.
 */
#ifndef QUATRAIN_ENROLL_BASIC_H
#define QUATRAIN_ENROLL_BASIC_H

#include "base/bytes.h"

/* False where authorization is missing or not of that shape; user and password are lent from text,
 * which basic_forget() takes in any case. */
bool basic_read(struct octets authorization, struct bytes *text, struct octets *ret_user,
    struct octets *ret_password);

/* Wiped and freed; ready for use again. */
void basic_forget(struct bytes *text);

#endif
