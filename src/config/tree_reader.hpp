// Walks the tree of a file along the table of keys and fills the Snapshot.
#pragma once

#include "config/keys.hpp"
#include "config/vars.hpp"

#include <map>
#include <string>
#include <vector>

namespace switchroom::config {

/// Where keys and tables stand: "profiles.internal.context" to its value's place.
using Places = std::map<std::string, Place, std::less<>>;

/// One reading: everything that is wrong is told, nothing stops at the first.
class TreeReader {
 public:
  TreeReader(Snapshot& snapshot, std::vector<Problem>& problems);

  void read(const Node& root);
  [[nodiscard]] const Places& places() const { return places_; }

 private:
  /// The table being read: its path in the table of keys, and in the file.
  struct Where {
    std::string pattern;
    std::string path;
    std::vector<std::string> names;  // what the pattern's stars stand for
  };

  void read_table(const Node& table, const Where& where);
  void read_entry(const Node::Entry& entry, const Where& where);
  void read_key(const Key& key, const Node::Entry& entry, const Where& where);
  void read_section(const Section& section, const Node::Entry& entry, const Where& where);
  void read_unknown(const Node::Entry& entry, const Where& where);
  void begin(const Section& section, const Node& table, const Where& where);
  void begin_mailbox(const Node& table, const Where& where);
  void apply_fallbacks(const Node& table, const Where& where);
  void complain(const Place& place, const std::string& key, std::string what);

  Snapshot& snapshot_;
  std::vector<Problem>& problems_;
  Vars vars_;
  Places places_;
};

}  // namespace switchroom::config
