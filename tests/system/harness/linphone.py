"""linphonec: a second family of softphones, driven through its standard input.

    phone = Linphone(case, "1001", password, "127.0.0.1:5060", plays=sound.speech(20))
    phone.wait_for("Registration on"); phone.say("call sip:1002@127.0.0.1"); phone.wait_for("connected")
"""
import os
import subprocess

from harness import sound
from harness.case import eventually, expect

SETTINGS = """[sip]
sip_port={port}
sip_tcp_port=-2
sip_tls_port=-2
default_proxy=0
guess_hostname=0
use_rfc2833=1
{more}[rtp]
audio_rtp_port={rtp}
[proxy_0]
reg_proxy=<sip:{server};transport=udp>
reg_identity=sip:{user}@{realm}
reg_expires=120
reg_sendregister=1
[auth_info_0]
username={user}
passwd={password}
realm={realm}
domain={realm}
"""


class Linphone:
    """What it hears is written to `heard_file`, 8 kHz, once the call has ended."""

    _next_port = 28000

    def __init__(self, case, user, password, server, plays, realm="127.0.0.1", more=""):
        port = Linphone._next_port
        Linphone._next_port += 20
        self.folder = case.folder / case.unique(f"linphone-{user}")
        (self.folder / ".local/share/linphone").mkdir(parents=True)
        self.heard_file = self.folder / "heard.wav"
        source = sound.write(self.folder / "source.wav", plays, 8000, 1)
        (self.folder / "rc").write_text(SETTINGS.format(port=port, rtp=port + 10, server=server, user=user,
                                                        password=password, realm=realm, more=more))
        self.log = (self.folder / "log").open("w+b")
        self.process = subprocess.Popen(["linphonec", "-c", str(self.folder / "rc")], stdin=subprocess.PIPE, stdout=self.log,
                                        stderr=subprocess.STDOUT, cwd=self.folder,
                                        env={**os.environ, "HOME": str(self.folder)})
        case.defer(self.end)
        self.say(f"soundcard use files {source}")
        self.say(f"record {self.heard_file}")

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def output(self):
        return (self.folder / "log").read_text(errors="replace")

    def wait_for(self, words, seconds=15):
        def seen():
            expect(self.process.poll() is None, f"linphonec ended:\n{self.output()[-2000:]}")
            return words.lower() in self.output().lower()
        eventually(seen, seconds, f"\"{words}\" from linphonec")

    def end(self):
        if self.process.poll() is None:
            try:
                self.say("quit")
                self.process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.log.close()
