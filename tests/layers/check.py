#!/usr/bin/env python3
"""Checks the house rules that no compiler sees: check.py ROOT

- A layer includes only layers that stand above it; headers and sources, not tests (docs/architecture.md).
- Public headers name no third-party library and no standard header that makes every user's build slow.
- Every layer has its README.md and its umbrella header hem/<layer>.hpp.
"""
import pathlib
import re
import sys

# A layer may include those before it.
LAYERS = ["core", "telemetry", "net", "model", "resilience", "http", "web", "sql", "search", "service", "testing"]

SLOW_HEADERS = {"ranges", "functional", "iostream", "regex", "thread"}
# Folders whose headers no user includes: what is slow there costs Hem's own build only.
INTERNAL = {"detail", "embedded"}
# Headers of these folders and files belong into sources.
THIRD_PARTY = ("simdjson", "spdlog/", "prometheus/", "sqlite3", "openssl/", "nghttp2/", "zlib.h", "liburing")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def layer_of(path):
    """The layer that an include path or a file's path below the root belongs to, or None."""
    parts = pathlib.PurePosixPath(path).parts
    if len(parts) < 2 or parts[0] != "hem":
        return None
    name = parts[1].removesuffix(".hpp")
    return name if name in LAYERS else None


def includes_of(file):
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if found := INCLUDE.match(line):
            yield number, found[1], found[2]


def check_file(path, file):
    own = layer_of(path)
    if path == "hem/no_blocking.hpp":  # stands beside the layers: it makes mistakes of applications compile errors
        return
    if own is None:
        yield f"{path}: belongs to no layer; the layers are {', '.join(LAYERS)}"
        return
    header = file.suffix == ".hpp"
    for number, kind, name in includes_of(file):
        other = layer_of(name)
        if other and LAYERS.index(other) > LAYERS.index(own):
            yield f"{path}:{number}: {own} includes {name}, but {other} stands below it: move the code down, or what it needs up"
        if kind == '"' and not name.startswith("hem/") and (file.parent / name).exists():
            yield f'{path}:{number}: write the whole path: "{(pathlib.PurePosixPath(path).parent / name)}"'
        if not header:
            continue
        internal = not INTERNAL.isdisjoint(pathlib.PurePosixPath(path).parts)
        if name in SLOW_HEADERS and own != "testing" and not internal:
            yield f"{path}:{number}: <{name}> slows every user's build down: include it in the .cpp"
        if name.startswith(THIRD_PARTY) and not internal:
            yield f"{path}:{number}: <{name}> belongs into a .cpp or a header under detail/: users need not have it"


def check(root):
    problems = []
    for file in sorted((root / "hem").rglob("*")):
        if file.suffix not in (".hpp", ".cpp") or re.search(r"_(test|fuzz)\.cpp$", file.name):
            continue
        problems += check_file(file.relative_to(root).as_posix(), file)
    for layer in LAYERS:
        folder = root / "hem" / layer
        if not folder.is_dir():
            continue
        if not (folder / "README.md").is_file():
            problems.append(f"hem/{layer}/README.md is missing: say what lives there and what does not")
        if not (root / "hem" / f"{layer}.hpp").is_file():
            problems.append(f"hem/{layer}.hpp is missing: the header that users of the layer include")
    return problems


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1]))
    print("\n".join(found) if found else "every layer keeps the rules")
    sys.exit(1 if found else 0)
