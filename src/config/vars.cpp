#include "config/vars.hpp"

#include "config/suggestions.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace switchroom::config {
namespace {

constexpr std::size_t longest = 64U << 10U;  // of a text with its variables replaced
constexpr int max_depth = 8;                 // of variables within variables
constexpr int max_replacements = 10'000;     // in one text: 200 to the power of 8 would take years

struct Lookup {
  const Vars& vars;
  std::string& wrong;
  int& replaced;
  int depth = 0;
};

std::optional<std::string> replace(std::string_view text, Lookup lookup) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = text.find("$${", at);
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) {
      break;
    }
    out += text.substr(at, begin - at);
    const std::string name(text.substr(begin + 3, end - begin - 3));
    const auto found = lookup.vars.find(name);
    if (found == lookup.vars.end()) {
      lookup.wrong =
          fmt::format("$${{{}}} is not set in [vars]{}", name, did_you_mean(name, names_of(lookup.vars)));
      return std::nullopt;
    }
    if (lookup.depth >= max_depth) {
      lookup.wrong = fmt::format("$${{{}}} stands for itself in the end, or for variables more than {} deep",
                                 name, max_depth);
      return std::nullopt;
    }
    if (++lookup.replaced > max_replacements) {
      lookup.wrong = "takes more than 10000 replacements of variables";
      return std::nullopt;
    }
    const auto value = replace(found->second, {lookup.vars, lookup.wrong, lookup.replaced, lookup.depth + 1});
    if (!value) {
      return std::nullopt;
    }
    out += *value;
    at = end + 1;
    if (out.size() > longest) {
      lookup.wrong = "is longer than 64 KiB with its variables replaced";
      return std::nullopt;
    }
  }
  return out.append(text.substr(std::min(at, text.size())));
}

}  // namespace

std::optional<std::string> replace_vars(std::string_view text, const Vars& vars, std::string& wrong) {
  int replaced = 0;
  return replace(text, {vars, wrong, replaced});
}

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._+*#-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

Vars read_vars(const Node& root, std::vector<Problem>& problems) {
  const Node::Entry* table = root.find("vars");
  Vars raw;
  if (table == nullptr || table->value.kind != Node::Kind::table) {
    return raw;
  }
  for (const Node::Entry& entry : table->value.entries) {
    if (entry.value.kind == Node::Kind::text) {
      raw[entry.key] = entry.value.text;
    }
  }
  Vars whole;
  for (const Node::Entry& entry : table->value.entries) {
    std::string wrong;
    const auto value = replace_vars(raw[entry.key], raw, wrong);
    if (!value) {
      problems.push_back({entry.value.place, "vars." + entry.key, wrong});
    }
    // A variable that failed is still known, so that its users are not reported as well.
    whole[entry.key] = value.value_or("");
  }
  return whole;
}

}  // namespace switchroom::config
