#include "sip/transaction/server_side.hpp"

#include "base/random.hpp"

#include <fmt/core.h>

#include <utility>

namespace switchroom::sip {
namespace {

/// RFC 3261 18.2.1 and RFC 3581 section 4. What the peer wrote into these itself is not believed.
void stamp(Via& top, const base::Endpoint& source) {
  const auto address = base::unmapped(source.address);
  const bool wants_rport = top.wants_rport || top.rport != 0;
  error_code not_numeric;
  const auto host = asio::ip::make_address(top.host, not_numeric);
  const bool same = !not_numeric && host == address;
  top.received = wants_rport || !same ? address.to_string() : std::string();
  top.rport = wants_rport ? source.port : std::uint16_t{0};
}

/// RFC 3261 18.2.2. maddr is ignored: nobody sends our responses to a place of a stranger's choice.
Flow reply_flow(const Via& top, const Flow& from) {
  Flow flow = from;
  if (is_reliable(from.kind) || top.rport == 0) {
    // By TCP this is where a new connection goes when the request's own is gone.
    flow.remote.port = top.port == 0 ? std::uint16_t{5060} : top.port;
  }
  return flow;
}

}  // namespace

ServerSide::ServerSide(TransactionCommon& common)
    : common_(common),
      deadlines_(common.timers, [this](TransactionId id, base::Time when) { on_deadline(id, when); }),
      failures_(common.timers, [this](TransactionId id, base::Time) { on_send_failed(id); }) {}

ServerSide::~ServerSide() {
  table_.for_each([this](const Record& record) { common_.timers.cancel(record.repeat); });
}

// -- requests --------------------------------------------------------------------------------------

void ServerSide::receive(Message request, const Flow& from) {
  stamp(request.via.front(), from.remote);
  if (request.method == Method::ack) {
    on_ack(request, from);
    return;
  }
  const auto key = common_.keys.of_request(request, method_text(request.method, request.method_token));
  if (const TransactionId id = table_.find(key); id != 0) {
    ++common_.counters.requests_absorbed;
    act(id, std::visit([](auto& machine) { return machine.on_request(); }, table_.find(id)->machine));
  } else if (request.method == Method::cancel) {
    on_cancel(request, key, from);
  } else {
    on_new_request(std::move(request), key, from);
  }
}

void ServerSide::on_ack(const Message& ack, const Flow& from) {
  const TransactionId id = table_.find(common_.keys.of_request(ack, name(Method::invite)));
  bool for_dialog = id == 0;
  if (id != 0) {
    if (auto* machine = std::get_if<InviteServer>(&table_.find(id)->machine)) {
      Actions actions = machine->on_ack(common_.values);
      for_dialog = std::exchange(actions.deliver, false);
      act(id, actions);
    }
  }
  if (!for_dialog) {
    ++common_.counters.acks_absorbed;
  } else if (user_ != nullptr) {
    user_->on_ack(ack, from);
  }
}

void ServerSide::on_cancel(const Message& cancel, const TransactionKey& key, const Flow& from) {
  const TransactionId invite = table_.find(common_.keys.of_request(cancel, name(Method::invite)));
  Record* target = table_.find(invite);
  common_.counters.stray_cancels += target == nullptr ? 1 : 0;
  const std::string tag = target != nullptr && target->to_tag ? *target->to_tag : base::random_token(8);
  const Message response = make_response(cancel, target != nullptr ? 200 : 481, {}, tag);
  if (table_.size() < common_.settings.max_server) {
    auto record = make_record(cancel, key, from);
    record->ours = true;
    Record& there = *record;
    if (const TransactionId id = table_.insert(key, std::move(record)); id != 0) {
      Actions start = std::get<NonInviteServer>(there.machine).start(common_.values, is_reliable(from.kind));
      start.deliver = false;
      act(id, start);
      respond(id, response);
    }
  } else {
    (void)common_.wire.send(reply_flow(cancel.via.front(), from), response.text(), {});
  }
  // Once the INVITE has its final response a CANCEL has no effect (9.2).
  auto* machine = target != nullptr ? std::get_if<InviteServer>(&target->machine) : nullptr;
  if (machine != nullptr && machine->accepts_answer() && !target->cancelled) {
    target->cancelled = true;
    if (user_ != nullptr) {
      user_->on_cancel(invite, cancel);
    }
  }
}

std::unique_ptr<ServerSide::Record> ServerSide::make_record(const Message& request, const TransactionKey& key,
                                                            const Flow& from) const {
  auto record = std::make_unique<Record>();
  record->key = key;
  record->reply_to = reply_flow(request.via.front(), from);
  if (request.method != Method::invite) {
    record->machine.emplace<NonInviteServer>();
  }
  return record;
}

void ServerSide::on_new_request(Message request, const TransactionKey& key, const Flow& from) {
  if (user_ == nullptr) {
    ++common_.counters.without_user;
    return;
  }
  if (table_.size() >= common_.settings.max_server) {
    ++common_.counters.overloaded;
    refuse(request, key, from, 503);
    return;
  }
  auto record = make_record(request, key, from);
  if (request.to.tag().empty()) {
    record->origin = common_.keys.of_origin(request);
    if (!origins_.insert(record->origin).second) {
      ++common_.counters.merged;
      refuse(request, key, from, 482);
      return;
    }
  }
  Record& there = *record;
  const TransactionId id = table_.insert(key, std::move(record));
  if (id == 0) {
    return;
  }
  const bool reliable = is_reliable(from.kind);
  Actions start;
  if (auto* machine = std::get_if<InviteServer>(&there.machine)) {
    there.response = make_response(request, 100).text();
    start = machine->start(reliable, common_.settings.trying_at_once);
  } else {
    start = std::get<NonInviteServer>(there.machine).start(common_.values, reliable);
  }
  act(id, start);
  user_->on_request(id, std::move(request), from);
}

/// Without a transaction: a retransmission comes to the same answer, with the same tag (8.2.7).
void ServerSide::refuse(const Message& request, const TransactionKey& key, const Flow& from, int status) {
  Message response = make_response(request, status, {}, fmt::format("{:016x}", key.high));
  if (status == 503) {
    response.add_header("Retry-After", std::to_string(common_.settings.retry_after));
  }
  (void)common_.wire.send(reply_flow(request.via.front(), from), response.text(), {});
}

// -- answers ---------------------------------------------------------------------------------------

bool ServerSide::respond(TransactionId id, const Message& response) {
  Record* record = table_.find(id);
  if (record == nullptr ||
      !std::visit([](auto& machine) { return machine.accepts_answer(); }, record->machine)) {
    return false;
  }
  note_answer(*record, response);
  const int status = response.status;
  act(id,
      std::visit([&](auto& machine) { return machine.on_answer(common_.values, status); }, record->machine));
  return true;
}

void ServerSide::note_answer(Record& record, const Message& response) {
  record.response = response.text();
  const bool invite = std::holds_alternative<InviteServer>(record.machine);
  if (response.status >= 200) {
    record.to_tag.reset();
  } else if (invite && !record.to_tag && !response.to.tag().empty()) {
    record.to_tag = std::make_unique<std::string>(response.to.tag());
  }
  if (response.status >= 300) {
    forget_origin(record);  // one that was refused or challenged may well come again
  }
}

bool ServerSide::repeat(TransactionId id, const Message& response) {
  Record* record = table_.find(id);
  auto* machine = record != nullptr ? std::get_if<InviteServer>(&record->machine) : nullptr;
  if (machine == nullptr || machine->state() != InviteServer::State::accepted) {
    return false;
  }
  ++common_.counters.retransmitted;
  record->response = response.text();
  act(id, machine->on_repeated_answer());
  return true;
}

void ServerSide::transmit(TransactionId id, Record& record, bool last_time) {
  std::function<void()> failed;
  if (is_reliable(record.reply_to.kind)) {
    failed = [this, id] { on_send_failed(id); };
  }
  std::string bytes = std::move(record.response);
  // What is kept is a copy: exactly as long as its text, unlike the string that was printed into.
  record.response = last_time ? std::string() : std::string(std::string_view(bytes));
  if (!common_.wire.send(record.reply_to, std::move(bytes), std::move(failed))) {
    (void)failures_.start(id, {});  // not at once: the user is perhaps still inside respond()
  }
}

// -- events ----------------------------------------------------------------------------------------

void ServerSide::on_repeat(TransactionId id) {
  Record* record = table_.find(id);
  if (record == nullptr) {
    return;
  }
  record->repeat = 0;
  if (auto* machine = std::get_if<InviteServer>(&record->machine)) {
    const Actions actions = machine->on_repeat(common_.values);
    common_.counters.retransmitted += actions.send ? 1 : 0;
    act(id, actions);
  }
}

void ServerSide::on_deadline(TransactionId id, base::Time when) {
  Record* record = table_.find(id);
  if (record != nullptr && record->limit == when) {
    act(id, std::visit([](auto& machine) { return machine.on_limit(); }, record->machine));
  }
}

void ServerSide::on_send_failed(TransactionId id) {
  if (Record* record = table_.find(id)) {
    ++common_.counters.send_failures;
    act(id, std::visit([](auto& machine) { return machine.on_send_failed(); }, record->machine));
  }
}

// -- what a machine wants --------------------------------------------------------------------------

void ServerSide::act(TransactionId id, const Actions& actions) {
  Record* record = table_.find(id);
  if (record == nullptr) {
    return;
  }
  set_clocks(id, *record, actions);
  if (actions.send) {
    transmit(id, *record, actions.forget);
  }
  if (actions.forget) {
    std::string().swap(record->response);  // an assignment would keep the room
  }
  const bool tell = (actions.timed_out || actions.failed) && !record->ours;
  common_.counters.timeouts += actions.timed_out ? 1 : 0;
  if (actions.end) {
    common_.timers.cancel(record->repeat);
    forget_origin(*record);
    const TransactionKey key = record->key;
    table_.erase(id, key);
  }
  if (tell && user_ != nullptr) {
    user_->on_server_failure(id);
  }
}

void ServerSide::set_clocks(TransactionId id, Record& record, const Actions& actions) {
  if (actions.repeat.kind != ClockChange::Kind::keep) {
    common_.timers.cancel(record.repeat);
    record.repeat = actions.repeat.kind == ClockChange::Kind::start
                        ? common_.timers.after(actions.repeat.after, [this, id] { on_repeat(id); })
                        : 0;
  }
  if (actions.limit.kind != ClockChange::Kind::keep) {
    record.limit = actions.limit.kind == ClockChange::Kind::start ? deadlines_.start(id, actions.limit.after)
                                                                  : base::Time::max();
  }
}

void ServerSide::forget_origin(Record& record) {
  if (!record.origin.empty()) {
    origins_.erase(record.origin);
    record.origin = {};
  }
}

}  // namespace switchroom::sip
