#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Zone priv-port: production network of a container terminal, 10.40.0.0/16.
#   10.40.1.20  PLC of a quay crane   10.40.1.5  terminal operating system (may write)
#   10.40.1.99  a station that is on no list
# The ship lock (priv-lock) uses the same prefix on purpose.
. "$(dirname "$0")/lib.sh"

PLC=10.40.1.20
TOS=10.40.1.5
STRANGER=10.40.1.99
DIR=$PCAPS_DIR/priv-port
MB="python3 $MAKE_DIR/modbus.py"

wire_up "$PLC" "$TOS $STRANGER"
serve inside 502 $MB serve $PLC
serve inside 23 python3 "$MAKE_DIR/services.py" telnet $PLC

record_start "$DIR/01-poll.pcap"
outside $TOS $MB poll $TOS $PLC 25 0.2
# An order of the operating system itself: move to bay 14, then go.
outside $TOS $MB send $TOS $PLC 060064000e 050003ff00 0300640002 >/dev/null
record_stop

record_start "$DIR/02-sweep.pcap"
outside $TOS $MB poll $TOS $PLC 3 0.2
try outside $STRANGER nmap -n -Pn -sT -p 22,23,80,102,502,2404,44818 --script modbus-discover \
	$PLC
outside $STRANGER $MB sweep $STRANGER $PLC
record_stop

record_start "$DIR/03-write.pcap"
outside $TOS $MB poll $TOS $PLC 4 0.2
outside $STRANGER $MB send $STRANGER $PLC 0300640010 0600640000 050003ff00 0500040000 \
    100064000306000000000000 0f00000010020000 1600640000ffff 17006400020064000104ffff 0300640004 \
    >/dev/null || true
printf 'keeper\r\nJh-2026-lock\r\nstatus\r\nexit\r\n' |
    try outside $STRANGER curl -s -m 2 telnet://$PLC
record_stop
wire_down
