"""The dialplan, seen from outside: which entry runs, and what each application does to a call."""
import time

from harness import config, rtp, sip, sound
from harness.calls import dial, expect_nothing_left, expect_record, expect_tone, phone, port_of
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom

# Each number answers with a status of its own that tells which entry was taken.
CHOICES = r"""
[[contexts.default]]
name = "notes"
continue = true
when = { destination_number = '^7\d\d$' }
do   = ["set digits=three", "log warning ${caller_id_number} dials ${destination_number}"]

[[contexts.default]]
name = "both conditions"
when = { destination_number = '^700$', caller_id_number = '^1002$' }
do   = ["respond 601 The second caller"]

[[contexts.default]]
name = "by variable"
when = { destination_number = '^700$', '${digits}' = '^three$' }
do   = ["respond 602 Three digits"]

[[contexts.default]]
name = "by header"
when = { destination_number = '^8\d\d$', sip_h_X-Door = '^open$' }
do   = ["respond 610 ${sip_h_X-Door}"]

[[contexts.default]]
name = "by address"
when = { destination_number = '^8\d\d$', network_addr = '^127\.' }
do   = ["respond 611 From ${network_addr}"]

[[contexts.default]]
name = "captures"
when = { destination_number = '^9(\d)(\d+)$' }
do   = ["set first=$1", "set all=${first}-$2", "respond 612 ${all}"]

[[contexts.default]]
name = "variables of the extension and of the file"
when = { destination_number = '^500$', '${toll_allow}' = '\bdomestic\b' }
do   = ["respond 613 ${color} ${accountcode}"]

[[contexts.default]]
name = "first of two"
when = { destination_number = '^501$' }
do   = ["respond 614", "respond 615"]
[[contexts.default]]
name = "second of two"
when = { destination_number = '^501$' }
do   = ["respond 616"]

[[contexts.sales]]
name = "another context"
do   = ["respond 617"]
"""

APPLICATIONS = r"""
[[contexts.default]]
name = "causes by name and number"
when = { destination_number = '^hangup(\w+)$' }
do   = ["hangup $1"]

[[contexts.default]]
name = "ringing"
when = { destination_number = '^ring$' }
do   = ["ring_ready", "sleep 600", "respond 486"]

[[contexts.default]]
name = "answered, then over"
when = { destination_number = '^answer$' }
do   = ["answer", "answer", "sleep 700"]

[[contexts.default]]
name = "answered, then refused"
when = { destination_number = '^late$' }
do   = ["answer", "sleep 100", "respond 486"]

[[contexts.default]]
name = "echo"
when = { destination_number = '^echo$' }
do   = ["echo"]

[[contexts.default]]
name = "first one, then another"
when = { destination_number = '^next$' }
do   = ["set call_timeout=1", "bridge user/1002", "bridge user/1003", "log nobody was there", "hangup NO_ANSWER"]

[[contexts.default]]
name = "after an answered bridge"
when = { destination_number = '^after$' }
do   = ["bridge user/1002", "respond 699"]

[[contexts.default]]
name = "at once, and by address"
when = { destination_number = '^sip(\d+)$' }
do   = ["bridge sip:bob@127.0.0.1:$1"]

[[contexts.default]]
name = "a long sleep"
when = { destination_number = '^sleep$' }
do   = ["sleep 60000"]

[[contexts.default]]
name = "nothing at all"
when = { destination_number = '^nothing$' }
do   = ["set x=1"]

[[contexts.default]]
name = "answered first"
when = { destination_number = '^first$' }
do   = ["answer", "bridge user/1002"]
"""

PEOPLE = """
[extensions.1001.variables]
color = "green"
[extensions.1004]
password = "%s"
context = "sales"
""" % config.password("1004")


def choices(case):
    text = config.office(case.folder, contexts=CHOICES, more=PEOPLE)
    text = text.replace('name = "Person 1001"', 'name = "Person 1001"\ntoll_allow = ["local", "domestic"]\naccountcode = "ACME"')
    return Switchroom(case, text), phone(case, "1001", register=False), phone(case, "1002", register=False)


def refused(peer, number, status, phrase=None, headers=()):
    final = dial(peer, number, headers=headers).expect_failure(*range(300, 700))
    expect_equal(final.status, status, f"the answer to {number}")
    if phrase is not None:
        expect_equal(final.start.split(" ", 2)[2], phrase)


def applications(case):
    return Switchroom(case, config.office(case.folder, contexts=APPLICATIONS)), phone(case, "1001")


def test_conditions_captures_and_variables(case):
    pbx, a, b = choices(case)
    with pbx:
        refused(a, "700", 602, "Three digits")
        refused(b, "700", 601, "The second caller")
        refused(a, "800", 610, "open", [("X-Door", "open")])
        refused(a, "800", 611, "From 127.0.0.1", [("X-Door", "ajar")])
        refused(a, "9123", 612, "1-23")
        refused(a, "500", 613, "green ACME")
        refused(b, "500", 404)
        refused(a, "501", 614)
        refused(phone(case, "1004", register=False), "700", 617)
        pbx.wait_for_log(r"warning\s+dialplan.*1001 dials 700")
        expect_nothing_left(pbx)
        rows = {row["destination_number"]: row for row in pbx.wait_for_cdr(9) if row["caller_id_number"] == "1001"}
        expect_equal((rows["501"]["last_app"], rows["501"]["last_arg"], rows["9123"]["last_arg"]), ("respond", "614", "612 1-23"))
        expect_equal((rows["500"]["accountcode"], rows["500"]["sip_status"]), ("ACME", 613))


def test_a_header_cannot_forge_a_variable_of_its_own(case):
    """What a stranger writes into a header is a value, never an expression."""
    pbx, a, _ = choices(case)
    with pbx:
        refused(a, "800", 611, headers=[("X-Door", "${accountcode}")])
        refused(a, "${accountcode}", 404)
        expect_nothing_left(pbx)


def test_hangup_has_its_cause(case):
    pbx, a = applications(case)
    with pbx:
        for word, status, q850 in (("USER_BUSY", 486, 17), ("17", 486, 17), ("CALL_REJECTED", 603, 21),
                                   ("UNALLOCATED_NUMBER", 404, 1), ("NO_ANSWER", 480, 19),
                                   ("NORMAL_TEMPORARY_FAILURE", 503, 41), ("user_busy", 486, 17)):
            final = dial(a, f"hangup{word}").expect_failure(*range(300, 700))
            expect_equal(final.status, status, word)
            expect(f"Q.850;cause={q850}" in final.header("Reason", ""), final)
        expect_nothing_left(pbx)
        expect_record(pbx, 7, hangup_cause="USER_BUSY", hung_up_by="switchroom", sip_status=486, billsec=0)


def test_ring_ready_and_respond(case):
    pbx, a = applications(case)
    with pbx:
        out = dial(a, "ring")
        ringing = out.expect(180, skip=(100,))
        final = out.expect_failure(486)
        expect(final.at - ringing.at > 0.4, "it did not ring for a while")
        expect_nothing_left(pbx)
        expect(expect_record(pbx, last_app="respond", last_arg="486")["progress_stamp"], "no stamp of the ringing")


def test_answer_once_and_sleep(case):
    pbx, a = applications(case)
    with pbx:
        out = dial(a, "answer")
        answered = out.expect(200)
        out.ack()
        bye = out.expect_bye()
        expect(0.5 < bye.at - answered.at < 3, "sleep of 0.7 s")
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NORMAL_CLEARING", hung_up_by="switchroom", sip_hangup_disposition="send_bye",
                      last_app="sleep", last_arg="700", billsec=1)


def test_respond_after_answer_ends_the_call(case):
    pbx, a = applications(case)
    with pbx:
        out = dial(a, "late")
        out.expect(200)
        out.ack()
        bye = out.expect_bye()
        expect("Q.850;cause=17" in bye.header("Reason", ""), bye)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="USER_BUSY", sip_status=200)


def test_a_goodbye_before_the_ack_waits_for_it(case):
    """RFC 3261 section 15: no BYE of ours before the ACK of our 200."""
    pbx, a = applications(case)
    with pbx:
        out = dial(a, "late")
        out.expect(200)
        early = a.receive(0.4)
        expect(early is None or early.status == 200, f"before the ACK:\n{early}")
        out.ack()
        a.reply(a.wait_for("BYE"), 200)
        expect_nothing_left(pbx)


def test_a_caller_may_hang_up_before_its_ack(case):
    """The same section lets the caller: its BYE overtakes an ACK that was lost."""
    pbx, a = applications(case)
    with pbx:
        out = dial(a, "echo", a.sdp(4000))
        out.expect(200)
        out.bye()
        expect_nothing_left(pbx)
        expect_record(pbx, hung_up_by="caller", hangup_cause="NORMAL_CLEARING", sip_hangup_disposition="recv_bye")


def test_echo(case):
    pbx, a = applications(case)
    with pbx:
        stream = rtp.Stream(case)
        out = dial(a, "echo", a.sdp(stream.port))
        answered = out.expect(200)
        out.ack()
        stream.start(("127.0.0.1", port_of(answered)), sound.tone(440, 1))
        expect_tone(stream, 440)
        out.bye()
        expect_nothing_left(pbx)
        expect_record(pbx, last_app="echo", hung_up_by="caller", hangup_cause="NORMAL_CLEARING")


def test_hanging_up_ends_a_step_that_waits(case):
    pbx, a = applications(case)
    with pbx:
        out = dial(a, "sleep")
        a.expect(100, skip=())
        out.cancel()
        a.wait_for(200)
        out.expect_failure(487)
        expect_nothing_left(pbx, seconds=2)
        expect_record(pbx, hangup_cause="ORIGINATOR_CANCEL", last_app="sleep")


def test_the_next_step_after_a_failed_bridge(case):
    pbx, a = applications(case)
    b, c = phone(case, "1002"), phone(case, "1003")
    with pbx:
        out = dial(a, "next")
        b.answer().refuse(486)
        incoming = c.answer()
        incoming.accept(c.sdp(40002))
        out.expect(200)
        out.ack()
        incoming.send("BYE")
        out.expect_bye()
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NORMAL_CLEARING", bridge_channel="user/1003", last_arg="user/1003")


def test_when_all_bridges_fail(case):
    pbx, a = applications(case)
    b, c = phone(case, "1002"), phone(case, "1003")
    with pbx:
        out = dial(a, "next")
        b.answer().refuse(486)
        one = c.answer()
        one.reply(180)
        one.expect_cancel()
        out.expect_failure(480)
        pbx.wait_for_log("nobody was there")
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NO_ANSWER", last_app="hangup")


def test_no_step_follows_an_answered_bridge(case):
    """The call ends with the conversation (hangup_after_bridge)."""
    pbx, a = applications(case)
    b = phone(case, "1002")
    with pbx:
        out = dial(a, "after")
        incoming = b.answer()
        incoming.accept(b.sdp(40002))
        out.expect(200)
        out.ack()
        incoming.send("BYE")
        bye = out.expect_bye()
        expect("cause=16" in bye.header("Reason", ""), bye)
        expect_nothing_left(pbx)
        expect_record(pbx, last_app="bridge", hangup_cause="NORMAL_CLEARING")


def test_a_bridge_to_an_address(case):
    pbx, a = applications(case)
    bob = sip.Peer(case, "bob")
    with pbx:
        out = dial(a, f"sip{bob.port}")
        incoming = bob.answer()
        expect_equal(incoming.request.uri, f"sip:bob@127.0.0.1:{bob.port}")
        incoming.accept(bob.sdp(40002))
        out.expect(200)
        out.ack()
        expect_equal(pbx.pbxctl("calls")[0]["with"], f"sip:bob@127.0.0.1:{bob.port}")
        out.send("BYE")
        incoming.expect_bye()
        expect_nothing_left(pbx)


def test_a_bridge_of_an_answered_caller(case):
    """It rings in silence; the codec that was agreed is the one that is offered."""
    pbx, a = applications(case)
    b = phone(case, "1002")
    with pbx:
        out = dial(a, "first", a.sdp(40000, formats=((8, "PCMA/8000"), (0, "PCMU/8000"))))
        out.expect(200)
        out.ack()
        incoming = b.answer()
        incoming.reply(180)
        a.expect_silence(0.3)
        began = time.monotonic()
        incoming.accept(b.sdp(40002, formats=((8, "PCMA/8000"),)))
        a.expect_silence(0.3)
        incoming.send("BYE")
        out.expect_bye()
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NORMAL_CLEARING", read_codec="PCMA")
        expect(time.monotonic() - began < 10, "")


def test_a_dialplan_that_ends_without_an_answer(case):
    """The caller is told so, and the record too."""
    pbx, a = applications(case)
    with pbx:
        final = dial(a, "nothing").expect_failure(480)
        expect("Q.850;cause=" in final.header("Reason", ""), final)
        expect_nothing_left(pbx)
        expect_record(pbx, last_app="set", billsec=0)
