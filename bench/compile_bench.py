#!/usr/bin/env python3
"""What Hem costs at compile time: compile_bench.py SOURCES BUILD. Prints rows of the table of `./dev bench`.

Including the umbrella header of the core alone, against the standard headers that its interface cannot do without; CPU seconds of the
compiler, medians of rounds in turn. Of the build: the object that took longest, where none came from a compiler cache.
"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from table import budget, row

ROUNDS = 5
STANDARD = ["algorithm", "atomic", "chrono", "coroutine", "deque", "memory", "optional", "source_location", "span", "stop_token", "string",
            "tuple", "variant", "vector"]


def setting(build, name):
    return re.search(rf"^{name}:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)[1]


def seconds(command):
    before = os.times()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def include_cost(sources, build):
    compiler = [setting(build, "CMAKE_CXX_COMPILER"), "-std=c++23", "-O2", "-Wno-c++26-extensions", f"-I{sources}", "-c", "-o", os.devnull]
    with tempfile.TemporaryDirectory() as folder:
        ours, standard = pathlib.Path(folder) / "ours.cpp", pathlib.Path(folder) / "standard.cpp"
        ours.write_text('#include "hem/core.hpp"\n')
        standard.write_text("".join(f"#include <{name}>\n" for name in STANDARD))
        own, base = [], []
        for _ in range(ROUNDS):
            own.append(seconds([*compiler, ours]))
            base.append(seconds([*compiler, standard]))
    own, base = statistics.median(own), statistics.median(base)
    row("include hem/core.hpp", own * 1000, "ms", "standard headers alone", base * 1000, budget(own <= 1, "<= 1000 ms"))


def slowest_object(build):
    """By ninja's log, which holds milliseconds of begin and end; only the last build of each object counts."""
    spans = {}
    for line in (build / ".ninja_log").read_text().splitlines()[1:]:
        begin, end, _, output, _ = line.split("\t")
        if output.endswith(".o"):
            spans[output] = int(end) - int(begin)
    output, span = max(spans.items(), key=lambda item: item[1])
    row("slowest object: " + pathlib.Path(output).name.removesuffix(".cpp.o"), span, "ms", budget=budget(span <= 20_000, "<= 20000 ms"))


def main():
    sources, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    include_cost(sources, build)
    slowest_object(build)


if __name__ == "__main__":
    main()
