#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the sensor with the shipped configuration and rules over the captures of TABLE.tsv and
of pcaps/EXPECTED.tsv, and says where what fired differs from what the tables say.

usage: check.py SENSOR [-v]      exit status 0: no difference
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
RULES = os.path.join(ROOT, "rules")


def rows(path):
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]


def own_sids():
    out = set()
    for name in os.listdir(RULES):
        if name.endswith(".rules"):
            with open(os.path.join(RULES, name), encoding="utf-8") as f:
                out.update(re.findall(r"^alert .*\bsid:(\d+);", f.read(), re.M))
    return out


def alerts(sensor, capture):
    """How often each sid fired, and how many rules did not load."""
    with tempfile.TemporaryDirectory(prefix="guan-rules-") as out:
        subprocess.run([sensor, "-r", capture, "-c", os.path.join(RULES, "guan-sensor.yaml"),
                        "-l", out], check=True, timeout=120,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        count, failed = collections.Counter(), None
        with open(os.path.join(out, "eve.json"), encoding="utf-8") as f:
            for line in f:
                event = json.loads(line)
                if event["event_type"] == "alert":
                    count[str(event["alert"]["signature_id"])] += 1
                elif event["event_type"] == "stats":
                    for engine in event["stats"].get("detect", {}).get("engines", []):
                        failed = engine.get("rules_failed", 0)
        return count, failed


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sensor, verbose = sys.argv[1], "-v" in sys.argv[2:]
    wrong, seen, checks = [], {}, 0

    def fired(path):
        nonlocal checks
        if path not in seen:
            seen[path], failed = alerts(sensor, path)
            checks += 1
            # No final count at all is as bad as a count that is not zero.
            if failed != 0:
                wrong.append(f"{os.path.relpath(path, ROOT)}: rules_failed is {failed}")
            if verbose:
                print(os.path.relpath(path, ROOT), dict(sorted(seen[path].items())))
        return seen[path]

    table = rows(os.path.join(HERE, "TABLE.tsv"))
    for sid, fires, quiet in table:
        checks += 2
        if not fired(os.path.join(HERE, fires))[sid]:
            wrong.append(f"{sid}: does not fire in {fires}")
        if fired(os.path.join(HERE, quiet))[sid]:
            wrong.append(f"{sid}: fires in {quiet}")
    own = own_sids()
    for sid in sorted(own ^ {r[0] for r in table}):
        wrong.append(f"{sid}: only in the rules or only in TABLE.tsv")
    for capture, sid, least in rows(os.path.join(ROOT, "pcaps", "EXPECTED.tsv")):
        checks += 1
        got = fired(os.path.join(ROOT, "pcaps", capture))
        if sid == "-":
            ours = {k: v for k, v in got.items() if k in own}
            if ours:
                wrong.append(f"pcaps/{capture}: fired {ours}, expected nothing")
        elif got[sid] < int(least):
            wrong.append(f"pcaps/{capture}: {sid} fired {got[sid]} times, expected {least}")
    for text in wrong:
        print(text)
    print(f"{checks} checks, {len(wrong)} wrong")
    sys.exit(1 if wrong or not checks else 0)


if __name__ == "__main__":
    main()
