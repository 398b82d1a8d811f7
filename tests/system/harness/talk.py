"""Two raw peers that talk through the server, each with an RTP socket of its own."""
import re
import time

from harness import config, rtp, sip
from harness.case import SLOWNESS, expect, expect_equal

SERVER = "127.0.0.1:5060"
PCMU = ((0, "PCMU/8000"), (101, "telephone-event/8000"))
PCMA = ((8, "PCMA/8000"), (101, "telephone-event/8000"))


def media_port(description):
    """Where a description wants its sound: (host, port)."""
    return (re.search(r"^c=IN IP[46] (\S+)", description, re.MULTILINE)[1],
            int(re.search(r"^m=audio (\d+) ", description, re.MULTILINE)[1]))


def payload_types(description):
    """{"opus": 96, ...}: the first payload type of each codec name, in lower case."""
    found = {"pcmu": 0} if re.search(r"^m=audio .*\b0\b", description, re.MULTILINE) else {}
    for number, name in re.findall(r"^a=rtpmap:(\d+) ([\w.-]+)/", description, re.MULTILINE):
        found.setdefault(name.lower(), int(number))
    return found


def phone(case, user="1001", register=True, **more):
    peer = sip.Peer(case, user, config.password(user), server=SERVER, **more)
    if register:
        peer.register()
    return peer


class Talk:
    """1001 (`a`) has called 1002 (`b`) and they are connected; `sa` and `sb` are their RTP sockets.

    `caller_leg` is what the server's answer told a, `callee_leg` what its offer told b."""

    def __init__(self, case, **options):
        self.a = options.get("a") or phone(case, "1001", register=False)
        self.b = options.get("b") or phone(case, "1002")
        self.sa = options.get("sa") or rtp.Stream(case, payload_type=options.get("payload_type", rtp.PCMU))
        self.sb = options.get("sb") or rtp.Stream(case, payload_type=options.get("payload_type", rtp.PCMU))
        self.a_formats = options.get("a_formats", PCMU)
        self.b_formats = options.get("b_formats", self.a_formats)
        self.a_version = self.b_version = 1
        self.call = self.a.invite(f"sip:{self.b.user}@127.0.0.1",
                                  options.get("offer") or self.a.sdp(self.sa.port, formats=self.a_formats))
        self.incoming = self.b.answer()
        self.callee_leg = self.incoming.request.body
        self.incoming.reply(180)
        if "early" in options:  # called with (talk) while it rings
            options["early"](self)
        self.incoming.accept(options.get("answer") or self.b.sdp(self.sb.port, formats=self.b_formats))
        self.caller_leg = self.call.expect(200).body
        self.call.ack()
        self.to_a, self.to_b = media_port(self.caller_leg), media_port(self.callee_leg)

    def speak(self, samples_a, samples_b):
        """Both send, until stopped."""
        self.sa.start(self.to_a, samples_a)
        self.sb.start(self.to_b, samples_b)
        return self

    def reoffer(self, from_a, direction="sendrecv", formats=None, port=None, answer_direction="sendrecv", **more):
        """A re-INVITE from one side, answered by the other if it is asked; the 200's description.

        Returns (what the asking side was told, what the other side was offered or None)."""
        side, other = (self.a, self.b) if from_a else (self.b, self.a)
        mine, theirs = (self.call, self.incoming) if from_a else (self.incoming, self.call)
        stream, their_stream = (self.sa, self.sb) if from_a else (self.sb, self.sa)
        self.a_version += 1
        body = side.sdp(port or stream.port, formats=formats or (self.a_formats if from_a else self.b_formats),
                        direction=direction, version=self.a_version)
        request = mine.send("INVITE", (), body)
        offered = None
        deadline = time.monotonic() + 5 * SLOWNESS
        while True:
            answer = next((one for one in side.inbox if one.status and one.status >= 200), None) or side.receive(0.05)
            if answer is not None and answer.status and answer.status >= 200 and answer.cseq == request.cseq:
                break
            passed_on = other.receive(0.05)
            if passed_on is not None and passed_on.method == "INVITE":
                offered = passed_on.body
                other.reply(passed_on, 200, body=other.sdp(
                    their_stream.port, formats=more.get("answer_formats") or (self.b_formats if from_a else self.a_formats),
                    direction=answer_direction, version=self.a_version))
                other.expect("ACK")
            expect(time.monotonic() < deadline, "the re-INVITE got no final response")
        expect_equal(answer.status, 200, "the answer to the re-INVITE")
        mine.ack()
        expect(theirs is not None)
        return answer.body, offered

    def end(self, by_a=True):
        if by_a:
            self.call.bye()
            self.incoming.expect_bye()
        else:
            self.incoming.bye()
            self.call.expect_bye()


def only_call(pbx):
    """Everything that is known of the one call that is up."""
    calls = pbx.pbxctl("calls")
    expect_equal(len(calls), 1, "the number of calls")
    return pbx.pbxctl("call", "show", calls[0]["id"])
