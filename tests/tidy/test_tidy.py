#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checks, checked: each rule is broken once, and must be reported.

usage: test_tidy.py [CC]
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import banned
import exports
import headers
import includes
import licence
import sizes
import symbols
import tidy

CC = ["cc"]


class Tree(unittest.TestCase):
    """A small source tree of its own."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def assert_complains(self, complaints, *parts):
        self.assertEqual(len(complaints), 1, complaints)
        for part in parts:
            self.assertIn(part, complaints[0])


class Text(unittest.TestCase):
    def test_comments_and_quotes_are_blank(self):
        text = 'a /* b\n "c" */ "d\\"/*" \'"\' // e\nf'
        self.assertEqual(tidy.code_only(text).split(), ["a", "f"])
        self.assertEqual(tidy.code_only(text).count("\n"), 2)
        self.assertIn('"d\\"/*"', tidy.without_comments(text))


class Includes(Tree):
    def check_one(self, path, include):
        file = self.write(path, f"#include {include}\n")
        complaints = includes.check(self.root)
        file.unlink()
        return complaints

    def test_allowed(self):
        for path, include in [
            ("lib/core/a.c", '"base/map.h"'),
            ("lib/core/a.c", '"core/b.h"'),
            ("lib/core/a.c", "<centro/job.h>"),
            ("lib/core/a.c", "<string.h>"),
            ("lib/base/alloc.c", "<pthread.h>"),
            ("lib/store/store_file.c", "<unistd.h>"),
            ("lib/store/file_lmdb.c", "<lmdb.h>"),
            ("lib/wire/a.c", "<nghttp2/nghttp2.h>"),
            ("lib/codec/a.c", '"centro/v1/job.pb-c.h"'),
            ("lib/codec/a.c", '"core/core.h"'),
            ("lib/engine/a.c", '"store/store.h"'),
            ("lib/service/a.c", '"engine/engine.h"'),
            ("lib/io/a.c", "<sys/socket.h>"),
            ("lib/io/a.c", "<uv.h>"),
            ("cli/a.c", "<centro/client.h>"),
            ("cli/a.c", "<yaml.h>"),
            ("cli/a.c", '"options.h"'),
            ("cli/shim.c", "<sys/prctl.h>"),
            ("cli/shim.c", '"io/shim_abi.h"'),
            ("include/centro/a.h", "<centro/types.h>"),
        ]:
            self.assertEqual(self.check_one(path, include), [], (path, include))

    def test_refused(self):
        for path, include in [
            ("lib/base/a.c", '"core/core.h"'),
            ("lib/base/a.c", "<unistd.h>"),
            ("lib/base/a.c", '"map.h"'),
            ("lib/core/a.c", '"store/store.h"'),
            ("lib/core/a.c", '"wire/grpc.h"'),
            ("lib/core/a.c", "<centro/store.h>"),
            ("lib/core/a.c", "<time.h>"),
            ("lib/core/a.c", "<cjson/cJSON.h>"),
            ("lib/store/a.c", '"core/core.h"'),
            ("lib/store/memory.c", "<unistd.h>"),
            ("lib/store/a.c", "<centro/job.h>"),
            ("lib/wire/a.c", '"codec/codec.h"'),
            ("lib/wire/a.c", "<sys/socket.h>"),
            ("lib/wire/a.c", "<uv.h>"),
            ("lib/codec/a.c", '"engine/engine.h"'),
            ("lib/engine/a.c", '"wire/grpc.h"'),
            ("lib/engine/a.c", "<pthread.h>"),
            ("lib/service/a.c", '"store/internal.h"'),
            ("lib/service/a.c", '"io/loop.h"'),
            ("lib/client/a.c", '"engine/engine.h"'),
            ("lib/agent/a.c", '"core/core.h"'),
            ("lib/agent/a.c", "<unistd.h>"),
            ("lib/nobody/a.c", '"base/map.h"'),
            ("lib/base/a.c", "<locale.h>"),
            ("cli/a.c", '"base/map.h"'),
            ("cli/a.c", "<uv.h>"),
            ("cli/shim.c", "<centro/types.h>"),
            ("cli/shim.c", '"options.h"'),
            ("include/centro/a.h", "<sys/types.h>"),
            ("include/centro/a.h", '"base/map.h"'),
        ]:
            self.assert_complains(self.check_one(path, include), f"{path}:1: ", include[1:-1])

    def test_a_comment_includes_nothing(self):
        self.assertEqual(self.check_one("lib/core/a.c", "<string.h>\n/*\n#include <time.h>\n*/"), [])


class Banned(Tree):
    def check_one(self, path, code):
        file = self.write(path, f"void f(void)\n{{\n\t{code};\n}}\n")
        complaints = banned.check(self.root)
        file.unlink()
        return complaints

    def test_every_name_is_found(self):
        for name in {**banned.ANYWHERE, **banned.IN_LIB}:
            self.assert_complains(self.check_one("lib/core/a.c", f"{name}(x)"), "a.c:3: ", name)
        for name in banned.ANYWHERE:
            self.assert_complains(self.check_one("cli/a.c", f"{name} (x)"), "a.c:3: ", name)

    def test_only_where_it_may(self):
        self.assertEqual(self.check_one("lib/base/alloc.c", "free(x)"), [])
        self.assertEqual(self.check_one("lib/base/panic.c", "abort()"), [])
        self.assertEqual(self.check_one("lib/io/process.c", "_exit(127)"), [])
        self.assertEqual(self.check_one("cli/a.c", "getenv(x)"), [])
        self.assertEqual(self.check_one("cli/a.c", "malloc(x)"), [])
        self.assertEqual(self.check_one("cli/shim.c", "chdir(x)"), [])
        self.assert_complains(self.check_one("lib/base/alloc.c", "strdup(x)"), "strdup")

    def test_what_only_looks_like_it(self):
        for code in ["ctr_free(x)", "a->free(x)", "a.free(x)", "my_system(x)", "free_all(x)",
                     'log("free(x)")', "/* free(x) */", "gmtime_r(x)", "CTR_ASSERT(x)",
                     "static_assert(x)", "_Static_assert(x)"]:
            self.assertEqual(self.check_one("lib/core/a.c", code), [], code)


class Licence(Tree):
    def test_every_file(self):
        self.write("lib/a.c", licence.LINE + "\n")
        self.assertEqual(licence.check(self.root), [])
        self.write("tests/b.h", "\n" + licence.LINE + "\n")
        self.assert_complains(licence.check(self.root), "tests/b.h:1: ")


class Sizes(Tree):
    def test_long_ones_are_listed(self):
        body = "\tx();\n"
        self.write("lib/a.c", f"int short_one(void)\n{{\n{body * 67}}}\n\n"
                              f"static int\nlong_one(int a,\n\t int b)\n{{\n{body * 67}}}\n")
        self.write("lib/b.h", "\n" * 301)
        self.write("lib/c.c", "\n" * 600)
        self.write("lib/d.c", "\n" * 601)
        found, lengths = sizes.report(self.root)
        self.assertEqual(lengths, [70, 72])
        self.assertEqual(found, [
            "lib/a.c:72: long_one has 72 lines",
            "lib/b.h: 301 lines, more than 300",
            "lib/d.c: 601 lines, more than 600",
        ])


class Headers(Tree):
    def check_one(self, kind, text, name="a.h"):
        self.write(f"centro/{name}", text)
        return headers.check(kind, [f"<centro/{name}>"], [self.root], CC)

    def test_what_is_wrong_with_one(self):
        guard = "#pragma once\n"
        good = guard + "#include <stddef.h>\nvoid f(size_t n);\n"
        for kind in headers.FLAGS:
            self.assertEqual(self.check_one(kind, good), [])
            self.assert_complains(self.check_one(kind, guard + "void f(size_t n);\n"), "size_t")
            self.assert_complains(self.check_one(kind, "struct a { int b; };\n"), "struct a")
        empty = guard + "struct a {};\n"
        self.assert_complains(self.check_one("c11", empty), "a.h")
        self.assert_complains(self.check_one("cxx17", guard + "void f(int class);\n"), "class")
        unnamed = guard + "static inline int f(int a) { return ({ a; }); }\n"
        self.assert_complains(self.check_one("c11", unnamed), "a.h")
        self.assertEqual(self.check_one("gnu11", unnamed), [])

    def test_headers_are_found(self):
        self.write("include/centro/b.h", "")
        self.write("build/version.h", "")
        self.write("lib/core/c.h", "")
        self.assertEqual(headers.public_headers(self.root / "include/centro", self.root / "build"),
                         ["<centro/b.h>", "<centro/version.h>"])
        self.assertEqual(headers.lib_headers(self.root / "lib"), ['"core/c.h"'])


class Compiled(Tree):
    def run_tool(self, *command):
        subprocess.run([str(word) for word in command], check=True, cwd=self.root)

    def archive(self, folder, name, code):
        """lib/<folder>/libctr_<folder>.a of one file, as a thin archive like meson's."""
        source = self.write(f"lib/{folder}/{name}.c", code)
        member = source.with_suffix(".c.o")
        self.run_tool(*CC, "-O0", "-fno-builtin", "-w", "-c", source, "-o", member)
        self.run_tool("ar", "csrDT", f"lib/{folder}/libctr_{folder}.a", member)


class Symbols(Compiled):
    def setUp(self):
        super().setUp()
        self.archive("base", "buf", "int ctr_buf_new(void) { return 1; }")

    def check_call(self, folder, name, function):
        self.archive(folder, name,
                     f"int {function}(void); int ctr_own(void) {{ return {function}(); }}")
        return symbols.check(symbols.find_archives(self.root))

    def test_the_core_is_pure(self):
        self.assertEqual(self.check_call("core", "job", "ctr_buf_new"), [])
        self.assertEqual(self.check_call("core", "job", "memcpy"), [])
        for function in ["malloc", "clock_gettime", "printf", "snprintf", "getenv", "time",
                         "pthread_create", "strcmp", "nghttp2_version"]:
            self.assert_complains(self.check_call("core", "job", function),
                                  "lib/core/job.c: ", function)

    def test_folders_take_only_what_they_may(self):
        self.archive("core", "job", "int ctr_job(void) { return 1; }")
        self.archive("store", "batch", "int centro_batch(void) { return 1; }")
        self.archive("codec", "codec", "int ctr_codec(void) { return 1; }")
        self.assertEqual(self.check_call("engine", "engine", "centro_batch"), [])
        self.assertEqual(self.check_call("engine", "engine", "ctr_job"), [])
        self.assert_complains(self.check_call("engine", "engine", "ctr_wire"), "ctr_wire")
        self.assert_complains(self.check_call("engine", "engine", "clock_gettime"), "system")
        self.archive("engine", "engine", "int centro_engine(void) { return 1; }")
        self.assert_complains(self.check_call("wire", "h2", "ctr_job"), "core's", "wire")
        self.assertEqual(self.check_call("wire", "h2", "nghttp2_session_recv"), [])
        self.assert_complains(self.check_call("codec", "more", "ctr_job"), "types alone")

    def test_only_a_backend_calls_the_system(self):
        self.assertEqual(self.check_call("store", "file_lock", "fcntl"), [])
        self.assert_complains(self.check_call("store", "memory", "fcntl"), "store/memory.c: ")

    def test_only_two_files_of_base_call_the_system(self):
        self.assertEqual(self.check_call("base", "panic", "abort"), [])
        self.assert_complains(self.check_call("base", "heap", "realloc"), "base/heap.c: ")

    def test_sanitizers_are_no_layer(self):
        self.assertEqual(self.check_call("core", "job", "__asan_report_load8"), [])
        self.assertEqual(self.check_call("core", "job", "__ubsan_handle_add_overflow"), [])


class Exports(Compiled):
    def check_library(self, code, header, script):
        source = self.write("a.c", code)
        self.write("a.map", script)
        self.run_tool(*CC, "-shared", "-fPIC", "-Wl,--version-script,a.map", source, "-o", "a.so")
        return exports.check("nm", self.root / "a.so", self.root / "a.map",
                             [self.write("a.h", header)])

    def test_all_three_agree(self):
        header = ("/* CENTRO_API int centro_no(void); */\n#define CENTRO_API\n"
                  "CENTRO_API const char *\ncentro_a(int b, void (*f)(void));\n"
                  "typedef int centro_fn(void);\nCENTRO_API struct x *centro_c(void);\n")
        code = "int centro_a; int centro_c; int ctr_d;"
        script = "V_0 { global: centro_a; # centro_b;\n centro_c; local: *; };"
        self.assertEqual(self.check_library(code, header, script), [])

    def test_what_may_be_wrong(self):
        header = "CENTRO_API int centro_a(void);"
        one = "V_0 { global: centro_a; local: *; };"
        self.assert_complains(self.check_library("int b;", header, one), "a.so: lacks centro_a")
        both = "V_0 { global: centro_a; centro_b; local: *; };"
        self.assert_complains(self.check_library("int centro_a;", header, both),
                              "a.map: names centro_b")
        found = self.check_library("int centro_a, ctr_b;", header,
                                   "V_0 { global: centro_a; ctr_b; local: *; };")
        self.assertIn("a.so: exports ctr_b, which is not centro_*", found)
        found = self.check_library("int centro_a, centro_b;", header, "V_0 { global: *; };")
        self.assertIn("a.so: exports centro_b, which no header declares", found)
        self.assertIn("a.map: lacks centro_a of a.h", found)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        CC = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
