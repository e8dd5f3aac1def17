/* SPDX-License-Identifier: GPL-2.0 */
/* A source's open(): makes the stream of an event, and opens it. */
#pragma once

#include "device/one_cpu_stream.hpp"

#include <cxxrt/alloc.hpp>

namespace perfbuf
{

/* ENOMEM, and what Stream::open() says. */
template <typename Stream>
cxxrt::result<cxxrt::unique_ptr<stream>> make_open_stream(event &owner) noexcept
{
	cxxrt::unique_ptr<Stream> made = TRY(cxxrt::make<Stream>(cxxrt::gfp::kernel, owner));

	TRY(made->open());
	return cxxrt::unique_ptr<stream>(made.release());
}

/* The same: @OfTasks for an event with a target, else @OfCpu. */
template <typename OfTasks, typename OfCpu>
cxxrt::result<cxxrt::unique_ptr<stream>> open_stream(event &owner) noexcept
{
	return owner.target() ? make_open_stream<OfTasks>(owner) : make_open_stream<OfCpu>(owner);
}

} // namespace perfbuf
