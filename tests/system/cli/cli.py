#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exit codes and messages of guan-sensor where input, paths or options are wrong."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile

SENSOR = os.path.abspath(sys.argv[1])
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
CAPTURE = os.path.join(ROOT, "pcaps/net-portal/05-guess.pcap")
failed = 0


def check(name, good, detail=""):
    global failed
    failed += not good
    print("%-4s %s%s" % ("ok" if good else "FAIL", name, "" if good else ": %s" % detail))


def run(*args, **more):
    # SIGKILL on timeout: a sensor that hangs with its signals blocked is a failure, not a wait.
    try:
        p = subprocess.run([SENSOR, *args], capture_output=True, timeout=20,
                           stdin=more.pop("stdin", subprocess.DEVNULL), **more)
        return p.returncode, (p.stdout + p.stderr).decode(errors="replace")
    except subprocess.TimeoutExpired:
        return "hung", ""


def expect(code, part, *args, **more):
    got, text = run(*args, **more)
    check(" ".join(args)[:90], got == code and part in text, "%s %s" % (got, text[-300:]))


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


os.chdir(tempfile.mkdtemp(prefix="guan-cli-"))
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
os.mkdir("folder")
expect(1, "no .pcap", "-r", "folder")
expect(1, "syntax error", "-r", CAPTURE, "tcp", "tcp")
expect(1, "no such file of rules", "-r", CAPTURE, "-S", "absent.rules")
expect(3, "no such file of rules", "-T", "-S", "absent.rules")
bad = write("bad.rules", b'alert tcp any any -> any any (msg:"x"; sid:1\n')
expect(3, "bad.rules:1:", "-T", "-S", bad)
expect(0, "1 refused", "-r", CAPTURE, "-S", bad)
expect(3, "expected a number", "-T", "--set", "guan.flow.capacity=many")
expect(3, "sensor id", "-T", "--sensor-id", 'a"b')
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

print("%d failed" % failed)
sys.exit(failed > 0)
