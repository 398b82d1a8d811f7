"""Certificates for tests, and a TLS client side for sip.Peer.

    ca = tls.Authority(case, "Test CA");  chain, key = ca.issue("pbx.example.com", "127.0.0.1")
    peer = sip.Peer(case, "1001", password, transport="tls", server="127.0.0.1:5061", tls=ca.client())
"""
import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Authority:
    """Issues certificates; `file` is its own, which those who believe it load."""

    def __init__(self, case, name="Test CA"):
        self.case, self.name = case, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._build(name, self.key, -1, 3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(self.key, hashes.SHA256())
        self.file = case.folder / (case.unique("ca") + ".pem")
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _build(self, name, key, first_day, last_day):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(self.name)).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now + datetime.timedelta(days=first_day))
                .not_valid_after(now + datetime.timedelta(days=last_day)))

    def issue(self, *names, days=365, first_day=-30, into=None):
        """(certificate, key) as files, for these host names and addresses; `into` writes over older ones."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(names[0], key, first_day, days).add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False).sign(self.key, hashes.SHA256())
        base = self.case.unique("certificate")
        files = into or (self.case.folder / f"{base}.pem", self.case.folder / f"{base}.key")
        for file, text in zip(files, (certificate.public_bytes(serialization.Encoding.PEM), _pem(key))):
            fresh = file.with_suffix(".new")
            fresh.write_bytes(text)
            fresh.chmod(0o600)
            fresh.rename(file)
        return files

    def client(self, **options):
        """A context that believes this authority alone, and checks names."""
        context = ssl.create_default_context(cafile=str(self.file))
        context.minimum_version = options.get("oldest", ssl.TLSVersion.TLSv1_2)
        context.maximum_version = options.get("newest", ssl.TLSVersion.TLSv1_3)
        if "certificate" in options:
            context.load_cert_chain(*map(str, options["certificate"]))
        return context


def believing_all():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def settings(certificate, key, more=""):
    return f'\n[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n{more}\n'
