#include <secondwind/emulator/guardrail.hpp>

#include <spdlog/fmt/fmt.h>

namespace secondwind::emulator {

std::string refusal_cause(refusal_form form, std::uint64_t size_bytes) {
    switch (form) {
    case refusal_form::with_figure:
        return fmt::format(
            "Model loading was stopped due to insufficient system resources. Under the current "
            "settings, this model requires approximately {:.2f} GB of memory, and continuing to "
            "load it would likely overload your system and cause it to freeze. If you think this "
            "is incorrect, you can adjust the model loading guardrails in settings.",
            static_cast<double>(size_bytes) / 1e9);
    case refusal_form::plain:
        return "Model loading was stopped due to insufficient system resources. Continuing to load "
               "the model would likely overload your system and cause it to freeze. If you think "
               "this is incorrect, you can adjust the model loading guardrails in settings.";
    case refusal_form::old_wording:
        return "Model loading aborted due to insufficient system resources. Overloading the system "
               "will likely cause it to freeze. If you believe this is a mistake, you can try to "
               "change the model loading guardrails in the settings.";
    case refusal_form::generic:
        break;
    }
    return "Failed to load model.";
}

} // namespace secondwind::emulator
