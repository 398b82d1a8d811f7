#!/usr/bin/python3
"""Measures signalling: CPU for each complete bridged call, failures, records, memory, start-up.

    bench/calls.py [--rate 1500] [--seconds 600] [--executable build/switchroom]

sipp calls Switchroom over loopback, Switchroom bridges each call to a second sipp (INVITE, 180, 200, ACK,
BYE on both legs, SDP included, so that both media ports are opened and closed), its record is written to
SQLite and CSV. CPU is user + system time of the whole Switchroom process from /proc, divided by the calls
that completed. Run it in a network namespace of its own or on a machine with the ports free:

    unshare -n sh -c 'ip link set lo up; bench/calls.py'
"""

import argparse
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

SIP, UAS, UAC = 15060, 15070, 15080
TICKS = os.sysconf("SC_CLK_TCK")

CONFIG = """
[pbx]
domain = "bench.invalid"
data_dir = "{dir}/data"
max_calls = 20000
calls_per_second = 100000
[media]
ports = "20000-60000"
[profiles.bench]
listen = ["udp:127.0.0.1:{sip}"]
context = "bench"
auth = false
codecs = ["PCMU"]
[[contexts.bench]]
name = "bridge"
when = {{ destination_number = '^service$' }}
do = ["bridge sip:service@127.0.0.1:{uas}"]
[control]
socket = "{dir}/control.sock"
[log]
level = "warning"
"""

OPTIONS = (
    "OPTIONS sip:127.0.0.1:{sip} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{n};rport\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:probe@127.0.0.1>;tag={n}\r\nTo: <sip:127.0.0.1>\r\nCall-ID: {n}@probe\r\n"
    "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


class Server:
    """The executable under test, and what the kernel says of it."""

    def __init__(self, executable, folder):
        self.folder = folder
        config = folder / "bench.toml"
        config.write_text(CONFIG.format(dir=folder, sip=SIP, uas=UAS))
        os.chmod(config, 0o600)
        self.log = open(folder / "switchroom.log", "w")
        begin = time.monotonic()
        self.process = subprocess.Popen([executable, "--config", config], stdout=self.log, stderr=self.log)
        self.start_seconds = self.first_answer() - begin

    def first_answer(self):
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        probe.settimeout(0.005)
        for n in range(2000):
            probe.sendto(OPTIONS.format(sip=SIP, port=probe.getsockname()[1], n=n).encode(), ("127.0.0.1", SIP))
            try:
                probe.recv(4096)
                return time.monotonic()
            except (TimeoutError, ConnectionRefusedError):
                if self.process.poll() is not None:
                    sys.exit(f"switchroom ended: see {self.folder}/switchroom.log")
        sys.exit("no OPTIONS was answered within ten seconds")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def status_value(self, name):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def records(self):
        with sqlite3.connect(self.folder / "data" / "cdr.db") as database:
            return database.execute("select count(*) from cdr where hangup_cause = 'NORMAL_CLEARING'").fetchone()[0]


def callee(folder):
    return subprocess.Popen(
        ["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(UAS), "-bg", "-nostdin"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def pid_of_callee():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:3] == [b"sipp", b"-sn", b"uas"] and str(UAS).encode() in words:
            return int(pid)
    return None


def place_calls(folder, rate, calls, hold_ms, limit):
    """Runs sipp as the caller; returns (completed, failed)."""
    command = ["sipp", f"127.0.0.1:{SIP}", "-sn", "uac", "-i", "127.0.0.1", "-p", str(UAC), "-s", "service",
               "-r", str(rate), "-m", str(calls), "-d", str(hold_ms), "-l", str(max(3 * rate, 5000)), "-nostdin",
               "-trace_stat", "-stf", str(folder / "stat.csv"), "-fd", "1", "-timeout", f"{limit}s"]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=limit + 30)
    rows = (folder / "stat.csv").read_text().splitlines()
    names, last = rows[0].split(";"), rows[-1].split(";")
    (folder / "stat.csv").unlink()
    values = dict(zip(names, last))
    return int(values["SuccessfulCall(C)"]), int(values["FailedCall(C)"])


def measure(arguments, folder):
    result = {"rate": arguments.rate, "seconds": arguments.seconds}
    server = Server(arguments.executable, folder)
    callee(folder)
    time.sleep(1)
    result["start_to_options_ms"] = round(server.start_seconds * 1000, 1)
    result["idle_memory_kb"] = server.status_value("VmRSS")
    result["executable_kb"] = pathlib.Path(arguments.executable).resolve().stat().st_size // 1024
    descriptors = server.descriptors()

    # Memory for each active call: 500 at once, held for ten seconds, seen in the middle. That of the calls is anonymous;
    # beside it come pages of the executable, which the first call of all wants as much as the last.
    before = {kind: server.status_value(kind) for kind in ("RssAnon", "RssFile")}
    holding = subprocess.Popen(["sipp", f"127.0.0.1:{SIP}", "-sn", "uac", "-i", "127.0.0.1", "-p", str(UAC), "-s", "service",
                                "-r", "250", "-m", "500", "-d", "10000", "-nostdin"], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(6)
    result["memory_per_active_call_kb"] = round((server.status_value("RssAnon") - before["RssAnon"]) / 500, 1)
    result["executable_pages_read_kb"] = server.status_value("RssFile") - before["RssFile"]
    holding.wait(60)

    before_cpu = server.cpu_seconds()
    completed, failed = place_calls(folder, arguments.rate, arguments.rate * arguments.seconds, 0,
                                    arguments.seconds * 2 + 60)
    time.sleep(3)
    result["completed"], result["failed"] = completed, failed
    result["cpu_ms_per_call"] = round((server.cpu_seconds() - before_cpu) * 1000 / max(completed, 1), 4)
    result["memory_at_the_end_kb"] = server.status_value("VmRSS")
    result["descriptors_before_and_after"] = [descriptors, server.descriptors()]
    server.stop()
    result["records"] = server.records()
    result["records_expected"] = completed + 500
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1500)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--executable", default=str(pathlib.Path(__file__).resolve().parent.parent / "build" / "switchroom"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="switchroom-bench-") as name:
        try:
            result = measure(arguments, pathlib.Path(name))
        finally:
            pid = pid_of_callee()
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
    print(json.dumps(result, indent=2))
    good = result["failed"] == 0 and result["records"] == result["records_expected"]
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
