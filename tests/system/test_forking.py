"""Several phones of one extension ring, and several answers to one INVITE: the first wins, the rest is tidied."""
from harness import config, rtp, sip, sound
from harness.calls import (dial, expect_nothing_left, expect_record, expect_tone, phone, port_of)
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom

DIALPLAN = r"""
[[contexts.default]]
name = "everybody"
when = { destination_number = '^2000$' }
do   = ["set call_timeout=2", "bridge user/1002, user/1003"]

[[contexts.default]]
name = "one phone speaks for all"
when = { destination_number = '^3002$' }
do   = ["bridge {fail_on_single_reject=CALL_REJECTED}user/1002"]

[[contexts.default]]
name = "colleagues"
when = { destination_number = '^(10\d\d)$' }
do   = ["set call_timeout=4", "bridge user/$1"]
"""


def office(case):
    return Switchroom(case, config.office(case.folder, contexts=DIALPLAN)), phone(case, "1001")


def rung(caller, *phones, number="1002"):
    out = dial(caller, number)
    return out, [one.answer() for one in phones]


def test_all_contacts_ring_and_the_first_wins(case):
    pbx, a = office(case)
    with pbx:
        phones = [phone(case, "1002") for _ in range(3)]
        out, (one, two, three) = rung(a, *phones)
        for call in (one, two, three):
            call.reply(180)
        out.expect(180, skip=(100,))
        two.accept(phones[1].sdp(40002))
        answered = out.expect(200)
        out.ack()
        for call in (one, three):
            request = call.expect_cancel()
            expect('SIP;cause=200;text="Call completed elsewhere"' in request.header("Reason", ""), request)
        out.send("BYE")
        two.expect_bye()
        a.expect(200)
        expect(port_of(answered) != port_of(two.request), "each leg has ports of its own")
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NORMAL_CLEARING", hung_up_by="caller", bridge_channel="user/1002")


def test_the_caller_hears_180_once(case):
    pbx, a = office(case)
    with pbx:
        phones = [phone(case, "1002") for _ in range(2)]
        out, calls = rung(a, *phones)
        for call in calls:
            call.reply(180)
            call.reply(183, body=call.peer.sdp(40002))
        first = out.expect(180, skip=(100,))
        expect_equal(first.body, "")
        more = a.receive(0.3)
        expect(more is None or (more.status == 180 and not more.body), f"which of two phones shall be heard?\n{more}")
        out.cancel()
        a.wait_for(200)
        out.expect_failure(487)
        for call in calls:
            call.expect_cancel()
        expect_nothing_left(pbx)


def test_two_answer_at_the_same_instant(case):
    """The second 200 is acknowledged and sent home."""
    pbx, a = office(case)
    with pbx:
        for _ in range(5):
            phones = [phone(case, "1002") for _ in range(2)]
            out, (one, two) = rung(a, *phones)
            answers = [call.peer.response(call.request, 200, body=call.peer.sdp(40002), tag=f"t{i}")
                       for i, call in enumerate((one, two))]
            for call, answer in zip((one, two), answers):
                call.local = answer.header("To")
                call.peer.send(answer, call.request.source)
            out.expect(200)
            out.ack()
            endings = []
            for call in (one, two):
                seen = []
                while (message := call.peer.receive(0.5)) is not None:
                    seen.append(message.method)
                    if message.method in ("BYE", "CANCEL"):
                        call.peer.reply(message, 200)
                expect("ACK" in seen, f"a 200 was not acknowledged: {seen}")
                endings.append("BYE" in seen)
            expect_equal(sorted(endings), [False, True], "one talks, one is sent home")
            winner = (one, two)[endings.index(False)]
            a.send(out.make("BYE"), out.to)
            winner.expect_bye()
            a.expect(200)
            for one in phones:
                one.register(expires=0)
        expect_nothing_left(pbx)
        expect_equal({row["hangup_cause"] for row in pbx.wait_for_cdr(5)}, {"NORMAL_CLEARING"})


def test_a_refusal_of_one_does_not_end_the_call(case):
    pbx, a = office(case)
    with pbx:
        phones = [phone(case, "1002") for _ in range(2)]
        out, (one, two) = rung(a, *phones)
        one.refuse(486)
        two.reply(180)
        out.expect(180, skip=(100,))
        two.accept(phones[1].sdp(40002))
        out.expect(200)
        out.ack()
        out.send("BYE")
        two.expect_bye()
        expect_nothing_left(pbx)


def test_the_best_refusal_is_told(case):
    """Busy says more than "not found"; a decline more than busy (RFC 3261 16.7)."""
    pbx, a = office(case)
    with pbx:
        phones = [phone(case, "1002") for _ in range(3)]
        out, calls = rung(a, *phones)
        for call, status in zip(calls, (404, 486, 480)):
            call.refuse(status)
        out.expect_failure(486)
        out, calls = rung(a, *phones)
        for call, status in zip(calls, (486, 603, 500)):
            call.refuse(status)
        out.expect_failure(603)
        expect_nothing_left(pbx)
        expect_equal([row["hangup_cause"] for row in pbx.wait_for_cdr(2)], ["USER_BUSY", "CALL_REJECTED"])


def test_a_decline_on_one_phone_lets_the_others_ring(case):
    """Unlike a proxy's (RFC 3261 16.7): who declines at the desk may still be wanted at the door phone."""
    pbx, a = office(case)
    with pbx:
        phones = [phone(case, "1002") for _ in range(2)]
        out, (one, two) = rung(a, *phones)
        two.reply(180)
        out.expect(180, skip=(100,))
        one.refuse(603)
        phones[1].expect_silence(0.3)
        two.accept(phones[1].sdp(40002))
        out.expect(200)
        out.ack()
        out.send("BYE")
        two.expect_bye()
        expect_nothing_left(pbx)


def test_a_decline_on_one_phone_ends_it_for_all_where_the_rule_says_so(case):
    pbx, a = office(case)
    with pbx:
        phones = [phone(case, "1002") for _ in range(2)]
        out, (one, two) = rung(a, *phones, number="3002")
        two.reply(180)
        out.expect(180, skip=(100,))
        one.refuse(603)
        two.expect_cancel()
        out.expect_failure(603)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="CALL_REJECTED")
        out, (one, two) = rung(a, *phones, number="3002")
        one.refuse(486)  # another cause: the other phone rings on
        two.accept(phones[1].sdp(40002))
        out.expect(200, skip=(100, 180))
        out.ack()
        out.send("BYE")
        two.expect_bye()
        expect_nothing_left(pbx)


def test_two_extensions_with_a_comma(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out, (one, two) = rung(a, b, c, number="2000")
        for call in (one, two):
            call.reply(180)
        out.expect(180, skip=(100,))
        two.accept(c.sdp(40002))
        out.expect(200)
        out.ack()
        one.expect_cancel()
        expect_equal(pbx.pbxctl("calls")[0]["with"], "user/1003")
        two.send("BYE")
        out.expect_bye()
        expect_nothing_left(pbx)
        expect_record(pbx, bridge_channel="user/1003", hung_up_by="callee")


def test_one_of_two_extensions_is_not_registered(case):
    pbx, a = office(case)
    with pbx:
        b = phone(case, "1002")
        out, (one,) = rung(a, b, number="2000")
        one.accept(b.sdp(40002))
        out.expect(200)
        out.ack()
        out.send("BYE")
        one.expect_bye()
        expect_nothing_left(pbx)


def test_nobody_of_several_answers(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out, calls = rung(a, b, c, number="2000")
        for call in calls:
            call.reply(180)
        for call in calls:
            expect("cause=200" not in call.expect_cancel().header("Reason", ""), "nobody took the call elsewhere")
        out.expect_failure(480)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="NO_ANSWER")


# -- phones that send their calls on (302) --------------------------------------------------------------


def send_on(call, *contacts):
    answer = call.peer.response(call.request, 302)
    answer.headers += [("Contact", contact) for contact in contacts]
    call.peer.send(answer, call.request.source)
    call.peer.expect("ACK")


def test_a_phone_sends_its_call_to_another_extension(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out, (one,) = rung(a, b)
        send_on(one, "<sip:1003@127.0.0.1:5060>")
        two = c.answer()
        two.reply(180)
        out.expect(180, skip=(100,))
        two.accept(c.sdp(40002))
        out.expect(200)
        out.ack()
        out.send("BYE")
        two.expect_bye()
        expect_nothing_left(pbx)
        expect_record(pbx, bridge_channel="user/1003", hangup_cause="NORMAL_CLEARING")


def test_early_sound_of_a_phone_that_sends_its_call_on(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        mine, theirs = rtp.Stream(case), rtp.Stream(case)
        out = a.invite("sip:1002@127.0.0.1", a.sdp(mine.port))
        one = b.answer()
        one.reply(183, body=b.sdp(40002))
        progress = out.expect(183, skip=(100,))
        send_on(one, "<sip:1003@127.0.0.1>")
        two = c.answer()
        two.accept(c.sdp(theirs.port))
        out.expect(200, skip=(100, 180, 183))
        out.ack()
        mine.start(("127.0.0.1", port_of(progress)), sound.tone(440, 1))
        theirs.start(("127.0.0.1", port_of(two.request)), sound.tone(600, 1))
        expect_tone(mine, 600)
        expect_tone(theirs, 440)
        out.send("BYE")
        two.expect_bye()
        expect_nothing_left(pbx)


def test_phones_that_send_calls_to_each_other(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out, (call,) = rung(a, b)
        rounds = 0
        here, there = b, c
        while call is not None:
            rounds += 1
            expect(rounds < 30, "the call is sent around without end")
            send_on(call, f"<sip:{there.user}@127.0.0.1>")
            here, there = there, here
            message = here.receive(0.5)
            call = sip.Call.incoming(here, message) if message else None
        out.expect_failure(480)
        expect_nothing_left(pbx)


# -- one INVITE that a proxy behind the contact forks ---------------------------------------------------


def answer_with(b, call, status, tag, body="", port=None):
    contact = f"<sip:{tag}@{b.host}:{port or b.port}>"
    response = b.response(call.request, status, body=body, tag=tag)
    response.set("Contact", contact)
    b.send(response, call.request.source)
    return response


def test_downstream_forking_has_several_early_dialogs(case):
    pbx, a = office(case)
    with pbx:
        b = phone(case, "1002")
        mine, first, second = rtp.Stream(case), rtp.Stream(case), rtp.Stream(case)
        out = a.invite("sip:1002@127.0.0.1", a.sdp(mine.port))
        call = b.answer()
        answer_with(b, call, 180, "one")
        answer_with(b, call, 183, "two", b.sdp(first.port))
        answer_with(b, call, 183, "three", b.sdp(second.port))
        out.expect(180, skip=(100,))
        answer_with(b, call, 200, "three", b.sdp(second.port))
        answered = out.expect(200)
        out.ack()
        ack = b.expect("ACK")
        expect_equal((ack.tag("To"), ack.uri), ("three", f"sip:three@{b.hostport}"))
        second.start(("127.0.0.1", port_of(call.request)), sound.tone(600, 1))
        mine.start(("127.0.0.1", port_of(answered)), sound.tone(440, 1))
        expect_tone(second, 440)
        expect_tone(mine, 600)
        out.send("BYE")
        goodbye = b.expect("BYE")
        expect_equal(goodbye.tag("To"), "three")
        b.reply(goodbye, 200)
        expect_nothing_left(pbx)


def answered_by_one(a, b, *ringing):
    """A call that is up with the fork "one": the caller's side, and the INVITE that b has got."""
    out = dial(a, "1002")
    call = b.answer()
    for tag in ringing:
        answer_with(b, call, 180, tag)
    answer_with(b, call, 200, "one", b.sdp(40002))
    expect_equal(b.expect("ACK").tag("To"), "one")
    out.expect(200, skip=(100, 180))
    out.ack()
    return out, call


def test_a_second_200_of_another_fork_is_acknowledged_and_ended(case):
    pbx, a = office(case)
    with pbx:
        b = phone(case, "1002")
        out, call = answered_by_one(a, b, "one", "two")
        answer_with(b, call, 200, "two", b.sdp(40004))
        expect_equal(b.expect("ACK").tag("To"), "two")
        goodbye = b.expect("BYE")
        expect_equal(goodbye.tag("To"), "two")
        b.reply(goodbye, 200)
        answer_with(b, call, 200, "two", b.sdp(40004))  # again: its ACK was lost
        expect_equal(b.expect("ACK").tag("To"), "two")
        expect_equal(pbx.pbxctl("calls")[0]["state"], "talking")
        out.send("BYE")
        expect_equal(b.expect("BYE").tag("To"), "one")
        expect_nothing_left(pbx)  # though this BYE is never answered


def late_answers(b, call, *tags):
    """A 200 for each of `tags`; what comes back within a moment, as (method, To tag) in order."""
    for tag in tags:
        answer_with(b, call, 200, tag, b.sdp(40002))
    seen = []
    while (message := b.receive(0.3)) is not None:
        seen.append((message.method, message.tag("To")))
        if message.method in ("BYE", "CANCEL"):
            b.reply(message, 200)
    return seen


def test_a_200_of_another_fork_when_the_call_is_over(case):
    """RFC 3261 13.2.2.4: for 64*T1 each 200 is acknowledged, also when nobody here remembers the call."""
    pbx, a = office(case)
    with pbx:
        b = phone(case, "1002")
        out, call = answered_by_one(a, b, "one")
        out.send("BYE")
        b.reply(b.expect("BYE"), 200)
        a.expect(200)
        expect_nothing_left(pbx)
        expect_equal(late_answers(b, call, "two"), [("ACK", "two"), ("BYE", "two")])
        expect_equal(late_answers(b, call, "two", "one"), [("ACK", "two"), ("ACK", "one")], "sent home once")


def test_two_200_that_cross_the_cancel(case):
    pbx, a = office(case)
    with pbx:
        b = phone(case, "1002")
        out = dial(a, "1002")
        call = b.answer()
        answer_with(b, call, 180, "one")
        out.expect(180, skip=(100,))
        out.cancel()
        b.reply(b.expect("CANCEL"), 200)
        seen = late_answers(b, call, "one", "two")
        expect_equal(seen, [("ACK", "one"), ("BYE", "one"), ("ACK", "two"), ("BYE", "two")])
        expect_equal(late_answers(b, call, "one"), [("ACK", "one")], "its ACK was lost")
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="ORIGINATOR_CANCEL")
