"""Strangers at the RTP ports: never heard, never sent anything, counted. docs/media.md has the rule."""
# ctest: timeout=150
import os
import random
import socket
import struct
import threading
import time

from harness import config, rtp, sip, sound, talk
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom
from harness.talk import Talk

ELSEWHERE = "127.0.0.2"  # another machine, as far as addresses go


class Flood:
    """RTP from one socket as fast as one packet a millisecond, in the same codec, on and on."""

    def __init__(self, case, to, host=ELSEWHERE, **known):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, known.get("port", 0)))
        self.socket.setblocking(False)
        self.to, self.over, self.sent, self.received = to, threading.Event(), 0, []
        self.ssrc, self.sequence = known.get("ssrc", 0xBAD), known.get("sequence", 1)
        self.payload = rtp.encode(sound.tone(2000, 0.02, level=0.9))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        case.defer(self.close)

    def _run(self):
        while not self.over.is_set():
            data = rtp.build(0, self.sequence + self.sent, 160 * self.sent, self.ssrc, self.payload)
            self.sent += self.socket.sendto(data, self.to) == len(data)
            time.sleep(0.001)
            self._read()

    def _read(self):
        try:
            self.received.append(self.socket.recvfrom(2048)[0])
        except OSError:
            pass

    def close(self):
        if not self.over.is_set():
            self.over.set()
            self.thread.join()
            time.sleep(0.05)
            self._read()
            self.socket.close()

    def expect_nothing_came(self):
        self.close()
        expect(self.sent > 50, "the stranger sent little")
        expect_equal(self.received, [], "what the stranger was sent")


def leg(pbx, name="caller_leg"):
    return talk.only_call(pbx)[name]


def test_a_stranger_before_the_peer(case):
    """He floods the port from the moment that it is known, before the peer has sent anything."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case)
        stranger = Flood(case, both.to_a)
        time.sleep(0.3)
        both.sb.expect_silence()
        both.speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        both.sa.expect_tone(600)
        stranger.expect_nothing_came()
        shown = leg(pbx)
        expect(abs(shown["strangers"] - stranger.sent) <= 2, f"strangers: {shown['strangers']}, sent {stranger.sent}")
        expect_equal(shown["rtp_remote"], f"127.0.0.1:{both.sa.port}", "who is believed")
        expect(pbx.pbxctl("status")["rtp_strangers"] >= stranger.sent - 2, "the sum in the status")
        both.end()


def test_a_stranger_during_the_call(case):
    """From another address, from another port of the peer's address, and with the peer's own SSRC."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        strangers = [Flood(case, both.to_a), Flood(case, both.to_a, "127.0.0.1"),
                     Flood(case, both.to_a, ssrc=both.sa.ssrc, sequence=both.sa.sequence + 3),
                     Flood(case, both.to_a, "127.0.0.1", ssrc=both.sa.ssrc, sequence=both.sa.sequence + 3)]
        both.sb.expect_tone(440, seconds=2)
        both.sa.expect_tone(600)
        for stranger in strangers:
            stranger.expect_nothing_came()
        shown = leg(pbx)
        expect(abs(shown["strangers"] - sum(one.sent for one in strangers)) <= 8, f"strangers: {shown['strangers']}")
        expect_equal(shown["packets_lost"], 0, "lost")
        both.end()


def test_a_stranger_after_the_peer(case):
    """The peer falls silent for longer than a latch waits; the address that it announced stays its own."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        both.sa.stop()
        both.sb.expect_silence()
        strangers = [Flood(case, both.to_a), Flood(case, both.to_a, "127.0.0.1")]
        time.sleep(2.6)
        expect_equal(both.sb.packets, [], "what the other party heard of the strangers")
        for stranger in strangers:
            stranger.expect_nothing_came()
        expect_equal(leg(pbx)["rtp_remote"], f"127.0.0.1:{both.sa.port}", "who is believed")
        both.sa.start()
        both.sb.expect_tone(440)
        both.end()


def test_a_phone_behind_nat(case):
    """Its SDP names an address that nobody can reach. Sound goes to where its own comes from."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        a = talk.phone(case, "1001", register=False)
        sa = rtp.Stream(case)
        both = Talk(case, a=a, sa=sa, offer=sip.sdp(4000, "192.168.77.5", formats=talk.PCMU))
        far, near = Flood(case, both.to_a), None
        both.speak(sound.tone(440, 1), sound.tone(600, 1))
        sa.expect_tone(600)
        both.sb.expect_tone(440)
        shown = leg(pbx)
        expect_equal(shown["rtp_remote"], f"127.0.0.1:{sa.port}", "where the sound goes")
        near = Flood(case, both.to_a, "127.0.0.1")  # behind the same NAT, while the phone talks
        both.sb.expect_tone(440)
        sa.expect_tone(600)
        far.expect_nothing_came()
        near.expect_nothing_came()
        both.end()


def test_a_nat_that_changes_its_port(case):
    """After two seconds of silence the same phone may come from another port."""
    with Switchroom(case, config.office(case.folder)):
        a = talk.phone(case, "1001", register=False)
        both = Talk(case, a=a, offer=sip.sdp(4000, "192.168.77.5", formats=talk.PCMU)).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sa.expect_tone(600)
        both.sa.stop()
        time.sleep(2.2)
        moved = rtp.Stream(case, ssrc=both.sa.ssrc, sequence=both.sa.sequence, timestamp=both.sa.timestamp)
        moved.start(both.to_a, sound.tone(440, 1)).expect_tone(600)
        both.sb.expect_tone(440)
        both.end()


def test_nobody_at_another_address_latches_for_a_phone_behind_nat(case):
    """While it has not sent anything, and after it fell silent."""
    with Switchroom(case, config.office(case.folder)):
        a = talk.phone(case, "1001", register=False)
        both = Talk(case, a=a, offer=sip.sdp(4000, "192.168.77.5", formats=talk.PCMU))
        both.sb.start(both.to_b, sound.tone(600, 1))
        stranger = Flood(case, both.to_a)
        time.sleep(0.5)
        expect_equal(both.sb.packets, [], "what the other party heard of the stranger")
        both.sa.start(both.to_a, sound.tone(440, 1)).expect_tone(600)
        both.sa.stop()
        both.sb.expect_silence()
        time.sleep(2.3)
        expect_equal(both.sb.packets, [], "what the other party heard of the stranger")
        stranger.expect_nothing_came()
        both.end()


def rubbish(random_source):
    """What a port may be sent that is no sound."""
    noise = random_source.randbytes
    report = struct.pack("!BBHI", 0x81, 201, 7, 0x1234) + noise(24)
    goodbye = struct.pack("!BBHI", 0x81, 203, 1, 0x1234)
    rtp_of = rtp.build(0, 1, 2, 3, b"")
    return [b"", b"\0", b"\x80", noise(11), noise(12), noise(400), noise(1500), noise(65507), report, goodbye,
            report + goodbye, b"\x80\xc8" + noise(30), rtp_of, b"\x8f" + rtp_of[1:], b"\x90" + rtp_of[1:] + b"\xbe\xde\xff\xff",
            b"\xa0" + rtp_of[1:] + b"\xff", b"\xa0" + rtp_of[1:] + b"\0", b"\x00" * 172, b"\xff" * 172,
            b"\x00\x01\x00\x00\x21\x12\xa4\x42" + noise(12), b"\x16\xfe\xff" + noise(60), b"INVITE sip:x SIP/2.0\r\n\r\n",
            rtp.build(77, 5, 6, 7, b"x" * 160), rtp.build(127, 5, 6, 7, b"")]


def test_rubbish_has_no_effect(case):
    """From the peer's own address and from strangers, at the RTP and the RTCP port."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        before = leg(pbx)
        packets = rubbish(random.Random(7))
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.defer(stranger.close)
        stranger.bind((ELSEWHERE, 0))
        stranger.settimeout(0.3)
        both.sb.forget()
        for packet in packets:
            for source in (both.sa.socket, stranger):
                for port in (both.to_a[1], both.to_a[1] + 1):
                    source.sendto(packet, (both.to_a[0], port))
            time.sleep(0.01)
        time.sleep(0.2)
        heard = [packet for packet in both.sb.packets if packet.payload_type != 0 or len(packet.payload) not in (0, 160)]
        expect_equal(heard, [], "what was passed on of it")
        both.sb.expect_tone(440)
        both.sa.expect_tone(600)
        after = leg(pbx)
        expect(after["malformed"] - before["malformed"] >= len(packets) // 2, f"malformed: {after['malformed']}")
        expect(after["strangers"] - before["strangers"] >= len(packets), f"strangers: {after['strangers']}")
        try:
            expect(False, f"the stranger was sent {stranger.recv(100)!r}")
        except socket.timeout:
            pass
        both.end()


def test_a_goodbye_in_rtcp_ends_nothing(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        report = struct.pack("!BBHIBBHI", 0x80, 201, 1, both.sa.ssrc, 0x81, 203, 1, both.sa.ssrc)
        for port in (both.to_a[1], both.to_a[1] + 1):
            both.sa.socket.sendto(report, (both.to_a[0], port))
        both.sb.expect_tone(440)
        expect_equal(len(pbx.pbxctl("calls")), 1, "calls")
        both.end()


def test_an_address_that_is_no_single_host_rings_nobody(case):
    """Multicast, broadcast, a name, a scope in a peer's description: refused before a phone rings."""
    with Switchroom(case, config.office(case.folder)):
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        for host in ("224.0.0.1", "255.255.255.255", "phone.example.com", "::1%lo", "0x7f000001", "127.1", "1.2.3.4.5"):
            body = sip.sdp(4000, "127.0.0.1", formats=talk.PCMU).replace("c=IN IP4 127.0.0.1", f"c=IN IP4 {host}")
            a.invite("sip:1002@127.0.0.1", body).expect_failure(400, 488)
        b.expect_silence()


def test_sound_for_the_unspecified_address_or_our_own_signalling(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case, offer=sip.sdp(4000, "0.0.0.0", formats=talk.PCMU))
        both.sb.start(both.to_b, sound.tone(600, 1))
        time.sleep(0.3)
        expect_equal(leg(pbx)["packets_sent"], 0, "packets sent to 0.0.0.0")
        both.reoffer(True, port=config.PORT)  # sound into the server's own SIP port
        time.sleep(0.5)
        expect(leg(pbx)["packets_sent"] > 5, "the sound went there")
        expect_equal(both.a.options().status, 200, "OPTIONS")
        both.end()


def test_a_call_to_ones_own_port_makes_no_loop(case):
    """SDP names the server's own RTP port: sound must not go round for ever."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case)
        both.reoffer(True, port=both.to_a[1])  # the caller claims that it listens where we do
        both.sb.start(both.to_b, sound.tone(600, 1))
        time.sleep(0.5)
        before, cpu = pbx.pbxctl("status")["rtp_relayed"], pbx.cpu_seconds()
        time.sleep(1)
        relayed, used = pbx.pbxctl("status")["rtp_relayed"] - before, pbx.cpu_seconds() - cpu
        expect(relayed < 300 * SLOWNESS and used < 0.5 * SLOWNESS, f"{relayed} packets and {used:.2f} s of CPU in a second: a loop")
        both.end()
