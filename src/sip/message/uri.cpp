// Parameters, URIs and addresses as values: looking into them and printing them. They are read in
// sofia_read.cpp.
#include "sip/message/uri.hpp"

#include "sip/message/grammar.hpp"

#include <algorithm>

namespace switchroom::sip {

const std::string* Parameters::find(std::string_view name) const {
  for (const Parameter& parameter : list_) {
    if (grammar::same_word(parameter.name, name)) return &parameter.value;
  }
  return nullptr;
}

std::string_view Parameters::value(std::string_view name) const {
  const std::string* found = find(name);
  return found != nullptr ? std::string_view(*found) : std::string_view();
}

void Parameters::set(std::string_view name, std::string_view value) {
  for (Parameter& parameter : list_) {
    if (grammar::same_word(parameter.name, name)) {
      parameter.value = value;
      parameter.bare = false;
      return;
    }
  }
  list_.push_back({.name = std::string(name), .value = std::string(value)});
}

void Parameters::set_bare(std::string_view name) {
  erase(name);
  list_.push_back({.name = std::string(name), .value = {}, .bare = true});
}

void Parameters::erase(std::string_view name) {
  std::erase_if(list_,
                [name](const Parameter& parameter) { return grammar::same_word(parameter.name, name); });
}

void Parameters::append_to(std::string& out) const {
  for (const Parameter& parameter : list_) {
    out += ';';
    grammar::append_escaped(out, parameter.name, grammar::token);
    if (parameter.bare) continue;
    out += '=';
    if (parameter.quoted || parameter.value.empty() || !grammar::all(parameter.value, grammar::bare_value)) {
      grammar::append_quoted(out, parameter.value);
    } else {
      out += parameter.value;
    }
  }
}

void Parameters::append_to_uri(std::string& out) const {
  for (const Parameter& parameter : list_) {
    out += ';';
    grammar::append_escaped(out, parameter.name, grammar::uri_param, true);
    if (parameter.bare) continue;
    out += '=';
    grammar::append_escaped(out, parameter.value, grammar::uri_param, true);
  }
}

namespace {

void append_host(std::string& out, const Uri& uri) {
  if (uri.host.find(':') != std::string::npos) {
    out += '[';
    grammar::append_escaped(out, uri.host, grammar::bare_value);
    out += ']';
  } else {
    grammar::append_escaped(out, uri.host, grammar::host);
  }
  if (uri.port != 0) {
    out += ':';
    grammar::append_number(out, uri.port);
  }
}

void append_sip_rest(std::string& out, const Uri& uri) {
  if (!uri.user.empty()) {
    grammar::append_escaped(out, uri.user, grammar::user);
    if (!uri.password.empty()) {
      out += ':';
      grammar::append_escaped(out, uri.password, grammar::password);
    }
    out += '@';
  }
  append_host(out, uri);
}

}  // namespace

void Uri::append_to(std::string& out) const {
  grammar::append_escaped(out, scheme, grammar::scheme);
  out += ':';
  if (is_sip()) {
    append_sip_rest(out, *this);
  } else {
    grammar::append_escaped(out, user, grammar::uri_text);
  }
  parameters.append_to_uri(out);
  if (!headers.empty()) {
    out += '?';
    grammar::append_escaped(out, headers, grammar::uri_text);
  }
}

std::string Uri::text() const {
  std::string out;
  out.reserve(32 + user.size() + host.size() + headers.size());
  append_to(out);
  return out;
}

bool Uri::same_target(const Uri& other) const {
  return scheme == other.scheme && user == other.user && grammar::same_word(host, other.host) &&
         port == other.port &&
         grammar::same_word(parameters.value("transport"), other.parameters.value("transport"));
}

void Address::append_to(std::string& out) const {
  if (!display.empty()) {
    grammar::append_quoted(out, display);
    out += ' ';
  }
  out += '<';
  uri.append_to(out);
  out += '>';
  parameters.append_to(out);
}

std::string Address::text() const {
  std::string out;
  out.reserve(64 + display.size() + uri.user.size() + uri.host.size());
  append_to(out);
  return out;
}

}  // namespace switchroom::sip
