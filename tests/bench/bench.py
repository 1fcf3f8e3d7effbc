# SPDX-License-Identifier: MIT
"""What the benchmarks share: folders, programs in the background, figures.

A figure is one line of JSON on stdout. CENTRO_BUILD names the build folder.
"""
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("CENTRO_BUILD", os.path.join(ROOT, "build"))
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def built(*path):
    """A file of the build folder, which must be there."""
    path = os.path.join(BUILD, *path)
    if not os.path.exists(path):
        raise SystemExit(f"{path} is not there: run this as `meson test -C BUILD --benchmark`, or "
                         "build it and name the build folder in CENTRO_BUILD")
    return path


def log(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def skip(bench, case, reason):
    print(json.dumps({"bench": bench, "case": case, "skipped": reason}), flush=True)


def missing_program(*names):
    """The first that is not installed, as a reason; or None."""
    for name in names:
        if not shutil.which(name):
            return f"{name} is not installed (tools/setup bench)"
    return None


def round_figure(value):
    return float(f"{value:.4g}")


class Figure:
    """A quantity, measured several times, each time together with its baselines."""

    def __init__(self, bench, case, unit, aim=None, lower_is_better=False, **more):
        self.line = {"bench": bench, "case": case}
        self.unit = unit
        self.aim = aim
        self.lower_is_better = lower_is_better
        self.more = more
        self.rounds = []

    def add(self, value, baseline=None):
        self.rounds.append((value, baseline))

    def print(self, baseline_name=None):
        """The medians; of the ratio, too, since value and baseline were measured in turn."""
        line = dict(self.line)
        line["value"] = round_figure(statistics.median(value for value, _ in self.rounds))
        line["unit"] = self.unit
        pairs = [(value, base) for value, base in self.rounds if base]
        if pairs:
            line["baseline"] = round_figure(statistics.median(base for _, base in pairs))
            line["baseline_name"] = baseline_name
            line["ratio"] = round_figure(statistics.median(value / base for value, base in pairs))
        if self.aim is not None:
            line["aim"] = self.aim
        if self.lower_is_better:
            line["better"] = "lower"
        line.update(self.more)
        print(json.dumps(line), flush=True)


# ---- folders ----

def filesystem(folder):
    return subprocess.run(["stat", "-f", "-c", "%T", folder], check=True, capture_output=True,
                          text=True).stdout.strip()


class Folder:
    """A folder of our own on a real disk, if there is one: a tmpfs never waits for it."""

    def __enter__(self):
        places = [tempfile.gettempdir(), "/var/tmp", os.path.abspath(BUILD)]
        on_disk = [p for p in places if os.access(p, os.W_OK) and filesystem(p) != "tmpfs"]
        self.path = tempfile.mkdtemp(prefix="centro-bench-", dir=(on_disk or places)[0])
        self.disk = filesystem(self.path)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def join(self, *path):
        return os.path.join(self.path, *path)

    def make(self, name):
        path = self.join(name)
        shutil.rmtree(path, ignore_errors=True)
        os.mkdir(path)
        return path


# ---- programs ----

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


class Program:
    """A program in the background, ended with the block that it was started for."""

    def __init__(self, folder, arguments, port=None, env=None):
        self.name = os.path.basename(arguments[0])
        self.log = folder.join(f"{self.name}.log")
        self.port = port
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **(env or {})})
        self.pid = self.process.pid
        if port:
            self.wait_for_port()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_for_port(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        self.__exit__()
        raise SystemExit(f"{self.name} does not listen:\n{self.output()}")

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as output:
            return output.read()[-4000:]

    def cpu_seconds(self):
        """User and system time, of all its threads."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def centrod(folder, storage, env=None):
    port = free_port()
    return Program(folder, [built("cli", "centrod"), "--storage", storage, "--listen",
                            f"127.0.0.1:{port}", "--log-level", "warn"], port, env)


def agent(folder, server, *flags):
    """An agent of that server, started; jobs that come before it is ready wait for it."""
    return Program(folder, [built("cli", "centro-agent"), "--server", f"127.0.0.1:{server.port}",
                            "--name", "bench", "--state-dir", folder.make("agent"),
                            "--stop-jobs-on-exit", "--log-level", "warn", *flags])


def run(arguments, timeout=60):
    """Its stdout. What fails ends the benchmark."""
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: exit code {result.returncode}\n"
                         f"{result.stdout}{result.stderr}")
    return result.stdout
