#include <secondwind/recovery/ledger_file.hpp>

#include <secondwind/base/file.hpp>
#include <secondwind/base/json.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/base/log_line.hpp>
#include <secondwind/base/path.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace secondwind::recovery {

namespace {

using json = nlohmann::ordered_json;

double in_ms(std::chrono::microseconds t) {
    return std::chrono::duration<double, std::milli>{t}.count();
}

json json_of(trigger const& t) {
    return {{"request_id", t.request_id},
            {"path", t.path},
            {"endpoint", t.endpoint},
            {"model", t.model},
            {"verdict", policy::to_string(t.verdict)},
            {"message", t.message},
            {"after_commit", t.after_commit}};
}

json json_of(policy::plan const& p) {
    auto instances = json::array();
    for (auto const& each : p.considered)
        instances.push_back({{"id", each.instance.id},
                             {"model", each.instance.model},
                             {"size_bytes", each.instance.size_bytes},
                             {"decision", policy::to_string(each.decision)}});
    return {{"reason", policy::to_string(p.reason)},
            {"exhaustive", p.exhaustive},
            {"instances", std::move(instances)}};
}

// The last bytes of the file, from the beginning of a line on.
std::string tail_of(std::string const& name) {
    constexpr std::int64_t most = 4 * 1024 * 1024;
    std::string text;
    auto const file = open_file(utf8_path(name), file_use::read);
    auto const size = file ? size_of(file) : -1;
    if (size <= 0)
        return text;
    auto const begin = std::max<std::int64_t>(size - most, 0);
    text.resize(static_cast<std::size_t>(size - begin));
    auto const got = read_at(file, begin, text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0)));
    if (begin > 0 && !text.empty())
        text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
    return text;
}

// Adds the last records of a text, newest first.
void read_backwards(std::string_view text, std::size_t most, ledger_content& into) {
    while (!text.empty() && into.records.size() < most) {
        if (text.back() == '\n') {
            text.remove_suffix(1);
            continue;
        }
        auto const begin = text.rfind('\n') + 1; // 0 in the first line
        if (auto one = from_json(text.substr(begin)))
            into.records.push_back(std::move(*one));
        else
            ++into.damaged;
        text = text.substr(0, begin);
    }
}

} // namespace

ledger_content read_ledger(std::string const& name, std::size_t most) {
    ledger_content out;
    if (name.empty())
        return out;
    read_backwards(tail_of(name), most, out);
    if (out.records.size() < most)
        read_backwards(tail_of(name + ".1"), most, out);
    std::ranges::reverse(out.records);
    return out;
}

std::string to_json(record const& r) {
    auto unloads = json::array();
    for (auto const& u : r.unloads)
        unloads.push_back({{"id", u.instance.id},
                           {"done", u.done},
                           {"error", u.error},
                           {"duration_ms", in_ms(u.took)}});
    auto reloads = json::array();
    for (auto const& each : r.reloads)
        reloads.push_back({{"id", each.id},
                           {"done", each.done},
                           {"error", each.error},
                           {"duration_ms", in_ms(each.took)}});
    auto steps = json::array();
    for (auto const& each : r.steps)
        steps.push_back({{"step", to_string(each.step)}, {"at_ms", in_ms(each.at)}});
    auto replays = json::array();
    for (auto const& each : r.replays)
        replays.push_back({{"request_id", each.request_id}, {"outcome", to_string(each.outcome)}});

    json const whole{{"recovery", r.id},
                     {"time", log::timestamp(r.began)},
                     {"host", r.host},
                     {"trigger", json_of(r.trigger)},
                     {"plan", json_of(r.plan)},
                     {"unloads", std::move(unloads)},
                     {"reloads", std::move(reloads)},
                     {"context", r.context ? json(*r.context) : json(nullptr)},
                     {"steps", std::move(steps)},
                     {"outcome", to_string(r.outcome)},
                     {"finished", r.finished()},
                     {"error", r.error},
                     {"joined", r.joined},
                     {"duration_ms", in_ms(r.took)},
                     {"replays", std::move(replays)}};
    // What a client has named need not be UTF-8, and the default handler would throw.
    return write_json(whole);
}

ledger_file::ledger_file(std::string const& name) : name_{name} {
    if (name.empty())
        return;
    out_ = open_file(utf8_path(name), file_use::append);
    if (!out_)
        throw std::runtime_error{
            "cannot open the ledger \"" + name +
            "\" (recovery.ledger_file): " + std::generic_category().message(errno)};
    char last = '\n';
    auto const size = size_of(out_);
    within_line_ = size > 0 && read_at(out_, size - 1, &last, 1) == 1 && last != '\n';
}

void ledger_file::append(record const& r, std::uint64_t most) {
    if (!out_)
        return;
    auto const line = to_json(r) + "\n";
    auto error = make_room(line.size(), most);
    if (error == 0)
        error = write_line(line);
    if (error != 0 && !failed_)
        log::write(log::level::error, "ledger_write_failed",
                   {{"file", name_}, {"error", std::generic_category().message(error)}});
    failed_ = error != 0;
}

// The code of the error, or 0.
int ledger_file::make_room(std::size_t bytes, std::uint64_t most) {
    auto const size = size_of(out_);
    if (size <= 0 || static_cast<std::uint64_t>(size) + bytes <= most)
        return 0;
    // It may have been moved away already, by logrotate.
    if (!rename_file(utf8_path(name_), utf8_path(name_ + ".1")) && errno != ENOENT)
        return errno;
    auto fresh = open_file(utf8_path(name_), file_use::append);
    if (!fresh)
        return errno;
    out_ = std::move(fresh);
    within_line_ = false;
    return 0;
}

// The code of the error, or 0.
int ledger_file::write_line(std::string const& line) {
    auto const text = within_line_ ? "\n" + line : line;
    auto const before = size_of(out_);
    std::size_t written = 0;
    while (written < text.size()) {
        auto const n = write_some(out_, std::string_view{text}.substr(written));
        if (n > 0) {
            written += static_cast<std::size_t>(n);
        } else if (n == 0 || errno != EINTR) {
            auto const error = n == 0 ? EIO : errno;
            // Unless another process has appended something after it.
            bool const ours =
                before >= 0 && size_of(out_) == before + static_cast<std::int64_t>(written);
            bool const taken_back = written == 0 || (ours && truncate(out_, before));
            within_line_ = within_line_ || !taken_back;
            return error;
        }
    }
    within_line_ = false;
    return 0;
}

} // namespace secondwind::recovery
