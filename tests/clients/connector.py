#!/usr/bin/env python3
"""tests/clients/connector.py - a connector that prints nothing: it fetches what is released to one printer and says that
it is done, until it is stopped.

connector.py PORT CERT KEY CA PRINTER-URI-OF-ITS-SPIFFE-ID [SLOW]

With KEEP in its environment it keeps of each job what it was given, as it came: KEEP/ID.envelope, ID.sealed, ID.uuid.
"""
import http.client
import os
import ssl
import struct
import sys
import time
import uuid

PORT, CERT, KEY, CA, DEVICE = int(sys.argv[1]), *sys.argv[2:6]
SLOW = float(sys.argv[6]) if len(sys.argv) > 6 else 0
PATH = "/ipp/infra"
INTEGER, ENUM, KEYWORD, URI, CHARSET, LANGUAGE = 0x21, 0x23, 0x44, 0x45, 0x47, 0x48
GET_JOBS, FETCH_DOCUMENT, FETCH_JOB, ACKNOWLEDGE, UPDATE = 0x0A, 0x42, 0x43, 0x41, 0x48


def attribute(tag, name, value):
    data = struct.pack(">i", value) if tag in (INTEGER, ENUM) else value.encode()
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(data)) + data


def values(message):
    """(group, name, tag, octets) of a message, in turn; what stands behind it."""
    at, group, name, out = 8, 0, "", []
    while message[at] != 3:
        tag = message[at]
        at += 1
        if tag < 0x10:
            group += 1
            continue
        (n,) = struct.unpack_from(">H", message, at)
        name = message[at + 2 : at + 2 + n].decode() or name
        at += 2 + n
        (n,) = struct.unpack_from(">H", message, at)
        out.append((group, name, tag, message[at + 2 : at + 2 + n]))
        at += 2 + n
    return out, message[at + 1 :]


class Connector:
    def __init__(self):
        self.tls = ssl.create_default_context(cafile=CA)
        self.tls.load_cert_chain(CERT, KEY)
        self.link = None
        self.uuid = uuid.uuid5(uuid.NAMESPACE_URL, DEVICE).urn

    def ask(self, operation, *more):
        body = struct.pack(">BBHIB", 2, 0, operation, 1, 1)
        body += attribute(CHARSET, "attributes-charset", "utf-8")
        body += attribute(LANGUAGE, "attributes-natural-language", "en")
        body += attribute(URI, "printer-uri", f"ipps://localhost:{PORT}{PATH}")
        body += attribute(URI, "output-device-uuid", self.uuid)
        body += b"".join(attribute(*m) for m in more) + b"\3"
        if self.link is None:
            self.link = http.client.HTTPSConnection("localhost", PORT, context=self.tls, timeout=30)
        self.link.request("POST", PATH, body, {"Content-Type": "application/ipp"})
        answer = self.link.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise OSError(f"HTTP {answer.status}")
        (status,) = struct.unpack_from(">H", data, 2)
        return status, *values(data)

    def job(self, number):
        job = (INTEGER, "job-id", number)
        status, found, _ = self.ask(FETCH_JOB, job)
        if status > 0xFF:
            print(f"job {number}: fetch 0x{status:04x} {found}", flush=True)
            return
        epoch = next(struct.unpack(">i", v)[0] for _, n, _, v in found if n == "quatrain-lease-epoch")
        lease = (INTEGER, "quatrain-lease-epoch", epoch)
        self.ask(ACKNOWLEDGE, job, lease)
        status, _, document = self.ask(FETCH_DOCUMENT, job, lease)
        self.keep(number, found, document)
        told = [self.ask(UPDATE, job, lease, (ENUM, "output-device-job-state", 5))[0]]
        time.sleep(SLOW)
        told.append(self.ask(UPDATE, job, lease, (ENUM, "output-device-job-state", 9))[0])
        print(f"job {number}: document 0x{status:04x} {len(document)}, told {told}", flush=True)

    def keep(self, number, found, document):
        if "KEEP" not in os.environ:
            return
        given = {name: value for _, name, _, value in found}
        for suffix, data in (
            ("envelope", given["quatrain-envelope"]),
            ("uuid", given["job-uuid"]),
            ("sealed", document),
        ):
            with open(f"{os.environ['KEEP']}/{number}.{suffix}", "wb") as out:
                out.write(data)

    def look(self):
        status, found, _ = self.ask(GET_JOBS, (KEYWORD, "which-jobs", "fetchable"))
        if status > 0xFF:
            print(f"jobs: 0x{status:04x} {found}", flush=True)
        for _, name, _, value in found:
            if name == "job-id":
                self.job(struct.unpack(">i", value)[0])

    def run(self):
        while True:
            try:
                self.look()
            except (OSError, http.client.HTTPException) as e:
                print(f"link: {e!r}", flush=True)
                self.link = None
                time.sleep(0.5)
            time.sleep(0.05)


Connector().run()
