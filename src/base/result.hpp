// The one way to report an expected failure: a value or an Error.
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace switchroom::base {

/// What went wrong, in words that a person can act on. Folders whose callers branch on the kind of
/// failure use result<T, TheirEnum> instead.
struct Error {
  std::string what;
};

/// Called by result::value() when there is none; value() without a check is for broken invariants.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.what);
}

template <class T, class E = Error>
using result = boost::system::result<T, E>;

}  // namespace switchroom::base
