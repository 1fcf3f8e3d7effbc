#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lib/wire's server against gRPC's own client for Python.

usage: test_wire_grpcio.py SERVER

Exits with 77 (skipped) where grpcio is not installed.
"""

import signal
import subprocess
import sys
import threading
import time
import unittest

try:
    import grpc
except ImportError:
    print("skipped: python3-grpcio is not installed")
    sys.exit(77)

SERVER = None
MIB = 1024 * 1024


def same(data):
    return data


class Case(unittest.TestCase):
    """One server and one channel for each test."""

    options = []

    def setUp(self):
        self.server = subprocess.Popen([SERVER], stdout=subprocess.PIPE)
        self.port = int(self.server.stdout.readline())
        self.channel = self.connect()

    def tearDown(self):
        self.channel.close()
        self.server.send_signal(signal.SIGTERM)
        try:
            self.assertEqual(self.server.wait(timeout=10), 0)
        finally:
            self.server.kill()
            self.server.wait()
            self.server.stdout.close()

    def connect(self, options=()):
        # A connection of its own, whatever others there are in this process.
        options = [*self.options, *options, ("grpc.use_local_subchannel_pool", 1),
                   ("grpc.max_receive_message_length", 64 * MIB)]
        return grpc.insecure_channel(f"127.0.0.1:{self.port}", options=options)

    def call(self, method, shape="unary_unary", channel=None):
        return getattr(channel or self.channel, shape)(f"/t.Test/{method}", same, same)

    def assert_fails(self, code, call, *args, **kwargs):
        with self.assertRaises(grpc.RpcError) as raised:
            result = call(*args, **kwargs)
            if not isinstance(result, bytes):
                list(result)
        self.assertEqual(raised.exception.code(), code, raised.exception.details())
        return raised.exception.details()

    def assert_alive(self):
        self.assertEqual(self.call("Echo")(b"alive"), b"alive")


class Shapes(Case):
    def test_unary(self):
        echo = self.call("Echo")
        for size in [0, 1, 5, 1000, 16384, 70000, MIB]:
            self.assertEqual(echo(b"x" * size), b"x" * size)

    def test_many_at_once(self):
        echo = self.call("Echo")
        futures = [echo.future(str(i).encode()) for i in range(3000)]
        self.assertEqual([f.result() for f in futures], [str(i).encode() for i in range(3000)])

    def test_server_stream(self):
        answers = list(self.call("Stream", "unary_stream")(b"5000 100"))
        self.assertEqual(len(answers), 5000)
        self.assertEqual({len(a) for a in answers}, {100})

    def test_server_stream_of_100_mb(self):
        total = sum(len(a) for a in self.call("Stream", "unary_stream")(b"100 1000000"))
        self.assertEqual(total, 100_000_000)

    def test_client_that_reads_slowly(self):
        stream = self.call("Stream", "unary_stream")(b"60 1000000")
        next(stream)
        time.sleep(0.3)
        self.assert_alive()
        self.assertEqual(sum(1 for _ in stream), 59)

    def test_client_stream(self):
        # Echo answers each; a client of this shape takes one answer alone.
        self.assertEqual(self.call("Echo", "stream_unary")(iter([b"one"])), b"one")

    def test_bidi(self):
        sent, gate = [], threading.Semaphore(1)

        def ask():
            for i in range(200):
                gate.acquire()
                sent.append(str(i).encode())
                yield sent[-1]

        got = []
        for answer in self.call("Echo", "stream_stream")(ask()):
            got.append(answer)
            gate.release()
        self.assertEqual(got, sent)


class Statuses(Case):
    def test_every_code(self):
        fail = self.call("Fail")
        for code in grpc.StatusCode:
            if code != grpc.StatusCode.OK:
                text = self.assert_fails(code, fail, f"{code.value[0]} as asked".encode())
                self.assertEqual(text, "as asked")

    def test_text_of_any_kind(self):
        for text in ["100% sure", "%41%zz", "grüße 東京 🚀", "two\nlines\r\n\ttab", "", "a" * 2000]:
            got = self.assert_fails(grpc.StatusCode.ABORTED, self.call("Fail"),
                                    b"10 " + text.encode())
            self.assertEqual(got, text)

    def test_unknown_method(self):
        for method in ["Nothing", "Echo/", "Echo?x=1"]:
            self.assert_fails(grpc.StatusCode.UNIMPLEMENTED, self.call(method), b"")
        self.assert_alive()

    def test_binary_metadata(self):
        value = bytes(range(256))
        answers = self.call("Echo", "unary_stream")(b"m", metadata=[("x-data-bin", value)])
        self.assertEqual(list(answers), [b"m", value])


class Time(Case):
    def test_in_time(self):
        self.assertEqual(self.call("Sleep")(b"50", timeout=10), b"woken")

    def test_deadline(self):
        began = time.monotonic()
        self.assert_fails(grpc.StatusCode.DEADLINE_EXCEEDED, self.call("Sleep"), b"20000",
                          timeout=0.3)
        self.assertLess(time.monotonic() - began, 5)
        self.assert_alive()

    def test_cancel(self):
        future = self.call("Sleep").future(b"20000")
        time.sleep(0.05)
        future.cancel()
        with self.assertRaises(grpc.FutureCancelledError):
            future.result()
        self.assert_alive()

    def test_many_deadlines_do_not_look_like_an_attack(self):
        for _ in range(4):
            futures = [self.call("Sleep").future(b"20000", timeout=0.05) for _ in range(500)]
            for future in futures:
                self.assertEqual(future.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assert_alive()

    def test_keepalive(self):
        channel = self.connect([("grpc.keepalive_time_ms", 200),
                                ("grpc.keepalive_permit_without_calls", 1),
                                ("grpc.http2.max_pings_without_data", 0)])
        self.assertEqual(self.call("Sleep", channel=channel)(b"1500"), b"woken")
        channel.close()


class Limits(Case):
    options = [("grpc.max_send_message_length", 64 * MIB), ("grpc.max_metadata_size", MIB)]

    def test_largest_message(self):
        data = b"y" * (4 * MIB)
        self.assertEqual(self.call("Echo")(data), data)

    def test_message_too_large(self):
        for _ in range(3):
            text = self.assert_fails(grpc.StatusCode.RESOURCE_EXHAUSTED, self.call("Echo"),
                                     b"z" * 5_000_000)
            self.assertIn("5000000", text)
            self.assertIn("4194304", text)
            self.assert_alive()

    def test_metadata_too_large(self):
        self.assert_fails(grpc.StatusCode.RESOURCE_EXHAUSTED, self.call("Echo"), b"",
                          metadata=[("big", "b" * 20000)])
        self.assert_alive()

    def test_compressed_request(self):
        text = self.assert_fails(grpc.StatusCode.UNIMPLEMENTED, self.call("Echo"), b"a" * 10000,
                                 compression=grpc.Compression.Gzip)
        self.assertIn("identity", text)
        self.assert_alive()


class Drain(Case):
    def test_what_is_in_flight_ends_well(self):
        futures = [self.call("Sleep").future(b"700") for _ in range(200)]
        time.sleep(0.1)
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual({f.result() for f in futures}, {b"woken"})
        self.assertEqual(self.server.wait(timeout=10), 0)
        self.assert_fails(grpc.StatusCode.UNAVAILABLE, self.call("Echo"), b"", timeout=5)


if __name__ == "__main__":
    SERVER = sys.argv.pop(1)
    unittest.main()
