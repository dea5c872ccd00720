#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real rule sets load: tests/conformance/rule_sets.sh SENSOR
# At least 85 % of et-open-2023, each refusal with its reason, summed by keyword.
set -u
shared=${GUAN_SHARED:-$(dirname "$(realpath "$0")")/../../../shared}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
zstd -qdc "$shared/corpus/rules/et-open-2023.rules.zst" >"$scratch/et.rules" || exit 1
start=$(date +%s%N)
"$1" -T -S "$scratch/et.rules" >"$scratch/out" 2>&1
status=$?
seconds=$((($(date +%s%N) - start) / 1000000))
sed -n '/^rules:/,$p' "$scratch/out"
echo "loaded in $seconds ms, exit status $status"
loaded=$(sed -n 's/^rules: \([0-9]*\) loaded.*/\1/p' "$scratch/out" | head -n 1)
refused=$(grep -c 'rule refused' "$scratch/out")
told=$(sed -n 's/^rules: .* \([0-9]*\) refused.*/\1/p' "$scratch/out" | head -n 1)
[ "${loaded:-0}" -ge 27197 ] && [ "$refused" = "$told" ] && [ $status = 3 ]
