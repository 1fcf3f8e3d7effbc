#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""P1: the processor time of one grpc.health.v1 Check, beside gRPC C++'s callback server.

h2load sends as many as it can over 8 connections with 100 calls in flight each.
"""
import os
import re

import bench

NAME = "CPU per Check, h2load -c8 -m100"
PATH = "/grpc.health.v1.Health/Check"
HEADERS = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
REQUEST = bytes(5)  # a frame of gRPC with an empty message
ANSWER_BYTES = 7  # the same with one field, "SERVING"
ROUNDS = 3


def check_once(port, request):
    """A real call: its answer must be SERVING and its status 0."""
    output = bench.run(["nghttp", "-v", "--no-dep", *HEADERS, "-H", ":method: POST", "-d", request,
                        f"http://127.0.0.1:{port}{PATH}"])
    if "grpc-status: 0" not in output:
        raise SystemExit(f"no grpc-status 0 from port {port}:\n{output}")


def load(server, count, request):
    """µs of processor time for each of `count` calls."""
    before = server.cpu_seconds()
    output = bench.run(["h2load", "-c8", "-m100", "-t1", f"-n{count}", *HEADERS, "-d", request,
                        f"http://127.0.0.1:{server.port}{PATH}"])
    spent = server.cpu_seconds() - before
    succeeded = int(re.search(r"(\d+) succeeded", output).group(1))
    data = int(re.search(r"\((\d+)\) data", output).group(1))
    if succeeded != count or data != count * ANSWER_BYTES:
        raise SystemExit(f"{server.name}: not every call was answered SERVING:\n{output}")
    return spent / count * 1e6


def main():
    reason = bench.missing_program("h2load", "nghttp")
    baseline = os.path.join(bench.BUILD, "tests", "bench", "grpc_cpp", "health_server")
    if not reason and not os.path.exists(baseline):
        reason = "gRPC C++ was not found when this was built (tools/setup bench)"
    if reason:
        bench.skip("P1", NAME, reason)
        return
    with bench.Folder() as folder:
        request = folder.join("request")
        with open(request, "wb") as file:
            file.write(REQUEST)
        port = bench.free_port()
        with bench.centrod(folder, "memory:") as ours, \
                bench.Program(folder, [baseline, str(port)], port) as theirs:
            figure = bench.Figure("P1", NAME, "us", aim=round(1 / 6, 4), lower_is_better=True)
            for server in (ours, theirs):
                check_once(server.port, request)
                load(server, 20000, request)
            for _ in range(ROUNDS):
                figure.add(load(ours, 500000, request), load(theirs, 80000, request))
            figure.print("gRPC C++ callback server")


if __name__ == "__main__":
    main()
