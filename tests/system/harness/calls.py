"""Phones that are registered, calls between them, and the question whether anything was left behind."""
from harness import config, sip
from harness.case import eventually, expect, expect_equal

SERVER = "127.0.0.1:5060"
G711 = ((0, "PCMU/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000"))
PCMU_ONLY = ((0, "PCMU/8000"), (101, "telephone-event/8000"))
PCMA_ONLY = ((8, "PCMA/8000"), (101, "telephone-event/8000"))


def phone(case, number, transport="udp", register=True, headers=(), **more):
    """A peer with the extension's password; registered, unless told otherwise."""
    more.setdefault("server", SERVER)
    peer = sip.Peer(case, number, config.password(number), transport=transport, **more)
    if register:
        peer.register(headers=headers)
    return peer


def dial(caller, number, body=None, headers=(), **known):
    """INVITE with the caller's credentials; `body` is a description at port 40000 unless given."""
    body = caller.sdp(40000) if body is None else body
    return caller.invite(f"sip:{number}@127.0.0.1", body, headers=headers, **known)


def ring(caller, callee, body=None, headers=(), **known):
    """(the caller's call, the callee's call): the INVITE has arrived, nothing was answered yet."""
    out = dial(caller, callee.user, body, headers, **known)
    return out, callee.answer()


def talk(caller, callee, body=None, answer=None, headers=()):
    """(the caller's call, the callee's): 180, 200 and ACK on both legs."""
    out, incoming = ring(caller, callee, body, headers)
    incoming.reply(180)
    out.expect(180, skip=(100,))
    incoming.accept(callee.sdp(40002) if answer is None else answer)
    out.answer = out.expect(200)
    out.ack()
    return out, incoming


def port_of(message):
    """The port of the first m=audio line."""
    return int(message.body.split("m=audio ")[1].split()[0])


def codecs_of(message):
    """The formats of the first m=audio line, telephone-event left out."""
    media = message.body.split("m=audio ")[1].splitlines()
    events = {line.split(":")[1].split()[0] for line in media if line.startswith("a=rtpmap:") and "telephone-event" in line}
    return [int(number) for number in media[0].split()[2:] if number not in events]


def direction_of(message):
    return next((word for word in ("sendonly", "recvonly", "inactive", "sendrecv") if f"a={word}\r\n" in message.body),
                "sendrecv")


def leftovers(pbx):
    """What stands between the server and emptiness; {} when nothing does."""
    status = pbx.pbxctl("status")
    left = {name: status[name] for name in ("calls", "dialogs", "rtp_ports") if status[name] != 0}
    if pbx.pbxctl("calls"):
        left["list"] = pbx.pbxctl("calls")
    return left


def expect_nothing_left(pbx, seconds=5.0):
    """No call, no dialog, no RTP port; neither an internal fault in the log."""
    last = {}

    def empty():
        last.clear()
        last.update(leftovers(pbx))
        return not last

    try:
        eventually(empty, seconds, "an empty exchange")
    except AssertionError:
        raise AssertionError(f"left behind: {last}") from None
    expect("internal fault" not in pbx.log, "an internal fault was logged")


def expect_record(pbx, count=1, **wanted):
    """The last of `count` records has these values."""
    row = pbx.wait_for_cdr(count)[-1]
    for name, value in wanted.items():
        expect_equal(row[name], value, f"{name} of the record")
    return row


def expect_tone(stream, frequency, packets=15):
    """Hears this tone now; how evenly it comes is the subject of other tests."""
    stream.forget()
    stream.wait_for(packets)
    heard = stream.measured().frequency
    expect(abs(heard - frequency) < 3, f"heard {heard:.1f} Hz, wanted {frequency}")
