# ctest: timeout=240
"""The three levels of menus that FreeSWITCH's tutorials show, in their own names, walked with every wrong turn.

Each prompt is a tone of its own, so that what comes back says which one it was."""
import re
import time
from pathlib import Path

from harness import config, rtp, sound, talk
from harness.baresip import Baresip
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom, check

TONES = {"main": 500, "main short": 550, "billing": 650, "support": 750, "tech": 850, "short": 950, "invalid": 1050,
         "goodbye": 1150, "thanks": 1250, "account": 1350, "end": 350, "confirm": 1450}


def prompt(name, milliseconds=3000):
    return f"tone_stream:%({milliseconds},0,{TONES[name]})"


def menu(name, greeting, short, entries, more="", digits=1):
    keys = ", ".join(f'"{key}" = "{action}"' for key, action in entries.items())
    return f"""
[menus.{name}]
greeting = "{prompt(greeting)}"
short_greeting = "{prompt(short)}"
invalid = "{prompt("invalid", 400)}"
goodbye = "{prompt("goodbye", 600)}"
timeout = "1s"
digit_timeout = "2s"
tries = 3
timeouts = 3
digits = {digits}
keys = {{ {keys} }}
{more}"""


MENUS = menu("main_ivr", "main", "main short", {
    "1": "menu-exec-app transfer 9001 XML default", "2": "menu-sub support_ivr", "3": "menu-sub billing_ivr",
    "4": "menu-exec-app transfer 411 XML default", "0": "menu-exec-app transfer 1009 XML default", "*": "menu-top"},
    'number = "5000"') + menu("billing_ivr", "billing", "short", {
        "1": "menu-exec-app transfer 8001 XML default", "2": "menu-exec-app transfer 8002 XML default",
        "3": "menu-exec-app transfer 1007 XML default", "9": "menu-back", "0": "menu-exec-app transfer 1009 XML default",
        "#": "menu-exit"}) + menu("support_ivr", "support", "short", {
            "1": "menu-sub tech_support_ivr", "2": "menu-exec-app transfer 1005 XML default", "9": "menu-back",
            "*": "menu-top"}) + menu("tech_support_ivr", "tech", "short", {
                "1": "menu-exec-app transfer 1004 XML default", "2": "menu-exec-app transfer 1005 XML default",
                "3": "menu-exec-app transfer 1006 XML default", "9": "menu-back", "8": "top",
                "0": "menu-exec-app transfer 1009 XML default"}) + menu("careful", "main", "main short", {
                    "^(\\\\d{4})$": "transfer $1"}, f"""confirm = "{prompt("confirm")}"
confirm_key = "1"
confirm_tries = 2""", digits=4)

CONTEXTS = fr"""
[[contexts.default]]
name = "ends"
when = {{ destination_number = '^(100[4-9]|9001|8002|411)$' }}
do = ["answer", "log INFO reached $1", "playback {prompt("end", 800)}", "hangup"]

[[contexts.default]]
name = "main_ivr"
when = {{ destination_number = '^(main|5001)$' }}
do = ["answer", "sleep 100", "ivr main_ivr", "log INFO behind the menu", "hangup"]

[[contexts.default]]
name = "confirmed"
when = {{ destination_number = '^5002$' }}
do = ["answer", "ivr careful", "hangup"]

[[contexts.default]]
name = "account_lookup"
when = {{ destination_number = '^(8001)$' }}
do = ["answer", "play_and_get_digits 5 5 3 1500 # {prompt("account")} {prompt("invalid", 400)} account_number \\d{{5}} 1000 1009 XML default",
      "log INFO Account number entered: ${{account_number}}", "playback {prompt("thanks", 600)}", "transfer 1007 XML default"]

[[contexts.default]]
name = "stars"
when = {{ destination_number = '^8003$' }}
do = ["answer", "play_and_get_digits 2 10 2 1500 *A {prompt("account")} none number ^[0-9]+$ 600", "log INFO got <${{number}}> ${{read_result}}", "hangup"]
"""


def office(case, more="", contexts=CONTEXTS, **changes):
    return config.office(case.folder, contexts=contexts, more=MENUS + more, **changes)


class Caller:
    def __init__(self, case, number, form="event"):
        self.form = form
        self.phone, self.stream = talk.phone(case, register=False), rtp.Stream(case)
        formats = talk.PCMU if form == "event" else ((0, "PCMU/8000"),)
        self.call = self.phone.invite(f"sip:{number}@127.0.0.1", self.phone.sdp(self.stream.port, formats=formats))
        answered = self.call.expect(200)
        self.call.ack()
        self.stream.start(talk.media_port(answered.body), sound.silence(1))

    def hears(self, name, seconds=5):
        def now():
            heard = self.stream.measured().samples[-1600:]
            return len(heard) == 1600 and sound.dbfs(heard) > -40 and sound.power_at(heard, TONES[name]) > 0.9
        eventually(now, seconds, f"the prompt {name!r}")

    def press(self, keys):
        for key in keys:
            if self.form == "event":
                self.stream.send_digit(key)
                time.sleep(0.06)
            elif self.form == "info":
                self.call.ask("INFO", [("Content-Type", "application/dtmf-relay")], f"Signal={key}\r\nDuration=100\r\n")
        if self.form == "tone":
            low, high = (697, 770, 852, 941), (1209, 1336, 1477)
            for key in keys:
                at = "123456789*0#".index(key)
                self.stream.position = 0
                self.stream.samples = (sound.tone(low[at // 3], 1) + sound.tone(high[at % 3], 1)) / 2
                time.sleep(0.12)
                self.stream.samples = sound.silence(1)
                time.sleep(0.1)

    def reaches(self, pbx, number):
        pbx.wait_for_log(f"reached {number}")
        self.call.expect_bye()

    def walk(self, *way):
        """Prompts that are heard, and the keys that are pressed after each."""
        for name, keys in zip(way[::2], way[1::2]):
            self.hears(name)
            self.press(keys)


def test_every_way_out(case):
    with Switchroom(case, office(case)) as pbx:
        for way, number in ((("main", "1"), "9001"), (("main", "2", "support", "2"), "1005"),
                            (("main", "2", "support", "1", "tech", "1"), "1004"),
                            (("main", "2", "support", "1", "tech", "3"), "1006"),
                            (("main", "3", "billing", "2"), "8002"), (("main", "3", "billing", "3"), "1007"),
                            (("main", "4"), "411"), (("main", "0"), "1009")):
            caller = Caller(case, "5000")
            caller.walk(*way)
            caller.reaches(pbx, number)


def test_back_and_again(case):
    """Down to the third level and up again: the long greeting first, the short one on return."""
    with Switchroom(case, office(case)) as pbx:
        caller = Caller(case, "5000")
        caller.walk("main", "*", "main short", "2", "support", "1", "tech", "9", "short", "*", "short", "9",
                    "main short", "3", "billing", "9", "main short", "2", "support", "1", "tech", "8", "main short", "0")
        caller.reaches(pbx, "1009")


def test_wrong_turns(case):
    """In each level: a key that is none is told, the third sends away; so do three silences."""
    with Switchroom(case, office(case)) as pbx:
        for way, first in (((), "main"), (("main", "3"), "billing"), (("main", "2", "support", "1"), "tech")):
            short = "main short" if first == "main" else "short"
            caller = Caller(case, "5001")
            caller.walk(*way, first, "7", "invalid", "", short, "7", "invalid", "", short, "7", "invalid", "", "goodbye", "")
            caller.call.expect_bye()
        silent = Caller(case, "5001")
        silent.walk("main", "", "main short", "", "main short", "")
        silent.hears("goodbye", 10)
        silent.call.expect_bye()
        leaving = Caller(case, "5001")
        leaving.walk("main", "3", "billing", "#", "goodbye", "")  # menu-exit says goodbye
        pbx.wait_for_log("behind the menu")
        leaving.call.expect_bye()


def test_every_form_of_keys(case):
    with Switchroom(case, office(case)) as pbx:
        for form in ("event", "info", "tone"):
            caller = Caller(case, "5000", form)
            caller.walk("main", "2", "support", "1", "tech", "9", "short", "2")
            caller.reaches(pbx, "1005")
            ahead = Caller(case, "5001", form)
            ahead.press("213")  # typed ahead through all levels
            ahead.reaches(pbx, "1006")


def test_entries_that_are_confirmed(case):
    with Switchroom(case, office(case)) as pbx:
        caller = Caller(case, "5002")
        caller.walk("main", "1007", "confirm", "2", "main short", "1007", "confirm", "1")
        caller.reaches(pbx, "1007")
        silent = Caller(case, "5002")
        silent.walk("main", "1007", "confirm", "")
        silent.hears("main short", 15)  # dropped when nobody confirms it
        silent.call.bye()


def test_account_number(case):
    """All eleven positions of play_and_get_digits."""
    with Switchroom(case, office(case)) as pbx:
        caller = Caller(case, "5000")
        caller.walk("main", "3", "billing", "1", "account", "123#", "invalid", "", "account", "12345", "thanks", "")
        pbx.wait_for_log("Account number entered: 12345")
        caller.reaches(pbx, "1007")
        failing = Caller(case, "8001")
        failing.walk("account", "1#", "invalid", "", "account", "2#", "invalid", "", "account", "3#", "invalid", "")
        failing.reaches(pbx, "1009")
        other = Caller(case, "8003")
        other.walk("account", "123*")  # another terminator
        pbx.wait_for_log("got <123> success")
        other.call.expect_bye()
        slow = Caller(case, "8003")
        slow.walk("account", "45")  # ended by digit_timeout
        pbx.wait_for_log("got <45> success")
        slow.call.expect_bye()


def test_a_real_phone(case):
    with Switchroom(case, office(case)) as pbx:
        alice = Baresip(case, "1001", config.password("1001"), talk.SERVER)
        alice.wait_for("REGISTER_OK", seconds=10)
        alice.dial("sip:5000@127.0.0.1")
        alice.wait_for("CALL_ESTABLISHED", seconds=10)
        for key in "213":
            alice.press(key)
            time.sleep(0.5 * SLOWNESS)
        pbx.wait_for_log("reached 1006", seconds=10)
        alice.wait_for("CALL_CLOSED", seconds=10)


def documented():
    text = (Path(__file__).resolve().parents[2] / "docs" / "menus.md").read_text()
    return "\n".join(re.findall(r"```toml\n(.*?)```", text, re.DOTALL))


def test_the_documented_menus(case):
    """docs/menus.md as it stands: its prompts are files, each with a tone of its own."""
    sounds = {"ivr/ivr-welcome_to_our_company": "main", "ivr/ivr-please_make_selection": "short", "ivr/ivr-billing_menu": "billing",
              "ivr/ivr-support_menu": "support", "ivr/ivr-tech_support_menu": "tech", "ivr/ivr-that_was_an_invalid_entry": "invalid",
              "ivr/ivr-enter_account_number": "account", "ivr/ivr-thank_you": "thanks", "voicemail/vm-goodbye": "goodbye"}
    folder = case.folder / "data" / "sounds"
    for name, tone in sounds.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        sound.write(folder / f"{name}.wav", sound.tone(TONES[tone], 1))
    ends = r"""
[[contexts.default]]
when = { destination_number = '^(100[4-9]|9001|8002)$' }
do = ["answer", "log INFO reached $1", "hangup"]
"""
    with Switchroom(case, config.office(case.folder, contexts=documented() + ends)) as pbx:
        caller = Caller(case, "5000")
        caller.walk("main", "5", "invalid", "", "short", "2", "support", "1", "tech", "9", "short", "9", "short", "3", "billing", "1",
                    "account", "1234#", "invalid", "", "account", "12345", "thanks", "")
        pbx.wait_for_log("Account number entered: 12345")
        caller.reaches(pbx, "1007")


def test_unreadable_sounds(case):
    """A file that goes bad after the check: logged, and the caller is not lost."""
    sounds = case.folder / "sounds"
    sounds.mkdir()
    for name in ("gone.wav", "cut.wav"):
        sound.write(sounds / name, sound.tone(500, 2))
    more = f"""
[menus.files]
number = "5100"
greeting = "{sounds}/gone.wav"
short_greeting = "{sounds}/cut.wav"
timeout = "1s"
timeouts = 2
keys = {{ 1 = "transfer 1004" }}
"""
    with Switchroom(case, office(case, more)) as pbx:
        (sounds / "gone.wav").unlink()
        (sounds / "cut.wav").write_bytes((sounds / "cut.wav").read_bytes()[:20])
        caller = Caller(case, "5100")
        pbx.wait_for_log("gone.wav: there is no such file")
        caller.press("1")
        caller.reaches(pbx, "1004")
        silent = Caller(case, "5100")
        pbx.wait_for_log("cut.wav: ")
        silent.call.expect_bye(seconds=10)


def test_transfers_that_lead_nowhere(case):
    """Found by check where they are constants; whatever may match is let through."""
    contexts = r"""
[[contexts.default]]
when = { destination_number = '^(1\d\d\d)$' }
do = ["respond 480"]
[[contexts.default]]
when = { destination_number = '^9$' }
do = ["transfer 411", "transfer 1411", "execute_extension 8 other", "transfer $1", "transfer ${x}", "transfer main_ivr", "transfer sales"]
[[contexts.other]]
when = { caller_id_number = '^7$' }
do = ["respond 480"]
"""
    more = """
[menus.wrong]
number = "5100"
keys = { 4 = "menu-exec-app transfer 411 XML default", 5 = "transfer 1004", 6 = "transfer 8 other" }
then = "transfer 412"
[ring_groups.sales]
members = ["1001"]
"""
    text = config.office(case.folder, contexts=contexts, more=more.replace("transfer main_ivr", "transfer wrong"))
    text = text.replace("transfer main_ivr", "transfer wrong")
    status, said = check(case, text)
    expect_equal(status, 1, said)
    expect_equal(said.count("leads nowhere"), 3, said)
    for words in ("contexts.default.do: 411 leads nowhere: no entry of [[contexts.default]] can match it",
                  "menus.wrong.keys.4: 411 leads nowhere", "menus.wrong.then: 412 leads nowhere"):
        expect(words in said, f"{words!r} is missing in\n{said}")
