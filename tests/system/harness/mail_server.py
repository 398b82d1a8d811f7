"""A mail server that takes mail, refuses it, hangs, or lies about its certificate: python3-aiosmtpd."""
import email
import email.policy
import ssl
import subprocess
import time

from harness.case import Skip, eventually

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    Controller = None


def certificate(folder, name="localhost", days="2"):
    """(certificate, key) of a server of this name, signed by nobody but itself."""
    folder.mkdir(exist_ok=True)
    crt, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(crt),
                    "-days", days, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
                   check=True, capture_output=True)
    return crt, key


class MailServer:
    """`refuse` maps a verb ("RCPT", "DATA") to a reply; `hang` is a verb after which it says nothing more."""

    def __init__(self, case, port, **options):
        if Controller is None:
            raise Skip("python3-aiosmtpd is not installed")
        self.mails, self.envelopes, self.sessions, self.logins = [], [], 0, []
        self.refuse, self.hang = dict(options.get("refuse", {})), options.get("hang")
        self.port = port
        tls = options.get("certificate")
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, tls))
        implicit = options.get("implicit", False)
        users = options.get("users")

        def authenticate(_server, _session, _envelope, mechanism, data):
            self.logins.append((mechanism, data.login.decode(), data.password.decode()))
            return AuthResult(success=users.get(data.login.decode()) == data.password.decode(), handled=False)

        arguments = dict(hostname="localhost", enable_SMTPUTF8=True)
        if users:
            arguments.update(authenticator=authenticate, auth_required=True, auth_require_tls=context is not None and not implicit,
                             auth_exclude_mechanism=options.get("without", []))
        if context and not implicit:
            arguments.update(tls_context=context, require_starttls=True)
        owner = self

        class Ours(Controller):
            def factory(self):
                owner.sessions += 1
                return SMTP(self.handler, **arguments)

        self.controller = Ours(self, hostname="127.0.0.1", port=port, ready_timeout=20.0,
                               ssl_context=context if implicit else None)
        self.controller.start()
        self.stopped = False
        case.defer(self.stop)

    def stop(self):
        if not self.stopped:
            self.stopped = True
            self.controller.stop(no_assert=True)

    async def _answer(self, verb, usual):
        if self.hang == verb:
            import asyncio
            await asyncio.sleep(3600)
        return self.refuse.get(verb, usual)

    async def handle_MAIL(self, _server, _session, envelope, address, _options):
        envelope.mail_from = address
        return await self._answer("MAIL", "250 OK")

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        answer = await self._answer("RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server, _session, envelope):
        answer = await self._answer("DATA", "250 2.0.0 queued as 4711")
        if answer.startswith("250"):
            self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return answer

    def wait(self, count=1, seconds=10.0):
        eventually(lambda: len(self.mails) >= count, seconds, f"{count} mails")
        time.sleep(0.2)
        return self.mails
