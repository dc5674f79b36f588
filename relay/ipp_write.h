/*
 * relay/ipp_write.h - an IPP message put together; silent, as struct bytes is (bytes_ok()).
 *
 * Text comes as it is and is cut at the last whole character within the
 * most that its syntax allows (RFC 8011 section 5.1: text 1023, name 255).
 */
#ifndef QUATRAIN_RELAY_IPP_WRITE_H
#define QUATRAIN_RELAY_IPP_WRITE_H

#include "relay/ipp_read.h"

/* Version, operation or status, request-id, then the operation group with charset and language. */
void ipp_begin(struct bytes *b, const struct ipp_head *head);
void ipp_group(struct bytes *b, enum ipp_group group);
void ipp_end(struct bytes *b);

/* An attribute; name "" puts one more value to the one before. */
void ipp_put(struct bytes *b, enum ipp_tag tag, const char *name, struct octets value);
void ipp_put_text(struct bytes *b, enum ipp_tag tag, const char *name, const char *text);
void ipp_put_number(struct bytes *b, enum ipp_tag tag, const char *name, int32_t v);
void ipp_put_bool(struct bytes *b, const char *name, bool v);
void ipp_put_range(struct bytes *b, const char *name, int32_t lo, int32_t hi);
/* Dots per inch. */
void ipp_put_resolution(struct bytes *b, const char *name, int32_t x, int32_t y);
void ipp_put_time(struct bytes *b, const char *name, int64_t at_s); /* dateTime, UTC */
void ipp_put_none(struct bytes *b, enum ipp_tag out_of_band, const char *name);
/* A collection: open, members (ipp_member() before each), close. */
void ipp_open(struct bytes *b, const char *name);
void ipp_member(struct bytes *b, const char *name);
void ipp_close(struct bytes *b);
/* A value as it was read, outside of collections. */
void ipp_copy(struct bytes *b, const struct ipp_value *v);

#endif
