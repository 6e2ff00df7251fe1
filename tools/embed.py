#!/usr/bin/env python3
"""Embeds files in C++: SQL statements and migrations by name, or whole files.

  embed.py --queries DIR --migrations DIR --namespace NS --header H --source S
  embed.py --files NAME=PATH... --namespace NS --header H --source S

A query file holds statements headed by `-- name: claim_due`; each becomes the constant
NS::sql::<file stem>::<name>. Comments and the closing semicolon are left out of the text.
"""
import argparse
import pathlib
import re
import sys

HEAD = re.compile(r"^--\s*name:\s*(\S+)\s*$")
NAME = re.compile(r"^[a-z][a-z0-9_]*$")
CHUNK = 8000  # compilers bound the length of one literal; neighbours are joined


class Mistake(Exception):
    pass


def parse_queries(text, where):
    """[(name, statement)] in order."""
    statements, name, lines = [], None, []

    def close():
        if name is None:
            return
        body = "\n".join(lines).strip().rstrip(";").strip()
        if not body:
            raise Mistake(f"{where}: statement {name} is empty")
        statements.append((name, body))

    for number, line in enumerate(text.splitlines(), 1):
        head = HEAD.match(line)
        if head:
            close()
            name, lines = head.group(1), []
            if not NAME.match(name):
                raise Mistake(f"{where}:{number}: {name} is no snake_case name")
            if name in [n for n, _ in statements]:
                raise Mistake(f"{where}:{number}: {name} stands twice")
            continue
        code = re.sub(r"--.*$", "", line).rstrip()
        if code and name is None:
            raise Mistake(f"{where}:{number}: a statement without a `-- name:` head")
        if code:
            lines.append(code)
    close()
    return statements


def parse_migration(path):
    match = re.match(r"^(\d{4})_([a-z0-9_]+)\.sql$", path.name)
    if not match:
        raise Mistake(f"{path}: a migration is called 0001_title.sql")
    return int(match.group(1)), match.group(2), path.read_text()


def literal(data):
    """A C++ expression of a string_view over these bytes."""
    def quote(chunk):
        out = []
        for byte in chunk:
            char = chr(byte)
            if char in '"\\?':
                out.append("\\" + char)
            elif char == "\n":
                out.append("\\n")
            elif 32 <= byte < 127:
                out.append(char)
            else:
                out.append(f"\\{byte:03o}")
        return '"' + "".join(out) + '"'

    chunks = [data[i:i + CHUNK] for i in range(0, len(data), CHUNK)] or [b""]
    return "std::string_view(" + "\n    ".join(quote(c) for c in chunks) + f", {len(data)})"


def sql_code(queries, migrations, namespace):
    files = [(p.stem, parse_queries(p.read_text(), p.name)) for p in sorted(queries.glob("*.sql"))]
    steps = sorted(parse_migration(p) for p in migrations.glob("*.sql"))
    if [s[0] for s in steps] != list(range(1, len(steps) + 1)):
        raise Mistake(f"{migrations}: migrations are numbered from 0001 without gaps")
    header = [f"#pragma once\n\n#include <span>\n#include <string_view>\n\nnamespace {namespace}::sql {{"]
    source = [f"namespace {namespace}::sql {{"]
    for stem, statements in files:
        header.append(f"namespace {stem} {{")
        source.append(f"namespace {stem} {{")
        for name, text in statements:
            header.append(f"extern const std::string_view {name};")
            source.append(f"const std::string_view {name} = {literal(text.encode())};")
        header.append("}")
        source.append("}")
    header.append("struct Named { std::string_view file, name, text; };\n"
                  "struct Migration { int number; std::string_view title, text; };\n"
                  "std::span<const Named> all();\nstd::span<const Migration> migrations();")
    rows = [f'{{"{stem}", "{name}", {literal(text.encode())}}}'
            for stem, statements in files for name, text in statements]
    source.append("std::span<const Named> all() {\n  static const Named kAll[] = {"
                  + ",\n".join(rows or ['{"", "", ""}']) + "};\n"
                  + f"  return {{kAll, {len(rows)}}};\n}}")
    rows = [f'{{{n}, "{title}", {literal(text.encode())}}}' for n, title, text in steps]
    source.append("std::span<const Migration> migrations() {\n  static const Migration kAll[] = {"
                  + ",\n".join(rows or ['{0, "", ""}']) + "};\n"
                  + f"  return {{kAll, {len(rows)}}};\n}}")
    header.append(f"}}  // namespace {namespace}::sql\n")
    source.append(f"}}  // namespace {namespace}::sql\n")
    return "\n".join(header), "\n".join(source)


def file_code(files, namespace):
    header = [f"#pragma once\n\n#include <string_view>\n\nnamespace {namespace} {{"]
    source = [f"namespace {namespace} {{"]
    for entry in files:
        name, _, path = entry.partition("=")
        if not NAME.match(name) or not path:
            raise Mistake(f"{entry}: expected NAME=PATH with a snake_case name")
        header.append(f"extern const std::string_view {name};")
        source.append(f"const std::string_view {name} = {literal(pathlib.Path(path).read_bytes())};")
    header.append(f"}}  // namespace {namespace}\n")
    source.append(f"}}  // namespace {namespace}\n")
    return "\n".join(header), "\n".join(source)


def write(path, text):
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=pathlib.Path)
    parser.add_argument("--migrations", type=pathlib.Path)
    parser.add_argument("--files", nargs="*")
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--header", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    args = parser.parse_args(arguments)
    try:
        if args.files:
            header, source = file_code(args.files, args.namespace)
        elif args.queries and args.migrations:
            header, source = sql_code(args.queries, args.migrations, args.namespace)
        else:
            parser.error("give --files, or --queries and --migrations")
    except Mistake as mistake:
        print(f"embed.py: {mistake}", file=sys.stderr)
        return 1
    write(args.header, header)
    # The standard promises no more than 65,536 characters a literal; Clang takes any length.
    pragma = '#pragma clang diagnostic ignored "-Woverlength-strings"'
    write(args.source, f'#include "{args.header.name}"\n\n{pragma}\n\n{source}')
    args.source.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
