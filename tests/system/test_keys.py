# ctest: timeout=240
"""Key presses: in each form, made from each other form, one press heard once."""
import re
import time

import numpy as np

from harness import config, rtp, sound, talk
from harness.baresip import Baresip
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom
from harness.talk import Talk

FORMS = {"event": "rfc4733", "info": "info", "tone": "inband"}
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PLAIN = ((0, "PCMU/8000"),)
PRESSED = "159#*04"


def key_sound(keys, on=0.1, off=0.1, level=0.2):
    """A string of presses as tones (ITU-T Q.23)."""
    pieces = []
    for key in keys:
        at = "123A456B789C*0#D".index(key)
        high = sound.tone(COLUMNS[at % 4], on, level=level)
        pieces += [sound.tone(ROWS[at // 4], on, level=level) + high, sound.silence(off)]
    return np.concatenate(pieces)


def keys_in(samples):
    """The presses that are heard as tones, by the power at the eight frequencies in each 20 ms."""
    found, before, steady = "", "", 0
    for at in range(0, len(samples) - 159, 160):
        frame = samples[at:at + 160]
        key = ""
        if sound.dbfs(frame) > -40:
            row = max(range(4), key=lambda i: sound.power_at(frame, ROWS[i]))
            column = max(range(4), key=lambda i: sound.power_at(frame, COLUMNS[i]))
            if min(sound.power_at(frame, ROWS[row]), sound.power_at(frame, COLUMNS[column])) > 0.25:
                key = "123A456B789C*0#D"[row * 4 + column]
        steady = steady + 1 if key == before else 1
        before = key
        if key and steady == 2:
            found += key
    return found


def two_doors(case, a_form, b_form):
    """1001 comes by a profile with one form, 1002 by another."""
    return config.office(case.folder, codecs=["PCMU", "PCMA"], profile=f'dtmf = "{FORMS[a_form]}"', more=f"""
[profiles.second]
listen = ["udp:127.0.0.1:5070"]
codecs = ["PCMA", "PCMU"]
dtmf = "{FORMS[b_form]}"
""")


def press(both, form, keys):
    if form == "event":
        for key in keys:
            both.sa.send_digit(key)
            time.sleep(0.08)
    elif form == "info":
        for key in keys:
            told = both.call.ask("INFO", [("Content-Type", "application/dtmf-relay")], f"Signal={key}\r\nDuration=120\r\n")
            expect_equal(told.status, 200, "the answer to INFO")
    else:
        both.sa.stop()
        both.sa.position = 0
        both.sa.start(samples=key_sound(keys))
        time.sleep(0.2 * len(keys))
        both.sa.samples = sound.silence(1)


def infos(peer, wanted, seconds=6):
    """The keys and lengths of INFOs that the peer gets within the time, each answered."""
    found, seen = [], set()  # what was sent again before it was answered comes twice
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and len(found) < wanted:
        message = peer.receive(0.1)
        if message is not None and message.method == "INFO":
            peer.reply(message, 200)
            if message.cseq in seen:
                continue
            seen.add(message.cseq)
            expect_equal(message.header("Content-Type"), "application/dtmf-relay")
            key, length = re.match(r"Signal=(.)\r\nDuration=(\d+)\r\n$", message.body).groups()
            found.append((key, int(length)))
    return found


def cross(case, a_form, b_form):
    with Switchroom(case, two_doors(case, a_form, b_form)):
        b = talk.phone(case, "1002", register=False)
        b.register(server="127.0.0.1:5070")
        formats = talk.PCMU if a_form == "event" else PLAIN
        both = Talk(case, b=b, a_formats=formats, b_formats=talk.PCMU if b_form == "event" else PLAIN)
        expect_equal("telephone-event" in both.callee_leg, b_form == "event", "events are offered")
        both.speak(sound.silence(1), sound.tone(600, 1))
        both.sb.wait_for(25)
        both.sb.forget()
        press(both, a_form, PRESSED)
        if b_form == "event":
            eventually(lambda: len(both.sb.digits()) >= len(PRESSED), 5, "all presses as events")
            time.sleep(0.5)
            expect_equal(both.sb.digits(), PRESSED, f"{a_form} to events")
            check_events(both.sb)
        elif b_form == "info":
            found = infos(b, len(PRESSED) + 1, 2.5)
            expect_equal("".join(key for key, _ in found), PRESSED, f"{a_form} to INFO")
            expect(all(50 <= length <= 240 for _, length in found), f"lengths {found}")
        else:
            time.sleep(2)
            heard = both.sb.measured()
            expect_equal(keys_in(heard.samples), PRESSED, f"{a_form} to tones")
            expect_equal((heard.lost, heard.ssrcs), (0, 1), "holes in the stream")
        if b_form != "tone" and a_form == "tone":
            heard = both.sb.measured().samples
            expect_equal(keys_in(heard), "", "tones that go on beside the other form")
        both.a.expect_silence(0.1)
        both.sb.stop()
        both.call.bye()
        both.incoming.expect_bye()


def check_events(stream):
    """RFC 4733: one timestamp and one marker for a press, durations that grow, the end three times."""
    presses = {}
    for packet in stream.packets:
        if packet.payload_type == 101:
            presses.setdefault(packet.timestamp, []).append(packet)
    expect_equal(len(presses), len(PRESSED), "presses by timestamp")
    for packets in presses.values():
        durations = [int.from_bytes(packet.payload[2:4], "big") for packet in packets]
        expect(durations == sorted(durations), f"durations {durations}")
        expect_equal([packet.marker for packet in packets], [True] + [False] * (len(packets) - 1), "markers")
        expect_equal([bool(packet.payload[1] & 0x80) for packet in packets][-3:], [True] * 3, "ends")
        expect(60 * 8 <= durations[-1] <= 240 * 8, f"a press of {durations[-1] / 8} ms")


def test_events_to_each(case):
    for form in FORMS:
        cross(case, "event", form)


def test_info_to_each(case):
    for form in FORMS:
        cross(case, "info", form)


def test_tones_to_each(case):
    for form in FORMS:
        cross(case, "tone", form)


def test_a_phone_without_events_presses_by_tone(case):
    """The profile wants RFC 4733, the caller's SDP knows none: its tones are heard all the same."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case, a_formats=PLAIN, b_formats=talk.PCMU)
        both.speak(sound.silence(1), sound.tone(600, 1))
        both.sb.wait_for(25)
        press(both, "tone", "2468")
        eventually(lambda: both.sb.digits() == "2468", 5, "the presses as events")
        both.end()


def test_two_forms_of_one_press_are_one(case):
    """A phone that sends each press as an event and by INFO."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case).speak(sound.silence(1), sound.tone(600, 1))
        both.sb.wait_for(25)
        for key in "123":
            both.sa.send_digit(key)
            both.call.ask("INFO", [("Content-Type", "application/dtmf-relay")], f"Signal={key}\r\nDuration=100\r\n")
        time.sleep(1)
        expect_equal(both.sb.digits(), "123", "each press once")
        both.end()


def test_other_bodies_in_info(case):
    """application/dtmf is one character; what is no press is answered and changes nothing."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case).speak(sound.silence(1), sound.tone(600, 1))
        both.sb.wait_for(25)
        for kind, body, status in (("application/dtmf", "7", 200), ("application/dtmf-relay", "Signal= 11\nDuration=90\n", 200),
                                   ("application/dtmf-relay", "Signal=flash\r\n", 200), ("application/dtmf-relay", "", 200),
                                   ("application/dtmf", "12x", 200), ("application/nonsense", "1", 415)):
            expect_equal(both.call.ask("INFO", [("Content-Type", kind)], body).status, status, f"{kind} {body!r}")
        eventually(lambda: both.sb.digits() == "7#", 3, "the two presses")
        both.end()


def test_real_phones(case):
    """baresip presses keys by its own RFC 4733, through transcoding, to a raw peer."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        b, stream = talk.phone(case, "1002"), rtp.Stream(case, payload_type=rtp.PCMA)
        alice = Baresip(case, "1001", config.password("1001"), talk.SERVER, codec="pcmu")
        alice.wait_for("REGISTER_OK", seconds=10)
        alice.dial("sip:1002@127.0.0.1")
        incoming = b.answer()
        incoming.accept(b.sdp(stream.port, formats=talk.PCMA))
        alice.wait_for("CALL_ESTABLISHED", seconds=10)
        stream.start(talk.media_port(incoming.request.body), sound.tone(600, 1))
        for key in "42":
            alice.press(key)
            time.sleep(0.5)
        eventually(lambda: stream.digits() == "42", 5, "the presses of baresip")
        alice.hang_up()
        incoming.expect_bye()
        pbx.wait_for_cdr()
