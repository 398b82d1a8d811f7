#!/usr/bin/python3
"""The check of the includes passes on this tree, and would fail on a tree that breaks its rules."""

import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT / "scripts" / "check-includes"


def check(files):
    """Runs the check on a tree made of files {path below src/: text}; returns (exit code, output)."""
    with tempfile.TemporaryDirectory() as tree:
        for name, text in files.items():
            path = Path(tree, "src", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([CHECK, tree], capture_output=True, text=True)
        return done.returncode, done.stdout


class Includes(unittest.TestCase):
    def assert_breach(self, files, *words):
        code, output = check(files)
        self.assertEqual(code, 1, output)
        for word in words:
            self.assertIn(word, output)

    def test_this_tree_is_clean(self):
        done = subprocess.run([CHECK], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_an_allowed_arrow_passes(self):
        code, output = check({
            "base/ids.hpp": "#pragma once\n",
            "sip/message/uri.hpp": '#include <sofia-sip/url.h>\n#include "base/ids.hpp"\n',
            "call/leg.cpp": '#include "sip/message/uri.hpp"\n// detached, co_spawn: words in a comment\n',
        })
        self.assertEqual(code, 0, output)

    def test_a_forbidden_arrow_fails(self):
        self.assert_breach({
            "sip/profile.cpp": '\n#include "media/engine.hpp"\n',
            "media/engine.hpp": "#pragma once\n",
        }, "src/sip/profile.cpp:2:", "sip may not include media")

    def test_the_message_folder_is_stricter_than_its_room(self):
        self.assert_breach({
            "sip/message/uri.cpp": '#include "sip/digest.hpp"\n',
            "sip/digest.hpp": "#pragma once\n",
        }, "sip/message may not include sip")

    def test_a_circle_fails(self):
        self.assert_breach({
            "sdp/a.hpp": '#include "sdp/b.hpp"\n',
            "sdp/b.hpp": '#include "sdp/a.hpp"\n',
        }, "a circle of includes: sdp/a.hpp -> sdp/b.hpp -> sdp/a.hpp")

    def test_sofia_outside_of_its_folder_fails(self):
        self.assert_breach({"call/leg.cpp": "#include <sofia-sip/sip.h>\n"}, "only src/sip/message/")

    def test_spawning_outside_of_the_task_group_fails(self):
        self.assert_breach({"call/leg.cpp": "void f() { co_spawn(x, y, z); }\n"}, "co_spawn stands in")

    def test_detached_fails_even_in_the_task_group(self):
        self.assert_breach({"base/task_group.cpp": "void f() { co_spawn(x, y, asio::detached); }\n"}, "detached:")

    def test_an_include_that_is_not_written_from_src_fails(self):
        self.assert_breach({"sdp/a.cpp": '#include "b.hpp"\n', "sdp/b.hpp": ""}, "is not a file below src/")

    def test_a_folder_that_nobody_declared_fails(self):
        self.assert_breach({"misc/a.cpp": "int x;\n"}, "lies in no room")


if __name__ == "__main__":
    unittest.main()
