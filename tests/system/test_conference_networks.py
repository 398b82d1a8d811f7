"""Bad members of a conference, real phones in every codec, and recordings of what was said."""
# ctest: timeout=180
import time

from harness import calls, config, sound
from harness.baresip import Baresip
from harness.case import eventually, expect, expect_equal
from harness.conference import TONES, Guest, OddStream, Switchroom, expect_hears, members, wait_for_event
from harness.switchroom import CommandFailed
from test_conference import ROOMS, office


def test_a_bad_network_spoils_nobody_else(case):
    """One loses 20 %, one has a clock that is 1 % fast, one floods, one sends nothing: the others hear exactly
    who speaks, and each other undisturbed."""
    with Switchroom(case, office(case)) as pbx:
        a = Guest(case, "3001", TONES[0])
        b = Guest(case, "3001", TONES[1], user="1002", stream=OddStream(case, loss=0.2))
        c = Guest(case, "3001", TONES[2], user="1003", stream=OddStream(case, pace=1.01))
        d = Guest(case, "3001", TONES[3], user="1004", stream=OddStream(case, copies=6))
        e = Guest(case, "3001", TONES[4], user="1001", speaks=False)
        eventually(lambda: {a.frequency, b.frequency, c.frequency} <= e.hears(), 5, "who sends nothing hears the others")
        time.sleep(2)
        levels = a.shares(1.5)
        expect(abs(levels[c.frequency] - levels[b.frequency]) < 4, f"{levels}")
        expect(levels[b.frequency] > -28, f"what is lost is made up: {levels}")
        expect(e.frequency not in a.hears(), "who is silent is not heard")
        heard = e.stream.measured()
        expect(heard.lost == 0 and heard.jumps == 0, f"lost {heard.lost}, {heard.jumps} jumps")
        expect_equal(len(members(pbx, "3001")), 5)
        for guest in (a, b, c, d, e):
            guest.hang_up()
        calls.expect_nothing_left(pbx)


def test_who_vanishes_is_noticed(case):
    """A phone that is switched off: the room goes on at once, and the member is gone after rtp_timeout."""
    with Switchroom(case, office(case, profile='rtp_timeout = "3s"')) as pbx:
        a, b, c = [Guest(case, "3001", TONES[i], user=f"100{i + 1}") for i in range(3)]
        expect_hears(a, [b, c])
        b.stream.close()
        b.peer.close()
        expect_hears(a, [c], "b is gone")
        wait_for_event(pbx, "leave", seconds=12, member="2")
        expect_hears(c, [a], "the others go on")


def test_real_phones_in_every_codec(case):
    """Four phones with a file as microphone, each in a codec of its own: each hears exactly the others."""
    numbers = [str(number) for number in range(1001, 1005)]
    tones = dict(zip(numbers, TONES))
    with Switchroom(case, config.office(case.folder, contexts=ROOMS, extensions=numbers)) as pbx:
        phones = []
        for number, codec in zip(numbers, ("pcmu", "pcma", "g722", "opus")):
            rate = {"g722": 16000, "opus": 48000}.get(codec, 8000)
            phones.append(Baresip(case, number, config.password(number), "127.0.0.1:5060", codec=codec,
                                  sends=sound.tone(tones[number], 60, rate, level=0.1)))
        for phone in phones:
            phone.wait_for("REGISTER_OK", seconds=10)
            phone.dial("sip:3005@127.0.0.1")
        for phone in phones:
            phone.wait_for("CALL_ESTABLISHED", seconds=10)
        eventually(lambda: len(members(pbx, "3005")) == 4, 5, "all are there")
        expect_equal(sorted(row["codec"] for row in members(pbx, "3005")), ["G722", "PCMA", "PCMU", "opus"])
        time.sleep(4)
        for phone in phones:
            heard = phone.heard()[-2 * phone.rate:-phone.rate // 2]
            levels = {number: sound.power_at(heard, tone, phone.rate) for number, tone in tones.items()}
            for number, share in levels.items():
                if number == phone.user:
                    expect(share < 0.005, f"{phone.user} ({phone.codec}) hears itself: {levels}")
                else:
                    expect(share > 0.2, f"{phone.user} ({phone.codec}) does not hear {number}: {levels}")
            expect(sum(levels.values()) > 0.9, f"{phone.user} ({phone.codec}) hears something else: {levels}")
        phones[1].press("0")
        wait_for_event(pbx, "mute", caller="1002")
        for phone in phones:
            phone.hang_up()
        calls.expect_nothing_left(pbx)


def test_recording_is_what_was_said(case):
    """By hand: two voices, one of them muted later. The file has both, then one, and nothing else."""
    with Switchroom(case, office(case)) as pbx:
        a, b = Guest(case, "3001", TONES[0]), Guest(case, "3001", TONES[1], user="1002")
        expect_hears(a, [b])
        told = pbx.pbxctl("conference", "record", "3001", "board/first.wav")
        time.sleep(2.0)
        pbx.pbxctl("conference", "mute", "3001", "2")
        time.sleep(2.0)
        expect_equal(pbx.pbxctl("conference", "list")[0]["recorded"], True)
        expect_equal(pbx.pbxctl("conference", "norecord", "3001", "all")["files"], [told["file"]])
        wait_for_event(pbx, "norecord", room="3001")
        path = pbx.data_dir / "recordings" / "board" / "first.wav"

        def whole():
            try:
                samples, rate = sound.read(path)
            except (OSError, EOFError, ValueError):
                return None
            return (samples, rate) if len(samples) > 3.5 * rate else None
        samples, rate = eventually(whole, 6, "the recording")
        expect_equal(rate, 16000)
        first, second = samples[rate // 4:rate * 3 // 2], samples[-rate * 5 // 4:-rate // 4]
        both = [sound.power_at(first, guest.frequency, rate) for guest in (a, b)]
        expect(min(both) > 0.4 and sum(both) > 0.97, f"at first both: {both}")
        expect(sound.power_at(second, a.frequency, rate) > 0.99, "then a alone")
        level = sound.dbfs(second) - sound.dbfs(sound.tone(440, 1, level=0.08))
        expect(abs(level) < 1.5, f"it is {level:.1f} dB louder than it was said")
        for words in (("record", "3001", "../outside.wav"), ("record", "3001", "/etc/cron.d/x.wav"),
                      ("norecord", "3001", "all")):
            try:
                pbx.pbxctl("conference", *words)
                raise AssertionError(f"{words} was done")
            except CommandFailed:
                pass


def test_every_conference_of_a_profile_is_recorded(case):
    """auto_record, from when the moderator comes; the file is complete when the last one has left."""
    rooms = ROOMS + r"""
[conferences.board]
numbers = '^39\d\d$'
conference_flags = ["wait_mod"]
auto_record = "board/${conference_name}_${caller_id_number}.wav"
enter_sound = ""
exit_sound = ""
moh_sound = ""
[[contexts.default]]
name = "moderator"
when = { destination_number = '^8(39\d\d)$' }
do = ["answer", "conference $1@board+flags{moderator|endconf}"]
"""
    with Switchroom(case, office(case, rooms)) as pbx:
        a = Guest(case, "3901", TONES[0])
        time.sleep(0.7)
        expect(not (pbx.data_dir / "recordings" / "board").exists(), "nobody is recorded while he waits")
        boss = Guest(case, "83901", TONES[1], user="1002")
        expect_hears(a, [boss])
        wait_for_event(pbx, "record", room="3901")
        time.sleep(1.2)
        boss.hang_up()
        a.call.expect_bye()
        path = pbx.data_dir / "recordings" / "board" / "3901_1001.wav"
        eventually(path.exists, 5, "the recording")

        def whole():
            samples, rate = sound.read(path)
            return [samples] if len(samples) > rate else None
        samples = eventually(whole, 5, "a second of it")[0]
        expect(sound.power_at(samples[4000:16000], boss.frequency, 16000) > 0.3, "the moderator is in it")

