"""The first start without any file: as root in a file system of its own, and as an ordinary user."""
import os
import re
import subprocess
import time

from harness import baresip, sip
from harness.case import SLOWNESS, Skip, eventually, expect, expect_equal
from harness.switchroom import Switchroom, executable

SERVER = "127.0.0.1:5060"


class FirstRun(Switchroom):
    """`switchroom` without an argument, by the command `before`; it finds its own places."""

    def __init__(self, case, before, environment=None):
        self.before = before
        self.case, self.folder, self.environment = case, case.folder, environment
        self.child = None
        self.start()

    def start(self, seconds=10.0):
        self.child = self.case.start("switchroom", [*self.before, executable()], environment=self.environment, cwd=self.folder)
        eventually(lambda: re.search(r"\bready\b", self.log) or not self.child.running(), seconds, "switchroom ready")
        expect(self.child.running(), f"switchroom ended with {self.child.process.poll()}:\n{self.log[-3000:]}")
        return self

    def ctl(self, *words, environment=None):
        link = self.folder / "pbxctl"
        if not link.exists():
            link.symlink_to(executable())
        return subprocess.run([*self.into(), str(link), *words], capture_output=True, text=True, timeout=10 * SLOWNESS,
                              env={**os.environ, **(self.environment or {})})

    def into(self):
        """The command that goes where the server is."""
        return ["nsenter", f"--mount=/proc/{self.pid}/ns/mnt"] if "unshare" in self.before else [
            word for word in self.before if word != "exec"]


def passwords(text):
    return dict(re.findall(r'\[extensions\.(\d+)\][^\[]*?\npassword\s*=\s*"([^"]+)"', text))


def expect_ten_extensions(text):
    found = passwords(text)
    expect_equal(sorted(found), [str(number) for number in range(1001, 1011)], "the extensions")
    expect_equal(len(set(found.values())), 10, "different passwords")
    expect(all(len(word) >= 12 for word in found.values()), "long ones:", found)
    return found


def expect_a_call(case, first, second, printed):
    """Registers both with what was printed, and one calls the other."""
    one, two = sip.Peer(case, first, printed[first], server=SERVER), sip.Peer(case, second, printed[second], server=SERVER)
    for peer in (one, two):
        peer.register()
    call = one.invite(f"sip:{second}@127.0.0.1", one.sdp(40000))
    called = two.answer()
    called.reply(180)
    call.expect(180, skip=(100,))
    called.accept(two.sdp(40002))
    call.expect(200)
    call.ack()
    call.bye()
    called.expect_bye()


def private_root(case):
    """A script that gives its command empty /etc/switchroom, /var/lib and /run, in a mount namespace."""
    if os.geteuid() != 0:
        raise Skip("a mount namespace of its own wants root")
    upper = {}
    lines = ["#!/bin/sh", "set -e", "mount --make-rprivate /"]
    for name in ("etc", "var/lib", "run"):
        upper[name] = case.folder / "root" / name
        upper[name].mkdir(parents=True)
    # /etc keeps what programs read there, and only what is made in it is elsewhere.
    lines += [f"cp /etc/passwd /etc/group /etc/nsswitch.conf {upper['etc']}/ 2>/dev/null || true"]
    lines += [f"mount --bind {upper[name]} /{name}" for name in upper]
    lines += ['exec "$@"']
    script = case.folder / "private-root"
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o755)
    return ["unshare", "-m", str(script)], case.folder / "root"


def test_as_root(case):
    before, root = private_root(case)
    with FirstRun(case, before) as pbx:
        config = root / "etc/switchroom/switchroom.toml"
        text = config.read_text()
        expect_equal(config.stat().st_mode & 0o777, 0o600, "the mode of the file")
        expect_equal((root / "var/lib/switchroom").stat().st_mode & 0o077, 0, "data is for the owner only")
        found = expect_ten_extensions(text)
        expect(text.count("#") > 20, "it is commented")
        said = pbx.child.out
        printed = dict(re.findall(r"username\s+(\d+)\s+password\s+(\S+)", said))
        expect(len(printed) >= 2 and all(found[user] == word for user, word in printed.items()), said)
        expect("/etc/switchroom/switchroom.toml" in said and "9196" in said, said)
        expect("5060" in said, said)
        for word in found.values():
            expect(word not in pbx.child.err, "no password in the log")
        expect_a_call(case, *sorted(printed)[:2], printed)
        status = pbx.ctl("status")
        expect(status.returncode == 0 and "/etc/switchroom/switchroom.toml" in status.stdout, status)
        expect_equal((root / "run/switchroom/control.sock").stat().st_mode & 0o777, 0o600, "the mode of the socket")
        expect((root / "var/lib/switchroom/cdr/Master.csv").exists(), "records under /var/lib")
        pbx.stop()
        pbx.start()
        expect_equal(config.read_text(), text, "the file after a second start")
        expect("password" not in pbx.child.out, "a second start does not print passwords")
        registered = pbx.ctl("--json", "registrations").stdout
        expect("1001" in registered, "registrations are still there")
    expect(not os.path.exists("/etc/switchroom/switchroom.toml") or os.stat("/etc/switchroom/switchroom.toml").st_mtime < time.time() - 600,
           "the machine's own /etc was left alone")


def test_a_file_that_is_there_is_never_overwritten(case):
    before, root = private_root(case)
    config = root / "etc/switchroom/switchroom.toml"
    config.parent.mkdir()
    config.write_text("# mine, and not finished\n")
    done = subprocess.run([*before, executable()], capture_output=True, text=True, timeout=20 * SLOWNESS)
    expect_equal(done.returncode, 1, "the exit status")
    expect("no profile" in done.stderr and "/etc/switchroom/switchroom.toml" in done.stderr, done.stderr)
    expect_equal(config.read_text(), "# mine, and not finished\n", "the file")


def ordinary(case, **environment):
    """The command that becomes nobody, and that user's environment."""
    if os.geteuid() != 0:
        return [], {}
    home = case.folder / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    for folder in (case.folder, case.folder.parent):
        folder.chmod(0o755)
    values = {"HOME": str(home), "XDG_RUNTIME_DIR": "", "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": "", **environment}
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"], values


def test_as_an_ordinary_user(case):
    before, environment = ordinary(case)
    home = case.folder / "home"
    with FirstRun(case, before, environment) as pbx:
        config = home / ".config/switchroom/switchroom.toml"
        expect_equal(config.stat().st_mode & 0o777, 0o600, "the mode of the file")
        expect_equal(config.stat().st_uid, 65534 if os.geteuid() == 0 else os.geteuid(), "whose it is")
        found = expect_ten_extensions(config.read_text())
        expect_a_call(case, "1009", "1010", found)
        data = home / ".local/share/switchroom"
        expect((data / "cdr.db").exists() and data.stat().st_mode & 0o077 == 0, "data is under the home, and private")
        expect_equal((data / "control.sock").stat().st_mode & 0o777, 0o600, "the mode of the socket")
        status = pbx.ctl("status")
        expect_equal(status.returncode, 0, f"pbxctl finds it without being told where: {status.stderr}")
        expect(str(config) in pbx.child.out, pbx.child.out)
        one = baresip.Baresip(case, "1003", found["1003"], server=SERVER)
        one.wait_for("REGISTER_OK")
    text = config.read_text()
    with FirstRun(case, before, environment) as pbx:
        expect_equal(config.read_text(), text, "the file after a second start")


def test_the_desktops_folders(case):
    if os.geteuid() != 0:
        raise Skip("needs root to become another user")
    folders = {"XDG_CONFIG_HOME": case.folder / "c", "XDG_DATA_HOME": case.folder / "d", "XDG_RUNTIME_DIR": case.folder / "r"}
    for folder in folders.values():
        folder.mkdir(parents=True)
        os.chown(folder, 65534, 65534)
    before, environment = ordinary(case, **{name: str(folder) for name, folder in folders.items()})
    with FirstRun(case, before, environment) as pbx:
        expect((case.folder / "c/switchroom/switchroom.toml").exists() and (case.folder / "d/switchroom/cdr.db").exists(), "XDG folders")
        expect((case.folder / "r/switchroom/control.sock").exists(), "the socket")
        expect_equal(pbx.ctl("status").returncode, 0, "pbxctl finds it")


def test_a_home_that_cannot_be_written(case):
    if os.geteuid() != 0:
        raise Skip("needs root to become another user")
    before, environment = ordinary(case)
    os.chown(case.folder / "home", 0, 0)
    done = subprocess.run([*before, executable()], capture_output=True, text=True, timeout=20 * SLOWNESS,
                          env={**os.environ, **environment})
    expect(done.returncode == 1 and "cannot make the folder" in done.stderr and "Permission denied" in done.stderr, done)


def test_the_command_line(case):
    def run(*words):
        return subprocess.run([executable(), *words], capture_output=True, text=True, timeout=20 * SLOWNESS)
    version = run("--version")
    expect(version.returncode == 0 and re.match(r"switchroom \d+\.\d+\.\d+", version.stdout), version)
    licences = run("licenses")
    expect(licences.returncode == 0 and "sofia" in licences.stdout.lower() and "LGPL" in licences.stdout.upper(), "licenses")
    expect(run("--help").returncode == 0 and "switchroom check FILE" in run("--help").stdout, "help")
    wrong = run("chekc")
    expect(wrong.returncode == 2 and "chekc" in wrong.stderr and "usage" in wrong.stderr, wrong)
    expect_equal(run("--config").returncode, 2, "--config without a file")
