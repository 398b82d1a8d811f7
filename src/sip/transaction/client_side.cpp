#include "sip/transaction/client_side.hpp"

#include "base/random.hpp"
#include "sip/transaction/answered_tags.hpp"

#include <utility>

namespace switchroom::sip {
namespace {

Via via_for(const Flow& flow, const base::Endpoint& ours, std::string branch) {
  Via via;
  via.transport = name(flow.kind);
  via.host = ours.address.to_string();
  via.port = ours.port;
  via.branch = std::move(branch);
  via.wants_rport = true;  // RFC 3581
  return via;
}

/// A 2xx to an INVITE, the first or another.
template <class Record>
bool is_answer(const Record& record, const Actions& actions, const Message* response) {
  return actions.deliver && response != nullptr && response->status >= 200 && response->status < 300 &&
         std::holds_alternative<InviteClient>(record.machine);
}

std::string new_branch() { return "z9hG4bK" + base::random_token(20); }

}  // namespace

ClientSide::ClientSide(TransactionCommon& common)
    : common_(common),
      deadlines_(common.timers, [this](TransactionId id, base::Time when) { on_deadline(id, when); }),
      failures_(common.timers, [this](TransactionId id, base::Time) { on_send_failed(id); }) {}

ClientSide::~ClientSide() {
  table_.for_each([this](const Record& record) { common_.timers.cancel(record.repeat); });
}

// -- sending ---------------------------------------------------------------------------------------

/// Puts the topmost Via on and prints. `moved` becomes true, and `flow` TCP, for what is too long for UDP.
std::string ClientSide::put_via_on(Message& message, Flow& flow, std::string branch, bool& moved) const {
  message.via.insert(message.via.begin(),
                     via_for(flow, common_.wire.advertised_for(flow), std::move(branch)));
  std::string bytes = message.text();
  if (flow.kind == TransportKind::udp && bytes.size() > max_udp_request) {
    moved = true;
    flow.kind = TransportKind::tcp;
    flow.connection = 0;
    Via& top = message.via.front();
    top = via_for(flow, common_.wire.advertised_for(flow), std::move(top.branch));
    bytes = message.text();
  }
  return bytes;
}

TransactionId ClientSide::request(Message request, const Flow& to, ClientUser* user) {
  Flow flow = to;
  bool moved = false;
  std::string bytes = put_via_on(request, flow, new_branch(), moved);
  if (moved) {
    ++common_.counters.moved_to_tcp;
  }
  const TransactionId id = begin(std::move(request), flow, user, std::move(bytes));
  if (Record* record = table_.find(id); moved && record != nullptr) {
    record->pending->may_fall_back = true;
  }
  return id;
}

TransactionId ClientSide::begin(Message request, const Flow& to, ClientUser* user, std::string bytes) {
  auto record = std::make_unique<Record>();
  const auto method = method_text(request.method, request.method_token);
  record->key = common_.keys.of_client(request.via.front(), method);
  record->user = user;
  record->flow = to;
  record->bytes = std::move(bytes);
  const bool invite = request.method == Method::invite;
  record->pending = std::make_unique<Pending>();
  record->pending->request = std::move(request);
  if (!invite) {
    record->machine.emplace<NonInviteClient>();
  }
  const TransactionKey key = record->key;
  Record& there = *record;
  const TransactionId id = table_.insert(key, std::move(record));
  if (id != 0) {
    const bool reliable = is_reliable(to.kind);
    act(id, std::visit([&](auto& machine) { return machine.start(common_.values, reliable); }, there.machine),
        nullptr);
  }
  return id;
}

void ClientSide::transmit(TransactionId id, Record& record) {
  std::function<void()> failed;
  if (is_reliable(record.flow.kind)) {
    failed = [this, id] { on_send_failed(id); };
  }
  if (!common_.wire.send(record.flow, record.bytes, std::move(failed))) {
    (void)failures_.start(id, {});  // not at once: the user is still inside request()
  }
}

bool ClientSide::send_ack(Message ack, const Flow& to) {
  Flow flow = to;
  bool moved = false;
  std::string bytes = put_via_on(ack, flow, new_branch(), moved);
  if (!moved) {
    return common_.wire.send(flow, std::move(bytes), {});
  }
  ++common_.counters.moved_to_tcp;
  ack.via.front() = via_for(to, common_.wire.advertised_for(to), ack.via.front().branch);
  auto by_udp = [this, to, text = ack.text()] {
    ++common_.counters.moved_back;
    return common_.wire.send(to, text, {});
  };
  return common_.wire.send(flow, std::move(bytes), [by_udp] { (void)by_udp(); }) || by_udp();
}

void ClientSide::acknowledge(TransactionId id, Record& record, const Message& response) {
  if (record.pending) {
    record.bytes = std::string(make_ack(record.pending->request, response).text());
    record.bytes.shrink_to_fit();
  }
  transmit(id, record);
}

void ClientSide::send_cancel(Record& record) {
  if (!record.pending) {
    return;
  }
  Message cancel = make_cancel(record.pending->request);
  if (!record.pending->cancel_reason.empty()) {
    cancel.add_header("Reason", record.pending->cancel_reason);  // RFC 3326
  }
  std::string bytes = cancel.text();
  begin(std::move(cancel), record.flow, nullptr, std::move(bytes));
}

// -- the user's wishes -----------------------------------------------------------------------------

void ClientSide::cancel(TransactionId invite, std::string reason) {
  Record* record = table_.find(invite);
  if (record == nullptr) {
    return;
  }
  if (auto* machine = std::get_if<InviteClient>(&record->machine); machine != nullptr && machine->open()) {
    record->pending->cancel_reason = std::move(reason);
    act(invite, machine->on_cancel(common_.values), nullptr);
  }
}

void ClientSide::hurry(TransactionId invite, base::Duration limit) {
  Record* record = table_.find(invite);
  if (record == nullptr) {
    return;
  }
  if (const auto* machine = std::get_if<InviteClient>(&record->machine);
      machine != nullptr && machine->is_unheard()) {
    record->limit = deadlines_.start(invite, limit);
  }
}

void ClientSide::reroute(TransactionId id, const Flow& to) {
  if (Record* record = table_.find(id); record != nullptr && record->flow.kind == to.kind) {
    record->flow = to;
  }
}

void ClientSide::abandon(TransactionId id) {
  Record* record = table_.find(id);
  if (record == nullptr) {
    return;
  }
  record->user = nullptr;
  if (auto* machine = std::get_if<InviteClient>(&record->machine)) {
    act(id, machine->on_abandon(), nullptr);
  }
}

const Message* ClientSide::sent_request(TransactionId id) const {
  const Record* record = table_.find(id);
  return record != nullptr && record->pending ? &record->pending->request : nullptr;
}

// -- events ----------------------------------------------------------------------------------------

void ClientSide::receive(const Message& response) {
  TransactionId id = 0;
  if (response.via.size() == 1) {  // 8.1.3.3: with more it was meant for somebody else
    const auto method = method_text(response.cseq.method, response.cseq.method_token);
    id = table_.find(common_.keys.of_client(response.via.front(), method));
  }
  Record* record = table_.find(id);
  if (record == nullptr) {
    ++common_.counters.stray_responses;
    return;
  }
  const Actions actions = std::visit(
      [&](auto& machine) { return machine.on_response(common_.values, response.status); }, record->machine);
  if (response.status >= 200 && !actions.deliver) {
    ++common_.counters.responses_absorbed;
  }
  act(id, actions, &response);
}

void ClientSide::on_repeat(TransactionId id) {
  Record* record = table_.find(id);
  if (record == nullptr) {
    return;
  }
  record->repeat = 0;
  auto* invite = std::get_if<InviteClient>(&record->machine);
  const Actions actions = invite != nullptr
                              ? invite->on_repeat()
                              : std::get<NonInviteClient>(record->machine).on_repeat(common_.values);
  common_.counters.retransmitted += actions.send ? 1 : 0;
  act(id, actions, nullptr);
}

void ClientSide::on_deadline(TransactionId id, base::Time when) {
  Record* record = table_.find(id);
  if (record != nullptr && record->limit == when) {
    act(id, std::visit([](auto& machine) { return machine.on_limit(); }, record->machine), nullptr);
  }
}

void ClientSide::on_send_failed(TransactionId id) {
  Record* record = table_.find(id);
  if (record == nullptr) {
    return;
  }
  if (record->pending && record->pending->may_fall_back) {
    fall_back(id, *record);
  } else {
    ++common_.counters.send_failures;
    act(id, std::visit([](auto& machine) { return machine.on_send_failed(); }, record->machine), nullptr);
  }
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

// -- what a machine wants --------------------------------------------------------------------------

void ClientSide::act(TransactionId id, const Actions& actions, const Message* response) {
  Record* record = table_.find(id);
  if (record == nullptr) {
    return;
  }
  set_clocks(id, *record, actions);
  if (actions.send) {
    transmit(id, *record);
  }
  if (actions.ack && response != nullptr) {
    acknowledge(id, *record, *response);
  }
  if (actions.cancel) {
    send_cancel(*record);
  }
  common_.counters.timeouts += actions.timed_out ? 1 : 0;
  const bool answered = is_answer(*record, actions, response);
  if (record->user != nullptr) {
    tell(id, *record->user, actions, response);
  } else if (answered) {
    answer_unwanted(*record, *response);
  }
  if (!actions.forget && !actions.end && !answered) {
    return;
  }
  record = table_.find(id);  // the user may have done anything
  if (record == nullptr) {
    return;
  }
  if (actions.forget || actions.end) {
    record->pending.reset();
    if (!actions.ack) {
      std::string().swap(record->bytes);  // an assignment would keep the room
    }
  }
  if (answered) {
    AnsweredTags(record->bytes).add(response->to.tag());
  }
  if (actions.end) {
    common_.timers.cancel(record->repeat);
    table_.erase(id, record->key);
  }
}

void ClientSide::tell(TransactionId id, ClientUser& user, const Actions& actions, const Message* response) {
  if (actions.deliver && response != nullptr) {
    user.on_response(id, *response);
  } else if (actions.timed_out) {
    user.on_failure(id, ClientUser::Failure::timeout);
  } else if (actions.failed) {
    user.on_failure(id, ClientUser::Failure::transport);
  }
}

void ClientSide::set_clocks(TransactionId id, Record& record, const Actions& actions) {
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

}  // namespace switchroom::sip
