"""A configuration that is wrong: everything at once and in its place; and a start that cannot be."""
import os
import re
import socket
import subprocess
import time

from harness import config, sip
from harness.case import SLOWNESS, Skip, eventually, expect, expect_equal
from harness.switchroom import Switchroom, check, executable

WRONG = r"""[pbx]
name = "Test"
domian = "pbx.example.com"
max_calls = "many"
data_dir = "data"

[media]
ports = "40000-30000"

[profiles.internal]
listen = ["udp:127.0.0.1:5060", "ws:127.0.0.1:5061", "udp:127.0.0.1:99999"]
context = "defualt"
allow = "ofice"
codecs = ["PCMU", "G729"]
hold_music = "jazz"
session_timeout = "30 minutes"

[acl]
office = ["10.0.0.0/8", "300.1.2.3"]

[extensions.1001]
password = "1234"

[extensions.1002]
password = "ClueCon"
contxt = "default"

[extensions.1003]
password = "1003"

[extensions.1004]
name = "No password"

[extensions.1005]
password = "$${nothing}"

[[contexts.default]]
when = { destination_number = '^(10\d\d$', hours = "business" }
do   = ["answr", "bridge user/$1", "sleep soon"]

[control]
socket = "control.sock"

[log]
level = "loud"
"""

EXPECTED = (  # line, key, what it says
    (3, "pbx.domian", "did you mean domain"),
    (4, "pbx.max_calls", "whole number"),
    (8, "media.ports", ""),
    (11, "profiles.internal.listen", "ws"),
    (11, "profiles.internal.listen", "99999"),
    (12, "profiles.internal.context", "did you mean default"),
    (13, "profiles.internal.allow", "did you mean office"),
    (14, "profiles.internal.codecs", "G729"),
    (15, "profiles.internal.hold_music", "there is no such file"),
    (16, "profiles.internal.session_timeout", "30 minutes"),
    (19, "acl.office", "300.1.2.3"),
    (22, "extensions.1001.password", ""),
    (25, "extensions.1002.password", ""),
    (26, "extensions.1002.contxt", "did you mean context"),
    (29, "extensions.1003.password", ""),
    (31, "extensions.1004", "no password"),
    (35, "extensions.1005.password", "nothing"),
    (38, "contexts.default.when.destination_number", ""),
    (38, "contexts.default.when.hours", "business"),
    (39, "contexts.default.do", "did you mean answer"),
    (39, "contexts.default.do", "sleep"),
    (45, "log.level", "loud"),
)


def test_all_errors_in_one_pass(case):
    status, said = check(case, WRONG)
    expect_equal(status, 1, "the exit status")
    path = str(case.folder / "checked.toml")
    lines = said.splitlines()
    for number, key, words in EXPECTED:
        found = [line for line in lines if re.match(rf"{re.escape(path)}:{number}:\d+: {re.escape(key)}: ", line) and words in line]
        expect(found, f"line {number}, {key}, with {words!r} is missing in:\n{said}")
    places = [int(line[len(path) + 1:].split(":")[0]) for line in lines if line.startswith(path)]
    expect_equal(places, sorted(places), "in the order of the file")
    expect(len(places) <= len(EXPECTED) + 2, f"more is said than is wrong:\n{said}")
    expect("1234" not in said and "ClueCon" not in said, f"a password stands in the answer:\n{said}")
    expect(re.search(rf"^{len(places)} problems$", said, re.MULTILINE), said)
    # The same as a start says; and no process stays.
    done = subprocess.run([executable(), "--config", path], capture_output=True, text=True, timeout=20 * SLOWNESS)
    expect_equal(done.returncode, 1, "the exit status of a start")
    expect(all(line in done.stderr for line in lines if line.startswith(path)), done.stderr)


def test_a_good_file(case):
    status, said = check(case, config.office(case.folder))
    expect_equal(status, 0, said)
    expect("1 profile," in said and "3 extensions" in said, said)
    expect(not (case.folder / "data").exists(), "check leaves nothing behind")
    done = subprocess.run([executable(), "check", str(case.folder / "checked.toml"), "more"], capture_output=True, text=True)
    expect_equal(done.returncode, 2, "too many arguments")


def test_warnings_and_values_of_variables(case):
    """What works and is seldom meant is a warning; a value that nobody could read is a mistake."""
    text = config.office(case.folder, auth=False)
    status, said = check(case, text)
    path = str(case.folder / "checked.toml")
    line = 1 + text.splitlines().index("auth = false")
    expect(status == 0 and f"{path}:{line}:8: profiles.internal.auth: warning: auth = false and no allow" in said and "fine" in said, said)
    with Switchroom(case, text) as pbx:
        pbx.wait_for_log(r"warning.*profiles\.internal\.auth: auth = false and no allow")
    expect(": warning: " not in check(case, config.office(case.folder))[1], "a door that is closed")
    contexts = config.DEFAULT_CONTEXT + r"""
[[contexts.default]]
when = { destination_number = '^5$' }
do = ["set call_timeout=abc", "bridge [leg_timeout=abc]user/1002", "set call_timeout=${time}"]
"""
    more = '[extensions.1001.variables]\nleg_delay_start = "soon"\n'
    status, said = check(case, config.office(case.folder, contexts=contexts, more=more))
    expect(status == 1 and "3 problems" in said, said)
    for words in ("set: call_timeout cannot be", "bridge: leg_timeout cannot be",
                  'extensions.1001.variables.leg_delay_start: leg_delay_start cannot be "soon"'):
        expect(words in said, f"{words} in {said}")


def test_files_that_cannot_be_read(case):
    def run(path):
        done = subprocess.run([executable(), "check", str(path)], capture_output=True, text=True, timeout=20 * SLOWNESS)
        return done.returncode, done.stdout + done.stderr
    for path, words in ((case.folder / "none.toml", "does not exist"), (case.folder, "is a folder"), ("/dev/zero", "not a regular file")):
        status, said = run(path)
        expect(status == 1 and words in said and str(path) in said, f"{path}: {status} {said}")
    secret = case.folder / "secret.toml"
    secret.write_text(config.office(case.folder))
    secret.chmod(0)
    if os.geteuid() == 0:
        case.folder.chmod(0o755)
        os.chmod(case.folder.parent, 0o755)
        done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", executable(), "check", str(secret)],
                              capture_output=True, text=True)
        status, said = done.returncode, done.stdout + done.stderr
        expect(status == 1 and "cannot be read: Permission denied" in said, f"{status} {said}")
    for text, words in (("[pbx\n", "1:"), ('a = "\xff"', ""), ("x = 1\nx = 2\n", "2:")):
        status, said = check(case, text)
        expect(status == 1 and words in said, said)
    (case.folder / "binary.toml").write_bytes(bytes(range(256)) * 10)
    expect_equal(run(case.folder / "binary.toml")[0], 1, "rubbish")
    (case.folder / "empty.toml").write_text("")
    status, said = run(case.folder / "empty.toml")
    expect(status == 1 and "no profile" in said, said)


def test_includes_and_variables(case):
    people = case.folder / "people"
    people.mkdir()
    (people / "one.toml").write_text(f'[extensions.1007]\nname = "$${{company}}"\npassword = "{config.password("1004")}"\n')
    text = config.office(case.folder, pbx='include = ["people/*.toml"]', more='[vars]\ncompany = "Acme"\n')
    with Switchroom(case, text):
        peer = sip.Peer(case, "1007", config.password("1004"), server="127.0.0.1:5060")
        peer.register()
        other = sip.Peer(case, "1001", config.password("1001"), server="127.0.0.1:5060")
        other.register()
        call = peer.invite("sip:1001@127.0.0.1", peer.sdp(40000))
        called = other.answer()
        expect('"Acme"' in called.request.header("From"), called.request)
        called.refuse(486)
        call.expect_failure(486)
    (people / "two.toml").write_text(f'[extensions.1007]\nname = "again"\n\n[extensions.1008]\npasword = "x"\n')
    status, said = check(case, text)
    expect(status == 1, said)
    two = str(people / "two.toml")
    expect(f"{two}:2:" in said and "a second time" in said, said)
    expect(re.search(rf"{re.escape(two)}:5:\d+: extensions.1008.pasword: .*did you mean password", said), said)
    (people / "two.toml").unlink()
    status, said = check(case, text.replace("people/*.toml", "people/none.toml"))
    expect(status == 1 and "none.toml" in said and "does not exist" in said and "pbx.include" in said, said)
    (people / "one.toml").write_text('[pbx]\ninclude = ["one.toml"]\n')
    status, said = check(case, text)
    expect(status == 1 and "includes itself" in said, said)


def test_passwords_from_elsewhere(case):
    (case.folder / "secret").write_text(config.password("1004") + "\n")
    text = config.office(case.folder, more='[extensions.1004]\npassword_file = "secret"\n[extensions.1005]\npassword = "env:THE_PASSWORD"\n')
    with Switchroom(case, text, environment={"THE_PASSWORD": "Long-enough-Tulip-7"}):
        for user, password in (("1004", config.password("1004")), ("1005", "Long-enough-Tulip-7")):
            sip.Peer(case, user, password, server="127.0.0.1:5060").register()
    status, said = check(case, text)
    expect(status == 1 and "THE_PASSWORD" in said, said)
    (case.folder / "secret").write_text("1234\n")
    status, said = check(case, text)
    expect("extensions.1004.password_file" in said, said)


def test_the_example(case):
    done = subprocess.run([executable(), "example"], capture_output=True, text=True)
    expect_equal(done.returncode, 0, "switchroom example")
    status, said = check(case, done.stdout)
    problems = [line for line in said.splitlines() if "checked.toml" in line]
    expect(status == 1 and problems and all(".password:" in line for line in problems), f"only the placeholders are wrong:\n{said}")
    filled = re.sub(r'^password( *)= "…"', lambda found: f'password{found[1]}= "Some-long-Tulip-{len(found[1])}7"', done.stdout, flags=re.MULTILINE)
    status, said = check(case, filled)
    expect_equal(status, 0, said)


def cannot_start(case, text, name="switchroom.toml", before=()):
    path = case.folder / name
    path.write_text(text)
    done = subprocess.run([*before, executable(), "--config", str(path)], capture_output=True, text=True, timeout=20 * SLOWNESS)
    return done.returncode, done.stdout + done.stderr


def test_a_port_that_is_taken(case):
    for kind, transport in ((socket.SOCK_DGRAM, "udp"), (socket.SOCK_STREAM, "tcp")):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", 5060))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            status, said = cannot_start(case, config.office(case.folder))
            expect(status == 1 and f"{transport} 127.0.0.1:5060: the port is taken" in said, f"{status} {said}")
            expect("cannot start" in said, said)
    status, said = cannot_start(case, config.office(case.folder, host="192.0.2.55"))
    expect(status == 1 and "192.0.2.55" in said, f"an address that is not this machine's: {status} {said}")
    with Switchroom(case, config.office(case.folder)):
        status, said = cannot_start(case, config.office(case.folder).replace(":5060", ":5070"), "second.toml")
        expect(status == 1 and ("running already" in said or "in use" in said), f"a second one on the same data: {status} {said}")


def test_a_data_dir_that_cannot_be_written(case):
    (case.folder / "data").write_text("a file")
    status, said = cannot_start(case, config.office(case.folder))
    expect(status == 1 and "data" in said and "cannot" in said, f"a file where the folder should be: {status} {said}")
    (case.folder / "data").unlink()
    if os.geteuid() != 0:
        raise Skip("needs root for another user")
    (case.folder / "data").mkdir(mode=0o755)
    (case.folder / "readable.toml").write_text(config.office(case.folder))
    os.chmod(case.folder, 0o755)
    os.chmod(case.folder.parent, 0o755)
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", executable(), "--config",
                           str(case.folder / "readable.toml")], capture_output=True, text=True, timeout=20 * SLOWNESS)
    said = done.stdout + done.stderr
    expect(done.returncode == 1 and str(case.folder / "data") in said, f"{done.returncode} {said}")


def test_a_disk_that_is_full(case):
    """Calls go on and the server says so; nothing is torn."""
    if os.geteuid() != 0:
        raise Skip("a tmpfs of its own wants root")
    data = case.folder / "data"
    data.mkdir()
    wrapper = case.folder / "wrapped"
    wrapper.write_text(f"#!/bin/sh\nmount -t tmpfs -o size=16m none {data} && exec {executable()} \"$@\"\n")
    wrapper.chmod(0o755)
    text = config.office(case.folder, log='level = "info"', media_ports="20000-20100")
    (case.folder / "switchroom.toml").write_text(text)
    real, os.environ["SWITCHROOM"] = os.environ["SWITCHROOM"], str(wrapper)
    try:
        pbx = Mounted(case, text)
    finally:
        os.environ["SWITCHROOM"] = real
    with pbx:
        peer = sip.Peer(case, "1001", config.password("1001"), server="127.0.0.1:5060")

        def one_call():
            call = peer.invite("sip:9196@127.0.0.1", peer.sdp(40000))
            answer = call.expect(200, 503)
            if answer.status == 200:
                call.ack()
                call.bye()
            else:
                call.ack_failure(answer)
            return answer.status
        expect_equal(one_call(), 200, "a call while there is room")
        inside = f"/proc/{pbx.pid}/root{data}"
        with open(f"{inside}/ballast", "wb", buffering=0) as ballast:
            try:
                while ballast.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        statuses = [one_call() for _ in range(5)]
        peer.register()
        expect(all(status in (200, 503) for status in statuses), statuses)
        if 200 in statuses:
            pbx.wait_for_log(r"(?i)(warning|error).*(no space|full|cannot be written)", 10)
        os.unlink(f"{inside}/ballast")
        expect_equal(one_call(), 200, "a call after room was made")
        wanted = 2 + statuses.count(200)
        deadline = time.monotonic() + 40 * SLOWNESS
        while time.monotonic() < deadline and pbx.pbxctl("status")["records_written"] < wanted:
            time.sleep(0.2)
        expect(pbx.pbxctl("status")["records_written"] >= wanted, f"{wanted} calls were answered: {pbx.pbxctl('status')}")


class Mounted(Switchroom):
    """A server whose data_dir is a small tmpfs that only it sees."""

    def start(self, seconds=10.0):
        wrapper = os.environ["SWITCHROOM"]
        self.child = self.case.start("switchroom", ["unshare", "-m", wrapper, "--config", self.config_path])
        eventually(lambda: re.search(r"\bready\b", self.log) or not self.child.running(), seconds, "switchroom ready")
        expect(self.child.running(), f"it ended:\n{self.log[-3000:]}")
        return self
