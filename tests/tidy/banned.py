#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Functions that nobody may call, or only where the table says.

usage: banned.py ROOT
"""

import pathlib
import re
import sys

import tidy

UNSAFE = "has no safe use: see base/buf.h and base/str.h"
STATE = "keeps its state in the process"
LOCALE = "reads the locale: see base/str.h and centro/text.h"

ANYWHERE = {
    **dict.fromkeys(
        ["strcpy", "strcat", "strncpy", "strncat", "stpcpy", "sprintf", "vsprintf", "gets"], UNSAFE
    ),
    **dict.fromkeys(["scanf", "sscanf", "fscanf", "atoi", "atol", "atoll"], UNSAFE),
    **dict.fromkeys(["alloca", "mktemp", "tmpnam", "tempnam"], UNSAFE),
    **dict.fromkeys(["system", "popen"], "starts a shell: use an argument vector"),
    **dict.fromkeys(["strtok", "localtime", "gmtime", "asctime", "ctime", "strsignal"], STATE),
    **dict.fromkeys(["setlocale", "srand", "srandom", "umask", "chdir", "fchdir"], STATE),
    **dict.fromkeys(["setenv", "unsetenv", "putenv", "clearenv"], STATE),
    **dict.fromkeys(["rand", "random", "drand48", "lrand48"], "is not seeded by us: base/prng.h"),
    "signal": "is not portable in what it restores: use sigaction",
    "assert": "vanishes with NDEBUG: use CTR_ASSERT",
    **dict.fromkeys(["strtod", "strtof", "atof", "isalpha", "isdigit", "isspace"], LOCALE),
    **dict.fromkeys(["isalnum", "isupper", "islower", "tolower", "toupper", "isprint"], LOCALE),
    **dict.fromkeys(["strcasecmp", "strncasecmp", "strcoll", "strftime"], LOCALE),
}
IN_LIB = {
    **dict.fromkeys(
        ["malloc", "calloc", "realloc", "reallocarray", "free", "aligned_alloc"],
        "memory comes from the context's allocator: base/alloc.h",
    ),
    **dict.fromkeys(
        ["strdup", "strndup", "asprintf", "vasprintf"],
        "memory comes from the context's allocator: base/alloc.h",
    ),
    **dict.fromkeys(["getenv", "secure_getenv"], "only cli/ reads the environment"),
    **dict.fromkeys(
        ["printf", "vprintf", "puts", "putchar", "perror"], "the library writes to no stream"
    ),
    **dict.fromkeys(["fprintf", "vfprintf", "fputs", "fputc"], "the library writes to no stream"),
    **dict.fromkeys(["exit", "_exit", "quick_exit", "abort"], "a library does not end its process"),
    **dict.fromkeys(["sleep", "usleep", "nanosleep"], "a library does not wait"),
}
# (paths from the root, names that they may call)
EXCEPT = [
    (re.compile(r"lib/base/alloc\.c"), {"realloc", "free"}),
    (re.compile(r"lib/base/panic\.c"), {"abort"}),
    # A child that is about to be another program is not the library's any more; and the
    # kernel's tables in /proc have a fixed form.
    (re.compile(r"lib/io/\w+\.c"), {"_exit", "sscanf", "fscanf"}),
    # As such a child; and it pulls in no stdio, for its size: it joins constants and numbers.
    (re.compile(r"cli/shim\w*\.c"), {"umask", "chdir", "fchdir", "stpcpy"}),
]

# A call: not a member (.free, ->free), and not part of a longer name.
CALL = re.compile(r"(?<![\w.>])(\w+)\s*\(")


def _allowed(path):
    return {name for pattern, names in EXCEPT if pattern.fullmatch(path) for name in names}


def check(root):
    root = pathlib.Path(root)
    complaints = []
    for file in tidy.sources(root, "lib", "cli", "include"):
        where = file.relative_to(root)
        banned = dict(ANYWHERE)
        if where.parts[0] == "lib":
            banned.update(IN_LIB)
        allowed = _allowed(where.as_posix())
        text = tidy.code_only(file.read_text(encoding="utf-8"))
        for match in CALL.finditer(text):
            name = match.group(1)
            if name in banned and name not in allowed:
                line = tidy.line_of(text, match.start())
                complaints.append(f"{where}:{line}: {name}() {banned[name]}")
    return complaints


if __name__ == "__main__":
    sys.exit(tidy.report("banned", check(sys.argv[1])))
