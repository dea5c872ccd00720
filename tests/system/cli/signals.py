#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signals and the control socket are seen to at once, whatever the sensor is doing: reading as
fast as it can, waiting for a pipe, waiting for Redis, compiling rules."""
import json
import os
import signal
import socket
import subprocess
import threading
import time

from bench import CAPTURE, SENSOR, check, finish, write

# What is promised is 0.1 s; a busy machine gets more before a test fails. What this guards
# against took as long as the pipe, the drain or 16,384 frames did.
SOON_S = 1.0


def frames():
    with open(CAPTURE, "rb") as f:
        data = f.read()
    return data[:24], data[24:]


HEADER, FRAMES = frames()


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.01)
    return False


class Sensor:
    """A sensor reading a FIFO, fed by how(write) on a thread; its control socket is open."""

    def __init__(self, name, how, *args):
        self.name, self.dir = name, name.replace(" ", "-")
        os.mkdir(self.dir)
        self.pipe = os.path.join(self.dir, "in")
        os.mkfifo(self.pipe)
        self.log = open(os.path.join(self.dir, "log"), "w+b")
        self.process = subprocess.Popen(
            [SENSOR, "-r", self.pipe, "-l", self.dir, "--set", "unix-command.enabled=yes", *args],
            stderr=self.log, stdin=subprocess.DEVNULL)
        self.out = os.open(self.pipe, os.O_RDWR)  # opens at once; closing it is the end
        self.feeder = threading.Thread(target=self.feed, args=(how,), daemon=True)
        self.is_over = False
        self.feeder.start()
        self.socket = os.path.join(self.dir, "guan-command.socket")
        check("%s: starts" % name, wait_for(self.listens))

    def feed(self, how):
        try:
            how(self)
        except OSError:
            pass

    def write(self, data):
        os.set_blocking(self.out, False)
        while data and not self.is_over:
            try:
                data = data[os.write(self.out, data):]
            except BlockingIOError:
                time.sleep(0.001)

    def text(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.socket) == 0

    def ask(self, command):
        begin = time.monotonic()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(self.socket)
            s.sendall(json.dumps({"command": command}).encode() + b"\n")
            answer = json.loads(s.makefile().readline())
        took = time.monotonic() - begin
        check("%s: %s answered in %.3f s" % (self.name, command, took),
              answer["return"] == "OK" and took < SOON_S, answer)
        return answer

    def send(self, number):
        self.process.send_signal(number)

    def reopens(self):
        path = os.path.join(self.dir, "eve.json")
        if not wait_for(lambda: os.path.exists(path)):
            return check("%s: eve.json" % self.name, False)
        os.rename(path, path + ".1")
        begin = time.monotonic()
        self.send(signal.SIGHUP)
        good = wait_for(lambda: os.path.exists(path))
        took = time.monotonic() - begin
        check("%s: SIGHUP reopens eve.json in %.3f s" % (self.name, took), good and took < SOON_S)

    def reloads(self):
        self.send(signal.SIGUSR2)
        check("%s: SIGUSR2 reloads the rules" % self.name,
              wait_for(lambda: "rules reloaded" in self.text()), self.text())

    def ends(self, ask, code=0):
        begin = time.monotonic()
        ask()
        try:
            got = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            got = self.process.wait()
        took = time.monotonic() - begin
        check("%s: ended in %.3f s" % (self.name, took), got == code and took < SOON_S,
              "%s %s" % (got, self.text()))
        self.is_over = True
        self.feeder.join(20)
        os.close(self.out)
        self.log.close()
        check("%s: socket removed" % self.name, not os.path.exists(self.socket))


def say_nothing(sensor):
    pass


def say_a_little(sensor):
    sensor.write(HEADER + FRAMES + FRAMES[:20])  # the last one is cut off in its header


def say_all(sensor):
    sensor.write(HEADER)
    while not sensor.is_over:
        sensor.write(FRAMES * 20)


rule = write("r.rules", b'alert tcp any any -> any any (msg:"x"; content:"zzzz"; sid:1;)\n')
for name, how, args in [("silent pipe", say_nothing, []), ("idle pipe", say_a_little, []),
                        ("idle pipe, 3 workers", say_a_little, ["--workers", "3"]),
                        ("busy pipe", say_all, []), ("busy pipe, 3 workers", say_all, ["--workers", "3"])]:
    for number in (signal.SIGTERM, signal.SIGINT):
        s = Sensor("%s, %s" % (name, number.name), how, "-S", rule, *args)
        s.ask("status")
        s.reopens()
        s.reloads()
        s.ends(lambda: s.send(number))
s = Sensor("idle pipe, shutdown", say_a_little)
s.ends(lambda: s.ask("shutdown"))

# What the workers hold in part-filled batches is told while the pipe says nothing.
every = write("every.rules", b'alert tcp any any -> any any (msg:"e"; flags:S; threshold: '
              b'type limit, track by_src, count 1, seconds 60; sid:2;)\n')
s = Sensor("idle pipe tells", say_a_little, "--workers", "3", "-S", every)
eve = os.path.join(s.dir, "eve.json")
check("idle pipe: alerts come before its end",
      wait_for(lambda: os.path.exists(eve) and b'"event_type":"alert"' in open(eve, "rb").read(), 5))
s.ends(lambda: s.send(signal.SIGTERM))

# Waiting for a Redis that is not there: at the end of a capture, and after a first SIGTERM.
drain = ["--redis", "unix:absent.sock", "--drain"]
for name, first in [("drain at the end", None), ("drain after SIGTERM", signal.SIGTERM)]:
    s = Sensor(name, say_a_little, *drain)
    time.sleep(0.3)
    if first:
        s.send(first)
        time.sleep(0.5)
        check("%s: it waits" % name, s.process.poll() is None)
        s.ask("status")
        s.ends(lambda: s.send(signal.SIGTERM))
        continue
    os.close(s.out)
    s.out = os.open(os.devnull, os.O_WRONLY)
    time.sleep(0.5)
    check("%s: it waits" % name, s.process.poll() is None, s.text())
    s.ask("status")
    s.reopens()
    s.ends(lambda: s.send(signal.SIGTERM), code=1)  # the capture was cut off
    check("%s: the spool keeps the records" % name, "wait in the spool" in s.text(), s.text())

# In the middle of compiling: the process does not wait for rules that nobody will use.
many = b"".join(b'alert tcp any any -> any any (msg:"%d"; content:"%s"; pcre:"/a.{1,50}%x/"; sid:%d;)\n'
                % (i, os.urandom(8).hex().encode(), i, i + 1) for i in range(6000))
big = write("big.rules", open(rule, "rb").read())
s = Sensor("reload", say_a_little, "-S", big)
write("big.rules", many)
s.send(signal.SIGUSR2)
time.sleep(0.2)
check("reload: still compiling", "rules reloaded" not in s.text())
s.ask("status")
s.ends(lambda: s.send(signal.SIGTERM))

finish()
