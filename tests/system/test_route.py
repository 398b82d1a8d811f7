"""pbxctl route, regex and dialplan show: the rules explain themselves, and nobody is called."""
from harness import config
from harness.calls import expect_nothing_left, phone
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom

DIALPLAN = r"""
[hours.business]
days = "mon-fri"
time = "09:00-17:00"

[[contexts.default]]
name = "notes"
continue = true
when = { destination_number = '^7' }
do   = ["set seen=yes", "export color=${desk}"]
[[contexts.default]]
name = "by variable"
when = { destination_number = '^7(\d)$', '${seen}' = '^yes$', '${color}' = '^green$' }
do   = ["transfer 8$1 XML default"]
[[contexts.default]]
name = "by the clock"
when = { destination_number = '^8(\d)$', hours = "business" }
do   = ["set continue_on_fail=USER_BUSY", "bridge user/100$1,user/1003|group/sales", "hangup NO_ANSWER"]
else = ["respond 480 Closed"]
[[contexts.default]]
name = "round"
when = { destination_number = '^round$' }
do   = ["transfer round"]
[[contexts.default]]
name = "there and back"
when = { destination_number = '^there$' }
do   = ["execute_extension 85", "execute_extension no${nothing}where", "log back"]
cases = [ { when = { caller_id_number = '^1001$' }, do = ["hangup"] }, { do = ["answer"] } ]
[[contexts.other]]
name = "all"
do   = ["echo"]

[ring_groups.sales]
number = "9001"
members = ["1001", "1002"]
[menus.main]
number = "5000"
keys = { 1 = "transfer sales", 9 = "exit" }
[extensions.1004]
password = "%s"
context = "other"
[extensions.1001.variables]
desk = "green"
""" % config.password("1004")


def told(pbx, *words):
    return [(row["entry"], row["result"], row["about"]) for row in pbx.pbxctl("route", *words)]


def test_the_way_of_a_call(case):
    with Switchroom(case, config.office(case.folder, contexts=DIALPLAN)) as pbx:
        phone(case, "1002")
        rows = told(pbx, "72", "--from", "1001", "--at", "2026-11-25 10:00")
        expect_equal(rows[:4], [("notes", "yes", 'destination_number is "72", which fits ^7'), ("notes", "does", "set seen=yes"),
                                ("notes", "does", "export color=green"),
                                ("by variable", "yes", rows[3][2])])
        expect(('by variable', 'does', 'transfer 82 XML default') in rows, rows)
        expect_equal([about for _, result, about in rows if result == "then"],
                     ["1002 Person 1002 rings on 1 phone", "1003 Person 1003 has no phone registered (USER_NOT_REGISTERED)",
                      "if nobody answers: group sales: 2 members, simultaneous",
                      "if nobody answers: 1001 Person 1001 has no phone registered (USER_NOT_REGISTERED)",
                      "if nobody answers: 1002 Person 1002 rings on 1 phone",
                      "when nobody answers the next step runs after USER_BUSY only"])
        expect_equal(rows[-1], ("by the clock", "does", "hangup NO_ANSWER"))
        rows = told(pbx, "72", "--at", "2026-11-25 10:00")  # nobody's desk is green
        expect(("by variable", "no", "${color} is not set or empty, which does not fit ^green$") in rows, rows)
        rows = told(pbx, "72", "--var", "color=green", "--var=desk=green", "--at=Sat 10:00")
        expect_equal(rows[-2:], [("by the clock", "else", "it is not hours business now"), ("by the clock", "does", "respond 480 Closed")])
        expect_equal(told(pbx, "x", "--from=1004"), [("all", "yes", "it has no conditions"), ("all", "does", "echo")])
        expect_equal(told(pbx, "9001")[-1][1:], ("end", "no step is left: the call ends"))
        expect(("", "then", "key 1: transfer sales") in told(pbx, "main"), "the menu's keys")
        expect("30 times" in told(pbx, "round")[-1][2], "a circle ends")
        rows = told(pbx, "there", "--from", "1001", "--at", "2026-11-28 10:00")
        expect_equal(rows[-1][1:], ("does", "respond 480 Closed"))
        rows = told(pbx, "nothing")
        expect_equal(rows[-1], ("", "end", "nothing matches: the caller hears 404"))
        expect_nothing_left(pbx)
        expect_equal(pbx.cdr_rows(), [])


def test_wrong_questions_get_answers(case):
    with Switchroom(case, config.office(case.folder, contexts=DIALPLAN)) as pbx:
        for words, wanted in ((("route",), "usage: route NUMBER"), (("route", "--from", "1001"), "usage: route NUMBER"),
                              (("route", "1", "--at", "soon"), "--at wants a moment"), (("route", "1", "--var", "x"), "NAME=VALUE"),
                              (("route", "1", "--context", "defualt"), "did you mean default"), (("route", "1", "--frm=2"), "--frm=2"),
                              (("route", "1", "2"), '"2" is not understood'), (("route", "1", "--from"), "--from wants a value"),
                              (("dialplan", "show", "nowhere"), "there is no context"), (("regex", "1", "("), "bad pattern"),
                              (("regex", "a" * 40 + "b", "^(a+)+$"), "too many steps"), (("regex", "1"), "usage: regex TEXT PATTERN")):
            error = refusal(pbx, *words)
            expect(wanted in error, f"{words}: {error}")


def refusal(pbx, *words):
    done = pbx.pbxctl_raw(*words)
    expect(done.returncode != 0, f"{words} succeeded: {done.stdout}")
    return done.stdout + done.stderr


def test_regex_and_show(case):
    with Switchroom(case, config.office(case.folder, contexts=DIALPLAN)) as pbx:
        expect_equal(pbx.pbxctl("regex", "915551234567", r"^9(\d{10,11})$"), {"matches": True, "$0": "915551234567", "$1": "15551234567"})
        expect_equal(pbx.pbxctl("regex", "8", r"^9"), {"matches": False})
        rows = pbx.pbxctl("dialplan", "show", "default")
        by_name = {(row["entry"], row["when"]): row["do"] for row in rows}
        expect_equal(by_name["notes (continue)", "destination_number ^7"], "set seen=yes; export color=${desk}")
        expect_equal(by_name["by the clock", "else"], "respond 480 Closed")
        expect_equal(by_name["there and back, case 2", "always"], "answer")
        expect_equal(by_name["ring_groups.sales", "destination_number ^(9001|sales)$"], "bridge {call_timeout=25}group/sales")
        expect_equal(by_name["menus.main", "destination_number ^(5000|main)$"], "answer; ivr main")
        expect_equal([row["entry"] for row in rows][-2:], ["ring_groups.sales", "menus.main"])
        expect_equal({row["context"] for row in pbx.pbxctl("dialplan", "show")}, {"default", "other"})
