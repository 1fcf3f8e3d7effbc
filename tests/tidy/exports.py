#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a shared library exports is what its headers promise, and its map names.

usage: exports.py NM LIBRARY MAP HEADER...
"""

import pathlib
import re
import subprocess
import sys

import tidy

MACRO = re.compile(r"^[ \t]*#(?:.*\\\n)*.*$", re.MULTILINE)
DECLARATION = re.compile(r"\bCENTRO_API\b[^;({]*?\b(\w+)\s*\(")


def declared(headers):
    """{function: header} of what is marked CENTRO_API."""
    return {
        name: pathlib.Path(header).name
        for header in headers
        for name in DECLARATION.findall(
            MACRO.sub("", tidy.without_comments(pathlib.Path(header).read_text(encoding="utf-8")))
        )
        if name != "__attribute__"
    }


def mapped(path):
    """The names in the global parts of a version script."""
    text = re.sub(r"#[^\n]*", "", pathlib.Path(path).read_text(encoding="utf-8"))
    parts = re.findall(r"global:(.*?)(?:local:|\})", text, re.DOTALL)
    return {name.strip() for part in parts for name in part.split(";") if name.strip()}


def exported(nm, library):
    output = subprocess.run(
        [nm, "-D", "--defined-only", "--format=posix", str(library)],
        check=True, capture_output=True, text=True,
    ).stdout
    # An absolute symbol is the name of a version.
    rows = (line.split()[:2] for line in output.splitlines())
    return {name.split("@")[0] for name, kind in rows if kind != "A"}


def check(nm, library, script, headers):
    promised = declared(headers)
    listed = mapped(script)
    leaving = exported(nm, library)
    script, library = pathlib.Path(script).name, pathlib.Path(library).name
    return [
        *(f"{script}: lacks {name} of {promised[name]}" for name in sorted(promised.keys() - listed)),
        *(f"{script}: names {name}, which no header declares"
          for name in sorted(listed - promised.keys())),
        *(f"{library}: lacks {name} of {promised[name]}"
          for name in sorted(promised.keys() - leaving)),
        *(f"{library}: exports {name}, which no header declares"
          for name in sorted(leaving - promised.keys())),
        *(f"{library}: exports {name}, which is not centro_*"
          for name in sorted(leaving) if not name.startswith("centro_")),
    ]


if __name__ == "__main__":
    sys.exit(tidy.report("exports", check(*sys.argv[1:4], sys.argv[4:])))
