#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Layers by link: what each folder's archive leaves undefined.

The core takes from libc a handful of functions on memory and nothing else: no
clock, no malloc, no thread, no printf, no getenv. Any other folder but io takes
plain C besides its own libraries, and ctr_ and centro_ functions only from the
folders that it may use.

usage: symbols.py BUILD [NM]
"""

import pathlib
import re
import subprocess
import sys

import tidy


def read_archive(nm, path):
    """{member: (defined, undefined)} of one archive, global symbols alone."""
    output = subprocess.run(
        [nm, "--format=posix", str(path)], check=True, capture_output=True, text=True
    ).stdout
    members = {}
    defined = undefined = None
    for line in output.splitlines():
        if line.endswith(":"):
            # "libctr_base.a[buf.c.o]:", or with a thin archive the member's path.
            member = re.sub(r".*\[(.*)\]:$", r"\1", line).rstrip(":")
            defined, undefined = members.setdefault(member.split("/")[-1], (set(), set()))
            continue
        name, kind = line.split()[:2]
        if kind in "Uwv":
            undefined.add(name)
        elif kind.isupper() or kind == "i":
            defined.add(name)
    return members


def source_of(member):
    """"buf.c.o", or "meson-generated_.._x.c.o", as a file name."""
    return member.removesuffix(".o").split("_.._")[-1]


def _library_of(folder, symbol):
    return any(
        re.fullmatch(tidy.LIBRARIES[library][1], symbol)
        for library in tidy.FOLDER_LIBRARIES.get(folder, [])
    )


def _complaint(folder, member, symbol, providers, archives):
    """What is wrong with one undefined symbol, or None. `providers`: {symbol: folder}."""
    if symbol.startswith(("ctr_", "centro_")) and not symbol.startswith("centro__"):
        owner = providers.get(symbol)
        if owner is None:
            # Whoever should define it may not be built.
            known = all(used in archives for used in tidy.USES[folder])
            return "nobody whom it may use defines it" if known else None
        if owner not in tidy.USES[folder]:
            return f"it is {owner}'s, which {folder} may not use"
        if owner in tidy.TYPES_ONLY.get(folder, []) and symbol.startswith("ctr_"):
            return f"it is {owner}'s, of which {folder} may use the types alone"
        return None
    if folder == "core":
        return None if tidy.CORE_FUNCTIONS.fullmatch(symbol) else "the core is pure"
    if tidy.PURE_FUNCTIONS.fullmatch(symbol) or _library_of(folder, symbol):
        return None
    if tidy.may_use_system(f"{folder}/{source_of(member)}"):
        return None
    return "only io, and a storage backend's own files, may call the system"


def check(archives, nm="nm"):
    """`archives`: {folder: path}."""
    objects = {folder: read_archive(nm, path) for folder, path in archives.items()}
    providers = {
        symbol: folder
        for folder, members in objects.items()
        for defined, _ in members.values()
        for symbol in defined
    }
    complaints = []
    for folder, members in objects.items():
        own = {symbol for defined, _ in members.values() for symbol in defined}
        for member, (_, undefined) in members.items():
            for symbol in sorted(undefined - own):
                wrong = _complaint(folder, member, symbol, providers, archives)
                if wrong:
                    complaints.append(f"lib/{folder}/{source_of(member)}: needs {symbol}: {wrong}")
    return complaints


def find_archives(build):
    found = {}
    for folder in tidy.USES:
        path = pathlib.Path(build) / "lib" / folder / f"libctr_{folder.split('/')[-1]}.a"
        if path.exists() and folder not in tidy.STAND_INS:
            found[folder] = path
    return found


if __name__ == "__main__":
    archives = find_archives(sys.argv[1])
    if "base" not in archives:
        tidy.skip("nothing is built")
    print("archives:", *archives)
    sys.exit(tidy.report("symbols", check(archives, *sys.argv[2:3])))
