"""A hundred thousand calls one after another leave memory and descriptors where they were, and a record each."""
# ctest: timeout=3600
import sqlite3

from harness import config, sipp, talk
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom

ROUNDS, EACH, RATE = 5, 20_000, 500
CALLEE = 7000
CONTEXT = f"""
[[contexts.default]]
name = "to the callee"
when = {{ destination_number = '^service$' }}
do   = ["bridge sip:service@127.0.0.1:{CALLEE}"]
"""


def records(pbx):
    with sqlite3.connect(f"file:{pbx.data_dir / 'cdr.db'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute("SELECT COUNT(*), COUNT(DISTINCT sip_call_id), SUM(hangup_cause = 'NORMAL_CLEARING') FROM cdr").fetchone()


def test_a_hundred_thousand_calls(case):
    rate = RATE // SLOWNESS
    with Switchroom(case, config.office(case.folder, contexts=CONTEXT, auth=False, calls_per_second=5000, max_calls=5000,
                                        media_ports="20000-40000", log='level = "warning"\nlevels = { main = "info" }')) as pbx:
        memory, descriptors = [], []
        for round_ in range(ROUNDS):
            seconds = EACH // rate + 60
            callee = sipp.start(case, sipp.uas(), port=CALLEE, calls=EACH, at_once=5000, seconds=seconds, trace=False)
            caller = sipp.run(case, sipp.uac(challenged=False), talk.SERVER, user="1001", called="service", calls=EACH, rate=rate,
                              at_once=2000, seconds=seconds, trace=False)
            callee.finish()
            expect_equal((caller.successful, caller.failed), (EACH, 0), "calls that succeeded and failed")
            eventually(lambda: pbx.pbxctl("status")["transactions"] == 0, 60, "no transaction is left")
            eventually(lambda wanted=EACH * (round_ + 1): records(pbx)[0] == wanted, 60, "all records")
            status = pbx.pbxctl("status")
            expect_equal((status["calls"], status["dialogs"], status["rtp_ports"]), (0, 0, 0), "calls, dialogs, RTP ports")
            memory.append(pbx.memory())
            descriptors.append(pbx.descriptors())
            print(f"      {EACH * (round_ + 1)} calls: {memory[-1] >> 10} KB, {descriptors[-1]} descriptors", flush=True)
        expect_equal(records(pbx), (ROUNDS * EACH,) * 3, "records, different calls, calls that ended well")
        expect(max(descriptors) <= descriptors[0] + 1, f"descriptors: {descriptors}")
        expect(memory[-1] - memory[1] < (3 << 20) * SLOWNESS, f"memory: {[one >> 10 for one in memory]} KB")
