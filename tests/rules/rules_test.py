#!/usr/bin/env python3
"""The count of rules sees what stands above a test, and nothing else."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from rules import LAST, coverage, ranges, summary, tests_of  # noqa: E402

SOURCE = """// Tests of R-1 to R-9.
#include "hem/testing.hpp"

// R-3
ASYNC_TEST(Task, RunsAtOnce) {
    // R-4 is another matter
}

// R-5, R-6: what it shows,
// and R-7 as well
TEST_P(Stack, IsBounded) {}
TEST(Plain, NamesNone) {}
// R-8

TYPED_TEST(Late, TooFarAway) {}
"""


class RulesTest(unittest.TestCase):
    def test_the_comment_right_above_counts(self):
        self.assertEqual(list(tests_of(SOURCE)), [("Task.RunsAtOnce", {3}), ("Stack.IsBounded", {5, 6, 7}), ("Plain.NamesNone", set()),
                                                  ("Late.TooFarAway", set())])

    def test_every_file_of_tests_is_read_but_no_other(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "hem").mkdir()
            (root / "build").mkdir()
            (root / "hem/a_test.cpp").write_text("// R-1, R-999\nTEST(A, B) {}\n")
            (root / "hem/a.cpp").write_text("// R-2\nTEST(A, B) {}\n")
            (root / "build/b_test.cpp").write_text("// R-3\nTEST(A, B) {}\n")
            named = coverage(root)
        self.assertEqual([number for number, tests in named.items() if tests], [1])
        self.assertEqual(named[1], ["A.B"])
        self.assertEqual(len(named), LAST)

    def test_the_summary_says_what_is_missing(self):
        self.assertEqual(ranges([1, 2, 3, 5, 7, 8]), "R-1..R-3, R-5, R-7..R-8")
        self.assertEqual(summary({1: ["A.B"], 2: [], 3: []}), "Rules of the runtime that a test names: 1 of 3. Not yet: R-2..R-3.")
        self.assertEqual(summary({1: ["A.B"]}), "Rules of the runtime that a test names: 1 of 1.")


if __name__ == "__main__":
    unittest.main()
