#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a text file as a C array: embed.py IN OUT.c NAME."""
import sys

source, target, name = sys.argv[1:]
data = open(source, "rb").read()
with open(target, "w") as out:
    out.write("#include <stddef.h>\n")
    out.write("extern const char %s[];\nextern const size_t %s_len;\n" % (name, name))
    out.write("const char %s[] = {\n" % name)
    for i in range(0, len(data), 16):
        out.write("\t" + " ".join("%d," % (b if b < 128 else b - 256) for b in data[i:i + 16]) + "\n")
    out.write("};\nconst size_t %s_len = sizeof(%s);\n" % (name, name))
