#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/http/client.hpp"

namespace wxpay::test {

/// A directory that is gone with the object.
class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// A named pipe, by which a process tells what it has come to. Who inherits it keeps it open, so
/// that its end is the end of them all.
class Fifo {
  public:
    explicit Fifo(std::filesystem::path path);
    ~Fifo();
    Fifo(const Fifo&) = delete;
    Fifo& operator=(const Fifo&) = delete;

    const std::filesystem::path& path() const { return path_; }
    /// The next line, without its end; a failed test when none comes in time.
    std::string line();
    /// What comes until nobody has it open any more; a failed test when somebody keeps it.
    std::string rest();

  private:
    bool read_more();

    std::filesystem::path path_;
    int fd_;
    std::string received_;
};

/// A program of ours, run for real. Ends only the process that it started.
class Process {
  public:
    /// Output of both kinds goes to a file; `environment` is added to ours.
    Process(const std::string& program, const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& environment = {});
    ~Process();  ///< SIGKILL when it still runs
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void signal(int number) const;
    /// The exit status, 128 + n for signal n; a failed test when it takes too long.
    int wait();
    pid_t pid() const { return pid_; }
    std::string output() const;

  private:
    TemporaryDirectory directory_;
    pid_t pid_ = -1;
    std::optional<int> status_;
};

/// What a program that has ended left.
struct Ran {
    int status;
    std::string output;

    nlohmann::json json() const { return nlohmann::json::parse(output, nullptr, false); }
    std::size_t lines() const;
};
Ran run_to_end(const std::string& program, const std::vector<std::string>& arguments,
               const std::map<std::string, std::string>& environment = {});

/// A server program with --ready-file: waits until it serves, and speaks to it.
class ServerProcess {
  public:
    ServerProcess(const std::string& program, std::vector<std::string> arguments);

    const std::string& url() const { return url_; }
    Process& process() { return *process_; }
    struct Answer {
        int status;
        http::Headers headers;
        std::string body;
        nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
    };
    Answer call(const std::string& method, const std::string& target, const std::string& body = {},
                const std::string& bearer = {});
    Answer send(const http::Request& request);

  private:
    TemporaryDirectory directory_;
    std::unique_ptr<Process> process_;
    std::string url_;
    std::unique_ptr<http::Client> client_;
};

}  // namespace wxpay::test
