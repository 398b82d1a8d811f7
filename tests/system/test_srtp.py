"""Encrypted sound with keys in SDP: real phones, every suite, packets that are not genuine, and who may not."""
import re
import time

from harness import config, rtp, sip, sound, srtp, talk
from harness.baresip import Baresip
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom

OVER_PLAIN = "srtp_over_plain = true"


def secure_phone(case, user, mode, **more):
    return Baresip(case, user, config.password(user), talk.SERVER, config="module srtp.so",
                   account=f";mediaenc={mode}", **more)


class Secure:
    """A raw peer's stream with its own key; takes the server's key from a description."""

    def __init__(self, case, suite=srtp.SHA1_80, sequence=100):
        self.suite, self.key = suite, srtp.new_key(suite)
        self.stream = rtp.Stream(case, sequence=sequence)
        self.sealer = srtp.Sealer(self.key, suite)
        self.stream.seal = self.sealer.seal

    def sdp(self, peer, protocol="RTP/SAVP", **more):
        return peer.sdp(self.stream.port, formats=talk.PCMU, protocol=protocol, more=srtp.line(self.key, self.suite, 1), **more)

    def take(self, description, protocol="RTP/SAVP"):
        expect(f" {protocol} " in description, f"{protocol} was offered and the answer is\n{description}")
        found = srtp.lines(description)
        expect_equal([(tag, suite) for tag, suite, _ in found], [(1, self.suite)], "the line of the answer")
        self.opener = srtp.Opener(found[0][2], self.suite)
        self.stream.unseal = self.opener.open
        self.to = talk.media_port(description)
        return found[0][2]


def echo(case, secure, peer=None):
    """A call to 9196, which says everything back."""
    peer = peer or sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
    call = peer.invite("sip:9196@127.0.0.1", secure.sdp(peer))
    secure.take(call.expect(200).body)
    call.ack()
    return call


def test_phones_that_encrypt_and_one_that_does_not(case):
    """Two real phones by SRTP, and one of them with a plain phone: sound both ways, nobody decodes."""
    with Switchroom(case, config.office(case.folder, profile=OVER_PLAIN)) as pbx:
        a = secure_phone(case, "1001", "srtp-mand")
        b = secure_phone(case, "1002", "srtp", answer="auto")
        c = Baresip(case, "1003", config.password("1003"), talk.SERVER, answer="auto")
        for phone in (a, b, c):
            phone.wait_for("REGISTER_OK", seconds=15)
        a.dial("sip:1002@127.0.0.1")
        a.wait_for("CALL_ESTABLISHED", seconds=10)
        a.expect_hears(b, seconds=3)
        b.expect_hears(a, seconds=3)
        shown = talk.only_call(pbx)
        for leg in ("caller_leg", "callee_leg"):
            expect(re.match("AES_CM|AEAD", shown[leg]["encryption"]), f"{leg}: {shown[leg]['encryption']}")
            expect_equal(shown[leg]["played_ms"], 0, f"{leg}: what was decoded")
            # baresip opens its way through NAT by one plain packet, before its keys are in use.
            expect(shown[leg]["forged"] <= 1 and shown[leg]["replayed"] == 0, f"{leg}: {shown[leg]}")
        a.hang_up()
        pbx.wait_for_cdr(1)
        a.dial("sip:1003@127.0.0.1")
        a.wait_for("CALL_ESTABLISHED", count=2, seconds=10)
        c.expect_hears(a, seconds=3)
        shown = talk.only_call(pbx)
        expect_equal(shown["callee_leg"]["encryption"], "none", "the plain phone")
        expect(shown["caller_leg"]["encryption"] != "none", "the other one")
        a.hang_up()


def test_every_suite(case):
    with Switchroom(case, config.office(case.folder, profile=OVER_PLAIN)) as pbx:
        for suite in srtp.SUITES:
            secure = Secure(case, suite)
            call = echo(case, secure)
            secure.stream.start(secure.to, sound.tone(440, 1)).expect_tone(440, seconds=0.6)
            expect_equal(talk.only_call(pbx)["caller_leg"]["encryption"], suite, "the suite that is shown")
            expect_equal(secure.opener.refused, 0, "packets that were not genuine to us")
            call.bye()
            secure.stream.close()


def test_numbers_that_begin_anew(case):
    """Through the rollover of the sequence number, which is no part of the packet; another SSRC after it."""
    with Switchroom(case, config.office(case.folder, profile=OVER_PLAIN)) as pbx:
        secure = Secure(case, sequence=65500)
        call = echo(case, secure)
        secure.stream.start(secure.to, sound.tone(440, 1)).expect_tone(440, seconds=2)
        expect(secure.stream.sequence > 65580, "the rollover came")
        expect_equal(secure.sealer.rollover, 1, "and was counted")
        leg = talk.only_call(pbx)["caller_leg"]
        expect_equal((leg["forged"], leg["packets_lost"]), (0, 0), "forged, lost")
        with secure.stream.lock:
            secure.stream.ssrc ^= 0x5555
            secure.sealer.rollover = 0
            secure.sealer.last = None
            secure.stream.sequence = 7
        secure.stream.expect_tone(440, seconds=1)
        call.bye()


def test_packets_that_are_not_genuine(case):
    """Replayed, cut, forged and plain ones: counted, heard by nobody, told once with leg and phone."""
    with Switchroom(case, config.office(case.folder, profile=OVER_PLAIN)) as pbx:
        secure = Secure(case)
        call = echo(case, secure)
        secure.stream.start(secure.to, sound.tone(440, 1)).expect_tone(440, seconds=0.5)
        secure.stream.stop()
        time.sleep(0.2)
        secure.stream.forget()
        genuine = secure.stream.last_sent
        with secure.stream.lock:
            plain = rtp.build(0, secure.stream.sequence + 1, 1, secure.stream.ssrc, bytes(160))
            later = secure.sealer.at(plain, secure.stream.sequence + 1, secure.stream.ssrc, 0)
        # In this order: a number that was taken before counts as replayed, whatever else is wrong.
        for packet in (genuine, later[:100], later[:-1] + bytes([later[-1] ^ 1]), plain, b"\x80"):
            secure.stream.socket.sendto(packet, secure.to)

        def counted():
            leg = talk.only_call(pbx)["caller_leg"]
            return (leg["replayed"], leg["forged"]) == (1, 4)
        eventually(counted, 3, "1 replayed, 4 forged packets in call show")
        secure.stream.expect_silence(0.3)
        expect("fails its SRTP check" not in pbx.log, "a few packets are no news")
        for _ in range(40):
            secure.stream.socket.sendto(plain, secure.to)
            time.sleep(0.002)
        pbx.wait_for_log(r"sound from 1001 at 127\.0\.0\.1:\d+ fails its SRTP check")
        secure.stream.start(secure.to).expect_tone(440, seconds=0.5)  # and he is heard as before
        expect_equal(pbx.log.count("fails its SRTP check"), 1, "lines of warning")
        call.bye()


def test_keys_of_a_new_offer(case):
    """A refresh with the old key goes on where it was; with a new key both sides begin anew."""
    with Switchroom(case, config.office(case.folder, profile=OVER_PLAIN)):
        secure = Secure(case)
        peer = sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
        call = echo(case, secure, peer)
        secure.stream.start(secure.to, sound.tone(440, 1)).expect_tone(440, seconds=0.5)
        first = srtp.lines(call.reinvite(secure.sdp(peer, version=2)).body)[0][2]
        secure.stream.expect_tone(440, seconds=0.5)
        expect_equal(secure.opener.refused, 0, "refused after the refresh")
        secure.stream.stop()
        secure.key = srtp.new_key()
        secure.sealer = srtp.Sealer(secure.key)
        secure.stream.seal = secure.sealer.seal
        second = secure.take(call.reinvite(secure.sdp(peer, version=3)).body)
        expect(first != second, "a new key of theirs to a new key of ours")
        secure.stream.start(secure.to).expect_tone(440, seconds=0.5)
        call.bye()


def refused(case, pbx, offer, words, user="1001"):
    peer = sip.Peer(case, user, config.password(user), server=talk.SERVER)
    answer = peer.invite("sip:9196@127.0.0.1", offer(peer)).expect_failure(488)
    expect(words in answer.start, f"the answer is {answer.start}, wanted {words!r}")
    pbx.wait_for_log(f"{user} is refused: .*{re.escape(words)}")


def test_who_forbids_and_who_insists(case):
    people = '\n[extensions.1004]\npassword = "kV7-tree-lamp"\nsrtp = "mandatory"\n'
    with Switchroom(case, config.office(case.folder, profile=OVER_PLAIN + '\nsrtp = "mandatory"', more=people)) as pbx:
        refused(case, pbx, lambda peer: peer.sdp(4000), "SRTP is mandatory")
        secure = Secure(case)
        echo(case, secure).bye()
    with Switchroom(case, config.office(case.folder, profile='srtp = "forbidden"')) as pbx:
        refused(case, pbx, Secure(case).sdp, "SRTP is forbidden")
        peer = sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
        call = peer.invite("sip:9196@127.0.0.1", Secure(case).sdp(peer, protocol="RTP/AVP"))
        expect("crypto" not in call.expect(200).body, "keys that were not asked for")
        call.ack()
        call.bye()


def test_keys_that_others_could_read(case):
    """Over UDP without leave: RTP/SAVP is refused in words, best effort stays plain and is told of."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        secure = Secure(case)
        refused(case, pbx, secure.sdp, "SRTP keys need TLS")
        peer = sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
        call = peer.invite("sip:9196@127.0.0.1", secure.sdp(peer, protocol="RTP/AVP"))
        expect("crypto" not in call.expect(200).body, "a key was given away")
        call.ack()
        pbx.wait_for_log("1001 offers SRTP keys by signalling that others can read")
        call.bye()


def test_our_offers(case):
    """Best effort where SRTP is optional, RTP/SAVP to an extension for which it is mandatory."""
    strict = '\n[extensions.1004]\npassword = "kV7-tree-lamp"\nsrtp = "mandatory"\n'
    context = config.DEFAULT_CONTEXT
    with Switchroom(case, config.office(case.folder, contexts=context, profile=OVER_PLAIN, more=strict)):
        optional = talk.Talk(case)  # a plain caller, a called phone that ignores the keys
        offered = srtp.lines(optional.callee_leg)
        expect(" RTP/AVP " in optional.callee_leg, optional.callee_leg)
        expect_equal({suite for _, suite, _ in offered}, set(srtp.SUITES), "the suites of the offer")
        expect_equal(len({key for _, _, key in offered}), 5, "different keys")
        optional.speak(sound.tone(440, 1), sound.tone(600, 1))
        optional.sb.expect_tone(440, seconds=0.5)
        optional.end()
        called = sip.Peer(case, "1004", "kV7-tree-lamp", server=talk.SERVER)
        called.register()
        caller = sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
        plain, secure = rtp.Stream(case), Secure(case)
        call = caller.invite("sip:1004@127.0.0.1", caller.sdp(plain.port, formats=talk.PCMU))
        incoming = called.answer()
        tag, suite, key = srtp.lines(incoming.request.body)[0]
        expect(" RTP/SAVP " in incoming.request.body and (tag, suite) == (1, srtp.SHA1_80), incoming.request.body)
        secure.stream.unseal = srtp.Opener(key).open
        incoming.accept(secure.sdp(called))
        to_plain = talk.media_port(call.expect(200).body)
        call.ack()
        secure.stream.start(talk.media_port(incoming.request.body), sound.tone(600, 1))
        plain.start(to_plain, sound.tone(440, 1)).expect_tone(600, seconds=0.6)
        secure.stream.expect_tone(440, seconds=0.6)
        call.bye()
        incoming.expect_bye()


def test_a_phone_that_insists(case):
    """It refuses best effort and is rung again with RTP/SAVP, then with UDP/TLS/RTP/SAVP; one that still refuses ends the call."""
    with Switchroom(case, config.office(case.folder, profile=OVER_PLAIN)):
        caller = sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
        called = talk.phone(case, "1002")
        plain, secure = rtp.Stream(case), Secure(case)
        for stubborn in (False, True):
            call = caller.invite("sip:1002@127.0.0.1", caller.sdp(plain.port, formats=talk.PCMU))
            first = called.answer()
            expect(" RTP/AVP " in first.request.body and srtp.lines(first.request.body), first.request.body)
            first.refuse(488)
            second = called.answer()
            expect(" RTP/SAVP " in second.request.body, second.request.body)
            expect(srtp.lines(second.request.body) != srtp.lines(first.request.body), "the same keys again")
            if stubborn:
                second.refuse(488)
                third = called.answer()
                expect(" UDP/TLS/RTP/SAVP " in third.request.body, third.request.body)
                third.refuse(488)
                call.expect_failure(488)
                called.expect_silence(0.5)
            else:
                second.accept(secure.sdp(called))
                call.expect(200)
                call.ack()
                call.bye()
                second.expect_bye()


def test_keys_stay_out_of_sight(case):
    """No key in the log at its most talkative, in pbxctl or in the records."""
    with Switchroom(case, config.office(case.folder, profile=OVER_PLAIN, log='level = "trace"')) as pbx:
        secure = Secure(case)
        call = echo(case, secure)
        secure.stream.start(secure.to, sound.tone(440, 1)).wait_for(20)
        call_id = pbx.pbxctl("calls")[0]["id"]
        shown = pbx.pbxctl_raw("call", "show", call_id).stdout + pbx.pbxctl_raw("--json", "call", "show", call_id).stdout
        ours = secure.opener.keys.master
        call.bye()
        records = repr(pbx.wait_for_cdr())
        for name, text in (("log", pbx.log), ("pbxctl", shown), ("records", records)):
            expect(len(text) > 200, f"{name} is there")
            expect("inline:" not in text and secure.key not in text and ours.hex() not in text.lower(), f"a key is in the {name}")
