# SPDX-License-Identifier: MIT
"""What the tidy checks share: the table of layers, and how to read a source file.

A check is a function that takes paths and returns a list of complaints, each
one line that starts with file:line where it has one. test_tidy.py plants a
violation of every rule and sees it reported.
"""

import pathlib
import re
import sys

# docs/architecture.md: what a folder of lib/ may use besides itself. A folder uses
# the types of what it reaches through a header; `TYPES_ONLY` says from whom it may
# take nothing else, which the linker's view of it proves.
USES = {
    "base": [],
    "core": ["base"],
    "store": ["base"],
    "wire": ["base"],
    "codec": ["base", "core"],
    "engine": ["base", "core", "store", "codec"],
    "service": ["base", "core", "wire", "codec", "engine"],
    "client": ["base", "wire", "codec"],
    "agent": ["base", "wire", "codec"],
    # Stands in for a part of wire, so it defines the same functions.
    "sim/wire": ["base", "wire"],
    "sim/cluster": ["base", "core", "store", "wire", "codec", "engine", "service", "client",
                    "agent", "sim/wire"],
    # Part of libcentro, so it may use no more than that is made of.
    "sim/whatif": ["base", "core", "store"],
    "sim/replay": ["base", "core", "codec", "engine"],
    "io": ["base", "core", "store", "wire", "codec", "engine", "service", "client", "agent"],
}
# Whose archives are not looked at by symbol, since another folder's are meant.
STAND_INS = ["sim/wire"]
TYPES_ONLY = {
    "codec": ["core"],
}

# Who implements the functions of a public header. Those not named here are base's.
PUBLIC_OWNER = {
    "agent.h": "io",
    "client.h": "io",
    "cron.h": "core",
    "engine.h": "engine",
    "job.h": "core",
    "node.h": "core",
    "replay.h": "sim/replay",
    "server.h": "io",
    "sim.h": "sim/whatif",
    "store.h": "store",
    "store_impl.h": "store",
}
# The core's commands carry the option structs that an embedder fills in.
PUBLIC_EXTRA = {
    "core": ["engine.h"],
    "client": ["client.h", "job.h", "node.h"],
    "agent": ["agent.h", "job.h", "node.h"],
}

# Headers of C that know no operating system and no locale.
PURE_HEADERS = {
    "inttypes.h",
    "limits.h",
    "stdalign.h",
    "stdarg.h",
    "stdbool.h",
    "stddef.h",
    "stdint.h",
    "stdio.h",
    "stdlib.h",
    "string.h",
}
# What their code may call: no clock, no memory, no file, no thread, no locale.
PURE_FUNCTIONS = re.compile(
    r"""mem(cpy|move|set|cmp|chr|mem)
    | str(len|nlen|cmp|ncmp|chr|rchr|spn|cspn|str)
    | v?snprintf | qsort | bsearch
    | __(mem(cpy|move|set)|v?snprintf)_chk
    | __stack_chk_fail | _GLOBAL_OFFSET_TABLE_
    | __u?(div|mod|mul|divmod)[dt]i[34]
    | __(asan|ubsan|tsan|msan|sanitizer|gcov|llvm_profile)_\w+ | __gcov\w* | __odr_asan\w*""",
    re.VERBOSE,
)
# Core: not even formatted output.
CORE_FUNCTIONS = re.compile(
    r"""mem(cpy|move|set|cmp|chr) | strlen
    | __mem(cpy|move|set)_chk
    | __stack_chk_fail | _GLOBAL_OFFSET_TABLE_
    | __u?(div|mod|mul|divmod)[dt]i[34]
    | __(asan|ubsan|tsan|msan|sanitizer|gcov|llvm_profile)_\w+ | __gcov\w* | __odr_asan\w*""",
    re.VERBOSE,
)

# Which libraries a folder may use: their headers, and the names of their functions.
LIBRARIES = {
    "nghttp2": (r"nghttp2/.*", r"nghttp2_\w+"),
    "llhttp": (r"llhttp\.h", r"llhttp_\w+"),
    "protobuf-c": (r"(protobuf-c/.*|.*\.pb-c\.h)", r"(protobuf_c|[a-z0-9]+_)_\w+"),
    "cjson": (r"cjson/.*", r"cJSON_\w+"),
    "lmdb": (r"lmdb\.h", r"mdb_\w+"),
    "curl": (r"curl/.*", r"curl_\w+"),
    "uv": (r"uv\.h", r"uv_\w+"),
    "openssl": (r"openssl/.*", r"(SSL|CRYPTO|EVP|X509|BIO|ERR|OPENSSL)_\w+"),
    "yaml": (r"yaml\.h", r"yaml_\w+"),
}
FOLDER_LIBRARIES = {
    "store": ["lmdb", "curl", "cjson"],
    "wire": ["nghttp2", "llhttp"],
    "codec": ["protobuf-c", "cjson"],
    "engine": ["protobuf-c"],
    "service": ["protobuf-c"],
    "client": ["protobuf-c"],
    "agent": ["protobuf-c"],
    "sim/cluster": ["protobuf-c"],
    "io": ["protobuf-c", "uv", "openssl", "curl", "nghttp2"],
    "cli": ["yaml", "cjson"],
}

# The files outside io that may know the system: the two of base that end a process and
# take memory, and a storage backend its own.
SYSTEM_FILES = re.compile(r"base/(alloc|panic)\.c|store/(store_)?(file|etcd)(_\w+)?\.[ch]")


def folder_of(parts):
    """Which folder of the table a file is in; `parts` of its path from lib/."""
    nested = "/".join(parts[:2])
    return nested if nested in USES else parts[0]


def may_use_system(path):
    """`path` from lib/, such as "store/file_lock.c"."""
    return path.startswith("io/") or SYSTEM_FILES.fullmatch(path) is not None


def sources(root, *folders):
    """Every .c and .h below the given folders of the tree, in order."""
    for folder in folders:
        for path in sorted((pathlib.Path(root) / folder).rglob("*.[ch]")):
            yield path


_TOKENS = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.DOTALL | re.VERBOSE,
)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """The same lines, with blanks for comments."""
    return _TOKENS.sub(
        lambda m: _blank(m.group()) if m.group().startswith("/") else m.group(), text
    )


def code_only(text):
    """The same lines, with blanks for comments and for what stands in quotes."""
    return _TOKENS.sub(lambda m: _blank(m.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def report(name, complaints):
    """The exit status of a check, after printing what it has to say."""
    for complaint in complaints:
        print(complaint)
    print(f"{name}: {len(complaints)} complaint{'' if len(complaints) == 1 else 's'}")
    return 1 if complaints else 0


def skip(reason):
    """Meson's status for a test that says nothing on this machine."""
    print(f"skipped: {reason}")
    sys.exit(77)
