"""The registrar on the wire: challenges, several contacts, expiry, restarts, NAT, and what it tells a stranger."""
# ctest: timeout=180
import os
import re
import secrets
import signal
import socket
import subprocess
import time

from harness import baresip, config, sip
from harness.case import SLOWNESS, Skip, eventually, expect, expect_equal
from harness.switchroom import Switchroom

SERVER = "127.0.0.1:5060"


def phone(case, user="1001", password=None, **more):
    return sip.Peer(case, user, config.password(user) if password is None else password, server=SERVER, **more)


def register(peer, headers=(), **known):
    """A REGISTER, not sent yet; `contact=None` for a query."""
    me = f"<sip:{known.pop('user', peer.user)}@{peer.server[0]}>"
    request = peer.request("REGISTER", f"sip:{peer.server[0]}", headers, to=known.pop("to", me),
                           from_=known.pop("from_", f"{me};tag={secrets.token_hex(4)}"), **known)
    if not any(sip.canonical(name) == "contact" and value for name, value in headers):
        if any(sip.canonical(name) == "contact" for name, _ in headers):
            request.set("Contact", None)
    return request


def contacts(answer):
    return answer.all("Contact")


def binding(pbx, user="1001"):
    return [row for row in pbx.pbxctl("registrations") if row["extension"] == user]


def test_a_challenge_and_its_answer(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        request = register(peer)
        peer.send(request)
        challenge = peer.expect(401)
        asked = challenge.parameters("WWW-Authenticate")
        expect_equal(len(challenge.all("WWW-Authenticate")), 1, "one challenge: MD5 is the default")
        expect_equal((asked["algorithm"], asked["qop"], asked["realm"]), ("MD5", "auth", "127.0.0.1"), "the challenge")
        expect(challenge.tag("To") and "stale" not in asked, "a To tag and no stale:", challenge)
        expect(not binding(pbx), "nothing is bound before the password was proved")
        peer.send(peer.authenticated(request, challenge))
        answer = peer.expect(200)
        expect_equal(len(contacts(answer)), 1, "contacts")
        expect(re.search(r"expires=3600\b", contacts(answer)[0]), "the default expiry is an hour:", answer)
        rows = binding(pbx)
        expect(len(rows) == 1 and rows[0]["source"] == f"UDP 127.0.0.1:{peer.port}" and 3590 < rows[0]["expires_s"] <= 3600, rows)


def test_sha256_beside_md5(case):
    text = config.office(case.folder, profile='digest = ["SHA-256", "MD5"]')
    with Switchroom(case, text) as pbx:
        for which, algorithm in enumerate(("SHA-256", "MD5")):
            peer = phone(case)
            request = register(peer)
            peer.send(request)
            challenge = peer.expect(401)
            offered = [sip.parameters(value)["algorithm"] for value in challenge.all("WWW-Authenticate")]
            expect_equal(offered, ["SHA-256", "MD5"], "in the order of the profile")
            peer.send(peer.authenticated(request, challenge, which=which))
            expect(peer.expect(200), algorithm)
        expect_equal(len(binding(pbx)), 2, "bindings")
    text = config.office(case.folder, profile='digest = ["SHA-256"]')
    with Switchroom(case, text):
        peer = phone(case)
        request = register(peer)
        peer.send(request)
        challenge = peer.expect(401)
        again = peer.authenticated(request, challenge)
        expect("algorithm=SHA-256" in again.header("Authorization"), "SHA-256 alone")
        peer.send(again)
        peer.expect(200)
        # Downgraded by the client: MD5 where only SHA-256 was offered is not accepted.
        downgraded = register(peer, call_id=request.header("Call-ID"), cseq=9)
        value = challenge.header("WWW-Authenticate").replace("SHA-256", "MD5")
        downgraded.set("Authorization", sip.authorization(value, "1001", peer.password, "REGISTER", downgraded.uri, 2))
        peer.send(downgraded)
        peer.expect(401)


def test_stale_nonces_and_replays(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        request = register(peer)
        peer.send(request)
        challenge = peer.expect(401)
        first = peer.authenticated(request, challenge)
        peer.send(first)
        peer.expect(200)

        def with_count(count, cseq):
            made = register(peer, call_id=request.header("Call-ID"), cseq=cseq)
            made.set("Authorization", sip.authorization(challenge.header("WWW-Authenticate"), "1001", peer.password,
                                                        "REGISTER", made.uri, count))
            return peer.exchange(made, credentials=False)
        expect_equal(with_count(2, 10).status, 200, "the next count of the same nonce")
        again = with_count(2, 11)
        expect_equal(again.status, 401, "a count that was used")
        expect_equal(again.parameters("WWW-Authenticate").get("stale", "").lower(), "true", "stale")
        expect_equal(with_count(3, 12).status, 200, "a count that was not")
        # The very same credentials again, in a new transaction: a replay.
        replay = sip.Message(first.start, first.headers).set("Via", peer.via()).set("CSeq", "13 REGISTER")
        answer = peer.exchange(replay, credentials=False)
        expect_equal((answer.status, answer.parameters("WWW-Authenticate").get("stale")), (401, "true"), "a replay")
        # From another address the nonce is of no use.
        thief = sip.Peer(case, "1001", "", host="127.0.0.9", server=SERVER)
        stolen = register(thief)
        stolen.set("Authorization", sip.authorization(challenge.header("WWW-Authenticate"), "1001", peer.password,
                                                      "REGISTER", stolen.uri, 40))
        expect_equal(thief.exchange(stolen, credentials=False).status, 401, "another address")
        # A nonce of before a restart is stale, and the phone mends that by itself.
        pbx.stop()
        pbx.start()
        answer = with_count(50, 20)
        expect_equal((answer.status, answer.parameters("WWW-Authenticate").get("stale")), (401, "true"), "an old nonce")
        made = register(peer, cseq=30)
        expect_equal(peer.exchange(made).status, 200, "after a fresh challenge")
        # A wrong password is never called stale: a phone would try it for ever.
        made = register(peer, cseq=40)
        made.set("Authorization", sip.authorization(challenge.header("WWW-Authenticate"), "1001", "wrong", "REGISTER", made.uri, 60))
        expect("stale" not in peer.exchange(made, credentials=False).parameters("WWW-Authenticate"), "wrong is not stale")


def refused(case, user, password):
    """A 401 to credentials that are wrong, what it looked like and how long it took."""
    peer = sip.Peer(case, user, password, server=SERVER)
    request = register(peer, call_id="same-length-" + secrets.token_hex(8))
    peer.send(request)
    again = peer.authenticated(request, peer.expect(401))
    began = time.perf_counter()
    peer.send(again)
    answer = peer.expect(401)
    took = time.perf_counter() - began
    peer.close()
    case._endings.remove(peer.close)
    return answer, took


def test_an_unknown_user_looks_like_a_wrong_password(case):
    with Switchroom(case, config.office(case.folder, log='level = "info"')):
        def shape(answer):
            text = str(answer)
            for volatile in (r"tag=\w+", r'nonce="\w+"', r"branch=\w+", r"same-length-\w+", r"rport=\d+", r"127.0.0.1:\d+"):
                text = re.sub(volatile, "*", text)
            return text.replace("4444", "1001")
        known, _ = refused(case, "1001", "wrong")
        unknown, _ = refused(case, "4444", "wrong")
        expect_equal(shape(unknown), shape(known), "the answer to an unknown user")
        expect_equal(len(known.parameters("WWW-Authenticate")["nonce"]), len(unknown.parameters("WWW-Authenticate")["nonce"]),
                     "the length of the nonce")
        rounds, times = 300 // SLOWNESS, {"1001": [], "4444": []}
        for _ in range(rounds):
            for user in times:
                times[user].append(refused(case, user, "wrong")[1])
        medians = {user: sorted(all_)[len(all_) // 2] for user, all_ in times.items()}
        apart = abs(medians["1001"] - medians["4444"])
        # Asked in turns, so that whatever else the machine does falls on both alike.
        expect(apart < 0.15 * max(medians.values()) + 10e-6, f"medians differ by {apart * 1e6:.1f} µs: {medians}")


def test_an_account_registers_itself_only(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        me, other = "<sip:1001@127.0.0.1>", "<sip:1002@127.0.0.1>"
        for to, from_ in ((other, f"{me};tag=a"), (me, f"{other};tag=a"), (other, f"{other};tag=a")):
            answer = peer.exchange(register(peer, to=to, from_=from_))
            expect_equal(answer.status, 403, f"To {to}, From {from_}")
        expect(not pbx.pbxctl("registrations"), "nothing was bound")
        call = peer.invite("sip:9196@127.0.0.1", peer.sdp(40000), from_=f"{other};tag=b")
        call.expect_failure(403)


def test_several_contacts_ring_at_once(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        desk, mobile = phone(case, "1002"), phone(case, "1002")
        expect_equal(len(contacts(desk.register())), 1, "after the first")
        expect_equal(len(contacts(mobile.register())), 2, "after the second")
        two = register(desk, [("Contact", f"<sip:1002@127.0.0.1:{desk.port}>;expires=300;q=0.5"),
                              ("Contact", f"<sip:1002@127.0.0.1:{desk.port};line=2>;expires=400")])
        answer = desk.exchange(two)
        expect_equal(len(contacts(answer)), 3, f"two in one request: {answer}")
        expect(any("q=0.5" in value for value in contacts(answer)), "its q")
        expect(any(re.search(r"expires=(399|400)", value) for value in contacts(answer)), "its own expiry")
        caller = phone(case)
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
        one = desk.answer()
        one.reply(100)
        two, three = desk.answer(), mobile.answer()
        two.reply(100)
        expect("line=2" in one.request.uri + two.request.uri, "the Contact as registered is the request's URI")
        three.reply(180)
        call.expect(180, skip=(100,))
        three.accept(mobile.sdp(40002))
        call.expect(200)
        call.ack()
        cancels = [desk.wait_for("CANCEL"), desk.wait_for("CANCEL")]
        expect_equal({cancel.header("Call-ID") for cancel in cancels}, {one.call_id, two.call_id}, "CANCEL to the others")
        for cancel in cancels:
            desk.reply(cancel, 200)
        one.reply(487)
        two.reply(487)
        call.bye()
        three.expect_bye()
        gone = register(desk, [("Contact", f"<sip:1002@127.0.0.1:{desk.port};line=2>;expires=0")])
        expect_equal(len(contacts(desk.exchange(gone))), 2, "after one was removed")


def test_contacts_that_cannot_be_called(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        for contact in ("<tel:+15551234>", "<mailto:a@example.com>", f"<sips:1001@127.0.0.1:{peer.port}>"):
            expect_equal(peer.exchange(register(peer, [("Contact", contact)])).status, 400, contact)
        expect(not binding(pbx), "nothing was bound")


def test_too_many_contacts(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        for number in range(10):
            peer.exchange(register(peer, [("Contact", f"<sip:1001@127.0.0.1:{7000 + number}>")]))
        expect_equal(len(binding(pbx)), 10, "the most that one extension has")
        answer = peer.exchange(register(peer, [("Contact", "<sip:1001@127.0.0.1:7999>")]))
        expect_equal(answer.status, 403, "one more")
        expect_equal(len(binding(pbx)), 10, "and nothing has changed")
        many = [("Contact", f"<sip:1001@127.0.0.1:{8000 + number}>") for number in range(25)]
        expect_equal(peer.exchange(register(peer, many)).status, 403, "25 at once")
        expect_equal(peer.exchange(register(peer, [("Contact", "<sip:1001@127.0.0.1:7003>")])).status, 200, "a refresh")


def test_expiry(case):
    text = config.office(case.folder, profile='min_expires = "60s"\nmax_expires = "120s"')
    with Switchroom(case, text) as pbx:
        peer = phone(case)
        answer = peer.exchange(register(peer, [("Expires", 30)]))
        expect_equal((answer.status, answer.header("Min-Expires")), (423, "60"), "too short")
        answer = peer.exchange(register(peer, [("Contact", f"{peer.contact};expires=59")]))
        expect_equal(answer.status, 423, "too short at the contact")
        expect(not binding(pbx), "nothing was bound")
        answer = peer.register(expires=3600)
        expect(";expires=120" in contacts(answer)[0], "cut to the longest:", answer)
        expect(";expires=120" in contacts(peer.exchange(register(peer)))[0], "none wished")
        expect(";expires=60" in contacts(peer.exchange(register(peer, [("Expires", 60)])))[0], "a refresh with another")
        expect_equal(len(binding(pbx)), 1, "a refresh is not a second contact")
        # RFC 3261 10.2.1.1: what cannot be read counts as an hour (here: the longest).
        expect(";expires=120" in contacts(peer.exchange(register(peer, [("Contact", f"{peer.contact};expires=abc")])))[0], "nonsense")
        peer.register(expires=0)
    text = config.office(case.folder, profile='min_expires = "1s"\nmax_expires = "2s"')
    with Switchroom(case, text) as pbx:
        phone(case).register()
        expect(binding(pbx), "bound")
        time.sleep(1.2 * 1)
        eventually(lambda: not binding(pbx), 2.5, "the end of a registration")
        caller = phone(case, "1002")
        call = caller.invite("sip:1001@127.0.0.1", caller.sdp(40000))
        call.expect_failure(480)


def test_query_removal_and_star(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer, other = phone(case), phone(case)
        answer = peer.exchange(register(peer, [("Contact", None)]))
        expect_equal((answer.status, contacts(answer)), (200, []), "a question before anything is bound")
        peer.register()
        other.register()
        answer = peer.exchange(register(peer, [("Contact", None)]))
        expect_equal(len(contacts(answer)), 2, "a question")
        expect_equal(len(contacts(peer.register(expires=0))), 1, "after removing one's own")
        expect_equal(peer.exchange(register(peer, [("Contact", "*"), ("Expires", 10)])).status, 400, "* with Expires")
        expect_equal(peer.exchange(register(peer, [("Contact", "*")])).status, 400, "* without Expires: 0")
        expect_equal(len(binding(pbx)), 1, "and nothing has changed")
        answer = peer.exchange(register(peer, [("Contact", "*"), ("Expires", 0)]))
        expect_equal((answer.status, contacts(answer)), (200, []), "*")
        expect(not binding(pbx), "all gone")


def test_an_older_cseq_changes_nothing(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case)
        made = register(peer, [("Expires", 600)], cseq=100)
        expect_equal(peer.exchange(made).status, 200, "the first")
        for headers in ([("Expires", 1800)], [("Expires", 0)], [("Contact", "*"), ("Expires", 0)]):
            late = register(peer, headers, cseq=50, call_id=made.header("Call-ID"))
            expect_equal(peer.exchange(late).status, 500, f"an older CSeq with {headers}")
        expect(len(binding(pbx)) == 1 and binding(pbx)[0]["expires_s"] <= 600, binding(pbx))
        restarted = register(peer, [("Expires", 700)], cseq=1)  # a new Call-ID: the phone was rebooted
        expect_equal(peer.exchange(restarted).status, 200, "another Call-ID")
        expect_equal(len(binding(pbx)), 1, "bindings")


def test_registrations_survive(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case, "1002")
        peer.register(expires=1800)
        pbx.stop()
        pbx.start()
        rows = binding(pbx, "1002")
        expect(len(rows) == 1 and 1700 < rows[0]["expires_s"] <= 1800, f"after TERM: {rows}")
        other = phone(case, "1003")
        other.register(expires=1800)
        time.sleep(1.0 * SLOWNESS)
        pbx.kill()
        pbx.start()
        expect(len(binding(pbx, "1002")) == 1 and len(binding(pbx, "1003")) == 1, "after kill -9 a second later")
        caller = phone(case)
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
        peer.answer().accept(peer.sdp(40002))
        call.expect(200)
        call.ack()
        call.bye()
        peer.expect("BYE")
        # One that was removed stays removed.
        other.register(expires=0)
        pbx.stop()
        pbx.start()
        expect(not binding(pbx, "1003"), "a removed registration came back")


def test_by_tcp_the_call_takes_the_same_connection(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case, "1002", transport="tcp")
        # An address of a private network in Contact: only the connection itself leads to the phone.
        answer = peer.exchange(register(peer, [("Contact", "<sip:1002@10.9.8.7:5060;transport=tcp>")]))
        expect_equal(answer.status, 200, "REGISTER by TCP")
        expect(binding(pbx, "1002")[0]["source"].startswith("TCP 127.0.0.1:"), "where it came from")
        caller = phone(case)
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
        invite = peer.expect("INVITE")
        expect_equal(len(peer.connections), 1, "connections")
        expect(invite.uri.startswith("sip:1002@10.9.8.7:5060"), "the Contact is the request's URI:", invite.uri)
        expect("/TCP" in invite.header("Via") and "transport=tcp" in invite.header("Contact"), "Via and Contact:", invite)
        answered = sip.Call.incoming(peer, invite)
        answered.accept(peer.sdp(40002))
        call.expect(200)
        call.ack()
        call.bye()
        answered.expect_bye()
        # The connection is gone: nobody can reach the phone, and the registrar knows.
        peer.disconnect(SERVER)
        eventually(lambda: not binding(pbx, "1002"), 3, "the binding ends with its connection")
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
        call.expect_failure(480)


def test_by_tcp_after_a_restart(case):
    """The connection did not survive, but a phone that listens is reached at its Contact."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        peer = phone(case, "1002", transport="tcp")
        peer.register()
        pbx.stop()
        peer.disconnect(SERVER)
        pbx.start()
        expect(binding(pbx, "1002"), "the registration")
        caller = phone(case)
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
        answered = peer.answer()
        answered.accept(peer.sdp(40002))
        call.expect(200)
        call.ack()
        call.bye()
        answered.expect_bye()


def by_edge(edge, *path, contact="<sip:1002@10.9.8.7:5070>", **more):
    """The REGISTER of 1002 as a proxy hands it on, which is `edge` itself."""
    request = register(edge, [("Contact", contact), *(("Path", one) for one in path), *more.pop("headers", ())], **more)
    return edge.exchange(request)


def test_a_phone_behind_a_proxy(case):
    """RFC 3327: calls go to where the REGISTER came from, by the way that its Path names."""
    with Switchroom(case, config.office(case.folder)) as pbx:
        edge, caller = phone(case, "1002"), phone(case)
        path = [f"<sip:edge@127.0.0.66:5099;lr;ob>, <sip:second@{edge.hostport};lr>", "<sips:third.example;lr>"]
        answer = by_edge(edge, *path, headers=[("Require", "path"), ("Supported", "path")])
        expect_equal(answer.status, 200, "REGISTER with a Path")
        expect_equal(answer.all("Path"), path, "Path comes back")
        expect("path" in answer.header("Supported", ""), answer)
        (shown,) = binding(pbx, "1002")
        expect_equal((", ".join(shown["path"]), shown["at"]), (", ".join(path), "127.0.0.1:5060"), "in pbxctl registrations")
        for restarted in (False, True):
            if restarted:
                pbx.stop()
                pbx.start()
            call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
            incoming = edge.answer()
            expect_equal(incoming.request.uri, "sip:1002@10.9.8.7:5070")
            expect_equal(", ".join(incoming.request.all("Route")), ", ".join(path))
            incoming.reply(180)
            call.expect(180, skip=(100,))
            call.cancel()
            expect_equal(incoming.expect_cancel().all("Route"), incoming.request.all("Route"), "CANCEL takes the same way")
            caller.wait_for(200)
            call.expect_failure(487)
        expect_equal(by_edge(edge).all("Path"), [], "none came")
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
        incoming = edge.answer()
        expect(incoming.request.header("Route") is None, "the last REGISTER counts:", incoming.request)
        incoming.refuse(486)
        call.expect_failure(486)


def test_paths_that_lead_nowhere(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        edge = phone(case, "1002")
        for path in ("<sip:strict.example>", "edge", "<tel:+4930123;lr>", ", ".join(["<sip:a.example;lr>"] * 9),
                     f"<sip:{'a' * 300}@a.example;lr>"):
            expect_equal(by_edge(edge, path).status, 400, path)
        expect_equal(by_edge(edge, headers=[("Require", "outbound")]).status, 420)
        expect(not binding(pbx, "1002"), "nothing was bound")


def test_the_listener_that_was_registered_to(case):
    """Through a NAT only the address that the phone sent to can reach it."""
    text = config.office(case.folder, listen=["udp:127.0.0.1:5060", "udp:127.0.0.1:5062", "udp:127.0.0.2:5060"])
    with Switchroom(case, text) as pbx:
        for where in (("127.0.0.1", 5060), ("127.0.0.1", 5062), ("127.0.0.2", 5060)):
            peer = phone(case, "1002")
            peer.server = where
            expect_equal(peer.exchange(register(peer)).status, 200, f"REGISTER at {where}")
            caller = phone(case)
            call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
            invite = peer.expect("INVITE")
            expect_equal(invite.source, where, "where the INVITE comes from")
            expect(f"{where[0]}:{where[1]}" in invite.header("Via") and f"{where[0]}:{where[1]}" in invite.header("Contact"), invite)
            sip.Call.incoming(peer, invite).refuse(486)
            call.expect_failure(486)
            peer.exchange(register(peer, [("Expires", 0)]))


def test_ipv6(case):
    text = config.office(case.folder, listen=["udp:127.0.0.1:5060", "udp:[::1]:5060", "tcp:[::1]:5060"])
    with Switchroom(case, text) as pbx:
        for transport in ("udp", "tcp"):
            peer = sip.Peer(case, "1002", config.password("1002"), transport=transport, host="::1", server="[::1]:5060")
            expect_equal(peer.options().status, 200, "OPTIONS")
            peer.register()
            row = binding(pbx, "1002")[0]
            expect(row["source"].startswith(f"{transport.upper()} [::1]:"), row)
            caller = phone(case)
            call = caller.invite("sip:1002@127.0.0.1", caller.sdp(40000))
            answered = peer.answer()
            expect("[::1]" in answered.request.header("Via") and "[::1]" in answered.request.header("Contact"), answered.request)
            expect("IN IP6 ::1" in answered.request.body, answered.request.body)
            answered.accept(peer.sdp(40002))
            call.expect(200)
            call.ack()
            call.bye()
            answered.expect_bye()
            peer.register(expires=0)


def test_keepalives_of_the_server(case):
    """What keeps a NAT's table and a proxy's idle connection open: asked of the server, for phones that send none."""
    text = config.office(case.folder, profile='keepalive = "1s"')
    with Switchroom(case, text) as pbx:
        natted, plain, tcp = phone(case, "1001"), phone(case, "1002"), phone(case, "1003", transport="tcp")
        natted.exchange(register(natted, [("Contact", "<sip:1001@10.9.8.7:5060>")]))
        plain.register()
        tcp.register()

        def heard(peer, seconds=4.0):
            one = peer.socket if peer.transport == "udp" else next(iter(peer.connections.values()))[0]
            one.settimeout(seconds * SLOWNESS)
            try:
                return one.recv(100)
            except socket.timeout:
                return b""
        expect_equal(heard(natted), b"\r\n\r\n", "to a phone behind NAT")
        expect_equal(heard(natted), b"\r\n\r\n", "and again")
        expect(heard(tcp).startswith(b"\r\n"), "on a connection")
        expect_equal(heard(plain, 0.5), b"", "to one that is not behind NAT")
        natted.exchange(register(natted, [("Contact", "*"), ("Expires", 0)]))
        heard(natted, 1.5)
        expect_equal(heard(natted, 1.5), b"", "after it has gone")


def test_baresip_registers_by_udp_and_tcp(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        one = baresip.Baresip(case, "1001", config.password("1001"), server=SERVER)
        two = baresip.Baresip(case, "1002", config.password("1002"), server=SERVER, transport="tcp", answer="auto")
        one.wait_for("REGISTER_OK")
        two.wait_for("REGISTER_OK")
        rows = {row["extension"]: row for row in pbx.pbxctl("registrations")}
        expect(rows["1001"]["source"].startswith("UDP") and rows["1002"]["source"].startswith("TCP"), rows)
        expect("baresip" in rows["1001"]["user_agent"], rows)
        one.dial("sip:1002@127.0.0.1")
        one.wait_for("CALL_ESTABLISHED")
        two.wait_for("CALL_ESTABLISHED")
        one.hang_up()
        two.wait_for("CALL_CLOSED")


# -- a phone behind NAT -----------------------------------------------------------------------------

NAT = """
table ip nat {
  chain post {
    type nat hook postrouting priority srcnat;
    oifname "out0" masquerade random;
  }
}
table ip fw {
  chain forwarding {
    type filter hook forward priority 0; policy drop;
    iifname "in0" oifname "out0" accept
    ct state established,related accept
  }
}
"""


class Network:
    """Three namespaces of our own: a phone, a router that masquerades, a server; held by sleeping processes."""

    def __init__(self, case):
        self.case = case
        if os.geteuid() != 0:
            raise Skip("namespaces for a NAT want root")
        self.pids = {}
        for name in ("ph", "rt", "sv"):
            child = case.start(f"ns-{name}", ["unshare", "-n", "sleep", "600"])
            mine = os.readlink("/proc/self/ns/net")
            eventually(lambda: os.readlink(f"/proc/{child.process.pid}/ns/net") != mine, 5, "a namespace")
            self.pids[name] = child.process.pid
            self.run(name, "ip", "link", "set", "lo", "up")
        for here, inner, outer, address, gateway in (("ph", "ph0", "in0", "10.77.1.2", "10.77.1.1"),
                                                     ("sv", "sv0", "out0", "198.18.0.2", "198.18.0.1")):
            self.run("rt", "ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
            self.run("rt", "ip", "link", "set", inner, "netns", str(self.pids[here]))
            self.run(here, "ip", "addr", "add", f"{address}/24", "dev", inner)
            self.run(here, "ip", "link", "set", inner, "up")
            self.run("rt", "ip", "addr", "add", f"{gateway}/24", "dev", outer)
            self.run("rt", "ip", "link", "set", outer, "up")
        self.run("ph", "ip", "route", "add", "default", "via", "10.77.1.1")
        self.run("rt", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        rules = case.folder / "nat.nft"
        rules.write_text(NAT)
        self.run("rt", "nft", "-f", str(rules))

    def inside(self, name, *command):
        return ["nsenter", f"--net=/proc/{self.pids[name]}/ns/net", *command]

    def run(self, name, *command):
        done = subprocess.run(self.inside(name, *command), capture_output=True, text=True)
        expect(done.returncode == 0, f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def within(self, name, action):
        """Sockets that `action` makes belong to that namespace."""
        here, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/proc/{self.pids[name]}/ns/net", os.O_RDONLY)
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            expect(libc.setns(there, 0x40000000) == 0, "setns")
            return action()
        finally:
            libc.setns(here, 0x40000000)
            os.close(here)
            os.close(there)


class Behind(Switchroom):
    """The server in the namespace `sv` of a Network."""

    def __init__(self, case, text, network):
        self.network = network
        super().__init__(case, text)

    def start(self, seconds=10.0):
        return self.network.within("sv", lambda: super(Behind, self).start(seconds))


def test_a_phone_behind_nat(case):
    network = Network(case)
    text = config.office(case.folder, host="198.18.0.2", profile='keepalive = "5s"')
    with Behind(case, text, network) as pbx:
        server = "198.18.0.2:5060"
        peer = network.within("ph", lambda: sip.Peer(case, "1002", config.password("1002"), host="10.77.1.2", server=server))
        caller = network.within("sv", lambda: sip.Peer(case, "1001", config.password("1001"), host="198.18.0.2", server=server))
        network.run("rt", "sysctl", "-qw", "net.netfilter.nf_conntrack_udp_timeout=8", "net.netfilter.nf_conntrack_udp_timeout_stream=8")
        answer = peer.register()
        expect("received=198.18.0.1" in answer.header("Via"), "received:", answer)
        outside = int(re.search(r"rport=(\d+)", answer.header("Via"))[1])
        expect_equal(binding(pbx, "1002")[0]["source"], f"UDP 198.18.0.1:{outside}", "where it came from")
        expect("sip:1002@10.77.1.2" in binding(pbx, "1002")[0]["contact"], "what it said")
        # Longer than the router remembers: the server's keepalives hold the way open.
        time.sleep(12)
        call = caller.invite("sip:1002@198.18.0.2", caller.sdp(40000))
        answered = peer.answer()
        expect(answered.request.uri.startswith("sip:1002@10.77.1.2"), "the request's URI:", answered.request.uri)
        answered.reply(180)
        call.expect(180, skip=(100,))
        answered.accept(peer.sdp(40002))
        call.expect(200)
        call.ack()
        call.bye()
        answered.expect_bye()
        # And by TCP: the connection that the phone made is the only way in.
        tcp = network.within("ph", lambda: sip.Peer(case, "1003", config.password("1003"), transport="tcp", host="10.77.1.2", server=server))
        network.within("ph", tcp.register)
        call = caller.invite("sip:1003@198.18.0.2", caller.sdp(40000))
        answered = tcp.answer()
        answered.accept(tcp.sdp(40002))
        call.expect(200)
        call.ack()
        answered.bye()
        caller.expect("BYE")
