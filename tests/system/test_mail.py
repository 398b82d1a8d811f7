# ctest: timeout=240
"""Mail: messages as mails, a server that takes, refuses, hangs and lies, a queue that survives kill -9."""
import io
import re
import time
import wave

import numpy as np

from harness import mailbox, recordings, sound
from harness.case import eventually, expect, expect_equal
from harness.mail_server import MailServer, certificate
from harness.mailbox import expect_tone, leave_one, messages
from harness.switchroom import CommandFailed, Switchroom, check

PORT = 2525


def office(case, mail, box="", voicemail=""):
    pins = {"1001": f'pin = "4711"\nemail = "alice@example.com"\n{box}', "1002": "4822"}
    return mailbox.office(case, pins=pins, voicemail=voicemail,
                          more=f'[mail]\nfrom = "Müller & Söhne <voicemail@example.com>"\nretry = "1s"\n{mail}\n')


def plain(**more):
    lines = {"server": "127.0.0.1", "port": PORT, "tls": "none", **more}
    return "\n".join(f"{key} = {value}" if isinstance(value, int) else f'{key} = "{value}"' for key, value in lines.items())


def refused(pbx):
    try:
        pbx.pbxctl("mail", "test", "bob@example.com", seconds=30)
    except CommandFailed as failed:
        return failed.err + failed.out
    raise AssertionError("pbxctl mail test should have failed")


def test_a_message_as_mail(case):
    """Who called, how long, the sound attached as it was said; a short notification; deleted when it was sent."""
    server = MailServer(case, PORT)
    box = 'notify = "4917012345@sms.example.com"\nafter_mail = "delete"'
    with Switchroom(case, office(case, plain(), box)) as pbx:
        row = leave_one(case, pbx, hertz=440)
        mails = {str(mail["To"]): mail for mail in server.wait(2)}
        mail = mails["alice@example.com"]
        expect_equal(str(mail["Subject"]), "[Voicemail] New message from 1002")
        expect_equal(str(mail["From"]), "Müller & Söhne <voicemail@example.com>")
        expect(mail["Message-ID"] and mail["Date"], mail)
        text = mail.get_body().get_content()
        expect("From: Person 1002 (1002)" in text and f"Duration: {round(row['length_s'])} seconds" in text, text)
        attached = next(mail.iter_attachments())
        expect_equal((attached.get_filename(), attached.get_content_type()), ("message.wav", "audio/x-wav"))
        with wave.open(io.BytesIO(attached.get_content())) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
            expect_equal(file.getframerate(), 8000)
        expect_tone(samples, 440, "the sound that was said")
        short = mails["4917012345@sms.example.com"]
        expect(not list(short.iter_attachments()) and "1002" in short.get_content(), short)
        eventually(lambda: messages(pbx, "1001")[0]["state"] == "deleted", 5, "deleted after sending")
        expect_equal(pbx.pbxctl("mail"), [])
        for _, _, content in server.envelopes:
            expect(all(len(line) <= 78 for line in content.split(b"\r\n")), "long lines")


def test_attached_as_mp3(case):
    """Another program decodes it, and hears what was said."""
    server = MailServer(case, PORT)
    with Switchroom(case, office(case, plain(), 'attach_format = "mp3"')) as pbx:
        leave_one(case, pbx, hertz=440)
        attached = next(server.wait(1)[0].iter_attachments())
        expect_equal((attached.get_filename(), attached.get_content_type()), ("message.mp3", "audio/mpeg"))
        (case.folder / "got.mp3").write_bytes(attached.get_content())
        (samples, *_), rate = recordings.decoded(case, case.folder / "got.mp3")
        samples = sound.resampled(samples, rate, 8000)
        expect(2.3 < len(samples) / 8000 < 5.5, f"{len(samples) / 8000} s")
        expect_tone(samples, 440, "the sound that was said")
        expect(not list((case.folder / "data" / "mail").glob("*.mp3")), "nothing is left behind")


def test_encryption(case):
    """STARTTLS with AUTH, TLS from the first byte, and certificates that lie."""
    good, other = certificate(case.folder / "ca", "localhost"), certificate(case.folder / "ca", "mail.evil.example")
    users = {"bob": "s3cret-Pass"}
    names = {"server": "localhost", "ca_file": str(good[0]), "username": "bob", "password": "s3cret-Pass"}
    server = MailServer(case, PORT, certificate=good, users=users)
    with Switchroom(case, office(case, plain(**{**names, "tls": "starttls"}))) as pbx:
        said = pbx.pbxctl("mail", "test", "bob@example.com", seconds=30)
        expect("encrypted, and the certificate is good" in said and "the mail was taken" in said, said)
        expect_equal(str(server.wait(1)[0]["Subject"]), "Test of Test")
        expect_equal(server.logins[-1], ("PLAIN", "bob", "s3cret-Pass"))
        expect("s3cret" not in said and "czNjcmV0" not in said, "the password is shown")

        pbx.reload(office(case, plain(**{**names, "tls": "starttls", "password": "wrong-one"})))
        expect("user name or password" in refused(pbx), "a wrong password")
        pbx.reload(office(case, plain(**{**names, "tls": "starttls", "server_name": "mail.example.com"})))
        expect("certificate" in refused(pbx), "another name")
        pbx.reload(office(case, plain(**{**names, "tls": "starttls", "ca_file": str(other[0])})))
        expect("not to be trusted" in refused(pbx), "signed by nobody we know")
        server.stop()

        tls = MailServer(case, PORT + 1, certificate=good, users=users, implicit=True, without=["PLAIN"])
        pbx.reload(office(case, plain(**{**names, "tls": "tls", "port": PORT + 1})))
        expect("the mail was taken" in pbx.pbxctl("mail", "test", "bob@example.com", seconds=30))
        expect_equal(tls.logins[-1][0], "LOGIN")
        plainly = MailServer(case, PORT + 2)
        pbx.reload(office(case, plain(**{**names, "tls": "starttls", "port": PORT + 2})))
        expect("offers no STARTTLS" in refused(pbx), "no encryption, no password")
        expect_equal(plainly.mails, [])
        expect("s3cret" not in pbx.log, "the password is in the log")


def test_a_queue_that_waits(case):
    """No server, kill -9, a server that says no for a while, and then the mail, once."""
    with Switchroom(case, office(case, plain())) as pbx:
        leave_one(case, pbx)
        waiting = eventually(lambda: [mail for mail in pbx.pbxctl("mail") if mail["tries"]], 10, "a mail that waits")
        expect_equal(len(waiting), 1)
        expect("cannot connect" in waiting[0]["said"], waiting)
        pbx.kill()
        server = MailServer(case, PORT, refuse={"RCPT": "450 4.2.0 greylisted, come again"})
        pbx.start()
        eventually(lambda: any("greylisted" in mail["said"] for mail in pbx.pbxctl("mail")), 10, "the server's words")
        pbx.kill()
        server.refuse.clear()
        pbx.start()
        server.wait(1)
        time.sleep(1.5)
        expect_equal(len(server.mails), 1, "mails")
        expect_equal(pbx.pbxctl("mail"), [])
        expect_equal(len(messages(pbx, "1001", "new")), 1, "the message stays new")


def test_a_server_that_says_no(case):
    """550 is for good until a person says otherwise; silence has its limit."""
    server = MailServer(case, PORT, refuse={"RCPT": "550 5.1.1 no such user"})
    with Switchroom(case, office(case, plain(step_timeout="2s"))) as pbx:
        leave_one(case, pbx)
        mail = eventually(lambda: [one for one in pbx.pbxctl("mail") if one["next"] == "refused"], 10, "refused")[0]
        expect("550 5.1.1 no such user" in mail["said"], mail)
        pbx.wait_for_log("is refused")
        before = server.sessions
        time.sleep(2.5)
        expect_equal(server.sessions, before, "it is not asked again and again")
        server.refuse.clear()
        expect_equal(pbx.pbxctl("mail", "retry", mail["id"])["mails"], 1)
        server.wait(1)
        server.hang = "MAIL"
        said = refused(pbx)
        expect("silent" in said and "MAIL FROM" in said, said)
        server.hang = None
        server.stop()
        expect("cannot connect" in refused(pbx))


def test_sendmail(case):
    """A program instead of a server; no shell looks at its arguments."""
    program = case.folder / "sendmail"
    program.write_text(f'#!/bin/sh\necho "$@" >> {case.folder}/arguments\ncat > {case.folder}/taken\n')
    program.chmod(0o755)
    with Switchroom(case, office(case, f'sendmail = ["{program}", "-t", "$HOME; touch x"]')) as pbx:
        leave_one(case, pbx)
        eventually(lambda: (case.folder / "taken").exists() and not pbx.pbxctl("mail"), 8, "the mail")
        expect_equal((case.folder / "arguments").read_text(), "-t $HOME; touch x\n")
        taken = (case.folder / "taken").read_bytes()
        expect(b"To: alice@example.com\n" in taken and b"\r" not in taken, taken[:500])
        program.write_text("#!/bin/sh\necho no room >&2\nexit 75\n")
        expect("no room" in refused(pbx))


def test_what_is_refused(case):
    for mail, why in ((plain(**{"tls": "none", "server": "mail.example.com", "username": "a", "password": "b"}), "in the open"),
                      ('server = "x.example"\nsendmail = ["/bin/true"]', "keep one"),
                      ('sendmail = ["true"]', "whole path")):
        status, said = check(case, office(case, mail))
        expect(status != 0 and why in said, said)
    status, said = check(case, office(case, plain(), 'notify = "nobody"'))
    expect(status != 0 and re.search(r"notify: \"nobody\" is no mail address", said), said)
