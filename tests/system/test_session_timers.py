"""Session timers, RFC 4028, as far as a wire test can wait: what is agreed, and what is refused."""
from harness import config
from harness.calls import dial, expect_nothing_left, phone, ring
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom

SUPPORTED = ("Supported", "timer")


def office(case, profile=""):
    pbx = Switchroom(case, config.office(case.folder, profile=profile))
    return pbx, phone(case, "1001"), phone(case, "1002")


def interval(message):
    return int(message.header("Session-Expires").split(";")[0])


def refresher(message):
    return message.parameters("Session-Expires").get("refresher", "")


def connected(a, b, headers=(), answer_headers=()):
    out, incoming = ring(a, b, headers=headers)
    incoming.accept(b.sdp(40002), headers=answer_headers)
    answered = out.expect(200)
    out.ack()
    return out, incoming, answered


def finish(pbx, out, incoming):
    out.send("BYE")
    incoming.expect_bye()
    expect_nothing_left(pbx)


def test_the_caller_asks_and_refreshes(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming, answered = connected(a, b, [SUPPORTED, ("Session-Expires", "120;refresher=uac")])
        expect_equal((interval(answered), refresher(answered)), (120, "uac"))
        expect("timer" in answered.header("Require", ""), "a refresher that is the caller must know it (section 9)")
        for method in ("UPDATE", "INVITE"):
            headers = [SUPPORTED, ("Session-Expires", "120;refresher=uac")]
            again = out.ask("UPDATE", headers) if method == "UPDATE" else out.reinvite(a.sdp(40000), headers)
            expect_equal((again.status, interval(again), refresher(again)), (200, 120, "uac"))
        finish(pbx, out, incoming)


def test_the_caller_wants_us_to_refresh(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming, answered = connected(a, b, [SUPPORTED, ("Session-Expires", "600;refresher=uas")])
        expect_equal((interval(answered), refresher(answered)), (600, "uas"))
        finish(pbx, out, incoming)


def test_a_caller_that_does_not_know_timers(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming, answered = connected(a, b)
        expect("timer" not in answered.header("Require", ""), answered)
        expect(answered.header("Session-Expires") is None or refresher(answered) == "uas", answered)
        finish(pbx, out, incoming)


def test_a_caller_whose_timer_is_too_short(case):
    pbx, a, b = office(case, 'min_session_timeout = "200s"')
    with pbx:
        out = dial(a, "1002", headers=[SUPPORTED, ("Session-Expires", "120")])
        refused = out.expect_failure(422)
        expect_equal(refused.header("Min-SE"), "200")
        b.expect_silence(0.2)
        out, incoming, answered = connected(a, b, [SUPPORTED, ("Session-Expires", "200"), ("Min-SE", "200")])
        expect_equal(interval(answered), 200)
        short = out.ask("UPDATE", [SUPPORTED, ("Session-Expires", "90")])
        expect_equal((short.status, short.header("Min-SE")), (422, "200"))
        short = out.reinvite(a.sdp(40000), [SUPPORTED, ("Session-Expires", "90")])
        expect_equal((short.status, short.header("Min-SE")), (422, "200"))
        finish(pbx, out, incoming)


def test_our_invite_asks(case):
    pbx, a, b = office(case, 'session_timeout = "90s"')
    with pbx:
        out, incoming, _ = connected(a, b, answer_headers=[("Session-Expires", "90;refresher=uas"), ("Require", "timer")])
        expect_equal(interval(incoming.request), 90)
        expect("timer" in incoming.request.header("Supported"), incoming.request)
        again = incoming.ask("UPDATE", [SUPPORTED, ("Session-Expires", "90;refresher=uac")])
        expect_equal((again.status, interval(again), refresher(again)), (200, 90, "uac"))
        finish(pbx, out, incoming)


def test_a_callee_that_wants_a_longer_session(case):
    """422 with Min-SE: asked once more, with at least that."""
    pbx, a, b = office(case, 'session_timeout = "90s"')
    with pbx:
        out, incoming = ring(a, b)
        incoming.refuse(422, headers=[("Min-SE", "900")])
        again = b.answer()
        expect(interval(again.request) >= 900 and int(again.request.header("Min-SE")) >= 900, again.request)
        expect_equal(again.request.header("Call-ID"), incoming.request.header("Call-ID"))
        expect_equal(again.request.cseq[0], incoming.request.cseq[0] + 1)
        again.accept(b.sdp(40002))
        out.expect(200)
        out.ack()
        finish(pbx, out, again)


def test_a_callee_that_wants_it_longer_and_longer(case):
    pbx, a, b = office(case, 'session_timeout = "90s"')
    with pbx:
        out, incoming = ring(a, b)
        incoming.refuse(422, headers=[("Min-SE", "900")])
        b.answer().refuse(422, headers=[("Min-SE", "9000")])
        final = out.expect_failure(*range(400, 700))
        expect(final.status != 422, "the caller's own timer was not too short")
        b.expect_silence(0.2)
        expect_nothing_left(pbx)


def test_require_timer_is_understood(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming, answered = connected(a, b, [SUPPORTED, ("Require", "timer"), ("Session-Expires", "1800")])
        expect(answered.header("Session-Expires"), answered)
        finish(pbx, out, incoming)
