# ctest: weight=2
"""DTLS-SRTP between real phones over signalling that is not encrypted: baresip and linphone, with SDES and plain ones."""
import re
import time

from harness import config, sound, talk
from harness.baresip import Baresip
from harness.case import eventually, expect, expect_equal
from harness.linphone import Linphone
from harness.switchroom import Switchroom


def phone(case, user, mode="dtls_srtp", **more):
    account = f";mediaenc={mode}" if mode else ""
    return Baresip(case, user, config.password(user), talk.SERVER, config="module srtp.so\nmodule dtls_srtp.so",
                   account=account, **more)


def encryption(pbx, leg="caller_leg"):
    return talk.only_call(pbx)[leg]["encryption"]


def test_phones_by_dtls_with_sdes_and_plain_ones(case):
    """baresip by DTLS calls a plain phone, one by DTLS and one by SDES; hold and resume; sound both ways."""
    with Switchroom(case, config.office(case.folder, profile="srtp_over_plain = true",
                                        more='\n[extensions.1004]\npassword = "kV7-tree-lamp"\nsrtp_keys = ["dtls"]\n')) as pbx:
        a = phone(case, "1001")
        plain = phone(case, "1002", None, answer="auto")
        sdes = phone(case, "1003", "srtp-mand", answer="auto")
        both = Baresip(case, "1004", "kV7-tree-lamp", talk.SERVER, config="module dtls_srtp.so", answer="auto",
                       account=";mediaenc=dtls_srtp")
        for one in (a, plain, sdes, both):
            one.wait_for("REGISTER_OK", seconds=15)
        for count, (other, kind) in enumerate(((plain, "none"), (sdes, "AES_CM|AEAD"), (both, "DTLS A")), 1):
            a.dial(f"sip:{other.user}@127.0.0.1")
            a.wait_for("CALL_ESTABLISHED", count=count, seconds=10)
            a.expect_hears(other, seconds=2)
            other.expect_hears(a, seconds=2)
            shown = talk.only_call(pbx)
            expect(re.match("DTLS (AES_CM|AEAD)", shown["caller_leg"]["encryption"]), shown["caller_leg"]["encryption"])
            expect(re.match(kind, shown["callee_leg"]["encryption"]), f"{other.user}: {shown['callee_leg']['encryption']}")
            expect_equal([shown[leg]["played_ms"] for leg in ("caller_leg", "callee_leg")], [0, 0], "what was decoded")
            if other is both:
                a.hold()
                time.sleep(1)
                a.resume()
                time.sleep(1)
                before = talk.only_call(pbx)["callee_leg"]["packets_sent"]
                eventually(lambda: talk.only_call(pbx)["callee_leg"]["packets_sent"] > before + 50, 5, "sound after the hold")
                expect_equal(pbx.log.count("cannot be encrypted"), 0, "handshakes that failed")
            a.hang_up()
            pbx.wait_for_cdr(count)


def test_linphone(case):
    """Another stack (mbed TLS) calls baresip, both by DTLS, and they hear each other's tones."""
    with Switchroom(case, config.office(case.folder, profile='srtp = "mandatory"\nsrtp_keys = ["dtls"]')) as pbx:
        lin = Linphone(case, "1001", config.password("1001"), talk.SERVER, sound.tone(440, 30), more="media_encryption=dtls\n")
        bare = phone(case, "1002", answer="auto", sends=sound.tone(700, 60))
        bare.wait_for("REGISTER_OK", seconds=15)
        eventually(lambda: {row["extension"] for row in pbx.pbxctl("registrations")} == {"1001", "1002"}, 15, "both phones")
        lin.say("call sip:1002@127.0.0.1")
        bare.wait_for("CALL_ESTABLISHED", seconds=15)
        lin.say(f"play {lin.folder / 'source.wav'}")
        eventually(lambda: len(bare.heard()) > 8000 * 6, 20, "six seconds of sound at baresip")
        for leg in ("caller_leg", "callee_leg"):
            expect(encryption(pbx, leg).startswith("DTLS A"), encryption(pbx, leg))
        heard = bare.heard()[8000 * 4:8000 * 5]
        expect(abs(sound.frequency(heard, 8000) - 440) < 5, f"{sound.frequency(heard, 8000):.0f} Hz of linphone at baresip")
        expect(sound.dbfs(heard) > -40, f"baresip hears next to nothing of linphone: {sound.dbfs(heard):.0f} dBFS")
        lin.say("terminate")
        pbx.wait_for_cdr()
        lin.end()
        back, rate = sound.read(lin.heard_file)
        expect(len(back) > 2 * rate, "linphone recorded nothing")
        expect(abs(sound.frequency(back[rate:3 * rate], rate) - 700) < 5, "the tone of baresip at linphone")
