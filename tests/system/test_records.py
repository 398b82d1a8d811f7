"""Every call has one record in SQLite and in CSV, and both say what happened."""
# ctest: timeout=120
import csv
import re
import sqlite3
import time

from harness import config, rtp, sip, sound, talk
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom
from harness.talk import Talk

CONTEXTS = config.DEFAULT_CONTEXT + r"""
[[contexts.default]]
name = "nobody answers"
when = { destination_number = '^7(\d+)$' }
do   = ["set call_timeout=1", "bridge user/$1"]

[[contexts.default]]
name = "refused"
when = { destination_number = '^8$' }
do   = ["respond 403 No"]
"""


def one_record(pbx):
    """The record of the only call so far, which both files have."""
    row = pbx.wait_for_cdr(1)[0]
    expect_equal(len(pbx.cdr_rows()), 1, "records in SQLite")
    eventually(lambda: len(pbx.cdr_csv()) == 1, 3, "the CSV line")
    line = pbx.cdr_csv()[0]
    for name, text in line.items():
        if name in row and row[name] is not None:
            wanted = f"{row[name]:.3f}" if isinstance(row[name], float) else str(row[name])
            expect_equal(text.lstrip("'"), wanted, f"{name} in CSV")
    return row


def expect_record(pbx, **wanted):
    row = one_record(pbx)
    for name, value in wanted.items():
        expect_equal(row[name], value, name)
    return row


def office(case, **more):
    return config.office(case.folder, contexts=CONTEXTS, **more)


def epoch_near(value, wanted):
    return value is not None and abs(value - wanted) <= 1 + SLOWNESS


def test_answered(case):
    with Switchroom(case, office(case)) as pbx:
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        sa, sb = rtp.Stream(case), rtp.Stream(case)
        began = time.time()
        call = a.invite("sip:1002@127.0.0.1", a.sdp(sa.port, formats=talk.PCMA))
        incoming = b.answer()
        incoming.reply(180)
        time.sleep(1.1)
        answered = time.time()
        incoming.accept(b.sdp(sb.port, formats=talk.PCMA))
        place = talk.media_port(call.expect(200).body)
        call.ack()
        for n in range(60):
            if n not in (10, 20, 21):
                sa.socket.sendto(rtp.build(8, n, 160 * n, 7, b"\xd5" * 160), place)
                time.sleep(0.01)
        time.sleep(1.2)
        ended = time.time()
        incoming.bye()
        call.expect_bye()
        row = expect_record(
            pbx, caller_id_name="Person 1001", caller_id_number="1001", destination_number="1002", context="default",
            hangup_cause="NORMAL_CLEARING", hangup_cause_q850=16, sip_status=200, hung_up_by="callee",
            read_codec="PCMA", write_codec="PCMA", network_addr="127.0.0.1", sip_call_id=call.call_id,
            last_app="bridge", last_arg="user/1002", bridge_channel="user/1002", progress_media_stamp=None,
            a_packets_received=57, a_packets_lost=3, a_packets_sent=0, b_packets_received=0, b_packets_sent=57, b_packets_lost=0)
        expect(epoch_near(row["start_epoch"], began) and epoch_near(row["answer_epoch"], answered) and
               epoch_near(row["end_epoch"], ended) and epoch_near(row["progress_epoch"], began), f"the times: {row}")
        expect(abs(row["duration_ms"] - 1000 * (ended - began)) < 150 * SLOWNESS, f"duration_ms {row['duration_ms']}")
        expect(abs(row["billed_ms"] - 1000 * (ended - answered)) < 150 * SLOWNESS, f"billed_ms {row['billed_ms']}")
        expect_equal((row["duration"], row["billsec"]), (round(row["duration_ms"] / 1000), round(row["billed_ms"] / 1000)))
        expect(row["bleg_uuid"] and row["bleg_uuid"] != row["uuid"], "two legs")
        expect(0 < row["a_jitter_ms"] < 50, f"jitter {row['a_jitter_ms']}")
        for name in ("start", "answer", "end"):
            expect_equal(row[f"{name}_stamp"], time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row[f"{name}_epoch"])))


def test_codecs_are_those_that_were_spoken(case):
    """Both legs agreed on PCMU and PCMA, PCMU first. One says what it hears in PCMU, the other in PCMA."""
    with Switchroom(case, office(case)) as pbx:
        both = Talk(case, a_formats=((0, "PCMU/8000"), (8, "PCMA/8000")))
        both.sb.payload_type = rtp.PCMA
        both.speak(sound.tone(440, 1), sound.tone(600, 1))
        both.sa.wait_for(20)
        both.sb.wait_for(20)
        shown = talk.only_call(pbx)
        expect_equal((shown["caller_leg"]["codec"], shown["callee_leg"]["codec"]), ("PCMU", "PCMA"), "codecs in pbxctl")
        both.end()
        expect_record(pbx, read_codec="PCMU", write_codec="PCMA")


def test_hung_up_by_the_caller(case):
    with Switchroom(case, office(case)) as pbx:
        Talk(case).end()
        expect_record(pbx, hung_up_by="caller", sip_hangup_disposition="recv_bye", hangup_cause="NORMAL_CLEARING")


def test_hung_up_by_pbxctl(case):
    with Switchroom(case, office(case)) as pbx:
        both = Talk(case)
        pbx.pbxctl("hangup", pbx.pbxctl("calls")[0]["id"])
        both.call.expect_bye()
        both.incoming.expect_bye()
        expect_record(pbx, hung_up_by="switchroom", sip_hangup_disposition="send_bye", sip_status=200)


def test_missed(case):
    with Switchroom(case, office(case)) as pbx:
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        call = a.invite("sip:71002@127.0.0.1", a.sdp(4000))
        incoming = b.answer()
        incoming.reply(180)
        incoming.expect_cancel(seconds=4)
        call.expect_failure(408, 480, seconds=4)
        row = expect_record(pbx, hangup_cause="NO_ANSWER", hangup_cause_q850=19, billsec=0, billed_ms=0, answer_stamp=None,
                            answer_epoch=None, sip_hangup_disposition="send_refuse", hung_up_by="switchroom")
        expect(row["progress_stamp"] is not None and 900 <= row["duration_ms"] <= 1500 * SLOWNESS, f"{row}")


def test_busy(case):
    with Switchroom(case, office(case)) as pbx:
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        call = a.invite("sip:1002@127.0.0.1", a.sdp(4000))
        b.answer().refuse(486)
        call.expect_failure(486)
        row = expect_record(pbx, hangup_cause="USER_BUSY", hangup_cause_q850=17, sip_status=486, billsec=0, answer_stamp=None,
                            hung_up_by="callee", destination_number="1002", bridge_channel="", endpoint_disposition="RECEIVED")
        expect(row["bleg_uuid"] and row["bleg_uuid"] != row["uuid"], f"the leg that was tried: {row}")


def test_originated(case):
    """Its own leg is the phone that was rung first."""
    with Switchroom(case, office(case)) as pbx:
        a, b = talk.phone(case, "1001"), talk.phone(case, "1002")
        made = pbx.pbxctl("originate", "user/1001", "1002")["id"]
        first = a.answer()
        first.accept(a.sdp(4000))
        second = b.answer()
        second.accept(b.sdp(4002))
        eventually(lambda: [row for row in pbx.pbxctl("calls") if row["state"] == "talking"], 3, "they talk")
        second.bye()
        row = pbx.wait_for_cdr(1)[0]
        expect_equal((row["uuid"], row["network_addr"], row["sip_call_id"], row["bridge_channel"], row["endpoint_disposition"]),
                     (made, "127.0.0.1", first.request.header("Call-ID"), "user/1002", "ANSWER"), "the record")
        expect("1002" in row["sip_from_uri"] and "1001" in row["sip_to_uri"], f"{row['sip_from_uri']} {row['sip_to_uri']}")
        # One that nobody answers has been rung somewhere, too.
        pbx.pbxctl("originate", "user/1001", "1002")
        third = a.wait_for("INVITE")
        a.reply(third, 486)
        row = pbx.wait_for_cdr(2)[1]
        expect_equal((row["network_addr"], row["sip_call_id"], row["hangup_cause"]), ("127.0.0.1", third.header("Call-ID"), "USER_BUSY"),
                     "the record of the second")


def test_refused_by_limits(case):
    """max_calls leaves a record, as many in a second as calls could; calls_per_second itself leaves a line."""
    with Switchroom(case, office(case, max_calls=1)) as pbx:
        both = Talk(case)
        stranger = talk.phone(case, "1003", register=False)
        stranger.invite("sip:1002@127.0.0.1", stranger.sdp(4000)).expect_failure(503)
        row = pbx.wait_for_cdr(1)[0]
        expect_equal((row["caller_id_number"], row["destination_number"], row["hangup_cause"], row["hangup_cause_q850"],
                      row["sip_status"], row["duration_ms"], row["network_addr"], row["context"]),
                     ("1003", "1002", "SWITCH_CONGESTION", 42, 503, 0, "127.0.0.1", "default"), "the record")
        line = pbx.wait_for_log(r"call=(\S+) .*1003 to 1002 from 127\.0\.0\.1 is refused: 1 calls are up, which is max_calls")
        expect_equal(line.group(1), row["uuid"], "the id in the log")
        pbx.reload(office(case, calls_per_second=1))
        for _ in range(3):
            stranger.invite("sip:8@127.0.0.1", stranger.sdp(4000)).expect_failure(403, 503)
        pbx.wait_for_log(r"1003 to 8 from 127\.0\.0\.1 is refused: over calls_per_second \(1\)")
        pbx.reload(office(case, more="[limits]\ncalls_per_address = 1\n"))
        for _ in range(2):
            stranger.invite("sip:8@127.0.0.1", stranger.sdp(4000)).expect_failure(403, 503)
        pbx.wait_for_log(r"1003 to 8 from 127\.0\.0\.1:\d+ is refused: its address is over calls_per_address")
        both.end()
        eventually(lambda: [row for row in pbx.cdr_rows() if row["caller_id_number"] == "1001"], 3, "the talk's record")
        rows = pbx.cdr_rows()
        expect(not [row for row in rows if row["hangup_cause"] == "SWITCH_CONGESTION" and row["destination_number"] == "8"],
               "a record of a call over the rate")


def test_csv_of_other_columns_is_set_aside(case):
    (case.folder / "data" / "cdr").mkdir(parents=True)
    path = case.folder / "data" / "cdr" / "Master.csv"
    path.write_text('"uuid","hung_up_by"\n"old","caller"\n')
    with Switchroom(case, office(case)) as pbx:
        a = talk.phone(case, "1001", register=False)
        a.invite("sip:8@127.0.0.1", a.sdp(4000)).expect_failure(403)
        eventually(lambda: len(pbx.cdr_csv()) == 1, 3, "the CSV line")
        expect_equal(list(pbx.cdr_csv()[0])[:26], (
            "caller_id_name caller_id_number destination_number context start_stamp answer_stamp end_stamp progress_stamp "
            "progress_media_stamp duration billsec hangup_cause uuid bleg_uuid accountcode read_codec write_codec "
            "sip_hangup_disposition endpoint_disposition sip_from_uri sip_to_uri sip_call_id network_addr bridge_channel "
            "last_app last_arg").split(), "the template's columns come first")
        missing = set(pbx.cdr_rows()[0]) - set(pbx.cdr_csv()[0])
        expect_equal(missing, {"id"}, "columns of the table that CSV has not")
        aside = list(path.parent.glob("Master.csv.until-*"))
        expect(len(aside) == 1 and '"old"' in aside[0].read_text(), f"the old file: {aside}")


def test_cancelled(case):
    with Switchroom(case, office(case)) as pbx:
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        call = a.invite("sip:1002@127.0.0.1", a.sdp(4000))
        incoming = b.answer()
        incoming.reply(180)
        call.expect(180, skip=(100,))
        call.cancel()
        call.expect(200)
        call.expect_failure(487)
        incoming.expect_cancel()
        expect_record(pbx, hangup_cause="ORIGINATOR_CANCEL", hangup_cause_q850=16, sip_status=487, billsec=0,
                      hung_up_by="caller", sip_hangup_disposition="recv_cancel", answer_stamp=None)


def test_failed(case):
    """Nobody registered, nothing that matches, refused by the dialplan: a record each."""
    with Switchroom(case, office(case)) as pbx:
        a = talk.phone(case, "1001", register=False)
        wanted = {"1003": ("USER_NOT_REGISTERED", 480), "5555": ("NO_ROUTE_DESTINATION", 404), "8": ("CALL_REJECTED", 403)}
        for number, (_, status) in wanted.items():
            a.invite(f"sip:{number}@127.0.0.1", a.sdp(4000)).expect_failure(status)
        rows = {row["destination_number"]: row for row in pbx.wait_for_cdr(3)}
        expect_equal(len(pbx.cdr_rows()), 3, "records")
        for number, (cause, status) in wanted.items():
            row = rows[number]
            expect_equal((row["hangup_cause"], row["sip_status"], row["billsec"], row["hung_up_by"], row["answer_stamp"]),
                         (cause, status, 0, "switchroom", None), f"the record of {number}")


def test_a_challenge_is_no_call(case):
    with Switchroom(case, office(case)) as pbx:
        stranger = sip.Peer(case, "1001", server=talk.SERVER)
        for _ in range(3):
            stranger.invite("sip:1002@127.0.0.1", stranger.sdp(4000)).expect_failure(401, 407)
        time.sleep(1)
        expect_equal(pbx.cdr_rows(), [], "records of INVITEs without credentials")


def test_queries_of_the_requirements(case):
    """The queries that users of the system before this one have."""
    with Switchroom(case, office(case)) as pbx:
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        for _ in range(3):
            both = Talk(case, a=a, b=b)
            time.sleep(0.6)
            both.end()
        a.invite("sip:5555@127.0.0.1", a.sdp(4000)).expect_failure(404)
        pbx.wait_for_cdr(4)
        with sqlite3.connect(pbx.data_dir / "cdr.db") as database:
            recent = database.execute("SELECT caller_id_number, destination_number, duration, hangup_cause, start_stamp FROM cdr "
                                      "ORDER BY start_stamp DESC LIMIT 20").fetchall()
            expect_equal(len(recent), 4)
            expect_equal({row[:2] for row in recent}, {("1001", "1002"), ("1001", "5555")})
            hours = database.execute("SELECT strftime('%H', start_stamp) AS hour, COUNT(*) AS calls FROM cdr "
                                     "WHERE date(start_stamp) = date('now') GROUP BY hour ORDER BY hour").fetchall()
            expect_equal(sum(count for _, count in hours), 4)
            averages = database.execute("SELECT destination_number, COUNT(*) AS calls, AVG(billsec) AS avg_duration, "
                                        "SUM(billsec) AS total_seconds FROM cdr WHERE billsec > 0 "
                                        "GROUP BY destination_number ORDER BY calls DESC").fetchall()
            expect_equal(averages, [("1002", 3, 1.0, 3)])
            expect_equal(database.execute("PRAGMA user_version").fetchone()[0], 4, "the schema's version")


def test_names_that_bite(case):
    """A caller chooses its own display name: quotes, commas, formulas, line ends, other alphabets, bytes that are no text."""
    names = ['Quote \\" and , comma', "=1+1", "@SUM(A1)", "+49 30 123", "-2", "Grüße 日本", "semi;colon", "tab\there", "x" * 200,
             "'; DROP TABLE cdr; --", "\udcff\udcfe", "a\\\\b", "%s%n${uuid}$1"]
    context = '\n[[contexts.default]]\nname = "all"\nwhen = { destination_number = \'^9$\' }\ndo = ["respond 404"]\n'
    with Switchroom(case, config.office(case.folder, contexts=context, auth=False)) as pbx:
        a = sip.Peer(case, "1001", server=talk.SERVER)
        for name in names:
            a.invite("sip:9@127.0.0.1", a.sdp(4000), from_=f'"{name}" <sip:1001@127.0.0.1>;tag=1{abs(hash(name))}').expect_failure(404)
        rows = pbx.wait_for_cdr(len(names))
        eventually(lambda: len(pbx.cdr_csv()) == len(names), 3, "the CSV lines")
        with open(pbx.data_dir / "cdr" / "Master.csv", newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
        expect_equal({len(line) for line in lines}, {len(lines[0])}, "fields in a line")
        for name, row, line in zip(names, rows, csv.DictReader(open(pbx.data_dir / "cdr" / "Master.csv", newline=""))):
            plain = re.sub(r"\\(.)", r"\1", name)
            if "\udcff" not in name and "\t" not in name:
                expect_equal(row["caller_id_name"], plain, "the name in SQLite")
                expect(line["caller_id_name"] in (plain, "'" + plain), f"{line['caller_id_name']!r} in CSV")
            expect(line["caller_id_name"][:1] not in ("=", "@"), "a formula in CSV")


def test_csv_after_logrotate(case):
    with Switchroom(case, office(case)) as pbx:
        a = talk.phone(case, "1001", register=False)
        path = pbx.data_dir / "cdr" / "Master.csv"
        for count in (1, 2):
            a.invite("sip:8@127.0.0.1", a.sdp(4000)).expect_failure(403)
            eventually(lambda: len(pbx.cdr_csv()) == 1, 3, "one line in this file")
            path.rename(path.with_suffix(f".{count}"))
        a.invite("sip:8@127.0.0.1", a.sdp(4000)).expect_failure(403)
        eventually(lambda: len(pbx.cdr_csv()) == 1, 3, "one line in the new file")
        expect_equal(len(pbx.wait_for_cdr(3)), 3)


def test_records_without_csv_or_without_sqlite(case):
    for kept, more in (("csv", 'sqlite = ""'), ("sqlite", 'csv = ""')):
        case.folder.joinpath(kept).mkdir()
        with Switchroom(case, office(case, more=f"[cdr]\n{more}\n").replace("/data\"", f"/data-{kept}\"")) as pbx:
            pbx.data_dir = case.folder / f"data-{kept}"
            a = talk.phone(case, "1001", register=False)
            a.invite("sip:8@127.0.0.1", a.sdp(4000)).expect_failure(403)
            eventually(lambda: (pbx.cdr_csv() if kept == "csv" else pbx.cdr_rows()), 3, f"a record in {kept}")
            expect_equal(len(pbx.cdr_rows() if kept == "csv" else pbx.cdr_csv()), 0, "records in the other")
