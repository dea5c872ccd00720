#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sensor on a disk that is full, or fills, and two sensors on one spool.

    disk.py BUILD SOURCE

The disk is a tmpfs in a mount namespace of its own, so that it is really full and nobody else's.
Without such namespaces the test says so and exits with 77.
"""
import json
import os
import re
import subprocess
import sys
import time

# Long enough that the sensor is still at work when its disk has room again.
os.environ.setdefault("GUAN_COPIES", "80")

import delivery
from delivery import Failed, check, wait_for

KEEPS_NOBODY = "unix:/nonexistent/redis.sock"  # a spool, and nobody to take it
SMALL, LARGE = "3m", "600m"


class Disk(delivery.Stand):
    """A stand whose out/ is a small disk."""

    def __enter__(self):
        self.mount("size=" + SMALL)
        return self

    def __exit__(self, *_):
        for name in list(self.processes):
            if self.is_alive(name):
                self.kill(name)
        subprocess.run(["umount", self.path("out")], check=True)
        self.close()

    def mount(self, option):
        subprocess.run(["mount", "-t", "tmpfs", "-o", option, "tmpfs", self.path("out")],
                       check=True)

    def fill(self):
        with open(self.path("out/filler"), "wb", buffering=0) as f:
            for size in (65536, 1):
                try:
                    while True:
                        f.write(b"x" * size)
                except OSError:
                    pass

    def note_count(self):
        """Counts are not followed here."""

    def sensor(self, name, redis, *more, captures="short"):
        words = [os.path.join(self.build, "sensor/guan-sensor"), "-r", self.path(captures),
                 "-c", os.path.join(self.source, "rules/guan-sensor.yaml"), "-l", self.path("out"),
                 "--sensor-id", delivery.SENSOR_ID, "--set", "stats.interval=1h",
                 "--redis", KEEPS_NOBODY if redis else "", *more]
        self.spawn(name, words)

    def end(self, name, seconds=120):
        try:
            return self.processes[name].wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed("%s does not end" % name) from None

    def written(self, name):
        found = re.findall(r"(\d+) records written", self.log(name))
        check(found, "the sensor does not tell how much it wrote")
        return int(found[-1])

    def lines(self):
        with open(self.path("out/eve.json"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]


def full_at_the_start(s, redis):
    """No start, in words; and one when there is room, even the second time."""
    for turn in ("new", "known"):
        s.fill()
        s.sensor(turn, redis)
        check(s.end(turn) == 1, "a start on a full disk ended with %d" % s.end(turn))
        check("the disk is full" in s.log(turn), "no word of the full disk:\n" + s.log(turn))
        os.unlink(s.path("out/filler"))
        s.sensor(turn + " again", redis)
        check(s.end(turn + " again") == 0, "no start although there is room")


def fills_while_it_runs(s, redis):
    """Shed by class, counted and told; the replay goes on, and so does writing with room."""
    s.mount("remount,size=" + LARGE)
    s.sensor("whole", redis, captures="captures")
    check(s.end("whole") == 0, "the run with room failed")
    whole = s.written("whole")
    for name in os.listdir(s.path("out")):
        subprocess.run(["rm", "-r", s.path("out", name)], check=True)
    s.mount("remount,size=" + SMALL)
    s.sensor("tight", redis, captures="captures")
    wait_for(lambda: "are shed, alerts last" in s.log("tight") or not s.is_alive("tight"),
             "the disk did not fill")
    check(s.is_alive("tight"), "the sensor ended on a full disk, or the captures are too short:\n" +
          s.log("tight"))
    time.sleep(0.2)
    check(s.is_alive("tight"), "the captures are too short: set GUAN_COPIES")
    s.mount("remount,size=" + LARGE)
    check(s.end("tight") == 1, "records were shed, and the exit code does not say so")
    check("No space left on device" in s.log("tight"), "no word of the full disk")
    check("there is room again" in s.log("tight"), "no word of the room")
    alarms = [r["alarm"] for r in s.lines() if r["event_type"] == "alarm"]
    kind = "spool-disk" if redis else "eve-disk"
    over = [a["count"] for a in alarms if a["kind"] == kind + "-over"]
    check(over and kind + "-over" == alarms[-1]["kind"], "alarms: %s" % alarms)
    written = s.written("tight")
    told = 2 * len(over)  # an alarm at the beginning and one at the end
    check(written - told + sum(over) == whole, "%d written, %d of them alarms, %d shed, but %d in "
          "all" % (written, told, sum(over), whole))
    numbers = [int(r["guan"]["id"].rsplit("/", 1)[1]) for r in s.lines()]
    check(numbers == sorted(set(numbers)), "eve.json has numbers twice or out of order")
    if not redis:
        check(numbers == list(range(1, written + 1)), "eve.json has gaps")
    print("  %d records, %d shed in %d times" % (whole, sum(over), len(over)))


def two_on_one_spool(s, redis):
    """The second is refused while the first lives, and takes over when it was killed."""
    s.mount("remount,size=" + LARGE)
    s.sensor("first", redis, "--drain")
    wait_for(lambda: os.path.exists(s.path("out/spool/state")), "the first does not start")
    time.sleep(0.5)
    s.sensor("second", redis, "--set", "unix-command.enabled=no")
    check(s.end("second") == 1, "the second start was not refused")
    check("another running sensor holds this spool" in s.log("second"), s.log("second"))
    check(s.is_alive("first"), "the first sensor is gone:\n" + s.log("first"))
    s.kill("first")
    s.sensor("third", redis)
    check(s.end("third") == 0, "the spool of a killed sensor is not taken over")
    epochs = {r["guan"]["id"].split("/")[1] for r in s.lines()}
    check(len(epochs) == 2, "two starts wrote as %s" % epochs)


CASES = [(full_at_the_start, True), (full_at_the_start, False), (fills_while_it_runs, True),
         (fills_while_it_runs, False), (two_on_one_spool, True)]


def main():
    if "--inside" not in sys.argv:
        inside = ["unshare", "--user", "--map-root-user", "--mount"]
        if subprocess.run(inside + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("SKIPPED: no user and mount namespaces here; full disks are NOT tested")
            sys.exit(77)
        os.execvp(inside[0], inside + [sys.executable, os.path.abspath(__file__), *sys.argv[1:],
                                       "--inside"])
    build, source = sys.argv[1], os.path.abspath(sys.argv[2])
    failed = 0
    for case, redis in CASES:
        name = "%s, %s" % (case.__name__, "spool" if redis else "eve.json alone")
        try:
            with Disk(build, source) as s:
                case(s, redis)
            print("ok    " + name, flush=True)
        except Failed as e:
            failed += 1
            print("FAIL  %s: %s" % (name, e), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
