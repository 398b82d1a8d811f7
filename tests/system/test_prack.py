"""Reliable provisional responses, RFC 3262, on either leg."""
from harness import config
from harness.calls import dial, expect_nothing_left, phone, port_of, ring
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom

REQUIRE = [("Require", "100rel"), ("Supported", "100rel")]


def office(case):
    pbx = Switchroom(case, config.office(case.folder))
    return pbx, phone(case, "1001"), phone(case, "1002")


def rack(response):
    return [("RAck", f"{response.header('RSeq')} {response.header('CSeq')}")]


def reliable(call, status, number, body=""):
    call.reply(status, headers=[("Require", "100rel"), ("RSeq", number)], body=body)


def finish(pbx, out, incoming):
    out.send("BYE")
    incoming.expect_bye()
    expect_nothing_left(pbx)


def test_a_caller_that_requires_it(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b, headers=REQUIRE)
        incoming.reply(180)
        ringing = out.expect(180, skip=(100,))
        expect("100rel" in ringing.header("Require", "") and int(ringing.header("RSeq")) > 0, ringing)
        again = out.expect(180, skip=(100,))  # until it is acknowledged
        expect_equal(again.header("RSeq"), ringing.header("RSeq"))
        expect_equal(out.ask("PRACK", rack(ringing)).status, 200)
        incoming.reply(183, body=b.sdp(40002))
        progress = out.expect(183, skip=(100, 180))
        expect_equal(int(progress.header("RSeq")), int(ringing.header("RSeq")) + 1)
        expect(port_of(progress), progress)
        expect_equal(out.ask("PRACK", rack(progress)).status, 200)
        a.expect_silence(0.7)
        incoming.accept(b.sdp(40002))
        answered = a.expect(200)
        out.learn(answered)
        expect(not answered.body or answered.body.split("m=")[1] == progress.body.split("m=")[1], answered)
        out.cseq_of_invite = out.request.cseq[0]
        out.send("ACK", cseq=out.request.cseq[0])
        finish(pbx, out, incoming)


def test_a_prack_that_fits_nothing(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b, headers=REQUIRE)
        incoming.reply(180)
        ringing = out.expect(180, skip=(100,))
        wrong = [("RAck", f"{int(ringing.header('RSeq')) + 7} {ringing.header('CSeq')}")]
        expect_equal(out.ask("PRACK", wrong).status, 481)
        expect_equal(out.ask("PRACK", rack(ringing)).status, 200)
        expect_equal(out.ask("PRACK", rack(ringing)).status, 481, )
        incoming.refuse(486)
        a.wait_for(486)
        expect_nothing_left(pbx)


def test_a_caller_that_only_supports_it_is_not_bothered(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b, headers=[("Supported", "100rel")])
        incoming.reply(180)
        expect(out.expect(180, skip=(100,)).header("RSeq") is None, "nobody asked for 100rel")
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_the_200_waits_for_the_prack_of_a_183_with_sound(case):
    """RFC 3262 section 3: no 2xx while a reliable description is not acknowledged."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b, headers=REQUIRE)
        incoming.reply(183, body=b.sdp(40002))
        progress = out.expect(183, skip=(100,))
        incoming.accept(b.sdp(40002))
        early = a.receive(0.3)
        expect(early is None or early.status == 183, f"before PRACK:\n{early}")
        prack = out.send("PRACK", rack(progress))
        seen = {a.expect(200, skip=(100, 183)).cseq[1] for _ in range(2)}
        expect_equal(seen, {"PRACK", "INVITE"})
        expect(prack, "")
        out.send("ACK", cseq=out.request.cseq[0])
        finish(pbx, out, incoming)


def test_a_callee_that_sends_reliably(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        reliable(incoming, 180, 5)
        prack = b.expect("PRACK")
        expect_equal(prack.header("RAck"), f"5 {incoming.request.header('CSeq')}")
        expect_equal(prack.tag("To"), incoming.local.split("tag=")[1])
        b.reply(prack, 200)
        reliable(incoming, 180, 5)  # a repetition wants no second PRACK
        b.expect_silence(0.2)
        out.expect(180, skip=(100,))
        reliable(incoming, 183, 6, b.sdp(40002))
        second = b.expect("PRACK")
        expect_equal(second.header("RAck").split()[0], "6")
        expect(second.cseq[0] > prack.cseq[0], "CSeq of the second PRACK")
        b.reply(second, 200)
        expect(port_of(out.expect(183, skip=(100, 180))), "early media")
        incoming.accept("")
        out.expect(200)
        out.ack()
        finish(pbx, out, incoming)


def test_a_reliable_response_out_of_order(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        reliable(incoming, 180, 10)
        b.reply(b.expect("PRACK"), 200)
        reliable(incoming, 183, 12)  # 11 was lost
        b.expect_silence(0.2)
        reliable(incoming, 183, 11)
        expect_equal(b.expect("PRACK").header("RAck").split()[0], "11")
        incoming.accept(b.sdp(40002))
        out.expect(200)
        out.ack()
        finish(pbx, out, incoming)


def test_a_callee_that_does_not_answer_its_prack(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        reliable(incoming, 180, 1)
        b.expect("PRACK")
        incoming.reply(200, body=b.sdp(40002))
        b.wait_for("ACK")
        out.expect(200)
        out.ack()
        out.send("BYE")
        b.reply(b.wait_for("BYE"), 200)
        expect_nothing_left(pbx)


def test_caller_never_acknowledges(case):
    """It cancels at last; nothing stays."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b, headers=REQUIRE)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        out.cancel()
        a.wait_for(200)
        a.wait_for(487)
        incoming.expect_cancel()
        expect_nothing_left(pbx)


def test_an_offer_in_the_prack(case):
    """RFC 3262 section 5: after the first answer a PRACK may offer anew."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b, headers=REQUIRE)
        incoming.reply(183, body=b.sdp(40002))
        progress = out.expect(183, skip=(100,))
        request = out.send("PRACK", rack(progress), a.sdp(40006, version=2))
        answer = a.wait_final(request)
        expect_equal(answer.status, 200)
        expect(port_of(answer), answer)
        incoming.accept(b.sdp(40002))
        out.expect(200, skip=(100, 183))
        out.send("ACK", cseq=out.request.cseq[0])
        finish(pbx, out, incoming)


def test_require_100rel_without_an_offer(case):
    """Our offer goes by the reliable 183, the answer comes by PRACK (or we ring without one)."""
    pbx, a, b = office(case)
    with pbx:
        out = dial(a, "1002", "", headers=REQUIRE)
        incoming = b.answer()
        incoming.reply(180)
        ringing = out.expect(180, 183, skip=(100,))
        expect_equal(out.ask("PRACK", rack(ringing), a.sdp(40000) if ringing.body else "").status, 200)
        incoming.accept(b.sdp(40002))
        answered = out.expect(200, skip=(100, 180, 183))
        out.send("ACK", body="" if ringing.body else a.sdp(40000), cseq=out.request.cseq[0])
        expect(answered.body or ringing.body, "no offer came at all")
        finish(pbx, out, incoming)
