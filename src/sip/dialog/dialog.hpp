// What two user agents share for the length of a call. RFC 3261 section 12. Values, no I/O.
#pragma once

#include "sip/message/message.hpp"
#include "sip/transport/transport.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::sip {

/// The three things that name a dialog, seen from our side.
struct DialogId {
  std::string call_id;
  std::string local_tag;
  std::string remote_tag;
  friend bool operator==(const DialogId&, const DialogId&) = default;
};

class Dialog {
 public:
  /// 12.1.1: we are the server; `local_tag` is the tag of our responses.
  static Dialog as_server(const Message& request, std::string local_tag, const Flow& from);
  /// 12.1.2: we are the client; from a response that carries a To tag.
  static Dialog as_client(const Message& request, const Message& response, const Flow& to);
  /// What an INVITE that was just sent knows: no remote tag yet; counts CSeq for its retries.
  static Dialog before_response(const Message& request, const Flow& to);

  [[nodiscard]] const DialogId& id() const { return id_; }
  [[nodiscard]] const Address& local() const { return local_; }
  [[nodiscard]] const Address& remote() const { return remote_; }
  [[nodiscard]] const Uri& remote_target() const { return remote_target_; }
  [[nodiscard]] const std::vector<Address>& route_set() const { return route_set_; }

  /// A request inside the dialog (12.2.1.1): route set (loose and strict), CSeq counted, tags set.
  /// The caller adds Contact and body. ACK takes the INVITE's number: make_ack.
  Message make_request(Method method);
  [[nodiscard]] Message make_ack(std::uint32_t invite_cseq) const;
  /// A number for a request that is sent again (with credentials).
  std::uint32_t next_cseq() { return ++local_cseq_; }
  /// 12.2.2: false when the CSeq is out of order (answer 500). Updates the remote sequence.
  bool accept_sequence(const Message& request);
  /// Target refresh (re-INVITE, UPDATE and their 2xx). A Contact that no SIP request can go to is ignored.
  void refresh_target(const Message& message);
  /// 13.2.2.4: the 2xx of an early dialog decides route set and target anew; the counters stay.
  void confirm(const Message& response);

  /// Where the next request goes. The flow the peer was last heard by, as long as the next hop's URI is
  /// the one that came with it (a phone behind NAT writes an address that cannot be reached: the flow
  /// wins); a numeric URI that the peer changed to or a route set names, when nothing says NAT. A host
  /// name is never looked up here: it falls back to the flow, and so does a URI of another transport
  /// or address family than the flow's, which its listener could not send to.
  [[nodiscard]] Flow next_hop() const;
  /// The peer moved (a request inside the dialog came by another flow of the same address or host).
  void heard_by(const Flow& flow);
  /// The peer has proved elsewhere, with its password, that it is reached by this flow now.
  void move_to(const Flow& flow);
  /// The flow that the peer was last heard by.
  [[nodiscard]] const Flow& flow() const { return flow_; }

 private:
  Message make(Method method, std::uint32_t cseq) const;
  void learn_target(const Message& message);
  void learn_routes(const Message& response);

  DialogId id_;
  Address local_;
  Address remote_;
  Uri remote_target_;
  std::vector<Address> route_set_;
  std::uint32_t local_cseq_ = 0;
  std::optional<std::uint32_t> remote_cseq_;
  Flow flow_;
  Uri learned_target_;  // the target that came with flow_
  bool behind_nat_ = false;
};

}  // namespace switchroom::sip
