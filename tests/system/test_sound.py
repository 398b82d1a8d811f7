# ctest: weight=2
"""Sound through the server is the sound that was sent: every codec, every packet length, key presses."""
import struct
import time

from harness import config, rtp, sip, sound, talk
from harness.baresip import Baresip
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom
from harness.talk import Talk

OPUS_96 = ((96, "opus/48000/2"), (101, "telephone-event/8000"))
OPUS_111 = ((111, "opus/48000/2"), (97, "telephone-event/8000"))


# -- real phones --------------------------------------------------------------------------------------

def test_phones_hear_each_other_in_every_codec(case):
    """Four pairs of phones at once, over UDP and TCP, a codec each."""
    numbers = [str(number) for number in range(1001, 1009)]
    with Switchroom(case, config.office(case.folder, extensions=numbers)) as pbx:
        pairs = []
        for i, (codec, transports) in enumerate((("pcmu", ("udp", "udp")), ("pcma", ("udp", "tcp")), ("g722", ("tcp", "udp")),
                                                 ("opus", ("tcp", "tcp")))):
            pairs.append([Baresip(case, number, config.password(number), talk.SERVER, codec=codec, transport=transport,
                                  answer=answer)
                          for number, transport, answer in zip(numbers[2 * i:2 * i + 2], transports, ("manual", "auto"))])
        for caller, called in pairs:
            caller.wait_for("REGISTER_OK", seconds=10)
            called.wait_for("REGISTER_OK", seconds=10)
            caller.dial(f"sip:{called.user}@127.0.0.1")
        for caller, called in pairs:
            caller.wait_for("CALL_ESTABLISHED", seconds=10)
        for caller, called in pairs:
            caller.expect_hears(called, seconds=4)
            called.expect_hears(caller, seconds=4)
            for phone, other in ((caller, called), (called, caller)):
                level = sound.dbfs(phone.heard()[phone.rate:]) - sound.dbfs(other.sent[phone.rate:])
                expect(abs(level) < 2, f"{phone.user} hears it {level:.1f} dB louder than it was sent")
        caller, called = pairs[0]
        caller.press("15#")
        called.press("9")
        eventually(lambda: called.digits() == "15#", 5, "the keys at the called phone")
        eventually(lambda: caller.digits() == "9", 5, "the key at the caller's")
        lost = [pbx.pbxctl("call", "show", one["id"])[leg]["packets_lost"] for one in pbx.pbxctl("calls")
                for leg in ("caller_leg", "callee_leg")]
        expect_equal(lost, [0] * 8, "lost packets")
        for caller, _ in pairs:
            caller.hang_up()
        records = {row["caller_id_number"]: row for row in pbx.wait_for_cdr(4)}
        for caller, _ in pairs:
            row = records[caller.user]
            expect_equal((row["read_codec"].lower(), row["write_codec"].lower()), (caller.codec,) * 2, "codecs of the record")


# -- packets, one by one ------------------------------------------------------------------------------

def send_exactly(stream, to, payload_type, count, step, milliseconds, first=(65500, 0xFFFFF000)):
    """`count` packets at their times; each payload tells its number. The sequence number and the timestamp
    wrap on the way. Returns the payloads."""
    start, payloads = time.monotonic(), []
    for n in range(count):
        delay = start + n * milliseconds / 1000 - time.monotonic()
        if delay > 0:
            time.sleep(delay)
        payloads.append(struct.pack("!I", n) * max(1, 2 * milliseconds))
        stream.socket.sendto(rtp.build(payload_type, first[0] + n, first[1] + n * step, 0x1234567, payloads[-1], n == 0), to)
    return payloads


def expect_all(stream, payload_type, payloads, step):
    """They came, all and in order, under one SSRC, with the distances that they had."""
    stream.wait_for(len(payloads), 3)
    got = stream.packets
    expect_equal([packet.payload for packet in got], payloads, "what came")
    expect_equal({packet.payload_type for packet in got}, {payload_type}, "the payload type")
    expect_equal(len({packet.ssrc for packet in got}), 1, "SSRCs")
    for before, after in zip(got, got[1:]):
        expect_equal((after.sequence - before.sequence) % 0x10000, 1, "the step of the sequence number")
        expect_equal((after.timestamp - before.timestamp) % (1 << 32), step, "the step of the timestamp")
    expect_equal([packet.marker for packet in got], [True] + [False] * (len(got) - 1), "markers")


def test_every_packet_both_ways_in_every_length(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case)
        for milliseconds in (10, 20, 30, 60):
            for stream, to, other in ((both.sa, both.to_a, both.sb), (both.sb, both.to_b, both.sa)):
                other.forget()
                count = 1200 // milliseconds
                # A new stream each time, as if the phone had begun anew.
                payloads = send_exactly(stream, to, 0, count, 8 * milliseconds, milliseconds)
                other.wait_for(count, 3)
                got = other.packets
                expect_equal([packet.payload for packet in got], payloads, f"what came at {milliseconds} ms")
                expect_equal({(b.timestamp - a.timestamp) % (1 << 32) for a, b in zip(got, got[1:])}, {8 * milliseconds},
                             f"steps of the timestamp at {milliseconds} ms")
                expect_equal({(b.sequence - a.sequence) % 0x10000 for a, b in zip(got, got[1:])}, {1}, "steps of the number")
        expect_equal(talk.only_call(pbx)["caller_leg"]["packets_lost"], 0, "lost packets, though a stream began anew")
        both.end()


def test_payload_types_of_the_two_legs_differ(case):
    """opus is 96 here and 111 there, key presses are 101 and 97."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case, a_formats=OPUS_96, b_formats=OPUS_111,
                    answer=None)
        offered, told = talk.payload_types(both.callee_leg), talk.payload_types(both.caller_leg)
        expect_equal(told, {"opus": 96, "telephone-event": 101}, "payload types that the caller was told")
        expect_all_of = ((both.sa, both.to_a, 96, both.sb, 111), (both.sb, both.to_b, offered["opus"], both.sa, 96))
        for stream, to, sent_type, other, wanted in expect_all_of:
            payloads = send_exactly(stream, to, sent_type, 60, 960, 20)
            expect_all(other, wanted, payloads, 960)
        # RFC 3264, section 6.1: what the answerer's description says is what is sent to it; RFC 4733 presses too.
        both.sa.forget(), both.sb.forget()
        press(both.sa, both.to_a, 5, 101)
        expect_press(both.sb, 97, 5)
        press(both.sb, both.to_b, 11, offered["telephone-event"])
        expect_press(both.sa, 101, 11)
        shown = talk.only_call(pbx)
        expect_equal(shown["caller_leg"]["malformed"] + shown["callee_leg"]["malformed"], 0, "malformed")
        both.end()


def press(stream, to, event, payload_type, frames=8):
    """One press of 160 ms: updates, then the end three times. RFC 4733, section 2.5."""
    durations = [160 * (n + 1) for n in range(frames)]
    for n, duration in enumerate(durations + [durations[-1]] * 2):
        last = n >= frames - 1
        payload = struct.pack("!BBH", event, (0x80 if last else 0) | 10, duration)
        stream.socket.sendto(rtp.build(payload_type, 2000 + n, 77777, 0x777, payload, n == 0), to)
        time.sleep(0.02)


def expect_press(stream, payload_type, event, frames=8):
    eventually(lambda: len([p for p in stream.packets if p.payload_type == payload_type]) >= frames + 2, 3,
               f"the press of {event} with payload type {payload_type}")
    mine = [packet for packet in stream.packets if packet.payload_type == payload_type]
    expect_equal(len({packet.timestamp for packet in mine}), 1, "timestamps of one press")
    expect_equal([struct.unpack("!BBH", packet.payload)[2] for packet in mine],
                 [160 * (n + 1) for n in range(frames)] + [160 * frames] * 2, "durations")
    expect_equal([bool(packet.payload[1] & 0x80) for packet in mine], [False] * (frames - 1) + [True] * 3, "ends")
    expect_equal({packet.payload[0] for packet in mine}, {event}, "the key")
    expect_equal([packet.marker for packet in mine], [True] + [False] * (frames + 1), "the marker")
    expect_equal({(b.sequence - a.sequence) % 0x10000 for a, b in zip(mine, mine[1:])}, {1}, "steps of the number")


def test_keys_in_the_middle_of_sound(case):
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        both.sb.forget()
        for key in "1234567890*#AD":
            both.sa.send_digit(key)
            time.sleep(0.06)
        eventually(lambda: both.sb.digits() == "1234567890*#AD", 3, "the keys")
        got = list(both.sb.packets)
        expect_equal({(b.sequence - a.sequence) % 0x10000 for a, b in zip(got, got[1:])}, {1}, "steps of the number")
        expect_equal(len({packet.ssrc for packet in got}), 1, "SSRCs")
        both.end()


def test_loss_and_order_are_seen_as_they_happened(case):
    """A relay does not repair: what was lost on the way here is missing there, what was overtaken stays so."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case)
        order = list(range(40))
        del order[25], order[10]
        order[4], order[5] = order[5], order[4]
        for n in order:
            both.sa.socket.sendto(rtp.build(0, 65520 + n, n * 160, 9, bytes([n]) * 160), both.to_a)
            time.sleep(0.01)
        time.sleep(0.3)
        expect_equal([packet.payload[0] for packet in both.sb.packets], order, "the order")
        first = both.sb.packets[0]
        expect_equal([(packet.sequence - first.sequence) % 0x10000 for packet in both.sb.packets], order, "the numbers")
        expect_equal([(packet.timestamp - first.timestamp) % (1 << 32) for packet in both.sb.packets],
                     [160 * n for n in order], "the timestamps")
        expect_equal(talk.only_call(pbx)["caller_leg"]["packets_lost"], 2, "lost packets of the caller")
        both.end()
        record = pbx.wait_for_cdr()[0]
        expect_equal((record["a_packets_lost"], record["b_packets_lost"], record["a_packets_received"]), (2, 0, 38),
                     "loss in the record")


def test_delay(case):
    """A packet is on its way again at once."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case)
        sent = []
        for n in range(100):
            sent.append(time.monotonic())
            both.sa.socket.sendto(rtp.build(0, n, n * 160, 9, b"x" * 160), both.to_a)
            time.sleep(0.01)
        both.sb.wait_for(100)
        delays = sorted(packet.at - at for packet, at in zip(both.sb.packets, sent))
        expect(delays[50] < 0.003 * SLOWNESS, f"half of the packets took {delays[50] * 1000:.2f} ms")
        both.end()


# -- early media, echo, codec changes -----------------------------------------------------------------

def test_early_sound_goes_on_after_the_answer(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        sa, sb = rtp.Stream(case), rtp.Stream(case)
        call = a.invite("sip:1002@127.0.0.1", a.sdp(sa.port))
        incoming = b.answer()
        answer = b.sdp(sb.port)
        incoming.reply(183, body=answer)
        early = call.expect(183, skip=(100,))
        sb.start(talk.media_port(incoming.request.body), sound.tone(425, 1))
        sa.expect_tone(425, 1)
        sa.forget()
        incoming.accept(answer)
        ok = call.expect(200)
        call.ack()
        expect_equal(talk.media_port(ok.body), talk.media_port(early.body), "the place of the sound")
        sa.start(talk.media_port(ok.body), sound.tone(700, 1))
        sa.wait_for(60)
        got = sa.measured()
        expect(got.lost == 0 and got.jumps == 0 and got.ssrcs == 1 and got.longest_gap < 0.1 * SLOWNESS,
               f"sound was interrupted by the answer: {got.lost} lost, {got.jumps} jumps, gap {got.longest_gap:.3f} s")
        expect(not any(packet.marker for packet in sa.packets), "the answer began the sound anew")
        sb.expect_tone(700)
        call.bye()
        incoming.expect_bye()
        expect(pbx.wait_for_cdr()[0]["progress_media_stamp"], "the record knows of early sound")


def test_echo(case):
    with Switchroom(case, config.office(case.folder)):
        phone, stream = talk.phone(case, register=False), rtp.Stream(case)
        call = phone.invite("sip:9196@127.0.0.1", phone.sdp(stream.port))
        place = talk.media_port(call.expect(200).body)
        call.ack()
        stream.start(place, sound.tone(440, 1)).expect_tone(440, seconds=2, level=-10.5)
        stream.send_digit("7")
        eventually(lambda: stream.digits() == "7", 3, "the key comes back")
        call.bye()
        stream.expect_silence()


def test_a_change_of_codec_keeps_the_sound(case):
    """Either side may change its codec in the middle of the call, and the other never hears of it."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sa.expect_tone(600)
        for from_a, (number, name) in ((True, (8, "PCMA/8000")), (False, (8, "PCMA/8000")), (True, (0, "PCMU/8000"))):
            both.sa.forget(), both.sb.forget()
            told, offered = both.reoffer(from_a, formats=((number, name), (101, "telephone-event/8000")))
            expect_equal(offered, None, "what the other side was asked")
            expect(f" {number}" in told.split("m=audio")[1].splitlines()[0], f"it was told {told}")
            mine = both.sa if from_a else both.sb
            mine.payload_type = number
            time.sleep(0.3)
            for stream, frequency in ((both.sa, 600), (both.sb, 440)):
                kept = list(stream.packets)
                stream.expect_tone(frequency)
                kept = [packet for packet in kept if packet.payload_type in (0, 8)]
                expect_equal({(after.sequence - before.sequence) % 0x10000 for before, after in zip(kept, kept[1:])}, {1},
                             "steps of the sequence number over the change")
                expect_equal(len({packet.ssrc for packet in kept}), 1, "SSRCs over the change")
        leg = talk.only_call(pbx)["callee_leg"]
        expect_equal((leg["codec"], leg["packets_lost"]), ("PCMA", 0))
        both.end()
