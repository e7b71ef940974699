#pragma once

#include <csignal>
#include <optional>
#include <set>
#include <string>
#include <sys/resource.h>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

#include "sandbox/cli/shop_environment.hpp"

namespace wxpay::sandbox::cli {

/// Why a command could not be started, as shells put it.
struct NotStarted {
    int status;          ///< 127: there is none of that name; 126: it cannot be executed
    std::string reason;  ///< one line
};

/// A command, run in a process group of its own, with everything that it starts. Signals that this
/// process gets are the command's; nothing of it outlives this process, even when that is killed.
///
/// Make it before any thread, for those inherit its signal mask, and before a file is opened: what
/// is open then is the command's, too.
class Child {
  public:
    /// grace       how long who was told to end may take, before it is killed
    /// open_files  the command's limit: ours is another one
    Child(Millis grace, const rlimit& open_files);
    ~Child();  ///< kills what still runs
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Starts it: command[0] is looked for in PATH. Standard streams are ours, and so is the
    /// environment but for the shop's. When stdin and stdout are the terminal, the group has that;
    /// otherwise it may be somebody else's in a pipeline, and the command gets it when it asks.
    Result<void, NotStarted> start(const std::vector<std::string>& command,
                                   const ShopEnvironment& shop);

    /// Until the command has ended. Returns its status, or 128 + n for signal n. Signals are handed
    /// on, also those that came before it was started; SIGINT, SIGTERM, SIGHUP and SIGQUIT begin
    /// the grace, and the third one is the end of it. A command that job control stops stops us.
    int wait();

    /// Ends what the command has left running: SIGTERM, after the grace SIGKILL. Daemons count,
    /// which have left the group.
    void end_rest();

    /// Ctrl-C at a terminal is the command's alone, whose group has that. When the command has died
    /// of it, whoever shares our group hears of it too, as without us: a loop in a script ends.
    void share_end() const;

    /// Whether one of those signals has come.
    bool is_told_to_end() const { return told_ > 0; }

  private:
    struct Sent {
        pid_t to;
        int signal;
        friend bool operator<(const Sent& a, const Sent& b) {
            return a.to != b.to ? a.to < b.to : a.signal < b.signal;
        }
    };

    [[noreturn]] void become(const std::vector<char*>& argv, const std::vector<char*>& envp,
                             pid_t parent, int go, int report_to) const;
    void start_keeper(pid_t group);
    void stop_keeper();
    void remember_open_files();

    /// The next signal that has come; nothing when none came in time.
    std::optional<int> next_signal(std::optional<Millis> at_most) const;
    /// Takes note of who has ended or stopped.
    void reap();
    /// Whether anybody is left but the keeper.
    bool has_rest() const;
    void on_signal(int number);
    void on_stopped(int number);
    void stop_with_child();
    void give_terminal(pid_t group) const;
    /// Once to each of those that are our children now.
    void tell_all(int number);
    std::optional<Millis> left() const;

    const Millis grace_;
    const rlimit open_files_;
    SystemStopwatch stopwatch_;
    sigset_t handed_on_{};
    sigset_t mask_before_{};
    std::vector<std::pair<int, struct sigaction>> before_;
    std::vector<int> inherited_;  // files above stderr, in order
    bool has_terminal_ = false;

    pid_t pid_ = -1;
    pid_t keeper_ = -1;
    int keeper_pipe_ = -1;
    std::optional<int> status_;
    int died_of_ = 0;  // the signal; 0: none
    int told_ = 0;
    std::optional<Millis> deadline_;  // by the stopwatch: then they are killed
    std::set<Sent> sent_;
};

}  // namespace wxpay::sandbox::cli
