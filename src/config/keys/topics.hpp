// The table of keys by topic, a file each; config/keys.cpp puts them together.
#pragma once

#include "config/keys.hpp"

#include <span>
#include <string>
#include <vector>

namespace switchroom::config {

/// What one file of this folder adds to the table.
struct Topic {
  std::span<const Section> sections;
  std::span<const Key> keys;
};

// In the order of the reference.
Topic general_topic();
Topic profiles_topic();
Topic encryption_topic();
Topic extensions_topic();
Topic contexts_topic();
Topic offices_topic();
Topic recording_topic();
Topic parking_topic();
Topic prompts_topic();
Topic trunks_topic();
Topic tolls_topic();
Topic conferences_topic();
Topic sounds_topic();
Topic voicemail_topic();
Topic mail_topic();
Topic service_topic();
Topic bans_topic();
Topic later_topic();

// For setters.
std::vector<std::string> texts(const Value& value);
Placed placed(const Value& value);
std::vector<Placed> placed_items(const Value& value);
/// "bridge user/$1" to application and argument.
Action action(const Item& item);
void add_actions(std::vector<Action>& actions, const Value& value);

}  // namespace switchroom::config
