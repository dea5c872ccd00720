# SPDX-License-Identifier: Apache-2.0
"""Checks answers against openapi.yaml: the path, status, type of content and body must be described."""
import datetime
import json
import re

import jsonschema
import yaml


class Contract:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.doc = yaml.safe_load(f)
        self.resolver = jsonschema.RefResolver.from_schema(self.doc)
        self.formats = jsonschema.FormatChecker()
        self.formats.checks("date-time", ValueError)(self.is_time)
        self.formats.checks("date", ValueError)(self.is_day)
        self.paths = [(self.regex(p), p) for p in self.doc["paths"]]
        self.seen = set()  # (method, path, status) that a test has met

    @staticmethod
    def regex(path):
        return re.compile("^" + re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$")

    @staticmethod
    def is_time(value):
        if isinstance(value, str):
            if not re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", value):
                raise ValueError(value)
            datetime.datetime.fromisoformat(value[:-1])
        return True

    @staticmethod
    def is_day(value):
        if isinstance(value, str):
            datetime.date.fromisoformat(value)
        return True

    def deref(self, node):
        while "$ref" in node:
            _, node = self.resolver.resolve(node["$ref"])
        return node

    def find(self, path):
        path = path.split("?")[0]
        exact = [p for r, p in self.paths if p == path]
        return (exact or [p for r, p in self.paths if r.match(path)] or [None])[0]

    def check_schema(self, schema, value, what):
        validator = jsonschema.Draft202012Validator(
            schema, resolver=self.resolver, format_checker=self.formats)
        errors = [f"{what}: {'/'.join(map(str, e.absolute_path))}: {e.message[:300]}"
                  for e in validator.iter_errors(value)]
        if errors:
            raise AssertionError("\n".join(errors[:5]))

    def check(self, method, path, status, content_type, body):
        """Fails unless the answer is one the description promises."""
        what = f"{method} {path} -> {status}"
        template = self.find(path)
        if template is None:
            raise AssertionError(f"{what}: not described")
        operation = self.doc["paths"][template].get(method.lower())
        if operation is None:
            if status != 405:
                raise AssertionError(f"{what}: the method is not described")
            return self.check_problem(status, content_type, body, what)
        if str(status) not in operation["responses"]:
            raise AssertionError(f"{what}: the status is not described: {body[:300]!r}")
        self.seen.add((method, template, status))
        response = self.deref(operation["responses"][str(status)])
        content = response.get("content")
        if content is None:
            if body:
                raise AssertionError(f"{what}: a body where none is described")
            return None
        kind = content_type.split(";")[0]
        if kind not in content:
            raise AssertionError(f"{what}: {kind} is not described")
        if not kind.endswith("json"):
            return body.decode()
        value = json.loads(body)
        self.check_schema(content[kind]["schema"], value, what)
        return value

    def check_problem(self, status, content_type, body, what):
        if content_type.split(";")[0] != "application/problem+json":
            raise AssertionError(f"{what}: {content_type} is no problem document")
        value = json.loads(body)
        self.check_schema({"$ref": "#/components/schemas/Problem"}, value, what)
        if value["status"] != status:
            raise AssertionError(f"{what}: the problem says {value['status']}")
        return value

    def check_request(self, method, path, body):
        """What a test sends and expects to work must fit the description too."""
        operation = self.doc["paths"][self.find(path)][method.lower()]
        if "requestBody" in operation:
            schema = self.deref(operation["requestBody"])["content"]["application/json"]["schema"]
            relaxed = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
            errors = [e.message for e in relaxed.iter_errors(body)]
            if errors:
                raise AssertionError(f"{method} {path}: the request is not as described: {errors}")
