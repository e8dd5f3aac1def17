/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader that looks at every instant, with the writer's own eyes: what
 * data_head has ever shown must be whole, in order, and stay so until it was
 * given back.
 */
#pragma once

#include "ledger.hpp"

#include <vector>

namespace perfbuf::model
{

class observer
{
public:
	observer(perf_buffer &ring, ledger &all);

	/* After every access of a writer. */
	void look();
	/* Takes everything that is there. */
	void drain();
	bool unread() const { return seen_ != tail_; }

	u64 head() const { return seen_; }

private:
	struct published {
		u64 position;
		u32 bytes;
		std::vector<u64> words;
	};

	u64 word(u64 position) const;
	published read(u64 position, u64 end) const;
	void take(u64 from, u64 to);
	/* Whether the writers may have begun to write over it (overwrite mode). */
	bool may_be_gone(const published &record) const;

	perf_buffer &ring_;
	ledger &all_;
	std::vector<char *> pages_;
	std::vector<published> kept_;
	u64 seen_;
	u64 tail_;
};

} // namespace perfbuf::model
