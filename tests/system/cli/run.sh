#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD: the sensor's command line, against its exit codes, messages and
# signals; and the repository's run.sh.
set -eu
here=$(dirname "$0")
status=0
for part in cli signals; do
	python3 -B "$here/$part.py" "$1/sensor/guan-sensor" || status=1
done
"$here/start.sh" "$1" || status=1
exit $status
