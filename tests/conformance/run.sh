#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The public rule-engine cases: a case that has passed once must go on passing.
#   tests/conformance/run.sh SENSOR [--update]
# passing.txt lists the cases that pass; --update writes it anew.
set -u
here=$(dirname "$(realpath "$0")")
cases=${GUAN_SHARED:-$here/../../../shared}/conformance
sensor=$(realpath "$1")
out=$(mktemp)
trap 'rm -f "$out"' EXIT
/usr/bin/python3 "$cases/run.py" --sensor "$sensor" -q --json "$out" | tail -n 8
/usr/bin/python3 - "$out" "$here/passing.txt" "${2:-}" <<'PY'
import json, sys
tests = json.load(open(sys.argv[1]))["tests"]
now = {t["name"] for t in tests if t["status"] == "PASS"}
if sys.argv[3] == "--update":
    open(sys.argv[2], "w").write("".join(n + "\n" for n in sorted(now)))
before = set(open(sys.argv[2]).read().split())
for name in sorted(before - now):
    print("passed before, fails now:", name)
for name in sorted(now - before):
    print("passes now:", name)
sys.exit(1 if before - now or not now else 0)
PY
