# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: a folder that goes with them, running, checking."""
import atexit
import os
import shutil
import subprocess
import sys
import tempfile

SENSOR = os.path.abspath(sys.argv[1])
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
CAPTURE = os.path.join(ROOT, "pcaps/net-portal/05-guess.pcap")
failed = 0

folder = tempfile.mkdtemp(prefix="guan-cli-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)  # failures and exceptions included
os.chdir(folder)


def check(name, good, detail=""):
    global failed
    failed += not good
    print("%-4s %s%s" % ("ok" if good else "FAIL", name, "" if good else ": %s" % detail))


def run(*args, **more):
    # SIGKILL on timeout: a sensor that hangs with its signals blocked is a failure, not a wait.
    try:
        p = subprocess.run([SENSOR, *args], capture_output=True, timeout=20,
                           stdin=more.pop("stdin", subprocess.DEVNULL), **more)
        return p.returncode, (p.stdout + p.stderr).decode(errors="replace")
    except subprocess.TimeoutExpired:
        return "hung", ""


def expect(code, part, *args, **more):
    got, text = run(*args, **more)
    check(" ".join(args)[:90], got == code and part in text, "%s %s" % (got, text[-300:]))


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


def finish():
    print("%d failed" % failed)
    sys.exit(failed > 0)
