#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real API against openapi.yaml.

    test_api.py COLLECTOR RULES OPENAPI [unittest arguments]
"""
import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from contract import Contract  # noqa: E402
from stand import Client, Events, Stand, now_text, wait_for  # noqa: E402

COLLECTOR = RULES = OPENAPI = ""
TOLL = "S-990000-TOL-0001"


class ApiTest(unittest.TestCase):
    """One collector for the class, and one logged-in admin."""

    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(COLLECTOR, RULES)
        cls.contract = Contract(OPENAPI)
        cls.api = Client(cls.stand, cls.contract)
        cls.api.login()

    @classmethod
    def tearDownClass(cls):
        if cls.stand.stop() != 0:
            raise AssertionError("the collector did not end well")

    def stranger(self):
        return Client(self.stand, self.contract)

    def quiet_login(self, client, user):
        try:
            return client.login(user)
        except AssertionError:
            return None

    def wait_alert(self, event_id):
        """The list row of an alert that was sent."""
        def find():
            items = self.api.get("/api/v1/alerts", limit=200)["items"]
            return next((a for a in items if a["id"] == event_id), None)
        return wait_for(find, "the alert does not arrive")

    def new_case(self, sid=None, **more):
        """A fresh case of one alert."""
        self.__class__.next_sid = sid = sid or getattr(self, "next_sid", 5000) + 1
        alert = more.pop("alert", {})
        return self.wait_alert(self.stand.alert(
            alert={"action": "allowed", "gid": 1, "signature_id": sid, "rev": 1,
                   "signature": "GUAN test %d" % sid, "category": "c", "severity": 2,
                   "metadata": {"guan_category": ["0203"]}, **alert}, **more))["case"]

    def new_incident(self, **more):
        return self.api.post("/api/v1/cases/%d/incident" % self.new_case(),
                             {"why": "研判", **more}, 201)

    def confirm(self, incident, grade="较大", offset_s=-60, **more):
        return self.api.post("/api/v1/incidents/%d/confirm" % incident["id"],
                             {"discovered_at": now_text(offset_s), "grade": grade,
                              "basis": "G2", **more})


class Reading(ApiTest):
    def test_description_is_the_file(self):
        self.assertEqual(self.stranger().get("/api/openapi.json"),
                         json.loads(json.dumps(self.contract.doc, default=str)))

    def test_health_needs_no_session(self):
        health = self.stranger().get("/api/v1/health")
        self.assertEqual((health["status"], health["checks"]["store"]), ("ok", "ok"))

    def test_everything_else_does(self):
        for path, operations in self.contract.doc["paths"].items():
            for method, operation in operations.items():
                if operation.get("security", [{"session": []}]) != [{"session": []}]:
                    continue
                path = re.sub(r"\{\w+\}", "1", path)
                for cookie in (None, "guan_session=", "guan_session=" + "0" * 64, "guan_session=x",
                               "other=1; guan_session=" + "f" * 64):
                    client = self.stranger()
                    client.cookie = cookie
                    problem = client.call(method.upper(), path, {} if method == "post" else None, 401)
                    self.assertEqual(problem["code"], "no_session")

    def test_an_alert_comes_through_with_its_evidence(self):
        row = self.wait_alert(self.stand.alert())
        self.assertEqual(row["facility"]["id"], TOLL)
        self.assertEqual((row["src"]["country"], row["src"]["city"]), ("CN", "杭州"))
        self.assertEqual((row["dest"]["ip"], row["dest"]["port"]), ("10.20.1.10", 502))
        self.assertTrue(row["mapped"])
        alert = self.api.get("/api/v1/alerts/" + urllib.parse.quote(row["id"], safe=""))
        self.assertEqual({k: alert[k] for k in row}, row)
        self.assertEqual(len(base64.b64decode(alert["payload"]["base64"])), 12)
        self.assertEqual(alert["payload"]["matches"], [{"buffer": "payload", "offset": 7, "length": 1}])
        self.assertEqual(len(alert["matches"]), 2)
        self.assertEqual(alert["app_layer"], {"modbus": {"function": 6}})
        self.assertEqual(alert["flow"], {"pkts_toserver": 3})
        self.assertIn("sid:1900300", alert["rule"])
        self.assertEqual(alert["record"]["guan"]["id"], row["id"])
        case = self.api.get("/api/v1/cases/%d" % row["case"])
        self.assertEqual((case["sid"], case["facility"]["id"]), (1900300, TOLL))

    def test_a_record_with_odd_evidence_still_fits_the_description(self):
        row = self.wait_alert(self.stand.alert(
            payload=17, payload_printable=[], flow="x", app_proto="x", modbus=3,
            guan={"hits": [1, {"offset": -1, "length": 2}, {"offset": "a"}, {"offset": 1, "length": 1}],
                  "geo": "here", "rule": 5}))
        alert = self.api.get("/api/v1/alerts/" + urllib.parse.quote(row["id"], safe=""))
        self.assertEqual(alert["matches"], [{"offset": 1, "length": 1}])
        self.assertIsNone(alert["payload"])
        self.assertIsNone(alert["geo"])

    def test_a_record_from_the_future_has_the_time_of_its_arrival(self):
        row = self.wait_alert(self.stand.alert(timestamp="2083-02-01T00:00:00.000000+0000"))
        self.assertLessEqual(row["time"], now_text(60))
        alert = self.api.get("/api/v1/alerts/" + urllib.parse.quote(row["id"], safe=""))
        self.assertEqual((alert["clock"], alert["record"]["timestamp"][:4]), ("ahead", "2083"))
        usual = self.wait_alert(self.stand.alert())
        alert = self.api.get("/api/v1/alerts/" + urllib.parse.quote(usual["id"], safe=""))
        self.assertIsNone(alert["clock"])
        self.assertRegex(self.api.get("/api/v1/metrics"), r"guan_ingest_clock_ahead_total [1-9]")

    def test_an_unmapped_alert_is_queued(self):
        event_id = self.stand.alert(src_ip="192.0.2.1", dest_ip="192.0.2.77")
        row = self.wait_alert(event_id)
        self.assertEqual((row["mapped"], row["facility"], row["facility_end"]), (False, None, None))
        queue = self.api.get("/api/v1/unmapped")
        item = next(i for i in queue["items"] if i["address"] == "192.0.2.77")
        self.assertEqual((item["zone"], item["count"]), ("priv-toll", 1))
        self.assertGreaterEqual(queue["total"], 1)
        ids = [a["id"] for a in self.api.get("/api/v1/alerts", unmapped="true", limit=200)["items"]]
        self.assertIn(event_id, ids)

    def test_filters(self):
        one = self.wait_alert(self.stand.alert(src_ip="10.20.77.1", alert={
            "action": "allowed", "gid": 1, "signature_id": 777, "rev": 1, "severity": 3,
            "signature": "50%_off 船闸", "category": "c", "metadata": {}}))
        self.stand.alert()
        cases = [({"sid": 777}, True), ({"sid": 778}, False), ({"severity": 3, "sid": 777}, True),
                 ({"severity": 4, "sid": 777}, False), ({"facility": TOLL, "sid": 777}, True),
                 ({"facility": "nobody"}, False), ({"zone": "priv-toll", "sid": 777}, True),
                 ({"zone": "elsewhere"}, False), ({"case": one["case"]}, True), ({"q": "船闸"}, True),
                 ({"q": "50%_off"}, True), ({"q": "5%f"}, False), ({"q": "5__off"}, False),
                 ({"q": "10.20.77.1"}, True), ({"q": "10.20.77.2"}, False), ({"q": "2001:db8::1"}, False),
                 ({"unmapped": "false", "sid": 777}, True), ({"unmapped": "true", "sid": 777}, False),
                 ({"since": one["time"], "sid": 777}, True), ({"until": one["time"], "sid": 777}, False),
                 ({"since": "2026-01-05T09:00:00+08:00", "until": "2100-01-01T00:00:00Z", "sid": 777},
                  True)]
        for query, is_found in cases:
            items = self.api.get("/api/v1/alerts", limit=200, **query)["items"]
            self.assertEqual(one["id"] in [a["id"] for a in items], is_found, query)

    def test_filters_of_cases(self):
        def alert(**more):
            rule = {"action": "allowed", "gid": 1, "signature_id": 778001, "rev": 1, "severity": 2,
                    "signature": "80%_off Lock 闸门", "category": "c", "metadata": {}}
            return self.wait_alert(self.stand.alert(alert=rule, **more))["case"]

        mapped = alert(src_ip="10.20.78.1", dest_ip="10.20.78.2")
        stray = alert(src_ip="192.0.2.88", dest_ip="2001:db8::88", guan={"zone": "net-portal"})
        self.assertNotEqual(mapped, stray)
        both, neither = {mapped, stray}, set()
        name = self.api.get("/api/v1/facilities/" + TOLL)["name"]
        for query, found in [
                ({"zone": "priv-toll"}, {mapped}), ({"zone": "net-portal"}, {stray}),
                ({"zone": "priv"}, neither), ({"unmapped": "true"}, {stray}),
                ({"unmapped": "false"}, {mapped}), ({"q": "闸门"}, both), ({"q": "off lock"}, both),
                ({"q": "80%_"}, both), ({"q": "8%off"}, neither), ({"q": "80__off"}, neither),
                ({"q": "778001"}, both), ({"q": name}, {mapped}), ({"q": TOLL}, {mapped}),
                ({"q": "10.20.78.1"}, {mapped}), ({"q": "10.20.78.2"}, {mapped}),
                ({"q": "2001:DB8:0::88"}, {stray}), ({"q": "10.20.78.3"}, neither),
                ({"q": "闸门", "zone": "net-portal", "unmapped": "false"}, neither),
                ({"q": "闸门", "zone": "net-portal", "severity": 2, "state": "open"}, {stray})]:
            items = self.api.get("/api/v1/cases", limit=200, **query)["items"]
            self.assertEqual({c["id"] for c in items} & both, found, query)
        # The pages of a filtered list hold what the whole one holds.
        page = self.api.get("/api/v1/cases", q="闸门", limit=1)
        after = self.api.get("/api/v1/cases", q="闸门", limit=1, after=page["next"])
        self.assertEqual({c["id"] for c in page["items"] + after["items"]}, both)

    def test_pages_hold_every_row_once(self):
        for _ in range(12):
            last = self.stand.alert(alert={"severity": 4})
        self.wait_alert(last)
        for path in ("/api/v1/alerts", "/api/v1/cases", "/api/v1/facilities", "/api/v1/incidents",
                     "/api/v1/sensors", "/api/v1/unmapped"):
            whole = [json.dumps(i) for i in self.all_pages(path, 200)]
            small = [json.dumps(i) for i in self.all_pages(path, 1 if path.endswith("s") else 3)]
            self.assertEqual(small, whole, path)
            self.assertEqual(len(set(whole)), len(whole), path)

    def all_pages(self, path, limit):
        query, items = {"limit": limit}, []
        while True:
            page = self.api.get(path, **query)
            self.assertLessEqual(len(page["items"]), limit)
            items += page["items"]
            if page["next"] is None:
                return items
            self.assertEqual(len(page["items"]), limit)
            query["after"] = page["next"]

    def test_facilities_sensors_overview_law(self):
        self.wait_alert(self.stand.alert())
        facility = self.api.get("/api/v1/facilities/" + TOLL)
        self.assertTrue(facility["is_cii"])
        self.assertEqual(facility["networks"], [{"zone": "priv-toll", "prefix": "10.20.0.0/16", "vlan": None}])
        self.assertGreater(facility["alerts_24h"], 0)
        sensor = self.api.get("/api/v1/sensors")["items"][0]
        self.assertEqual((sensor["id"], sensor["state"]), ("edge-1", "online"))
        self.assertIn("priv-toll", sensor["zones"])
        overview = self.api.get("/api/v1/overview")
        self.assertEqual(len(overview["hourly"]), 24)
        self.assertEqual(sum(h["total"] for h in overview["hourly"]), overview["alerts"])
        self.assertEqual(sum(overview["alerts_by_severity"].values()), overview["alerts"])
        law = self.api.get("/api/v1/law")
        self.assertEqual([e["id"] for e in law["edges"]], ["E%d" % n for n in range(1, 12)])
        self.assertEqual(len(law["states"]), 9)

    def test_what_is_not_there(self):
        for path in ("facilities/none", "facilities/%E5%85%B3", "alerts/none", "alerts/edge-1%2F1%2F999999",
                     "alerts/a%2Fb%2Fc", "alerts/edge-1%2F1%2F2%2F3", "cases/99999", "incidents/99999"):
            self.assertEqual(self.api.get("/api/v1/" + path, 404)["code"], "not_found")
        for path in ("/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1//alerts", "/api/v1/alerts/",
                     "/api/v1/alerts/1/2", "/api/v1/facilities/a%00b", "/api/v2/alerts"):
            status, headers, body = self.api.raw("GET", path)
            self.assertEqual(status, 404, path)
            self.contract.check_problem(404, headers["Content-Type"], body, path)

    def test_a_wrong_method_is_told_the_right_ones(self):
        for method, path, allow in (("DELETE", "/api/v1/alerts", "GET"), ("PUT", "/api/v1/session", None),
                                    ("GET", "/api/v1/cases/1/incident", "POST"),
                                    ("PATCH", "/api/v1/law", "GET"), ("OPTIONS", "/api/v1/law", "GET")):
            status, headers, body = self.api.raw(method, path)
            self.assertEqual(status, 405)
            self.contract.check_problem(405, headers["Content-Type"], body, path)
            self.assertEqual(headers["Allow"], allow or "POST, GET, DELETE")

    def test_bad_parameters_name_the_field(self):
        bad = {"limit": ["0", "201", "-1", "x", "", "1.5", "99999999999999999999"],
               "after": ["x", "1", "1-", "-", "1-2-3", "9" * 300, ""]}
        alerts = {**bad, "severity": ["0", "5", "x"], "sid": ["-1", "x"], "case": ["0", "x"],
                  "since": ["x", "2026-13-01T00:00:00Z", "2026-01-01", "1"], "until": ["tomorrow"],
                  "unmapped": ["yes", "1", ""], "q": ["", "x" * 129], "facility": ["x" * 65, ""],
                  "zone": ["x" * 65]}
        lists = {"/api/v1/alerts": alerts,
                 "/api/v1/cases": {**bad, "state": ["x", ""], "severity": ["9"], "unmapped": ["yes", ""],
                                   "q": ["", "x" * 129], "zone": ["x" * 65]},
                 "/api/v1/incidents": {**bad, "state": ["A0", "A10", ""], "exercise": ["maybe"]},
                 "/api/v1/unmapped": {**bad, "after": ["x", "1", "1.", "1.0.", "-1..", "1.zz.x"]},
                 "/api/v1/facilities": {**bad, "after": ["x", "", "S-33", "S-330000-TOL-0001'", "z" * 300]},
                 "/api/v1/sensors": {**bad, "after": ["a b", "", "/", "z" * 300]},
                 "/api/v1/incidents/1/draft": {"kind": ["", "x", "初"]}}
        for path, fields in lists.items():
            for field, values in fields.items():
                for value in values:
                    problem = self.api.get(path, 400, **{field: value})
                    self.assertIn(field, [e["field"] for e in problem["errors"]], (path, value))
        for path in ("cases/0", "cases/x", "cases/-1", "incidents/1x", "incidents/99999999999999999999"):
            self.assertEqual(self.api.get("/api/v1/" + path, 400)["errors"][0]["field"], "id")
        for query in ("q=%FF%FE", "q=a&q=%C0%80"):
            self.api.call("GET", "/api/v1/alerts?" + query, None, 400)

    def test_parameters_that_are_unknown_or_doubled_are_refused(self):
        for path, operations in self.contract.doc["paths"].items():
            if "get" not in operations:
                continue
            path = re.sub(r"\{\w+\}", "1", path)
            for query, field in (("severty=1", "severty"), ("%s=1" % ("y" * 300), "yyyy"),
                                 ("%E5%85%B3=1", "query")):
                status, headers, body = self.api.raw("GET", path + "?" + query)
                problem = self.contract.check_problem(400, headers["Content-Type"], body, path)
                self.assertEqual((status, problem["code"]), (400, "bad_parameter"), path)
                self.assertTrue(problem["errors"][0]["field"].startswith(field), (path, query))
        for query in ("limit=1&limit=2", "severity=1&zone=a&severity=1"):
            problem = self.api.call("GET", "/api/v1/alerts?" + query, None, 400)
            self.assertEqual(problem["errors"][0]["field"], query.partition("=")[0])
        self.api.get("/api/v1/alerts", severity=1, sid=1900300, limit=1, unmapped="false")

    def test_metrics(self):
        text = self.stranger().get("/api/v1/metrics")
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) guan_\w+ .+|guan_\w+(\{\w+="\w+"\})? [0-9.e+-]+)$')
        self.assertGreater(float(re.search(r"^guan_http_requests_total (\S+)", text, re.M)[1]), 0)
        proxied = self.stranger()
        proxied.headers = {"X-Forwarded-For": "198.51.100.1"}
        proxied.get("/api/v1/metrics", 401)
        self.api.get("/api/v1/metrics")


class Steps(ApiTest):
    """From a case to a closed incident."""

    def test_the_whole_way(self):
        case = self.new_case()
        incident = self.api.post("/api/v1/cases/%d/incident" % case, {"why": "研判"}, 201)
        self.assertEqual(self.api.last_headers["Location"], "/api/v1/incidents/%d" % incident["id"])
        self.assertEqual((incident["state"], incident["clock_start"], incident["edges"]), ("A1", None, []))
        self.assertEqual(self.api.get("/api/v1/cases/%d" % case)["incident"], incident["id"])
        path = "/api/v1/incidents/%d" % incident["id"]

        incident = self.api.post(path + "/facts", {"cii_outage_whole_min": 125, "why": "中断"})
        self.assertEqual((incident["grade_proposed"], incident["grade_report"]), ("重大", None))
        self.assertEqual([p["grade"] for p in incident["proposal"]], ["重大", "较大"])

        incident = self.api.post(path + "/confirm", {
            "discovered_at": now_text(-600), "informed_at": now_text(-1200), "grade": "重大",
            "basis": "G2 整体中断 125 分钟"})
        self.assertEqual((incident["state"], incident["grade_by"]), ("A3", "admin"))
        self.assertEqual(incident["clock_start"], incident["informed_at"])
        self.assertEqual([(e["edge"], e["limit_s"], e["state"]) for e in incident["edges"]],
                         [("E1", 3600, "pending")] * 2)
        clocks = self.api.get("/api/v1/overview")["clocks"]
        self.assertIn(incident["id"], [c["incident"] for c in clocks])

        draft = self.api.get(path + "/draft", kind="初报")
        self.assertEqual(draft["missing"], ["impact", "harm", "measures"])
        problem = self.api.post(path + "/reports", {"kind": "初报"}, 422)
        self.assertEqual(problem["code"], "missing_items")
        self.assertEqual([e["field"] for e in problem["errors"]],
                         ["items.impact", "items.harm", "items.measures"])
        report = self.api.post(path + "/reports", {"kind": "初报", "items": {
            "impact": "车道中断", "harm": "排队", "measures": "离线收费"}}, 201)
        self.assertTrue(next(i for i in report["items"] if i["key"] == "unit_name")["prefilled"])

        for edge in incident["edges"]:
            incident = self.api.post("%s/reports/%d/submit" % (path, report["id"]),
                                     {"edge_id": edge["id"], "channel": "12387", "receipt_no": "R-1"})
        self.assertEqual(incident["state"], "A4")
        self.assertEqual([e["edge"] for e in incident["edges"]], ["E1", "E1", "E2", "E2"])
        self.assertEqual(len(incident["reports"][0]["submissions"]), 2)
        problem = self.api.post("%s/reports/%d/submit" % (path, report["id"]),
                                {"edge_id": edge["id"], "channel": "12387"}, 409)
        self.assertEqual(problem["code"], "already_submitted")
        incident = self.api.post("%s/edges/%d/acknowledge" % (path, edge["id"]), {"receipt_no": "R-2"})
        self.assertEqual(incident["edges"][1]["state"], "acknowledged")
        self.api.post("%s/edges/%d/acknowledge" % (path, edge["id"]), {"receipt_no": "R-2"}, 409)

        incident = self.api.post(path + "/state", {"to": "A5", "why": "启动预案"})
        self.assertEqual(incident["next_states"], ["A6"])
        incident = self.api.post(path + "/grade", {"grade": "较大", "basis": "G2", "why": "复核"})
        self.assertEqual(incident["state"], "A4")
        incident = self.api.post(path + "/state", {"to": "A5", "why": "继续"})
        incident = self.api.post(path + "/state", {"to": "A6", "why": "恢复"})
        final = self.api.post(path + "/reports", {"kind": "终报", "items": {
            key: "说明" for key in ("final_cause", "final_measures", "final_harm", "final_accountability",
                                   "final_rectification", "final_lessons")}}, 201)
        for edge in [e for e in incident["edges"] if e["edge"] == "E11"]:
            incident = self.api.post("%s/reports/%d/submit" % (path, final["id"]),
                                     {"edge_id": edge["id"], "channel": "公文"})
        self.assertEqual(incident["state"], "A7")
        incident = self.api.post(path + "/state", {"to": "A8", "why": "归档"})
        self.assertEqual(self.api.get("/api/v1/cases/%d" % case)["state"], "closed")
        for row in incident["history"]:
            self.assertTrue(row["who"] and row["why"] and row["what"])
        listed = self.api.get("/api/v1/incidents", state="A8")["items"]
        self.assertIn(incident["id"], [i["id"] for i in listed])

    def test_a_late_submission_says_why(self):
        incident = self.confirm(self.new_incident(), offset_s=-7200)
        self.assertEqual([e["state"] for e in incident["edges"]], ["overdue", "overdue"])
        path = "/api/v1/incidents/%d" % incident["id"]
        report = self.api.post(path + "/reports", {"kind": "初报", "items": {
            "impact": "a", "harm": "b", "measures": "c"}}, 201)
        submit = {"edge_id": incident["edges"][0]["id"], "channel": "传真"}
        problem = self.api.post("%s/reports/%d/submit" % (path, report["id"]), submit, 422)
        self.assertEqual(problem["errors"][0]["field"], "late_reason")
        incident = self.api.post("%s/reports/%d/submit" % (path, report["id"]),
                                 {**submit, "late_reason": "通信中断"})
        edge = incident["edges"][0]
        self.assertEqual((edge["state"], edge["late"], edge["late_reason"]),
                         ("submitted_late", True, "通信中断"))

    def test_an_exercise_is_marked_everywhere(self):
        incident = self.confirm(self.new_incident(exercise=True))
        self.assertTrue(incident["exercise"])
        path = "/api/v1/incidents/%d" % incident["id"]
        self.assertTrue(self.api.get(path + "/draft", kind="初报")["exercise"])
        report = self.api.post(path + "/reports", {"kind": "初报", "items": {
            "impact": "a", "harm": "b", "measures": "c"}}, 201)
        self.assertTrue(report["exercise"] and "演练" in report["report_no"])
        clock = next(c for c in self.api.get("/api/v1/overview")["clocks"]
                     if c["incident"] == incident["id"])
        self.assertTrue(clock["exercise"])
        listed = self.api.get("/api/v1/incidents", exercise="true")["items"]
        self.assertIn(incident["id"], [i["id"] for i in listed])
        self.assertNotIn(incident["id"], [i["id"] for i in self.api.get(
            "/api/v1/incidents", exercise="false", limit=200)["items"]])

    def test_conflicts(self):
        case = self.new_case()
        incident = self.api.post("/api/v1/cases/%d/incident" % case, {"why": "x"}, 201)
        path = "/api/v1/incidents/%d" % incident["id"]
        again = self.api.post("/api/v1/cases/%d/incident" % case, {"why": "x"}, 409)
        self.assertEqual(again["code"], "already_open")
        self.api.post("/api/v1/cases/%d/close" % case, {"why": "x"}, 409)
        self.api.get(path + "/draft", 409, kind="初报")
        self.api.post(path + "/reports", {"kind": "初报"}, 409)
        self.api.post(path + "/grade", {"grade": "重大", "basis": "b", "why": "w"}, 409)
        self.api.post(path + "/state", {"to": "A6", "why": "w"}, 409)
        self.confirm(incident)
        self.api.post(path + "/confirm", {"discovered_at": now_text(), "grade": "重大", "basis": "b"}, 409)
        for method in ("facts", "confirm", "grade", "state", "reports", "reports/1/submit",
                       "edges/1/acknowledge"):
            body = {"facts": {"why": "w"}, "confirm": {"discovered_at": now_text(), "grade": "一般", "basis": "b"},
                    "grade": {"grade": "一般", "basis": "b", "why": "w"}, "state": {"to": "A5", "why": "w"},
                    "reports": {"kind": "初报"}, "reports/1/submit": {"edge_id": 1, "channel": "c"},
                    "edges/1/acknowledge": {"receipt_no": "r"}}[method]
            self.api.post("/api/v1/incidents/99999/" + method, body, 404)

    def test_an_unmapped_case_needs_a_facility(self):
        case = self.new_case(src_ip="192.0.2.9", dest_ip="192.0.2.99")
        path = "/api/v1/cases/%d/incident" % case
        problem = self.api.post(path, {"why": "x"}, 422)
        self.assertEqual(problem["errors"][0]["field"], "facility")
        self.api.post(path, {"why": "x", "facility": "nobody"}, 422)
        incident = self.api.post(path, {"why": "x", "facility": TOLL}, 201)
        self.assertEqual(incident["facility"]["id"], TOLL)

    def test_a_case_is_closed_with_a_reason(self):
        case = self.new_case()
        self.assertEqual(self.api.post("/api/v1/cases/%d/close" % case, {"why": "授权扫描"})["state"], "closed")
        self.api.post("/api/v1/cases/%d/close" % case, {"why": "x"}, 409)
        self.api.post("/api/v1/cases/%d/incident" % case, {"why": "x"}, 409)
        self.api.post("/api/v1/cases/99999/close", {"why": "x"}, 404)
        self.assertRegex(self.stand.tool("--check-audit"), r"audit: whole, [1-9]\d* rows, last hash [0-9a-f]{64}")

    def test_bad_bodies_are_the_clients_fault(self):
        incident = self.confirm(self.new_incident())
        open_case = self.new_case()
        base = "/api/v1/incidents/%d" % incident["id"]
        good = {
            "/api/v1/cases/%d/incident" % open_case: {"why": "w"},
            "/api/v1/cases/%d/close" % open_case: {"why": "w"},
            base + "/facts": {"why": "w"},
            base + "/confirm": {"discovered_at": now_text(), "grade": "一般", "basis": "b"},
            base + "/grade": {"grade": "一般", "basis": "b", "why": "w"},
            base + "/state": {"to": "A5", "why": "w"},
            base + "/reports": {"kind": "初报"},
            base + "/reports/1/submit": {"edge_id": 1, "channel": "c"},
            base + "/edges/1/acknowledge": {"receipt_no": "r"},
            "/api/v1/session/password": {"old": "o", "new": "n" * 12},
        }
        values = [None, True, 0, -1, 1.5, 1e300, 2 ** 62, "", " ", "x" * 5000, "\x07", "\u2028\u3000", [], {}, [[]],
                  {"a": 1}, "9999-99-99T00:00:00Z", "1960-01-01T00:00:00Z", "3000-01-01T00:00:00Z", "A5 "]
        for path, body in good.items():
            for raw in (b"", b"{", b"[]", b"null", b"1", b'"x"', b'{"why":"a","why":"b"}', b"\xff\xfe",
                        b'{"why":"\\u0000"}', b'{"why":"\\ud800"}', b'{"a":' * 3000 + b"1" + b"}" * 3000,
                        b'{"why":' + b"9" * 400 + b"}"):
                self.api.call("POST", path, raw, 400)
            for key in body:
                without = {k: v for k, v in body.items() if k != key}
                problem = self.api.post(path, without, 422)
                self.assertIn(key, [e["field"] for e in problem["errors"]], path)
                is_free_text = key in ("why", "basis", "channel", "receipt_no", "old", "new")
                for value in values:
                    if is_free_text and isinstance(value, str) and len(value) < 5000 and \
                            value.strip() and value != "\x07":
                        continue  # people may write that
                    status, headers, data = self.api.raw(
                        "POST", path, json.dumps({**body, key: value}).encode())
                    self.assertIn(status, (404, 409, 422, 429), (path, key, value, data))
                    self.contract.check("POST", path, status, headers["Content-Type"], data)
            problem = self.api.post(path, {**body, "surprise": 1}, 422)
            self.assertIn("surprise", [e["field"] for e in problem["errors"]])
            self.api.call("POST", path, json.dumps(body), 415, {"Content-Type": "text/plain"}) \
                if "415" in self.contract.doc["paths"][self.contract.find(path)]["post"]["responses"] else None
        self.assertEqual(self.api.get(base)["state"], "A3")
        self.assertEqual(self.api.get("/api/v1/cases/%d" % open_case)["state"], "open")

    def test_facts_and_items_of_the_wrong_kind(self):
        incident = self.confirm(self.new_incident())
        path = "/api/v1/incidents/%d" % incident["id"]
        for key, value in (("loss_cny", -1), ("loss_cny", "much"), ("loss_cny", 1.5), ("loss_cny", 10 ** 17),
                           ("system_loss", "bad"), ("system_loss", 3), ("portal_level", "town"),
                           ("people_share_province_pct", 101), ("mood", 1), ("pi_count", [1])):
            problem = self.api.post(path + "/facts", {"why": "w", key: value}, 422)
            self.assertIn(key, [e["field"] for e in problem["errors"]], (key, value))
        self.assertEqual(self.api.get(path)["facts"], {})
        self.api.post(path + "/facts", {"why": "w", "loss_cny": 5000000})
        self.assertEqual(self.api.post(path + "/facts", {"why": "w", "loss_cny": None})["facts"], {})
        for items in ({"impact": 1}, {"nothing": "x"}, {"impact": "x" * 4001}, [], "x", {"k" * 500: "x"}):
            self.api.post(path + "/reports", {"kind": "初报", "items": items}, 422)

    def test_a_large_body(self):
        path = "/api/v1/cases/%d/incident" % self.new_case()
        self.assertEqual(self.api.post(path, {"why": "x" * 200000}, 413)["code"], "too_large")


class Streams(ApiTest):
    def test_events_arrive_and_fit_the_description(self):
        events = Events(self.api)
        self.assertEqual(events.status, 200)
        wait_for(lambda: "guan_streams 1" in self.api.get("/api/v1/metrics"), "no stream")
        case = self.new_case()
        _, _, alert = events.until("alert")
        self.contract.check_schema({"$ref": "#/components/schemas/Alert"}, alert, "alert event")
        self.assertEqual(alert["case"], case)
        _, _, data = events.until("case")
        self.contract.check_schema({"$ref": "#/components/schemas/Case"}, data, "case event")
        incident = self.api.post("/api/v1/cases/%d/incident" % case, {"why": "w"}, 201)
        _, _, data = events.until("incident")
        self.contract.check_schema({"$ref": "#/components/schemas/IncidentSummary"}, data, "incident event")
        self.assertEqual((data["id"], data["state"]), (incident["id"], "A1"))
        self.confirm(incident)
        _, _, data = events.until("clock")
        self.contract.check_schema({"$ref": "#/components/schemas/ClockEvent"}, data, "clock event")
        self.assertEqual((data["incident"], data["edge"]), (incident["id"], "E1"))
        events.close()

    def test_who_comes_back_gets_what_was_missed(self):
        first, keeper = Events(self.api), Events(self.api)  # the keeper keeps events flowing
        case = self.new_case()
        last_id = first.until("case")[0]
        first.close()
        incident = self.api.post("/api/v1/cases/%d/incident" % case, {"why": "w"}, 201)
        again = Events(self.api, last_id)
        event_id, name, data = again.next()
        self.assertEqual((name, data["id"]), ("incident", incident["id"]))
        boot, number = event_id.split("-")
        self.assertEqual((boot, int(number)), (last_id.split("-")[0], int(last_id.split("-")[1]) + 1))
        again.close()
        for unknown in ("0-1", "x", boot + "-999999", boot + "-1-1"):
            lost = Events(self.api, unknown)
            self.assertEqual(lost.next()[1], "reset")
            lost.close()
        keeper.close()

    def test_a_clock_runs_by_itself(self):
        incident = self.new_incident()
        events = Events(self.api)
        # the 50 % alarm of one hour comes in about three seconds
        self.confirm(incident, offset_s=-1797)
        while True:
            data = events.until("clock")[2]
            if data["incident"] == incident["id"] and data["alarm"] == 50:
                break
        events.close()
        history = self.api.get("/api/v1/incidents/%d" % incident["id"])["history"]
        self.assertIn(("system", "edge.alarm", "50"), [(h["who"], h["what"], h["to"]) for h in history])

    def test_logout_ends_the_stream(self):
        other = self.stranger()
        other.login()
        events = Events(other)
        other.call("DELETE", "/api/v1/session", None, 204)
        with self.assertRaises(EOFError):
            events.next()
        events.close()

    def test_clients_that_go_away_leave_nothing(self):
        for turn in range(70):  # more than there are places
            events = Events(self.api)
            self.assertEqual(events.status, 200, turn)
            if turn % 2:
                events.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            events.close()
            if turn % 20 == 0:
                self.stand.alert()
        wait_for(lambda: "guan_streams 0" in self.api.get("/api/v1/metrics"), "streams are left")

    def test_places_are_limited(self):
        streams = []
        for n in range(8):
            self.stand.add_account("watcher%d" % n, "viewer")
            client = self.stranger()
            wait_for(lambda: self.quiet_login(client, "watcher%d" % n), "login")
            streams += [Events(client) for _ in range(8)]
        self.assertEqual(self.api.get("/api/v1/stream", 503)["code"], "busy")
        for s in streams:
            s.close()
        wait_for(lambda: "guan_streams 0" in self.api.get("/api/v1/metrics"), "streams are left")

    def test_the_oldest_stream_of_a_session_makes_way(self):
        streams = [Events(self.api) for _ in range(9)]
        with self.assertRaises(EOFError):
            streams[0].next()
        self.stand.alert()
        for s in streams[1:]:
            s.until("alert")
        text = self.api.get("/api/v1/metrics")
        self.assertIn("guan_streams 8\n", text)
        self.assertRegex(text, r"guan_streams_replaced_total [1-9]")
        for s in streams:
            s.close()
        wait_for(lambda: "guan_streams 0" in self.api.get("/api/v1/metrics"), "streams are left")

    def kernel_queue(self, sock):
        """Bytes the collector's side of a connection has in the kernel, as /proc/net/tcp tells."""
        ends = ":%04X" % self.stand.port, ":%04X" % sock.getsockname()[1]
        with open("/proc/net/tcp", encoding="ascii") as f:
            for line in f:
                words = line.split()
                if words[1].endswith(ends[0]) and words[2].endswith(ends[1]):
                    return int(words[4].split(":")[0], 16)
        return -1

    def dropped_slow(self):
        return int(re.search(r"^guan_streams_dropped_slow_total (\d+)",
                             self.api.get("/api/v1/metrics"), re.M)[1])

    def test_a_client_whose_output_stands_still_is_dropped(self):
        events = Events(self.api)
        events.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        before = self.dropped_slow()
        queue = [-1]

        def is_full():
            for _ in range(40):
                last = self.stand.alert(alert={"signature": "x" * 1900})
            self.wait_alert(last)
            queue.append(self.kernel_queue(events.sock))
            return queue[-1] > 0 and queue[-1] == queue[-2]
        wait_for(is_full, "the kernel takes all")
        self.assertEqual(self.dropped_slow(), before)
        wait_for(lambda: self.dropped_slow() == before + 1, "the stuck client is kept", 60)
        events.close()

    def test_a_client_that_does_not_read_is_dropped(self):
        events = Events(self.api)
        events.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        before = self.dropped_slow()
        text = "x" * 1900
        incident = self.new_incident()
        path = "/api/v1/incidents/%d/facts" % incident["id"]

        def is_dropped():
            # big alerts fill its buffers fastest
            for _ in range(40):
                self.stand.alert(alert={"signature": text})
            self.api.post(path, {"why": "w"})
            return self.dropped_slow() > before
        wait_for(is_dropped, "the slow client is kept", 60)
        events.close()


class Guards(ApiTest):
    def test_cookie_and_csrf(self):
        client = self.stranger()
        client.login()
        cookie = client.last_headers["Set-Cookie"]
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(part, cookie)
        session = client.get("/api/v1/session")
        self.assertEqual((session["user"], session["role"]), ("admin", "admin"))
        path = "/api/v1/cases/%d/incident" % self.new_case()
        good = client.csrf
        for token in (None, "", "x", good[:-1], good + "0", "0" * len(good), self.api.csrf):
            client.csrf = token
            self.assertEqual(client.post(path, {"why": "w"}, 403)["code"], "csrf")
        client.call("DELETE", "/api/v1/session", None, 403)
        client.csrf = good
        client.post(path, {"why": "w"}, 201)
        client.call("DELETE", "/api/v1/session", None, 204)
        client.get("/api/v1/session", 401)

    def test_roles(self):
        self.stand.add_account("viewer", "viewer")
        self.stand.add_account("odd", "emperor")  # an unknown role may only read
        case = self.new_case()
        for name in ("viewer", "odd"):
            client = self.stranger()
            self.assertEqual(client.login(name)["role"], "viewer")
            client.get("/api/v1/alerts")
            for path, operations in self.contract.doc["paths"].items():
                if "post" not in operations or path.startswith("/api/v1/session"):
                    continue
                problem = client.post(re.sub(r"\{\w+\}", str(case), path), {"why": "w"}, 403)
                self.assertEqual(problem["code"], "role")

    def test_a_changed_password_ends_the_other_sessions(self):
        self.stand.add_account("changer", "analyst")
        first, second = self.stranger(), self.stranger()
        first.login("changer")
        second.login("changer")
        path = "/api/v1/session/password"
        self.assertEqual(first.post(path, {"old": "wrong", "new": "a new password"}, 422)["errors"][0]["field"],
                         "old")
        first.post(path, {"old": self.stand.password, "new": "short"}, 422)
        first.post(path, {"old": self.stand.password, "new": self.stand.password}, 422)
        first.post(path, {"old": self.stand.password, "new": "a new password"}, 204)
        first.get("/api/v1/session")
        second.get("/api/v1/session", 401)
        wait_for(lambda: self.login_status("changer", "a new password") == 201, "new password")

    def login_status(self, user, password):
        return self.stranger().raw("POST", "/api/v1/session",
                                   json.dumps({"user": user, "password": password}).encode())[0]

    def test_a_reset_password_ends_the_sessions(self):
        self.stand.add_account("lost", "analyst")
        client = self.stranger()
        wait_for(lambda: self.login_status("lost", self.stand.password) == 201, "login")
        wait_for(lambda: self.quiet_login(client, "lost"), "login")
        password = self.stand.tool("--reset-password", "lost").split()[-1]
        client.get("/api/v1/session", 401)
        wait_for(lambda: self.login_status("lost", password) == 201, "reset password")

    def test_static_files(self):
        for path, status, kind, text in (
                ("/", 200, "text/html", "关"), ("/index.html", 200, "text/html", "关"),
                ("/incidents/3", 200, "text/html", "关"), ("/app.js", 200, "text/javascript", "export"),
                ("/assets/style.css", 200, "text/css", "body"), ("/empty.txt", 200, "text/plain", ""),
                ("/missing.js", 404, None, None), ("/run.sh", 404, None, None),
                ("/.hidden.txt", 404, None, None), ("/link.txt", 404, None, None),
                ("/../secret.txt", 404, None, None), ("/assets/../../secret.txt", 404, None, None),
                ("/%2e%2e/secret.txt", 404, None, None), ("/..%2fsecret.txt", 404, None, None),
                ("/%2e%2e%2fsecret.txt", 404, None, None), ("/app.js%00.html", 404, None, None),
                ("/..\\secret.txt", 404, None, None), ("/%5c..%5csecret.txt", 404, None, None),
                ("/etc/passwd.txt", 404, None, None), ("/etc/os-release.json", 404, None, None),
                ("//etc/hostname.txt", 404, None, None), ("/assets/./style.css", 404, None, None),
                ("/%", 200, "text/html", "关"), ("/" + "a" * 5000 + ".js", 404, None, None)):
            got, headers, body = self.stranger().raw("GET", path)
            self.assertEqual(got, status, path)
            self.assertNotIn(b"secret", body)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            if status == 200:
                self.assertTrue(headers["Content-Type"].startswith(kind), path)
                self.assertIn(text, body.decode())
        _, headers, _ = self.stranger().raw("GET", "/app.js")
        again = self.stranger().raw("GET", "/app.js", headers={"If-None-Match": headers["ETag"]})
        self.assertEqual((again[0], again[2]), (304, b""))
        self.assertEqual(self.stranger().raw("POST", "/app.js", b"{}")[0], 405)
        self.assertEqual(self.stranger().raw("HEAD", "/app.js")[2], b"")

    def talk(self, data, wait=5):
        """What comes back for raw bytes."""
        sock = socket.create_connection(("127.0.0.1", self.stand.port), timeout=wait)
        got = b""
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while True:
                more = sock.recv(65536)
                if not more:
                    break
                got += more
        except (ConnectionError, socket.timeout):
            pass
        sock.close()
        return got

    def test_broken_requests_break_nothing(self):
        for data in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x00\x05hello",
                     b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
                     b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n",
                     b"POST /api/v1/session HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                     b"POST /api/v1/session HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
                     b"POST /api/v1/session HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"0\r\n\r\n",
                     b"POST /api/v1/session HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
                     b"GET http://example.test/api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT x:1 HTTP/1.1\r\n\r\n",
                     b"GET /api/v1/alerts?%zz=%&&&==== HTTP/1.1\r\nHost: x\r\n\r\n"):
            answer = self.talk(data)
            self.assertNotRegex(answer[:20], rb"^HTTP/1.[01] 500", data[:60])
        self.assertEqual(self.stranger().get("/api/v1/health")["status"], "ok")

    def test_connections_are_limited_and_come_free(self):
        socks = []
        for _ in range(400):
            sock = socket.socket()
            sock.settimeout(0.5)
            try:
                sock.connect(("127.0.0.1", self.stand.port))
            except OSError:
                pass
            socks.append(sock)
        time.sleep(1.5)
        for sock in socks:
            sock.close()
        wait_for(self.is_alive, "no connection comes free", 20)
        text = wait_for(lambda: self.api.get("/api/v1/metrics"), "metrics")
        self.assertGreater(float(re.search(r"^guan_http_connections_full_total (\S+)", text, re.M)[1]), 0)

    def is_alive(self):
        try:
            return self.stranger().get("/api/v1/health")
        except OSError:
            return None

    def test_a_dripping_client_is_cut(self):
        sock = socket.create_connection(("127.0.0.1", self.stand.port), timeout=5)
        sock.sendall(b"GET /api/v1/health HTTP/1.1\r\n")
        start = time.monotonic()
        try:
            while time.monotonic() - start < 60:
                sock.sendall(b"A: b\r\n")
                sock.settimeout(3)
                try:
                    if sock.recv(10) == b"":
                        break
                except socket.timeout:
                    pass
        except ConnectionError:
            pass
        self.assertLess(time.monotonic() - start, 45)
        sock.close()


class Throttling(ApiTest):
    """A collector of its own: here logins are spent."""

    def test_guessing_is_slowed_down(self):
        seen = []
        for turn in range(40):
            status, headers, body = self.stranger().raw(
                "POST", "/api/v1/session", json.dumps({"user": "admin", "password": "wrong"}).encode())
            self.contract.check("POST", "/api/v1/session", status, headers["Content-Type"], body)
            seen.append(status)
            if status == 429:
                self.assertGreaterEqual(int(headers["Retry-After"]), 1)
                # the right password does not help either while waiting
                self.stranger().login(status=429)
                break
        self.assertEqual(seen[:4], [401] * 4)
        self.assertEqual(seen[-1], 429)
        self.assertLessEqual(len(seen), 8)
        wait = int(headers["Retry-After"])
        time.sleep(wait + 0.2)
        self.stranger().login()
        text = self.api.get("/api/v1/metrics")
        self.assertGreater(float(re.search(r"^guan_login_throttled_total (\S+)", text, re.M)[1]), 0)
        self.assertGreater(float(re.search(r"^guan_login_failures_total (\S+)", text, re.M)[1]), 3)


class BehindTls(ApiTest):
    """Behind a proxy that speaks TLS on the same host."""

    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(COLLECTOR, RULES, ["--behind-tls"])
        cls.contract = Contract(OPENAPI)
        cls.api = Client(cls.stand, cls.contract)
        cls.api.login()

    def test_the_cookie_is_secure(self):
        self.assertIn("; Secure", self.api.last_headers["Set-Cookie"])
        self.assertIn("max-age", self.api.raw("GET", "/")[1]["Strict-Transport-Security"])

    def test_guessers_are_told_apart_by_the_proxys_word(self):
        def guess(address, user):
            return self.stranger().raw("POST", "/api/v1/session",
                                       json.dumps({"user": user, "password": "x"}).encode(),
                                       {"X-Forwarded-For": address})[0]
        # what the client itself wrote into the header stands before the last hop
        for turn in range(5):
            wait_for(lambda: guess("10.9.9.%d, 198.51.100.7" % turn, "nobody%d" % turn) == 401, "401")
        self.assertEqual(guess("203.0.113.1, 198.51.100.7", "nobody"), 429)
        wait_for(lambda: guess("198.51.100.8", "somebody") == 401, "another address is put off too")


class Restart(unittest.TestCase):
    def test_a_taken_port_ends_the_start(self):
        stand = Stand(COLLECTOR, RULES)
        done = subprocess.run([COLLECTOR, "--data", os.path.join(stand.folder, "other"), "--rules", RULES,
                               "--listen", "127.0.0.1:%d" % stand.port], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"cannot listen", done.stdout)
        for listen in ("nonsense", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "::1:80"):
            done = subprocess.run([COLLECTOR, "--data", os.path.join(stand.folder, "other"), "--rules", RULES,
                                   "--listen", listen], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=30)
            self.assertNotEqual(done.returncode, 0, listen)
        self.assertEqual(stand.stop(), 0)


if __name__ == "__main__":
    COLLECTOR, RULES, OPENAPI = (os.path.abspath(p) for p in sys.argv[1:4])
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
