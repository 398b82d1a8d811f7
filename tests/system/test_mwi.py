# ctest: timeout=180
"""Message waiting, RFC 3842: lamps go on and off at once, by subscription and without, and are right after a
registration and after a restart."""
import time

from harness import baresip, config, mailbox, sip, talk
from harness.case import eventually, expect, expect_equal
from harness.mailbox import Caller, lamp, leave_one, messages
from harness.switchroom import Switchroom


def next_lamp(phone, seconds=5.0):
    """The next NOTIFY, answered; what it says."""
    notify = phone.wait_for("NOTIFY", seconds=seconds)
    phone.reply(notify, 200)
    expect_equal(notify.header("Event").split(";")[0], "message-summary")
    expect_equal(notify.header("Content-Type"), "application/simple-message-summary")
    return lamp(notify)


def subscribe(phone, target="1001", expires=600, headers=()):
    """(dialog as a sip.Call, the 200)."""
    request = phone.request("SUBSCRIBE", f"sip:{target}@127.0.0.1",
                            [("Event", "message-summary"), ("Expires", expires),
                             ("Accept", "application/simple-message-summary"), *headers])
    answer = phone.exchange(request, ("127.0.0.1", 5060))
    request.set("CSeq", "2 SUBSCRIBE")
    dialog = sip.Call(phone, request, ("127.0.0.1", 5060))
    dialog.learn(answer)
    return dialog, answer


def test_without_asking(case):
    """Registered phones, each of them, at registration, at each change, and after a restart."""
    with Switchroom(case, mailbox.office(case)) as pbx:
        desk, mobile = talk.phone(case, "1001"), talk.phone(case, "1001")
        for phone in (desk, mobile):
            expect_equal(next_lamp(phone), (False, 0, 0, 0, 0), "at registration")
        row = leave_one(case, pbx)
        for phone in (desk, mobile):
            expect_equal(next_lamp(phone), (True, 1, 0, 0, 0), "a new message")
        pbx.pbxctl("voicemail", "mark", str(row["id"]), "saved")
        for phone in (desk, mobile):
            expect_equal(next_lamp(phone), (False, 0, 1, 0, 0), "it was heard")
        pbx.pbxctl("voicemail", "mark", str(row["id"]), "new")
        for phone in (desk, mobile):
            expect_equal(next_lamp(phone), (True, 1, 0, 0, 0))
        pbx.stop()
        pbx.start()
        for phone in (desk, mobile):
            expect_equal(next_lamp(phone), (True, 1, 0, 0, 0), "after the restart")
        desk.register()  # with a new Call-ID, as after a restart of the phone, whose lamp is off then
        expect_equal(next_lamp(desk), (True, 1, 0, 0, 0), "the phone was restarted")
        again = talk.phone(case, "1001")
        expect_equal(next_lamp(again), (True, 1, 0, 0, 0), "a phone that comes later")
        expect_equal(pbx.pbxctl("voicemail", "mwi", "1001")["phones"], 3)
        for phone in (desk, mobile, again):
            expect_equal(next_lamp(phone), (True, 1, 0, 0, 0), "asked for")


def test_behind_a_proxy(case):
    with Switchroom(case, mailbox.office(case)):
        phone = talk.phone(case, "1001", register=False)
        phone.register(headers=[("Path", f"<sip:{phone.hostport};lr>")])
        notify = phone.wait_for("NOTIFY")
        phone.reply(notify, 200)
        expect_equal(notify.header("Route"), f"<sip:{phone.hostport};lr>")


def test_subscriptions(case):
    with Switchroom(case, mailbox.office(case)) as pbx:
        phone = talk.phone(case, "1001", register=False)
        stranger = sip.Peer(case, "1001", "wrong-password", server=talk.SERVER)
        refused = stranger.exchange(stranger.request("SUBSCRIBE", "sip:1001@127.0.0.1", [("Event", "message-summary")]),
                                    ("127.0.0.1", 5060))
        expect_equal(refused.status, 401)
        dialog, answer = subscribe(phone)
        expect_equal((answer.status, answer.header("Expires")), (200, "600"))
        notify = phone.wait_for("NOTIFY")
        expect_equal(notify.tag("To"), answer.tag("From"), "inside the dialog")
        expect(notify.header("Subscription-State").startswith("active;expires="), notify)
        phone.reply(notify, 200)
        expect_equal(lamp(notify), (False, 0, 0, 0, 0))
        phone.register()
        phone.expect_silence(0.5)  # it is told by its subscription alone
        leave_one(case, pbx)
        expect_equal(next_lamp(phone), (True, 1, 0, 0, 0))
        phone.expect_silence(0.3)

        refresh = dialog.ask("SUBSCRIBE", [("Event", "message-summary"), ("Expires", "3600")])
        expect_equal(refresh.status, 200)
        expect_equal(next_lamp(phone), (True, 1, 0, 0, 0))
        expect_equal(dialog.ask("SUBSCRIBE", [("Event", "message-summary"), ("Expires", "5")]).status, 423)
        gone = dialog.ask("SUBSCRIBE", [("Event", "message-summary"), ("Expires", "0")])
        expect_equal(gone.status, 200)
        last = phone.wait_for("NOTIFY")
        phone.reply(last, 200)
        expect(last.header("Subscription-State").startswith("terminated"), last)
        expect_equal(dialog.ask("SUBSCRIBE", [("Event", "message-summary")]).status, 481)

        _, other = subscribe(phone, "1002")
        expect_equal(other.status, 403, "somebody else's lamp")
        _, unknown = subscribe(phone, headers=[])
        expect_equal(unknown.status, 200)
        next_lamp(phone)
        bad = phone.exchange(phone.request("SUBSCRIBE", "sip:1001@127.0.0.1", [("Event", "weather")]), ("127.0.0.1", 5060))
        expect_equal((bad.status, bad.header("Allow-Events")), (489, "message-summary"))


def test_shared_lamp(case):
    """A member's lamp shows the shared mailbox, too."""
    more = '\n[voicemail.mailboxes.sales]\nnumber = "600"\npin = "5937"\nmembers = ["1002"]\n'
    with Switchroom(case, mailbox.office(case, more=more)) as pbx:
        phone = talk.phone(case, "1002")
        expect_equal(next_lamp(phone), (False, 0, 0, 0, 0))
        caller = Caller(case, "*99600", "1001")
        caller.hears("intro").press("#")
        caller.leave(440, 2.5)
        caller.hang_up()
        expect_equal(next_lamp(phone, 8), (True, 1, 0, 0, 0))
        expect_equal(len(messages(pbx, "sales")), 1)


def test_baresip(case):
    """A real phone, which subscribes."""
    with Switchroom(case, mailbox.office(case)) as pbx:
        phone = baresip.Baresip(case, "1001", config.password("1001"), server=talk.SERVER, mwi="yes")
        phone.wait_for("REGISTER_OK")

        def told():
            return [event.get("param", "") for event in phone.happened("MWI_NOTIFY")]
        eventually(lambda: any("Messages-Waiting: no" in text for text in told()), 10, "the lamp is off")
        row = leave_one(case, pbx)
        eventually(lambda: told() and "Messages-Waiting: yes" in told()[-1], 8, "the lamp goes on")
        pbx.pbxctl("voicemail", "delete", str(row["id"]))
        eventually(lambda: "Messages-Waiting: no" in told()[-1], 8, "the lamp goes off")
        time.sleep(1)
        expect(len(told()) < 20, f"{len(told())} NOTIFYs: it goes round in circles")
