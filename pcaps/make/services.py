#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plain old services that stations of a dedicated network still run.

usage: services.py telnet ADDRESS          login keeper/Jh-2026-lock, then echoes commands
       services.py ftp ADDRESS             the same login; LIST and RETR over PASV
       services.py talk ADDRESS PORT HEX...    sends the next HEX after each thing it hears;
                                               '-' hears without answering
       services.py greet ADDRESS PORT HEX...   the same, but speaks first
       services.py hangup ADDRESS PORT         hears once, then closes
       services.py say FROM ADDRESS PORT HEX...  connects, sends each HEX, hears in between
       services.py ping FROM ADDRESS COUNT SIZE  ICMP echo requests
       services.py udp FROM ADDRESS PORT HEX...  one datagram each
HEX may be text when it begins with '='; \\r \\n \\0 are understood in it.
"""
import socket
import socketserver
import struct
import sys
import time

USER, PASSWORD = b"keeper", b"Jh-2026-lock"


def line(sock):
    out = b""
    while not out.endswith(b"\n"):
        part = sock.recv(1)
        if not part or len(out) > 512:
            raise ConnectionError("closed")
        # Telnet option bytes of the client are answered by nobody and skipped here.
        if part == b"\xff":
            sock.recv(2)
            continue
        out += part
    return out.strip(b"\r\n\0")


class Telnet(socketserver.BaseRequestHandler):
    def handle(self):
        s = self.request
        try:
            # WILL echo, WILL suppress-go-ahead, DO terminal-type.
            s.sendall(b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\r\nJH-PLC-400 console\r\n")
            for _ in range(3):
                s.sendall(b"login: ")
                user = line(s)
                s.sendall(b"Password: ")
                if user == USER and line(s) == PASSWORD:
                    break
                s.sendall(b"\r\nLogin incorrect\r\n")
            else:
                return
            s.sendall(b"\r\n> ")
            while True:
                word = line(s)
                if word == b"exit":
                    return
                s.sendall(word + b": ok\r\n> ")
        except (ConnectionError, OSError):
            pass


class Ftp(socketserver.BaseRequestHandler):
    def handle(self):
        s, user, data = self.request, b"", None
        try:
            s.sendall(b"220 JH-STATION FTP\r\n")
            ok = False
            while True:
                verb, _, arg = line(s).partition(b" ")
                verb = verb.upper()
                if verb == b"USER":
                    user = arg
                    s.sendall(b"331 Password required\r\n")
                elif verb == b"PASS":
                    ok = user == USER and arg == PASSWORD
                    s.sendall(b"230 Logged in\r\n" if ok else b"530 Login incorrect\r\n")
                elif verb == b"QUIT":
                    s.sendall(b"221 Bye\r\n")
                    return
                elif not ok:
                    s.sendall(b"530 Please login\r\n")
                elif verb == b"PWD":
                    s.sendall(b'257 "/"\r\n')
                elif verb in (b"TYPE", b"CWD"):
                    s.sendall(b"250 OK\r\n")
                elif verb == b"PASV":
                    data = socket.create_server((self.server.server_address[0], 0))
                    host = data.getsockname()[0].replace(".", ",")
                    port = data.getsockname()[1]
                    s.sendall(f"227 Entering Passive Mode ({host},{port >> 8},{port & 255})"
                              "\r\n".encode())
                elif verb in (b"LIST", b"RETR") and data:
                    s.sendall(b"150 Opening\r\n")
                    peer, _ = data.accept()
                    peer.sendall(b"-rw-r--r-- 1 0 0 4096 Nov 22 10:00 lane.cfg\r\n"
                                 if verb == b"LIST" else b"lane=3\r\nrate=0.45\r\n" * 20)
                    peer.close()
                    data.close()
                    data = None
                    s.sendall(b"226 Done\r\n")
                else:
                    s.sendall(b"502 Not implemented\r\n")
        except (ConnectionError, OSError):
            pass


def words(args):
    """What each argument stands for, in bytes."""
    for a in args:
        if a.startswith("="):
            yield a[1:].encode().decode("unicode_escape").encode("latin-1")
        else:
            yield b"" if a == "-" else bytes.fromhex(a)


class Talk(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            for i, word in enumerate(words(self.server.words)):
                if (i or not self.server.first) and not self.request.recv(65536):
                    return
                self.request.sendall(word)
            while self.request.recv(65536) and not self.server.hangup:
                pass
        except OSError:
            pass


def ping(source, address, count, size):
    """Echo requests; the kernel of the other side answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.bind((source, 0))
        for i in range(int(count)):
            data = bytes(k & 0xFF for k in range(int(size)))
            raw = struct.pack(">BBHHH", 8, 0, 0, 0x4A48, i + 1) + data
            total = sum(struct.unpack(f">{len(raw + bytes(len(raw) % 2)) // 2}H",
                                      raw + bytes(len(raw) % 2)))
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            s.sendto(raw[:2] + struct.pack(">H", ~total & 0xFFFF) + raw[4:], (address, 0))
            time.sleep(0.1)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    words = []
    first = hangup = False


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    verb, args = sys.argv[1], sys.argv[2:]
    if verb == "telnet":
        Server((args[0], 23), Telnet).serve_forever()
    elif verb == "ftp":
        Server((args[0], 21), Ftp).serve_forever()
    elif verb in ("talk", "greet", "hangup"):
        Server.words, Server.first, Server.hangup = args[2:], verb == "greet", verb == "hangup"
        Server((args[0], int(args[1])), Talk).serve_forever()
    elif verb == "say":
        s = socket.create_connection((args[1], int(args[2])), 3, (args[0], 0))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.settimeout(0.3)
        for word in words(args[3:]):
            s.sendall(word)
            try:
                s.recv(65536)
            except OSError:
                pass
    elif verb == "ping":
        ping(*args)
    elif verb == "udp":
        for word in words(args[3:]):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((args[0], 0))
                s.sendto(word, (args[1], int(args[2])))
            time.sleep(0.02)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
