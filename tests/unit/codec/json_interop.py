#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our JSON against protobuf's own, both ways, over random messages of every type.

usage: json_interop.py JSON_INTEROP SEED COUNT DESCRIPTOR_SET...

Exits with 77 (skipped) where python3-protobuf is not installed.
"""
import subprocess
import sys

try:
    from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def load(paths):
    pool = descriptor_pool.DescriptorPool()
    added = set()
    for path in paths:
        with open(path, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
        for file in files:
            if file.name not in added:
                pool.AddSerializedFile(file.SerializeToString())
                added.add(file.name)
    return pool


def main(program, seed, count, *set_paths):
    pool = load(set_paths)
    factory = message_factory.MessageFactory(pool)
    made = subprocess.run([program, "make", seed, count], stdout=subprocess.PIPE, check=True)
    wrong, back, types = 0, [], set()
    for line in made.stdout.decode().rstrip("\n").split("\n"):
        name, wire, json = line.split(" ", 2)
        cls = factory.GetPrototype(pool.FindMessageTypeByName(name))
        types.add(name)
        expected = cls.FromString(bytes.fromhex(wire))
        if json_format.Parse(json, cls()) != expected:
            print(f"{name}: {json}: protobuf reads another message out of it", file=sys.stderr)
            wrong += 1
        for options in ({"preserving_proto_field_name": True}, {}, {"use_integers_for_enums": True},
                        {"including_default_value_fields": True}):
            text = json_format.MessageToJson(expected, indent=None, ensure_ascii=len(back) % 2,
                                             **options)
            back.append(f"{name} {wire} {text}\n")

    read = subprocess.run([program, "read"], input="".join(back).encode(), stdout=subprocess.PIPE)
    if read.returncode != 0 or int(read.stdout) != len(back):
        print(f"ours read {read.stdout.decode().strip()} of {len(back)} lines, "
              f"exit status {read.returncode}", file=sys.stderr)
        wrong += 1
    print(f"{len(types)} types, {len(back) // 4} messages, {len(back)} texts read back")
    return 1 if wrong or not back else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
