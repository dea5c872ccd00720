#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What must hold between packets of one flow, on captures made here: flows.py SENSOR

Each case is a conversation, rules, and a claim about the records.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


class Talk:
    """A TCP connection; every packet takes a millisecond."""

    def __init__(self, port=80, vlan=None):
        self.port, self.vlan = port, vlan
        self.packets, self.now = [], 1_700_000_000_000_000
        self.seq = [1000, 5000]

    def send(self, is_back, flags, data=b"", seq=None, ack=None, wait=0):
        sport, dport = (self.port, 40000) if is_back else (40000, self.port)
        src, dst = (SERVER, CLIENT) if is_back else (CLIENT, SERVER)
        at = self.seq[is_back] if seq is None else seq
        if ack is None:
            ack = self.seq[not is_back] if flags & ACK else 0
        tcp = struct.pack("!HHIIBBHHH", sport, dport, at, ack, 5 << 4, flags, 65535, 0, 0) + data
        pseudo = src + dst + struct.pack("!BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + src + dst
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        tag = b"" if self.vlan is None else struct.pack("!HH", 0x8100, self.vlan)
        self.now += 1000 + wait * 1_000_000
        self.packets.append((self.now, b"\2" * 6 + b"\4" * 6 + tag + b"\x08\0" + ip + tcp))
        if seq is None:
            self.seq[is_back] += len(data) + (1 if flags & (SYN | FIN) else 0)

    def open(self, seq=1000):
        self.seq = [seq, seq + 4000]
        self.send(False, SYN)
        self.send(True, SYN | ACK)
        self.send(False, ACK)

    def say(self, text, is_back=False):
        self.send(is_back, PSH | ACK, text)
        self.send(not is_back, ACK)

    def close(self):
        self.send(False, FIN | ACK)
        self.send(True, FIN | ACK)
        self.send(False, ACK)


def run(sensor, talk, rules, *options):
    with tempfile.TemporaryDirectory(prefix="guan-flows-") as folder:
        with open(os.path.join(folder, "in.pcap"), "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for when, frame in talk.packets:
                f.write(struct.pack("<IIII", when // 1_000_000, when % 1_000_000, len(frame),
                                    len(frame)) + frame)
        with open(os.path.join(folder, "in.rules"), "w", encoding="utf-8") as f:
            f.write("\n".join(rules) + "\n")
        done = subprocess.run(
            [sensor, "-r", os.path.join(folder, "in.pcap"), "-S", os.path.join(folder, "in.rules"),
             "-l", folder, "--set", "guan.redis.server=", *options],
            stderr=subprocess.PIPE, text=True, timeout=120)
        if done.returncode:
            sys.exit("status %d\n%s" % (done.returncode, done.stderr))
        with open(os.path.join(folder, "eve.json"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]


def fired(events, sid):
    return [e for e in events if e["event_type"] == "alert" and e["alert"]["signature_id"] == sid]


def a_new_connection_is_seen_though_the_old_one_was_passed(sensor):
    talk = Talk()
    talk.open(1000)
    talk.say(b"let me through\r\n")
    talk.close()
    talk.open(900000)
    events = run(sensor, talk, [
        'pass tcp any any -> any 80 (content:"let me through"; sid:1;)',
        'alert tcp any any -> any 80 (flags:S; sid:2;)'])
    assert len(fired(events, 2)) == 2, fired(events, 2)


def an_alert_has_its_vlan_whoever_released_the_data(sensor):
    talk = Talk(vlan=42)
    talk.open()
    talk.send(False, PSH | ACK, b"behind a hole\r\n", seq=1101)
    talk.send(True, ACK, ack=1116)  # says that the hole was filled: not past us
    events = run(sensor, talk, [
        'alert tcp any any -> any 80 (flow:to_server; content:"behind a hole"; sid:1;)'])
    assert [e.get("vlan") for e in fired(events, 1)] == [[42]], fired(events, 1)


def a_bypassed_flow_is_only_counted(sensor):
    talk = Talk()
    talk.open()
    talk.say(b"GET /start HTTP/1.1\r\nHost: a\r\n\r\n")
    talk.say(b"GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
    talk.send(False, PSH | ACK, b"x" * 1000, seq=talk.seq[0] + 5000)  # behind a hole
    talk.close()
    talk.open(900000)
    talk.say(b"GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
    events = run(sensor, talk, [
        'alert tcp any any -> any 80 (content:"start"; bypass; sid:1;)',
        'alert tcp any any -> any 80 (content:"later"; sid:2;)',
        'alert tcp any any -> any 80 (flags:F+; sid:3;)',
        'alert http any any -> any 80 (http.uri; content:"again"; sid:4;)'])
    counts = [len(fired(events, sid)) for sid in (1, 2, 3, 4)]
    assert counts == [1, 0, 0, 1], counts
    flows = [e for e in events if e["event_type"] == "flow"]
    assert [f["flow"]["state"] for f in flows] == ["bypassed", "established"], flows
    assert flows[0]["flow"]["pkts_toserver"] == 7, flows[0]
    assert len([e for e in events if e["event_type"] == "http"]) == 2, events
    tcp = [e for e in events if e["event_type"] == "stats"][-1]["stats"]["tcp"]
    assert tcp["segments_held"] == 0, tcp


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = [f for name, f in globals().items() if name.startswith(("a_", "an_"))]
    bad = 0
    for case in cases:
        try:
            case(sys.argv[1])
        except AssertionError as error:
            bad += 1
            print("FAIL %s: %s" % (case.__name__, error))
    print("%d of %d hold" % (len(cases) - bad, len(cases)))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
