// What both kinds of session share: the dialog's requests, the goodbye, and the one end.
#pragma once

#include "sip/session/in_dialog.hpp"
#include "sip/session/negotiation.hpp"
#include "sip/session/one_shot.hpp"
#include "sip/session/session.hpp"
#include "sip/session/session_timer.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace switchroom::sip {

/// Call thread. on_end always comes by a turn of its own, so no method and no handler ever finds the
/// session destroyed under it.
class SessionCore : public Session, protected ClientUser, protected NegotiationHost {
 public:
  SessionCore(SessionServices services, SessionSettings settings, SessionUser* user, Authorizer authorizer);
  ~SessionCore() override { say(*services_.transactions, last_words_); }
  SessionCore(const SessionCore&) = delete;
  SessionCore& operator=(const SessionCore&) = delete;

  // Session, the part that is the same on both sides
  void send_offer(const std::string& sdp) override;
  void answer_offer(const std::string& sdp) override;
  void refuse_offer(int status) override;
  void send_info(std::string_view content_type, const std::string& body) override;
  void move_to(const Flow& flow) override;
  [[nodiscard]] const Dialog& dialog() const override { return dialog_; }
  [[nodiscard]] const Flow& flow() const override { return flow_; }
  [[nodiscard]] bool established() const override { return established_; }
  [[nodiscard]] bool ended() const override { return phase_ == Phase::ended; }
  [[nodiscard]] const Message& invite() const override { return invite_; }
  [[nodiscard]] bool peer_supports_update() const override { return peer_allows_update_; }
  void on_request(TransactionId id, Message request, const Flow& from) override;
  void on_server_failure(TransactionId id) override;

 protected:
  enum class Phase : std::uint8_t {
    early,    // no 2xx yet
    talking,  // 2xx sent or received
    leaving,  // our goodbye is on its way; the deadline is 2 s
    ended     // on_end is due, or has been
  };

  // -- what the two sides do differently --
  /// The dialog with this remote tag; nullptr: none such.
  virtual Dialog* find_dialog(const std::string& remote_tag) = 0;
  virtual void on_early_bye(TransactionId id, const Message& bye, const std::string& tag) = 0;
  virtual void on_prack(TransactionId id, Message prack) = 0;
  /// The INVITE that opened the dialog came again, or a CANCEL's INVITE did, before it was answered.
  [[nodiscard]] virtual bool is_set_up() const = 0;
  /// Timers and pending things of the set-up are over.
  virtual void stop_set_up() = 0;
  /// The end: the INVITE's transaction will not be heard of any more.
  virtual void let_go() = 0;

  // -- for both --
  /// The end: everything stops, on_end follows by another turn. Only the first call counts.
  void finish(SessionEnd end);
  /// BYE; on_end when it is answered, 2 s later otherwise.
  void say_bye(SessionEnd end, int q850, std::string_view sip_reason = {});
  /// The destructor's goodbye: nobody waits for it.
  void leave_bye_behind();
  void stop_everything();
  /// Waits for the peer's last word: on_end after 2 s of silence.
  void wait_for_goodbye(SessionEnd end);

  Message response_to(const Message& request, int status, std::string_view reason = {});
  void respond(TransactionId id, const Message& response) { services_.transactions->respond(id, response); }
  /// A response that goes out right after on_end: the call's record is in the journal by then. finish()
  /// follows.
  void respond_at_the_end(TransactionId id, Message response) {
    last_words_.push_back({id, std::move(response)});
  }
  void refuse_request(TransactionId id, const Message& request, int status, std::string_view reason = {});
  /// Contact, Allow, Supported, User-Agent: what an INVITE and a target refresh carry.
  void dress_request(Message& request);
  [[nodiscard]] Address contact() const;
  void learn_peer(const Message& message);
  [[nodiscard]] bool has_readable_body(const Message& message) const;

  // ClientUser
  void on_response(TransactionId id, const Message& response) override;
  void on_failure(TransactionId id, Failure failure) override;

  // NegotiationHost
  [[nodiscard]] SessionServices services() const override { return services_; }
  [[nodiscard]] const SessionSettings& settings() const override { return settings_; }
  SessionUser& user() override { return *user_; }
  SessionTimer& session_timer() override { return timer_; }
  InDialogRequests& requests() override { return requests_; }
  Message make_response_to(const Message& request, int status) override {
    return response_to(request, status);
  }
  void dress(Message& request) override { dress_request(request); }
  [[nodiscard]] bool peer_allows_update() const override { return peer_allows_update_; }
  [[nodiscard]] bool alive() const override { return phase_ == Phase::early || phase_ == Phase::talking; }
  Dialog* dialog_with(const std::string& tag) override { return find_dialog(tag); }
  void end_call(SessionEnd end, int q850) override { say_bye(std::move(end), q850); }
  void acknowledge(Dialog& dialog, std::uint32_t cseq) override;
  void note_peer(const Message& message) override { learn_peer(message); }

  SessionServices services_;
  SessionSettings settings_;
  SessionUser* user_;  // not owned
  Authorizer authorizer_;
  Message invite_;
  Flow flow_;
  Dialog dialog_;
  Phase phase_ = Phase::early;
  bool established_ = false;
  bool peer_allows_update_ = false;
  bool is_caller_ = false;  // we sent the INVITE, and own the Call-ID
  InDialogRequests requests_;
  SessionTimer timer_;
  Negotiation negotiation_;
  SessionEnd end_;
  OneShot goodbye_;  // the deadline of the phase leaving, then the turn that brings on_end

 private:
  struct LastWord {
    TransactionId transaction;
    Message response;
  };
  struct SentAck {
    Message message;
    Flow to;
  };
  static void say(TransactionLayer& transactions, const std::vector<LastWord>& words);
  void dispatch(TransactionId id, Message request);
  void on_bye(TransactionId id, const Message& bye, const std::string& tag);
  void on_info_or_message(TransactionId id, const Message& request);
  void on_offer_request(TransactionId id, Message request);
  bool is_acceptable(TransactionId id, const Message& request);
  void refuse_method(TransactionId id, const Message& request);
  [[nodiscard]] Message make_bye(int q850, std::string_view sip_reason);

  std::vector<LastWord> last_words_;
  std::unique_ptr<SentAck> last_ack_;  // of our last re-INVITE, for 2xx that come again; or null
};

/// SDP of a message, or empty: a body of another type is none.
std::string sdp_of(const Message& message);
bool is_acked_reliably(const Message& response);  // a 1xx that wants a PRACK
void put_sdp(Message& message, const std::string& sdp);

}  // namespace switchroom::sip
