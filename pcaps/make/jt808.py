#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A JT/T 808 platform and its terminals.

usage: jt808.py serve ADDRESS PORT [ORDER...]
       jt808.py drive FROM ADDRESS PORT PHONE VERSION FIXES [SECONDS]
       jt808.py send FROM ADDRESS PORT HEX...      whole frames, as given
       jt808.py orders FROM ADDRESS PORT PHONE VERSION ORDER...
       jt808.py guess FROM ADDRESS PORT COUNT      registrations of made-up phones
       jt808.py up FROM ADDRESS PORT PHONE ID=TEXT...   messages of a terminal, text bodies
       jt808.py codes FROM ADDRESS PORT PHONE CODE...
       jt808.py check                              rebuilds known frames, compares

VERSION is 2013 or 2019. A platform with ORDERs sends them to a terminal once it has
authenticated. `orders` sends downlink messages from the side that connected.
ORDER: NAME[=TEXT], see build_order().
"""
import socket
import socketserver
import struct
import sys
import threading
import time


def escape(raw):
    return raw.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def unescape(raw):
    return raw.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")


def frame(message, body, phone, serial, version="2013"):
    props = len(body)
    if props > 1023:
        raise ValueError("body too long")
    if version == "2019":
        head = struct.pack(">HHB", message, props | 0x4000, 1) + bytes.fromhex(phone.zfill(20))
    else:
        head = struct.pack(">HH", message, props) + bytes.fromhex(phone.zfill(12))
    raw = head + struct.pack(">H", serial) + body
    check = 0
    for b in raw:
        check ^= b
    return b"\x7e" + escape(raw + bytes([check])) + b"\x7e"


class Stream:
    """Frames out of a TCP stream; anything else ends the connection."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""

    def next(self):
        while True:
            start = self.data.find(b"\x7e")
            end = self.data.find(b"\x7e", start + 1) if start >= 0 else -1
            if end > start >= 0:
                raw = unescape(self.data[start + 1:end])
                self.data = self.data[end + 1:]
                if len(raw) > 12:
                    return parse(raw)
                continue
            if len(self.data) > 4096:
                raise ConnectionError("not JT/T 808")
            part = self.sock.recv(4096)
            if not part:
                raise ConnectionError("closed")
            self.data += part


def parse(raw):
    message, props = struct.unpack(">HH", raw[:4])
    if props & 0x4000:
        return {"id": message, "version": "2019", "phone": raw[5:15].hex(),
                "serial": struct.unpack(">H", raw[15:17])[0], "body": raw[17:-1]}
    return {"id": message, "version": "2013", "phone": raw[4:10].hex(),
            "serial": struct.unpack(">H", raw[10:12])[0], "body": raw[12:-1]}


def parameter(number, value):
    return struct.pack(">IB", number, len(value)) + value


def build_order(order):
    """Returns (message id, body) of a downlink message."""
    name, _, text = order.partition("=")
    raw = text.encode("gb18030")
    if name == "control":                       # control=WORD[;PARAMETERS]
        word, _, rest = text.partition(";")
        return 0x8105, bytes([int(word)]) + rest.encode("gb18030")
    if name == "server":                        # main server address
        return 0x8103, b"\x01" + parameter(0x0013, raw)
    if name == "heartbeat":                     # heartbeat interval, seconds
        return 0x8103, b"\x01" + parameter(0x0001, struct.pack(">I", int(text)))
    if name == "listen-phone":                  # number that may listen in
        return 0x8103, b"\x01" + parameter(0x0048, raw)
    if name == "ask-parameters":
        return 0x8104, b""
    if name == "firmware":
        return 0x8108, (b"\x00" + b"JHTRM" + bytes([len(raw)]) + raw +
                        struct.pack(">I", 64) + b"\x7fELF" + bytes(60))
    if name == "text":
        return 0x8300, b"\x01" + raw
    if name == "lock":
        return 0x8500, bytes([int(text or 1)])
    if name == "listen":
        return 0x8400, b"\x01" + raw
    if name == "recorder":
        return 0x8701, b"\x82" + raw
    if name == "record":
        return 0x8804, b"\x01\x00\x1e\x00\x00"
    if name == "photo":
        return 0x8801, bytes.fromhex("0100010000000101500a7f40407f")
    if name == "locate":
        return 0x8201, b""
    if name == "track":
        return 0x8202, struct.pack(">HI", 5, 600)
    if name == "live":
        host = raw
        return 0x9101, bytes([len(host)]) + host + struct.pack(">HHBBB", 1078, 0, 1, 0, 1)
    if name == "attributes":
        return 0x8107, b""
    raise SystemExit(f"unknown order {name}")


class Platform(socketserver.BaseRequestHandler):
    def handle(self):
        stream, serial = Stream(self.request), 0

        def say(message, body):
            nonlocal serial
            serial += 1
            self.request.sendall(frame(message, body, m["phone"].lstrip("0") or "0", serial,
                                       m["version"]))

        try:
            while True:
                m = stream.next()
                if m["id"] == 0x0100:
                    known = m["phone"].lstrip("0").startswith("138001")
                    say(0x8100, struct.pack(">HB", m["serial"], 0 if known else 4) +
                        (code_of(m["phone"]) if known else b""))
                    continue
                bad = m["id"] == 0x0102 and code_of(m["phone"]) not in m["body"]
                if m["id"] < 0x8000 and m["id"] != 0x0001:
                    say(0x8001, struct.pack(">HHB", m["serial"], m["id"], 1 if bad else 0))
                if m["id"] == 0x0102 and not bad:
                    for order in self.server.orders:
                        time.sleep(0.1)
                        say(*build_order(order))
        except (ConnectionError, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    orders = []


def code_of(phone):
    return b"JH" + phone[-6:].encode() + b"K7"


def connect(source, address, port):
    s = socket.create_connection((address, int(port)), 3, (source, 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def register_body(phone, version):
    maker, model, ident = b"JHTRM", b"JH-T808", phone[-7:].encode()
    a, b, c = (11, 30, 30) if version == "2019" else (5, 20, 7)
    return (struct.pack(">HH", 31, 115) + maker.ljust(a, b"\0") + model.ljust(b, b"\0") +
            ident.ljust(c, b"\0") + b"\x02" + ("江A" + phone[-5:]).encode("gb18030"))


def auth_body(code, version):
    if version != "2019":
        return code
    return bytes([len(code)]) + code + b"860000000000001" + b"JH-1.4.2".ljust(20, b"\0")


def location(i):
    fix = struct.pack(">IIIIHHH", 0, 3, 31230416 + 180 * i, 121473701 + 240 * i, 12,
                      600 + 7 * (i % 5), 90)
    now = time.strftime("%y%m%d%H%M%S", time.gmtime(time.time() + 8 * 3600))
    return fix + bytes.fromhex(now) + b"\x01\x04" + struct.pack(">I", 12345 + i)


def drive(source, address, port, phone, version, fixes, seconds=0.3):
    sock = connect(source, address, port)
    serial = 0

    def listen():
        """Answers what the platform asks, until it closes."""
        stream = Stream(sock)
        try:
            while True:
                m = stream.next()
                if m["id"] >= 0x8000 and m["id"] not in (0x8001, 0x8100):
                    say(0x0001, struct.pack(">HHB", m["serial"], m["id"], 0))
        except (ConnectionError, OSError, ValueError):
            pass

    lock = threading.Lock()

    def say(message, body):
        nonlocal serial
        with lock:
            serial += 1
            sock.sendall(frame(message, body, phone, serial, version))

    threading.Thread(target=listen, daemon=True).start()
    say(0x0100, register_body(phone, version))
    time.sleep(0.2)
    full = phone.zfill(20 if version == "2019" else 12)
    say(0x0102, auth_body(code_of(full), version))
    time.sleep(0.2)
    for i in range(int(fixes)):
        say(0x0200, location(i))
        if i % 4 == 3:
            say(0x0002, b"")
        time.sleep(float(seconds))
    time.sleep(0.3)
    say(0x0003, b"")
    time.sleep(0.2)
    sock.close()


def check():
    """The published frames of the protocol reference, rebuilt from their fields."""
    loc = bytes.fromhex("000000000000000301dc89d0073d8aa5000c0258005a261122103000010400003039")
    order = "control=2;0;CMNET;;;10.9.8.7;9999;;12345;code;1.0;1.0;;60"
    cases = [
        (frame(0x0002, b"", "13800138000", 5, "2019"),
         "7e0002400001000000000138001380000005ec7e"),
        (frame(0x0200, loc, "13800138000", 1),
         "7e020000220138001380000001000000000000000301dc89d0073d8aa5000c0258005a26112210300001"
         "04000030392c7e"),
        (frame(*build_order("control=4"), "13800138000", 2),
         "7e81050001013800138000000204297e"),
        (frame(*build_order("server=10.9.8.7"), "13800138000", 3),
         "7e8103000e013800138000000301000000130831302e392e382e37267e"),
        (frame(*build_order(order),
               "13800138000", 4),
         "7e81050030013800138000000402303b434d4e45543b3b3b31302e392e382e373b393939393b3b3132"
         "3334353b636f64653b312e303b312e303b3b36305a7e"),
    ]
    for i, (got, want) in enumerate(cases):
        if got.hex() != want:
            print(i, got.hex(), want, sep="\n")
            sys.exit(1)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    verb, args = sys.argv[1], sys.argv[2:]
    if verb == "serve":
        Server.orders = args[2:]
        Server((args[0], int(args[1])), Platform).serve_forever()
    elif verb == "drive":
        drive(*args)
    elif verb == "send":
        s = connect(*args[:3])
        for text in args[3:]:
            s.sendall(bytes.fromhex(text))
            time.sleep(0.1)
        time.sleep(0.3)
    elif verb == "orders":
        s = connect(*args[:3])
        for i, order in enumerate(args[5:]):
            s.sendall(frame(*build_order(order), args[3], i + 1, args[4]))
            time.sleep(0.1)
        time.sleep(0.3)
    elif verb == "guess":
        s = connect(*args[:3])
        for i in range(int(args[3])):
            phone = str(13900200000 + 37 * i)
            s.sendall(frame(0x0100, register_body(phone, "2013"), phone, i))
            time.sleep(0.05)
        time.sleep(0.3)
    elif verb == "up":
        s = connect(*args[:3])
        for i, text in enumerate(args[4:]):
            number, _, body = text.partition("=")
            raw = body.encode().decode("unicode_escape").encode("latin-1")
            s.sendall(frame(int(number, 16), raw, args[3], i))
            time.sleep(0.05)
        time.sleep(0.3)
    elif verb == "codes":
        s = connect(*args[:3])
        for i, code in enumerate(args[4:]):
            s.sendall(frame(0x0102, code.encode("gb18030"), args[3], i))
            time.sleep(0.05)
        time.sleep(0.3)
    elif verb == "check":
        check()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
