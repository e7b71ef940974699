#include "sandbox/faults/fault_set.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::uint64_t kDice = 0x6661756c74734449;  // any number: another sequence than the ids'

/// From 0 on and below 1.
double fraction(Random& dice) {
    constexpr unsigned kUnused = 11;  // of 64 bits; a double holds 53
    constexpr double kSteps = 9007199254740992.0;
    return static_cast<double>(dice.next() >> kUnused) / kSteps;
}

}  // namespace

FaultSet::FaultSet(std::uint64_t seed) : dice_(seed ^ kDice) {}

Result<FaultSet::Counted> FaultSet::add(Fault fault) {
    const std::lock_guard lock(mutex_);
    const auto named = [this](std::string_view id) {
        return std::find_if(faults_.begin(), faults_.end(),
                            [id](const Counted& each) { return each.fault.id == id; });
    };
    if (fault.id.empty()) {
        do fault.id = fmt::format("f{}", ++last_id_);
        while (named(fault.id) != faults_.end());
    } else if (const auto same = named(fault.id); same != faults_.end()) {
        return *same = Counted{std::move(fault)};
    }
    if (faults_.size() >= kFaultsMax) {
        return Failure{Error{Errc::too_large,
                             fmt::format("there are {} faults; delete some first", kFaultsMax)}};
    }
    faults_.push_back({std::move(fault)});
    count_ = faults_.size();
    return faults_.back();
}

std::vector<FaultSet::Counted> FaultSet::list(std::string_view mch_id) const {
    std::vector<Counted> out;
    const std::lock_guard lock(mutex_);
    std::copy_if(faults_.begin(), faults_.end(), std::back_inserter(out), [&](const Counted& each) {
        return mch_id.empty() || each.fault.mch_id == mch_id;
    });
    return out;
}

std::optional<FaultSet::Counted> FaultSet::find(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(faults_.begin(), faults_.end(),
                                    [id](const Counted& each) { return each.fault.id == id; });
    return found == faults_.end() ? std::nullopt : std::optional(*found);
}

bool FaultSet::remove(std::string_view id) {
    const std::lock_guard lock(mutex_);
    const bool gone =
        std::erase_if(faults_, [id](const Counted& each) { return each.fault.id == id; }) > 0;
    count_ = faults_.size();
    return gone;
}

std::size_t FaultSet::clear(std::string_view mch_id) {
    const std::lock_guard lock(mutex_);
    const std::size_t gone = std::erase_if(faults_, [mch_id](const Counted& each) {
        return mch_id.empty() || each.fault.mch_id == mch_id;
    });
    count_ = faults_.size();
    return gone;
}

bool FaultSet::strikes(Counted& counted) {
    const Fault& fault = counted.fault;
    ++counted.matched;
    if (counted.matched <= fault.after) return false;
    if ((counted.matched - fault.after) % fault.every != 0) return false;
    if (fault.times && counted.injected >= *fault.times) return false;
    if (fault.probability < 1 && fraction(dice_) >= fault.probability) return false;
    ++counted.injected;
    return true;
}

Injection FaultSet::strike(std::string id, Effect effect) {
    Injection injection{std::move(id), std::move(effect)};
    if (const auto& delay = injection.effect.delay) {
        injection.delay = delay->from;
        if (delay->to > delay->from) {
            const auto choices = static_cast<std::uint64_t>((delay->to - delay->from).count()) + 1;
            injection.delay += Millis(static_cast<Millis::rep>(dice_.next() % choices));
        }
    }
    return injection;
}

std::optional<Injection> FaultSet::draw(const FaultTarget& target) {
    if (empty()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    for (Counted& each : faults_) {
        if (matches(each.fault, target) && strikes(each))
            return strike(each.fault.id, each.fault.effect);
    }
    return std::nullopt;
}

Injection FaultSet::demand(Effect effect) { return strike("header", std::move(effect)); }

}  // namespace wxpay::sandbox
