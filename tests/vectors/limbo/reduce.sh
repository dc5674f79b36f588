#!/usr/bin/env bash
# reduce.sh LIMBO.json > cases.json - what tests/unit/limbo.c needs of an x509-limbo file.
#
# Left out: the online chains (other people's certificates), and all fields but certificates, time
# and answer. cases.json is x509-limbo of 2023-12-02, reduced so (Apache-2.0, see LICENSE).
set -eu
jq --indent 1 '[.testcases[] | select(.id | startswith("online::") | not) |
    { id, expected: .expected_result, leaf: .peer_certificate, intermediates: .untrusted_intermediates,
      trusted: .trusted_certs } +
    (if .validation_time == null then {} else { at: (.validation_time | sub("\\+00:00$"; "Z")) } end)]' "$1"
