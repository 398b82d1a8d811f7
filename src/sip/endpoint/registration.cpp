#include "sip/endpoint/registration.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace switchroom::sip {
namespace {

constexpr std::size_t max_contacts_in_one_request = 20;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ); anything else counts as 1.
double quality(std::string_view text) {
  double value = 1.0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} ? std::clamp(value, 0.0, 1.0) : 1.0;
}

// Header parameters are not part of the binding's URI; neither are URI headers (RFC 3261 19.1.5).
ContactBinding read_contact(const Address& contact, const Message& request, const config::Profile& profile) {
  ContactBinding binding;
  Uri uri = contact.uri;
  uri.headers.clear();
  binding.uri = uri.text();
  const auto own = number(contact.parameters.value("expires"));
  const auto most = static_cast<std::uint32_t>(profile.max_expires.count());
  binding.expires = std::min(own.value_or(request.expires.value_or(most)), most);
  binding.q = contact.parameters.has("q") ? quality(contact.parameters.value("q")) : 1.0;
  binding.instance = contact.parameters.value("+sip.instance");
  binding.reg_id = number(contact.parameters.value("reg-id")).value_or(0);
  return binding;
}

}  // namespace

std::variant<RegisterRequest, RegisterRefusal> parse_register(const Message& request,
                                                              const config::Profile& profile) {
  RegisterRequest parsed;
  parsed.extension = request.to.uri.user;
  parsed.call_id = request.call_id;
  parsed.cseq = request.cseq.number;
  parsed.remove_all = request.contact_star;
  parsed.profile = profile.name;
  if (const auto* agent = request.header("User-Agent")) {
    parsed.user_agent = agent->substr(0, 200);
  }
  if (request.contact_star) {
    if (!request.contact.empty() || request.expires != 0U) {
      return RegisterRefusal{400, "Contact: * needs Expires: 0 and no other contact", 0};
    }
    return parsed;
  }
  if (request.contact.size() > max_contacts_in_one_request) {
    return RegisterRefusal{403, "Too many contacts", 0};
  }
  for (const auto& contact : request.contact) {
    // sips: promises TLS on every hop, of which there is one here: that of this request.
    const bool by_tls = !request.via.empty() && request.via.front().transport == "TLS";
    if (contact.uri.scheme != "sip" && !(contact.uri.scheme == "sips" && by_tls)) {
      return RegisterRefusal{400, "Only sip: contacts can be registered, sips: over TLS", 0};
    }
    const auto binding = read_contact(contact, request, profile);
    if (binding.expires != 0 && binding.expires < profile.min_expires.count()) {
      return RegisterRefusal{423, {}, static_cast<std::uint32_t>(profile.min_expires.count())};
    }
    parsed.contacts.push_back(binding);
  }
  for (const auto& header : request.headers) {
    if (header.name == "Path") {
      parsed.path.push_back(header.value);
    }
  }
  return parsed;
}

Message make_register_response(const Message& request, const RegisterReply& reply) {
  Message response = make_response(request, reply.status, reply.reason);
  for (const auto& bound : reply.bound) {
    if (auto uri = parse_uri(bound.uri)) {
      Address contact;
      contact.uri = std::move(*uri);
      contact.parameters.set("expires", std::to_string(bound.expires));
      if (bound.q < 1.0) {
        contact.parameters.set("q", fmt::format("{:.3g}", bound.q));
      }
      if (!bound.instance.empty()) {
        contact.parameters.add({"+sip.instance", bound.instance, false, true});
      }
      if (bound.reg_id != 0) {
        contact.parameters.set("reg-id", std::to_string(bound.reg_id));
      }
      response.contact.push_back(std::move(contact));
    }
  }
  return response;
}

}  // namespace switchroom::sip
