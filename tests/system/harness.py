# SPDX-License-Identifier: MIT
"""Real servers, agents and clients for the system tests, on free ports, in a folder of their own.

A test is a unittest.TestCase that inherits Cluster. CENTRO_BUILD names the folder with the programs.
"""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

CLI = os.path.join(os.environ.get("CENTRO_BUILD", "build"), "cli")
PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
# A sanitizer or valgrind makes everything slower.
SLOW = float(os.environ.get("CENTRO_SLOW", "1"))


def free_port():
    """A port below the ephemeral range, so that no outgoing connection takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * SLOW:.0f} s: {what}")
        time.sleep(0.02)


class Program:
    """A program in the background, whose output goes to a file."""

    def __init__(self, folder, name, arguments, env=None):
        self.name = name
        self.log = os.path.join(folder, f"{name}.log")
        self.arguments = [os.path.join(CLI, arguments[0]), *arguments[1:]]
        self.env = env
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=20):
        """SIGTERM, and its exit status."""
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end on SIGTERM:\n{self.output()}")

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


class Cluster(unittest.TestCase):
    """A server with a file store, and what a test adds to it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="centro-test-")
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.store = os.path.join(self.folder, "store")
        self.programs = []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("CENTRO_")}
        self.env["CENTRO_SERVER_ADDR"] = self.address
        self.env["XDG_RUNTIME_DIR"] = self.folder
        self.env["NO_COLOR"] = "1"

    def tearDown(self):
        failed = any(error for _, error in getattr(self._outcome, "errors", [])) or (
            hasattr(self._outcome, "result") and (
                any(test is self for test, _ in self._outcome.result.failures) or
                any(test is self for test, _ in self._outcome.result.errors)))
        for program in reversed(self.programs):
            if program.is_running():
                program.kill()
        if failed:
            for program in self.programs:
                sys.stderr.write(f"---- {program.name}\n{program.output()[-6000:]}\n")
        self.end_attempts()
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_attempts(self):
        """Shims that a killed agent left behind: only those of this test's folder."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as environ:
                    mine = self.folder.encode() in environ.read()
                with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
                    mine = mine or self.folder.encode() in cmdline.read()
                if mine and int(pid) != os.getpid():
                    os.kill(int(pid), signal.SIGKILL)
            except (OSError, PermissionError):
                continue

    # ---- programs ----

    def start(self, name, *arguments):
        program = Program(self.folder, name, arguments, self.env)
        self.programs.append(program)
        return program

    def server(self, *arguments, name="centrod"):
        server = self.start(name, "centrod", "--storage", f"file:{self.store}",
                            "--listen", self.address, *arguments)
        self.wait_for_port(server)
        return server

    def wait_for_port(self, server):
        def answers():
            if not server.is_running():
                raise AssertionError(f"{server.name} ended:\n{server.output()}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        wait_until(answers, 10, f"{server.name} listens")

    def agent(self, name="n1", *arguments, cpu="2", memory="1GiB"):
        agent = self.start(name, "centro-agent", "--name", name, "--cpu", cpu, "--memory", memory,
                           "--state-dir", os.path.join(self.folder, name), *arguments)
        wait_until(lambda: any(node["info"]["name"] == name and node["state"] == "ready"
                               for node in self.json("node", "list")),
                   10, f"node {name} is ready")
        return agent

    # ---- the command line ----

    def centro(self, *arguments, check=None, timeout=60, **more):
        """Run centro; `check`: the exit code that it must have."""
        result = subprocess.run([os.path.join(CLI, "centro"), *arguments], env=self.env,
                                capture_output=True, timeout=timeout * SLOW, check=False, **more)
        if check is not None:
            said = (result.stdout + result.stderr)[-4000:].decode(errors="replace")
            self.assertEqual(result.returncode, check, f"centro {' '.join(arguments)}\n{said}")
        return result

    def json(self, *arguments):
        return json.loads(self.centro(*arguments, "-o", "json", check=0).stdout)

    def submit(self, *arguments):
        """The id of the new job."""
        return self.centro("submit", "-q", *arguments, check=0).stdout.decode().strip()

    def show(self, job):
        return self.json("show", str(job))

    def wait_for_state(self, job, *states, seconds=20):
        def reached():
            record = self.show(job)
            return record if record["state"] in states else None
        return wait_until(reached, seconds, f"job {job} is {' or '.join(states)}")
