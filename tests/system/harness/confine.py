#!/usr/bin/python3
"""The system calls that systemd/switchroom.service leaves, for a program that systemd does not start.

    confine.py UNIT COMMAND…

Reads the SystemCallFilter= lines of the unit as systemd does (groups of calls come from systemd-analyze), and becomes
COMMAND under an equal filter. Where the unit lets a refused call fail, this kills the process: what the tests make the
server do must need none of them. A file of refusals would not be noticed; a killed server is.
"""
import os
import re
import subprocess
import sys

import seccomp


def groups():
    """{"@basic-io": {"read", …}}, with groups inside of groups left as they are."""
    text = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True).stdout
    found, name = {}, None
    for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines():
        if re.match(r"@[\w-]+$", line):
            name = line
            found[name] = set()
        elif name and line.startswith("    ") and not line.strip().startswith("#") and line.strip():
            found[name].add(line.strip())
        elif line and not line.startswith(" "):
            name = None
    return found


def calls_of(word, known):
    return {call for inner in known[word] for call in calls_of(inner, known)} if word.startswith("@") else {word}


def allowed(unit):
    known, calls = groups(), set()
    for line in open(unit):
        if line.startswith("SystemCallFilter="):
            words = line.split("=", 1)[1].strip()
            named = {call for word in words.lstrip("~").split() for call in calls_of(word, known)}
            calls = calls - named if words.startswith("~") else calls | named
    # What systemd always leaves to a filter that is a list of permissions.
    return calls | {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn"} | calls_of("@default", known)


def main():
    unit, *command = sys.argv[1:]
    rules = seccomp.SyscallFilter(seccomp.KILL_PROCESS)
    for call in sorted(allowed(unit)):
        try:
            rules.add_rule(seccomp.ALLOW, call)
        except (RuntimeError, ValueError):
            pass  # not one of this architecture
    rules.load()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
