/*
 * enroll/csrattrs.h - what to put into a request: the key, the hash and, for a known device, its
 * names.
 *
 * CsrAttrs ::= SEQUENCE OF AttrOrOID says it twice. First the list that every
 * client reads (RFC 7030 section 4.5.2 as RFC 8951 section 4 and RFC 9908 section
 * 3.2 have it): challengePassword where a channel binding must be in the request,
 * the key type with its curve or its size, one extensionRequest of whole
 * extensions, and the signature algorithm. Then, for those who know RFC 9908
 * section 3.4 and read nothing else, a certificationRequestInfoTemplate with the
 * same and with the subject. The template has no way to ask for a value that the
 * client finds by itself in an attribute, so where a binding is required it is
 * left out: its readers would not send one.
 *
 * Sources: RFC 9908, RFC 7030 section 4.5.2, RFC 8951 section 4.
 */
#ifndef QUATRAIN_ENROLL_CSRATTRS_H
#define QUATRAIN_ENROLL_CSRATTRS_H

#include "base/bytes.h"
#include "ca/profile.h"

struct csrattrs {
	const struct profile *profile; /* NULL: not known; then a P-256 key and nothing else */
	struct octets subject;         /* DER Name; n 0: the device is not known */
	struct octets alt_names;       /* content of its SubjectAltName; n 0 likewise */
};

/* Append the DER. Fault: FAULT_INTERNAL. */
bool csrattrs_encode(const struct csrattrs *what, struct bytes *ret, struct fault *f) CHECKED;

/* The names that e will have by profile p: both appended, the same octets as a certificate has
 * them. Faults: those of profile_fill(), FAULT_INTERNAL. */
bool csrattrs_names(const struct profile *p, const struct name_space *ns, const struct endpoint *e,
    struct bytes *ret_subject, struct bytes *ret_alt_names, struct fault *f) CHECKED;

#endif
