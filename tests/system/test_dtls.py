"""DTLS-SRTP with peers of the tests' own: roles, profiles, new offers, and who is not let in."""
import time

import numpy as np
from OpenSSL import SSL

from harness import config, dtls, rtp, sip, sound, srtp, talk
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom


def caller(case, user="1001"):
    return sip.Peer(case, user, config.password(user), server=talk.SERVER)


def offer(peer, dtls_peer, setup="active", protocol=dtls.SAVP, more="a=rtcp-mux\r\n", fingerprint=None, **rest):
    return peer.sdp(dtls_peer.stream.port, formats=talk.PCMU, protocol=protocol,
                    more=dtls_peer.lines(setup, fingerprint, more), **rest)


def echo(case, dtls_peer, setup="active", peer=None, shake=True, **more):
    """A call to 9196, which says everything back; the handshake is done."""
    peer = peer or caller(case)
    call = peer.invite("sip:9196@127.0.0.1", offer(peer, dtls_peer, setup, **more))
    dtls_peer.answer = call.expect(200).body
    call.ack()
    dtls_peer.place = talk.media_port(dtls_peer.answer)
    if shake:
        dtls_peer.shake(dtls_peer.place, active=dtls.of_sdp(dtls_peer.answer, "setup") == "passive")
        expect_equal(dtls_peer.presented(), dtls.of_sdp(dtls_peer.answer, "fingerprint"), "the certificate that was named")
    return call


def encryption(pbx, leg="caller_leg"):
    return talk.only_call(pbx)[leg]["encryption"]


def test_roles_and_profiles(case):
    """Both roles, each profile, with and without rtcp-mux: a tone comes back under the keys of the handshake."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        for setup in ("active", "passive", "actpass"):
            one = dtls.Peer(case)
            call = echo(case, one, setup)
            expect_equal(dtls.of_sdp(one.answer, "setup"), "passive" if setup == "active" else "active", "our role")
            one.stream.start(one.to, sound.tone(440, 1)).expect_tone(440, seconds=0.5)
            expect_equal(encryption(pbx), "DTLS AES_CM_128_HMAC_SHA1_80", "the suite that is shown")
            call.bye()
        for profile, suite in dtls.PROFILES.items():
            one = dtls.Peer(case, profile=profile)
            call = echo(case, one, protocol="UDP/TLS/RTP/SAVPF", more="")
            one.stream.start(one.to, sound.tone(440, 1)).expect_tone(440, seconds=0.5)
            expect_equal((one.suite, one.opener.refused, encryption(pbx)), (suite, 0, f"DTLS {suite}"), "the suite")
            call.bye()
        for name in ("sha-1", "sha-384", "sha-512"):
            one = dtls.Peer(case)
            echo(case, one, fingerprint=one.fingerprint(name), protocol="RTP/AVP").bye()


def test_nothing_in_the_clear(case):
    """Before the handshake nothing is sent and nothing plain is taken; after it plain, forged, cut and old packets are not."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        one = dtls.Peer(case)
        call = echo(case, one, shake=False)
        for number in range(20):
            one.stream.socket.sendto(rtp.build(0, number, number * 160, 7, bytes(160)), one.place)
            time.sleep(0.01)
        time.sleep(0.3)
        expect_equal(one.stream.others, [], "what was sent before the handshake")
        leg = talk.only_call(pbx)["caller_leg"]
        expect_equal((leg["encryption"], leg["packets_received"]), ("DTLS handshake", 0), "encryption, received")
        one.shake(one.place)
        one.stream.start(one.to, sound.tone(440, 1)).expect_tone(440, seconds=0.5)
        one.stream.stop()
        time.sleep(0.2)
        genuine = one.stream.last_sent
        before = talk.only_call(pbx)["caller_leg"]
        with one.stream.lock:
            plain = rtp.build(0, one.stream.sequence + 1, 1, one.stream.ssrc, bytes(160))
            later = one.sealer.at(plain, one.stream.sequence + 1, one.stream.ssrc, 0)
        for packet in (genuine, later[:100], later[:-1] + bytes([later[-1] ^ 1]), plain):
            one.stream.socket.sendto(packet, one.to)

        def counted():
            leg = talk.only_call(pbx)["caller_leg"]
            return (leg["replayed"] - before["replayed"], leg["forged"] - before["forged"]) == (1, 3)
        eventually(counted, 3, "1 replayed, 3 forged packets")
        for junk in (b"\x16\xfe\xfd" + bytes(40), b"\x00\x01\x00\x00!\x12\xa4B" + bytes(12), one.last_flight, b"\x15"):
            one.stream.socket.sendto(junk, one.to)
        one.stream.start(one.to).expect_tone(440, seconds=0.5)
        call.bye()


def test_what_is_played_and_recorded(case):
    """A prompt begins when it can be heard, from its first moment on; it and the caller's voice are in the recording."""
    folder = case.folder / "data" / "sounds"
    folder.mkdir(parents=True)
    sound.write(folder / "two.wav", np.concatenate([sound.tone(500, 1), sound.tone(900, 1)]), rate=8000, channels=1)
    rules = """
[[contexts.default]]
when = { destination_number = '^1$' }
do = ["answer", "record_session one.wav", "playback two.wav"]
"""
    with Switchroom(case, config.office(case.folder, contexts=rules)) as pbx:
        one, peer = dtls.Peer(case), caller(case)
        call = peer.invite("sip:1@127.0.0.1", offer(peer, one, "passive"))
        answer = call.expect(200).body
        call.ack()
        place = talk.media_port(answer)
        time.sleep(1.5)
        one.shake(place, active=False)
        one.stream.start(place, sound.tone(300, 1))
        call.expect_bye(10)
        heard = one.stream.measured().samples
        expect(len(heard) > 8000 * 1.8, f"{len(heard) / 8000:.2f} s of two were heard")
        expect(abs(sound.frequency(heard[800:6400]) - 500) < 5, "its beginning was heard")
        expect(abs(sound.frequency(heard[-6400:-1600]) - 900) < 5, "and its end")
        pbx.wait_for_cdr()
        found = eventually(lambda: list(case.folder.rglob("one.wav")), 5, "the recording")
        samples, rate = sound.read(found[0])
        expect(sound.power_at(samples[-int(1.5 * rate):], 300, rate) > 0.2, "the caller's tone in the recording")


def test_who_is_not_the_one(case):
    """A wrong fingerprint ends the call at once, DTLS 1.0 and nobody at all after ten seconds, each with its cause."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        old, silent = dtls.Peer(case, newest=0xFEFF), dtls.Peer(case)
        callers = [caller(case, user) for user in ("1001", "1002", "1003")]
        calls = [echo(case, one, peer=peer, shake=False) for one, peer in zip((old, silent), callers)]
        wrong = dtls.Peer(case)
        call = echo(case, wrong, peer=callers[2], fingerprint=dtls.Peer(case).fingerprint(), shake=False)
        wrong.begin()
        try:
            deadline = time.monotonic() + 3 * SLOWNESS
            while time.monotonic() < deadline and not wrong.step(wrong.place):
                time.sleep(0.01)
        except SSL.Error:
            pass  # the alert
        call.expect_bye(5)
        pbx.wait_for_log(r"sound with 1003 at 127\.0\.0\.1:\d+ cannot be encrypted, and the call ends: its certificate is not")
        old.begin()
        try:
            for _ in range(20):
                old.step(old.place)
                time.sleep(0.02)
        except SSL.Error:
            pass
        for call in calls:
            call.expect_bye(14)
        pbx.wait_for_log(r"sound with 1001 .* cannot be encrypted.*no DTLS handshake was completed within 10 s: .*(version|protocol)")
        pbx.wait_for_log(r"sound with 1002 .* cannot be encrypted.*no DTLS handshake came within 10 s")
        expect_equal({record["hangup_cause"] for record in pbx.wait_for_cdr(3)}, {"SRTP_READ_ERROR"}, "causes")


def test_strangers(case):
    """From another host nothing of a handshake counts; from the same one a wrong certificate does not stop the phone."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        one = dtls.Peer(case)
        call = echo(case, one, shake=False)
        far = dtls.Peer(case, host="127.0.0.9")
        far.begin()
        for _ in range(20):
            far.step(one.place)
            time.sleep(0.01)
        expect_equal(far.stream.others, [], "answers to a stranger")
        near = dtls.Peer(case)
        near.begin()
        try:
            for _ in range(40):
                if near.step(one.place):
                    raise AssertionError("a stranger on the phone's host was let in")
                time.sleep(0.01)
        except SSL.Error:
            pass
        one.shake(one.place)
        one.stream.start(one.to, sound.tone(440, 1)).expect_tone(440, seconds=0.5)
        expect(talk.only_call(pbx)["caller_leg"]["strangers"] > 0, "the far one was counted")
        call.bye()


def test_new_offers(case):
    """The same certificate goes on under the same keys; another one, or another port, makes another handshake."""
    with Switchroom(case, config.office(case.folder)):
        one = dtls.Peer(case)
        peer = caller(case)
        call = echo(case, one, peer=peer)
        one.stream.start(one.to, sound.tone(440, 1)).expect_tone(440, seconds=0.4)
        for version, direction in ((2, "sendonly"), (3, "sendrecv")):
            answer = call.reinvite(offer(peer, one, "actpass", version=version, direction=direction)).body
            expect_equal(dtls.of_sdp(answer, "setup"), "passive", "the role, as it was")
        one.stream.expect_tone(440, seconds=0.4)
        expect_equal(one.opener.refused, 0, "refused after the hold")
        one.stream.stop()
        other = dtls.Peer(case)
        answer = call.reinvite(offer(peer, other, "active", version=4)).body
        one.stream.forget()
        other.shake(talk.media_port(answer))
        other.stream.start(other.to, sound.tone(600, 1)).expect_tone(600, seconds=0.4)
        expect_equal(one.stream.packets, [], "what the old place still got")
        call.bye()


def test_our_offers(case):
    """Best effort carries a fingerprint where DTLS is preferred; whoever refuses is rung again with UDP/TLS/RTP/SAVP."""
    people = '\n[extensions.1004]\npassword = "kV7-tree-lamp"\nsrtp = "mandatory"\nsrtp_keys = ["dtls"]\n'
    with Switchroom(case, config.office(case.folder, profile='srtp_keys = ["dtls", "sdes"]',
                                        contexts=config.DEFAULT_CONTEXT, more=people)) as pbx:
        a, b = caller(case), talk.phone(case, "1002")
        strict = sip.Peer(case, "1004", "kV7-tree-lamp", server=talk.SERVER)
        strict.register()
        plain = rtp.Stream(case)
        for called, protocols in ((b, ["RTP/AVP"]), (b, ["RTP/AVP", dtls.SAVP]), (strict, [dtls.SAVP])):
            one = dtls.Peer(case)
            call = a.invite(f"sip:{called.user}@127.0.0.1", a.sdp(plain.port, formats=talk.PCMU))
            for number, protocol in enumerate(protocols, 1):
                incoming = called.answer()
                body = incoming.request.body
                expect(f" {protocol} " in body and "crypto" not in body, body)
                expect_equal(dtls.of_sdp(body, "setup"), "actpass", "setup")
                if number < len(protocols):
                    incoming.refuse(488)
            incoming.accept(offer(called, one, "active", protocol=protocol))
            to_plain = talk.media_port(call.expect(200).body)
            call.ack()
            one.shake(talk.media_port(body))
            expect_equal(one.presented(), dtls.of_sdp(body, "fingerprint"), "the certificate that was named")
            one.stream.start(one.to, sound.tone(600, 1))
            plain.start(to_plain, sound.tone(440, 1)).expect_tone(600, seconds=0.5)
            one.stream.expect_tone(440, seconds=0.5)
            expect(encryption(pbx, "callee_leg").startswith("DTLS A"), encryption(pbx, "callee_leg"))
            plain.stop()
            call.bye()
            incoming.expect_bye()


def test_keys_stay_out_of_sight(case):
    """No key in the log at its most talkative, in pbxctl or in the records."""
    with Switchroom(case, config.office(case.folder, log='level = "trace"')) as pbx:
        one = dtls.Peer(case)
        call = echo(case, one)
        one.stream.start(one.to, sound.tone(440, 1)).wait_for(20)
        shown = pbx.pbxctl_raw("--json", "call", "show", pbx.pbxctl("calls")[0]["id"]).stdout
        call.bye()
        records = repr(pbx.wait_for_cdr())
        for keys in (one.sealer.keys, one.opener.keys):
            for name, text in (("log", pbx.log), ("pbxctl", shown), ("records", records)):
                expect(len(text) > 200, f"{name} is there")
                expect(keys.master.hex() not in text.lower() and srtp.base64.b64encode(keys.master).decode()[:20] not in text,
                       f"a key is in the {name}")
