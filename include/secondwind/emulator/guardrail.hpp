// The words in which LM Studio refuses to load a model. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace secondwind::emulator {

// The forms that users of LM Studio have published.
enum class refusal_form : std::uint8_t {
    with_figure, // since 0.3.25: "... this model requires approximately 17.93 GB of memory, ..."
    plain,       // the same without the figure
    old_wording, // 0.3.5 to 0.3.24: "Model loading aborted due to insufficient system resources."
    generic      // what remains of an engine's own out-of-memory error: "Failed to load model."
};

// The cause alone, as it stands behind "Error: ". The figure is in units of 10^9 bytes.
std::string refusal_cause(refusal_form form, std::uint64_t size_bytes);

} // namespace secondwind::emulator
