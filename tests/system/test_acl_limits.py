"""Who may send, register and call; how many calls; in which context; and a profile without passwords."""
import subprocess
import time

from harness import config, sip
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom

SERVER = "127.0.0.1:5060"
ACL = """
[acl]
office = ["127.0.0.1", "127.0.1.0/24"]
nobody = ["192.0.2.0/24"]
"""


def peer_at(case, host, user="1001", **more):
    return sip.Peer(case, user, config.password(user), host=host, server=SERVER, **more)


def office(case, profile, **more):
    return config.office(case.folder, listen=["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"], profile=profile, host="127.0.0.1",
                         more=ACL, **more)


def test_networks_of_ipv6(case):
    """The same lists, the other family: who may send, register, and call."""
    for address in ("fd00::7", "fd00:1::7", "2001:db8::9"):
        subprocess.run(["ip", "-6", "address", "add", f"{address}/128", "dev", "lo", "nodad"], check=True)
    lists = '[acl]\nsix = ["fd00::/8"]\ndesks = ["fd00::/32", "127.0.0.0/8"]\n'
    text = config.office(case.folder, listen=["udp:127.0.0.1:5060", "udp:[::]:5060"], more=lists,
                         profile='allow = "six"\nallow_register = "desks"\nallow_call = "desks"')
    with Switchroom(case, text) as pbx:
        def at(host):
            return sip.Peer(case, "1001", config.password("1001"), host=host, server="[::1]:5060")
        desk, other, stranger = at("fd00::7"), at("fd00:1::7"), at("2001:db8::9")
        desk.register()
        accepted_call(desk).bye()
        expect_equal(other.options().status, 200, "OPTIONS of another network of the list")
        expect_equal(other.exchange(other.request("REGISTER", "sip:127.0.0.1", to="<sip:1001@127.0.0.1>")).status, 403, "REGISTER")
        other.invite("sip:9196@127.0.0.1", other.sdp(40000)).expect_failure(403)
        stranger.send(stranger.request("OPTIONS", "sip:127.0.0.1"))
        stranger.expect_silence(0.5)
        inside = peer_at(case, "127.0.0.1")  # of the other family, and not on `allow`
        inside.send(inside.request("OPTIONS", "sip:127.0.0.1"))
        inside.expect_silence(0.5)
        expect(pbx.pbxctl("status")["sip_refused"] >= 2, "refused ones are counted")


def accepted_call(peer):
    call = peer.invite("sip:9196@127.0.0.1", peer.sdp(40000))
    call.expect(200)
    call.ack()
    return call


def test_allow(case):
    with Switchroom(case, office(case, 'allow = "office"')) as pbx:
        peer_at(case, "127.0.0.1").register()
        peer_at(case, "127.0.1.77").register()
        stranger = peer_at(case, "127.0.2.1")
        stranger.send(stranger.request("OPTIONS", f"sip:{SERVER}"))
        stranger.send(stranger.request("REGISTER", f"sip:{SERVER}"))
        stranger.expect_silence(0.5)
        by_tcp = peer_at(case, "127.0.2.1", transport="tcp")
        import socket
        wire = socket.create_connection(("127.0.0.1", 5060), source_address=("127.0.2.1", 0))
        wire.settimeout(3)
        try:
            wire.sendall(by_tcp.request("OPTIONS", f"sip:{SERVER}").encode())
            got = wire.recv(100)
        except ConnectionError:
            got = b""
        expect_equal(got, b"", "a connection from outside the list is closed")
        wire.close()
        expect(pbx.pbxctl("status")["sip_refused"] >= 3, "it is counted")


def test_allow_register_and_allow_call(case):
    with Switchroom(case, office(case, 'allow_register = "office"')) as pbx:
        stranger = peer_at(case, "127.0.2.1")
        expect_equal(stranger.options().status, 200, "OPTIONS")
        answer = stranger.exchange(stranger.request("REGISTER", "sip:127.0.0.1"))
        expect_equal(answer.status, 403, "REGISTER")
        accepted_call(stranger).bye()
        pbx.wait_for_log(r"REGISTER from 127\.0\.2\.1 refused: its address is not on the profile's access list")
    with Switchroom(case, office(case, 'allow_call = "office"')):
        stranger = peer_at(case, "127.0.2.1")
        stranger.register()
        call = stranger.invite("sip:9196@127.0.0.1", stranger.sdp(40000))
        call.expect_failure(403)
        accepted_call(peer_at(case, "127.0.0.1")).bye()


def test_max_calls(case):
    with Switchroom(case, config.office(case.folder, max_calls=2)) as pbx:
        peer = peer_at(case, "127.0.0.1")
        first, second = accepted_call(peer), accepted_call(peer)
        third = peer.invite("sip:9196@127.0.0.1", peer.sdp(40000))
        answer = third.expect_failure(503)
        expect(int(answer.header("Retry-After")) > 0, answer)
        expect_equal(pbx.pbxctl("status")["calls_refused"], 1, "calls_refused")
        pbx.wait_for_log(r"is refused: 2 calls are up, which is max_calls")
        first.bye()
        eventually(lambda: pbx.pbxctl("status")["calls"] == 1, 3, "a free place")
        accepted_call(peer).bye()
        second.bye()


def test_calls_per_second(case):
    with Switchroom(case, config.office(case.folder, calls_per_second=3)) as pbx:
        peer = peer_at(case, "127.0.0.1")
        time.sleep(1.1)
        calls, refusals = [], []
        for _ in range(12):
            call = peer.invite("sip:9196@127.0.0.1", peer.sdp(40000))
            answer = call.expect(200, 503)
            if answer.status == 200:
                call.ack()
                calls.append(call)
            else:
                call.ack_failure(answer)
                refusals.append(answer)
        expect(3 <= len(calls) <= 8, f"{len(calls)} of 12 calls in a moment were taken")
        expect(refusals and all(int(one.header("Retry-After")) > 0 for one in refusals), refusals[:1])
        time.sleep(1.1)
        calls.append(accepted_call(peer))
        for call in calls:
            call.bye()


CONTEXTS = r"""
[[contexts.default]]
when = { destination_number = '^9196$' }
do = ["answer", "echo"]

[[contexts.guests]]
when = { destination_number = '^9196$' }
do = ["respond 486"]
"""


def test_the_extensions_own_context(case):
    more = '[extensions.1004]\npassword = "%s"\ncontext = "guests"\n' % config.password("1004")
    with Switchroom(case, config.office(case.folder, CONTEXTS, more=more)) as pbx:
        accepted_call(peer_at(case, "127.0.0.1")).bye()
        guest = peer_at(case, "127.0.0.1", "1004")
        guest.invite("sip:9196@127.0.0.1", guest.sdp(40000)).expect_failure(486)
        contexts = {row["caller_id_number"]: row["context"] for row in pbx.wait_for_cdr(2)}
        expect_equal(contexts, {"1001": "default", "1004": "guests"}, "the records' contexts")


def test_a_profile_without_passwords(case):
    """It takes calls without a challenge, and still no registration: that would redirect an extension's calls."""
    more = '[extensions.1004]\npassword = "%s"\ncontext = "guests"\n' % config.password("1004")
    with Switchroom(case, config.office(case.folder, CONTEXTS, auth=False, more=more)) as pbx:
        carrier = sip.Peer(case, "15551234567", server=SERVER)
        call = carrier.invite("sip:9196@127.0.0.1", carrier.sdp(40000))
        call.expect(200)
        call.ack()
        call.bye()
        row = pbx.wait_for_cdr()[0]
        expect_equal(row["caller_id_number"], "15551234567", "who called")
        thief = sip.Peer(case, "1001", server=SERVER)
        answer = thief.exchange(thief.request("REGISTER", "sip:127.0.0.1", to="<sip:1001@127.0.0.1>"))
        expect_equal(answer.status, 401, "REGISTER is challenged all the same")
        expect(not pbx.pbxctl("registrations"), "nothing was bound")
        # A caller who says that he is an extension is none: its context (which is busy) is not his.
        pretender = sip.Peer(case, "1004", server=SERVER)
        call = pretender.invite("sip:9196@127.0.0.1", pretender.sdp(40000))
        call.expect(200)
        call.ack()
        call.bye()
