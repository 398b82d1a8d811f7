// A call that came to us: the server side of an INVITE until its ACK. RFC 3261 13.3, RFC 3262.
#pragma once

#include "sip/session/answered_invite.hpp"
#include "sip/session/core.hpp"
#include "sip/session/reliable_provisionals.hpp"

#include <optional>
#include <string>

namespace switchroom::sip {

/// Call thread.
class IncomingSession final : public SessionCore {
 public:
  IncomingSession(SessionServices services, SessionSettings settings, IncomingCall call, SessionUser* user);
  ~IncomingSession() override;

  void progress(int status, const std::string& sdp) override;
  void accept(const std::string& sdp) override;
  void refuse(int status, std::string_view reason, int q850) override;
  void hang_up(int q850, std::string_view sip_reason) override;
  void on_ack(const Message& ack) override;
  void on_cancel(const Message& cancel) override;
  void on_server_failure(TransactionId id) override;

 private:
  // SessionCore
  Dialog* find_dialog(const std::string& remote_tag) override;
  void on_early_bye(TransactionId id, const Message& bye, const std::string& tag) override;
  void on_prack(TransactionId id, Message prack) override;
  [[nodiscard]] bool is_set_up() const override { return phase_ != Phase::early; }
  void stop_set_up() override;
  void let_go() override {}
  // NegotiationHost
  [[nodiscard]] bool owns_call_id() const override { return false; }
  [[nodiscard]] FirstOffer first_offer(const std::string&) const override { return first_; }
  [[nodiscard]] bool is_confirmed() const override { return confirmed_; }
  Dialog* offer_dialog() override;
  void on_settled() override { accept_if_due(); }

  bool refuse_at_once();
  Message invite_response(int status, std::string_view reason = {});
  void send_progress(int status, const std::string& sdp);
  void repeat_progress();
  void accept_if_due();
  void send_accept(const std::string& sdp);
  void end_without_ack();
  void end_refused(int status, std::string_view reason, int q850);
  void on_prack_answer(TransactionId id, const Message& prack);

  TransactionId transaction_;
  FirstOffer first_ = FirstOffer::ours;
  bool reliable_wanted_ = false;
  bool settled_early_ = false;  // the first exchange is done before the 2xx
  bool confirmed_ = false;      // ACK of the 2xx
  int last_progress_ = 0;
  std::optional<std::string> pending_accept_;  // waits for a PRACK or an exchange
  ReliableProvisionals reliable_;
  AnsweredInvite answered_;
  OneShot ring_limit_;
  OneShot keep_ringing_;  // 13.3.1.1: a provisional response each minute
  int bye_q850_ = 16;
  std::string bye_reason_;
};

}  // namespace switchroom::sip
