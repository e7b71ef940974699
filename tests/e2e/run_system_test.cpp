// `wxpay-sandbox run -- CMD` and the system that it finds: terminals, limits, namespaces.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <poll.h>
#include <pty.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/process.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/system_lacks.hpp"
#include "tests/support/without_call.hpp"

namespace wxpay::test {
namespace {

const std::string kProgram = WXPAY_SANDBOX_PROGRAM;

/// A script of a shell, in which $RUN is `wxpay-sandbox run`.
Ran shell(const std::string& script, std::map<std::string, std::string> environment = {}) {
    environment.emplace("RUN", kProgram + " run");
    return run_to_end("/bin/bash", {"-c", script}, environment);
}

/// A script with a terminal of its own, in whose session it is the first. In it $RUN is
/// `wxpay-sandbox run`, and $FIFO tells what it has come to.
class Terminal {
  public:
    explicit Terminal(const std::string& script) : fifo_(directory_ / "fifo") {
        pid_ = ::forkpty(&keyboard_, nullptr, nullptr, nullptr);
        if (pid_ != 0) return;
        // The shell that runs the tests must not decide options.
        for (char** each = environ; *each != nullptr;) {
            const std::string name(*each, std::string_view(*each).find('='));
            if (name.starts_with("WXPAY_")) {
                ::unsetenv(name.c_str());
            } else {
                ++each;
            }
        }
        ::setenv("RUN", (kProgram + " run --quiet").c_str(), 1);
        ::setenv("FIFO", fifo_.path().c_str(), 1);
        ::setenv("DIR", directory_.path().c_str(), 1);
        ::setenv("XDG_CACHE_HOME", (directory_ / "cache").c_str(), 1);
        ::execl("/bin/bash", "bash", "-c", script.c_str(), nullptr);
        ::_exit(127);
    }
    ~Terminal() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
        wait();
        ::close(keyboard_);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    Fifo& fifo() { return fifo_; }
    std::filesystem::path operator/(const std::string& name) const { return directory_ / name; }
    void type(std::string_view keys) const {
        EXPECT_EQ(::write(keyboard_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    /// The script's status, once nobody has the terminal open any more.
    int wait() {
        if (pid_ <= 0) return status_;
        constexpr int kDeadlineMs = 60'000;
        std::string screen;
        for (;;) {
            pollfd readable{keyboard_, POLLIN, 0};
            if (::poll(&readable, 1, kDeadlineMs) != 1) {
                ADD_FAILURE() << "it does not end: " << screen;
                ::kill(pid_, SIGKILL);
                break;
            }
            std::array<char, 4096> bytes{};
            const auto size = ::read(keyboard_, bytes.data(), bytes.size());
            if (size <= 0) break;
            screen.append(bytes.data(), static_cast<std::size_t>(size));
        }
        int status = 0;
        ::waitpid(pid_, &status, 0);
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        pid_ = -1;
        return status_;
    }

  private:
    TemporaryDirectory directory_;
    Fifo fifo_;
    int keyboard_ = -1;
    pid_t pid_ = -1;
    int status_ = -1;
};

constexpr std::string_view kCtrlC = "\x03";
constexpr std::string_view kCtrlZ = "\x1a";

TEST(RunAtATerminal, EndsWithACommandThatIsInterruptedThere) {
    Terminal terminal(
        "exec $RUN --report json:$DIR/report.json -- sh -c 'echo up >$FIFO; exec sleep 1000'");
    EXPECT_EQ(terminal.fifo().line(), "up");
    terminal.type(kCtrlC);
    EXPECT_EQ(terminal.wait(), 128 + SIGINT);
    std::ifstream report(terminal / "report.json");
    EXPECT_TRUE(nlohmann::json::parse(report, nullptr, false).is_object());
}

TEST(RunAtATerminal, StopsAndGoesOnWithItsCommand) {
    Terminal terminal(
        "set -m; exec 3>$FIFO\n"
        "$RUN -- sh -c 'echo up >&3; exec cat >&3'\n"
        "echo stopped $? >&3; fg; echo ended $? >&3");
    EXPECT_EQ(terminal.fifo().line(), "up");
    terminal.type(kCtrlZ);
    EXPECT_EQ(terminal.fifo().line(), "stopped " + std::to_string(128 + SIGSTOP));
    terminal.type("what the command reads\n");
    EXPECT_EQ(terminal.fifo().line(), "what the command reads");
    terminal.type(kCtrlC);
    EXPECT_EQ(terminal.fifo().line(), "ended " + std::to_string(128 + SIGINT));
    EXPECT_EQ(terminal.wait(), 0);
}

TEST(RunAtATerminal, LeavesItToThePagerOfAPipeline) {
    Terminal terminal(
        "mkfifo $DIR/done\n"
        "$RUN -- sh -c 'echo line; read _ <$DIR/done' | {\n"
        "read line; read key </dev/tty; echo $line $key >$FIFO; echo >$DIR/done; }");
    terminal.type("key\n");
    EXPECT_EQ(terminal.fifo().line(), "line key");
    EXPECT_EQ(terminal.wait(), 0);
}

TEST(RunAtATerminal, GivesItToACommandThatAsksForIt) {
    Terminal terminal("$RUN -- sh -c 'read key; echo got $key' | cat >$FIFO");
    terminal.type("key\n");
    EXPECT_EQ(terminal.fifo().line(), "got key");
    EXPECT_EQ(terminal.wait(), 0);
}

/// Of a process, as /proc tells it.
std::string open_files_max(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/limits");
    constexpr std::string_view kName = "Max open files";
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(kName)) continue;
        const auto from = line.find_first_not_of(' ', kName.size());
        return line.substr(from, line.find(' ', from) - from);
    }
    return {};
}

/// What a program of ours takes: all that it may, within reason.
std::string open_files_wanted() {
    const std::string hard = shell("ulimit -Hn").output;
    constexpr unsigned long kMost = 65536;
    return std::to_string(hard == "unlimited\n" ? kMost : std::min(std::stoul(hard), kMost));
}

TEST(ServeAtALimit, OpensAsManyFilesAsItMay) {
    ServerProcess server("/bin/sh",
                         {"-c", "ulimit -Sn 100; exec \"$0\" \"$@\"", kProgram, "--port", "0"});
    EXPECT_EQ(open_files_max(server.process().pid()), open_files_wanted());
}

TEST(RunAtALimit, GivesTheCommandTheLimitOfOpenFilesThatItWasGiven) {
    const auto ran = shell(
        "ulimit -Sn 100; $RUN --quiet -- sh -c "
        "'ulimit -Sn; ulimit -Hn; sed -n \"s/^Max open files *//p\" /proc/$PPID/limits'");
    EXPECT_EQ(ran.status, 0) << ran.output;
    const std::string given = "100\n" + shell("ulimit -Hn").output;
    ASSERT_TRUE(ran.output.starts_with(given)) << ran.output;
    const std::string own = ran.output.substr(given.size());
    EXPECT_EQ(own.substr(0, own.find(' ')), open_files_wanted()) << ran.output;
}

TEST(RunAtALimit, SaysWhyAReportCannotBeWrittenAndLeavesNothingBehind) {
    const TemporaryDirectory directory;
    const auto ran = shell(
        "$RUN --quiet --report junit:$DIR/report.xml -- sh -c 'prlimit --pid $PPID --fsize=500:'",
        {{"DIR", directory.path().string()}});
    EXPECT_EQ(ran.status, 1) << ran.output;
    EXPECT_EQ(ran.output, "wxpay-sandbox run: junit:" + (directory / "report.xml").string() +
                              ": File too large\n");
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

/// The same on a kernel that cannot close many files at once.
void on_an_old_kernel(const std::function<void()>& action) {
    if (!without_call(SYS_close_range, ENOSYS, action)) system_lacks("filters for calls");
}

TEST(RunOnAnOldKernel, TakesTheCommandAlongWhenItIsKilled) {
    on_an_old_kernel([] {
        const TemporaryDirectory directory;
        Fifo fifo(directory / "fifo");
        Process running(kProgram,
                        {"run", "--", "/bin/sh", "-c",
                         "exec 3>$FIFO; (sleep 1000 & sleep 1000) & echo up >&3; sleep 1000"},
                        {{"FIFO", fifo.path().string()}});
        EXPECT_EQ(fifo.line(), "up");
        running.signal(SIGKILL);
        EXPECT_EQ(running.wait(), 128 + SIGKILL);
        EXPECT_EQ(fifo.rest(), "") << "nobody holds it any more";
    });
}

TEST(RunOnAnOldKernel, LeavesOpenFilesAsTheyWere) {
    on_an_old_kernel([] {
        const auto with = shell("exec 7</dev/null; $RUN --quiet -- ls -1 /proc/self/fd");
        EXPECT_EQ(with.output, shell("exec 7</dev/null; ls -1 /proc/self/fd").output);
        EXPECT_NE(with.output.find("7\n"), std::string::npos) << with.output;
    });
}

constexpr std::string_view kNotHermetic = "not hermetic, the proxy is used: ";
const std::string kOrder = "curl -sS -d '<xml/>' https://api.mch.weixin.qq.com/pay/orderquery";

class HermeticRun : public testing::Test {
  protected:
    void SetUp() override {
        const auto ran = shell("$RUN --hermetic -- true");
        ASSERT_EQ(ran.status, 0) << ran.output;
        if (ran.output.find(kNotHermetic) != std::string::npos) system_lacks(ran.output);
    }
};

TEST_F(HermeticRun, HasNothingButLoopbackAndItsHosts) {
    const auto ran = shell(
        "$RUN --hermetic -- sh -c 'test \"$(grep -c : /proc/net/dev)\" = 1 && "
        "grep -qx \"127.0.0.1 api.mch.weixin.qq.com\" /etc/hosts'");
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_NE(ran.output.find("up, hermetic, http 127.0.0.1:80, https 127.0.0.1:443"),
              std::string::npos)
        << ran.output;
}

TEST_F(HermeticRun, IsWechatToAProgramWithoutAnyEnvironment) {
    const auto ran = shell("$RUN --hermetic --quiet -- env -i " + kOrder);
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_NE(ran.output.find("<return_code>"), std::string::npos) << ran.output;
}

TEST_F(HermeticRun, ReachesNobodyOutside) {
    const Port outside;
    outside.listen();
    const std::string call =
        " -- bash -c 'exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(outside.number()) + "'";
    EXPECT_EQ(shell("$RUN --quiet" + call).status, 0);
    EXPECT_TRUE(outside.has_connection());
    EXPECT_NE(shell("$RUN --quiet --hermetic" + call).status, 0);
    EXPECT_FALSE(outside.has_connection());
}

TEST(Hermetic, IsByTheProxyWhereTheSystemForbidsNamespaces) {
    const bool is_done = without_call(SYS_unshare, EPERM, [] {
        // Who ignores the end of children hears of no status.
        for (const std::string before : {"", "trap '' CHLD; "}) {
            const auto ran = shell(before + "$RUN --hermetic -- sh -c \"" + kOrder + "; exit 5\"");
            EXPECT_EQ(ran.status, 5) << ran.output;
            EXPECT_NE(ran.output.find(std::string(kNotHermetic) +
                                      "no namespaces of our own: Operation not permitted\n"),
                      std::string::npos)
                << ran.output;
            EXPECT_NE(ran.output.find(", proxy 127.0.0.1:"), std::string::npos) << ran.output;
            EXPECT_NE(ran.output.find("<return_code>"), std::string::npos) << ran.output;
        }
    });
    if (!is_done) system_lacks("filters for calls");
}

TEST(Hermetic, ChoosesItsAddressesItself) {
    for (const std::string option : {"--http", "--https", "--proxy"}) {
        const auto ran = shell("$RUN --hermetic " + option + " 127.0.0.1:9999 -- true");
        EXPECT_EQ(ran.status, 2);
        EXPECT_EQ(ran.lines(), 1U) << ran.output;
        EXPECT_NE(ran.output.find(option), std::string::npos) << ran.output;
    }
}

}  // namespace
}  // namespace wxpay::test
