#!/usr/bin/env python3
"""Hem's runtime against Asio, Tokio and asyncio: runtime_peers.py FOLDER_OF_PROGRAMS. Prints rows of the table of `./dev bench`.

runtime_bench and each peer's program run one after the other on one CPU; a row whose ratio is above 1 is one that Hem loses, and says so. Peers
that `./dev peers` has not installed are named and left out.
"""
import pathlib
import re
import shutil
import subprocess
import sys

from table import row

ROOT = pathlib.Path(__file__).resolve().parent


def figures(lines):
    return {name: float(value) for name, value in (line.split("\t") for line in lines if "\t" in line)}


def hem(folder):
    """Rows of runtime_bench: | what | 12.3 ns | ..."""
    text = subprocess.run([folder / "runtime_bench"], check=True, capture_output=True, text=True).stdout
    return {m[1].strip(): float(m[2]) for m in re.finditer(r"^\| ([^|]+) \| +([\d.]+) ns ", text, re.MULTILINE)}


def run(name, command):
    print(f"measuring {name}", file=sys.stderr)
    return figures(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())


def peers(folder):
    asio = folder / "peers" / "runtime_asio"
    if asio.exists():
        yield "Asio", [asio]
    else:
        print("left out: Asio (libasio-dev; ./dev peers installs it)", file=sys.stderr)
    tokio = folder / "peers" / "tokio" / "release" / "runtime_tokio"
    if tokio.exists():
        yield "Tokio", [tokio]
    else:
        print("left out: Tokio (./dev peers builds it)", file=sys.stderr)
    python = shutil.which("python3")
    if sys.version_info >= (3, 11):
        yield "asyncio", [python, ROOT / "peers" / "runtime_asyncio.py"]


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    own = hem(folder)
    for name, command in peers(folder):
        for what, theirs in run(name, command).items():
            if what not in own:
                sys.exit(f"runtime_peers: runtime_bench has no row '{what}' that {name} could be compared with")
            row(what, own[what], "ns", name, theirs, "LOST" if own[what] > theirs else "-")


main()
