"""Callers of mailboxes: they press keys, speak tones, and know what they hear."""
import re
import time

from harness import config, rtp, sound, talk
from harness.case import SLOWNESS, eventually, expect

# Prompts as tones of their own, so that a test knows what is being said; all others are silent.
TONES = {"intro": 600, "saved": 650, "too_short": 700, "mailbox_full": 750, "main_menu": 800, "enter_pin": 850,
         "wrong_pin": 900, "locked": 950, "message_menu": 1100, "deleted": 1150, "no_more": 1200, "review": 1250,
         "pin_changed": 1300, "forward_to": 1350, "forward_intro": 1400, "forwarded": 1450, "pin_weak": 1500,
         "greeting_saved": 1550, "config_menu": 1650, "new_pin": 1700, "pin_again": 1750, "kept": 1800,
         "which_greeting": 1850, "which_mailbox": 1900, "urgent": 1950, "choose_greeting": 2000,
         "greeting_chosen": 2050, "you_have": 2100}
BEEP = 1000
SILENT = ("person", "unavailable", "busy", "failed", "review_urgent", "not_urgent", "no_mailbox", "no", "new", "old",
          "urgent_word", "message", "messages", "and", "message_number", "received", "from", "unknown_caller",
          "length", "restored", "no_callback", "record_unavailable", "record_busy", "record_name",
          "record_temporary", "no_greeting", "pin_mismatch", "invalid", "goodbye")


def prompts():
    return "[voicemail.prompts]\n" + "".join(
        f'{name} = "tone_stream:%({180},20,{hertz})"\n' for name, hertz in TONES.items()) + "".join(
        f'{name} = ""\n' for name in SILENT)


def office(case, pins=None, voicemail="", more="", contexts=config.DEFAULT_CONTEXT, **changes):
    """An office whose extensions have mailboxes: `pins` is {"1001": "4711"} or lines of the inline table."""
    pins = pins or {"1001": "4711", "1002": "4822"}
    boxes = "".join(f"\n[extensions.{number}.voicemail]\n" + (f'pin = "{pin}"\n' if "=" not in pin else pin + "\n")
                    for number, pin in pins.items())
    return config.office(case.folder, contexts=contexts, **changes,
                         more=f"{boxes}\n[voicemail]\nsay_number = false\nenvelope = false\n{voicemail}\n"
                              f"{prompts()}\n{more}")


class Caller:
    """A phone in a call with the server."""

    def __init__(self, case, number, user="1002", register=False, voice=None):
        self.case = case
        self.phone = talk.phone(case, user, register=register)
        self.stream = rtp.Stream(case)
        self.call = self.phone.invite(f"sip:{number}@127.0.0.1", self.phone.sdp(self.stream.port, formats=talk.PCMU))
        answer = self.call.expect(200, seconds=10)
        self.call.ack()
        self.stream.start(talk.media_port(answer.body), voice if voice is not None else sound.silence(1))

    def say(self, samples):
        """From now on, over and over."""
        self.stream.position = 0
        self.stream.samples = samples

    def be_quiet(self):
        self.say(sound.silence(1))

    def press(self, keys):
        for key in keys:
            self.stream.send_digit(key)
            time.sleep(0.06)
        return self

    def hears(self, hertz, seconds=8.0):
        """Returns when a tenth of a second of this tone was heard, new since the last time."""
        wanted = TONES.get(hertz, hertz)

        def heard():
            packets = list(self.stream.packets)
            for at in range(0, len(packets) - 4):
                piece = rtp.measure(packets[at:at + 5]).samples
                if len(piece) >= 800 and sound.dbfs(piece) > -45 and sound.power_at(piece, wanted) > 0.9:
                    self.stream.packets = packets[at + 5:]
                    return True
            return False
        eventually(heard, seconds, f"{self.phone.user} to hear {hertz} ({wanted} Hz)")
        return self

    def record(self, seconds=1.0):
        """What is heard from now on, for so long."""
        self.stream.forget()
        self.stream.wait_for(int(seconds * 50), seconds + 4)
        return self.stream.measured().samples

    def hang_up(self):
        self.call.bye()
        self.stream.stop()

    def is_hung_up_on(self, seconds=8.0):
        self.call.expect_bye(seconds=seconds)
        self.stream.stop()

    def leave(self, hertz=440, seconds=3.0, level=0.3):
        """After the greeting: speaks a tone for so long."""
        self.hears(BEEP)
        time.sleep(0.3)
        self.say(sound.tone(hertz, 1, level=level))
        time.sleep(seconds)


def expect_tone(samples, hertz, what, rate=8000):
    """Nearly all of it is this tone. By half seconds: a jitter buffer that adapts on a busy machine shifts its phase."""
    half = rate // 2
    pieces = [samples[at:at + half] for at in range(half, len(samples) - half, half)]
    good = [piece for piece in pieces if sound.power_at(piece, hertz, rate) > 0.95]
    expect(len(pieces) >= 2 and len(good) >= 0.6 * len(pieces),
           f"{what}: {len(good)} of {len(pieces)} half seconds are {hertz} Hz")


def messages(pbx, mailbox, kind="all"):
    return pbx.pbxctl("voicemail", "list", mailbox, kind)


def wait_for_messages(pbx, mailbox, count, seconds=8.0, kind="new"):
    eventually(lambda: len(messages(pbx, mailbox, kind)) == count, seconds, f"{count} messages in {mailbox}")
    return messages(pbx, mailbox, kind)


def leave_one(case, pbx, mailbox="1001", hertz=440, seconds=3.0, user="1002"):
    """A whole message; returns its row."""
    before = {row["id"] for row in messages(pbx, mailbox)}
    caller = Caller(case, f"*99{mailbox}", user)
    caller.hears("intro").press("#")
    caller.leave(hertz, seconds)
    caller.hang_up()
    eventually(lambda: {row["id"] for row in messages(pbx, mailbox)} - before, 8, f"a message in {mailbox}")
    return next(row for row in messages(pbx, mailbox) if row["id"] not in before)


def lamp(message):
    """(waiting, new, old, urgent new, urgent old) of a NOTIFY's body."""
    found = re.search(r"Voice-Message: (\d+)/(\d+) \((\d+)/(\d+)\)", message.body)
    expect(found is not None, f"no message-summary:\n{message.body}")
    return ("Messages-Waiting: yes" in message.body, *map(int, found.groups()))


assert SLOWNESS  # the harness stretches all times
