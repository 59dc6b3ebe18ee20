#!/usr/bin/env python3
"""Which rules of the runtime are named by a test: rules.py [--root ROOT] [--list]

A test proves a rule if the comment right above it names the rule: `// R-17`, `// R-17, R-18: what it shows`. Rules are R-1 to R-130.
Prints how many are named and which are not; --list also prints the tests of each. Always succeeds.
"""
import argparse
import pathlib
import re

LAST = 130
RULE = re.compile(r"\bR-(\d+)\b")
TEST = re.compile(r"^\s*(?:ASYNC_)?(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)")
IGNORED = {"build", ".git", ".cache"}


def tests_of(text):
    """(name of the test, numbers of the rules that the comment above it names) for each test of a file."""
    comment = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("//"):
            comment.append(stripped)
            continue
        if found := TEST.match(line):
            yield f"{found[1]}.{found[2]}", {int(number) for number in RULE.findall(" ".join(comment))}
        if not stripped.startswith("template"):
            comment = []


def coverage(root):
    """Rule to the tests that name it, for every rule."""
    named = {number: [] for number in range(1, LAST + 1)}
    for file in sorted(root.rglob("*_test.cpp")):
        if IGNORED & set(file.relative_to(root).parts):
            continue
        for test, numbers in tests_of(file.read_text(encoding="utf-8")):
            for number in sorted(numbers & named.keys()):
                named[number].append(test)
    return named


def ranges(numbers):
    """1, 2, 3, 5 as 'R-1..R-3, R-5'."""
    parts = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(f"R-{a}" if a == b else f"R-{a}..R-{b}" for a, b in parts)


def summary(named):
    missing = [number for number, tests in named.items() if not tests]
    text = f"Rules of the runtime that a test names: {len(named) - len(missing)} of {len(named)}."
    return text + (f" Not yet: {ranges(missing)}." if missing else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[1])
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    named = coverage(arguments.root)
    if arguments.list:
        for number, tests in named.items():
            print(f"R-{number}: {', '.join(tests) or '-'}")
    print(summary(named))


if __name__ == "__main__":
    main()
