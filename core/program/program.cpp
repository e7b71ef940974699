#include "core/program/program.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <pthread.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/http/url.hpp"
#include "core/program/whole_file.hpp"

namespace wxpay {

std::string environment_name(std::string_view prefix, std::string_view flag) {
    flag.remove_prefix(std::min(flag.find_first_not_of('-'), flag.size()));
    std::string out(prefix);
    for (const char c : flag)
        out += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

std::pair<std::string, int> parse_listen_address(const std::string& flag, const std::string& text) {
    constexpr int kPortMax = 65535;
    const std::size_t colon = text.rfind(':');
    int port = -1;
    if (colon != std::string::npos) {
        const char* const end = text.data() + text.size();
        const auto [stop, problem] = std::from_chars(text.data() + colon + 1, end, port);
        if (problem != std::errc{} || stop != end) port = -1;
    }
    std::string host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    if (host.empty() || host.find_first_of("/ @") != std::string::npos || port < 0 ||
        port > kPortMax) {
        throw UsageError(
            fmt::format("{} '{}': HOST:PORT is wanted, for example 127.0.0.1:8080", flag, text));
    }
    return {std::move(host), port};
}

namespace {

std::string url(std::string_view scheme, const std::string& host, int port) {
    return fmt::format("{}://{}", scheme, http::host_and_port(host, port));
}

}  // namespace

std::string http_url(const std::string& host, int port) { return url("http", host, port); }

std::string https_url(const std::string& host, int port) { return url("https", host, port); }

std::string reachable(const std::string& host) {
    if (host == "0.0.0.0") return "127.0.0.1";
    return host == "::" ? "::1" : host;
}

bool is_loopback(std::string_view host) {
    in_addr address{};
    constexpr std::uint32_t kLoopbackNet = 127;
    return host == "localhost" || host == "::1" ||
           (inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
            ntohl(address.s_addr) >> 24U == kLoopbackNet);
}

StopSignal::StopSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is a write that fails, as on a full disk
}

void StopSignal::wait() const {
    int received = 0;
    sigwait(&signals_, &received);
}

void ReadyFile::forget_the_dead(const std::string& path) {
    std::ifstream in(path);
    const auto ready = in ? nlohmann::json::parse(in, nullptr, false) : nlohmann::json();
    if (!ready.is_object() || !ready.contains("pid") || !ready["pid"].is_number_integer()) return;
    // In a container each of them is process 1.
    const auto pid = ready["pid"].get<pid_t>();
    const bool is_alive = pid != getpid() && (::kill(pid, 0) == 0 || errno == EPERM);
    std::error_code ignored;
    if (!is_alive) std::filesystem::remove(path, ignored);
}

ReadyFile::ReadyFile(std::string path, const std::map<std::string, std::string>& members)
    : path_(std::move(path)) {
    nlohmann::ordered_json ready{{"pid", getpid()}};
    for (const auto& [name, value] : members) ready[name] = value;
    if (const std::string why = write_whole(path_, ready.dump() + "\n"); !why.empty())
        throw UsageError(fmt::format("--ready-file '{}': {}", path_, why));
}

ReadyFile::~ReadyFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

}  // namespace wxpay
