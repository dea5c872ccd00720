#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD: the sensor's command line, against its exit codes and messages.
set -eu
exec python3 "$(dirname "$0")/cli.py" "$1/sensor/guan-sensor"
