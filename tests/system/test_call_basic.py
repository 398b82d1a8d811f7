"""Two phones call each other: the messages of both legs, and the record that each kind of end leaves."""
import time

from harness import config, rtp, sound
from harness.calls import (codecs_of, dial, expect_nothing_left, expect_record, expect_tone, phone, port_of, ring,
                           talk)
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom


def office(case, **changes):
    pbx = Switchroom(case, config.office(case.folder, **changes))
    return pbx, phone(case, "1001"), phone(case, "1002")


def test_a_call_from_dialling_to_goodbye(case):
    pbx, a, b = office(case)
    with pbx:
        out = dial(a, "1002")
        trying = a.expect(100, skip=())
        expect_equal(trying.tag("To"), "", "the tag of 100")
        incoming = b.answer()
        incoming.reply(180)
        ringing = out.expect(180, skip=(100,))
        expect(ringing.tag("To") and not ringing.body, "180 makes a dialog and has no description")
        listed = pbx.pbxctl("calls")
        expect_equal([(row["caller"], row["destination"], row["state"]) for row in listed], [("1001", "1002", "ringing")])
        time.sleep(1.0)
        incoming.accept(b.sdp(40002))
        answered = out.expect(200)
        out.ack()
        expect_equal(answered.tag("To"), ringing.tag("To"), "the tag of the 200")
        expect(answered.header("Contact") and answered.header("Allow") and answered.header("Supported"), answered)
        expect_equal(pbx.pbxctl("calls")[0]["state"], "talking")
        expect_equal(pbx.pbxctl("calls")[0]["with"], "user/1002")
        time.sleep(2.0)
        gone = out.send("BYE")
        end = b.expect("BYE")
        b.reply(end, 200)
        expect_equal(a.wait_final(gone).status, 200)
        expect("Q.850;cause=16" in end.header("Reason", ""), end)
        expect_nothing_left(pbx)
        row = expect_record(pbx, caller_id_number="1001", caller_id_name="Person 1001", destination_number="1002",
                            context="default", hangup_cause="NORMAL_CLEARING", hangup_cause_q850=16, hung_up_by="caller",
                            sip_hangup_disposition="recv_bye", read_codec="PCMU", write_codec="PCMU", sip_status=200,
                            network_addr="127.0.0.1", bridge_channel="user/1002", last_app="bridge",
                            last_arg="user/1002", sip_call_id=out.call_id)
        expect(2 <= row["billsec"] <= 3 and 3 <= row["duration"] <= 4, dict(row))
        expect(row["start_stamp"] and row["progress_stamp"] and row["answer_stamp"] and row["end_stamp"], dict(row))
        expect(row["uuid"] and row["bleg_uuid"] and row["uuid"] != row["bleg_uuid"], dict(row))
        csv = pbx.cdr_csv()
        expect_equal((len(csv), csv[0]["uuid"], csv[0]["hangup_cause"]), (1, row["uuid"], "NORMAL_CLEARING"))


def test_the_legs_are_separate_dialogs(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        theirs, ours = incoming.request, out.request
        expect(theirs.header("Call-ID") != ours.header("Call-ID"), "the Call-ID of the caller went through")
        expect(theirs.tag("From") != ours.tag("From"), "the tag of the caller went through")
        expect_equal(len(theirs.all("Via")), 1, "Via of the callee's INVITE")
        expect("127.0.0.1:5060" in theirs.contact_uri(), theirs)
        expect("1001" in theirs.header("From") and "Person 1001" in theirs.header("From"), theirs)
        expect_equal(int(theirs.header("Max-Forwards")), 69, "Max-Forwards")
        expect(theirs.uri.startswith(f"sip:1002@{b.hostport}"), theirs.uri)
        expect("100rel" in theirs.header("Supported") and "timer" in theirs.header("Supported"), theirs)
        expect(port_of(theirs) != 40000 and 20000 <= port_of(theirs) <= 20999, "the sound goes around the exchange")
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_the_callee_hangs_up(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = talk(a, b)
        gone = incoming.send("BYE", [("Reason", 'Q.850;cause=16;text="Normal call clearing"')])
        out.expect_bye()
        expect_equal(b.wait_final(gone).status, 200)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NORMAL_CLEARING", hung_up_by="callee", sip_hangup_disposition="send_bye")


def test_both_hang_up_at_once(case):
    pbx, a, b = office(case)
    with pbx:
        for _ in range(5):
            out, incoming = talk(a, b)
            first, second = out.make("BYE"), incoming.make("BYE")
            a.send(first, out.to)
            b.send(second, incoming.to)
            for peer, mine in ((a, first), (b, second)):
                seen = set()
                while True:
                    message = peer.receive(1.0)
                    expect(message is not None, f"{peer.user} waits for its 200, has seen {seen}")
                    seen.add(message.status or message.method)
                    if message.method == "BYE" and message.status is None:
                        peer.reply(message, 200)
                    elif message.status == 200:
                        break
        expect_nothing_left(pbx)
        rows = pbx.wait_for_cdr(5)
        expect_equal({row["hangup_cause"] for row in rows}, {"NORMAL_CLEARING"})
        expect_equal(len(rows), 5, "one record a call")


def test_cancel_before_ringing(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        b.reply(incoming.request, 100)
        out.cancel()
        cancelled = a.expect(200, 487)
        other = a.expect(200, 487)
        expect_equal({cancelled.status, other.status}, {200, 487})
        out.ack_failure(other if other.status == 487 else cancelled)
        incoming.expect_cancel()
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="ORIGINATOR_CANCEL", hung_up_by="caller", sip_hangup_disposition="recv_cancel",
                      billsec=0, sip_status=487)


def test_cancel_while_nothing_was_heard_of_the_callee(case):
    """A CANCEL may go out only after a provisional response (RFC 3261 9.1)."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        out.cancel()
        a.expect(200)
        out.expect_failure(487)
        again = b.receive(0.3)
        expect(again is None or again.method == "INVITE", f"sent before a provisional response:\n{again}")
        incoming.reply(180)
        b.wait_for("CANCEL")
        expect_nothing_left(pbx)


def test_cancel_while_ringing_with_a_reason(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        out.cancel([("Reason", 'SIP;cause=200;text="Call completed elsewhere"')])
        a.expect(200)
        out.expect_failure(487)
        request = incoming.expect_cancel()
        expect_equal(request.cseq[0], incoming.request.cseq[0], "CSeq of CANCEL")
        expect_equal(request.header("Via").split("branch=")[1], incoming.request.header("Via").split("branch=")[1])
        expect("Call completed elsewhere" in request.header("Reason", ""), "the caller's reason is carried on:", request)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="LOSE_RACE", sip_status=487, billsec=0)


def test_a_cancel_that_crosses_the_200(case):
    """The callee answers while its CANCEL is on the way: ACK and BYE."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        out.cancel()
        a.expect(200)
        out.expect_failure(487)
        request = b.expect("CANCEL")
        incoming.reply(200, body=b.sdp(40002))
        b.reply(request, 200)
        b.expect("ACK")
        incoming.expect_bye()
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="ORIGINATOR_CANCEL", billsec=0)


def test_a_cancel_that_comes_after_our_200(case):
    """It has no effect: the call is up."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        incoming.accept(b.sdp(40002))
        out.cancel()
        answers = [a.expect(200), a.expect(200)]
        expect_equal({answer.cseq[1] for answer in answers}, {"INVITE", "CANCEL"})
        out.learn(next(answer for answer in answers if answer.cseq[1] == "INVITE"))
        out.ack()
        expect_equal(pbx.pbxctl("calls")[0]["state"], "talking")
        b.expect_silence(0.3)
        out.send("BYE")
        incoming.expect_bye()
        expect_nothing_left(pbx)


def test_early_media_is_heard_and_the_answer_stays(case):
    pbx, a, b = office(case)
    with pbx:
        mine, theirs = rtp.Stream(case), rtp.Stream(case)
        out, incoming = ring(a, b, a.sdp(mine.port))
        incoming.reply(183, body=b.sdp(theirs.port))
        progress = out.expect(183, skip=(100,))
        theirs.start(("127.0.0.1", port_of(incoming.request)), sound.tone(600, 1))
        mine.start(("127.0.0.1", port_of(progress)), sound.tone(440, 1))
        expect_tone(mine, 600)
        incoming.accept(b.sdp(theirs.port))
        answered = out.expect(200)
        out.ack()
        expect_equal(answered.body.split("m=")[1], progress.body.split("m=")[1], "the answer of the 200")
        expect_equal(answered.body.splitlines()[1], progress.body.splitlines()[1], "o= of the answer")
        expect_tone(mine, 600)
        expect_tone(theirs, 440)
        out.send("BYE")
        incoming.expect_bye()
        expect_nothing_left(pbx)
        row = expect_record(pbx, hangup_cause="NORMAL_CLEARING")
        expect(row["progress_media_stamp"], "the stamp of early media is missing")
        for leg in "ab":
            expect(row[f"{leg}_packets_received"] > 20 and row[f"{leg}_packets_sent"] > 20, dict(row))
            expect_equal(row[f"{leg}_packets_lost"], 0)


def test_183_without_a_description_is_ringing(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        incoming.reply(183)
        progress = out.expect(180, 183, skip=(100,))
        expect_equal(progress.body, "")
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_codecs_of_the_callee_decide(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = talk(a, b, answer=b.sdp(40002, formats=((8, "PCMA/8000"), (101, "telephone-event/8000"))))
        expect_equal(codecs_of(out.answer), [8], "what the caller hears")
        out.send("BYE")
        incoming.expect_bye()
        expect_record(pbx, read_codec="PCMA", write_codec="PCMA")
        expect_nothing_left(pbx)


def test_hundred_calls_one_after_the_other_leave_nothing(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = talk(a, b)
        out.send("BYE")
        incoming.expect_bye()
        a.expect(200)
        expect_nothing_left(pbx)
        before = pbx.descriptors()
        for _ in range(100):
            out, incoming = talk(a, b)
            out.send("BYE")
            incoming.expect_bye()
            a.expect(200)
        expect_nothing_left(pbx)
        expect(pbx.descriptors() <= before + 3, f"{pbx.descriptors()} open files, {before} before")  # a database may open its log meanwhile
        rows = pbx.wait_for_cdr(101)
        expect_equal(len({row["uuid"] for row in rows}), 101)
