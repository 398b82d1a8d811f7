#include "mail/mailer.hpp"

#include "base/signal.hpp"
#include "mail/postman.hpp"

#include <utility>

namespace switchroom::mail {
namespace {

/// Runs `begin` on the mail thread and waits until it is answered on the call thread, the coroutine's own.
template <class T, class Begin>
awaitable<T> answer_of(Postman& postman, Begin begin) {
  struct Answer {
    explicit Answer(const asio::any_io_executor& executor) : come(executor) {}
    T value{};
    base::Signal come;
  };
  // Shared by the coroutine and the answer that is on its way.
  const auto answer = std::make_shared<Answer>(co_await asio::this_coro::executor);
  postman.post([answer, begin = std::move(begin)] {
    begin([answer](T value) {
      answer->value = std::move(value);
      answer->come.notify();
    });
  });
  co_await answer->come.wait();
  co_return std::move(answer->value);
}

}  // namespace

Mailer::Mailer(std::unique_ptr<Postman> postman) : postman_(std::move(postman)) {}
Mailer::~Mailer() = default;

base::result<std::unique_ptr<Mailer>> Mailer::open(Settings settings, asio::io_context& call_context) {
  auto queue = Queue::open(settings.folder);
  if (!queue) {
    return queue.error();
  }
  return std::unique_ptr<Mailer>(
      new Mailer(std::make_unique<Postman>(std::move(settings), call_context, std::move(*queue))));
}

void Mailer::configure(const config::SnapshotPtr& config) { postman_->configure(config); }

void Mailer::send(Letter letter, std::function<void(bool)> queued) {
  postman_->post([postman = postman_.get(), letter = std::move(letter), queued = std::move(queued)] {
    postman->accept(letter, queued);
  });
}

void Mailer::on_fate(std::function<void(const Fate&)> listener) { postman_->listen(std::move(listener)); }

Webhook& Mailer::webhook() { return postman_->webhook(); }

std::vector<Waiting> Mailer::waiting() const { return postman_->published(); }

awaitable<Mailer::Report> Mailer::test(std::string address) {
  return answer_of<Report>(*postman_, [postman = postman_.get(), address = std::move(address)](auto done) {
    postman->begin_test(address, std::move(done));
  });
}

awaitable<std::size_t> Mailer::retry(std::string id) {
  return answer_of<std::size_t>(*postman_, [postman = postman_.get(), id = std::move(id)](const auto& done) {
    postman->report([done, count = postman->retry(id)] { done(count); });
  });
}

awaitable<std::size_t> Mailer::remove(std::string id) {
  return answer_of<std::size_t>(*postman_, [postman = postman_.get(), id = std::move(id)](const auto& done) {
    postman->report([done, count = postman->remove(id)] { done(count); });
  });
}

}  // namespace switchroom::mail
