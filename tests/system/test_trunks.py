"""Trunks: registration, pings, digest, names and their changes, calls out and in."""
# ctest: timeout=180
import subprocess
import time

from harness import config, rtp, sip, sound
from harness.calls import dial, expect_nothing_left, phone, port_of
from harness.case import eventually, expect, expect_equal
from harness.dns import NameServer
from harness.switchroom import Switchroom, check, executable
from harness.trunks import ACCOUNT, PASSWORD, Carrier, carrier, office, trunk

OUT = r"""
[[contexts.default]]
name = "by trunk"
when = { destination_number = '^9(\d+)$' }
do   = ["bridge trunk/itsp/$1"]
[[contexts.default]]
name = "colleagues"
when = { destination_number = '^(10\d\d)$' }
do   = ["bridge user/$1"]
"""
INBOUND = """
[[inbound]]
did = "+15551234567"
to = "1001"
"""


def state(pbx, name="itsp"):
    return next(row for row in pbx.pbxctl("trunks") if row["trunk"] == name)


def wait_for_state(pbx, wanted, name="itsp", seconds=10.0):
    return eventually(lambda: (row := state(pbx, name))["state"] == wanted and row, seconds, f"trunk {name} {wanted}")


def registers(carrier_peer):
    return [message for message in carrier_peer.seen if message.method == "REGISTER"]


# -- with another Switchroom as the carrier ---------------------------------------------------------

def test_an_office_and_its_carrier(case):
    """Registers with a password, calls out with sound both ways, is called, and says goodbye at its end."""
    inbound = INBOUND.replace("+15551234567", ACCOUNT)
    with carrier(case) as far, Switchroom(case, office(case, trunk(), inbound, contexts=OUT)) as pbx:
        row = wait_for_state(pbx, "registered")
        expect(0 < row["expires_s"] <= 3600, row)
        expect_equal([one["extension"] for one in far.pbxctl("registrations")], [ACCOUNT])
        a, far_phone = phone(case, "1001"), phone(case, "2001", server="127.0.0.9:5060")
        streams = [rtp.Stream(case), rtp.Stream(case)]
        out = dial(a, "92001", a.sdp(streams[0].port))
        there = far_phone.answer()
        expect(ACCOUNT in there.request.header("From"), "the caller has no number for outside: the account stands in From")
        there.reply(180)
        there.accept(far_phone.sdp(streams[1].port))
        answered = out.expect(200)
        out.ack()
        streams[0].start(("127.0.0.1", port_of(answered)), sound.tone(440, 4))
        streams[1].start(("127.0.0.9", port_of(there.request)), sound.tone(600, 4))
        streams[1].expect_tone(440, seconds=2)
        streams[0].expect_tone(600, seconds=2)
        a.send(out.make("BYE"), out.to)
        there.expect_bye()
        a.expect(200)
        # and in: this carrier dials the contact that it was given, and so the account
        far_call = dial(far_phone, "15551234567", far_phone.sdp(40000))
        here = a.answer(seconds=10)
        here.reply(180)
        here.accept(a.sdp(40002))
        far_call.expect(200)
        far_call.ack()
        far_phone.send(far_call.make("BYE"), far_call.to)
        here.expect_bye()
        far_phone.expect(200)
        row = state(pbx)
        expect_equal((row["calls_in"], row["calls_out"]), (1, 1))
        expect_nothing_left(pbx)
        pbx.stop()
        expect_equal([one["extension"] for one in far.pbxctl("registrations")], ["2001"], "it took its registration back")
        expect_nothing_left(far)


# -- registration -----------------------------------------------------------------------------------

def test_a_wrong_password_is_told_in_words_and_not_tried_again_at_once(case):
    with carrier(case) as far, Switchroom(case, office(case, trunk(password="wrong-But-Long-1", retry_min="1s"))) as pbx:
        row = wait_for_state(pbx, "failed")
        expect("401" in row["last_failure"] and "wrong user name or password" in row["last_failure"], row)
        expect(row["next_try_s"] > 60, "an account is not knocked at every second", row)
        expect_equal(far.pbxctl("status")["wrong_credentials"], 1, "one wrong answer")
        log = pbx.log
        expect("wrong-But-Long-1" not in log, "the password is nowhere")


def test_refresh_expiry_and_min_expires(case):
    far = Carrier(case)

    def brief(request):
        if int(request.header("Expires")) < 60:
            return far.peer.response(request, 423, "Interval Too Brief", headers=[("Min-Expires", 60)])
        return far.peer.response(request, 200, headers=[("Contact", f"{request.header('Contact')};expires=2")])
    far.rules["REGISTER"] = brief
    with Switchroom(case, office(case, trunk(expires="30s"))) as pbx:
        wait_for_state(pbx, "registered")
        first = registers(far)
        expect_equal([int(one.header("Expires")) for one in first[:2]], [30, 60], "423 raises what is asked for")
        eventually(lambda: far.count("REGISTER") >= 4, 8, "refreshes before two seconds are over")
        expect_equal(len({one.header("Call-ID") for one in registers(far)}), 1, "one Call-ID")
        numbers = [one.cseq[0] for one in registers(far)]
        expect_equal(numbers, sorted(set(numbers)), "CSeq counts up")
        # gone for longer than the binding: failed, and registered again without anybody's help
        far.rules["REGISTER"] = 500
        wait_for_state(pbx, "failed")
        far.rules["REGISTER"] = far.registered
        pbx.pbxctl("trunk", "register", "itsp")
        wait_for_state(pbx, "registered")
        pbx.stop()
        expect_equal(registers(far)[-1].header("Expires"), "0", "unregistered at the end")


def test_pauses_grow_and_retry_after_is_honoured(case):
    far = Carrier(case)
    far.rules["REGISTER"] = 500
    with Switchroom(case, office(case, trunk(retry_min="1s", retry_max="4s"))) as pbx:
        eventually(lambda: far.count("REGISTER") >= 4, 15, "tries")
        at = [one.at for one in registers(far)]
        gaps = [b - a for a, b in zip(at, at[1:])]
        expect(gaps[0] < gaps[1] < gaps[2] and gaps[0] >= 0.7, f"the pauses grow: {gaps}")
        far.rules["REGISTER"] = lambda request: far.peer.response(request, 503, headers=[("Retry-After", 120)])
        pbx.pbxctl("trunk", "register", "itsp")
        eventually(lambda: 60 < state(pbx)["next_try_s"] <= 120, 5, "Retry-After")


def test_credentials_stay_at_home(case):
    """For another realm than the file's, from a redirect, or from whom a call's Contact names: never."""
    far = Carrier(case)
    thief = Carrier(case, host="127.0.0.66")
    far.rules["REGISTER"] = far.challenge("evil.example")
    with Switchroom(case, office(case, trunk(realm="itsp.example"), contexts=OUT)) as pbx:
        row = wait_for_state(pbx, "failed")
        expect("another realm" in row["last_failure"], row)
        far.rules["REGISTER"] = lambda request: far.peer.response(request, 302, headers=[("Contact", "<sip:127.0.0.66>")])
        pbx.pbxctl("trunk", "register", "itsp")
        eventually(lambda: "302" in state(pbx)["last_failure"], 5, "the redirect")
        far.rules["REGISTER"] = far.challenge("itsp.example")
        pbx.pbxctl("trunk", "register", "itsp")
        wait_for_state(pbx, "registered")
        a = phone(case, "1001")
        out = dial(a, "9123")
        call = far.next_call()
        call.reply(200, body=far.peer.sdp(40100), headers=[])
        far.next("ACK")
        out.expect(200)
        out.ack()
        # the far end moves the dialog to another host, which challenges our BYE for the right realm
        far.peer.send(call.make("UPDATE", [("Contact", "<sip:x@127.0.0.66:5060>")]), call.to)
        far.next(200)
        far.peer.send(far.peer.request("OPTIONS", "sip:127.0.0.1:5080"), ("127.0.0.1", 5080))
        far.next(200)
        thief.rules["BYE"] = thief.challenge("itsp.example", then=lambda request: thief.peer.response(request, 200))
        a.send(out.make("BYE"), out.to)
        a.expect(200)
        eventually(lambda: thief.count("BYE") >= 1, 5, "the BYE goes where the dialog leads")
        time.sleep(0.5)
        for message in thief.seen:
            expect(message.header("Authorization") is None, "credentials went to another host:", message)
        stolen = [one for one in far.seen if one.header("Authorization") and "evil" in one.header("Authorization")]
        expect(not stolen, stolen)
        expect_nothing_left(pbx)


def test_a_challenge_without_end_is_not_answered_without_end(case):
    far = Carrier(case)
    count = iter(range(1000))
    far.rules["REGISTER"] = lambda request: far.peer.response(request, 401, headers=[
        ("WWW-Authenticate", f'Digest realm="r", nonce="n{next(count)}", stale=true, qop="auth"')])
    with Switchroom(case, office(case, trunk())) as pbx:
        wait_for_state(pbx, "failed")
        expect(far.count("REGISTER") <= 3, f"{far.count('REGISTER')} REGISTERs")


def test_sha256_and_a_stale_nonce(case):
    far = Carrier(case)

    def rule(request):
        given = request.header("Authorization")
        if given is None or 'nonce="old"' in given:
            stale, nonce = ("", "old") if given is None else (", stale=true", "new")
            return far.peer.response(request, 401, headers=[
                ("WWW-Authenticate", f'Digest realm="r", nonce="{nonce}", algorithm=SHA-256, qop="auth"{stale}')])
        wanted = sip.authorization(f'Digest realm="r", nonce="new", algorithm=SHA-256, qop="auth"', ACCOUNT, PASSWORD,
                                   "REGISTER", request.uri, cnonce=sip.parameters(given)["cnonce"])
        right = sip.parameters(wanted)["response"] == sip.parameters(given)["response"]
        return far.registered(request) if right else far.peer.response(request, 403)
    far.rules["REGISTER"] = rule
    with Switchroom(case, office(case, trunk())) as pbx:
        wait_for_state(pbx, "registered")
        expect_equal(far.count("REGISTER"), 3)


def test_reload(case):
    """Another password registers anew; a trunk that is gone is unregistered; one that stays is left alone."""
    far, other = Carrier(case), Carrier(case, host="127.0.0.10")
    both = trunk() + trunk("second", host="127.0.0.10")
    with Switchroom(case, office(case, both)) as pbx:
        wait_for_state(pbx, "registered")
        wait_for_state(pbx, "registered", "second")
        pbx.reload(office(case, trunk(password="another-Good-Word-4") + trunk("second", host="127.0.0.10")))
        eventually(lambda: far.count("REGISTER") == 2, 5, "registered anew")
        expect_equal(registers(far)[-1].header("Expires"), "3600", "and not taken back")
        expect_equal(other.count("REGISTER"), 1, "the other was left alone")
        pbx.reload(office(case, trunk(password="another-Good-Word-4")))
        eventually(lambda: other.count("REGISTER") == 2, 5, "unregistered")
        expect_equal(registers(other)[-1].header("Expires"), "0")
        expect_equal([row["trunk"] for row in pbx.pbxctl("trunks")], ["itsp"])


# -- OPTIONS ----------------------------------------------------------------------------------------

def test_pings_down_and_up(case):
    far = Carrier(case)
    with Switchroom(case, office(case, trunk(register=False, ping="1s", ping_max=2, ping_min=2), contexts=OUT)) as pbx:
        wait_for_state(pbx, "up")
        far.rules["OPTIONS"] = 404  # an answer is an answer
        seen = far.count("OPTIONS")
        eventually(lambda: far.count("OPTIONS") > seen + 1, 5, "pings")
        expect_equal(state(pbx)["state"], "up")
        far.rules["OPTIONS"] = 503
        row = wait_for_state(pbx, "down")
        expect("503" in row["last_failure"], row)
        a = phone(case, "1001")
        out = dial(a, "9123")
        out.expect_failure(503)
        expect_equal(far.count("INVITE"), 0, "a trunk that is down is passed over")
        pbx.wait_for_log("trunk itsp is passed over for 123: it is down")
        far.rules["OPTIONS"] = 200
        wait_for_state(pbx, "up")
        out = dial(a, "9123")
        far.refuse(far.next_call(), 486)
        out.expect_failure(486)
        expect(any(event["event"] == "trunk.down" for event in pbx.pbxctl("events", "trunk")), "an event")
        expect_nothing_left(pbx)


# -- names ------------------------------------------------------------------------------------------

def test_srv_failover(case):
    """The first server is silent, the second busy with 503, the third takes the call."""
    dns = NameServer(case)
    dns.srv("_sip._udp.itsp.test", [(10, 0, 5070, "one.itsp.test"), (20, 0, 5071, "two.itsp.test"),
                                    (30, 0, 5072, "three.itsp.test")])
    for number, name in enumerate(("one", "two", "three")):
        dns.set(f"{name}.itsp.test", f"127.0.0.{21 + number}")
    silent, busy = Carrier(case, "127.0.0.21", 5070), Carrier(case, "127.0.0.22", 5071)
    good = Carrier(case, "127.0.0.23", 5072)
    settings = trunk(host="itsp.test", register=False)
    with Switchroom(case, office(case, settings, contexts=OUT)) as pbx:
        a = phone(case, "1001")
        out = dial(a, "9123")
        call = busy.next_call(seconds=12)
        expect_equal(call.request.uri, "sip:123@itsp.test", "the name stays in the URI")
        busy.refuse(call, 503)
        third = good.next_call()
        expect(silent.count("INVITE") >= 2, "the first was asked, several times")
        expect_equal(third.request.header("Call-ID"), call.request.header("Call-ID"), "it is the same call")
        good.accept(third)
        out.expect(200, seconds=5)
        out.ack()
        a.send(out.make("BYE"), out.to)
        good.peer.reply(good.next("BYE"), 200)
        a.expect(200)
        expect_nothing_left(pbx)


def test_registration_moves_to_the_next_server_and_follows_dns(case):
    dns = NameServer(case)
    dns.srv("_sip._udp.itsp.test", [(10, 0, 5060, "one.itsp.test"), (20, 0, 5060, "two.itsp.test")], ttl=1)
    dns.set("one.itsp.test", "127.0.0.21", ttl=1)
    dns.set("two.itsp.test", "127.0.0.22", ttl=1)
    one, two = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    one.rules["REGISTER"] = 503
    with Switchroom(case, office(case, trunk(host="itsp.test"))) as pbx:
        wait_for_state(pbx, "registered")
        expect_equal((one.count("REGISTER"), two.count("REGISTER")), (1, 1))
        three = Carrier(case, "127.0.0.23")
        dns.srv("_sip._udp.itsp.test", [(10, 0, 5060, "three.itsp.test")], ttl=300)
        dns.set("three.itsp.test", "127.0.0.23", ttl=300)
        eventually(lambda: three.count("REGISTER") >= 1, 25, "it follows the name within its TTL, not at the next refresh")
        asked = len(dns.asked)
        time.sleep(1.5)
        expect_equal(len(dns.asked), asked, "DNS is left alone while its answer is good")


def test_a_name_that_does_not_exist(case):
    NameServer(case)
    with Switchroom(case, office(case, trunk(host="nowhere.test"), contexts=OUT)) as pbx:
        row = wait_for_state(pbx, "failed")
        expect("nowhere.test: there is no such name" in row["last_failure"], row)
        a = phone(case, "1001")
        dial(a, "9123").expect_failure(503)
        expect_nothing_left(pbx)


# -- calls ------------------------------------------------------------------------------------------

def called(case, keys, extension="", headers=(), **more):
    """The INVITE that a carrier gets for a call of 1001 to 9123."""
    far = Carrier(case)
    text = office(case, trunk(**keys), contexts=OUT, extensions=("1002",),
                  profile="", **more) + f'\n[extensions.1001]\nname = "Alice"\npassword = "{config.password("1001")}"\n{extension}\n'
    with Switchroom(case, text) as pbx:
        if keys.get("register") is not False:
            wait_for_state(pbx, "registered")
        a = phone(case, "1001")
        out = dial(a, "9123", headers=headers)
        call = far.next_call()
        far.refuse(call, 486)
        out.expect_failure(486)
        expect_nothing_left(pbx)
        return call.request


def test_caller_id_in_from(case):
    request = called(case, {}, 'caller_id = "15559876543"')
    expect("<sip:15559876543@127.0.0.9>" in request.header("From"), request)
    expect("1001" not in str(request) and "Alice" not in str(request), "the inside shows:", request)
    expect_equal(request.uri, "sip:123@127.0.0.9")


def test_caller_id_in_p_asserted_identity(case):
    request = called(case, {"caller_id": "pai", "from_domain": "itsp.example"}, 'caller_id = "15559876543"')
    expect(f"<sip:{ACCOUNT}@itsp.example>" in request.header("From"), request)
    expect("<sip:15559876543@itsp.example>" in request.header("P-Asserted-Identity"), request)


def test_caller_id_in_remote_party_id(case):
    request = called(case, {"caller_id": "rpid"}, 'caller_id = "15559876543"')
    expect(f"<sip:{ACCOUNT}@127.0.0.9>" in request.header("From"), request)
    expect("<sip:15559876543@127.0.0.9>" in request.header("Remote-Party-ID"), request)


def test_privacy_towards_a_carrier(case):
    """From hides the number, P-Asserted-Identity tells it to the carrier, Privacy to tell nobody else."""
    request = called(case, {}, 'caller_id = "15559876543"', headers=[("Privacy", "id")])
    expect("sip:anonymous@anonymous.invalid" in request.header("From"), request)
    expect("15559876543" in request.header("P-Asserted-Identity"), request)
    expect_equal(request.header("Privacy"), "id")


def test_the_trunk_s_codecs(case):
    request = called(case, {"codecs": ["PCMA"], "register": False})
    media = request.body.split("m=audio ")[1].splitlines()[0].split()[2:]
    expect_equal(media[0], "8", "PCMA")
    expect("0" not in media, "PCMU is not the trunk's")


def test_digest_on_a_call_and_tcp(case):
    """A trunk that does not register, by TCP, and a 407 on the INVITE."""
    far = Carrier(case, transport="tcp")
    with Switchroom(case, office(case, trunk(register=False, transport="tcp", realm="itsp.example"), contexts=OUT)) as pbx:
        a = phone(case, "1001")
        out = dial(a, "9123")
        call = far.next_call()
        call.reply(407, headers=[("Proxy-Authenticate", 'Digest realm="itsp.example", nonce="abc", qop="auth"')])
        far.next("ACK")
        again = far.next_call()
        given = again.request.header("Proxy-Authorization")
        expect(f'username="{ACCOUNT}"' in given, given)
        right = sip.authorization('Digest realm="itsp.example", nonce="abc", qop="auth"', ACCOUNT, PASSWORD, "INVITE",
                                  again.request.uri, cnonce=sip.parameters(given)["cnonce"])
        expect_equal(sip.parameters(given)["response"], sip.parameters(right)["response"])
        again.reply(407, headers=[("Proxy-Authenticate", 'Digest realm="itsp.example", nonce="def", qop="auth"')])
        far.next("ACK")
        out.expect_failure(403)
        expect_nothing_left(pbx)


def test_a_trunk_on_the_phones_profile(case):
    """One port for all: the trunk's own address and port are not challenged, and its calls enter public."""
    far = Carrier(case)
    text = config.office(case.folder, contexts="", more=trunk(username=None, password=None) + INBOUND)
    with Switchroom(case, text) as pbx:
        a = phone(case, "1001")
        far.peer.send(far.peer.request("INVITE", "sip:15551234567@127.0.0.1", body=far.peer.sdp(40100)), ("127.0.0.1", 5060))
        here = a.answer()
        here.refuse(486)
        eventually(lambda: any(message.status == 486 for message in far.others), 5, "486")
        stranger = sip.Peer(case, "carrier", host="127.0.0.9", port=5099)
        call = stranger.invite("sip:15551234567@127.0.0.1", stranger.sdp(40100), server="127.0.0.1:5060")
        call.expect_failure(401)


# -- check ------------------------------------------------------------------------------------------

def test_check_finds_what_cannot_work(case):
    def problems(trunks, more=""):
        status, text = check(case, office(case, trunks, more))
        expect_equal(status != 0, True, text)
        return text
    expect("needs a username" in problems(trunk(username=None, password=None, register=True)))
    expect("has no password" in problems(trunk(password=None)))
    expect("did you mean external" in problems(trunk(profile="externall")))
    expect("retry_max is shorter" in problems(trunk(retry_min="1h", retry_max="1m")))
    expect("does not listen on tcp" in problems(trunk(transport="tcp", profile="x") + '[profiles.x]\nlisten=["udp:127.0.0.1:5099"]\ncontext="public"\n'))
    expect("is neither" in problems(trunk(host="sip:x")))
    expect("there is no [trunks.itps]; did you mean itsp" in problems(
        trunk(), "\n[[contexts.default]]\nname='x'\ndo=['bridge trunk/itps/1']\n"))


def test_a_start_that_fails_ends_cleanly(case):
    """With trunks in the file and a socket that cannot be had: an error, not a crash."""
    text = office(case, trunk()).replace(f'{case.folder}/control.sock', '/proc/none/control.sock')
    path = case.folder / "switchroom.toml"
    path.write_text(text)
    path.chmod(0o600)
    done = subprocess.run([executable(), "--config", str(path)], capture_output=True, text=True, timeout=30)
    expect_equal(done.returncode, 1, done.stderr)
