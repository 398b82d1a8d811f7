// Between the wire side of REGISTER and the registrar, which know nothing of each other.
#pragma once

#include "registrar/registrar.hpp"
#include "sip/endpoint/registration.hpp"

namespace switchroom::main {

class Registrations final : public sip::RegisterTaker {
 public:
  explicit Registrations(registrar::Registrar& registrar) : registrar_(registrar) {}

  sip::RegisterReply on_register(const sip::RegisterRequest& request) override;
  void on_connection_closed(sip::ConnectionId connection) override {
    registrar_.connection_closed(connection);
  }

 private:
  registrar::Registrar& registrar_;
};

}  // namespace switchroom::main
