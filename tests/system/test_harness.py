"""The harness proven against itself and against real peers, without the server."""
# ctest: timeout=150
import time

import numpy as np

from harness import baresip, config, rtp, sip, sipp, sound
from harness.case import Skip, eventually, expect, expect_equal


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


# -- sound and RTP --------------------------------------------------------------------------------

def test_sound_is_measured(case):
    tone = sound.tone(440, 2)
    expect(abs(sound.frequency(tone) - 440) < 1, "frequency", sound.frequency(tone))
    expect(abs(sound.dbfs(tone) + 10.46) < 0.1, "level", sound.dbfs(tone))
    expect(sound.power_at(tone, 440) > 0.99 and sound.power_at(tone, 600) < 0.01, "Goertzel")
    both = (sound.tone(770, 1) + sound.tone(1336, 1)) / 2
    expect(0.45 < sound.power_at(both, 770) < 0.55, "half of the power of a DTMF pair")
    broken = np.concatenate([tone, sound.silence(0.06), tone])
    expect_equal(len(sound.gaps(broken)), 1, "gaps")
    expect(abs(sound.gaps(broken)[0][1] - 0.06) < 0.011, "its length", sound.gaps(broken))
    expect_equal(sound.gaps(tone), [], "a tone without gaps")
    path = sound.write(case.folder / "x.wav", tone, 8000, 2)
    back, rate = sound.read(path)
    expect(rate == 8000 and len(back) == len(tone) and np.abs(back - tone).max() < 1e-3, "a WAV read back")


def test_correlation_finds_pieces_and_nothing_else(_case):
    sent = sound.speech(8)
    found = sound.correlate(sent[12000:44000], sent)
    expect(all(peak > 0.999 for _, _, peak in found) and abs(found[0][1] - 1.5) < 0.001, found)
    other = sound.correlate(sound.speech(4, seed=2), sent)
    expect(max(peak for _, _, peak in other) < 0.6, "another speech", other)
    raises(AssertionError, lambda: sound.expect_same(sound.speech(5, seed=2), sent))
    raises(AssertionError, lambda: sound.expect_same(sound.silence(5), sent))
    coded = rtp.decode(rtp.encode(sent))
    expect(sound.expect_same(coded, sent) > 0.999, "mu-law")
    expect(sound.expect_same(rtp.decode(rtp.encode(sent, rtp.PCMA), rtp.PCMA), sent) > 0.999, "A-law")


def test_g711_is_sox_g711(case):
    import subprocess
    samples = sound.speech(1)
    wav = sound.write(case.folder / "s.wav", samples)
    for name, payload_type in (("ul", rtp.PCMU), ("al", rtp.PCMA)):
        raw = case.folder / f"s.{name}"
        subprocess.run(["sox", "-D", wav, raw], check=True)
        theirs = rtp.decode(raw.read_bytes(), payload_type)
        ours = rtp.decode(rtp.encode(samples, payload_type), payload_type)
        expect(np.abs(theirs - ours).max() < 0.04 and sound.rms(theirs - ours) < 0.002, name, np.abs(theirs - ours).max())


def test_a_stream_arrives_as_it_was_sent(case):
    a, b = rtp.Stream(case, sequence=65500), rtp.Stream(case)
    a.start(("127.0.0.1", b.port), sound.tone(440, 1))
    b.start(("127.0.0.1", a.port), sound.tone(620, 1))
    got = b.expect_tone(440, 1.5, level=-10.5)
    a.expect_tone(620, 0.5)
    expect_equal((got.lost, got.duplicates, got.reordered, got.jumps, got.ssrcs), (0, 0, 0, 0, 1))
    a.send_digit("5")
    a.send_digit("#")
    eventually(lambda: b.digits() == "5#", 2, "two digits")
    a.stop()
    b.expect_silence()


def test_a_damaged_stream_is_seen(_case):
    frame = rtp.encode(sound.tone(440, 0.02))

    def packet(number, timestamp=None, ssrc=1):
        data = rtp.build(0, number, number * 160 if timestamp is None else timestamp, ssrc, frame)
        return rtp.Packet.parse(data, ("x", 1), number * 0.02)

    whole = [packet(i) for i in range(65530, 65536)] + [packet(i, (65536 + i) * 160) for i in range(5)]
    got = rtp.measure(whole)
    expect_equal((got.packets, got.lost, got.duplicates, got.reordered, got.jumps), (11, 0, 0, 0, 0), "wrap-around")
    got = rtp.measure([packet(1), packet(2), packet(2), packet(5), packet(4), packet(7, 9999, ssrc=2)])
    expect_equal((got.lost, got.duplicates, got.reordered, got.jumps, got.ssrcs), (2, 1, 1, 1, 2), "damage")
    expect(abs(got.longest_gap - 0.04) < 1e-9, got.longest_gap)
    expect(rtp.Packet.parse(b"\x00" * 20, ("x", 1), 0) is None, "version 0 is not RTP")
    expect_equal(rtp.measure([]).packets, 0)


# -- SIP ------------------------------------------------------------------------------------------

def test_digest_is_that_of_the_rfcs(_case):
    # RFC 2617 3.5 and RFC 7616 3.9.1.
    challenge = ('Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
                 'opaque="5ccc069c403ebaf9f0171e9517f40e41"')
    value = sip.authorization(challenge, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", cnonce="0a4f113b")
    expect('response="6629fae49393a05397450978507c4ef1"' in value, value)
    challenge = ('Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
                 'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"')
    value = sip.authorization(challenge, "Mufasa", "Circle of Life", "GET", "/dir/index.html",
                              cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    expect('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in value, value)


def test_messages_are_read(_case):
    message = sip.Message.parse(b"INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP x\r\nVia: SIP/2.0/UDP y\r\nf: <sip:c;tag=no@d>;tag=yes\r\n"
                                b"Subject: one\r\n two\r\nm: \"N\" <sip:c@d:9;x=y>\r\nCSeq: 7 INVITE\r\n\r\nbody")
    expect_equal(message.all("Via"), ["SIP/2.0/UDP x", "SIP/2.0/UDP y"])
    expect_equal((message.tag("From"), message.header("subject"), message.contact_uri(), message.body),
                 ("yes", "one two", "sip:c@d:9;x=y", "body"))
    expect_equal((message.method, message.status, message.cseq), ("INVITE", None, (7, "INVITE")))
    expect(str(message).endswith("Content-Length: 4\r\n\r\nbody"), "the length is added")
    expect_equal(sip.address("sip:x@[::1]:99;transport=tcp"), ("::1", 99))


def one_call(case, transport):
    alice = sip.Peer(case, "alice", transport=transport)
    bob = sip.Peer(case, "bob", transport=transport)
    call = alice.invite(f"sip:bob@{bob.hostport}", alice.sdp(40000), bob.hostport)
    there = bob.answer()
    there.reply(180)
    call.expect(180, skip=(100,))
    there.reply(200, body=bob.sdp(40002))
    expect("m=audio 40002" in call.expect(200).body, "the answer")
    call.ack()
    bob.expect("ACK")
    return alice, bob, call, there


def test_two_peers_call_each_other(case):
    for transport in ("udp", "tcp"):
        alice, bob, call, there = one_call(case, transport)
        request = call.send("INVITE", body=alice.sdp(40000, direction="sendonly"))
        again = bob.expect("INVITE")
        expect("a=sendonly" in again.body and again.tag("To") == there.request.made_tag, "a re-INVITE in the dialog")
        bob.reply(again, 200, body=bob.sdp(40002, direction="recvonly"))
        expect_equal(alice.wait_final(request).status, 200)
        call.ack()
        bob.expect("ACK")
        bye = there.send("BYE")
        alice.reply(alice.expect("BYE"), 200)
        expect_equal(bob.wait_final(bye).status, 200)
        alice.expect_silence(0.2)


def test_cancel_and_refusals(case):
    alice, bob = sip.Peer(case, "alice"), sip.Peer(case, "bob")
    call = alice.invite("sip:bob@127.0.0.1", alice.sdp(40000), bob.hostport)
    there = bob.answer()
    there.reply(180)
    call.expect(180, skip=(100,))
    call.cancel()
    cancel = bob.expect("CANCEL")
    expect_equal(cancel.header("Via"), there.request.header("Via"), "the Via of CANCEL")
    bob.reply(cancel, 200)
    there.reply(487)
    call.expect(200, skip=(180,))
    call.expect_failure(487)
    expect_equal(bob.expect("ACK").header("Via"), there.request.header("Via"), "the Via of ACK")
    call = alice.invite("sip:bob@127.0.0.1", "", bob.hostport)
    bob.answer().reply(486)
    call.expect_failure(486)
    bob.expect("ACK")
    error = raises(AssertionError, lambda: alice.expect("BYE", seconds=0.1))
    expect("got nothing" in str(error), error)


def test_a_registration_with_a_challenge(case):
    import threading
    phone, server = sip.Peer(case, "1001", "secret word"), sip.Peer(case, "server")

    def serve():
        first = server.expect("REGISTER")
        server.reply(first, 401, headers=[("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5')])
        second = server.expect("REGISTER")
        given = second.parameters("Authorization")
        wanted = sip.authorization('Digest realm="r", nonce="n", qop="auth"', "1001", "secret word", "REGISTER", second.uri,
                                   cnonce=given["cnonce"])
        right = sip.parameters(wanted)["response"] == given["response"]
        server.reply(second, 200 if right and second.cseq[0] == first.cseq[0] + 1 else 403,
                     headers=[("Contact", second.header("Contact"))])

    thread = threading.Thread(target=serve)
    thread.start()
    answer = phone.register(server.hostport)
    thread.join()
    expect(phone.contact in answer.header("Contact"), answer)


# -- sipp -----------------------------------------------------------------------------------------

def test_sipp_calls_sipp(case):
    for transport in ("udp", "tcp"):
        server = sipp.start(case, sipp.uas(), calls=3, transport=transport)
        result = sipp.run(case, sipp.uac(sipp.pause(50), challenged=False), f"127.0.0.1:{server.port}", calls=3, user="1001",
                          transport=transport)
        expect_equal((result.status, result.successful, result.failed), (0, 3, 0))
        expect_equal(server.finish().successful, 3)


def test_sipp_scenarios_fit_each_other(case):
    pairs = [(sipp.uas_busy(), sipp.uac_refused(486, challenged=False)),
             (sipp.uas_declines(), sipp.uac_refused(603, challenged=False)),
             (sipp.uas_early_media(100), sipp.uac(challenged=False)),
             (sipp.uas_no_answer(), sipp.uac_cancel(100, challenged=False)),
             (sipp.uas(bye=True, middle=[sipp.pause(100)]), sipp.uac(challenged=False, bye=False)),
             (sipp.uas(answer_after=100), sipp.uac_delayed_offer(challenged=False)),
             (sipp.uas_session_timer(), sipp.uac(challenged=False, headers="Supported: timer"))]
    for called, caller in pairs:
        server = sipp.start(case, called)
        sipp.run(case, caller, f"127.0.0.1:{server.port}", user="1001", called="1002")
        server.finish()
    refused = sipp.start(case, sipp.uas_busy())
    result = sipp.run(case, sipp.uac(challenged=False), f"127.0.0.1:{refused.port}", expected=False, user="1001")
    expect(result.status != 0 and result.failed == 1 and "486" in result.log, "a failure is told", result)


def test_sipp_calls_a_peer(case):
    bob = sip.Peer(case, "bob")
    caller = sipp.start(case, sipp.uac(sipp.reinvite("sendonly"), sipp.reinvite()), to=bob.hostport, user="1001", password="pw",
                        called="bob")
    first = bob.answer()
    first.reply(401, headers=[("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5')])
    bob.expect("ACK")
    call = bob.answer()
    given = call.request.parameters("Authorization")
    expect_equal(given["response"], sip.parameters(sip.authorization(
        'Digest realm="r", nonce="n", qop="auth"', "1001", "pw", "INVITE", given["uri"], cnonce=given["cnonce"]))["response"],
        "sipp's digest")
    call.accept(bob.sdp(40000))
    for direction in ("sendonly", "sendrecv"):
        again = bob.expect("INVITE")
        expect(f"a={direction}" in again.body, again.body)
        bob.reply(again, 200, body=bob.sdp(40000))
        bob.expect("ACK")
    call.expect_bye()
    caller.finish()


def test_a_peer_calls_sipp(case):
    alice = sip.Peer(case, "alice")
    server = sipp.start(case, sipp.uas_reliable())
    call = alice.invite(f"sip:service@127.0.0.1:{server.port}", alice.sdp(40000), f"127.0.0.1:{server.port}",
                        [("Supported", "100rel")])
    ringing = call.expect(180, skip=(100,))
    expect_equal(ringing.header("RSeq"), "1")
    expect_equal(call.ask("PRACK", [("RAck", f"1 {call.request.cseq[0]} INVITE")]).status, 200)
    invite_number = call.request.cseq[0]
    call.expect(200)
    call.send("ACK", cseq=invite_number)
    call.bye()
    server.finish()


def test_sipp_registers(case):
    server = sip.Peer(case, "server")
    phone = sipp.start(case, sipp.register(challenged=False, expires=77), to=server.hostport, user="1003")
    request = server.expect("REGISTER")
    expect_equal((request.header("Expires"), "sip:1003@" in request.header("To")), ("77", True))
    server.reply(request, 200, headers=[("Contact", request.header("Contact"))])
    phone.finish()


# -- baresip --------------------------------------------------------------------------------------

def test_two_baresips_hear_each_other(case):
    for codec in ("pcmu", "g722", "opus"):
        a = baresip.Baresip(case, "1001", codec=codec)
        b = baresip.Baresip(case, "1002", codec=codec)
        a.dial(f"sip:1002@127.0.0.1:{b.port}")
        b.wait_for("CALL_INCOMING")
        b.accept()
        a.wait_for("CALL_ESTABLISHED")
        b.wait_for("CALL_ESTABLISHED")
        a.expect_hears(b, 2)
        b.expect_hears(a, 2)
        if codec == "pcmu":
            a.press("5#")
            eventually(lambda: b.digits() == "5#", 3, "the keys at the other end")
        a.hang_up()
        b.wait_for("CALL_CLOSED")


def test_a_peer_calls_baresip_with_sound(case):
    phone = baresip.Baresip(case, "1002", sends=sound.tone(620, 30), answer="auto")
    alice, stream = sip.Peer(case, "alice"), rtp.Stream(case)
    call = alice.invite(f"sip:1002@127.0.0.1:{phone.port}", alice.sdp(stream.port), f"127.0.0.1:{phone.port}")
    answer = call.expect(200)
    call.ack()
    port = int(answer.body.split("m=audio ")[1].split()[0])
    stream.start(("127.0.0.1", port), sound.tone(440, 1))
    stream.wait_for(5)
    stream.expect_tone(620, 1.0)
    stream.send_digit("7")
    eventually(lambda: phone.digits() == "7", 3, "a key press at baresip")
    eventually(lambda: len(phone.heard()) > 12000, 5, "sound at baresip")
    expect(abs(sound.frequency(phone.heard()[4000:12000]) - 440) < 3, "what baresip heard")
    call.bye()
    phone.wait_for("CALL_CLOSED")


# -- the executable's handle, with a stand-in for it ------------------------------------------------

STAND_IN = """#!/usr/bin/python3
import json, os, signal, sqlite3, sys, time
if os.path.basename(sys.argv[0]) == "pbxctl":
    if sys.argv[-1] == "nonsense":
        sys.exit("unknown command")
    print(json.dumps({"arguments": sys.argv[1:]}))
elif sys.argv[1] == "check":
    sys.exit("x.toml:1:1: wrong")
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(int(os.environ.get("END", "0"))))
    assert sys.argv[1] == "--config" and open(sys.argv[2]).read()
    if "COMPLAIN" in os.environ:
        print("==1==ERROR: AddressSanitizer: heap-use-after-free", file=sys.stderr)
    time.sleep(0.1)
    with sqlite3.connect("data/cdr.db") as database:
        database.execute("create table cdr (uuid text, billsec int)")
        database.execute("insert into cdr values ('u', 3)")
    os.mkdir("data/cdr")
    open("data/cdr/Master.csv", "w").write("uuid,billsec\\nu,3\\n")
    print("2026 info main ready", file=sys.stderr, flush=True)
    while True:
        time.sleep(1)
"""


def test_the_handle_of_the_executable(case):
    import os
    from harness import switchroom
    from harness.case import Case
    stand_in = case.folder / "switchroom"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    was = os.environ.get("SWITCHROOM")
    os.environ["SWITCHROOM"] = str(stand_in)
    case.defer(lambda: os.environ.update({"SWITCHROOM": was}) if was else os.environ.pop("SWITCHROOM"))

    inner = Case("good", case.folder / "good")
    case.defer(inner.close)
    with switchroom.Switchroom(inner, config.office(inner.folder)) as pbx:
        expect_equal(pbx.pbxctl("status")["arguments"], ["--socket", str(pbx.socket), "--json", "status"])
        raises(switchroom.CommandFailed, lambda: pbx.pbxctl("nonsense"))
        expect_equal(pbx.cdr_rows(), [{"uuid": "u", "billsec": 3}])
        expect_equal(pbx.cdr_csv(), [{"uuid": "u", "billsec": "3"}])
        expect(pbx.memory() > 1 << 20 and pbx.descriptors() >= 3 and pbx.cpu_seconds() >= 0, "figures of the process")
        pbx.wait_for_log("info main")
    expect(not pbx.child.running(), "it has stopped")
    expect_equal(switchroom.check(inner, "x"), (1, "x.toml:1:1: wrong\n"))
    for bad in ({"END": "3"}, {"COMPLAIN": "1"}):
        inner = Case("bad", case.folder / next(iter(bad)))
        case.defer(inner.close)
        raises(AssertionError, switchroom.Switchroom(inner, "x", environment=bad).stop)
    os.environ["SWITCHROOM"] = "/nowhere"
    raises(Skip, switchroom.executable)


# -- the runner -----------------------------------------------------------------------------------

def test_children_are_ended_and_failures_kept(case):
    from harness.case import Case, run_one
    started = []

    def leaves_children(inner):
        started.append(inner.start("sleep", ["sleep", "600"]))
        raise AssertionError("on purpose")

    outcome = run_one("inner", leaves_children, case.folder / "inner")
    expect("on purpose" in outcome and not started[0].running(), outcome)
    expect(run_one("fine", lambda inner: None, case.folder / "fine") is None, "a test that passes")
    expect(isinstance(run_one("skip", lambda inner: (_ for _ in ()).throw(Skip("x")), case.folder / "skip"), Skip), "skipped")
    inner = Case("x", case.folder / "x")
    expect_equal((inner.unique("a"), inner.unique("a")), ("a", "a-2"))
    raises(AssertionError, lambda: eventually(lambda: False, 0.05))
    start = time.monotonic()
    expect(eventually(lambda: time.monotonic() - start > 0.05, 2), "it waits")


def test_the_runner_ends_what_hangs_and_keeps_what_failed(case):
    import os
    import subprocess
    from pathlib import Path
    file = case.folder / "test_hangs.py"
    file.write_text("# ctest: timeout=7\nimport time\n\ndef test_a(case):\n    (case.folder / 'trace').write_text('x')\n"
                    "    case.start('left', ['sleep', '4711'])\n    time.sleep(60)\n")
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("SWITCHROOM_TEST_NETWORK", "SWITCHROOM_SANITIZE")}
    run = [Path(__file__).parent / "run", file]
    done = subprocess.run(run, env={**environment, "SWITCHROOM_BUILD": str(case.folder / "build")}, capture_output=True,
                          text=True, timeout=30)
    expect(done.returncode == 1 and "did not end within 2 s" in done.stdout, done.stdout, done.stderr)
    kept = Path(done.stdout.split("kept  ")[1].strip())
    expect((kept / "test_a" / "trace").exists() and kept.parent == case.folder / "build" / "system-tests", kept)
    left = subprocess.run(["pgrep", "-f", "^sleep 4711$"], capture_output=True, text=True)
    expect(left.stdout == "", "a child was left behind", left.stdout)
    file.write_text("def test_b(case):\n    pass\n")
    done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=30)
    expect(done.returncode == 0 and "1 passed, 0 failed, 0 skipped" in done.stdout and "kept" not in done.stdout, done.stdout)


def test_the_network_is_its_own(_case):
    with open("/proc/net/dev") as devices:
        names = [line.split(":")[0].strip() for line in devices if ":" in line]
    expect_equal(names, ["lo"], "devices")


def test_the_configuration_is_toml(case):
    import tomllib
    data = tomllib.loads(config.office(case.folder, profile='dtmf = "info"', extensions=("1001", "2001")))
    expect_equal(sorted(data["extensions"]), ["1001", "2001"])
    expect_equal(data["profiles"]["internal"]["dtmf"], "info")
    expect(data["extensions"]["2001"]["password"] == config.password("2001"), "passwords are the same each time")
