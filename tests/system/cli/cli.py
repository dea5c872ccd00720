#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exit codes and messages of guan-sensor where input, paths or options are wrong."""
import glob
import json
import os
import signal
import socket
import struct
import time
from datetime import datetime

from bench import CAPTURE, ROOT, check, expect, finish, run, write

with open(CAPTURE, "rb") as f:
    capture = f.read()

for args, part in [
        ([], "give -r FILE or -i IFACE"), (["-r"], "missing value"), (["--nope"], "unknown option"),
        (["-r", "a", "-i", "b"], "not both"), (["-r", "a", "--workers", "0"], "from 1 to 256"),
        (["-r", "a", "-k", "some"], "none or all"), (["-r", "a", "--time", "then"], "now or capture"),
        (["-r", "a", "--set", "novalue"], "KEY=VALUE")]:
    expect(2, part, *args)
expect(1, "No such file", "-r", "absent.pcap")
expect(1, "truncated", "-r", write("empty.pcap", b""))
expect(1, "unknown file format", "-r", write("noise.pcap", b"noise" * 99))
expect(1, "truncated", "-r", write("cut.pcap", capture[:-7]))
other = bytearray(capture)
struct.pack_into("<I", other, 20, 147)  # the link type
expect(1, "link type 147", "-r", write("link.pcap", other))

# Two broken time stamps do not move the others.
stray = bytearray(capture)
struct.pack_into("<2I", stray, 24, 0xffffffff, 0)
struct.pack_into("<2I", stray, 24 + 16 + struct.unpack_from("<I", stray, 32)[0], 0, 0)
expect(0, "", "-r", write("stray.pcap", stray), "--time", "now", "-l", "stray")
with open("stray/eve.json", encoding="utf-8") as f:
    times = [json.loads(line)["timestamp"] for line in f]
check("stray times are told within the capture's",
      all(abs(datetime.fromisoformat(t).timestamp() - time.time()) < 7200 for t in times), times)
os.mkdir("folder")
expect(1, "no .pcap", "-r", "folder")

# A broken file is told, and the others are read: before it (by name) and after it (by time).
for name, data in [("0noise", b"noise" * 99), ("1empty", b""), ("2cut", capture[:-7]), ("3good", capture)]:
    write("folder/%s.pcap" % name, data)
os.mkfifo("folder/4pipe.pcap")
got, text = run("-r", "folder", "-l", "folder")
whole = run("-r", CAPTURE, "-l", "whole")
check("a folder with broken files: exit code", got == 1, got)
for name in ["0noise", "1empty", "2cut", "4pipe"]:
    check("a folder with broken files: %s told" % name, "folder/%s.pcap: " % name in text, text[-900:])
check("a folder with broken files: counted", "4 of 5 captures broken" in text, text[-300:])
with open("folder/eve.json", encoding="utf-8") as f:
    records = [json.loads(line) for line in f]
packets = [r["stats"]["capture"]["kernel_packets"] for r in records if r["event_type"] == "stats"]
alarms = [r for r in records if r["event_type"] == "alarm"]
with open("whole/eve.json", encoding="utf-8") as f:
    alone = [r["stats"]["capture"]["kernel_packets"] for r in map(json.loads, f) if r["event_type"] == "stats"]
check("a folder with broken files: the rest read", packets == [2 * alone[-1] - 1], packets)
check("a folder with broken files: alarms", len(alarms) == 4, alarms)
wrong_filter = 'BPF expression "tcp tcp": '
expect(1, wrong_filter, "-r", CAPTURE, "tcp", "tcp")
expect(3, wrong_filter, "-T", "tcp", "tcp")
expect(0, "valid", "-T", "tcp", "port", "80")
expect(1, "no such file of rules", "-r", CAPTURE, "-S", "absent.rules")
expect(3, "no such file of rules", "-T", "-S", "absent.rules")
# Our own rules load with the settings that are built in.
ours = glob.glob(os.path.join(ROOT, "rules/*.rules"))
check("our rules are found", len(ours) > 3, ours)
expect(0, " 0 refused", "-T", "--set", "guan.geoip=%s/rules/geoip/guan-sample.mmdb" % ROOT,
       *[word for path in ours for word in ("-S", path)])
expect(0, " 0 refused", "-T", "-c", "%s/rules/guan-sensor.yaml" % ROOT)
bad = write("bad.rules", b'alert tcp any any -> any any (msg:"x"; sid:1\n')
expect(3, "bad.rules:1:", "-T", "-S", bad)
expect(0, "bad.rules:1:", "-r", CAPTURE, "-S", bad)  # named without -v and -T, too
expect(0, "0 loaded", "-r", CAPTURE, "-S", "/dev/null", "-l", "none")
expect(0, "NOTHING is recorded", "-r", CAPTURE, "-S", "/dev/null", "-c", write("no.yaml", b"stats: {enabled: no}\n"))
expect(3, "expected a number", "-T", "--set", "guan.flow.capacity=many")
expect(3, "sensor id", "-T", "--sensor-id", 'a"b')
expect(3, "not beginning with a dot", "-T", "--sensor-id", ".x")
expect(0, "", "-r", CAPTURE, "--set", "no.such.key=1")

expect(0, "", "-r", CAPTURE, "-l", "zone", "--zone", 'a"b\\\n{}')
with open("zone/eve.json", encoding="utf-8") as f:
    records = [json.loads(line) for line in f]
check("odd zone stays inside its string", len(records) > 1)

os.makedirs("dir/eve.json")
expect(1, "Is a directory", "-r", CAPTURE, "-l", "dir")
os.mkdir("fifo")
os.mkfifo("fifo/eve.json")
expect(1, "records cannot be written", "-r", CAPTURE, "-l", "fifo")

with open(CAPTURE, "rb") as f:
    expect(0, "records written", "-r", "-", stdin=f)
os.mkfifo("once.pcap")
feeder = os.fork()
if feeder == 0:
    write("once.pcap", capture)
    os._exit(0)
expect(0, "records written", "-r", "once.pcap", "-l", "once")
os.kill(feeder, signal.SIGKILL)
os.waitpid(feeder, 0)

# Only a socket nobody answers on is replaced.
write("keep", b"mine")
command = ["--set", "unix-command.enabled=yes", "--set"]
expect(0, "not available", "-r", CAPTURE, *command, "unix-command.filename=keep")
check("a file at the control socket's path stays", os.path.exists("keep"))
stale = socket.socket(socket.AF_UNIX)
stale.bind("stale")
stale.close()
got, text = run("-r", CAPTURE, *command, "unix-command.filename=stale")
check("a dead sensor's socket is replaced", got == 0 and "not available" not in text, text[-300:])

finish()
