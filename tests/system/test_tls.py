"""SIP over TLS: phones, certificates that are wrong, expired or swapped while calls are up, and old protocols."""
import re
import socket
import ssl
import time

from harness import config, rtp, sip, sound, srtp, talk, tls
from harness.baresip import Baresip
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom

SECURE = "127.0.0.1:5061"
LISTEN = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060", "tls:127.0.0.1:5061"]


def office(case, more="", **options):
    return config.office(case.folder, listen=LISTEN, more=more, **options)


def certified(case, *names, **options):
    """(authority, files, configuration)."""
    ca = tls.Authority(case)
    files = ca.issue(*(names or ("pbx.example.com", "127.0.0.1")), **options)
    return ca, files, office(case, tls.settings(*files))


def secure_peer(case, user, context):
    return sip.Peer(case, user, config.password(user), transport="tls", server=SECURE, tls=context)


def secure_phone(case, user, ca, **more):
    extra = f"sip_cafile {ca.file}\nmodule srtp.so\n"
    return Baresip(case, user, config.password(user), SECURE, transport="tls", config=extra,
                   account=";mediaenc=srtp-mand", **more)


def test_phones_over_tls_with_srtp(case):
    """Two real phones: registered and called over TLS, keys in SDP without further leave, sound both ways."""
    ca, _, text = certified(case)
    with Switchroom(case, text) as pbx:
        a, b = secure_phone(case, "1001", ca), secure_phone(case, "1002", ca, answer="auto")
        for phone in (a, b):
            phone.wait_for("REGISTER_OK", seconds=15)
        expect_equal({row["source"].split()[0] for row in pbx.pbxctl("registrations")}, {"TLS"}, "how they are registered")
        a.dial("sip:1002@127.0.0.1")
        a.wait_for("CALL_ESTABLISHED", seconds=10)
        a.expect_hears(b, seconds=3)
        b.expect_hears(a, seconds=3)
        shown = talk.only_call(pbx)
        for leg in ("caller_leg", "callee_leg"):
            expect(shown[leg]["signalling"].startswith("tls "), shown[leg]["signalling"])
            expect(shown[leg]["encryption"].startswith("A"), shown[leg]["encryption"])
        b.hang_up()
        a.wait_for("CALL_CLOSED", seconds=10)


def test_both_versions_and_no_older_one(case):
    ca, _, text = certified(case)
    with Switchroom(case, text):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            peer = secure_peer(case, "1001", ca.client(oldest=version, newest=version))
            peer.register()
            expect_equal(peer.connections[("127.0.0.1", 5061)][0].version(), version.name.replace("_", "."), "the version")
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            old = ca.client(oldest=version, newest=version)
            old.set_ciphers("ALL:@SECLEVEL=0")
            try:
                secure_peer(case, "1002", old).connect(SECURE)
            except (ssl.SSLError, ConnectionError) as refused:
                expect("ERSION" in str(refused).upper() or isinstance(refused, ConnectionError), str(refused))
            else:
                raise AssertionError(f"{version.name} was spoken")
        try:  # and who does not speak TLS at all
            plain = socket.create_connection(("127.0.0.1", 5061))
            plain.sendall(b"OPTIONS sip:127.0.0.1 SIP/2.0\r\n\r\n")
            plain.settimeout(5)
            expect(b"SIP/2.0" not in plain.recv(100), "SIP without TLS was answered")
        except ConnectionError:
            pass
    with Switchroom(case, office(case, tls.settings(*ca.issue("127.0.0.1"), 'min_version = "1.3"'))):
        secure_peer(case, "1001", ca.client()).register()
        only_12 = ca.client(newest=ssl.TLSVersion.TLSv1_2)
        try:
            secure_peer(case, "1001", only_12).connect(SECURE)
        except (ssl.SSLError, ConnectionError):
            pass
        else:
            raise AssertionError("TLS 1.2 was spoken against min_version")


def test_a_certificate_of_our_own(case):
    """None is configured: one is made, kept over a restart, readable by nobody else; the log says what to do."""
    for start in range(2):
        with Switchroom(case, office(case)) as pbx:
            own = pbx.data_dir / "tls" / "certificate.pem"
            expect_equal("a certificate for 127.0.0.1 was made" in pbx.log, start == 0, "made at the first start alone")
            expect_equal((own.parent / "key.pem").stat().st_mode & 0o777, 0o600, "the key's mode")
            context = ssl.create_default_context(cafile=str(own))
            secure_peer(case, "1001", context).register()
            seen = own.read_text() if start == 0 else seen
            expect_equal(own.read_text(), seen, "the certificate stays")


def test_swapped_while_a_call_is_up(case):
    """A renewed certificate is for who comes then; the call and its connection never notice. A bad one is told of."""
    ca, files, text = certified(case)
    with Switchroom(case, text) as pbx:
        peer = secure_peer(case, "1001", ca.client())
        peer.register()
        first = peer.connections[("127.0.0.1", 5061)][0].getpeercert(True)
        stream, key = rtp.Stream(case, sequence=100), srtp.new_key()
        stream.seal = srtp.Sealer(key).seal
        call = peer.invite("sip:9196@127.0.0.1", peer.sdp(stream.port, formats=talk.PCMU, protocol="RTP/SAVP", more=srtp.line(key)))
        answer = call.expect(200).body
        call.ack()
        stream.unseal = srtp.Opener(srtp.lines(answer)[0][2]).open
        stream.start(talk.media_port(answer), sound.tone(440, 1)).expect_tone(440, seconds=0.5)
        ca.issue("pbx.example.com", "127.0.0.1", into=files)
        pbx.wait_for_log("a new certificate is in use", seconds=25)
        later = secure_peer(case, "1002", ca.client())
        later.register()
        second = later.connections[("127.0.0.1", 5061)][0].getpeercert(True)
        expect(first != second, "the new certificate is shown")
        stream.expect_tone(440, seconds=0.5)
        files[1].write_text("no key at all")
        pbx.wait_for_log("cannot be used, the one before stays", seconds=25)
        third = secure_peer(case, "1003", ca.client())
        third.register()
        expect_equal(third.connections[("127.0.0.1", 5061)][0].getpeercert(True), second, "what is shown after a bad file")
        call.bye()


def test_soon_over_and_over(case):
    ca, _, text = certified(case, "127.0.0.1", days=12)
    with Switchroom(case, text) as pbx:
        pbx.wait_for_log(r"certificate \S+ expires in 1[12] days")
    ca, _, text = certified(case, "127.0.0.1", days=-1)
    with Switchroom(case, text) as pbx:
        pbx.wait_for_log(r"certificate \S+ has expired")


def test_who_is_called_by_tls(case):
    """An address beyond: only a good certificate of the right name is believed, and the log says why not."""
    ca = tls.Authority(case)
    good, wrong, old = ca.issue("127.0.0.2"), ca.issue("elsewhere.example"), ca.issue("127.0.0.2", days=-1)
    stranger = tls.Authority(case, "Nobody's CA").issue("127.0.0.2")
    ours = ca.issue("127.0.0.1")
    rule = config.DEFAULT_CONTEXT + r"""
[[contexts.default]]
name = "outside by TLS"
when = { destination_number = '^77$' }
do   = ["bridge sip:bob@127.0.0.2:5071;transport=tls"]
"""
    text = office(case, tls.settings(*ours, f'ca_file = "{ca.file}"'), contexts=rule)
    with Switchroom(case, text) as pbx:
        for files, words in ((wrong, "IP address mismatch"), (old, "certificate has expired"),
                             (stranger, "unable to get local issuer|self.signed")):
            case_name = files[0].name
            server = Answering(case, files)
            peer = sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
            peer.invite("sip:77@127.0.0.1", peer.sdp(4000)).expect_failure(503, 502, 500, 480, 408, seconds=12)
            expect_equal(server.greeted, [], f"what was sent to {case_name}")
            server.close()
            time.sleep(1.2)  # one line a second
            expect(re.search(f"127.0.0.2:5071: no connection: .*({words})", pbx.log), f"{words} in the log")
        server = Answering(case, good)
        peer = sip.Peer(case, "1001", config.password("1001"), server=talk.SERVER)
        call = peer.invite("sip:77@127.0.0.1", peer.sdp(4000))
        eventually(lambda: server.greeted, 8, "an INVITE at the good one")
        expect("Via: SIP/2.0/TLS " in server.greeted[0], server.greeted[0])
        call.cancel()
        server.close()


class Answering:
    """A TLS server on 127.0.0.2:5071 that keeps what it is sent first."""

    def __init__(self, case, files):
        import threading
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*map(str, files))
        self.listening = socket.socket()
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listening.bind(("127.0.0.2", 5071))
        self.listening.listen(8)
        self.listening.settimeout(0.1)
        self.over, self.greeted = threading.Event(), []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        case.defer(self.close)

    def _run(self):
        while not self.over.is_set():
            try:
                connection = self.listening.accept()[0]
            except socket.timeout:
                continue
            except OSError:
                return
            connection.settimeout(3)
            try:
                secure = self.context.wrap_socket(connection, server_side=True)
                self.greeted.append(secure.recv(65536).decode())
            except (OSError, ssl.SSLError):
                connection.close()

    def close(self):
        if not self.over.is_set():
            self.over.set()
            self.thread.join(5)
            self.listening.close()


def test_phones_that_show_a_certificate(case):
    ca = tls.Authority(case)
    others = tls.Authority(case, "Nobody's CA")
    text = office(case, tls.settings(*ca.issue("127.0.0.1"), f'ca_file = "{ca.file}"\nclient_certificates = "required"'))
    with Switchroom(case, text) as pbx:
        secure_peer(case, "1001", ca.client(certificate=ca.issue("phone-1001"))).register()
        for context in (ca.client(), ca.client(certificate=others.issue("phone-1001"))):
            peer = secure_peer(case, "1002", context)
            try:
                peer.send(peer.request("OPTIONS", "sip:127.0.0.1"))
                answer = peer.receive(3)
            except (ssl.SSLError, ConnectionError, BrokenPipeError):
                answer = None
            expect(answer is None, f"answered without a certificate of ours: {answer}")
        expect(pbx.pbxctl("registrations"), "the phone with its certificate is registered")


def test_handshakes_that_never_end(case):
    """Half-open ones are cut after ten seconds, and keep nobody else out."""
    ca, _, text = certified(case)
    with Switchroom(case, text):
        silent = [socket.create_connection(("127.0.0.1", 5061)) for _ in range(50)]
        secure_peer(case, "1001", ca.client()).register()
        silent[0].settimeout(15)
        try:
            expect_equal(silent[0].recv(1), b"", "what a silent one gets")
        except ConnectionError:
            pass
        for one in silent:
            one.close()


def test_what_is_wrong_with_the_files(case):
    ca, files, text = certified(case)
    other = ca.issue("127.0.0.1")
    with Switchroom(case, text) as pbx:
        for bad, words in ((text.replace(str(files[1]), str(other[1])), "key does not belong|key values mismatch"),
                           (text.replace(str(files[0]), "/nowhere/a.pem"), "cannot be read"),
                           (text.replace(f'key = "{files[1]}"', ""), "has no key")):
            pbx.config_path.write_text(bad)
            done = pbx.pbxctl_raw("reload")
            expect(done.returncode != 0 and re.search(words, done.stdout + done.stderr), f"{words}: {done.stdout}{done.stderr}")
        secure_peer(case, "1001", ca.client()).register()
