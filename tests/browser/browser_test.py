#!/usr/bin/python3
"""Opens the blog's page and its API documentation in headless Chromium, as a reader would.

usage: browser_test.py PATH_OF_BLOG

Needs python3-selenium, chromium and chromium-driver; without them it ends with code 77, which ctest counts as skipped.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from urllib.parse import parse_qs, urlparse

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    print("skipped: python3-selenium is not installed")
    sys.exit(77)

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
if not CHROMIUM or not DRIVER:
    print("skipped: chromium and chromium-driver are not installed")
    sys.exit(77)

PATIENCE = 20  # seconds


class Blog:
    """A blog with a store of its own on a free port."""

    def __init__(self, program, folder):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEM_BLOG_")}
        self.log = open(pathlib.Path(folder) / "blog.log", "w+")
        self.process = subprocess.Popen(
            [program, "serve", "--port", "0", "--data", str(pathlib.Path(folder) / "data")],
            stdout=self.log, stderr=subprocess.STDOUT, env=environment)
        self.url = self._wait_for_url()

    def _wait_for_url(self):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = re.search(r"http://127\.0\.0\.1:[1-9]\d*", self.output())
            if found:
                return found.group(0)
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("the blog did not start:\n" + self.output())

    def output(self):
        return pathlib.Path(self.log.name).read_text()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.log.close()


class BrowserTest(unittest.TestCase):
    program = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hem-browser-")
        cls.blog = Blog(cls.program, cls.folder)
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
                     "disable-component-update", "disable-sync", "window-size=1200,900",
                     "user-data-dir=" + str(pathlib.Path(cls.folder) / "profile")):
            options.add_argument("--" + flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(service=Service(DRIVER), options=options)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        code = cls.blog.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)
        if code != 0:
            raise AssertionError(f"the blog ended with code {code} after Ctrl-C")

    def setUp(self):
        self.browser.set_window_size(1200, 900)

    def tearDown(self):
        severe = [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]
        self.assertEqual(severe, [], "the console has errors")

    # ---- looking ----

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition, what):
        def attempt(_):
            try:
                return condition()
            except Exception:  # the page is between two states
                return False
        return WebDriverWait(self.browser, PATIENCE).until(attempt, what + "; status: " + self.browser.title)

    def open(self, path):
        self.browser.get(self.blog.url + path)
        self.wait(lambda: self.all("#hits .hit:not(.ghost)") or self.one("#problem").is_displayed() or self.one("#reader").is_displayed(),
                  "nothing was shown for " + path)

    def settled(self, text):
        self.wait(lambda: text in self.one("#status").text and not self.one("#hits").get_attribute("aria-busy"), f"no status with '{text}'")

    def state(self):
        return parse_qs(urlparse(self.browser.current_url).query)

    def total(self):
        return int(re.search(r"([\d,]+) posts?", self.one("#status").text).group(1).replace(",", ""))

    # ---- tests ----

    def test_shows_the_newest_posts_first(self):
        self.open("/")
        self.assertEqual(len(self.all("#hits .hit")), 10)
        days = [each.get_attribute("datetime") for each in self.all("#hits time")]
        self.assertEqual(days, sorted(days, reverse=True))
        self.assertGreaterEqual(self.total(), 30)
        self.assertGreaterEqual(len(self.all("#facet-author button")), 3)
        self.assertGreaterEqual(len(self.all("#facet-month button")), 6)

    def test_searches_while_typing_and_marks_the_words(self):
        self.open("/")
        self.one("body").send_keys("/")
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "q")
        self.browser.switch_to.active_element.send_keys("queue")
        self.settled("for “queue”")
        self.assertEqual(self.state()["q"], ["queue"])
        marked = {each.text.lower() for each in self.all("#hits mark")}
        self.assertTrue(any(word.startswith("queue") for word in marked), marked)
        self.browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
        self.assertEqual(self.browser.switch_to.active_element.tag_name, "a")

    def test_filters_by_facets_and_goes_back(self):
        self.open("/")
        everything = self.total()
        author = self.one("#facet-author button")
        name, count = [part.text for part in author.find_elements(By.CSS_SELECTOR, "span")]
        others = len(self.all("#facet-author button"))
        author.click()
        self.wait(lambda: self.total() == int(count), "the author's posts were not counted")
        self.assertEqual(self.state()["author"], [name])
        for line in self.all("#hits .byline"):
            self.assertTrue(line.text.startswith(name), line.text)
        self.assertEqual(len(self.all("#facet-author button")), others, "the other authors keep their counts")
        tag = self.one("#facet-tag button")
        tag_count = int(tag.find_elements(By.CSS_SELECTOR, "span")[1].text)
        tag.click()
        self.wait(lambda: self.total() == tag_count and "tags" in self.state(), "the tag did not narrow the posts")
        self.browser.back()
        self.wait(lambda: self.total() == int(count), "back did not widen the posts")
        self.browser.back()
        self.wait(lambda: self.total() == everything, "back did not show everything")
        self.browser.forward()
        self.wait(lambda: self.total() == int(count), "forward did not narrow the posts")

    def test_filters_by_month(self):
        self.open("/")
        bar = self.all("#facet-month button")[0]
        month = bar.get_attribute("data-key")
        count = int(re.search(r": (\d+) post", bar.get_attribute("aria-label")).group(1))
        bar.click()
        self.wait(lambda: self.state().get("month") == [month] and self.total() == count, "the month did not narrow the posts")
        for day in self.all("#hits time"):
            self.assertTrue(day.get_attribute("datetime").startswith(month))

    def test_pages(self):
        self.open("/")
        first = [each.text for each in self.all("#hits h2")]
        self.one("#pages a[rel=next]").click()
        self.settled("page 2 of")
        second = [each.text for each in self.all("#hits h2")]
        self.assertFalse(set(first) & set(second))
        self.assertEqual(self.state()["page"], ["2"])
        self.browser.refresh()
        self.settled("page 2 of")
        self.assertEqual([each.text for each in self.all("#hits h2")], second)
        self.browser.back()
        self.settled("page 1 of")

    def test_reads_a_post_and_returns_to_the_results(self):
        self.open("/?q=queue")
        link = self.one("#hits h2 a")
        title = link.text
        link.click()
        self.wait(lambda: self.one("#post-title").text == title, "the post was not shown")
        self.assertTrue(self.all("#post-body p"))
        self.assertTrue(self.all("#post-body pre"), "code is set apart")
        self.assertIn("post", self.state())
        self.one("body").send_keys(Keys.ESCAPE)
        self.settled("for “queue”")
        self.assertNotIn("post", self.state())

    def test_says_when_nothing_matches(self):
        self.open("/?q=zzzznothing")
        self.assertEqual(self.one("#problem-title").text, "No post matches")
        self.one("#problem-action").click()
        self.wait(lambda: self.total() >= 30, "all posts were not shown again")

    def test_shows_markup_as_text(self):
        self.open("/?q=" + "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
        self.assertEqual(self.all("main img"), [])

    def test_folds_the_filters_on_a_phone(self):
        self.browser.set_window_size(500, 900)
        self.open("/")
        self.assertFalse(self.one("#facet-author").is_displayed())
        self.one("#filters summary").click()
        self.assertTrue(self.one("#facet-author").is_displayed())
        self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"),
                             self.browser.execute_script("return document.documentElement.clientWidth"), "the page scrolls sideways")

    def test_documents_the_api(self):
        self.browser.get(self.blog.url + "/docs")
        self.wait(lambda: "/search/advanced" in self.one("body").text, "the documentation does not list the routes")
        text = self.one("body").text
        for path in ("/search", "/posts/{post_id}", "/posts/bulk", "/export/posts", "/health"):
            self.assertIn(path, text)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(__doc__)
        sys.exit(2)
    BrowserTest.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
