"""A raw SIP peer: exact control of what is sent and when. RFC 3261, as much as tests need.

    phone = sip.Peer(case, user="1001", password="…")        # UDP; transport="tcp" for TCP
    phone.register("127.0.0.1:5060")
    call = phone.invite("sip:1002@127.0.0.1", phone.sdp(40000), "127.0.0.1:5060")   # answers challenges
    call.expect(200); call.ack(); call.bye()
Messages may also be sent as plain text (send) and read one by one (receive, expect).
"""
import hashlib
import itertools
import re
import secrets
import selectors
import socket
import time

from harness.case import SLOWNESS, expect

COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
           "c": "content-type", "k": "supported", "s": "subject", "e": "content-encoding", "r": "refer-to",
           "b": "referred-by", "o": "event", "u": "allow-events", "x": "session-expires"}
REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
           302: "Moved Temporarily", 401: "Unauthorized", 404: "Not Found", 407: "Proxy Authentication Required",
           480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
           487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending", 500: "Server Internal Error",
           503: "Service Unavailable", 603: "Decline"}


def canonical(name):
    name = name.strip().lower()
    return COMPACT.get(name, name)


class Message:
    """One message as it came or as it will be sent; headers keep their order and writing."""

    def __init__(self, start, headers=(), body="", source=None):
        self.start = start
        self.headers = [(name, str(value)) for name, value in headers]
        self.body = body
        self.source = source        # (host, port) it came from
        self.at = time.monotonic()  # when it was read

    @classmethod
    def parse(cls, data, source=None):
        head, _, body = data.decode("utf-8", "surrogateescape").partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        return cls(lines[0], [tuple(part.strip() for part in line.partition(":")[::2]) for line in lines[1:]], body,
                   source)

    @property
    def status(self):
        """The code of a response; None for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else None

    @property
    def method(self):
        """The request's method; for a response that of its CSeq."""
        return self.start.split()[0] if self.status is None else self.cseq[1]

    @property
    def uri(self):
        return self.start.split()[1]

    @property
    def cseq(self):
        number, method = self.header("CSeq").split()
        return int(number), method

    def all(self, name):
        return [value for key, value in self.headers if canonical(key) == canonical(name)]

    def header(self, name, default=None):
        """The first of this name, long or compact."""
        return next(iter(self.all(name)), default)

    def tag(self, name):
        """The tag of From or To; empty when there is none."""
        found = re.search(r";\s*tag=([^;\s>]+)", (self.header(name) or "").rpartition(">")[2] or self.header(name) or "")
        return found[1] if found else ""

    def contact_uri(self):
        value = self.header("Contact") or ""
        found = re.search(r"<([^>]+)>", value)
        return found[1] if found else value.split(";")[0].strip()

    def parameters(self, name):
        """key=value pairs of a header such as a challenge."""
        return parameters(self.header(name) or "")

    def set(self, name, value):
        """Replaces the header, or adds it; None removes it."""
        found = [i for i, (key, _) in enumerate(self.headers) if canonical(key) == canonical(name)]
        for i in reversed(found):
            del self.headers[i]
        if value is not None:
            self.headers.insert(found[0] if found else len(self.headers), (name, str(value)))
        return self

    def __str__(self):
        lines = [self.start] + [f"{name}: {value}" for name, value in self.headers]
        if self.header("Content-Length") is None:
            lines.append(f"Content-Length: {len(self.body.encode('utf-8', 'surrogateescape'))}")
        return "\r\n".join(lines) + "\r\n\r\n" + self.body

    def encode(self):
        return str(self).encode("utf-8", "surrogateescape")


def parameters(text):
    found = re.findall(r'([\w.!%*+`\'~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,;]+)', text)
    return {key.lower(): value.strip('"') for key, value in found}


def authorization(challenge, user, password, method, uri, count=1, cnonce=None, body=""):
    """The value of Authorization for a Digest challenge. RFC 2617, RFC 8760 (MD5, SHA-256 and -sess)."""
    asked = parameters(challenge)
    algorithm = asked.get("algorithm", "MD5")
    base = algorithm.upper().removesuffix("-SESS")
    digest = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[base]

    def hashed(*parts):
        return digest(":".join(parts).encode()).hexdigest()

    cnonce = cnonce or secrets.token_hex(8)
    nonce, realm = asked["nonce"], asked["realm"]
    a1 = hashed(user, realm, password)
    if algorithm.upper().endswith("-SESS"):
        a1 = hashed(a1, nonce, cnonce)
    offered = [word.strip() for word in asked.get("qop", "").split(",") if word.strip()]
    qop = "auth" if "auth" in offered else offered[0] if offered else ""
    a2 = hashed(method, uri, hashed(body)) if qop == "auth-int" else hashed(method, uri)
    fields = [f'Digest username="{user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"']
    if qop:
        response = hashed(a1, nonce, f"{count:08x}", cnonce, qop, a2)
        fields += [f"qop={qop}", f"nc={count:08x}", f'cnonce="{cnonce}"']
    else:
        response = hashed(a1, nonce, a2)
    fields += [f'response="{response}"', f"algorithm={algorithm}"]
    if "opaque" in asked:
        fields.append(f'opaque="{asked["opaque"]}"')
    return ", ".join(fields)


def address(text):
    """("127.0.0.1", 5060) of "127.0.0.1:5060", "[::1]:5060", "sip:x@host:port;…" or a pair."""
    if isinstance(text, tuple):
        return text
    text = re.sub(r"^sips?:", "", text.strip("<>")).split(";")[0].rpartition("@")[2]
    found = re.fullmatch(r"(\[[^\]]+\]|[^:]+)(?::(\d+))?", text)
    return found[1].strip("[]"), int(found[2] or 5060)


def sdp(port, host="127.0.0.1", formats=((0, "PCMU/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000")),
        direction="sendrecv", version=1, more="", protocol="RTP/AVP"):
    """A description of one audio stream; `formats` are (payload type, rtpmap)."""
    kind = "IP6" if ":" in host else "IP4"
    maps = "".join(f"a=rtpmap:{number} {name}\r\n" for number, name in formats)
    numbers = " ".join(str(number) for number, _ in formats)
    return (f"v=0\r\no=- 4711 {version} IN {kind} {host}\r\ns=-\r\nc=IN {kind} {host}\r\nt=0 0\r\n"
            f"m=audio {port} {protocol} {numbers}\r\n{maps}a={direction}\r\n{more}")


class Peer:
    """A SIP endpoint on a socket of its own. Nothing is sent or answered but what the test asks for."""

    _counter = itertools.count(1)

    def __init__(self, case, user="1001", password="", transport="udp", host="127.0.0.1", port=0, server=None, tls=None):
        self.tls = tls  # an ssl.SSLContext, for transport "tls": outwards only
        self.user, self.password, self.transport, self.host = user, password, transport.lower(), host
        self.server = address(server) if server else None  # where requests go by default
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.selector = selectors.DefaultSelector()
        self.connections = {}  # TCP: (host, port) to [socket, bytes not yet a message]
        self.inbox = []
        if self.transport == "udp":
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        else:
            self.socket = socket.socket(family, socket.SOCK_STREAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, port))
        if self.transport == "tcp":
            self.socket.listen(16)
        self.port = self.socket.getsockname()[1]
        if self.transport != "tls":
            self.selector.register(self.socket, selectors.EVENT_READ)
        case.defer(self.close)

    def close(self):
        for connection, _ in self.connections.values():
            connection.close()
        self.connections.clear()
        self.selector.close()
        self.socket.close()

    @property
    def domain(self):
        """The server's address as a URI has it."""
        host = self.server[0] if self.server else self.host
        return f"[{host}]" if ":" in host else host

    @property
    def hostport(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def contact(self):
        return f"<sip:{self.user}@{self.hostport}" + (">" if self.transport == "udp" else f";transport={self.transport}>")

    def sdp(self, port, **more):
        return sdp(port, self.host, **more)

    # -- the wire ---------------------------------------------------------------------------------

    def connect(self, to):
        """TCP: the connection to `to`, made when there is none."""
        to = address(to)
        if to not in self.connections:
            connection = socket.create_connection(to, timeout=5 * SLOWNESS, source_address=(self.host, 0))
            if self.transport == "tls":
                connection = self.tls.wrap_socket(connection, server_hostname=to[0])
            self.connections[to] = [connection, b""]
            self.selector.register(connection, selectors.EVENT_READ)
        return self.connections[to][0]

    def disconnect(self, to):
        self._drop(address(to))

    def _drop(self, to):
        connection, _ = self.connections.pop(to)
        self.selector.unregister(connection)
        connection.close()

    def send(self, message, to=None):
        """A Message, text or bytes, as it is."""
        data = message if isinstance(message, bytes) else message.encode() if isinstance(message, Message) else \
            message.encode("utf-8", "surrogateescape")
        to = address(to) if to else self.server
        if self.transport == "udp":
            self.socket.sendto(data, to)
        else:
            self.connect(to).sendall(data)

    def receive(self, seconds=5.0):
        """The next message, oldest first; None when none came in time. Keepalives are read over."""
        deadline = time.monotonic() + seconds * SLOWNESS
        while not self.inbox:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            for key, _ in self.selector.select(left):
                self._read(key.fileobj)
        return self.inbox.pop(0)

    def _read(self, readable):
        if self.transport == "udp":
            data, source = readable.recvfrom(65536)
            if data.strip(b"\r\n\0"):
                self.inbox.append(Message.parse(data, source[:2]))
        elif readable is self.socket:
            connection, source = readable.accept()
            self.connections[source[:2]] = [connection, b""]
            self.selector.register(connection, selectors.EVENT_READ)
        else:
            self._read_stream(readable)

    def _read_stream(self, connection):
        to = next(key for key, (one, _) in self.connections.items() if one is connection)
        try:
            data = connection.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._drop(to)
            return
        pending = (self.connections[to][1] + data).lstrip(b"\r\n")
        while b"\r\n\r\n" in pending:
            end = pending.index(b"\r\n\r\n") + 4
            length = int(Message.parse(pending[:end]).header("Content-Length", "0"))
            if len(pending) < end + length:
                break
            self.inbox.append(Message.parse(pending[:end + length], to))
            pending = pending[end + length:].lstrip(b"\r\n")
        self.connections[to][1] = pending

    def expect(self, *wanted, seconds=5.0, skip=(100,)):
        """The next message that is not skipped; it must be a method ("BYE") or status (200) of `wanted`."""
        deadline = time.monotonic() + seconds * SLOWNESS
        while True:
            message = self.receive(max(0.0, deadline - time.monotonic()) / SLOWNESS)
            expect(message is not None, f"{self.user} got nothing within {seconds} s, wanted {wanted}")
            kind = message.status if message.status is not None else message.method
            if kind in wanted:
                return message
            expect(kind in skip, f"{self.user} wanted {wanted} and got:\n{message}")

    def wait_for(self, *wanted, seconds=5.0):
        """Like expect, reading over everything else."""
        deadline = time.monotonic() + seconds * SLOWNESS
        while True:
            message = self.receive(max(0.0, deadline - time.monotonic()) / SLOWNESS)
            expect(message is not None, f"{self.user} did not get {wanted} within {seconds} s")
            if (message.status if message.status is not None else message.method) in wanted:
                return message

    def expect_silence(self, seconds=0.5):
        message = self.receive(seconds / SLOWNESS)
        expect(message is None, f"{self.user} should hear nothing and got:\n{message}")

    # -- messages ---------------------------------------------------------------------------------

    def via(self, branch=None):
        return f"SIP/2.0/{self.transport.upper()} {self.hostport};rport;branch={branch or 'z9hG4bK' + secrets.token_hex(8)}"

    def request(self, method, uri, headers=(), body="", **known):
        """A new request outside of a dialog; `known`: to, from_, call_id, cseq, content_type, branch.
        A header given in `headers` replaces the one that would be made."""
        me = f"sip:{self.user}@{self.domain}"
        message = Message(f"{method} {uri} SIP/2.0", [
            ("Via", self.via(known.get("branch"))), ("Max-Forwards", 70),
            ("From", known.get("from_") or f"<{me}>;tag={secrets.token_hex(4)}"),
            ("To", known.get("to") or f"<{uri}>"),
            ("Call-ID", known.get("call_id") or f"{next(self._counter)}-{secrets.token_hex(8)}"),
            ("CSeq", f"{known.get('cseq', 1)} {method}"), ("Contact", self.contact)])
        if body:
            message.headers.append(("Content-Type", known.get("content_type", "application/sdp")))
            message.body = body
        for name in {name for name, _ in headers}:
            message.set(name, None)
        message.headers += [(name, str(value)) for name, value in headers]
        return message

    def response(self, request, status, reason=None, headers=(), body="", tag=None):
        """A response to what was received; a To tag is added above 100 when there is none."""
        made = Message(f"SIP/2.0 {status} {reason or REASONS.get(status, 'Whatever')}", [
            (name, value) for name, value in request.headers
            if canonical(name) in ("via", "from", "to", "call-id", "cseq")])
        if status < 300:
            made.headers += [("Record-Route", route) for route in request.all("Record-Route")]
        if status > 100 and not request.tag("To"):
            if not hasattr(request, "made_tag"):
                request.made_tag = secrets.token_hex(4)
            made.set("To", f"{request.header('To')};tag={tag or request.made_tag}")
        if 101 <= status < 300 and request.method not in ("REGISTER", "CANCEL", "BYE"):
            made.headers.append(("Contact", self.contact))
        if body:
            made.headers.append(("Content-Type", "application/sdp"))
            made.body = body
        made.headers += [(name, str(value)) for name, value in headers]
        return made

    def reply(self, request, status, reason=None, headers=(), body="", tag=None):
        """Makes a response and sends it where the request came from."""
        made = self.response(request, status, reason, headers, body, tag)
        self.send(made, request.source)
        return made

    def authenticated(self, request, challenged, count=1, cnonce=None, which=0):
        """The request again, with credentials for the challenge of a 401 or 407."""
        proxy = challenged.status == 407
        challenge = challenged.all("Proxy-Authenticate" if proxy else "WWW-Authenticate")[which]
        again = Message(request.start, request.headers, request.body)
        again.set("Via", self.via())
        number, method = request.cseq
        again.set("CSeq", f"{number + 1} {method}")
        again.set("Proxy-Authorization" if proxy else "Authorization",
                  authorization(challenge, self.user, self.password, method, request.uri, count, cnonce, request.body))
        return again

    def exchange(self, request, to=None, seconds=5.0, credentials=True):
        """Sends a request (not INVITE), answers a challenge once, returns the final response."""
        self.send(request, to)
        answer = self.wait_final(request, seconds)
        if credentials and answer.status in (401, 407) and self.password:
            request = self.authenticated(request, answer)
            self.send(request, to)
            answer = self.wait_final(request, seconds)
        return answer

    def wait_final(self, request, seconds=5.0):
        """The final response to this request; other messages stay in the inbox."""
        deadline = time.monotonic() + seconds * SLOWNESS
        kept = []
        try:
            while True:
                message = self.receive(max(0.0, deadline - time.monotonic()) / SLOWNESS)
                expect(message is not None, f"no final answer to {request.start} within {seconds} s")
                mine = message.status and message.header("Call-ID") == request.header("Call-ID") and \
                    message.header("CSeq") == request.header("CSeq")
                if mine and message.status >= 200:
                    return message
                if not mine:
                    kept.append(message)
        finally:
            self.inbox = kept + self.inbox

    def register(self, server=None, expires=3600, headers=(), seconds=5.0):
        """REGISTER with this peer's contact; the final response, which must be 200."""
        self.server = address(server) if server else self.server
        uri = f"sip:{self.domain}"
        me = f"<sip:{self.user}@{self.domain}>"
        request = self.request("REGISTER", uri, [("Expires", expires), *headers], to=me,
                               from_=f"{me};tag={secrets.token_hex(4)}")
        answer = self.exchange(request, seconds=seconds)
        expect(answer.status == 200, f"REGISTER of {self.user} was answered:\n{answer}")
        return answer

    def options(self, server=None, seconds=5.0):
        to = address(server) if server else self.server
        host = f"[{to[0]}]" if ":" in to[0] else to[0]
        return self.exchange(self.request("OPTIONS", f"sip:{host}:{to[1]}"), to, seconds, credentials=False)

    def invite(self, uri, body="", server=None, headers=(), seconds=5.0, **known):
        """Sends INVITE and answers a challenge (with its ACK); the Call, before its first real response."""
        request = self.request("INVITE", uri, headers, body, **known)
        call = Call(self, request, address(server) if server else self.server)
        self.send(request, call.to)
        challenge = self._challenge(request, seconds) if self.password else None
        if challenge is not None:
            call.ack_failure(challenge)
            call.request = self.authenticated(request, challenge)
            call.cseq = call.request.cseq[0]
            self.send(call.request, call.to)
        return call

    def _challenge(self, request, seconds):
        """The 401 or 407 to what was just sent; None, with nothing lost, when another answer comes. After a
        100 a challenge is awaited for a second only: the call may go on without one."""
        kept = []
        try:
            while (message := self.receive(seconds)) is not None:
                mine = message.status is not None and message.header("Call-ID") == request.header("Call-ID")
                if mine and message.status in (401, 407):
                    return message
                kept.append(message)
                if mine and message.status != 100:
                    return None
                seconds = 1.0 if mine else seconds
            return None
        finally:
            self.inbox = kept + self.inbox

    def answer(self, seconds=5.0):
        """Waits for an INVITE, past the lamps of voicemail; the Call, with nothing sent yet: call.reply(180), call.accept(sdp)."""
        return Call.incoming(self, self.expect("INVITE", seconds=seconds, skip=(100, "NOTIFY")))


class Call:
    """One dialog of a Peer, from either side."""

    def __init__(self, peer, request, to):
        self.peer, self.request, self.to = peer, request, to
        self.local, self.remote = request.header("From"), request.header("To")
        self.call_id, self.cseq = request.header("Call-ID"), request.cseq[0]
        self.target, self.routes, self.outgoing = request.uri, [], True

    @classmethod
    def incoming(cls, peer, request):
        call = cls(peer, request, request.source)
        call.local, call.remote, call.outgoing = request.header("To"), request.header("From"), False
        call.target, call.routes, call.cseq = request.contact_uri(), request.all("Record-Route"), 1000
        return call

    def learn(self, response):
        """Takes the dialog's far end from a response to our INVITE."""
        if response.tag("To"):
            self.remote = response.header("To")
        if response.contact_uri():
            self.target = response.contact_uri()
        self.routes = list(reversed(response.all("Record-Route"))) or self.routes

    def expect(self, *wanted, seconds=5.0, skip=(100, 180, 183)):
        """The next message of these; a response to the INVITE teaches the dialog its far end."""
        message = self.peer.expect(*wanted, seconds=seconds, skip=skip)
        if self.outgoing and message.status and 101 <= message.status < 300 and message.cseq[1] == "INVITE":
            self.learn(message)
        return message

    def make(self, method, headers=(), body="", cseq=None):
        """A request inside the dialog."""
        if cseq is None and method not in ("ACK", "CANCEL"):
            self.cseq += 1
        message = self.peer.request(method, self.target, [("Route", route) for route in self.routes] + list(headers), body,
                                    from_=self.local, to=self.remote, call_id=self.call_id, cseq=cseq or self.cseq)
        return message

    def send(self, method, headers=(), body="", cseq=None):
        message = self.make(method, headers, body, cseq)
        self.peer.send(message, self.to)
        return message

    def ask(self, method, headers=(), body="", seconds=5.0):
        """A request inside the dialog, and its final response."""
        return self.peer.wait_final(self.send(method, headers, body), seconds)

    def ack(self, body="", headers=()):
        """The ACK of a 2xx to our last INVITE."""
        return self.send("ACK", headers, body, cseq=self.cseq)

    def ack_failure(self, response):
        """The ACK of a final response that is not 2xx: in the INVITE's own transaction."""
        ack = Message(f"ACK {self.request.uri} SIP/2.0", [
            ("Via", self.request.header("Via")), ("Max-Forwards", 70), ("From", self.request.header("From")),
            ("To", response.header("To")), ("Call-ID", self.call_id), ("CSeq", f"{self.request.cseq[0]} ACK")])
        self.peer.send(ack, self.to)

    def expect_failure(self, *wanted, seconds=5.0):
        """A final failure, acknowledged."""
        response = self.expect(*wanted, seconds=seconds)
        self.ack_failure(response)
        return response

    def cancel(self, headers=()):
        self.peer.send(Message(f"CANCEL {self.request.uri} SIP/2.0", [
            ("Via", self.request.header("Via")), ("Max-Forwards", 70), ("From", self.request.header("From")),
            ("To", self.request.header("To")), ("Call-ID", self.call_id),
            ("CSeq", f"{self.request.cseq[0]} CANCEL"), *headers]), self.to)

    def reinvite(self, body, headers=(), seconds=5.0):
        """A re-INVITE and, when it is 200, its ACK; the final response."""
        request = self.send("INVITE", headers, body)
        response = self.peer.wait_final(request, seconds)
        if response.status < 300:
            self.ack()
        else:
            was, self.request = self.request, request
            self.ack_failure(response)
            self.request = was
        return response

    def bye(self, seconds=5.0, headers=()):
        response = self.ask("BYE", headers, seconds=seconds)
        expect(response.status == 200, f"BYE was answered:\n{response}")
        return response

    # -- the called side --------------------------------------------------------------------------

    def reply(self, status, reason=None, headers=(), body=""):
        """A response to the INVITE that began this call (or to `request` set since)."""
        made = self.peer.reply(self.request, status, reason, headers, body)
        if made.tag("To"):
            self.local = made.header("To")
        return made

    def accept(self, body, seconds=5.0, headers=()):
        """200 with this description; returns the ACK."""
        self.reply(200, headers=headers, body=body)
        return self.peer.expect("ACK", seconds=seconds)

    def refuse(self, status, reason=None, headers=(), seconds=5.0):
        """A final failure; returns its ACK."""
        self.reply(status, reason, headers)
        return self.peer.expect("ACK", seconds=seconds)

    def expect_bye(self, seconds=5.0):
        """The BYE, answered."""
        request = self.peer.expect("BYE", seconds=seconds)
        self.peer.reply(request, 200)
        return request

    def expect_cancel(self, seconds=5.0):
        """CANCEL, answered, and the INVITE ended by 487 with its ACK; returns the CANCEL."""
        request = self.peer.expect("CANCEL", seconds=seconds)
        self.peer.reply(request, 200, tag=getattr(self.request, "made_tag", None))
        self.refuse(487)
        return request
