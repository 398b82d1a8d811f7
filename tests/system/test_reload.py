"""Reloads: a bad file changes nothing, a good one is there at once, and live calls never notice."""
import signal
import socket

from harness import config, rtp, sip, sound
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import CommandFailed, Switchroom

SERVER = "127.0.0.1:5060"


def phone(case, user="1001", server=SERVER, **more):
    return sip.Peer(case, user, config.password(user), server=server, **more)


def media_port(message):
    return int(message.body.split("m=audio ")[1].split()[0])


class Logging(Switchroom):
    """A server whose log goes to a file of its own."""

    @property
    def log(self):
        file = self.data_dir / "own.log"
        return self.child.err + self.child.out + (file.read_text() if file.exists() else "")


class Talk:
    """1001 and 1002 talk, with a tone each way."""

    def __init__(self, case, **more):
        self.caller, self.called = phone(case, **more), phone(case, "1002", **more)
        self.called.register()
        self.streams = rtp.Stream(case), rtp.Stream(case)
        self.call = self.caller.invite("sip:1002@127.0.0.1", self.caller.sdp(self.streams[0].port))
        self.answered = self.called.answer()
        offered = media_port(self.answered.request)
        self.answered.accept(self.called.sdp(self.streams[1].port))
        accepted = media_port(self.call.expect(200))
        self.call.ack()
        self.streams[0].start(("127.0.0.1", accepted), sound.tone(440, 1))
        self.streams[1].start(("127.0.0.1", offered), sound.tone(600, 1))
        for stream, frequency in zip(self.streams, (600, 440)):
            stream.expect_tone(frequency, seconds=0.5)

    def forget(self):
        for stream in self.streams:
            stream.forget()

    def expect_undisturbed(self):
        """Since forget(): no packet was lost, none late, nothing said by SIP."""
        for stream, frequency in zip(self.streams, (600, 440)):
            stream.wait_for(25)
            heard = stream.measured()
            expect(heard.lost == 0 and heard.jumps == 0 and heard.ssrcs == 1, f"lost {heard.lost}, jumps {heard.jumps}")
            expect(heard.longest_gap < 0.1 * SLOWNESS, f"{heard.longest_gap:.3f} s without a packet")
            expect(abs(heard.frequency - frequency) < 3, heard.frequency)
        for peer in (self.caller, self.called):
            expect(peer.receive(0.05) is None, "a message that nobody asked for")

    def end(self):
        self.call.bye()
        self.answered.expect_bye()


def test_a_bad_file_changes_nothing(case):
    good = config.office(case.folder)
    with Switchroom(case, good) as pbx:
        talk = Talk(case)
        talk.forget()
        bad = good.replace('context = "default"', 'context = "nowhere"').replace("max_calls = 500", "max_cals = 1") + \
            '[extensions.1004]\npassword = "1004"\n'
        try:
            pbx.reload(bad)
            expect(False, "a bad file was taken")
        except CommandFailed as failed:
            expect_equal(failed.status, 1, "the exit status")
            for words in ("3 problems", "nothing has changed", "max_cals", "did you mean max_calls", "nowhere", "extensions.1004.password"):
                expect(words in failed.err, f"{words} in {failed.err}")
        pbx.wait_for_log(r"reload refused.*3 problems")
        pbx.wait_for_log(r"max_cals: unknown key; did you mean max_calls")
        talk.expect_undisturbed()
        peer = phone(case, "1004")
        peer.send(peer.request("REGISTER", "sip:127.0.0.1", to="<sip:1004@127.0.0.1>"))
        challenge = peer.expect(401)
        expect(challenge, "1004 is not known")
        pbx.child.signal(signal.SIGHUP)
        eventually(lambda: pbx.log.count("reload refused") == 2, 3, "SIGHUP says it as well")
        pbx.config_path.unlink()
        try:
            pbx.pbxctl("reload")
            expect(False, "no file at all was taken")
        except CommandFailed as failed:
            expect("does not exist" in failed.err, failed.err)
        talk.expect_undisturbed()
        talk.end()
        again = phone(case)
        call = again.invite("sip:9196@127.0.0.1", again.sdp(40000))
        call.expect(200)
        call.ack()
        call.bye()


def test_a_good_file_is_there_at_once(case):
    text = config.office(case.folder)
    with Switchroom(case, text) as pbx:
        talk = Talk(case)
        talk.forget()
        caller = phone(case)
        caller.invite("sip:777@127.0.0.1", caller.sdp(40000)).expect_failure(404)
        more = text.replace('level = "debug"', 'level = "info"') + f"""
[extensions.1004]
password = "{config.password("1004")}"

[[contexts.default]]
when = {{ destination_number = '^777$' }}
do = ["respond 486"]
"""
        for how in ("pbxctl", "HUP"):
            if how == "pbxctl":
                pbx.reload(more)
            else:
                pbx.config_path.write_text(more.replace("respond 486", "respond 603").replace("1004", "1005"))
                pbx.child.signal(signal.SIGHUP)
                eventually(lambda: pbx.log.count("configuration reloaded") == 2, 3, "the reload")
            caller.invite("sip:777@127.0.0.1", caller.sdp(40000)).expect_failure({"pbxctl": 486, "HUP": 603}[how])
            new = "1004" if how == "pbxctl" else "1005"
            sip.Peer(case, new, config.password("1004").replace("1004", new), server=SERVER).register()
        expect(not [row for row in pbx.pbxctl("registrations") if row["extension"] == "1004"], "1004 went with its extension")
        talk.expect_undisturbed()
        talk.end()


def test_what_only_a_start_takes_is_named(case):
    """And none of it is half in force: what is seen from data_dir stays where it was."""
    text = config.office(case.folder, log='level = "debug"\nfile = "own.log"')
    with Logging(case, text) as pbx:
        changed = text.replace(f"{case.folder}/data", f"{case.folder}/elsewhere").replace("[media]", 'timezone = "Asia/Tokyo"\n\n[media]', 1) + \
            "[limits]\nconnections = 17\n"
        keys = ["pbx.data_dir", "pbx.timezone", "limits.connections"]
        expect_equal(pbx.reload(changed)["next_start"], keys, "as data")
        said = pbx.pbxctl_raw("reload").stdout
        for key in keys:
            expect(f"{key} has changed and takes effect at the next start" in said, said)
        pbx.wait_for_log(r"take effect at the next start: pbx\.data_dir, pbx\.timezone, limits\.connections")
        expect(not (case.folder / "elsewhere").exists(), "the new folder was begun")
        expect("take effect at the next start" in (case.folder / "data" / "own.log").read_text(), "the log stays in the old one")
        expect_equal(pbx.reload(text)["next_start"], [], "back to what is in force")
        open_door = pbx.reload(text.replace("auth = true", "auth = false"))
        expect_equal([one["key"] for one in open_door["warnings"]], ["profiles.internal.auth"], "a warning as data")
        said = pbx.pbxctl_raw("reload").stdout
        expect(f"{pbx.config_path}:" in said and ": profiles.internal.auth: warning: auth = false" in said, said)
        pbx.wait_for_log(r"profiles\.internal\.auth: auth = false and no allow")


def test_access_lists_and_limits(case):
    text = config.office(case.folder, listen=["udp:0.0.0.0:5060"])
    with Switchroom(case, text) as pbx:
        talk = Talk(case)
        stranger = phone(case, "1003", host="127.0.2.1")
        expect_equal(stranger.options().status, 200, "before")
        pbx.reload(text.replace("auth = true", 'auth = true\nallow = "office"') + '[acl]\noffice = ["127.0.0.1"]\n')
        stranger.send(stranger.request("OPTIONS", f"sip:{SERVER}"))
        stranger.expect_silence(0.3)
        pbx.reload(text.replace("max_calls = 500", "max_calls = 1"))
        expect_equal(stranger.options().status, 200, "after")
        caller = phone(case)
        caller.invite("sip:9196@127.0.0.1", caller.sdp(40000)).expect_failure(503)
        talk.end()


def test_listeners_come_and_go(case):
    text = config.office(case.folder)
    with Switchroom(case, text) as pbx:
        talk = Talk(case)
        by_tcp = phone(case, "1003", transport="tcp")
        by_tcp.register()
        talk.forget()
        pbx.reload(text.replace('"tcp:127.0.0.1:5060"', '"tcp:127.0.0.1:5060", "udp:127.0.0.1:5070", "tcp:127.0.0.1:5071"'))
        for port, transport in ((5070, "udp"), (5071, "tcp")):
            expect_equal(phone(case, server=f"127.0.0.1:{port}", transport=transport).options().status, 200, f"port {port}")
        expect_equal(by_tcp.options().status, 200, "the connection that was there")
        # One that is taken refuses the whole file, and every connection stays.
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        taken.bind(("127.0.0.1", 5080))
        try:
            pbx.reload(text.replace('"tcp:127.0.0.1:5060"', '"udp:127.0.0.1:5080"'))
            expect(False, "a port that is taken")
        except CommandFailed as failed:
            expect("5080" in failed.err and "nothing has changed" in failed.err, failed.err)
        expect_equal(by_tcp.options().status, 200, "the connection after a refused reload")
        expect_equal(phone(case, server="127.0.0.1:5070").options().status, 200, "and the listeners")
        pbx.reload(text)
        gone = phone(case, server="127.0.0.1:5070")
        gone.send(gone.request("OPTIONS", "sip:127.0.0.1:5070"))
        try:
            gone.expect_silence(0.3)
        except ConnectionRefusedError:
            pass
        try:
            socket.create_connection(("127.0.0.1", 5071), timeout=1).close()
            expect(False, "a listener that was removed accepts")
        except ConnectionRefusedError:
            pass
        expect_equal(by_tcp.options().status, 200, "the connection after all")
        # From one address to all of them: the old socket must make room for the new one.
        pbx.reload(text.replace("udp:127.0.0.1:5060", "udp:0.0.0.0:5060"))
        expect_equal(phone(case, server="127.0.0.3:5060").options().status, 200, "at another address")
        talk.expect_undisturbed()
        talk.end()
        taken.close()


def test_a_call_outlives_the_listener_it_came_by(case):
    """A profile that is renamed, and a public address that changes: the sockets change hands, the call goes on."""
    text = config.office(case.folder)
    with Switchroom(case, text) as pbx:
        talk = Talk(case)
        talk.forget()
        pbx.reload(text.replace("auth = true", 'auth = true\npublic_address = "203.0.113.7"'))
        talk.expect_undisturbed()
        watcher = phone(case)
        call = watcher.invite("sip:1002@127.0.0.1", watcher.sdp(40000))
        second = talk.called.answer()
        expect("203.0.113.7" in second.request.header("Contact"), f"the new address is in Contact:\n{second.request}")
        second.refuse(486)
        call.expect_failure(486)
        pbx.reload(text.replace("[profiles.internal]", "[profiles.office]"))
        talk.expect_undisturbed()
        pbx.pbxctl("hangup", "all")
        for peer in (talk.caller, talk.called):
            peer.reply(peer.expect("BYE"), 200)
        eventually(lambda: pbx.pbxctl("status")["calls"] == 0, 3, "the end of the call")


def test_an_extension_that_went_ends_its_registration_only(case):
    text = config.office(case.folder)
    with Switchroom(case, text) as pbx:
        talk = Talk(case)
        talk.forget()
        pbx.reload(config.office(case.folder, extensions=("1001", "1003")))
        expect(not pbx.pbxctl("registrations"), "1002's registration")
        talk.expect_undisturbed()
        held = talk.answered.reinvite(talk.called.sdp(talk.streams[1].port, version=2))
        expect_equal(held.status, 200, "a re-INVITE of the one who went")
        talk.call.peer.inbox.clear()
        talk.answered.bye()
        talk.caller.wait_for("BYE")


def test_many_reloads_leak_nothing(case):
    text = config.office(case.folder, log='level = "info"')
    with Switchroom(case, text) as pbx:
        for _ in range(20):
            pbx.reload()
        before = pbx.descriptors(), pbx.memory()
        for number in range(100):
            pbx.reload(text.replace('"tcp:127.0.0.1:5060"', f'"tcp:127.0.0.1:5060", "udp:127.0.0.1:{5100 + number % 3}"'))
        pbx.reload(text)
        eventually(lambda: pbx.descriptors() <= before[0] + 1, 5, "descriptors")
        expect(SLOWNESS > 1 or pbx.memory() < before[1] + (4 << 20), f"memory went from {before[1]} to {pbx.memory()}")
