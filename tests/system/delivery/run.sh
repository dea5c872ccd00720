#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a sensor's spool to the store, exactly once, whoever is killed when.
#   tests/system/delivery/run.sh BUILD [SCENARIO...]      the scenario "disk": full disks only
# GUAN_ROUNDS: how many kills (12; acceptance: 200). GUAN_TEST_SEED repeats a run.
set -u
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: $0 BUILD [SCENARIO...]" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
shift
status=0
if [ "$*" != disk ]; then
	python3 -B "$here/delivery.py" "$build" "$here/../../.." "$@" || status=1
fi
if [ $# -eq 0 ] || [ "$*" = disk ]; then
	python3 -B "$here/disk.py" "$build" "$here/../../.." || [ $? -eq 77 ] || status=1
fi
exit $status
