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
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = orders_.empty();
    orders_.push_back(std::move(order));
  }
  if (was_empty) {
    (void)::eventfd_write(descriptor_, 1);  // cannot fail: it is far from its limit
  }
}

std::vector<Order> Mailbox::take() {
  // Before the list is emptied: an order put after the swap finds an empty list and wakes us again.
  eventfd_t count = 0;
  (void)::eventfd_read(descriptor_, &count);
  std::vector<Order> taken;
  const std::lock_guard lock(mutex_);
  taken.swap(orders_);
  return taken;
}

}  // namespace switchroom::media
