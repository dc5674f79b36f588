#!/usr/bin/env python3
"""tests/clients/print_job.py - one print job over TLS with a client certificate, by hand: Print-Job, and what the relay says.

print_job.py PORT DIR CA PATH FILE [PIN]: DIR has cert.pem and key.pem; prints "STATUS JOB-ID JOB-STATE" (0 where there is none)
print_job.py PORT DIR CA /ipp/job/ID: Get-Job-Attributes, the same
"""
import http.client
import ssl
import struct
import sys

PORT, DIR, CA, PATH = int(sys.argv[1]), *sys.argv[2:5]
PRINT_JOB, GET_JOB_ATTRIBUTES = 0x02, 0x09


def attribute(tag, name, value):
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value


def number(message, name):
    """The first integer or enum of that name."""
    at = message.find(struct.pack(">H", len(name)) + name.encode())
    return 0 if at < 0 else struct.unpack_from(">i", message, at + 2 + len(name) + 2)[0]


job = len(sys.argv) == 5
body = struct.pack(">BBHIB", 2, 0, GET_JOB_ATTRIBUTES if job else PRINT_JOB, 1, 1)
body += attribute(0x47, "attributes-charset", b"utf-8") + attribute(0x48, "attributes-natural-language", b"en")
body += attribute(0x45, "job-uri" if job else "printer-uri", f"ipps://localhost:{PORT}{PATH}".encode())
document = b""
if not job:
    body += attribute(0x42, "job-name", b"Marker-of-a-name")
    body += attribute(0x49, "document-format", b"application/pdf")
    if len(sys.argv) > 6:
        body += attribute(0x30, "job-password", sys.argv[6].encode())
        body += attribute(0x44, "job-password-encryption", b"none")
    document = open(sys.argv[5], "rb").read()
tls = ssl.create_default_context(cafile=CA)
tls.load_cert_chain(f"{DIR}/cert.pem", f"{DIR}/key.pem")
link = http.client.HTTPSConnection("localhost", PORT, context=tls, timeout=30)
link.request("POST", PATH, body + b"\3" + document, {"Content-Type": "application/ipp"})
answer = link.getresponse()
message = answer.read()
if answer.status != 200:
    sys.exit(f"HTTP {answer.status}")
print(f"0x{struct.unpack_from('>H', message, 2)[0]:04x}", number(message, "job-id"), number(message, "job-state"))
