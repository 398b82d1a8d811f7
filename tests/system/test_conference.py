"""Rooms in which many talk: each hears exactly the others, through all that may happen to a member."""
# ctest: timeout=180
import time

from harness import calls, config, rtp, sound
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.conference import TONES, Guest, Switchroom, events, expect_hears, members, wait_for_event

ROOMS = r"""
[conferences.default]
numbers = '^30\d\d$'
enter_sound = ""
exit_sound = ""
alone_sound = ""
moh_sound = ""
muted_sound = ""
unmuted_sound = ""
deaf_sound = ""
undeaf_sound = ""
comfort_noise = false
conference_flags = ["waste_bandwidth"]
"""


def office(case, rooms=ROOMS, **more):
    return config.office(case.folder, contexts=rooms, extensions=("1001", "1002", "1003", "1004"), **more)


def meet(case, number, count, **more):
    return [Guest(case, number, TONES[i], user=f"100{i + 1}", **more) for i in range(count)]


def others(guests, guest):
    return [one for one in guests if one is not guest]


def test_each_hears_exactly_the_others(case):
    """Four members, through mute, deafness, leaving and coming back."""
    with Switchroom(case, office(case)) as pbx:
        guests = meet(case, "3001", 4)
        for guest in guests:
            expect_hears(guest, others(guests, guest), "all talk")
        expect_equal(pbx.pbxctl("conference", "count", "3001")["members"], 4)
        a, b, c, d = guests
        pbx.pbxctl("conference", "mute", "3001", "2")
        expect_hears(a, [c, d], "b is muted")
        expect_hears(b, [a, c, d], "b is muted and still hears")
        pbx.pbxctl("conference", "deaf", "3001", "3")
        expect_hears(c, [], "c is deaf")
        expect_hears(d, [a, c], "c is deaf and still speaks")
        pbx.pbxctl("conference", "unmute", "3001", "all")
        pbx.pbxctl("conference", "undeaf", "3001", "3")
        for guest in guests:
            expect_hears(guest, others(guests, guest), "all talk again")
        b.hang_up()
        for guest in (a, c, d):
            expect_hears(guest, others([a, c, d], guest), "b has left")
        back = Guest(case, "3001", TONES[4], user="1002")
        for guest in (a, c, d):
            expect_hears(guest, others([a, c, d, back], guest), "somebody came back")
        expect_equal([row["member"] for row in members(pbx, "3001")], [1, 3, 4, 5])
        for guest in (a, c, d, back):
            guest.hang_up()
        eventually(lambda: pbx.pbxctl("conference", "list") == [], 5, "no conference")
        calls.expect_nothing_left(pbx)


def test_a_loud_room_is_limited_and_not_clipped(case):
    """Three at nearly full scale: what the fourth hears keeps the three tones and has no others beside them."""
    with Switchroom(case, office(case)) as pbx:
        guests = meet(case, "3001", 4, level=0.9)
        guests[3].hush()
        expect_hears(guests[3], guests[:3], "three shout")
        time.sleep(0.5)
        guests[3].shares(1.0)
        heard = guests[3].stream.measured().samples[-8000:]
        share = sum(sound.power_at(heard, guest.frequency) for guest in guests[:3])
        expect(share > 0.97, f"the tones are {share:.3f} of what is heard: the rest is distortion")
        expect(abs(heard).max() < 1.0, "a sample is at full scale")


def test_hold(case):
    """A member on hold neither hears nor is heard, whatever its phone plays; the others go on."""
    with Switchroom(case, office(case)) as pbx:
        a, b, c = guests = meet(case, "3001", 3)
        for guest in guests:
            expect_hears(guest, others(guests, guest))
        b.reinvite("sendonly")  # and b's stream goes on, as music of its own would
        expect_hears(a, [c], "b holds")
        expect_hears(c, [a], "b holds")
        wait_for_event(pbx, "hold", member="2")
        b.stream.forget()
        time.sleep(0.3)
        expect(len(b.stream.packets) < 5, "who holds gets packets")
        b.reinvite("sendrecv")
        for guest in guests:
            expect_hears(guest, others(guests, guest), "b is back")


def test_volumes_and_energy(case):
    with Switchroom(case, office(case)) as pbx:
        a, b = meet(case, "3001", 2)
        expect_hears(b, [a])
        level = b.shares()[a.frequency]
        pbx.pbxctl("conference", "volume", "3001", "talk", "-3", "1")
        eventually(lambda: abs(b.shares()[a.frequency] - level + 9) < 1.5, 4, "a talks 9 dB softer")
        pbx.pbxctl("conference", "volume", "3001", "listen", "4", "2")
        eventually(lambda: abs(b.shares()[a.frequency] - level - 3) < 1.5, 4, "b hears 12 dB louder")
        pbx.pbxctl("conference", "volume", "3001", "talk", "0")
        pbx.pbxctl("conference", "volume", "3001", "listen", "0")
        eventually(lambda: abs(b.shares()[a.frequency] - level) < 1.5, 4, "all as it was")
        # LEVEL's mean amplitude is 0.08 * 2/pi * 32768, about 1670.
        pbx.pbxctl("conference", "energy", "3001", "3000", "1")
        expect_hears(b, [], "a is below its energy level")
        energy = members(pbx, "3001")[0]["energy"]
        expect(1500 < energy < 1850, f"the energy of a is {energy}")
        pbx.pbxctl("conference", "energy", "3001", "100", "1")
        expect_hears(b, [a], "a is above it")


def test_who_talks(case):
    """Talkers are told as they begin and cease, and who is silent is left out."""
    with Switchroom(case, office(case)) as pbx:
        a, b = meet(case, "3001", 2)
        wait_for_event(pbx, "start-talking", member="1")
        wait_for_event(pbx, "start-talking", member="2")
        expect([row["talking"] for row in members(pbx, "3001")] == [True, True], members(pbx, "3001"))
        a.stream.start(("127.0.0.1", a.port), sound.tone(a.frequency, 1, level=0.002))  # mean amplitude 42
        wait_for_event(pbx, "stop-talking", member="1")
        expect_hears(b, [], "noise below the energy level")
        expect([row["talking"] for row in members(pbx, "3001")] == [False, True], members(pbx, "3001"))
        a.stream.stop()
        b.stream.stop()  # no packets at all
        wait_for_event(pbx, "stop-talking", member="2")
        names = [name for name, fields in events(pbx)]
        expect_equal(names.count("start-talking"), 2, "beginnings")


def test_keys(case):
    """The keys of members and moderators, also several ones in a row that begin alike."""
    rooms = ROOMS + """
[[contexts.default]]
name = "moderator"
when = { destination_number = '^4(30\\d\\d)$' }
do = ["answer", "set conference_member_flags=moderator", "conference $1"]
"""
    with Switchroom(case, office(case, rooms)) as pbx:
        boss = Guest(case, "43001", TONES[0], user="1001")
        b, c = [Guest(case, "3001", TONES[i], user=f"100{i + 1}") for i in (1, 2)]
        expect_hears(boss, [b, c])
        b.press("0")
        wait_for_event(pbx, "mute", member="2")
        expect_hears(boss, [c], "b has muted itself")
        b.press("0")
        wait_for_event(pbx, "unmute", member="2")
        level = c.shares()[b.frequency]
        b.press("11")
        eventually(lambda: abs(c.shares()[b.frequency] - level + 6) < 1.5, 4, "b talks 6 dB softer")
        b.press("2")
        c.press("66")
        eventually(lambda: abs(c.shares()[b.frequency] - level - 6) < 1.5, 4, "c hears 6 dB louder")
        c.press("5")
        boss.press("*5")
        expect_hears(boss, [], "all but the moderator are muted")
        expect_hears(b, [boss], "the moderator is not")
        boss.press("*6")
        expect_hears(boss, [b, c], "all speak again")
        boss.press("*")  # alone: deaf and mute, after the time for another key
        wait_for_event(pbx, "deaf", member="1")
        expect_hears(b, [c], "the moderator is muted")
        boss.press("*")
        wait_for_event(pbx, "undeaf", member="1")
        boss.press("*1")
        wait_for_event(pbx, "lock")
        boss.press("*7")
        wait_for_event(pbx, "kick", member="3")
        c.call.expect_bye()
        expect_hears(boss, [b], "the last one was sent out")
        keys = "".join(fields["key"] for name, fields in events(pbx) if name == "key" and fields["member"] == "1")
        expect_equal(keys, "*5*6***1*7", "the moderator's keys")
        b.press("#")
        b.call.expect_bye()


def test_keys_while_music_plays(case):
    """Alone, with music: keys work, and the music goes when somebody comes."""
    rooms = ROOMS.replace('moh_sound = ""', 'moh_sound = "tone_stream://%(1000,0,1050);loops=-1"')
    with Switchroom(case, office(case, rooms)) as pbx:
        a = Guest(case, "3001", TONES[0])
        eventually(lambda: a.hears() == {1050}, 5, "music")
        a.press("0")
        wait_for_event(pbx, "mute", member="1")
        expect(a.hears() == {1050}, "the music goes on")
        a.press("0")
        wait_for_event(pbx, "unmute", member="1")
        b = Guest(case, "3001", TONES[1], user="1002")
        expect_hears(a, [b], "no music in company")
        b.hang_up()
        eventually(lambda: a.hears() == {1050}, 5, "music again")


def test_hundreds_come_and_go(case):
    """Many at once, over and over: no port, no mix and no memory is left."""
    sink = rtp.Stream(case)
    with Switchroom(case, office(case, media_ports="20000-23999", max_calls=2000)) as pbx:
        def crowd(size):
            people = [calls.phone(case, f"100{i % 4 + 1}", register=False) for i in range(size)]
            running = [calls.dial(peer, f"30{i % 5:02}", peer.sdp(sink.port)) for i, peer in enumerate(people)]
            for call in running:
                call.expect(200)
                call.ack()
            expect_equal(sum(room["members"] for room in pbx.pbxctl("conference", "list")), size)
            for call in running:
                call.bye()
            for peer in people:
                peer.close()
            calls.expect_nothing_left(pbx, 10)
            expect_equal(pbx.pbxctl("conference", "list"), [])

        crowd(60)
        before, descriptors = pbx.memory(), pbx.descriptors()
        for _ in range(3):
            crowd(60)
        expect(pbx.descriptors() < descriptors + 5, f"{pbx.descriptors()} descriptors, {descriptors} before")
        expect(SLOWNESS > 1 or pbx.memory() < before + (8 << 20), f"memory grew by {(pbx.memory() - before) >> 20} MB")
