#pragma once

#include <string>

namespace wxpay::sandbox::cli {

// A network and a view of the files of our own, for `run --hermetic`: nothing but loopback is
// there, WeChat's names lead to it, and the ports below 1024 are ours. The machine itself stays as
// it is. Linux: network, mount and, for who is not root, user namespaces.

/// Why this machine does not allow it; empty: it does. Tried in a child process.
std::string why_not_hermetic();

/// Moves this process, and what it starts, there. The user stays the same, and a program that is
/// started has no more rights than before. Call it while the process has one thread. Throws
/// std::runtime_error.
void enter_hermetic();

/// Lines for /etc/hosts that lead WeChat's names to `address`.
std::string hosts_lines(const std::string& address);

/// /etc/hosts as it is, with WeChat's names leading to 127.0.0.1.
std::string hermetic_hosts();

/// Lets nobody in our view ask daemons outside for names: nscd, systemd-resolved and what else
/// /etc/nsswitch.conf has before or beside the file of hosts.
void hide_name_services();

/// Covers the file by `text` in our view. Throws std::runtime_error.
void cover_file(const std::string& path, const std::string& text);

}  // namespace wxpay::sandbox::cli
