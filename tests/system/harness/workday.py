"""A day at a small office, in ten seconds: whoever wants to know what the server does under some condition makes it
do everything under it."""
import time

from harness import mailbox, sip, sound, talk
from harness.case import eventually, expect
from harness.mailbox import Caller, leave_one

RULES = r"""
[[contexts.default]]
when = { destination_number = '^(10\d\d)$' }
do   = ["record_session $1-$${office}.wav at_answer", "bridge user/$1"]

[[contexts.default]]
when = { destination_number = '^9196$' }
do   = ["answer", "echo"]

[[contexts.default]]
when = { destination_number = '^7000$' }
do   = ["answer", "playback say:good morning", "playback ivr/ivr-welcome.wav", "playback tone_stream:%(300,20,700)", "hangup"]

[[contexts.default]]
when = { destination_number = '^7001$' }
do   = ["conference lounge"]
"""


def office(case, more="", mail=None, **changes):
    """`more` is added at the end; `mail` are lines of [mail]: without, a program (tee) adds each mail to a file."""
    mail = mail or f'sendmail = ["/usr/bin/tee", "-a", "{case.folder}/data/mails"]'
    pins = {"1001": 'pin = "4711"\nemail = "alice@example.com"'}
    return mailbox.office(case, pins=pins, contexts=RULES, more=f"""
[vars]
office = "main"

[recording]
mp3_after = "1s"

[mail]
from = "pbx@example.com"
{mail}

{more}
""", **changes)


def mp3s(pbx):
    return list((pbx.data_dir / "recordings").rglob("*.mp3"))


def mails(pbx):
    path = pbx.data_dir / "mails"
    return path.read_text(errors="replace") if path.exists() else ""


def spend(case, pbx, mailed=lambda pbx: "alice@example.com" in mails(pbx)):
    """Registers, calls, records, leaves a message that is mailed, meets, guesses a password, looks around, reloads."""
    both = talk.Talk(case)  # 1002 has no mailbox, so that no NOTIFY about one is mixed into its messages
    both.speak(sound.tone(440, 1), sound.tone(1000, 1))
    both.sb.wait_for(25)
    time.sleep(1)
    both.end()
    leave_one(case, pbx, hertz=440, seconds=2.5)
    speech = Caller(case, "7000")
    speech.hears(700, seconds=15)
    speech.is_hung_up_on()
    one, other = Caller(case, "7001", "1001"), Caller(case, "7001", "1002")
    other.say(sound.tone(600, 1))
    one.hears(600, seconds=15)
    one.hang_up()
    other.hang_up()
    guesser = sip.Peer(case, "1001", "guess-wrong-Tulip-99", server=talk.SERVER)
    guesser.exchange(guesser.request("REGISTER", "sip:127.0.0.1", to="<sip:1001@127.0.0.1>"), seconds=2)
    pbx.pbxctl("bans", "add", "192.0.2.99", "1h", "test")
    for words in (("status",), ("calls",), ("registrations",), ("bans",), ("recordings",), ("events",)):
        pbx.pbxctl(*words)
    pbx.reload()
    expect(pbx.wait_for_cdr(3), "records")
    eventually(lambda: mp3s(pbx), 20, "a recording as MP3")
    eventually(lambda: mailed(pbx), 15, "the mail")

