#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what ARCHITECTURE.md promises about who includes whom, and what every file must hold.

    includes.py ROOT

A lower floor never includes a header of a higher one; the sensor and the collector never include
each other; an outside library is included by its wrapper alone; source files carry the SPDX line;
no file names a folder of the machine it was written on. Exceptions stand below, with reasons.
"""
import os
import pathlib
import re
import subprocess
import sys

# Lowest first. A folder may include itself and what stands before it.
SENSOR_FLOORS = ("decode", "flow", "dpi", "proto", "rule", "detect", "behaviour", "record", "sink")
COLLECTOR_FLOORS = ("store", "registry", "workflow", "exchange", "ingest", "api")

# The files above the floors, lowest first: they may include every floor.
SENSOR_TOP = ("options", "syscalls", "config", "split", "privilege", "worker", "dispatch", "control_request",
              "control", "sensor", "supervisor", "main")

# Who may know where frames come from: nothing between the wire and the worker's door.
CAPTURE_USERS = ("sensor/capture/", "sensor/dispatch.", "sensor/sensor.", "sensor/main.c",
                 # The worker takes frames by the type that capture/ gives them, and no more of it.
                 ("sensor/worker.h", "sensor/capture/frame.h"))

# Header (a pattern) and the files that may include it.
LIBRARIES = (
    (r"pcap(/.*)?\.h|pcap/.*", ("sensor/capture/", "sensor/main.c")),  # main: the version
    (r"ndpi_.*\.h|.*/ndpi_.*\.h", ("sensor/dpi/",)),
    (r"(hs/)?hs(_.*)?\.h", ("sensor/detect/mpm.c", "sensor/main.c")),  # main: the version
    (r"maxminddb.*\.h", ("sensor/record/geo.c",)),
    (r"hiredis.*", ("sensor/sink/redis.c", "collector/ingest/redis_")),
    (r"yaml\.h", ("common/conf.c",)),
    (r"xxhash\.h", ("common/hash.h",)),
    (r"sqlite3\.h", ("collector/store/sqlite.c",)),
    (r"(postgresql/)?libpq.*", ("collector/store/postgres.c",)),
    (r"pcre2\.h", ("sensor/rule/",)),
    (r"openssl/.*", ("common/cipher.c", "common/digest.c")),
    (r"zlib\.h", ("sensor/proto/inflate.c", "sensor/sink/segment.c",  # segment: checksums
                   "sensor/rule/keyword/gunzip.c", "sensor/rule/keyword/zlib_deflate.c")),
    (r"brotli/.*|lzma\.h", ("sensor/proto/inflate.c",)),
    (r"cap-ng\.h", ("sensor/privilege.c",)),
    (r"seccomp\.h", ("sensor/syscalls.c",)),
    # No event loop where packets are judged.
    (r"event2/.*|event\.h", ("sensor/sink/", "sensor/main.c", "sensor/sensor.c",
                             "sensor/control.c", "sensor/supervisor.c", "collector/")),
    # The sensor writes JSON with common/json.h; only requests to its control socket and lists of
    # values are read.
    (r"jansson\.h", ("collector/", "sensor/control_request.c", "sensor/rule/dataset_json.c")),
    (r"sodium\.h", ("collector/",)),
)

SOURCE_NAMES = re.compile(r"\.(c|h|py|sh|pl|mjs|js|ts|vue|css|sql)$|/?meson\.build$|/?meson_options\.txt$")
SPDX = "SPDX-License-Identifier: Apache-2.0"
# A folder that only one machine has. /tmp, /usr, /var and /etc are on all of them.
MACHINE_PATH = re.compile(r"(?<![\w.\-/*])/(?:work|root|Users|home/\w+|tmp/guan)/")
# Texts of attacks and of protocols hold such paths, and mean the victim's machine.
PATHS_ALLOWED = ("rules/", "pcaps/", "tests/pcap/", "tests/conformance/", "dashboards/package-lock.json",
                 "tests/browser/package-lock.json")
TEXT_MAX = 2 << 20


def listed(root):
    """Files under version control, or about to be; without git, all that no build made."""
    r = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                       capture_output=True, text=True)
    if r.returncode == 0 and r.stdout:
        return sorted(n for n in r.stdout.split("\0") if n and (root / n).is_file())
    skip = {".git", "build", "var", "node_modules", "dist", "__pycache__"}
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in skip and not f.startswith("build-")]
        names += [str(pathlib.Path(folder, f).relative_to(root)) for f in files]
    return sorted(names)


def is_in(name, places):
    return any(name == p or (p.endswith(("/", ".", "_")) and name.startswith(p)) for p in places)


def floor_error(name, target):
    """Why name must not include target (both from the root), or None."""
    own, other = name.split("/"), target.split("/")
    if other[0] == "common":
        return None
    if own[0] == "common":
        return "common/ knows nobody"
    if own[0] != other[0]:
        return f"{own[0]}/ and {other[0]}/ never include each other"
    if other[1] == "capture":
        users = [u for u in CAPTURE_USERS if isinstance(u, str)]
        if not is_in(name, users) and (name, target) not in CAPTURE_USERS:
            return "only dispatch, sensor and main know capture/"
        return None
    floors = SENSOR_FLOORS if own[0] == "sensor" else COLLECTOR_FLOORS
    if len(own) == 2:
        return top_error(own, other)
    if own[1] == "capture":
        return "capture/ knows only common/"
    if own[1] not in floors:
        return f"{own[0]}/{own[1]}/ has no floor in tests/structure/includes.py"
    if len(other) == 2:
        return f"{own[1]}/ is below {other[1]}"
    if other[1] not in floors:
        return f"{other[0]}/{other[1]}/ has no floor in tests/structure/includes.py"
    if floors.index(other[1]) > floors.index(own[1]):
        return f"{own[1]}/ is below {other[1]}/"
    return None


def top_error(own, other):
    """The same for files above the floors."""
    if own[0] != "sensor" or len(other) != 2:
        return None
    stems = [pathlib.Path(p[1]).stem for p in (own, other)]
    for stem in stems:
        if stem not in SENSOR_TOP:
            return f"sensor/{stem} has no place in tests/structure/includes.py"
    if SENSOR_TOP.index(stems[1]) > SENSOR_TOP.index(stems[0]):
        return f"{stems[0]} is below {stems[1]}"
    return None


def library_error(header):
    for pattern, users in LIBRARIES:
        if re.fullmatch(pattern, header):
            return users
    return None


def check_includes(root, name, text, errors):
    for number, line in enumerate(text.splitlines(), 1):
        m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not m:
            continue
        target, where = m.group(2), f"{name}:{number}: {m.group(2)}"
        users = library_error(target)
        if users is not None:
            if not is_in(name, users):
                errors.append(f"{where}: only {', '.join(users)} may include it")
        elif m.group(1) == '"':
            if target.split("/")[0] not in ("common", "sensor", "collector"):
                # What a build makes (a file in quotes without a folder) is nobody's floor.
                if (root / target).exists() or (root / name).parent.joinpath(target).exists():
                    errors.append(f"{where}: include by the path from the root")
            elif why := floor_error(name, target):
                errors.append(f"{where}: {why}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1]).resolve()
    errors, sources = [], 0
    for name in listed(root):
        path = root / name
        if path.stat().st_size > TEXT_MAX:
            continue
        data = path.read_bytes()
        if b"\0" in data:
            continue
        text = data.decode("utf-8", "replace")
        if SOURCE_NAMES.search(name):
            sources += 1
            if SPDX not in "\n".join(text.splitlines()[:3]):
                errors.append(f"{name}: no line \"{SPDX}\" at its head")
        if name.endswith((".c", ".h")) and name.split("/")[0] in ("common", "sensor", "collector"):
            check_includes(root, name, text, errors)
        if not is_in(name, PATHS_ALLOWED):
            for number, line in enumerate(text.splitlines(), 1):
                if m := MACHINE_PATH.search(line):
                    errors.append(f"{name}:{number}: {m.group(0)} is a folder of one machine")
    for e in errors:
        print(e, file=sys.stderr)
    print(f"{sources} source files, {len(errors)} faults")
    sys.exit(1 if errors or not sources else 0)


main()
