"""Where the offer of a call may stand: in the INVITE, in the 200, in the ACK. Which codecs each leg is offered."""
from harness import config, rtp, sip, sound
from harness.calls import (PCMA_ONLY, PCMU_ONLY, codecs_of, dial, direction_of, expect_nothing_left, expect_record, expect_tone,
                           phone, port_of, ring, talk)
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom

WIDE = ((96, "opus/48000/2"), (9, "G722/8000"), (0, "PCMU/8000"), (8, "PCMA/8000"), (101, "telephone-event/8000"))


def office(case, **changes):
    pbx = Switchroom(case, config.office(case.folder, **changes))
    return pbx, phone(case, "1001"), phone(case, "1002")


def finish(pbx, out, incoming):
    out.send("BYE")
    incoming.expect_bye()
    expect_nothing_left(pbx)


def test_an_invite_without_an_offer(case):
    """The callee is asked first; our 200 offers to the caller what the callee speaks; the ACK answers."""
    pbx, a, b = office(case)
    with pbx:
        mine, theirs = rtp.Stream(case), rtp.Stream(case)
        out = dial(a, "1002", "")
        incoming = b.answer()
        expect(set(codecs_of(incoming.request)) >= {0, 8}, incoming.request)
        incoming.reply(180)
        out.expect(180, skip=(100,))
        incoming.accept(b.sdp(theirs.port, formats=PCMU_ONLY))
        answered = out.expect(200)
        expect_equal(codecs_of(answered), [0, 111, 9, 8], "our offer: what the callee speaks first")
        out.ack(a.sdp(mine.port, formats=PCMU_ONLY))
        mine.start(("127.0.0.1", port_of(answered)), sound.tone(440, 1))
        theirs.start(("127.0.0.1", port_of(incoming.request)), sound.tone(600, 1))
        expect_tone(mine, 600)
        expect_tone(theirs, 440)
        finish(pbx, out, incoming)
        expect_record(pbx, read_codec="PCMU", hangup_cause="NORMAL_CLEARING")


def test_an_ack_without_the_answer(case):
    """The caller broke the rules: the call cannot have sound, so it ends."""
    pbx, a, b = office(case)
    with pbx:
        out = dial(a, "1002", "")
        incoming = b.answer()
        incoming.accept(b.sdp(40002))
        out.expect(200)
        out.ack()
        out.expect_bye()
        incoming.expect_bye()
        expect_nothing_left(pbx)
        expect_record(pbx, hangup_cause="INCOMPATIBLE_DESTINATION", hung_up_by="switchroom")


def test_an_ack_with_an_answer_that_fits_nothing(case):
    pbx, a, b = office(case)
    with pbx:
        out = dial(a, "1002", "")
        incoming = b.answer()
        incoming.accept(b.sdp(40002, formats=PCMU_ONLY))
        out.expect(200)
        out.ack(a.sdp(40000, formats=((18, "G729/8000"),)))
        out.expect_bye()
        incoming.expect_bye()
        expect_nothing_left(pbx)


def test_the_answer_to_an_invite_without_an_offer_at_an_application(case):
    pbx, a, b = office(case)
    with pbx:
        mine = rtp.Stream(case)
        out = dial(a, "9196", "")
        answered = out.expect(200)
        expect_equal(codecs_of(answered)[1:], [9, 0, 8], "all codecs of the profile")
        out.ack(a.sdp(mine.port, formats=PCMA_ONLY))
        mine.payload_type = 8
        mine.start(("127.0.0.1", port_of(answered)), sound.tone(500, 1))
        expect_tone(mine, 500)
        out.bye()
        expect_nothing_left(pbx)


def test_early_media_cannot_be_answered_without_an_offer(case):
    """It rings instead."""
    pbx, a, b = office(case)
    with pbx:
        out = dial(a, "1002", "")
        incoming = b.answer()
        incoming.reply(183, body=b.sdp(40002))
        expect_equal(out.expect(180, 183, skip=(100,)).body, "")
        incoming.accept(b.sdp(40002))
        out.expect(200)
        out.ack(a.sdp(40000))
        finish(pbx, out, incoming)


def test_the_callee_is_offered_what_the_caller_speaks(case):
    """First, and in the caller's order; the rest of its profile's codecs come after."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b, a.sdp(40000, formats=WIDE))
        body = incoming.request.body
        expect(all(word in body for word in ("opus/48000/2", "G722/8000", "PCMU/8000", "PCMA/8000", "telephone-event/8000")), body)
        incoming.refuse(486)
        out.expect_failure(486)
        out, incoming = ring(a, b, a.sdp(40000, formats=PCMA_ONLY))
        expect_equal([codecs_of(incoming.request)[0], set(codecs_of(incoming.request)) >= {0, 8, 9}], [8, True])
        incoming.refuse(486)
        out.expect_failure(486)
        expect_nothing_left(pbx)


def test_the_profile_limits_codecs(case):
    pbx, a, b = office(case, codecs=["PCMA", "G722"])
    with pbx:
        out, incoming = talk(a, b, a.sdp(40000, formats=WIDE), b.sdp(40002, formats=((9, "G722/8000"),)))
        expect_equal(set(codecs_of(incoming.request)), {8, 9})
        expect_equal(codecs_of(out.answer), [9])
        finish(pbx, out, incoming)


def test_a_183_that_promised_another_codec_than_the_200(case):
    """The caller was answered PCMU by the early sound of one fork; the one that answers takes PCMA."""
    pbx, a, b = office(case)
    with pbx:
        out, incoming = ring(a, b)
        first = b.response(incoming.request, 183, body=b.sdp(40002, formats=PCMU_ONLY), tag="one")
        b.send(first, incoming.request.source)
        expect_equal(codecs_of(out.expect(183, skip=(100,))), [0])
        second = b.response(incoming.request, 200, body=b.sdp(40004, formats=PCMA_ONLY), tag="two")
        incoming.local = second.header("To")
        b.send(second, incoming.request.source)
        b.expect("ACK")
        answered = out.expect(200)
        expect_equal(codecs_of(answered), [0], "an answer that was given may only be repeated")
        out.ack()
        a.expect_silence(0.2)  # what the callee speaks is decoded and encoded for him
        finish(pbx, out, incoming)


def test_an_offer_on_hold_from_the_start(case):
    pbx, a, b = office(case)
    with pbx:
        out, incoming = talk(a, b, a.sdp(40000, direction="inactive"))
        expect_equal(direction_of(out.answer), "inactive")
        finish(pbx, out, incoming)


def test_an_offer_with_video_beside(case):
    """The video is refused by port 0, in its place; sound goes on."""
    pbx, a, b = office(case)
    with pbx:
        video = "m=video 40010 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
        out, incoming = talk(a, b, a.sdp(40000, more=video))
        expect("m=video 0 " in out.answer.body and port_of(out.answer) != 0, out.answer.body)
        expect("m=video" not in incoming.request.body, "nobody asked the callee for video")
        finish(pbx, out, incoming)


def test_only_video_is_not_acceptable(case):
    pbx, a, b = office(case)
    with pbx:
        body = sip.sdp(40000).split("m=audio")[0] + "m=video 40010 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
        dial(a, "1002", body).expect_failure(488)
        b.expect_silence(0.2)
        expect_nothing_left(pbx)


def test_encrypted_sound_only_is_not_acceptable(case):
    pbx, a, b = office(case)
    with pbx:
        body = a.sdp(40000).replace("RTP/AVP", "RTP/SAVP") + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40 + "\r\n"
        dial(a, "1002", body).expect_failure(488)
        expect_nothing_left(pbx)


def test_a_body_that_is_no_description(case):
    pbx, a, b = office(case)
    with pbx:
        out = a.invite("sip:1002@127.0.0.1", "<x/>", content_type="application/xml")
        refused = out.expect_failure(415)
        expect("application/sdp" in refused.header("Accept", ""), refused)
        b.expect_silence(0.2)
        expect_nothing_left(pbx)


def test_the_offer_is_answered_at_once_by_an_application(case):
    pbx, a, b = office(case)
    with pbx:
        out = dial(a, "9196", a.sdp(40000, formats=PCMA_ONLY))
        expect_equal(codecs_of(out.expect(200)), [8])
        out.ack()
        held = out.reinvite(a.sdp(40000, formats=PCMA_ONLY, direction="sendonly", version=2))
        expect_equal((held.status, direction_of(held)), (200, "recvonly"))
        other = out.reinvite(a.sdp(40000, formats=PCMU_ONLY, version=3))
        expect_equal((other.status, codecs_of(other)), (200, [0]), "alone with the exchange any codec may be had")
        expect_equal(out.reinvite(a.sdp(40000, formats=((18, "G729/8000"),), version=4)).status, 488)
        out.bye()
        expect_nothing_left(pbx)
        expect_record(pbx, read_codec="PCMU")
