#include "core/http/stream.hpp"

#include <utility>

namespace wxpay::http {

bool Stream::change(const std::function<bool()>& action) {
    std::function<void()> wake;
    bool result = false;
    {
        const std::lock_guard lock(mutex_);
        result = action();
        if (is_ready()) wake = std::exchange(wake_, nullptr);
    }
    if (wake) wake();
    return result;
}

bool Stream::write(std::string_view bytes) {
    return change([&] {
        if (ended_) return false;
        ended_ = bytes.size() > waiting_bytes_max_ - waiting_.size();
        if (!ended_) waiting_ += bytes;
        return !ended_;
    });
}

void Stream::end() {
    change([&] { return ended_ = true; });
}

bool Stream::is_open() const {
    const std::lock_guard lock(mutex_);
    return !ended_;
}

std::size_t Stream::waiting_bytes() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
}

Stream::Piece Stream::take() {
    const std::lock_guard lock(mutex_);
    return {std::exchange(waiting_, {}), ended_};
}

void Stream::when_ready(std::function<void()> wake) {
    change([&] {
        wake_ = std::move(wake);
        return true;
    });
}

void Stream::close() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    waiting_ = {};
    wake_ = nullptr;  // nobody is left to be woken
}

}  // namespace wxpay::http
