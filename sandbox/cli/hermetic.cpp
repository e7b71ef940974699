#include "sandbox/cli/hermetic.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <net/if.h>
#include <sched.h>
#include <stdexcept>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "core/base/descriptor.hpp"
#include "core/codec/pieces.hpp"

#include "sandbox/certificates/listener.hpp"
#include "sandbox/certificates/trust_files.hpp"

namespace wxpay::sandbox::cli {
namespace {

constexpr const char* kHosts = "/etc/hosts";

[[noreturn]] void fail(std::string_view what) {
    const int number = errno;
    throw std::runtime_error(fmt::format("{}: {}", what, std::generic_category().message(number)));
}

Descriptor needed(int fd, std::string_view what) {
    if (fd < 0) fail(what);
    return Descriptor(fd);
}

/// The kernel's files want all in one write.
void write_file(const char* path, std::string_view text) {
    const Descriptor file = needed(::open(path, O_WRONLY | O_CLOEXEC), path);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        fail(path);
}

/// Who may not do it as itself may do it in a user namespace of its own, in which it is who it was:
/// what it starts there has no rights that it did not have.
void unshare_all() {
    constexpr int kNetworkAndFiles = CLONE_NEWNET | CLONE_NEWNS;
    if (::unshare(kNetworkAndFiles) == 0) return;
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWUSER | kNetworkAndFiles) != 0) fail("no namespaces of our own");
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", fmt::format("{} {} 1", user, user));
    write_file("/proc/self/gid_map", fmt::format("{} {} 1", group, group));
}

/// A new network's loopback is down.
void raise_loopback() {
    const Descriptor any = needed(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    ifreq request{};
    std::string_view("lo").copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    if (::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) fail("loopback stays down");
}

std::string read_file(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The address in a line of /etc/hosts, and its names.
std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    line = line.substr(0, line.find('#'));
    constexpr std::string_view kBlanks = " \t\r";
    for (std::size_t from = 0; (from = line.find_first_not_of(kBlanks, from)) < line.size();) {
        const std::size_t end = std::min(line.find_first_of(kBlanks, from), line.size());
        words.emplace_back(line.substr(from, end - from));
        from = end;
    }
    return words;
}

/// Covers the file by `text` in our view.
void cover_file(const std::string& path, const std::string& text) {
    // On a file system of its own, which goes with the mount; a file that had been removed could
    // not be covered by another run within this one.
    std::string place = "/tmp/wxpay-sandbox-XXXXXX";
    if (::mkdtemp(place.data()) == nullptr) fail(place);
    const auto give_up = [&](const std::string& what) {
        const int number = errno;
        ::umount2(place.c_str(), MNT_DETACH);
        ::rmdir(place.c_str());
        errno = number;
        fail(what);
    };
    if (::mount("tmpfs", place.c_str(), "tmpfs", MS_NODEV | MS_NOSUID, nullptr) != 0)
        give_up("no mounts");
    const std::string name = place + "/file";
    std::ofstream(name, std::ios::binary) << text;
    constexpr mode_t kReadable = 0644;
    if (::chmod(name.c_str(), kReadable) != 0) give_up(name);
    if (::mount(name.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0)
        give_up(fmt::format("no mount over {}", path));
    ::umount2(place.c_str(), MNT_DETACH);
    ::rmdir(place.c_str());
}

}  // namespace

std::string hosts_lines(const std::string& address) {
    std::string out;
    for (const std::string& name : played_names()) out += fmt::format("{} {}\n", address, name);
    return out;
}

std::string hermetic_hosts(std::string_view text) {
    std::string out;
    bool has_localhost = false;
    for (const std::string_view line : pieces_of(text, '\n')) {
        const auto words = words_of(line);
        if (line.empty() || std::any_of(words.begin(), words.end(), is_played)) continue;
        out.append(line) += '\n';
        if (std::find(words.begin(), words.end(), "localhost") != words.end()) has_localhost = true;
    }
    if (!has_localhost) out += "127.0.0.1 localhost\n";
    return out + hosts_lines("127.0.0.1");
}

void trust_only(const std::string& authorities) {
    if (const auto roots = system_roots(); !roots.empty()) cover_file(roots.string(), authorities);
}

void hide_name_services() {
    for (const char* const place : {"/run/nscd", "/var/run/nscd", "/run/systemd/resolve"}) {
        std::error_code ignored;
        if (std::filesystem::is_directory(place, ignored) &&
            ::mount("tmpfs", place, "tmpfs", MS_NODEV | MS_NOSUID, nullptr) != 0)
            fail(fmt::format("no mount over {}", place));
    }
    constexpr const char* kSwitch = "/etc/nsswitch.conf";
    const std::string text = read_file(kSwitch);
    if (text.empty()) return;
    std::string out;
    for (const std::string_view line : pieces_of(text, '\n'))
        if (!line.starts_with("hosts:")) out.append(line) += '\n';
    cover_file(kSwitch, out + "hosts: files dns\n");
}

void enter_hermetic() {
    unshare_all();
    // What is mounted from here on is ours alone.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        fail("mounts stay shared");
    raise_loopback();
    cover_file(kHosts, hermetic_hosts(read_file(kHosts)));
}

std::string why_not_hermetic() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
    const Descriptor from(ends[0]);
    const pid_t child = ::fork();
    if (child < 0) fail("fork");
    // Told in words: of a status we hear nothing where SIGCHLD is ignored.
    constexpr std::string_view kAllowed = "allowed";
    if (child == 0) {
        const auto tell = [&](std::string_view what) {
            [[maybe_unused]] const ssize_t written = ::write(ends[1], what.data(), what.size());
            ::_exit(0);
        };
        try {
            enter_hermetic();
            trust_only({});
            hide_name_services();
            tell(kAllowed);
        } catch (const std::exception& problem) {
            tell(problem.what());
        }
    }
    ::close(ends[1]);
    std::string why;
    std::array<char, 256> part{};
    for (ssize_t size = 0; (size = ::read(from.get(), part.data(), part.size())) != 0;) {
        if (size < 0 && errno != EINTR) break;
        if (size > 0) why.append(part.data(), static_cast<std::size_t>(size));
    }
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (why == kAllowed) return {};
    return why.empty() ? "the attempt was killed" : why;
}

}  // namespace wxpay::sandbox::cli
