#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Confirms one incident through the API, marked as an exercise: exercise.py API PASSWORD-FILE.

The gravest open case of a facility becomes a suspected incident; a person (here: this script, as
admin) confirms it and its grade; its clocks run from then on.
"""
import datetime
import json
import sys
import urllib.request


class Api:
    def __init__(self, base):
        self.base, self.cookie, self.csrf = base + "/api/v1", None, None

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.cookie:
            request.add_header("Cookie", self.cookie)
        if self.csrf and method != "GET":
            request.add_header("X-CSRF-Token", self.csrf)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                cookie = answer.headers.get("Set-Cookie")
                if cookie:
                    self.cookie = cookie.split(";")[0]
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            sys.exit("%s %s: %d %s" % (method, path, error.code, error.read().decode()))


def main():
    api = Api(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as f:
        password = f.read().strip()
    session = api.call("POST", "/session", {"user": "admin", "password": password})
    api.csrf = session["csrf_token"]
    running = [i for i in api.call("GET", "/incidents?limit=100")["items"] if i.get("exercise")]
    if running:
        print("an exercise is already there: incident %s" % running[0]["id"])
        return
    # Critical facilities have the shortest clock (E1, one hour).
    critical = {f["id"] for f in api.call("GET", "/facilities?limit=200")["items"] if f["is_cii"]}
    cases = api.call("GET", "/cases?limit=200")["items"]
    cases = [c for c in cases if c.get("facility") and c["facility"]["id"] in critical]
    if not cases:
        sys.exit("no case of a facility to confirm")
    # Severity 1 is the gravest.
    case = min(cases, key=lambda c: (c.get("severity") or 9, -(c.get("count") or 0)))
    incident = api.call("POST", "/cases/%s/incident" % case["id"],
                        {"why": "演练：从告警升级为疑似事件", "exercise": True})
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    incident = api.call("POST", "/incidents/%s/confirm" % incident["id"], {
        "discovered_at": now,
        "grade": "较大",
        "basis": "演练：关键信息基础设施主要功能中断 30 分钟以上（G2）",
        "exercise": True,
    })
    print("confirmed incident %s (exercise 演练), grade %s" % (incident["id"], incident["grade_report"]))
    for edge in incident["edges"]:
        print("  %-4s %s -> %s  due %s  %s" % (edge["edge"], edge["from"], edge["to"],
                                             edge["due_at"], edge["state"]))


if __name__ == "__main__":
    main()
