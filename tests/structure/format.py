#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every .c file is as clang-format leaves it.

    format.py ROOT CLANG_FORMAT

Headers are set by hand: they hold tables of rows, which the formatter would pad anew whenever a
long row comes, and rows made by macros, which it cannot read.
"""
import pathlib
import re
import subprocess
import sys

FOLDERS = ("common", "sensor", "collector", "tests")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1])
    files = sorted(str(p.relative_to(root)) for f in FOLDERS for p in (root / f).rglob("*.c"))
    if not files:
        sys.exit(f"no source under {root}")
    r = subprocess.run([sys.argv[2], "--dry-run", *files], cwd=root, capture_output=True, text=True)
    bad = sorted(set(re.findall(r"^(\S+\.c):\d+:\d+: warning: code should be", r.stderr, re.M)))
    for name in bad:
        print(f"{name}: run {pathlib.Path(sys.argv[2]).name} -i on it", file=sys.stderr)
    print(f"{len(files)} files, {len(bad)} to be formatted")
    sys.exit(1 if bad or r.returncode else 0)


main()
