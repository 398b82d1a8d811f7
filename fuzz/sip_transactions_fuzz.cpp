// Messages in any order, from strangers and in answer to us, into the transaction layer, on a clock that
// jumps. The first byte of each line says what happens next; the users misbehave as far as they may.
#include "base/timer_queue.hpp"
#include "sip/transaction/transactions.hpp"

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

using namespace switchroom;
using namespace switchroom::sip;

namespace {

struct LastSent final : Wire {
  bool send(const Flow& to, std::string bytes, std::function<void()> failed) override {
    if (is_reliable(to.kind)) {
      on_failed = std::move(failed);
    }
    last = std::move(bytes);
    return works;
  }
  [[nodiscard]] base::Endpoint advertised_for(const Flow&) const override {
    return {asio::ip::make_address("192.0.2.1"), 5060};
  }
  std::string last;
  std::function<void()> on_failed;
  bool works = true;
};

struct User final : ServerUser, ClientUser {
  void on_request(TransactionId id, Message request, const Flow&) override {
    asked = id;
    message = std::move(request);
    if (hasty) {
      answer(200);
    }
  }
  void on_ack(const Message&, const Flow&) override {}
  void on_cancel(TransactionId, const Message&) override { answer(487); }
  void on_server_failure(TransactionId) override { answer(500); }
  void on_response(TransactionId id, const Message&) override {
    (void)layer->sent_request(id);
    if (hasty) {
      layer->cancel(id);
      layer->abandon(id);
    }
  }
  void on_failure(TransactionId id, Failure) override { layer->abandon(id); }
  void answer(int status) { layer->respond(asked, make_response(message, status, {}, "t")); }

  Transactions* layer = nullptr;  // not owned
  TransactionId asked = 0;
  Message message;
  bool hasty = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  base::ManualTimers timers;
  LastSent wire;
  User user;
  Transactions layer(timers, wire, {.max_server = 8});
  user.layer = &layer;
  layer.set_user(&user);
  const base::Endpoint peer{asio::ip::make_address("198.51.100.7"), 5062};
  TransactionId sent = 0;
  for (int step = 0; step < 64 && !input.empty(); ++step) {
    const auto what = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    const auto end = std::min(input.find('\0'), input.size());
    const std::string_view text = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    const Flow flow{(what & 1U) != 0 ? TransportKind::tcp : TransportKind::udp, 1, peer, what & 1U};
    user.hasty = (what & 0x80U) != 0;
    wire.works = (what & 0x40U) == 0;
    switch (what >> 1U & 7U) {
      case 0:
      case 1:
        if (auto parsed = parse_datagram(text); parsed.message) {
          layer.receive(std::move(*parsed.message), flow);
        }
        break;
      case 2:
        if (auto parsed = parse_datagram(text); parsed.message && parsed.message->is_request) {
          sent = layer.request(std::move(*parsed.message), flow, &user);
        }
        break;
      case 3:
        if (auto parsed = parse_datagram(wire.last); parsed.message && parsed.message->is_request) {
          layer.receive(
              make_response(*parsed.message, 100 + static_cast<int>(text.size() * 50 % 600), {}, "r"), flow);
        }
        break;
      case 4: user.answer(100 + static_cast<int>(text.size() * 50 % 600)); break;
      case 5: layer.cancel(sent, std::string(text)); break;
      case 6: timers.advance(std::chrono::milliseconds(text.size() * 100)); break;
      default:
        if (const auto failed = std::exchange(wire.on_failed, {})) {
          failed();
        }
    }
  }
  // Whatever happened: once nobody asks for anything more, everything ends by itself. What waits for an
  // answer of its user is the user's to end.
  wire.works = true;
  layer.abandon(sent);
  user.answer(500);
  layer.set_user(nullptr);
  timers.advance(std::chrono::minutes(10));
  if (layer.size() > 64) {
    std::abort();
  }
  return 0;
}
