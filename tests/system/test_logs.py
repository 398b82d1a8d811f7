"""Logs: rotation, reopening, levels, ids, words; and what must never stand in them."""
import os
import re
import signal
import time

from harness import config, sip
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import CommandFailed, LoggingToFile, Switchroom
from harness.talk import Talk

SERVER = "127.0.0.1:5060"


def phone(case, user="1001", **more):
    return sip.Peer(case, user, config.password(user), server=SERVER, **more)


def echo_call(peer):
    call = peer.invite("sip:9196@127.0.0.1", peer.sdp(40000))
    call.expect(200)
    call.ack()
    call.bye()
    return call


def test_a_line_is_an_event(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        peer.register(headers=[("User-Agent", "evil\x1b[31m\u202e 1.0")])
        echo_call(peer)
        pbx.wait_for_cdr()
        lines = pbx.log.splitlines()
        shape = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d) (trace|debug|info |info|warning|error) +\w+ +\S")
        for line in lines:
            expect(shape.match(line), "a line of another shape:", line)
        expect("\x1b" not in pbx.log, "control characters")
        uuid = pbx.cdr_rows()[0]["uuid"]
        mine = [line for line in lines if f"call={uuid}" in line]
        expect(any("1001 calls 9196" in line for line in mine) and any("ended after" in line for line in mine), mine)


def test_under_systemd_there_is_no_stamp(case):
    """journald stamps and sorts lines itself: they begin with their priority instead."""
    descriptor = os.stat("/dev/null")
    with Switchroom(case, config.office(case.folder), environment={"JOURNAL_STREAM": f"{descriptor.st_dev}:{descriptor.st_ino}"}) as pbx:
        expect(re.match(r"\d{4}-", pbx.log), "the console is not that stream: stamps stay")
        pbx.stop()
        # The error stream of this start is the file that the harness made.
        path = pbx.folder / "switchroom-2.err"
        path.touch()
        was = path.stat()
        pbx.environment = {"JOURNAL_STREAM": f"{was.st_dev}:{was.st_ino}"}
        pbx.start()
        expect(all(re.match(r"<[3-7]>", line) for line in pbx.child.err.splitlines()), pbx.child.err[:500])


def test_rotation(case):
    text = config.office(case.folder, log='level = "debug"\nfile = "switchroom.log"\nmax_size = "64K"\nkeep = 3')
    with LoggingToFile(case, text) as pbx:
        peer = phone(case)
        peer.register()
        pbx.pbxctl("log", "level", "sip", "trace")
        for number in range(400):
            peer.options()
            if number % 20 == 0:
                echo_call(peer)

        def files():
            return sorted(path.name for path in pbx.data_dir.glob("switchroom.log*"))
        for _ in range(60):
            if len(files()) >= 4:
                break
            for _ in range(10):
                echo_call(peer)
        expect_equal(len(files()), 4, f"the file and three old ones: {files()}")
        for name in files():
            path = pbx.data_dir / name
            expect(path.stat().st_size < 70_000, f"{name} has {path.stat().st_size} bytes")
            expect_equal(path.stat().st_mode & 0o007, 0, f"others may read {name}")
            expect(path.read_text().endswith("\n"), f"{name} ends within a line")


def test_hup_opens_the_file_anew(case):
    text = config.office(case.folder, log='level = "info"\nfile = "switchroom.log"')
    with LoggingToFile(case, text) as pbx:
        old = pbx.data_dir / "moved.log"
        pbx.file.rename(old)
        pbx.child.signal(signal.SIGHUP)
        eventually(lambda: pbx.file.exists() and "reloaded" in pbx.file.read_text(), 3, "the new file")
        echo_call(phone(case))
        eventually(lambda: "1001 calls 9196" in pbx.file.read_text(), 3, "lines in the new file")
        expect("1001 calls 9196" not in old.read_text(), "lines in the old file")
        # Where it cannot be opened the reload is refused, and the log goes on where it was.
        try:
            pbx.reload(text.replace('file = "switchroom.log"', f'file = "{pbx.config_path}/all.log"'))
            expect(False, "a log file that cannot be")
        except CommandFailed as failed:
            expect("log.file" in failed.err and "all.log" in failed.err, failed.err)
        echo_call(phone(case, "1002"))
        eventually(lambda: "1002 calls 9196" in pbx.file.read_text(), 3, "lines after a file that cannot be")
        pbx.reload(text)


def test_hup_opens_the_file_anew_whatever_the_configuration_says(case):
    """logrotate renames, sends HUP and compresses what it has renamed: a mistake in the file must not keep the log there."""
    text = config.office(case.folder, log='level = "info"\nfile = "switchroom.log"')
    with LoggingToFile(case, text) as pbx:
        pbx.pbxctl("log", "level", "sip", "debug")
        pbx.config_path.write_text(text + "\nbogus = 1\n")
        old = pbx.data_dir / "moved.log"
        pbx.file.rename(old)
        pbx.child.signal(signal.SIGHUP)
        eventually(lambda: pbx.file.exists() and "reload refused" in pbx.file.read_text(), 3, "the new file")
        expect("bogus: unknown key" in pbx.file.read_text(), pbx.file.read_text())
        echo_call(phone(case))
        eventually(lambda: "1001 calls 9196" in pbx.file.read_text(), 3, "lines in the new file")
        expect("1001 calls 9196" not in old.read_text() and "reload refused" not in old.read_text(), "lines in the old file")
        expect_equal(pbx.pbxctl("log", "level")["sip"], "debug", "nothing has changed, the levels neither")


def test_lines_of_the_called_leg_have_the_id_of_the_call(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case)
        call_id = pbx.pbxctl("calls")[0]["id"]
        both.incoming.reinvite(both.b.sdp(40002, version=2, formats=((97, "SPEEX/8000"),)))
        line = pbx.wait_for_log(r"call=(\S+) a new offer of user/1002 is refused")
        expect_equal(line.group(1), call_id, "its id")
        both.end()


def test_levels_of_subsystems(case):
    text = config.office(case.folder, log='level = "warning"\nlevels = { registrar = "info", main = "info" }')
    with Switchroom(case, text) as pbx:
        peer = phone(case)
        peer.register()
        pbx.wait_for_log("1001 registered")
        echo_call(peer)
        pbx.wait_for_cdr()
        expect("1001 calls 9196" not in pbx.log, "the call at level warning")
        expect_equal(pbx.pbxctl("log", "level")["call"], "warning", "as shown")
        pbx.pbxctl("log", "level", "call", "info")
        echo_call(peer)
        pbx.wait_for_log("1001 calls 9196")
        pbx.pbxctl("log", "level", "registrar", "error")
        peer.register()
        pbx.pbxctl("log", "level", "debug")
        expect_equal(set(pbx.pbxctl("log", "level").values()), {"debug"}, "all at once")
        time.sleep(0.1)
        expect_equal(pbx.log.count("1001 registered"), 1, "no line at level error")
        pbx.reload()
        expect_equal(pbx.pbxctl("log", "level")["call"], "warning", "a reload brings the file's levels back")


def test_passwords_never_stand_in_logs(case):
    marks = [config.password("1001"), config.password("1002"), "wrong-and-secret-Tulip-99", config.password("1004")]
    text = config.office(case.folder, log='level = "trace"', more=f'[extensions.1004]\npassword = "env:SECRET"\n')
    with Switchroom(case, text, environment={"SECRET": marks[3]}) as pbx:
        peer = phone(case)
        peer.register()
        echo_call(peer)
        wrong = sip.Peer(case, "1002", marks[2], server=SERVER)
        request = wrong.request("REGISTER", "sip:127.0.0.1", to="<sip:1002@127.0.0.1>")
        expect_equal(wrong.exchange(request).status, 401, "a wrong password")
        pbx.reload()
        try:
            pbx.reload(text.replace(marks[0], "1001"))
        except AssertionError:
            pass
        pbx.reload(text)
        peer.exchange(peer.request("MESSAGE", "sip:1001:hush-hush-Tulip@127.0.0.1"), credentials=False)
        pbx.wait_for_log(r"wrong user name or password for \"?1002")
        for mark in marks:
            expect(mark not in pbx.log, f"{mark} stands in the log")
        expect(not re.search(r'response="?[0-9a-f]{32}', pbx.log), "a digest response, which can be guessed offline, stands in the log")
        for path in pbx.data_dir.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                expect(not any(mark.encode() in content for mark in marks), f"a password in {path}")


def test_a_failed_call_says_why(case):
    contexts = config.DEFAULT_CONTEXT + r"""
[[contexts.default]]
when = { destination_number = '^800$' }
do = ["bridge sip:nobody@127.0.0.1:9"]
"""
    with Switchroom(case, config.office(case.folder, contexts)) as pbx:
        caller, called = phone(case), phone(case, "1002")
        called.register()

        def failed(number, status):
            call = caller.invite(f"sip:{number}@127.0.0.1", caller.sdp(40000))
            return call.expect_failure(*status, seconds=10)
        failed("777", (404,))
        pbx.wait_for_log("nothing in context default matches 777")
        failed("1003", (480,))
        pbx.wait_for_log("extension 1003 has no phone registered")
        failed("1009", (404,))
        pbx.wait_for_log("there is no extension 1009")
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
        called.answer().refuse(486)
        call.expect_failure(486)
        pbx.wait_for_log(r"1001 to 1002 ended after [\d.]+ s: USER_BUSY")
        pbx.wait_for_log(r"(?i)user/1002.*(busy|486)")
        # Codecs that do not fit.
        odd = caller.sdp(40000, formats=((97, "SPEEX/8000"),))
        call = caller.invite("sip:9196@127.0.0.1", odd)
        call.expect_failure(488)
        pbx.wait_for_log(r"(?i)codec")
        uuid = [row["uuid"] for row in pbx.wait_for_cdr(5)]
        for one in uuid:
            expect(f"call={one}" in pbx.log, f"no line with the id {one}")
        intruder = sip.Peer(case, "1001", "wrong-and-secret", server=SERVER)
        intruder.exchange(intruder.request("REGISTER", "sip:127.0.0.1", to="<sip:1001@127.0.0.1>"))
        pbx.wait_for_log(r"REGISTER from 127\.0\.0\.1.* refused: wrong user name or password for \"1001\"")
