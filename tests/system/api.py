# SPDX-License-Identifier: MIT
"""The API through another project's gRPC: messages that protoc made from proto/, calls by grpcio."""
import importlib
import os
import subprocess
import sys

import grpc

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")


def generate(folder):
    """Python of the schema, into `folder`; returns the module of job.proto, node.proto and agent.proto."""
    files = [os.path.join(root, name) for root, _, names in os.walk(PROTO) for name in names
             if name.endswith(".proto")]
    subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={folder}", *files], check=True)
    # The generated grpc.health and grpc.reflection packages would hide grpcio's own "grpc".
    generated = os.path.join(folder, "grpc")
    if os.path.isdir(generated):
        grpc.__path__.append(generated)
    sys.path.insert(0, folder)
    return tuple(importlib.import_module(f"centro.v1.{name}_pb2") for name in ("job", "node", "agent"))


class Service:
    """Callables named like the methods of one service of a descriptor."""

    def __init__(self, channel, module, name):
        service = module.DESCRIPTOR.services_by_name[name]
        streams = {"Watch": "unary_stream", "Logs": "unary_stream", "GetJob": "unary_stream",
                   "PushLog": "stream_unary"}
        for method in service.methods:
            make = getattr(channel, streams.get(method.name, "unary_unary"))
            request = method.input_type._concrete_class
            response = method.output_type._concrete_class
            setattr(self, method.name, make(f"/{service.full_name}/{method.name}",
                                            request_serializer=request.SerializeToString,
                                            response_deserializer=response.FromString))
