# ctest: timeout=180
"""Guessers, scanners and floods: who is shut out, and who is not. The tools are sipvicious's own."""
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

from harness import config, rtp, sip, sound, talk
from harness.calls import expect_nothing_left, phone
from harness.case import Skip, eventually, expect, expect_equal
from harness.switchroom import Switchroom, check

ATTACKER, STAFF = "127.0.0.66", "127.0.0.7"


def office(case, bans="", **changes):
    return Switchroom(case, config.office(case.folder, listen=["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"],
                                          more=f"[bans]\n{bans}", **changes))


def peer(case, user, password, host, transport="udp"):
    return sip.Peer(case, user, password, host=host, server="127.0.0.1:5060", transport=transport)


def try_password(attacker, times=1):
    """REGISTER with a wrong password, as a phone does it: unauthenticated first, then with digest. The statuses."""
    seen = []
    for _ in range(times):
        try:
            seen.append(attacker.exchange(register(attacker), seconds=2).status)
        except (AssertionError, OSError):
            seen.append(None)  # no answer, no connection
    return seen


def register(who):
    me = f"<sip:{who.user}@127.0.0.1>"
    return who.request("REGISTER", "sip:127.0.0.1", to=me, from_=f"{me};tag={secrets.token_hex(4)}")


def banned(pbx):
    return {row["address"]: row for row in pbx.pbxctl("bans")}


def test_a_guesser_is_banned_and_the_staff_are_not(case):
    with office(case, 'max_failures = 5\nban_time = "20s"') as pbx:
        staff = peer(case, "1001", config.password("1001"), STAFF)
        staff.register()
        attacker = peer(case, "1001", "guess-number-1", ATTACKER)
        try_password(attacker, 5)
        row = eventually(lambda: banned(pbx).get(ATTACKER), 5, "the ban")
        expect("wrong passwords" in row["why"] and row["times"] == 1 and 0 < row["ends_s"] <= 20, row)
        attacker.send(attacker.request("OPTIONS", "sip:127.0.0.1"))
        expect(attacker.receive(1.0) is None, "a banned address got an answer")
        before = pbx.pbxctl("status")["sip_received"]
        for _ in range(200):
            attacker.send(attacker.request("OPTIONS", "sip:127.0.0.1"))
        staff.register()
        expect(pbx.pbxctl("status")["sip_received"] - before < 20, "datagrams of a banned address reached the process")
        expect_equal(pbx.pbxctl("events", "ban")[-1]["event"], "ban.add", "the event")
        expect_equal(pbx.pbxctl("bans", "lift", ATTACKER)["lifted"], 1)
        expect_equal(attacker.exchange(attacker.request("OPTIONS", "sip:127.0.0.1")).status, 200, "after the ban was lifted")
        expect_nothing_left(pbx)


def test_the_ordinary_first_challenge_is_no_failure(case):
    with office(case, "max_failures = 2") as pbx:
        for number in range(20):
            attacker = peer(case, f"20{number}", "", ATTACKER)
            expect_equal(attacker.exchange(register(attacker)).status, 401)
        expect_equal(banned(pbx), {}, "bans")


def test_a_forged_source_bans_nobody(case):
    """Credentials with a nonce that was made for another address prove nothing on UDP."""
    with office(case, "max_failures = 1") as pbx:
        victim = peer(case, "1001", config.password("1001"), STAFF)
        forger = peer(case, "1001", "guess", STAFF)  # sends from the victim's address, without seeing answers
        other = peer(case, "1001", "guess", ATTACKER)
        challenge = other.exchange(register(other), credentials=False)
        for _ in range(5):
            forger.send(forger.authenticated(register(forger), challenge))
            forger.receive(0.5)
        expect(STAFF not in banned(pbx), banned(pbx))
        victim.register()


def test_a_ban_on_tcp_is_a_reset(case):
    with office(case, "max_failures = 3") as pbx:
        attacker = peer(case, "1001", "guess-number-1", ATTACKER, "tcp")
        try_password(attacker, 3)
        eventually(lambda: ATTACKER in banned(pbx), 5, "the ban")
        refused = pbx.pbxctl("status")["refused_banned"]
        again = peer(case, "1001", "guess-number-2", ATTACKER, "tcp")
        expect_equal(try_password(again), [None], "a banned address got through by TCP")
        expect(pbx.pbxctl("status")["refused_banned"] > refused, "nobody was refused at accept")


def test_bans_outlive_a_restart_and_end(case):
    with office(case, 'max_failures = 3\nban_time = "10s"') as pbx:
        try_password(peer(case, "1001", "guess", ATTACKER), 3)
        eventually(lambda: ATTACKER in banned(pbx), 5, "the ban")
        pbx.pbxctl("bans", "add", "192.0.2.77", "1h", "asked too much")
        eventually(lambda: "192.0.2.77" in (case.folder / "data" / "bans").read_text(), 5, "the file of bans")
        pbx.kill()
        pbx.start()
        expect_equal(set(banned(pbx)), {ATTACKER, "192.0.2.77"}, "bans after the restart")
        expect_equal(banned(pbx)["192.0.2.77"]["why"], "asked too much")
        attacker = peer(case, "1001", config.password("1001"), ATTACKER)
        eventually(lambda: ATTACKER not in banned(pbx), 15, "the end of the ban")
        attacker.register()


def test_a_phone_with_the_password_of_before(case):
    """It is told apart from a guesser: a reload that changes a password bans no phone of the office."""
    with office(case, "max_failures = 3") as pbx:
        old = peer(case, "1001", config.password("1001"), STAFF)
        old.register()
        pbx.reload(pbx.config_path.read_text().replace(config.password("1001"), "quite-Another-Walnut-55"))
        expect(all(status == 401 for status in try_password(old, 10)), "the old password is wrong now")
        expect_equal(banned(pbx), {}, "bans")
        pbx.wait_for_log("the password from before the last change")


def test_many_phones_that_were_forgotten(case):
    """A whole office behind one address keeps asking by passwords of before: nobody is banned for it. After a restart
    they cannot be told from guessers: then the ban says why it is and whose passwords were asked for, ends by itself, and is no longer than the first."""
    staff = ("1001", "1002", "1003")
    with office(case, 'max_failures = 3\nban_time = "10s"') as pbx:
        phones = [peer(case, number, config.password(number), STAFF) for number in staff]
        for one in phones:
            one.register()
        text = pbx.config_path.read_text()
        for number in staff:
            text = text.replace(config.password(number), f"quite-Another-Walnut-{number}")
        pbx.reload(text)
        for _ in range(5):  # slowly: each asks in its turn
            for one in phones:
                expect_equal(try_password(one), [401], f"the former password of {one.user}")
                time.sleep(0.05)
        expect_equal(banned(pbx), {}, "bans")
        for number in staff:
            pbx.wait_for_log(f'the password from before the last change for "{number}"')
        pbx.stop()
        pbx.start()
        for one in phones:
            try_password(one)
        row = eventually(lambda: banned(pbx).get(STAFF), 5, "the ban after the restart")
        expect(row["why"].startswith("3 wrong passwords for 1001, 1002, 1003 within") and row["by"] == "itself" and row["times"] == 1, row)
        expect(0 < row["ends_s"] <= 10, row)
        for number in staff:
            pbx.wait_for_log(f'wrong user name or password for "{number}"')
        eventually(lambda: STAFF not in banned(pbx), 15, "the end of the ban")
        phones[0].password = "quite-Another-Walnut-1001"
        phones[0].register()


def test_trusted_networks_are_never_banned(case):
    more = 'never = "office"\nmax_failures = 2\n[acl]\noffice = ["127.0.0.0/26"]'
    with office(case, more) as pbx:
        try_password(peer(case, "1001", "guess", STAFF), 6)
        try_password(peer(case, "1001", "guess", ATTACKER), 3)
        eventually(lambda: ATTACKER in banned(pbx), 5, "the ban of the stranger")
        expect(STAFF not in banned(pbx), "somebody of the office was banned")


def test_behind_a_proxy_the_client_is_meant(case):
    with office(case, 'proxies = "edge"\nmax_failures = 3\n[acl]\nedge = ["127.0.0.7"]') as pbx:
        proxy = peer(case, "1001", "guess", STAFF)

        def through_proxy(message):
            via = [value for name, value in message.headers if name == "Via"]
            headers = [(name, value) for name, value in message.headers if name != "Via"]
            return sip.Message(message.start, [("Via", via[0]), ("Via", "SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bKclient")]
                               + headers, message.body)
        for _ in range(3):
            challenge = proxy.exchange(through_proxy(register(proxy)), credentials=False)
            proxy.exchange(through_proxy(proxy.authenticated(register(proxy), challenge)), credentials=False)
        eventually(lambda: "198.51.100.9" in banned(pbx), 5, "the ban of the client")
        expect(STAFF not in banned(pbx), "the proxy itself was banned")


def test_sipvicious(case):
    """By their own names: svmap finds nobody, svwar no extension; a phone next to it goes on."""
    with office(case, "max_failures = 5") as pbx:
        staff = phone(case, "1001", host=STAFF)
        tool = case.start("svmap", ["svmap", "-b", ATTACKER, "-x", ATTACKER, "127.0.0.1"])
        expect("Switchroom" not in finished(tool), "svmap found the server")
        tool = case.start("svwar", ["svwar", "-b", ATTACKER, "-x", ATTACKER, "-e1000-1010", "127.0.0.1", "-m", "REGISTER"])
        expect("reqauth" not in finished(tool), "svwar found an extension")
        expect(pbx.pbxctl("status")["dropped_scanners"] > 0, "nothing of it was recognised")
        staff.register()


def disguised(case):
    """The same tools under a phone's name, as those who mean it run them."""
    folder = case.folder / "tools"
    shutil.copytree("/usr/share/sipvicious", folder)
    for file in (folder / "sipvicious").rglob("*.py"):
        file.write_text(file.read_text().replace("friendly-scanner", "Zoiper rv2.10"))
    return folder


def test_sipvicious_in_disguise(case):
    """svwar finds no extension, svcrack guesses nothing and ends banned, and the staff next to it keep calling."""
    if not Path("/usr/share/sipvicious").is_dir():
        raise Skip("sipvicious is not installed")
    with office(case, "max_failures = 5") as pbx:
        folder = disguised(case)
        words = case.folder / "passwords.txt"
        words.write_text("".join(f"guess-{number}\n" for number in range(40)) + config.password("1001") + "\n")

        def run(tool, *more):  # its packets come from 127.0.0.1, whatever it is told
            return case.start(tool, [sys.executable, "-m", f"sipvicious.{tool}", *more, "127.0.0.1"],
                              environment={"PYTHONPATH": str(folder)}, cwd=case.folder)

        def staff(number, register=True):
            return phone(case, number, register=register, host=STAFF)
        both = talk.Talk(case, a=staff("1001", False), b=staff("1002"), sa=rtp.Stream(case, host=STAFF), sb=rtp.Stream(case, host=STAFF))
        both.speak(sound.tone(440, 1), sound.tone(1000, 1))
        said = finished(run("svwar", "-e1000-1010", "-m", "REGISTER", "--maximumtime=5"))
        expect("reqauth" not in said and "noauth" not in said, f"svwar found an extension:\n{said}")
        expect_equal(pbx.pbxctl("status")["dropped_scanners"], 0, "the disguise")
        cracking = run("svcrack", "-u1001", "-d", str(words), "--maximumtime=5")
        row = eventually(lambda: banned(pbx).get("127.0.0.1"), 30, "the ban of svcrack")
        expect("wrong passwords" in row["why"], row)
        said = finished(cracking)
        expect(config.password("1001") not in said, f"svcrack found the password:\n{said}")
        both.sa.expect_tone(1000, seconds=0.5)
        both.end()
        talk.Talk(case, a=staff("1003", False), b=staff("1001")).end()


def finished(child, seconds=40):
    eventually(lambda: not child.running(), seconds, "the end of the tool")
    return child.out + child.err


def test_a_flood_of_a_stranger_leaves_the_staff_alone(case):
    with office(case) as pbx:
        staff = peer(case, "1001", config.password("1001"), STAFF)
        staff.register()
        stranger = "198.51.100.66"  # not of this machine's own loopback, which is limited by nothing
        subprocess.run(["ip", "addr", "add", f"{stranger}/32", "dev", "lo"], check=True)
        attacker = peer(case, "nobody", "", stranger)
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            for _ in range(50):
                attacker.send(register(attacker))
        eventually(lambda: 200 in try_password(staff), 20, "the phone next to it, which sends again as phones do")
        expect(pbx.pbxctl("status")["over_limit"] > 0, "a flood went unlimited")


def test_what_is_wrong_is_found_at_check(case):
    text = config.office(case.folder, more='[bans]\nnever = "ofice"\nban_time = "30d"\nmax_ban_time = "1h"\nmax_failures = 0\n'
                         '[acl]\noffice = ["10.0.0.0/8"]')
    status, said = check(case, text)
    expect_equal(status, 1)
    for words in ("bans.never", "did you mean office", "ban_time is longer than max_ban_time", "bans.max_failures"):
        expect(words in said, f"{words!r} is missing in:\n{said}")


def test_by_hand(case):
    with office(case) as pbx:
        row = pbx.pbxctl("bans", "add", "2001:db8::1", "2h", "test")
        expect_equal(row["address"], "2001:db8::/64")
        expect_equal(row["by"], "hand")
        for wrong in (("bans", "add", "nobody"), ("bans", "add", "192.0.2.1", "soon"), ("bans", "lift", "192.0.2.9")):
            expect(pbx.pbxctl_raw(*wrong).returncode != 0, f"{wrong} was taken")
        expect_equal(pbx.pbxctl("bans", "lift", "all")["lifted"], 1)
