"""Limits that count calls, and values that calls share, for now or for good."""
from harness import config, talk
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom, check

CONTEXTS = r"""
[[contexts.default]]
name = "two at once"
when = { destination_number = '^61$' }
do = ["limit trunk 2 69", "set usage=${limit_usage}", "log INFO ${usage} of two", "answer", "echo"]

[[contexts.default]]
name = "one for each caller, by FreeSWITCH's form"
when = { destination_number = '^62$' }
do = ["limit hash callers ${caller_id_number} 1", "answer", "echo"]

[[contexts.default]]
name = "two in a while"
when = { destination_number = '^63$' }
do = ["limit often 2/600 69 XML default", "respond 480"]

[[contexts.default]]
name = "over"
when = { destination_number = '^69$' }
do = ["log INFO over ${limit_exceeded}", "respond 486"]

[[contexts.default]]
name = "remember"
when = { destination_number = '^7(\d)$' }
do = ["hash insert/last/caller/${caller_id_number}", "db insert/numbers/favourite/$1", "db insert_ifempty/numbers/first/$1",
      "log INFO result ${db_result}", "respond 480"]

[[contexts.default]]
name = "tell"
when = { destination_number = '^80$' }
do = ["log INFO last <${hash(select/last/caller)}> favourite <${db(select/numbers/favourite)}> first ${db(exists/numbers/first)}", "respond 480"]

[[contexts.default]]
name = "decide by a shared value"
when = { destination_number = '^81$', "${db(select/numbers/favourite)}" = '^5$' }
do = ["respond 486"]

[[contexts.default]]
name = "forget"
when = { destination_number = '^82$' }
do = ["db delete/numbers/favourite", "hash delete/last/caller", "respond 480"]
"""


def office(case):
    return config.office(case.folder, contexts=CONTEXTS)


def dial(case, phone, number, *status):
    phone.invite(f"sip:{number}@127.0.0.1", phone.sdp(40000)).expect_failure(*status)


def test_limits(case):
    with Switchroom(case, office(case)) as pbx:
        phone, other = talk.phone(case, register=False), talk.phone(case, "1002", register=False)

        def up(who, number):
            call = who.invite(f"sip:{number}@127.0.0.1", who.sdp(40000))
            call.expect(200)
            call.ack()
            return call
        first, second = up(phone, "61"), up(other, "61")
        pbx.wait_for_log("2 of two")
        third = talk.phone(case, "1003", register=False)
        dial(case, third, "61", 486)
        pbx.wait_for_log("over trunk")
        row, = pbx.pbxctl("limits")
        expect_equal((row["limit"], row["used"], row["most"], row["refused"]), ("trunk", 2, 2, 1))
        first.bye()
        eventually(lambda: pbx.pbxctl("limits")[0]["used"] == 1, 5, "a place is free")
        again = up(third, "61")
        again.bye()
        second.bye()
        own = up(phone, "62")
        dial(case, phone, "62", 503)
        others = up(other, "62")
        own.bye(), others.bye()
        for status in (480, 480, 486):
            dial(case, phone, "63", status)
        expect_equal([one["about"].split("limit=")[1] for one in pbx.pbxctl("events", "limit")],
                     ["trunk", "callers_1001", "often"])


def test_shared_values(case):
    text = office(case)
    with Switchroom(case, text) as pbx:
        phone = talk.phone(case, register=False)
        dial(case, phone, "81", 404)
        dial(case, phone, "75", 480)
        pbx.wait_for_log("result success")
        dial(case, phone, "75", 480)
        pbx.wait_for_log("result failure")  # there is a first one already
        dial(case, phone, "80", 480)
        pbx.wait_for_log("last <1001> favourite <5> first true")
        dial(case, phone, "81", 486)
        expect_equal(pbx.pbxctl("hash", "select/last/caller"), {"value": "1001"})
        pbx.pbxctl("db", "insert/numbers/more/a/b")
        expect_equal(pbx.pbxctl("db")[-1], {"realm": "numbers", "key": "more", "value": "a/b"})
    with Switchroom(case, text) as pbx:  # what db holds is there again
        dial(case, phone, "80", 480)
        pbx.wait_for_log("last <> favourite <5> first true")
        dial(case, phone, "82", 480)
        dial(case, phone, "81", 404)
    with Switchroom(case, text) as pbx:
        expect_equal([row["key"] for row in pbx.pbxctl("db")], ["first", "more"])


def test_a_damaged_table_is_moved_aside(case):
    with Switchroom(case, office(case)):
        pass
    path = case.folder / "data" / "values.db"
    path.write_bytes(b"this is no database" * 100)
    with Switchroom(case, office(case)) as pbx:
        expect("a new one has been begun" in pbx.log)
        expect_equal(pbx.pbxctl("db"), [])


def test_mistakes_are_found_by_check(case):
    contexts = CONTEXTS + r"""
[[contexts.default]]
when = { destination_number = '^1$' }
do = ["limit", "limit calls many", "limit hash a b 5/0", "hash insert/realm", "hash put/a/b/c", "db select/a/b"]
"""
    status, said = check(case, config.office(case.folder, contexts=contexts))
    expect_equal(status, 1, said)
    expect_equal(said.count("it takes NAME MAX"), 3, said)
    for words in ("insert takes a realm and a key", "it takes insert/REALM", "it changes values"):
        expect(words in said, f"{words!r} is missing in\n{said}")
