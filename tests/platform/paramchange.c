/* Asks a service to read its configuration again: paramchange NAME. */
#include <windows.h>

int main(int argc, char** argv) {
    SC_HANDLE const manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE const service =
        argc == 2 ? OpenServiceA(manager, argv[1], SERVICE_PAUSE_CONTINUE) : NULL;
    SERVICE_STATUS status;
    return ControlService(service, SERVICE_CONTROL_PARAMCHANGE, &status) ? 0 : 1;
}
