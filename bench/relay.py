#!/usr/bin/python3
"""Measures the relay of the whole executable: CPU and delay for each RTP packet of real bridged calls.

    bench/relay.py [--calls 200] [--seconds 10] [--rounds 3] [--build build]

A caller and a callee of this script set up the calls (INVITE, 200, ACK on both legs, PCMU); the generator of
build/bench_rtp_relay then sends 50 packets a second on each leg and takes the CPU time of all of Switchroom's threads
from /proc. Before each round the floor is measured: a bare epoll loop that relays as many packets. Run it in a
network namespace of its own, with real-time priority where other work shares the machine:

    unshare -n sh -c 'ip link set lo up; chrt -f 5 bench/relay.py'
"""

import argparse
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

SIP, CALLER, CALLEE = 15060, 15080, 15070

CONFIG = """
[pbx]
domain = "bench.invalid"
data_dir = "{dir}/data"
max_calls = 2000
calls_per_second = 100000
[media]
ports = "20000-29999"
[profiles.bench]
listen = ["udp:127.0.0.1:{sip}"]
context = "bench"
auth = false
codecs = ["PCMU"]
[[contexts.bench]]
name = "bridge"
when = {{ destination_number = '^service$' }}
do = ["bridge sip:service@127.0.0.1:{callee}"]
[control]
socket = "{dir}/control.sock"
[log]
level = "warning"
"""

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")


def message(first, headers, body=""):
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append("Content-Type: application/sdp")
    return ("\r\n".join([*lines, f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body).encode()


def header(text, name):
    return re.search(rf"^{name}: *(.*?)\r$", text, re.MULTILINE | re.IGNORECASE)[1]


def media_port(text):
    return int(re.search(r"^m=audio (\d+) ", text, re.MULTILINE)[1])


class Endpoint:
    def __init__(self, port):
        self.port = port
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.socket.settimeout(5)

    def send(self, data):
        self.socket.sendto(data, ("127.0.0.1", SIP))

    def wait_for(self, pattern):
        """The next message whose first line matches; others are passed over."""
        for _ in range(50):
            text = self.socket.recv(65535).decode()
            if re.match(pattern, text):
                return text
        sys.exit(f"no message that matches {pattern}")


def set_up(caller, callee, number, ports):
    """One bridged call between the generator's two ports: the ports of Switchroom's two legs."""
    call = [("From", f"<sip:caller@127.0.0.1>;tag={number}"), ("Call-ID", f"{number}@relay"), ("Max-Forwards", "70"),
            ("Contact", f"<sip:caller@127.0.0.1:{CALLER}>")]
    to = "<sip:service@127.0.0.1>"
    via = f"SIP/2.0/UDP 127.0.0.1:{CALLER};branch=z9hG4bK"
    caller.send(message(f"INVITE sip:service@127.0.0.1:{SIP} SIP/2.0",
                        [("Via", f"{via}i{number}"), ("To", to), ("CSeq", "1 INVITE"), *call], SDP.format(port=ports[0])))
    offered = callee.wait_for("INVITE ")
    answer = [("Via", header(offered, "Via")), ("From", header(offered, "From")), ("Call-ID", header(offered, "Call-ID")),
              ("To", f"{header(offered, 'To')};tag=callee{number}"), ("CSeq", header(offered, "CSeq")),
              ("Contact", f"<sip:service@127.0.0.1:{CALLEE}>")]
    callee.send(message("SIP/2.0 200 OK", answer, SDP.format(port=ports[1])))
    callee.wait_for("ACK ")
    answered = caller.wait_for(r"SIP/2\.0 200 ")
    target = re.search(r"<(.*?)>", header(answered, "Contact"))[1]
    caller.send(message(f"ACK {target} SIP/2.0",
                        [("Via", f"{via}a{number}"), ("To", header(answered, "To")), ("CSeq", "1 ACK"), *call]))
    return media_port(answered), media_port(offered)


def start(executable, folder):
    (folder / "data").mkdir()
    path = folder / "switchroom.toml"
    path.write_text(CONFIG.format(dir=folder, sip=SIP, callee=CALLEE))
    path.chmod(0o600)
    server = subprocess.Popen([executable, "--config", path], stderr=open(folder / "log", "wb"), stdout=subprocess.DEVNULL)
    for _ in range(100):
        if (folder / "control.sock").exists():
            return server
        time.sleep(0.05)
    server.kill()
    sys.exit(f"switchroom did not start:\n{(folder / 'log').read_text()}")


def measure(options, generator, pid, caller, callee, first):
    """One round: as many calls are set up, and their packets sent; the generator's own words."""
    streams = 2 * options.calls
    load = subprocess.Popen([generator, "generate", str(streams), str(options.seconds), str(pid)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    ports = [int(load.stdout.readline()) for _ in range(streams)]
    for i in range(options.calls):
        for port in set_up(caller, callee, first + i, ports[2 * i : 2 * i + 2]):
            load.stdin.write(f"127.0.0.1 {port}\n")
    load.stdin.close()
    said = load.stdout.read()
    if load.wait(timeout=30) != 0:
        sys.exit(f"the generator failed:\n{said}")
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    build = pathlib.Path(options.build).resolve()
    generator = str(build / "bench_rtp_relay")
    caller, callee = Endpoint(CALLER), Endpoint(CALLEE)
    for turn in range(options.rounds):
        print(f"round {turn + 1}: floor and engine alone")
        print(subprocess.run([generator, str(options.calls), str(options.seconds), "1"], capture_output=True, text=True,
                             check=True).stdout)
        with tempfile.TemporaryDirectory() as folder:
            server = start(build / "switchroom", pathlib.Path(folder))
            try:
                print(f"round {turn + 1}: the executable, {options.calls} bridged calls")
                print(measure(options, generator, server.pid, caller, callee, turn * options.calls), flush=True)
            finally:
                server.send_signal(signal.SIGKILL)  # nobody answers the goodbyes of its calls
                server.wait()


if __name__ == "__main__":
    main()
