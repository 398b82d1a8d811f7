"""kill -9 loses no record, and a full disk stops no call."""
# ctest: timeout=180
import ctypes
import os
import random
import threading
import time

from harness import config, sip, sound, talk
from harness.case import SLOWNESS, Skip, eventually, expect, expect_equal
from harness.switchroom import Switchroom
from harness.talk import Talk


def one_for_each(rows, ids, what=""):
    """Exactly one record for each Call-ID, and none besides."""
    got = [row["sip_call_id"] for row in rows]
    expect_equal(len(got), len(set(got)), f"records of different calls {what}")
    expect_equal(set(got), set(ids), f"calls with a record {what}")


def settled(pbx, count):
    """After a start: SQLite and CSV have so many records, and stay so."""
    eventually(lambda: len(pbx.cdr_rows()) >= count and len(pbx.cdr_csv()) >= count, 10, f"{count} records in both files")
    time.sleep(0.7)
    expect_equal((len(pbx.cdr_rows()), len(pbx.cdr_csv())), (count, count), "records in SQLite and CSV")
    return pbx.cdr_rows()


def test_kill_with_fifty_calls_up(case):
    with Switchroom(case, config.office(case.folder, auth=False)) as pbx:
        a = sip.Peer(case, "1001", server=talk.SERVER)
        calls = []
        for _ in range(50):
            call = a.invite("sip:9196@127.0.0.1", a.sdp(4000))
            call.expect(200)
            call.ack()
            calls.append(call)
        for call in calls[:10]:  # these end before
            call.bye()
        expect_equal(len(pbx.pbxctl("calls")), 40, "calls that are up")
        time.sleep(1.2)
        died = time.time()
        pbx.kill()
        pbx.start()
        rows = settled(pbx, 50)
        one_for_each(rows, [call.call_id for call in calls])
        crashed = [row for row in rows if row["hangup_cause"] == "CRASH"]
        expect_equal({row["sip_call_id"] for row in crashed}, {call.call_id for call in calls[10:]}, "calls cut short")
        for row in crashed:
            expect_equal((row["hung_up_by"], row["hangup_cause_q850"]), ("switchroom", 41))
            expect(row["answer_stamp"] and row["billsec"] <= row["duration"] and row["start_epoch"] <= row["end_epoch"] <= died + 1,
                   f"the times of a call that was cut short: {row}")
        pbx.kill()
        pbx.start()
        settled(pbx, 50)  # not written again
        call = a.invite("sip:9196@127.0.0.1", a.sdp(4000))  # and calls work
        call.expect(200)
        call.ack()
        call.bye()


def test_the_record_is_safe_when_the_bye_is_answered(case):
    """kill -9 in the very moment in which the 200 to BYE arrives."""
    with Switchroom(case, config.office(case.folder, auth=False)) as pbx:
        a = sip.Peer(case, "1001", server=talk.SERVER)
        ids = []
        for round_ in range(8):
            call = a.invite("sip:9196@127.0.0.1", a.sdp(4000))
            call.expect(200)
            call.ack()
            ids.append(call.call_id)
            a.send(call.make("BYE"), call.to)
            while a.receive(5).cseq[1] != "BYE":
                pass
            pbx.kill()
            pbx.start()
            rows = settled(pbx, round_ + 1)
            one_for_each(rows, ids)
            expect_equal({(row["hangup_cause"], row["hung_up_by"]) for row in rows}, {("NORMAL_CLEARING", "caller")}, "how they ended")


def test_the_record_is_safe_when_the_goodbye_is_sent(case):
    """The server ends the call: by its BYE, and by its final refusal, the record is there."""
    contexts = '\n[[contexts.default]]\nname="short"\nwhen={ destination_number=\'^1$\' }\ndo=["answer", "sleep 50", "hangup"]\n' \
               '\n[[contexts.default]]\nname="no"\nwhen={ destination_number=\'^2$\' }\ndo=["respond 486"]\n'
    with Switchroom(case, config.office(case.folder, contexts=contexts, auth=False)) as pbx:
        a = sip.Peer(case, "1001", server=talk.SERVER)
        for round_ in range(6):
            call = a.invite(f"sip:{1 + round_ % 2}@127.0.0.1", a.sdp(4000))
            if round_ % 2 == 0:
                call.expect(200)
                call.ack()
                a.expect("BYE")
            else:
                call.expect(486)
            pbx.kill()
            pbx.start()
            row = settled(pbx, round_ + 1)[-1]
            expect_equal(row["hangup_cause"], "USER_BUSY" if round_ % 2 else "NORMAL_CLEARING", "the cause")


def test_kill_at_random_instants(case):
    """Calls come and go, the process is killed again and again: every call that got an answer has one record."""
    text = config.office(case.folder, auth=False, calls_per_second=5000)
    with Switchroom(case, text) as pbx:
        known = set()
        for round_ in range(6):
            caller = sip.Peer(case, "1001", server=talk.SERVER)
            over = threading.Event()

            def talk_on(caller=caller, over=over):
                """Calls without waiting: INVITE, and whoever is answered says goodbye after a while."""
                open_calls, next_call = {}, 0.0
                while not over.is_set():
                    if time.monotonic() > next_call:
                        request = caller.request("INVITE", "sip:9196@127.0.0.1", body=caller.sdp(4000))
                        call = sip.Call(caller, request, caller.server)
                        open_calls[call.call_id] = call
                        caller.send(request)
                        next_call = time.monotonic() + 0.004
                    message = caller.receive(0.004 / SLOWNESS)
                    if message is not None and message.status == 200 and message.cseq[1] == "INVITE":
                        known.add(message.header("Call-ID"))
                        call = open_calls[message.header("Call-ID")]
                        call.learn(message)
                        call.ack()
                        if random.random() < 0.8:
                            caller.send(call.make("BYE"), call.to)

            thread = threading.Thread(target=talk_on, daemon=True)
            thread.start()
            time.sleep(random.uniform(0.15, 1.2))
            pbx.kill()
            over.set()
            thread.join()
            pbx.start()
            eventually(lambda: known <= {row["sip_call_id"] for row in pbx.cdr_rows()}, 10, "a record of each call")
        time.sleep(0.7)
        ids = [row["sip_call_id"] for row in pbx.cdr_rows()]
        lines = [line["sip_call_id"] for line in pbx.cdr_csv()]
        expect(len(known) > 100, f"only {len(known)} calls were made")
        expect_equal(len(ids), len(set(ids)), "each record is there once in SQLite")
        expect_equal(sorted(lines), sorted(ids), "and in CSV")


class SmallDisk:
    """A tmpfs of its own on data_dir, in a mount namespace of this test's process."""

    def __init__(self, case, size):
        self.path = case.folder / "data"
        self.path.mkdir()
        libc = ctypes.CDLL(None, use_errno=True)
        clone_newns, ms_rec, ms_private = 0x20000, 0x4000, 1 << 18
        if libc.unshare(clone_newns) != 0 or libc.mount(b"none", b"/", None, ms_rec | ms_private, None) != 0 or \
                libc.mount(b"tmpfs", str(self.path).encode(), b"tmpfs", 0, f"size={size}".encode()) != 0:
            raise Skip("no mount namespace here")
        case.defer(lambda: libc.umount2(str(self.path).encode(), 2))

    def fill(self):
        """To the last byte."""
        filler = os.open(self.path / "filler", os.O_WRONLY | os.O_CREAT)
        for size in (65536, 1):
            try:
                while True:
                    os.write(filler, b"x" * size)
            except OSError:
                pass
        os.close(filler)

    def empty(self):
        os.unlink(self.path / "filler")


def test_a_full_disk(case):
    disk = SmallDisk(case, "12m")
    with Switchroom(case, config.office(case.folder)) as pbx:
        a, b = talk.phone(case, "1001", register=False), talk.phone(case, "1002")
        Talk(case, a=a, b=b).end()
        settled(pbx, 1)
        disk.fill()
        for _ in range(5):
            both = Talk(case, a=a, b=b).speak(sound.tone(440, 1), sound.tone(600, 1))
            both.sb.expect_tone(440, seconds=0.4)
            both.end()
        b.register()  # the registrar's database is full too: the phone is served all the same
        pbx.wait_for_log("(?i)no space|disk (is )?full|full", seconds=5)
        expect(pbx.pbxctl("status")["records_waiting"] >= 5, "records that wait")
        disk.empty()
        eventually(lambda: len(pbx.cdr_rows()) >= 6 and len(pbx.cdr_csv()) >= 6, 40, "the records, when there is room again")
        expect_equal((len(pbx.cdr_rows()), len(pbx.cdr_csv())), (6, 6), "records")
        Talk(case, a=a, b=b).end()
        eventually(lambda: len(pbx.cdr_rows()) == 7, 5, "the next record")
