#!/usr/bin/python3
"""Runs the blog as a person would: starts, settings, signals, import and export, stores that are held, broken or killed.

usage: program_test.py PATH_OF_BLOG
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

PATIENCE = 30  # seconds


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("HEM_BLOG_")}


class Running:
    """A blog in the background, on a free port."""

    def __init__(self, program, folder, *arguments, command="serve"):
        self.log = pathlib.Path(folder) / f"{command}.log"
        with open(self.log, "w") as out:
            self.process = subprocess.Popen([program, command, "--port", "0", "--data", str(folder), *arguments],
                                            stdout=out, stderr=subprocess.STDOUT, env=environment())
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"http://127\.0\.0\.1:[1-9]\d*", self.output())
            if found:
                self.url = found.group(0)
                return
            time.sleep(0.02)
        raise AssertionError("the blog did not start:\n" + self.output())

    def output(self):
        return self.log.read_text()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return json.load(answer)

    def post(self, path, body, content_type="application/json"):
        request = urllib.request.Request(self.url + path, body.encode(), {"content-type": content_type})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)


class ProgramTest(unittest.TestCase):
    program = ""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hem-blog-"))
        self.data = self.folder / "data"
        self.data.mkdir()
        self.running = []

    def tearDown(self):
        for blog in self.running:
            if blog.process.poll() is None:
                blog.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *arguments, command="serve"):
        blog = Running(self.program, self.data, *arguments, command=command)
        self.running.append(blog)
        return blog

    def run_blog(self, *arguments, text=None, **variables):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, input=text, timeout=4 * PATIENCE,
                              env={**environment(), **variables}, check=False)

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    # ---- settings ----

    def test_every_command_has_help(self):
        for command in ([], ["serve"], ["import"], ["export"], ["engine"]):
            done = self.run_blog(*command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("HEM_BLOG_SEARCH", done.stdout)

    def test_wrong_settings_are_named_all_at_once(self):
        done = self.run_blog("--port", "x", "--host", "nowhere", HEM_BLOG_SEARCH="ftp://x")
        self.assertEqual(done.returncode, 2)
        for name in ("--port", "--host", "HEM_BLOG_SEARCH"):
            self.assertIn(name, done.stderr)

    # ---- serve ----

    def test_a_new_store_is_seeded_once_and_kept(self):
        blog = self.start()
        posts = blog.get("/search/advanced")["total"]
        self.assertGreaterEqual(posts, 30)
        self.assertIn("made the store", blog.output())
        made = blog.post("/posts", json.dumps({"title": "Mine", "content": "heron", "author": "Ann"}))
        self.assertEqual(blog.stop(), 0)
        self.assertIn("stopped", blog.output())
        again = self.start()
        self.assertNotIn("made the store", again.output())
        self.assertEqual(again.get("/search/advanced")["total"], posts + 1)
        self.assertEqual(again.get("/posts/" + made["id"])["title"], "Mine")
        self.assertEqual(again.stop(signal.SIGTERM), 0)

    def test_the_probes_answer(self):
        blog = self.start()
        for path in ("/livez", "/startupz", "/readyz"):
            with urllib.request.urlopen(blog.url + path, timeout=PATIENCE) as answer:
                self.assertEqual(answer.status, 200, path)
        self.assertEqual(blog.get("/health")["application"], "healthy")

    def test_large_bodies_are_taken_where_they_are_meant(self):
        blog = self.start()
        posts = "\n".join(json.dumps({"id": f"l{i}", "title": "Large", "content": "words " * 500, "author": "Ann"}) for i in range(2000))
        self.assertGreater(len(posts), 5_000_000)
        self.assertEqual(blog.post("/posts/bulk", posts, "application/x-ndjson")["indexed"], 2000)
        for path, size in (("/posts", 3_000_000), ("/posts/bulk", 33 * 1024 * 1024)):
            # Refused by the announced size alone, before the body is sent.
            with socket.create_connection(blog.url.removeprefix("http://").split(":"), PATIENCE) as client:
                client.sendall(f"POST {path} HTTP/1.1\r\nhost: blog\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n[".encode())
                self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 413 "), path)

    def test_a_port_in_use_is_said(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = self.run_blog("serve", "--data", str(self.data), "--port", str(taken.getsockname()[1]))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "in use")
        self.assertIn("--port", done.stderr)

    def test_a_store_that_is_held_names_the_holder(self):
        blog = self.start()
        done = self.run_blog("serve", "--data", str(self.data), "--port", "0")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(blog.process.pid), done.stderr)
        self.write("posts/a.md", "---\ntitle: A\ndate: 2026-01-02\n---\nText")
        done = self.run_blog("import", str(self.folder / "posts"), "--data", str(self.data))
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(blog.process.pid), done.stderr)
        self.assertIn("--to http://127.0.0.1:8000", done.stderr)
        done = self.run_blog("import", str(self.folder / "posts"), "--to", blog.url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(blog.get("/posts/a")["title"], "A")

    def test_a_corrupt_store_is_refused_and_left_alone(self):
        store = self.data / "blog.db"
        store.write_bytes(b"this is not a store " * 1000)
        before = store.read_bytes()
        done = self.run_blog("serve", "--data", str(self.data), "--port", "0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("blog.db", done.stderr)
        self.assertEqual(store.read_bytes(), before)

    def test_requests_under_way_are_answered(self):
        blog = self.start()
        answers = []
        posts = "\n".join(json.dumps({"id": f"p{i}", "title": f"Post {i}", "content": "words " * 50, "author": "Ann"}) for i in range(2000))
        upload = threading.Thread(target=lambda: answers.append(blog.post("/posts/bulk", posts, "application/x-ndjson")))
        upload.start()
        time.sleep(0.1)
        self.assertEqual(blog.stop(), 0)
        upload.join(PATIENCE)
        self.assertEqual(answers[0]["indexed"] if answers else None, 2000)

    def test_acknowledged_posts_survive_a_kill(self):
        blog = self.start()
        stored = []

        def upload():
            for i in range(1000):
                lines = "\n".join(json.dumps({"id": f"k{i}-{j}", "title": "Kept", "content": "words", "author": "Ann"}) for j in range(20))
                try:
                    if blog.post("/posts/bulk", lines, "application/x-ndjson")["indexed"] == 20:
                        stored.append(i)
                except (urllib.error.URLError, OSError, ValueError):
                    return

        worker = threading.Thread(target=upload)
        worker.start()
        until = time.monotonic() + PATIENCE
        while len(stored) < 5 and time.monotonic() < until:
            time.sleep(0.01)
        blog.kill()
        worker.join(PATIENCE)
        self.assertGreaterEqual(len(stored), 5)
        again = self.start()
        for i in stored:
            for j in (0, 19):
                self.assertEqual(again.get(f"/posts/k{i}-{j}")["title"], "Kept")
        self.assertEqual(again.stop(), 0)

    # ---- import and export ----

    def test_imports_a_folder_and_names_what_it_cannot_read(self):
        self.write("site/2026-01-02-good.md", "---\ntitle: Good\nauthors: [Ann, Bo]\ntags: [x]\n---\nText about herons.")
        self.write("site/bundle/index.md", "+++\ntitle = 'Bundle'\ndate = 2026-02-03T04:05:06+01:00\n+++\n# Head\n")
        self.write("site/draft.md", "---\ntitle: Draft\ndate: 2026-01-02\ndraft: true\n---\n")
        self.write("site/nodate.md", "---\ntitle: No date\n---\n")
        self.write("site/broken.md", "---\ntitle: [\n---\n")
        self.write("site/twice.md", "---\ntitle: Twice\nslug: good\ndate: 2026-01-02\n---\n")
        for _ in range(2):
            done = self.run_blog("import", str(self.folder / "site"), "--data", str(self.data))
            self.assertEqual(done.returncode, 1)
            self.assertIn("imported 2 posts", done.stdout)
            self.assertIn("left out 1 draft", done.stdout)
            self.assertIn("nodate.md: has no date", done.stderr)
            self.assertIn("broken.md: line", done.stderr)
            self.assertIn("twice.md: has the same id 'good'", done.stderr)
            self.assertNotIn("\r", done.stderr)
        done = self.run_blog("export", "--data", str(self.data))
        self.assertEqual(done.returncode, 0, done.stderr)
        posts = {post["id"]: post for post in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(sorted(posts), ["bundle", "good"])
        self.assertEqual(posts["good"]["tags"], ["x", "author:Bo"])
        self.assertEqual(posts["bundle"]["published_date"], "2026-02-03T03:05:06Z")

    def test_an_export_can_be_imported(self):
        blog = self.start()
        self.assertEqual(blog.stop(), 0)
        lines = self.run_blog("export", "--data", str(self.data)).stdout
        document = json.loads(self.run_blog("export", "--data", str(self.data), "--format", "json").stdout)
        self.assertEqual(len(document["posts"]), len(lines.splitlines()))
        other = self.folder / "other"
        self.write("posts.jsonl", lines)
        done = self.run_blog("import", str(self.folder / "posts.jsonl"), "--data", str(other))
        self.assertEqual(done.returncode, 0, done.stderr)
        again = self.run_blog("export", "--data", str(other)).stdout
        self.assertEqual(sorted(again.splitlines()), sorted(lines.splitlines()))
        done = self.run_blog("import", "-", "--data", str(other), text='{"title":"No author","content":""}\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard input, post 1: author: Field required", done.stderr)

    def test_a_missing_source_is_named(self):
        done = self.run_blog("import", str(self.folder / "none.jsonl"), "--data", str(self.data))
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.jsonl: No such file or directory", done.stderr)

    def test_an_import_into_a_full_disk_says_so_and_keeps_what_it_stored(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"cannot mount a tmpfs here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)])
        posts = [{"id": f"p{at}", "title": f"Post {at}", "content": f"herons {at} " * 150, "author": "Ann"} for at in range(3000)]
        self.write("many.jsonl", "".join(json.dumps(post) + "\n" for post in posts))
        done = self.run_blog("import", str(self.folder / "many.jsonl"), "--data", str(disk))
        self.assertEqual(done.returncode, 1)
        self.assertIn("disk is full", done.stderr)
        imported = re.search(r"imported (\d+) posts", done.stdout)
        subprocess.run(["mount", "-o", "remount,size=40m", str(disk)], check=True)
        kept = self.run_blog("export", "--data", str(disk))
        self.assertEqual(kept.returncode, 0, kept.stderr)
        count = len(kept.stdout.splitlines())
        if imported:
            self.assertEqual(count, int(imported[1]))
        self.assertLess(count, 3000)

    # ---- engine ----

    def test_serves_the_engine(self):
        blog = self.start()
        self.assertEqual(blog.stop(), 0)
        engine = self.start(command="engine")
        found = engine.get("/blog_posts/_search?q=title:queue")
        self.assertGreater(found["hits"]["total"]["value"], 0)
        self.assertEqual(engine.stop(), 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(__doc__)
        sys.exit(2)
    ProgramTest.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
