// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Fields that stand for more than their bytes: what each kind of the module's format is. */
#include <gtest/gtest.h>
#include <perfbuf/format.hpp>

#include <cstring>
#include <random>

using namespace perfbuf::reader;

namespace
{

const char *const text =
	"name: kinds\nID: 7\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n"
	"\tfield:bool on;\toffset:8;\tsize:1;\tsigned:0;\n"
	"\tfield:void * where;\toffset:9;\tsize:8;\tsigned:0;\n"
	"\tfield:u8 src[4];\toffset:17;\tsize:4;\tsigned:0;\n"
	"\tfield:u8 dst[16];\toffset:21;\tsize:16;\tsigned:0;\n"
	"\tfield:u8 station[6];\toffset:37;\tsize:6;\tsigned:0;\n"
	"\tfield:u8 volume[16];\toffset:43;\tsize:16;\tsigned:0;\n"
	"\tfield:__data_loc u16[] shorts;\toffset:59;\tsize:4;\tsigned:0;\n"
	"\tfield:__data_loc s64[] wides;\toffset:63;\tsize:4;\tsigned:1;\n"
	"\tfield:u16 mask;\toffset:67;\tsize:2;\tsigned:0;\n"
	"\tfield:u8 plain[4];\toffset:69;\tsize:4;\tsigned:0;\n"
	"\nprint fmt: \"on=%s where=0x%llx src=%pI4 dst=%pI6c station=%pM volume=%pUb shorts=%s "
	"wides=%s mask=0x%x plain=%s\", __print_symbolic(REC->on, { 0, \"false\" }, { 1, \"true\" "
	"}), REC->where, REC->src, REC->dst, REC->station, REC->volume, "
	"__print_array(__get_dynamic_array(shorts), (__get_dynamic_array_len(shorts) / 2), 2), "
	"__print_array(__get_dynamic_array(wides), (__get_dynamic_array_len(wides) / 8), 8), "
	"REC->mask, __print_array(REC->plain, 4, 1)\n";

typed_format parsed(const std::string &from = text)
{
	const auto format = parse_format(from);
	EXPECT_TRUE(format) << format.error().text;
	return format ? *format : typed_format{};
}

class payload
{
public:
	payload() : bytes_(73)
	{
		put<uint8_t>(8, 1);
		put<uint64_t>(9, 0xffff888012345678);
		put<uint32_t>(17, 0x0100000a);
		put<uint16_t>(21, 0x0120);
		put<uint16_t>(23, 0xb80d);
		put<uint8_t>(36, 1);
		put<uint32_t>(37, 0x105e0002);
		put<uint16_t>(41, 0xff00);
		put<uint32_t>(43, 0x78563412);
		put<uint16_t>(67, 0xbeef);
		put<uint32_t>(69, 0x04030201);
		append<uint16_t>(59, {1, 0xffff, 3});
		append<int64_t>(63, {INT64_MIN, 5});
	}

	template <typename T>
	void put(size_t at, T value)
	{
		std::memcpy(&bytes_[at], &value, sizeof(value));
	}

	template <typename T>
	void append(size_t at, const std::vector<T> &values)
	{
		put(at, static_cast<uint32_t>(bytes_.size() | values.size() * sizeof(T) << 16));
		const auto *from = reinterpret_cast<const std::byte *>(values.data());
		bytes_.insert(bytes_.end(), from, from + values.size() * sizeof(T));
	}

	std::span<const std::byte> view() const { return bytes_; }

private:
	std::vector<std::byte> bytes_;
};

TEST(Kinds, EachIsShownAsPeopleWriteIt)
{
	const auto format = parsed();
	const payload values;
	const auto shown = [&](const char *field) {
		return format.find(field)->show(values.view());
	};
	EXPECT_EQ(shown("on"), "true");
	EXPECT_EQ(shown("where"), "0xffff888012345678");
	EXPECT_EQ(shown("src"), "10.0.0.1");
	EXPECT_EQ(shown("dst"), "2001:db8::1");
	EXPECT_EQ(shown("station"), "02:00:5e:10:00:ff");
	EXPECT_EQ(shown("volume"), "12345678-0000-0000-0000-000000000000");
	EXPECT_EQ(shown("shorts"), "1 65535 3");
	EXPECT_EQ(shown("wides"), "-9223372036854775808 5");
	EXPECT_EQ(shown("mask"), "0xbeef");
	EXPECT_EQ(shown("plain"), "1 2 3 4");
	EXPECT_EQ(format.find("on")->form, field_form::boolean);
	EXPECT_EQ(format.find("where")->form, field_form::pointer);
	EXPECT_FALSE(format.find("plain")->is_octets());
}

TEST(Kinds, ArraysOfAnyLengthHaveTheirElements)
{
	const auto format = parsed();
	const payload values;
	const auto *wides = format.find("wides");
	EXPECT_EQ(wides->width(), 8u);
	EXPECT_EQ(wides->count(values.view()), 2u);
	EXPECT_EQ(wides->integer(values.view(), 0), static_cast<uint64_t>(INT64_MIN));
	EXPECT_EQ(wides->integer(values.view(), 1), 5u);
	EXPECT_EQ(wides->integer(values.view(), 2), std::nullopt);
	EXPECT_EQ(format.find("shorts")->integer(values.view(), 1), 0xffffu);
}

TEST(Kinds, APayloadThatEndsEarlyOrLiesIsShownWithoutReadingBehindIt)
{
	const auto format = parsed();
	payload values;
	for (size_t size = 0; size <= values.view().size(); size++) {
		const std::vector<std::byte> cut(values.view().begin(),
						 values.view().begin() +
							 static_cast<ptrdiff_t>(size));
		for (const auto &field : format.fields)
			(void)field.show(cut);
		EXPECT_EQ(format.find("src")->show(cut) == "10.0.0.1", size >= 21);
	}
	values.put(59, ~uint32_t{0});
	EXPECT_EQ(format.find("shorts")->show(values.view()), "");
	values.put(59, uint32_t{73 | 3 << 16});
	EXPECT_EQ(format.find("shorts")->show(values.view()), "1") << "half an element is left out";
}

TEST(Kinds, ADirectiveThatDoesNotFitTheFieldIsNotBelieved)
{
	std::string bad = text;
	bad.replace(bad.find("src=%pI4"), 8, "src=%pI6c");
	EXPECT_FALSE(parsed(bad).find("src")->is_octets()) << "4 bytes are no IPv6 address";
	bad = text;
	bad.replace(bad.find("shorts=%s"), 9, "shorts=%pM");
	EXPECT_FALSE(parsed(bad).find("shorts")->is_octets());
	// The field whose name ends as another's.
	bad = text;
	bad.replace(bad.find("plain=%s"), 8, "xsrc=%pM plain=%s");
	EXPECT_EQ(parsed(bad).find("src")->form, field_form::ipv4);
}

// A module or a file that lies: no format makes a read outside of the payload.
TEST(Kinds, AnyFormatAndAnyPayloadAreReadWithinTheirBounds)
{
	constexpr std::string_view characters = "0123456789;:[]{}(),\"%_ pIMUxcb-\t\nREC>=";
	std::mt19937_64 random(11);
	const payload values;
	size_t parsed_formats = 0, shown = 0;
	for (int round = 0; round < 20'000; round++) {
		std::string lie = text;
		for (size_t change = random() % 6; change; change--) {
			const size_t at = random() % lie.size();
			switch (random() % 4) {
			case 0:
				lie.erase(at, random() % 20);
				break;
			case 1:
				lie.insert(at, lie.substr(random() % lie.size(), random() % 40));
				break;
			case 2:
				lie.insert(at, std::to_string(random() >> random() % 64));
				break;
			default:
				lie[at] = characters[random() % characters.size()];
			}
		}
		// In memory of its own size, so that a sanitizer sees a read behind the end.
		std::vector<std::byte> bytes(values.view().begin(), values.view().end());
		bytes.resize(random() % 4 ? bytes.size() : random() % 120);
		bytes.shrink_to_fit();
		for (size_t change = bytes.empty() ? 0 : random() % 8; change; change--)
			bytes[random() % bytes.size()] = static_cast<std::byte>(random());
		const auto format = parse_format(lie);
		if (!format)
			continue;
		parsed_formats++;
		const auto inside = [&](const void *from, size_t size) {
			const auto *at = static_cast<const std::byte *>(from);
			return !size ||
			       (at >= bytes.data() && at + size <= bytes.data() + bytes.size());
		};
		for (const auto &field : format->fields) {
			const auto own = field.bytes(bytes);
			const auto string = field.text(bytes);
			ASSERT_TRUE(inside(own.data(), own.size())) << lie;
			ASSERT_TRUE(inside(string.data(), string.size())) << lie;
			const size_t count = field.count(bytes);
			for (const size_t element :
			     {size_t{0}, size_t{1}, count - 1, count, SIZE_MAX})
				EXPECT_TRUE(!field.integer(bytes, element) || element < count)
					<< lie;
			shown += field.show(bytes).size();
		}
	}
	EXPECT_GT(parsed_formats, 5000u);
	EXPECT_GT(shown, 100'000u);
}

} // namespace
