"""One test: its folder, its children, its patience, and how it is reported."""
import importlib.util
import os
import signal
import subprocess
import sys
import time
import traceback

# How much slower everything is under a sanitizer. Deadlines of the harness are stretched by it.
SLOWNESS = {"address": 3, "thread": 8}.get(os.environ.get("SWITCHROOM_SANITIZE", ""), 1)


class Skip(Exception):
    """Raised by a test that cannot run here, with the reason."""


def expect(condition, *text):
    """Like assert, and never compiled away; the text says what was expected and what was there."""
    if not condition:
        raise AssertionError(" ".join(str(part) for part in text) or "the condition does not hold")


def expect_equal(got, wanted, what=""):
    expect(got == wanted, what, f"is {got!r}, wanted {wanted!r}")


def eventually(question, seconds=5.0, what="it"):
    """Asks until the answer is true, and returns it; fails when that takes longer."""
    deadline = time.monotonic() + seconds * SLOWNESS
    while True:
        answer = question()
        if answer:
            return answer
        expect(time.monotonic() < deadline, what, f"did not come true within {seconds * SLOWNESS} s")
        time.sleep(0.02)


def within(seconds, check):
    """Asks until `check` raises no AssertionError, and returns what it returned; after the time its last one stands.

    For what real phones play: one that got its beat late, on a machine that others use, tells nothing of the server,
    and the next seconds of sound are as good a witness."""
    deadline = time.monotonic() + seconds * SLOWNESS
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(0.5)


def keep_time(process=0):
    """A phone has a processor of its own: who plays one, the calling thread or a process that was just started, goes
    before all else on a busy machine, where that is allowed."""
    try:
        os.sched_setscheduler(process, os.SCHED_RR, os.sched_param(1))
    except OSError:
        pass  # then it is late now and then, and so is what it sends


class Child:
    """A process that a test started; what it writes goes to files in the test's folder."""

    def __init__(self, name, command, folder, environment=None, cwd=None):
        self.name = name
        self.out_path = folder / f"{name}.out"
        self.err_path = folder / f"{name}.err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={**os.environ, **(environment or {})}, cwd=cwd or folder)

    @property
    def out(self):
        return self.out_path.read_text(errors="replace")

    @property
    def err(self):
        return self.err_path.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def wait(self, seconds):
        """The exit status; None when it still runs after so long."""
        try:
            return self.process.wait(seconds * SLOWNESS)
        except subprocess.TimeoutExpired:
            return None

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def end(self, seconds=2.0):
        """TERM, and KILL when that does not help."""
        self.signal(signal.SIGTERM)
        if self.wait(seconds) is None:
            self.process.kill()
            self.process.wait()


class Case:
    """What a test function gets: `folder` for its files, start() for processes, defer() for endings."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self._endings = []
        self._names = {}
        folder.mkdir(parents=True, exist_ok=True)

    def unique(self, name):
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}-{count}"

    def start(self, name, command, environment=None, cwd=None):
        child = Child(self.unique(name), command, self.folder, environment, cwd)
        self.defer(child.end)
        return child

    def defer(self, action):
        """Runs when the test is over, whatever came of it; the last deferred first."""
        self._endings.append(action)

    def close(self):
        failure = None
        while self._endings:
            try:
                self._endings.pop()()
            except Exception as error:  # the others are still to be ended
                failure = failure or error
        if failure is not None:
            raise failure


def tests_of(file, word=""):
    """The functions test_* of a file in its order, as (name, function)."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(name, value) for name, value in vars(module).items()
            if name.startswith("test_") and callable(value) and word in name]


def run_one(name, test, folder):
    """None when it passed, a Skip, or the text of the failure."""
    case = Case(name, folder)
    outcome = None
    try:
        test(case)
    except Skip as skip:
        outcome = skip
    except BaseException:  # also SystemExit out of a test
        outcome = traceback.format_exc(limit=-8)
    try:
        case.close()
    except Exception:
        if outcome is None or isinstance(outcome, Skip):
            outcome = "at the end of the test:\n" + traceback.format_exc(limit=-8)
    return outcome


def run_all(tests, folder):
    """Runs and reports; True when none failed."""
    began = time.monotonic()
    counts = {"ok": 0, "skip": 0, "FAIL": 0}
    for name, test in tests:
        start = time.monotonic()
        outcome = run_one(name, test, folder / name)
        word = "ok" if outcome is None else "skip" if isinstance(outcome, Skip) else "FAIL"
        counts[word] += 1
        note = f"  ({outcome})" if word == "skip" else ""
        print(f"{word:5} {name} {time.monotonic() - start:.2f} s{note}", flush=True)
        if word == "FAIL":
            print("      " + outcome.rstrip().replace("\n", "\n      "), flush=True)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped "
          f"in {time.monotonic() - began:.1f} s, {cpu_seconds():.1f} s of CPU", flush=True)
    if not tests:
        print("no test was found", file=sys.stderr)
    return counts["FAIL"] == 0 and bool(tests)


def cpu_seconds():
    """Of this process and of all that it started and that has ended."""
    return sum(os.times()[:4])
