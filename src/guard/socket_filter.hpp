// A socket filter (classic BPF) that drops datagrams of some addresses inside of the kernel.
#pragma once

#include "base/net.hpp"

#include <linux/filter.h>

#include <span>
#include <vector>

namespace switchroom::guard {

/// How many addresses one filter holds; the kernel takes 4096 instructions.
inline constexpr std::size_t filter_room = 1000;

/// The program for a UDP socket: drops what comes from one of `addresses` (IPv4, or the first 64 bits of
/// IPv6; see banned_part), passes all else. More than filter_room are left out. Needs no privileges.
std::vector<sock_filter> drop_from(std::span<const base::IpAddress> addresses);

/// Puts it on a socket, or takes an old one off when there is no address. False: the kernel refused (errno).
bool attach_filter(int socket, std::span<const base::IpAddress> addresses);

}  // namespace switchroom::guard
