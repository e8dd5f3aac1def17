// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of perfbuf.persist=: its parameter, who may read what the boot before left, and what
 * becomes of a content that lies. kunit/guest/recorder/run runs it behind three reboots, with the
 * module and perfbuf_test_reboot.ko loaded.
 */
#include <array>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <linux/perfbuf_recorder.h>
#include <random>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "support/event.hpp"
#include "support/hooks.hpp"
#include "support/module.hpp"
#include "support/process.hpp"
#include "support/rights.hpp"

using namespace device_test;

namespace
{

constexpr const char *node = "/dev/perfbuf_recorders";
constexpr uint64_t at = 0x8000000;
constexpr size_t bytes = 1 << 20;
constexpr const char *attribute = "/sys/class/perfbuf/rebootdev/recorder";

int load_perfbuf(const std::string &parameters)
{
	return load_module("/perfbuf/perfbuf.ko", parameters);
}

int load_driver()
{
	return load_module("/root/perfbuf_test_reboot.ko", "kept_at=0x8400000");
}

bool has(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

/* The output of perfbuf dump --previous-boot, and "status N". */
std::string previous_boot()
{
	FILE *from = popen("perfbuf dump --previous-boot 2>&1; echo status $?", "r");
	std::string text;
	std::array<char, 4096> buffer;
	while (const size_t n = fread(buffer.data(), 1, buffer.size(), from))
		text.append(buffer.data(), n);
	pclose(from);
	return text;
}

/* 0 or an errno. */
int ask(perfbuf_previous_boot &wanted)
{
	const unique_fd fd(open(node, O_RDONLY | O_CLOEXEC));
	return ioctl(fd.get(), PERFBUF_IOC_PREVIOUS_BOOT, &wanted) ? errno : 0;
}

int ask()
{
	perfbuf_previous_boot wanted = {};
	return ask(wanted);
}

uint32_t crc32(const void *from, size_t count)
{
	const auto *byte = static_cast<const uint8_t *>(from);
	uint32_t value = ~0u;
	while (count--) {
		value ^= *byte++;
		for (int bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
	}
	return ~value;
}

/* The memory, while the module is out. */
class physical
{
public:
	physical() : fd_(open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC))
	{
		void *made =
			mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), at);
		if (made == MAP_FAILED)
			fail_errno("/dev/mem", errno);
		memory_ = static_cast<uint8_t *>(made);
	}
	~physical() { munmap(memory_, bytes); }
	physical(const physical &) = delete;
	uint8_t *begin() const { return memory_; }

private:
	unique_fd fd_;
	uint8_t *memory_;
};

perfbuf_persist_header header()
{
	perfbuf_persist_header made = {};
	memcpy(made.magic, PERFBUF_PERSIST_MAGIC, sizeof(made.magic));
	made.version = PERFBUF_PERSIST_VERSION;
	made.address = at;
	made.bytes = bytes;
	return made;
}

perfbuf_persist_header with_crc(perfbuf_persist_header of)
{
	of.crc = 0;
	of.crc = crc32(&of, sizeof(of));
	return of;
}

/* Each test begins and ends with the module as the guest has loaded it, but without the driver. */
class persisted_memory : public testing::Test
{
protected:
	persisted_memory()
	{
		std::istringstream words(read_file("/sys/module/perfbuf/parameters/persist"));
		words >> place;
		unload();
	}
	~persisted_memory() override
	{
		unload();
		EXPECT_EQ(load_perfbuf("persist=" + place), 0);
	}

	/* As the guest has loaded the module: 1M@0x8000000, or a name. */
	static inline std::string place;

	static void unload()
	{
		let_hooks_go();
		for (const char *each : {"perfbuf_test_reboot", "perfbuf"}) {
			const int error = unload_module(each);
			EXPECT_TRUE(!error || error == ENOENT) << each << ": " << errno_name(error);
		}
	}
	/* The program's message about memory that begins with @head. */
	static std::string said_of(const perfbuf_persist_header &head)
	{
		unload();
		memcpy(physical().begin(), &head, sizeof(head));
		EXPECT_EQ(load_perfbuf("persist=" + place), 0);
		return previous_boot();
	}
};

bool kernel_has(const std::string &symbol)
{
	std::ifstream file("/proc/kallsyms");
	for (std::string line; std::getline(file, line);)
		if (line.ends_with(" " + symbol))
			return true;
	return false;
}

} /* namespace */

/* The first, while what the boot before left is still there. */
TEST(previous_boot, an_image_is_read_with_CAP_PERFMON_only_and_into_a_large_enough_buffer)
{
	perfbuf_previous_boot wanted = {};
	EXPECT_EQ(ask(wanted), ENOSPC);
	EXPECT_EQ(wanted.bytes, bytes);
	EXPECT_NE(wanted.address, 0u);
	wanted.buffer = 8;
	EXPECT_EQ(ask(wanted), EFAULT);
	wanted.bytes = bytes - 1;
	EXPECT_EQ(ask(wanted), ENOSPC);
	std::vector<uint8_t> image(bytes);
	wanted.buffer = reinterpret_cast<uintptr_t>(image.data());
	EXPECT_EQ(ask(wanted), 0);
	EXPECT_EQ(memcmp(image.data(), PERFBUF_PERSIST_MAGIC, 16), 0);

	EXPECT_EQ(errno_of_open_with_rights({CAP_PERFMON}, node), 0);
	EXPECT_EQ(errno_of_open_with_rights({}, node), EACCES) << "by the owner of the node";
}

TEST_F(persisted_memory, a_bad_parameter_refuses_the_module_with_a_precise_errno)
{
	const int no_such_name = kernel_has("reserve_mem_find_by_name") ? ENOENT : EOPNOTSUPP;
	const struct {
		const char *parameter;
		int error;
	} cases[] = {
		{"", EINVAL},
		{"1M", EINVAL},
		{"1M@0x8000001", EINVAL},
		{"4K@0x8000000", EINVAL},
		{"1M@0x8000000,1M@0", EINVAL},
		{"2G@4G", E2BIG},
		{"nothing_of_that_name", no_such_name},
		/* the kernel's memory; and half of it what memmap= has reserved */
		{"1M@16M", EBUSY},
		{"1M@0x7f80000", EBUSY},
		/* where there is nothing */
		{"1M@0x2000000000", ENXIO},
	};
	for (const auto &each : cases)
		EXPECT_EQ(load_perfbuf(std::string("persist=") + each.parameter), each.error)
			<< each.parameter;
	EXPECT_EQ(load_perfbuf(""), 0);
	EXPECT_EQ(ask(), ENXIO);
	EXPECT_TRUE(has(previous_boot(), "load the module with persist="));
}

TEST_F(persisted_memory, a_removed_module_zeroes_the_memory_and_gives_it_back)
{
	ASSERT_EQ(load_perfbuf("persist=" + place), 0);
	ASSERT_EQ(load_driver(), 0);
	EXPECT_TRUE(has(read_file("/proc/iomem"), "08000000-080fffff : perfbuf"));
	unload();
	EXPECT_FALSE(has(read_file("/proc/iomem"), ": perfbuf"));
	{
		const physical memory;
		for (size_t i = 0; i < bytes; i += 8) {
			uint64_t word;
			memcpy(&word, memory.begin() + i, sizeof(word));
			ASSERT_EQ(word, 0u) << i;
		}
	}
	ASSERT_EQ(load_perfbuf("persist=" + place), 0);
	EXPECT_EQ(ask(), ENODATA);
	const std::string said = previous_boot();
	EXPECT_TRUE(has(said, "the boot before left nothing") && has(said, "status 1")) << said;
}

TEST_F(persisted_memory, a_forged_header_of_another_version_or_place_or_checksum_is_refused)
{
	auto head = header();
	head.version = 7;
	EXPECT_TRUE(
		has(said_of(with_crc(head)), "it is of version 7, this program reads version 1"));
	head = header();
	head.address += 4096;
	EXPECT_TRUE(has(said_of(with_crc(head)), "give it the same place in each boot"));
	head = header();
	head.bytes = ~0ull;
	EXPECT_TRUE(has(said_of(with_crc(head)), "give it the same place in each boot"));
	head = with_crc(header());
	head.crc ^= 1;
	EXPECT_TRUE(has(said_of(head), "another checksum"));
	const std::string said = said_of(with_crc(header()));
	EXPECT_TRUE(has(said, "no driver had a recorder in the boot before")) << said;
}

TEST_F(persisted_memory, forged_random_bytes_are_not_shown_and_the_memory_is_begun_anew)
{
	std::mt19937_64 random(1);
	for (int turn = 0; turn < 3; turn++) {
		unload();
		{
			const physical memory;
			for (size_t i = 0; i < bytes; i += 8) {
				const uint64_t word = random();
				memcpy(memory.begin() + i, &word, sizeof(word));
			}
			/* And with our magic before them. */
			if (turn)
				memcpy(memory.begin(), PERFBUF_PERSIST_MAGIC, 16);
			/* And with a version that is ours. */
			const uint32_t version = PERFBUF_PERSIST_VERSION;
			if (turn > 1)
				memcpy(memory.begin() + 16, &version, sizeof(version));
		}
		ASSERT_EQ(load_perfbuf("persist=" + place), 0);
		EXPECT_EQ(ask(), turn ? ENOSPC : EBADMSG);
		const std::string said = previous_boot();
		const char *const wanted[] = {"is not perfbuf's", "left by another perfbuf",
					      "another checksum"};
		EXPECT_TRUE(has(said, wanted[turn]) && has(said, "status 1")) << said;
		ASSERT_EQ(load_driver(), 0);
		EXPECT_TRUE(has(read_file(node), "source=rebootdev")) << "recorders go on";
	}
}

/* A recorder's page whose checksum is right, and which names pages outside of the memory. */
TEST_F(persisted_memory, a_forged_recorder_is_reported_and_left_out)
{
	unload();
	perfbuf_recorder_page page = {};
	memcpy(page.magic, PERFBUF_RECORDER_MAGIC, sizeof(page.magic));
	page.version = PERFBUF_RECORDER_VERSION;
	page.frame = at / 4096 + 3;
	page.description_bytes = 4096;
	page.frame_count = 1;
	page.frames[0] = 1;
	page.crc = crc32(&page, sizeof(page));
	memcpy(physical().begin() + 3 * 4096, &page, sizeof(page));
	const std::string said = said_of(with_crc(header()));
	EXPECT_TRUE(has(said,
			"a recorder cannot be read, at 0x8003000: a page of its description is "
			"not in the dump"))
		<< said;
	EXPECT_TRUE(has(said, "no driver had a recorder in the boot before that can be read"))
		<< said;
}

TEST_F(persisted_memory, a_recorder_that_is_too_large_goes_to_memory_that_a_reboot_loses)
{
	ASSERT_EQ(load_perfbuf("persist=64K@0x8000000"), 0);
	ASSERT_EQ(load_driver(), 0);
	EXPECT_FALSE(has(read_file(node), "persist=1")) << read_file(node);
	EXPECT_EQ(write_file(attribute, "4K"), 0);
	EXPECT_TRUE(has(read_file(node), "persist=1")) << read_file(node);
}

/* One that is not freed would soon leave no space for the next. */
TEST_F(persisted_memory, a_resized_or_removed_recorder_gives_its_pages_back)
{
	ASSERT_EQ(load_perfbuf("persist=" + place + " recorders_kept_max=1"), 0);
	ASSERT_EQ(load_driver(), 0);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(write_file(attribute, i % 2 ? "128K" : "64K"), 0);
		ASSERT_TRUE(has(read_file(node), "persist=1")) << read_file(node);
	}
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(unload_module("perfbuf_test_reboot"), 0);
		ASSERT_EQ(load_driver(), 0);
		std::istringstream lines(read_file(node));
		for (std::string line; std::getline(lines, line);)
			ASSERT_TRUE(has(line, "persist=1")) << line;
	}
}
