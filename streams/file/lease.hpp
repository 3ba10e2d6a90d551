// What an open holds on its way down the ladder. A lease gives back what it holds when it dies: a rung that refuses returns
// its errno and undoes nothing by hand, and since leases die in the reverse of the order they were taken in, the way back is
// the ladder walked up. The rung that succeeds keeps what the open file is to have. See also Reservation (process.cpp), the
// descriptor with its file, and BuiltStream (head.hpp).
#pragma once

#include "streams/file/node.hpp"
#include "streams/file/registry.hpp"

#include <cassert>
#include <cerrno>
#include <utility>

namespace rill {

// A node, which may be unlinked meanwhile.
class HeldNode {
public:
    HeldNode(NodeTable &nodes, Node &node) : nodes_(nodes), node_(&node) { ++node.refs; }
    ~HeldNode() {
        if (node_) nodes_.release(node_);
    }
    HeldNode(const HeldNode &) = delete;

    Node *keep() { return std::exchange(node_, nullptr); }

private:
    NodeTable &nodes_;
    Node *node_;
};

// A special file, held and locked. May be moved: what the target had is given back first.
class HeldDevice {
public:
    HeldDevice() = default;
    HeldDevice(HeldDevice &&other) noexcept : nodes_(other.nodes_), special_(std::exchange(other.special_, nullptr)) {}
    HeldDevice &operator=(HeldDevice &&other) noexcept {
        assert(this != &other);
        give_back();
        nodes_ = other.nodes_;
        special_ = std::exchange(other.special_, nullptr);
        return *this;
    }
    ~HeldDevice() { give_back(); }

    // ENOMEM without memory for it; EINTR or EDEADLK from waiting for its lock.
    int take(NodeTable &nodes, dev_t dev, bool interruptible) {
        assert(!special_);
        Special *special = nodes.hold(dev);
        if (!special) return ENOMEM;
        if (int error = nodes.lock(*special, interruptible)) {
            nodes.release(special);
            return error;
        }
        nodes_ = &nodes;
        special_ = special;
        return 0;
    }
    void give_back() {
        if (Special *special = keep()) nodes_->release(special);
    }
    Special *keep() { // the hold is the caller's, the lock the next opener's
        if (special_) {
            special_->opening = nullptr;
            nodes_->unlock(*special_);
        }
        return std::exchange(special_, nullptr);
    }

    explicit operator bool() const { return special_; }
    Special &operator*() const { return *special_; }
    Special *operator->() const { return special_; }

private:
    NodeTable *nodes_ = nullptr;
    Special *special_ = nullptr;
};

// A driver, which cannot be unloaded meanwhile.
class HeldDriver {
public:
    explicit HeldDriver(Registry &registry) : registry_(registry) {}
    ~HeldDriver() {
        if (driver_) registry_.release(*driver_);
    }
    HeldDriver(const HeldDriver &) = delete;

    int take(major_t external) { return registry_.hold(external, &driver_); } // ENXIO
    Driver &operator*() const { return *driver_; }
    Driver *operator->() const { return driver_; }

private:
    Registry &registry_;
    Driver *driver_ = nullptr;
};

} // namespace rill
