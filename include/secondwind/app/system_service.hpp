// secondwind as a service that the system's service manager starts and talks to, as on Windows.
// systemd and launchd start it as any other program: there, nothing of this is available.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace secondwind::app::system_service {

// There is such a service manager. Otherwise, nothing below is called.
bool is_available() noexcept;

// Where a service reads its configuration without -c, if there is such a file.
std::string usual_config_file();
// Where a service writes its log if log.file is empty.
std::string usual_log_file();

// Installs this executable as a service that starts with the system, and calls itself with these
// arguments. Returns the process's exit code.
int install(std::vector<std::string> const& arguments);
// Stops the service, and removes it. Returns the process's exit code.
int remove();

// The service manager has started this process, and runs it as a service: calls `work`, and reports
// its exit code. Returns 2 if it was not the service manager.
int run(std::function<int()> work);

} // namespace secondwind::app::system_service
