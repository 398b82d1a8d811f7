"""Dial strings: who rings, when and for how long, with which variables; what the caller hears meanwhile; what follows."""
import time

from harness import config, rtp, sip, sound
from harness.calls import dial, expect_nothing_left, expect_record, expect_tone, phone, port_of
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom

DIALPLAN = r"""
[[contexts.default]]
name = "one after the other"
when = { destination_number = '^serial$' }
do   = ["bridge [call_timeout=1]user/1002|user/1003", "respond 480 nobody"]
[[contexts.default]]
name = "one of two stops ringing earlier, the other begins later"
when = { destination_number = '^staggered$' }
do   = ["bridge {call_timeout=6}[leg_timeout=2]user/1002,[leg_delay_start=1]user/1003", "respond 480 ${originate_disposition}"]
[[contexts.default]]
name = "anything"
when = { destination_number = '^loose(.*)$' }
do   = ["set copy=$1", "bridge user/$1", "bridge {effective_caller_id_name=${copy}}user/${copy}", "respond 480 ${originate_disposition}"]
[[contexts.default]]
name = "a team in a variable"
when = { destination_number = '^team$' }
do   = ["set team=user/1002,user/1003", "bridge ${team}"]
[[contexts.default]]
name = "names and headers"
when = { destination_number = '^headers$' }
do   = ["set sip_h_X-Set=one", "export sip_h_X-Exported=two", "export nolocal:sip_h_X-There=three",
        "set sip_h_Via=evil", "log here=${sip_h_X-There}.",
        "bridge {sip_h_X-All=four}[sip_h_X-Own='five, with comma',effective_caller_id_number=777,effective_caller_id_name=Door]user/1002,user/1003"]
[[contexts.default]]
name = "the caller's headers"
when = { destination_number = '^copied$', sip_h_x-mine = 'others', sip_h_From = 'sip:1001@' }
do   = ["set sip_copy_custom_headers=true", "bridge user/1002"]
[[contexts.default]]
name = "causes"
when = { destination_number = '^only-no-answer$' }
do   = ["set continue_on_fail=NO_ANSWER,USER_NOT_REGISTERED", "set call_timeout=1", "bridge user/1002", "respond 499 next"]
[[contexts.default]]
name = "causes, all"
when = { destination_number = '^always$' }
do   = ["set continue_on_fail=true", "bridge user/1002", "respond 499 ${DIALSTATUS} ${last_bridge_hangup_cause}"]
[[contexts.default]]
name = "causes, none"
when = { destination_number = '^never$' }
do   = ["set continue_on_fail=false", "bridge user/1002", "respond 499 next"]
[[contexts.default]]
name = "one refusal for all"
when = { destination_number = '^single$' }
do   = ["bridge {fail_on_single_reject=USER_BUSY}user/1002,user/1003|user/1003", "respond 499 ${originate_disposition}"]
[[contexts.default]]
name = "the caller stays"
when = { destination_number = '^stays$' }
do   = ["set hangup_after_bridge=false", "bridge user/1002", "playback tone_stream:%(1500,0,700)",
        "set hangup_after_bridge=true", "bridge user/1003", "respond 499"]
[[contexts.default]]
name = "two of whom nobody is there"
when = { destination_number = '^both$' }
do   = ["bridge user/1002,user/1003", "respond 499 ${originate_disposition}"]
[[contexts.default]]
name = "one of them is busy"
when = { destination_number = '^mixed$' }
do   = ["bridge user/1002,error/USER_BUSY", "respond 499 ${originate_disposition}"]
[[contexts.default]]
name = "the second of them is busy"
when = { destination_number = '^later$' }
do   = ["bridge user/1002|error/USER_BUSY|user/1003", "respond 499 ${originate_disposition}"]
[[contexts.default]]
name = "why"
when = { destination_number = '^why-(.*)$' }
do   = ["bridge $1", "respond 499 ${originate_disposition}"]
"""


def office(case, contexts=DIALPLAN, more=""):
    return Switchroom(case, config.office(case.folder, contexts=contexts, more=more)), phone(case, "1001")


def test_one_after_the_other(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out = dial(a, "serial")
        first = b.answer()
        first.reply(180)
        c.expect_silence(0.5)
        request = first.expect_cancel(seconds=3)
        expect("Q.850;cause=19" in request.header("Reason", ""), request)
        second = c.answer()
        second.accept(c.sdp(40004))
        out.expect(200, skip=(100, 180))
        out.ack()
        out.send("BYE")
        second.expect_bye()
        expect_nothing_left(pbx)
        expect_record(pbx, bridge_channel="user/1003", hangup_cause="NORMAL_CLEARING")


def test_times_of_one_target(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out = dial(a, "staggered")
        first = b.answer()
        began = time.monotonic()
        first.reply(180)
        second = c.answer(seconds=4)
        expect(time.monotonic() - began > 0.6, "1003 rang at once in spite of leg_delay_start")
        second.reply(180)
        first.expect_cancel(seconds=4)
        c.expect_silence(0.5)  # it rings on
        second.refuse(486)
        expect_equal(out.expect_failure(480, seconds=5).start, "SIP/2.0 480 USER_BUSY")
        expect_nothing_left(pbx)


def test_what_is_dialled_adds_no_target(case):
    pbx, a = office(case)
    with pbx:
        evil = sip.Peer(case, "evil")
        b = phone(case, "1002")
        for mark in ("%2C", "%7C", "%7D", "'%5D"):
            final = dial(a, f"loose1002{mark}sip%3Aevil%40127.0.0.1%3A{evil.port}").expect_failure(480)
            expect_equal(final.start, "SIP/2.0 480 UNALLOCATED_NUMBER")
        evil.expect_silence(0.3)
        b.expect_silence(0.1)
        expect_nothing_left(pbx)


def test_a_variable_may_hold_a_whole_team(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out = dial(a, "team")
        calls = [b.answer(), c.answer()]
        for call in calls:
            call.reply(180)
        out.expect(180, skip=(100,))
        out.cancel()
        a.wait_for(200)
        out.expect_failure(487)
        for call in calls:
            call.expect_cancel()
        expect_nothing_left(pbx)


def test_headers_and_names_of_all_and_of_one(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out = dial(a, "headers", headers=[("X-Mine", "not for others")])
        one, two = b.answer(), c.answer()
        for call in (one, two):
            heard = {name: call.request.header(name) for name in ("X-Set", "X-Exported", "X-There", "X-All", "X-Mine")}
            expect_equal(heard, {"X-Set": "one", "X-Exported": "two", "X-There": "three", "X-All": "four", "X-Mine": None})
            expect_equal(len(call.request.all("Via")), 1)
        expect_equal((one.request.header("X-Own"), two.request.header("X-Own")), ("five, with comma", None))
        expect("Door" in one.request.header("From") and "sip:777@" in one.request.header("From"), one.request)
        expect("sip:1001@" in two.request.header("From"), two.request)
        one.refuse(486), two.refuse(486)
        out.expect_failure(486)
        out = dial(a, "copied", headers=[("X-Mine", "for others"), ("P-Asserted-Identity", "<sip:boss@127.0.0.1>")])
        call = b.answer()
        expect_equal((call.request.header("X-Mine"), call.request.header("P-Asserted-Identity")), ("for others", None))
        call.refuse(486)
        out.expect_failure(486)
        expect_equal(dial(a, "%20x XML elsewhere".replace(" ", "%20")).expect_failure(404).status, 404)
        pbx.wait_for_log(r"here=\.")
        expect_nothing_left(pbx)


def test_continue_on_fail(case):
    pbx, a = office(case)
    with pbx:
        expect_equal(dial(a, "only-no-answer").expect_failure(499).start, "SIP/2.0 499 next")  # not registered
        b = phone(case, "1002")

        def refused(number, status):
            out = dial(a, number)
            b.answer().refuse(486)
            return out.expect_failure(status).start

        expect_equal(refused("only-no-answer", 486), "SIP/2.0 486 Busy Here")
        expect_equal(refused("never", 486), "SIP/2.0 486 Busy Here")
        expect_equal(refused("always", 499), "SIP/2.0 499 BUSY USER_BUSY")
        out = dial(a, "only-no-answer")
        call = b.answer()
        call.reply(180)
        call.expect_cancel(seconds=3)
        expect_equal(out.expect_failure(499).start, "SIP/2.0 499 next")
        expect_nothing_left(pbx)


def test_one_refusal_ends_it_for_all(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        out = dial(a, "single")
        one, two = b.answer(), c.answer()
        two.reply(180)
        one.refuse(486)
        two.expect_cancel()
        expect_equal(out.expect_failure(499).start, "SIP/2.0 499 USER_BUSY")
        c.expect_silence(0.3)
        expect_nothing_left(pbx)


def test_right_causes_when_nobody_can_ring(case):
    pbx, a = office(case)
    with pbx:
        for target, cause in (("user/1002", "USER_NOT_REGISTERED"), ("user/4711", "UNALLOCATED_NUMBER"),
                              ("group/nobody", "NO_ROUTE_DESTINATION"), ("error/USER_BUSY", "USER_BUSY"),
                              ("trunk/none/911", "INVALID_GATEWAY"), ("sofia/nowhere", "INVALID_NUMBER_FORMAT")):
            expect_equal(dial(a, f"why-{target}").expect_failure(499).start, f"SIP/2.0 499 {cause}", target)
        for name, cause in (("both", "USER_NOT_REGISTERED"), ("mixed", "USER_BUSY"), ("later", "USER_BUSY")):
            expect_equal(dial(a, name).expect_failure(499).start, f"SIP/2.0 499 {cause}", name)
        expect_nothing_left(pbx)


def test_the_caller_stays_after_the_conversation(case):
    pbx, a = office(case)
    with pbx:
        b, c = phone(case, "1002"), phone(case, "1003")
        mine, theirs, last = rtp.Stream(case), rtp.Stream(case), rtp.Stream(case)
        out = dial(a, "stays", a.sdp(mine.port))
        first = b.answer()
        first.accept(b.sdp(theirs.port))
        answered = out.expect(200)
        out.ack()
        mine.start(("127.0.0.1", port_of(answered)), sound.tone(440, 1))
        theirs.start(("127.0.0.1", port_of(first.request)), sound.tone(1000, 1))
        expect_tone(mine, 1000)
        expect_tone(theirs, 440)
        first.bye()
        expect_tone(mine, 700)
        second = c.answer(seconds=8)
        second.accept(c.sdp(last.port))
        last.start(("127.0.0.1", port_of(second.request)), sound.tone(1300, 1))
        expect_tone(mine, 1300)
        expect_tone(last, 440)
        second.bye()
        out.expect_bye()
        expect_nothing_left(pbx)
        expect_record(pbx, hung_up_by="callee", hangup_cause="NORMAL_CLEARING", bridge_channel="user/1003")


RINGBACK = r"""
[[contexts.default]]
name = "early"
when = { destination_number = '^early$' }
do   = ["set ringback=tone_stream://%(400,0,500)", "bridge user/1002"]
[[contexts.default]]
name = "early, whatever the phone plays"
when = { destination_number = '^ignored$' }
do   = ["set ringback=%(400,0,500)", "bridge {ignore_early_media=true}user/1002"]
[[contexts.default]]
name = "without a tone of ours"
when = { destination_number = '^plain$' }
do   = ["set ignore_early_media=true", "bridge user/1002"]
[[contexts.default]]
name = "answered"
when = { destination_number = '^answered$' }
do   = ["answer", "bridge user/1002"]
[[contexts.default]]
name = "answered, with music"
when = { destination_number = '^music$' }
do   = ["answer", "set ringback=tone_stream:%(400,0,500)", "set transfer_ringback=tone_stream:%(400,0,900)", "bridge user/1002"]
"""


def test_ringback_before_the_answer(case):
    pbx, a = office(case, RINGBACK)
    with pbx:
        b = phone(case, "1002")
        mine, theirs = rtp.Stream(case), rtp.Stream(case)
        out = dial(a, "early", a.sdp(mine.port))
        call = b.answer()
        call.reply(180)
        early = out.expect(183, skip=(100,))
        mine.start(("127.0.0.1", port_of(early)), sound.silence(1))
        expect_tone(mine, 500)
        # The phone has something to say itself: it takes the place of the tone.
        call.reply(183, body=b.sdp(theirs.port))
        theirs.start(("127.0.0.1", port_of(call.request)), sound.tone(1100, 1))
        eventually(lambda: heard(mine) == 1100, 5, "the phone's own sound")
        call.accept(b.sdp(theirs.port))
        answered = out.expect(200)
        out.ack()
        expect_equal(port_of(answered), port_of(early))
        expect_tone(mine, 1100)
        out.send("BYE")
        call.expect_bye()
        expect_nothing_left(pbx)
        expect(expect_record(pbx, bridge_channel="user/1002")["progress_media_stamp"], "no stamp of the early sound")


def heard(stream):
    """The frequency that comes now, to the nearest 100 Hz."""
    stream.forget()
    stream.wait_for(10)
    return round(stream.measured().frequency / 100) * 100


def test_early_sound_is_ignored(case):
    pbx, a = office(case, RINGBACK)
    with pbx:
        b = phone(case, "1002")
        mine, theirs = rtp.Stream(case), rtp.Stream(case)
        out = dial(a, "ignored", a.sdp(mine.port))
        call = b.answer()
        call.reply(183, body=b.sdp(theirs.port))
        early = out.expect(183, skip=(100,))
        mine.start(("127.0.0.1", port_of(early)), sound.silence(1))
        theirs.start(("127.0.0.1", port_of(call.request)), sound.tone(1100, 1))
        expect_tone(mine, 500, packets=40)
        call.accept(b.sdp(theirs.port))
        out.expect(200)
        out.ack()
        eventually(lambda: heard(mine) == 1100, 5, "the phone, once it has answered")
        out.send("BYE")
        call.expect_bye()
        a.expect(200)
        out = dial(a, "plain", a.sdp(mine.port))
        call = b.answer()
        call.reply(183, body=b.sdp(theirs.port))
        expect_equal(out.expect(180, 183, skip=(100,)).status, 180)
        call.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_a_caller_who_was_answered_hears_ringing(case):
    pbx, a = office(case, RINGBACK)
    with pbx:
        b = phone(case, "1002")
        for number, wanted in (("answered", (440, 480)), ("music", (900,))):
            mine, theirs = rtp.Stream(case), rtp.Stream(case)
            out = dial(a, number, a.sdp(mine.port))
            answered = out.expect(200)
            out.ack()
            mine.start(("127.0.0.1", port_of(answered)), sound.silence(1))
            call = b.answer()
            call.reply(180)
            mine.wait_for(40)
            samples = mine.measured().samples[-3200:]
            for frequency in wanted:
                expect(sound.power_at(samples, frequency) > 10 * sound.power_at(samples, 620), f"{frequency} Hz for {number}")
            call.accept(b.sdp(theirs.port))
            theirs.start(("127.0.0.1", port_of(call.request)), sound.tone(1300, 1))
            eventually(lambda: heard(mine) == 1300, 5, "the phone")
            out.send("BYE")
            call.expect_bye()
            a.expect(200)
        expect_nothing_left(pbx)


GROUPS = r"""
[[contexts.default]]
name = "by group"
when = { destination_number = '^group-(\w+)$' }
do   = ["bridge group/$1", "respond 480 ${originate_disposition}"]

[ring_groups.turns]
number = "9001"
members = ["1001", "1002", "1003"]
strategy = "round_robin"
timeout = "1s"
prefix = "Turns: "
then = "respond 480 nobody of turns"

[ring_groups.chance]
number = "9002"
members = ["1001", "1002", "1003"]
strategy = "random"
then = "respond 480 nobody of chance"
"""


def groups(case):
    text = config.office(case.folder, contexts=GROUPS, extensions=("1001", "1002", "1003", "1004"))
    for number in ("1002", "1003"):
        text = text.replace(f'name = "Person {number}"', f'name = "Person {number}"\ngroups = ["sales", "all"]')
    return Switchroom(case, text), phone(case, "1004")


def test_a_group_of_extensions(case):
    pbx, a = groups(case)
    with pbx:
        expect_equal(dial(a, "group-sales").expect_failure(480).start, "SIP/2.0 480 USER_NOT_REGISTERED")
        expect_equal(dial(a, "group-nobody").expect_failure(480).start, "SIP/2.0 480 NO_ROUTE_DESTINATION")
        b, c = phone(case, "1002"), phone(case, "1003")
        out = dial(a, "group-sales")
        one, two = b.answer(), c.answer()
        two.reply(180)
        one.accept(b.sdp(40002))
        out.expect(200, skip=(100, 180))
        out.ack()
        two.expect_cancel()
        out.send("BYE")
        one.expect_bye()
        expect_nothing_left(pbx)


def test_round_robin_begins_with_the_next_one(case):
    pbx, a = groups(case)
    with pbx:
        phones = [phone(case, number) for number in ("1001", "1002", "1003")]
        for turn in range(4):
            out = dial(a, "9001")
            first = phones[turn % 3].answer()
            expect('"Turns: Person 1004"' in first.request.header("From"), first.request)
            first.reply(180)
            first.expect_cancel(seconds=3)
            second = phones[(turn + 1) % 3].answer()
            second.accept(second.peer.sdp(40002))
            out.expect(200, skip=(100, 180))
            out.ack()
            out.send("BYE")
            second.expect_bye()
            a.expect(200)
        pbx.reload()  # keeps the turns
        out = dial(a, "9001")
        phones[1].answer().refuse(486)
        phones[2].answer().refuse(486)
        phones[0].answer().refuse(486)
        expect_equal(out.expect_failure(480).start, "SIP/2.0 480 nobody of turns")
        expect_nothing_left(pbx)


def test_random_order_rings_each_once(case):
    pbx, a = groups(case)
    with pbx:
        phones = [phone(case, number) for number in ("1001", "1002", "1003")]
        orders = set()
        for _ in range(12):
            out = dial(a, "9002")
            order, left = [], list(phones)
            while left:
                for one in left:
                    message = one.receive(0.05)
                    if message is not None:
                        expect_equal(message.method, "INVITE")
                        sip.Call.incoming(one, message).refuse(486)
                        order.append(one.user)
                        left.remove(one)
                        break
            expect_equal(sorted(order), ["1001", "1002", "1003"])
            out.expect_failure(480)
            orders.add(tuple(order))
        expect(len(orders) > 1, f"always the same order: {orders}")
        expect_nothing_left(pbx)
