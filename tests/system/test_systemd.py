# ctest: timeout=240
"""systemd/switchroom.service under systemd itself, installed as docs/installation.md says."""
import re
import time

from harness import config, sip, talk, tls, workday
from harness.case import eventually, expect, expect_equal
from harness.machine import Machine, Service

OWN = ("/etc/switchroom", "/var/lib/switchroom", "/var/log/switchroom", "/run/switchroom")


def expect_alone(machine, service):
    """The user, and what is left to it."""
    pid = service.main_pid
    status = dict(line.split(":", 1) for line in machine.run("cat", f"/proc/{pid}/status").stdout.splitlines())
    user, group = (machine.run("id", flag, "switchroom").stdout.strip() for flag in ("-u", "-g"))
    expect(user != "0", "it is not root")
    expect_equal((set(status["Uid"].split()), set(status["Gid"].split())), ({user}, {group}), "user and group")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        expect_equal(int(status[name], 16), 0, name)
    expect_equal((status["NoNewPrivs"].strip(), status["Seccomp"].strip()), ("1", "2"), "new rights, and the filter of calls")

    def tried(*command):
        # In its view of the file system, as its user.
        return machine.run("nsenter", f"--target={pid}", "--mount", "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups",
                           *command, check=False)
    for place in OWN:
        expect_equal(tried("touch", f"{place}/probe").returncode, 0, f"writing to {place}")
        expect_equal(tried("rm", f"{place}/probe").returncode, 0, f"deleting in {place}")
    # As root, so that it is not the user's rights that refuse.
    for place in ("/", "/etc", "/usr", "/var", "/var/lib", "/home", "/root", "/sys", "/proc/sys/kernel"):
        done = machine.run("nsenter", f"--target={pid}", "--mount", "touch", f"{place}/probe", check=False)
        expect(done.returncode != 0, f"{place} can be written")
    for hidden in ("/proc/1/cmdline", "/proc/meminfo", "/proc/kallsyms", "/dev/kmsg", "/dev/mem", "/root/.bashrc", "/home/."):
        expect(tried("head", "-c1", hidden).returncode != 0, f"{hidden} can be read")


def test_the_steps_of_the_documentation(case):
    with Machine(case) as machine:
        service = Service(machine).install()
        for name, value in (("ActiveState", "active"), ("SubState", "running"), ("UnitFileState", "enabled"), ("NRestarts", "0")):
            expect_equal(service.shows(name), value, name)
        expect(any("ready" in line for line in service.lines("info")), "it is ready when the start returns:", service.log)
        expect("username" in service.first_words, "passwords are shown to who installs it")
        words = dict(re.findall(r"username\s+(\d+)\s+password\s+(\S+)", service.first_words))
        expect_equal(words["1001"] in machine.journal(), False, "a password in the journal")
        one, two = (sip.Peer(case, user, words[user], server=talk.SERVER) for user in ("1001", "1002"))
        expect_equal(one.options().status, 200, "OPTIONS")
        one.register()
        two.register()
        talk.Talk(case, a=one, b=two).end()
        expect_equal(service.wait_for_cdr()[0]["caller_id_number"], "1001")
        status = machine.run("pbxctl", "status").stdout
        expect("/etc/switchroom/switchroom.toml" in status, status)
        for place in OWN[:2] + OWN[3:]:
            owners = machine.run("find", place, "-printf", "%u:%g\n").stdout.split()
            expect_equal(set(owners), {"switchroom:switchroom"}, f"whose {place} is")
        expect("Master.csv" in machine.run("ls", "/var/lib/switchroom/cdr").stdout, "records are in the data directory")
        expect_alone(machine, service)
        level = re.search(r"exposure level for switchroom.service: ([\d.]+)", machine.run("systemd-analyze", "security", "switchroom").stdout)
        expect(float(level[1]) <= 1.5, f"exposure is {level[1]}")
        service.systemctl("stop")
        expect_equal((service.shows("Result"), service.shows("ExecMainStatus")), ("success", "0"), "how it stopped")
        expect_equal(machine.journal("-u", "switchroom", "-p", "warning"), "", "what systemd or the server warn of")
        expect_equal(machine.path("/run/switchroom").exists(), False, "the folder of the socket after the end")


def test_a_whole_day(case):
    """Recordings, MP3, voicemail, mail, speech, a conference, a ban, a reload: within the fence."""
    with Machine(case) as machine:
        service = Service(machine).install().configure(workday.office(case))
        service.systemctl("restart")
        workday.spend(case, service)
        expect_equal(service.lines("err"), [], "errors")
        service.systemctl("stop")
        expect_equal(service.shows("Result"), "success", "how it stopped")


def test_a_mistake_in_the_configuration(case):
    with Machine(case) as machine:
        good = config.office(case.folder)
        service = Service(machine).install().configure(good)
        service.systemctl("restart")
        pid = service.main_pid
        service.reload(config.office(case.folder, listen=["udp:127.0.0.1:5060", "udp:127.0.0.1:5070"]))
        expect_equal(sip.Peer(case, "1001", server="127.0.0.1:5070").options().status, 200, "the new port")

        service.configure(good + "\nnonsense = 1\n")
        expect(service.systemctl("reload", check=False).returncode != 0, "a reload that is refused fails")
        expect(any("log.nonsense: unknown key" in line for line in service.lines("err")), service.log)
        expect_equal((service.main_pid, service.shows("ActiveState")), (pid, "active"), "it goes on")
        expect_equal(sip.Peer(case, "1001", server="127.0.0.1:5070").options().status, 200, "with the port that it had")

        before = len(service.lines("err"))
        done = service.systemctl("restart", check=False)
        expect(done.returncode != 0, "a restart that leads to nothing fails")
        expect(any("log.nonsense: unknown key" in line for line in service.lines("err")[before:]), "why, as an error:", service.log)
        eventually(lambda: int(service.shows("NRestarts")) > 6, 20, "it is tried again and again")
        service.configure(good)
        eventually(lambda: service.shows("ActiveState") == "active", 5, "it comes by itself once the mistake is gone")
        expect_equal(sip.Peer(case, "1001", server=talk.SERVER).options().status, 200, "OPTIONS")


def test_the_end_of_the_process(case):
    with Machine(case) as machine:
        service = Service(machine).install().configure(config.office(case.folder))
        service.systemctl("restart")
        talk.phone(case, "1003")
        time.sleep(1.2)  # kill -9 may cost the registrations of the last second
        for again in range(1, 8):
            pid = service.main_pid
            machine.run("kill", "-9", str(pid))
            eventually(lambda: service.shows("ActiveState") == "active" and service.main_pid not in (0, pid), 5, f"start {again} after kill -9")
        expect_equal(service.shows("NRestarts"), "7")
        expect("1003" in str(service.pbxctl("registrations")), "registrations are still there")

        # With a call: it has some seconds to end by itself, then both are said goodbye to, and the record is written.
        both = talk.Talk(case)
        started = time.monotonic()
        service.systemctl("stop")
        expect(time.monotonic() - started < 20, "it took too long:", service.log)
        both.call.expect_bye()
        both.incoming.expect_bye()
        expect_equal((service.shows("Result"), service.shows("ExecMainStatus")), ("success", "0"), "how it stopped")
        expect_equal(service.cdr_rows()[-1]["caller_id_number"], "1001", "its record")
        time.sleep(2)
        expect_equal(service.shows("ActiveState"), "inactive", "who was stopped stays so")


RULES = """
table inet filter {
  set switchroom  { type ipv4_addr; flags timeout; }
  set switchroom6 { type ipv6_addr; flags interval, timeout; }
}
"""


def test_what_the_unit_says_of_ports_and_keys(case):
    """A port below 1024, a set of nftables, and a key that a group may read."""
    with Machine(case) as machine:
        service = Service(machine).install()
        ca = tls.Authority(case)
        machine.run("sh", "-ec", "getent group ssl-cert || groupadd -r ssl-cert; mkdir -p /etc/keys")
        for file, name in zip(ca.issue("127.0.0.1"), ("chain", "key")):
            machine.path(f"/etc/keys/{name}").write_bytes(file.read_bytes())
        machine.run("sh", "-ec", "chgrp -R ssl-cert /etc/keys; chmod 0750 /etc/keys; chmod 0640 /etc/keys/*")
        machine.run("nft", RULES)
        text = config.office(case.folder, listen=["udp:127.0.0.1:506", "tls:127.0.0.1:443"],
                             more='[bans]\nnftables = "inet filter switchroom"\n' + tls.settings("/etc/keys/chain", "/etc/keys/key"))
        service.configure(text)
        expect(service.systemctl("restart", check=False).returncode != 0, "the unit as it is has no right to this")

        capabilities = "CAP_NET_BIND_SERVICE CAP_NET_ADMIN"
        service.drop_in(f"CapabilityBoundingSet={capabilities}\nAmbientCapabilities={capabilities}\nSupplementaryGroups=ssl-cert\n")
        service.systemctl("restart")
        expect_equal(sip.Peer(case, "1001", server="127.0.0.1:506").options().status, 200, "port 506")
        secure = sip.Peer(case, "1001", transport="tls", server="127.0.0.1:443", tls=ca.client())
        expect_equal(secure.options().status, 200, "port 443")
        service.pbxctl("bans", "add", "192.0.2.7", "1h", "test")
        eventually(lambda: "192.0.2.7" in machine.run("nft", "list", "set", "inet", "filter", "switchroom").stdout, 5, "the ban in the set")
        service.reload()
        service.systemctl("stop")
        expect("192.0.2.7" not in machine.run("nft", "list", "set", "inet", "filter", "switchroom").stdout, "the set is emptied")
