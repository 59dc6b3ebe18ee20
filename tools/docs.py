#!/usr/bin/env python3
"""Checks the documentation: docs.py [--root ROOT] [--update]

Links     a relative link leads to a file that exists, its #anchor to a heading.
Quotes    `<!-- code: FILE [TAG] -->` before a code block: the block is that file, or its region between `// [TAG]` and `// [/TAG]`.
          In README.md and docs/guide/ every C++ block is a quote. --update writes the files' code into the pages.
Patterns  a row of docs/patterns.md that is not `planned` is named by a program's first comment or by a test, what the row names exists,
          and the number of planned rows is the one that the page states: it may only fall.
"""
import argparse
import pathlib
import re
import sys
import textwrap

IGNORED = {"build", ".git", ".cache"}
FENCE = re.compile(r"^\s*(```+|~~~+)\s*(\S*)")
QUOTE = re.compile(r"^<!-- code: (\S+)(?: \[([\w-]+)\])? -->$")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")
MARK = re.compile(r"^\s*// \[(/?)([\w-]+)\]\s*$")
ROW = re.compile(r"^\| ((?:\d-\d\d)|(?:P\d+)) \|(.*)\|$")


def files(root, *suffixes):
    for file in sorted(root.rglob("*")):
        if file.suffix in suffixes and file.is_file() and not IGNORED & set(file.relative_to(root).parts):
            yield file


def anchor_of(heading):
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def prose_lines(text):
    """Numbered lines outside of code blocks."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        found = FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not found[2]:
                fence = None
        elif found:
            fence = found[1]
        else:
            yield number, line


def anchors(file):
    return {anchor_of(line.lstrip("#")) for _, line in prose_lines(file.read_text(encoding="utf-8")) if line.startswith("#")}


def check_links(root, page):
    name = page.relative_to(root).as_posix()
    for number, line in prose_lines(page.read_text(encoding="utf-8")):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not file.exists():
                yield f"{name}:{number}: the link leads to {target}, which does not exist"
            elif anchor and file.suffix == ".md" and anchor not in anchors(file):
                yield f"{name}:{number}: {path or 'this page'} has no heading '#{anchor}'"


def region(source, tag):
    """The lines of a file between `// [tag]` and `// [/tag]`, or all; without marks and without common indentation. None: no such tag."""
    lines, inside, seen = [], tag is None, tag is None
    for line in source.splitlines():
        if mark := MARK.match(line):
            if mark[2] == tag:
                inside, seen = not mark[1], True
            continue
        if inside:
            lines.append(line)
    return textwrap.dedent("\n".join(lines)).strip("\n") if seen else None


def check_quotes(root, page, update):
    name = page.relative_to(root).as_posix()
    must_quote = name == "README.md" or name.startswith("docs/guide/")
    lines = page.read_text(encoding="utf-8").splitlines()
    result, problems, quote, number = [], [], None, 0
    while number < len(lines):
        line = lines[number]
        found = FENCE.match(line)
        if not found:
            quote = QUOTE.match(line) or (quote if not line.strip() else None)
            result.append(line)
            number += 1
            continue
        end = next((i for i in range(number + 1, len(lines)) if lines[i].strip() == found[1]), len(lines))
        body = lines[number + 1 : end]
        where = f"{name}:{number + 1}"
        if quote:
            source = root / quote[1]
            code = region(source.read_text(encoding="utf-8"), quote[2]) if source.is_file() else None
            if code is None:
                problems.append(f"{where}: {quote[1]} {'has no region ' + quote[2] if source.is_file() else 'does not exist'}")
            elif code != "\n".join(body).strip("\n"):
                if update:
                    body = code.splitlines()
                else:
                    problems.append(f"{where}: the quoted code is not that of {quote[1]}: ./dev docs --update copies it")
        elif must_quote and found[2] == "cpp":
            problems.append(f"{where}: C++ on this page must be quoted from an example: put <!-- code: FILE [TAG] --> before it")
        result += [line, *body, *lines[end : end + 1]]
        number, quote = end + 1, None
    if update and result != lines:
        page.write_text("\n".join(result) + "\n", encoding="utf-8")
    return problems


def first_comment(text):
    lines = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        lines.append(line)
    return "\n".join(lines)


def named_ids(text):
    return set(re.findall(r"\b(?:\d-\d\d|P\d+)\b", text))


def check_patterns(root):
    page = root / "docs" / "patterns.md"
    if not page.is_file():
        return ["docs/patterns.md is missing"]
    programs = {file.name: file.read_text(encoding="utf-8") for folder in ("patterns", "pitfalls")
                for file in sorted((root / "examples" / folder).glob("*.cpp"))}
    tests = [file.read_text(encoding="utf-8") for file in files(root, ".cpp", ".py")
             if file.name.endswith("_test.cpp") or "tests" in file.relative_to(root).parts[:1] and not file.match("tests/docs/*")]
    by_program = {}
    for name, text in programs.items():
        for pattern in named_ids(first_comment(text)):
            by_program.setdefault(pattern, []).append(name)
    by_test = {pattern for text in tests for comment in re.findall(r"(?://|#) .*", text) for pattern in named_ids(comment)}
    test_names = {f"{suite}.{case}" for text in tests for suite, case in re.findall(r"TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", text)}

    problems, seen, planned = [], set(), 0
    text = page.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if not (row := ROW.match(line)):
            continue
        where, pattern, example = f"docs/patterns.md:{number}: {row[1]}", row[1], row[2].rsplit("|", 1)[-1].strip()
        if pattern in seen:
            problems.append(f"{where} stands twice")
        seen.add(pattern)
        if example == "planned":
            planned += 1
            if pattern in by_program:
                problems.append(f"{where} is called planned, but {', '.join(by_program[pattern])} shows it: name it in the row")
            continue
        if pattern not in by_program and pattern not in by_test:
            problems.append(f"{where} is named by no program's first comment and by no test")
        for word in re.findall(r"`([^`]+)`", example):
            if word.endswith(".cpp") and word not in programs:
                problems.append(f"{where} names the program {word}, which does not exist")
            elif re.fullmatch(r"[A-Z]\w+\.[A-Z]\w+", word) and word not in test_names:
                problems.append(f"{where} names the test {word}, which does not exist")
    for pattern, names in sorted(by_program.items()):
        if pattern not in seen:
            problems.append(f"{', '.join(names)} names {pattern}, which docs/patterns.md does not list")
    stated = re.search(r"^Rows still planned: (\d+)\.", text, re.MULTILINE)
    if not stated:
        problems.append("docs/patterns.md does not state 'Rows still planned: <number>.'")
    elif planned > int(stated[1]):
        problems.append(f"docs/patterns.md has {planned} planned rows and states {stated[1]}: the number may only fall")
    elif planned < int(stated[1]):
        problems.append(f"docs/patterns.md has {planned} planned rows: lower the stated {stated[1]} to that")
    return problems


def check(root, update=False):
    problems = []
    for page in files(root, ".md"):
        if "posts" in page.relative_to(root).parts:
            continue  # the blog's own posts, whose links are those of a web site
        problems += check_quotes(root, page, update)
        problems += check_links(root, page)
    return problems + check_patterns(root)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--update", action="store_true", help="copy the examples' code into the pages")
    arguments = parser.parse_args()
    found = check(arguments.root, arguments.update)
    print("\n".join(found) if found else "links, quoted code and patterns are true")
    sys.exit(1 if found else 0)
