#include <secondwind/app/system_service.hpp>

#include "../quoted_arguments.hpp"
#include "service_control.hpp"
#include <secondwind/base/signals.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <windows.h>

#include <objbase.h>
#include <sddl.h>
#include <shlobj.h>

namespace secondwind::app {

namespace {

using namespace std::chrono_literals;

constexpr auto service_name = "secondwind";
constexpr std::chrono::milliseconds longest_start = 30s;

// Set by the thread that Windows starts for the service, before the handler can be called.
SERVICE_STATUS_HANDLE status_handle = nullptr;
std::atomic<DWORD> current_state{SERVICE_START_PENDING};
std::atomic<bool> asked_to_stop{false};
std::function<int()> work_of_service;

DWORD WINAPI on_control(DWORD control, DWORD, void*, void*) {
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_PRESHUTDOWN:
        asked_to_stop = true;
        service_control::report(service_control::state::stopping, longest_start);
        std::raise(SIGTERM); // the event loop's handler only wakes its thread
        return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE:
        std::raise(SIGBREAK); // see signals::reload()
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

std::filesystem::path data_folder() {
    // Not %ProgramData%: a service need not have the environment of whoever installs it.
    PWSTR found = nullptr;
    auto const failed = ::SHGetKnownFolderPath(FOLDERID_ProgramData, 0, nullptr, &found);
    std::filesystem::path const parent{failed == S_OK ? found : L"C:\\ProgramData"};
    ::CoTaskMemFree(found);
    return parent / service_name;
}

void WINAPI service_main(DWORD, char**) {
    status_handle = ::RegisterServiceCtrlHandlerExA(service_name, &on_control, nullptr);
    service_control::report(service_control::state::starting, longest_start);
    // Relative paths in a configuration would otherwise be in the folder of Windows.
    std::error_code missing;
    std::filesystem::current_path(data_folder(), missing);
    auto const code = work_of_service();
    service_control::report(service_control::state::stopped, {}, code);
}

} // namespace

void service_control::report(state now, std::chrono::milliseconds longest, int exit_code) noexcept {
    if (!status_handle)
        return;
    constexpr std::array<DWORD, 4> states{SERVICE_START_PENDING, SERVICE_RUNNING,
                                          SERVICE_STOP_PENDING, SERVICE_STOPPED};
    auto const next = states[static_cast<std::size_t>(now)];
    // The end of a reload must not take back that it stops.
    if (next == SERVICE_RUNNING && current_state.load() == SERVICE_STOP_PENDING)
        return;
    static std::atomic<DWORD> steps{0};
    SERVICE_STATUS status{};
    status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status.dwCurrentState = next;
    if (next == SERVICE_RUNNING)
        status.dwControlsAccepted =
            SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE;
    if (next == SERVICE_START_PENDING || next == SERVICE_STOP_PENDING)
        status.dwCheckPoint = ++steps;
    status.dwWaitHint = static_cast<DWORD>(longest.count());
    // A drain that took too long is no failure that a restart would cure.
    if (exit_code != 0 && !asked_to_stop) {
        status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
        status.dwServiceSpecificExitCode = static_cast<DWORD>(exit_code);
    }
    current_state = next;
    ::SetServiceStatus(status_handle, &status);
}

namespace system_service {

namespace {

struct service_closer {
    using pointer = SC_HANDLE;
    void operator()(SC_HANDLE handle) const noexcept { ::CloseServiceHandle(handle); }
};
using service_handle = std::unique_ptr<SC_HANDLE, service_closer>;

struct local_memory {
    void operator()(void* memory) const noexcept { ::LocalFree(memory); }
};

class service_error : public std::system_error {
public:
    explicit service_error(std::string const& action)
        : std::system_error{static_cast<int>(::GetLastError()), std::system_category(), action} {}
};

// What failed, why, and what to do.
int explain(service_error const& e) {
    std::string_view advice = "see the event log of Windows";
    switch (e.code().value()) {
    case ERROR_ACCESS_DENIED:
        advice = "run it in a terminal that was started as administrator";
        break;
    case ERROR_SERVICE_EXISTS:
        advice = "remove it first with `secondwind service remove`";
        break;
    case ERROR_SERVICE_DOES_NOT_EXIST:
        advice = "install it with `secondwind service install`";
        break;
    case ERROR_SERVICE_MARKED_FOR_DELETE:
        advice = "close the window of Services, and try again";
        break;
    default:
        break;
    }
    fmt::print(stderr, "secondwind: {}; {}\n", e.what(), advice);
    return 1;
}

service_handle manager(DWORD rights) {
    service_handle opened{::OpenSCManagerW(nullptr, nullptr, rights)};
    if (!opened)
        throw service_error{"cannot connect to the service control manager"};
    return opened;
}

// For administrators and the service alone, because the configuration may contain tokens.
void make_data_folder() {
    constexpr auto rights = L"O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;LS)";
    void* descriptor = nullptr;
    if (::ConvertStringSecurityDescriptorToSecurityDescriptorW(rights, SDDL_REVISION_1, &descriptor,
                                                               nullptr) == 0)
        throw service_error{"cannot describe the rights of a folder"};
    std::unique_ptr<void, local_memory> const owned{descriptor};
    SECURITY_ATTRIBUTES attributes{sizeof attributes, descriptor, FALSE};
    auto const folder = data_folder();
    if (::CreateDirectoryW(folder.c_str(), &attributes) != 0)
        return;
    if (::GetLastError() != ERROR_ALREADY_EXISTS ||
        ::SetFileSecurityW(folder.c_str(), OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                           descriptor) == 0)
        throw service_error{"cannot create the folder " + folder.string()};
}

std::wstring wide(std::string_view text) {
    auto const size = static_cast<int>(text.size());
    std::wstring out(
        static_cast<std::size_t>(::MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0)),
        L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, text.data(), size, out.data(), static_cast<int>(out.size()));
    return out;
}

std::wstring executable() {
    std::wstring path(MAX_PATH, L'\0');
    auto size = ::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    while (size == path.size()) { // it is cut
        path.resize(path.size() * 2);
        size = ::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    }
    path.resize(size);
    return path;
}

template<class Value>
void configure(SC_HANDLE service, DWORD setting, Value value) {
    if (::ChangeServiceConfig2W(service, setting, &value) == 0)
        fmt::print(stderr, "secondwind: warning: setting {} of the service was refused: {}\n",
                   setting, std::system_category().message(static_cast<int>(::GetLastError())));
}

void configure(SC_HANDLE service) {
    std::wstring text = L"A transparent reverse proxy that gives LM Studio requests a second wind";
    configure(service, SERVICE_CONFIG_DESCRIPTION, SERVICE_DESCRIPTIONW{text.data()});
    // After what the system itself needs.
    configure(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO,
              SERVICE_DELAYED_AUTO_START_INFO{TRUE});
    constexpr DWORD pause = 5000;
    constexpr DWORD a_day = 24 * 60 * 60;
    SC_ACTION again{SC_ACTION_RESTART, pause};
    std::array<SC_ACTION, 4> actions{again, again, again, SC_ACTION{SC_ACTION_NONE, 0}};
    configure(service, SERVICE_CONFIG_FAILURE_ACTIONS,
              SERVICE_FAILURE_ACTIONSW{a_day, nullptr, nullptr, static_cast<DWORD>(actions.size()),
                                       actions.data()});
    configure(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, SERVICE_FAILURE_ACTIONS_FLAG{TRUE});
}

bool is_stopped(SC_HANDLE service) {
    SERVICE_STATUS_PROCESS status{};
    DWORD size = 0;
    return ::QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, reinterpret_cast<BYTE*>(&status),
                                  sizeof status, &size) == 0 ||
           status.dwCurrentState == SERVICE_STOPPED;
}

// A drain may take timeouts.drain. A service that is not stopped by then is removed when it is.
void stop(SC_HANDLE service) {
    SERVICE_STATUS ignored{};
    if (::ControlService(service, SERVICE_CONTROL_STOP, &ignored) == 0)
        return; // it does not run
    constexpr DWORD pause = 100;
    constexpr int most_looks = 600;
    for (int look = 0; look < most_looks && !is_stopped(service); ++look)
        ::Sleep(pause);
}

} // namespace

bool is_available() noexcept {
    return true;
}

std::string usual_config_file() {
    return (data_folder() / "secondwind.json").string();
}

std::string usual_log_file() {
    return (data_folder() / "secondwind.log").string();
}

int install(std::vector<std::string> const& arguments) {
    try {
        auto const services = manager(SC_MANAGER_CREATE_SERVICE);
        make_data_folder();
        auto const line =
            L"\"" + executable() + L"\" service run " + wide(quoted_arguments(arguments));
        service_handle const made{::CreateServiceW(
            services.get(), wide(service_name).c_str(), L"secondwind", SERVICE_ALL_ACCESS,
            SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, line.c_str(),
            nullptr, nullptr, nullptr, L"NT AUTHORITY\\LocalService", nullptr)};
        if (!made)
            throw service_error{"cannot install the service secondwind"};
        configure(made.get());
    } catch (service_error const& e) {
        return explain(e);
    }
    fmt::print("The service secondwind is installed; start it with `sc start secondwind`.\n"
               "Without -c it reads {}, and without log.file it logs to\n{}.\n",
               usual_config_file(), usual_log_file());
    return 0;
}

int remove() {
    try {
        auto const services = manager(SC_MANAGER_CONNECT);
        service_handle const found{::OpenServiceW(services.get(), wide(service_name).c_str(),
                                                  SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE)};
        if (!found)
            throw service_error{"cannot open the service secondwind"};
        stop(found.get());
        if (::DeleteService(found.get()) == 0)
            throw service_error{"cannot remove the service secondwind"};
    } catch (service_error const& e) {
        return explain(e);
    }
    fmt::print("The service secondwind is removed; its files in {} are left.\n",
               data_folder().string());
    return 0;
}

int run(std::function<int()> work) {
    work_of_service = std::move(work);
    signals::become_service();
    std::string name{service_name};
    std::array<SERVICE_TABLE_ENTRYA, 2> table{{{name.data(), &service_main}, {nullptr, nullptr}}};
    if (::StartServiceCtrlDispatcherA(table.data()) != 0)
        return 0;
    fmt::print(stderr, "secondwind: only Windows' service control manager can start `service run`; "
                       "run `secondwind serve` instead\n");
    return 2;
}

} // namespace system_service

} // namespace secondwind::app
