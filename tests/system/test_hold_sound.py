"""Hold and resume, heard: who is held gets nothing, who holds hears nothing, and sound returns at once."""
# ctest: timeout=180 weight=2
import time

from harness import config, rtp, sound, talk
from harness.baresip import Baresip
from harness.case import SLOWNESS, eventually, expect, expect_equal, within
from harness.switchroom import Switchroom
from harness.talk import Talk


def hears_soon(stream, seconds=0.3):
    """The first packet comes within a fraction of a second: measured from before the resume was asked for."""
    stream.wait_for(1, seconds)


def expect_one_stream(packets, what):
    """One SSRC, sequence numbers without a hole or a repetition, timestamps that only grow."""
    expect_equal(len({packet.ssrc for packet in packets}), 1, f"SSRCs of {what}")
    for before, after in zip(packets, packets[1:]):
        expect_equal((after.sequence - before.sequence) % 0x10000, 1, f"the step of the sequence number of {what}")
        step = (after.timestamp - before.timestamp) % (1 << 32)
        expect(0 < step < 1 << 31, f"a step of {step} in the timestamps of {what}")
        real = (after.at - before.at) * 8000
        expect(abs(step - real) < 8000 * 0.3 * SLOWNESS, f"{step} units of time went by in {real:.0f} at {what}")


def silent_office(case):
    return config.office(case.folder, profile='hold_music = ""')


def hold_and_resume(case, from_a, direction):
    with Switchroom(case, silent_office(case)) as pbx:
        both = Talk(case)
        holder, held = (both.sa, both.sb) if from_a else (both.sb, both.sa)
        tone_of_holder, tone_of_held = (440, 600) if from_a else (600, 440)
        both.speak(sound.tone(440, 1), sound.tone(600, 1))
        history = {holder: [], held: []}
        for _ in range(2):  # and once more
            holder.expect_tone(tone_of_held)
            held.expect_tone(tone_of_holder)
            for stream in history:
                history[stream] += stream.packets
            holder.stop()
            told, _ = both.reoffer(from_a, direction=direction)
            wanted = {"sendonly": "recvonly", "inactive": "inactive"}[direction]
            expect(f"a={wanted}" in told, f"{direction} was answered by\n{told}")
            expect_equal(talk.media_port(told), both.to_a if from_a else both.to_b, "the place of the sound")
            holder.expect_silence()
            held.expect_silence()  # the holder sends nothing
            for stream in history:
                stream.forget()
            told, _ = both.reoffer(from_a)
            expect("a=sendrecv" in told, told)
            holder.start()
            hears_soon(holder)
            hears_soon(held)
        for stream, frequency in ((holder, tone_of_held), (held, tone_of_holder)):
            time.sleep(0.5)
            kept = list(stream.packets)
            stream.expect_tone(frequency, level=-10.5)
            expect_one_stream(kept, "the holder" if stream is holder else "the held one")
        shown = talk.only_call(pbx)
        for leg in ("caller_leg", "callee_leg"):
            expect_equal((shown[leg]["packets_lost"], shown[leg]["strangers"]), (0, 0), f"lost and strangers of {leg}")
        both.end(by_a=not from_a)


def test_the_caller_holds(case):
    hold_and_resume(case, True, "sendonly")


def test_the_called_one_holds(case):
    hold_and_resume(case, False, "sendonly")


def test_hold_by_inactive(case):
    hold_and_resume(case, True, "inactive")


def test_music_on_hold(case):
    """The melody that needs no file begins with the hold, in one stream with the talk, and ends with it."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        both.sb.forget()
        both.sb.wait_for(25)
        both.sa.stop()
        both.reoffer(True, direction="sendonly")
        both.sa.expect_silence()
        time.sleep(2)
        music = both.sb.measured().samples[-8000:]
        both.reoffer(True)
        both.sa.start()
        both.sb.wait_for(len(both.sb.packets) + 25)
        expect_one_stream(list(both.sb.packets), "the one who was held")
        expect(-40 < sound.dbfs(music) < -15, f"a quiet melody, not {sound.dbfs(music):.1f} dBFS")
        both.sb.expect_tone(440)
        both.sa.expect_tone(600)
        both.end()


def test_music_from_a_file(case):
    """For ever, to whichever side is held, through transcoding too."""
    sound.write(case.folder / "hold.wav", sound.tone(800, 0.7, rate=16000), rate=16000)
    with Switchroom(case, config.office(case.folder, profile=f'hold_music = "{case.folder}/hold.wav"')):
        both = Talk(case, sb=rtp.Stream(case, payload_type=rtp.PCMA), b_formats=talk.PCMA)
        both.speak(sound.tone(440, 1), sound.tone(600, 1))
        # What is transcoded passes a jitter buffer, which a busy machine empties now and then: a second try.
        within(2, lambda: both.sb.expect_tone(440))
        for from_a, held in ((True, both.sb), (False, both.sa)):
            both.reoffer(from_a, direction="inactive")
            held.expect_tone(800, seconds=2, level=-10.5)
            both.reoffer(from_a)
            within(2, lambda: held.expect_tone(440 if from_a else 600))
        both.end()


def test_music_of_the_holding_phone(case):
    """Without music of ours: sendonly says that the holder may go on sending, and the held one hears it."""
    with Switchroom(case, silent_office(case)):
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sa.expect_tone(600)
        both.reoffer(True, direction="sendonly")
        both.sa.samples = sound.tone(350, 1)
        both.sa.expect_silence()
        both.sb.expect_tone(350)
        both.end()


def test_hold_of_old_phones(case):
    """c=0.0.0.0 (RFC 2543) is a hold too."""
    with Switchroom(case, silent_office(case)):
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sa.expect_tone(600)
        held = both.a.sdp(both.sa.port, formats=talk.PCMU, version=2).replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0")
        expect_equal(both.call.reinvite(held).status, 200)
        both.sa.expect_silence()
        expect_equal(both.call.reinvite(both.a.sdp(both.sa.port, formats=talk.PCMU, version=3)).status, 200)
        both.sa.expect_tone(600)
        both.sb.expect_tone(440)
        both.end()


def test_both_hold(case):
    """The call is silent until both have resumed, whoever resumes first."""
    with Switchroom(case, silent_office(case)):
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sa.expect_tone(600)
        both.sa.stop(), both.sb.stop()
        both.reoffer(True, direction="sendonly")
        both.reoffer(False, direction="sendonly")
        both.reoffer(True)
        both.sa.start()
        both.sa.expect_silence()
        both.sb.expect_silence()  # it said that it does not want to hear
        both.reoffer(False)
        both.sb.start()
        both.sa.expect_tone(600)
        both.sb.expect_tone(440)
        both.end()


def test_a_phone_moves(case):
    """A re-INVITE with another port: sound goes there, and comes from there, at once."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sa.expect_tone(600)
        old, new = both.sa, rtp.Stream(case)
        both.sa = new
        both.reoffer(True)
        old.stop()
        new.start(both.to_a, sound.tone(880, 1)).expect_tone(600)
        both.sb.expect_tone(880)
        old.expect_silence()
        both.end()


def test_a_new_source_goes_on_in_the_same_stream(case):
    """A phone that begins anew (another SSRC, another sequence) is one stream for the other side."""
    with Switchroom(case, config.office(case.folder)):
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sb.expect_tone(440)
        both.sb.forget()
        both.sb.wait_for(10)
        both.sa.stop()
        time.sleep(0.2)
        both.sa.ssrc, both.sa.sequence, both.sa.timestamp = both.sa.ssrc ^ 0x5555, 7, 99
        both.sa.start()
        both.sb.wait_for(50)
        expect_one_stream(list(both.sb.packets), "the other side")
        expect_equal(sum(packet.marker for packet in both.sb.packets), 1, "markers: one, where the sound begins anew")
        both.sb.expect_tone(440)
        both.end()


def test_real_phones_hold(case):
    """Baresip holds and resumes, from either side."""
    with Switchroom(case, silent_office(case)) as pbx:
        alice = Baresip(case, "1001", config.password("1001"), talk.SERVER)
        bob = Baresip(case, "1002", config.password("1002"), talk.SERVER, answer="auto", transport="tcp")
        alice.wait_for("REGISTER_OK", seconds=10)
        bob.wait_for("REGISTER_OK", seconds=10)
        alice.dial("sip:1002@127.0.0.1")
        alice.wait_for("CALL_ESTABLISHED", seconds=10)
        alice.expect_hears(bob, seconds=2)

        def sent_to(leg):
            return talk.only_call(pbx)[leg]["packets_sent"]

        def moves(leg):
            before = sent_to(leg)
            time.sleep(0.5)
            return sent_to(leg) - before

        for phone, leg in ((alice, "caller_leg"), (bob, "callee_leg")):
            other = "callee_leg" if leg == "caller_leg" else "caller_leg"
            phone.hold()
            eventually(lambda leg=leg: moves(leg) == 0, 5, f"silence towards {phone.user}, who holds")
            expect_equal(moves(other), 0, "packets to the one who is held: baresip sends none on hold")
            phone.resume()
            eventually(lambda leg=leg: moves(leg) > 15, 5, f"sound towards {phone.user} after the hold")
            expect(moves(other) > 15, "sound towards the one who was held")
        # After a re-INVITE sndfile has left the receive path of the phone that held; what each sends is the WAV.
        shown = talk.only_call(pbx)
        expect_equal((shown["caller_leg"]["strangers"], shown["callee_leg"]["strangers"]), (0, 0), "strangers")
        alice.hang_up()
        bob.wait_for("CALL_CLOSED")
        expect_equal(pbx.wait_for_cdr()[0]["hangup_cause"], "NORMAL_CLEARING", "the cause")
