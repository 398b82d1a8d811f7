#!/usr/bin/python3
"""How long the call thread stands still while a file of many extensions is reloaded, and what that costs.

    unshare -n sh -c 'ip link set lo up; bench/reload.py [--extensions 10000] [--executable build/switchroom]'

OPTIONS are sent every 2 ms and their answers timed: first with nothing else to do, then while the configuration
is reloaded again and again. The longest answer is the longest that a call would have waited. CPU is that of the
whole process over the reloads.
"""
import argparse
import os
import pathlib
import selectors
import socket
import subprocess
import tempfile
import threading
import time

SIP = 15060
TICKS = os.sysconf("SC_CLK_TCK")
OPTIONS = ("OPTIONS sip:127.0.0.1:{sip} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{n};rport\r\n"
           "Max-Forwards: 70\r\nFrom: <sip:probe@127.0.0.1>;tag={n}\r\nTo: <sip:127.0.0.1>\r\nCall-ID: {n}@probe\r\n"
           "CSeq: {n} OPTIONS\r\nContent-Length: 0\r\n\r\n")


def configuration(folder, extensions):
    people = "".join(f'[extensions.{100000 + i}]\nname = "Person {i}"\npassword = "tulip-{100000 + i}-harbour"\n'
                     f'groups = ["team{i % 100}"]\ncaller_id = "1555{100000 + i}"\ntoll_allow = ["local", "domestic"]\n'
                     for i in range(extensions))
    return (f'[pbx]\ndomain = "bench.invalid"\ndata_dir = "{folder}/data"\n[profiles.bench]\n'
            f'listen = ["udp:127.0.0.1:{SIP}"]\n[control]\nsocket = "{folder}/control.sock"\n[log]\nlevel = "warning"\n'
            f"[[contexts.default]]\nname = \"all\"\nwhen = {{ destination_number = '^(\\d{{6}})$' }}\n"
            f'do = ["bridge user/$1"]\n{people}')


class Probe(threading.Thread):
    """Sends OPTIONS and times the answers until it is stopped."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.sent, self.times, self.running = {}, [], True

    def run(self):
        ready = selectors.DefaultSelector()
        ready.register(self.socket, selectors.EVENT_READ)
        number, due = 0, time.monotonic()
        while self.running or self.sent:
            now = time.monotonic()
            if self.running and now >= due:
                number, due = number + 1, now + 0.002
                self.sent[number] = now
                text = OPTIONS.format(sip=SIP, port=self.socket.getsockname()[1], n=number)
                self.socket.sendto(text.encode(), ("127.0.0.1", SIP))
            if ready.select(max(0, due - time.monotonic())):
                answer = self.socket.recv(65536).decode()
                which = int(answer.split("CSeq: ")[1].split()[0])
                if (sent := self.sent.pop(which, None)) is not None:
                    self.times.append(time.monotonic() - sent)

    def stop(self):
        self.running = False
        self.join(10)
        times = sorted(self.times)
        return f"{len(times)} answers, median {times[len(times) // 2] * 1e3:.2f} ms, longest {times[-1] * 1e3:.1f} ms"


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--extensions", type=int, default=10000)
    parser.add_argument("--executable", default="build/switchroom")
    parser.add_argument("--reloads", type=int, default=10)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "switchroom.toml")
        file.write_text(configuration(folder, wanted.extensions))
        server = subprocess.Popen([wanted.executable, "--config", str(file)])
        pbxctl = [str(pathlib.Path(wanted.executable).with_name("pbxctl")), "--socket", f"{folder}/control.sock"]
        while subprocess.run([*pbxctl, "status"], capture_output=True).returncode != 0:
            time.sleep(0.2)
        probe = Probe()
        probe.start()
        time.sleep(3)
        print("idle:", probe.stop())
        probe, before, began = Probe(), cpu(server.pid), time.monotonic()
        probe.start()
        for _ in range(wanted.reloads):
            subprocess.run([*pbxctl, "reload"], check=True, capture_output=True)
        took = (time.monotonic() - began) / wanted.reloads
        print("while reloading:", probe.stop())
        print(f"a reload of {wanted.extensions} extensions: {took * 1e3:.0f} ms, "
              f"{(cpu(server.pid) - before) / wanted.reloads * 1e3:.0f} ms of CPU (with the answers to the probes)")
        server.terminate()
        server.wait()


main()
