#include "sandbox/cli/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/program/open_files.hpp"

namespace wxpay::sandbox::cli {
namespace {

constexpr int kFirstFile = STDERR_FILENO + 1;
constexpr unsigned kLastFile = ~0U;
constexpr int kSignalled = 128;
constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;
/// How often one may ask for the end before it is made.
constexpr int kPatience = 3;
/// How long who was killed may take: what hangs in the kernel is not waited for.
constexpr Millis kKilled{2000};

/// A shell's child that has not become its program yet loses a signal that the shell has trapped,
/// so who still runs is told again.
constexpr Millis kRepeat{1000};

constexpr std::array kEnding{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

bool is_ending(int number) {
    return std::find(kEnding.begin(), kEnding.end(), number) != kEnding.end();
}

/// Those of /proc that are numbers.
std::optional<int> number_of(std::string_view name) {
    int number = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return number;
}

/// Our children, adopted ones too. None where the kernel does not tell.
std::vector<pid_t> children() {
    std::vector<pid_t> out;
    std::error_code problem;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", problem)) {
        std::ifstream in(task.path() / "children");
        for (pid_t pid = 0; in >> pid;) out.push_back(pid);
    }
    return out;
}

enum class When { now, at_exec };

/// Between fork and exec, where nothing may be done but calls of the kernel.
void close_files(unsigned first, unsigned last, When when) {
    if (first > last) return;
    if (::close_range(first, last, when == When::now ? 0 : CLOSE_RANGE_CLOEXEC) == 0) return;
    // An old kernel: one by one.
    for (unsigned fd = first; fd <= std::min<rlim_t>(last, kOpenFilesMax); ++fd) {
        if (when == When::now) {
            ::close(static_cast<int>(fd));
        } else {
            ::fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
        }
    }
}

/// All files above stderr but those listed, which are in order.
void close_at_exec(const std::vector<int>& but) {
    unsigned first = kFirstFile;
    for (const int fd : but) {
        const auto kept = static_cast<unsigned>(fd);
        if (kept > first) close_files(first, kept - 1, When::at_exec);
        first = kept + 1;
    }
    close_files(first, kLastFile, When::at_exec);
}

/// Whether the terminal is ours, and nobody's besides: in a pipeline it may be the pager's.
bool has_terminal() {
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 &&
           ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

/// A process that outlives us when we are killed, and ends the group then. It holds nothing of
/// ours. Only calls of the kernel: we have threads.
[[noreturn]] void keep_watch(const std::array<int, 2>& pipe, pid_t group) {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ::setsid();
    ::close(pipe[1]);  // else it would never end
    ::dup2(pipe[0], STDIN_FILENO);
    close_files(STDOUT_FILENO, kLastFile, When::now);
    char word = 0;
    ssize_t size = -1;
    do size = ::read(STDIN_FILENO, &word, 1);
    while (size < 0 && errno == EINTR);
    if (size == 0) ::kill(-group, SIGKILL);
    ::_exit(0);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

/// Ours, with the shop's variables instead of those of the same name.
std::vector<std::string> environment_with(const ShopEnvironment& shop) {
    const Variables& variables = shop.variables;
    std::vector<std::string> out;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view line = *each;
        const std::string_view name = line.substr(0, line.find('='));
        const bool is_replaced =
            std::any_of(variables.begin(), variables.end(),
                        [&](const auto& variable) { return variable.first == name; });
        const bool is_removed =
            std::find(shop.removed.begin(), shop.removed.end(), name) != shop.removed.end();
        if (!is_replaced && !is_removed) out.emplace_back(line);
    }
    for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
    return out;
}

}  // namespace

Child::Child(Millis grace, const rlimit& open_files) : grace_(grace), open_files_(open_files) {
    remember_open_files();
    sigemptyset(&handed_on_);
    const auto take = [&](int number) { sigaddset(&handed_on_, number); };
    for (const int number : kEnding) {
        // Who started us may have had it ignored, as nohup does: then that is for the command too.
        struct sigaction found {};
        ::sigaction(number, nullptr, &found);
        if (found.sa_handler != SIG_IGN) take(number);
    }
    for (const int number : {SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT, SIGCHLD, SIGTTOU})
        take(number);
    pthread_sigmask(SIG_BLOCK, &handed_on_, &mask_before_);
    const auto set = [&](int number, void (*handler)(int)) {
        struct sigaction wanted {};
        struct sigaction before {};
        wanted.sa_handler = handler;
        ::sigaction(number, &wanted, &before);
        before_.emplace_back(number, before);
    };
    set(SIGCHLD, SIG_DFL);  // ignored, it would take the status away
    set(SIGPIPE, SIG_IGN);
    set(SIGXFSZ, SIG_IGN);  // a file at its limit is a write that fails, as on a full disk
    // Orphans of the command's become our children, so that they can be found.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    has_terminal_ = has_terminal();
}

Child::~Child() {
    if (pid_ > 0 && !status_) ::kill(-pid_, SIGKILL);
    stop_keeper();
    give_terminal(::getpgrp());
}

void Child::remember_open_files() {
    std::error_code problem;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd", problem)) {
        const auto fd = number_of(each.path().filename().string());
        if (!fd || *fd < kFirstFile) continue;
        const int flags = ::fcntl(*fd, F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) inherited_.push_back(*fd);
    }
    std::sort(inherited_.begin(), inherited_.end());
}

void Child::become(const std::vector<char*>& argv, const std::vector<char*>& envp, pid_t parent,
                   int go, int report_to) const {
    ::setpgid(0, 0);
    if (has_terminal_) ::tcsetpgrp(STDIN_FILENO, ::getpid());
    close_at_exec(inherited_);
    ::setrlimit(RLIMIT_NOFILE, &open_files_);
    for (const auto& [number, action] : before_) ::sigaction(number, &action, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(kSignalled + SIGKILL);
    // Until somebody keeps watch.
    char any = 0;
    while (::read(go, &any, 1) < 0 && errno == EINTR) {
    }
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
    ::execvpe(argv.front(), argv.data(), envp.data());
    const int problem = errno;
    const auto size = ::write(report_to, &problem, sizeof problem);
    ::_exit(size == sizeof problem ? 0 : kNotExecutable);
}

Result<void, NotStarted> Child::start(const std::vector<std::string>& command,
                                      const ShopEnvironment& shop) {
    std::vector<std::string> words = command;
    std::vector<std::string> environment = environment_with(shop);
    const auto argv = pointers(words);
    const auto envp = pointers(environment);
    std::array<int, 2> report{-1, -1};  // closed by exec, or it says why there was none
    const auto give_up = [&](int problem) {
        return Failure{
            NotStarted{problem == ENOENT ? kNotFound : kNotExecutable,
                       fmt::format("'{}': {}", command.front(), std::strerror(problem))}};
    };
    std::array<int, 2> go{-1, -1};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) return give_up(errno);
    if (::pipe2(go.data(), O_CLOEXEC) != 0) {
        const int problem = errno;
        for (const int end : report) ::close(end);
        return give_up(problem);
    }
    const pid_t us = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) become(argv, envp, us, go[0], report[1]);
    int problem = pid < 0 ? errno : 0;
    ::close(report[1]);
    ::close(go[0]);
    if (problem == 0) {
        ::setpgid(pid, pid);  // it does the same; whoever is first
        start_keeper(pid);
        if (::write(go[1], "", 1) != 1) ::kill(pid, SIGKILL);
    }
    ::close(go[1]);
    if (problem == 0) {
        ssize_t size = -1;
        do size = ::read(report[0], &problem, sizeof problem);
        while (size < 0 && errno == EINTR);
        if (size == sizeof problem) {
            ::waitpid(pid, nullptr, 0);
            stop_keeper();
            give_terminal(::getpgrp());
        } else {
            problem = 0;
        }
    }
    ::close(report[0]);
    if (problem != 0) return give_up(problem);
    pid_ = pid;
    return {};
}

void Child::start_keeper(pid_t group) {
    std::array<int, 2> pipe{-1, -1};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
    keeper_ = ::fork();
    if (keeper_ == 0) keep_watch(pipe, group);
    ::close(pipe[0]);
    keeper_pipe_ = pipe[1];
}

void Child::stop_keeper() {
    if (keeper_pipe_ < 0) return;
    const auto size = ::write(keeper_pipe_, "", 1);
    ::close(keeper_pipe_);
    keeper_pipe_ = -1;
    if (size == 1 && keeper_ > 0) ::waitpid(keeper_, nullptr, 0);
}

std::optional<int> Child::next_signal(std::optional<Millis> at_most) const {
    int received = -1;
    if (at_most) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*at_most);
        const timespec time{seconds.count(), std::chrono::nanoseconds(*at_most - seconds).count()};
        received = ::sigtimedwait(&handed_on_, nullptr, &time);
    } else {
        received = ::sigwaitinfo(&handed_on_, nullptr);
    }
    return received < 0 ? std::nullopt : std::optional(received);
}

std::optional<Millis> Child::left() const {
    if (!deadline_) return std::nullopt;
    return std::max(*deadline_ - stopwatch_.elapsed(), Millis{0});
}

void Child::reap() {
    for (;;) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED);
        if (pid < 0 && errno == EINTR) continue;
        if (pid <= 0) return;
        if (pid == keeper_) {
            keeper_ = -1;
        } else if (pid == pid_) {
            if (WIFEXITED(status)) status_ = WEXITSTATUS(status);
            if (WIFSIGNALED(status)) {
                died_of_ = WTERMSIG(status);
                status_ = kSignalled + died_of_;
            }
            if (WIFSTOPPED(status)) on_stopped(WSTOPSIG(status));
        }
    }
}

bool Child::has_rest() const {
    const auto all = children();
    return ::kill(-pid_, 0) == 0 ||
           std::any_of(all.begin(), all.end(), [&](pid_t pid) { return pid != keeper_; });
}

void Child::give_terminal(pid_t group) const {
    if (has_terminal_) ::tcsetpgrp(STDIN_FILENO, group);  // SIGTTOU is blocked
}

void Child::on_stopped(int number) {
    if (number == SIGSTOP) return;
    const bool asks_for_terminal = number == SIGTTIN || number == SIGTTOU;
    if (asks_for_terminal && !has_terminal_ && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) {
        has_terminal_ = true;
        give_terminal(pid_);
        ::kill(-pid_, SIGCONT);
    } else {
        stop_with_child();
    }
}

void Child::stop_with_child() {
    give_terminal(::getpgrp());
    ::raise(SIGSTOP);
    // SIGCONT has come, and is handed on.
}

void Child::on_signal(int number) {
    if (number == SIGCHLD || number == SIGTTOU) return;
    if (number == SIGCONT) {
        // `fg` has given us the terminal, `bg` has not.
        has_terminal_ = has_terminal();
        give_terminal(pid_);
    }
    if (is_ending(number)) {
        ++told_;
        if (!deadline_) deadline_ = stopwatch_.elapsed() + grace_;
        if (told_ >= kPatience) deadline_ = stopwatch_.elapsed();
    }
    ::kill(-pid_, number);
}

int Child::wait() {
    for (;;) {
        reap();
        if (status_) break;
        if (const auto number = next_signal(left())) {
            on_signal(*number);
        } else if (deadline_ && *left() == Millis{0}) {
            ::kill(-pid_, SIGKILL);
            deadline_.reset();
        }
    }
    give_terminal(::getpgrp());
    return *status_;
}

void Child::share_end() const {
    const bool is_from_terminal =
        (died_of_ == SIGINT || died_of_ == SIGQUIT) && has_terminal_ && told_ == 0;
    if (is_from_terminal) ::kill(0, died_of_);  // to us it is blocked
}

void Child::tell_all(int number) {
    const auto tell = [&](pid_t pid) {
        if (!sent_.insert({pid, number}).second) return;
        ::kill(pid, number);
        ::kill(pid, SIGCONT);  // one that is stopped hears nothing else
    };
    tell(-pid_);
    for (const pid_t pid : children())
        if (pid != keeper_) tell(pid);
}

void Child::end_rest() {
    if (pid_ <= 0) return;
    bool killed = false;
    deadline_ = stopwatch_.elapsed() + grace_;
    for (int told_again = 0;;) {
        reap();
        if (!has_rest()) break;
        tell_all(killed ? SIGKILL : SIGTERM);
        const auto number = next_signal(std::min(*left(), kRepeat));
        if (number && is_ending(*number)) ++told_again;
        if (!number) sent_.clear();
        const bool is_late = *left() == Millis{0} || told_again > 1;
        if (!is_late) continue;
        if (killed) break;
        killed = true;
        deadline_ = stopwatch_.elapsed() + kKilled;
    }
    stop_keeper();
}

}  // namespace wxpay::sandbox::cli
