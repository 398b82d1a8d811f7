"""DTLS-SRTP in other places than a call between two phones: a conference room, IPv6, a trunk."""
from harness import config, dtls, rtp, sip, sound, talk, trunks
from harness.calls import dial, expect_nothing_left, phone
from harness.case import expect, expect_equal
from harness.conference import TONES, Guest, expect_hears
from harness.conference import Switchroom as Rooms
from harness.switchroom import Switchroom

ROOMS = r"""
[conferences.default]
numbers = '^30\d\d$'
enter_sound = ""
exit_sound = ""
alone_sound = ""
moh_sound = ""
comfort_noise = false
conference_flags = ["waste_bandwidth"]
"""
OUT = r"""
[[contexts.default]]
name = "by trunk"
when = { destination_number = '^9(\d+)$' }
do   = ["bridge trunk/itsp/$1"]
[[contexts.default]]
name = "colleagues"
when = { destination_number = '^(10\d\d)$' }
do   = ["bridge user/$1"]
"""


class Secured(Guest):
    """A guest whose sound is encrypted by a handshake."""

    def __init__(self, case, number, frequency, user):
        self.dtls = dtls.Peer(case)
        peer = phone(case, user, register=False)
        sdp = peer.sdp
        peer.sdp = lambda port, **more: sdp(port, protocol=dtls.SAVP, more=self.dtls.lines("active"), **more)
        super().__init__(case, number, frequency, peer=peer, stream=self.dtls.stream, speaks=False)
        self.dtls.shake(("127.0.0.1", self.port))
        self.speak()


def test_a_room(case):
    """Members by handshake and a plain one hear each other, also after one has left and come back with another key."""
    with Rooms(case, config.office(case.folder, contexts=ROOMS)) as pbx:
        a, b = Secured(case, "3001", TONES[0], "1001"), Secured(case, "3001", TONES[1], "1002")
        plain = Guest(case, "3001", TONES[2], user="1003")
        for guest, others in ((a, [b, plain]), (b, [a, plain]), (plain, [a, b])):
            expect_hears(guest, others, "all talk")
        b.hang_up()
        expect_hears(plain, [a], "b has left")
        again = Secured(case, "3001", TONES[3], "1002")
        for guest, others in ((a, [again, plain]), (again, [a, plain]), (plain, [a, again])):
            expect_hears(guest, others, "b came back")
        shown = [pbx.pbxctl("call", "show", row["id"])["caller_leg"]["encryption"] for row in pbx.pbxctl("calls")]
        expect_equal(sorted(kind.split()[0] for kind in shown), ["DTLS", "DTLS", "none"], "what is shown")
        for guest in (a, plain, again):
            guest.hang_up()
        expect_nothing_left(pbx)


def test_ipv6(case):
    """Both roles over IPv6, and one who calls by IPv6 and DTLS to another by IPv4 in the clear."""
    listen = ["udp:127.0.0.1:5060", "udp:[::1]:5060"]
    with Switchroom(case, config.office(case.folder, listen=listen)) as pbx:
        for setup in ("active", "passive"):
            one = dtls.Peer(case, host="::1")
            caller = phone(case, "1001", register=False, host="::1", server="[::1]:5060")
            call = caller.invite("sip:9196@[::1]", caller.sdp(one.stream.port, formats=talk.PCMU, protocol=dtls.SAVP, more=one.lines(setup)))
            answer = call.expect(200).body
            call.ack()
            expect("c=IN IP6 ::1" in answer, answer)
            one.shake(talk.media_port(answer), active=dtls.of_sdp(answer, "setup") == "passive")
            expect_equal(one.presented(), dtls.of_sdp(answer, "fingerprint"), "the certificate that was named")
            one.stream.start(one.to, sound.tone(440, 1)).expect_tone(440, seconds=0.5)
            call.bye()
        one, stream = dtls.Peer(case, host="::1"), rtp.Stream(case)
        caller, called = phone(case, "1001", register=False, host="::1", server="[::1]:5060"), phone(case, "1002")
        call = caller.invite("sip:1002@[::1]", caller.sdp(one.stream.port, formats=talk.PCMU, protocol=dtls.SAVP, more=one.lines()))
        there = called.answer()
        there.accept(called.sdp(stream.port))
        one.shake(talk.media_port(call.expect(200).body))
        call.ack()
        one.stream.start(one.to, sound.tone(440, 1))
        stream.start(talk.media_port(there.request.body), sound.tone(1000, 1))
        stream.expect_tone(440, seconds=0.5)
        one.stream.expect_tone(1000, seconds=0.5)
        call.bye()
        there.expect_bye()
        expect_nothing_left(pbx)


def test_a_trunk(case):
    """A carrier by handshake, a phone in the clear: out, and in; and a carrier that offers no keys is refused."""
    line = trunks.trunk(register=False, srtp="mandatory", srtp_keys=["dtls"])
    inbound = '\n[[inbound]]\ndid = "+15551234567"\nto = "1001"\n'
    with Switchroom(case, trunks.office(case, line, inbound, contexts=OUT)) as pbx:
        far, desk = trunks.Carrier(case), phone(case, "1001")
        here, there = rtp.Stream(case), dtls.Peer(case, host="127.0.0.9")
        out = dial(desk, "91234", desk.sdp(here.port, formats=talk.PCMU))
        call = far.next_call()
        offer = call.request.body
        expect("UDP/TLS/RTP/SAVP" in offer and "a=crypto" not in offer and dtls.of_sdp(offer, "fingerprint"), offer)
        call.reply(200, body=far.peer.sdp(there.stream.port, formats=talk.PCMU, protocol=dtls.SAVP, more=there.lines("active")))
        far.next("ACK")
        there.shake(talk.media_port(offer))
        expect_equal(there.presented(), dtls.of_sdp(offer, "fingerprint"), "the certificate that was named")
        here.start(talk.media_port(out.expect(200).body), sound.tone(440, 1))
        out.ack()
        there.stream.start(there.to, sound.tone(1000, 1))
        there.stream.expect_tone(440, seconds=0.5)
        here.expect_tone(1000, seconds=0.5)
        shown = talk.only_call(pbx)
        expect_equal([shown[leg]["encryption"].split()[0] for leg in ("caller_leg", "callee_leg")], ["none", "DTLS"])
        desk.send(out.make("BYE"), out.to)
        far.peer.send(far.peer.response(far.next("BYE"), 200), ("127.0.0.1", 5080))
        desk.wait_for(200)

        there = dtls.Peer(case, host="127.0.0.9")
        offer = far.peer.sdp(there.stream.port, formats=talk.PCMU, protocol=dtls.SAVP, more=there.lines("actpass"))
        invite = far.peer.request("INVITE", "sip:+15551234567@127.0.0.1:5080", body=offer)
        far.peer.send(invite, ("127.0.0.1", 5080))
        ringing = desk.answer()
        ringing.accept(desk.sdp(here.port, formats=talk.PCMU))
        answered = final(far)
        there.shake(talk.media_port(answered.body), active=dtls.of_sdp(answered.body, "setup") == "passive")
        in_call = sip.Call(far.peer, invite, ("127.0.0.1", 5080))
        in_call.learn(answered)
        in_call.ack()
        here.start(talk.media_port(ringing.request.body), sound.tone(440, 1))
        there.stream.start(there.to, sound.tone(1000, 1))
        there.stream.expect_tone(440, seconds=0.5)
        here.expect_tone(1000, seconds=0.5)
        ringing.bye()
        far.peer.send(far.peer.response(far.next("BYE"), 200), ("127.0.0.1", 5080))

        plain = far.peer.request("INVITE", "sip:+15551234567@127.0.0.1:5080", body=far.peer.sdp(40100, formats=talk.PCMU))
        far.peer.send(plain, ("127.0.0.1", 5080))
        expect_equal(final(far).status, 488, "an offer without keys")
        desk.expect_silence(0.3)


def final(carrier, seconds=5.0):
    """The next final answer that the carrier gets."""
    while True:
        message = carrier.next(seconds=seconds)
        if message.status is not None and message.status >= 200:
            return message
