// What common peers offer: descriptions in the manner of each, made for these tests from what is known
// of their format lists, orders and habits; all addresses are documentation addresses.
#pragma once

#include <string_view>

namespace phones {

inline constexpr std::string_view baresip =
    "v=0\r\no=- 3812345678 1234567 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n"
    "a=tool:baresip 1.0.0\r\nm=audio 27012 RTP/AVP 96 9 0 8 101\r\na=rtpmap:96 opus/48000/2\r\n"
    "a=fmtp:96 stereo=1;sprop-stereo=1\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
    "a=label:1\r\na=rtcp-rsize\r\na=ssrc:123456 cname:sip:a@192.0.2.20\r\na=ptime:20\r\n";

inline constexpr std::string_view linphone =
    "v=0\r\no=lin 2742 2531 IN IP4 192.0.2.21\r\ns=Talk\r\nc=IN IP4 192.0.2.21\r\nt=0 0\r\n"
    "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\r\na=record:off\r\n"
    "m=audio 7078 RTP/AVP 96 97 98 0 8 18 101 99 100\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 "
    "useinbandfec=1\r\n"
    "a=rtpmap:97 speex/16000\r\na=fmtp:97 vbr=on\r\na=rtpmap:98 speex/8000\r\na=fmtp:98 vbr=on\r\n"
    "a=fmtp:18 annexb=yes\r\na=rtpmap:101 telephone-event/48000\r\na=rtpmap:99 telephone-event/16000\r\n"
    "a=rtpmap:100 telephone-event/8000\r\na=rtcp:7079\r\na=rtcp-fb:* trr-int 5000\r\na=rtcp-fb:* ccm "
    "tmmbr\r\n";

// The shape of a browser's offer, less what makes it encrypted.
inline constexpr std::string_view browser =
    "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    "a=extmap-allow-mixed\r\na=msid-semantic: WMS stream\r\nm=audio 54321 RTP/AVPF 111 63 9 0 8 13 110 "
    "126\r\n"
    "c=IN IP4 192.0.2.22\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2113937151 192.0.2.22 54321 typ "
    "host\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=ice-options:trickle\r\na=mid:0\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
    "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\na=rtpmap:110 telephone-event/48000\r\n"
    "a=rtpmap:126 telephone-event/8000\r\na=ssrc:3570614608 cname:x\r\n"
    "m=video 54323 RTP/AVPF 96 97\r\nc=IN IP4 192.0.2.22\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n"
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";

inline constexpr std::string_view cisco =
    "v=0\r\no=Cisco-SIPUA 12801 0 IN IP4 192.0.2.23\r\ns=SIP Call\r\nb=AS:4064\r\nt=0 0\r\n"
    "m=audio 21018 RTP/AVP 0 8 116 18 101\r\nc=IN IP4 192.0.2.23\r\nb=TIAS:64000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:116 iLBC/8000\r\na=fmtp:116 mode=20\r\na=rtpmap:18 G729/8000\r\n"
    "a=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";

inline constexpr std::string_view yealink =
    "v=0\r\no=- 20012 20012 IN IP4 192.0.2.24\r\ns=SDP data\r\nc=IN IP4 192.0.2.24\r\nt=0 0\r\n"
    "m=audio 11786 RTP/AVP 9 0 8 18 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 "
    "PCMA/8000\r\n"
    "a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=fmtp:101 0-15\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=ptime:20\r\na=sendrecv\r\n";

inline constexpr std::string_view polycom =
    "v=0\r\no=- 1357000000 1357000000 IN IP4 192.0.2.25\r\ns=Polycom IP Phone\r\nc=IN IP4 192.0.2.25\r\nt=0 "
    "0\r\n"
    "a=sendrecv\r\nm=audio 2222 RTP/AVP 9 0 8 18 127\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=rtpmap:127 "
    "telephone-event/8000\r\n";

inline constexpr std::string_view sipp =
    "v=0\no=user1 53655765 2353687637 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 6000 RTP/AVP "
    "0\n"
    "a=rtpmap:0 PCMU/8000\n";

}  // namespace phones
