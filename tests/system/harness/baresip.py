"""A headless baresip: a real phone that plays one WAV and records what it hears.

    phone = Baresip(case, "1001", password, server="127.0.0.1:5060", sends=sound.speech(20))
    phone.wait_for("REGISTER_OK");  phone.dial("sip:1002@127.0.0.1");  phone.wait_for("CALL_ESTABLISHED")
    heard = phone.heard()
"""
import json
import socket
import time

import numpy as np

from harness import sound
from harness.case import SLOWNESS, eventually, expect, keep_time, within

# What the source WAV must be for each codec: else it rings and never establishes.
FORMATS = {"pcmu": (8000, 1), "pcma": (8000, 1), "g722": (16000, 1), "opus": (48000, 2)}
CLOCKS = {"pcmu": "pcmu/8000/1", "pcma": "pcma/8000/1", "g722": "g722/16000/1", "opus": "opus/48000/2"}

CONFIG = """poll_method epoll
sip_listen {host}:{port}
audio_path /usr/share/baresip
audio_source aufile,{wav}
audio_player aubridge,sink
audio_alert aubridge,alert
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
rtp_ports {rtp}-{rtp_end}
rtcp_mux no
net_interface {host}
module_path /usr/lib/baresip/modules
module opus.so
module g722.so
module g711.so
module sndfile.so
module aufile.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app contact.so
module_app debug_cmd.so
module_app menu.so
module_app ctrl_tcp.so
module_app mwi.so
ctrl_tcp_listen {host}:{control}
snd_path {folder}/snd
ringback_disabled yes
{more}
"""


class Baresip:
    """`sends` are the samples it plays, at the rate of its codec (see FORMATS); default: 60 s of speech."""

    _next_port = 26000

    def __init__(self, case, user, password="", server=None, **options):
        self.case, self.user = case, user
        self.codec = options.get("codec", "pcmu")
        self.rate, channels = FORMATS[self.codec]
        self.host = options.get("host", "127.0.0.1")
        self.port = Baresip._next_port
        Baresip._next_port += 10
        name = case.unique(f"baresip-{user}")
        self.folder = case.folder / name
        (self.folder / "snd").mkdir(parents=True)
        self.sent = options.get("sends")
        if self.sent is None:
            self.sent = sound.speech(60, self.rate, seed=int(user) if user.isdigit() else len(user))
        wav = sound.write(self.folder / "source.wav", self.sent, self.rate, channels)
        rtp = 27000 + (self.port - 26000) * 10
        (self.folder / "config").write_text(CONFIG.format(
            host=self.host, port=self.port, wav=wav, rtp=rtp, rtp_end=rtp + 90, control=self.port + 5, folder=self.folder,
            more=options.get("config", "")))
        transport = options.get("transport", "udp")
        registers = f"regint={options.get('expires', 120)}" if server else "regint=0"
        account = (f"<sip:{user}@{server or f'{self.host}:{self.port}'};transport={transport}>;auth_user={user}"
                   f";auth_pass={password};{registers};answermode={options.get('answer', 'manual')};mwi={options.get('mwi', 'no')}"
                   f";audio_codecs={CLOCKS[self.codec]}{options.get('account', '')}")
        (self.folder / "accounts").write_text("# given by uanew, once its events are listened to\n")
        (self.folder / "contacts").write_text("")
        self.child = case.start(name, ["baresip", "-f", self.folder])
        keep_time(self.child.process.pid)
        self.events, self._pending, self._token = [], b"", 0
        self.control = eventually(self._connect, 8, f"baresip {user}'s control port")
        case.defer(self.control.close)
        answer = self.command("uanew", account)
        expect(answer.get("ok"), f"baresip does not take the account: {answer}")

    def _connect(self):
        expect(self.child.running(), f"baresip ended:\n{self.child.out[-2000:]}{self.child.err[-2000:]}")
        try:
            connection = socket.create_connection((self.host, self.port + 5), timeout=1)
        except OSError:
            return None
        connection.settimeout(0.05)
        return connection

    def _read(self):
        """Takes in what has come; netstrings of JSON."""
        try:
            self._pending += self.control.recv(65536)
        except (socket.timeout, BlockingIOError):
            pass
        while b":" in self._pending:
            length, _, rest = self._pending.partition(b":")
            if len(rest) < int(length) + 1:
                return
            self.events.append(json.loads(rest[:int(length)]))
            self._pending = rest[int(length) + 1:]

    def command(self, name, params="", seconds=5.0):
        """Sends a command, returns baresip's response."""
        self._token += 1
        text = json.dumps({"command": name, "params": params, "token": str(self._token)}).encode()
        self.control.sendall(str(len(text)).encode() + b":" + text + b",")

        def answer():
            self._read()
            return next((event for event in self.events if event.get("response") and event.get("token") == str(self._token)), None)
        return eventually(answer, seconds, f"baresip's response to {name}")

    def happened(self, kind):
        """All events of a type so far."""
        self._read()
        return [event for event in self.events if event.get("event") and event.get("type") == kind]

    def wait_for(self, kind, count=1, seconds=8.0):
        """The count-th event of this type; a call that ends while another event is awaited is told at once."""
        def seen():
            return self.happened(kind)[count - 1:count] or ("" if kind == "CALL_CLOSED" else self._closed(kind))
        return eventually(seen, seconds, f"{kind} at baresip {self.user}")[0]

    def _closed(self, kind):
        closed = self.happened("CALL_CLOSED")
        if kind == "CALL_ESTABLISHED" and len(closed) > len(self.happened(kind)):
            raise AssertionError(f"baresip {self.user}: the call ended: {closed[-1].get('param')}")
        return None

    def dial(self, uri):
        return self.command("dial", uri)

    def accept(self):
        return self.command("accept")

    def hang_up(self):
        return self.command("hangup")

    def hold(self):
        return self.command("hold")

    def resume(self):
        return self.command("resume")

    def press(self, keys, pause=0.25):
        """Key presses by RFC 4733."""
        for key in keys:
            self.command("sndcode", key)
            time.sleep(pause * SLOWNESS)

    def digits(self):
        """The key presses that it received."""
        return "".join(str(event.get("param", "")) for event in self.happened("CALL_DTMF_START"))

    def recordings(self):
        return sorted((self.folder / "snd").glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime)

    def heard(self):
        """The samples of the last call, as far as they have been written; empty before there are any."""
        found = self.recordings()
        if not found:
            return sound.silence(0)
        return read_growing(found[-1])

    def expect_hears(self, other, seconds=3, least=None):
        """Hears what the other Baresip sends, for so many whole seconds one after another."""
        least = least or {"opus": 0.9, "g722": 0.98}.get(self.codec, 0.99)
        return within(seconds + 12, lambda: sound.expect_same(self.heard(), other.sent, self.rate, least, seconds))


def read_growing(path):
    """The samples of a WAV whose header has not been completed yet: 16-bit, its first channel."""
    data = path.read_bytes()
    start = data.find(b"data")
    if start < 0:
        return sound.silence(0)
    channels = int.from_bytes(data[22:24], "little") or 1
    samples = np.frombuffer(data[start + 8:len(data) - (len(data) - start - 8) % (2 * channels)], "<i2")
    return samples[::channels].astype(np.float32) / 32768
