#!/usr/bin/env python3
"""Checks what compilers don't: which folder may include what, lengths, words, missing tests.

Every rule is a function from a source file to complaints. The last test breaks each rule on purpose, so
that a rule that stopped working is noticed.
"""

import re
import subprocess
import sys
import unittest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("scheduler", "protocol", "daemon", "cli", "planner", "bench", "tests")
LINES_MAX = 800
COLUMNS_MAX = 100

# A folder may include from these, besides itself.
MAY_INCLUDE = {
    "scheduler": set(),
    "protocol": {"scheduler"},
    "daemon": {"scheduler", "protocol", "planner"},
    "cli": {"scheduler", "protocol"},
    "planner": set(),
    "bench": {"scheduler", "protocol", "daemon", "cli", "planner", "tests"},
    "tests": {"scheduler", "protocol", "daemon", "cli", "planner", "bench"},
}

# Headers that the core may not see: time, threads, chance, I/O, unordered iteration.
CORE_FORBIDDEN_HEADERS = {
    "chrono", "thread", "mutex", "atomic", "random", "filesystem", "iostream", "fstream", "sstream",
    "unordered_map", "unordered_set", "condition_variable", "future", "ctime", "time.h",
}
CORE_FORBIDDEN_WORDS = re.compile(
    r"\b(float\b|double\b|std::hash|std::shared_ptr|std::thread|time\(|rand\(|clock\(|throw\b|new )")

# Outside libraries and where they may be named.
OUTSIDE = [
    (re.compile(r'#include [<"](kj/|capnp/)|\b(kj|capnp)::'),
     re.compile(r"^(protocol/|cli/|daemon/rpc_|daemon/audit_change\.cc|bench/|tests/)"), "kj and capnp"),
    (re.compile(r'#include <boost/|\bboost::'),
     re.compile(r"^(daemon/(http|ops)_|cli/|bench/|tests/)"), "boost"),
    (re.compile(r"#include <liburing\.h>"), re.compile(r"^daemon/uring\.cc$"), "liburing.h"),
]

DEFAULT_LABEL = re.compile(r"^\s*default\s*:")
ENUMERATOR_LABEL = re.compile(r"^\s*case\s+(\w+::)*k[A-Z]\w*\s*:")
TO_DO = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(")


class Complaint(NamedTuple):
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Source:
    """A file as its lines, with comments and strings blanked out for rules about code."""

    def __init__(self, path, text):
        self.path = path
        self.folder = path.split("/")[0]
        self.lines = text.splitlines()
        self.code = self._blank(text).splitlines()

    @staticmethod
    def _blank(text):
        # Includes keep their quotes: they are code to us.
        pattern = re.compile(
            r'(^[ \t]*#include[^\n]*)|//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"',
            re.S | re.M)

        def blank(match):
            if match.group(1):
                return match.group(1)
            return re.sub(r"[^\n]", " ", match.group(0))

        return pattern.sub(blank, text)


def includes(source):
    for number, line in enumerate(source.code, 1):
        match = re.match(r'\s*#include\s+([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


def check_dependency_law(source):
    for number, quote, name in includes(source):
        if quote != '"':
            continue
        target = name.split("/")[0]
        if "/" not in name or target not in MAY_INCLUDE:
            yield Complaint(source.path, number, f'"{name}" is not written from the root')
        elif target != source.folder and target not in MAY_INCLUDE[source.folder]:
            yield Complaint(source.path, number, f"{source.folder}/ may not include {target}/")


def check_core_headers(source):
    if source.folder != "scheduler":
        return
    for number, quote, name in includes(source):
        if quote == "<" and (name in CORE_FORBIDDEN_HEADERS or "/" in name):
            yield Complaint(source.path, number, f"the core may not include <{name}>")


def check_core_words(source):
    if source.folder != "scheduler":
        return
    for number, line in enumerate(source.code, 1):
        match = CORE_FORBIDDEN_WORDS.search(line)
        if match:
            yield Complaint(source.path, number, f"the core may not use '{match.group(0).strip()}'")


def check_outside_libraries(source):
    for pattern, allowed, name in OUTSIDE:
        if allowed.match(source.path):
            continue
        for number, line in enumerate(source.code, 1):
            if pattern.search(line):
                yield Complaint(source.path, number, f"{name} may not be used here")


def check_lengths(source):
    if len(source.lines) > LINES_MAX:
        yield Complaint(source.path, len(source.lines), f"longer than {LINES_MAX} lines")
    for number, line in enumerate(source.lines, 1):
        # A link or an include can't be broken.
        if len(line) > COLUMNS_MAX and "http" not in line and "#include" not in line:
            yield Complaint(source.path, number, f"longer than {COLUMNS_MAX} columns")


def check_words(source):
    for number, line in enumerate(source.lines, 1):
        if TO_DO.search(line):
            yield Complaint(source.path, number, "unfinished work is not left in the code")
        if line != line.rstrip():
            yield Complaint(source.path, number, "spaces at the end of the line")


def check_switches(source):
    over_enum = False
    for number, line in enumerate(source.code, 1):
        if re.search(r"\bswitch\s*\(", line):
            over_enum = False
        over_enum = over_enum or bool(ENUMERATOR_LABEL.match(line))
        if over_enum and DEFAULT_LABEL.match(line):
            yield Complaint(source.path, number, "a default label hides the missing case of an enum")


def check_sleeps(source):
    if source.folder != "tests":
        return
    for number, line in enumerate(source.code, 1):
        if SLEEP.search(line):
            yield Complaint(source.path, number, "a test that sleeps hides a race")


def check_header_guard(source):
    if source.path.endswith(".h") and "#pragma once" not in source.lines:
        yield Complaint(source.path, 1, "no #pragma once")


def check_opening_comment(source):
    if source.path.endswith(".h") and not source.lines[0].startswith("//"):
        yield Complaint(source.path, 1, "a header begins with what it is")


RULES = [
    check_dependency_law, check_core_headers, check_core_words, check_outside_libraries, check_lengths,
    check_words, check_switches, check_sleeps, check_header_guard, check_opening_comment,
]


def sources():
    listed = subprocess.run(["git", "ls-files", "-z", *FOLDERS], cwd=ROOT, capture_output=True)
    if listed.returncode == 0 and listed.stdout:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:  # an unpacked release has no repository
        names = [str(p.relative_to(ROOT)) for folder in FOLDERS for p in (ROOT / folder).rglob("*")]
    for name in sorted(names):
        path = ROOT / name
        if path.suffix in (".h", ".cc") and path.is_file():
            yield Source(name, path.read_text(encoding="utf-8"))


# One line per rule that breaks it, and one that must pass.
BROKEN = [
    (check_dependency_law, "protocol/a.cc", '#include "daemon/engine.h"'),
    (check_dependency_law, "daemon/a.cc", '#include "engine.h"'),
    (check_core_headers, "scheduler/a.cc", "#include <chrono>"),
    (check_core_headers, "scheduler/a.cc", "#include <fmt/core.h>"),
    (check_core_words, "scheduler/a.cc", "double load = 0;"),
    (check_outside_libraries, "daemon/engine.cc", "kj::Own<int> own;"),
    (check_outside_libraries, "daemon/engine.cc", "#include <liburing.h>"),
    (check_outside_libraries, "daemon/rpc_loop.cc", "#include <boost/asio.hpp>"),
    (check_lengths, "daemon/a.cc", "x" * 101),
    (check_lengths, "daemon/a.cc", "\n" * 801),
    (check_words, "daemon/a.cc", "// TO" "DO: later"),
    (check_words, "daemon/a.cc", "int a; "),
    (check_switches, "daemon/a.cc", "switch (a) {\n  case A::kOne:\n  default:"),
    (check_sleeps, "tests/unit/a_test.cc", "std::this_thread::sleep_for(1s);"),
    (check_header_guard, "daemon/a.h", "// A header."),
    (check_opening_comment, "daemon/a.h", "#pragma once"),
]
SOUND = [
    (check_core_words, "scheduler/a.cc", "// no float and no double\nint doubled = 0;"),
    (check_outside_libraries, "protocol/codec.cc", "capnp::MessageReader& reader;"),
    (check_dependency_law, "daemon/a.cc", '#include "protocol/codec.h"'),
    (check_switches, "daemon/a.cc", "  friend bool operator==(A, A) = default;"),
    (check_switches, "daemon/a.cc", "switch (errno) {\n  case EAGAIN:\n  default:"),
]


# What a checkout shows at first sight, and the size no file of it needs to pass.
TOP_LEVEL = {".ci", ".clang-format", ".clang-tidy", ".gitignore", "CHANGELOG.md", "CMakeLists.txt",
             "CMakePresets.json", "LICENSE", "README.md", "bench", "city", "cli", "daemon", "docs",
             "planner", "protocol", "scheduler", "script", "systemd", "tests"}
SIZE_MAX = 256 * 1024


def check_files(files):
    """Complaints about kept files, given as (path, size): strangers at the top, and data of a run."""
    for path, size in files:
        if path.split("/")[0] not in TOP_LEVEL:
            yield f"{path}: nothing of the project"
        if size > SIZE_MAX:
            yield f"{path}: {size} bytes"


class RulesTest(unittest.TestCase):
    def test_only_the_project_is_kept(self):
        if not (ROOT / ".git").exists():
            self.skipTest("not a checkout")
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        paths = [path for path in listed.stdout.split("\0") if path and (ROOT / path).exists()]
        self.assertGreater(len(paths), 200, "the files were not found")
        self.assertEqual([], list(check_files((path, (ROOT / path).stat().st_size) for path in paths)))
        self.assertEqual(2, len(list(check_files([("rr/data/journal", 1), ("daemon/core", SIZE_MAX + 1)]))))

    def test_sources_keep_every_rule(self):
        found = list(sources())
        self.assertGreater(len(found), 50, "the sources were not found")
        complaints = [str(c) for source in found for rule in RULES for c in rule(source)]
        self.assertEqual([], complaints, "\n" + "\n".join(complaints))

    def test_every_rule_notices_what_breaks_it(self):
        for rule, path, text in BROKEN:
            with self.subTest(rule=rule.__name__, text=text[:40]):
                self.assertTrue(list(rule(Source(path, text))))
        self.assertEqual({rule for rule, _, _ in BROKEN}, set(RULES))

    def test_no_rule_complains_about_what_is_sound(self):
        for rule, path, text in SOUND:
            with self.subTest(rule=rule.__name__, text=text[:40]):
                self.assertEqual([], list(rule(Source(path, text))))

    def test_every_container_of_the_core_has_a_unit_test(self):
        for source in sources():
            if source.folder != "scheduler" or not source.path.endswith(".cc"):
                continue
            name = Path(source.path).stem
            if (ROOT / "tests" / "unit" / f"{name}_test.cc").exists():
                continue
            # The state machine is tested as a whole, beside the naive model.
            self.assertNotRegex(name, r"(queue|heap|list|index|calendar|pool|memory)$", source.path)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
