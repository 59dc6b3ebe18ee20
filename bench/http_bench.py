#!/usr/bin/env python3
"""Hem's HTTP server against the raw epoll responder: http_bench.py FOLDER_OF_PROGRAMS. Prints rows of the table of `./dev bench`.

Server on one CPU, generator on another; rounds in turn, medians. Instructions per request are counted by callgrind as the difference of
two runs; memory of an idle connection is what the server grew by when thousands are kept open.
"""
import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from table import budget, row

ROUNDS = 5
SECONDS = 2
CONNECTIONS = 64
IDLE = 10_000
PATH = "/plaintext"
REQUEST = f"GET {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def read_response(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)[1])
    while len(body) < length:
        body += receive(connection)


def receive(connection):
    data = connection.recv(65536)
    if not data:
        sys.exit("http_bench: the server closed the connection")
    return data


@contextlib.contextmanager
def server(command, port, patience=10, errors=None):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        end = time.monotonic() + patience
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                connect(port).close()
                break
            if process.poll() is not None or time.monotonic() > end:
                sys.exit(f"http_bench: {' '.join(map(str, command))} does not answer on port {port}")
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()


def throughput(programs, port):
    command = ["taskset", "-c", "1", programs / "load_generator", str(port), PATH, str(CONNECTIONS), str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(done.stderr.strip())
    result = json.loads(done.stdout)
    if result["errors"]:
        sys.exit(f"http_bench: {result['errors']} failed requests")
    return result["rps"]


def compare_throughput(programs, ours, name):
    own_port, base_port = free_port(), free_port()
    own, base = [], []
    with server(["taskset", "-c", "0", programs / ours, str(own_port)], own_port), \
            server(["taskset", "-c", "0", programs / "baseline_epoll_http", str(base_port)], base_port):
        for _ in range(ROUNDS):
            own.append(throughput(programs, own_port))
            base.append(throughput(programs, base_port))
    own, base = statistics.median(own), statistics.median(base)
    row(name, own, "req/s", "raw epoll responder", base, budget(own / base >= 0.9, ">= 0.90"))


def instructions(programs, ours, requests):
    """User instructions of a server that answers so many requests on one connection."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}", programs / ours, str(port)]
        # valgrind tells of each system call that it does not know.
        with server(command, port, patience=60, errors=subprocess.DEVNULL):
            with connect(port) as connection:
                for _ in range(requests):
                    connection.sendall(REQUEST)
                    read_response(connection)
        return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.MULTILINE)[1])


def instructions_per_request(programs, ours):
    few, many = 500, 2500
    each = (instructions(programs, ours, many) - instructions(programs, ours, few)) / (many - few)
    row("user instructions for a plaintext request", each, "instr", budget=budget(each <= 5000, "<= 5000"))


def resident(process):
    """Bytes that belong to the process alone."""
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return 1024 * sum(int(kib) for kib in re.findall(r"^Private_\w+: +(\d+) kB", text, re.MULTILINE))


def idle_memory(programs, ours):
    wanted = IDLE + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        print(f"http_bench: only {hard} open files are allowed: no figure for idle connections", file=sys.stderr)
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    port = free_port()
    with server([programs / ours, str(port)], port) as process, contextlib.ExitStack() as open_connections:
        def more(count):
            for _ in range(count):
                connection = open_connections.enter_context(connect(port))
                connection.sendall(REQUEST)
                read_response(connection)
        more(100)  # what is allocated once
        before = resident(process)
        more(IDLE)
        each = (resident(process) - before) / IDLE
    row("memory of an idle kept-alive connection", each, "bytes", budget=budget(each <= 2048, "<= 2048"))


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    ours = "plaintext_server"
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("http_bench: needs two CPUs, one for the server and one for the generator")
    compare_throughput(programs, ours, "plaintext through the router")
    instructions_per_request(programs, ours)
    idle_memory(programs, ours)


if __name__ == "__main__":
    main()
