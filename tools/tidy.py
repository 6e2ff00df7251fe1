#!/usr/bin/env python3
"""Holds the tree to the rules that a machine can check: tools/tidy.py [--root DIR]

Prints `PATH:LINE: RULE: what is wrong`, and ends with 1 if there is anything. Exceptions stand in
tools/tidy_exceptions.txt, a line each: `RULE PATH: the reason`. One that excepts nothing is an
error too, so that the list only ever holds what is needed.
"""
import argparse
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

import cpp_text

# DESIGN section 3: what a module of src/ may include beside itself.
MODULES = {
    "base": "",
    "options": "base",
    "signing": "base",
    "domain": "base",
    "json": "base",
    "async": "base",
    "store": "domain async base",
    "outbox": "store json async domain base",
    "http": "async json base",
    "auth": "json domain base",
    "dispatch": "outbox store http signing json async domain base",
    "webhook": "outbox store http signing json async domain base",
    "api": "outbox http auth store signing json async domain base",
    "client": "http signing json async base",
    "dashboard": "http json async options base",
    "server": "api webhook dispatch auth http outbox store client signing json async options domain "
    "base",
}
DRIVERS = ("store/sqlite", "store/postgres")
DRIVER_USES = {"store", "domain", "base"}
DRIVER_USERS = ("src/server/", "tests/", "bench/")
NETWORK_PLACES = ("src/http/", "src/client/", "bench/", "cmake/")
NETWORK_HEADER = re.compile(r"<(boost/beast|boost/asio/ssl|openssl/(ssl|err|x509\w*|bio)\.h)")

FILE_LINES, TEST_FILE_LINES = 500, 700
LINE_COLUMNS, FUNCTION_LINES, HEADER_PROJECT_INCLUDES = 100, 70, 8

UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) +
                        r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.~$})*/-])/(?:" + "|".join(["work", "home", "root", "Users"]) +
                          r")/\w")
SQL = re.compile(r"\b(SELECT\s|INSERT\s+(INTO|OR)\b|UPDATE\s|DELETE\s+FROM\b|CREATE\s+(TABLE|INDEX)"
                 r"|PRAGMA\s|(SELECT|INSERT|UPDATE|PRAGMA)$)")
WALL_CLOCK = re.compile(r"\bsystem_clock\s*::\s*now\b")
DETACHED = re.compile(r"\bdetached\b")
BLOCKING_SLEEP = re.compile(r"\b(this_thread\s*::\s*sleep_(for|until)|u?sleep|nanosleep)\s*\(")
EMPTY_NAME = re.compile(r"\b(?:class|struct|union|enum(?:\s+class)?)\s+"
                        r"(\w*(?:Manager|Helper|Util)s?)\b")
EMPTY_FILE_NAME = re.compile(r"(^|_)(manager|helper|util)s?(_test)?$")

CPP = (".cpp", ".hpp")
PROSE_AND_CODE = CPP + (".py", ".sh", ".cmake", ".sql", ".txt", ".md", ".yaml", ".yml", ".json",
                        ".toml", ".lua")


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def is_test(path):
    return path.endswith(("_test.cpp", "_fixture.hpp")) or path.startswith("tests/")


def driver_of(name):
    return next((d for d in DRIVERS if name == d or name.startswith(d + "/")), None)


def module_of(path):
    """(module, driver) of a file of src/, else (None, None)."""
    parts = path.split("/")
    if len(parts) < 3 or parts[0] != "src":
        return None, None
    return parts[1], driver_of("/".join(parts[1:-1]))


def why_not(path, target):
    """Why the file may not include the project header `target`, or None."""
    module, driver = module_of(path)
    wanted = target.split("/")[0]
    if wanted not in MODULES or "/" not in target:
        return None  # include/belfry, an embedded header, or a neighbour
    if path.startswith("examples/"):
        return f"examples include belfry/… only, not {target}"
    if path.startswith("include/"):
        return f"public headers include belfry/… only, not {target}"
    to_driver = driver_of(target)
    if path.endswith("_fixture.hpp"):
        return None  # test code, which tests of several modules may share
    if to_driver and driver != to_driver and not path.startswith(DRIVER_USERS):
        return f"only server/, tests and benchmarks name a store driver ({target})"
    if module is None or (wanted == module and not driver):
        return None
    if driver:
        if to_driver == driver or (wanted in DRIVER_USES and not to_driver):
            return None
        return f"{driver} does not include {wanted}"
    if module not in MODULES:
        return f"src/{module} is no module that tools/tidy.py knows"
    if wanted in MODULES[module].split():
        return None
    return f"{module} does not include {wanted}"


def check_includes(path, text):
    project = 0
    for line, name in cpp_text.includes(text):
        if name[0] == '"':
            project += 1
            reason = why_not(path, name[1:-1])
            if reason:
                yield Finding(path, line, "include-order", reason)
        if NETWORK_HEADER.match(name) and not path.startswith(NETWORK_PLACES):
            yield Finding(path, line, "network-header", f"{name} stays within src/http")
    if path.endswith(".hpp") and project > HEADER_PROJECT_INCLUDES:
        yield Finding(path, 1, "header-includes",
                      f"{project} project headers, at most {HEADER_PROJECT_INCLUDES}")


def each_line(path, code, pattern, rule, message):
    for line, content in enumerate(code.splitlines(), 1):
        if pattern.search(content):
            yield Finding(path, line, rule, message)


def check_code(path, source):
    code = cpp_text.without_directives(source.code)
    if path != "src/base/clock.cpp":
        yield from each_line(path, code, WALL_CLOCK, "wall-clock", "take the time from a Clock")
    if not path.startswith("src/async/"):
        yield from each_line(path, code, DETACHED, "detached", "spawn it into a TaskGroup")
    if path.endswith("_test.cpp"):
        yield from each_line(path, code, BLOCKING_SLEEP, "sleeping-test",
                             "wait for an event, or use a manual clock")
    for line, content in enumerate(code.splitlines(), 1):
        for name in EMPTY_NAME.findall(content):
            yield Finding(path, line, "empty-name", f"{name} does not say what it does")
    if not path.startswith("src/store/"):
        for line, content in source.strings:
            if SQL.search(content):
                yield Finding(path, line, "sql", "SQL belongs in queries/*.sql")
    for function in cpp_text.functions(code):
        if function.length > FUNCTION_LINES:
            yield Finding(path, function.line, "function-length",
                          f"{function.length} lines, at most {FUNCTION_LINES}")


def check_cpp(path, text):
    lines = text.splitlines()
    ceiling = TEST_FILE_LINES if is_test(path) else FILE_LINES
    if len(lines) > ceiling:
        yield Finding(path, len(lines), "file-length", f"{len(lines)} lines, at most {ceiling}")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS:
            yield Finding(path, number, "line-length",
                          f"{len(line)} columns, at most {LINE_COLUMNS}")
    source = cpp_text.parse(text)
    if path.endswith(".hpp") and not re.search(r"^#pragma once$", source.code, re.MULTILINE):
        yield Finding(path, 1, "pragma-once", "a header begins with #pragma once")
    if EMPTY_FILE_NAME.search(path.rsplit("/", 1)[-1].rsplit(".", 1)[0]):
        yield Finding(path, 1, "empty-name", "the file's name does not say what is in it")
    yield from check_includes(path, text)
    yield from check_code(path, source)


def check_file(path, text):
    """Every finding in one file, exceptions not yet taken out."""
    if path.endswith(PROSE_AND_CODE) or path.startswith((".ci/", "scripts/")):
        yield from each_line(path, text, UNFINISHED, "unfinished", "finish it or open an issue")
        yield from each_line(path, text, MACHINE_PATH, "machine-path",
                             "no path of one machine in the tree")
    if path.endswith(CPP):
        yield from check_cpp(path, text)


def parse_exceptions(text, path):
    """({(rule, file): line}, findings about the list itself)"""
    exceptions, findings = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.match(r"^([a-z-]+) (\S+): (\S.*)$", line)
        if match:
            exceptions[match.group(1), match.group(2)] = number
        else:
            findings.append(Finding(path, number, "exception", "expected `RULE PATH: the reason`"))
    return exceptions, findings


def check_tree(files, exceptions_text="", exceptions_path="tools/tidy_exceptions.txt"):
    """All findings in {path: text}, in order, exceptions taken out and checked for use."""
    exceptions, findings = parse_exceptions(exceptions_text, exceptions_path)
    used = set()
    for path, text in files.items():
        for finding in check_file(path, text):
            if (finding.rule, path) in exceptions:
                used.add((finding.rule, path))
            else:
                findings.append(finding)
    for key in sorted(exceptions.keys() - used):
        findings.append(Finding(exceptions_path, exceptions[key], "exception",
                                f"{' '.join(key)} is needed no more"))
    return sorted(findings)


def read_tree(root):
    """Texts of what git knows or would add; files that are no UTF-8 text have no rules."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True).stdout.split("\0")
    files = {}
    for name in sorted(set(filter(None, listed))):
        try:
            files[name] = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    return files


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args(arguments).root
    try:
        files = read_tree(root)
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"tidy: cannot list the files of {root}: {problem}", file=sys.stderr)
        return 2
    findings = check_tree(files, files.get("tools/tidy_exceptions.txt", ""))
    for finding in findings:
        print(finding)
    checked = sum(1 for path in files if path.endswith(CPP))
    print(f"tidy: {checked} C++ files of {len(files)} checked, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
