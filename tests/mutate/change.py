# SPDX-License-Identifier: MIT
"""The changes of one line that a person might make by mistake.

changes(lines) names them all: for the number of a line, the texts that could stand there
instead, each with the kind of mistake. Nothing is parsed: strings and comments are
blanked out, functions are what stands between braces in the first column, and what makes
no sense does not compile.
"""
import re

LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/')
NAME = r"[A-Za-z_][\w.]*(?:(?:->|\.)\w+|\[\w+\])*"
CALL_BEGIN = re.compile(r"\b\w+\(")
# Their lines change nothing but what people read, or what only we can break.
TEXT_ONLY = re.compile(r"\b(CTR_ASSERT|CTR_UNREACHABLE|ctr_log\w*|ctr_panic)\b")
DECLARATION = re.compile(r"^\t+(?:(?:static|const|struct|enum|union|unsigned|uint\d+_t|int\d+_t|size_t|int|bool|char|void|"
                         r"ctr_\w+|centro_\w+)\b[\s*]*)+\w+(?:\[[^\]]*\])*(?:, \*?\w+)*;$")
SWITCHED = [
    ("comparison", " < ", " <= "), ("comparison", " <= ", " < "), ("comparison", " > ", " >= "),
    ("comparison", " >= ", " > "), ("equality", " == ", " != "), ("equality", " != ", " == "),
    ("logic", " && ", " || "), ("logic", " || ", " && "), ("logic", " &&\n", " ||\n"), ("logic", " ||\n", " &&\n"),
    ("sign", " + ", " - "), ("sign", " - ", " + "), ("sign", " += ", " -= "), ("sign", " -= ", " += "),
    ("sign", "++", "--"), ("sign", "--", "++"), ("off by one", " + 1", ""), ("off by one", " - 1", ""),
]


def _blank(line):
    return LITERAL.sub(lambda match: match[0][0] + "_" * (len(match[0]) - 2) + match[0][-1], line)


def code_lines(lines):
    """Number and blanked text of each line that is code: in a function, or a row of a table."""
    comment, inside, text_only, code = False, False, False, []
    for number, line in enumerate(lines):
        blank = _blank(line)
        if comment or "/*" in blank and "*/" not in blank[blank.index("/*"):]:
            comment = "*/" not in blank
            continue
        if blank.startswith("}"):
            inside = False
        elif blank.startswith("{") or blank.rstrip().endswith("= {"):
            inside = True
        elif blank.startswith("\t") and inside:
            text_only = text_only or bool(TEXT_ONLY.search(blank))
            if not text_only and re.search(r"\w", blank) and not DECLARATION.match(blank.rstrip("\n")):
                code.append((number, re.sub(r"/\*.*?\*/", lambda match: " " * len(match[0]), blank)))
            if ";" in blank or blank.rstrip().endswith("}"):
                text_only = False
    return code


def _closing(text, start):
    """The index of the parenthesis that closes the one at start, or -1."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return -1


def _arguments(text, start):
    """Begin and end of each argument of the call whose parenthesis is at start; none if it goes on."""
    end = _closing(text, start)
    spans, depth, begin = [], 0, start + 1
    for i in range(start + 1, max(end, 0) + 1):
        if i == end or text[i] == "," and depth == 0:
            spans.append((begin, i))
            begin = i + 2
        depth += (text[i] in "([{") - (text[i] in ")]}")
    return spans


def _switched(blank):
    for kind, old, new in SWITCHED:
        for match in re.finditer(re.escape(old), blank):
            yield kind, match.start(), match.end(), new


def _negated(blank):
    for match in re.finditer(r"\b(?:if|while) \(", blank):
        end = _closing(blank, match.end() - 1)
        if end > 0:
            yield "negation", match.end(), end, lambda old: f"!({old})"
    for match in re.finditer(r"!(?=[\w(])", blank):
        yield "negation", match.start(), match.end(), ""
    for match in re.finditer(r"(?:return |&& |\|\| |= |\()(?=(?:ctr_|is_|has_)\w*\()", blank):
        yield "negation", match.end(), match.end(), "!"


def _dropped(blank):
    if re.match(rf"^\t+(?:\*?{NAME} (?:[-+*/|&]?=) .*|(?:\w|->)+\(.*\)|{NAME}(?:\+\+|--)|break|continue|return);$", blank.rstrip("\n")):
        begin = len(blank) - len(blank.lstrip("\t"))
        yield "statement dropped", begin, len(blank.rstrip("\n")), ";"


def _swapped(blank):
    for match in CALL_BEGIN.finditer(blank):
        spans = _arguments(blank, match.end() - 1)
        for (a, b), (c, d) in zip(spans, spans[1:]):
            yield "arguments swapped", a, d, lambda old, a=a, b=b, c=c: old[c - a:] + ", " + old[:b - a]


def _constants(blank, names):
    for match in re.finditer(r"\b(?:true|false)\b", blank):
        yield "constant", match.start(), match.end(), "false" if match[0] == "true" else "true"
    for match in re.finditer(r"(?<![\w.])\d+(?=[uUlL]*\b)(?!x)", blank):
        yield "constant", match.start(), match.end(), str(int(match[0]) + 1)
        if int(match[0]) > 0:
            yield "constant", match.start(), match.end(), str(int(match[0]) - 1)
    for match in re.finditer(r"\b(?:CENTRO|CTR)_[A-Z]+_[A-Z_]+\b", blank):
        for name in names.get(match[0].rsplit("_", match[0].count("_") - 1)[0], ()):
            if name != match[0]:
                yield "constant", match.start(), match.end(), name


def _results(blank):
    for match in re.finditer(r"(?:return|= )\s*(CENTRO_ERR_\w+|status)(?=;)", blank):
        yield "error is lost", match.start(1), match.end(1), "CENTRO_OK"
    match = re.match(r"^\t+return (ctr_error\(.*\));$", blank.rstrip("\n"))
    if match:
        yield "error is lost", match.start(1), match.end(1), "CENTRO_OK"


def _names(lines):
    """Constants of the file by their first two words: what may be taken for one another."""
    names = {}
    for _, blank in code_lines(lines):
        for name in re.findall(r"\b(?:CENTRO|CTR)_[A-Z]+_[A-Z_]+\b", blank):
            if not name.endswith("_MAX"):
                names.setdefault("_".join(name.split("_")[:2]), set()).add(name)
    return {prefix: sorted(found) for prefix, found in names.items()}


def changes(lines):
    """{number of a line: [(kind, what stands there instead)]}, without those that change nothing."""
    names, found = _names(lines), {}
    for number, blank in code_lines(lines):
        line, texts = lines[number], {}
        for kind, begin, end, new in [*_switched(blank), *_negated(blank), *_dropped(blank), *_swapped(blank),
                                      *_constants(blank, names), *_results(blank)]:
            old = line[begin:end]
            text = line[:begin] + (new if isinstance(new, str) else new(old)) + line[end:]
            if text != line:
                texts.setdefault(text, kind)
        if texts:
            found[number] = [(kind, text) for text, kind in texts.items()]
    return found
