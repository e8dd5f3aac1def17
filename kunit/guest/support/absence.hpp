/* SPDX-License-Identifier: GPL-2.0 */
/* A processor that goes and comes back. */
#pragma once

namespace device_test
{

/* Processor 1 is away while the object lives. */
class absence
{
public:
	static constexpr int cpu = 1;

	absence();
	~absence() { end(); }
	void end();

private:
	bool over_ = false;
};

} /* namespace device_test */
