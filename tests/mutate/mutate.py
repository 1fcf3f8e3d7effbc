#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Change one line of lib/ at a time, and see whether the tests notice.

    mutate.py [--seed N] [--count N] [--folders core,engine,store] [--kinds KINDS]
              [--quick] [--json] [--only CHANGE...]

  --seed N     which changes are drawn (1)
  --count N    how many that compile and matter (20)
  --folders    of lib/, separated by commas
  --kinds      of mistakes, as printed: "comparison,off by one"
  --quick      leave out what takes minutes: real processes, many seeds, sanitizers
  --json       only the last line, which has the counts as JSON
  --only       these changes, as printed: "core/apply.c:120#3"

See README.md. What survives is named, and is the figure; the exit status is 0 all the same.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import change

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
FOLDERS = ["core", "engine", "store"]
# As in tools/test: what only gives a warning does not compile. No debug information, which is dear.
OPTIONS = [
    "--buildtype=plain", "-Dwerror=true",
    # Two that guess, and guess wrong at this level.
    "-Dc_args=-O1 -Wno-error=format-truncation -Wno-error=maybe-uninitialized",
]
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}
# Only these suites can notice; the rest of the suite is left out, or stands below.
UNIT_FOLDERS = ["core", "engine", "store", "codec", "sim", "service", "client", "agent"]
SYSTEM = ["system/run", "system/storage", "system/record", "system/kill_server"]
# A machine that others use, too, must not look like a mistake.
SYSTEM_ENV = {"CENTRO_KILL_JOBS": "1500", "CENTRO_SLOW": "4"}
SEEDS_EARLY = 25
SEEDS_LATE_CPU_S = 20
FUZZ_RUNS = "500"
# A test that takes so many times longer than without a change hangs.
SLOWER = 10
SLOWER_S = 30


class Mutant:
    def __init__(self, name, number, index, lines, kind, text):
        self.name, self.number, self.kind = name, number, kind
        self.identity = f"{name}:{number + 1}#{index}"
        self.before, self.after = lines[number], text
        self.content = "".join(lines[:number] + [text] + lines[number + 1:])
        self.function = function_of(lines, number)

    def __str__(self):
        return f"{self.identity} {self.function} ({self.kind})\n  -{self.before.rstrip()}\n  +{self.after.rstrip()}"


def function_of(lines, number):
    """Whose body the line stands in: the last name before a parenthesis or a table in the first column."""
    for line in reversed(lines[:number]):
        found = re.match(r"[a-z].*?\*?(\w+)(?:\(|\[.*\] = \{|(?:\[\w*\])? = \{)", line)
        if found:
            return found[1]
    return "?"


class Test:
    """One test of meson's list, with what must be built for it."""

    def __init__(self, build, listed, files):
        self.name = listed["name"]
        self.command = [str(word) for word in listed["cmd"]]
        self.env = listed["env"]
        wanted = [files[target] for target in listed["depends"] if target in files]
        self.targets = [os.path.relpath(path, build) for path in wanted]
        self.timeout_s = listed["timeout"] * SLOWER
        self.seconds = 0.0

    def with_arguments(self, *arguments):
        self.command = [self.command[0], *arguments]
        return self


class Build:
    """A build directory beside the copy of the tree."""

    def __init__(self, tree, directory, *options):
        self.directory = directory
        # Without ccache a change costs a compiler's run more, and nothing else.
        compiler = "ccache gcc" if shutil.which("ccache") else "gcc"
        subprocess.run(
            ["meson", "setup", str(directory), str(tree), *OPTIONS, *options],
            env={**os.environ, "CC": compiler}, check=True, stdout=subprocess.DEVNULL,
        )
        self.tests = {test.name: test for test in self._tests()}
        self.inputs = {}

    def _introspect(self, what):
        command = ["meson", "introspect", str(self.directory), f"--{what}"]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

    def _tests(self):
        files = {target["id"]: target["filename"][0] for target in self._introspect("targets")}
        return [Test(self.directory, listed, files) for listed in self._introspect("tests")]

    def make(self, tests):
        targets = sorted({target for test in tests for target in test.targets})
        return not targets or subprocess.run(
            ["ninja", "-C", str(self.directory), *targets], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False,
        ).returncode == 0

    def links(self, test, source):
        """Whether a file of lib/ is part of what the test runs."""
        if test.name not in self.inputs:
            self.inputs[test.name] = subprocess.run(
                ["ninja", "-C", str(self.directory), "-t", "inputs", *test.targets],
                stdout=subprocess.PIPE, check=True,
            ).stdout.decode()
        return f"lib/{source}" in self.inputs[test.name]

    def run(self, test):
        """How it went: "", "failed" or "hung"."""
        started = time.monotonic()
        environment = {**os.environ, **SANITIZER_OPTIONS, **SYSTEM_ENV, **test.env}
        process = subprocess.Popen(test.command, cwd=self.directory, env=environment, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            status = process.wait(timeout=test.timeout_s)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            # What a failed test leaves behind, too.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        test.seconds = time.monotonic() - started
        return "hung" if status is None else "failed" if status != 0 else ""


class Trial:
    """The copy of the tree, and the stages that each change goes through."""

    def __init__(self, directory, is_quick):
        self.is_quick = is_quick
        self.tree = directory / "tree"
        self.directory = directory
        self._copy()
        self.build = Build(self.tree, directory / "build")
        self.sanitized = None
        self.stages = self._stages()
        self._measure([test for _, tests in self.stages for test in tests], self.build)

    def _copy(self):
        names = subprocess.run(["git", "-C", str(SOURCE), "ls-files", "-z"], check=True, stdout=subprocess.PIPE).stdout
        for name in filter(None, names.decode().split("\0")):
            target = self.tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (SOURCE / name).exists():
                shutil.copy2(SOURCE / name, target, follow_symlinks=False)

    def _stages(self):
        """Tests in the order of what they cost."""
        tests = self.build.tests
        late = Test(self.directory, {"name": "sim, more seeds", "cmd": tests["sim/seeds"].command, "env": {},
                                     "timeout": 600, "depends": []}, {})
        late.targets = tests["sim/seeds"].targets
        fuzz = [tests[f"fuzz/{name}"] for name in ("commands", "store_rows")]
        for test in fuzz:
            test.command[test.command.index("--runs") + 1] = FUZZ_RUNS
        cheap = [
            ("unit", self._named(self.build, *UNIT_FOLDERS)),
            ("contract", self._named(self.build, "contract")),
            ("sim", [tests["sim/seeds"].with_arguments("--seeds", str(SEEDS_EARLY))]),
            ("fuzz", fuzz),
        ]
        if self.is_quick:
            return cheap
        return cheap + [
            ("power", self._named(self.build, "power")),
            ("system", [tests[name] for name in SYSTEM]),
            ("sim", [late.with_arguments("--seed", str(SEEDS_EARLY + 1), "--seeds", "1000000",
                                         "--cpu", str(SEEDS_LATE_CPU_S))]),
        ]

    @staticmethod
    def _named(build, *folders):
        return [test for name, test in build.tests.items()
                if name.split("/")[0] in folders and not name.startswith(("sim/seeds", "sim/plants", "sim/runner"))]

    def _measure(self, tests, build):
        """What each takes without a change. One that fails then says nothing of a change."""
        if not build.make(tests):
            sys.exit(f"it does not build without any change: see ninja -C {build.directory}")
        for test in tests:
            how = build.run(test)
            if how:
                sys.exit(f"{test.name} {how} without any change: {' '.join(test.command)}")
            test.timeout_s = SLOWER_S + SLOWER * test.seconds

    def stages_of(self, mutant):
        """The stages for one file: first its own test, then those of its folder."""
        folder, stem = mutant.name[:-2].split("/")
        own, near, far = [], [], []
        for test in self.stages[0][1]:
            if test.name == f"{folder}/{stem}":
                own.append(test)
            elif test.name.startswith(folder + "/"):
                near.append(test)
            elif self.build.links(test, mutant.name):
                far.append(test)
        rest = [(name, [test for test in tests if name == "system" or self.build.links(test, mutant.name)])
                for name, tests in self.stages[1:]]
        return [("unit", own), ("unit", near), *rest[:3], ("unit", far), *rest[3:]]

    def _first_failure(self, build, tests):
        for test in sorted(tests, key=lambda test: test.timeout_s):
            how = build.run(test)
            if how:
                return f"{test.name}{' (hung)' if how == 'hung' else ''}"
        return None

    def _by_sanitizer(self, mutant):
        """Leaks, and reads of what is not ours: the unit tests of the folder once more."""
        if not self.sanitized:
            self.sanitized = Build(self.tree, self.directory / "build-asan",
                                   "-Db_sanitize=address,undefined", "-Db_lundef=false")
        tests = self._named(self.sanitized, mutant.name.split("/")[0])
        if mutant.name.startswith("store/"):
            tests += self._named(self.sanitized, "contract")
        if not self.sanitized.make(tests):
            sys.exit("the sanitized build failed")
        return self._first_failure(self.sanitized, tests)

    def judge(self, mutant):
        """What caught it as (stage, test); None: it does not compile; ("", ""): nothing."""
        path = self.tree / "lib" / mutant.name
        before = path.read_text(encoding="utf-8")
        path.write_text(mutant.content, encoding="utf-8")
        try:
            return self._judge(mutant)
        finally:
            path.write_text(before, encoding="utf-8")

    def _judge(self, mutant):
        folder = mutant.name.split("/")[0]
        archive = self.build.directory / "lib" / folder / f"libctr_{folder}.a"
        if not self._compiles(archive):
            return None
        for stage, tests in self.stages_of(mutant):
            if not self.build.make(tests):
                return stage, "linker"
            caught = self._first_failure(self.build, tests)
            if caught:
                return stage, caught
        caught = None if self.is_quick else self._by_sanitizer(mutant)
        return ("sanitizer", f"{caught}, ASan") if caught else ("", "")

    def _compiles(self, archive):
        command = ["ninja", "-C", str(self.build.directory), os.path.relpath(archive, self.build.directory)]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def read_equivalent():
    """The changes that nobody can observe: {(file and function, old, new)}."""
    found = set()
    text = (HERE / "equivalent.txt").read_text(encoding="utf-8")
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            where, old, new, *_ = lines
            found.add((where, old[1:].strip(), new[1:].strip()))
    return found


def all_mutants(folders):
    """Of each line that can be changed: its mutants."""
    rows = []
    for folder in folders:
        for path in sorted((SOURCE / "lib" / folder).glob("*.c")):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            for number, texts in sorted(change.changes(lines).items()):
                rows.append([Mutant(f"{folder}/{path.name}", number, index, lines, kind, text)
                             for index, (kind, text) in enumerate(texts)])
    return rows


def draw(rows, seed):
    """A line, a kind of mistake, and one of its kind: without end, and none twice."""
    chance = random.Random(seed)
    seen = set()
    while True:
        row = chance.choice(rows)
        kind = chance.choice(sorted({mutant.kind for mutant in row}))
        mutant = chance.choice([mutant for mutant in row if mutant.kind == kind])
        if mutant.identity not in seen:
            seen.add(mutant.identity)
            yield mutant


class Tally:
    def __init__(self):
        self.tried = self.not_compiled = self.equivalent = 0
        self.caught = collections.Counter()
        self.folders = collections.defaultdict(lambda: [0, 0])
        self.survived = []

    def add(self, mutant, stage):
        folder = self.folders[mutant.name.split("/")[0]]
        self.tried += 1
        folder[1] += 1
        if stage:
            self.caught[stage] += 1
            folder[0] += 1
        else:
            self.survived.append(mutant.identity)

    def line(self, seed):
        caught = sum(self.caught.values())
        return json.dumps({
            "seed": seed, "mutants": self.tried, "caught": caught,
            "share": round(caught / self.tried, 3) if self.tried else 0,
            **{folder: f"{found} of {all_of_it}" for folder, (found, all_of_it) in sorted(self.folders.items())},
            "by": dict(self.caught.most_common()), "survived": self.survived,
            "equivalent": self.equivalent, "not_compiled": self.not_compiled,
        })


def try_all(trial, mutants, count, say):
    tally, equivalent = Tally(), read_equivalent()
    for mutant in mutants:
        if tally.tried >= count:
            break
        if (f"{mutant.name} {mutant.function}", mutant.before.strip(), mutant.after.strip()) in equivalent:
            tally.equivalent += 1
            continue
        started = time.monotonic()
        judged = trial.judge(mutant)
        if judged is None:
            tally.not_compiled += 1
            continue
        stage, test = judged
        tally.add(mutant, stage)
        say(f"{tally.tried} {mutant}\n  {'caught by ' + test if stage else 'SURVIVED'} ({time.monotonic() - started:.0f} s)")
    return tally


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--folders", default=",".join(FOLDERS))
    parser.add_argument("--kinds")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", nargs="+")
    options = parser.parse_args()

    def say(text):
        if not options.json:
            print(text, flush=True)

    rows = all_mutants(options.folders.split(","))
    if options.kinds:
        rows = [[mutant for mutant in row if mutant.kind in options.kinds.split(",")] for row in rows]
    mutants = draw([row for row in rows if row], options.seed)
    if options.only:
        mutants = [mutant for row in rows for mutant in row if mutant.identity in options.only]
    with tempfile.TemporaryDirectory(prefix="centro-mutate-") as directory:
        tally = try_all(Trial(pathlib.Path(directory), options.quick), mutants, options.count, say)
    print(tally.line(options.seed), flush=True)


if __name__ == "__main__":
    main()
