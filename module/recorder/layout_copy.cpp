// SPDX-License-Identifier: GPL-2.0
/* Copies an event's layout, names included. Process context, may sleep. */
#include "recorder/layout_copy.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

/* Runs twice: without memory it counts the bytes, then it fills them. */
class layout_copy::filler
{
public:
	explicit filler(char *memory) noexcept : memory_(memory) {}

	template <typename T>
	T *array(u64 count) noexcept
	{
		used_ = cxxrt::round_up<u64>(used_, alignof(T));

		T *made = memory_ ? reinterpret_cast<T *>(memory_ + used_) : nullptr;

		used_ += count * sizeof(T);
		return made;
	}

	const char *text(const char *from) noexcept
	{
		const u64 bytes = __builtin_strlen(from) + 1;
		char *to = array<char>(bytes);

		if (to)
			__builtin_memcpy(to, from, bytes);
		return to;
	}

	const perfbuf_name *names(const perfbuf_name *from) noexcept
	{
		u64 count = 0;

		if (!from)
			return nullptr;
		while (from[count].name)
			count++;

		perfbuf_name *to = array<perfbuf_name>(count + 1);

		for (u64 i = 0; i < count; i++) {
			const char *name = text(from[i].name);

			if (to)
				to[i] = {from[i].value, name};
		}
		return to;
	}

	const perfbuf_field *fields(const perfbuf_layout &from) noexcept
	{
		perfbuf_field *to = array<perfbuf_field>(from.field_count);

		for (u32 i = 0; i < from.field_count; i++) {
			perfbuf_field field = from.fields[i];

			field.type = text(field.type);
			field.name = text(field.name);
			field.names = names(field.names);
			if (to)
				to[i] = field;
		}
		return to;
	}

	u64 used() const noexcept { return used_; }

private:
	char *memory_;
	u64 used_ = 0;
};

result<void> layout_copy::set(const perfbuf_layout &from) noexcept
{
	filler measure(nullptr);

	measure.fields(from);
	memory_ = cxxrt_alloc(measure.used() + 1, PB_GFP_KERNEL);
	if (!memory_)
		return error(ENOMEM);

	filler copy(static_cast<char *>(memory_));

	layout_ = {copy.fields(from), from.field_count, from.bytes};
	return {};
}

} // namespace perfbuf
