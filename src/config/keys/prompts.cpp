// Prompts of one's own.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"prompts", false, "Recording prompts by phone, with the application `record_prompt`."},
};

constexpr std::array key_rows{
    Key{"prompts.pin", Type::secret, "", "",
        "The PIN that `record_prompt` asks for: 4 to 32 digits, or `env:NAME`. Without one nobody records by "
        "dialling.",
        [](const Target& t, Value& v) { t.snapshot.prompts.pin = v.text; }},
};

}  // namespace

Topic prompts_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
