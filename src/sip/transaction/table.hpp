// Where transactions live: found by id or by key in constant time, a few dozen bytes beside each.
#pragma once

#include "sip/transaction/key.hpp"
#include "sip/transaction/layer.hpp"

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace switchroom::sip {

/// Owns records. An id is made of a slot's number, how often the slot has been used, and which of the
/// two sides (client 0, server 1) the table belongs to: 23, 40 and 1 bits. A record stays where it is
/// until it is erased. Call thread.
template <class Record>
class TransactionTable {
 public:
  explicit TransactionTable(std::uint64_t side) : side_(side) {}

  /// 0 when the key is taken, or the table is full (8 million).
  TransactionId insert(const TransactionKey& key, std::unique_ptr<Record> record) {
    if (free_.empty() && slots_.size() > slot_mask) {
      return 0;
    }
    const auto at = free_.empty() ? static_cast<std::uint32_t>(slots_.size()) : free_.back();
    if (!index_.try_emplace(key, at).second) {
      return 0;
    }
    if (free_.empty()) {
      slots_.emplace_back();
    } else {
      free_.pop_back();
    }
    slots_[at].record = std::move(record);
    ++slots_[at].uses;
    return id_of(at);
  }
  [[nodiscard]] Record* find(TransactionId id) const {
    const std::uint64_t at = id >> 1U & slot_mask;
    return (id & 1U) == side_ && at < slots_.size() && slots_[at].uses == id >> (1U + slot_bits)
               ? slots_[at].record.get()
               : nullptr;
  }
  [[nodiscard]] TransactionId find(const TransactionKey& key) const {
    const auto found = index_.find(key);
    return found == index_.end() ? 0 : id_of(found->second);
  }
  /// False when the new key is taken.
  bool rename(TransactionId id, const TransactionKey& from, const TransactionKey& to) {
    if (from == to) {
      return true;
    }
    if (find(id) == nullptr ||
        !index_.try_emplace(to, static_cast<std::uint32_t>(id >> 1U & slot_mask)).second) {
      return false;
    }
    index_.erase(from);
    return true;
  }
  void erase(TransactionId id, const TransactionKey& key) {
    if (find(id) != nullptr) {
      const auto at = static_cast<std::uint32_t>(id >> 1U & slot_mask);
      index_.erase(key);
      slots_[at].record.reset();
      free_.push_back(at);
    }
  }
  template <class F>
  void for_each(F&& f) {
    for (auto& slot : slots_) {
      if (slot.record) {
        f(*slot.record);
      }
    }
  }
  [[nodiscard]] std::size_t size() const { return index_.size(); }

 private:
  static constexpr unsigned slot_bits = 23;
  static constexpr std::uint64_t slot_mask = (1U << slot_bits) - 1;
  struct Slot {
    std::unique_ptr<Record> record;
    std::uint64_t uses = 0;
  };
  [[nodiscard]] TransactionId id_of(std::uint32_t at) const {
    return slots_[at].uses << (1U + slot_bits) | static_cast<std::uint64_t>(at) << 1U | side_;
  }

  std::uint64_t side_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<TransactionKey, std::uint32_t, TransactionKeyHash> index_;
};

}  // namespace switchroom::sip
