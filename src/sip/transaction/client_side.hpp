// The client transactions: requests that we sent. Private to this folder.
#pragma once

#include "sip/transaction/common.hpp"
#include "sip/transaction/deadlines.hpp"
#include "sip/transaction/invite_client.hpp"
#include "sip/transaction/non_invite_client.hpp"
#include "sip/transaction/table.hpp"

#include <memory>
#include <string>
#include <variant>

namespace switchroom::sip {

/// Contracts as in layer.hpp. Call thread.
class ClientSide {
 public:
  explicit ClientSide(TransactionCommon& common);
  ~ClientSide();
  ClientSide(const ClientSide&) = delete;
  ClientSide& operator=(const ClientSide&) = delete;

  TransactionId request(Message request, const Flow& to, ClientUser* user);
  void cancel(TransactionId invite, std::string reason);
  void abandon(TransactionId id);
  void hurry(TransactionId invite, base::Duration limit);
  void reroute(TransactionId id, const Flow& to);
  [[nodiscard]] const Message* sent_request(TransactionId id) const;
  bool send_ack(Message ack, const Flow& to);
  void receive(const Message& response);
  [[nodiscard]] std::size_t size() const { return table_.size(); }

 private:
  /// What only an unfinished transaction needs.
  struct Pending {
    Message request;
    std::string cancel_reason;
    bool may_fall_back = false;  // on TCP only for its size: UDP is the way if TCP is not to be had
  };
  /// One of 150,000 at 1,500 calls a second: everything here is held for 32 s after the end.
  struct Record {
    std::variant<InviteClient, NonInviteClient> machine;
    ClientUser* user = nullptr;  // not owned
    TransactionKey key;
    base::TimerId repeat = 0;
    base::Time limit = base::Time::max();
    Flow flow;
    std::string
        bytes;  // the request; then the ACK of a final response other than 2xx, or AnsweredTags; then nothing
    std::unique_ptr<Pending> pending;
  };

  std::string put_via_on(Message& message, Flow& flow, std::string branch, bool& moved) const;
  TransactionId begin(Message request, const Flow& to, ClientUser* user, std::string bytes);
  void act(TransactionId id, const Actions& actions, const Message* response);
  void tell(TransactionId id, ClientUser& user, const Actions& actions, const Message* response);
  void set_clocks(TransactionId id, Record& record, const Actions& actions);
  void transmit(TransactionId id, Record& record);
  void acknowledge(TransactionId id, Record& record, const Message& response);
  void send_cancel(Record& record);
  void answer_unwanted(Record& record, const Message& response);
  void on_repeat(TransactionId id);
  void on_deadline(TransactionId id, base::Time when);
  void on_send_failed(TransactionId id);
  void fall_back(TransactionId id, Record& record);

  TransactionCommon& common_;
  TransactionTable<Record> table_{0};
  Deadlines deadlines_;
  Deadlines failures_;  // sends that failed inside a user's call, told by the next turn
};

}  // namespace switchroom::sip
