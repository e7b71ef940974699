#pragma once

#include <atomic>
#include <stdexcept>
#include <string>
#include <utility>

#include "sandbox/store/brief_mutex.hpp"

namespace wxpay::sandbox {

/// The outcome of a commit that several threads wait for.
class SharedCommit {
  public:
    /// Until it is decided; throws std::runtime_error when the commit failed.
    void wait() const {
        for (int look = 0; look < kBriefLooks && state_ == State::open; ++look) pause_briefly();
        state_.wait(State::open);
        if (state_ == State::failed) throw std::runtime_error(problem_);
    }
    void succeed() { decide(State::done); }
    void fail(std::string problem) {
        problem_ = std::move(problem);
        decide(State::failed);
    }

  private:
    enum class State { open, done, failed };
    void decide(State state) {
        state_ = state;
        state_.notify_all();
    }

    std::atomic<State> state_{State::open};
    std::string problem_;
};

}  // namespace wxpay::sandbox
