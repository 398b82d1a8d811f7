#include "cdr/feed.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::cdr {

Feed::Feed(std::unique_ptr<Sink> sink, std::filesystem::path journal)
    : sink_(std::move(sink)), journal_(std::move(journal)), position_(sink_->position()) {
  last_ = position_;
  loaded_ = position_;
}

bool Feed::push(const Numbered& item) {
  if (item.number == 0) {
    if (unjournaled_ == most_unjournaled) return false;
    ++unjournaled_;
    queue_.push_back(item);
    return true;
  }
  last_ = std::max(last_, item.number);
  if (item.number <= loaded_ || behind_) return true;  // it was read from the journal, or will be
  if (queue_.size() - unjournaled_ >= most_in_memory) {
    behind_ = true;
    return true;
  }
  queue_.push_back(item);
  loaded_ = item.number;
  return true;
}

void Feed::catch_up(std::uint64_t last) {
  last_ = std::max(last_, last);
  behind_ = last_ > loaded_;
}

std::size_t Feed::waiting() const { return queue_.size() + static_cast<std::size_t>(last_ - loaded_); }

base::result<bool> Feed::step(std::unique_lock<std::mutex>& lock) {
  if (queue_.empty() && behind_) refill(lock);
  if (queue_.empty()) return false;
  const std::size_t count = std::min(queue_.size(), batch);
  const std::vector<Numbered> records(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  lock.unlock();
  auto written = sink_->write(records);
  lock.lock();
  if (!written) return written.error();
  for (const Numbered& item : records) unjournaled_ -= item.number == 0 ? 1 : 0;
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  position_ = sink_->position();
  written_ += count;
  return true;
}

// A record is in the file before it is pushed: at the end of the file everything up to the number
// that was known before has been seen.
void Feed::refill(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t known = last_;
  if (!reader_) reader_.emplace(journal_, loaded_);
  lock.unlock();
  auto closed = reader_->next(batch * 4);
  lock.lock();
  for (auto& item : closed) {
    loaded_ = item.number;
    queue_.push_back({item.number, std::make_shared<const Record>(std::move(item.record))});
  }
  if (closed.empty()) loaded_ = std::max(loaded_, known);
  last_ = std::max(last_, loaded_);
  if (loaded_ >= last_) {
    behind_ = false;
    reader_.reset();
  }
}

}  // namespace switchroom::cdr
