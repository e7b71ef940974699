#include "sandbox/faults/fault_set.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "sandbox/faults/fault_json.hpp"
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

/// What it does and when, but not how it is called.
std::string definition_of(const Fault& fault) {
    auto json = to_json(fault);
    json.erase("id");
    return json.dump();
}

std::optional<Fault> fault_of(const KeptFault& kept) {
    auto fault = fault_from_json(nlohmann::json::parse(kept.definition));
    if (!fault) {
        spdlog::warn("fault {}: {}; it is dropped", kept.id, fault.error().detail);
        return std::nullopt;
    }
    fault->id = kept.id;
    return *std::move(fault);
}

}  // namespace

FaultSet::FaultSet(std::uint64_t seed, FaultKeeper* keeper)
    : dice_(seed ^ kDice), keeper_(keeper) {}

bool FaultSet::is_named(std::string_view id) const {
    return std::any_of(faults_.begin(), faults_.end(),
                       [id](const Counted& each) { return each.fault.id == id; });
}

std::string FaultSet::next_id() {
    std::string id;
    do id = fmt::format("f{}", ++last_id_);
    while (is_named(id));
    return id;
}

void FaultSet::keep(const Counted& counted) {
    if (keeper_ == nullptr) return;
    keeper_->keep({counted.fault.id, definition_of(counted.fault), counted.configured,
                   counted.matched, counted.injected});
}

void FaultSet::start_with(const std::vector<Fault>& configured) {
    const std::lock_guard lock(mutex_);
    std::vector<KeptFault> kept =
        keeper_ == nullptr ? std::vector<KeptFault>{} : keeper_->kept_faults();
    const auto is_same = [](const KeptFault& before, const Fault& fault) {
        return before.configured && (fault.id.empty() || fault.id == before.id) &&
               before.definition == definition_of(fault);
    };
    for (const Fault& fault : configured) {
        const auto before = std::find_if(
            kept.begin(), kept.end(), [&](const KeptFault& each) { return is_same(each, fault); });
        faults_.push_back({.fault = fault, .configured = true});
        if (before == kept.end()) continue;
        Counted& same = faults_.back();
        same.fault.id = before->id;
        same.matched = before->matched;
        same.injected = before->injected;
        kept.erase(before);
    }
    for (const KeptFault& each : kept) {
        auto fault = each.configured ? std::nullopt : fault_of(each);
        if (!fault) {
            keeper_->forget(each.id);
            continue;
        }
        Counted added{*std::move(fault), each.matched, each.injected};
        const auto replaced =
            std::find_if(faults_.begin(), faults_.end(),
                         [&](const Counted& other) { return other.fault.id == each.id; });
        if (replaced == faults_.end()) {
            faults_.push_back(std::move(added));
        } else {
            *replaced = std::move(added);
        }
    }
    for (Counted& each : faults_) {
        if (each.fault.id.empty()) each.fault.id = next_id();
        keep(each);
    }
    count_ = faults_.size();
}

Result<FaultSet::Counted> FaultSet::add(Fault fault) {
    const std::lock_guard lock(mutex_);
    const auto same = std::find_if(faults_.begin(), faults_.end(),
                                   [&](const Counted& each) { return each.fault.id == fault.id; });
    if (same == faults_.end() && faults_.size() >= kFaultsMax) {
        return Failure{Error{Errc::too_large,
                             fmt::format("there are {} faults; delete some first", kFaultsMax)}};
    }
    if (fault.id.empty()) fault.id = next_id();
    Counted added{std::move(fault)};
    keep(added);
    if (same != faults_.end()) return *same = std::move(added);
    faults_.push_back(std::move(added));
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

std::size_t FaultSet::remove_if(const std::function<bool(const Counted&)>& goes) {
    const std::lock_guard lock(mutex_);
    if (keeper_ != nullptr) {
        for (const Counted& each : faults_) {
            if (goes(each)) keeper_->forget(each.fault.id);
        }
    }
    const std::size_t gone = std::erase_if(faults_, goes);
    count_ = faults_.size();
    return gone;
}

bool FaultSet::remove(std::string_view id) {
    return remove_if([id](const Counted& each) { return each.fault.id == id; }) > 0;
}

std::size_t FaultSet::clear(std::string_view mch_id) {
    return remove_if(
        [mch_id](const Counted& each) { return mch_id.empty() || each.fault.mch_id == mch_id; });
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
        if (!matches(each.fault, target)) continue;
        const bool struck = strikes(each);
        try {
            if (keeper_ != nullptr) keeper_->count(each.fault.id, each.matched, each.injected);
        } catch (const std::runtime_error& problem) {
            spdlog::error("fault {}: its counts could not be kept: {}", each.fault.id,
                          problem.what());
        }
        if (struck) return strike(each.fault.id, each.fault.effect);
    }
    return std::nullopt;
}

Injection FaultSet::demand(Effect effect) { return strike("header", std::move(effect)); }

}  // namespace wxpay::sandbox
