// SPDX-License-Identifier: GPL-2.0
/*
 * The product's registry, and one source more: for a module that is built with
 * TEST_SOURCES=1.
 */
#define perfbuf_typed_init perfbuf_product_typed_init
#define perfbuf_typed_exit perfbuf_product_typed_exit
#include "../../../module/sources/registry.cpp"
#undef perfbuf_typed_init
#undef perfbuf_typed_exit

#include "device/file.hpp"
#include "pattern.hpp"

extern "C" {
int perfbuf_typed_init(void) noexcept;
void perfbuf_typed_exit(void) noexcept;
}

int perfbuf_typed_init(void) noexcept
{
	const int ret = perfbuf_product_typed_init();

	if (ret)
		return ret;

	auto added = perfbuf::the_device().add(perfbuf::the_pattern, nullptr, 0);

	if (!added)
		perfbuf_product_typed_exit();
	return added.as_return();
}

void perfbuf_typed_exit(void) noexcept
{
	perfbuf::the_device().remove(perfbuf::the_pattern);
	perfbuf_product_typed_exit();
}
