#!/usr/bin/python3
"""tests/record.py SOCKET DIR - stand before a service's local socket and keep every answer in DIR.

The socket is moved aside and taken back at the end (SIGTERM). What passes is passed on as it comes; when a connection
ends its requests and answers are written as tests/openapi.py reads them. "ready" on standard output says that it
listens.
"""
import asyncio
import itertools
import os
import signal
import sys

numbers = itertools.count(1)


def take_head(octets):
    """A message's first line, its headers and what is behind them; None where it is not whole."""
    head, end, rest = octets.partition(b"\r\n\r\n")
    if not end:
        return None
    lines = head.decode("latin-1").split("\r\n")
    headers = [line.partition(":")[::2] for line in lines[1:]]
    return lines[0], [(k.strip(), v.strip()) for k, v in headers], rest


def value(headers, name):
    return next((v for k, v in headers if k.lower() == name), None)


def take_chunks(rest):
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        n = int(size.split(b";")[0] or b"0", 16)
        body, rest = body + rest[:n], rest[n + 2:]
        if n == 0:
            break
    return body, rest


def take_body(headers, rest, empty):
    if empty:
        return b"", rest
    if (value(headers, "transfer-encoding") or "").lower() == "chunked":
        return take_chunks(rest)
    length = value(headers, "content-length")
    n = len(rest) if length is None else int(length)
    return rest[:n], rest[n:]


def keep(asked, told, folder):
    while asked and told:
        request, answer = take_head(asked), take_head(told)
        if request is None or answer is None:
            return
        method, target = request[0].split(" ")[:2]
        _, asked = take_body(request[1], request[2], value(request[1], "content-length") is None
                             and value(request[1], "transfer-encoding") is None)
        status = answer[0].split(" ")[1]
        if status == "100":
            told = answer[2]
            answer = take_head(told)
            if answer is None:
                return
            status = answer[0].split(" ")[1]
        body, told = take_body(answer[1], answer[2], method == "HEAD" or status in ("204", "304"))
        with open(os.path.join(folder, "record-%d-%d" % (os.getpid(), next(numbers))), "wb") as f:
            f.write(("%s %s %s\n" % (method, target, status)).encode())
            f.write("".join("%s: %s\n" % h for h in answer[1]).encode("latin-1"))
            f.write(b"\n" + body)


async def pump(source, sink, kept):
    try:
        while octets := await source.read(65536):
            kept.append(octets)
            sink.write(octets)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()


async def serve(path, folder):
    behind = path + ".behind"
    os.rename(path, behind)

    async def pass_on(reader, writer):
        asked, told = [], []
        try:
            to_reader, to_writer = await asyncio.open_unix_connection(behind)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, to_writer, asked), pump(to_reader, writer, told))
        keep(b"".join(asked), b"".join(told), folder)

    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    server = await asyncio.start_unix_server(pass_on, path)
    os.chmod(path, 0o600)
    print("ready", flush=True)
    async with server:
        await over.wait()
    os.replace(behind, path)


asyncio.run(serve(sys.argv[1], sys.argv[2]))
