// A call that we make: the client side of an INVITE until its ACK. RFC 3261 13.2, forks and retries included.
#pragma once

#include "sip/session/core.hpp"
#include "sip/session/outgoing_invite.hpp"

#include <map>
#include <memory>
#include <string>

namespace switchroom::sip {

/// Call thread.
class OutgoingSession final : public SessionCore, private OutgoingInvite::Owner {
 public:
  OutgoingSession(SessionServices services, SessionSettings settings, const OutgoingCall& call,
                  SessionUser* user);
  ~OutgoingSession() override;

  // The caller has nothing to answer with.
  void progress(int, const std::string&) override {}
  void accept(const std::string&) override {}
  void refuse(int, std::string_view, int) override {}
  void hang_up(int q850, std::string_view sip_reason) override;
  void move_to(const Flow& flow) override;
  void on_ack(const Message& ack) override;
  void on_cancel(const Message& cancel) override;

 private:
  struct EarlyDialog {
    Dialog dialog;
    std::uint32_t last_rseq = 0;
    bool answered = false;  // by a reliable 1xx
    std::string answer;
  };

  // SessionCore
  Dialog* find_dialog(const std::string& remote_tag) override;
  void on_early_bye(TransactionId id, const Message& bye, const std::string& tag) override;
  void on_prack(TransactionId id, Message prack) override { refuse_request(id, prack, 481); }
  [[nodiscard]] bool is_set_up() const override { return phase_ != Phase::early; }
  void stop_set_up() override { ring_limit_.stop(); }
  void let_go() override;
  // NegotiationHost
  [[nodiscard]] bool owns_call_id() const override { return true; }
  [[nodiscard]] FirstOffer first_offer(const std::string& remote_tag) const override;
  [[nodiscard]] bool is_confirmed() const override { return established_; }
  Dialog* offer_dialog() override;
  void on_settled() override {}
  // OutgoingInvite::Owner
  void on_invite_response(const Message& response) override;
  void on_invite_failure(Failure failure) override;

  void build_invite(const OutgoingCall& call);
  void send_invite();
  void cancel_call(SessionEnd end, std::string reason);
  void on_provisional(const Message& response);
  void acknowledge_provisional(EarlyDialog& early, const Message& response);
  void on_success(const Message& response);
  void on_refused(const Message& response);
  bool try_again(const Message& response);
  bool try_elsewhere(std::string_view why);

  std::shared_ptr<OutgoingInvite> client_;
  std::map<std::string, EarlyDialog, std::less<>> early_;  // by To tag; bounded; stable addresses
  Authorizer::Attempts attempts_;
  std::vector<Flow> others_;  // not tried yet
  bool raised_expiry_ = false;
  bool cancelling_ = false;
  OneShot ring_limit_;
};

}  // namespace switchroom::sip
