#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Modbus/TCP controller and the stations that talk to it.

usage: modbus.py serve ADDRESS
       modbus.py poll FROM ADDRESS ROUNDS [SECONDS]   reads coils and registers in a circle
       modbus.py send FROM ADDRESS PDU...             each PDU in hex, unit 1, one connection
       modbus.py sweep FROM ADDRESS                   function codes and units, as a scanner

The controller keeps coils and registers, answers 1-6, 8, 15-17, 22, 23 and 43/14, and
refuses the rest with exception 1, addresses above 999 with exception 2.
"""
import socket
import socketserver
import struct
import sys
import time

IDENTITY = [b"Jianghai Controls", b"JH-PLC-400", b"V2.1"]
LIMIT = 1000


class Plc:
    def __init__(self):
        self.coils = [False] * LIMIT
        self.registers = [(i * 37) & 0xFFFF for i in range(LIMIT)]

    def answer(self, pdu):
        code = pdu[0]
        try:
            if code == 8:
                return pdu
            if code == 17:
                return b"\x11\x0b\x01\xffJH-PLC-40"
            if code == 43 and pdu[1] == 14:
                items = b"".join(bytes([i, len(v)]) + v for i, v in enumerate(IDENTITY))
                return bytes([43, 14, pdu[2], 1, 0, 0, len(IDENTITY)]) + items
            address, value = struct.unpack(">HH", pdu[1:5])
            if code in (1, 2, 3, 4, 15, 16, 23) and address + value > LIMIT:
                return bytes([code | 0x80, 2])
            return self.access(code, address, value, pdu)
        except (IndexError, struct.error):
            return bytes([code | 0x80, 3])

    def access(self, code, address, value, pdu):
        if code in (1, 2):
            bits = self.coils[address:address + value]
            out = bytearray((value + 7) // 8)
            for i, on in enumerate(bits):
                out[i // 8] |= on << (i % 8)
            return bytes([code, len(out)]) + out
        if code in (3, 4):
            return bytes([code, 2 * value]) + struct.pack(
                f">{value}H", *self.registers[address:address + value])
        if code == 5:
            self.coils[address] = value == 0xFF00
            return pdu[:5]
        if code == 6:
            self.registers[address] = value
            return pdu[:5]
        if code == 15:
            for i in range(value):
                self.coils[address + i] = bool(pdu[6 + i // 8] >> (i % 8) & 1)
            return pdu[:5]
        if code == 16:
            self.registers[address:address + value] = struct.unpack(
                f">{value}H", pdu[6:6 + 2 * value])
            return pdu[:5]
        if code == 22:
            keep, put = struct.unpack(">HH", pdu[3:7])
            self.registers[address] = self.registers[address] & keep | put & ~keep & 0xFFFF
            return pdu[:7]
        if code == 23:
            at, count = struct.unpack(">HH", pdu[5:9])
            self.registers[at:at + count] = struct.unpack(f">{count}H", pdu[10:10 + 2 * count])
            return bytes([code, 2 * value]) + struct.pack(
                f">{value}H", *self.registers[address:address + value])
        return bytes([code | 0x80, 1])


def whole(sock, size):
    out = b""
    while len(out) < size:
        part = sock.recv(size - len(out))
        if not part:
            raise ConnectionError("closed")
        out += part
    return out


def read_frame(sock):
    head = whole(sock, 7)
    number, protocol, size, unit = struct.unpack(">HHHB", head)
    if protocol or not 2 <= size <= 254:
        raise ConnectionError("not Modbus")
    return number, unit, whole(sock, size - 1)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while True:
                number, unit, pdu = read_frame(self.request)
                out = self.server.plc.answer(pdu)
                self.request.sendall(struct.pack(">HHHB", number, 0, len(out) + 1, unit) + out)
        except (ConnectionError, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    plc = Plc()


class Client:
    def __init__(self, source, address):
        self.sock = socket.create_connection((address, 502), 3, (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0

    def ask(self, pdu, unit=1):
        self.number += 1
        self.sock.sendall(struct.pack(">HHHB", self.number, 0, len(pdu) + 1, unit) + pdu)
        return read_frame(self.sock)[2]


def poll(source, address, rounds, seconds=0.3):
    c = Client(source, address)
    for _ in range(int(rounds)):
        c.ask(struct.pack(">BHH", 1, 0, 16))
        c.ask(struct.pack(">BHH", 3, 100, 10))
        c.ask(struct.pack(">BHH", 4, 0, 4))
        time.sleep(float(seconds))


def sweep(source, address):
    c = Client(source, address)
    for unit in range(1, 9):
        c.ask(bytes([17]), unit)
    c.ask(bytes.fromhex("2b0e0100"))
    for code in (7, 11, 12, 20, 24, 65, 66, 90, 100, 110):
        c.ask(bytes([code, 0, 0, 0, 1]))
    for at in (2000, 4000, 8000, 16000, 32000):
        c.ask(struct.pack(">BHH", 3, at, 10))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    verb, args = sys.argv[1], sys.argv[2:]
    if verb == "serve":
        Server((args[0], 502), Handler).serve_forever()
    elif verb == "poll":
        poll(*args)
    elif verb == "send":
        c = Client(args[0], args[1])
        for pdu in args[2:]:
            print(c.ask(bytes.fromhex(pdu)).hex())
            time.sleep(0.05)
    elif verb == "sweep":
        sweep(*args)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
