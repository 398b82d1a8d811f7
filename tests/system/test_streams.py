"""What comes on a connection and cannot be taken is answered with the status and the words that are true."""
import itertools
import socket
import time

from harness import config, tls
from harness.case import SLOWNESS, expect, expect_equal
from harness.switchroom import Switchroom

SERVER = ("127.0.0.1", config.PORT)
count = itertools.count(1)


def options(more="", length="Content-Length: 0\r\n", uri="sip:127.0.0.1", version="SIP/2.0", via="SIP/2.0"):
    number = next(count)
    return (f"OPTIONS {uri} {version}\r\nVia: {via}/TCP 127.0.0.1:9;branch=z9hG4bK{number};rport\r\nFrom: <sip:a@b>;tag=1\r\n"
            f"To: <sip:127.0.0.1>\r\nCall-ID: stream{number}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n{more}{length}\r\n").encode()


def connect(case):
    stream = socket.create_connection(SERVER, timeout=5 * SLOWNESS)
    case.defer(stream.close)
    return stream


def answers(stream, until=None):
    """The status lines; None at the end when the server has ended the connection in good order. ConnectionError
    when it was reset."""
    received = b""
    while not (until and received.count(b"\r\n\r\n") >= until):
        data = stream.recv(65536)
        if not data:
            break
        received += data
    lines = [line.decode() for line in received.split(b"\r\n") if line.startswith(b"SIP/2.0 ")]
    return lines if until else [*lines, None]


def sent(case, *parts):
    """What the server says to these, up to the end of the connection."""
    stream = connect(case)
    for part in parts:
        stream.sendall(part)
    return answers(stream)


def test_what_is_too_large(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        for size in (65537, 300000):
            # All of the body arrives before the answer is read: no reset may take it away.
            told = sent(case, options(length=f"Content-Length: {size}\r\n"), b"x" * size)
            expect_equal(told, ["SIP/2.0 513 Message Too Large", None], f"a body of {size} bytes")
        # Whole messages of more than 65,535 bytes: the stream goes on behind them.
        stream = connect(case)
        stream.sendall(options(length="Content-Length: 65530\r\n") + b"x" * 65530 + options())
        expect_equal(answers(stream, until=2), ["SIP/2.0 513 Message Too Large", "SIP/2.0 200 OK"])

        lines = "".join(f"X-Filler: {'y' * 4000}\r\n" for _ in range(5))
        told = sent(case, options(lines))
        expect_equal(told, ["SIP/2.0 400 Header block of more than 16384 bytes", None])

        stream = connect(case)
        stream.sendall(options(uri=f"sip:{'a' * 5000}@127.0.0.1") + options())
        expect_equal(answers(stream, until=2), ["SIP/2.0 414 Request-URI Too Long", "SIP/2.0 200 OK"])
        pbx.expect_clean()


def test_what_is_too_large_by_tls(case):
    """The answer, then an end in good order (close_notify): an end without one would be an SSLError."""
    ca = tls.Authority(case)
    listen = ["tcp:127.0.0.1:5060", "tls:127.0.0.1:5061"]
    text = config.office(case.folder, listen=listen, more=tls.settings(*ca.issue("127.0.0.1")))
    with Switchroom(case, text) as pbx:
        plain = socket.create_connection(("127.0.0.1", 5061), timeout=5 * SLOWNESS)
        stream = ca.client().wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
        case.defer(stream.close)
        stream.sendall(options(length="Content-Length: 100000\r\n") + b"x" * 100000)
        expect_equal(answers(stream), ["SIP/2.0 513 Message Too Large", None])
        stream.close()
        pbx.wait_for_log("sent what cannot be a SIP message", 1)
        pbx.expect_clean()


def test_what_has_no_length(case):
    with Switchroom(case, config.office(case.folder)):
        expect_equal(sent(case, options(length="")), ["SIP/2.0 400 No usable Content-Length", None])
        expect_equal(sent(case, options(length="Content-Length: -1\r\n")), ["SIP/2.0 400 Bad Content-Length header", None])


def test_the_version_has_no_case(case):
    """RFC 3261 7.1."""
    with Switchroom(case, config.office(case.folder)):
        stream = connect(case)
        stream.sendall(options(version="sip/2.0") + options(version="Sip/2.0", via="sip/2.0") + options(version="sip/7.0"))
        told = answers(stream, until=3)
        expect_equal(told, ["SIP/2.0 200 OK", "SIP/2.0 200 OK", "SIP/2.0 505 Version Not Supported"])


def test_who_does_not_go_is_closed(case):
    """The answer is there, the peer does not end the connection: it is ended two seconds later."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        stream = connect(case)
        stream.sendall(options(length=""))
        expect_equal(len(answers(stream)), 2)
        time.sleep(0.5)
        expect(pbx.log.count("sent what cannot be a SIP message") == 0, "it is not closed at once")
        pbx.wait_for_log("sent what cannot be a SIP message", 4)
