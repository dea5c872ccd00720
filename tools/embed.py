#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes text files into a C file.

    embed.py OUT.c NAME FILE                      the text: NAME[] and NAME_len
    embed.py OUT.c NAME HEADER STRUCT FILE...     rows of { file name, text }, in name order, of the
                                                  struct that the header has: NAME[] and NAME_count
"""
import os
import sys


def c_string(line):
    # Octal escapes for what is not plain ASCII: unlike hex ones they end after three digits.
    text = "".join(
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b for b in line)
    return '\t"%s"\n' % text


def c_text(path):
    with open(path, "rb") as f:
        return "".join(map(c_string, f.read().splitlines(keepends=True))) or '\t""\n'


out, name, *rest = sys.argv[1:]
with open(out, "w", encoding="ascii") as c:
    c.write("/* Made by tools/embed.py. */\n")
    if len(rest) == 1:
        c.write("#include <stddef.h>\n\n")
        c.write("extern const char %s[];\nextern const size_t %s_len;\n\n" % (name, name))
        c.write("const char %s[] =\n%s;\n" % (name, c_text(rest[0])))
        c.write("const size_t %s_len = sizeof(%s) - 1;\n" % (name, name))
    else:
        header, struct, *files = rest
        c.write('#include "%s"\n\nconst struct %s %s[] = {\n' % (header, struct, name))
        for path in sorted(files, key=os.path.basename):
            c.write('{ "%s",\n%s},\n' % (os.path.basename(path), c_text(path)))
        c.write("};\nconst size_t %s_count = %d;\n" % (name, len(files)))
