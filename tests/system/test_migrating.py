"""docs/migrating.md: every block is checked as a whole, and calls go through what they say."""
import pathlib
import re

from harness import sip
from harness.calls import expect_nothing_left
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "migrating.md"


def blocks(kind):
    """`toml base`: part of every configuration; `toml`: all of them make one; `toml alone`: each by itself."""
    return re.findall(r"^```" + kind + r"\n(.*?)^```", PAGE.read_text(), re.S | re.M)


def configuration(case, more):
    text = "\n".join(blocks("toml base") + more)
    return text.replace('data_dir = "data"', f'data_dir = "{case.folder}/data"') + \
        f'\n[control]\nsocket = "{case.folder}/control.sock"\n[log]\nlevel = "debug"\n'


def phone(case, number):
    password = re.search(rf"\[extensions\.{number}\]\n(?:.*\n)*?password *= \"(.*?)\"", PAGE.read_text())[1]
    return sip.Peer(case, number, password, server="127.0.0.1:5060")


def about(pbx, *words):
    return [(row["result"], row["about"]) for row in pbx.pbxctl("route", *words)]


def hang_up(call):
    call.expect(200, seconds=8)
    call.ack()
    call.bye()


def test_the_page_is_one_configuration_that_works(case):
    with Switchroom(case, configuration(case, blocks("toml"))) as pbx:
        a, b = phone(case, "1001"), phone(case, "1002")
        b.register()
        out = a.invite("sip:1002@127.0.0.1", a.sdp(40000))
        call = b.answer()
        expect("Alice Johnson" in call.request.header("From"), call.request)
        call.refuse(486)
        hang_up(out)  # in the mailbox
        for number in ("9012", "9002", "9011", "*98", "9664", "9196", "5100", "8001"):
            out = a.invite(f"sip:{number}@127.0.0.1", a.sdp(40000))
            if number == "9011":
                b.answer().refuse(486)
            hang_up(out)
        for number, headers, status in (("6001", [("X-Custom", "premium")], "480 Premium"), ("6001", [], "404 Not Found")):
            expect_equal(a.invite(f"sip:{number}@127.0.0.1", a.sdp(40000), headers=headers).expect_failure(404, 480).start,
                         f"SIP/2.0 {status}", number)
        expect(re.match(r"SIP/2.0 480 hello at \d{4}-\d\d-\d\d \d\d:", a.invite(
            "sip:6002@127.0.0.1", a.sdp(40000)).expect_failure(480).start), "variables")
        carrier = sip.Peer(case, "carrier", server="127.0.0.1:5080")
        expect_equal(carrier.invite("sip:4711@127.0.0.1:5080", carrier.sdp(40000)).expect_failure(603).status, 603)
        pbx.wait_for_log(r"warning.*Rejecting unknown inbound DID: 4711 from sip:carrier@")
        inbound = carrier.invite("sip:+15555551234@127.0.0.1:5080", carrier.sdp(40000))
        call = b.answer()
        expect("Sales: " in call.request.header("From"), call.request)
        call.refuse(486)
        hang_up(inbound)
        expect_nothing_left(pbx)


def test_the_clock_in_the_page(case):
    with Switchroom(case, configuration(case, blocks("toml"))) as pbx:
        for number in ("5000", "5010"):
            for at, wanted in (("2026-11-25 09:00", "transfer 5001 XML default"), ("2026-11-25 17:30", "transfer 5002 XML default"),
                               ("2026-11-28 10:00", "transfer 5002 XML default")):
                expect(("does", wanted) in about(pbx, number, "--from", "1001", "--at", at), f"{number} at {at}")
        for at, wanted in (("2026-11-25 10:00", "Open"), ("2026-12-02 10:00", "December"), ("2026-11-28 10:00", "Closed")):
            expect_equal(about(pbx, "6004", "--at", at)[-1], ("does", f"respond 480 {wanted}"), at)


def test_each_block_that_stands_alone(case):
    for block in blocks("toml alone"):
        with Switchroom(case, configuration(case, [block])):
            pass
