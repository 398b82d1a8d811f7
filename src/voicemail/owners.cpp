// PINs, lockouts and greetings of mailboxes.
#include "base/log.hpp"
#include "voicemail/mailboxes.hpp"
#include "voicemail/pin.hpp"

namespace switchroom::voicemail {

using log::Level;
using log::Subsystem;

Owner& Mailboxes::owner(const std::string& mailbox) {
  Owner& owner = owners_[mailbox];
  owner.mailbox = mailbox;
  return owner;
}

const Owner* Mailboxes::find_owner(const std::string& mailbox) const {
  const auto found = owners_.find(mailbox);
  return found == owners_.end() ? nullptr : &found->second;
}

bool Mailboxes::is_locked(const std::string& mailbox) const {
  const Owner* owner = find_owner(mailbox);
  return owner != nullptr && owner->locked_until > base::wall_now();
}

bool Mailboxes::has_own_pin(const std::string& mailbox) const {
  const Owner* owner = find_owner(mailbox);
  return owner != nullptr && !owner->pin_hash.empty();
}

awaitable<PinVerdict> Mailboxes::check_pin(std::string mailbox, std::string pin) {
  if (is_locked(mailbox)) {
    co_return PinVerdict::locked;
  }
  const auto settings = config_->voicemail.mailboxes.find(mailbox);
  const bool exists = settings != config_->voicemail.mailboxes.end();
  const std::string first = exists ? settings->second.pin : "";
  const Owner* known = find_owner(mailbox);
  const std::string hash = known == nullptr ? "" : known->pin_hash;
  // The same work for a mailbox that does not exist and for the file's PIN: the answer takes as long.
  const bool right = co_await worker_.ask<bool>([=](Store& /*store*/) {
    if (!hash.empty()) {
      return is_pin(pin, hash);
    }
    (void)hash_pin(pin);
    return !first.empty() && same_secret(pin, first);
  });
  if (!exists) {
    co_return PinVerdict::wrong;
  }
  Owner& owner = this->owner(mailbox);
  if (is_locked(mailbox)) {  // another call has locked it meanwhile
    co_return PinVerdict::locked;
  }
  if (right) {
    if (owner.failures != 0) {
      owner.failures = 0;
      write(owner);
    }
    co_return PinVerdict::right;
  }
  ++owner.failures;
  if (owner.failures >= config_->voicemail.lockout_after) {
    owner.failures = 0;
    owner.locked_until = base::wall_now() + config_->voicemail.lockout.count() * 1'000'000;
    log::line(Level::warning, Subsystem::voicemail, {},
              "mailbox {} is locked for {} s: {} wrong PINs in a row", mailbox,
              config_->voicemail.lockout.count(), config_->voicemail.lockout_after);
    write(owner);
    co_return PinVerdict::locked;
  }
  write(owner);
  co_return PinVerdict::wrong;
}

awaitable<bool> Mailboxes::set_pin(std::string mailbox, std::string pin) {
  const auto saved = co_await worker_.ask<base::result<Owner>>(
      [pin, owner = owner(mailbox)](Store& store) mutable -> base::result<Owner> {
        owner.pin_hash = hash_pin(pin);
        if (owner.pin_hash.empty()) {
          return base::Error{"no memory to hash a PIN"};
        }
        if (auto done = store.save(owner); !done) {
          return done.error();
        }
        return owner;
      });
  if (!saved) {
    complain("a new PIN could not be kept", saved.error());
    co_return false;
  }
  owner(mailbox).pin_hash = saved->pin_hash;
  log::line(Level::info, Subsystem::voicemail, {}, "mailbox {} has a new PIN", mailbox);
  co_return true;
}

void Mailboxes::reset_pin(const std::string& mailbox) {
  Owner& changed = owner(mailbox);
  changed.pin_hash.clear();
  changed.failures = 0;
  changed.locked_until = 0;
  write(changed);
}

void Mailboxes::unlock(const std::string& mailbox) {
  Owner& changed = owner(mailbox);
  changed.failures = 0;
  changed.locked_until = 0;
  write(changed);
}

// -- greetings ---------------------------------------------------------------------------------------

std::filesystem::path Mailboxes::greeting(const std::string& mailbox, const std::string& kind) const {
  return greeting_of(settings_.folder, mailbox, kind);
}

// A look at one name: nothing that a disk is waited for.
bool Mailboxes::has_greeting(const std::string& mailbox, const std::string& kind) const {
  std::error_code none;
  return std::filesystem::exists(greeting(mailbox, kind), none);
}

std::string Mailboxes::chosen(const std::string& mailbox) const {
  const Owner* owner = find_owner(mailbox);
  return owner == nullptr ? std::string() : owner->greeting;
}

void Mailboxes::choose(const std::string& mailbox, const std::string& greeting) {
  Owner& changed = owner(mailbox);
  changed.greeting = greeting;
  write(changed);
}

awaitable<bool> Mailboxes::keep_greeting(std::filesystem::path recording, std::string mailbox,
                                         std::string kind) {
  const auto kept = co_await worker_.ask<base::result<void>>(
      [=](Store& store) { return store.keep_greeting(recording, mailbox, kind); });
  if (!kept) {
    complain("a greeting could not be kept", kept.error());
  }
  co_return kept.has_value();
}

std::filesystem::path Mailboxes::scratch() const { return scratch_of(settings_.folder); }

void Mailboxes::drop_file(const std::filesystem::path& file) {
  if (file.empty()) {
    return;
  }
  worker_.run<bool>(
      [file](Store& /*store*/) {
        std::error_code ignored;
        return std::filesystem::remove(file, ignored);
      },
      {});
}

}  // namespace switchroom::voicemail
