/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface by which a typed source calls its flight recorder, which is in the layer above
 * (module/recorder): when the source is registered and withdrawn, and for its sysfs attribute.
 */
#pragma once

#include "device/text.hpp"

#include <cxxrt/result.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

class typed_source;

/* Dumps of a recorder that the source's driver requests. */
class dump_requests
{
public:
	virtual ~dump_requests() = default;

	/* Of @device, a struct device. Made later, in process context. EINVAL, ENOENT (nothing is
	 * recorded), EBUSY (one is pending), EAGAIN (the last was a short time ago). Any context,
	 * NMI included. */
	virtual cxxrt::result<void> request(void *device) noexcept = 0;
	/* No more dumps are requested; on return those that were requested are made. Process
	 * context, sleeps.
	 */
	virtual void finish() noexcept = 0;
};

class recording
{
public:
	/* The source is set up, and nothing can be emitted yet. An error refuses the source, and is
	 * in the log. Process context, may sleep. */
	virtual cxxrt::result<void> begin(typed_source &of,
					  const perfbuf_source &made) noexcept = 0;
	/* The events are withdrawn: nothing is emitted any more. Process context, may sleep. */
	virtual void end(typed_source &of) noexcept = 0;
	/* The recorder's configuration as text: shows it, changes it. Under the source's mutex,
	 * while it is registered. Process context, may sleep. */
	virtual void show(typed_source &of, text_writer &out) noexcept = 0;
	virtual cxxrt::result<void> change(typed_source &of, const char *text) noexcept = 0;

	/* At the module's start. */
	static void set(recording *implementation) noexcept
	{
		the_implementation_ = implementation;
	}
	static recording *get() noexcept { return the_implementation_; }

protected:
	~recording() = default;

private:
	static inline constinit recording *the_implementation_ = nullptr;
};

} // namespace perfbuf
