// ClientSide: the way of what is sent, by UDP, by TCP for its length (RFC 3261 18.1.1), and back.
#include "base/random.hpp"
#include "sip/transaction/client_side.hpp"

#include <utility>

namespace switchroom::sip {
namespace {

// How long a request that is on TCP only for its size waits for the connection: a SYN may be lost once, which
// the kernel sends again after a second.
constexpr auto moved_patience = std::chrono::milliseconds(1200);

Via via_for(const Flow& flow, const base::Endpoint& ours, std::string branch) {
  Via via;
  via.transport = name(flow.kind);
  via.host = ours.address.to_string();
  via.port = ours.port;
  via.branch = std::move(branch);
  via.wants_rport = true;  // RFC 3581
  return via;
}

}  // namespace

/// Puts the topmost Via on and prints. `moved` becomes true, and `flow` TCP, for what is too long for UDP,
/// unless TCP was not to be had there lately.
std::string ClientSide::put_via_on(Message& message, Flow& flow, bool& moved) {
  message.via.insert(message.via.begin(),
                     via_for(flow, common_.wire.advertised_for(flow), "z9hG4bK" + base::random_token(20)));
  std::string bytes = message.text();
  if (flow.kind == TransportKind::udp && bytes.size() > max_udp_request) {
    if (without_tcp_.is_absent(flow.remote, common_.timers.now())) {
      ++common_.counters.kept_on_udp;
      return bytes;
    }
    ++common_.counters.moved_to_tcp;
    moved = true;
    flow.kind = TransportKind::tcp;
    flow.connection = 0;
    Via& top = message.via.front();
    top = via_for(flow, common_.wire.advertised_for(flow), std::move(top.branch));
    bytes = message.text();
  }
  return bytes;
}

void ClientSide::transmit(TransactionId id, Record& record) {
  const bool sent = record.pending && record.pending->may_fall_back
                        ? common_.wire.try_to_send(
                              record.flow, record.bytes, [this, id] { on_no_connection(id); }, moved_patience)
                    : is_reliable(record.flow.kind)
                        ? common_.wire.send(record.flow, record.bytes, [this, id] { on_send_failed(id); })
                        : common_.wire.send(record.flow, record.bytes, {});
  if (!sent) {
    (void)failures_.start(id, {});  // not at once: the user is still inside request()
  }
}

bool ClientSide::send_ack(Message ack, const Flow& to) {
  Flow flow = to;
  bool moved = false;
  std::string bytes = put_via_on(ack, flow, moved);
  if (!moved) {
    return common_.wire.send(flow, std::move(bytes), {});
  }
  ack.via.front() = via_for(to, common_.wire.advertised_for(to), ack.via.front().branch);
  auto by_udp = [this, to, text = ack.text()] {
    ++common_.counters.moved_back;
    return common_.wire.send(to, text, {});
  };
  auto failed = [this, to, by_udp] {
    without_tcp_.note(to.remote, common_.timers.now());
    (void)by_udp();
  };
  return common_.wire.try_to_send(flow, std::move(bytes), std::move(failed), moved_patience) || by_udp();
}

/// Nobody took the connection of a request that has another way to go; the next one goes that way at once.
void ClientSide::on_no_connection(TransactionId id) {
  const Record* record = table_.find(id);
  if (record != nullptr && record->pending && record->pending->may_fall_back) {
    without_tcp_.note(record->flow.remote, common_.timers.now());
  }
  on_send_failed(id);
}

/// The branch stays: nobody has seen it, since TCP could not be had.
void ClientSide::fall_back(TransactionId id, Record& record) {
  ++common_.counters.moved_back;
  Pending& pending = *record.pending;
  pending.may_fall_back = false;
  record.flow.kind = TransportKind::udp;
  Via& top = pending.request.via.front();
  const auto method = std::string(method_text(pending.request.method, pending.request.method_token));
  top = via_for(record.flow, common_.wire.advertised_for(record.flow), std::move(top.branch));
  const TransactionKey key = common_.keys.of_client(top, method);  // the sent-by may be another
  if (!table_.rename(id, record.key, key)) {
    return;
  }
  record.key = key;
  record.bytes = pending.request.text();
  act(id, std::visit([&](auto& machine) { return machine.fall_back(common_.values); }, record.machine),
      nullptr);
}

}  // namespace switchroom::sip
