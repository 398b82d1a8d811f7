"""Half a million mutated messages: every OPTIONS between them is answered at once, and nothing stays of it."""
# ctest: timeout=3600
import time

from harness import config, hostile
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.switchroom import Switchroom

ROUNDS, EACH = 10, 50_000


def test_half_a_million_mutations(case):
    with Switchroom(case, config.office(case.folder, log='level = "warning"\nlevels = { main = "info" }')) as pbx:
        memory, descriptors, seed = [], [], int(time.time())
        for round_ in range(ROUNDS):
            slowest = hostile.bombard(case, pbx, EACH, seed + round_)
            eventually(lambda: pbx.pbxctl("status")["transactions"] == 0, 60, "no transaction is left")
            memory.append(pbx.memory())
            descriptors.append(pbx.descriptors())
            print(f"      seed {seed + round_}: the slowest OPTIONS took {slowest * 1000:.1f} ms, {memory[-1] >> 10} KB", flush=True)
        expect_equal(pbx.pbxctl("calls"), [], "calls")
        expect(max(descriptors[1:]) <= descriptors[0] + 1, f"descriptors: {descriptors}")
        expect(memory[-1] - memory[1] < (3 << 20) * SLOWNESS, f"memory: {[one >> 10 for one in memory]} KB")
