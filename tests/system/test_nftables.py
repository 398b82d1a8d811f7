"""Bans handed over to a set of nftables, in the network namespace of the test."""
import json
import os
import subprocess

from harness import config, sip
from harness.case import Skip, eventually, expect, expect_equal
from harness.switchroom import Switchroom, check

RULES = """
table inet filter {
  set switchroom  { type ipv4_addr; flags timeout; }
  set switchroom6 { type ipv6_addr; flags interval, timeout; }
  chain input {
    type filter hook input priority 0; policy accept;
    ip saddr @switchroom counter drop
    ip6 saddr @switchroom6 counter drop
  }
}
"""


def nft(*words, text=None):
    done = subprocess.run(["nft", *words], input=text, capture_output=True, text=True)
    expect_equal(done.returncode, 0, f"nft {words}: {done.stderr}")
    return done.stdout


def office(case, where="inet filter switchroom", more="max_failures = 3"):
    listen = ["udp:0.0.0.0:5060", "udp:[::]:5060"]
    return config.office(case.folder, listen=listen, more=f'[bans]\nnftables = "{where}"\n{more}')


def elements(name):
    """{address or network: seconds left} of a set."""
    listed = json.loads(nft("-j", "list", "set", "inet", "filter", name))["nftables"]
    found = {}
    for one in next(part["set"] for part in listed if "set" in part).get("elem", []):
        one = one["elem"]
        value = one["val"]
        text = f"{value['prefix']['addr']}/{value['prefix']['len']}" if isinstance(value, dict) else value
        found[text] = one["expires"]
    return found


def rules():
    if os.geteuid() != 0:
        raise Skip("only root may change nftables")
    nft("-f", "-", text=RULES)


def test_the_set_follows_the_bans(case):
    rules()
    nft("add", "element", "inet", "filter", "switchroom", "{ 203.0.113.1 timeout 1h }")  # left by a process that crashed
    with Switchroom(case, office(case)) as pbx:
        eventually(lambda: elements("switchroom") == {}, 5, "the set of before is emptied")
        pbx.pbxctl("bans", "add", "192.0.2.1", "1h", "a")
        pbx.pbxctl("bans", "add", "192.0.2.77", "30s", "b")
        pbx.pbxctl("bans", "add", "2001:db8:1:2::5", "1h", "c")
        pbx.pbxctl("bans", "add", "2001:db8:1:ffff::5", "1h", "d")
        eventually(lambda: set(elements("switchroom")) == {"192.0.2.1", "192.0.2.77"}, 5, "IPv4")
        eventually(lambda: set(elements("switchroom6")) == {"2001:db8:1:2::/64", "2001:db8:1:ffff::/64"}, 5, "IPv6")
        left = elements("switchroom")
        expect(0 < left["192.0.2.77"] <= 30 < 3500 < left["192.0.2.1"] <= 3600, "the time that is left:", left)
        pbx.pbxctl("bans", "lift", "192.0.2.1")
        eventually(lambda: set(elements("switchroom")) == {"192.0.2.77"}, 5, "one was lifted")
    expect_equal((elements("switchroom"), elements("switchroom6")), ({}, {}), "the sets at the end")


def test_a_guesser_is_dropped_by_the_firewall(case):
    rules()
    with Switchroom(case, office(case)) as pbx:
        attacker = sip.Peer(case, "1001", "guess", host="127.0.0.66", server="127.0.0.1:5060")
        for _ in range(3):
            me = "<sip:1001@127.0.0.1>"
            attacker.exchange(attacker.request("REGISTER", "sip:127.0.0.1", to=me, from_=f"{me};tag=1"), seconds=2)
        eventually(lambda: "127.0.0.66" in elements("switchroom"), 5, "the guesser in the set")
        for _ in range(10):
            attacker.send(attacker.request("OPTIONS", "sip:127.0.0.1"))
        eventually(lambda: "counter packets 10" in nft("list", "chain", "inet", "filter", "input"), 5, "dropped there")
        staff = sip.Peer(case, "1001", config.password("1001"), host="127.0.0.7", server="127.0.0.1:5060")
        staff.register()
        nft("delete", "table", "inet", "filter")  # somebody reloads the firewall
        pbx.pbxctl("bans", "add", "192.0.2.1", "1h", "a")
        pbx.wait_for_log("bans cannot be handed to nftables inet filter .*No such file")
        nft("-f", "-", text=RULES)
        pbx.pbxctl("bans", "add", "192.0.2.2", "1h", "b")
        eventually(lambda: set(elements("switchroom")) == {"127.0.0.66", "192.0.2.1", "192.0.2.2"}, 5, "all again")


def test_a_reload_takes_it_elsewhere(case):
    rules()
    nft("add", "set", "inet", "filter", "other", "{ type ipv4_addr; flags timeout; }")
    nft("add", "set", "inet", "filter", "other6", "{ type ipv6_addr; flags interval, timeout; }")
    with Switchroom(case, office(case)) as pbx:
        pbx.pbxctl("bans", "add", "192.0.2.1", "1h", "a")
        eventually(lambda: set(elements("switchroom")) == {"192.0.2.1"}, 5, "the first set")
        pbx.reload(office(case, "inet filter other"))
        eventually(lambda: set(elements("other")) == {"192.0.2.1"} and elements("switchroom") == {}, 5, "the other")
        pbx.reload(office(case, "inet filter other").replace('nftables = "inet filter other"', ""))
        eventually(lambda: elements("other") == {}, 5, "none at all")


def test_what_is_wrong_is_found_at_check(case):
    status, said = check(case, office(case, "filter switchroom"))
    expect_equal(status, 1)
    expect('bans.nftables: write family, table and set, as in "inet filter switchroom"' in said, said)
