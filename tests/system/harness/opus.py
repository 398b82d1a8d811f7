"""opus by Debian's libopus (baresip needs it too): a peer of its own, not the server's code."""
import ctypes

import numpy as np

RATE = 48000
FRAME = 960  # samples of 20 ms
VOIP = 2048
SET_BITRATE, SET_FEC, SET_LOSS, SET_DTX = 4002, 4012, 4014, 4016

_library = None


def library():
    global _library
    if _library is None:
        _library = ctypes.CDLL("libopus.so.0")
        for name in ("opus_encoder_create", "opus_decoder_create"):
            getattr(_library, name).restype = ctypes.c_void_p
    return _library


class Encoder:
    """20 ms of mono samples (float, 48 kHz) to a payload. For rtp.Stream(coder=…)."""

    rate, frame, step = RATE, FRAME, FRAME

    def __init__(self, fec=False, loss=0, dtx=False, bitrate=32000):
        error = ctypes.c_int()
        self.state = ctypes.c_void_p(library().opus_encoder_create(RATE, 1, VOIP, ctypes.byref(error)))
        for request, value in ((SET_BITRATE, bitrate), (SET_FEC, int(fec)), (SET_LOSS, loss), (SET_DTX, int(dtx))):
            library().opus_encoder_ctl(self.state, ctypes.c_int(request), ctypes.c_int(value))

    def encode(self, samples):
        samples = np.ascontiguousarray(samples, np.float32)
        out = ctypes.create_string_buffer(1500)
        size = library().opus_encode_float(self.state, samples.ctypes.data_as(ctypes.c_void_p), FRAME, out, 1500)
        return out.raw[:size] if size > 0 else b""


class Decoder:
    """Payloads to mono samples."""

    rate, frame, step = RATE, FRAME, FRAME

    def __init__(self):
        error = ctypes.c_int()
        self.state = ctypes.c_void_p(library().opus_decoder_create(RATE, 1, ctypes.byref(error)))

    def decode(self, payload):
        out = np.zeros(5760, np.float32)
        data = ctypes.create_string_buffer(bytes(payload), max(1, len(payload)))
        size = library().opus_decode_float(self.state, data, len(payload), out.ctypes.data_as(ctypes.c_void_p), 5760, 0)
        return out[:max(0, size)].copy()


def there_and_back(samples, rate, bitrate=24000):
    """What the bare codec makes of samples (mono, at a rate that opus codes at), at 48 kHz."""
    error = ctypes.c_int()
    state = ctypes.c_void_p(library().opus_encoder_create(rate, 1, VOIP, ctypes.byref(error)))
    library().opus_encoder_ctl(state, ctypes.c_int(SET_BITRATE), ctypes.c_int(bitrate))
    back = ctypes.c_void_p(library().opus_decoder_create(RATE, 1, ctypes.byref(error)))
    scale = max(1.0, float(np.abs(samples).max()))
    frame, heard = rate // 50, []
    for at in range(0, len(samples) - frame + 1, frame):
        pcm = np.ascontiguousarray(np.asarray(samples[at:at + frame]) / scale, np.float32)
        out = ctypes.create_string_buffer(1500)
        size = library().opus_encode_float(state, pcm.ctypes.data_as(ctypes.c_void_p), frame, out, 1500)
        decoded = np.zeros(FRAME, np.float32)
        library().opus_decode_float(back, out, size, decoded.ctypes.data_as(ctypes.c_void_p), FRAME, 0)
        heard.append(decoded * scale)
    return np.concatenate(heard)
