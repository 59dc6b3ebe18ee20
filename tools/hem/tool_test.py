#!/usr/bin/env python3
"""The `hem` command against a living program: tool_test.py HEM PROGRAM."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

HEM, PROGRAM = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:3])


class Tool(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": self.folder.name}
        self.programs = []

    def tearDown(self):
        for program in self.programs:
            program.send_signal(signal.SIGINT)
            program.communicate(timeout=30)
        self.folder.cleanup()

    def start(self):
        program = subprocess.Popen([PROGRAM], env=self.environment, stdout=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
        self.programs.append(program)
        program.stdout.readline()  # it says when the socket is open
        return program

    def hem(self, *arguments):
        return subprocess.run([HEM, *arguments], env=self.environment, capture_output=True, text=True, timeout=30)

    def test_no_process(self):
        result = self.hem("ps")
        self.assertEqual(result.returncode, 1)
        self.assertIn("HEM_DEBUG=1", result.stderr)
        result = self.hem("ps", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("process 1 has no debug socket", result.stderr)

    def test_ps_finds_the_only_program(self):
        program = self.start()
        text = self.hem("ps").stdout
        self.assertIn(f"process {program.pid}", text)
        self.assertRegex(text, r"\|- worker +.*waits for sleep")
        self.assertRegex(text, r"`- reader +.*waits for queue.get")
        self.assertNotIn("\x1b", text)
        answer = json.loads(self.hem("ps", str(program.pid), "--json").stdout)
        self.assertEqual(answer["pid"], program.pid)
        self.assertEqual(len(answer["loops"][0]["snapshot"]["tasks"]), 3)

    def test_several_programs_are_listed(self):
        first, second = self.start(), self.start()
        result = self.hem("top")
        self.assertEqual(result.returncode, 1)
        self.assertIn(str(first.pid), result.stderr)
        self.assertIn(str(second.pid), result.stderr)

    def test_top_prints_once_without_a_terminal(self):
        program = self.start()
        result = self.hem("top", str(program.pid), "--interval", "0.1")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.count("BUSY%"), 1)
        self.assertIn("worker", result.stdout)

    def test_breaker(self):
        program = self.start()
        result = self.hem("breaker", str(program.pid), "nothing", "force_open")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no loop has a circuit breaker 'nothing'", result.stderr)

    def test_wrong_usage(self):
        for arguments in (["fly"], ["ps", "--waiting", "long"], ["ps", "x"], ["top", "--interval", "0"], ["ps", "--waiting"],
                          ["breaker", "search"], ["breaker", "1", "2", "reset", "x"]):
            result = self.hem(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn("usage: hem ps", result.stderr)
        self.assertEqual(self.hem("--help").returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
