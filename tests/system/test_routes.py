"""Numbers that ring here, and ways out: DIDs, hours, toll permission, failover from trunk to trunk."""
# ctest: timeout=180
import time

from harness import config, sip, sipp
from harness.calls import dial, expect_nothing_left, expect_record, phone
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom, check
from harness.trunks import Carrier, office, trunk

TWO = trunk("one", host="127.0.0.21", register=False) + trunk("two", host="127.0.0.22", register=False)
OUT = r"""
[[outbound]]
dial = '9(\d{4,11})'
trunks = ["one", "two"]
"""
DOMESTIC = OUT + 'needs = "domestic"\n'
PEOPLE = f"""
[extensions.1001]
name = "Alice"
password = "{config.password('1001')}"
toll_allow = ["local", "domestic"]
caller_id = "15559876543"
[extensions.1002]
password = "{config.password('1002')}"
toll_allow = ["local"]
[extensions.1003]
password = "{config.password('1003')}"
"""
MENU = """
[menus.main_menu]
number = "5000"
greeting = "silence:100"
keys = { 1 = "transfer 1001" }
[ring_groups.sales]
number = "9001"
members = ["1002"]
"""


def start(case, trunks, routes, **more):
    return Switchroom(case, office(case, trunks, routes, extensions=(), contexts=PEOPLE, **more))


def from_carrier(far, number, server=("127.0.0.1", 5080), **known):
    """An INVITE of the carrier's, sent."""
    request = far.peer.request("INVITE", f"sip:{number}@127.0.0.1", body=far.peer.sdp(40100), **known)
    far.peer.send(request, server)
    return request


def final(far, seconds=5.0):
    """The final response to what the carrier sent, acknowledged."""
    while True:
        message = far.next(seconds=seconds)
        if message.status and message.status >= 200:
            return message


def ack_failure(far, request, response, server=("127.0.0.1", 5080)):
    sip.Call(far.peer, request, server).ack_failure(response)


def expect_ring(far, phone_, number, **known):
    """The carrier's call to a number rings there; the phone declines. Returns what the phone got."""
    request = from_carrier(far, number, **known)
    call = phone_.answer()
    call.refuse(486)
    response = final(far)
    expect_equal(response.status, 486)
    ack_failure(far, request, response)
    return call.request


# -- in ---------------------------------------------------------------------------------------------

def test_dids(case):
    """All spellings of a number, a pattern with captures, a ring group, and an account in To alone."""
    far = Carrier(case, "127.0.0.21")
    routes = MENU + r"""
[[inbound]]
did = "+15551234567"
to = "1001"
caller_id_prefix = "Sales: "
[[inbound]]
did_pattern = '\+4930555(10\d\d)'
to = "$1"
[[inbound]]
did = "+15555551234"
to = "sales"
"""
    with start(case, TWO, routes) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        for number in ("+15551234567", "15551234567", "5551234567"):
            got = expect_ring(far, a, number, from_='"Bob" <sip:4930999@127.0.0.21>;tag=' + number[-8:])
            expect('"Sales: Bob"' in got.header("From") and "sip:4930999@" in got.header("From"), got)
        expect_ring(far, b, "+49305551002")
        expect_ring(far, b, "+15555551234")
        request = from_carrier(far, "account7", to="<sip:+15551234567@127.0.0.1>")
        call = a.answer()
        call.refuse(486)
        ack_failure(far, request, final(far))
        expect_equal(pbx.pbxctl("trunks")[0]["calls_in"], 6)
        # nobody knows this one
        request = from_carrier(far, "+19990001111")
        response = final(far)
        ack_failure(far, request, response)
        expect_equal(response.status, 603)
        pbx.wait_for_log(r"warning.*Rejecting unknown inbound DID: \+19990001111 from .*127\.0\.0\.21")
        expect_nothing_left(pbx)


def test_hand_written_entries_come_first(case):
    far = Carrier(case, "127.0.0.21")
    routes = """
[[inbound]]
did = "+15551234567"
to = "1001"
[[contexts.public]]
name = "blocked"
when = { destination_number = '5551234567$', caller_id_number = '^666$' }
do = ["hangup USER_BUSY"]
"""
    with start(case, TWO, routes) as pbx:
        a = phone(case, "1001")
        request = from_carrier(far, "+15551234567", from_="<sip:666@127.0.0.21>;tag=1")
        response = final(far)
        ack_failure(far, request, response)
        expect_equal(response.status, 486)
        expect_ring(far, a, "+15551234567")
        expect_nothing_left(pbx)


def test_hours_and_a_menu(case):
    """Hours that never are: else_to, a menu that answers."""
    far = Carrier(case, "127.0.0.21")
    routes = MENU + """
[hours.never]
dates = ["2001-01-01"]
[[inbound]]
did = "+15551234567"
to = "1001"
hours = "never"
else_to = "main_menu"
"""
    with start(case, TWO, routes) as pbx:
        request = from_carrier(far, "+15551234567")
        answer = final(far)
        expect_equal(answer.status, 200)
        call = sip.Call(far.peer, request, ("127.0.0.1", 5080))
        call.learn(answer)
        call.ack()
        far.peer.send(call.make("BYE"), call.to)
        expect_equal(final(far).status, 200)
        expect_record(pbx, last_app="ivr")
        expect_nothing_left(pbx)


# -- out --------------------------------------------------------------------------------------------

def test_toll_permission(case):
    """Who may, does, with the extension's outside number; who may not hears so, and it is logged."""
    far = Carrier(case, "127.0.0.21")
    with start(case, TWO, DOMESTIC) as pbx:
        a, b, c = (phone(case, number) for number in ("1001", "1002", "1003"))
        out = dial(a, "91234567")
        call = far.next_call()
        expect_equal(call.request.uri, "sip:1234567@127.0.0.21")
        expect("sip:15559876543@127.0.0.21" in call.request.header("From"), call.request)
        far.refuse(call, 486)
        out.expect_failure(486)
        for who in (b, c):
            out = dial(who, "91234567")
            early = out.expect(183, skip=(100,))
            expect("m=audio" in early.body, "it hears why before it is refused")
            out.expect_failure(403, seconds=20)
        expect_equal(far.count("INVITE"), 1, "nothing else went out")
        pbx.wait_for_log(r'1002 may not call 1234567 by outbound-1: the caller\'s toll_allow has no "domestic"')
        expect_equal([row["hangup_cause"] for row in pbx.wait_for_cdr(3)][1:], ["OUTGOING_CALL_BARRED"] * 2)
        expect_nothing_left(pbx)


def test_failover_from_trunk_to_trunk(case):
    """Trouble on the way means the next trunk; an answer about the number is an answer."""
    one, two = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    with start(case, TWO, OUT) as pbx:
        a = phone(case, "1001")
        for status in (500, 503, 504, 408):
            out = dial(a, "91234")
            one.refuse(one.next_call(), status)
            two.refuse(two.next_call(), 486)
            out.expect_failure(486)
        pbx.wait_for_log("by trunk one; trying two")
        before = two.count("INVITE")
        for status, heard in ((404, 404), (486, 486), (480, 480), (603, 603), (484, 484)):
            out = dial(a, "91234")
            one.refuse(one.next_call(), status)
            out.expect_failure(heard)
        expect_equal(two.count("INVITE"), before, "no other trunk was tried for those")
        out = dial(a, "91234")
        one.refuse(one.next_call(), 503, headers=[("Reason", 'Q.850;cause=17;text="User busy"')])
        out.expect_failure(503)
        expect_equal(two.count("INVITE"), before, "the reason says busy, whatever the status")
        expect_nothing_left(pbx)


def test_a_carrier_that_hangs_and_one_that_is_not_there(case):
    """No answer at all: the next trunk within seconds; a redirect is not followed."""
    one, two = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    with start(case, TWO, OUT) as pbx:
        a = phone(case, "1001")
        began = time.monotonic()
        out = dial(a, "91234")
        call = two.next_call(seconds=15)
        expect(time.monotonic() - began < 14, "long before 32 s")
        two.accept(call)
        out.expect(200)
        out.ack()
        a.send(out.make("BYE"), out.to)
        two.peer.reply(two.next("BYE"), 200)
        a.expect(200)
        expect(one.count("INVITE") >= 2, "the first was asked several times")
        one.others.clear()
        stranger = Carrier(case, "127.0.0.66")
        out = dial(a, "91234")
        one.refuse(one.next_call(), 302, headers=[("Contact", "<sip:1234@127.0.0.66>")])
        out.expect_failure(480)
        expect_equal(stranger.count("INVITE"), 0, "a carrier's redirect is not followed")
        expect_nothing_left(pbx)


def test_what_is_sent(case):
    far = Carrier(case, "127.0.0.21")
    routes = r"""
[[outbound]]
name = "national"
dial = '0([1-9]\d+)'
send = "+49$1"
trunks = ["one"]
[[outbound]]
dial = '8\d+'
strip = 1
prefix = "7#"
trunks = ["one"]
caller_id = "555000"
[[outbound]]
dial = '00\d+'
trunks = ["one"]
"""
    with start(case, TWO, routes, pbx='country = "de"') as pbx:
        a = phone(case, "1001")
        for dialled, sent in (("030123", "+4930123"), ("8123", "7%23123"), ("0049301", "0049301")):
            out = dial(a, dialled)
            call = far.next_call()
            expect_equal(call.request.uri.split("@")[0], f"sip:{sent}")
            if dialled == "8123":
                expect("sip:555000@" in call.request.header("From"), call.request)
            far.refuse(call, 486)
            out.expect_failure(486)
        expect_nothing_left(pbx)


def test_callers_from_outside_do_not_get_out_again(case):
    """Neither by a menu nor by a number that leads out; unless the route says so."""
    far, other = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    routes = OUT.replace('"one", "two"', '"two"') + '\n[[inbound]]\ndid = "+15551234567"\nto = "91234"\n'
    with start(case, TWO, routes) as pbx:
        request = from_carrier(far, "+15551234567")
        response = final(far, seconds=20)
        ack_failure(far, request, response)
        expect_equal(response.status, 403)
        pbx.wait_for_log("calls from outside may not go out again")
        pbx.reload(office(case, TWO, routes.replace('trunks = ["two"]', 'trunks = ["two"]\nallow_outside = true'),
                          extensions=(), contexts=PEOPLE))
        request = from_carrier(far, "+15551234567", from_='<sip:4930999@127.0.0.21>;tag=7')
        call = other.next_call()
        expect("sip:4930999@" in call.request.header("From"), "the caller's own number goes on:", call.request)
        other.refuse(call, 486)
        response = final(far)
        ack_failure(far, request, response)
        expect_equal(response.status, 486)
        expect_nothing_left(pbx)


def test_sipp_on_both_ends(case):
    """Twenty calls of a phone through a route, to a carrier that is a sipp."""
    far = sipp.start(case, sipp.uas(), host="127.0.0.22", port=5060, calls=20, seconds=30)
    with start(case, trunk("one", host="127.0.0.21", register=False, ping="1s", ping_max=1) +
               trunk("two", host="127.0.0.22", register=False), DOMESTIC) as pbx:
        eventually(lambda: pbx.pbxctl("trunks")[0]["state"] == "down", 10, "trunk one is down")
        sipp.run(case, sipp.uac(sipp.pause(200)), to="127.0.0.1:5060", user="1001", password=config.password("1001"),
                 called="91234", calls=20, rate=10, seconds=30)
        far.finish()
        expect_equal(pbx.pbxctl("trunks")[1]["calls_out"], 20)
        expect_nothing_left(pbx)


# -- check ------------------------------------------------------------------------------------------

def test_check_finds_dangling_references(case):
    def problems(routes):
        status, text = check(case, office(case, TWO, routes, extensions=(), contexts=PEOPLE))
        expect(status != 0, "it passed:", routes)
        return text
    expect("takes 1009" in problems('[[inbound]]\ndid = "1"\nto = "1009"\n'))
    expect('there is no [hours.busines]' in problems('[[inbound]]\ndid = "1"\nto = "1001"\nhours = "busines"\nelse_to = "1002"\n'))
    expect("inbound.did_pattern: bad pattern" in problems('[[inbound]]\ndid_pattern = "(1"\nto = "1001"\n'))
    expect("outbound.dial: bad pattern" in problems('[[outbound]]\ndial = "9(1"\ntrunks = ["one"]\n'))
    expect("did you mean one" in problems('[[outbound]]\ndial = "91"\ntrunks = ["onne"]\n'))
    expect("stands in line" in problems('[[inbound]]\ndid = "+15551234567"\nto = "1001"\n' * 2))
    status, text = check(case, office(case, TWO, MENU + DOMESTIC + "".join(
        f'[[inbound]]\ndid = "+1555000000{i}"\nto = "{to}"\n' for i, to in enumerate(("1001", "main_menu", "5000", "sales", "9001", "91234"))),
        extensions=(), contexts=PEOPLE))
    expect_equal(status, 0, text)
