"""pbxctl as a person uses it, and as a script does."""
import json
import os
import re
import subprocess
import time

from harness import config, rtp, sip, sound
from harness.case import SLOWNESS, Skip, eventually, expect, expect_equal
from harness.switchroom import CommandFailed, Switchroom, executable

SERVER = "127.0.0.1:5060"


def phone(case, user="1001"):
    return sip.Peer(case, user, config.password(user), server=SERVER)


def echo_call(peer):
    call = peer.invite("sip:9196@127.0.0.1", peer.sdp(40000))
    call.expect(200)
    call.ack()
    return call


def refusal(pbx, *words):
    done = pbx.pbxctl_raw(*words)
    expect_equal(done.returncode, 1, f"{words}: {done.stdout}{done.stderr}")
    expect_equal(done.stdout, "", "what is refused goes to stderr")
    return done.stderr


def table(text):
    """A table's rows as dictionaries, cut at the columns of its heading."""
    head, *lines = text.splitlines()
    starts = [found.start() for found in re.finditer(r"(?<!\S)\S+(?: \S+)*", head)]
    names = re.split(r" {2,}", head.strip())
    for line in lines:
        expect(len(line) <= 200, "a row fits a terminal:", line)
    return names, starts, lines


def test_status(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        phone(case).register()
        peer = phone(case, "1002")
        call = echo_call(peer)
        data = pbx.pbxctl("status")
        for name, value in (("name", "Test"), ("state", "running"), ("calls", 1), ("registrations", 1), ("extensions", 3), ("calls_peak", 1)):
            expect_equal(data[name], value, name)
        expect(data["version"] and data["memory_kb"] > 1000 and data["descriptors"] > 5 and data["uptime_s"] < 60, data)
        expect(data["sip_received"] >= 5 and data["rtp_ports"] == 1, data)
        text = pbx.pbxctl_raw("status").stdout
        for words in (r"^name: +Test$", r"^state: +running$", r"^uptime: +0:00:\d\d$", r"^memory: +\d+\.\d MB$",
                      r"^listeners: +internal TCP 127\.0\.0\.1:5060\n +internal UDP 127\.0\.0\.1:5060$"):
            expect(re.search(words, text, re.MULTILINE), f"{words} in\n{text}")
        call.bye()
        eventually(lambda: pbx.pbxctl("status")["calls"] == 0, 2, "no call")
        eventually(lambda: pbx.pbxctl("status")["records_written"] == 1, 3, "the record")
        expect_equal(pbx.pbxctl("status")["rtp_ports"], 0, "ports after the call")


def test_an_idle_server_is_small(case):
    """Prompts, music and certificates inside the executable are no memory until somebody hears or needs them."""
    if SLOWNESS > 1:
        raise Skip("under a sanitizer memory is the sanitizer's")
    with Switchroom(case, config.office(case.folder)) as pbx:
        eventually(lambda: SLOWNESS > 1 or pbx.memory() < 15 << 20, 3, "15 MB or less; 22 MB are mapped while it starts")


def test_registrations(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        expect_equal(pbx.pbxctl_raw("registrations").stdout, "none\n", "before")
        expect_equal(pbx.pbxctl("registrations"), [], "as data")
        peer = phone(case, "1002")
        peer.register(headers=[("User-Agent", "Ph\x1b[31mone 1.0")])
        phone(case).register()
        text = pbx.pbxctl_raw("registrations").stdout
        names, _, lines = table(text)
        expect_equal(names, ["EXTENSION", "CONTACT", "SOURCE", "EXPIRES", "PROFILE", "USER AGENT"], "columns")
        expect(lines[0].startswith("1001 ") and lines[1].startswith("1002 "), text)
        expect(re.search(r"\b(1:00:00|0:59:5\d)\b", lines[1]) and f"UDP 127.0.0.1:{peer.port}" in lines[1], text)
        expect("\x1b" not in text, "a phone cannot steer the terminal")


def test_calls_and_one_of_them(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        expect_equal(pbx.pbxctl_raw("calls").stdout, "none\n", "no call")
        caller, called = phone(case), phone(case, "1002")
        called.register()
        sent = rtp.Stream(case)
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(sent.port))
        answered = called.answer()
        answered.reply(180)
        call.expect(180, skip=(100,))
        row = pbx.pbxctl("calls")[0]
        expect_equal((row["caller"], row["destination"], row["talking_s"]), ("1001", "1002", 0), "while it rings")
        expect(row["state"] in ("ringing", "dialling"), row)
        answered.accept(called.sdp(40002))
        port = int(call.expect(200).body.split("m=audio ")[1].split()[0])
        call.ack()
        sent.start(("127.0.0.1", port), sound.tone(440, 1))
        row = eventually(lambda: next((one for one in pbx.pbxctl("calls") if one["talking_s"] >= 1), None), 4, "a second of talk")
        expect_equal((row["state"], row["codec"], row["with"]), ("talking", "PCMU", "user/1002"), "while they talk")
        text = pbx.pbxctl_raw("calls").stdout
        names, _, lines = table(text)
        expect_equal(names, ["ID", "CALLER", "DESTINATION", "STATE", "DURATION", "TALKING", "CODEC", "WITH"], "columns")
        expect(row["id"] in lines[0] and "0:00:0" in lines[0], text)
        shown = pbx.pbxctl("call", "show", row["id"][:8])
        expect_equal(shown["sip_call_id"], call.call_id, "the Call-ID of the phone")
        expect(shown["caller_leg"]["packets_received"] >= 20 and shown["caller_leg"]["sound"] == "arrives", shown["caller_leg"])
        expect("nothing arrived" in shown["callee_leg"]["sound"], shown["callee_leg"])
        expect_equal(shown["variables"]["destination_number"], "1002", "variables")
        text = pbx.pbxctl_raw("call", "show", row["id"]).stdout
        expect(re.search(r"^caller leg:\n  id: ", text, re.MULTILINE) and "  packets received: " in text and "  caller_id_number: " in text and max(map(len, text.splitlines())) < 120, text)
        expect("no call has the id ffff" in refusal(pbx, "call", "show", "ffff"), "an unknown id")
        expect("no call has the id" in refusal(pbx, "call", "show", ""), "an empty id")
        call.bye()
        answered.expect_bye()


def test_watching(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        call = echo_call(peer)
        link = pbx.folder / "pbxctl"
        pbx.pbxctl("calls")
        watching = case.start("watch", [link, "--socket", pbx.socket, "calls", "--watch"])
        eventually(lambda: watching.out.count("ID ") >= 3, 6, "three ticks")
        stamps = re.findall(r"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)", watching.out, re.MULTILINE)
        expect(len(set(stamps)) >= 3, stamps)
        call.bye()
        eventually(lambda: watching.out.rstrip().endswith("none"), 4, "it sees the end of the call")
        watching.end()
        as_data = case.start("watch-json", [link, "--socket", pbx.socket, "--json", "--watch", "calls"])
        eventually(lambda: as_data.out.count("\n") >= 2, 5, "two ticks")
        for line in as_data.out.splitlines():
            expect_equal(json.loads(line), [], "each tick is a line of JSON")
        pbx.stop()
        expect_equal(as_data.wait(5), 3, "it ends with the server")


def test_originate(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        first, second = phone(case), phone(case, "1002")
        expect("no phone registered" in refusal(pbx, "originate", "user/1001", "1002"), "not registered")
        expect("there is no extension 1009" in refusal(pbx, "originate", "user/1009", "1002"), "unknown")
        expect("neither" in refusal(pbx, "originate", "1001", "1002"), "not a target")
        expect("context" in refusal(pbx, "originate", "user/1001", "1002", "nowhere"), "unknown context")
        expect("usage: originate" in refusal(pbx, "originate", "user/1001"), "too few words")
        first.register()
        second.register()
        made = pbx.pbxctl("originate", "user/1001", "1002")["id"]
        ringing = first.answer()
        expect("sip:1002@" in ringing.request.header("From"), f"the display shows whom it will talk to:\n{ringing.request}")
        second.expect_silence(0.2)
        ringing.reply(180)
        expect_equal([row["id"] for row in pbx.pbxctl("calls")], [made], "the call")
        one, two = rtp.Stream(case), rtp.Stream(case)
        ringing.accept(first.sdp(one.port))
        called = second.answer()
        expect("sip:1001@" in called.request.header("From"), f"the colleague sees who calls:\n{called.request}")
        called.accept(second.sdp(two.port))

        # The first phone learns of the other's side by a re-INVITE, or keeps what it has: sound must pass.
        def serve():
            message = first.receive(0.1)
            if message is not None and message.method == "INVITE" and message.status is None:
                first.reply(message, 200, body=first.sdp(one.port, version=2))
            elif message is not None and message.method == "BYE":
                first.reply(message, 200)
        for _ in range(5):
            serve()
        ports = [int(request.body.split("m=audio ")[1].split()[0]) for request in (ringing.request, called.request)]
        one.start(("127.0.0.1", ports[0]), sound.tone(440, 1))
        two.start(("127.0.0.1", ports[1]), sound.tone(600, 1))
        one.expect_tone(600, seconds=0.5)
        two.expect_tone(440, seconds=0.5)
        called.bye()
        eventually(lambda: serve() or not pbx.pbxctl("calls"), 3, "the end")
        row = pbx.wait_for_cdr()[0]
        expect_equal((row["caller_id_number"], row["destination_number"]), ("1001", "1002"), "its record")
        # One that is ended while it rings.
        pbx.pbxctl("originate", "user/1001", "9196")
        first.reply(first.wait_for("INVITE"), 180)
        eventually(lambda: [row for row in pbx.pbxctl("calls") if row["state"] == "ringing"], 2, "the second call rings")
        pbx.pbxctl("hangup", "all")
        first.wait_for("CANCEL")


def test_hangup(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peers = [phone(case, user) for user in ("1001", "1002", "1003")]
        calls = [echo_call(peer) for peer in peers]
        row = next(one for one in pbx.pbxctl("calls") if one["caller"] == "1002")
        pbx.pbxctl("hangup", row["id"][:8], "USER_BUSY")
        bye = calls[1].expect_bye()
        expect("cause=17" in bye.header("Reason", ""), bye)
        expect_equal(len(pbx.pbxctl("calls")), 2, "the others stay")
        expect("there is no cause" in refusal(pbx, "hangup", "all", "NONSENSE"), "an unknown cause")
        expect_equal(pbx.pbxctl("hangup", "all")["ended"], 2, "the rest")
        calls[0].expect_bye()
        calls[2].expect_bye()
        rows = {row["caller_id_number"]: row for row in pbx.wait_for_cdr(3)}
        expect_equal(rows["1002"]["hangup_cause"], "USER_BUSY", "the record's cause")


def test_words_that_are_wrong(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        for words, answer in ((["cals"], "did you mean calls?"), (["registration"], "did you mean registrations?"),
                              (["statsu"], "did you mean status?"), (["call", "shwo"], "did you mean call show?"),
                              (["calls", "now"], "usage: calls"), (["xyzzy"], "`help` lists the commands"),
                              (["log", "level", "sipp", "debug"], "no subsystem"), (["log", "level", "loud"], "no level"),
                              (["shutdown", "never"], "when-idle")):
            expect(answer in refusal(pbx, *words), words, refusal(pbx, *words))
        expect(pbx.child.running(), "none of it stopped the server")
        for wrong in ([], ["--bogus"], ["--timeout", "x", "calls"], ["check"]):
            done = pbx.pbxctl_raw(*wrong)
            expect(done.returncode == 2 and done.stderr, f"{wrong}: {done}")
        said = pbx.pbxctl_raw("help").stdout
        for command in ("status", "registrations", "calls", "call show ID", "originate", "hangup ID|all", "reload", "check FILE",
                        "log level", "shutdown [when-idle]"):
            expect(command in said, f"{command} in\n{said}")


def test_check_needs_no_server(case):
    def check(text):
        path = case.folder / "some.toml"
        path.write_text(text)
        link = case.folder / "pbxctl"
        if not link.exists():
            link.symlink_to(executable())
        return subprocess.run([str(link), "check", str(path)], capture_output=True, text=True, timeout=20 * SLOWNESS)
    expect_equal(check(config.office(case.folder)).returncode, 0, "a good file")
    bad = check(config.office(case.folder).replace("max_calls", "max_cals"))
    expect(bad.returncode == 1 and "did you mean max_calls" in bad.stderr, bad)


def test_as_data_everything_is_data(case):
    """--json: what is refused, what is wrong with a file, and check, which needs no server."""
    text = config.office(case.folder)
    bad = text.replace("max_calls", "max_cals").replace("auth = true", "auth = \"maybe\"")
    path = case.folder / "some.toml"

    def check(words, status):
        path.write_text(words)
        link = case.folder / "pbxctl"
        if not link.exists():
            link.symlink_to(executable())
        done = subprocess.run([str(link), "--json", "check", str(path)], capture_output=True, text=True, timeout=20 * SLOWNESS)
        expect_equal((done.returncode, done.stderr), (status, ""), "the exit status, and no prose")
        return json.loads(done.stdout)

    def expect_bogus(problems, file):
        found = {(one["file"], one["key"]): one for one in problems}
        one = found[str(file), "pbx.max_cals"]
        expect(one["line"] > 1 and one["column"] == 1 and "did you mean max_calls" in one["what"], one)
    good = check(text, 0)
    expect_equal((good["ok"], good["problems"], good["warnings"], good["extensions"]), (True, [], [], 3), "a good file")
    wrong = check(bad, 1)
    expect_equal(wrong["ok"], False, "a bad file")
    expect_bogus(wrong["problems"], path)
    open_door = check(text.replace("auth = true", "auth = false"), 0)
    expect_equal([(one["key"], "without a password" in one["what"]) for one in open_door["warnings"]], [("profiles.internal.auth", True)])
    with Switchroom(case, text) as pbx:
        for words, answer in ((["cals"], "did you mean calls?"), (["calls", "now"], "usage: calls"), (["call", "show", "ffff"], "no call has the id")):
            done = pbx.pbxctl_raw("--json", *words)
            expect_equal((done.returncode, done.stderr), (1, ""), "the exit status, and no prose")
            expect(answer in json.loads(done.stdout)["error"], done.stdout)
        pbx.config_path.write_text(bad)
        done = pbx.pbxctl_raw("--json", "reload")
        expect_equal((done.returncode, done.stderr), (1, ""), "a bad file at a reload")
        expect_bogus(json.loads(done.stdout)["problems"], pbx.config_path)
        expect("nothing has changed" in json.loads(done.stdout)["error"], done.stdout)
        expect("did you mean max_calls" in refusal(pbx, "reload"), "for people")
        pbx.config_path.write_text(text)
        expect_equal(pbx.pbxctl("reload"), {"reloaded": str(pbx.config_path), "next_start": [], "warnings": []}, "a good one")


def test_no_server(case):
    link = case.folder / "pbxctl"
    link.symlink_to(executable())
    environment = {**os.environ, "HOME": str(case.folder), "XDG_RUNTIME_DIR": str(case.folder), "SWITCHROOM_SOCKET": str(case.folder / "s")}
    for words in (["--socket", str(case.folder / "none.sock"), "status"], ["status"]):
        done = subprocess.run([str(link), *words], capture_output=True, text=True, env=environment, timeout=10 * SLOWNESS)
        expect_equal(done.returncode, 3, "the exit status")
        expect(str(case.folder) in done.stderr and "--socket" in done.stderr and "running" in done.stderr, done.stderr)


def test_the_socket(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        expect_equal(pbx.socket.stat().st_mode & 0o777, 0o600, "its mode")
        if os.geteuid() == 0:
            for folder in (case.folder, case.folder.parent):
                folder.chmod(0o755)
            pbx.pbxctl("status")
            done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", str(case.folder / "pbxctl"),
                                   "--socket", str(pbx.socket), "status"], capture_output=True, text=True)
            expect(done.returncode == 3 and "Permission denied" in done.stderr, done)
        import socket
        with socket.socket(socket.AF_UNIX) as raw:
            raw.settimeout(3 * SLOWNESS)
            raw.connect(str(pbx.socket))
            raw.sendall(b'rubbish\n{"command": ["status"]}\n')
            got = b""
            while got.count(b"\n") < 2:
                got += raw.recv(65536)
            answers = [json.loads(line) for line in got.splitlines()]
            expect(answers[0]["ok"] is False and answers[1]["ok"] is True, answers)
        # After kill -9 the file is still there, and the next start takes its place.
        pbx.kill()
        expect(pbx.socket.exists(), "a stale socket")
        pbx.start()
        expect_equal(pbx.pbxctl("status")["state"], "running", "after the start")
    expect(not pbx.socket.exists(), "a proper end removes it")


def test_shutdown_at_once(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        call = echo_call(peer)
        began = time.monotonic()
        pbx.pbxctl("shutdown")
        bye = call.expect_bye()
        expect(bye.header("Reason"), bye)
        expect_equal(pbx.child.wait(5), 0, "the exit status")
        expect(time.monotonic() - began < 3 * SLOWNESS, "it took long")
        expect_equal(len(pbx.cdr_rows()), 1, "the record was written before the end")


def test_shutdown_without_calls(case):
    """Who asks for the end is told that it comes, also when nothing delays it."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        for words, how in ((["shutdown"], "now"), (["shutdown", "when-idle"], "when the last call ends")):
            expect_equal(pbx.pbxctl(*words), {"shutting_down": how, "calls": 0}, "the answer")
            expect_equal(pbx.child.wait(5), 0, "the exit status")
            pbx.start()


def test_shutdown_when_idle(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer, other = phone(case), phone(case, "1002")
        call = echo_call(peer)
        answer = pbx.pbxctl("shutdown", "when-idle")
        expect_equal(answer["calls"], 1, "what it waits for")
        refused = other.invite("sip:9196@127.0.0.1", other.sdp(40000))
        expect_equal(refused.expect_failure(503).header("Retry-After") is not None, True, "503 with Retry-After")
        pbx.wait_for_log(r"1002 to 9196 from \S+ is refused: the server is shutting down")
        expect_equal(other.options().status, 503, "OPTIONS tells a balancer")
        time.sleep(1.0)
        expect(pbx.child.running(), "it waits for the call")
        expect_equal(pbx.pbxctl("status")["state"], "shutting down", "its state")
        call.bye()
        expect_equal(pbx.child.wait(5), 0, "the exit status")
        pbx.start()
        echo_call(peer)
        pbx.pbxctl("shutdown", "when-idle")
        pbx.pbxctl("shutdown")
        expect_equal(pbx.child.wait(5), 0, "an impatient second word")
