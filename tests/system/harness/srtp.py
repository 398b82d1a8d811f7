"""SRTP by the letter of RFC 3711 and RFC 7714, independent of the library that the server uses.

    key = srtp.new_key()                                  # as it stands behind inline:
    phone.sdp(stream.port, protocol="RTP/SAVP", more=srtp.line(key))
    stream.seal = srtp.Sealer(key).seal;  stream.unseal = srtp.Opener(their_key).open
"""
import base64
import hmac
import os
import re
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
# Bytes of master key, of master salt, of the tag; GCM?
SUITES = {SHA1_80: (16, 14, 10, False), "AES_CM_128_HMAC_SHA1_32": (16, 14, 4, False),
          "AES_256_CM_HMAC_SHA1_80": (32, 14, 10, False), "AEAD_AES_128_GCM": (16, 12, 16, True),
          "AEAD_AES_256_GCM": (32, 12, 16, True)}


def new_key(suite=SHA1_80):
    size, salt, _, _ = SUITES[suite]
    return base64.b64encode(os.urandom(size + salt)).decode()


def line(key, suite=SHA1_80, tag=1):
    return f"a=crypto:{tag} {suite} inline:{key}\r\n"


def lines(sdp):
    """(tag, suite, key) of every a=crypto in a description."""
    return [(int(tag), suite, key) for tag, suite, key in re.findall(r"a=crypto:(\d+) (\S+) inline:([^\s|]+)", sdp)]


def _aes_ctr(key, iv, data):
    return Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(data)


class Keys:
    """What a master key becomes: RFC 3711 4.3."""

    def __init__(self, text, suite):
        size, salt, self.tag, self.gcm = SUITES[suite]
        raw = base64.b64decode(text + "=" * (-len(text) % 4))
        assert len(raw) == size + salt, (suite, len(raw))
        self.master, self.master_salt = raw[:size], raw[size:].ljust(14, b"\0")
        self.cipher = self._derive(0, size)
        self.auth = self._derive(1, 20)
        self.salt = self._derive(2, salt)

    def _derive(self, label, size):
        iv = int.from_bytes(self.master_salt, "big") ^ (label << 48)
        return _aes_ctr(self.master, (iv << 16).to_bytes(16, "big"), bytes(size))

    def crypt(self, header, body, ssrc, index):
        iv = (int.from_bytes(self.salt, "big") << 16) ^ (ssrc << 64) ^ (index << 16)
        return _aes_ctr(self.cipher, iv.to_bytes(16, "big"), body)

    def nonce(self, ssrc, index):
        return (int.from_bytes(self.salt, "big") ^ (ssrc << 48) ^ index).to_bytes(12, "big")

    def mac(self, packet, rollover):
        return hmac.new(self.auth, packet + struct.pack("!I", rollover), "sha1").digest()[:self.tag]


class Sealer:
    """One sender: plain packets in, SRTP out. Headers of 12 bytes."""

    def __init__(self, key, suite=SHA1_80, rollover=0):
        self.keys, self.rollover, self.last = Keys(key, suite), rollover, None

    def seal(self, packet):
        sequence, ssrc = struct.unpack("!H", packet[2:4])[0], struct.unpack("!I", packet[8:12])[0]
        if self.last is not None and sequence < self.last - 0x8000:
            self.rollover += 1
        self.last = sequence
        return self.at(packet, sequence, ssrc, self.rollover)

    def at(self, packet, sequence, ssrc, rollover):
        header, body, index = packet[:12], packet[12:], rollover << 16 | sequence
        if self.keys.gcm:
            return header + AESGCM(self.keys.cipher).encrypt(self.keys.nonce(ssrc, index), body, header)
        sealed = header + self.keys.crypt(header, body, ssrc, index)
        return sealed + self.keys.mac(sealed, rollover)


class Opener:
    """One receiver: SRTP in, the plain packet out, or None for what is not genuine (then `refused` counts it)."""

    def __init__(self, key, suite=SHA1_80):
        self.keys, self.highest, self.refused = Keys(key, suite), {}, 0

    def open(self, packet):
        if len(packet) < 12 + self.keys.tag:
            self.refused += 1
            return None
        sequence, ssrc = struct.unpack("!H", packet[2:4])[0], struct.unpack("!I", packet[8:12])[0]
        index = self.highest.get(ssrc, sequence)
        rollover = index >> 16
        if sequence - (index & 0xFFFF) < -0x8000:
            rollover += 1
        elif sequence - (index & 0xFFFF) > 0x8000 and rollover:
            rollover -= 1
        plain = self._open(packet, sequence, ssrc, rollover)
        if plain is None:
            self.refused += 1
            return None
        self.highest[ssrc] = max(index, rollover << 16 | sequence)
        return plain

    def _open(self, packet, sequence, ssrc, rollover):
        header, index = packet[:12], rollover << 16 | sequence
        if self.keys.gcm:
            try:
                return header + AESGCM(self.keys.cipher).decrypt(self.keys.nonce(ssrc, index), packet[12:], header)
            except InvalidTag:
                return None
        sealed, tag = packet[:-self.keys.tag], packet[-self.keys.tag:]
        if not hmac.compare_digest(self.keys.mac(sealed, rollover), tag):
            return None
        return header + self.keys.crypt(header, sealed[12:], ssrc, index)
