#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The application behind nginx in the portal captures. It is weak on purpose, so that the
captures hold not only attacks but also what a weak server answers to them. It must never
run outside the namespaces of the recording scripts.

usage: portal.py PORT DATA-FOLDER

  GET  /news?id=        SQL built from text (sqlite3), its errors are shown
  GET  /search?q=       echoes the term
  POST /login           says whether it was operator/Jh-2026-ops
  POST /upload          stores a multipart file below DATA-FOLDER/uploads
  GET  /download?file=  opens DATA-FOLDER/files/<file>, dots and all
  GET  /ping?host=      gives the text to a shell
  any other             logs the request; a ${jndi:ldap://...} in it is looked up, as a
                        vulnerable Java logger would: TCP connect and LDAP bind
"""
import http.server
import json
import os
import re
import socket
import socketserver
import sqlite3
import subprocess
import sys
import urllib.parse

NEWS = [(1, "江海省联网收费系统升级公告", "11月28日零时起全省收费站系统升级。"),
        (2, "冬季恶劣天气行车提示", "大雾天气请减速慢行，关注可变情报板。"),
        (3, "船闸检修通航安排", "一号船闸12月5日至7日停航检修。")]
# An LDAPv3 anonymous simple bind: what a Java naming look-up sends first.
LDAP_BIND = bytes.fromhex("300c020101600702010304008000")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "JianghaiPortal/1.0"
    sys_version = ""

    def log_message(self, *args):
        pass

    def reply(self, code, text, kind="text/html; charset=utf-8"):
        body = text if isinstance(text, bytes) else text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def look_up(self, data):
        text = self.requestline + str(self.headers) + data.decode("latin-1")
        m = re.search(r"\$\{jndi:ldap://([0-9.]+):(\d+)", text)
        if not m:
            return
        try:
            with socket.create_connection((m.group(1), int(m.group(2))), 2) as s:
                s.sendall(LDAP_BIND)
                s.recv(256)
        except OSError:
            pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        arg = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        route = {"/news": self.news, "/search": self.search, "/download": self.download,
                 "/ping": self.ping}.get(url.path)
        if route:
            return route(arg)
        self.look_up(b"")
        self.reply(404, "<h1>404 页面不存在</h1>")

    do_HEAD = do_GET

    def news(self, arg):
        db = sqlite3.connect(":memory:")
        db.execute("create table news(id integer, title text, body text)")
        db.executemany("insert into news values(?,?,?)", NEWS)
        sql = "select title, body from news where id=" + arg.get("id", "1")
        try:
            rows = db.execute(sql).fetchall()
        except sqlite3.Error as e:
            return self.reply(500, f"<pre>sqlite3.{type(e).__name__}: {e}</pre>")
        self.reply(200, "".join(f"<h2>{t}</h2><p>{b}</p>" for t, b in rows) or "无此新闻")

    def search(self, arg):
        self.reply(200, f"<h1>搜索结果</h1><p>“{arg.get('q', '')}” 共 0 条</p>")

    def download(self, arg):
        try:
            with open(os.path.join(DATA, "files", arg.get("file", "")), "rb") as f:
                self.reply(200, f.read(), "application/octet-stream")
        except OSError:
            self.reply(404, "<h1>404 文件不存在</h1>")

    def ping(self, arg):
        out = subprocess.run(["sh", "-c", "echo PING " + arg.get("host", "")],
                             capture_output=True, timeout=5).stdout
        self.reply(200, b"<pre>" + out + b"</pre>")

    def do_POST(self):
        path = urllib.parse.urlsplit(self.path).path
        data = self.body()
        self.look_up(data)
        if path == "/login":
            form = urllib.parse.parse_qs(data.decode("latin-1"))
            if form.get("username") == ["operator"] and form.get("password") == ["Jh-2026-ops"]:
                return self.reply(200, "<h1>登录成功</h1>")
            return self.reply(200, "<h1 class=login-failed>用户名或密码错误</h1>")
        if path == "/upload":
            return self.upload(data)
        if path == "/api/settle":
            return self.reply(200, json.dumps({"code": 0, "received": len(data)}),
                              "application/json")
        self.reply(200, json.dumps({"code": 0}), "application/json")

    def do_PUT(self):
        self.body()
        self.reply(405, "<h1>405</h1>")

    do_DELETE = do_TRACE = do_PUT

    def upload(self, data):
        m = re.search(rb'filename="([^"/]+)".*?\r\n\r\n(.*?)\r\n--', data, re.S)
        if not m:
            return self.reply(400, "<h1>400</h1>")
        folder = os.path.join(DATA, "uploads")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, os.path.basename(m.group(1).decode())), "wb") as f:
            f.write(m.group(2))
        self.reply(200, json.dumps({"code": 0, "url": "/uploads/" + m.group(1).decode()}),
                   "application/json")


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    DATA = sys.argv[2]
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
