"""Peers that vanish: whatever they leave out, no leg, port or dialog stays."""
# ctest: timeout=150
from harness import config, sip
from harness.calls import dial, expect_nothing_left, expect_record, leftovers, phone, ring, talk
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom


def office(case, **changes):
    pbx = Switchroom(case, config.office(case.folder, **changes))
    return pbx, phone(case, "1001"), phone(case, "1002")


def test_peers_that_never_answer_again(case):
    """All of it at once, since timers of RFC 3261 take 32 s: an ACK that never comes, an INVITE and a BYE
    that nobody answers, a re-INVITE whose ACK is lost, a caller who dies while his phone rings."""
    contexts = config.DEFAULT_CONTEXT.replace('"bridge user/$1"', '"set call_timeout=40", "bridge user/$1"')
    pbx, a, b = office(case, contexts=contexts)
    with pbx:
        # 1: the caller never acknowledges our 200
        no_ack, callee = ring(a, b)
        callee.accept(b.sdp(40002))
        first = no_ack.expect(200)
        # 2: the callee is deaf
        silent = phone(case, "1003")
        unheard = dial(phone(case, "1001"), "1003")
        # 3: the callee acknowledges nothing after our 200 to his re-INVITE
        c, d = phone(case, "1001"), sip.Peer(case, "1002")
        half, other = ring(c, b)
        other.accept(b.sdp(40002))
        half.expect(200)
        half.ack()
        half.send("INVITE", body=c.sdp(40000, version=2, direction="sendonly"))
        c.expect(200)
        expect(d is not None and leftovers(pbx)["calls"] == 3, "three calls are up")
        # 1: the 200 comes again for 32 s, then BYE, which carries the reason; the callee hears it too
        copies, bye = 1, None
        while bye is None:
            message = a.receive(40)
            expect(message is not None, "neither 200 nor BYE")
            if message.status == 200:
                copies += 1
            else:
                bye = message
        expect_equal(bye.method, "BYE")
        expect(28 < bye.at - first.at < 45 and 8 <= copies <= 12, f"BYE {bye.at - first.at:.1f} s after, {copies} copies of the 200")
        a.reply(bye, 200)
        eventually(lambda: unheard.peer.receive(0.2) is not None, 10, "an end for the call to the deaf phone")
        expect(silent.receive(0.1) is not None, "it was rung")
        expect_nothing_left(pbx, seconds=15)
        causes = {row["hangup_cause"] for row in pbx.wait_for_cdr(3)}
        expect_equal(causes, {"RECOVERY_ON_TIMER_EXPIRE", "NO_USER_RESPONSE"})


def test_a_bye_that_is_never_answered(case):
    """Both phones are gone when the call is hung up by the exchange: it does not wait for them."""
    pbx, a, b = office(case)
    with pbx:
        talk(a, b)
        call = pbx.pbxctl("calls")[0]["id"]
        pbx.pbxctl("hangup", call)
        expect_nothing_left(pbx, seconds=6)
        expect_record(pbx, hangup_cause="NORMAL_CLEARING", hung_up_by="switchroom")


def test_hangup_from_outside_while_it_rings(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        pbx.pbxctl("hangup", pbx.pbxctl("calls")[0]["id"], "USER_BUSY")
        final = out.expect_failure(486)
        expect("cause=17" in final.header("Reason", ""), final)
        incoming.expect_cancel()
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="USER_BUSY", hung_up_by="switchroom")


def test_a_caller_that_died_while_ringing_is_found_out(case):
    """The callee answers; the caller's ACK never comes; the callee is not left alone for long: its sound
    timeout ends the call before the 32 s of the ACK."""
    pbx, a, b = office(case, profile='rtp_timeout = "2s"')
    with pbx:
        out, incoming = ring(a, b)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        incoming.accept(b.sdp(40002))
        incoming.expect_bye(seconds=8)
        expect_nothing_left(pbx, seconds=6)
        expect_record(pbx, hangup_cause="MEDIA_TIMEOUT", hung_up_by="switchroom")


def test_silence_on_the_wire_ends_a_call(case):
    pbx, a, b = office(case, profile='rtp_timeout = "2s"\nrtp_hold_timeout = "4s"')
    with pbx:
        out, incoming = talk(a, b)
        bye = out.expect_bye(seconds=6)
        incoming.expect_bye()
        expect("Q.850;cause=" in bye.header("Reason", ""), bye)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="MEDIA_TIMEOUT")


def test_shutdown_says_goodbye(case):
    """TERM lets calls go on for a while and takes no new ones; a second TERM ends them: both hear BYE, the
    record is written, the exit is clean."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = talk(a, b)
        pbx.child.signal(15)
        pbx.wait_for_log("shutting down")
        refused = dial(phone(case, "1003", register=False), "1002").expect_failure(503)
        expect(refused.header("Retry-After"), refused)
        a.expect_silence(0.3)
        pbx.child.signal(15)
        for call in (out, incoming):
            call.expect_bye()
        expect_equal(pbx.child.wait(10), 0)
        pbx.expect_clean()
        rows = pbx.cdr_rows()
        expect_equal([(row["hung_up_by"], row["billsec"] >= 0) for row in rows], [("switchroom", True)])
