"""RTP timeouts, the end of the port range, and RTCP."""
# ctest: timeout=120
import socket
import struct
import time

from harness import config, rtp, sip, sound, talk
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom
from harness.talk import Talk


def test_silence_ends_a_call(case):
    with Switchroom(case, config.office(case.folder, profile='rtp_timeout = "1s"\nrtp_hold_timeout = "5s"')) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440, seconds=2)  # longer than the limit: only silence counts
        both.sa.stop()
        stopped = time.monotonic()
        both.incoming.expect_bye(seconds=4)
        bye = both.call.expect_bye(seconds=1)
        took = time.monotonic() - stopped
        expect(0.9 <= took < 1.6 * SLOWNESS, f"the call ended after {took:.2f} s of silence")
        expect("Q.850;cause=" in (bye.header("Reason") or ""), f"the BYE says why: {bye}")
        record = pbx.wait_for_cdr()[0]
        expect_equal((record["hangup_cause"], record["hung_up_by"], record["sip_hangup_disposition"]),
                     ("MEDIA_TIMEOUT", "switchroom", "send_bye"), "the record")
        pbx.wait_for_log("no sound|silent|silence")


def test_a_peer_that_never_sends(case):
    with Switchroom(case, config.office(case.folder, profile='rtp_timeout = "1s"')) as pbx:
        both = Talk(case)
        both.sb.start(both.to_b, sound.tone(600, 1))
        both.call.expect_bye(seconds=4)
        both.incoming.expect_bye()
        expect_equal(pbx.wait_for_cdr()[0]["hangup_cause"], "MEDIA_TIMEOUT", "the cause")


def test_hold_has_a_limit_of_its_own(case):
    """A phone on hold may be silent for rtp_hold_timeout, then the call ends; its RTCP keeps it."""
    with Switchroom(case, config.office(case.folder, profile='rtp_timeout = "1s"\nrtp_hold_timeout = "3s"')) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        both.sa.stop()
        both.reoffer(True, direction="inactive")
        held = time.monotonic()
        reports = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.defer(reports.close)
        reports.bind(("127.0.0.1", both.sa.port + 1))
        while time.monotonic() - held < 4:  # longer than both limits
            reports.sendto(struct.pack("!BBHI", 0x80, 201, 1, both.sa.ssrc), (both.to_a[0], both.to_a[1] + 1))
            time.sleep(0.2)
        expect_equal(len(pbx.pbxctl("calls")), 1, "the call lives on RTCP alone")
        silent = time.monotonic()
        both.incoming.expect_bye(seconds=5)
        both.call.expect_bye()
        took = time.monotonic() - silent
        expect(2.5 <= took < 4 * SLOWNESS, f"it ended after {took:.2f} s")
        expect_equal(pbx.wait_for_cdr()[0]["hangup_cause"], "MEDIA_TIMEOUT", "the cause")


def test_the_limit_after_a_hold_counts_from_the_resume(case):
    with Switchroom(case, config.office(case.folder, profile='rtp_timeout = "1s"\nrtp_hold_timeout = "10s"')) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        both.sa.stop()
        both.reoffer(True, direction="inactive")
        time.sleep(2)
        both.reoffer(True)
        time.sleep(0.5)  # not ended for the two seconds before
        both.sa.start()
        both.sb.expect_tone(440, seconds=1.5)
        expect_equal(len(pbx.pbxctl("calls")), 1, "calls")
        both.end()


def are_free(ports):
    """A media thread closes the sockets of a call soon after its end, not within it."""
    try:
        for port in ports:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def test_a_range_that_is_used_up(case):
    """Room for one call: the next is refused with 503 and a line that says what to do; then there is room again."""
    with Switchroom(case, config.office(case.folder, media_ports="20000-20003", extensions=("1001", "1002", "1003"))) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        ports = {both.to_a[1], both.to_b[1]}
        expect_equal(ports, {20000, 20002}, "the ports")
        third, fourth = talk.phone(case, "1003"), talk.phone(case, "1002", register=False)
        for number in ("1003", "9196"):
            call = fourth.invite(f"sip:{number}@127.0.0.1", fourth.sdp(4000))
            refused = call.expect_failure(503)
            expect(refused is not None)
        third.expect_silence()
        pbx.wait_for_log(r"no RTP port is free: widen \[media\] ports")
        both.sb.expect_tone(440)
        both.sa.expect_tone(600)
        both.end()
        eventually(lambda: pbx.pbxctl("status")["rtp_ports"] == 0, 3, "no port is open any more")
        for _ in range(5):  # and they come back each time
            eventually(lambda: are_free(range(20000, 20004)), 3, "the sockets are closed")
            again = Talk(case, a=both.a, b=both.b)
            expect_equal({again.to_a[1], again.to_b[1]}, {20000, 20002}, "the ports")
            again.speak(sound.tone(440, 1), sound.tone(600, 1)).sb.expect_tone(440, seconds=0.3)
            again.end()
        refused = [row for row in pbx.wait_for_cdr(8) if row["sip_status"] == 503]
        expect_equal(len(refused), 2, "records of the refused calls")
        expect_equal({row["hangup_cause"] for row in refused} - {"NORMAL_TEMPORARY_FAILURE", "NORMAL_CIRCUIT_CONGESTION",
                                                                  "SERVICE_UNAVAILABLE"}, set(), "their cause")


def test_a_port_that_another_program_has(case):
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    case.defer(taken.close)
    taken.bind(("127.0.0.1", 20001))  # the RTCP port of the first pair
    with Switchroom(case, config.office(case.folder, media_ports="20000-20005")):
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        for _ in range(3):
            both = Talk(case, a=a, b=b).speak(sound.tone(440, 1), sound.tone(600, 1))
            expect_equal({both.to_a[1], both.to_b[1]}, {20002, 20004}, "the ports")
            both.sb.expect_tone(440, seconds=0.3)
            both.end()


def reports(packet):
    """[(type, body)] of a compound RTCP packet."""
    found, at = [], 0
    while at + 4 <= len(packet):
        length = 4 * (struct.unpack("!H", packet[at + 2:at + 4])[0] + 1)
        found.append((packet[at + 1], packet[at:at + length]))
        at += length
    expect_equal(at, len(packet), "the lengths in the RTCP packet")
    return found


def test_rtcp(case):
    """SR with what we sent and a block about what we received; the peer's report gives the round trip; BYE at the end."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        both = Talk(case)
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.defer(control.close)
        control.bind(("127.0.0.1", both.sa.port + 1))
        control.settimeout(10 * SLOWNESS)
        both.speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sa.wait_for(10)
        # Hers, naming the SSRC of her sound: proof enough (docs/media.md).
        control.sendto(struct.pack("!BBHIIIIII", 0x80, 200, 6, both.sa.ssrc, 0x83AA7E80, 0, both.sa.timestamp, both.sa.sent, 160 * both.sa.sent),
                       (both.to_a[0], both.to_a[1] + 1))
        packet, source = control.recvfrom(2048)
        expect_equal(source[1], both.to_a[1] + 1, "the port that reports come from")
        parts = reports(packet)
        expect_equal([kind for kind, _ in parts], [200, 202], "a sender report and a name")
        report = parts[0][1]
        ssrc, seconds, fraction, timestamp, count, octets = struct.unpack("!IIIIII", report[4:28])
        expect_equal(ssrc, both.sa.packets[-1].ssrc, "the SSRC of what we send")
        expect(abs(seconds - 2208988800 - time.time()) < 3, "the wall clock")
        expect(abs(count - len(both.sa.packets)) <= 10 * SLOWNESS and octets == 160 * count, f"{count} packets, {octets} octets")
        drift = (timestamp - both.sa.packets[-1].timestamp) % (1 << 32)
        expect(drift < 8000 * SLOWNESS or drift > (1 << 32) - 8000 * SLOWNESS, f"the timestamp is off by {drift}")
        about, lost = struct.unpack("!II", report[28:36])
        expect_equal((about, lost), (both.sa.ssrc, 0), "what is said of her stream")
        # She answers: last SR and no delay.
        last = ((seconds & 0xFFFF) << 16) | (fraction >> 16)
        control.sendto(struct.pack("!BBHIIIIIII", 0x81, 201, 7, both.sa.ssrc, ssrc, 0x40000000, 0, 0, last, 0)[:32],
                       (both.to_a[0], both.to_a[1] + 1))
        eventually(lambda: 0 <= talk.only_call(pbx)["caller_leg"]["round_trip_ms"] < 1000 * SLOWNESS, 2, "a round trip")
        both.sa.stop()
        both.end(by_a=False)
        while True:  # a report may come before it
            kinds = [kind for kind, _ in reports(control.recv(2048))]
            if 203 in kinds:
                break


def test_no_reports_for_one_who_sends_nothing(case):
    """Reports cannot be aimed at a third party by an address in SDP."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case)
        victim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.defer(victim.close)
        victim.bind(("127.0.0.1", both.sa.port + 1))
        victim.settimeout(8)
        both.sb.start(both.to_b, sound.tone(600, 1))
        try:
            expect(False, f"a report came: {victim.recv(2048)!r}")
        except socket.timeout:
            pass
        both.end()


def test_reports_for_a_peer_that_sends_sound_but_no_reports(case):
    """They go to the RTCP port of its description, never to its RTP port."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case)
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.defer(control.close)
        control.bind(("127.0.0.1", both.sa.port + 1))
        control.settimeout(10 * SLOWNESS)
        both.speak(sound.tone(440, 1), sound.tone(600, 1))
        expect_equal(reports(control.recv(2048))[0][0], 200, "a sender report")
        expect_equal({packet.payload_type for packet in both.sa.packets}, {0}, "what came to the RTP port")
        expect_equal(both.sa.others, [], "what else came there")
        both.end()
