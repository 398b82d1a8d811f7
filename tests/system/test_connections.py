"""What one connection, and one address with many of them, may take."""
import re
import socket
import time

from harness import config, sip, tls
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom, check


def office(case, limits="", listen=("udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"), more=""):
    return config.office(case.folder, listen=list(listen), more=f"[limits]\n{limits}\n{more}")


def option(number):
    return (f"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: {number}\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n").encode()


def answers(connection, count, seconds):
    """How many came, and after how many seconds the last of them."""
    began, text = time.monotonic(), b""
    connection.settimeout(seconds * SLOWNESS)
    while text.count(b"SIP/2.0 200") < count:
        more = connection.recv(65536)
        if not more:
            break
        text += more
    return text.count(b"SIP/2.0 200"), time.monotonic() - began


def test_messages_of_a_connection(case):
    """More than it may send in a second waits for the next: all are answered, others do not wait with them."""
    with Switchroom(case, office(case, "messages_per_connection = 50\nrequests_per_stranger = 0")):
        greedy = socket.create_connection(("127.0.0.1", 5060))
        burst = b"".join(option(number) for number in range(300))
        greedy.sendall(burst[:len(burst) // 3])
        greedy.sendall(burst[len(burst) // 3:])
        other = sip.Peer(case, "1001", config.password("1001"), server="127.0.0.1:5060", transport="tcp")
        began = time.monotonic()
        expect_equal(other.options().status, 200, "another connection")
        expect(time.monotonic() - began < 1.0 * SLOWNESS, "another connection has waited")
        count, seconds = answers(greedy, 300, 20)
        expect_equal(count, 300, "answers")
        expect(seconds > 3.5, f"300 messages took {seconds:.2f} s at 50 a second")
        greedy.close()


def test_connections_of_an_address(case):
    """The next one is refused; other addresses get theirs; one that ends makes room."""
    with Switchroom(case, office(case, "connections_per_address = 5")) as pbx:
        first = [socket.create_connection(("127.0.0.1", 5060), source_address=("127.0.0.66", 0)) for _ in range(5)]
        for number, one in enumerate(first):
            one.sendall(option(f"a{number}"))
            expect_equal(answers(one, 1, 3)[0], 1, "one of the first")
        sixth = socket.create_connection(("127.0.0.1", 5060), source_address=("127.0.0.66", 0))
        expect(is_cut(sixth), "the sixth was taken")
        sip.Peer(case, "1001", config.password("1001"), host="127.0.0.7", server="127.0.0.1:5060", transport="tcp").register()
        pbx.wait_for_log(r"no further connection: \d+ in all \(of 10000\), 5 with this address \(of 5\)")
        first.pop().close()

        def again():
            one = socket.create_connection(("127.0.0.1", 5060), source_address=("127.0.0.66", 0))
            one.sendall(option("again"))
            try:
                return answers(one, 1, 1)[0] == 1
            except OSError:
                return False
        eventually(again, 5, "room after one has ended")


def is_cut(connection):
    connection.settimeout(3 * SLOWNESS)
    try:
        connection.sendall(option("cut"))
        return connection.recv(100) == b""
    except ConnectionError:
        return True


def test_half_open_handshakes_of_an_address(case):
    """One address cannot take the places of the others; those that are done count no more."""
    ca = tls.Authority(case)
    listen = ("udp:127.0.0.1:5060", "tls:127.0.0.1:5061")
    with Switchroom(case, office(case, "handshakes_per_address = 3", listen, tls.settings(*ca.issue("127.0.0.1")))):
        def connect(source):
            return socket.create_connection(("127.0.0.1", 5061), source_address=(source, 0))
        silent = [connect("127.0.0.66") for _ in range(3)]
        time.sleep(0.3)
        expect(is_cut(connect("127.0.0.66")), "a fourth half-open one was taken")
        staff = sip.Peer(case, "1001", config.password("1001"), host="127.0.0.7", transport="tls", server="127.0.0.1:5061", tls=ca.client())
        staff.register()
        silent.pop().close()

        def done(number):
            secure = ca.client().wrap_socket(connect("127.0.0.66"), server_hostname="127.0.0.1")
            secure.sendall(option(f"done{number}"))
            return secure if answers(secure, 1, 3)[0] else None
        time.sleep(0.3)
        whole = [done(number) for number in range(4)]  # one after another through the one place that is free
        expect(all(whole), "those that finish their handshake")
        for one in (*silent, *whole):
            one.close()


def test_a_message_without_end(case):
    """Headers over 16 KB or a body over 64 KB end the connection before more of it is read."""
    with Switchroom(case, office(case)) as pbx:
        start = option(1)[:-2]
        for name, text in (("headers", start + b"X-Long: " + b"x" * 20000), ("body", start.replace(b"Content-Length: 0", b"Content-Length: 70000") + b"\r\n"),
                           ("length", start.replace(b"Content-Length: 0", b"Content-Length: 99999999999999999999") + b"\r\n")):
            one = socket.create_connection(("127.0.0.1", 5060))
            one.settimeout(5 * SLOWNESS)
            one.sendall(text)
            received = b""
            try:
                while (more := one.recv(65536)) != b"":
                    received += more
            except ConnectionError:
                pass
            expect(not re.search(rb"SIP/2.0 200", received), f"{name}: {received[:200]}")
            one.close()
        eventually(lambda: pbx.pbxctl("status")["connections"] == 0, 5, "no connection stays")


def test_what_is_wrong_is_found_at_check(case):
    status, said = check(case, office(case, "handshakes_per_address = 0\nmessages_per_connection = -1"))
    expect_equal(status, 1)
    for words in ("limits.handshakes_per_address", "limits.messages_per_connection"):
        expect(words in said, f"{words!r} is missing in:\n{said}")
