#!/usr/bin/env python3
"""tests/clients/notified.py - a connector that waits: subscribes to job-fetchable, says so, and tells of the first event.

notified.py PORT DIR CA: DIR has cert.pem and key.pem; prints "waiting", then "JOB-ID" of the event, or "nothing"
"""
import http.client
import ssl
import struct
import sys

PORT, DIR, CA = int(sys.argv[1]), *sys.argv[2:4]
INTEGER, BOOLEAN, KEYWORD = 0x21, 0x22, 0x44


def attribute(tag, name, value):
    data = struct.pack(">i", value) if isinstance(value, int) else value
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(data)) + data


def number(message, name):
    at = message.find(struct.pack(">H", len(name)) + name.encode())
    return None if at < 0 else struct.unpack_from(">i", message, at + 4 + len(name))[0]


tls = ssl.create_default_context(cafile=CA)
tls.load_cert_chain(f"{DIR}/cert.pem", f"{DIR}/key.pem")
link = http.client.HTTPSConnection("localhost", PORT, context=tls, timeout=60)


def ask(operation, *more):
    body = struct.pack(">BBHIB", 2, 0, operation, 1, 1) + attribute(0x47, "attributes-charset", b"utf-8")
    body += attribute(0x48, "attributes-natural-language", b"en")
    body += attribute(0x45, "printer-uri", b"ipps://localhost/ipp/infra") + b"".join(more) + b"\3"
    link.request("POST", "/ipp/infra", body, {"Content-Type": "application/ipp"})
    answer = link.getresponse()
    message = answer.read()
    if answer.status != 200 or struct.unpack_from(">H", message, 2)[0] > 0xFF:
        sys.exit(f"HTTP {answer.status}: {message!r}")
    return message


wish = b"\6" + attribute(KEYWORD, "notify-pull-method", b"ippget") + attribute(KEYWORD, "notify-events", b"job-fetchable")
mine = number(ask(0x16, wish), "notify-subscription-id")
print("waiting", flush=True)
told = ask(0x1C, attribute(INTEGER, "notify-subscription-ids", mine), attribute(BOOLEAN, "notify-wait", b"\1"))
print(number(told, "job-id") or "nothing", flush=True)
