// RapidCheck under doctest. The seed is fixed, so that a run repeats itself; RC_PARAMS in the environment overrides it
// and the other parameters (RC_PARAMS="seed=5 max_success=10000"). A property that fails is reported with its seed, the
// shrunk case, and the words to give it again.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <rapidcheck.h>
#include <rapidcheck/detail/TestListenerAdapter.h>
#include <sstream>
#include <string>

namespace rill::test {

template <class Property> void holds(const std::string &name, int runs, Property &&property) {
    rc::detail::Configuration defaults;
    defaults.testParams.seed = 0x7269'6c6c;
    defaults.testParams.maxSuccess = runs;
    const char *chosen = std::getenv("RC_PARAMS");
    const rc::detail::Configuration config = rc::detail::configFromString(chosen ? chosen : "", defaults);
    const rc::detail::TestMetadata about{name, name};
    rc::detail::TestListenerAdapter nobody;
    const auto result = rc::detail::checkProperty(rc::detail::toProperty(std::forward<Property>(property)), about,
                                                  config.testParams, nobody, config.reproduce);
    if (result.template is<rc::detail::SuccessResult>()) {
        CHECK(result.template get<rc::detail::SuccessResult>().numSuccess > 0);
        return;
    }
    std::ostringstream text;
    rc::detail::printResultMessage(result, text);
    std::string again;
    if (result.template is<rc::detail::FailureResult>()) {
        rc::detail::Configuration once = config;
        once.reproduce.clear();
        once.reproduce.emplace(name, result.template get<rc::detail::FailureResult>().reproduce);
        again = "\nthis case alone: RC_PARAMS='" + rc::detail::configToMinimalString(once) + "'";
    }
    FAIL_CHECK(name << ", seed " << config.testParams.seed << " (RC_PARAMS='seed=" << config.testParams.seed
                    << " max_success=" << config.testParams.maxSuccess << "')\n"
                    << text.str() << again);
}

} // namespace rill::test
