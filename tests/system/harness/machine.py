"""A systemd of its own, over the root directory of this machine: what is written there is gone with it.

    with Machine(case) as machine:
        machine.run("systemctl", "start", "something")
        Service(machine).install()

It has its own processes, mounts, cgroups and host name, and the network of the test. Only basic.target is reached, with the
journal and without the services of the host.
"""
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from harness.case import SLOWNESS, Skip, eventually, expect, expect_equal
from harness.switchroom import Switchroom, executable

ROOT = Path(__file__).resolve().parents[3]
SYSTEMD = "/lib/systemd/systemd"
ENVIRONMENT = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]

# $1 is a folder, $2 a name. Ends as the command behind them, alone in a cgroup.
IN_A_CGROUP = """
set -e
mkdir -p "$1"
mount -t cgroup2 cgroup2 "$1"
mkdir -p "$1/$2"
echo $$ >"$1/$2/cgroup.procs"
umount "$1"
shift 2
exec "$@"
"""

CGROUP_AWAY = """
mount -t cgroup2 cgroup2 "$1"
find "$1/$2" -depth -type d -exec rmdir {} +
"""

# $1 is a folder; the others are to be seen inside, read-only, wherever they are mounted from. Becomes systemd.
BOOT = """
set -e
mkdir -p "$1/machine"
mount -t tmpfs -o mode=755 machine "$1/machine"
cd "$1/machine"
shift
mkdir upper work root
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
cd root
mount -t tmpfs -o mode=1777,nosuid,nodev tmp tmp  # first: a folder may lie in it
for folder in "$@"; do
  mkdir -p ".$folder"
  mount --bind "$folder" ".$folder"
  mount -o remount,bind,ro ".$folder"
done

mount -t proc -o nosuid,nodev,noexec proc proc
for at in proc/sys proc/sysrq-trigger; do
  [ -e $at ] || continue
  mount --bind $at $at
  mount -o remount,bind,ro $at
done
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid dev dev
mkdir dev/pts dev/shm
for device in null zero full random urandom tty; do
  touch dev/$device
  mount --bind /dev/$device dev/$device
done
ln -s /proc/self/fd dev/fd
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755,nosuid,nodev run run

# Neither the services of this machine nor a Switchroom that it has.
rm -rf etc/systemd/system lib/systemd/system/sysinit.target.wants etc/switchroom var/lib/switchroom var/log/switchroom \
  usr/local/bin/switchroom usr/local/bin/pbxctl usr/lib/sysusers.d/switchroom.conf
mkdir -p etc/systemd/system etc/systemd/journald.conf.d
printf '[Journal]\\nStorage=volatile\\nRateLimitIntervalSec=0\\n' >etc/systemd/journald.conf.d/machine.conf
: >etc/fstab
head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \\n' >etc/machine-id

mkdir -p mnt
pivot_root . mnt
cd /
umount -l /mnt
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin %s --system --unit=basic.target --log-target=journal \\
  </dev/null
""" % SYSTEMD


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Machine:
    def __init__(self, case):
        if os.geteuid() != 0 or Path("/proc/self/uid_map").read_text().split()[2] == "1":
            raise Skip("only root may start a systemd of its own")
        if not os.access(SYSTEMD, os.X_OK) or shutil.which("unshare") is None:
            raise Skip("systemd is not installed")
        if SLOWNESS > 1:
            raise Skip("a sanitizer makes system calls of its own, and wants more memory than a service has")
        self.case = case
        self.pid = None
        self.cgroup = f"switchroom-test-{os.getpid()}-{case.unique('machine')}"
        seen = [ROOT, Path(executable()).parent]
        case.defer(self.remove_cgroup)
        self.child = case.start("machine", [
            "unshare", "-m", "--propagation", "private", "sh", "-c", IN_A_CGROUP, "sh", case.folder / "cgroup", self.cgroup,
            "unshare", "-m", "--propagation", "private", "-p", "-C", "-u", "-i", "--fork", "--kill-child",
            "sh", "-c", BOOT, "sh", case.folder, *seen])
        case.defer(self.end)
        eventually(self.booted, 30, "systemd booted")

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _trace):
        if kind is not None:
            print("      " + self.journal("-n", "60").replace("\n", "\n      "), flush=True)
        self.end()

    def booted(self):
        expect(self.child.running(), f"systemd could not be started:\n{self.child.err}{self.child.out}")
        found = children(self.child.process.pid)
        if not found or Path(f"/proc/{found[0]}/comm").read_text().strip() != "systemd":
            return False
        self.pid = found[0]
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() == "running"

    def end(self):
        self.child.signal(signal.SIGKILL)  # --kill-child: its systemd goes too, and all that it runs
        self.child.wait(10)

    def remove_cgroup(self):
        folder = self.case.folder / "cgroup"
        eventually(lambda: subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", CGROUP_AWAY, "sh", folder, self.cgroup],
                                          capture_output=True).returncode == 0, 10, "an empty cgroup")

    def path(self, inside):
        """A file of it, for who is outside."""
        return Path(f"/proc/{self.pid}/root{inside}")

    def inside(self, *command):
        return ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--cgroup", "--uts", "--ipc", f"--wdns={ROOT}",
                *ENVIRONMENT, *map(str, command)]

    def run(self, *command, check=True, seconds=30):
        done = subprocess.run(self.inside(*command), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds)
        expect(not check or done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def shows(self, unit, name):
        return self.run("systemctl", "show", unit, "-P", name).stdout.strip()

    def journal(self, *words):
        return self.run("journalctl", "--no-pager", "-q", *words, check=False).stdout


def steps():
    """The commands of docs/installation.md, a line each."""
    text = (ROOT / "docs" / "installation.md").read_text().split("## As a service under systemd")[1]
    return re.search(r"```\n(.*?)```", text, re.DOTALL)[1].strip().splitlines()


class Service(Switchroom):
    """Switchroom as a service of a Machine, in the places that its unit has."""

    def __init__(self, machine):
        self.machine, self.case, self.folder = machine, machine.case, machine.case.folder
        self.config_path = machine.path("/etc/switchroom/switchroom.toml")
        self.data_dir = machine.path("/var/lib/switchroom")
        self.first_words = ""

    def install(self):
        """As the documentation says."""
        for line in steps():
            words = line.split("#")[0].strip().replace("build/switchroom", executable())
            if words == "switchroom":
                self.first_run()
            else:
                self.machine.run("sh", "-ec", words)
        return self

    def first_run(self):
        first = self.case.start("first-run", self.machine.inside("switchroom"))
        eventually(lambda: "ready" in first.err or not first.running(), 10, "the first run")
        for child in children(first.process.pid):
            os.kill(child, signal.SIGINT)  # Ctrl-C
        expect_equal(first.wait(10), 0, "the first run, ended by Ctrl-C")
        self.first_words = first.out

    def configure(self, text):
        """With the folders of the harness put where the unit has them; the owner and the mode stay."""
        self.config_path.write_text(text.replace(f"{self.folder}/data", "/var/lib/switchroom")
                                    .replace(f"{self.folder}/control.sock", "/run/switchroom/control.sock"))
        return self

    def drop_in(self, text):
        folder = self.machine.path("/etc/systemd/system/switchroom.service.d")
        folder.mkdir(exist_ok=True)
        (folder / "test.conf").write_text("[Service]\n" + text)
        self.machine.run("systemctl", "daemon-reload")

    def systemctl(self, word, check=True):
        return self.machine.run("systemctl", word, "switchroom", check=check)

    def shows(self, name):
        return self.machine.shows("switchroom", name)

    @property
    def main_pid(self):
        """As its own systemd counts; 0 for none."""
        return int(self.shows("MainPID"))

    @property
    def log(self):
        return self.machine.journal("-u", "switchroom", "-o", "cat")

    def lines(self, priority):
        """What the journal has of exactly this priority."""
        return self.machine.journal("-u", "switchroom", "-o", "cat", "-p", f"{priority}..{priority}").splitlines()

    def cdr_rows(self, where="1"):
        # Inside: SQLite follows the links of a path by itself, and would come out of the machine.
        found = self.machine.run("sqlite3", "-readonly", "-json", "/var/lib/switchroom/cdr.db",
                                 f"select * from cdr where {where} order by rowid", check=False).stdout
        return json.loads(found) if found.strip() else []

    def pbxctl_raw(self, *arguments, seconds=10.0):
        return self.machine.run("pbxctl", *arguments, check=False, seconds=seconds)

    def reload(self, text=None):
        if text is not None:
            self.configure(text)
        return self.systemctl("reload")
