#!/usr/bin/python3
"""Every C++ file is formatted as .clang-format says: scripts/format makes it so."""

import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Format(unittest.TestCase):
    def test_all_files_are_formatted(self):
        done = subprocess.run([ROOT / "scripts" / "format", "--check"], capture_output=True, text=True)
        wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
        self.assertEqual(done.returncode, 0, "run scripts/format; it would change:\n" +
                         ("\n".join(wrong) or done.stderr))


if __name__ == "__main__":
    unittest.main()
