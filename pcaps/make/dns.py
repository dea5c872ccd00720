#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small resolver and its client, for real DNS look-ups inside the namespaces.

usage: dns.py serve ADDRESS [NAME=ADDRESS...]   answers A; other names get NXDOMAIN
       dns.py ask FROM SERVER NAME...           asks for A, one datagram a name
       dns.py axfr FROM SERVER ZONE             asks for a zone transfer over TCP
"""
import random
import socket
import struct
import sys
import threading


def encode(name):
    out = b""
    for label in name.rstrip(".").split("."):
        raw = label.encode("idna") if not label.isascii() else label.encode()
        out += bytes([len(raw)]) + raw
    return out + b"\0"


def query(name, kind=1):
    head = struct.pack(">HHHHHH", random.randrange(65536), 0x0100, 1, 0, 0, 0)
    return head + encode(name) + struct.pack(">HH", kind, 1)


def answer(request, table):
    name, at = [], 12
    while request[at]:
        name.append(request[at + 1:at + 1 + request[at]].decode("latin-1").lower())
        at += 1 + request[at]
    question = request[12:at + 5]
    address = table.get(".".join(name)) if request[at + 1:at + 3] == b"\0\1" else None
    flags = 0x8180 if address else 0x8183
    out = request[:2] + struct.pack(">HHHHH", flags, 1, 1 if address else 0, 0, 0) + question
    if address:
        out += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 300, 4) + socket.inet_aton(address)
    return out


def serve(address, table):
    def tcp():
        with socket.create_server((address, 53)) as listener:
            while True:
                peer, _ = listener.accept()
                with peer:
                    size = peer.recv(2)
                    request = peer.recv(struct.unpack(">H", size)[0]) if len(size) == 2 else b""
                    if len(request) > 16:
                        # Refused: a zone transfer is not for everybody.
                        out = bytearray(answer(request, {}))
                        out[3] = 0x85
                        peer.sendall(struct.pack(">H", len(out)) + out)
    threading.Thread(target=tcp, daemon=True).start()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 53))
    while True:
        request, peer = s.recvfrom(512)
        if len(request) > 16:
            s.sendto(answer(request, table), peer)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    verb, args = sys.argv[1], sys.argv[2:]
    if verb == "serve":
        serve(args[0], dict(a.lower().split("=") for a in args[1:]))
    elif verb == "ask":
        for name in args[2:]:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((args[0], 0))
                s.settimeout(0.5)
                s.sendto(query(name), (args[1], 53))
                try:
                    s.recv(512)
                except OSError:
                    pass
    elif verb == "axfr":
        with socket.create_connection((args[1], 53), 2, (args[0], 0)) as s:
            q = query(args[2], 252)
            s.sendall(struct.pack(">H", len(q)) + q)
            s.recv(4096)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
