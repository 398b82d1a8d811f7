#include "sip/session/in_dialog.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr std::size_t max_accepted = 4;

// A parameter of a challenge, found without a full parser: digest.cpp has the strict one, and refuses
// what does not fit its grammar.
std::string challenge_parameter(std::string_view challenge, std::string_view name) {
  std::size_t i = challenge.find(' ');
  while (i < challenge.size()) {
    i = challenge.find_first_not_of(" \t,", i);
    if (i >= challenge.size()) break;
    const std::size_t equals = challenge.find('=', i);
    if (equals == std::string_view::npos) break;
    std::string key(challenge.substr(i, equals - i));
    std::transform(key.begin(), key.end(), key.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    key.erase(key.find_last_not_of(" \t") + 1);
    std::string value;
    i = challenge.find_first_not_of(" \t", equals + 1);
    if (i != std::string_view::npos && challenge[i] == '"') {
      for (++i; i < challenge.size() && challenge[i] != '"'; ++i) {
        if (challenge[i] == '\\' && i + 1 < challenge.size()) ++i;
        value += challenge[i];
      }
      i = challenge.find(',', i);
    } else if (i != std::string_view::npos) {
      const std::size_t end = challenge.find_first_of(", \t", i);
      value = challenge.substr(i, end == std::string_view::npos ? end : end - i);
      i = challenge.find(',', i);
    }
    if (key == name) return value;
  }
  return {};
}

}  // namespace

bool Authorizer::authorize(Message& request, const Message& challenge, Attempts& attempts) const {
  if (!credentials_) return false;
  const bool proxy = challenge.status == 407;
  for (const std::string& offered : proxy ? challenge.proxy_authenticate : challenge.www_authenticate) {
    if (challenge_parameter(offered, "realm") != realm_) continue;
    std::string stale = challenge_parameter(offered, "stale");
    const bool is_stale = stale.size() == 4 && (stale[0] == 't' || stale[0] == 'T');
    if (attempts.plain > 0 && (!is_stale || attempts.stale > 0)) return false;
    auto value = answer_challenge(offered, *credentials_, request.method_token, request.request_uri.text());
    if (!value) continue;  // an algorithm that we do not speak; the next challenge may fit
    ++(attempts.plain > 0 ? attempts.stale : attempts.plain);
    (proxy ? request.proxy_authorization : request.authorization) = {std::move(*value)};
    return true;
  }
  return false;
}

TransactionId InDialogRequests::send(Message request, Dialog& dialog, Handler handler) {
  Sent sent{request, dialog.id().remote_tag, std::move(handler), {}, 0};
  const TransactionId id = layer_->request(std::move(request), dialog.next_hop(), user_);
  sent.handle = id;
  sent_.emplace(id, std::move(sent));
  return id;
}

bool InDialogRequests::retry(Sent& sent, const Message& challenge) {
  Dialog* dialog = find_(sent.remote_tag);
  if (dialog == nullptr || !authorizer_->trusts(dialog->next_hop()) ||
      !authorizer_->authorize(sent.request, challenge, sent.attempts)) {
    return false;
  }
  sent.request.cseq.number = dialog->next_cseq();
  const TransactionId id = layer_->request(sent.request, dialog->next_hop(), user_);
  sent_.emplace(id, std::move(sent));
  return true;
}

bool InDialogRequests::on_response(TransactionId id, const Message& response) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return false;
  if (response.status < 200) {
    const Handler handler = found->second.handler;  // a copy: it may send, and so move the table
    handler({response.status, &response});
    return true;
  }
  Sent sent = std::move(found->second);
  sent_.erase(found);
  if ((response.status == 401 || response.status == 407) && retry(sent, response)) return true;
  if (sent.request.method == Method::invite && response.status < 300) {
    if (accepted_.size() == max_accepted) {
      layer_->abandon(accepted_.front());
      accepted_.erase(accepted_.begin());
    }
    accepted_.push_back(id);
  }
  sent.handler({response.status, &response});
  return true;
}

bool InDialogRequests::on_failure(TransactionId id, ClientUser::Failure failure) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return false;
  const Handler handler = std::move(found->second.handler);
  sent_.erase(found);
  handler({failure == ClientUser::Failure::timeout ? 408 : 503, nullptr});
  return true;
}

TransactionId InDialogRequests::current(TransactionId handle) const {
  for (const auto& [id, sent] : sent_) {
    if (sent.handle == handle) return id;
  }
  return 0;
}

void InDialogRequests::abandon_all() {
  for (const auto& [id, sent] : sent_) layer_->abandon(id);
  for (const TransactionId id : accepted_) layer_->abandon(id);
  sent_.clear();
  accepted_.clear();
}

}  // namespace switchroom::sip
