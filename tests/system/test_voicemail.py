# ctest: timeout=240
"""Mailboxes by phone: messages are left, heard, forwarded and deleted by keys alone, and the sound that comes back is
the sound that went in."""
import time

from harness import mailbox, sound
from harness.case import eventually, expect, expect_equal
from harness.mailbox import BEEP, Caller, expect_tone, leave_one, messages, wait_for_messages
from harness.switchroom import Switchroom, check


def owner(case, pin="4711", user="1001", number="*98"):
    """Signed in, at the main menu."""
    caller = Caller(case, number, user)
    caller.hears("enter_pin").press(pin + "#")
    return caller.hears("main_menu")


def test_leave_review_and_hear(case):
    """The whole way: greeting skipped, tone spoken, reviewed, kept; PIN, message heard, deleted, restored."""
    with Switchroom(case, mailbox.office(case)) as pbx:
        caller = Caller(case, "*991001")
        caller.hears("intro").press("#")
        caller.leave(440, 5, level=0.3)
        caller.press("#").be_quiet()
        caller.hears("review").press("1").hears(440)
        caller.hears("review").press("4").hears("urgent").hears("review").press("2").hears("saved")
        caller.is_hung_up_on()
        row = wait_for_messages(pbx, "1001", 1)[0]
        expect_equal((row["from"], row["name"], row["urgent"]), ("1002", "Person 1002", True), "the envelope")
        expect(4.5 < row["length_s"] < 9, f"it lasts {row['length_s']} s")

        listener = owner(case)
        listener.press("1")
        listener.hears(440)
        heard = listener.record(1)
        expect(abs(sound.frequency(heard) - 440) < 3, f"{sound.frequency(heard):.1f} Hz came back")
        expect(sound.power_at(heard, 440) > 0.6, "nothing else is in it")
        expect(abs(sound.dbfs(heard) + 10.5) < 1.5, f"{sound.dbfs(heard):.1f} dBFS came back, -10.5 went in")
        listener.hears("message_menu").press("7").hears("deleted").hears("no_more").hears("main_menu").press("#")
        listener.is_hung_up_on()
        expect_equal([one["state"] for one in messages(pbx, "1001")], ["deleted"], "states")
        expect_equal(pbx.pbxctl("voicemail", "restore", str(row["id"]))["state"], "saved", "it had been heard")
        copy = case.folder / "copy.wav"
        pbx.pbxctl("voicemail", "export", str(row["id"]), str(copy))
        samples, rate = sound.read(copy)
        expect_equal(rate, 8000)
        expect_tone(samples, 440, "the exported file")


def test_the_ends_of_a_message(case):
    """Hanging up keeps it, silence and the greatest length end it, one that is too short is dropped and said so."""
    limits = 'silence = "2s"\nmax_length = "4s"\nreview = false'
    with Switchroom(case, mailbox.office(case, voicemail=limits)) as pbx:
        row = leave_one(case, pbx, "1001", 500, 2.5)
        expect(2.0 < row["length_s"] < 4.1, f"hung up: {row['length_s']} s")

        quiet = Caller(case, "*991001")
        quiet.hears("intro").press("#")
        quiet.leave(520, 2.2)
        quiet.be_quiet()
        quiet.hears("saved", seconds=10)
        wait_for_messages(pbx, "1001", 2)

        long = Caller(case, "*991001")
        long.hears("intro").press("#")
        long.leave(540, 0)
        long.hears("saved", seconds=12)
        row = max(wait_for_messages(pbx, "1001", 3), key=lambda one: one["id"])
        expect(3.8 < row["length_s"] < 4.3, f"cut at 4 s: {row['length_s']} s")

        short = Caller(case, "*991001")
        short.hears("intro").press("#").hears(BEEP)
        time.sleep(0.4)
        short.press("#").hears("too_short").hears(BEEP)
        short.hang_up()
        time.sleep(1)
        expect_equal(len(messages(pbx, "1001")), 3, "messages")


def test_nobody_answers(case):
    """An office without a dialplan of its own: extensions with a mailbox fall to it, and the owner's own greeting
    is heard."""
    text = mailbox.office(case, contexts="", voicemail='ring = "2s"')
    with Switchroom(case, text) as pbx:
        boss = owner(case)
        boss.press("5").hears("config_menu").press("1").hears("which_greeting").press("1").hears(BEEP)
        time.sleep(0.3)
        boss.say(sound.tone(480, 1))
        time.sleep(2)
        boss.press("#").be_quiet()
        boss.hears("review").press("2").hears("greeting_saved").hang_up()

        caller = Caller(case, "1001")  # nobody is registered there
        caller.hears(480).hears("intro").leave(440, 2.5)
        caller.hang_up()
        wait_for_messages(pbx, "1001", 1)
        boss = owner(case)
        boss.press("5").hears("config_menu").press("2").hears("choose_greeting").press("0").hears("greeting_chosen")
        boss.hang_up()
        caller = Caller(case, "1001")
        caller.hears("intro")
        caller.hang_up()


def test_pins(case):
    """Tries, lockout, a PIN changed by phone that is kept hashed and outlives a restart; weak ones are refused."""
    text = mailbox.office(case, pins={"1001": "47113958"}, voicemail='lockout_after = 4')
    with Switchroom(case, text) as pbx:
        listener = owner(case, "47113958")
        listener.press("6").hears("new_pin").press("1001#").hears("pin_weak")
        listener.hears("new_pin").press("81639274#").hears("pin_again").press("81639274#").hears("pin_changed").hang_up()
        content = b"".join(path.read_bytes() for path in (case.folder / "data" / "voicemail").glob("index.db*"))
        expect(b"scrypt$" in content and b"81639274" not in content, "the PIN is not in the index in the clear")
        pbx.kill()
        pbx.start()
        guesser = Caller(case, "*971001", "1002")
        for _ in range(3):
            guesser.hears("enter_pin").press("47113958#").hears("wrong_pin", seconds=12)
        guesser.is_hung_up_on()
        guesser = Caller(case, "*971001", "1002")
        guesser.hears("enter_pin").press("47113958#").hears("locked", seconds=12)
        guesser.is_hung_up_on()
        row = next(one for one in pbx.pbxctl("voicemail", "list") if one["mailbox"] == "1001")
        expect_equal(row["pin"], "locked")
        pbx.pbxctl("voicemail", "unlock", "1001")
        owner(case, "81639274").hang_up()
        pbx.pbxctl("voicemail", "reset-pin", "1001")
        owner(case, "47113958").hang_up()
        expect("81639274" not in pbx.log and "47113958" not in pbx.log, "PINs in the log")
    for pin, why in (("1001", "own number"), ("1234", "row of digits"), ("0000", "one digit")):
        status, said = check(case, mailbox.office(case, pins={"1001": pin}))
        expect(status != 0 and why in said and "extensions.1001.voicemail.pin" in said, said)


def test_forward_and_shared(case):
    """Forwarded with an introduction to a list; a shared mailbox; the sender is called back; the owner logs in from
    his own greeting, and 0 reaches the operator."""
    more = """
[voicemail.mailboxes.sales]
number = "600"
pin = "5937"
members = ["1002"]
[voicemail.lists.all]
number = "700"
members = ["1002", "sales"]
"""
    text = mailbox.office(case, voicemail='operator_extension = "9196"', more=more)
    with Switchroom(case, text) as pbx:
        leave_one(case, pbx, "1001", 440, 2.5)
        boss = owner(case)
        boss.press("1").hears(440).press("8").hears("forward_to").press("700#").hears("forward_intro")
        boss.hears(BEEP)
        time.sleep(0.3)
        boss.say(sound.tone(560, 1))
        time.sleep(2)
        boss.press("#").be_quiet()
        boss.hears("forwarded").hang_up()
        wait_for_messages(pbx, "1002", 1)
        wait_for_messages(pbx, "sales", 1)

        member = owner(case, "5937", "1002", "*97600")
        member.press("1").hears(560).hears(440).hears("message_menu").press("2").hears("kept").hang_up()
        expect_equal([one["state"] for one in messages(pbx, "sales")], ["saved"])

        boss = Caller(case, "*991001", "1001")
        boss.hears("intro").press("*").hears("enter_pin").press("4711#").hears("main_menu").hang_up()

        caller = Caller(case, "*991001", voice=sound.tone(333, 1))
        caller.hears("intro").press("0").hears(333)  # the operator here is the echo test
        caller.hang_up()


def test_limit(case):
    with Switchroom(case, mailbox.office(case, pins={"1001": 'pin = "4711"\nmax_messages = 1'})) as pbx:
        leave_one(case, pbx)
        caller = Caller(case, "*991001")
        caller.hears("mailbox_full")
        caller.is_hung_up_on()
        expect_equal(len(messages(pbx, "1001")), 1)


def test_ages(case):
    """Old messages go, deleted ones can be restored for a while and are gone then, with their files."""
    text = mailbox.office(case, voicemail='keep_deleted = "3s"')
    with Switchroom(case, text) as pbx:
        row = leave_one(case, pbx)
        box = case.folder / "data" / "voicemail" / "box-1001"
        expect_equal(len(list(box.glob("*.wav"))), 1)
        pbx.pbxctl("voicemail", "delete", str(row["id"]))
        expect_equal(messages(pbx, "1001")[0]["state"], "deleted")
        time.sleep(3)
        pbx.reload()  # tidies up soon
        eventually(lambda: not messages(pbx, "1001") and not list(box.glob("*.wav")), 8, "the message to be gone")
