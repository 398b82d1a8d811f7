"""The way of messages: UDP and TCP, IPv4 and IPv6, long messages, route sets, loops, copies and losses."""
import socket
import time

from harness import config, rtp, sip, sound
from harness.calls import (dial, expect_nothing_left, expect_record, expect_tone, phone, port_of, ring, talk)
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom

LOOP = r"""
[[contexts.default]]
name = "itself"
when = { destination_number = '^7000$' }
do   = ["bridge sip:7000@127.0.0.1:5060"]

[[contexts.default]]
name = "outside"
when = { destination_number = '^out(\d+)$' }
do   = ["set call_timeout=4", "bridge sip:bob@127.0.0.1:$1"]

[[contexts.default]]
name = "colleagues"
when = { destination_number = '^(10\d\d)$' }
do   = ["bridge user/$1"]
"""


def office(case, **changes):
    return Switchroom(case, config.office(case.folder, contexts=LOOP, **changes))


def finish(pbx, out, incoming):
    out.send("BYE")
    incoming.expect_bye()
    expect_nothing_left(pbx)


def both_ways(case, pbx, a, b):
    mine, theirs = rtp.Stream(case, host=a.host), rtp.Stream(case, host=b.host)
    out, incoming = talk(a, b, a.sdp(mine.port), b.sdp(theirs.port))
    mine.start((a.host, port_of(out.answer)), sound.tone(440, 1))
    theirs.start((b.host, port_of(incoming.request)), sound.tone(600, 1))
    expect_tone(mine, 600)
    expect_tone(theirs, 440)
    expect_equal(incoming.reinvite(b.sdp(theirs.port, direction="sendonly", version=2)).status, 200)
    return out, incoming


def test_udp_to_tcp(case):
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002", "tcp")
        out, incoming = both_ways(case, pbx, a, b)
        expect("TCP" in incoming.request.header("Via") and "transport=tcp" in incoming.request.header("Contact"), incoming.request)
        finish(pbx, out, incoming)


def test_tcp_to_udp(case):
    with office(case) as pbx:
        a, b = phone(case, "1001", "tcp"), phone(case, "1002")
        out, incoming = both_ways(case, pbx, a, b)
        expect("transport=tcp" in out.answer.header("Contact"), out.answer)
        finish(pbx, out, incoming)


def test_a_tcp_phone_is_reached_on_its_own_connection(case):
    """It stands behind NAT: nobody could open a connection to it."""
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002", "tcp")
        before = dict(b.connections)
        out, incoming = ring(a, b)
        expect_equal(set(b.connections), set(before), "its connections")
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_a_tcp_phone_that_dies_in_a_call(case):
    """Its connection breaks: the next message cannot be sent, and the call ends for the other one."""
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002", "tcp")
        out, incoming = talk(a, b)
        b.close()
        a.send(out.make("BYE"), out.to)
        a.expect(200)
        expect_nothing_left(pbx)


class BehindNat(sip.Peer):
    """Only its connection leads to it."""
    @property
    def contact(self):
        return "<sip:phone@10.9.9.9:5062;transport=tcp>"


def behind_nat(case, user):
    return BehindNat(case, user, config.password(user), transport="tcp", server="127.0.0.1:5060")


def test_tcp_phones_that_come_back_in_a_call(case):
    """Their connections break and they register by new ones: the goodbyes go there, and to nobody else."""
    with office(case) as pbx:
        a, b = behind_nat(case, "1001"), behind_nat(case, "1002")
        b.register()
        for caller_ends in (True, False):
            out, incoming = talk(a, b)
            for one in (a, b):
                one.disconnect("127.0.0.1:5060")
            eventually(lambda: pbx.pbxctl("registrations") == [], 3, "the connections are gone")
            # The same Contact, of another extension; another phone of the same one.
            others = [behind_nat(case, "1003"), phone(case, "1002", "tcp"), phone(case, "1001", "tcp")]
            others[0].register()
            a.register()
            b.register()
            (out if caller_ends else incoming).send("BYE")
            leaver, told = (a, b) if caller_ends else (b, a)
            goodbye = told.expect("BYE", skip=())
            told.reply(goodbye, 200)
            leaver.expect(200)
            for one in others:
                one.expect_silence(0.1)
                one.register(expires=0)
            expect_nothing_left(pbx)
        expect_equal({row["hangup_cause"] for row in pbx.wait_for_cdr(2)}, {"NORMAL_CLEARING"})


def test_a_tcp_phone_that_comes_back_while_it_rings(case):
    with office(case) as pbx:
        a, b = phone(case, "1001"), behind_nat(case, "1002")
        b.register()
        out, incoming = ring(a, b)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        b.disconnect("127.0.0.1:5060")
        eventually(lambda: [row["extension"] for row in pbx.pbxctl("registrations")] == ["1001"], 3, "the connection is gone")
        b.register()
        out.cancel()
        cancel = b.expect("CANCEL")
        b.reply(cancel, 200)
        incoming.reply(487)
        b.expect("ACK")
        a.wait_for(200)
        out.expect_failure(487)
        expect_nothing_left(pbx)


def ipv6(case):
    return office(case, listen=["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060", "udp:[::1]:5060", "tcp:[::1]:5060"])


def test_ipv6_to_ipv4(case):
    with ipv6(case) as pbx:
        a, b = phone(case, "1001", host="::1", server=("::1", 5060)), phone(case, "1002")
        out, incoming = both_ways(case, pbx, a, b)
        expect("IN IP6 ::1" in out.answer.body and "IN IP4 127.0.0.1" in incoming.request.body, "each leg its own family")
        expect("[::1]" in out.answer.header("Contact"), out.answer)
        finish(pbx, out, incoming)


def test_ipv4_to_ipv6(case):
    with ipv6(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002", host="::1", server=("::1", 5060))
        out, incoming = both_ways(case, pbx, a, b)
        expect("[::1]" in incoming.request.header("Via") and "IN IP6 ::1" in incoming.request.body, incoming.request)
        finish(pbx, out, incoming)


# -- long messages: RFC 3261 18.1.1 ------------------------------------------------------------------

def long_caller(case, **more):
    """Its name makes the INVITE to the callee longer than 1,300 bytes."""
    name = "N" * 60
    number = "7" * 240
    more["profile"] = 'caller_identity = "pass"'
    people = f'\n[extensions.1001.variables]\neffective_caller_id_name = "{name * 4}"\neffective_caller_id_number = "{number}"\n'
    return Switchroom(case, config.office(case.folder, contexts=LOOP, more=people, **more))


def test_a_long_invite_moves_to_tcp(case):
    with long_caller(case) as pbx:
        a = phone(case, "1001")
        tcp = sip.Peer(case, "bob", transport="tcp")
        out = dial(a, f"out{tcp.port}")
        incoming = tcp.answer()
        expect(len(incoming.request.encode()) > 1300, f"only {len(incoming.request.encode())} bytes")
        expect("TCP" in incoming.request.header("Via"), incoming.request)
        incoming.accept(tcp.sdp(40002))
        out.expect(200)
        out.ack()
        finish(pbx, out, incoming)


def test_a_long_invite_falls_back_to_udp(case):
    """The callee has no TCP (RFC 3261 18.1.1: retry by UDP)."""
    with long_caller(case) as pbx:
        a = phone(case, "1001")
        udp = sip.Peer(case, "bob")
        out = dial(a, f"out{udp.port}")
        incoming = udp.answer()
        expect(len(incoming.request.encode()) > 1300 and "UDP" in incoming.request.header("Via"), incoming.request)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        incoming.accept(udp.sdp(40002))
        out.expect(200)
        out.ack()
        finish(pbx, out, incoming)


def deaf_to_tcp(case, port):
    """A listening socket whose queue is full: the kernel drops every further SYN to it, as a firewall would."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    case.defer(listener.close)
    for _ in range(4):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(("127.0.0.1", port))
        case.defer(waiting.close)


def test_a_long_invite_where_tcp_is_dropped(case):
    """The caller waits a second once, and not at the next call."""
    with long_caller(case) as pbx:
        a = phone(case, "1001")
        udp = sip.Peer(case, "bob")
        deaf_to_tcp(case, udp.port)
        waited = []
        for _ in range(2):
            start = time.monotonic()
            out = dial(a, f"out{udp.port}")
            incoming = udp.answer()
            waited.append(time.monotonic() - start)
            expect(len(incoming.request.encode()) > 1300 and "UDP" in incoming.request.header("Via"), incoming.request)
            incoming.refuse(486)
            out.expect_failure(486)
        expect(1.0 < waited[0] < 2.5 * SLOWNESS and waited[1] < 0.8 * SLOWNESS, f"it took {waited}")
        expect_nothing_left(pbx)


# -- routes ------------------------------------------------------------------------------------------


def test_the_callees_proxies_stay_on_the_way(case):
    """Record-Route of the 200, reversed, in every request to the callee; to the first of them it is sent."""
    with office(case) as pbx:
        a, proxy = phone(case, "1001"), sip.Peer(case, "bob")
        out = dial(a, f"out{proxy.port}")
        incoming = proxy.answer()
        routes = ["<sip:far.example.com;lr>", f"<sip:{proxy.hostport};lr>"]
        answer = proxy.response(incoming.request, 200, headers=[("Record-Route", route) for route in routes],
                                body=proxy.sdp(40002))
        proxy.send(answer.set("Contact", "<sip:bob@192.0.2.7:5070>"), incoming.request.source)
        ack = proxy.expect("ACK")
        expect_equal((ack.uri, ack.all("Route")), ("sip:bob@192.0.2.7:5070", list(reversed(routes))))
        out.expect(200)
        out.ack()
        out.send("BYE")
        bye = proxy.expect("BYE")
        expect_equal((bye.uri, bye.all("Route")), ("sip:bob@192.0.2.7:5070", list(reversed(routes))))
        proxy.reply(bye, 200)
        expect_nothing_left(pbx)


def test_the_callers_proxies_stay_on_the_way(case):
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        routes = [f"<sip:{a.hostport};lr>", "<sip:far.example.com;lr>"]
        out, incoming = ring(a, b, headers=[("Record-Route", route) for route in routes] +
                             [("Contact", "<sip:alice@192.0.2.8:5070>")])
        incoming.reply(180)
        ringing = out.expect(180, skip=(100,))
        expect_equal(ringing.all("Record-Route"), routes, "Record-Route in 180")
        incoming.accept(b.sdp(40002))
        answered = out.expect(200)
        expect_equal(answered.all("Record-Route"), routes, "Record-Route in 200")
        out.routes = []
        out.ack()
        b.send(incoming.make("BYE"), incoming.to)
        b.expect(200)
        bye = a.expect("BYE")
        expect_equal((bye.uri, bye.all("Route")), ("sip:alice@192.0.2.8:5070", routes))
        a.reply(bye, 200)
        expect_nothing_left(pbx)


# -- loops and copies --------------------------------------------------------------------------------


def test_max_forwards(case):
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        request = a.request("INVITE", "sip:1002@127.0.0.1", [("Max-Forwards", 0)], a.sdp(40000))
        expect_equal(a.exchange(request).status, 483)
        out, incoming = ring(a, b, headers=[("Max-Forwards", 12)])
        expect_equal(incoming.request.header("Max-Forwards"), "11")
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_a_loop_through_our_own_listener_ends(case):
    with office(case, auth=False) as pbx:
        a = sip.Peer(case, "1001", server="127.0.0.1:5060")
        out = dial(a, "7000", headers=[("Max-Forwards", 20)])
        final = out.expect_failure(483, 482, seconds=5)
        expect("Q.850;cause=25" in final.header("Reason", ""), final)
        expect_nothing_left(pbx)
        rows = pbx.wait_for_cdr(20)
        expect_equal({row["hangup_cause"] for row in rows}, {"EXCHANGE_ROUTING_ERROR"})


def test_merged_requests(case):
    """The same INVITE by two ways (RFC 3261 8.2.2.2): the second gets 482, one phone rings once."""
    with office(case, auth=False) as pbx:
        a, b = sip.Peer(case, "1001", server="127.0.0.1:5060"), phone(case, "1002")
        out, incoming = ring(a, b)
        copy = sip.Message(out.request.start, out.request.headers, out.request.body)
        copy.set("Via", a.via())
        a.send(copy)
        expect_equal(a.wait_final(copy).status, 482)
        b.expect_silence(0.2)
        incoming.refuse(486)
        a.wait_for(486)
        expect_nothing_left(pbx)


def test_extensions_that_nobody_has(case):
    with office(case) as pbx:
        a = phone(case, "1001")
        for headers, status in (([("Require", "nothing-known")], 420), ([("Require", "100rel, nothing-known")], 420)):
            refused = a.exchange(a.request("INVITE", "sip:1002@127.0.0.1", headers, a.sdp(40000)))
            expect_equal((refused.status, refused.header("Unsupported")), (status, "nothing-known"))
        expect_nothing_left(pbx)


def test_421_of_a_callee(case):
    """It requires an extension of us that we do not use: the call fails, and the caller hears it."""
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        out, incoming = ring(a, b)
        incoming.refuse(421, headers=[("Require", "path")])
        final = out.expect_failure(*range(400, 600))
        expect("Q.850;cause=127" in final.header("Reason", ""), final)
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="INTERWORKING")


# -- retransmissions ---------------------------------------------------------------------------------


def test_everything_twice(case):
    """Every message of a call comes twice: one call, one ring, one record."""
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")

        def twice(peer, message, to):
            peer.send(message, to)
            peer.send(message, to)

        out, incoming = ring(a, b)
        a.send(out.request, out.to)
        ringing = b.response(incoming.request, 180)
        incoming.local = ringing.header("To")
        twice(b, ringing, incoming.request.source)
        answer = b.response(incoming.request, 200, body=b.sdp(40002), tag=ringing.tag("To"))
        twice(b, answer, incoming.request.source)
        expect_equal([b.expect("ACK").tag("To"), b.expect("ACK").tag("To")], [ringing.tag("To")] * 2, "an ACK for each 200")
        out.learn(a.wait_for(200))
        ack = out.make("ACK", cseq=out.cseq)
        twice(a, ack, out.to)
        hold = out.make("INVITE", body=a.sdp(40000, direction="sendonly", version=2))
        twice(a, hold, out.to)
        a.wait_for(200)
        twice(a, out.make("ACK", cseq=hold.cseq[0]), out.to)
        while a.receive(0.2):
            pass
        b.expect_silence(0.2)
        goodbye = out.make("BYE")
        twice(a, goodbye, out.to)
        expect_equal(a.expect(200).cseq[1], "BYE")
        bye = b.expect("BYE")
        twice(b, b.response(bye, 200), bye.source)
        expect_nothing_left(pbx)
        expect_equal(len(pbx.wait_for_cdr(1)), 1)


def test_a_lost_200_comes_again(case):
    """Until the ACK is there: 0.5, 1, 2 s apart."""
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        out, incoming = ring(a, b)
        incoming.accept(b.sdp(40002))
        first = out.expect(200)
        again = [a.expect(200), a.expect(200)]
        expect_equal({str(one) for one in again}, {str(first)}, "the same response")
        expect(0.3 < again[0].at - first.at < 0.9 and 0.7 < again[1].at - again[0].at < 1.6, "the intervals")
        out.ack()
        while a.receive(0.1):
            pass
        a.expect_silence(1.0)
        finish(pbx, out, incoming)


def test_a_lost_bye_comes_again(case):
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        out, incoming = talk(a, b)
        out.send("BYE")
        first = b.expect("BYE")
        second = b.expect("BYE")
        expect_equal(first.header("Via"), second.header("Via"))
        b.reply(second, 200)
        expect_nothing_left(pbx)


def test_a_lost_refusal_comes_again(case):
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        out, incoming = ring(a, b)
        incoming.reply(486)
        b.expect("ACK")
        incoming.reply(486)  # our ACK was lost
        b.expect("ACK")
        first = out.expect(486)
        out.expect(486)
        out.ack_failure(first)
        a.expect_silence(1.2)
        expect_nothing_left(pbx)


def test_status_counts_transactions_down(case):
    """Timers of 32 s keep finished transactions, and then they are gone; the wire test only sees that few are kept."""
    with office(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        finish(pbx, *talk(a, b))
        eventually(lambda: pbx.pbxctl("status")["transactions"] < 20, 6, "few transactions")
