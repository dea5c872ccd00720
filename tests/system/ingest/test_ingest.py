#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The collector against a real Redis: every id stored exactly once, whatever dies when.

    test_ingest.py COLLECTOR RULES [unittest arguments]

Each test has a folder, a redis-server on a Unix socket in it and collectors of its own. The
seed of what is random is printed; GUAN_TEST_SEED repeats a run.
"""
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

COLLECTOR = ""
RULES = ""
SEED = int(os.environ.get("GUAN_TEST_SEED", time.time_ns() % 1000000))


class Redis:
    """A server, and one connection to it."""

    def __init__(self, folder, fsync="always"):
        self.folder = folder
        self.fsync = fsync
        self.path = os.path.join(folder, "redis.sock")
        self.process = None
        self.sock = self.buffer = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--dir", self.folder,
             "--save", "", "--appendonly", "yes", "--appendfsync", self.fsync],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        wait_for(self.is_up, "redis-server does not start")

    def is_up(self):
        with contextlib.suppress(OSError, ConnectionError, RuntimeError):
            self.connect()
            if self.command("PING") == b"PONG":
                return True
        self.disconnect()
        return False

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)
        self.buffer = self.sock.makefile("rb")

    def disconnect(self):
        if self.buffer:
            self.buffer.close()
        self.sock.close()
        self.buffer = None

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.disconnect()

    @staticmethod
    def encode(words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)

    def reply(self):
        line = self.buffer.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("redis closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(text.decode())
        if kind == b"+":
            return text
        if kind == b":":
            return int(text)
        if int(text) < 0:
            return None
        if kind == b"$":
            return self.buffer.read(int(text) + 2)[:-2]
        return [self.reply() for _ in range(int(text))]

    def command(self, *words):
        self.sock.sendall(self.encode(words))
        return self.reply()

    def pipeline(self, commands):
        self.sock.sendall(b"".join(map(self.encode, commands)))
        return [self.reply() for _ in commands]


def wait_for(condition, what, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(what)


def stream(sensor):
    return "guan:events:{%s}" % sensor


def record(sensor, epoch, seq):
    """The type and the EVE line of one record; every fourth is an alert, every third of which
    belongs to nobody."""
    name = "%s/%d/%d" % (sensor, epoch, seq)
    eve = {
        "timestamp": "2026-01-05T%02d:%02d:%02d.%06d+0000" % (
            seq // 3600 % 24, seq // 60 % 60, seq % 60, seq),
        "flow_id": seq, "event_type": "flow", "src_ip": "198.51.100.%d" % (seq % 5),
        "src_port": 40000, "dest_ip": "203.0.113.10", "dest_port": 443, "proto": "TCP",
        "guan": {"id": name, "zone": "net-portal", "sensor": sensor},
    }
    if seq % 4 == 0:
        eve["event_type"] = "alert"
        eve["alert"] = {"action": "allowed", "gid": 1, "signature_id": 1900200 + seq % 3, "rev": 1,
                        "signature": "GUAN 扫描", "category": "Scanning", "severity": 1 + seq % 3,
                        "metadata": {"guan_category": ["0201"]}}
        if seq % 3 == 0:
            eve["dest_ip"] = "192.0.2.%d" % (seq % 2)
    return eve["event_type"], json.dumps(eve, ensure_ascii=False)


def xadd(sensor, epoch, seq):
    kind, eve = record(sensor, epoch, seq)
    return ("XADD", stream(sensor), "*", "id", "%s/%d/%d" % (sensor, epoch, seq), "type", kind,
            "v", "1", "eve", eve)


class Collector:
    def __init__(self, data, redis_path, *more):
        self.log = open(os.path.join(os.path.dirname(data), "collector.log"), "ab")
        self.process = subprocess.Popen(
            [COLLECTOR, "--data", data, "--redis", "unix:" + redis_path, "--rules", RULES,
             "--listen", "127.0.0.1:0", "--consumer", "c1", *more],
            stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.log.close()
        return code


class Ingest(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.folder = tempfile.mkdtemp(prefix="guan-ingest-")
        self.data = os.path.join(self.folder, "data")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.redis = Redis(self.folder)
        self.addCleanup(self.redis.kill)
        self.collector = None
        self.addCleanup(lambda: self.collector and self.collector.kill())
        self.addCleanup(self.tell_log)
        self.run_tool("--import", os.path.join(RULES, "registry", "sample.yaml"))

    def run_tool(self, *words, code=0, stdin=None):
        done = subprocess.run([COLLECTOR, "--data", self.data, "--rules", RULES, *words],
                              input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout.decode()

    def start(self, *more):
        self.collector = Collector(self.data, self.redis.path, *more)

    def tell_log(self):
        """What the collector said, when the test did not end well."""
        result = self._outcome.result
        if self.collector and any(t is self for t, _ in result.failures + result.errors):
            print(self.log())

    def log(self):
        with open(os.path.join(self.folder, "collector.log"), encoding="utf-8") as f:
            return f.read()

    def counts(self):
        """{(sensor, epoch): (count, max)} as the collector tells it."""
        rows = [line.split() for line in self.run_tool("--count-events").splitlines()]
        return {(r[0], int(r[1])): (int(r[2]), int(r[3])) for r in rows}

    def sql(self, query):
        with contextlib.closing(
                sqlite3.connect("file:%s/guan.db?mode=ro" % self.data, uri=True)) as db:
            return db.execute(query).fetchall()

    def is_drained(self, sensors):
        """Nothing left in Redis: all delivered, acknowledged and trimmed."""
        return all(self.redis.command("XLEN", stream(s)) == 0 for s in sensors)

    def check_store(self, expected):
        """expected: {(sensor, epoch): highest seq}, all from 1 on."""
        self.assertEqual(self.counts(), {k: (n, n) for k, n in expected.items()})
        alerts = sum(n // 4 for n in expected.values())
        strays = sum(n // 12 for n in expected.values())
        self.assertEqual(self.sql("SELECT count(*) FROM alert"), [(alerts,)])
        # What is counted beside the rows was counted in the same transactions.
        self.assertEqual(self.sql("SELECT sum(count) FROM alert_case"), [(alerts,)])
        self.assertEqual(self.sql("SELECT sum(count) FROM unmapped"), [(strays,)])
        self.assertEqual(self.sql("SELECT count(*) FROM alert WHERE facility IS NULL"), [(strays,)])
        self.assertEqual(self.sql("SELECT sum(records) FROM sensor"), [(sum(expected.values()),)])
        self.assertEqual(self.sql(
            "SELECT c.id FROM alert_case c WHERE c.count <>"
            " (SELECT count(*) FROM alert a WHERE a.case_id = c.id)"), [])
        # All arrived: one range for each run of a sensor.
        self.assertEqual(sorted(self.sql(
            "SELECT s.name, e.epoch, e.first_seq, e.last_seq FROM event_seen e"
            " JOIN sensor s ON s.id = e.sensor")),
            sorted((s, e, 1, n) for (s, e), n in expected.items()))
        self.assertEqual(self.sql("SELECT count(*) FROM dead_letter"), [(0,)])
        self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])

    def test_killed_at_any_moment_every_id_is_stored_once(self):
        sensors = {"edge-1": (3, 3000), "edge-2": (7, 2400), "toll.1": (1, 1200)}
        todo = []
        for sensor, (epoch, n) in sensors.items():
            self.redis.command("SADD", "guan:sensors", sensor)
            ids = [(sensor, epoch, seq) for seq in range(1, n + 1)]
            # Sent again after broken connections: in blocks out of order, a third of it twice.
            again = self.random.sample(ids, n // 3)
            blocks = [ids[i:i + 50] for i in range(0, n, 50)]
            self.random.shuffle(blocks)
            todo += [x for block in blocks for x in block] + again
        chunks = [todo[i:i + 40] for i in range(0, len(todo), 40)]
        self.random.shuffle(chunks)

        kills = 0
        self.start()
        deadline = time.monotonic() + self.random.uniform(0.05, 0.4)
        for chunk in chunks:
            self.redis.pipeline([xadd(*x) for x in chunk])
            time.sleep(0.01)
            if time.monotonic() >= deadline:
                self.collector.kill()
                kills += 1
                self.start()
                deadline = time.monotonic() + self.random.uniform(0.05, 0.6)
        # And a few more while it works off what has piled up.
        for _ in range(5):
            time.sleep(self.random.uniform(0.02, 0.3))
            self.collector.kill()
            kills += 1
            self.start()
        self.assertGreater(kills, 7)
        wait_for(lambda: self.is_drained(sensors), "the streams are not worked off")
        self.assertEqual(self.collector.stop(), 0)
        self.check_store({(s, e): n for s, (e, n) in sensors.items()})

    def test_redis_killed_restarted_and_flushed(self):
        self.redis.command("SADD", "guan:sensors", "edge-1")
        self.start()
        self.redis.pipeline([xadd("edge-1", 1, q) for q in range(1, 301)])
        wait_for(lambda: self.is_drained(["edge-1"]), "the first part is not taken in")
        self.redis.kill()
        wait_for(lambda: "connection lost" in self.log() or "cannot connect" in self.log(),
                 "the loss is not said")
        self.redis.start()
        self.redis.pipeline([xadd("edge-1", 1, q) for q in range(301, 601)])
        wait_for(lambda: self.is_drained(["edge-1"]), "not taken up again after the restart")

        # Flushed: set, stream and group are gone; the sensor comes back and sends all again.
        self.redis.command("FLUSHALL")
        wait_for(lambda: "gone; making the group again" in self.log(), "the flush is not said")
        self.redis.command("SADD", "guan:sensors", "edge-1")
        self.redis.pipeline([xadd("edge-1", 1, q) for q in range(1, 901)])
        wait_for(lambda: self.counts().get(("edge-1", 1)) == (900, 900), "lost after the flush")
        wait_for(lambda: self.is_drained(["edge-1"]), "not trimmed after the flush")
        self.assertEqual(self.collector.stop(), 0)
        self.check_store({("edge-1", 1): 900})

    def test_wrong_types_are_said_and_hold_up_nobody_else(self):
        self.redis.command("SET", "guan:sensors", "x")
        self.start()
        wait_for(lambda: "guan:sensors is not a set" in self.log(), "not said")
        self.redis.command("DEL", "guan:sensors")
        self.redis.command("SET", stream("bad-1"), "not a stream")
        self.redis.command("SADD", "guan:sensors", "bad-1", "good-1", "no/name", "")
        self.redis.pipeline([xadd("good-1", 1, q) for q in range(1, 101)])
        wait_for(lambda: self.counts() == {("good-1", 1): (100, 100)}, "held up")
        self.assertIn("guan:events:{bad-1} is not a stream", self.log())
        self.redis.command("DEL", stream("bad-1"))
        self.redis.pipeline([xadd("bad-1", 1, q) for q in range(1, 101)])
        wait_for(lambda: self.is_drained(["bad-1", "good-1"]), "not taken up after the repair")
        self.assertEqual(self.collector.stop(), 0)
        self.check_store({("good-1", 1): 100, ("bad-1", 1): 100})

    def test_a_lasting_refusal_is_said_once_and_a_sensor_gone_is_forgotten(self):
        def said(text):
            return self.log().count(text)

        self.redis.command("SADD", "guan:sensors", "edge-1", "old-1", "busy-1")
        self.redis.pipeline([xadd(s, 1, q) for s in ("edge-1", "old-1") for q in range(1, 101)])
        # A Redis user who may do all but claim, and not make the group of one stream.
        self.redis.command("ACL", "SETUSER", "guan", "on", ">pass", "allcommands", "-xautoclaim",
                           "%RW~guan:sensors", "%RW~guan:events:{edge-1}", "%RW~guan:events:{old-1}")
        secret = os.path.join(self.folder, "secret")
        with open(secret, "w", encoding="ascii") as f:
            f.write("guan pass\n")
        self.start("--redis-password-file", secret)
        wait_for(lambda: self.is_drained(["edge-1", "old-1"]), "the refusals hold up the others")
        self.redis.command("SREM", "guan:sensors", "old-1")
        wait_for(lambda: said("sensor old-1 is gone and has left nothing") == 1, "not forgotten")
        self.assertEqual(said("has no group: NOPERM"), 1)
        self.assertEqual(said("'xautoclaim' command"), 1)
        self.assertEqual(said("well again"), 0)
        # It comes back, and the one in trouble gets well.
        self.redis.command("ACL", "SETUSER", "guan", "allkeys", "allcommands")
        self.redis.command("SADD", "guan:sensors", "old-1")
        self.redis.pipeline([xadd(s, 1, q) for s in ("old-1", "busy-1") for q in range(101, 201)] +
                            [xadd("busy-1", 1, q) for q in range(1, 101)])
        wait_for(lambda: self.is_drained(["old-1", "busy-1"]), "not taken up again")
        self.assertEqual(said("reading sensor old-1"), 2)
        self.assertEqual(said("guan:events:{busy-1} can be read again"), 1)
        self.assertEqual(self.collector.stop(), 0)
        self.check_store({("edge-1", 1): 100, ("old-1", 1): 200, ("busy-1", 1): 200})

    def test_what_another_group_wants_is_not_trimmed(self):
        key = stream("edge-1")
        self.redis.command("SADD", "guan:sensors", "edge-1")
        self.redis.pipeline([xadd("edge-1", 1, q) for q in range(1, 41)])
        self.redis.command("XGROUP", "CREATE", key, "archive 1", "0")
        theirs = self.redis.command(
            "XREADGROUP", "GROUP", "archive 1", "a", "COUNT", "30", "STREAMS", key, ">")[0][1]
        ids = [e[0] for e in theirs]
        self.redis.command("XACK", key, "archive 1", *ids[:10], *ids[20:])
        self.start()
        # Ten it has acknowledged are cut; the pending ten and what lies above stay.
        wait_for(lambda: self.redis.command("XLEN", key) == 30, "not cut below the other group")
        self.redis.command("XACK", key, "archive 1", *ids[10:20])
        wait_for(lambda: self.redis.command("XLEN", key) == 10, "not cut to what was delivered")
        time.sleep(2.5)  # one trim more
        self.assertEqual(self.redis.command("XLEN", key), 10)
        self.redis.command("XGROUP", "DESTROY", key, "archive 1")
        wait_for(lambda: self.is_drained(["edge-1"]), "not cut without the other group")
        self.assertEqual(self.collector.stop(), 0)
        self.check_store({("edge-1", 1): 40})

    def test_what_another_consumer_left_is_not_trimmed_and_own_leftovers_come_first(self):
        key = stream("edge-1")
        self.redis.command("SADD", "guan:sensors", "edge-1")
        self.redis.pipeline([xadd("edge-1", 1, q) for q in range(1, 41)])
        self.redis.command("XGROUP", "CREATE", key, "collector", "0")
        # Ten delivered to this consumer's earlier life, ten to one that is gone.
        self.redis.command("XREADGROUP", "GROUP", "collector", "c1", "COUNT", "10", "STREAMS", key, ">")
        theirs = self.redis.command(
            "XREADGROUP", "GROUP", "collector", "gone", "COUNT", "10", "STREAMS", key, ">")
        self.start()
        wait_for(lambda: self.counts() == {("edge-1", 1): (30, 40)}, "own and new are not stored")
        wait_for(lambda: self.redis.command("XLEN", key) == 30, "stored entries are not trimmed")
        left = self.redis.command("XRANGE", key, "-", "+")
        for entry_id, _ in theirs[0][1]:
            self.assertIn(entry_id, [e[0] for e in left])
        # A minute without sign of life, as far as Redis knows: now they may be claimed.
        self.redis.command("XCLAIM", key, "collector", "gone", "0",
                           *[e[0] for e in theirs[0][1]], "IDLE", "61000", "JUSTID")
        self.assertEqual(self.collector.stop(), 0)
        self.start() # claims at its start; a running one looks every half minute
        wait_for(lambda: self.is_drained(["edge-1"]), "what is stale is not claimed")
        self.assertEqual(self.collector.stop(), 0)
        self.check_store({("edge-1", 1): 40})

    def test_a_password_is_given_and_a_wrong_one_is_said(self):
        secret = os.path.join(self.folder, "secret")
        with open(secret, "w", encoding="ascii") as f:
            f.write("guess\n")
        self.redis.command("SADD", "guan:sensors", "edge-1")
        self.redis.pipeline([xadd("edge-1", 1, q) for q in range(1, 101)])
        self.redis.command("CONFIG", "SET", "requirepass", "correct horse")
        self.start("--redis-password-file", secret)
        wait_for(lambda: "WRONGPASS" in self.log() and "NOAUTH" in self.log(), "not said")
        self.assertIsNone(self.collector.process.poll())
        self.assertEqual(self.collector.stop(), 0)
        with open(secret, "w", encoding="ascii") as f:
            f.write("default correct horse\n")
        self.start("--redis-password-file", secret)
        wait_for(lambda: self.is_drained(["edge-1"]), "not taken in with the right password")
        self.assertEqual(self.collector.stop(), 0)
        self.assertNotIn("correct horse", self.log())
        self.check_store({("edge-1", 1): 100})

    def test_malformed_entries_are_kept_aside_and_acknowledged(self):
        key = stream("edge-1")
        self.redis.command("SADD", "guan:sensors", "edge-1")
        bad = [
            ("XADD", key, "*", "nothing", "here"),
            ("XADD", key, "*", "id", "edge-1/1/1", "type", "flow", "v", "1", "eve", b"\xff\x00{"),
            ("XADD", key, "*", "id", "edge-2/1/1", "type", "flow", "v", "1", "eve", "{}"),
            ("XADD", key, "*", "id", "edge-1/1/2", "type", "flow", "v", "9", "eve", "{}"),
            ("XADD", key, "*", "id", "edge-1/1/3", "type", "flow", "v", "1", "eve", "[" * 100000),
            ("XADD", key, "*", "id", "edge-1/1/4", "type", "flow", "v", "1", "eve",
             '{"timestamp":"2026-01-05T00:00:00Z","event_type":"flow","x":"%s"}' % ("y" * 1100000)),
        ]
        self.redis.pipeline(bad + [xadd("edge-1", 2, 1)])
        self.start()
        wait_for(lambda: self.is_drained(["edge-1"]), "malformed entries block the stream")
        self.assertEqual(self.collector.stop(), 0)
        self.assertEqual(self.counts(), {("edge-1", 2): (1, 1)})
        reasons = [r[0] for r in self.sql("SELECT reason FROM dead_letter ORDER BY id")]
        self.assertEqual(len(reasons), len(bad))
        for reason, pattern in zip(reasons, [
                "no field id", "not JSON", "names another sensor", "version is not 1", "not JSON",
                "more than 1048576"]):
            self.assertRegex(reason, pattern)
        self.assertEqual(self.sql("SELECT value FROM counter WHERE name = 'dead_letter'"),
                         [(len(bad),)])
        self.assertLessEqual(self.sql("SELECT max(length(raw)) FROM dead_letter")[0][0], 65536)

    def test_a_locked_store_keeps_records_in_redis(self):
        self.redis.command("SADD", "guan:sensors", "edge-1")
        self.start()
        wait_for(lambda: "reading sensor edge-1" in self.log(), "not started")
        with contextlib.closing(sqlite3.connect(self.data + "/guan.db", isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            self.redis.pipeline([xadd("edge-1", 1, q) for q in range(1, 101)])
            wait_for(lambda: "records stay in Redis" in self.log(), "the trouble is not said")
            self.assertEqual(self.redis.command("XLEN", stream("edge-1")), 100)
            db.execute("ROLLBACK")
        wait_for(lambda: self.is_drained(["edge-1"]), "not stored after the lock was gone")
        self.assertEqual(self.collector.stop(), 0)
        self.check_store({("edge-1", 1): 100})

    def test_one_collector_at_a_time_and_the_first_password(self):
        self.start()
        wait_for(lambda: "connected to Redis" in self.log(), "not started")
        second = subprocess.run([COLLECTOR, "--data", self.data, "--rules", RULES],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(second.returncode, 1)
        self.assertIn("in use by another collector (process %d)" % self.collector.process.pid,
                      second.stderr.decode())
        path = os.path.join(self.data, "first-password")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="ascii") as f:
            password = f.read().strip()
        self.assertIn("user admin, password " + password, self.log())
        for name in os.listdir(self.data):
            self.assertEqual(os.stat(os.path.join(self.data, name)).st_mode & 0o077, 0, name)
        fresh = self.run_tool("--reset-password", "admin").strip()
        self.assertNotEqual(fresh, password)
        self.run_tool("--reset-password", "nobody", code=1)
        self.assertEqual(self.collector.stop(), 0)

    def test_command_line(self):
        for words, code, text in [
                (["-V"], 0, r"guan-collector \d"),
                (["--help"], 0, "--count-events"),
                (["--nonsense"], 2, "nonsense"),
                ([], 2, "--data DIR is missing"),
                (["--data", self.data, "--import"], 2, "at least one file"),
                (["--data", self.data, "--summary", "--count-events"], 2, "only one command"),
                (["--data", self.data, "stray"], 2, "belongs to no option"),
                (["--data", self.data, "--redis", "nowhere"], 2, "nowhere: expected HOST:PORT, .* or unix:PATH"),
                (["--data", self.data, "--redis", "host:0"], 2, "from 1 to 65535"),
                (["--data", self.data, "--consumer", "a b"], 2, "--consumer"),
                (["--data", self.data, "--rules", RULES, "--import", "/nowhere.yaml"], 2,
                 "nowhere.yaml"),
                (["--data", "/nowhere/at/all", "--summary"], 1, "cannot be opened"),
                (["--data", self.data, "--rules", "/nowhere", "--import", "x.yaml"], 1, "--rules DIR"),
        ]:
            done = subprocess.run([COLLECTOR, *words], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=30)
            self.assertEqual(done.returncode, code, (words, done.stdout))
            self.assertTrue(re.search(text, done.stdout.decode()), (words, done.stdout))

    def test_a_broken_audit_chain_is_found(self):
        self.run_tool("--reset-password", "nobody", code=1)
        self.assertRegex(self.run_tool("--check-audit"), r"^audit: whole, 0 rows, last hash -\n$")
        with contextlib.closing(sqlite3.connect(self.data + "/guan.db")) as db:
            db.execute("INSERT INTO audit (id, at, actor, object_kind, object_id, what, why, prev_hash,"
                       " hash) VALUES (7, 1, 'duty', 'case', 1, 'case.state', '', '', 'made up')")
            db.commit()
        self.assertIn("broken at row 7 (it is not as it was written), 0 rows before it fit",
                      self.run_tool("--check-audit", code=3))

    def test_accounts_are_made_and_changed(self):
        def users():
            return [tuple(line.split()) for line in self.run_tool("--list-users").splitlines()]

        made = self.run_tool("--add-user", "chief", "--role", "admin", "--full-name", "值班长").strip()
        self.assertRegex(made, r"^[A-Za-z2-9]{24}$")
        said = self.run_tool("--add-user", "duty", "--role", "viewer", "--password-stdin",
                             stdin="关基设施-correct horse\n".encode())
        self.assertEqual(said, "")
        self.assertEqual(users(), [("chief", "admin", "must-change", "值班长"),
                                   ("duty", "viewer", "-", "duty")])
        for stdin in (b"", b"short\n", b"x" * 257 + b"\n", b"x" * 5000):
            self.run_tool("--add-user", "other", "--role", "viewer", "--password-stdin", stdin=stdin,
                          code=1)
        self.run_tool("--add-user", "duty", "--role", "viewer", code=1)
        self.run_tool("--add-user", "other", "--role", "root", code=2)
        self.run_tool("--add-user", "a b", "--role", "viewer", code=2)
        self.run_tool("--add-user", "other", code=2)
        self.run_tool("--remove-user", "duty", "--role", "viewer", code=2)
        self.run_tool("--set-role", "nobody", "--role", "viewer", code=1)
        self.run_tool("--set-role", "chief", "--role", "viewer", code=1)
        self.run_tool("--remove-user", "chief", code=1)
        self.assertEqual(len(users()), 2)
        self.run_tool("--set-role", "duty", "--role", "admin", "--who", "owner")
        self.run_tool("--remove-user", "chief")
        self.run_tool("--reset-password", "duty")
        self.assertEqual(users(), [("duty", "admin", "must-change", "duty")])
        self.assertEqual(self.sql("SELECT what, from_value, to_value FROM audit ORDER BY id"), [
            ("account.made", None, "admin"), ("account.made", None, "viewer"),
            ("account.role", "viewer", "admin"), ("account.removed", "chief", None),
            ("account.password", None, None)])
        self.assertEqual(self.sql("SELECT actor FROM audit WHERE what = 'account.role'"), [("owner",)])
        self.assertIn("whole, 5 rows", self.run_tool("--check-audit"))

    def test_summary_has_every_facility_and_the_unmapped(self):
        self.redis.command("SADD", "guan:sensors", "edge-1")
        self.redis.pipeline([xadd("edge-1", 1, q) for q in range(1, 25)])
        self.start()
        wait_for(lambda: self.is_drained(["edge-1"]), "not taken in")
        text = self.run_tool("--summary") # beside the running collector
        self.assertRegex(text, r"(?m)^S-990000-PTL-0001 .* 4 +4 +0 +0$")
        self.assertRegex(text, r"(?m)^S-990000-TOL-0001 .* 0 +0 +0 +0$")
        self.assertRegex(text, r"(?m)^unmapped 2$")
        self.assertEqual(self.collector.stop(), 0)


class FullDisk(Ingest):
    """Runs inside a mount namespace of its own, on a file system that is soon full."""

    def setUp(self):
        super().setUp()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", self.data], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.data])
        self.run_tool("--import", os.path.join(RULES, "registry", "sample.yaml"))

    def test_full_disk(self):
        self.redis.command("SADD", "guan:sensors", "edge-1")
        self.start()
        self.redis.pipeline([xadd("edge-1", 1, q) for q in range(1, 201)])
        wait_for(lambda: self.is_drained(["edge-1"]), "not taken in while there was room")
        filler = os.path.join(self.data, "filler")
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as f:
            while True:
                f.write(b"x" * 4096)
        for q in range(201, 2201, 200):
            self.redis.pipeline([xadd("edge-1", 1, q + i) for i in range(200)])
        wait_for(lambda: "is full; records stay in Redis" in self.log(), "a full disk is not said")
        left = self.redis.command("XLEN", stream("edge-1"))
        self.assertGreater(left, 0)
        time.sleep(1)
        self.assertIsNone(self.collector.process.poll(), "the collector gave up")
        os.unlink(filler)
        wait_for(lambda: self.is_drained(["edge-1"]), "not stored when there was room again")
        self.assertEqual(self.collector.stop(), 0)
        self.check_store({("edge-1", 1): 2200})


def load_tests(loader, standard, pattern):
    suite = unittest.TestSuite()
    suite.addTests(loader.loadTestsFromTestCase(Ingest))
    return suite


def full_disk(arguments):
    """In a namespace where mounting is allowed; 77 (skipped) where the kernel forbids that."""
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("SKIP: no user namespaces here, so no small file system can be made")
        return 77
    return subprocess.run([*unshare, sys.executable, *arguments, "--inside"]).returncode


if __name__ == "__main__":
    COLLECTOR, RULES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    more = sys.argv[3:]
    print("seed", SEED)
    if more == ["--full-disk"]:
        sys.exit(full_disk([os.path.abspath(__file__), COLLECTOR, RULES]))
    if more == ["--inside"]:
        result = unittest.TextTestRunner(verbosity=2).run(FullDisk("test_full_disk"))
        sys.exit(0 if result.wasSuccessful() else 1)
    unittest.main(argv=[sys.argv[0], "-v", *more])
