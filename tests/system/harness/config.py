"""Small configurations for tests, as TOML text."""

PORT = 5060
# Strong enough to be taken, and the same in every run.
PASSWORDS = {"1001": "gR7-wandering-Lynx-41", "1002": "tK3-copper-Violin-88", "1003": "mQ9-silent-Harbor-27",
             "1004": "vX2-amber-Falcon-63"}

DEFAULT_CONTEXT = r"""
[[contexts.default]]
name = "colleagues"
when = { destination_number = '^(10\d\d)$' }
do   = ["bridge user/$1"]

[[contexts.default]]
name = "echo test"
when = { destination_number = '^9196$' }
do   = ["answer", "echo"]
"""


def password(number):
    return PASSWORDS.get(number, f"xW5-{number[::-1]}-Meadow-Tiger-{number}")


def office(case_folder, contexts=DEFAULT_CONTEXT, extensions=("1001", "1002", "1003"), **changes):
    """A whole configuration: one profile on 127.0.0.1:5060 over UDP and TCP, and these extensions.

    `changes` by name: listen (a list), auth, codecs, profile (lines for [profiles.internal]), pbx (lines
    for [pbx]), media_ports, log (lines for [log]), more (text that is added at the end).
    """
    def listed(words):
        return "[" + ", ".join(f'"{word}"' for word in words) + "]"

    host = changes.get("host", "127.0.0.1")
    listen = changes.get("listen", [f"udp:{host}:{PORT}", f"tcp:{host}:{PORT}"])
    people = "".join(f'\n[extensions.{number}]\nname = "Person {number}"\npassword = "{password(number)}"\n'
                     for number in extensions)
    return f"""
[pbx]
name = "Test"
domain = "{host}"
data_dir = "{case_folder}/data"
max_calls = {changes.get("max_calls", 500)}
calls_per_second = {changes.get("calls_per_second", 500)}
{changes.get("pbx", "")}

[media]
ports = "{changes.get("media_ports", "20000-20999")}"

[profiles.internal]
listen = {listed(listen)}
context = "default"
auth = {"true" if changes.get("auth", True) else "false"}
codecs = {listed(changes.get("codecs", ["opus", "G722", "PCMU", "PCMA"]))}
{changes.get("profile", "")}
{people}
{contexts}

[control]
socket = "{case_folder}/control.sock"

[log]
{changes.get("log", 'level = "debug"')}
{changes.get("more", "")}
"""
