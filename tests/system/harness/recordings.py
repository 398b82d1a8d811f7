"""Recordings of calls, opened by programs that know nothing of Switchroom."""
import subprocess
import wave

import numpy as np

from harness import sound
from harness.case import expect

# sox reads no opus here, and Debian's sox no MP3 without another package.
DECODERS = {".wav": ("sox", "{file}", "-b", "16", "-e", "signed-integer", "{wav}"),
            ".flac": ("flac", "--silent", "--force", "--decode", "-o", "{wav}", "{file}"),
            ".opus": ("opusdec", "--quiet", "{file}", "{wav}"),
            ".ogg": ("opusdec", "--quiet", "{file}", "{wav}"),
            ".mp3": ("mpg123", "--quiet", "-w", "{wav}", "{file}")}


def decoded(case, path, whole=True):
    """(channels as a list of arrays, rate). `whole`: the decoder must not complain."""
    path = str(path)
    out = case.folder / (path.replace("/", "_") + ".decoded.wav")
    command = [part.format(file=path, wav=out) for part in DECODERS["." + path.rsplit(".", 1)[1]]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    expect(not whole or done.returncode == 0, f"{' '.join(command)} says {done.stderr}")
    expect(not whole or "WARN" not in done.stderr, f"{' '.join(command)} says {done.stderr}")
    with wave.open(str(out), "rb") as file:
        channels, rate = file.getnchannels(), file.getframerate()
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    return [data[i::channels] for i in range(channels)], rate


def amplitude(samples, frequency, rate):
    """Of one frequency, 0 to 1."""
    if len(samples) == 0:
        return 0.0
    turns = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / rate)
    return float(2 * np.abs(np.dot(samples, turns)) / len(samples))


def loudest(samples, frequency, rate, window=0.2):
    """The largest amplitude of one frequency in any window."""
    size = int(window * rate)
    return max((amplitude(samples[at:at + size], frequency, rate) for at in range(0, len(samples) - size, size // 2)),
               default=0.0)


def seconds_of(samples, frequency, rate, least=0.05, window=0.1):
    """For how long a frequency is heard."""
    size = int(window * rate)
    return window * sum(amplitude(samples[at:at + size], frequency, rate) > least
                        for at in range(0, len(samples) - size + 1, size))


def files(folder):
    """Below a folder, relative, sorted."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


__all__ = ["amplitude", "decoded", "files", "loudest", "seconds_of", "sound"]
