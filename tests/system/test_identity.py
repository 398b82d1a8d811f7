"""Who is calling: what the callee is told, and what is hidden. RFC 3323, RFC 3325, RFC 5806."""
from harness import config, sip
from harness.calls import dial, expect_nothing_left, expect_record, phone, ring
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom


def office(case, **changes):
    pbx = Switchroom(case, config.office(case.folder, **changes))
    return pbx, phone(case, "1001"), phone(case, "1002")


def told(pbx, a, b, headers=(), **known):
    """The INVITE that the callee sees."""
    out, incoming = ring(a, b, headers=headers, **known)
    incoming.refuse(486)
    out.expect_failure(486)
    return incoming.request


def test_the_callee_sees_the_extension_not_what_the_caller_wrote(case):
    pbx, a, b = office(case)
    with pbx:
        request = told(pbx, a, b, from_='"The President" <sip:1001@evil.example>;tag=x1')
        expect('"Person 1001"' in request.header("From") and "sip:1001@127.0.0.1" in request.header("From"), request)
        expect("President" not in str(request) and "evil" not in str(request), request)
        expect_nothing_left(pbx)


def test_hidden_unless_the_profile_passes(case):
    pbx, a, b = office(case)
    with pbx:
        request = told(pbx, a, b, [("P-Asserted-Identity", "<sip:boss@example.com>"), ("Diversion", "<sip:1003@example.com>"),
                                   ("P-Preferred-Identity", "<sip:boss@example.com>")])
        for name in ("P-Asserted-Identity", "Diversion", "P-Preferred-Identity"):
            expect(request.header(name) is None, f"{name} went on:", request)
        expect_nothing_left(pbx)


def test_passed_on_when_the_profile_says_so(case):
    """A phone that signed in is asserted as what it is; what it asserts of itself is not believed."""
    pbx, a, b = office(case, profile='caller_identity = "pass"')
    with pbx:
        request = told(pbx, a, b, [("P-Asserted-Identity", "<sip:boss@example.com>"),
                                   ("Diversion", "<sip:1003@127.0.0.1>;reason=no-answer")])
        expect("sip:1001@127.0.0.1" in request.header("P-Asserted-Identity"), request)
        expect("boss" not in str(request), request)
        expect_equal(request.header("Diversion"), "<sip:1003@127.0.0.1>;reason=no-answer")
        expect_nothing_left(pbx)


def test_a_trunk_without_a_password_is_believed(case):
    """On a profile that does not challenge, its access list says who is trusted."""
    pbx, _, b = office(case, auth=False, profile='caller_identity = "pass"')
    trunk = sip.Peer(case, "anonymous", server="127.0.0.1:5060")
    with pbx:
        request = told(pbx, trunk, b, [("P-Asserted-Identity", '"Carrier" <sip:+4930123@carrier.example>')])
        expect("+4930123" in request.header("P-Asserted-Identity"), request)
        expect_nothing_left(pbx)


def private(case, profile, privacy="id"):
    pbx, a, b = office(case, profile=profile)
    with pbx:
        request = told(pbx, a, b, [("Privacy", privacy)])
        expect(request.header("From").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>'), request)
        expect_equal(request.header("Privacy"), privacy if "pass" in profile else "id")
        hidden = sip.Message(request.start, [(name, value) for name, value in request.headers
                                             if name != "P-Asserted-Identity"], request.body)
        expect("1001" not in str(hidden) and "Person" not in str(hidden), "the caller shows through:", hidden)
        expect_nothing_left(pbx)
        expect_record(pbx, caller_id_number="1001")
        return request


def test_privacy_hides_the_caller(case):
    expect(private(case, "").header("P-Asserted-Identity") is None, "P-Asserted-Identity beside privacy")


def test_privacy_with_an_asserted_identity_for_those_who_may_know(case):
    expect("1001" in private(case, 'caller_identity = "pass"').header("P-Asserted-Identity", ""), "for billing and emergency")


def test_privacy_none_is_none(case):
    pbx, a, b = office(case)
    with pbx:
        expect("1001" in told(pbx, a, b, [("Privacy", "none")]).header("From"), "privacy that was not asked for")


def test_an_anonymous_caller_that_signs_in(case):
    """Phones ask for anonymity by From alone, too, at whatever host: their credentials say who they are."""
    pbx, a, b = office(case)
    with pbx:
        for number, hidden in enumerate(("anonymous@anonymous.invalid", "anonymous@127.0.0.1", "Anonymous@localhost")):
            request = told(pbx, a, b, from_=f'"Anonymous" <sip:{hidden}>;tag=x{number}')
            expect(request.header("From").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>'), request)
            expect("localhost" not in str(request) and "Person" not in str(request), request)
        expect_nothing_left(pbx)
        expect_equal({(row["caller_id_number"], row["accountcode"]) for row in pbx.wait_for_cdr(3)}, {("1001", "1001")})


def test_an_anonymous_caller_for_those_who_may_know(case):
    pbx, a, b = office(case, profile='caller_identity = "pass"')
    with pbx:
        request = told(pbx, a, b, from_='"Anonymous" <sip:anonymous@127.0.0.1>;tag=x1')
        expect("sip:1001@127.0.0.1" in request.header("P-Asserted-Identity"), request)
        expect("anonymous@anonymous.invalid" in request.header("From"), request)


def test_an_extension_whose_name_is_anonymous(case):
    """Then it is a name, which nobody else may use."""
    pbx, a, b = office(case, extensions=("1001", "1002", "anonymous"))
    with pbx:
        request = a.request("INVITE", "sip:1002@127.0.0.1", body=a.sdp(40000), from_="<sip:Anonymous@127.0.0.1>;tag=x1")
        expect_equal(a.exchange(request).status, 403, "another one's name")
        request = told(pbx, phone(case, "anonymous"), b)
        expect("sip:anonymous@127.0.0.1" in request.header("From"), request)
        expect_nothing_left(pbx)


def test_another_name_than_the_account_s_is_refused(case):
    pbx, a, _ = office(case)
    with pbx:
        request = a.request("INVITE", "sip:1002@127.0.0.1", body=a.sdp(40000), from_="<sip:1003@127.0.0.1>;tag=x1")
        expect_equal(a.exchange(request).status, 403, "From must be the account that signs in")
        expect_nothing_left(pbx)


INJECTIONS = ['"x\r\nX-Evil: 1" <sip:1001@127.0.0.1>;tag=a', '"\\"; x=<sip:evil@x>" <sip:1001@127.0.0.1>;tag=a',
              '"a\\\\" <sip:1001@127.0.0.1>;tag=a', '"%0d%0aX-Evil: 1" <sip:1001@127.0.0.1>;tag=a',
              '"\u00fcml\u00e4ut \u2603" <sip:1001@127.0.0.1>;tag=a', '"' + "A" * 2000 + '" <sip:1001@127.0.0.1>;tag=a']


def test_names_that_try_to_be_headers(case):
    """Each name reaches the callee as a name, or not at all; nothing is added, and the log keeps its lines."""
    pbx, _, b = office(case, auth=False)
    a = sip.Peer(case, "1001", server="127.0.0.1:5060")
    with pbx:
        for number, value in enumerate(INJECTIONS):
            out = dial(a, "1002", from_=value.replace("tag=a", f"tag=a{number}"))
            message = b.receive(1.0)
            if message is None:
                expect(a.receive(1.0).status >= 100, f"no answer to {value!r}")
                continue
            expect(message.header("X-Evil") is None, message)
            expect(message.header("From").count("<sip:") >= 1 and message.tag("From") != f"a{number}", message)
            call = sip.Call.incoming(b, message)
            expect_equal(len(message.all("From")), 1)
            call.refuse(486)
            a.wait_for(486)
            while a.receive(0.05):
                pass
            out.ack_failure(call.peer.response(out.request, 486))
        expect_nothing_left(pbx)
        expect("\nX-Evil" not in pbx.log, "a line of the log that a stranger wrote")


def test_a_utf8_name_stays_itself(case):
    pbx, _, b = office(case, auth=False)
    a = sip.Peer(case, "1001", server="127.0.0.1:5060")
    with pbx:
        request = told(pbx, a, b, from_='"J\u00fcrgen \u2603" <sip:1001@127.0.0.1>;tag=a')
        expect('"J\u00fcrgen \u2603"' in request.header("From"), request)
        expect_nothing_left(pbx)
        expect_record(pbx, caller_id_name="J\u00fcrgen \u2603")


def test_quotes_in_a_name_are_escaped(case):
    pbx, _, b = office(case, auth=False)
    a = sip.Peer(case, "1001", server="127.0.0.1:5060")
    with pbx:
        request = told(pbx, a, b, from_='"say \\"hi\\" \\\\ there" <sip:1001@127.0.0.1>;tag=a')
        expect(request.header("From").startswith('"say \\"hi\\" \\\\ there" <sip:1001@'), request)
        expect_record(pbx, caller_id_name='say "hi" \\ there')
