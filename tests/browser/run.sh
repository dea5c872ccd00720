#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The dashboards in a real browser: tests/browser/run.sh [BUILD]
set -u
cd "$(dirname "$0")" || exit 1
export GUAN_BUILD=${1:-$PWD/../../build}
[ -d node_modules ] && [ node_modules -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error || exit 1
exec npm test --silent
