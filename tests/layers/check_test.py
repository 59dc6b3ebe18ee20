#!/usr/bin/env python3
"""The layer check finds what it promises to find."""
import pathlib
import tempfile
import unittest

from check import check


class LayerCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("hem/core/README.md", "core")
        self.write("hem/core.hpp", "#pragma once\n")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def test_a_tidy_house_passes(self):
        self.write("hem/core/task.hpp", '#include "hem/core/errors.hpp"\n#include <vector>\n')
        self.assertEqual(check(self.root), [])

    def test_a_layer_must_not_include_one_below(self):
        self.write("hem/core/task.cpp", '#include <vector>\n#include "hem/http/server.hpp"\n')
        [problem] = check(self.root)
        self.assertIn("hem/core/task.cpp:2: core includes hem/http/server.hpp", problem)

    def test_an_umbrella_header_counts_as_its_layer(self):
        self.write("hem/core/task.cpp", '#include "hem/web.hpp"\n')
        self.assertIn("web stands below it", check(self.root)[0])

    def test_tests_may_include_anything(self):
        self.write("hem/core/task_test.cpp", '#include "hem/web.hpp"\n')
        self.assertEqual(check(self.root), [])

    def test_slow_and_third_party_headers_stay_in_sources(self):
        self.write("hem/core/task.hpp", "#include <functional>\n#include <sqlite3.h>\n")
        self.write("hem/core/task.cpp", "#include <functional>\n#include <sqlite3.h>\n")
        self.write("hem/core/detail/store.hpp", "#include <sqlite3.h>\n")
        self.assertEqual([problem.split(":")[:2] for problem in check(self.root)], [["hem/core/task.hpp", "1"], ["hem/core/task.hpp", "2"]])

    def test_a_layer_needs_its_page_and_its_umbrella(self):
        self.write("hem/http/server.hpp", "#pragma once\n")
        self.assertEqual([problem.split()[0] for problem in check(self.root)], ["hem/http/README.md", "hem/http.hpp"])


if __name__ == "__main__":
    unittest.main()
