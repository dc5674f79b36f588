/*
 * ca/profile_set.h - the endpoints' profiles: from YAML files to the process's one set.
 *
 * conf/profiles/ holds the files that are built into the program; a folder that
 * the configuration names takes their place. Main reads the files, once, into a
 * bundle (name and text of each) and hands it to every child; each makes its set
 * of it before it is confined, so that all processes of a service judge by the
 * same octets. The set is never changed after.
 *
 * Each file is the manual of its keys; a test holds them and the table in
 * profile_read.c together. Every fault in a file reads "FILE:LINE: KEY: expected
 * WHAT, found WHAT".
 */
#ifndef QUATRAIN_CA_PROFILE_SET_H
#define QUATRAIN_CA_PROFILE_SET_H

#include "base/conf.h"
#include "ca/profile.h"

#define PROFILE_MAX        32            /* profiles in a set */
#define PROFILE_BUNDLE_MAX (160u << 10)  /* octets, so that it is one message */
#define PROFILE_VALID_MIN  INT64_C(3600) /* seconds: clocks are that wrong */
/* Some clients refuse a certificate of a private CA that is valid longer than 825 days. */
#define PROFILE_VALID_MAX   (INT64_C(825) * 86400)
#define PROFILE_BACK_MAX    INT64_C(86400)
#define PROFILE_GRACE_MAX   (INT64_C(90) * 86400)
#define PROFILE_SERVICE_MIN INT64_C(86400) /* valid so long: of the service's own */

/* The table of keys: a test reads it too. */
extern const struct conf_key profile_keys[];
extern const size_t profile_keys_n;

/*
 * One file's text; before are those that are read already, whose names it may not have.
 * Faults: FAULT_BADREQ anything in it, FAULT_INTERNAL.
 */
bool profile_parse(const char *file, struct octets text, const struct profile *before,
    size_t before_n, struct profile *ret, struct fault *f) CHECKED;

/* Appended to ret: the built-in files; those called NAME.yaml in the folder dir; one file, by its
 * path. Faults: FAULT_NOTFOUND cannot be read, FAULT_LIMIT too many or too large. */
bool profile_bundle_builtin(struct bytes *ret, struct fault *f) CHECKED;
bool profile_bundle_folder(const char *dir, struct bytes *ret, struct fault *f) CHECKED;
bool profile_bundle_file(const char *path, struct bytes *ret, struct fault *f) CHECKED;

/* Is every file of the bundle a profile, and each of another name? *ret_n counts them. */
bool profile_check(struct octets bundle, size_t *ret_n, struct fault *f) CHECKED;

/*
 * The bundle as the process's set; once, before anything is judged. Faults: those of
 * profile_parse(); FAULT_BADREQ there is none called service or operator, by which the service
 * certifies itself and its operators.
 */
bool profile_load(struct octets bundle, struct fault *f) CHECKED;
/* The built-in ones: for what needs no service, and for tests. */
bool profile_load_builtin(struct fault *f) CHECKED;

/* SHA-256 over the digests of the whole set, zeros before it is loaded: two processes that agree
 * judge alike. */
const uint8_t *profile_set_digest(void); /* PROFILE_DIGEST_OCTETS */

#endif
