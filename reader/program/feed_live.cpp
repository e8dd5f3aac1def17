// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The live feed: opens files, reads their rings, and merges records by time.
#include <fmt/format.h>
#include <perfbuf/merge.hpp>

#include "perfdata/kernel_maps.hpp"
#include "perfdata/processes.hpp"
#include "perfdata/synthesize.hpp"
#include "program/attr.hpp"
#include "program/events.hpp"
#include "program/failure.hpp"
#include "program/feed.hpp"
#include "program/open_files.hpp"
#include "program/parse.hpp"
#include "program/recording_loop.hpp"
#include "program/signals.hpp"
#include "program/sources.hpp"
#include "program/threads.hpp"
#include "program/workload.hpp"

namespace perfbuf::program
{

namespace
{

class live_feed : public feed
{
public:
	live_feed(const record_options &options, const opener &open,
		  std::optional<std::chrono::milliseconds> every);

	const std::vector<perfdata::recorded_event> &events() const override { return described_; }
	const perfdata::recording *recorded() const override { return nullptr; }
	std::string name() const override { return "live"; }
	int run(const perfdata::record_visitor &use,
		const std::function<bool(const pass_facts &)> &pass) override;

private:
	void describe();
	void feed_running_tasks(const perfdata::record_visitor &use) const;
	void read_rings(const perfdata::record_visitor &use, bool last);
	const perfdata::recorded_event &event_of(const reader::record &record) const;

	record_options options_;
	signals signals_;
	std::optional<workload> child_;
	std::vector<chosen_event> chosen_;
	std::vector<perf_event_attr> attrs_;
	open_files files_;
	std::vector<perfdata::recorded_event> described_;
	std::map<uint64_t, size_t> by_id_;
	reader::merge waiting_;
	uint64_t seen_before_ = 0; // the newest time of the passes before
	uint64_t lost_ = 0;
	uint64_t given_up_ = 0; // bytes of rings that made no sense
	std::optional<std::chrono::milliseconds> every_;
};

live_feed::live_feed(const record_options &options, const opener &open,
		     std::optional<std::chrono::milliseconds> every)
	: options_(options), chosen_(choose_events(options)), attrs_(make_attrs(options, chosen_)),
	  every_(every)
{
	for (const auto &each : chosen_)
		if (each.is_trace())
			throw failure(exit_usage, "functrace writes no samples: see perfbuf trace");
	std::vector<pid_t> threads{-1};
	if (!options.command.empty())
		child_.emplace(options.command, signals_.before(), true);
	if (!options.pids.empty())
		threads = recorded_threads(options);
	else if (!options.all_cpus)
		threads = {child_->pid()};
	files_ = open_all(options, chosen_, attrs_, threads, open);
	describe();
}

void live_feed::describe()
{
	for (size_t at = 0; at < chosen_.size(); at++) {
		perfdata::recorded_event event;
		event.attr = attrs_[at];
		event.ids = files_.ids[at];
		event.name = chosen_[at].reported_name();
		if (chosen_[at].is_typed())
			if (auto format = reader::parse_format(chosen_[at].typed.format))
				event.format = *std::move(format);
		event.decoder = reader::decoder(attrs_[at]);
		for (const uint64_t id : event.ids)
			by_id_[id] = at;
		described_.push_back(std::move(event));
	}
}

const perfdata::recorded_event &live_feed::event_of(const reader::record &record) const
{
	const auto id = described_.front().decoder.id_of(record);
	const auto found = id ? by_id_.find(*id) : by_id_.end();
	return described_[found == by_id_.end() ? 0 : found->second];
}

// Records for what runs already: their maps and names.
void live_feed::feed_running_tasks(const perfdata::record_visitor &use) const
{
	const auto &first = described_.front();
	perfdata::bytes records;
	perfdata::synthesizer to(records, first.decoder.identity_size());
	if (const auto kernel = perfdata::read_kernel_map())
		to.kernel(*kernel);
	for (const auto &module : perfdata::read_module_maps())
		to.kernel(module);
	if (options_.all_cpus)
		for (const auto &process : perfdata::read_processes(perfdata::maps::code))
			to.process(process);
	std::vector<pid_t> pids = options_.pids;
	if (child_)
		pids.push_back(child_->pid());
	for (const pid_t pid : pids)
		if (const auto process = perfdata::read_process(static_cast<uint32_t>(pid),
								perfdata::maps::code))
			to.process(*process);
	reader::each_record(records.view(),
			    [&](const reader::record &record) { use(record, first, 0); });
}

void live_feed::read_rings(const perfdata::record_visitor &use, bool last)
{
	// By the fence the order is exact. The kernel's own files have none: there the limit is
	// that of perf, the newest time that the pass before saw.
	const uint64_t limit = reader::fence_of(files_.files).value_or(seen_before_);
	for (auto &each : files_.rings) {
		each.ring.refresh();
		const auto outcome = each.ring.each([&](const reader::record &record) {
			const auto &event = event_of(record);
			if (record.type() == PERF_RECORD_LOST) {
				const auto decoded = event.decoder.decode(record);
				if (const auto *loss = std::get_if<reader::lost_event>(&decoded))
					lost_ += loss->lost;
			}
			waiting_.add(event.decoder.time_of(record).value_or(0), record,
				     static_cast<uint32_t>(&event - described_.data()));
		});
		each.ring.release();
		if (outcome == reader::step::corrupt)
			given_up_ += each.ring.skip_all();
	}
	const auto give = [&](const reader::record &record, uint64_t time, uint32_t which) {
		use(record, described_[which], time);
	};
	if (last)
		waiting_.finish(give);
	else
		waiting_.flush(limit, give);
	seen_before_ = waiting_.last_time();
}

int live_feed::run(const perfdata::record_visitor &use,
		   const std::function<bool(const pass_facts &)> &pass)
{
	std::optional<int> signal;
	int status = 0;
	{
		recording_loop loop(signals_, child_, true);
		if (every_)
			loop.pass_every(*every_);
		feed_running_tasks(use);
		loop.run(files_.files, attrs_.front().enable_on_exec, options_.duration,
			 [&](bool last) {
				 read_rings(use, last);
				 return pass({last, lost_});
			 });
		status = loop.end_command();
		signal = loop.signal();
	}
	if (given_up_)
		throw failure(exit_failed, fmt::format("{} of a ring made no sense and are "
						       "missing: see perfbuf doctor, and "
						       "the kernel's log",
						       human_size(given_up_)));
	// A user who has seen enough presses Ctrl-C: that is no failure.
	return signal && *signal != SIGINT ? 128 + *signal : status;
}

} // namespace

std::unique_ptr<feed> open_live(const record_options &options, const opener &open,
				std::optional<std::chrono::milliseconds> every)
{
	return std::make_unique<live_feed>(options, open, every);
}

} // namespace perfbuf::program
