"""A DTLS-SRTP peer of the tests' own (pyOpenSSL), on the socket of an rtp.Stream.

    peer = dtls.Peer(case);  phone.invite(…, phone.sdp(peer.stream.port, protocol=dtls.SAVP, more=peer.lines("active")))
    peer.shake(to)                     # the handshake; from then on the stream is sealed and unsealed
"""
import base64
import hashlib
import re
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from harness import rtp, srtp
from harness.case import SLOWNESS, expect

import datetime

SAVP = "UDP/TLS/RTP/SAVP"
# OpenSSL's name of a profile to that of SDES.
PROFILES = {b"SRTP_AES128_CM_SHA1_80": "AES_CM_128_HMAC_SHA1_80", b"SRTP_AES128_CM_SHA1_32": "AES_CM_128_HMAC_SHA1_32",
            b"SRTP_AEAD_AES_128_GCM": "AEAD_AES_128_GCM", b"SRTP_AEAD_AES_256_GCM": "AEAD_AES_256_GCM"}


def certificate():
    """(certificate, key), self-signed, ECDSA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30)).sign(key, hashes.SHA256()))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return crypto.X509.from_cryptography(made), crypto.load_privatekey(crypto.FILETYPE_PEM, pem)


def colons(digest):
    return ":".join(f"{byte:02X}" for byte in digest)


def of_sdp(description, name):
    """The value of an attribute, or None."""
    found = re.search(rf"a={name}:(\S.*?)\r?\n", description)
    return found.group(1) if found else None


class Peer:
    def __init__(self, case, host="127.0.0.1", profile=b"SRTP_AES128_CM_SHA1_80", newest=None, identity=None):
        self.certificate, self.key = identity or certificate()
        self.stream = rtp.Stream(case, host=host)
        self.stream.unseal = lambda data: None  # all goes to stream.others, until there are keys
        self.profile, self.newest, self.connection, self.sealer, self.opener = profile, newest, None, None, None

    def fingerprint(self, name="sha-256"):
        der = crypto.dump_certificate(crypto.FILETYPE_ASN1, self.certificate)
        return f"{name} {colons(hashlib.new(name.replace('-', ''), der).digest())}"

    def lines(self, setup="active", fingerprint=None, more="a=rtcp-mux\r\n"):
        return f"a=setup:{setup}\r\na=fingerprint:{fingerprint or self.fingerprint()}\r\n{more}"

    def context(self):
        context = SSL.Context(SSL.DTLS_METHOD)
        context.use_certificate(self.certificate)
        context.use_privatekey(self.key)
        context.set_tlsext_use_srtp(self.profile)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        if self.newest:
            context.set_cipher_list(b"ALL:@SECLEVEL=0")
            context.set_max_proto_version(self.newest)
        return context

    def begin(self, active=True):
        self.stream.others.clear()
        self.stream.unseal = lambda data: None
        self.stream.seal, self.to = None, None
        self.connection = SSL.Connection(self.context(), None)
        self.connection.set_connect_state() if active else self.connection.set_accept_state()
        self.connection.set_ciphertext_mtu(1200)
        self.active, self.seen = active, 0

    def step(self, to):
        """As far as it goes now. True: the handshake is done. Raises SSL.Error when it failed."""
        others = self.stream.others
        while self.seen < len(others):
            data, source = others[self.seen]
            self.seen += 1
            if data and 20 <= data[0] <= 63:
                self.connection.bio_write(data)
                self.peer_address = source
                self._handshake()
                self._send(to)
        done = self._handshake()
        self._send(to)
        return done

    def _handshake(self):
        try:
            self.connection.do_handshake()
            return True
        except SSL.WantReadError:
            return False

    def _send(self, to):
        try:
            while True:
                data = self.connection.bio_read(4096)
                self.last_flight = data
                self.stream.socket.sendto(data, to)
        except SSL.WantReadError:
            pass

    def shake(self, to, active=True, seconds=5):
        """The whole handshake; returns the SDES name of the suite."""
        self.begin(active)
        end = time.monotonic() + seconds * SLOWNESS
        while not self.step(to):
            expect(time.monotonic() < end, f"no DTLS handshake with {to} within {seconds} s")
            time.sleep(0.01)
        self._take_keys()
        self.to = to
        return self.suite

    def _take_keys(self):
        self.suite = PROFILES[self.profile]  # the only one that it names
        size, salt, _, _ = srtp.SUITES[self.suite]
        all_of_it = self.connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (size + salt))
        client = all_of_it[:size] + all_of_it[2 * size:2 * size + salt]
        server = all_of_it[size:2 * size] + all_of_it[2 * size + salt:]
        ours, theirs = (client, server) if self.active else (server, client)
        self.sealer = srtp.Sealer(base64.b64encode(ours).decode(), self.suite)
        self.opener = srtp.Opener(base64.b64encode(theirs).decode(), self.suite)
        self.stream.seal, self.stream.unseal = self.sealer.seal, self._open

    def _open(self, data):
        return self.opener.open(data) if data and 128 <= data[0] <= 191 else None

    def presented(self):
        """The fingerprint of the certificate that the other side showed."""
        der = crypto.dump_certificate(crypto.FILETYPE_ASN1, self.connection.get_peer_certificate())
        return f"sha-256 {colons(hashlib.sha256(der).digest())}"
