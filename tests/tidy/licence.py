#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every C file starts with its licence.

usage: licence.py ROOT
"""

import pathlib
import sys

import tidy

LINE = "/* SPDX-License-Identifier: MIT */"


def check(root):
    root = pathlib.Path(root)
    return [
        f"{file.relative_to(root)}:1: is not {LINE}"
        for file in tidy.sources(root, "include", "lib", "cli", "tests", "examples")
        if file.read_text(encoding="utf-8").split("\n", 1)[0] != LINE
    ]


if __name__ == "__main__":
    sys.exit(tidy.report("licence", check(sys.argv[1])))
