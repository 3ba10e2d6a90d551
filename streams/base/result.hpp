// An errno or a value. Functions that only succeed or fail return the errno itself, 0 for success, as kernels do.
#pragma once

#include <cassert>
#include <utility>

namespace rill {

template <class T> class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}
    static Result failure(int error) {
        assert(error != 0);
        Result r{T{}};
        r.error_ = error;
        return r;
    }

    explicit operator bool() const { return error_ == 0; }
    int error() const { return error_; }
    T &operator*() {
        assert(error_ == 0);
        return value_;
    }

private:
    T value_;
    int error_ = 0;
};

} // namespace rill
