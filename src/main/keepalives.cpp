#include "main/keepalives.hpp"

#include "sip/message/uri.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::main {
namespace {

// Thousands of phones are not served in one go: calls share the thread.
constexpr std::size_t batch_size = 100;
constexpr auto batch_pause = std::chrono::milliseconds(10);

}  // namespace

bool wants_keepalive(const registrar::Binding& binding) {
  if (binding.transport != "UDP") {
    return binding.connection != 0;
  }
  const auto uri = sip::parse_uri(binding.contact);
  if (!uri) {
    return false;
  }
  error_code ec;
  const auto said = asio::ip::make_address(uri->host, ec);
  const std::uint16_t port = uri->port == 0 ? 5060 : uri->port;
  return ec || said != binding.source.address || port != binding.source.port;
}

Keepalives::~Keepalives() {
  for (const auto& [profile, timer] : rounds_) {
    timers_.cancel(timer);
  }
  timers_.cancel(batch_);
}

void Keepalives::configure(const config::SnapshotPtr& config) {
  config_ = config;
  for (const auto& [profile, timer] : std::exchange(rounds_, {})) {
    timers_.cancel(timer);
  }
  for (const auto& [name, profile] : config->profiles) {
    arm(name);
  }
}

void Keepalives::arm(const std::string& profile) {
  const auto every = config_->profiles.at(profile).keepalive;
  if (every.count() != 0) {
    rounds_[profile] = timers_.after(every, [this, profile] { begin_round(profile); });
  }
}

void Keepalives::begin_round(const std::string& profile) {
  for (const auto& binding : registrar_.all()) {
    if (binding.profile != profile || !wants_keepalive(binding)) {
      continue;
    }
    const auto kind = sip::transport_named(binding.transport);
    const auto* listener = transports_.listener_at(profile, kind, binding.local);
    if (listener != nullptr) {
      due_.push_back({kind, listener->id, binding.source, binding.connection, binding.local.address});
    }
  }
  if (batch_ == 0) {
    send_some();
  }
  arm(profile);
}

void Keepalives::send_some() {
  batch_ = 0;
  const std::size_t count = std::min(batch_size, due_.size());
  for (std::size_t i = due_.size() - count; i < due_.size(); ++i) {
    transports_.keepalive(due_[i]);
  }
  due_.resize(due_.size() - count);
  if (!due_.empty()) {
    batch_ = timers_.after(batch_pause, [this] { send_some(); });
  }
}

}  // namespace switchroom::main
