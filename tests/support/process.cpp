#include "tests/support/process.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <set>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

namespace wxpay::test {
namespace {

constexpr int kDeadlineMs = 60'000;  // generous: it only ever passes when something is broken

const std::set<std::string> kNotInherited{
    "XDG_CACHE_HOME",      "HTTPS_PROXY",        "https_proxy",      "HTTP_PROXY",
    "http_proxy",          "NO_PROXY",           "no_proxy",         "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",      "REQUESTS_CA_BUNDLE", "PHP_INI_SCAN_DIR", "JAVA_TOOL_OPTIONS",
    "NODE_EXTRA_CA_CERTS", "NODE_USE_ENV_PROXY"};

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wxpay-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Fifo::Fifo(std::filesystem::path path) : path_(std::move(path)) {
    if (::mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("no named pipe");
    fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

Fifo::~Fifo() { ::close(fd_); }

bool Fifo::read_more() {
    pollfd readable{fd_, POLLIN, 0};
    if (poll(&readable, 1, kDeadlineMs) != 1) {
        ADD_FAILURE() << path_ << ": nothing comes, and nobody ends";
        return false;
    }
    std::array<char, 4096> bytes{};
    const auto size = ::read(fd_, bytes.data(), bytes.size());
    if (size > 0) received_.append(bytes.data(), static_cast<std::size_t>(size));
    return size > 0;
}

std::string Fifo::line() {
    std::size_t end = 0;
    while ((end = received_.find('\n')) == std::string::npos) {
        if (read_more()) continue;
        ADD_FAILURE() << path_ << ": ended after '" << received_ << "'";
        return {};
    }
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
}

std::string Fifo::rest() {
    while (read_more()) continue;
    return std::exchange(received_, {});
}

Process::Process(const std::string& program, const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment) {
    std::vector<std::string> texts{program};
    texts.insert(texts.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& text : texts) argv.push_back(text.data());
    argv.push_back(nullptr);
    std::vector<std::string> variables;
    for (char** each = environ; *each != nullptr; ++each) {
        // The programs read their options from there too, and continue some lists: the shell that
        // runs the tests must not decide them. Nor may they write into the cache of who runs them.
        const std::string_view variable = *each;
        const std::string name(variable.substr(0, variable.find('=')));
        if (!name.starts_with("WXPAY_") && !kNotInherited.contains(name) &&
            !environment.contains(name))
            variables.emplace_back(variable);
    }
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    if (!environment.contains("XDG_CACHE_HOME"))
        variables.push_back("XDG_CACHE_HOME=" + (directory_ / "cache").string());
    std::vector<char*> envp;
    for (std::string& variable : variables) envp.push_back(variable.data());
    envp.push_back(nullptr);

    const std::string output = (directory_ / "output").string();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    // Who runs the tests in the background may have signals ignored, which would be inherited.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const int problem =
        posix_spawn(&pid_, program.c_str(), &actions, &attributes, argv.data(), envp.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) throw std::runtime_error("cannot start " + program);
}

Process::~Process() {
    if (status_) return;
    ::kill(pid_, SIGKILL);
    wait();
}

void Process::signal(int number) const {
    if (!status_) ::kill(pid_, number);
}

int Process::wait() {
    if (status_) return *status_;
    const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd ended{handle, POLLIN, 0};
    if (poll(&ended, 1, kDeadlineMs) != 1) {
        ADD_FAILURE() << "process " << pid_ << " does not end\n" << output();
        ::kill(pid_, SIGKILL);
    }
    ::close(handle);
    int status = 0;
    waitpid(pid_, &status, 0);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return *status_;
}

std::string Process::output() const { return read_file(directory_ / "output"); }

std::size_t Ran::lines() const {
    return static_cast<std::size_t>(std::count(output.begin(), output.end(), '\n'));
}

Ran run_to_end(const std::string& program, const std::vector<std::string>& arguments,
               const std::map<std::string, std::string>& environment) {
    Process process(program, arguments, environment);
    const int status = process.wait();
    return {status, process.output()};
}

ServerProcess::ServerProcess(const std::string& program, std::vector<std::string> arguments) {
    const std::filesystem::path ready = directory_ / "ready.json";
    arguments.insert(arguments.end(), {"--ready-file", ready.string()});
    // Watched before it starts: the file cannot appear unseen.
    const int watch = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(watch, directory_.path().c_str(), IN_MOVED_TO | IN_CLOSE_WRITE);
    process_ = std::make_unique<Process>(program, arguments);
    const int ended = static_cast<int>(syscall(SYS_pidfd_open, process_->pid(), 0));
    while (!std::filesystem::exists(ready)) {
        std::array<pollfd, 2> events{{{watch, POLLIN, 0}, {ended, POLLIN, 0}}};
        if (poll(events.data(), events.size(), kDeadlineMs) <= 0 || events[1].revents != 0) break;
        std::array<char, 4096> drained{};
        if (::read(watch, drained.data(), drained.size()) < 0) break;
    }
    ::close(watch);
    ::close(ended);
    const auto said = nlohmann::json::parse(read_file(ready), nullptr, false);
    if (!said.is_object())
        throw std::runtime_error(program + " is not ready:\n" + process_->output());
    url_ = said.at("http").get<std::string>();
    http::Client::Options options;
    options.base_url = url_;
    options.answer_timeout = std::chrono::seconds(60);
    client_ = http::Client::create(options).value();
}

ServerProcess::Answer ServerProcess::call(const std::string& method, const std::string& target,
                                          const std::string& body, const std::string& bearer) {
    http::Request request;
    request.method = method;
    http::set_target(request, target);
    request.body = body;
    if (!bearer.empty()) request.headers.add("Authorization", "Bearer " + bearer);
    return send(request);
}

ServerProcess::Answer ServerProcess::send(const http::Request& request) {
    auto answer = client_->send(request);
    if (!answer) {
        ADD_FAILURE() << request.method << " " << request.path << ": " << answer.error().detail
                      << "\n"
                      << process_->output();
        return {0, {}, {}};
    }
    return {answer->status, answer->headers, answer->body};
}

}  // namespace wxpay::test
