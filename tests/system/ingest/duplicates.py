#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast the collector works off records that it has stored already.

    duplicates.py COLLECTOR RULES [COUNT]

A sensor sends everything again when its Redis comes back without its memory. COUNT records
(200,000) are stored, sent again, and the time until the stream is empty is told. It fails below
50,000 a second, or when the store counts anything twice.
"""
import os
import shutil
import sys
import tempfile
import time

import test_ingest
from test_ingest import Collector, Redis, stream, wait_for, xadd

FLOOR = 50000


def fill(redis, count):
    for first in range(1, count + 1, 5000):
        redis.pipeline([xadd("edge-1", 1, q) for q in range(first, min(first + 5000, count + 1))])


def work_off(redis, data, count):
    """Seconds from the first entry acknowledged to the last one trimmed, and of CPU."""
    collector = Collector(data, redis.path)
    try:
        wait_for(lambda: redis.command("XLEN", stream("edge-1")) < count or is_begun(redis),
                 "nothing is read")
        start = time.monotonic()
        wait_for(lambda: is_done(redis), "the stream is not worked off", 600)
        seconds = time.monotonic() - start
        with open("/proc/%d/stat" % collector.process.pid, encoding="ascii") as f:
            words = f.read().rsplit(")", 1)[1].split()
        cpu = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        code = collector.stop()
        assert code == 0, code
    finally:
        collector.process.kill()
    return seconds, cpu


def group(redis):
    """The consumer group's figures, by name."""
    try:
        groups = redis.command("XINFO", "GROUPS", stream("edge-1"))
    except RuntimeError: # no stream yet
        return None
    return dict(zip(groups[0][::2], groups[0][1::2])) if groups else None


def is_begun(redis):
    g = group(redis)
    return g is not None and g[b"last-delivered-id"] != b"0-0"


def is_done(redis):
    g = group(redis)
    return g is not None and g[b"pending"] == 0 and g.get(b"lag", 1) == 0


def main():
    test_ingest.COLLECTOR, test_ingest.RULES = map(os.path.abspath, sys.argv[1:3])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 200000
    folder = tempfile.mkdtemp(prefix="guan-duplicates-")
    data = os.path.join(folder, "data")
    redis = Redis(folder, "everysec")
    try:
        redis.command("SADD", "guan:sensors", "edge-1")
        rates = []
        for round_ in range(2):
            fill(redis, count)
            seconds, cpu = work_off(redis, data, count)
            rates.append(count / seconds)
            print("%s: %d records in %.2f s, %.0f a second, %.2f s of CPU" % (
                "again" if round_ else "first", count, seconds, rates[-1], cpu))
            redis.command("DEL", stream("edge-1"))
        line = test_ingest.subprocess.run(
            [test_ingest.COLLECTOR, "--data", data, "--count-events"], check=True,
            stdout=test_ingest.subprocess.PIPE).stdout.decode().split()
        assert line == ["edge-1", "1", str(count), str(count)], line
        return 0 if rates[1] >= FLOOR else 1
    finally:
        redis.kill()
        shutil.rmtree(folder, True)


if __name__ == "__main__":
    sys.exit(main())
