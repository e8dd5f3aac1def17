// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Why a kernel that loads signed modules only does not load ours, and what to do. */
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace perfbuf::program
{

/** The settings of the kernel and the machine for signatures. */
struct signing_state {
	std::string enforced_by; /**< empty: modules need no signature */
	std::string release;	 /**< of the kernel */
	bool dkms_has_a_key = false;
};

/** @param root "/", or a test's */
signing_state read_signing_state(const std::filesystem::path &root, const std::string &release);

/** @return whether a module's file ends with a signature; nothing if it is compressed or not there
 */
std::optional<bool> is_signed(const std::filesystem::path &module);

/**
 * @return the reason and then the commands, a line each; empty where the kernel loads modules
 * without a signature
 */
std::vector<std::string> signing_advice(const signing_state &state,
					const std::filesystem::path &module);

} // namespace perfbuf::program
