#!/usr/bin/env python3
"""tests/clients/ipp_jobs.py - the jobs that a relay has of one certificate, a line each: state, reasons, copies, sides and
the user's name, sorted.

ipp_jobs.py PORT CERT KEY CA [WHICH-JOBS [QUEUE]]
"""
import http.client
import ssl
import struct
import sys

PORT, CERT, KEY, CA = int(sys.argv[1]), *sys.argv[2:5]
WHICH = sys.argv[5] if len(sys.argv) > 5 else "not-completed"
PATH = "/ipp/print" + ("/" + sys.argv[6] if len(sys.argv) > 6 else "")
WANTED = ["job-id", "job-state", "job-state-reasons", "copies", "sides", "job-originating-user-name", "job-name"]


def attribute(tag, name, text):
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(text)) + text.encode()


def jobs(message):
    """A dict of each job group: name to the list of its values."""
    at, name, out, group = 8, "", [], 0
    while message[at] != 3:
        tag = message[at]
        at += 1
        if tag < 0x10:
            group = tag
            if group == 2:
                out.append({})
            continue
        (n,) = struct.unpack_from(">H", message, at)
        name = message[at + 2 : at + 2 + n].decode() or name
        at += 2 + n
        (n,) = struct.unpack_from(">H", message, at)
        value = message[at + 2 : at + 2 + n]
        at += 2 + n
        if group == 2:
            number = tag in (0x21, 0x23)
            out[-1].setdefault(name, []).append(struct.unpack(">i", value)[0] if number else value.decode())
    return out


body = struct.pack(">BBHIB", 2, 0, 0x0A, 1, 1) + attribute(0x47, "attributes-charset", "utf-8")
body += attribute(0x48, "attributes-natural-language", "en")
body += attribute(0x45, "printer-uri", f"ipps://localhost:{PORT}{PATH}") + attribute(0x44, "which-jobs", WHICH)
for i, word in enumerate(WANTED):
    body += attribute(0x44, "" if i else "requested-attributes", word)
tls = ssl.create_default_context(cafile=CA)
tls.load_cert_chain(CERT, KEY)
link = http.client.HTTPSConnection("localhost", PORT, context=tls, timeout=30)
link.request("POST", PATH, body + b"\3", {"Content-Type": "application/ipp"})
answer = link.getresponse()
data = answer.read()
if answer.status != 200 or struct.unpack_from(">H", data, 2)[0] > 0xFF:
    sys.exit(f"HTTP {answer.status}, IPP {data[2:4].hex()}")
lines = []
for job in jobs(data):
    lines.append(
        f"{job['job-state'][0]} {','.join(job['job-state-reasons'])} copies={job.get('copies', ['-'])[0]} "
        f"sides={job.get('sides', ['-'])[0]} user={job.get('job-originating-user-name', ['-'])[0]} "
        f"name={job.get('job-name', ['-'])[0]}"
    )
print("\n".join(sorted(lines)))
