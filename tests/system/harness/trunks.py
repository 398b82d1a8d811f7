"""Carriers for tests: a second Switchroom, and raw peers that answer REGISTER and OPTIONS as a test wants."""
import copy
import threading

from harness import config, sip
from harness.case import expect
from harness.switchroom import Switchroom

ACCOUNT, PASSWORD = "account7", "zR5-winter-Otter-93"


def side(case, name):
    """The same case with a folder of its own, for a second server."""
    other = copy.copy(case)
    other.folder = case.folder / name
    other.folder.mkdir(exist_ok=True)
    other._names = {}
    return other


def carrier_text(folder, host="127.0.0.9", port=5060, contexts=""):
    """A carrier that is a Switchroom: the trunk's account is an extension, and so is a phone at its far end."""
    return f"""
[pbx]
domain = "{host}"
data_dir = "{folder}/data"
[media]
ports = "30000-30999"
[profiles.internal]
listen = ["udp:{host}:{port}", "tcp:{host}:{port}"]
context = "default"
codecs = ["PCMU", "PCMA"]
caller_identity = "pass"
[extensions.{ACCOUNT}]
password = "{PASSWORD}"
[extensions.2001]
password = "{config.password('2001')}"
{contexts or DEFAULT}
[control]
socket = "{folder}/control.sock"
[log]
level = "debug"
"""


DEFAULT = r"""
[[contexts.default]]
name = "its own numbers"
when = { destination_number = '^(2\d\d\d)$' }
do   = ["bridge user/$1"]
[[contexts.default]]
name = "the customer"
when = { destination_number = '^\+?1555123\d{4}$' }
do   = ["bridge user/account7"]
[[contexts.default]]
name = "music"
when = { destination_number = '^00493000$' }
do   = ["answer", "playback tone_stream:%(2000,0,440);loops=30"]
"""


def carrier(case, **more):
    other = side(case, "carrier")
    return Switchroom(other, carrier_text(other.folder, **more))


def office(case, trunks, more="", **changes):
    """The customer's configuration: phones on 127.0.0.1:5060, trunks on a profile of their own at 5080."""
    changes.setdefault("contexts", "")
    external = """
[profiles.external]
listen = ["udp:127.0.0.1:5080", "tcp:127.0.0.1:5080"]
context = "public"
auth = false
codecs = ["PCMU", "PCMA"]
"""
    return config.office(case.folder, more=external + trunks + more, **changes)


def trunk(name="itsp", **keys):
    """[trunks.NAME] with these keys, as TOML."""
    keys = {"host": "127.0.0.9", "username": ACCOUNT, "password": PASSWORD, **keys}

    def written(value):
        return ("true" if value else "false") if isinstance(value, bool) else str(value) if isinstance(value, int) \
            else repr(value) if isinstance(value, list) else f'"{value}"'
    return f"\n[trunks.{name}]\n" + "".join(f"{key} = {written(value)}\n" for key, value in keys.items() if value is not None)


class Carrier:
    """A carrier that is a raw peer: its thread answers REGISTER and OPTIONS by `rules` and keeps all other
    messages for the test (`next`). A rule is a status, or a function of the request that returns a response or
    None for silence."""

    def __init__(self, case, host="127.0.0.9", port=5060, transport="udp"):
        self.peer = sip.Peer(case, "carrier", host=host, port=port, transport=transport)
        self.rules = {"REGISTER": self.registered, "OPTIONS": 200}
        self.seen = []      # every request, in order
        self.others = []
        self.news = threading.Condition()
        self.over = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        case.defer(self.close)

    def close(self):
        self.over = True
        self.thread.join()

    def registered(self, request):
        expires = request.header("Expires", "3600")
        return self.peer.response(request, 200, headers=[("Contact", f"{request.header('Contact')};expires={expires}")])

    def challenge(self, realm, then=None, status=401, nonce="n1"):
        """A rule: who has no credentials gets a challenge; with some `then` decides (200 by default)."""
        def rule(request):
            name = "Authorization" if status == 401 else "Proxy-Authorization"
            if request.header(name) is None:
                header = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
                return self.peer.response(request, status, headers=[(header, f'Digest realm="{realm}", nonce="{nonce}", algorithm=MD5, qop="auth"')])
            return (then or self.registered)(request)
        return rule

    def _serve(self):
        while not self.over:
            message = self.peer.receive(0.1)
            if message is None:
                continue
            if message.status is None:
                self.seen.append(message)
            rule = self.rules.get(message.method) if message.status is None else None
            if message.status is None and message.method in self.rules:
                made = rule(message) if callable(rule) else self.peer.response(message, rule) if rule else None
                if made is not None:
                    self.peer.send(made, message.source)
                continue
            with self.news:
                self.others.append(message)
                self.news.notify()

    def count(self, method):
        return sum(1 for message in self.seen if message.method == method)

    def next(self, *wanted, seconds=5.0):
        """The next message that no rule took, which must be one of these."""
        with self.news:
            found = self.news.wait_for(lambda: self.others, seconds)
        expect(found, f"the carrier got nothing within {seconds} s, wanted {wanted}")
        message = self.others.pop(0)
        kind = message.status if message.status is not None else message.method
        expect(not wanted or kind in wanted, f"the carrier wanted {wanted} and got:\n{message}")
        return message

    def next_call(self, seconds=5.0):
        return sip.Call.incoming(self.peer, self.next("INVITE", seconds=seconds))

    def accept(self, call, port=40100, headers=()):
        call.reply(200, body=self.peer.sdp(port), headers=headers)
        return self.next("ACK")

    def refuse(self, call, status, headers=()):
        call.reply(status, headers=headers)
        return self.next("ACK")
