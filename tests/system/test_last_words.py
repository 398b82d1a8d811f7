"""A crash says what it was and where, to the console and to the log's file, and loses no line before it."""
import ctypes
import os
import pathlib
import re
import signal
import subprocess

from harness import config
from harness.case import Skip, eventually, expect, expect_equal
from harness.calls import phone
from harness.switchroom import Switchroom, executable

WORDS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z error   main      Switchroom \S+ \(\S+\) crashed: (SIG\w+)"
                   r"(?: from process (\d+)| at address (0x[0-9a-f]+))? in thread (\S+)\. Please report this line, "
                   r"with those before it:((?: 0x[0-9a-f]+)+)$", re.MULTILINE)
SYS_TGKILL = 234  # x86-64
tgkill = ctypes.CDLL(None, use_errno=True).syscall


def only_release():
    if os.environ.get("SWITCHROOM_SANITIZE"):
        raise Skip("a sanitizer reports crashes itself")


def thread(pbx, name):
    for task in pathlib.Path(f"/proc/{pbx.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise AssertionError(f"no thread {name}")


def crash(pbx, number, name):
    """(signal, sender, address, thread, functions) of its last words."""
    expect_equal(tgkill(SYS_TGKILL, pbx.pid, thread(pbx, name), int(number)), 0, "tgkill")
    eventually(lambda: pbx.child.process.poll() is not None, 5, "it ends")
    expect_equal(pbx.child.process.returncode, -number, "the signal that ended it")
    said = WORDS.findall(pbx.log)
    expect_equal(len(said), 1, f"last words in\n{pbx.log[-3000:]}")
    *facts, places = said[0]
    symbols = pathlib.Path(executable()).with_name("switchroom.debug")
    names = subprocess.run(["llvm-symbolizer-19", f"--obj={symbols}", "--functions", *places.split()],
                           capture_output=True, text=True, check=True).stdout
    return *facts, names


def test_each_thread_tells_where_it_was(case):
    only_release()
    for name, number, where in ((None, signal.SIGSEGV, "switchroom::main::Server::run"), ("media-1", signal.SIGABRT, "MediaThread::run"),
                                ("cdr", signal.SIGBUS, "switchroom::")):
        pbx = Switchroom(case, config.office(case.folder))
        with pbx:
            phone(case, "1001")
            name = name or pathlib.Path(f"/proc/{pbx.pid}/comm").read_text().strip()
            said, sender, address, where_it_was, functions = crash(pbx, number, name)
            expect_equal((said, where_it_was), (number.name, name))
            expect_equal((sender, address), (str(os.getpid()), ""))
            expect(where in functions, functions)
            expect("1001 registered" in pbx.log, "the line of a moment before")
            expect(pbx.log.index("1001 registered") < pbx.log.index(" crashed: "), "in order")


class Logging(Switchroom):
    """A server whose log goes to a file."""

    @property
    def log(self):
        path = self.data_dir / "switchroom.log"
        return path.read_text() if path.exists() else ""


def test_the_file_has_it_as_well_as_the_console(case):
    only_release()
    with Logging(case, config.office(case.folder, log='file = "switchroom.log"')) as pbx:
        phone(case, "1001")
        crash(pbx, signal.SIGSEGV, "media-0")
        expect("1001 registered" in pbx.log and pbx.log.endswith("\n"), pbx.log[-2000:])
        expect_equal(len(WORDS.findall(pbx.child.err)), 1, pbx.child.err)
