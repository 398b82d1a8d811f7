# ctest: timeout=300
"""Toll fraud: what may be called, how much of it and when, who may send calls on to the outside, and who is told."""
import http.server
import json
import threading
import time

from harness import config, sip
from harness.calls import dial, expect_nothing_left, phone, ring
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.mail_server import MailServer
from harness.switchroom import CommandFailed, Switchroom, check
from harness.trunks import Carrier, office, trunk

TRUNKS = trunk("one", host="127.0.0.21", register=False) + trunk("two", host="127.0.0.22", register=False)
OUT = r"""
[[outbound]]
name = "out"
dial = '9(\+?\d+)'
trunks = ["one"]
"""
PEOPLE = """
[extensions.1001]
password = "{0}"
{alice}
[extensions.1002]
password = "{1}"
{bob}
[[contexts.default]]
name = "people"
when = {{ destination_number = '^(10\\d\\d)$' }}
do = [{do}"bridge user/$1"]
"""


def text(case, more="", alice="", bob="", out=OUT, do="", trunks=TRUNKS, **changes):
    people = PEOPLE.format(config.password("1001"), config.password("1002"), alice=alice, bob=bob, do=do)
    return office(case, trunks, out + more, extensions=(), contexts=people, **changes)


def start(case, more="", **changes):
    return Switchroom(case, text(case, more, **changes))


def expect_barred(pbx, caller, number, why=None, seconds=20):
    """The caller hears that he may not, and then 403; nothing goes out."""
    out = dial(caller, number)
    early = out.expect(183, skip=(100,))
    expect("m=audio" in early.body, "it hears why")
    out.expect_failure(403, seconds=seconds)
    if why:
        pbx.wait_for_log(why)


def expect_out(far, caller, number, sent):
    """It reaches the carrier, which is busy."""
    out = dial(caller, number)
    call = far.next_call()
    expect_equal(call.request.uri.split("@")[0], f"sip:{sent}")
    far.refuse(call, 486)
    out.expect_failure(486)


def talk_outside(far, caller, number):
    """A call that the carrier has answered: (the caller's, the carrier's)."""
    out = dial(caller, number)
    call = far.next_call()
    far.accept(call)
    out.expect(200)
    out.ack()
    return out, call


def hang_up(far, caller, out):
    caller.send(out.make("BYE"), out.to)
    far.peer.reply(far.next("BYE"), 200)
    caller.expect(200)


def final(far, seconds=20.0):
    while True:
        message = far.next(seconds=seconds)
        if message.status and message.status >= 200:
            return message


def call_in(far, number, **known):
    request = far.peer.request("INVITE", f"sip:{number}@127.0.0.1", body=far.peer.sdp(40100), **known)
    far.peer.send(request, ("127.0.0.1", 5080))
    return request


def ack_failure(far, request, response):
    sip.Call(far.peer, request, ("127.0.0.1", 5080)).ack_failure(response)


def events(pbx, name):
    return [event["fields"] for event in pbx.pbxctl("events", "toll") if event["event"] == name]


# -- what may be called -----------------------------------------------------------------------------

def test_abroad_until_a_line_names_it(case):
    """Denied with the line to write; after that line and a reload it goes out. Of islands of +1 alike."""
    far = Carrier(case, "127.0.0.21")
    with start(case) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        expect_out(far, a, "912125551234", "12125551234")
        expect_out(far, a, "95551234", "5551234")
        before = far.count("INVITE")
        expect_barred(pbx, a, "9011493012345", r'1001 may not call 011493012345 by trunk one: \+493012345 \(Germany\) is abroad; '
                      r'to allow it, add "de" to `tolls` of \[extensions.1001\] or \[\[outbound\]\] "out" or \[trunks.one\], or to '
                      r'`allow` of \[tolls\] for everybody, in .*\.toml, and run pbxctl reload')
        expect_barred(pbx, a, "912425551234", r"\+12425551234 \(the Bahamas\) is abroad")
        expect_barred(pbx, a, "9+493012345")
        expect_equal(far.count("INVITE"), before, "nothing went out")
        expect_equal({row["hangup_cause"] for row in pbx.wait_for_cdr(5)[2:]}, {"OUTGOING_CALL_BARRED"})
        told = events(pbx, "toll.denied")
        expect_equal((len(told), told[0]["extension"], told[0]["number"]), (3, "1001", "011493012345"))
        pbx.reload(text(case, '[tolls]\nallow = ["bs"]\n', alice='tolls = ["de"]'))
        expect_out(far, a, "9011493012345", "011493012345")
        expect_out(far, b, "912425551234", "12425551234")
        expect_barred(pbx, b, "9011493012345")
        for where in (dict(out=OUT + 'tolls = ["de"]\n'),
                      dict(trunks=trunk("one", host="127.0.0.21", register=False, tolls=["abroad"]))):
            pbx.reload(text(case, **where))
            expect_out(far, b, "9011493012345", "011493012345")
        expect_nothing_left(pbx)


def test_premium_and_another_country(case):
    far = Carrier(case, "127.0.0.21")
    with start(case, alice='tolls = ["premium"]') as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        expect_out(far, a, "919005551234", "19005551234")
        expect_barred(pbx, b, "919005551234", r'premium or shared cost; to allow it, add "premium"')
        expect_barred(pbx, a, "9011881612345678", 'is a satellite\'s; to allow it, add "satellite"')
        pbx.reload(text(case, pbx='country = "de"'))
        expect_out(far, b, "9030123456", "030123456")
        expect_barred(pbx, b, "909001234567", r"\+499001234567 \(Germany\) is a number of premium")
        expect_barred(pbx, b, "90012125551234", r"the United States\) is abroad")
        pbx.reload(text(case, '[tolls]\ncountry = "gr"\n'))
        expect_out(far, b, "90030210123456", "0030210123456")
        expect_nothing_left(pbx)


def test_a_trunk_by_hand(case):
    """`bridge trunk/…` passes the same gate, and another plan of the dialplan runs where it says so."""
    far = Carrier(case, "127.0.0.21")
    out = r"""
[[contexts.default]]
name = "by hand"
when = { destination_number = '^9(\d+)$' }
do = ["bridge trunk/one/$1", "respond 486"]
[[contexts.default]]
name = "by its address"
when = { destination_number = '^6(\d+)$' }
do = ["bridge sip:$1@127.0.0.21", "respond 486"]
[[contexts.default]]
name = "with a plan"
when = { destination_number = '^8(\d+)$' }
do = ["set continue_on_fail=OUTGOING_CALL_BARRED", "bridge trunk/one/$1", "respond 486"]
"""
    with start(case, out=out) as pbx:
        a = phone(case, "1001")
        expect_out(far, a, "95551234", "5551234")
        expect_barred(pbx, a, "9011493012345", "is abroad")
        dial(a, "8011493012345").expect_failure(486)
        before = far.count("INVITE")
        expect_barred(pbx, a, "6011493012345", r"by trunk one: .* is abroad")
        id_ = pbx.pbxctl("originate", "trunk/one/011493012345", "1001")["id"]
        pbx.wait_for_log(f"{id_}.*may not call 011493012345 by trunk one")
        expect_equal(far.count("INVITE"), before, "nothing went out")
        expect_nothing_left(pbx)


class Hook(http.server.BaseHTTPRequestHandler):
    """Takes what is posted to it, as JSON."""
    got = []

    def do_POST(self):
        self.got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def hook(case, port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def stop():
        server.shutdown()
        server.server_close()
        thread.join()
    case.defer(stop)
    Hook.got = []
    return Hook


# -- how much ---------------------------------------------------------------------------------------

def test_calls_of_an_hour(case):
    """Near, reached, denied; each told once; another extension is not concerned; a reset; a restart."""
    server = MailServer(case, 2525)
    more = """
[mail]
from = "pbx@example.com"
server = "127.0.0.1"
port = 2525
tls = "none"
[tolls]
calls_per_hour = 5
mail = "boss@example.com"
webhook = "http://127.0.0.1:2580/alerts?key=1"
"""
    posts = hook(case, 2580)
    far = Carrier(case, "127.0.0.21")
    with start(case, more, bob="calls_per_hour = 0") as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        for _ in range(3):
            expect_out(far, a, "95551234", "5551234")
        expect_equal(events(pbx, "toll.near"), [])
        for _ in range(2):
            expect_out(far, a, "95551234", "5551234")
        near, cap = events(pbx, "toll.near"), events(pbx, "toll.cap")
        expect_equal((len(near), near[0]["name"], near[0]["used"], near[0]["cap"]), (1, "1001", "4", "5"))
        expect_equal((len(cap), cap[0]["measure"], cap[0]["used"]), (1, "calls", "5"))
        pbx.wait_for_log("warning.*extension 1001 comes near the cap of calls to the outside: 4 of 5 calls in the last hour")
        expect_barred(pbx, a, "95551234", r"extension 1001 had 5 calls to the outside in the last hour, which is the cap")
        mails = {str(mail["Subject"]): mail for mail in server.wait(2)}
        expect_equal({str(mail["To"]) for mail in mails.values()}, {"boss@example.com"})
        expect(any("has reached the cap" in subject for subject in mails) and any("comes near" in subject for subject in mails), mails)
        eventually(lambda: len(posts.got) == 2, 5, "the webhook is told")
        told = {alert["event"]: alert for path, alert in posts.got if path == "/alerts?key=1"}
        expect_equal((told["toll.near"]["name"], told["toll.near"]["used"], told["toll.cap"]["cap"], told["toll.cap"]["kind"]),
                     ("1001", "4", "5", "extension"))
        for _ in range(7):
            expect_out(far, b, "95551234", "5551234")
        rows = {row["name"]: row for row in pbx.pbxctl("tolls")}
        expect_equal((rows["1001"]["calls"], rows["1001"]["calls_cap"], rows["1001"]["minutes_cap"]), (5, 5, 300))
        expect_equal((rows["1002"]["calls"], rows["one"]["calls"], rows["one"]["calls_cap"]), (7, 12, 0))
        answer = pbx.pbxctl("tolls", "check", "95551234", "1001")[0]
        expect(not answer["allowed"] and "cap" in answer["why"], answer)
        pbx.stop()
        pbx.start()
        a.register()
        expect_barred(pbx, a, "95551234")
        expect_equal(pbx.pbxctl("tolls", "reset", "1001"), {"reset": "1001"})
        expect_out(far, a, "95551234", "5551234")
        pbx.pbxctl("tolls", "reset")
        expect_equal(pbx.pbxctl("tolls"), [])
        expect_nothing_left(pbx)


def test_calls_of_a_trunk_and_tries(case):
    """A call that tries two trunks is one of its extension; a trunk has a cap of its own."""
    one, two = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    trunks = trunk("one", host="127.0.0.21", register=False, calls_per_hour=2) + trunk("two", host="127.0.0.22", register=False)
    with start(case, out=OUT.replace('"one"', '"one", "two"'), trunks=trunks) as pbx:
        a = phone(case, "1001")
        for _ in range(2):
            out = dial(a, "95551234")
            one.refuse(one.next_call(), 503)
            two.refuse(two.next_call(), 486)
            out.expect_failure(486)
        rows = {row["name"]: row["calls"] for row in pbx.pbxctl("tolls")}
        expect_equal(rows, {"1001": 2, "one": 2, "two": 2})
        expect_barred(pbx, a, "95551234", "trunk one had 2 calls")
        expect_nothing_left(pbx)


def test_talk_of_an_hour(case):
    """A running call counts as it goes; at the cap it is ended where the file says so, and further ones are barred."""
    far = Carrier(case, "127.0.0.21")
    with start(case, '[tolls]\ntalk_per_hour = "3s"\nwarn_at = 50\nat_cap = "end"\n') as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        began = time.monotonic()
        out, call = talk_outside(far, a, "95551234")
        expect_equal([row["running"] for row in pbx.pbxctl("tolls")], [1, 1])
        far.peer.reply(far.next("BYE", seconds=10), 200)
        a.reply(a.wait_for("BYE"), 200)
        expect(2.5 < time.monotonic() - began < 6, f"{time.monotonic() - began} s")
        row = pbx.wait_for_cdr(1)[0]
        expect_equal((row["hangup_cause"], row["hung_up_by"]), ("ALLOTTED_TIMEOUT", "switchroom"))
        expect_equal([told["measure"] for told in events(pbx, "toll.near") + events(pbx, "toll.cap")], ["talk", "talk"])
        expect_barred(pbx, a, "95551234", "extension 1001 talked .* which is the cap")
        out, call = talk_outside(far, b, "95551234")
        hang_up(far, b, out)
        expect_equal([row["running"] for row in pbx.pbxctl("tolls")], [0, 0, 0])
        pbx.reload(text(case, '[tolls]\ntalk_per_hour = "1s"\n'))  # without `end`: no further ones
        pbx.pbxctl("tolls", "reset")
        out, call = talk_outside(far, a, "95551234")
        eventually(lambda: len(events(pbx, "toll.cap")) == 2, 5, "the cap is told of")
        expect_barred(pbx, a, "95551234")
        expect_equal(len(pbx.pbxctl("calls")), 1, "the running one goes on")
        hang_up(far, a, out)
        expect_nothing_left(pbx)


def test_a_crash_forgets_no_call(case):
    """What was used is kept as it is used, but for the last moment: kill -9 opens no new account."""
    moment = 0.5 * SLOWNESS  # in which it comes to the disk
    far = Carrier(case, "127.0.0.21")
    with start(case, '[tolls]\ntalk_per_hour = "2s"\n', bob="calls_per_hour = 2") as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        for _ in range(2):
            expect_out(far, b, "95551234", "5551234")
            time.sleep(moment)
            pbx.kill()
            pbx.start()
            b.register()
        expect_barred(pbx, b, "95551234", "extension 1002 had 2 calls")
        a.register()
        out, call = talk_outside(far, a, "95551234")
        time.sleep(2.2)
        hang_up(far, a, out)
        time.sleep(moment)
        pbx.kill()
        pbx.start()
        a.register()
        expect_barred(pbx, a, "95551234", "extension 1001 talked .* which is the cap")
        expect_nothing_left(pbx)


# -- when -------------------------------------------------------------------------------------------

def test_locked_out_of_hours(case):
    far = Carrier(case, "127.0.0.21")
    hours = '[hours.never]\ndates = ["2001-01-01"]\n[tolls]\nallow = ["de"]\nhours = '
    with start(case, hours + '"never"\n', bob='toll_hours = "always"') as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        expect_barred(pbx, a, "95551234", r'locked out of the hours "never"; to allow it, write toll_hours = "always" in \[extensions.1001\]')
        expect_out(far, b, "95551234", "5551234")
        expect_out(far, a, "9911", "911")
        pbx.reload(text(case, hours + '"!never"\n'))
        expect_out(far, a, "95551234", "5551234")
        pbx.reload(text(case, hours + '"never"\nlock = "costly"\n'))
        expect_out(far, a, "95551234", "5551234")
        expect_barred(pbx, a, "9011493012345", "locked out")
        expect_nothing_left(pbx)


def test_help_is_never_barred(case):
    """Neither by a lock nor by caps, with [emergency] or by an [[outbound]]; it is not counted."""
    far = Carrier(case, "127.0.0.21")
    more = '[hours.never]\ndates = ["2001-01-01"]\n[tolls]\nhours = "never"\ncalls_per_hour = 1\n'
    emergency = '[emergency]\nnumbers = ["112", "00112"]\ntrunks = ["one"]\n'
    with start(case, more + emergency, bob='toll_hours = "always"') as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        expect_out(far, b, "95551234", "5551234")
        for who in (a, b):
            for number, sent in (("112", "112"), ("00112", "112"), ("9911", "911")):
                out = dial(who, number)
                call = far.next_call()
                expect_equal(call.request.uri.split("@")[0], f"sip:{sent}")
                far.accept(call)
                out.expect(200)
                out.ack()
                hang_up(far, who, out)
        expect_equal({row["name"]: row["calls"] for row in pbx.pbxctl("tolls")}, {"1002": 1, "one": 1})
        expect(pbx.pbxctl("tolls", "check", "9911", "1001")[0]["allowed"], "it says so")
        expect_nothing_left(pbx)


# -- who may send calls on --------------------------------------------------------------------------

def diverted(call, number):
    call.refuse(302, headers=[("Contact", f"<sip:{number}@127.0.0.1>")])


def test_a_diversion_by_a_phone(case):
    """302 to the outside: not followed, then on the account of who has the permission, whoever calls."""
    far, other = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    more = '[[inbound]]\ndid = "+15551230000"\nto = "1002"\n'
    with start(case, more) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        out, call = ring(a, b)
        diverted(call, "95551234")
        out.expect_failure(480)
        pbx.wait_for_log(r"the phone of 1002 wants its call at 95551234.*not followed; to allow it to send calls outside, write forward_outside = true in \[extensions.1002\]")
        pbx.reload(text(case, more, bob="forward_outside = true\ncalls_per_hour = 3"))
        out, call = ring(a, b)
        diverted(call, "95551234")
        sent = far.next_call()
        expect_equal(sent.request.uri.split("@")[0], "sip:5551234")
        far.refuse(sent, 486)
        out.expect_failure(486)
        # a caller from outside, who may not go out by himself
        request = call_in(other, "+15551230000", from_="<sip:15559990000@127.0.0.22>;tag=1")
        diverted(b.answer(), "95551234")
        far.refuse(far.next_call(), 486)
        response = final(other)
        ack_failure(other, request, response)
        expect_equal(response.status, 486)
        # what it may not call itself it may not be diverted to, and nowhere else at all
        for number in ("9011493012345", "4711"):
            out, call = ring(a, b)
            diverted(call, number)
            out.expect_failure(480)  # that it was barred is the callee's business: it stands in the log
        out, call = ring(a, b)
        call.refuse(302, headers=[("Contact", "<sip:95551234@127.0.0.66>")])
        out.expect_failure(480)
        # its account, and its cap
        expect_equal({row["name"]: row["calls"] for row in pbx.pbxctl("tolls")}, {"1002": 2, "one": 2})
        out, call = ring(a, b)
        diverted(call, "95551234")
        far.refuse(far.next_call(), 486)
        out.expect_failure(486)
        out, call = ring(a, b)
        diverted(call, "95551234")
        out.expect_failure(480)
        pbx.wait_for_log("extension 1002 had 3 calls to the outside in the last hour")
        expect_nothing_left(pbx)


def test_a_transfer_by_keys(case):
    """A caller from outside is sent outside by who answered, and one who was called by who called: with a permission."""
    far, other = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    more = '[[inbound]]\ndid = "+15551230000"\nto = "1002"\n'
    keys = '"bind_digit_action go,*9,exec:transfer,95551234 XML default,peer,peer", '
    out = OUT.replace('[[outbound]]', r"""
[[contexts.default]]
name = "outside with a key"
when = { destination_number = '^7(\d+)$' }
do = ["bind_digit_action go,*9,exec:transfer,95551234 XML default,self,peer", "bridge trunk/two/$1"]
[[outbound]]""")

    def press(call):
        for key in "*9":
            told = call.ask("INFO", [("Content-Type", "application/dtmf-relay")], f"Signal={key}\r\nDuration=120\r\n")
            expect_equal(told.status, 200, "the answer to INFO")

    with start(case, more, do=keys, out=out, profile='dtmf = "info"') as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        for allowed in (False, True):
            if allowed:
                pbx.reload(text(case, more, do=keys, out=out, profile='dtmf = "info"', alice="forward_outside = true",
                                bob="forward_outside = true"))
            # in, answered by 1002, sent on
            request = call_in(other, "+15551230000", from_="<sip:15559990000@127.0.0.22>;tag=1")
            answered = b.answer()
            answered.accept(b.sdp(40002))
            response = final(other)
            expect_equal(response.status, 200)
            call = sip.Call(other.peer, request, ("127.0.0.1", 5080))
            call.learn(response)
            call.ack()
            press(answered)
            if allowed:
                sent = far.next_call()
                far.accept(sent)
                b.reply(b.wait_for("BYE"), 200)
                other.peer.send(call.make("BYE"), call.to)
                far.peer.reply(far.next("BYE"), 200)
                expect_equal(final(other).status, 200)
                expect_equal({row["name"] for row in pbx.pbxctl("tolls")}, {"1001", "1002", "one", "two"})
            else:
                b.reply(b.wait_for("BYE"), 200)
                pbx.wait_for_log("may not call 5551234 by trunk one: extension 1002 may not send calls on to the outside")
                message = other.next("BYE", seconds=20)
                other.peer.reply(message, 200)
            # called by 1001, sent on
            out_, call = talk_outside(other, a, "75550000")
            press(out_)
            a.reply(a.wait_for("BYE"), 200)
            if allowed:
                sent = far.next_call()
                far.accept(sent)
                other.peer.send(call.make("BYE"), call.to)
                far.peer.reply(far.next("BYE"), 200)
                expect_equal(final(other).status, 200)
            else:
                pbx.wait_for_log("extension 1001 may not send calls on to the outside")
                other.peer.reply(other.next("BYE", seconds=20), 200)
        expect_nothing_left(pbx)


def test_nobody_from_outside(case):
    """Callers from outside and those who hide get to no trunk: not by a menu, not by a hand-written bridge."""
    far, other = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    more = """
[[inbound]]
did = "+15551230000"
to = "5000"
[menus.main]
number = "5000"
greeting = "silence:100"
timeout = "1s"
timeouts = 1
then = "transfer 95551234"
keys = { 1 = "transfer 95551234" }
[[contexts.public]]
name = "by hand"
when = { destination_number = '^7(\\\\d+)$' }
do = ["bridge trunk/one/$1"]
[[contexts.public]]
name = "by hand, on purpose"
when = { destination_number = '^8(\\\\d+)$' }
do = ["bridge {allow_outside=true}trunk/one/$1"]
[[contexts.public]]
name = "somebody's mobile phone"
when = { destination_number = '^6(\\d+)$' }
do = ["bridge {forwarded_by=1002}trunk/one/$1"]
""".replace("\\\\", "\\")
    with start(case, more, bob="forward_outside = true") as pbx:
        request = call_in(other, "+15551230000", from_="<sip:15559990000@127.0.0.22>;tag=1")
        answer = final(other)
        expect_equal(answer.status, 200)
        call = sip.Call(other.peer, request, ("127.0.0.1", 5080))
        call.learn(answer)
        call.ack()
        other.peer.reply(other.next("BYE", seconds=30), 200)
        pbx.wait_for_log("may not call 5551234 by trunk one: calls from outside may not go out again")
        request = call_in(other, "75551234", from_="<sip:15559990000@127.0.0.22>;tag=2")
        response = final(other)
        ack_failure(other, request, response)
        expect_equal(response.status, 403)
        expect_equal(far.count("INVITE"), 0, "nothing went out")
        request = call_in(other, "85551234", from_="<sip:15559990000@127.0.0.22>;tag=3")
        far.refuse(far.next_call(), 486)
        response = final(other)
        ack_failure(other, request, response)
        expect_equal(response.status, 486)
        rows = pbx.pbxctl("tolls")
        expect_equal([(row["name"], row["calls"]) for row in rows], [("(none)", 1), ("one", 1)])
        request = call_in(other, "65551234", from_="<sip:15559990000@127.0.0.22>;tag=4")
        far.refuse(far.next_call(), 486)
        ack_failure(other, request, final(other))
        expect_equal([row["name"] for row in pbx.pbxctl("tolls")], ["(none)", "1002", "one"], "it is a call of 1002")
        expect_nothing_left(pbx)


def test_anonymous_callers(case):
    """A phone on a profile without passwords may call out with a name; without one it may not."""
    far = Carrier(case, "127.0.0.21")
    with start(case, auth=False) as pbx:
        stranger = sip.Peer(case, "1001", server="127.0.0.1:5060")
        out = dial(stranger, "95551234")
        far.refuse(far.next_call(), 486)
        out.expect_failure(486)
        for from_, headers in (('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', ()), ("<sip:127.0.0.1>;tag=2", ()),
                               ("<sip:1001@127.0.0.1>;tag=3", [("Privacy", "id")])):
            out = dial(stranger, "95551234", from_=from_, headers=headers)
            out.expect_failure(403, seconds=20)
        pbx.wait_for_log("callers who hide their number may not call the outside")
        expect_equal(far.count("INVITE"), 1)
        expect_nothing_left(pbx)


# -- pbxctl and check -------------------------------------------------------------------------------

def test_pbxctl_tolls_check(case):
    with start(case, "", alice='tolls = ["de"]') as pbx:
        row = pbx.pbxctl("tolls", "check", "9011493012345", "1001")[0]
        expect_equal(row, {"trunk": "one", "route": "out", "leads_to": "+493012345 (Germany)", "allowed": True,
                           "why": "nothing is in the way"})
        row = pbx.pbxctl("tolls", "check", "9011493012345", "1002")[0]
        expect(not row["allowed"] and "[extensions.1002]" in row["why"], row)
        rows = pbx.pbxctl("tolls", "check", "+442071234567")
        expect_equal([(row["trunk"], row["allowed"]) for row in rows], [("one", False), ("two", False)])
        table = pbx.pbxctl_raw("tolls", "check", "9011493012345", "1001").stdout
        expect("Germany" in table and "yes" in table, table)
        for wrong in (("tolls", "check", "95551234", "1009"), ("tolls", "reset", "nobody")):
            try:
                pbx.pbxctl(*wrong)
            except CommandFailed:
                continue
            raise AssertionError(f"{wrong} was taken")


def test_check_finds_what_is_wrong(case):
    def problem(more="", **changes):
        status, told = check(case, text(case, more, **changes))
        expect(status != 0, "it passed:", more, changes)
        return told
    expect('"germany" is neither a country' in problem('[tolls]\nallow = ["germany"]\n'))
    expect("did you mean premium" in problem(alice='tolls = ["premum"]'))
    expect("there is no [hours.busines]" in problem('[tolls]\nhours = "busines"\n'))
    expect("there is no [hours.x]" in problem(alice='toll_hours = "x"'))
    expect('there is no country "xx"' in problem('[tolls]\ncountry = "xx"\n'))
    expect("needs [mail]" in problem('[tolls]\nmail = "boss@example.com"\n'))
    expect("no mail address" in problem('[tolls]\nmail = "boss"\n'))
    expect("no URL for a webhook" in problem('[tolls]\nwebhook = "example.com"\n'))
