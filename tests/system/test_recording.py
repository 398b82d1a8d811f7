# ctest: timeout=120
"""Recordings of calls that are up: both parties, in every format, from the answer on, paused, announced."""
import re
import stat
import time

import numpy as np

from harness import config, rtp, sip, sound, talk, trunks
from harness.case import eventually, expect, expect_equal
from harness.recordings import amplitude, decoded, files, loudest, seconds_of
from harness.switchroom import CommandFailed, Switchroom, check
from harness.talk import Talk


def office(case, *steps, recording="", **more):
    quoted = ", ".join(f"'{step}'" for step in steps)
    contexts = f"""
[[contexts.default]]
name = "recorded"
when = {{ destination_number = '^(10\\d\\d)$' }}
do = [{quoted}]
"""
    return config.office(case.folder, contexts=contexts, more=f"[recording]\n{recording}\n" + more.pop("more", ""), **more)


def folder(case):
    return case.folder / "data" / "recordings"


def complete(pbx, count=1, **wanted):
    """The recordings, when so many are complete."""
    def look():
        rows = pbx.pbxctl("recordings")
        return rows if len(rows) >= count and all(row["state"] != "running" for row in rows) else None
    rows = eventually(look, 10, f"{count} complete recordings")
    expect_equal(len(rows), count, "the number of recordings")
    return rows


def speak(both, seconds):
    both.speak(sound.tone(440, 1), sound.tone(1000, 1))
    time.sleep(seconds)
    both.end()


def expect_parties(case, path, seconds):
    """440 Hz left, 1000 Hz right; or both in one."""
    channels, rate = decoded(case, path)
    length = len(channels[0]) / rate
    expect(seconds - 0.6 < length < seconds + 3, f"{path} has {length:.2f} s")
    for index, samples in enumerate(channels):
        middle = samples[int(0.8 * rate):-int(0.3 * rate)]
        own = (440, 1000) if len(channels) == 1 else ((440,), (1000,))[index]
        for frequency in (440, 1000):
            heard = amplitude(middle[:rate], frequency, rate)
            if frequency in own:
                expect(0.2 < heard < 0.4, f"{path}: {frequency} Hz in channel {index} at {heard:.3f}")
            else:
                expect(heard < 0.01, f"{path}: {frequency} Hz is heard in the other's channel {index}: {heard:.3f}")
    return length


def test_every_format_by_other_programs(case):
    steps = ["set RECORD_STEREO=true", "record_session stereo.wav at_answer", "record_session stereo.flac at_answer",
             "record_session stereo.opus at_answer", "record_session stereo.mp3 at_answer", "set RECORD_STEREO=false",
             "record_session mixed.wav at_answer", "bridge user/$1"]
    with Switchroom(case, office(case, *steps)) as pbx:
        speak(Talk(case), 3)
        complete(pbx, 5)
        lengths = [expect_parties(case, folder(case) / name, 3)
                   for name in ("stereo.wav", "stereo.flac", "stereo.opus", "stereo.mp3")]
        lengths.append(expect_parties(case, folder(case) / "mixed.wav", 3))
        expect(max(lengths) - min(lengths) < 0.021, f"one call, one length: {lengths}")
        for name in files(folder(case)):
            mode = stat.S_IMODE((folder(case) / name).stat().st_mode)
            expect(mode & ~0o640 == 0, f"{name} has mode {mode:o}")
        row = pbx.wait_for_cdr()[0]
        expect_equal(sorted(row["recordings"].split("; ")), files(folder(case)), "what the record names")
        expect_equal(row["recording_trouble"], "")
        expect_equal(sorted(pbx.cdr_csv()[0]["recordings"].split("; ")), files(folder(case)), "and the CSV")


def test_as_the_requirements_have_it(case):
    """Section 8: FreeSWITCH's folder, from the answer on, stereo, on into what comes after nobody answers."""
    steps = ["set dialed_extension=$1", "set RECORD_STEREO=true", "set media_bug_answer_req=true",
             "record_session /var/lib/freeswitch/recordings/${strftime(%Y/%m/%d)}/${uuid}_${caller_id_number}_to_${dialed_extension}.wav",
             "set call_timeout=1", "bridge user/${dialed_extension}", "answer", "playback tone_stream:%(1500,0,1000)",
             "hangup"]
    with Switchroom(case, office(case, *steps)) as pbx:
        a, b, stream = talk.phone(case, "1001", register=False), talk.phone(case, "1002"), rtp.Stream(case)
        call = a.invite("sip:1002@127.0.0.1", a.sdp(stream.port, formats=talk.PCMU))
        ringing = b.answer()
        ringing.reply(180)
        call.expect(180, skip=(100,))
        expect_equal(files(folder(case)) if folder(case).exists() else [], [], "files before the answer")
        answered = call.expect(200, skip=(100, 180, 183))
        call.ack()
        stream.start(talk.media_port(answered.body), sound.tone(440, 1))
        call.expect_bye(seconds=8)
        row = complete(pbx)[0]
        uuid = pbx.wait_for_cdr()[0]["uuid"]
        expect_equal(row["file"], str(folder(case) / time.strftime("%Y/%m/%d") / f"{uuid}_1001_to_1002.wav"))
        channels, rate = decoded(case, row["file"])
        expect_equal(len(channels), 2)
        expect(1.2 < len(channels[0]) / rate < 3.5, f"{len(channels[0]) / rate} s: the ringing is not in it")
        expect(loudest(channels[0], 440, rate) > 0.2, "the caller is heard left")
        expect(loudest(channels[1], 1000, rate) > 0.05, "what was played instead of the callee is heard right")


def test_pause_leaves_no_card_number(case):
    """pbxctl starts, pauses, resumes and stops; what was said in a pause is nowhere in the file."""
    with Switchroom(case, office(case, "bridge user/$1", recording="stereo = true")) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(1000, 1))
        id = pbx.pbxctl("calls")[0]["id"]
        pbx.pbxctl("record", id, "start", "on demand.wav")
        time.sleep(1.2)
        pbx.pbxctl("record", id, "pause")
        time.sleep(0.3)
        both.sa.samples = sound.tone(1700, 1)  # the card number
        time.sleep(1)
        both.sa.samples = sound.tone(440, 1)
        time.sleep(0.5)
        pbx.pbxctl("record", id, "resume")
        time.sleep(1.2)
        pbx.pbxctl("record", id, "stop", "on demand.wav")
        row = complete(pbx)[0]
        try:
            pbx.pbxctl("record", id, "stop", "all")
            expect(False, "what does not run was stopped")
        except CommandFailed as failed:
            expect("nothing is recorded" in failed.err, failed.err)
        time.sleep(0.5)
        both.end()
        channels, rate = decoded(case, row["file"])
        expect(loudest(channels[0], 1700, rate) < 0.003, f"{loudest(channels[0], 1700, rate)} of the card number")
        expect(seconds_of(channels[0], 440, rate) > 1.8, "both sides of the pause are there")
        length = len(channels[0]) / rate
        expect(3.6 < length < 7, f"{length} s: the pause keeps its length")
        quiet = sound.gaps(channels[1], rate)
        expect(len(quiet) == 1 and quiet[0][1] > 1.5, f"silence in the place of the pause: {quiet}")
        events = [event["event"] for event in pbx.pbxctl("events", "recording")]
        expect_equal(events, ["recording.start", "recording.pause", "recording.resume", "recording.stop"])


def test_consent_and_beep(case):
    """Both hear the announcement before the recording begins, and a beep while it goes on."""
    sounds = case.folder / "data" / "sounds"
    sounds.mkdir(parents=True)
    sound.write(sounds / "consent.wav", sound.tone(700, 1.5))
    text = office(case, "record_session call.wav", "bridge user/$1",
                  recording='consent = "consent.wav"\nbeep = "1s"\nstereo = true')
    with Switchroom(case, text) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(1000, 1))
        for stream in (both.sa, both.sb):
            eventually(lambda: loudest(stream.measured().samples, 700, 8000) > 0.2, 5, "the announcement")
        time.sleep(4)
        both.end()
        row = complete(pbx)[0]
        channels, rate = decoded(case, row["file"])
        expect(loudest(channels[1], 700, rate, 0.1) < 0.05, "the recording begins after the announcement")
        expect(2 < len(channels[0]) / rate < 5.5, f"{len(channels[0]) / rate} s")
        for stream in (both.sa, both.sb):
            expect(0.1 < seconds_of(stream.measured().samples, 1400, 8000, least=0.02) < 1.5, "a short beep now and then")
        expect(loudest(channels[1], 1000, rate) > 0.2, "and the other party beside it")


def test_rules_of_the_file(case):
    """record = true of an extension, called or calling, and of a ring group; one recording for each call."""
    more = """
[ring_groups.sales]
number = "9001"
members = ["1002"]
record = true
record_path = "sales/${caller_id_number}.wav"
"""
    text = office(case, "bridge user/$1", more=more)
    text = text.replace("[extensions.1002]", "[extensions.1002]\nrecord = true\nrecord_path = \"of 1002/${uuid}.wav\"", 1)
    with Switchroom(case, text) as pbx:
        speak(Talk(case), 1)  # to 1002, by its rule
        complete(pbx, 1)
        a, b, stream = talk.phone(case, "1003", register=False), talk.phone(case, "1002"), rtp.Stream(case)
        call = a.invite("sip:9001@127.0.0.1", a.sdp(stream.port, formats=talk.PCMU))
        incoming = b.answer()
        incoming.accept(b.sdp(rtp.Stream(case).port, formats=talk.PCMU))
        call.expect(200, skip=(100, 180, 183))
        call.ack()
        time.sleep(1)
        call.bye()
        incoming.expect_bye()
        rows = complete(pbx, 2)
        expect_equal(rows[0]["file"], str(folder(case) / "sales/1003.wav"))
        expect(re.search(r"/of 1002/[0-9a-f-]+\.wav$", rows[1]["file"]), rows[1]["file"])
        expect_equal((rows[1]["caller"], rows[1]["answered_by"]), ("1001", "user/1002"))
        expect_equal([row["id"] for row in pbx.pbxctl("recordings", "extension=1003")], [rows[0]["id"]])
        expect_equal(len(pbx.pbxctl("recordings", "extension=1002")), 2)
        expect_equal(pbx.pbxctl("recordings", "since=2999-01-01"), [])
        expect_equal(pbx.pbxctl_raw("recordings", "path", str(rows[0]["id"])).stdout.strip(), rows[0]["file"])


def test_no_way_out_of_the_folder(case):
    """A caller's number, a link and absolute paths: each file stays inside, and no call goes unrecorded for it."""
    outside = case.folder / "outside"
    outside.mkdir()
    folder(case).mkdir(parents=True)
    (folder(case) / "link").symlink_to(outside)
    steps = ["answer", "set evil=../../../up", "record_session a/${evil}/${caller_id_name}.wav",
             "record_session link/b.wav", "record_session ${evil}.wav", "sleep 1000", "hangup"]
    with Switchroom(case, office(case, *steps)) as pbx:
        phone, stream = talk.phone(case, register=False), rtp.Stream(case)
        call = phone.invite("sip:1002@127.0.0.1", phone.sdp(stream.port, formats=talk.PCMU))
        call.expect(200)
        call.ack()
        call.expect_bye(seconds=8)
        complete(pbx, 2)
        expect_equal(files(folder(case)), ["_._.._.._up.wav", "a/_._.._.._up/Person 1001.wav"])
        expect_equal(files(outside), [])
        expect("link" in pbx.wait_for_cdr()[0]["recording_trouble"], pbx.cdr_rows()[0]["recording_trouble"])
        expect_equal(len(pbx.pbxctl("events", "recording.failed")), 1)
    for wrong, why in (("/etc/passwd.wav", "outside of the recordings folder"), ("../x.wav", "leads out"),
                       ("x.txt", "ends with none of")):
        status, out = check(case, office(case, f"record_session {wrong}"))
        expect(status != 0 and why in out, f"{wrong}: {out}")


def test_record_what_the_caller_says(case):
    """Until a key, until silence, until the limit."""
    steps = ["playback tone_stream:%(300,0,1000)", "record ${destination_number}.wav 3 200 1",
             "log INFO ended by ${record_ended_by} after ${record_ms}", "playback tone_stream:%(500,0,1500)", "hangup"]
    with Switchroom(case, office(case, *(["answer"] + steps), recording='rate = "8000"')) as pbx:
        def call(number, samples, act=None):
            phone, stream = talk.phone(case, register=False), rtp.Stream(case)
            out = phone.invite(f"sip:{number}@127.0.0.1", phone.sdp(stream.port, formats=talk.PCMU))
            answered = out.expect(200)
            out.ack()
            stream.start(talk.media_port(answered.body), samples)
            if act:
                time.sleep(1.5)
                act(stream)
            out.expect_bye(seconds=10)
            channels, rate = decoded(case, folder(case) / f"{number}.wav")
            return channels, len(channels[0]) / rate

        channels, length = call(1001, sound.tone(440, 1))
        expect_equal((len(channels), length), (1, 3.0), "ended by its limit")
        expect(loudest(channels[0], 440, 8000) > 0.2 and loudest(channels[0], 1000, 8000) < 0.01, "the caller alone")
        _, length = call(1002, np.concatenate([sound.tone(440, 1.5), sound.silence(20)]))
        expect(1.0 < length < 2.9, f"ended by silence after {length} s")
        _, length = call(1003, sound.tone(440, 1), lambda stream: stream.send_digit("*"))
        expect(0.3 < length < 2.9, f"ended by a key after {length} s")
        expect_equal(re.findall(r"log INFO ended by (\w+) after", pbx.log), ["longest", "silence", "key"])


def test_by_keys_of_either_party(case):
    """*1 starts, *3 pauses, *4 goes on, *2 stops: by the caller, and by the callee, who stays right."""
    steps = ["bind_digit_action rec,*1,exec:record_session,/var/lib/freeswitch/recordings/${uuid}_on_demand.wav,both",
             "bind_digit_action rec,*2,exec:stop_record_session,all,both",
             "bind_digit_action rec,*3,exec:record_session_pause,,both",
             "bind_digit_action rec,*4,exec:record_session_resume,,both", "digit_action_set_realm rec", "bridge user/$1"]
    for by_caller in (True, False):
        with Switchroom(case, office(case, *(step.replace(",both", ",both" if not by_caller else "") for step in steps),
                                     recording="stereo = true")) as pbx:
            both = Talk(case).speak(sound.tone(440, 1), sound.tone(1000, 1))
            stream = both.sa if by_caller else both.sb

            def press(keys, event):
                for key in keys:
                    stream.send_digit(key)
                    time.sleep(0.1)
                eventually(lambda: pbx.pbxctl("events", event), 5, event)

            press("*1", "recording.start")
            time.sleep(1)
            press("*3", "recording.pause")
            press("*4", "recording.resume")
            time.sleep(0.5)
            press("*2", "recording.stop")
            both.end()
            row = pbx.pbxctl("recordings")[0]
            expect(row["file"].endswith("_on_demand.wav"), row)
            channels, rate = decoded(case, row["file"])
            expect(amplitude(channels[0][rate // 5:rate // 2], 440, rate) > 0.2, "the caller left")
            expect(amplitude(channels[1][rate // 5:rate // 2], 1000, rate) > 0.2, "the callee right")


def test_on_into_voicemail(case):
    """Nobody answers, the caller leaves a message, and both files have what he said."""
    steps = ["set media_bug_answer_req=true", "record_session before.wav", "set call_timeout=1",
             "set continue_on_fail=true", "bridge user/$1", "answer", "voicemail $1"]
    text = office(case, *steps)
    text = text.replace("[extensions.1002]", '[extensions.1002]\nvoicemail = { pin = "5937" }', 1)
    with Switchroom(case, text) as pbx:
        a, stream = talk.phone(case, "1001", register=False), rtp.Stream(case)
        talk.phone(case, "1002")  # rings in vain
        call = a.invite("sip:1002@127.0.0.1", a.sdp(stream.port, formats=talk.PCMU))
        answered = call.expect(200, skip=(100, 180, 183))
        call.ack()
        stream.start(talk.media_port(answered.body), sound.tone(440, 1))
        stream.wait_for(10)
        stream.send_digit("#")  # no greeting
        time.sleep(4)
        call.bye()
        row = complete(pbx)[0]
        channels, rate = decoded(case, row["file"])
        expect(len(channels[0]) / rate > 3.5, f"{len(channels[0]) / rate} s")
        expect(amplitude(channels[0][-2 * rate:-rate // 2], 440, rate) > 0.2, "what was said into voicemail")
        eventually(lambda: pbx.pbxctl("voicemail", "list"), 5, "the message")


def test_routes_and_trunks(case):
    """record = true of an [[outbound]] and of an [[inbound]] section."""
    outbound = """
[[outbound]]
dial = '9(\\d+)'
trunks = ["itsp"]
record = true
record_path = "out/${destination_number}.wav"
[[inbound]]
did = "+15551234567"
to = "1001"
record = true
record_path = "in/${caller_id_number}.flac"
"""
    text = trunks.office(case, trunks.trunk(register=False, username=None, password=None, addresses=["127.0.0.9/32"]),
                         outbound)
    with Switchroom(case, text) as pbx:
        far = trunks.Carrier(case)
        a = talk.phone(case, "1001")
        call = a.invite("sip:9555@127.0.0.1", a.sdp(40000, formats=talk.PCMU))
        far.accept(far.next_call())
        call.expect(200, skip=(100, 180, 183))
        call.ack()
        time.sleep(1)
        a.send(call.make("BYE"), call.to)
        far.peer.reply(far.next("BYE"), 200)
        a.expect(200)
        expect_equal(complete(pbx)[0]["answered_by"], "trunk/itsp/555")
        outside = sip.Peer(case, "4930555", host="127.0.0.9", server="127.0.0.1:5080")
        call = outside.invite("sip:15551234567@127.0.0.1:5080", outside.sdp(40000, formats=talk.PCMU))
        here = a.answer()
        here.accept(a.sdp(40002, formats=talk.PCMU))
        call.expect(200, skip=(100, 180, 183))
        call.ack()
        time.sleep(1)
        call.bye()
        here.expect_bye()
        rows = complete(pbx, 2)
        expect_equal(files(folder(case)), ["in/4930555.flac", "out/9555.wav"])
        expect_equal((rows[0]["caller"], rows[0]["answered_by"]), ("4930555", "user/1001"))
