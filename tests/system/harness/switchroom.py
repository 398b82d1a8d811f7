"""The executable under test: started, asked, reloaded, ended; its logs and its records."""
import csv
import json
import os
import re
import signal
import sqlite3
import subprocess

from harness.case import SLOWNESS, Skip, eventually, expect, expect_equal

SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|MemorySanitizer)")


class CommandFailed(AssertionError):
    """pbxctl said no."""

    def __init__(self, arguments, done):
        super().__init__(f"pbxctl {' '.join(arguments)} ended with {done.returncode}: {done.stderr or done.stdout}")
        self.status = done.returncode
        self.out = done.stdout
        self.data = None  # what --json said of it
        if done.stdout.lstrip().startswith('{"error"'):
            self.data = json.loads(done.stdout)
        self.err = done.stderr or (self.data or {}).get("error", "")


def executable():
    path = os.environ.get("SWITCHROOM", "")
    if not os.access(path, os.X_OK):
        raise Skip("SWITCHROOM names no executable")
    return os.path.realpath(path)


def check(case, text, name="checked.toml"):
    """`switchroom check` of a configuration: (exit status, everything it wrote)."""
    path = case.folder / name
    path.write_text(text)
    done = subprocess.run([executable(), "check", str(path)], capture_output=True, text=True, timeout=20 * SLOWNESS)
    return done.returncode, done.stdout + done.stderr


class Switchroom:
    """with Switchroom(case, config.office(case.folder)) as pbx: …  At the end it must stop cleanly."""

    def __init__(self, case, text, arguments=(), environment=None, through=()):
        """`through`: a command that becomes the executable, which is put behind it (setpriv, unshare …)."""
        self.case = case
        self.through = list(through)
        self.folder = case.folder
        self.config_path = self.folder / "switchroom.toml"
        self.data_dir = self.folder / "data"
        self.socket = self.folder / "control.sock"
        self.arguments = list(arguments)
        self.environment = environment
        self.data_dir.mkdir(exist_ok=True)
        self.config_path.write_text(text)
        self.config_path.chmod(0o600)
        self.child = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _trace):
        if kind is None and self.child.running():
            self.stop()
        elif kind is not None:
            self.child.end()

    def start(self, seconds=10.0):
        """Starts it (again), and returns when a line with the word `ready` was logged."""
        command = [*self.through, executable(), "--config", self.config_path, *self.arguments]
        self.child = self.case.start("switchroom", command, environment=self.environment)
        eventually(lambda: re.search(r"\bready\b", self.log) or not self.child.running(), seconds, "switchroom ready")
        expect(self.child.running(), f"switchroom ended with {self.child.process.poll()}:\n{self.log[-3000:]}")
        return self

    @property
    def log(self):
        """All that this start has written."""
        return self.child.err + self.child.out

    @property
    def pid(self):
        return self.child.process.pid

    def wait_for_log(self, pattern, seconds=5.0):
        return eventually(lambda: re.search(pattern, self.log), seconds, f"a log line with {pattern!r}")

    def pbxctl(self, *arguments, seconds=10.0):
        """The answer as data; CommandFailed when it is not 0."""
        done = self.pbxctl_raw("--json", *arguments, seconds=seconds)
        if done.returncode != 0:
            raise CommandFailed(arguments, done)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def pbxctl_raw(self, *arguments, seconds=10.0):
        """As a person calls it: .returncode, .stdout, .stderr."""
        link = self.folder / "pbxctl"
        if not link.exists():
            link.symlink_to(executable())
        return subprocess.run([str(link), "--socket", str(self.socket), *arguments], capture_output=True, text=True,
                              timeout=seconds * SLOWNESS)

    def reload(self, text=None):
        """Writes the new configuration, if there is one, and asks for it; fails when it is refused."""
        if text is not None:
            self.config_path.write_text(text)
        return self.pbxctl("reload")

    def stop(self, seconds=15.0):
        """TERM; it must end with 0 and without a sanitizer's report."""
        self.child.signal(signal.SIGTERM)
        status = self.child.wait(seconds)
        expect(status is not None, f"switchroom did not stop within {seconds * SLOWNESS} s of TERM")
        self.expect_clean()
        expect_equal(status, 0, "the exit status after TERM")

    def kill(self):
        """kill -9, as a crash would end it."""
        self.child.process.kill()
        self.child.process.wait()

    def expect_clean(self):
        report = SANITIZER.search(self.child.err)
        expect(report is None, "a sanitizer complains:\n", self.child.err[report.start() if report else 0:][:6000])

    def cdr_rows(self, where="1"):
        """The records in SQLite as dictionaries, in the order of writing."""
        path = self.data_dir / "cdr.db"
        if not path.exists():
            return []
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as database:
            database.row_factory = sqlite3.Row
            tables = [row[0] for row in database.execute("select name from sqlite_master where type='table'")]
            table = next((name for name in tables if name in ("cdr", "calls", "records")), None)
            if table is None:
                return []
            return [dict(row) for row in database.execute(f"select * from {table} where {where} order by rowid")]

    def wait_for_cdr(self, count=1, seconds=5.0):
        eventually(lambda: len(self.cdr_rows()) >= count, seconds, f"{count} call records")
        return self.cdr_rows()

    def cdr_csv(self):
        path = self.data_dir / "cdr" / "Master.csv"
        if not path.exists():
            return []
        with open(path, newline="") as file:
            return list(csv.DictReader(file))

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        """User and system time so far."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class LoggingToFile(Switchroom):
    """With `file = "switchroom.log"` in [log]: what it says there counts as well as the console."""

    @property
    def file(self):
        return self.data_dir / "switchroom.log"

    @property
    def log(self):
        return super().log + (self.file.read_text(errors="replace") if self.file.exists() else "")
