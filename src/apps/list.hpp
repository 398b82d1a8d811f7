// What each application's file offers to the table.
#pragma once

#include "apps/application.hpp"

namespace switchroom::apps {

Application answer();
Application bind_digit_action();
Application bridge();
Application clear_digit_action();
Application conference();
Application db();
Application delay_echo();
Application digit_action_set_realm();
Application directory();
Application eavesdrop();
Application echo();
Application emergency();
Application execute_extension();
Application export_variable();
Application hangup();
Application hash();
Application info();
Application ivr();
Application limit();
Application log();
Application outbound();
Application park();
Application play_and_get_digits();
Application playback();
Application pre_answer();
Application read();
Application record();
Application record_session();
Application record_session_pause();
Application record_session_resume();
Application record_prompt();
Application respond();
Application ring_ready();
Application sched_hangup();
Application set();
Application sleep();
Application speak();
Application stop_record_session();
Application transfer();
Application unpark();
Application unset();
Application valet_park();
Application voicemail();

}  // namespace switchroom::apps
