# SPDX-License-Identifier: Apache-2.0
"""A collector with its own Redis, store and web folder, and a client that checks every answer."""
import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse


def wait_for(condition, what, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(what)


def now_text(offset_s=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset_s))


class Stand:
    """Everything is in one folder that goes away with it."""

    def __init__(self, collector, rules, more=()):
        self.collector, self.rules = collector, rules
        self.folder = tempfile.mkdtemp(prefix="guan-api-")
        self.data = os.path.join(self.folder, "data")
        self.redis_path = os.path.join(self.folder, "redis.sock")
        self.seq = 0
        self.make_www()
        self.redis = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.redis_path, "--dir", self.folder,
             "--save", ""], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        wait_for(lambda: os.path.exists(self.redis_path), "redis-server does not start")
        self.tool("--import", os.path.join(rules, "registry", "sample.yaml"))
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            [collector, "--data", self.data, "--rules", rules, "--redis",
             "unix:" + self.redis_path, "--listen", "127.0.0.1:0", "--dashboards", self.www,
             "--consumer", "c1", *more], stdout=self.log, stderr=self.log)
        try:
            found = wait_for(lambda: re.search(r"API on port (\d+)", self.said()),
                             "the collector does not start")
        except AssertionError:
            self.stop()
            raise
        self.port = int(found.group(1))
        with open(os.path.join(self.data, "first-password"), encoding="utf-8") as f:
            self.password = f.read().split()[-1]

    def make_www(self):
        self.www = os.path.join(self.folder, "www")
        os.makedirs(os.path.join(self.www, "assets"))
        for name, text in (("www/index.html", "<!doctype html><title>关</title>"),
                           ("www/app.js", "export const a = 1;\n"),
                           ("www/assets/style.css", "body{}\n"), ("www/empty.txt", ""),
                           ("www/.hidden.txt", "hidden"), ("www/run.sh", "no type of ours"),
                           ("secret.txt", "secret")):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        os.symlink("../secret.txt", os.path.join(self.www, "link.txt"))
        os.symlink("/etc", os.path.join(self.www, "etc"))

    def tool(self, *words):
        return subprocess.run([self.collector, "--data", self.data, "--rules", self.rules, *words],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=60).stdout.decode()

    def said(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as f:
            return f.read()

    def stop(self):
        """The exit status; sanitizers speak through it."""
        self.process.terminate()
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = -9
        self.redis.kill()
        self.redis.wait()
        self.log.close()
        text = self.said()
        shutil.rmtree(self.folder)
        if code != 0:
            print(text)
        return code

    def add_account(self, name, role):
        """An account with the first password; there is no way to make one over the API."""
        db = sqlite3.connect(os.path.join(self.data, "guan.db"), timeout=10)
        db.execute("INSERT INTO account (name, display_name, role, password_hash, must_change,"
                   " created_at, changed_at) SELECT ?, ?, ?, password_hash, 0, created_at,"
                   " changed_at FROM account WHERE name = 'admin'", (name, name, role))
        db.commit()
        db.close()

    def xadd(self, fields, sensor="edge-1"):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self.redis_path)
        for words in (("SADD", "guan:sensors", sensor),
                      ("XADD", "guan:events:{%s}" % sensor, "*", *fields)):
            words = [w.encode() if isinstance(w, str) else w for w in words]
            sock.sendall(b"*%d\r\n" % len(words) +
                         b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            if sock.recv(4096)[:1] == b"-":
                raise AssertionError("redis refused")
        sock.close()

    def alert(self, **more):
        """Sends one alert through Redis; the event id. Named members replace those of EVE."""
        self.seq += 1
        event_id = "edge-1/1767574923/%d" % self.seq
        eve = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000+0000", time.gmtime()),
            "flow_id": self.seq, "event_type": "alert", "src_ip": "10.20.9.9", "src_port": 40000,
            "dest_ip": "10.20.1.10", "dest_port": 502, "proto": "TCP", "app_proto": "modbus",
            "modbus": {"function": 6}, "payload": "AAEAAAAGAQYAAQAC",
            "payload_printable": "............", "flow": {"pkts_toserver": 3},
            "alert": {"action": "allowed", "gid": 1, "signature_id": 1900300, "rev": 2,
                      "signature": "GUAN 收费专网写线圈", "category": "Attempted", "severity": 1,
                      "metadata": {"guan_category": ["0203"]}},
            "guan": {"id": event_id, "zone": "priv-toll", "sensor": "edge-1",
                     "rule": "alert tcp any any -> any any (sid:1900300;)",
                     "hits": [{"buffer": "payload", "offset": 7, "length": 1},
                              {"buffer": "modbus", "offset": 0, "length": 2}],
                     "geo": {"src": {"country": "CN", "city": "杭州"}}},
        }
        for key, value in more.items():
            if isinstance(value, dict) and key in eve:
                eve[key] = {**eve[key], **value}
            else:
                eve[key] = value
        self.xadd(("id", event_id, "type", eve["event_type"], "v", "1", "eve",
                   json.dumps(eve, ensure_ascii=False)))
        return event_id


class Client:
    """One user's connection. Each answer is held against the contract."""

    def __init__(self, stand, contract):
        self.stand, self.contract = stand, contract
        self.cookie = self.csrf = None
        self.headers = {}

    def raw(self, method, path, body=None, headers=None):
        """(status, headers, bytes), unchecked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stand.port, timeout=20)
        send = {**self.headers}
        if self.cookie:
            send["Cookie"] = self.cookie
        if self.csrf and method != "GET":
            send["X-CSRF-Token"] = self.csrf
        if body is not None:
            send["Content-Type"] = "application/json"
        send.update(headers or {})
        send = {k: v for k, v in send.items() if v is not None}
        connection.request(method, path, body=body, headers=send)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, response.headers, data

    def call(self, method, path, body=None, status=200, headers=None):
        """The checked value of an answer that must have this status."""
        if body is not None and status < 300:
            self.contract.check_request(method, path, body)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body, ensure_ascii=False).encode()
        got, answer_headers, data = self.raw(method, path, body, headers)
        value = self.contract.check(
            method, path, got, answer_headers.get("Content-Type", ""), data)
        if got != status:
            raise AssertionError(f"{method} {path}: {got} {data[:500]!r}, not {status}")
        self.last_headers = answer_headers
        return value

    def login(self, user="admin", password=None, status=201):
        value = self.call("POST", "/api/v1/session",
                          {"user": user, "password": password or self.stand.password}, status)
        if status == 201:
            self.cookie = self.last_headers["Set-Cookie"].split(";")[0]
            self.csrf = value["csrf_token"]
        return value

    def get(self, path, status=200, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return self.call("GET", path, None, status)

    def post(self, path, body, status=200):
        return self.call("POST", path, body, status)


class Events:
    """A reader of GET /api/v1/stream."""

    def __init__(self, client, last_id=None):
        self.sock = socket.create_connection(("127.0.0.1", client.stand.port), timeout=30)
        extra = "Last-Event-ID: %s\r\n" % last_id if last_id else ""
        self.sock.sendall(("GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n%s\r\n" %
                           (client.cookie, extra)).encode())
        self.file = self.sock.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass

    def next(self):
        """(id, event, data) of the next event; chunk sizes, retry and pings are passed over."""
        found = {}
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError
            key, _, value = line.decode().rstrip("\r\n").partition(": ")
            if key in ("id", "event", "data"):
                found[key] = value
            if key == "data":
                return found["id"], found["event"], json.loads(value)

    def until(self, event):
        while True:
            found = self.next()
            if found[1] == event:
                return found

    def close(self):
        self.file.close()
        self.sock.close()
