#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutated captures through the whole sensor: mutate.py SENSOR [PACKETS [CAPTURE...]]

The packets of real captures (pcaps/, and the shared corpus when it is there) are cut, swapped,
repeated and changed, mostly in their headers and at the start of their payload, where decisions
are made. The sensor, built with sanitizers, must read every such file to its end, with every
record whole JSON. A file that breaks it is kept, and named with the seed that makes it again.
GUAN_TEST_SEED repeats a run.
"""
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
SHARED = os.environ.get("GUAN_SHARED", os.path.join(ROOT, "..", "shared"))
BATCH = 50000      # packets of a file
CAPTURE_MAX = 8 << 20
SECONDS_MAX = 900  # for one file, under sanitizers
# Link types that a file claims: mostly the true one, or else a decoder gets what is not its own.
LINK_TYPES = (0, 1, 12, 101, 108, 113, 228, 229, 276)
INTERESTING = (0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 192, 253, 254, 255)


def packets_of(path):
    """The packets of a little-endian pcap: (nanoseconds, frame)."""
    with open(path, "rb") as f:
        data = f.read(CAPTURE_MAX)
    magic, = struct.unpack_from("<I", data)
    unit = {0xa1b2c3d4: 1000, 0xa1b23c4d: 1}[magic]
    link, at, out = struct.unpack_from("<I", data, 20)[0], 24, []
    while at + 16 <= len(data):
        seconds, fraction, size, _ = struct.unpack_from("<4I", data, at)
        frame = data[at + 16:at + 16 + size]
        if len(frame) < size:
            break
        out.append((seconds * 10**9 + fraction * unit, frame))
        at += 16 + size
    return link, out


def sources(chosen):
    paths = list(chosen)
    for folder, _, files in os.walk(os.path.join(ROOT, "pcaps")):
        if not chosen:
            paths += [os.path.join(folder, f) for f in files if f.endswith(".pcap")]
    with tempfile.TemporaryDirectory() as folder:
        shared = os.path.join(SHARED, "corpus", "captures")
        if not chosen and not os.path.isdir(shared):
            print("no %s: only the captures of pcaps/" % shared)
        for name in [] if chosen or not os.path.isdir(shared) else sorted(os.listdir(shared)):
            if name.endswith(".pcap.zst"):
                paths.append(os.path.join(folder, name[:-4]))
                subprocess.run(["zstd", "-dq", os.path.join(shared, name), "-o", paths[-1]],
                               check=True)
        return [packets_of(p) for p in sorted(paths)]


class Mutator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def place(self, frame):
        """Low places far more often than high ones."""
        top = self.random.choice((34, 54, 66, 120, len(frame)))
        return self.random.randrange(min(top, len(frame)))

    def change(self, frame, other):
        r, b = self.random, bytearray(frame)
        for _ in range(r.choice((1, 1, 1, 2, 3, 8))):
            if not b:
                break
            at, way = self.place(b), r.randrange(9)
            if way == 0:
                b[at] ^= 1 << r.randrange(8)
            elif way == 1:
                b[at] = r.choice(INTERESTING)
            elif way == 2:
                b[at:at + 2] = struct.pack(">H", r.choice((0, 1, 255, 256, 0x7fff, 0xffff,
                                                           r.randrange(65536))))
            elif way == 3:
                del b[at:at + r.randrange(1, 9)]
            elif way == 4:
                b[at:at] = bytes(r.randrange(256) for _ in range(r.randrange(1, 9)))
            elif way == 5:
                del b[at:]
            elif way == 6:  # the head of one, the tail of another
                b[at:] = other[min(at, len(other)):]
            elif way == 7:
                part = b[at:at + r.randrange(1, 64)]
                b[at:at] = part * r.randrange(1, 4)
            else:  # digits are lengths, counts and versions
                b[at:at + 1] = r.choice((b"\x00", b"\r\n", b"%", b"0", b"99999999999", b"-1"))
        return bytes(b[:65535])

    def frames(self, packets, count):
        """count packets: (time, frame), the order mostly kept."""
        r, last = self.random, packets[0][1]
        start, out, held = r.randrange(len(packets)), [], None
        while len(out) < count:
            for ts, frame in packets[start:]:
                if not frame or r.random() < 0.02:
                    continue  # lost
                if r.random() < 0.3:
                    frame = self.change(frame, last)
                last = frame or last
                if held is None and r.random() < 0.02:
                    held = (ts, frame)  # out of order
                    continue
                out += [(ts, frame)] * (2 if r.random() < 0.02 else 1)
                if held and r.random() < 0.3:
                    out.append(held)
                    held = None
            start = 0
        return out[:count]


def write(path, link, frames, mutator):
    if mutator.random.random() < 0.05:
        link = mutator.random.choice(LINK_TYPES)
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, link))
        for ts, frame in frames:
            f.write(struct.pack("<4I", ts // 10**9, ts % 10**9, len(frame), len(frame)))
            f.write(frame)


def replay(sensor, path, out, mutator):
    """None, or what was wrong."""
    more = mutator.random.choice((("-k", "none"), ("-k", "none"), ("-k", "all"),
                                  ("-k", "none", "--workers", "3"),
                                  ("-k", "none", "--split")))
    words = [sensor, "-r", path, "-l", out, "--set", "guan.redis.server=", "-c",
             os.path.join(ROOT, "rules", "guan-sensor.yaml"), *more]
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return words, "not done after %d s" % SECONDS_MAX
    if done.returncode:
        return words, "status %d\n%s" % (done.returncode, done.stdout.decode(errors="replace"))
    with open(os.path.join(out, "eve.json"), "rb") as f:
        for number, line in enumerate(f, 1):
            try:
                json.loads(line)
            except ValueError as e:
                return words, "eve.json line %d: %s" % (number, e)
    return None


def main():
    sensor, wanted = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    seed = int(os.environ.get("GUAN_TEST_SEED", time.time_ns() % 1000000))
    mutator, captures, done = Mutator(seed), sources(sys.argv[3:]), 0
    print("seed %d, %d captures" % (seed, len(captures)), flush=True)
    folder = tempfile.mkdtemp(prefix="guan-mutate-")
    while done < wanted:
        link, packets = mutator.random.choice(captures)
        count = min(BATCH, wanted - done, 4 * len(packets))
        path, out = os.path.join(folder, "mutated.pcap"), os.path.join(folder, "out")
        os.mkdir(out)
        write(path, link, mutator.frames(packets, count), mutator)
        wrong = replay(sensor, path, out, mutator)
        if wrong:
            sys.exit("after %d packets, seed %d: %s\n%s" % (done, seed, " ".join(wrong[0]),
                                                            wrong[1][-4000:]))
        shutil.rmtree(out)
        done += count
    shutil.rmtree(folder)
    print("%d mutated packets, nothing broken" % done)


if __name__ == "__main__":
    main()
