#include "media/engine/mailbox.hpp"

#include "media/engine/stream.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace switchroom::media {

Mailbox::Mailbox() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

Mailbox::~Mailbox() { ::close(descriptor_); }

void Mailbox::put(Order order) {
  const std::lock_guard lock(mutex_);
  orders_.push_back(std::move(order));
  has_orders_.store(true, std::memory_order_release);
}

void Mailbox::wake() {
  if (has_orders()) {
    (void)::eventfd_write(descriptor_, 1);  // cannot fail: it is far from its limit
  }
}

std::vector<Order> Mailbox::take() {
  // Before the list is emptied: who wakes us for an order put after that does so once more.
  eventfd_t count = 0;
  (void)::eventfd_read(descriptor_, &count);
  std::vector<Order> taken;
  const std::lock_guard lock(mutex_);
  taken.swap(orders_);
  has_orders_.store(false, std::memory_order_release);
  return taken;
}

}  // namespace switchroom::media
