# ctest: timeout=240
"""Started as root: what it becomes, what it keeps, and that it can do its work all the same."""
import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

from harness import config, sip, tls, workday
from harness.case import Skip, expect, expect_equal
from harness.switchroom import Switchroom, executable

WHO = "nobody"
BIND_SERVICE = 1 << 10  # CAP_NET_BIND_SERVICE as a bit


class Served(Switchroom):
    """Its control socket has a folder of its own, as under /run."""

    def __init__(self, case, text, **more):
        super().__init__(case, self.moved(case, text), **more)
        self.socket = case.folder / "run" / "control.sock"

    @staticmethod
    def moved(case, text):
        return text.replace(f"{case.folder}/control.sock", f"{case.folder}/run/control.sock")

    def reload(self, text=None):
        return super().reload(None if text is None else self.moved(self.case, text))


def nice_values(pid):
    """Of each thread by its name."""
    values = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            name, rest = (task / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        values[name] = int(rest.split()[16])
    return values


def allows(*command):
    return subprocess.run(command, capture_output=True, timeout=10).returncode == 0


def expect_sound_first(pbx, allowed):
    """Media threads go before other programs, where it is `allowed`."""
    wanted = -15 if allowed else 0
    values = nice_values(pbx.pid)
    media = [value for name, value in values.items() if name.startswith("media-")]
    expect(media and set(media) == {wanted}, f"nice values of media threads: {values}")
    others = {value for name, value in values.items() if not name.startswith(("media-", "recordings idle"))}
    expect_equal(others, {0}, "nice values of other threads")


def account():
    """Skips where the test is no root, or none who could become anybody."""
    if os.geteuid() != 0 or Path("/proc/self/uid_map").read_text().split()[2] == "1":
        raise Skip("only root may become somebody else")
    return pwd.getpwnam(WHO)


def open_folder(case):
    """Others may pass through, and read what the test puts there."""
    case.folder.chmod(0o755)
    case.folder.parent.chmod(0o711)


def credentials(pid):
    """Of each thread: what /proc says that it may do."""
    threads = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            status = (task / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that has just ended
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        threads.append({name: lines[name].split() for name in ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd",
                                                               "CapAmb", "NoNewPrivs")})
    return threads


def expect_lowered(pbx, who, groups, kept=0, new_privileges=False):
    threads = credentials(pbx.pid)
    expect(len(threads) > 3, "it has threads")
    for one in threads:
        expect_equal((set(one["Uid"]), set(one["Gid"])), ({str(who.pw_uid)}, {str(who.pw_gid)}), "user and group")
        expect_equal(set(map(int, one["Groups"])), groups, "groups")
        for name in ("CapInh", "CapBnd", "CapAmb"):
            expect_equal(int(one[name][0], 16), 0, name)
        for name in ("CapPrm", "CapEff"):
            expect_equal(int(one[name][0], 16), kept, name)
        expect_equal(one["NoNewPrivs"], ["0" if new_privileges else "1"], "no new privileges")


def stranger_files(folder, who):
    return [path for path in [folder, *folder.rglob("*")] if path.lstat().st_uid != who.pw_uid]


def test_it_becomes_an_ordinary_user(case):
    """All threads, without a capability; and it records, mails, speaks, bans, reloads."""
    who = account()
    open_folder(case)
    with Served(case, workday.office(case, pbx=f'user = "{WHO}"')) as pbx:
        # A program for mail may need its own rights: that is why new ones are possible here, and not below.
        expect_lowered(pbx, who, {who.pw_gid}, new_privileges=True)
        pbx.wait_for_log(rf"started as root, runs as user {WHO} \({who.pw_uid}\)")
        expect_sound_first(pbx, allows("prlimit", "--nice=35:35", "true"))  # root without CAP_SYS_RESOURCE may not
        expect("cannot be read by nobody: a reload will be refused" in pbx.log, "the file of root is told of")
        expect("runs as root" not in pbx.log, pbx.log)
        pbx.config_path.chmod(0o644)
        workday.spend(case, pbx)
        expect_lowered(pbx, who, {who.pw_gid}, new_privileges=True)
        expect_equal(stranger_files(pbx.data_dir, who), [], "files of somebody else")
        pbx.stop()
        pbx.start()
        expect(len(pbx.cdr_rows()) >= 3, "the records are there after a restart")


def test_new_ports_and_certificates(case):
    """Above 1023, by a reload; a key that root alone may read, one that the user may, and their renewal."""
    who = account()
    open_folder(case)
    ca = tls.Authority(case)
    ours = ca.issue("127.0.0.1")
    for file in ours:
        file.chmod(0o600)

    def text(*listen):
        return config.office(case.folder, listen=["udp:127.0.0.1:5060", "tls:127.0.0.1:5061", *listen], pbx=f'user = "{WHO}"',
                             more=tls.settings(*ours))
    with Served(case, text()) as pbx:
        expect_lowered(pbx, who, {who.pw_gid})
        pbx.wait_for_log(rf"{ours[1]} cannot be read by {WHO}: it is in use as it was at the start")

        def shown():
            with socket.create_connection(("127.0.0.1", 5061)) as wire, ca.client().wrap_socket(wire, server_hostname="127.0.0.1") as secure:
                return secure.getpeercert(True)
        first = shown()
        pbx.config_path.chmod(0o644)
        pbx.reload(text("udp:127.0.0.1:5070"))
        expect_equal(sip.Peer(case, "1001", server="127.0.0.1:5070").options().status, 200, "the new port")
        expect_equal(shown(), first, "the certificate stays, as nobody can read it")
        renewed = ca.issue("127.0.0.1")
        for old, new in zip(ours, renewed):
            old.write_bytes(new.read_bytes())
            old.chmod(0o644)
        pbx.wait_for_log("a new certificate is in use", seconds=25)
        expect(shown() != first, "the renewed certificate")
        pbx.config_path.write_text(pbx.moved(case, text("udp:127.0.0.1:507")))
        done = pbx.pbxctl_raw("reload")
        expect(done.returncode != 0 and "ports below 1024" in done.stdout + done.stderr, done.stdout + done.stderr)


def test_a_port_below_1024(case):
    """It keeps the one capability that this takes, so that a reload can move the port."""
    who = account()
    open_folder(case)

    def text(port):
        return config.office(case.folder, listen=[f"udp:127.0.0.1:{port}", f"tcp:127.0.0.1:{port}"], pbx=f'user = "{WHO}"')
    with Served(case, text(506)) as pbx:
        expect_lowered(pbx, who, {who.pw_gid}, kept=BIND_SERVICE)
        pbx.config_path.chmod(0o644)
        expect_equal(sip.Peer(case, "1001", server="127.0.0.1:506").options().status, 200, "port 506")
        pbx.reload(text(507))
        expect_equal(sip.Peer(case, "1001", server="127.0.0.1:507").options().status, 200, "port 507")


def test_groups_of_the_system(case):
    """Those that /etc/group lists the user in, and another main group."""
    account()
    open_folder(case)
    (case.folder / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nswitchroom:x:4990:4991::/:/usr/sbin/nologin\n")
    (case.folder / "group").write_text("root:x:0:\nswitchroom:x:4991:\nssl-cert:x:4108:www-data,switchroom\nstaff:x:4050:\n")
    mount = f"mount --bind {case.folder}/passwd /etc/passwd && mount --bind {case.folder}/group /etc/group && exec \"$@\""
    through = ["unshare", "-m", "--propagation", "private", "sh", "-c", mount, "sh"]
    with Served(case, config.office(case.folder, pbx='user = "switchroom"'), through=through) as pbx:
        for one in credentials(pbx.pid):
            expect_equal((one["Uid"][0], one["Gid"][0], set(one["Groups"])), ("4990", "4991", {"4991", "4108"}), "who it is")
    with Served(case, config.office(case.folder, pbx='user = "4990"\ngroup = "staff"'), through=through) as pbx:
        for one in credentials(pbx.pid):
            expect_equal((one["Uid"][0], one["Gid"][0], set(one["Groups"])), ("4990", "4050", {"4050", "4108"}), "who it is")


def test_a_folder_that_root_has_used_before(case):
    """It is given to the user as a whole; links lead nowhere else, and a file with another name stays root's."""
    who = account()
    open_folder(case)
    with Served(case, config.office(case.folder)) as pbx:
        sip.Peer(case, "1001", config.password("1001"), server="127.0.0.1:5060").register()
        pbx.wait_for_log("runs as root: set \\[pbx\\] user")
        expect_sound_first(pbx, allows(sys.executable, "-c", "import os; os.setpriority(os.PRIO_PROCESS, 0, -15)"))
    outside = case.folder / "outside"
    outside.write_text("root's")
    os.symlink(outside, pbx.data_dir / "link")
    os.link(outside, pbx.data_dir / "second-name")
    with Served(case, config.office(case.folder, pbx=f'user = "{WHO}"')) as pbx:
        expect(pbx.pbxctl("registrations"), "registrations of before")
        expect_equal([path.name for path in stranger_files(pbx.data_dir, who)], ["second-name"], "files of somebody else")
        expect_equal(outside.stat().st_uid, 0, "whose the file outside is")


def test_who_cannot_be(case):
    account()
    for user, words in (("no-such-user", 'pbx.user: there is no user "no-such-user" in /etc/passwd'),
                        ("root", "root is no ordinary user")):
        path = case.folder / "wrong.toml"
        path.write_text(config.office(case.folder, pbx=f'user = "{user}"'))
        done = subprocess.run([executable(), "-c", str(path)], capture_output=True, text=True, timeout=30)
        expect(done.returncode == 1 and words in done.stderr, done.stderr)


def test_an_ordinary_user_stays_one(case):
    who = account()
    open_folder(case)
    case.folder.chmod(0o777)
    (case.folder / "data").mkdir()
    os.chown(case.folder / "data", who.pw_uid, who.pw_gid)
    through = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", "--inh-caps=-all"]
    text = config.office(case.folder, pbx='user = "switchroom"')
    (case.folder / "switchroom.toml").write_text(text)
    os.chown(case.folder / "switchroom.toml", who.pw_uid, who.pw_gid)
    with Served(case, text, through=through) as pbx:
        pbx.wait_for_log('\\[pbx\\] user "switchroom" has no effect: it was started by user')
        expect_equal({one["NoNewPrivs"][0] for one in credentials(pbx.pid)}, {"1"}, "no new privileges")
        expect_sound_first(pbx, allowed=False)
