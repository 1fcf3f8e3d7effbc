# SPDX-License-Identifier: MIT
"""P2's baselines: a queue in Redis, and beanstalkd, each syncing before it answers.

A full cycle is put, take, acknowledge. The three run one after another, and a
cycle's rate is 1 / (sum of 1 / rate).
"""
import csv
import io
import selectors
import socket
import time

import bench

CONNECTIONS = 16
IN_FLIGHT = 16
PAYLOAD_BYTES = 300


def together(rates):
    return 1 / sum(1 / rate for rate in rates)


# ---- Redis ----

def redis(folder, name):
    port = bench.free_port()
    return bench.Program(folder, ["redis-server", "--port", str(port), "--bind", "127.0.0.1",
                                  "--dir", folder.make(name), "--save", "",
                                  "--appendonly", "yes", "--appendfsync", "always"], port)


def redis_benchmark(server, count, *command):
    """Commands a second, and their median latency in ms."""
    output = bench.run(["redis-benchmark", "-p", str(server.port), "-c", str(CONNECTIONS),
                        "-P", str(IN_FLIGHT), "-d", str(PAYLOAD_BYTES), "-n", str(count),
                        "--csv", *command])
    row = list(csv.DictReader(io.StringIO(output)))[-1]
    return float(row["rps"]), float(row["p50_latency_ms"])


def redis_cycles(server, count):
    """Cycles a second, and the median latency of LPUSH in µs."""
    push, latency_ms = redis_benchmark(server, count, "-t", "lpush")
    take, _ = redis_benchmark(server, count, "BRPOPLPUSH", "mylist", "busy", "0")
    done, _ = redis_benchmark(server, count, "RPOP", "busy")
    return together([push, take, done]), latency_ms * 1e3


# ---- beanstalkd ----

def beanstalkd(folder, name):
    port = bench.free_port()
    return bench.Program(folder, ["beanstalkd", "-l", "127.0.0.1", "-p", str(port), "-f0",
                                  "-b", folder.make(name)], port)


class Connection:
    """Pipelines requests, and says what was answered."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""

    def send(self, requests):
        self.socket.sendall(b"".join(requests))

    def receive(self, has_body):
        """The first line of each answer that is complete."""
        self.pending += self.socket.recv(65536)
        lines = []
        while True:
            line, separator, rest = self.pending.partition(b"\r\n")
            if separator and has_body:
                body_end = int(line.split()[-1]) + 2
                separator = len(rest) >= body_end
                rest = rest[body_end:]
            if not separator:
                return lines
            lines.append(line)
            self.pending = rest


def pipeline(connections, requests, expected, has_body=False):
    """Each connection's requests, IN_FLIGHT at a time. Answers by connection, and the rate."""
    selector = selectors.DefaultSelector()
    answers = [[] for _ in connections]
    sent = [0] * len(connections)

    def refill(i, count):
        connections[i].send(requests[i][sent[i]:sent[i] + count])
        sent[i] += count

    start = time.perf_counter()
    for i, connection in enumerate(connections):
        selector.register(connection.socket, selectors.EVENT_READ, i)
        refill(i, IN_FLIGHT)
    while any(len(a) < len(r) for a, r in zip(answers, requests)):
        for key, _ in selector.select():
            lines = connections[key.data].receive(has_body)
            if not all(line.startswith(expected) for line in lines):
                raise SystemExit(f"beanstalkd answered {lines}")
            answers[key.data] += lines
            refill(key.data, len(lines))
    seconds = time.perf_counter() - start
    selector.close()
    return answers, sum(map(len, requests)) / seconds


def beanstalkd_cycles(server, count):
    """Cycles a second."""
    connections = [Connection(server.port) for _ in range(CONNECTIONS)]
    each = count // CONNECTIONS
    put = b"put 0 0 600 %d\r\n%s\r\n" % (PAYLOAD_BYTES, b"x" * PAYLOAD_BYTES)
    _, put_rate = pipeline(connections, [[put] * each] * CONNECTIONS, b"INSERTED")
    jobs, take_rate = pipeline(connections, [[b"reserve\r\n"] * each] * CONNECTIONS, b"RESERVED",
                               has_body=True)
    deletes = [[b"delete %s\r\n" % line.split()[1] for line in lines] for lines in jobs]
    _, done_rate = pipeline(connections, deletes, b"DELETED")
    for connection in connections:
        connection.socket.close()
    return together([put_rate, take_rate, done_rate])
