"""sipp: scenarios as text, run with a deadline, and small builders for the usual ones.

    result = sipp.run(case, sipp.uac(sipp.pause(500)), to="127.0.0.1:5060", user="1001", password="…", called="1002")
    server = sipp.start(case, sipp.uas_busy(), port=5070);  …;  server.finish()
A scenario is a list of steps (send, receive, pause: strings of XML) given to scenario().
"""
import csv
import itertools
import re
from dataclasses import dataclass

from harness.case import SLOWNESS, eventually, expect

_port = itertools.count(6100, 10)
SDP = """v=0
o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a={direction}"""


@dataclass
class Result:
    status: int          # sipp's exit status: 0 all calls succeeded
    successful: int
    failed: int
    retransmissions: int
    log: str             # messages that were not expected


class Sipp:
    """One running sipp."""

    def __init__(self, case, scenario_text, to=None, seconds=15, **options):
        self.case, self.seconds = case, seconds
        name = case.unique("sipp")
        self.folder = case.folder / name
        self.folder.mkdir()
        scenario_file = self.folder / "scenario.xml"
        scenario_file.write_text(scenario_text)
        self.port = options.get("port") or next(_port)
        self.host = options.get("host", "127.0.0.1")
        command = ["timeout", int(seconds * SLOWNESS) + 5, "sipp", "-sf", scenario_file, "-i", self.host, "-p", self.port,
                   "-mi", self.host, "-mp", options.get("media_port", self.port + 20000), "-nostdin",
                   "-t", {"udp": "u1", "tcp": "t1"}[options.get("transport", "udp")],
                   "-timeout", f"{int(seconds * SLOWNESS)}s", "-timeout_error", "-m", options.get("calls", 1),
                   "-r", options.get("rate", 10), "-l", options.get("at_once", 100),
                   "-trace_stat", "-fd", "1", "-stf", self.folder / "stat.csv",
                   "-trace_err", "-error_file", self.folder / "errors.log",
                   "-recv_timeout", 10000 * SLOWNESS]
        if options.get("trace", True):  # not for a hundred thousand calls
            command += ["-trace_msg", "-message_file", self.folder / "messages.log"]
        user = options.get("user")
        if user:
            data = self.folder / "users.csv"
            data.write_text(f"SEQUENTIAL\n{user};[authentication username={user} password={options.get('password', '')}]\n")
            command += ["-inf", data]
        called = options.get("called", user or "service")
        command += ["-s", called, *options.get("arguments", [])]
        if to:
            # Else its digest is made for sip:host:port, which is not the URI that it asks for. REGISTER has
            # no user in its URI: options["auth_uri"].
            command += ["-auth_uri", options.get("auth_uri", f"{called}@{to}"), to]
        self.child = case.start(name, command, cwd=self.folder)

    def finish(self, expected=True):
        """Waits for its end; fails when a call failed, unless told that this is expected."""
        status = self.child.wait(self.seconds + 6)
        expect(status is not None, "sipp did not end")
        result = Result(status, self._count("SuccessfulCall(C)"), self._count("FailedCall(C)"),
                        self._count("Retransmissions(C)"), self.errors)
        if expected:
            expect(status == 0, f"sipp ended with {status}, {result.failed} calls failed:\n{self.errors[:3000]}"
                                f"{self.child.err[-1500:]}")
        return result

    @property
    def errors(self):
        path = self.folder / "errors.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def messages(self):
        """All messages that it sent and received, as text."""
        path = self.folder / "messages.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _count(self, column):
        path = self.folder / "stat.csv"
        if not path.exists():
            return 0
        rows = list(csv.DictReader(path.open(errors="replace"), delimiter=";"))
        return int(rows[-1].get(column) or 0) if rows else 0


def start(case, scenario_text, **options):
    """Starts sipp and returns when it has its port. Options: port, host, transport, calls, rate, at_once,
    user, password, called, seconds, media_port, arguments, trace, and `to` for a caller."""
    running = Sipp(case, scenario_text, options.pop("to", None), **options)
    table = {"udp": "udp", "tcp": "tcp"}[options.get("transport", "udp")]
    wanted = f":{running.port:04X} "

    def bound():
        names = [f"/proc/net/{table}", f"/proc/net/{table}6"]
        return not running.child.running() or any(wanted in open(name).read() for name in names)

    eventually(bound, 5, "sipp at its port")
    return running


def run(case, scenario_text, to, expected=True, **options):
    """A caller from beginning to end; the Result."""
    return Sipp(case, scenario_text, to, **options).finish(expected)


# -- steps ----------------------------------------------------------------------------------------

def scenario(*steps, name="test"):
    return (f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
            f'<scenario name="{name}">\n' + "\n".join(steps) + "\n</scenario>\n")


def send(message, **attributes):
    """A message as text; [branch], [call_id] and their like are sipp's."""
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    lines = "\n".join(line.strip() for line in message.strip().splitlines())
    return f"<send{written}><![CDATA[\n{lines}\n]]></send>"


def receive(kind, optional=False, **attributes):
    """A status (200) or method ("BYE")."""
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    key = "request" if isinstance(kind, str) else "response"
    optional_word = ' optional="true"' if optional else ""
    return f'<recv {key}="{kind}"{optional_word}{written}/>'


def pause(milliseconds):
    return f'<pause milliseconds="{milliseconds}"/>'


def with_body(message, direction="sendrecv"):
    return message + "\nContent-Type: application/sdp\nContent-Length: [len]\n\n" + SDP.format(direction=direction)


def bare(message):
    return message + "\nContent-Length: 0\n\n"


def _request(method, headers="", in_dialog=False, auth=False, cseq=None):
    to = "[peer_tag_param]" if in_dialog else ""
    uri = "[next_url]" if in_dialog else "sip:[service]@[remote_ip]:[remote_port]"
    lines = [f"{method} {uri} SIP/2.0", "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
             "From: <sip:[field0]@[remote_ip]>;tag=[pid]T[call_number]", f"To: <sip:[service]@[remote_ip]>{to}",
             "Call-ID: [call_id]", f"CSeq: {cseq or '[cseq]'} {method}",
             "Contact: <sip:[field0]@[local_ip]:[local_port];transport=[transport]>", "Max-Forwards: 70"]
    if in_dialog:
        lines.append("[routes]")
    if auth:
        lines.append("[field1]")
    return "\n".join(lines + [line for line in headers.splitlines() if line])


def _answer(status, reason, headers="", contact=True):
    lines = [f"SIP/2.0 {status} {reason}", "[last_Via:]", "[last_From:]", "[last_To:];tag=[pid]U[call_number]" if status > 100
             else "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]", "[last_Record-Route:]"]
    if contact:
        lines.append("Contact: <sip:[local_ip]:[local_port];transport=[transport]>")
    return "\n".join(lines + [line for line in headers.splitlines() if line])


def plain_ok():
    """200 to a request inside the dialog."""
    return send(bare("SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]"))


# -- the caller's side ----------------------------------------------------------------------------

def _invite(body=True, headers="", challenged=True):
    """INVITE, and again with credentials when challenged. Needs the option user."""
    make = with_body if body else bare
    steps = [send(make(_request("INVITE", headers)), retrans=500)]
    if challenged:
        steps += [receive(100, optional=True), '<recv response="401" auth="true"/>',
                  _failure_ack(),
                  send(make(_request("INVITE", headers, auth=True)), retrans=500)]
    return steps


def _provisional():
    return [receive(code, optional=True, **({"rrs": "true"} if code > 100 else {})) for code in (100, 180, 183)]


def _in_transaction_of_last(request):
    """The request with the Via of the response that came last: for ACK of a failure, and for CANCEL."""
    return bare(request.replace("Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]", "[last_Via:]"))


def _failure_ack():
    return send(_in_transaction_of_last(_request("ACK").replace("To: <sip:[service]@[remote_ip]>", "[last_To:]")))


def uac(*middle, challenged=True, headers="", bye=True):
    """INVITE, 200, ACK, the steps of `middle`, BYE."""
    end = [send(bare(_request("BYE", in_dialog=True)), retrans=500), receive(200)] if bye else \
        [receive("BYE"), plain_ok()]
    return scenario(*_invite(True, headers, challenged), *_provisional(), receive(200, rrs="true"),
                    send(bare(_request("ACK", in_dialog=True))), *middle, *end)


def uac_delayed_offer(*middle, challenged=True):
    """INVITE without a body; the answer stands in the ACK."""
    return scenario(*_invite(False, "", challenged), *_provisional(), receive(200, rrs="true"),
                    send(with_body(_request("ACK", in_dialog=True))), *middle,
                    send(bare(_request("BYE", in_dialog=True)), retrans=500), receive(200))


def uac_refused(status, challenged=True, headers=""):
    """A call that must end with this failure."""
    return scenario(*_invite(True, headers, challenged), *_provisional(), receive(status), _failure_ack())


def uac_cancel(after=500, challenged=True):
    """CANCEL so many ms after the first ringing."""
    return scenario(*_invite(True, "", challenged), receive(100, optional=True), receive(180), pause(after),
                    send(_in_transaction_of_last(_request("CANCEL")), retrans=500),
                    receive(200), receive(487), _failure_ack())


def reinvite(direction="sendrecv"):
    """A re-INVITE of the caller, for the middle of uac(): hold is "sendonly", resume "sendrecv"."""
    return "\n".join([send(with_body(_request("INVITE", in_dialog=True), direction), retrans=500),
                      receive(100, optional=True), receive(200), send(bare(_request("ACK", in_dialog=True)))])


def register(challenged=True, expires=3600):
    """REGISTER of `user`."""
    def request(auth):
        text = _request("REGISTER", f"Expires: {expires}", auth=auth)
        return send(bare(text.replace("REGISTER sip:[service]@[remote_ip]:[remote_port]", "REGISTER sip:[remote_ip]")
                         .replace("To: <sip:[service]@", "To: <sip:[field0]@")), retrans=500)
    first = [request(False), '<recv response="401" auth="true"/>'] if challenged else []
    return scenario(*first, request(challenged), receive(200))


# -- the called side ------------------------------------------------------------------------------

def uas(*before, ring=True, answer_after=0, middle=(), bye=False, headers="", body=True):
    """Answers: 180, 200; then waits for BYE, or sends one with bye=True."""
    make = with_body if body else bare
    caller = '<action><ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/></action>' if bye else ""
    steps = [f'<recv request="INVITE" rrs="true">{caller}</recv>']
    if ring:
        steps.append(send(bare(_answer(180, "Ringing"))))
    if answer_after:
        steps.append(pause(answer_after))
    steps += [*before, send(make(_answer(200, "OK", headers)), retrans=500), receive("ACK"), *middle]
    steps += [_uas_bye(), receive(200)] if bye else [receive("BYE"), plain_ok()]
    return scenario(*steps)


def _uas_bye():
    return send("BYE [next_url] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
                "From: <sip:[service]@[local_ip]>;tag=[pid]U[call_number]\nTo:[$caller]\nCall-ID: [call_id]\n"
                "CSeq: 1 BYE\nMax-Forwards: 70\n[routes]\nContent-Length: 0\n\n", retrans=500)


def uas_refuses(status, reason, ring=False, headers=""):
    """486 Busy Here, 603 Decline, 404 …"""
    return scenario(receive("INVITE"), *([send(bare(_answer(180, "Ringing")))] if ring else []),
                    send(bare(_answer(status, reason, headers, contact=False)), retrans=500), receive("ACK"))


def uas_busy():
    return uas_refuses(486, "Busy Here")


def uas_declines():
    return uas_refuses(603, "Decline", ring=True)


def uas_no_answer():
    """Rings until the CANCEL comes."""
    invite = '<recv request="INVITE"><action><ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>' \
             '<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/></action></recv>'
    ended = ("SIP/2.0 487 Request Terminated\nVia:[$via]\n[last_From:]\n[last_To:];tag=[pid]U[call_number]\n"
             "[last_Call-ID:]\nCSeq:[$cseq]")
    return scenario(invite, send(bare(_answer(180, "Ringing"))), receive("CANCEL"),
                    send(bare("SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=[pid]U[call_number]\n"
                              "[last_Call-ID:]\n[last_CSeq:]")),
                    send(bare(ended), retrans=500), receive("ACK"))


def uas_early_media(answer_after=500):
    """183 with a description, then 200."""
    return uas(send(with_body(_answer(183, "Session Progress"))), pause(answer_after), ring=False)


def uas_reliable(answer_after=200):
    """180 with 100rel, its PRACK, then 200."""
    return uas(send(bare(_answer(180, "Ringing", "Require: 100rel\nRSeq: 1")), retrans=500), receive("PRACK"), plain_ok(),
               pause(answer_after), ring=False)


def uas_session_timer(interval=90, refresher="uas"):
    return uas(headers=f"Require: timer\nSupported: timer\nSession-Expires: {interval};refresher={refresher}")


def count_of(sipp_messages, start):
    """How many received or sent messages in Sipp.messages begin with this text."""
    return len(re.findall(r"^" + re.escape(start), sipp_messages, re.MULTILINE))
