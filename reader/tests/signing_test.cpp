// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of the advice about signed modules.
#include "program/signing.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>

using namespace perfbuf::program;
namespace fs = std::filesystem;

namespace
{

class Signing : public testing::Test
{
protected:
	void SetUp() override
	{
		std::string name = (fs::temp_directory_path() / "signing.XXXXXX").string();
		ASSERT_NE(::mkdtemp(name.data()), nullptr);
		root = name;
	}
	void TearDown() override { fs::remove_all(root); }

	void write(const std::string &path, const std::string &text)
	{
		fs::create_directories((root / path).parent_path());
		std::ofstream(root / path, std::ios::binary) << text;
	}
	std::vector<std::string> advice(const std::string &module)
	{
		return signing_advice(read_signing_state(root, "6.1.0"), root / module);
	}
	static std::string all(const std::vector<std::string> &lines)
	{
		std::string text;
		for (const auto &line : lines)
			text += line + '\n';
		return text;
	}

	fs::path root;
	const std::string signature = "~Module signature appended~\n";
	const std::string lockdown = "sys/kernel/security/lockdown";
	const std::string enforce = "sys/module/module/parameters/sig_enforce";
};

TEST_F(Signing, KernelThatTakesAnyModuleGetsNoAdvice)
{
	write("perfbuf.ko", "code");
	EXPECT_TRUE(advice("perfbuf.ko").empty());
	write(lockdown, "[none] integrity confidentiality\n");
	write(enforce, "N\n");
	EXPECT_TRUE(advice("perfbuf.ko").empty());
}

TEST_F(Signing, AnUnsignedModuleIsExplainedByThreeCommands)
{
	write("perfbuf.ko", "code");
	write(enforce, "Y\n");
	const auto lines = advice("perfbuf.ko");
	ASSERT_EQ(lines.size(), 4u);
	EXPECT_NE(lines[0].find("(module.sig_enforce)"), std::string::npos) << lines[0];
	EXPECT_NE(lines[0].find("has none"), std::string::npos) << lines[0];
	EXPECT_NE(lines[1].find("openssl req "), std::string::npos) << lines[1];
	EXPECT_NE(lines[2].find("mokutil --import key.der"), std::string::npos) << lines[2];
	EXPECT_NE(
		lines[3].find("/lib/modules/6.1.0/build/scripts/sign-file sha256 key.pem key.der " +
			      (root / "perfbuf.ko").string()),
		std::string::npos)
		<< lines[3];
}

TEST_F(Signing, LockdownAndSecureBootAreNamed)
{
	write("perfbuf.ko", "");
	write(lockdown, "none [integrity] confidentiality\n");
	EXPECT_NE(all(advice("perfbuf.ko")).find("(lockdown)"), std::string::npos);
	write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
	      std::string("\6\0\0\0\1", 5));
	EXPECT_NE(all(advice("perfbuf.ko")).find("(Secure Boot)"), std::string::npos);
}

TEST_F(Signing, SignedModuleNeedsItsKeyEnrolled)
{
	write("perfbuf.ko", "code" + signature);
	write(enforce, "Y\n");
	const auto lines = advice("perfbuf.ko");
	ASSERT_EQ(lines.size(), 2u);
	EXPECT_NE(lines[0].find("is signed"), std::string::npos) << lines[0];
	EXPECT_NE(lines[1].find("mokutil --import"), std::string::npos) << lines[1];
}

TEST_F(Signing, ModuleOfDkmsIsSignedByItsKey)
{
	write("updates/dkms/perfbuf.ko.xz", "packed");
	write("var/lib/dkms/mok.pub", "certificate");
	write(enforce, "Y\n");
	const auto lines = advice("updates/dkms/perfbuf.ko.xz");
	ASSERT_EQ(lines.size(), 2u);
	EXPECT_NE(lines[1].find("mokutil --import /var/lib/dkms/mok.pub"), std::string::npos)
		<< lines[1];
}

TEST_F(Signing, TheSignatureOfACompressedModuleCannotBeJudged)
{
	write("perfbuf.ko.xz", "packed" + signature);
	write(enforce, "Y\n");
	EXPECT_EQ(is_signed(root / "perfbuf.ko.xz"), std::nullopt);
	EXPECT_NE(all(advice("perfbuf.ko.xz")).find("cannot be determined"), std::string::npos);
}

} // namespace
