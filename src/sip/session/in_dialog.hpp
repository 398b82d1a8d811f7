// The requests that a session sends inside its dialog, each with what to do about its final response.
#pragma once

#include "sip/dialog/dialog.hpp"
#include "sip/session/session.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace switchroom::sip {

/// The fate of a request. A timeout is a 408, a transport failure a 503 (RFC 3261 8.1.3.1), both without
/// a message.
struct Reply {
  int status = 0;
  const Message* message = nullptr;  // not owned; during the call only
};

/// Answers challenges for the one realm that the credentials were given for. RFC 3261 22.2, 22.3.
class Authorizer {
 public:
  Authorizer() = default;
  Authorizer(DigestCredentials credentials, std::string realm, std::vector<base::IpAddress> hosts = {})
      : credentials_(std::move(credentials)), realm_(std::move(realm)), hosts_(std::move(hosts)) {}

  /// How often one request was challenged: once is answered, once more when the nonce was stale.
  struct Attempts {
    unsigned plain = 0;
    unsigned stale = 0;
  };
  /// Puts credentials into the request; false: nothing to answer with, or answered before.
  bool authorize(Message& request, const Message& challenge, Attempts& attempts) const;
  /// May credentials go there? A peer's Contact may lead anywhere.
  [[nodiscard]] bool trusts(const Flow& to) const {
    return std::find(hosts_.begin(), hosts_.end(), base::unmapped(to.remote.address)) != hosts_.end();
  }

 private:
  std::optional<DigestCredentials> credentials_;
  std::string realm_;
  std::vector<base::IpAddress> hosts_;  // that get credentials
};

/// Call thread.
class InDialogRequests {
 public:
  /// Final when status >= 200; then it is not called again, and may destroy the session's dialog state.
  using Handler = std::function<void(const Reply&)>;
  /// The dialog of a remote tag while it exists; nullptr afterwards.
  using FindDialog = std::function<Dialog*(const std::string& remote_tag)>;

  InDialogRequests(TransactionLayer* layer, ClientUser* user, const Authorizer* authorizer, FindDialog find)
      : layer_(layer), user_(user), authorizer_(authorizer), find_(std::move(find)) {}
  InDialogRequests(const InDialogRequests&) = delete;
  InDialogRequests& operator=(const InDialogRequests&) = delete;
  ~InDialogRequests() { abandon_all(); }

  TransactionId send(Message request, Dialog& dialog, Handler handler);
  /// True when it was one of ours.
  bool on_response(TransactionId id, const Message& response);
  bool on_failure(TransactionId id, ClientUser::Failure failure);
  /// The transaction that a request is in now (a challenge makes another one); 0 when it is over.
  [[nodiscard]] TransactionId current(TransactionId handle) const;
  void abandon_all();
  [[nodiscard]] std::size_t size() const { return sent_.size(); }

 private:
  struct Sent {
    Message request;
    std::string remote_tag;
    Handler handler;
    Authorizer::Attempts attempts;
    TransactionId handle = 0;  // what send() returned, though a challenge made another transaction
  };
  bool retry(Sent& sent, const Message& challenge);

  TransactionLayer* layer_;       // not owned
  ClientUser* user_;              // not owned
  const Authorizer* authorizer_;  // not owned
  FindDialog find_;
  std::unordered_map<TransactionId, Sent> sent_;
  std::vector<TransactionId> accepted_;  // re-INVITEs whose 2xx may come again; the last few
};

}  // namespace switchroom::sip
