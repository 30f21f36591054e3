#include <secondwind/base/system.hpp>

#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <io.h>
#include <windows.h>

namespace secondwind {

void begin_process() noexcept {
    for (auto* const each : {stdin, stdout, stderr})
        ::_setmode(::_fileno(each), _O_BINARY);
    // The C library would write to it one character at a time.
    static char buffer[BUFSIZ]; // NOLINT(modernize-avoid-c-arrays): setvbuf() takes one
    std::setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
    ::SetConsoleOutputCP(CP_UTF8);
    ::SetConsoleCP(CP_UTF8);
}

std::vector<std::string> environment_names() {
    std::vector<std::string> names;
    for (char** entry = _environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const text{*entry};
        names.emplace_back(text.substr(0, text.find('=')));
    }
    return names;
}

std::tm local_time(std::time_t at) noexcept {
    std::tm parts{};
    ::localtime_s(&parts, &at);
    return parts;
}

process_id own_process() noexcept {
    return ::GetCurrentProcessId();
}

bool is_running(process_id other) noexcept {
    auto* const process = ::OpenProcess(SYNCHRONIZE, FALSE, other);
    if (process == nullptr) // there is none, or it is another user's
        return ::GetLastError() != ERROR_INVALID_PARAMETER;
    bool const runs = ::WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
    ::CloseHandle(process);
    return runs;
}

std::string_view reload_advice() noexcept {
    return "restart";
}

} // namespace secondwind
