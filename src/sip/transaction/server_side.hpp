// The server transactions: requests that came in. Private to this folder.
#pragma once

#include "sip/transaction/common.hpp"
#include "sip/transaction/deadlines.hpp"
#include "sip/transaction/invite_server.hpp"
#include "sip/transaction/non_invite_server.hpp"
#include "sip/transaction/table.hpp"

#include <memory>
#include <string>
#include <unordered_set>
#include <variant>

namespace switchroom::sip {

/// Contracts as in layer.hpp and transactions.hpp. Call thread.
class ServerSide {
 public:
  explicit ServerSide(TransactionCommon& common);
  ~ServerSide();
  ServerSide(const ServerSide&) = delete;
  ServerSide& operator=(const ServerSide&) = delete;

  void set_user(ServerUser* user) { user_ = user; }
  void receive(Message request, const Flow& from);
  bool respond(TransactionId id, const Message& response);
  bool repeat(TransactionId id, const Message& response);
  [[nodiscard]] std::size_t size() const { return table_.size(); }

 private:
  /// One of 150,000 at 1,500 calls a second: everything here is held for 32 s after the end.
  struct Record {
    std::variant<InviteServer, NonInviteServer> machine;
    TransactionKey key;
    TransactionKey origin;  // 8.2.2.2; empty when nobody looks for it
    base::TimerId repeat = 0;
    base::Time limit = base::Time::max();
    Flow reply_to;
    std::string response;                 // the last one sent, as long as it may have to be sent again
    std::unique_ptr<std::string> to_tag;  // INVITE: of its provisional responses, for the CANCEL's 200
    bool cancelled = false;
    bool ours = false;  // a CANCEL: no user hears of it
  };

  void on_ack(const Message& ack, const Flow& from);
  void on_cancel(const Message& cancel, const TransactionKey& key, const Flow& from);
  void on_new_request(Message request, const TransactionKey& key, const Flow& from);
  void refuse(const Message& request, const TransactionKey& key, const Flow& from, int status);
  std::unique_ptr<Record> make_record(const Message& request, const TransactionKey& key,
                                      const Flow& from) const;
  void note_answer(Record& record, const Message& response);
  void act(TransactionId id, const Actions& actions);
  void set_clocks(TransactionId id, Record& record, const Actions& actions);
  void transmit(TransactionId id, Record& record, bool last_time);
  void on_repeat(TransactionId id);
  void on_deadline(TransactionId id, base::Time when);
  void on_send_failed(TransactionId id);
  void forget_origin(Record& record);

  TransactionCommon& common_;
  ServerUser* user_ = nullptr;  // not owned
  TransactionTable<Record> table_{1};
  std::unordered_set<TransactionKey, TransactionKeyHash> origins_;
  Deadlines deadlines_;
  Deadlines failures_;  // sends that failed inside a user's call, told by the next turn
};

}  // namespace switchroom::sip
