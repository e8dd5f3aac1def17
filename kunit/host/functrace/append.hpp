/* SPDX-License-Identifier: GPL-2.0 */
/* A file that is put together piece by piece. */
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace functrace_test
{

template <typename T>
void append(std::vector<std::byte> &to, const T &value)
{
	const auto view = std::as_bytes(std::span(&value, 1));
	to.insert(to.end(), view.begin(), view.end());
}

} // namespace functrace_test
