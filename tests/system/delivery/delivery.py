#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sensor, Redis and collector as an operator runs them, and every way to kill them.

    delivery.py BUILD SOURCE [SCENARIO...]

A sensor replays the sample captures over and over into a private redis-server (AOF, flushed
every second), a collector stores what comes. What the spool says it has counted is the measure:
at the end the store must hold, for every start of the sensor, exactly the sequence numbers
1..COUNT, once each. COUNT comes from the spool's own log of epochs; that it is no less than what
the sensor had counted when it was killed, and than what its eve.json holds, is checked too.
"""
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

SENSOR_ID = "delivery-1"
ROUNDS = int(os.environ.get("GUAN_ROUNDS", 12))
SEED = int(os.environ.get("GUAN_TEST_SEED", time.time_ns() % 1000000))
# How often the captures stand in the replayed folder: some seconds of work.
COPIES = int(os.environ.get("GUAN_COPIES", 20))
STATE = struct.Struct("<8s2Q")  # magic, epoch, written; spool_state.h has the rest


class Failed(Exception):
    pass


def check(claim, text):
    if not claim:
        raise Failed(text)


def wait_for(condition, text, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise Failed(text)


def days_later(capture, days):
    """The same packets, that many days later, so that they are flows of their own."""
    magic = struct.unpack_from("<I", capture)[0]
    check(magic in (0xa1b2c3d4, 0xa1b23c4d), "a capture that is not little-endian pcap")
    later, at = bytearray(capture), 24
    while at + 16 <= len(capture):
        seconds, _, length = struct.unpack_from("<3I", capture, at)
        struct.pack_into("<I", later, at, seconds + days * 86400)
        at += 16 + length
    return later


class Stand:
    def __init__(self, build, source):
        self.random = random.Random(SEED)
        self.build, self.source = build, source
        self.folder = tempfile.mkdtemp(prefix="guan-delivery-")
        for name in ("redis", "out", "captures", "short"):
            os.mkdir(self.path(name))
        self.make_captures()
        self.processes = {}
        self.logs = {}
        self.counted = {}  # epoch: the highest count seen in the state after a kill
        self.hits = 0      # sensors killed at work
        # What a scenario adds to each start: options, and how the test itself logs in.
        self.more = {"redis": [], "collector": [], "sensor": []}
        self.redis_user, self.redis_password = None, None

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def make_captures(self):
        found = []
        for folder, _, files in os.walk(os.path.join(self.source, "pcaps")):
            found += [os.path.join(folder, f) for f in files if f.endswith(".pcap")]
        check(found, "no captures under pcaps/")
        for copy in range(COPIES):
            for name in sorted(found):
                with open(name, "rb") as f:
                    later = days_later(f.read(), copy)
                with open(self.path("captures", "%03d-%s" % (copy, os.path.basename(name))),
                          "wb") as f:
                    f.write(later)
        shutil.copy(sorted(found)[0], self.path("short"))

    def spawn(self, name, words):
        log = open(self.path(name + ".log"), "ab")
        self.processes[name] = subprocess.Popen(words, stdout=log, stderr=log,
                                                stdin=subprocess.DEVNULL)
        log.close()

    def is_alive(self, name):
        return name in self.processes and self.processes[name].poll() is None

    def kill(self, name):
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if name == "sensor":
            self.note_count()

    def log(self, name):
        with open(self.path(name + ".log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def start_redis(self):
        self.spawn("redis", ["redis-server", "--port", "0", "--unixsocket", self.path("redis.sock"),
                             "--dir", self.path("redis"), "--save", "", "--appendonly", "yes",
                             "--appendfsync", "everysec"] + self.more["redis"])

    def redis(self, *words):
        who = ["--user", self.redis_user] if self.redis_user else []
        secret_env = {"REDISCLI_AUTH": self.redis_password} if self.redis_password else {}
        done = subprocess.run(["redis-cli", "-s", self.path("redis.sock"), *who, *words],
                              timeout=30, env={**os.environ, **secret_env},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout.decode().strip()

    def redis_is_up(self):
        return self.redis("PING") == "PONG"

    def wipe_redis(self):
        shutil.rmtree(self.path("redis"))
        os.mkdir(self.path("redis"))

    def start_collector(self):
        self.spawn("collector", [
            os.path.join(self.build, "collector/guan-collector"), "--data", self.path("data"),
            "--redis", "unix:" + self.path("redis.sock"),
            "--rules", os.path.join(self.source, "rules"),
            "--listen", "127.0.0.1:0", "--consumer", "c1"] + self.more["collector"])

    def start_sensor(self, *more, captures="captures", drain=True):
        words = [os.path.join(self.build, "sensor/guan-sensor"), "-r", self.path(captures),
                 "-c", os.path.join(self.source, "rules/guan-sensor.yaml"), "-l", self.path("out"),
                 "--sensor-id", SENSOR_ID, "--zone", "net-portal",
                 "--redis", "unix:" + self.path("redis.sock"), *more]
        self.spawn("sensor", words + self.more["sensor"] + (["--drain"] if drain else []))

    def end_sensor(self, seconds=150):
        try:
            code = self.processes["sensor"].wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed("the sensor does not end") from None
        check(code == 0, "the sensor ended with %d" % code)
        self.note_count()

    def start(self, name):
        {"redis": self.start_redis, "collector": self.start_collector,
         "sensor": self.start_sensor}[name]()

    def state(self):
        """(epoch, records written), as the mapped state has it: also after a kill."""
        try:
            with open(self.path("out/spool/state"), "rb") as f:
                head = f.read(STATE.size)
        except FileNotFoundError:
            return 0, 0
        return STATE.unpack(head)[1:] if len(head) == STATE.size else (0, 0)

    def note_count(self):
        epoch, count = self.state()
        if epoch:
            self.counted[epoch] = max(count, self.counted.get(epoch, 0))

    def wait_written(self, count):
        """Until the sensor that was just started has counted so many."""
        before = max(self.counted, default=0)

        def is_there():
            epoch, written = self.state()
            return epoch > before and written >= count
        wait_for(is_there, "the sensor writes nothing")

    def expected(self):
        """{epoch: count}: the log of finished epochs and the present one."""
        counts = {}
        with open(self.path("out/spool/epochs"), encoding="ascii") as f:
            for line in f:
                epoch, count = map(int, line.split())
                check(counts.get(epoch, count) == count, "two counts of epoch %d" % epoch)
                counts[epoch] = count
        epoch, count = self.state()
        check(epoch not in counts, "the present epoch is in the log of finished ones")
        counts[epoch] = count
        return counts

    def stored(self):
        done = subprocess.run([os.path.join(self.build, "collector/guan-collector"),
                               "--data", self.path("data"), "--count-events"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        check(done.returncode == 0, done.stderr.decode())
        rows = [line.split() for line in done.stdout.decode().splitlines()]
        check(all(r[0] == SENSOR_ID for r in rows), "records of an unknown sensor")
        return {int(r[1]): (int(r[2]), int(r[3])) for r in rows}

    def settle(self):
        """A clean replay, then until the collector makes no more progress; then the measure."""
        for name in ("redis", "collector"):
            if not self.is_alive(name):
                self.start(name)
        wait_for(self.redis_is_up, "redis-server does not start")
        if self.is_alive("sensor"):
            self.kill("sensor")
        self.start_sensor(captures="short")
        self.end_sensor()
        counts = {e: (n, n) for e, n in self.expected().items() if n}
        last, end = None, 0
        while True:
            now = self.stored()
            if now == counts:
                break
            if now != last:
                last, end = now, time.monotonic() + 40
            if time.monotonic() > end:
                self.differ(counts, now)
            time.sleep(0.2)
        for epoch, n in self.counted.items():
            check(counts.get(epoch, (0, 0))[0] >= n, "epoch %d had counted %d when killed, and is "
                  "said to have %d" % (epoch, n, counts.get(epoch, (0, 0))[0]))
        self.check_store(counts)
        self.check_file(counts)
        return sum(n for n, _ in counts.values())

    @staticmethod
    def differ(counts, now):
        lines = ["the store differs (epoch: counted by the spool, stored, highest number)"]
        for epoch in sorted(set(counts) | set(now)):
            if counts.get(epoch) != now.get(epoch):
                lines.append("  %d: %s %s" % (epoch, counts.get(epoch, (0,))[0],
                                              now.get(epoch, (0, 0))))
        raise Failed("\n".join(lines))

    def check_store(self, counts):
        db = sqlite3.connect("file:%s?mode=ro" % self.path("data/guan.db"), uri=True)
        try:
            check(db.execute("SELECT count(*) FROM dead_letter").fetchone() == (0,), "dead letters")
            ranges = db.execute("SELECT epoch, first_seq, last_seq FROM event_seen").fetchall()
            check(sorted(ranges) == sorted((e, 1, n) for e, (n, _) in counts.items()),
                  "the ranges of known numbers have gaps")
        finally:
            db.close()

    def check_file(self, counts):
        """Every line of eve.json is of a counted record; each stands there once."""
        seen, torn = set(), 0
        with open(self.path("out/eve.json"), "rb") as f:
            for line in f:
                try:
                    sensor, epoch, number = json.loads(line)["guan"]["id"].split("/")
                except (ValueError, KeyError):
                    torn += 1  # what a kill cut in two; the next start goes on behind it
                    continue
                key = int(epoch), int(number)
                check(sensor == SENSOR_ID and key not in seen, "eve.json has %s twice" % (key,))
                check(key[1] <= counts.get(key[0], (0, 0))[0],
                      "eve.json has %s, which was never counted" % (key,))
                seen.add(key)
        check(torn <= self.hits, "eve.json has %d broken lines, more than kills" % torn)

    def close(self):
        for name in list(self.processes):
            if self.is_alive(name):
                self.processes[name].send_signal(signal.SIGCONT)
                self.kill(name)
        shutil.rmtree(self.folder, True)


# --- Scenarios ---


def killed_at_random_moments(s):
    """kill -9 of sensor, collector or Redis, ROUNDS times."""
    kills = {"sensor": 0, "collector": 0, "redis": 0}
    order = []
    while len(order) < ROUNDS:  # each as often, in random order
        names = list(kills)
        s.random.shuffle(names)
        order += names
    for done, victim in enumerate(order[:ROUNDS]):
        if done and done % 15 == 0:
            # A Redis that never lives for ten seconds makes nothing safe, and all is sent again
            # each time; without a pause the stream would only grow.
            s.settle()
        for name in kills:
            if not s.is_alive(name):
                s.start(name)
        if victim == "sensor" and s.random.random() < 0.7:
            # Most of a sensor's kills are to find it at work, not reading its rules.
            before = max(s.counted, default=0)
            wait_for(lambda: s.state()[0] > before or not s.is_alive("sensor"), "no new epoch")
        time.sleep(s.random.uniform(0.05, 1.5))
        if not s.is_alive(victim):
            s.note_count()
            s.start(victim)  # a replay that was over
            time.sleep(s.random.uniform(0.05, 0.5))
        check(s.is_alive(victim), "%s died by itself" % victim)
        s.kill(victim)
        kills[victim] += 1
        s.hits += victim == "sensor"
        if s.random.random() < 0.5:
            time.sleep(s.random.uniform(0, 0.6))
    print("  killed: %s" % kills)
    at_work = sum(1 for n in s.counted.values() if n)
    check(at_work >= kills["sensor"] // 3, "only %d kills found the sensor writing" % at_work)


def redis_stalled(s):
    """Redis stops for three seconds amid a replay."""
    s.start_redis()
    s.start_collector()
    s.start_sensor()
    s.wait_written(500)
    s.processes["redis"].send_signal(signal.SIGSTOP)
    time.sleep(3)
    s.processes["redis"].send_signal(signal.SIGCONT)
    s.end_sensor()


def redis_out_of_memory(s):
    """Redis refuses to write for a while."""
    s.start_redis()
    wait_for(s.redis_is_up, "redis-server does not start")
    s.start_collector()
    s.start_sensor()
    s.wait_written(500)
    s.redis("CONFIG", "SET", "maxmemory", "1")
    wait_for(lambda: "OOM" in s.log("sensor"), "the sensor does not say that Redis is full", 20)
    time.sleep(1)
    check(s.is_alive("sensor"), "the sensor ended although Redis takes nothing")
    s.redis("CONFIG", "SET", "maxmemory", "0")
    s.end_sensor()


def redis_came_back_empty(s):
    """Redis loses everything, within the ten seconds that the spool keeps records."""
    s.start_redis()
    s.start_sensor()  # no collector yet: all that Redis has is lost with it
    wait_for(lambda: s.redis("XLEN", "guan:events:{%s}" % SENSOR_ID).isdigit() and
             int(s.redis("XLEN", "guan:events:{%s}" % SENSOR_ID)) > 500, "nothing reaches Redis")
    s.kill("redis")
    s.wipe_redis()
    s.start_redis()
    s.start_collector()
    s.end_sensor()


def redis_came_back_empty_and_late(s):
    """As before, but Redis stays away longer than records are kept after a reply, and the sensor
    is started anew meanwhile: the time that nobody answers must not count."""
    keep = ("--set", "guan.redis.keep-after-reply=2s")
    s.start_redis()
    s.start_sensor(*keep)
    s.end_sensor()  # all has been acknowledged
    s.kill("redis")
    s.wipe_redis()
    s.start_sensor(*keep, captures="short", drain=False)
    s.end_sensor()
    time.sleep(3)
    s.start_sensor(*keep, captures="captures")
    time.sleep(3)
    s.start_redis()
    s.start_collector()
    s.end_sensor()


def redis_absent(s):
    """A whole replay without Redis: the spool keeps it for the next start."""
    s.start_collector()
    s.start_sensor(drain=False)
    s.end_sensor()
    check(s.state()[1] > 1000, "the replay wrote next to nothing")


def secret(s, name, text):
    with open(s.path(name), "w", encoding="ascii") as f:
        f.write(text + "\n")
    return s.path(name)


def refused_then_let_in(s, wrong, right, says):
    """Whoever tells no password or a wrong one delivers nothing, says why, and keeps it all."""
    for more, word in (([], "NOAUTH"), (["--redis-password-file", secret(s, "wrong", wrong)], says)):
        s.more["sensor"] = more
        s.start_sensor(captures="short")  # waits to deliver until it is told to end
        wait_for(lambda: word in s.log("sensor"),
                 "the sensor does not tell what Redis refused (%s)" % word)
        s.processes["sensor"].terminate()
        s.end_sensor()
        check(s.redis("EXISTS", "guan:events:{%s}" % SENSOR_ID) == "0", "records came all the same")
    file = ["--redis-password-file", secret(s, "right", right)]
    s.more["sensor"] = file
    s.more["collector"] = s.more["collector"] or file
    s.start_collector()
    s.start_sensor()
    s.end_sensor()
    for name in ("sensor", "collector"):
        for word in (wrong.split()[-1], right.split()[-1]):
            check(word not in s.log(name), "the %s's log holds a password" % name)


def redis_asks_for_a_password(s):
    """requirepass: the default user has one."""
    s.more["redis"] = ["--requirepass", "kx7-hidden-word"]
    s.redis_password = "kx7-hidden-word"
    s.start_redis()
    wait_for(s.redis_is_up, "redis-server does not start")
    refused_then_let_in(s, "zz9-other-word", "kx7-hidden-word", "WRONGPASS")


def redis_knows_users(s):
    """ACL: sensor and collector have users of their own, and the sensor's may do only what
    guan-sensor.yaml says that it needs."""
    s.more["redis"] = [
        "--user", *"edge on >kx7-hidden-word ~guan:* +sadd +info +xadd +xlen".split(),
        "--user", *"center on >qq4-hidden-word ~* +@all".split(),
        "--user", *"default off".split()]
    s.redis_user, s.redis_password = "center", "qq4-hidden-word"
    s.more["collector"] = ["--redis-password-file",
                           secret(s, "collector", "center qq4-hidden-word")]
    s.start_redis()
    wait_for(s.redis_is_up, "redis-server does not start")
    refused_then_let_in(s, "edge zz9-other-word", "edge kx7-hidden-word", "WRONGPASS")
    check("NOPERM" not in s.log("sensor"), "the sensor's user may not do what it must")
    # The same by settings instead of a file; settle() goes on with them.
    s.more["sensor"] = ["--set", "guan.redis.user=edge",
                        "--set", "guan.redis.password=kx7-hidden-word"]


SCENARIOS = [redis_asks_for_a_password, redis_knows_users, redis_stalled, redis_out_of_memory, redis_came_back_empty,
             redis_came_back_empty_and_late, redis_absent, killed_at_random_moments]


def run(build, source, scenario):
    stand = Stand(build, source)
    begin = time.monotonic()
    try:
        scenario(stand)
        total = stand.settle()
        print("ok    %s: %d records of %d starts (%d s)" % (
            scenario.__name__, total, len(stand.expected()), time.monotonic() - begin), flush=True)
        return True
    except Failed as e:
        print("FAIL  %s: %s" % (scenario.__name__, e))
        for name in ("sensor", "collector"):
            if os.path.exists(stand.path(name + ".log")):
                print("  --- %s" % name)
                print("\n".join("  " + l for l in stand.log(name).splitlines()[-25:]), flush=True)
        return False
    finally:
        stand.close()


def main():
    build, source, wanted = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    print("seed %d, %d rounds" % (SEED, ROUNDS), flush=True)
    chosen = [f for f in SCENARIOS if not wanted or f.__name__ in wanted]
    check(chosen, "no such scenario; there are: %s" % ", ".join(f.__name__ for f in SCENARIOS))
    failed = [f.__name__ for f in chosen if not run(build, source, f)]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
