# ctest: timeout=180
"""Keys that are bound to actions: in a conversation, in each form, from either side, and to somebody who is alone."""
import time

import numpy as np

from harness import config, rtp, sound, talk
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom, check
from harness.talk import Talk

CONTEXTS = r"""
[[contexts.default]]
name = "end"
when = { destination_number = '^4000$' }
do = ["answer", "log INFO at the end ${last_matching_digits}", "playback tone_stream:%(3000,0,900)", "hangup"]

[[contexts.default]]
name = "with keys"
when = { destination_number = '^(10\d\d)$' }
do = ["bind_digit_action work,*1,exec:log,INFO self ${caller_id_number}",
      "bind_digit_action work,*2,exec:playback,tone_stream:%(400\\,0\\,1100),self,peer",
      "bind_digit_action work,~\\*3(\\d\\d),exec:log,INFO pattern ${last_matching_digits},both",
      "bind_digit_action work,*9,exec:transfer,4000 XML default,peer,self",
      "bind_digit_action work,*8,exec:digit_action_set_realm,other",
      "bind_digit_action other,*1,exec:log,INFO other realm",
      "bridge user/$1"]

[[contexts.default]]
name = "alone"
when = { destination_number = '^5001$' }
do = ["answer", "bind_digit_action alone,55,exec:log,INFO bound", "read 3 3 none typed 4000 #", "log INFO typed <${typed}>", "hangup"]

[[contexts.default]]
name = "waits"
when = { destination_number = '^5002$' }
do = ["answer", "bind_digit_action alone,#,exec:transfer,4000", "playback tone_stream:%(20000,0,500)", "hangup"]
"""
FORMS = {"event": "rfc4733", "info": "info", "tone": "inband"}
PLAIN = ((0, "PCMU/8000"),)


def office(case, form="event"):
    return config.office(case.folder, contexts=CONTEXTS, codecs=["PCMU"], profile=f'dtmf = "{FORMS[form]}"')


def key_sound(keys):
    low, high = (697, 770, 852, 941), (1209, 1336, 1477)
    pieces = []
    for key in keys:
        at = "123456789*0#".index(key)
        pieces += [(sound.tone(low[at // 3], 0.1) + sound.tone(high[at % 3], 0.1)) / 2, sound.silence(0.1)]
    return np.concatenate(pieces)


def press(stream, call, form, keys):
    for key in keys:
        if form == "event":
            stream.send_digit(key)
            time.sleep(0.08)
        elif form == "info":
            told = call.ask("INFO", [("Content-Type", "application/dtmf-relay")], f"Signal={key}\r\nDuration=120\r\n")
            expect_equal(told.status, 200, "the answer to INFO")
    if form == "tone":
        stream.stop()
        stream.position = 0
        stream.start(samples=key_sound(keys))
        time.sleep(0.2 * len(keys))
        stream.samples = sound.silence(1)


def hears(stream, frequency, seconds=5):
    def now():
        heard = stream.measured().samples[-1600:]
        return len(heard) == 1600 and sound.dbfs(heard) > -40 and sound.power_at(heard, frequency) > 0.9
    eventually(now, seconds, f"a tone of {frequency} Hz")


def in_a_conversation(case, form):
    with Switchroom(case, office(case, form)) as pbx:
        formats = talk.PCMU if form == "event" else PLAIN
        both = Talk(case, a_formats=formats, b_formats=talk.PCMU if form != "tone" else PLAIN)
        both.speak(sound.silence(1), sound.tone(600, 1))
        both.sb.wait_for(25)
        both.sa.wait_for(25)
        press(both.sa, both.call, form, "*1")
        pbx.wait_for_log("self 1001")
        if form == "event":  # nothing is taken from the other side
            eventually(lambda: both.sb.digits() == "*1", 5, "the keys reach the other side")
        press(both.sa, both.call, form, "*342")
        pbx.wait_for_log(r"pattern \*342")
        both.end()


def test_events(case):
    in_a_conversation(case, "event")


def test_tones(case):
    in_a_conversation(case, "tone")


def test_info(case):
    """The other side gets INFO as well, and answers it."""
    with Switchroom(case, office(case, "info")) as pbx:
        both = Talk(case)
        both.speak(sound.silence(1), sound.tone(600, 1))
        both.sa.wait_for(25)
        press(both.sa, both.call, "info", "*1")
        pbx.wait_for_log("self 1001")
        keys = []
        for _ in range(2):
            message = both.b.expect("INFO")
            both.b.reply(message, 200)
            keys.append(message.body[7])
        expect_equal("".join(keys), "*1")
        both.end()


def test_whose_keys_and_for_whom(case):
    with Switchroom(case, office(case)) as pbx:
        both = Talk(case).speak(sound.tone(500, 1), sound.tone(600, 1))
        hears(both.sb, 500)
        press(both.sa, both.call, "event", "*2")
        hears(both.sb, 1100)  # played to the peer
        hears(both.sb, 500)   # and the conversation goes on
        hears(both.sa, 600)
        press(both.sb, both.incoming, "event", "*1")  # bound to the caller's keys alone
        press(both.sb, both.incoming, "event", "*377")
        pbx.wait_for_log(r"pattern \*377")
        expect("self 1001" not in pbx.log, "the callee's keys run what is bound to the caller's")
        press(both.sa, both.call, "event", "*8")
        press(both.sa, both.call, "event", "*1")
        pbx.wait_for_log("other realm")
        expect("self 1001" not in pbx.log, "another realm counts")
        # The callee's *9 sends itself away: it becomes a call of its own, and the caller is told goodbye.
        press(both.sb, both.incoming, "event", "*9")
        both.call.expect_bye()
        hears(both.sb, 900)
        pbx.wait_for_log(r"at the end \*9")
        both.incoming.expect_bye()
        pbx.wait_for_cdr(2)


class Caller:
    def __init__(self, case, number):
        self.phone, self.stream = talk.phone(case, register=False), rtp.Stream(case)
        self.call = self.phone.invite(f"sip:{number}@127.0.0.1", self.phone.sdp(self.stream.port, formats=talk.PCMU))
        answered = self.call.expect(200)
        self.call.ack()
        self.stream.start(talk.media_port(answered.body), sound.silence(1))

    def press(self, keys):
        for key in keys:
            self.stream.send_digit(key)
            time.sleep(0.06)


def test_somebody_alone(case):
    """Bound keys are not typed; keys that only begin like them are."""
    with Switchroom(case, office(case)) as pbx:
        caller = Caller(case, "5001")
        caller.press("155")
        pbx.wait_for_log("bound")
        caller.press("52")
        pbx.wait_for_log("typed <152>")
        caller.call.expect_bye()
        waiting = Caller(case, "5002")
        hears(waiting.stream, 500)
        waiting.press("#")
        hears(waiting.stream, 900)
        waiting.call.bye()


def test_mistakes_are_found_by_check(case):
    contexts = r"""
[[contexts.default]]
when = { destination_number = '^1$' }
do = ["bind_digit_action r,*1", "bind_digit_action r,12x,exec:hangup", "bind_digit_action r,~(,exec:hangup",
      "bind_digit_action r,1,exec:hangap", "bind_digit_action r,1,exec:sleep,long", "bind_digit_action r,1,api:status",
      "digit_action_set_realm", "delay_echo long"]
"""
    status, said = check(case, config.office(case.folder, contexts=contexts))
    expect_equal(status, 1, said)
    for words in ("it takes REALM,DIGITS", '"12x" is not a row of keys', "bad pattern", 'no application "hangap"; did you mean hangup',
                  "sleep: it takes a whole number", '"api:status" is not an action', "it takes a realm", "it takes milliseconds, 10000"):
        expect(words in said, f"{words!r} is missing in\n{said}")
