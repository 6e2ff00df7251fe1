#!/usr/bin/env python3
"""Embeds the built page (a folder of files) in C++: embed_page.py DIST OUT_DIR.

Writes OUT_DIR/page_files.cpp, which #embeds OUT_DIR/files/*: each file gzipped without a time, so
that equal inputs give equal bytes; index.html plain, as the server fills it in.
"""
import gzip
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
HEAD = """#include "dashboard/files.hpp"

#pragma clang diagnostic ignored "-Wc23-extensions"

namespace belfry::dashboard {
namespace {

"""


def main(dist, out):
    files = sorted(path for path in dist.rglob("*") if path.is_file())
    if not any(path.name == "index.html" for path in files):
        sys.exit(f"embed_page: {dist} has no index.html; has the page been built?")
    folder = out / "files"
    folder.mkdir(parents=True, exist_ok=True)
    arrays, rows = [], []
    for number, path in enumerate(files):
        if path.suffix not in TYPES:
            sys.exit(f"embed_page: {path.name}: a kind of file without a media type here")
        data, plain = path.read_bytes(), path.name == "index.html"
        stored = folder / f"{number}"
        stored.write_bytes(data if plain else gzip.compress(data, 9, mtime=0))
        arrays.append(f'constexpr unsigned char kFile{number}[] = {{\n#embed "files/{number}"\n}};\n')
        name = "/" + path.relative_to(dist).as_posix()
        flag = "false" if plain else "true"
        rows.append(f'    {{"{name}", "{TYPES[path.suffix]}", kFile{number}, {flag}}},\n')
    source = HEAD + "".join(arrays) + "\nconstexpr PageFile kFiles[] = {\n" + "".join(rows)
    source += "};\n\n}  // namespace\n\nstd::span<const PageFile> page_files() {\n  return kFiles;\n}\n"
    source += "\n}  // namespace belfry::dashboard\n"
    (out / "page_files.cpp").write_text(source)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
