"""The end: by TERM with and without a call, impatient, by force; and the start after it."""
import signal
import time

from harness import config, sip
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom

SERVER = "127.0.0.1:5060"


def phone(case, user="1001", **more):
    return sip.Peer(case, user, config.password(user), server=SERVER, **more)


def echo_call(peer):
    call = peer.invite("sip:9196@127.0.0.1", peer.sdp(40000))
    call.expect(200)
    call.ack()
    return call


def bridged(case):
    caller, called = phone(case), phone(case, "1002")
    called.register()
    call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
    answered = called.answer()
    answered.accept(called.sdp(40002))
    call.expect(200)
    call.ack()
    return call, answered


def test_term_without_a_call(case):
    for number in (signal.SIGTERM, signal.SIGINT):
        with Switchroom(case, config.office(case.folder)) as pbx:
            phone(case).register()
            began = time.monotonic()
            pbx.child.signal(number)
            expect_equal(pbx.child.wait(5), 0, "the exit status")
            expect(time.monotonic() - began < 1.5 * SLOWNESS, "nothing to wait for")
            expect("stopped" in pbx.log and "shutting down: 0 calls up" in pbx.log, pbx.log[-500:])
            expect(not pbx.socket.exists(), "the control socket is removed")


def test_term_with_a_call_that_ends_by_itself(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        call, answered = bridged(case)
        pbx.child.signal(signal.SIGTERM)
        pbx.wait_for_log("shutting down: 1 call up")
        other = phone(case, "1003")
        other.invite("sip:9196@127.0.0.1", other.sdp(40000)).expect_failure(503)
        time.sleep(1.0)
        expect(pbx.child.running(), "it waits for the call")
        call.bye()
        answered.expect_bye()
        expect_equal(pbx.child.wait(3), 0, "the exit status")
        rows = pbx.cdr_rows()
        expect_equal([(row["hangup_cause"]) for row in rows], ["NORMAL_CLEARING"], "its record")


def test_a_second_term_ends_the_call(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        call, answered = bridged(case)
        pbx.child.signal(signal.SIGTERM)
        pbx.wait_for_log("shutting down")
        began = time.monotonic()
        pbx.child.signal(signal.SIGTERM)
        for one in (call, answered):
            bye = one.expect_bye()
            expect(bye.header("Reason"), f"the reason of the end:\n{bye}")
        expect_equal(pbx.child.wait(5), 0, "the exit status")
        expect(time.monotonic() - began < 2 * SLOWNESS, "at once")
        expect_equal(len(pbx.cdr_rows()), 1, "the record")


def test_a_second_term_with_a_peer_that_is_gone(case):
    """Nobody answers the BYEs: the end does not wait for ever."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        call, answered = bridged(case)
        pbx.child.signal(signal.SIGTERM)
        pbx.wait_for_log("shutting down")
        pbx.child.signal(signal.SIGTERM)
        expect_equal(pbx.child.wait(10), 0, "the exit status")
        expect_equal(len(pbx.cdr_rows()), 1, "the record")


def test_term_while_it_rings(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        caller, called = phone(case), phone(case, "1002")
        called.register()
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
        answered = called.answer()
        answered.reply(180)
        call.expect(180, skip=(100,))
        pbx.child.signal(signal.SIGTERM)
        pbx.wait_for_log("shutting down")
        pbx.child.signal(signal.SIGTERM)
        answered.expect_cancel()
        call.expect_failure(*range(400, 700))
        expect_equal(pbx.child.wait(8), 0, "the exit status")
        expect_equal(len(pbx.cdr_rows()), 1, "the record")


def test_kill_and_start(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        first = echo_call(phone(case, "1003"))
        first.bye()
        pbx.wait_for_cdr(1)
        call, answered = bridged(case)
        pbx.kill()
        pbx.start()
        rows = pbx.wait_for_cdr(2)
        expect_equal(len(rows), 2, "one record for each call, also for the one that was cut short")
        cut = next(row for row in rows if row["caller_id_number"] == "1001")
        expect(cut["hangup_cause"] != "NORMAL_CLEARING", cut)
        # Its phones learn that the call is gone when they say something in it.
        expect_equal(call.ask("BYE").status, 481, "a BYE of the call that the crash ended")
        again = echo_call(phone(case))
        again.bye()
        expect_equal(len(pbx.wait_for_cdr(3)), 3, "records go on")


def test_kill_under_load(case):
    """Registrations and calls in full swing, kill -9, five times: it always starts again, and no record is lost or doubled."""
    with Switchroom(case, config.office(case.folder, log='level = "info"')) as pbx:
        answered = 0
        for _ in range(5):
            peer = phone(case)
            peer.register()
            for _ in range(10):
                echo_call(peer).bye()
                answered += 1
            pbx.kill()
            pbx.start()
        eventually(lambda: len(pbx.cdr_rows()) >= answered, 5, f"{answered} records")
        rows = pbx.cdr_rows()
        expect_equal((len(rows), len({row["uuid"] for row in rows})), (answered, answered), "records, and different ones")
