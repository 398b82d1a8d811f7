"""Two families of softphones in one call: linphone calls baresip, and each hears the other."""
import time

from harness import config, sound
from harness.baresip import Baresip
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.linphone import Linphone
from harness.switchroom import Switchroom


def test_linphone_and_baresip_talk(case):
    with Switchroom(case, config.office(case.folder)) as pbx:
        said = sound.tone(440, 30)
        lin = Linphone(case, "1001", config.password("1001"), "127.0.0.1:5060", plays=said)
        bare = Baresip(case, "1002", config.password("1002"), "127.0.0.1:5060", codec="pcmu", answer="auto",
                       sends=sound.tone(700, 60))
        bare.wait_for("REGISTER_OK", seconds=10)
        eventually(lambda: {row["extension"] for row in pbx.pbxctl("registrations")} == {"1001", "1002"}, 15, "both phones")
        lin.say("call sip:1002@127.0.0.1")
        bare.wait_for("CALL_ESTABLISHED", seconds=15)
        lin.say(f"play {lin.folder / 'source.wav'}")
        time.sleep(5 * SLOWNESS)
        lin.say("15")
        eventually(lambda: "15" in bare.digits(), 8, "the keys that linphone pressed")
        talking = pbx.pbxctl("call", "show", pbx.pbxctl("calls")[0]["id"])
        expect(talking["caller_leg"]["packets_received"] > 100 and talking["callee_leg"]["packets_received"] > 100, talking)
        lin.say("terminate")
        row = pbx.wait_for_cdr()[0]
        expect_equal(row["hangup_cause"], "NORMAL_CLEARING", "the record")
        heard = bare.heard()
        middle = heard[bare.rate:4 * bare.rate]
        expect(sound.dbfs(middle) > -40, f"baresip hears next to nothing of linphone: {sound.dbfs(middle):.0f} dBFS")
        lin.end()
        back, rate = sound.read(lin.heard_file)
        expect(len(back) > 2 * rate, "linphone recorded nothing")
        expect(abs(sound.frequency(back[rate:3 * rate], rate) - 700) < 5, "the tone of baresip at linphone")
