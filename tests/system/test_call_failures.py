"""Calls that come to nothing: what the caller is told, what the callee is told, and what the record says."""
import re
import time

from harness import config, sip
from harness.calls import PCMA_ONLY, PCMU_ONLY, dial, expect_nothing_left, expect_record, phone, ring
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom

DIALPLAN = r"""
[[contexts.default]]
name = "impatient"
when = { destination_number = '^5(10\d\d)$' }
do   = ["set call_timeout=2", "bridge user/$1"]

[[contexts.default]]
name = "colleagues"
when = { destination_number = '^(1\d\d\d)$' }
do   = ["bridge user/$1"]

[[contexts.default]]
name = "outside"
when = { destination_number = '^out(\d+)$' }
do   = ["set call_timeout=2", "bridge sip:bob@127.0.0.1:$1"]
"""


def office(case, **changes):
    pbx = Switchroom(case, config.office(case.folder, contexts=DIALPLAN, **changes))
    return pbx, phone(case, "1001"), phone(case, "1002")


def q850(message):
    found = re.search(r"Q\.850\s*;\s*cause=(\d+)", message.header("Reason", ""))
    return int(found[1]) if found else None


def refused(case, status, told, cause, name, headers=(), again=0, **record):
    """B answers `status`; A must be told `told` with the Q.850 `cause`."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        incoming.refuse(status, headers=headers)
        for _ in range(again):  # in case it was about encryption
            b.answer().refuse(status, headers=headers)
        final = out.expect_failure(*range(300, 700))
        expect_equal((final.status, q850(final)), (told, cause), "what the caller is told")
        expect_nothing_left(pbx)
        return expect_record(pbx, hangup_cause=name, hangup_cause_q850=cause, sip_status=told, billsec=0,
                             sip_hangup_disposition="send_refuse", **record)


def test_busy(case):
    row = refused(case, 486, 486, 17, "USER_BUSY", hung_up_by="callee")
    expect(not row["answer_stamp"] and row["progress_stamp"], row)


def test_declined(case):
    refused(case, 603, 603, 21, "CALL_REJECTED", hung_up_by="callee")


def test_busy_everywhere(case):
    refused(case, 600, 600, 17, "USER_BUSY")


def test_not_found_at_the_phone(case):
    refused(case, 404, 404, 1, "UNALLOCATED_NUMBER")


def test_temporarily_unavailable(case):
    refused(case, 480, 480, 18, "NO_USER_RESPONSE")


def test_not_acceptable_here(case):
    refused(case, 488, 488, 88, "INCOMPATIBLE_DESTINATION", again=1)


def test_server_error(case):
    refused(case, 500, 500, 41, "NORMAL_TEMPORARY_FAILURE")


def test_service_unavailable(case):
    refused(case, 503, 503, 41, "NORMAL_TEMPORARY_FAILURE")


def test_forbidden(case):
    refused(case, 403, 403, 21, "CALL_REJECTED")


def test_a_challenge_of_the_callee_is_not_the_callers_business(case):
    """The caller cannot answer a 401 or 407 of the other leg; it must not see one."""
    refused(case, 407, 403, 21, "CALL_REJECTED")


def test_401_of_the_callee(case):
    refused(case, 401, 403, 21, "CALL_REJECTED")


def test_a_redirection_to_a_strange_place_is_not_followed(case):
    """A phone may not send the exchange's calls (and bills) anywhere it likes."""
    pbx, a, b = office(case)
    elsewhere = sip.Peer(case, "evil")
    with pbx:
        out, incoming = ring(a, b)
        incoming.refuse(302, headers=[("Contact", f"<sip:evil@{elsewhere.hostport}>")])
        final = out.expect_failure(*range(300, 700))
        expect(400 <= final.status < 700 and not final.header("Contact"), final)
        elsewhere.expect_silence(0.5)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="REDIRECTION_TO_NEW_DESTINATION", hangup_cause_q850=23)


def test_a_q850_cause_of_the_callee_goes_before_its_status(case):
    refused(case, 480, 480, 27, "DESTINATION_OUT_OF_ORDER", [("Reason", 'Q.850;cause=27;text="x"')])


def test_487_of_a_callee_that_was_not_cancelled(case):
    """A phone that gives up by itself; the caller, who did not cancel, is not told that he did."""
    refused(case, 487, 480, 31, "NORMAL_UNSPECIFIED")


def test_a_strange_reason_header_does_no_harm(case):
    refused(case, 480, 480, 18, "NO_USER_RESPONSE", [("Reason", 'Q.850;cause=99999999999999999999;text="')])


def test_nobody_answers(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring_number(a, b, "51002")
        incoming.reply(180)
        out.expect(180, skip=(100,))
        began = time.monotonic()
        request = incoming.expect_cancel()
        expect(1.0 < time.monotonic() - began < 4, "call_timeout is 2 s")
        expect_equal(q850(request), 19, "the Q.850 cause in CANCEL")
        final = out.expect_failure(480)
        expect_equal(q850(final), 19)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NO_ANSWER", hangup_cause_q850=19, hung_up_by="switchroom", billsec=0)


def ring_number(a, b, number):
    return dial(a, number), b.answer()


def test_the_callee_says_nothing_at_all(case):
    """Its INVITE is sent again and again, and no CANCEL may follow without a provisional response."""
    pbx, a, b = office(case)
    with pbx:
        out = dial(a, "51002")
        out.expect_failure(480)
        seen = []
        while (message := b.receive(0.2)) is not None:
            seen.append(message)
        expect_equal({message.method for message in seen}, {"INVITE"})
        expect(2 <= len(seen) <= 4, f"{len(seen)} times in 2 s: 0, 0.5, 1.5 s")
        expect_equal(len({message.header("Via") for message in seen}), 1, "retransmissions are the same message")
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NO_ANSWER")


def test_a_callee_that_never_ends_its_cancelled_invite(case):
    """It rings, and is deaf to CANCEL."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring_number(a, b, "51002")
        incoming.reply(180)
        out.expect(180, skip=(100,))
        out.expect_failure(480)
        b.expect("CANCEL")
        expect_nothing_left(pbx, seconds=6)


def test_a_destination_where_nobody_is(case):
    """ICMP's refusal or silence: either way the call ends in time."""
    pbx, a, _ = office(case)
    with pbx:
        out = dial(a, "out9")
        final = out.expect_failure(480, 408, 503, seconds=6)
        expect(q850(final) in (18, 19, 41), final)
        expect_nothing_left(pbx)


def test_an_extension_that_is_not_registered(case):
    pbx, a, _ = office(case)
    with pbx:
        final = dial(a, "1003").expect_failure(480)
        expect_equal(q850(final), 20)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="USER_NOT_REGISTERED", hangup_cause_q850=20, sip_status=480, billsec=0)


def test_a_phone_that_left(case):
    pbx, a, b = office(case)
    with pbx:
        b.register(expires=0)
        expect_equal(q850(dial(a, "1002").expect_failure(480)), 20)


def test_an_extension_that_does_not_exist(case):
    pbx, a, _ = office(case)
    with pbx:
        final = dial(a, "1999").expect_failure(404)
        expect_equal(q850(final), 1)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="UNALLOCATED_NUMBER", hangup_cause_q850=1, sip_status=404)


def test_a_number_that_the_dialplan_does_not_know(case):
    pbx, a, _ = office(case)
    with pbx:
        for number in ("7", "911", "1001x", "*97"):
            final = dial(a, number).expect_failure(404)
            expect(q850(final) in (1, 3), final)
        expect_nothing_left(pbx)
        rows = pbx.wait_for_cdr(4)
        expect_equal({row["sip_status"] for row in rows}, {404})
        pbx.wait_for_log("matches 911")


def test_no_codec_in_common(case):
    pbx, a, b = office(case, codecs=["PCMA"])
    with pbx:
        final = dial(a, "1002", a.sdp(40000, formats=PCMU_ONLY)).expect_failure(488)
        expect_equal(q850(final), 88)
        b.expect_silence(0.2)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="INCOMPATIBLE_DESTINATION", sip_status=488)


def test_a_callee_that_answers_with_a_codec_nobody_offered(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b, a.sdp(40000, formats=PCMU_ONLY))
        incoming.reply(200, body=b.sdp(40002, formats=((18, "G729/8000"),)))
        b.expect("ACK")
        incoming.expect_bye()
        out.expect_failure(488)
        expect_nothing_left(pbx)


def test_a_callee_that_answers_without_a_description(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        incoming.reply(200)
        b.expect("ACK")
        incoming.expect_bye()
        final = out.expect_failure(*range(400, 700))
        expect_equal((final.status, q850(final)), (488, 88))
        expect_nothing_left(pbx)


def test_a_description_that_cannot_be_read(case):
    pbx, a, _ = office(case)
    with pbx:
        for body in ("v=0\r\n", "rubbish", "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nm=audio\r\n"):
            expect(dial(a, "1002", body).expect_failure(400, 488).status, body)
        expect_nothing_left(pbx)


def test_rtp_ports_used_up(case):
    """The range has room for one call; the next is refused with 503, and the first talks on."""
    pbx, a, b = office(case, media_ports="20000-20003")
    with pbx:
        out, incoming = ring(a, b)
        incoming.accept(b.sdp(40002))
        out.expect(200)
        out.ack()
        second = dial(a, "1002")
        final = second.expect_failure(503)
        expect(q850(final) is not None, final)
        pbx.wait_for_log(r"\[media\] ports")
        out.send("BYE")
        incoming.expect_bye()
        a.expect(200)
        expect_nothing_left(pbx)
        out, incoming = ring(a, b)
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_over_max_calls(case):
    pbx, a, b = office(case, max_calls=1)
    with pbx:
        out, incoming = ring(a, b)
        final = dial(a, "1002").expect_failure(503)
        expect(final.header("Retry-After"), final)
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_what_the_log_says(case):
    """For each failed call one line says why, in words, also when the level is info."""
    pbx, a, b = office(case, log='level = "info"')
    with pbx:
        dial(a, "1003").expect_failure(480)
        dial(a, "1999").expect_failure(404)
        out, incoming = ring(a, b)
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)
        for words in ("1003 has no phone registered", "no extension 1999", r"1002.* (busy|486)"):
            pbx.wait_for_log(words)
