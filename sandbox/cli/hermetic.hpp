#pragma once

#include <string>
#include <string_view>

namespace wxpay::sandbox::cli {

// A network and a view of the files of our own, for `run --hermetic`: nothing but loopback is
// there, WeChat's names lead to it, and the ports below 1024 are ours. The machine itself stays as
// it is. Linux: network, mount and, for who is not root, user namespaces.

/// Why this machine does not allow it; empty: it does. All of what follows is tried in a child
/// process.
std::string why_not_hermetic();

/// Moves this process, and what it starts, there. The user stays the same, and a program that is
/// started has no more rights than before. Call it while the process has one thread. Throws
/// std::runtime_error.
void enter_hermetic();

/// Lines for /etc/hosts that lead WeChat's names to `address`.
std::string hosts_lines(const std::string& address);

/// The text of /etc/hosts, with WeChat's names leading to 127.0.0.1.
std::string hermetic_hosts(std::string_view text);

/// Lets nobody in our view ask daemons outside for names: nscd, systemd-resolved and what else
/// /etc/nsswitch.conf has before or beside the file of hosts. Throws std::runtime_error.
void hide_name_services();

/// In our view the system's list of authorities, if it has one, is this one. Throws
/// std::runtime_error.
void trust_only(const std::string& authorities);

}  // namespace wxpay::sandbox::cli
