#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the bare loop and the sensor in turn, and reports what the sensor costs.

Called by run.sh, which prepares the files. CPU seconds are user and system time of the whole
process, from the kernel's accounting of the ended child. What loading the rules costs is
measured by runs on an empty capture and taken off; best from best, median from median. Loop,
empty run and run take turns, so that a machine that slows down slows all three.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

RUN_SECONDS_MAX = 900


def run(command, stdout=None):
    """Runs on CPU 0; returns CPU seconds, wall seconds and peak memory, or ends the bench."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        child = subprocess.Popen(["taskset", "-c", "0", *map(str, command)], stdout=stdout,
                                 stderr=errors, stdin=subprocess.DEVNULL)
        watchdog = threading.Timer(RUN_SECONDS_MAX, child.kill)
        watchdog.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        watchdog.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)  # it is reaped: Popen must not wait
        if child.returncode != 0:
            errors.seek(0)
            sys.stderr.buffer.write(errors.read()[-4000:])
            sys.exit(f"bench: {command[0]} ended with {child.returncode}")
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "user_s": usage.ru_utime,
            "system_s": usage.ru_stime, "wall_s": wall, "peak_kb": usage.ru_maxrss}


def run_loop(a, capture):
    with tempfile.TemporaryFile() as out:
        result = run([a.folder / "read_loop", capture], stdout=out)
        out.seek(0)
        result["packets"], result["bytes"] = map(int, out.read().split())
    return result


def run_sensor(a, capture):
    log = a.folder / "log"
    shutil.rmtree(log, ignore_errors=True)
    log.mkdir()
    command = [a.sensor, "-r", capture, "-S", a.rules, "-l", log, "-k", "none", "--workers", "1"]
    for setting in (f"classification-file={a.classification}",
                    f"reference-config-file={a.reference}",
                    "vars.address-groups.HOME_NET=any", "vars.address-groups.EXTERNAL_NET=any"):
        command += ["--set", setting]
    result = run(command, stdout=subprocess.DEVNULL)
    result["eve_bytes"] = (log / "eve.json").stat().st_size
    return result


def eve_counts(folder):
    """Records and alerts of the last run: a figure without them could be a sensor asleep."""
    records = alerts = 0
    with open(folder / "log" / "eve.json", "rb") as f:
        for line in f:
            records += 1
            alerts += b'"event_type":"alert"' in line
    return records, alerts


def warm(path):
    """Into the page cache: the disk is not what is measured."""
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 22):
            pass


def best(rows, key="cpu_s"):
    return min(r[key] for r in rows)


def median(rows, key="cpu_s"):
    return statistics.median(r[key] for r in rows)


def summary(loops, sensors, loads):
    packets, size = loops[0]["packets"], loops[0]["bytes"]
    result = {"packets": packets, "bytes": size, "runs": len(sensors)}
    for name, pick in (("best", best), ("median", median)):
        cpu = pick(sensors) - pick(loads)
        # A short capture on a busy machine is lost in the noise of loading: then say nothing.
        if cpu < pick(loads) / 50:
            result[name] = None
            continue
        result[name] = {
            "loop_cpu_s": round(pick(loops), 4),
            "sensor_cpu_s": round(cpu, 4),
            "sensor_wall_s": round(pick(sensors, "wall_s") - pick(loads, "wall_s"), 4),
            "gbit_per_s": round(size * 8 / cpu / 1e9, 3),
            "mpps": round(packets / cpu / 1e6, 4),
            "ns_per_packet": round(cpu / packets * 1e9, 1),
            "ratio": round(pick(loops) / cpu, 5),
        }
    result["peak_mb"] = round(max(r["peak_kb"] for r in sensors) / 1024, 1)
    result["eve_mb"] = round(sensors[-1]["eve_bytes"] / 1e6, 1)
    return result


def machine():
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": os.uname().release}


def version(sensor):
    r = subprocess.run([str(sensor), "-V"], capture_output=True, text=True)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {"version": r.stdout.strip(), "commit": commit.stdout.strip() or None}


def print_table(results):
    print(f"{'capture':<15}{'':7}{'Gbit/s':>8}{'Mpps':>8}{'ns/pkt':>9}{'CPU s':>9}{'wall s':>9}"
          f"{'loop s':>9}{'ratio':>9}{'peak MB':>9}{'alerts':>9}")
    for name, r in results.items():
        for which in ("best", "median"):
            v = r[which]
            if not v:
                print(f"{name:<15}{which:<7}  less than the noise of loading the rules; use longer captures")
                continue
            print(f"{name:<15}{which:<7}{v['gbit_per_s']:>8.2f}{v['mpps']:>8.3f}"
                  f"{v['ns_per_packet']:>9.0f}{v['sensor_cpu_s']:>9.2f}{v['sensor_wall_s']:>9.2f}"
                  f"{v['loop_cpu_s']:>9.3f}{v['ratio']:>9.4f}{r['peak_mb']:>9.0f}{r['alerts']:>9}")


def main():
    p = argparse.ArgumentParser()
    for option in ("sensor", "rules", "classification", "reference", "folder"):
        p.add_argument(f"--{option}", type=pathlib.Path, required=True)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("captures", nargs="+", help="NAME=FILE")
    a = p.parse_args()

    empty = a.folder / "empty.pcap"
    empty.write_bytes(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
    load_before = os.getloadavg()
    run_sensor(a, empty)  # pages in the program and the rules

    results, raw = {}, {}
    for capture in a.captures:
        name, path = capture.split("=", 1)
        warm(path)
        loops, loads, sensors = [], [], []
        for _ in range(a.runs):
            loops.append(run_loop(a, path))
            loads.append(run_sensor(a, empty))
            sensors.append(run_sensor(a, path))
        results[name] = summary(loops, sensors, loads)
        results[name]["records"], results[name]["alerts"] = eve_counts(a.folder)
        raw[name] = {"loop": loops, "loading": loads, "sensor": sensors}
        print(f"{name}: {a.runs} runs", file=sys.stderr, flush=True)
    shutil.rmtree(a.folder / "log", ignore_errors=True)
    print_table(results)
    loads = [r for rows in raw.values() for r in rows["loading"]]
    print(f"loading the rules: {best(loads):.2f} s CPU, {best(loads, 'peak_kb') / 1024:.0f} MB;"
          f" load average before: {load_before[0]:.1f} on {os.cpu_count()} CPUs")
    report = {"machine": machine(), "sensor": version(a.sensor), "rules": a.rules.name,
              "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
              "load_average": {"before": load_before, "after": os.getloadavg()},
              "loading": {"cpu_s": {"best": best(loads), "median": median(loads)}},
              "captures": results, "raw": raw}
    (a.folder / "result.json").write_text(json.dumps(report, indent=1) + "\n")


main()
