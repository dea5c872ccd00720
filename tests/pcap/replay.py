#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays every sample capture twice and compares what was seen: replay.py WHAT SENSOR [CAPTURE...]

  workers    one worker and three give the same records (order, ids and stats aside)
  split      TCP payload in single bytes gives the same alerts, but for rules on packets and nDPI
  prefilter  looking at every rule everywhere gives the same alerts
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")

# Rules that ask about packets, not streams: another segmentation is another answer. Contents
# with offset or depth look at packets too, and a count of packets counts them.
PACKET_RULES = {
    1900215: "dsize",
    1900305: "startswith on packets of a plain TCP rule",
    1900402: "depth on packets of a plain TCP rule",
    1900439: "ndpi-protocol",
    1900440: "ndpi-risk",
    1900519: "offset, depth and byte_test on packets, counted by a threshold",
    1900522: "offset and depth on packets of a plain TCP rule",
}


def run(sensor, capture, *more):
    zone = os.path.basename(os.path.dirname(capture))
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sensor, "-r", capture, "-c", os.path.join(ROOT, "rules", "guan-sensor.yaml"),
             "-l", folder, "--zone", zone, "--set", "guan.redis.server=", *more],
            stderr=subprocess.PIPE, text=True, timeout=600)
        if done.returncode:
            sys.exit("%s %s: status %d\n%s" % (capture, more, done.returncode, done.stderr))
        with open(os.path.join(folder, "eve.json"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]


def records(events):
    """All records but stats, without ids, as a multiset of texts."""
    out = collections.Counter()
    for event in events:
        if event["event_type"] == "stats":
            continue
        event["guan"].pop("id", None)
        out[json.dumps(event, sort_keys=True, ensure_ascii=False)] += 1
    return out


def alerts(events, without=()):
    """(rule, source, destination) of each alert; how often is left to the segmentation, and so
    is, where a threshold counts, the flow on which the count is reached."""
    return {(e["alert"]["signature_id"], e["src_ip"], e["dest_ip"]) for e in events
            if e["event_type"] == "alert" and e["alert"]["signature_id"] not in without}


def difference(a, b):
    if isinstance(a, collections.Counter):
        return list((a - b).elements()), list((b - a).elements())
    return sorted(a - b), sorted(b - a)


def main():
    what, sensor = sys.argv[1:3]
    captures = sys.argv[3:] or sorted(
        os.path.join(ROOT, "pcaps", zone, name)
        for zone in os.listdir(os.path.join(ROOT, "pcaps"))
        if os.path.isdir(os.path.join(ROOT, "pcaps", zone)) and zone != "make"
        for name in os.listdir(os.path.join(ROOT, "pcaps", zone)) if name.endswith(".pcap"))
    bad = seen = 0
    for capture in captures:
        plain = run(sensor, capture)
        if what == "workers":
            a, b = records(plain), records(run(sensor, capture, "--workers", "3"))
        elif what == "split":
            a = alerts(plain, PACKET_RULES)
            b = alerts(run(sensor, capture, "--split"), PACKET_RULES)
        else:
            a, b = alerts(plain), alerts(run(sensor, capture, "--no-prefilter"))
        seen += len(a)
        gone, new = difference(a, b)
        if gone or new:
            bad += 1
            print("%s:" % os.path.relpath(capture, ROOT))
            for sign, items in (("-", gone), ("+", new)):
                for item in items[:8]:
                    print("  %s %s" % (sign, str(item)[:600]))
    print("%d captures, %d compared, %d differ" % (len(captures), seen, bad))
    sys.exit(1 if bad or not seen else 0)


if __name__ == "__main__":
    main()
