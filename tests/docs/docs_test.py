#!/usr/bin/env python3
"""The documentation check finds what it promises to find."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from docs import check  # noqa: E402

PATTERNS = "Rows still planned: 1.\n\n| id | pattern | where | example |\n| --- | --- | --- | --- |\n| 0-01 | gather | core | `gather.cpp` |\n| P2 | await | core | planned |\n"
PROGRAM = "// Two calls at once.\n// Answers 0-01.\nint main() {\n    // [both]\n    both();\n        twice();\n    // [/both]\n}\n"


class DocsCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("docs/patterns.md", PATTERNS)
        self.write("examples/patterns/gather.cpp", PROGRAM)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def assert_only_problem(self, text):
        problems = check(self.root)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(text, problems[0])

    def test_true_documentation_passes(self):
        self.write("README.md", "# Hem\n[patterns](docs/patterns.md), [here](#hem), [out](https://example.org/x)\n"
                   "<!-- code: examples/patterns/gather.cpp [both] -->\n```cpp\nboth();\n    twice();\n```\n")
        self.assertEqual(check(self.root), [])

    def test_a_dead_link_is_found(self):
        self.write("docs/page.md", "[gone](missing.md) `[code](not_a_link.md)`\n```\n[example](neither.md)\n```\n")
        self.assert_only_problem("docs/page.md:1: the link leads to missing.md")

    def test_a_dead_anchor_is_found(self):
        self.write("docs/page.md", "# One heading\n[a](#one-heading) [b](#other)\n")
        self.assert_only_problem("no heading '#other'")

    def test_stale_quotes_are_found_and_updated(self):
        self.write("README.md", "<!-- code: examples/patterns/gather.cpp [both] -->\n```cpp\nold();\n```\nafter\n")
        self.assert_only_problem("README.md:2: the quoted code is not that of")
        self.assertEqual(check(self.root, update=True), [])
        self.assertIn("both();\n    twice();\n```\nafter\n", (self.root / "README.md").read_text())

    def test_a_quote_of_nothing_is_found(self):
        self.write("docs/page.md", "<!-- code: examples/patterns/gather.cpp [none] -->\n```cpp\n```\n")
        self.assert_only_problem("has no region none")

    def test_cpp_in_the_readme_must_be_a_quote(self):
        self.write("README.md", "```sh\n./dev\n```\n```cpp\nint x;\n```\n")
        self.assert_only_problem("README.md:4: C++ on this page must be quoted")

    def test_a_row_needs_a_program_or_a_test(self):
        self.write("examples/patterns/gather.cpp", "// Names nothing.\nint main() {}  // 0-01\n")
        self.assert_only_problem("0-01 is named by no program's first comment and by no test")
        self.write("hem/core/gather_test.cpp", "// 0-01: in argument order\n")
        self.assertEqual(check(self.root), [])

    def test_what_a_row_names_must_exist(self):
        self.write("docs/patterns.md", PATTERNS.replace("`gather.cpp`", "`gather.cpp`, `other.cpp`, test `Gather.KeepsOrder`"))
        self.assertEqual(len(check(self.root)), 2)
        self.write("examples/patterns/other.cpp", "// 0-01\n")
        self.write("hem/core/gather_test.cpp", "ASYNC_TEST(Gather, KeepsOrder) {}\n")
        self.assertEqual(check(self.root), [])

    def test_a_planned_row_that_is_shown_is_found(self):
        self.write("examples/patterns/await.cpp", "// P2\n")
        self.assert_only_problem("P2 is called planned, but await.cpp shows it")

    def test_the_number_of_planned_rows_may_only_fall(self):
        self.write("docs/patterns.md", PATTERNS.replace("planned: 1.", "planned: 0."))
        self.assert_only_problem("may only fall")
        self.write("docs/patterns.md", PATTERNS.replace("planned: 1.", "planned: 2."))
        self.assert_only_problem("lower the stated 2")


if __name__ == "__main__":
    unittest.main()
