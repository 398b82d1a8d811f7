# ctest: timeout=300 weight=3
"""Any phone talks to any phone: real phones with one codec each, and the sound compared at the other end."""
import numpy as np

from harness import config, opus, sound, talk
from harness.baresip import FORMATS, Baresip
from harness.case import expect, expect_equal, within
from harness.switchroom import Switchroom

SECONDS = 5
PAIRS = [("pcmu", "pcma"), ("pcmu", "g722"), ("pcmu", "opus"), ("pcma", "g722"), ("pcma", "opus"), ("g722", "opus")]
# The worst one-second correlation that is let pass. opus models a voice and does not keep its waveform: it is
# held against the bare codec on the same speech.
LEAST = {"pcmu": 0.99, "pcma": 0.99, "g722": 0.97}
ROOM = 0.05  # another alignment of the seconds


def bare_opus(speech, rate):
    """The worst second of the bare codec, and what it does to the level; compared at 48 kHz, since its delay is
    no whole sample at less."""
    passed = opus.there_and_back(speech[:10 * rate], rate)
    spoken = sound.resampled(speech[:10 * rate], rate, opus.RATE)
    worst = min(score for _, _, score in sound.correlate(passed[opus.RATE:], spoken, opus.RATE)[:-1])
    return worst, float(np.median(sound.levels(passed[opus.RATE:], spoken, opus.RATE)))


def expect_same_sound(listener, speaker):
    """The last seconds that `listener` heard are what `speaker` sent, each of them, at the level that it had."""
    rate = opus.RATE if listener.codec == "opus" else min(listener.rate, speaker.rate, 16000)
    sent = sound.resampled(speaker.sent, speaker.rate, rate)
    heard = sound.resampled(listener.heard()[-(SECONDS + 1) * listener.rate:], listener.rate, rate)
    who = f"{listener.user} ({listener.codec}) hearing {speaker.user} ({speaker.codec})"
    if listener.codec == "opus":
        least, level = bare_opus(speaker.sent, speaker.rate)
        least -= ROOM
    else:
        least, level = min(LEAST.get(speaker.codec, 0.95), LEAST[listener.codec]), 0.0
    found = sound.correlate(heard, sent, rate)[:-1]
    expect(len(found) >= SECONDS - 1, f"{who}: only {len(found)} s")
    worst = min(score for _, _, score in found)
    expect(worst >= least, f"{who}: correlation {worst:.3f} < {least}")
    louder = float(np.median(sound.levels(heard, sent, rate)))
    expect(abs(louder - level) <= 0.5, f"{who}: {louder:+.2f} dB, the bare codec {level:+.2f} dB")
    return worst, louder


def talk_in_pairs(case, pairs):
    numbers = [str(1001 + i) for i in range(2 * len(pairs))]
    with Switchroom(case, config.office(case.folder, extensions=numbers)) as pbx:
        phones = []
        for i, codecs in enumerate(pairs):
            phones.append([Baresip(case, numbers[2 * i + n], config.password(numbers[2 * i + n]), talk.SERVER, codec=codec,
                                   answer=("manual", "auto")[n], sends=sound.speech(45, FORMATS[codec][0], seed=7 * i + n))
                           for n, codec in enumerate(codecs)])
        for caller, called in phones:
            caller.wait_for("REGISTER_OK", seconds=10)
            called.wait_for("REGISTER_OK", seconds=10)
            caller.dial(f"sip:{called.user}@127.0.0.1")
        for caller, called in phones:
            caller.wait_for("CALL_ESTABLISHED", seconds=10)
        for caller, called in phones:
            for listener, speaker in ((caller, called), (called, caller)):
                worst, louder = within(SECONDS + 15, lambda: expect_same_sound(listener, speaker))
                print(f"{speaker.codec:>5} to {listener.codec:<5} correlation {worst:.4f}, level {louder:+.2f} dB")
        for caller, _ in phones:
            caller.hang_up()
        rows = pbx.wait_for_cdr(len(pairs))
        expect_equal(sorted(row["read_codec"].lower() for row in rows), sorted(codecs[0] for codecs in pairs),
                     "the callers' codecs in the records")


def test_narrow_band_and_opus(case):
    talk_in_pairs(case, PAIRS[:3])


def test_wide_band_and_opus(case):
    talk_in_pairs(case, PAIRS[3:])
