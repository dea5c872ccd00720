#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The dashboards in a real browser. Usage: tests/browser/run.sh BUILD (programs, and pages in BUILD/dashboards).
set -eu
build=$(realpath "${1:?usage: tests/browser/run.sh BUILD}")
cd "$(dirname "$0")"
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
	npm ci --no-audit --no-fund --loglevel=error
fi
test=(env GUAN_BUILD="$build" GUAN_SCREENSHOTS="${GUAN_SCREENSHOTS-$build/screenshots}" GUAN_BROWSER_REQUIRED=1
	node --test scenario.test.mjs)
# The network of the test is made of namespaces, which only root may make.
[ "$(id -u)" = 0 ] || exec sudo -n "${test[@]}"
exec "${test[@]}"
