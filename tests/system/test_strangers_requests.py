# ctest: timeout=180
"""MESSAGE, SUBSCRIBE, NOTIFY, INFO, REFER, PUBLISH and the like of somebody who has not shown who he is: answered,
and nothing comes of them. Neither outside of a call nor by naming one."""
import secrets
import subprocess
import time

from harness import config, mailbox, rtp, sip, sound, talk, trunks
from harness.case import eventually, expect, expect_equal
from harness.calls import expect_nothing_left
from harness.dns import NameServer
from harness.hostile import NEVER_LOOKED_UP
from harness.switchroom import Switchroom

SERVER = ("127.0.0.1", 5060)
STAFF, STRANGER, CARRIER = "127.0.0.7", "127.0.0.66", "127.0.0.9"
KEY = "Signal=5\r\nDuration=160\r\n"
PIDF = ('<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:1001@127.0.0.1"><tuple id="a">'
        '<status><basic>open</basic></status></tuple></presence>')

# By method: what it asks for, with names that nobody shall look up, and the answer to somebody unknown.
WISHES = {
    "MESSAGE": ([("Content-Type", "text/plain"), ("Contact", f"<sip:m.{NEVER_LOOKED_UP}>")], "call me", 405),
    "SUBSCRIBE": ([("Event", "message-summary"), ("Expires", 600), ("Contact", f"<sip:s.{NEVER_LOOKED_UP}>")], "", 401),
    "NOTIFY": ([("Event", "message-summary"), ("Subscription-State", "active"),
                ("Content-Type", "application/simple-message-summary")], "Messages-Waiting: yes\r\n", 405),
    "INFO": ([("Content-Type", "application/dtmf-relay")], KEY, 481),
    "REFER": ([("Refer-To", f"<sip:1002@r.{NEVER_LOOKED_UP}>"), ("Referred-By", f"<sip:1001@b.{NEVER_LOOKED_UP}>")], "", 405),
    "PUBLISH": ([("Event", "presence"), ("Expires", 600), ("Content-Type", "application/pidf+xml")], PIDF, 405),
    "UPDATE": ([], sip.sdp(40000), 481),
    "PRACK": ([("RAck", "1 1 INVITE")], "", 481),
    "BYE": ([], "", 481),
    "SERVICE": ([], "", 501),
}
IN_A_CALL = ("MESSAGE", "SUBSCRIBE", "NOTIFY", "INFO", "REFER", "PUBLISH")


def office(case, more="", **changes):
    """Phones on every address of this machine, a trunk that shares their profile, and the mailboxes' lamps."""
    changes.setdefault("listen", ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"])
    line = trunks.trunk(host=CARRIER, register=False, profile="internal", context="default")
    return config.office(case.folder, more=line + more, **changes)


def peer(case, user, password, host, transport="udp"):
    return sip.Peer(case, user, password, host=host, server="127.0.0.1:5060", transport=transport)


def wish(who, method, target="sip:1002@127.0.0.1"):
    headers, body, _ = WISHES[method]
    return who.request(method, target, headers, body)


def expect_nothing_done(pbx, *peers, what=""):
    """No call; no phone heard of it, and who asked is not told anything, as a subscriber would be."""
    status = pbx.pbxctl("status")
    expect_equal({name: status[name] for name in ("calls", "calls_total", "dialogs", "rtp_ports")},
                 {"calls": 0, "calls_total": 0, "dialogs": 0, "rtp_ports": 0}, what)
    for one in peers:
        one.expect_silence(0.2)


def phones_of(case, *numbers):
    return [talk.phone(case, number, host=STAFF) for number in numbers]


def test_of_strangers_outside_of_any_call(case):
    """With no credentials, however often: an answer, and no ban, since nothing was guessed."""
    dns = NameServer(case)
    with Switchroom(case, office(case, "[bans]\nmax_failures = 3\n")) as pbx:
        phones = phones_of(case, "1001", "1002")
        for transport in ("udp", "tcp"):
            for host in (STRANGER, CARRIER):
                stranger = peer(case, "1001", "", host, transport)
                for method, (_, _, wanted) in WISHES.items():
                    for _ in range(2):
                        answer = stranger.exchange(wish(stranger, method), credentials=False)
                        expect_equal(answer.status, wanted, f"{method} by {transport} from {host}")
                    if wanted == 405:
                        expect(method not in answer.header("Allow"), f"{method} is offered")
                expect_nothing_done(pbx, stranger, *phones, what=f"by {transport} from {host}")
        expect_equal(pbx.pbxctl("bans"), [], "bans")
        expect_equal(dns.asked, [], "questions to DNS")
        expect_nothing_left(pbx)


def test_of_guessers(case):
    """A wrong password counts where it is looked at, and is looked at where somebody may sign in."""
    with Switchroom(case, office(case, "[bans]\nmax_failures = 4\n")) as pbx:
        phones = phones_of(case, "1001", "1002")
        guesser = peer(case, "1001", "guess-number-1", STRANGER)
        for method in WISHES:
            answer = guesser.exchange(wish(guesser, method))
            expect_equal(answer.status, WISHES[method][2], method)
        expect_equal(pbx.pbxctl("status")["wrong_credentials"], 1, "only the SUBSCRIBE was signed")
        for _ in range(2):
            expect_equal(guesser.exchange(wish(guesser, "SUBSCRIBE")).status, 401)
        expect_equal(pbx.pbxctl("bans"), [], "bans after three")
        challenge = guesser.exchange(wish(guesser, "SUBSCRIBE"), credentials=False)
        for method in ("MESSAGE", "REFER", "PUBLISH", "NOTIFY"):  # credentials that nobody asked for
            expect_equal(guesser.exchange(guesser.authenticated(wish(guesser, method), challenge), credentials=False).status, 405)
        expect_equal(pbx.pbxctl("bans"), [], "bans after what no password opens")
        guesser.exchange(wish(guesser, "SUBSCRIBE"))
        row = eventually(lambda: pbx.pbxctl("bans"), 5, "the ban")[0]
        expect(row["address"] == STRANGER and "wrong passwords" in row["why"], row)
        expect_nothing_done(pbx, guesser, *phones, what="of a guesser")


def test_of_somebody_who_signed_in(case):
    """There are no messages, transfers from outside of a call and states to publish; lamps are one's own."""
    with Switchroom(case, office(case)) as pbx:
        [other] = phones_of(case, "1002")
        phone = peer(case, "1001", config.password("1001"), STAFF)
        for method, (_, _, wanted) in WISHES.items():
            if method == "SUBSCRIBE":
                continue
            challenge = phone.exchange(wish(phone, "SUBSCRIBE"), credentials=False)
            signed = phone.authenticated(wish(phone, method), challenge)
            expect_equal(phone.exchange(signed, credentials=False).status, wanted, method)
        for package in ("presence", "dialog", "refer", "reg", "message-summary.winfo", ""):
            answer = phone.exchange(phone.request("SUBSCRIBE", "sip:1002@127.0.0.1", [("Event", package), ("Expires", 600)]))
            expect(answer.status in (400, 489), f"{package!r} was answered {answer.status}")
        expect_equal(phone.exchange(wish(phone, "SUBSCRIBE")).status, 403, "somebody else's lamp")
        expect_nothing_done(pbx, phone, other, what="of somebody who signed in")
        own = phone.exchange(phone.request("SUBSCRIBE", "sip:1001@127.0.0.1", [("Event", "message-summary"), ("Expires", 600)]))
        expect_equal(own.status, 200, "one's own lamp")
        phone.reply(phone.wait_for("NOTIFY"), 200)


def inside(who, method, call, **changed):
    """The wish as if it belonged to this call; `changed` replaces what names it."""
    headers, body, _ = WISHES[method]
    names = {"from_": call.local, "to": call.remote, "call_id": call.call_id, **changed}
    return who.request(method, "sip:1002@127.0.0.1:5060", headers, body, cseq=call.cseq + 1000, **names)


def test_of_strangers_who_name_a_call(case):
    """By guessed names there is no such call. By its true ones, seen on the way, it is still not theirs: the
    digits, transfers and messages of a call come from where its phones are."""
    with Switchroom(case, office(case)) as pbx:
        both = talk.Talk(case, a=talk.phone(case, "1001", False, host=STAFF), b=talk.phone(case, "1002", host=STAFF),
                         sa=rtp.Stream(case, host=STAFF), sb=rtp.Stream(case, host=STAFF))
        both.speak(sound.silence(1), sound.tone(600, 1))
        both.sb.wait_for(25)
        forger = peer(case, "1001", "", STRANGER)
        tag = secrets.token_hex(8)
        guesses = {"Call-ID": {"call_id": tag}, "our tag": {"to": f"<sip:1002@127.0.0.1>;tag={tag}"},
                   "his tag": {"from_": f"<sip:1001@127.0.0.1>;tag={tag}"}}
        for method in (*IN_A_CALL, "BYE", "UPDATE"):
            for what, changed in guesses.items():
                answer = forger.exchange(inside(forger, method, both.call, **changed), credentials=False)
                wanted = 403 if what == "his tag" and method in IN_A_CALL else 481
                expect_equal(answer.status, wanted, f"{method} with a guessed {what}")
        for method in IN_A_CALL:
            for call in (both.call, both.incoming):
                answer = forger.exchange(inside(forger, method, call), credentials=False)
                expect_equal(answer.status, 403, f"{method} with the names of a call")
        time.sleep(0.5)
        expect_equal(both.sb.digits() + both.sa.digits(), "", "digits")
        expect_equal((pbx.pbxctl("status")["calls"], pbx.pbxctl("bans")), (1, []))
        # The phone itself is heard, with its own next number: a forger has not used it up.
        expect_equal(both.call.ask("INFO", [("Content-Type", "application/dtmf-relay")], KEY).status, 200)
        eventually(lambda: both.sb.digits() == "5", 3, "the digit")
        both.end()
        expect_nothing_left(pbx)


def test_a_subscription_belongs_to_where_it_was_made(case):
    """A refresh is not challenged: from elsewhere it is none, and what is told goes on to the phone alone."""
    with Switchroom(case, mailbox.office(case, listen=["udp:0.0.0.0:5060"])) as pbx:
        phone = peer(case, "1001", config.password("1001"), STAFF)
        request = phone.request("SUBSCRIBE", "sip:1001@127.0.0.1", [("Event", "message-summary"), ("Expires", 600)])
        answer = phone.exchange(request)
        expect_equal(answer.status, 200)
        phone.reply(phone.wait_for("NOTIFY"), 200)
        forger = peer(case, "1001", "", STRANGER)
        for expires in (0, 3600):
            refresh = forger.request("SUBSCRIBE", "sip:1001@127.0.0.1", [("Event", "message-summary"), ("Expires", expires)],
                                     from_=answer.header("From"), to=answer.header("To"), call_id=answer.header("Call-ID"), cseq=50)
            expect_equal(forger.exchange(refresh, credentials=False).status, 481, f"a refresh with Expires {expires}")
        mailbox.leave_one(case, pbx)
        notify = phone.wait_for("NOTIFY")
        phone.reply(notify, 200)
        expect("Messages-Waiting: yes" in notify.body, notify)
        forger.expect_silence(0.5)
        again = phone.request("SUBSCRIBE", "sip:1001@127.0.0.1", [("Event", "message-summary"), ("Expires", 600)],
                              from_=answer.header("From"), to=answer.header("To"), call_id=answer.header("Call-ID"), cseq=3)
        expect_equal(phone.exchange(again, credentials=False).status, 200, "the phone's own refresh")


def test_a_flood_for_calls_that_there_are_not(case):
    """Requests that name a dialog are limited like others where there is no such dialog, and keep nothing."""
    with Switchroom(case, office(case)) as pbx:
        stranger = "198.51.100.66"  # not of this machine's own loopback, which is limited by nothing
        subprocess.run(["ip", "addr", "add", f"{stranger}/32", "dev", "lo"], check=True)
        forger = peer(case, "nobody", "", stranger)
        for n in range(1500):
            forger.send(forger.request("INFO", "sip:1002@127.0.0.1", to=f"<sip:1002@127.0.0.1>;tag={n}"))
        status = eventually(lambda: (now := pbx.pbxctl("status"))["over_limit"] > 500 and now, 5, "the limit")
        expect(status["transactions"] < 1000, f"{status['transactions']} transactions of a stranger")
        # A call that there is does not wait behind it.
        both = talk.Talk(case, a=talk.phone(case, "1001", False, host=STAFF), b=talk.phone(case, "1002", host=STAFF))
        both.end()
