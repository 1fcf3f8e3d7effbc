#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compile one .proto file to C.

protoc-c 1.4.1 exits with 0 after some errors and writes nothing, so the outputs
are removed first and looked for afterwards.

usage: compile_c.py PROTOC_C OUT_ROOT PROTO_PATH[:PROTO_PATH] FILE

FILE is named from a PROTO_PATH, as an import would; its outputs land at
OUT_ROOT/FILE with .proto replaced by .pb-c.c and .pb-c.h.
"""
import os
import subprocess
import sys


def main(protoc_c, out_root, proto_paths, name):
    stem = os.path.join(out_root, name.removesuffix(".proto"))
    outputs = [stem + ".pb-c.c", stem + ".pb-c.h"]
    for output in outputs:
        if os.path.exists(output):
            os.remove(output)

    includes = ["-I" + path for path in proto_paths.split(":")]
    run = subprocess.run([protoc_c, *includes, "--c_out=" + out_root, name])
    missing = [output for output in outputs if not os.path.exists(output)]
    if run.returncode == 0 and missing:
        print(f"{protoc_c} said no error for {name}, but wrote no {missing[0]}", file=sys.stderr)
    return 1 if run.returncode != 0 or missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
