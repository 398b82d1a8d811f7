# ctest: timeout=240
"""The server under what systemd/switchroom.service and the container leave it, with everything that it has to do."""
import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness import workday
from harness.case import SLOWNESS, Skip, expect, expect_equal
from harness.switchroom import Switchroom

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd" / "switchroom.service"
MOST_EXPOSED = 1.5  # by systemd-analyze's own measure: 0 is a service that can do nothing at all, 10 one without any fence


def ordinary(case):
    """An account that may write in the test's folder; skips where nobody could become it."""
    if os.geteuid() != 0 or Path("/proc/self/uid_map").read_text().split()[2] == "1":
        raise Skip("only root may become somebody else")
    who = pwd.getpwnam("nobody")
    case.folder.parent.chmod(0o711)
    (case.folder / "data").mkdir()
    text = workday.office(case)
    (case.folder / "switchroom.toml").write_text(text)
    for path in (case.folder, case.folder / "data", case.folder / "switchroom.toml"):
        os.chown(path, who.pw_uid, who.pw_gid)
    return who, text


def test_the_unit_by_systemds_own_measure(case):
    if shutil.which("systemd-analyze") is None:
        raise Skip("systemd-analyze is not installed")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", str(UNIT)],
                          capture_output=True, text=True, timeout=60)
    level = re.search(r"Overall exposure level for switchroom.service: ([\d.]+)", done.stdout)
    expect(level is not None, done.stdout + done.stderr)
    expect(done.returncode == 0 and float(level[1]) <= MOST_EXPOSED, f"exposure is {level[1]}:\n{done.stdout}")
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", str(UNIT)], capture_output=True, text=True, timeout=60)
    complaints = [line for line in verified.stderr.splitlines() if "switchroom.service" in line and "is not executable" not in line]
    expect_equal(complaints, [], "what systemd says of the unit")


def test_the_system_calls_of_the_unit_suffice(case):
    """Calls, recordings, voicemail, mail by a program, speech, a conference, a reload: without any other system call."""
    try:
        import seccomp
    except ImportError as missing:
        raise Skip("python3-seccomp is not installed") from missing
    expect(seccomp, "it is there")
    if SLOWNESS > 1:
        raise Skip("a sanitizer makes system calls of its own")
    who, text = ordinary(case)
    through = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", "--inh-caps=-all",
               sys.executable, ROOT / "tests" / "system" / "harness" / "confine.py", UNIT]
    with Switchroom(case, text, through=through) as pbx:
        status = Path(f"/proc/{pbx.pid}/status").read_text()
        expect(re.search(r"^Seccomp:\s+2$", status, re.MULTILINE), "it is under a filter:\n" + status)
        workday.spend(case, pbx)


def test_the_filter_is_one(case):
    """The harness really kills: a call that the unit refuses ends the process."""
    try:
        import seccomp
    except ImportError as missing:
        raise Skip("python3-seccomp is not installed") from missing
    expect(seccomp, "it is there")
    confine = [sys.executable, str(ROOT / "tests" / "system" / "harness" / "confine.py"), str(UNIT)]
    done = subprocess.run([*confine, sys.executable, "-c", "print('alive')"], capture_output=True, text=True)
    expect_equal((done.returncode, done.stdout), (0, "alive\n"), "a program that does nothing")
    for refused in ("os.chroot('/')", "os.setuid(0)", "__import__('ctypes').CDLL(None).syscall(101, 0, 0, 0, 0)"):
        done = subprocess.run([*confine, sys.executable, "-c", f"import os; {refused}; print('alive')"], capture_output=True, text=True)
        expect(done.returncode != 0 and "alive" not in done.stdout, f"{refused} was let through")


READ_ONLY = """
set -e
mount --bind "$0" "$0"
for at in $(awk '{print $2}' /proc/self/mounts | sort -u); do
  case $at in "$0"|/proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro "$at" 2>/dev/null || true ;; esac
done
exec setpriv --reuid=%d --regid=%d --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$@"
"""


def test_an_ordinary_user_with_a_read_only_root(case):
    """As in a container: nothing but the data directory can be written, and nobody could become anybody."""
    who, text = ordinary(case)
    through = ["unshare", "-m", "--propagation", "private", "sh", "-c", READ_ONLY % (who.pw_uid, who.pw_gid), case.folder]
    with Switchroom(case, text, through=through) as pbx:
        for place in ("/", "/tmp", "/var", "/etc", "/usr"):
            done = subprocess.run(["nsenter", "-t", str(pbx.pid), "-m", "touch", f"{place}/switchroom-was-here"],
                                  capture_output=True, text=True)
            expect("Read-only file system" in done.stderr, f"{place} can be written: {done.stderr}")
        workday.spend(case, pbx)
        expect_equal({path.lstat().st_uid for path in pbx.data_dir.rglob("*")}, {who.pw_uid}, "whose the files are")


def test_the_images_user_is_an_ordinary_one(case):
    """The Dockerfile: a numeric user that is not root, and one executable in an empty image."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM ")):]
    expect_equal(last[0], "FROM scratch")
    user = next(line.split()[1] for line in last if line.startswith("USER "))
    expect(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), f"USER {user}")
    expect(not any(line.startswith("RUN ") for line in last), "nothing runs in the image")
