#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles each header alone, and twice over.

    headers.py ROOT COMPILER [ARGUMENT...]

A header that needs another one names it, and one that is included twice says nothing twice.
Only the syntax is checked, so all headers together take seconds.
"""
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

FOLDERS = ("common", "sensor", "collector")
PACKAGES = ("libpcap", "libndpi", "libhs", "libpcre2-8", "libevent", "hiredis", "libmaxminddb",
            "sqlite3", "jansson", "yaml-0.1", "libxxhash", "libsodium", "libcrypto")
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wstrict-prototypes", "-Wno-unused-parameter"]


def library_flags():
    """Where the libraries keep their headers; asked one by one, since not all are needed."""
    flags = []
    for package in PACKAGES:
        r = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True)
        flags += r.stdout.split() if r.returncode == 0 else []
    return flags


def check(compiler, flags, root, header):
    command = [*compiler, "-std=gnu17", "-D_GNU_SOURCE", *WARNINGS, "-I", str(root), *flags,
               "-fsyntax-only", "-x", "c", "-"]
    text = f'#include "{header}"\n#include "{header}"\n'
    r = subprocess.run(command, input=text, capture_output=True, text=True)
    return r.stderr if r.returncode else None


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
    headers = sorted(str(p.relative_to(root)) for f in FOLDERS for p in (root / f).rglob("*.h"))
    if not headers:
        sys.exit(f"no header under {root}")
    # ccache has nothing to keep of a syntax check.
    if len(compiler) > 1 and pathlib.Path(compiler[0]).name == "ccache" and shutil.which(compiler[1]):
        compiler = compiler[1:]
    flags = library_flags()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda h: check(compiler, flags, root, h), headers))
    bad = [(h, e) for h, e in zip(headers, results) if e]
    for header, error in bad:
        print(f"{header} does not compile alone:\n{error}", file=sys.stderr)
    print(f"{len(headers)} headers, {len(bad)} bad")
    sys.exit(1 if bad else 0)


main()
