#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each header stands alone: includes what it uses, and can be included twice.

Public ones as C11 and as C++17, without extensions; those of lib/ as gnu11.

usage: headers.py c11|cxx17|gnu11 ROOT BUILD COMPILER...
"""

import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

import tidy

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
FLAGS = {
    "c11": ["-std=c11", "-x", "c", *WARNINGS],
    "cxx17": ["-std=c++17", "-x", "c++", *WARNINGS],
    "gnu11": ["-std=gnu11", "-x", "c", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
              "-Wno-unused-parameter", "-fsyntax-only"],
}


def _compile(compiler, flags, includes, header):
    with tempfile.NamedTemporaryFile("w", suffix=".c") as unit:
        unit.write(f"#include {header}\n#include {header}\nextern int unit_is_not_empty;\n")
        unit.flush()
        result = subprocess.run(
            [*compiler, *flags, *(f"-I{path}" for path in includes), unit.name],
            capture_output=True, text=True, check=False,
        )
    return None if result.returncode == 0 else f"{header}: {result.stderr.strip()}"


def check(kind, headers, includes, compiler):
    """`headers` as they are written in an include, with <> or quotes."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = pool.map(lambda h: _compile(compiler, FLAGS[kind], includes, h), headers)
        return [result for result in results if result]


def public_headers(*folders):
    names = {path.name for folder in folders for path in folder.glob("*.h")}
    return [f"<centro/{name}>" for name in sorted(names)]


def lib_headers(lib):
    return [f'"{path.relative_to(lib).as_posix()}"' for path in sorted(lib.rglob("*.h"))]


def main(kind, root, build, *compiler):
    root, build = pathlib.Path(root), pathlib.Path(build)
    includes = [root / "include", build / "include"]
    if kind == "gnu11":
        includes += [root / "lib", build / "proto"]
        headers = lib_headers(root / "lib")
    else:
        headers = public_headers(root / "include/centro", build / "include/centro")
    print(f"{len(headers)} headers as {kind}")
    return tidy.report("headers", check(kind, headers, includes, list(compiler)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
