#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes guan-rules.5: its first part from guan-rules.head, the keywords from the sensor's own list.

    guan-sensor --list-keywords=csv | docs/rules_page.py docs/guan-rules.head > docs/guan-rules.5
"""
import csv
import sys

KINDS = [
    ("meta", "ABOUT THE RULE", "They say something about the rule and test nothing."),
    ("packet", "TESTS OF PACKETS AND FLOWS", "Each must hold for the packet, or for its flow as it stands."),
    ("buffer", "BUFFERS", "Sticky: contents that follow are looked for there, until another buffer is named."),
    ("content", "TESTS INSIDE A BUFFER", "In the order of the rule's text, in the buffer named last, or the payload."),
    ("modifier", "MODIFIERS", "They change the content before them, or the buffer's bytes."),
    ("transaction", "NUMBERS OF TRANSACTIONS", "Of what a protocol's parser has read."),
    ("action", "WHAT A RULE DOES WHEN IT FIRES", ""),
]


def roff(text):
    """Text as roff takes it: backslashes, leading dots and quotes, and hyphens that are minus signs."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def main():
    with open(sys.argv[1], encoding="utf-8") as head:
        sys.stdout.write(head.read())
    rows = list(csv.DictReader(sys.stdin))
    for kind, title, about in KINDS:
        print(f".SH {title}")
        if about:
            print(roff(about))
        for row in rows:
            if row["where"] != kind:
                continue
            print(".TP")
            arguments = f":\\fI{roff(row['arguments'])}\\fR" if row["arguments"] else ""
            print(f"\\fB{roff(row['name'])}\\fR{arguments}")
            print(roff(row["help"] or "."))
    print(".SH SEE ALSO\n.BR guan\\-sensor (8)")


main()
