"""Hold, resume, other codecs and other addresses in the middle of a call, from either side, by re-INVITE and UPDATE."""
from harness import config, rtp, sip, sound
from harness.calls import (PCMA_ONLY, PCMU_ONLY, codecs_of, direction_of, expect_nothing_left, expect_record, expect_tone,
                           phone, port_of, talk)
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom


def office(case, **changes):
    pbx = Switchroom(case, config.office(case.folder, **changes))
    return pbx, phone(case, "1001"), phone(case, "1002")


class Speaking:
    """A call with sound both ways: 440 Hz from the caller, 600 Hz from the callee."""

    def __init__(self, case, pbx, a, b, formats=PCMU_ONLY):
        self.pbx, self.a, self.b = pbx, a, b
        self.mine, self.theirs = rtp.Stream(case), rtp.Stream(case)
        self.out, self.incoming = talk(a, b, a.sdp(self.mine.port, formats=formats), b.sdp(self.theirs.port, formats=formats))
        self.mine.start(("127.0.0.1", port_of(self.out.answer)), sound.tone(440, 1))
        self.theirs.start(("127.0.0.1", port_of(self.incoming.request)), sound.tone(600, 1))
        self.both_hear()

    def both_hear(self):
        expect_tone(self.mine, 600)
        expect_tone(self.theirs, 440)

    def side(self, who):
        """(the call, its stream, the other's stream, the frequency that this side hears)"""
        return (self.out, self.mine, self.theirs, 600) if who == "a" else (self.incoming, self.theirs, self.mine, 440)

    def offer(self, who, method="INVITE", host="127.0.0.1", **more):
        call, stream, _, _ = self.side(who)
        body = sip_sdp(stream.port, host, **more)
        if method == "UPDATE":
            return call.ask("UPDATE", body=body)
        return call.reinvite(body)

    def end(self):
        self.mine.stop()
        self.theirs.stop()
        self.out.send("BYE")
        self.incoming.expect_bye()
        expect_nothing_left(self.pbx)


def sip_sdp(port, host, **more):
    more.setdefault("formats", PCMU_ONLY)
    return sip.sdp(port, host, **more)


def hold_and_resume(case, who, method):
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)
        _, held, _, frequency = talking.side(who)
        for version, (direction, host, told) in enumerate(
                (("sendonly", "127.0.0.1", "recvonly"), ("inactive", "127.0.0.1", "inactive"),
                 ("sendonly", "0.0.0.0", "recvonly")), 2):
            answer = talking.offer(who, method, host, direction=direction, version=version * 2)
            expect_equal((answer.status, direction_of(answer)), (200, told), f"{direction} {host}")
            held.expect_silence(0.3)
            answer = talking.offer(who, method, version=version * 2 + 1)
            expect_equal((answer.status, direction_of(answer)), (200, "sendrecv"), "resumed")
            expect_tone(held, frequency)
        talking.both_hear()
        talking.end()


def test_the_caller_holds_by_reinvite(case):
    hold_and_resume(case, "a", "INVITE")


def test_the_callee_holds_by_reinvite(case):
    hold_and_resume(case, "b", "INVITE")


def test_the_caller_holds_by_update(case):
    hold_and_resume(case, "a", "UPDATE")


def test_the_callee_holds_by_update(case):
    hold_and_resume(case, "b", "UPDATE")


def test_the_holder_is_heard_when_he_sends_music(case):
    """sendonly: what the holder plays goes through, what the held one says does not."""
    pbx, a, b = office(case, profile='hold_music = ""')
    with pbx:
        talking = Speaking(case, pbx, a, b)
        talking.offer("a", direction="sendonly", version=2)
        talking.mine.expect_silence(0.3)
        expect_tone(talking.theirs, 440)
        talking.end()


def test_the_session_version_grows(case):
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)

        def version(message):
            return int(message.body.splitlines()[1].split()[2])

        first = version(talking.out.answer)
        held = talking.offer("a", direction="sendonly", version=2)
        same = talking.offer("a", direction="sendonly", version=2)
        expect(version(held) == first + 1, "a changed description has the next version")
        expect(version(same) >= version(held), "versions never go back")
        talking.end()


def test_an_address_changes(case):
    """A phone moves to another port: sound follows, and comes from there."""
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)
        for who in "ab":
            call, old, _, frequency = talking.side(who)
            new = rtp.Stream(case)
            answer = call.reinvite(sip_sdp(new.port, "127.0.0.1", version=2))
            expect_equal(answer.status, 200)
            old.stop()
            new.start(("127.0.0.1", port_of(answer)), sound.tone(440 if who == "a" else 600, 1))
            if who == "a":
                talking.mine = new
            else:
                talking.theirs = new
            expect_tone(new, frequency)
        talking.both_hear()
        talking.end()


def change_codec(case, who, method):
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)
        call, _, _, _ = talking.side(who)
        other = talking.incoming if who == "a" else talking.out
        request = call.send(method, body=sip_sdp(40100, "127.0.0.1", formats=PCMA_ONLY, version=2))
        answer = call.peer.wait_final(request)
        expect_equal((answer.status, codecs_of(answer)), (200, [8]))
        if method == "INVITE":
            call.ack()
        other.peer.expect_silence(0.3)
        talking.end()
        codec = "PCMA" if who == "a" else "PCMU"
        expect_record(pbx, read_codec=codec)


def test_the_caller_changes_the_codec(case):
    change_codec(case, "a", "INVITE")


def test_the_callee_changes_the_codec(case):
    change_codec(case, "b", "INVITE")


def test_the_codec_changes_by_update(case):
    change_codec(case, "a", "UPDATE")


def test_a_codec_that_the_profile_forbids(case):
    pbx, a, b = office(case, codecs=["PCMU"])
    with pbx:
        talking = Speaking(case, pbx, a, b)
        expect_equal(talking.offer("a", formats=PCMA_ONLY, version=2).status, 488)
        expect_equal(talking.offer("b", "UPDATE", formats=PCMA_ONLY, version=2).status, 488)
        a.expect_silence(0.2)
        talking.both_hear()
        talking.end()


def test_a_description_that_cannot_be_read(case):
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)
        for who in "ab":
            call = talking.side(who)[0]
            expect(call.reinvite("v=0\r\nrubbish").status in (400, 488), "a re-INVITE with rubbish")
        talking.both_hear()
        talking.end()


def test_a_reinvite_without_an_offer(case):
    """Our 200 has the offer, the ACK the answer."""
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)
        for who in "ab":
            call, stream, _, _ = talking.side(who)
            request = call.send("INVITE")
            answer = call.peer.wait_final(request)
            expect_equal(answer.status, 200)
            expect(0 in codecs_of(answer) and direction_of(answer) == "sendrecv", answer)
            call.ack(sip_sdp(stream.port, "127.0.0.1", version=3))
            talking.both_hear()
        talking.end()


def test_update_without_a_description_only_refreshes(case):
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)
        for who in "ab":
            answer = talking.side(who)[0].ask("UPDATE")
            expect_equal((answer.status, answer.body), (200, ""))
        talking.both_hear()
        talking.end()


def test_both_phones_offer_at_once(case):
    """The two legs are two dialogs: two holds at the same instant are no glare."""
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)
        first = talking.out.send("INVITE", body=sip_sdp(talking.mine.port, "127.0.0.1", direction="sendonly", version=2))
        second = talking.incoming.send("INVITE", body=sip_sdp(talking.theirs.port, "127.0.0.1", direction="sendonly", version=2))
        for call, request in ((talking.out, first), (talking.incoming, second)):
            expect_equal(call.peer.wait_final(request).status, 200)
            call.ack()
        talking.mine.expect_silence(0.3)
        talking.theirs.expect_silence(0.3)
        talking.end()


def test_requests_inside_the_dialog_get_sane_answers(case):
    pbx, a, b = office(case)
    with pbx:
        talking = Speaking(case, pbx, a, b)
        for call in (talking.out, talking.incoming):
            options = call.ask("OPTIONS")
            expect(options.status == 200 and options.header("Allow"), options)
            expect_equal(call.ask("INFO").status, 200)
            tone = call.ask("INFO", [("Content-Type", "application/dtmf-relay")], "Signal=5\r\nDuration=160\r\n")
            expect_equal(tone.status, 200)
            expect_equal(call.ask("INFO", [("Content-Type", "application/x-unknown")], "x").status, 415)
            expect(call.ask("NOTIFY", [("Event", "talk"), ("Subscription-State", "active")]).status in (481, 489), "NOTIFY")
            expect(call.ask("REFER", [("Refer-To", "<sip:1003@127.0.0.1>")]).status in (405, 501, 603), "REFER")
            expect(call.ask("MESSAGE", [("Content-Type", "text/plain")], "hello").status in (200, 202), "MESSAGE")
            unknown = call.ask("FROBNICATE")
            expect(unknown.status == 501, unknown)
            bad = call.ask("UPDATE", [("Require", "nothing-known")])
            expect_equal((bad.status, bad.header("Unsupported")), (420, "nothing-known"))
            old = call.make("INFO", cseq=1)
            call.peer.send(old, call.to)
            expect_equal(call.peer.wait_final(old).status, 500, "a CSeq that goes back")
        talking.both_hear()
        talking.end()


def test_requests_with_wrong_tags_are_no_part_of_the_call(case):
    pbx, a, b = office(case)
    stranger = phone(case, "1003")
    with pbx:
        talking = Speaking(case, pbx, a, b)
        for method in ("BYE", "UPDATE", "INVITE", "INFO"):
            forged = talking.out.make(method, body=sip_sdp(40100, "127.0.0.1") if method != "BYE" else "")
            forged.set("From", forged.header("From").split(";tag=")[0] + ";tag=guessed")
            forged.set("Via", stranger.via())
            expect_equal(stranger.exchange(forged, credentials=False).status, 481, f"{method} with another From tag")
            if method == "INVITE":
                talking.out.cseq += 1
        talking.both_hear()
        talking.end()
