#include "main/registrations.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::main {
namespace {

using log::Level;
using log::Subsystem;

registrar::Update update_of(const sip::RegisterRequest& request, const sip::ContactBinding& contact) {
  registrar::Update update;
  update.expires = contact.expires;
  auto& binding = update.binding;
  binding.extension = request.extension;
  binding.contact = contact.uri;
  binding.instance = contact.instance;
  binding.reg_id = contact.reg_id;
  binding.q = contact.q;
  binding.call_id = request.call_id;
  binding.cseq = request.cseq;
  binding.user_agent = request.user_agent;
  binding.transport = sip::name(request.flow.kind);
  binding.source = request.flow.remote;
  binding.local = request.local;
  binding.profile = request.profile;
  binding.connection = request.flow.connection;
  binding.path = request.path;
  return update;
}

sip::ContactBinding bound_of(const registrar::Binding& binding) {
  const auto left =
      (binding.expires_at - base::wall_now() + 999'999) / 1'000'000;  // what was granted, not less
  return {binding.contact, static_cast<std::uint32_t>(std::max<std::int64_t>(left, 1)), binding.q,
          binding.instance, binding.reg_id};
}

void tell(const sip::RegisterRequest& request, std::size_t bound) {
  const bool leaving =
      request.remove_all || std::all_of(request.contacts.begin(), request.contacts.end(),
                                        [](const auto& contact) { return contact.expires == 0; });
  if (request.contacts.empty() && !request.remove_all) {
    return;  // only asked
  }
  log::line(Level::info, Subsystem::registrar, {}, "{} {} from {} ({}), {} contact{} now", request.extension,
            leaving ? "unregistered" : "registered", sip::text(request.flow),
            request.user_agent.empty() ? "no User-Agent" : request.user_agent, bound, bound == 1 ? "" : "s");
}

}  // namespace

sip::RegisterReply Registrations::on_register(const sip::RegisterRequest& request) {
  std::vector<registrar::Update> updates;
  updates.reserve(request.contacts.size());
  for (const auto& contact : request.contacts) {
    updates.push_back(update_of(request, contact));
  }
  const auto bound = request.remove_all ? registrar_.clear(request.extension, request.call_id, request.cseq)
                                        : registrar_.update(request.extension, std::move(updates));
  if (!bound) {
    return bound.error() == registrar::Refusal::too_many
               ? sip::RegisterReply{403, "Too many phones for this extension", {}}
               : sip::RegisterReply{500, "CSeq out of order", {}};
  }
  sip::RegisterReply reply;
  for (const auto& binding : *bound) {
    reply.bound.push_back(bound_of(binding));
  }
  tell(request, reply.bound.size());
  return reply;
}

}  // namespace switchroom::main
