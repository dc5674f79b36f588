/*
 * relay/ipp.h - the words of IPP: tags, operations, statuses, and what bounds a message here (RFC
 * 8010, RFC 8011).
 */
#ifndef QUATRAIN_RELAY_IPP_H
#define QUATRAIN_RELAY_IPP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPP_HEAD_OCTETS    8            /* version, operation or status, request-id */
#define IPP_MESSAGE_MAX    (256u << 10) /* octets up to and with the tag of the end; no document */
#define IPP_ATTRIBUTES_MAX 1000         /* members of collections count too */
#define IPP_VALUES_MAX     8192
#define IPP_DEPTH_MAX      8   /* collections within collections */
#define IPP_NAME_MAX       255 /* octets; RFC 8011 section 5.1.4 */
#define IPP_GROUPS_MAX     64

/* Delimiter tags begin a group (RFC 8010 section 3.5.1). */
enum ipp_group {
	IPP_GROUP_OPERATION = 0x01,
	IPP_GROUP_JOB = 0x02,
	IPP_GROUP_END = 0x03,
	IPP_GROUP_PRINTER = 0x04,
	IPP_GROUP_UNSUPPORTED = 0x05,
	IPP_GROUP_SUBSCRIPTION = 0x06,
	IPP_GROUP_EVENT = 0x07,
	IPP_GROUP_RESOURCE = 0x08,
	IPP_GROUP_DOCUMENT = 0x09,
	IPP_GROUP_SYSTEM = 0x0a,
	IPP_GROUPS, /* first that is none */
};

/* Value tags (RFC 8010 section 3.5.2). */
enum ipp_tag {
	IPP_UNSUPPORTED = 0x10,
	IPP_UNKNOWN = 0x12,
	IPP_NO_VALUE = 0x13,
	IPP_NOT_SETTABLE = 0x15,
	IPP_DELETE = 0x16,
	IPP_ADMIN_DEFINE = 0x17,
	IPP_INTEGER = 0x21,
	IPP_BOOLEAN = 0x22,
	IPP_ENUM = 0x23,
	IPP_OCTETS = 0x30,
	IPP_DATE = 0x31,
	IPP_RESOLUTION = 0x32,
	IPP_RANGE = 0x33,
	IPP_COLLECTION = 0x34,
	IPP_TEXT_LANGUAGE = 0x35,
	IPP_NAME_LANGUAGE = 0x36,
	IPP_COLLECTION_END = 0x37,
	IPP_TEXT = 0x41,
	IPP_NAME = 0x42,
	IPP_KEYWORD = 0x44,
	IPP_URI = 0x45,
	IPP_URI_SCHEME = 0x46,
	IPP_CHARSET = 0x47,
	IPP_LANGUAGE = 0x48,
	IPP_MIME = 0x49,
	IPP_MEMBER = 0x4a,
};

#endif
