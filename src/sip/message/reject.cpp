#include "sip/message/reject.hpp"

#include "sip/message/grammar.hpp"

namespace switchroom::sip {
namespace {

/// The value of `;name=token` somewhere in `text`, wherever the quotes are; empty when there is none.
std::string_view find_parameter(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(';'); at != std::string_view::npos; at = text.find(';', at + 1)) {
    std::string_view rest = grammar::trim(text.substr(at + 1));
    if (!grammar::same_word(rest.substr(0, name.size()), name)) continue;
    rest = grammar::trim(rest.substr(name.size()));
    if (rest.empty() || rest.front() != '=') continue;
    rest = grammar::trim(rest.substr(1));
    std::size_t end = 0;
    while (end < rest.size() && grammar::is(rest[end], grammar::token)) ++end;
    return rest.substr(0, end);
  }
  return {};
}

/// What is missing, or cannot be read, becomes an address at the host "invalid": an answer must have one.
Address salvage_address(const HeaderLine* line, SofiaReader& sofia) {
  const std::string_view value = line == nullptr ? std::string_view() : line->value;
  if (auto address = sofia.address(value)) return *std::move(address);
  Address out;
  const std::size_t open = value.rfind('<');
  const std::size_t close = open == std::string_view::npos ? open : value.find('>', open);
  std::optional<Uri> uri;
  if (close != std::string_view::npos)
    uri = sofia.uri(grammar::trim(value.substr(open + 1, close - open - 1)));
  if (uri) {
    out.uri = *std::move(uri);
  } else {
    out.uri.host = "invalid";
  }
  if (const std::string_view tag = find_parameter(value, "tag"); !tag.empty()) out.parameters.set("tag", tag);
  return out;
}

/// The first via-parm must be readable, since the answer's way back stands there; what is odd behind its
/// sent-by may be lost but for the branch.
bool salvage_via(std::vector<Via>& out, std::string_view value, SofiaReader& sofia) {
  bool version = true;
  while (!value.empty() && out.size() < max_header_elements) {
    const std::string_view element = grammar::next_element(value);
    auto via = sofia.via(element, version);
    if (!via) {
      via = sofia.via(element.substr(0, element.find(';')), version);
      if (!via) return !out.empty();
      via->branch = find_parameter(element, "branch");
      via->wants_rport = element.find(";rport") != std::string_view::npos;
    }
    out.push_back(*std::move(via));
  }
  return !out.empty();
}

bool salvage_cseq(CSeq& out, std::string_view value) {
  const std::size_t end = std::min(value.find_first_of(" \t"), value.size());
  const auto number = grammar::number(value.substr(0, end), true);
  const std::string_view method = grammar::trim(value.substr(end));
  if (!number || !grammar::is_token(method)) return false;
  out = {.number = *number, .method = method_of(method), .method_token = std::string(method)};
  return true;
}

const HeaderLine* first(const Scan& scan, HeaderId id) {
  for (const HeaderLine& line : scan.headers) {
    if (line.name.id == id) return &line;
  }
  return nullptr;
}

}  // namespace

std::optional<Message> salvage_request(const Scan& scan, std::string_view method, SofiaReader& sofia) {
  const HeaderLine* from = first(scan, HeaderId::from);
  const HeaderLine* to = first(scan, HeaderId::to);
  const HeaderLine* call_id = first(scan, HeaderId::call_id);
  const HeaderLine* cseq = first(scan, HeaderId::cseq);
  if (method == "ACK" || cseq == nullptr) return std::nullopt;
  std::optional<Message> out(std::in_place);
  out->method_token = method;
  out->method = method_of(method);
  // RFC 4475 3.3.1: who left From, To or Call-ID out finds our answer by its branch.
  const std::string_view id = call_id == nullptr ? std::string_view("missing") : call_id->value;
  out->call_id = id.substr(0, id.find_first_of(" \t"));
  if (out->call_id.empty() || !grammar::all(out->call_id, grammar::word)) return std::nullopt;
  if (!salvage_cseq(out->cseq, cseq->value)) return std::nullopt;
  for (const HeaderLine& line : scan.headers) {
    if (line.name.id == HeaderId::via && !salvage_via(out->via, line.value, sofia)) return std::nullopt;
  }
  if (out->via.empty()) return std::nullopt;
  out->from = salvage_address(from, sofia);
  out->to = salvage_address(to, sofia);
  return out;
}

}  // namespace switchroom::sip
