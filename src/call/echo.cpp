#include "call/echo.hpp"

#include "call/leg.hpp"
#include "media/delayed_echo.hpp"

namespace switchroom::call {

Echo::Echo(Leg& leg, base::Duration delay) : leg_(leg) {
  media::delay_echo(*leg.media().port(), delay);
  leg.media().port()->echo(true);
}

Echo::~Echo() { leg_.media().port()->echo(false); }

}  // namespace switchroom::call
