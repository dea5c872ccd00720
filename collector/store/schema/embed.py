#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the schema files, in name order, as C strings: embed.py OUT.c FILE.sql..."""
import os
import sys


def c_string(line):
    # Octal escapes for what is not plain ASCII: unlike hex ones they end after three digits.
    text = "".join(
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b
        for b in line.encode())
    return '\t"%s"' % text


out, files = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
with open(out, "w") as c:
    c.write("/* Made by collector/store/schema/embed.py. */\n")
    c.write('#include "collector/store/engine.h"\n\n')
    c.write("const struct schema_file schema_files[] = {\n")
    for path in files:
        with open(path, encoding="utf-8") as f:
            lines = f.read().splitlines(keepends=True)
        c.write('\t{ "%s",\n%s },\n' % (os.path.basename(path), "\n".join(map(c_string, lines))))
    c.write("};\nconst size_t schema_files_count = %d;\n" % len(files))
