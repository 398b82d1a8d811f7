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
from harness.switchroom import LoggingToFile, Switchroom, executable

STAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z error   main      "
WORDS = re.compile(STAMP + r"Switchroom \S+ \(\S+\) crashed: (SIG\w+)(?: from process (\d+)| at address (0x[0-9a-f]+))? "
                   r"in thread (\S+)\n" + STAMP + r"please report this line and those before it; places in the code:"
                   r"((?: 0x[0-9a-f]+)+)\n\Z", re.MULTILINE)
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
    expect_equal(tgkill(SYS_TGKILL, pbx.pid, thread(pbx, name), int(number)), 0, "tgkill")
    eventually(lambda: pbx.child.process.poll() is not None, 5, "it ends")
    expect_equal(pbx.child.process.returncode, -number, "the signal that ended it")


def last_words(text):
    """(signal, sender, address, thread, functions)."""
    said = WORDS.search(text)
    expect(said, f"last words in\n{text[-3000:]}")
    expect_equal(text.count(" crashed: "), 1, "once")
    *facts, places = said.groups()
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
            crash(pbx, number, name)
            said, sender, address, where_it_was, functions = last_words(pbx.child.err)
            expect_equal((said, where_it_was), (number.name, name))
            expect_equal((sender, address), (str(os.getpid()), None))
            expect(where in functions, functions)
            expect("1001 registered" in pbx.log, "the line of a moment before")
            expect(pbx.log.index("1001 registered") < pbx.log.index(" crashed: "), "in order")


def test_the_file_has_it_as_well_as_the_console(case):
    only_release()
    with LoggingToFile(case, config.office(case.folder, log='file = "switchroom.log"')) as pbx:
        phone(case, "1001")
        crash(pbx, signal.SIGSEGV, "media-0")
        text = pbx.file.read_text()
        expect("MediaThread::run" in last_words(text)[-1] and "1001 registered" in text, text[-2000:])
        last_words(pbx.child.err)


def test_a_console_that_nobody_reads_keeps_nobody_from_the_end(case):
    only_release()
    reader, writer = os.pipe()
    case.defer(lambda: os.close(reader))
    os.set_blocking(writer, False)
    with LoggingToFile(case, config.office(case.folder, log='file = "switchroom.log"'),
                       through=["sh", "-c", f'exec "$@" 2>/proc/{os.getpid()}/fd/{writer}', "sh"]) as pbx:
        while True:
            try:
                os.write(writer, b"x" * 4096)
            except BlockingIOError:
                break
        os.close(writer)
        crash(pbx, signal.SIGSEGV, "media-0")
        last_words(pbx.file.read_text())
