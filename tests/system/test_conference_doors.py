"""Getting into a conference and out of it: PINs, moderators, locks, limits, flags, commands."""
# ctest: timeout=180
import time

from harness import calls, config, rtp, sound
from harness.case import eventually, expect, expect_equal
from harness.conference import TONES, Guest, Switchroom, expect_hears, members, wait_for_event
from harness.switchroom import CommandFailed, check

# A tone of its own for everything that is said.
SOUNDS = """
enter_sound = ""
unmuted_sound = ""
deaf_sound = ""
undeaf_sound = ""
exit_sound = ""
alone_sound = ""
moh_sound = "tone_stream://%(1000,0,1050);loops=-1"
muted_sound = "tone_stream://%(600,0,1130)"
pin_sound = "tone_stream://%(300,0,1710)"
bad_pin_sound = "tone_stream://%(1500,0,1870)"
locked_sound = "tone_stream://%(600,0,2290)"
max_members_sound = "tone_stream://%(600,0,2530)"
kicked_sound = "tone_stream://%(600,0,2870)"
is_locked_sound = ""
is_unlocked_sound = ""
comfort_noise = false
"""

ROOMS = f"""
[conferences.default]
numbers = '^30\\d\\d$'
{SOUNDS}
[conferences.secure]
numbers = '^31\\d\\d$'
pin = "12345"
moderator_pin = "98765"
pin_retries = 2
{SOUNDS}
[conferences.webinar]
numbers = '^33\\d\\d$'
member_flags = ["mute"]
conference_flags = ["wait_mod"]
caller_controls = "hands"
{SOUNDS}
[conferences.small]
numbers = '^36\\d\\d$'
max_members = 2
{SOUNDS}
[conference_controls.hands]
keys = {{ "5" = "raise_hand", "0" = "mute" }}

[[contexts.default]]
name = "presenter"
when = {{ destination_number = '^34(33\\d\\d)$' }}
do = ["answer", "conference $1@webinar+flags{{moderator|endconf}}"]

[[contexts.default]]
name = "listener of two"
when = {{ destination_number = '^37(\\d\\d)$' }}
do = ["answer", "set conference_member_flags=mintwo", "conference two_$1"]

[[contexts.default]]
name = "dynamic PIN"
when = {{ destination_number = '^35(\\d\\d)$' }}
do = ["answer", "conference pin_$1@default+4711", "playback tone_stream://%(2000,0,3110)"]

[[contexts.default]]
name = "elsewhere"
when = {{ destination_number = '^1009$' }}
do = ["answer", "playback tone_stream://%(3000,0,3310)"]
"""


def office(case, rooms=ROOMS, **more):
    return config.office(case.folder, contexts=rooms, extensions=("1001", "1002", "1003", "1004"), **more)


def expect_said(guest, tone, what):
    eventually(lambda: tone in guest.hears(0.3), 5, f"{what}: {tone} Hz")


def test_pins(case):
    """Wrong, late, missing, right; and the moderators' own."""
    with Switchroom(case, office(case)) as pbx:
        a = Guest(case, "3100", TONES[0])
        expect_said(a, 1710, "the question")
        expect_equal(pbx.pbxctl("conference", "list"), [], "nobody is in before the PIN")
        a.press("12340#")
        expect_said(a, 1870, "that was wrong")
        a.press("12345#")
        eventually(lambda: len(pbx.pbxctl("conference", "list")) == 1, 5, "the right one")
        boss = Guest(case, "3100", TONES[1], user="1002")
        boss.press("98765")
        eventually(lambda: len(members(pbx, "3100")) == 2, 5, "the moderator's")
        expect_equal([row["flags"] for row in members(pbx, "3100")], ["", "moderator"])
        expect_hears(boss, [a])
        c = Guest(case, "3100", TONES[2], user="1003")
        c.press("1#")
        expect_said(c, 1870, "wrong")
        c.press("2#")
        c.call.expect_bye()
        calls.expect_record(pbx, 1)
        expect("no PIN of 2 tries was right" in pbx.log, "the log says why")


def test_pin_of_the_dialplan(case):
    """The first caller's +PIN is the room's; who does not know it goes on in the dialplan."""
    with Switchroom(case, office(case)) as pbx:
        a = Guest(case, "3507", TONES[0])
        expect_said(a, 1710, "the question")
        a.press("4711")
        eventually(lambda: len(pbx.pbxctl("conference", "list")) == 1, 5, "the right one")
        b = Guest(case, "3507", TONES[1], user="1002")
        b.press("1#2#3#")
        expect_said(b, 3110, "the next step")


def test_webinar(case):
    """Listeners wait with music, are muted, raise a hand; it ends with its last moderator."""
    with Switchroom(case, office(case)) as pbx:
        a = Guest(case, "3301", TONES[0])
        b = Guest(case, "3301", TONES[1], user="1002")
        eventually(lambda: a.hears() == {1050}, 5, "music")
        eventually(lambda: b.hears() == {1050}, 5, "music for all who wait")
        boss = Guest(case, "343301", TONES[2], user="1003")
        expect_hears(a, [boss], "the presenter")
        expect_hears(b, [boss], "the presenter")
        expect_hears(boss, [], "the listeners are muted")
        a.press("5")
        wait_for_event(pbx, "raise-hand", member="1")
        expect_equal([row["hand"] for row in members(pbx, "3301")], [True, False, False])
        pbx.pbxctl("conference", "unmute", "3301", "1")
        expect_hears(boss, [a], "the word is given")
        expect_hears(b, [a, boss])
        expect_equal([row["hand"] for row in members(pbx, "3301")], [False, False, False])
        boss.hang_up()
        a.call.expect_bye()
        b.call.expect_bye()
        calls.expect_nothing_left(pbx)
        wait_for_event(pbx, "end", room="3301")


def test_locked_full_kicked(case):
    with Switchroom(case, office(case)) as pbx:
        a = Guest(case, "3600", TONES[0])
        b = Guest(case, "3600", TONES[3], user="1002")
        expect_hears(b, [a])
        c = Guest(case, "3600", TONES[1], user="1003")
        expect_said(c, 2530, "the room is full")
        c.call.expect_bye()
        pbx.pbxctl("conference", "kick", "3600", "last")
        expect_said(b, 2870, "sent out")
        b.call.expect_bye()
        pbx.pbxctl("conference", "lock", "3600")
        d = Guest(case, "3600", TONES[2], user="1004")
        expect_said(d, 2290, "the room is locked")
        d.call.expect_bye()
        pbx.pbxctl("conference", "unlock", "3600")
        e = Guest(case, "3600", TONES[3], user="1002")
        expect_hears(a, [e])


def test_the_last_two(case):
    """With mintwo the conference does not go on for one."""
    with Switchroom(case, office(case)) as pbx:
        a = Guest(case, "3701", TONES[0])
        eventually(lambda: a.hears() == {1050}, 5, "alone at first")
        b = Guest(case, "3701", TONES[1], user="1002")
        expect_hears(a, [b])
        b.hang_up()
        a.call.expect_bye()
        calls.expect_nothing_left(pbx)


def test_transfers_and_dialling_out(case):
    """Members go to another room, out into the dialplan, and are called into the room."""
    keys = ROOMS + """
[conference_controls.default]
keys = { "9" = "transfer 1009 XML default" }
"""
    with Switchroom(case, office(case, keys)) as pbx:
        a = Guest(case, "3001", TONES[0])
        b = Guest(case, "3001", TONES[3], user="1002")
        expect_hears(b, [a])
        pbx.pbxctl("conference", "transfer", "3001", "3002", "2")
        eventually(lambda: {row["room"] for row in pbx.pbxctl("conference", "list")} == {"3001", "3002"}, 5, "two rooms")
        eventually(lambda: b.hears() == {1050}, 5, "alone there")
        c = calls.phone(case, "1003")
        stream = rtp.Stream(case)
        pbx.pbxctl("conference", "dial", "3002", "user/1003", "mute")
        incoming = c.answer()
        incoming.reply(180)
        incoming.accept(c.sdp(stream.port, formats=calls.PCMU_ONLY))
        eventually(lambda: len(members(pbx, "3002")) == 2, 5, "who was called is in the room")
        expect_equal(members(pbx, "3002")[1]["muted"], True)
        stream.forget()
        eventually(lambda: abs(stream.measured().frequency - b.frequency) < 3 if len(stream.packets) > 20 else
                   stream.forget() if len(stream.packets) > 200 else False, 5, "it hears b")
        a.press("9")
        expect_said(a, 3310, "the transfer's destination")
        try:
            pbx.pbxctl("conference", "show", "3001")
            raise AssertionError("the room is still there")
        except CommandFailed:
            pass


def test_played_to_all(case):
    """A sound played into the room is heard over the talk, by all; and a raised hand by moderators alone."""
    with Switchroom(case, office(case)) as pbx:
        a = Guest(case, "3001", TONES[0])
        b = Guest(case, "3001", TONES[3], user="1002")
        expect_hears(b, [a])
        pbx.pbxctl("conference", "play", "3001", "tone_stream://%(4000,0,3310)")
        eventually(lambda: b.hears(0.3) == {a.frequency, 3310}, 4, "b hears both")
        expect(3310 in a.hears(0.3), "a hears it")
        pbx.pbxctl("conference", "stop", "3001")
        expect_hears(b, [a], "it was stopped")
        try:
            pbx.pbxctl("conference", "play", "3001", "missing.wav")
            raise AssertionError("a file that is not there")
        except CommandFailed as failed:
            expect("missing.wav" in failed.err, failed.err)


def test_commands_say_what_is_wrong(case):
    with Switchroom(case, office(case)) as pbx:
        a = Guest(case, "3001", TONES[0])
        eventually(lambda: len(pbx.pbxctl("conference", "list")) == 1)
        for words, sentence in ((("mute", "3002", "1"), "nobody is in a conference 3002"),
                                (("mute", "3001", "7"), "has no member 7"),
                                (("volume", "3001", "talk", "loud"), "a step from -4 to 4"),
                                (("energy", "3001", "-1"), "0 to 32767"),
                                (("dial", "3001", "user/4444"), "there is no extension 4444"),
                                (("transfer", "3001", "a b"), "no name for a room")):
            try:
                pbx.pbxctl("conference", *words)
                raise AssertionError(f"{words} was done")
            except CommandFailed as failed:
                expect(sentence in failed.err, f"{words}: {failed.err}")
        shown = pbx.pbxctl_raw("conference", "show", "3001").stdout
        expect("1001" in shown and "PCMU" in shown, shown)
        pbx.pbxctl("conference", "end", "3001")
        a.call.expect_bye()


def test_what_check_finds(case):
    for lines, sentence in (('[conferences.a]\npin = "12a"', "nobody could type it"),
                            ('[conferences.a]\npin = "1"\nmoderator_pin = "1"', "everybody would be a moderator"),
                            ('[conferences.a]\nrate = 11025', "none of 8000"),
                            ('[conferences.a]\ncaller_controls = "mine"', "there is no [conference_controls.mine]"),
                            ('[conferences.a]\nenter_sound = "tone_stream://%(x)"', "enter_sound"),
                            ('[conferences.a]\nmember_flags = ["loud"]', "loud"),
                            ('[conferences.a]\ninterval = 40', "interval"),
                            ('[conferences.a]\nnumbers = "^30("', "bad pattern"),
                            ('[conference_controls.a]\nkeys = { "x" = "mute" }', "keys are 0 to 9"),
                            ('[conference_controls.a]\nkeys = { "1" = "explode" }', "is no control"),
                            ("[[contexts.default]]\nname='x'\ndo=['conference 3001@nowhere']", "no [conferences.nowhere]"),
                            ("[[contexts.default]]\nname='x'\ndo=['conference 3001+flags{x}']", "no flag")):
        status, said = check(case, office(case, lines))
        expect(status != 0 and sentence in said, f"{lines}: {said}")
    status, said = check(case, office(case))
    expect_equal(status, 0, said)
