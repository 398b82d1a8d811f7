"""The shortest ways through the whole: an echo, a call by sipp, two phones that hear each other."""
from harness import baresip, config, rtp, sip, sipp, sound
from harness.case import expect, expect_equal, eventually
from harness.switchroom import Switchroom

SERVER = "127.0.0.1:5060"


def peer(case, number):
    return sip.Peer(case, number, config.password(number), server=SERVER)


def caller(case, scenario, called="1002"):
    return sipp.start(case, scenario, to=SERVER, user="1001", password=config.password("1001"), called=called)


def test_echo(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        phone, stream = peer(case, "1001"), rtp.Stream(case)
        call = phone.invite("sip:9196@127.0.0.1", phone.sdp(stream.port))
        port = int(call.expect(200).body.split("m=audio ")[1].split()[0])
        call.ack()
        stream.start(("127.0.0.1", port), sound.tone(440, 1)).expect_tone(440, seconds=2, level=-10.5)
        call.bye()
        record = pbx.wait_for_cdr()[0]
        expect(record["billsec"] >= 2 and record["hangup_cause"] == "NORMAL_CLEARING", record)
        eventually(pbx.cdr_csv, 5, "the record in CSV")
        expect_equal(pbx.cdr_csv()[0]["uuid"], record["uuid"])


def test_sipp_registers_calls_and_is_called(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        sipp.run(case, sipp.register(), SERVER, port=5070, user="1002", password=config.password("1002"), auth_uri="127.0.0.1")
        called = sipp.start(case, sipp.uas(), port=5070)
        caller(case, sipp.uac(sipp.pause(100))).finish()
        called.finish()
        expect_equal(pbx.wait_for_cdr()[0]["hangup_cause"], "NORMAL_CLEARING")


def test_cancel_busy_and_a_late_offer(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        bob = peer(case, "1002")
        bob.register()
        running = caller(case, sipp.uac_cancel(200))
        call = bob.answer()
        call.reply(180)
        call.expect_cancel()
        running.finish()
        running = caller(case, sipp.uac_refused(486))
        bob.answer().refuse(486)
        running.finish()
        running = caller(case, sipp.uac_delayed_offer())
        call = bob.answer()
        call.accept(bob.sdp(40000))
        call.expect_bye()
        running.finish()
        expect_equal([row["hangup_cause"] for row in pbx.wait_for_cdr(3)],
                     ["ORIGINATOR_CANCEL", "USER_BUSY", "NORMAL_CLEARING"])


def test_two_phones_hear_each_other(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        alice = baresip.Baresip(case, "1001", config.password("1001"), server=SERVER)
        bob = baresip.Baresip(case, "1003", config.password("1003"), server=SERVER, transport="tcp")
        alice.wait_for("REGISTER_OK")
        bob.wait_for("REGISTER_OK")
        alice.dial("sip:1003@127.0.0.1")
        bob.wait_for("CALL_INCOMING")
        bob.accept()
        alice.wait_for("CALL_ESTABLISHED")
        alice.expect_hears(bob, 2)
        bob.expect_hears(alice, 2)
        alice.press("4#")
        eventually(lambda: bob.digits() == "4#", 3, "the keys at the other end")
        expect_equal(pbx.pbxctl("status")["calls"], 1)
        alice.hang_up()
        bob.wait_for("CALL_CLOSED")
