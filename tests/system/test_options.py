"""What is answered without being a call: OPTIONS, what is asked for and not known, keepalives."""
import socket

from harness import config, sip
from harness.case import SLOWNESS, expect, expect_equal
from harness.switchroom import Switchroom

SERVER = "127.0.0.1:5060"


def both(case):
    for transport in ("udp", "tcp"):
        yield sip.Peer(case, "1001", config.password("1001"), transport=transport, server=SERVER)


def ask(peer, method, headers=(), **known):
    return peer.exchange(peer.request(method, "sip:127.0.0.1:5060", headers, **known), credentials=False)


def test_options(case):
    with Switchroom(case, config.office(case.folder)):
        for peer in both(case):
            answer = peer.options()
            expect_equal(answer.status, 200, "OPTIONS")
            methods = {word.strip() for word in answer.header("Allow").split(",")}
            expect({"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "PRACK", "UPDATE", "REGISTER"} <= methods, answer)
            expect("application/sdp" in answer.header("Accept"), answer)
            expect({"100rel", "timer"} <= {word.strip() for word in answer.header("Supported").split(",")}, answer)
            expect(answer.tag("To"), "a To tag:", answer)
            # Max-Forwards 0 ends here: the answer is ours (RFC 3261 11).
            expect_equal(ask(peer, "OPTIONS", [("Max-Forwards", 0)]).status, 200, "OPTIONS with no hops left")
            expect_equal(ask(peer, "REGISTER", [("Max-Forwards", 0)], to="<sip:1001@127.0.0.1>").status, 401, "nor is REGISTER passed on")
            expect_equal(ask(peer, "OPTIONS", to="<sip:127.0.0.1>;tag=none").status, 481, "in a dialog that is none")


def test_what_is_required_and_not_known(case):
    with Switchroom(case, config.office(case.folder)):
        for peer in both(case):
            for method in ("OPTIONS", "REGISTER"):
                answer = ask(peer, method, [("Require", "nothing-that-exists, 100rel"), ("Require", "another")])
                expect_equal(answer.status, 420, method)
                unsupported = ", ".join(answer.all("Unsupported"))
                expect("nothing-that-exists" in unsupported and "another" in unsupported, answer)
            call = peer.request("INVITE", "sip:9196@127.0.0.1", [("Require", "nothing-that-exists")], peer.sdp(40000))
            peer.send(call)
            answer = peer.expect(420)
            expect_equal(answer.header("Unsupported"), "nothing-that-exists", "INVITE")
            sip.Call(peer, call, peer.server).ack_failure(answer)


def test_methods(case):
    with Switchroom(case, config.office(case.folder)):
        for peer in both(case):
            for method, status in (("JUMP", 501), ("invite", 501), ("PUBLISH", 405), ("NOTIFY", 405),
                                   ("BYE", 481), ("UPDATE", 481), ("PRACK", 481), ("INFO", 481)):
                answer = ask(peer, method)
                expect(answer.status == status or (status == 405 and answer.status == 501), f"{method}: {answer}")
                expect(answer.status == 481 or "INVITE" in (answer.header("Allow") or ""), f"{method}: {answer}")
            expect_equal(ask(peer, "SUBSCRIBE").status, 401, "who subscribes signs in first")
            expect_equal(ask(peer, "CANCEL").status, 481, "CANCEL of nothing")
            answer = peer.exchange(peer.request("OPTIONS", "mailto:someone@example.com"), credentials=False)
            expect_equal(answer.status, 416, "a scheme that is not SIP's")


def test_crlf_on_tcp_is_answered(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = sip.Peer(case, "1001", config.password("1001"), transport="tcp", server=SERVER)
        expect_equal(peer.options().status, 200, "OPTIONS")
        wire = peer.connect(SERVER)
        wire.settimeout(2 * SLOWNESS)
        wire.sendall(b"\r\n\r\n")
        expect_equal(wire.recv(100), b"\r\n", "a ping (RFC 5626 4.4.1)")
        wire.sendall(b"\r\n")
        wire.settimeout(0.3)
        try:
            expect(False, f"a single line end was answered by {wire.recv(100)!r}")
        except socket.timeout:
            pass
        wire.setblocking(True)
        expect_equal(peer.options().status, 200, "OPTIONS after a line end")
        request = peer.request("OPTIONS", f"sip:{SERVER}").encode()  # a ping glued to the front, in two pieces
        wire.sendall(b"\r\n\r\n" + request[:40])
        wire.sendall(request[40:])
        expect_equal(peer.expect(200).status, 200, "OPTIONS behind a ping")


def test_keepalives_on_udp_are_ignored(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = sip.Peer(case, "1001", config.password("1001"), server=SERVER)
        malformed = pbx.pbxctl("status")["sip_malformed"]
        for nothing in (b"\r\n\r\n", b"\r\n", b"\0", b"\0\0\0\0", b"", b" "):
            peer.send(nothing)
        peer.expect_silence(0.5)
        expect_equal(peer.options().status, 200, "OPTIONS")
        expect_equal(pbx.pbxctl("status")["sip_malformed"], malformed, "none of it counts as malformed")


def test_answers_go_where_the_request_came_from(case):
    """RFC 3581: with rport to the source, without it to the port of the Via."""
    with Switchroom(case, config.office(case.folder)):
        peer = sip.Peer(case, "1001", server=SERVER)
        request = peer.request("OPTIONS", f"sip:{SERVER}")
        request.set("Via", f"SIP/2.0/UDP 10.9.8.7:1234;rport;branch=z9hG4bK-one")
        answer = peer.exchange(request)
        expect(f"rport={peer.port}" in answer.header("Via") and "received=127.0.0.1" in answer.header("Via"), answer)
        other = sip.Peer(case, "1001", server=SERVER)
        request = peer.request("OPTIONS", f"sip:{SERVER}")
        request.set("Via", f"SIP/2.0/UDP 127.0.0.1:{other.port};branch=z9hG4bK-two")
        peer.send(request)
        expect_equal(other.expect(200).header("Call-ID"), request.header("Call-ID"), "to the Via's port")


def test_it_answers_at_once_when_started(case):
    """The first OPTIONS is answered within 0.1 s of the start."""
    import time
    with Switchroom(case, config.office(case.folder)) as pbx:
        pbx.stop()
        peer = sip.Peer(case, "1001", server=SERVER)
        began = time.monotonic()
        import threading
        starting = threading.Thread(target=pbx.start)
        starting.start()
        answered = None
        while answered is None and time.monotonic() < began + 5 * SLOWNESS:
            try:
                peer.send(peer.request("OPTIONS", f"sip:{SERVER}"))
                answered = peer.receive(0.01 / SLOWNESS)
            except ConnectionError:
                pass
        took = time.monotonic() - began
        starting.join()
        expect(answered is not None and took < 0.5 * SLOWNESS, f"the first answer took {took:.3f} s")
