"""Sound as arrays of float32 between -1 and 1: made, written, measured and compared."""
import wave

import numpy as np

from harness.case import expect


def tone(frequency, seconds, rate=8000, level=0.3):
    """A sine; `level` is its peak, 0.3 is -10 dBFS."""
    return (level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def silence(seconds, rate=8000):
    return np.zeros(int(seconds * rate), np.float32)


def speech(seconds, rate=8000, seed=1, level=0.4):
    """Something like speech, the same for the same seed: a gliding voice through changing formants, in
    syllables with pauses. Unlike a tone it never repeats, so that a window of it is found at one place only."""
    if rate > 16000:
        slow = speech(seconds, 16000, seed, level)
        times = np.arange(int(seconds * rate)) / rate
        return np.interp(times, np.arange(len(slow)) / 16000, slow).astype(np.float32)
    random = np.random.default_rng(seed)
    length = int(seconds * rate)
    out = np.zeros(length)
    at = 0
    while at < length:
        count = int(rate * random.uniform(0.12, 0.3))
        time = np.arange(count) / rate
        pitch = random.uniform(90, 220) * (1 + random.uniform(-0.25, 0.25) * time / time[-1])
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        formants = [(random.uniform(300, 800), 120), (random.uniform(900, 2300), 200), (random.uniform(2400, 3300), 300)]
        syllable = np.zeros(count)
        for harmonic in range(1, int(3400 / pitch.max()) + 1):
            gain = sum(1 / (1 + ((harmonic * pitch.mean() - center) / width) ** 2) for center, width in formants)
            syllable += gain * np.sin(harmonic * phase + random.uniform(0, 6.28))
        syllable += 0.05 * random.standard_normal(count)
        out[at:at + count] += (syllable * np.hanning(count))[:length - at]
        at += count + int(rate * random.uniform(0.0, 0.08))
    return (out * level / np.abs(out).max()).astype(np.float32)


def write(path, samples, rate=8000, channels=1):
    """A 16-bit WAV; mono samples are copied to each channel."""
    data = np.repeat(np.clip(samples, -1, 1), channels) if channels > 1 else np.clip(samples, -1, 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((data * 32767).astype("<i2").tobytes())
    return path


def read(path):
    """(samples of the first channel, rate); also of a file whose writer has not closed it yet."""
    with wave.open(str(path), "rb") as file:
        expect(file.getsampwidth() == 2, f"{path} is not 16-bit")
        channels, rate = file.getnchannels(), file.getframerate()
        data = np.frombuffer(file.readframes(file.getnframes() or 1 << 30), "<i2")
    return data[:len(data) // channels * channels:channels].astype(np.float32) / 32768, rate


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def dbfs(samples):
    """Level relative to a full-scale sine, in dB."""
    return 20 * np.log10(max(rms(samples) * np.sqrt(2), 1e-9))


def power_at(samples, frequency, rate=8000):
    """Goertzel: the share of all power that is at this frequency, 0 to 1."""
    total = float(np.sum(np.square(samples, dtype=np.float64)))
    if total <= 0:
        return 0.0
    turns = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / rate)
    return float(2 * np.abs(np.dot(samples, turns)) ** 2 / (len(samples) * total))


def frequency(samples, rate=8000):
    """The strongest frequency in Hz, to a fraction of a bin."""
    if len(samples) < 16 or rms(samples) == 0:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 4 * len(samples)))
    return float(np.argmax(spectrum)) * rate / (4 * len(samples))


def gaps(samples, rate=8000, threshold=0.003, shortest=0.015):
    """Silences inside of the sound as (start, length) in seconds; those at its ends do not count."""
    size = max(1, int(rate * 0.005))
    loud = np.array([rms(samples[i:i + size]) > threshold for i in range(0, len(samples) - size + 1, size)])
    if not loud.any():
        return []
    first, last = np.argmax(loud), len(loud) - np.argmax(loud[::-1])
    found, start = [], None
    for i in range(first, last):
        if not loud[i] and start is None:
            start = i
        if loud[i] and start is not None:
            if (i - start) * size / rate >= shortest:
                found.append((start * size / rate, (i - start) * size / rate))
            start = None
    return found


def correlate(heard, sent, rate=8000, window=1.0, quiet=30 / 32768):
    """For each window of what was heard: (seconds, lag into what was sent in seconds, peak -1 to 1).

    The normalised cross-correlation; windows that are (nearly) silent are left out."""
    if rate > 16000 and rate % 16000 == 0:  # enough for the voice, and a third of the work
        step = rate // 16000
        heard, sent = (one[:len(one) // step * step].reshape(-1, step).mean(axis=1) for one in (heard, sent))
        rate = 16000
    size = int(window * rate)
    energy = np.concatenate(([0.0], np.cumsum(np.square(sent, dtype=np.float64))))
    length = 1 << int(np.ceil(np.log2(len(sent) + size)))
    spectrum = np.fft.rfft(sent, length)
    found = []
    for at in range(0, len(heard) - size + 1, size):
        piece = heard[at:at + size].astype(np.float64)
        if rms(piece) < quiet or len(sent) < size:
            continue
        product = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, length)), length)[:len(sent) - size + 1]
        norm = np.sqrt(np.maximum(energy[size:] - energy[:-size], 1e-12) * np.sum(piece ** 2))
        scores = product / norm
        best = int(np.argmax(scores))
        found.append((at / rate, best / rate, float(scores[best])))
    return found


def expect_same(heard, sent, rate=8000, least=0.95, seconds=2):
    """At least so many whole seconds were heard, each of them a piece of what was sent. Of a long
    recording the last seconds are looked at."""
    heard = heard[-int((seconds + 3) * rate):]
    found = correlate(heard, sent, rate)
    expect(len(found) >= seconds, f"only {len(found)} s of sound were heard, wanted {seconds}")
    # The first and last window may hold the edge of the sound.
    inner = found[1:-1] if len(found) > 3 else found
    worst = min(inner, key=lambda one: one[2])
    expect(worst[2] >= least, f"at {worst[0]} s the sound is not what was sent: correlation {worst[2]:.3f} < {least}")
    return worst[2]


def resampled(samples, rate, wanted):
    """The same sound at another rate, band-limited: by Fourier, of the whole at once."""
    if rate == wanted:
        return samples
    count = int(round(len(samples) * wanted / rate))
    spectrum = np.fft.rfft(samples)
    bins = count // 2 + 1
    kept = np.zeros(bins, complex)
    both = min(bins, len(spectrum))
    kept[:both] = spectrum[:both]
    return (np.fft.irfft(kept, count) * (wanted / rate)).astype(np.float32)


def levels(heard, sent, rate=8000, window=1.0):
    """For each window of what was heard, how much louder it is than that piece of what was sent, in dB."""
    size = int(window * rate)
    return [dbfs(heard[int(at * rate):int(at * rate) + size]) - dbfs(sent[round(lag * rate):round(lag * rate) + size])
            for at, lag, score in correlate(heard, sent, rate, window) if score > 0.5]
