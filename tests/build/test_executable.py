#!/usr/bin/python3
"""The shape of the executable that is shipped: fully static, at home in an empty root directory, one
program under two names, with the notices that its libraries' licences ask for."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SWITCHROOM = Path(os.environ.get("SWITCHROOM", ROOT / "build" / "switchroom"))


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


class Executable(unittest.TestCase):
    def test_it_is_statically_linked_and_stripped(self):
        kind = output_of("file", "--brief", str(SWITCHROOM))
        self.assertIn("static-pie linked", kind)
        self.assertIn("stripped", kind)
        self.assertNotIn("not stripped", kind)

    def test_its_memory_is_hardened(self):
        """What a fault of ours would have to get past: read by readelf and nm from the executable itself."""
        headers = output_of("readelf", "--wide", "--program-headers", "--dynamic", str(SWITCHROOM))
        self.assertNotIn("INTERP", headers, "it wants a loader")
        self.assertNotIn("(NEEDED)", headers, "it wants a library")
        self.assertRegex(headers, r"FLAGS_1\).*NOW.*PIE", "bound at once, at any address")
        self.assertNotIn("TEXTREL", headers, "its code is written to at the start")
        stack = re.search(r"GNU_STACK .*", headers)
        self.assertIsNotNone(stack, "no header of the stack")
        self.assertRegex(stack[0], r" RW +(0x)?[0-9]", "the stack can be executed")
        self.assertIn("GNU_RELRO", headers)
        segments = re.findall(r"LOAD .*", headers)
        self.assertGreater(len(segments), 2)
        for segment in segments:
            self.assertNotRegex(segment, r" RWE ", "written and executed")
        symbols = output_of("readelf", "--wide", "--symbols", str(SWITCHROOM) + ".debug")
        for name, what in (("__stack_chk_fail", "stack protector"), ("__memcpy_chk", "fortify"), ("__vsnprintf_chk", "fortify"),
                           ("__glibcxx_assert_fail", "assertions of the library")):
            self.assertIn(name, symbols, f"{what} is not in it")

    def test_it_lies_at_another_address_each_time(self):
        self.assertEqual(Path("/proc/sys/kernel/randomize_va_space").read_text().strip(), "2", "not on this machine")
        seen = set()
        for _ in range(3):
            # It cannot end before somebody reads what it prints: more than a pipe holds.
            with subprocess.Popen([str(SWITCHROOM), "licenses"], stdout=subprocess.PIPE) as running:
                running.stdout.read(1)
                maps = Path(f"/proc/{running.pid}/maps").read_text()
                self.assertGreater(len(running.stdout.read()), 100_000, "it may have ended before it was looked at")
            seen.add(next(line for line in maps.splitlines() if line.endswith("/" + SWITCHROOM.name)).split("-")[0])
        self.assertEqual(len(seen), 3, f"its addresses: {seen}")

    def test_it_runs_in_an_empty_root_directory(self):
        # Without root's rights a user namespace gives the right to change the root directory. Where
        # neither is to be had this test fails: it must not pass without having looked.
        enter = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot"]
        with tempfile.TemporaryDirectory() as empty:
            shutil.copy(SWITCHROOM, empty)
            version = output_of("env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *enter, empty, "/switchroom",
                                "--version")
        self.assertRegex(version, r"\b\d+\.\d+\.\d+\b")

    def test_pbxctl_is_the_same_executable(self):
        pbxctl = SWITCHROOM.with_name("pbxctl")
        self.assertTrue(pbxctl.samefile(SWITCHROOM))
        self.assertIn("pbxctl", output_of(str(pbxctl), "--help"))

    def test_it_prints_the_licences_of_what_it_is_linked_from(self):
        notices = output_of(str(SWITCHROOM), "licenses")
        self.assertIn("GNU LESSER GENERAL PUBLIC LICENSE", notices)
        self.assertIn("relink", notices)
        for library in ("Boost", "sofia-sip", "OpenSSL", "SQLite", "PCRE2", "c-ares", "toml++", "fmt",
                        "QR Code generator", "GNU C Library", "libstdc++"):
            self.assertIn(library, notices)

    def test_no_path_of_the_machine_that_built_it_is_inside(self):
        self.assertNotIn(str(ROOT).encode() + b"/src/", SWITCHROOM.read_bytes())


if __name__ == "__main__":
    unittest.main()
