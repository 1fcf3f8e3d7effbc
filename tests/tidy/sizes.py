#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sizes, as a report: long functions, files and headers. It never fails.

A long one may be right; this list is where a reviewer looks.

usage: sizes.py ROOT
"""

import pathlib
import re
import statistics
import sys

import tidy

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
HEADER_LINES_MAX = 300

NAME = re.compile(r"(\w+)\s*\([^;{}]*$")


def functions(text):
    """(name, first line, lines) of each function: in this style `{` and `}` stand alone."""
    lines = tidy.code_only(text).split("\n")
    start = None
    for number, line in enumerate(lines):
        if line.startswith("{"):
            start = number
            while start > 0 and lines[start - 1].strip() and lines[start - 1][0] not in "}#":
                start -= 1
        elif line.startswith("}") and start is not None:
            head = "\n".join(lines[start:number]).split("{")[0]
            name = NAME.search(head)
            if name:
                first = re.search(r"(\w+)\s*\(", head)
                yield first.group(1), start + 1, number - start + 1
            start = None


def report(root):
    """(complaints, lengths of all functions)"""
    root = pathlib.Path(root)
    long_ones, lengths = [], []
    for file in tidy.sources(root, "include", "lib", "cli", "tests", "examples"):
        text = file.read_text(encoding="utf-8")
        where = file.relative_to(root)
        limit = HEADER_LINES_MAX if file.suffix == ".h" else FILE_LINES_MAX
        count = text.count("\n")
        if count > limit:
            long_ones.append(f"{where}: {count} lines, more than {limit}")
        for name, line, size in functions(text):
            lengths.append(size)
            if size > FUNCTION_LINES_MAX:
                long_ones.append(f"{where}:{line}: {name} has {size} lines")
    return long_ones, lengths


if __name__ == "__main__":
    complaints, sizes = report(sys.argv[1])
    tidy.report("sizes", complaints)
    if sizes:
        over = sum(size > FUNCTION_LINES_MAX for size in sizes)
        print(f"{len(sizes)} functions, median {statistics.median(sizes):.0f} lines, "
              f"longest {max(sizes)}, over {FUNCTION_LINES_MAX}: {over}")
