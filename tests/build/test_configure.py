#!/usr/bin/python3
"""What scripts/run and the Dockerfile rely on: with the packages of `scripts/bootstrap --no-tests` alone the build can be
configured, and who asks for tests is told what is missing."""

import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def configured_without_catch2(*options):
    libraries = subprocess.run([ROOT / "scripts" / "build-libraries", "--where"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as build:
        # A variable that is set to nothing is not looked for.
        done = subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_CXX_COMPILER=clang++-19", "-DSWITCHROOM_CATCH2_A=",
                               f"-DSWITCHROOM_DEPS={libraries}", *options], capture_output=True, text=True, timeout=100)
        return done, Path(build, "CMakeCache.txt").read_text()


class Configure(unittest.TestCase):
    def test_the_executable_needs_no_package_of_the_tests(self):
        done, kept = configured_without_catch2()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("SWITCHROOM_TESTS:BOOL=OFF", kept)

    def test_tests_that_are_asked_for_are_never_left_out(self):
        done, _ = configured_without_catch2("-DSWITCHROOM_TESTS=ON")
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("scripts/bootstrap installs it", done.stderr)


if __name__ == "__main__":
    unittest.main()
