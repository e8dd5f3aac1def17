// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Finds whether the kernel demands signed modules, and whether ours is signed.
#include "program/signing.hpp"

#include <array>
#include <fmt/format.h>
#include <fstream>

#include "program/sources.hpp"

namespace perfbuf::program
{

namespace
{

namespace fs = std::filesystem;

constexpr std::string_view signature_end = "~Module signature appended~\n";
constexpr const char *dkms_certificate = "/var/lib/dkms/mok.pub";

// A variable of EFI: four bytes of attributes, then the value.
bool secure_boot_is_on(const fs::path &root)
{
	std::ifstream file(root / "sys/firmware/efi/efivars/"
				  "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
			   std::ios::binary);
	std::array<char, 5> bytes{};
	return file.read(bytes.data(), bytes.size()) && bytes[4] == 1;
}

} // namespace

signing_state read_signing_state(const fs::path &root, const std::string &release)
{
	signing_state state;
	state.release = release;
	const std::string lockdown = first_line(root / "sys/kernel/security/lockdown");
	std::error_code ignored;
	if (first_line(root / "sys/module/module/parameters/sig_enforce") == "Y")
		state.enforced_by = "module.sig_enforce";
	else if (lockdown.find("[integrity]") != std::string::npos ||
		 lockdown.find("[confidentiality]") != std::string::npos)
		state.enforced_by = "lockdown";
	if (!state.enforced_by.empty() && secure_boot_is_on(root))
		state.enforced_by = "Secure Boot";
	state.dkms_has_a_key =
		fs::exists(root / fs::path(dkms_certificate).relative_path(), ignored);
	return state;
}

std::optional<bool> is_signed(const fs::path &module)
{
	if (module.extension() != ".ko")
		return std::nullopt;
	std::ifstream file(module, std::ios::binary | std::ios::ate);
	if (!file)
		return std::nullopt;
	const auto bytes = static_cast<std::streamoff>(file.tellg());
	if (bytes < static_cast<std::streamoff>(signature_end.size()))
		return false;
	file.seekg(bytes - static_cast<std::streamoff>(signature_end.size()));
	std::string end(signature_end.size(), '\0');
	file.read(end.data(), static_cast<std::streamsize>(end.size()));
	return end == signature_end;
}

std::vector<std::string> signing_advice(const signing_state &state, const fs::path &module)
{
	if (state.enforced_by.empty())
		return {};
	const std::string enrol = "(and a reboot, where the firmware asks for the password that "
				  "mokutil took)";
	const auto has_one = is_signed(module);
	const std::string where = module.string();
	if (state.dkms_has_a_key && where.find("/dkms/") != std::string::npos)
		return {fmt::format("signature: this kernel loads modules with a trusted signature "
				    "only ({}): DKMS signs with a key of its own; if modprobe says "
				    "that the key was rejected, enrol it:",
				    state.enforced_by),
			fmt::format("    mokutil --import {}    {}", dkms_certificate, enrol)};
	if (has_one.value_or(false))
		return {fmt::format("signature: {} is signed; if modprobe says that the key was "
				    "rejected, this kernel ({}) does not trust that key: enrol it:",
				    where, state.enforced_by),
			fmt::format("    mokutil --import key.der    {}", enrol)};
	return {fmt::format(
			"signature: this kernel loads modules with a trusted signature only ({}), "
			"and {}: make a key, enrol it {}, and sign:",
			state.enforced_by,
			has_one ? where + " has none"
				: "whether " + where + " has one cannot be determined",
			enrol),
		"    openssl req -new -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=perfbuf/ "
		"-keyout key.pem -outform DER -out key.der",
		"    mokutil --import key.der",
		fmt::format("    /lib/modules/{}/build/scripts/sign-file sha256 key.pem key.der {}",
			    state.release, where)};
}

} // namespace perfbuf::program
