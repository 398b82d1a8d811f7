"""Emergency calls: nothing stands in their way, and somebody is told."""
from harness import config, rtp, sip
from harness.calls import dial, expect_nothing_left, phone
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom
from harness.trunks import Carrier, office, trunk

TRUNKS = trunk("one", host="127.0.0.21", register=False) + trunk("two", host="127.0.0.22", register=False, ping="1s", ping_max=1)
EMERGENCY = """
[emergency]
numbers = ["112", "911", "9911"]
trunks = ["two", "one"]
notify = ["1003"]
caller_id = "15550000000"
location = "Main Street 1"
"""
WALL = r"""
[[contexts.default]]
name = "a wall"
do = ["hangup CALL_REJECTED"]
[[contexts.cellar]]
name = "nothing goes out of here"
do = ["hangup CALL_REJECTED"]
"""


def start(case, text=EMERGENCY, contexts=WALL, more="", **changes):
    return Switchroom(case, office(case, TRUNKS, text + more, contexts=contexts, **changes))


def expect_call(far, number, seconds=10.0):
    call = far.next_call(seconds=seconds)
    expect(call.request.uri.startswith(f"sip:{number}@"), call.request)
    return call


def test_it_gets_through(case):
    """Past a dialplan that refuses all, with the limits used up, by the trunk that is up; the other is tried too."""
    one, two = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    two.rules["OPTIONS"] = 503
    with start(case, max_calls=1, calls_per_second=1) as pbx:
        eventually(lambda: pbx.pbxctl("trunks")[1]["state"] == "down", 10, "two is down")
        a, c = phone(case, "1001"), phone(case, "1003")
        out = dial(a, "112")
        call = expect_call(one, "112")
        expect("sip:15550000000@" in call.request.header("From"), call.request)
        one.accept(call)
        out.expect(200)
        out.ack()
        # somebody is told, by an event, the log, and a call that says who
        stream = rtp.Stream(case)
        notice = c.answer(seconds=10)
        expect("112" in notice.request.header("From"), notice.request)
        notice.accept(c.sdp(stream.port))
        event = eventually(lambda: pbx.pbxctl("events", "emergency"), 5, "an event")[0]
        expect_equal([event["fields"][key] for key in ("caller", "number", "location")], ["1001", "112", "Main Street 1"])
        expect("EMERGENCY CALL: 1001" in pbx.log, "the log tells")
        stream.wait_for(20)
        # with that call up max_calls is reached: nobody else may call, but for help
        b = phone(case, "1002")
        dial(b, "1001").expect_failure(503)
        help_ = dial(b, "9911")
        one.accept(expect_call(one, "911"))
        help_.expect(200)
        help_.ack()
        pbx.pbxctl("hangup", "all")
        for _ in range(2):
            one.peer.reply(one.next("BYE"), 200)
        for who in (a, b):
            who.reply(who.wait_for("BYE"), 200)


def test_from_every_context_and_by_transfer(case):
    one, two = Carrier(case, "127.0.0.21"), Carrier(case, "127.0.0.22")
    two.rules["INVITE"] = 503
    more = f'\n[extensions.1004]\npassword = "{config.password("1004")}"\ncontext = "cellar"\n[[contexts.cellar]]\nname="x"\ndo=["transfer 911"]\n'
    contexts = WALL.split("[[contexts.cellar]]")[0]
    with start(case, contexts=contexts, more=more) as pbx:
        d = phone(case, "1004")
        for number, sent in (("112", "112"), ("5", "911")):
            out = dial(d, number)
            call = expect_call(one, sent, seconds=20)
            one.refuse(call, 486)
            # busy is no reason to give up either: every trunk, twice
            one.refuse(expect_call(one, sent, seconds=20), 486)
            out.expect_failure(486, 480, 408, 503, seconds=40)
            one.others.clear()
        eventually(lambda: "FAILED: no trunk took it" in pbx.log, 5, "the log tells of the failure")
        expect(any(event["event"] == "emergency.failed" for event in pbx.pbxctl("events", "emergency")), "an event")


def test_strangers_and_carriers_do_not_get_through(case):
    """Without a password, from an open door, or from a trunk: no emergency call."""
    one = Carrier(case, "127.0.0.21")
    with start(case) as pbx:
        stranger = sip.Peer(case, "1001", host="127.0.0.77")
        stranger.invite("sip:112@127.0.0.1", stranger.sdp(40000), server="127.0.0.1:5060").expect_failure(401)
        stranger.invite("sip:112@127.0.0.1", stranger.sdp(40000), server="127.0.0.1:5080").expect_failure(603)
        request = one.peer.request("INVITE", "sip:112@127.0.0.1", body=one.peer.sdp(40100))
        one.peer.send(request, ("127.0.0.1", 5080))
        response = one.next(100)
        response = one.next(603)
        sip.Call(one.peer, request, ("127.0.0.1", 5080)).ack_failure(response)
        wrong = sip.Peer(case, "1001", "wrong-password", server="127.0.0.1:5060")
        wrong.invite("sip:112@127.0.0.1", wrong.sdp(40000)).expect_failure(401)
        expect_equal(one.count("INVITE"), 0)
        expect("EMERGENCY" not in pbx.log, "no alarm either")
        expect_nothing_left(pbx)


def test_a_registered_phone_where_nobody_is_challenged(case):
    """A profile of phones without auth: where the phone registered from, the call is its own."""
    one = Carrier(case, "127.0.0.21")
    with start(case, auth=False) as pbx:
        a = phone(case, "1001")
        stranger = sip.Peer(case, "1001", host="127.0.0.77", server="127.0.0.1:5060")
        stranger.invite("sip:112@127.0.0.1", stranger.sdp(40000)).expect_failure(603)
        a.password = ""
        out = dial(a, "112")
        one.accept(expect_call(one, "112", seconds=20))
        out.expect(200)
        out.ack()
        a.send(out.make("BYE"), out.to)
        one.peer.reply(one.next("BYE"), 200)
        a.expect(200)


def test_while_shutting_down(case):
    """`shutdown when-idle` may take hours: help is there meanwhile."""
    one = Carrier(case, "127.0.0.21")
    with start(case, contexts="") as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        out = dial(a, "1002")
        there = b.answer()
        there.accept(b.sdp(40002))
        out.expect(200)
        out.ack()
        pbx.pbxctl("shutdown", "when-idle")
        b.invite("sip:1001@127.0.0.1", b.sdp(40000)).expect_failure(503)
        help_ = dial(b, "112")
        one.accept(expect_call(one, "112", seconds=20))
        help_.expect(200)
        help_.ack()
        pbx.pbxctl("hangup", "all")
        one.peer.reply(one.next("BYE"), 200)
        for who in (a, b, b):
            who.reply(who.wait_for("BYE"), 200)
        eventually(lambda: not pbx.child.running(), 15, "it stops when the last call has ended")
