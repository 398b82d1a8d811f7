#include "sip/endpoint/registration.hpp"

#include "sip/message/grammar.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace switchroom::sip {
namespace {

constexpr std::size_t max_contacts_in_one_request = 20;
constexpr std::size_t max_proxies = 8;
constexpr std::size_t max_proxy_bytes = 256;
constexpr std::uint16_t default_port = 5060;

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

// RFC 3327 section 4: a Path is a Route to be, and loose. One that could not be followed would let the phone
// register and never ring.
bool read_path(const Message& request, std::vector<std::string>& path) {
  for (const auto& header : request.headers) {
    if (header.name != "Path") {
      continue;
    }
    for (std::string_view rest = header.value; !rest.empty();) {
      const auto proxy = parse_address(grammar::next_element(rest));
      if (!proxy || !proxy->uri.is_sip() || !proxy->uri.parameters.has("lr")) {
        return false;
      }
      path.push_back(proxy->text());
      if (path.size() > max_proxies || path.back().size() > max_proxy_bytes) {
        return false;
      }
    }
  }
  return true;
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
  if (!read_path(request, parsed.path)) {
    return RegisterRefusal{400, "Path is up to 8 SIP URIs with lr, of 256 bytes each", 0};
  }
  return parsed;
}

Message make_register_response(const Message& request, const RegisterReply& reply) {
  Message response = make_response(request, reply.status, reply.reason);
  if (reply.status == 200) {
    response.supported = {"path"};
    for (const auto& header : request.headers) {
      if (header.name == "Path") {
        response.add_header(header.name, header.value);  // RFC 3327 5.3
      }
    }
  }
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

std::vector<Address> route_of(const std::vector<std::string>& path) {
  std::vector<Address> route;
  route.reserve(path.size());
  for (const auto& proxy : path) {
    if (auto address = parse_address(proxy)) {
      route.push_back(std::move(*address));
    }
  }
  return route;
}

base::Endpoint reconnect_to(const Uri& contact, const std::vector<Address>& route,
                            const base::Endpoint& source) {
  const auto port_of = [](const Uri& uri) { return uri.port == 0 ? default_port : uri.port; };
  if (!route.empty()) {
    return {source.address, port_of(route.front().uri)};
  }
  error_code not_numeric;
  const auto address = asio::ip::make_address(contact.host, not_numeric);
  return not_numeric ? source : base::Endpoint{address, port_of(contact)};
}

}  // namespace switchroom::sip
