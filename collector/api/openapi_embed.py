# SPDX-License-Identifier: Apache-2.0
"""Turns openapi.yaml into a C string of JSON: openapi_embed.py openapi.yaml openapi.c

Resolves the file's anchors and merge keys, checks that every $ref leads somewhere, and writes
only ASCII, so that the C file does not depend on the compiler's idea of a character set.
"""
import json
import sys

import yaml


def check_refs(node, root):
    if isinstance(node, dict):
        if isinstance(node.get('$ref'), str):
            target = root
            for key in node['$ref'].removeprefix('#/').split('/'):
                if key not in target:
                    sys.exit(f"openapi.yaml: {node['$ref']} leads nowhere")
                target = target[key]
        for value in node.values():
            check_refs(value, root)
    elif isinstance(node, list):
        for value in node:
            check_refs(value, root)


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        root = yaml.safe_load(f)
    check_refs(root, root)
    text = json.dumps(root, ensure_ascii=True, separators=(',', ':'), default=str)
    with open(sys.argv[2], 'w', encoding='ascii') as f:
        f.write('/* made from collector/api/openapi.yaml */\n#include <stddef.h>\n\n')
        f.write('extern const char openapi_json[];\nextern const size_t openapi_json_len;\n\n')
        f.write('const char openapi_json[] =\n')
        for i in range(0, len(text), 80):
            part = text[i:i + 80].replace('\\', '\\\\').replace('"', '\\"')
            f.write(f'\t"{part}"\n')
        f.write(f';\nconst size_t openapi_json_len = {len(text)};\n')


main()
