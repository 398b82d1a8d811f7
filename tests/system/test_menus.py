# ctest: timeout=180
"""Menus, digits, transfers and opening hours, with phones that type keys and hear which greeting plays."""
import re
import time

from harness import config, rtp, sound, talk
from harness.baresip import Baresip
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom, check

# Each greeting is known by its tone.
MENUS = """
[menus.main]
number = "5000"
greeting = "tone_stream:%(1500,0,500)"
short_greeting = "tone_stream:%(1500,0,550)"
invalid = "tone_stream:%(400,0,900)"
goodbye = "tone_stream:%(400,0,1200)"
timeout = "1s"
digit_timeout = "1s"
digits = 4
tries = 2
timeouts = 2
then = "transfer 4000"
keys = { 1 = "transfer sales", 2 = "menu support", "*" = "repeat", 0 = "exit", '^(40\\d\\d)$' = "transfer $1" }

[menus.support]
greeting = "tone_stream:%(1500,0,650)"
keys = { 1 = "menu internet", 9 = "back", 5 = "playback tone_stream:%(400,0,1500)" }

[menus.internet]
greeting = "tone_stream:%(1500,0,750)"
keys = { 1 = "transfer 4001", 9 = "back" }

[ring_groups.sales]
number = "9001"
members = ["1002", "1003"]
timeout = "2s"
then = "transfer 4002"
"""

CONTEXTS = r"""
[[contexts.default]]
name = "ends"
when = { destination_number = '^40(\d\d)$' }
do = ["answer", "log INFO reached $1", "playback tone_stream:%(1000,0,350)", "hangup"]

[[contexts.default]]
name = "menu with a step behind it"
when = { destination_number = '^5001$' }
do = ["answer", "ivr main", "log INFO behind the menu", "hangup"]

[[contexts.default]]
name = "account"
when = { destination_number = '^8001$' }
do = ["answer", "play_and_get_digits 5 5 2 1500 # tone_stream:%(1500,0,500) tone_stream:%(300,0,900) account 1\\d{4} 1000 4003 XML default",
      "log INFO account <${account}>", "hangup"]

[[contexts.default]]
name = "pin"
when = { destination_number = '^8002$' }
do = ["answer", "read 0 10 none pin 1000 #", "log INFO pin <${pin}> ${read_result}", "hangup"]

[[contexts.default]]
name = "subroutine"
when = { destination_number = '^8003$' }
do = ["set a=1", "execute_extension inner", "log INFO a is ${a}, at ${destination_number}", "hangup"]

[[contexts.default]]
name = "inner"
when = { destination_number = '^inner$' }
do = ["set a=2", "log INFO inner of ${strftime(%Y)}"]

[[contexts.default]]
name = "round and round"
when = { destination_number = '^8004$' }
do = ["transfer 8005"]

[[contexts.default]]
name = "and back"
when = { destination_number = '^8005$' }
do = ["transfer 8004"]

[[contexts.default]]
name = "allotted"
when = { destination_number = '^8006$' }
do = ["answer", "sched_hangup +1", "echo"]
"""


def office(case, more="", contexts=CONTEXTS):
    return config.office(case.folder, contexts=contexts, more=MENUS + more)


class Caller:
    def __init__(self, case, number):
        self.phone, self.stream = talk.phone(case, register=False), rtp.Stream(case)
        self.call = self.phone.invite(f"sip:{number}@127.0.0.1", self.phone.sdp(self.stream.port, formats=talk.PCMU))
        answered = self.call.expect(200)
        self.call.ack()
        self.stream.start(talk.media_port(answered.body), sound.silence(1))

    def hears(self, frequency, seconds=4):
        """The tone begins within the time: 200 ms of it."""
        def now():
            heard = self.stream.measured().samples[-1600:]
            return len(heard) == 1600 and sound.dbfs(heard) > -40 and sound.power_at(heard, frequency) > 0.9
        eventually(now, seconds, f"a tone of {frequency} Hz")

    def press(self, keys):
        for key in keys:
            self.stream.send_digit(key)
            time.sleep(0.06)


def test_three_levels(case):
    with Switchroom(case, office(case)) as pbx:
        caller = Caller(case, "5000")
        caller.hears(500)
        caller.press("2")
        caller.hears(650)
        caller.press("1")
        caller.hears(750)
        caller.press("9")
        caller.hears(650)
        caller.press("5")
        caller.hears(1500)
        caller.hears(650)  # an application came back: the menu goes on
        caller.press("9")
        caller.hears(550)  # on return the short one
        caller.press("*")
        time.sleep(0.3)
        caller.hears(550)
        caller.press("21")
        caller.hears(750)
        caller.press("1")
        caller.hears(350)
        pbx.wait_for_log("reached 01")
        caller.call.expect_bye()


def test_typed_ahead(case):
    with Switchroom(case, office(case)) as pbx:
        caller = Caller(case, "5000")
        caller.press("211")
        pbx.wait_for_log("reached 01")
        caller.call.expect_bye()


def test_wrong_turns(case):
    """A wrong key is told, the second sends away; so do two silences; a pattern takes several keys."""
    with Switchroom(case, office(case)) as pbx:
        caller = Caller(case, "5000")
        caller.hears(500)
        caller.press("7")
        caller.hears(900)
        caller.hears(550)
        caller.press("8#")
        caller.hears(900)
        caller.hears(1200)
        pbx.wait_for_log("reached 00")
        caller.call.expect_bye()
        silent = Caller(case, "5000")
        silent.hears(500)
        silent.hears(550)
        silent.hears(1200, seconds=6)
        silent.call.expect_bye()
        direct = Caller(case, "5000")
        direct.press("4017")
        pbx.wait_for_log("reached 17")
        direct.call.expect_bye()
        leaving = Caller(case, "5001")
        leaving.press("0")
        pbx.wait_for_log("behind the menu")
        leaving.call.expect_bye()


def test_a_real_phone_in_a_menu(case):
    with Switchroom(case, office(case)) as pbx:
        alice = Baresip(case, "1001", config.password("1001"), talk.SERVER)
        alice.wait_for("REGISTER_OK", seconds=10)
        alice.dial("sip:5000@127.0.0.1")
        alice.wait_for("CALL_ESTABLISHED", seconds=10)
        for key in "21":
            alice.press(key)
            time.sleep(0.4)
        alice.press("1")
        pbx.wait_for_log("reached 01")
        alice.wait_for("CALL_CLOSED", seconds=10)


def test_a_ring_group(case):
    """Both ring; when nobody answers, what follows runs."""
    with Switchroom(case, office(case)) as pbx:
        b, c = talk.phone(case, "1002"), talk.phone(case, "1003")
        caller = talk.phone(case, register=False)
        out = caller.invite("sip:sales@127.0.0.1", caller.sdp(40000, formats=talk.PCMU))
        first, second = b.answer(), c.answer()
        first.reply(180), second.reply(180)
        first.expect_cancel(), second.expect_cancel()
        out.expect(200)
        out.ack()
        pbx.wait_for_log("reached 02")
        out.expect_bye()
        out = caller.invite("sip:9001@127.0.0.1", caller.sdp(40000, formats=talk.PCMU))
        first, second = b.answer(), c.answer()
        first.reply(180), second.reply(180)
        second.accept(c.sdp(40002, formats=talk.PCMU))
        out.expect(200)
        out.ack()
        first.expect_cancel()
        out.bye()
        second.expect_bye()


def test_digits_into_a_variable(case):
    with Switchroom(case, office(case)) as pbx:
        caller = Caller(case, "8001")
        caller.hears(500)
        caller.press("22222")  # does not fit
        caller.hears(900)
        caller.hears(500)
        caller.press("12345")
        pbx.wait_for_log("account <12345>")
        caller.call.expect_bye()
        failing = Caller(case, "8001")
        failing.press("123#")
        failing.hears(900)
        failing.hears(500)
        pbx.wait_for_log("reached 03", seconds=8)
        failing.call.expect_bye()
        short = Caller(case, "8002")
        short.press("47#")
        pbx.wait_for_log("pin <47> success")
        short.call.expect_bye()


def test_transfers(case):
    with Switchroom(case, office(case)) as pbx:
        phone = talk.phone(case, register=False)
        phone.invite("sip:8003@127.0.0.1", phone.sdp(40000)).expect_failure(*range(400, 700))
        pbx.wait_for_log(time.strftime("inner of %Y"))
        pbx.wait_for_log("a is 2, at 8003")
        phone.invite("sip:8004@127.0.0.1", phone.sdp(40000)).expect_failure(*range(400, 700))
        pbx.wait_for_log("transferred 30 times: it goes round in circles")
        row = pbx.wait_for_cdr(2)[-1]
        expect_equal((row["destination_number"], row["hangup_cause"]), ("8004", "EXCHANGE_ROUTING_ERROR"))
        caller = Caller(case, "8006")
        caller.call.expect_bye(seconds=4)
        expect_equal(pbx.wait_for_cdr(3)[-1]["hangup_cause"], "ALLOTTED_TIMEOUT")


def test_opening_hours(case):
    """Now is never outside of this day's hours and always outside of yesterday's."""
    today, other = time.strftime("%m-%d"), time.strftime("%m-%d", time.localtime(time.time() - 2 * 86400))
    contexts = r"""
[[contexts.default]]
when = { destination_number = '^1$', hours = "today" }
do = ["respond 486"]
else = ["respond 480"]
[[contexts.default]]
when = { destination_number = '^2$', hours = "other" }
do = ["respond 486"]
else = ["respond 480"]
[[contexts.default]]
when = { destination_number = '^3$', hours = "!other", time_of_day = "00:00-24:00" }
do = ["set x=1"]
cases = [ { when = { hours = "other" }, do = ["respond 480"] }, { do = ["respond 486"] } ]
[[contexts.default]]
when = { destination_number = '^40\d\d$' }
do = ["respond 480"]
"""
    more = f'\n[hours.today]\ndates = ["{today}"]\n[hours.other]\ndates = ["{other}"]\n'
    with Switchroom(case, office(case, more, contexts)):
        phone = talk.phone(case, register=False)
        for number, status in (("1", 486), ("2", 480), ("3", 486)):
            phone.invite(f"sip:{number}@127.0.0.1", phone.sdp(40000)).expect_failure(status)


def test_without_a_dialplan(case):
    """Extensions call each other, and menus and groups have their numbers."""
    # Without a dialplan there is nothing but people, menus and groups that a menu could lead to.
    with Switchroom(case, re.sub(r"transfer 40\d\d", "transfer 1003", office(case, contexts=""))) as pbx:
        b, phone = talk.phone(case, "1002"), talk.phone(case, register=False)
        out = phone.invite("sip:1002@127.0.0.1", phone.sdp(40000, formats=talk.PCMU))
        incoming = b.answer()
        incoming.refuse(486)
        out.expect_failure(486)
        phone.invite("sip:1009@127.0.0.1", phone.sdp(40000)).expect_failure(404)
        caller = Caller(case, "5000")
        caller.hears(500)
        caller.call.bye()
        pbx.wait_for_cdr(3)


def test_mistakes_are_found_by_check(case):
    more = """
[menus.broken]
number = "9001"
greeting = "nowhere.wav"
keys = { 1 = "menu mane" }
[menus.wrong]
keys = { 12 = "repeat" }
[menus.pattern]
keys = { '^(' = "repeat" }
[menus.application]
keys = { 1 = "trnsfer 1001" }
[ring_groups.empty]
number = "9002"
[ring_groups.strangers]
members = ["1999"]
then = "voicemail 1001"
[hours.odd]
time = "nine to five"
"""
    contexts = CONTEXTS + r"""
[[contexts.default]]
when = { destination_number = '^1$', hours = "busines" }
do = ["ivr mian"]
"""
    status, said = check(case, office(case, more, contexts))
    expect_equal(status, 1, said)
    for words in ("9001 is the number of", "nowhere.wav: there is no such file", 'keys.12: keys are 0 to 9',
                  "keys.^(: bad pattern", 'there is no application "trnsfer"; did you mean transfer', "members: is missing",
                  "there is no extension 1999", "there is no mailbox 1001", "a time of day is written",
                  "there is no [hours.busines]", "there is no [menus.mian]"):
        expect(words in said, f"{words!r} is missing in\n{said}")
