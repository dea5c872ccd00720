#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Switch off every offload of one interface: checksums are then computed by the kernel and
no segment is larger than the MTU, so a capture holds the frames a wire would carry.

usage: offload.py INTERFACE
"""
import ctypes
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
# Setters of linux/ethtool.h that take one 32-bit value.
SETTERS = {"rx-checksum": 0x15, "tx-checksum": 0x17, "scatter-gather": 0x19,
           "tso": 0x1F, "gso": 0x24, "gro": 0x2C}


def main():
    name = sys.argv[1].encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for what, command in SETTERS.items():
            value = bytearray(struct.pack("II", command, 0))
            buf = (ctypes.c_char * len(value)).from_buffer(value)
            request = struct.pack("16sP", name, ctypes.addressof(buf)).ljust(40, b"\0")
            try:
                fcntl.ioctl(s, SIOCETHTOOL, request)
            except OSError as e:
                # rx-checksum is fixed on some kernels and does not change the frames.
                if what in ("tx-checksum", "tso", "gso"):
                    sys.exit(f"{sys.argv[1]}: cannot switch off {what}: {e}")


if __name__ == "__main__":
    main()
