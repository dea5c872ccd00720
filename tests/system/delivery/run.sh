#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a sensor's spool to the store, exactly once, whoever is killed when.
#   tests/system/delivery/run.sh BUILD [SCENARIO...]
# GUAN_ROUNDS: how many kills (12; acceptance: 200). GUAN_TEST_SEED repeats a run.
set -u
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: $0 BUILD [SCENARIO...]" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
shift
exec python3 "$here/delivery.py" "$build" "$here/../../.." "$@"
