"""A machine with several addresses and listeners bound to any: who asks at one hears from that one, and only from it."""
import re
import subprocess

from harness import config, rtp, sip, sound
from harness.calls import dial, expect_nothing_left, expect_tone, port_of, talk
from harness.case import Skip, expect, expect_equal
from harness.switchroom import Switchroom

PORT = config.PORT
SECOND_IPV6 = "fd00:5060::9"


def everywhere(case, **changes):
    listen = [f"udp:0.0.0.0:{PORT}", f"tcp:0.0.0.0:{PORT}", f"udp:[::]:{PORT}", f"tcp:[::]:{PORT}"]
    return Switchroom(case, config.office(case.folder, listen=listen, **changes))


def phone(case, number, server, host="127.0.0.7", **more):
    """Registered at this address of the server. From a phone that stands at another address than the server's, the
    kernel's own choice would always be 127.0.0.1."""
    peer = sip.Peer(case, number, config.password(number), host=host, server=(server, PORT), **more)
    expect_equal(peer.register().source[:2], (server, PORT), "REGISTER is answered from where it was sent to")
    return peer


def spoken_by(message):
    """(source address, host of the topmost Via or None, of Contact, of the description)"""
    def host(pattern, text):
        found = re.search(pattern, text or "")
        return found and found[1].strip("[]")

    return (message.source[0], host(r"SIP/2.0/\w+ (\[[^]]*\]|[^:;]+)", message.header("Via")) if not message.status else None,
            host(r"@?(\[[^]]*\]|[\d.]+)(?::\d+)?[;>]", message.header("Contact")), host(r"c=IN IP\d (\S+)", message.body))


def expect_all_from(address, request=None, response=None):
    if request is not None:
        expect_equal(spoken_by(request), (address, address, address, address), "source, Via, Contact and c= of the request")
    if response is not None:
        expect_equal(spoken_by(response), (address, None, address, address), "source, Contact and c= of the response")


def call(case, pbx, a, b):
    """A call between two phones; each hears all of it from the address that it registered at."""
    mine, theirs = rtp.Stream(case, host=a.host), rtp.Stream(case, host=b.host)
    out, incoming = talk(a, b, a.sdp(mine.port), b.sdp(theirs.port))
    expect_all_from(b.server[0], request=incoming.request)
    expect_all_from(a.server[0], response=out.answer)
    mine.start((a.server[0], port_of(out.answer)), sound.tone(440, 0.6))
    theirs.start((b.server[0], port_of(incoming.request)), sound.tone(600, 0.6))
    expect_tone(mine, 600)
    expect_tone(theirs, 440)
    out.send("BYE")
    expect_equal(incoming.expect_bye().source[:2], (b.server[0], PORT), "BYE")
    expect_equal(a.expect(200).source[:2], (a.server[0], PORT), "the answer to BYE")
    expect_nothing_left(pbx)


def test_a_phone_sends_its_call_on_to_the_address_that_it_knows(case):
    with everywhere(case) as pbx:
        a, b, c = (phone(case, number, "127.0.0.9") for number in ("1001", "1002", "1003"))
        out = a.invite("sip:1002@127.0.0.9", a.sdp(40000))
        one = b.answer()
        answer = b.response(one.request, 302)
        answer.headers.append(("Contact", f"<sip:1003@127.0.0.9:{PORT}>"))
        b.send(answer, one.request.source)
        b.expect("ACK")
        two = c.answer()
        two.accept(c.sdp(40002))
        out.expect(200, skip=(100, 180, 183))
        out.ack()
        out.send("BYE")
        two.expect_bye()
        expect_nothing_left(pbx)


def test_two_addresses(case):
    with everywhere(case) as pbx:
        a, b = phone(case, "1001", "127.0.0.9"), phone(case, "1002", "127.0.0.1")
        for asked in ("127.0.0.9", "127.0.0.12", "127.0.0.1"):
            expect_equal(a.options((asked, PORT)).source[:2], (asked, PORT), "OPTIONS")
        call(case, pbx, a, b)
        call(case, pbx, b, a)


def test_two_ipv6_addresses(case):
    """::1 and another one of lo."""
    added = subprocess.run(["ip", "-6", "address", "add", f"{SECOND_IPV6}/128", "dev", "lo", "nodad"], capture_output=True,
                           text=True)
    if added.returncode != 0:
        raise Skip(f"no address can be given to lo: {added.stderr.strip()}")
    with everywhere(case) as pbx:
        a, b = phone(case, "1001", SECOND_IPV6, host="::1"), phone(case, "1002", "::1", host="::1")
        call(case, pbx, a, b)
        call(case, pbx, b, a)


def test_a_binding_keeps_its_address_over_a_restart(case):
    with everywhere(case, auth=False) as pbx:
        b = phone(case, "1002", "127.0.0.9")
        pbx.stop()
        pbx.start()
        a = sip.Peer(case, "1001", host="127.0.0.7", server=("127.0.0.1", PORT))
        out = dial(a, "1002")
        incoming = b.answer()
        expect_all_from("127.0.0.9", request=incoming.request)
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_a_public_address_stays_what_is_told(case):
    with everywhere(case, profile='public_address = "203.0.113.7"') as pbx:
        a, b = phone(case, "1001", "127.0.0.9"), phone(case, "1002", "127.0.0.9")
        out = dial(a, "1002")
        incoming = b.answer()
        expect_equal(spoken_by(incoming.request), ("127.0.0.9", "203.0.113.7", "203.0.113.7", "203.0.113.7"))
        incoming.accept(b.sdp(40002))
        expect_equal(spoken_by(out.expect(200)), ("127.0.0.9", None, "203.0.113.7", "203.0.113.7"))
        out.ack()
        out.send("BYE")
        incoming.expect_bye()
        a.expect(200)
        expect_nothing_left(pbx)


def test_sound_of_a_call_by_tcp(case):
    """It comes from the address that the connection goes to."""
    with everywhere(case) as pbx:
        a, b = phone(case, "1001", "127.0.0.9", transport="tcp"), phone(case, "1002", "127.0.0.9")
        stream = rtp.Stream(case, host=a.host)
        out, incoming = talk(a, b, a.sdp(stream.port))
        expect("c=IN IP4 127.0.0.9" in out.answer.body and "@127.0.0.9" in out.answer.header("Contact"), out.answer)
        out.send("BYE")
        incoming.expect_bye()
        a.expect(200)
        expect_nothing_left(pbx)
