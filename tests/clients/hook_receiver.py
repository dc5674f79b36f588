#!/usr/bin/env python3
"""hook_receiver.py PORT FILE [CERT KEY] - a receiver of webhooks, by the specification alone.

FILE.secret holds the secrets that it knows, one a line. FILE.mode says how it behaves, and is read for each post: ok, or
an HTTP status, or slow (an answer after 3 s), cut (the connection is closed), huge (an answer without an end), or
redirect. Each post whose signature holds becomes a line of FILE: mode, webhook-id, timestamp, number of good signatures,
body and traceparent; one whose signature does not, a line that begins with BAD.
"""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import time

port, name = int(sys.argv[1]), sys.argv[2]


def good(headers, body):
    signed = ('%s.%s.' % (headers['webhook-id'], headers['webhook-timestamp'])).encode() + body
    with open(name + '.secret', encoding='ascii') as f:
        keys = [base64.b64decode(line.strip()[len('whsec_'):]) for line in f if line.strip()]
    want = ['v1,' + base64.b64encode(hmac.new(k, signed, hashlib.sha256).digest()).decode() for k in keys]
    return sum(hmac.compare_digest(w, s) for w in want for s in headers['webhook-signature'].split(' '))


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def reply(self, status, headers=(), body=b''):
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def huge(self):
        self.send_response(200)
        self.send_header('Connection', 'close')
        self.end_headers()
        try:
            while True:
                self.wfile.write(b'x' * 65536)
        except OSError:
            self.close_connection = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with open(name + '.mode', encoding='ascii') as f:
            mode = f.read().strip()
        n = good(self.headers, body) if abs(int(self.headers['webhook-timestamp']) - time.time()) < 60 else 0
        line = [mode if n else 'BAD', self.headers['webhook-id'], self.headers['webhook-timestamp'], str(n),
                json.dumps(json.loads(body), separators=(',', ':'), sort_keys=True), self.headers['traceparent'] or '-']
        with open(name, 'a', encoding='utf-8') as f:
            f.write('\t'.join(line) + '\n')
        if mode == 'slow':
            time.sleep(3)
        if mode == 'cut':
            self.close_connection = True
            return
        if mode == 'huge':
            self.huge()
        elif mode == 'redirect':
            self.reply(307, [('Location', 'http://127.0.0.1:%d/elsewhere' % port)])
        else:
            self.reply(204 if mode in ('ok', 'slow') else int(mode))

    do_GET = do_POST

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Receiver)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
