# ctest: timeout=240 weight=2
"""What nobody else may see: passwords and keys in everything that the server writes, and the modes of what it writes."""
import base64
import re
import stat
import subprocess
from pathlib import Path

from harness import config, rtp, sip, sound, srtp, talk, tls, trunks, workday
from harness.case import eventually, expect, expect_equal
from harness.mail_server import MailServer, certificate
from harness.switchroom import LoggingToFile, Switchroom, executable

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"the trunk's password": "kV8-hidden-Walrus-17", "mail's password": "hW2-quiet-Badger-64",
           "a password of the environment": "pL6-velvet-Heron-58", "a password of a file": "dF3-mossy-Pelican-29",
           "1001's password": config.password("1001"), "1002's password": config.password("1002"),
           "a wrong password": "guess-wrong-Tulip-99", "a conference's PIN": "60718293", "a mailbox's PIN": "58203941"}
# All that looks and changes nothing, and what may be asked of each thing.
LOOKS = ("help", "status", "registrations", "calls", "limits", "dialplan show", "events", "mail", "prompts", "recordings",
         "recordings space", "trunks", "trunk show itsp", "bans", "log level", "conference list", "voicemail list 1001",
         "voicemail list 1002 all", "hash", "db", "regex 1001 ^(10..)$", "route 1001 from 1002", "call show {id}",
         "bans lift 192.0.2.200", "trunk show nobody", "hangup nobody", "mail test alice@example.com")


def office(case, mail_server):
    (case.folder / "secret.txt").write_text(SECRETS["a password of a file"] + "\n")
    ca = tls.Authority(case)
    more = f"""
[extensions.1004]
password = "env:SECRET"
[extensions.1005]
password_file = "secret.txt"
[extensions.1006]
password = "$${{the_secret}}"
[conferences.board]
pin = "{SECRETS["a conference's PIN"]}"
[profiles.external]
listen = ["udp:127.0.0.1:5080"]
context = "public"
auth = false
{trunks.trunk(password=SECRETS["the trunk's password"])}
{tls.settings(*ca.issue("127.0.0.1"))}
"""
    mail = f"""server = "localhost"
port = {mail_server.port}
tls = "starttls"
ca_file = "{case.folder}/ca/localhost.crt"
username = "bob"
password = "{SECRETS["mail's password"]}"
"""
    text = workday.office(case, more, mail, log='level = "trace"', profile="srtp_over_plain = true",
                          listen=["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060", "tls:127.0.0.1:5061"])
    text = text.replace('office = "main"', f'office = "main"\nthe_secret = "{config.password("1006")}"')
    return text.replace('pin = "4711"', f'pin = "{SECRETS["a mailbox" + chr(39) + "s PIN"]}"', 1)


def forms(secret):
    """As it is, and as what it might be packed into."""
    raw = secret.encode()
    yield raw
    yield base64.b64encode(raw)
    yield raw.hex().encode()
    yield base64.b64encode(b"\0bob\0" + raw)


def look_around(pbx):
    """What every command answers, as a table and as data; and what a refused reload and `check` say."""
    said = []
    call = next((row["id"] for row in pbx.pbxctl("calls")), "none")
    for words in LOOKS:
        words = words.replace("{id}", call).split()
        for form in ((), ("--json",)):
            done = pbx.pbxctl_raw(*form, *words, seconds=30)
            said.append(f"pbxctl {' '.join(words)}\n{done.stdout}{done.stderr}")
    good = pbx.config_path.read_text()
    for old, new in (('password = "gR7', 'pasword = "gR7'), ("max_calls = 500", "max_calls = 500000000"),
                     (SECRETS["1002's password"], "1002"), (SECRETS["the trunk's password"], SECRETS["the trunk's password"] + "\\q")):
        bad = good.replace(old, new)
        expect(bad != good, f"{old} stands in the file")
        pbx.config_path.write_text(bad)
        for done in (pbx.pbxctl_raw("reload"),
                     subprocess.run([executable(), "check", str(pbx.config_path)], capture_output=True, text=True)):
            expect(done.returncode != 0, f"{new} was taken")
            said.append(done.stdout + done.stderr)
    pbx.config_path.write_text(good)
    pbx.reload()
    return "\n".join(said)


def arguments_of(pbx):
    """The command lines of the server and of what it started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "status").read_text()
            if process.name == str(pbx.pid) or f"\nPPid:\t{pbx.pid}\n" in text:
                found.append((process / "cmdline").read_bytes())
        except OSError:
            pass
    return b"\n".join(found)


def test_no_secret_comes_out(case):
    """Each is planted where it belongs; none is in the log at its most talkative, in what pbxctl says, in records, mails
    that wait, databases, recordings, arguments of processes."""
    carrier = trunks.Carrier(case)
    carrier.rules["REGISTER"] = carrier.challenge("carrier.example")
    crt = certificate(case.folder / "ca", "localhost")
    server = MailServer(case, 2525, certificate=crt, users={"bob": SECRETS["mail's password"]})
    with Switchroom(case, office(case, server), environment={"SECRET": SECRETS["a password of the environment"]}) as pbx:
        secure = srtp.new_key()
        peer = sip.Peer(case, "1004", SECRETS["a password of the environment"], server=talk.SERVER)
        peer.register()
        sip.Peer(case, "1005", SECRETS["a password of a file"], server=talk.SERVER).register()
        sip.Peer(case, "1006", config.password("1006"), server=talk.SERVER).register()
        stream = rtp.Stream(case, sequence=100)
        stream.seal = srtp.Sealer(secure).seal
        call = peer.invite("sip:9196@127.0.0.1", peer.sdp(stream.port, formats=talk.PCMU, protocol="RTP/SAVP", more=srtp.line(secure)))
        answer = call.expect(200).body
        call.ack()
        theirs = srtp.lines(answer)[0][2]
        stream.unseal = srtp.Opener(theirs).open
        stream.start(talk.media_port(answer), sound.tone(440, 1)).expect_tone(440, seconds=0.3)
        eventually(lambda: pbx.pbxctl("trunks")[0]["state"] == "registered", 10, "the trunk")
        expect(any(one.header("Authorization") for one in carrier.seen), "the trunk has signed in")
        said = look_around(pbx)
        arguments = arguments_of(pbx)
        call.bye()
        stream.stop()
        workday.spend(case, pbx, mailed=lambda _: server.mails)
        expect(server.logins, "mail has signed in")
        arguments += arguments_of(pbx)
        said += look_around(pbx)
        key = next((case.folder).glob("certificate*.key")).read_text().split("\n")[1]
        secrets = {**SECRETS, "1006's password": config.password("1006"), "a phone's SRTP key": secure,
                   "our SRTP key": theirs, "the TLS key": key}
        outputs = {"the log": pbx.log.encode(), "what pbxctl says": said.encode(), "arguments": arguments}
        for path in pbx.data_dir.rglob("*"):
            if path.is_file() and path.name != "key.pem":
                outputs[f"the file {path.relative_to(pbx.data_dir)}"] = path.read_bytes()
        expect(len(pbx.log) > 5000 and len(said) > 5000 and b"switchroom" in arguments and len(outputs) > 8, outputs.keys())
        for what, secret in secrets.items():
            for where, content in outputs.items():
                for form in forms(secret):
                    expect(form not in content, f"{what} stands in {where}")


def test_modes_of_files(case):
    """Under the loosest mask that anybody might start it with: nothing for others, nothing for the group to write."""
    text = workday.office(case, listen=["udp:127.0.0.1:5060", "tls:127.0.0.1:5061"], log='file = "switchroom.log"')
    with LoggingToFile(case, text, through=["sh", "-c", 'umask 000; exec "$@"', "sh"]) as pbx:
        (pbx.data_dir / "mails").touch(0o600)  # another program writes this one
        workday.spend(case, pbx)
        found = {str(path.relative_to(pbx.data_dir)): path.lstat().st_mode for path in pbx.data_dir.rglob("*")}
        expect(sum(map(stat.S_ISREG, found.values())) > 10, found)
        for name, mode in found.items():
            most = 0o750 if stat.S_ISDIR(mode) else 0o640
            expect(stat.S_IMODE(mode) & ~most == 0, f"{name} has mode {stat.S_IMODE(mode):o}")
        expect_equal(stat.S_IMODE((pbx.data_dir / "tls" / "key.pem").stat().st_mode), 0o600, "our own key")
        expect(stat.S_IMODE(pbx.socket.stat().st_mode) & 0o007 == 0, "the control socket is for others")


def test_there_is_no_shell(case):
    """In the source, and in what runs: nothing that asks a shell to understand a text."""
    call = re.compile(r"\b(?:std::)?(system|popen|execl|execlp|execvp|wordexp|fork|vfork)\s*\(")
    found = []
    for path in sorted((ROOT / "src").rglob("*.[ch]pp")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//", 1)[0]
            if call.search(code) and not re.search(r'"[^"]*\b(?:system|fork)\b', code):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
            if re.search(r'"(?:/bin/|/usr/bin/)?(?:ba|da)?sh"', code) and "Saint Helena" not in code:  # ISO 3166: sh
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    expect_equal(found, [], "calls that reach a shell, or might")


def test_what_a_caller_says_is_no_command(case):
    """Texts of a stranger go to programs as they are: nothing in them is run."""
    mark, heard = case.folder / "was-run", case.folder / "heard"
    words = f"x'$(touch {mark})' `touch {mark}`; touch {mark} && $(touch {mark}) > {mark}"
    rule = r"""
[[contexts.default]]
when = { destination_number = '^7002$' }
do   = ["answer", "speak ${sip_h_X-Text}", "hangup"]
"""
    more = f'[speech]\ncommand = ["/usr/bin/tee", "-a", "{heard}", "{{file}}"]\n'
    with Switchroom(case, config.office(case.folder, rule, more=more)) as pbx:
        peer = sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
        call = peer.invite("sip:7002@127.0.0.1", peer.sdp(4000), headers=[("X-Text", words)])
        call.expect(200)
        call.ack()
        eventually(lambda: heard.exists() and words in heard.read_text(), 10, "the text at the program, as it was")
        call.expect_bye(seconds=20)
        expect(not mark.exists(), "a text was run as a command")
        expect(pbx.child.running(), "the server runs")
