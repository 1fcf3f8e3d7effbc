#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Layers by include: a folder includes only what the table allows.

usage: includes.py ROOT
"""

import pathlib
import re
import sys

import tidy

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def _library_allows(folder, header):
    return any(
        re.fullmatch(tidy.LIBRARIES[library][0], header)
        for library in tidy.FOLDER_LIBRARIES.get(folder, [])
    )


def _is_library(header):
    return any(re.fullmatch(pattern, header) for pattern, _ in tidy.LIBRARIES.values())


def _lib_complaint(path, folder, quoted, angled):
    """What is wrong with one include of lib/`path`, or None."""
    header = quoted or angled
    if _library_allows(folder, header):
        return None
    if _is_library(header):
        return f"{folder} may not use this library"
    if quoted:
        owner = tidy.folder_of(quoted.split("/"))
        if "/" not in quoted:
            return f'write it from lib/: "{folder}/{quoted}"'
        if owner == folder or owner in tidy.USES[folder]:
            return None
        return f"{folder} may not include {owner}"
    if angled.startswith("centro/"):
        name = angled.removeprefix("centro/")
        owner = tidy.PUBLIC_OWNER.get(name, "base")
        if owner == folder or owner in tidy.USES[folder]:
            return None
        if name in tidy.PUBLIC_EXTRA.get(folder, []):
            return None
        return f"{folder} may not include {owner}'s public header"
    if angled in tidy.PURE_HEADERS or tidy.may_use_system(path):
        return None
    return "only io, and a storage backend's own files, may know the system"


def _cli_complaint(path, quoted, angled, shared):
    header = quoted or angled
    if path.startswith("shim"):
        if quoted and quoted not in shared and not quoted.startswith("shim"):
            return "the shim shares one header with the rest, and uses libc alone"
        if angled and (_is_library(angled) or angled.startswith("centro/")):
            return "the shim uses libc alone"
        return None
    if _library_allows("cli", header):
        return None
    if _is_library(header):
        return "cli may not use this library"
    if quoted and "/" in quoted and quoted not in shared:
        return "cli sees the installed headers alone"
    return None


def check(root, shim_shared=("io/shim_abi.h",)):
    """`shim_shared`: the headers that the shim and the agent both read."""
    root = pathlib.Path(root)
    complaints = []
    for file in tidy.sources(root, "lib", "cli", "include"):
        text = tidy.without_comments(file.read_text(encoding="utf-8"))
        where = file.relative_to(root)
        top, path = where.parts[0], "/".join(where.parts[1:])
        for match in INCLUDE.finditer(text):
            quoted, angled = match.groups()
            if top == "include":
                ok = angled and (angled.startswith("centro/") or angled in tidy.PURE_HEADERS)
                wrong = None if ok else "a public header includes <centro/...> and plain C alone"
            elif top == "cli":
                wrong = _cli_complaint(path, quoted, angled, shim_shared)
            elif tidy.folder_of(where.parts[1:]) not in tidy.USES:
                wrong = "this folder is not in the table of layers"
            else:
                wrong = _lib_complaint(path, tidy.folder_of(where.parts[1:]), quoted, angled)
            if wrong:
                line = tidy.line_of(text, match.start())
                complaints.append(f"{where}:{line}: includes {quoted or angled}: {wrong}")
    return complaints


if __name__ == "__main__":
    sys.exit(tidy.report("includes", check(sys.argv[1])))
