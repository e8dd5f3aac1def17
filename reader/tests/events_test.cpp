// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of the names of -e, of events in sysfs, and of stat's rates.
#include <fstream>
#include <gtest/gtest.h>

#include "program/attr.hpp"
#include "program/events.hpp"
#include "program/explain.hpp"
#include "program/failure.hpp"
#include "program/filter_mistake.hpp"
#include "program/open_files.hpp"
#include "program/rates.hpp"
#include "run_command.hpp"
#include "typed_event.hpp"

using namespace perfbuf;
using namespace perfbuf::program;

namespace
{

std::vector<source> some_sources()
{
	return {{"clock", {}, {}},
		{"mydev",
		 {},
		 {{"tick", 7, "name: tick\nID: 7\nformat:\n"},
		  {"tock", 8, "name: tock\nID: 8\nformat:\n"}}}};
}

std::vector<std::string> chosen(const std::string &text)
{
	std::vector<std::string> names;
	for (const auto &event : choose_events(parse_events(text), some_sources()))
		names.push_back(event.name());
	return names;
}

template <typename Does>
std::string refusal(Does does)
{
	try {
		does();
	} catch (const failure &why) {
		EXPECT_EQ(why.status(), exit_usage);
		EXPECT_EQ(std::string(why.what()).find('\n'), std::string::npos);
		return why.what();
	}
	ADD_FAILURE() << "it was accepted";
	return {};
}

using names = std::vector<std::string>;

} // namespace

TEST(Events, EventsAreChosenByNameAndPattern)
{
	EXPECT_EQ(chosen("clock"), names{"clock"});
	EXPECT_EQ(chosen("mydev:tick"), names{"mydev:tick"});
	EXPECT_EQ(chosen("mydev:*"), (names{"mydev:tick", "mydev:tock"}));
	EXPECT_EQ(chosen("mydev:*ck"), (names{"mydev:tick", "mydev:tock"}));
	EXPECT_EQ(chosen("mydev"), (names{"mydev:tick", "mydev:tock"}));
	EXPECT_EQ(chosen("mydev:tock,clock,mydev:*"), (names{"mydev:tock", "clock", "mydev:tick"}))
		<< "each once";
	EXPECT_EQ(chosen("not-there"), names{"not-there"}) << "open() says what is wrong";
}

TEST(Events, AWrongNameIsRefusedWithTheNamesThatExist)
{
	for (const char *text : {"", ",", "clock,", ":tick", "mydev:", "mydev:a:b", "mydev:a b"})
		refusal([&] { parse_events(text); });
	EXPECT_NE(refusal([] { chosen("mydev:tack"); }).find("tick, tock"), std::string::npos);
	EXPECT_NE(refusal([] { chosen("yours:tick"); }).find("clock, mydev"), std::string::npos);
	EXPECT_NE(refusal([] { chosen("clock:tick"); }).find("no typed events"), std::string::npos);
}

TEST(Events, ACountersNameAloneIsAnsweredWithItsSource)
{
	EXPECT_NE(refusal([] { chosen("cycles"); }).find("-e pmu:cycles"), std::string::npos);
	EXPECT_NE(refusal([] { chosen("page-faults"); }).find("-e pmu:page-faults"),
		  std::string::npos);
}

TEST(Events, TracepointsAreFoundByNameInTracefs)
{
	const tests::scratch_directory tracefs;
	for (const auto &[name, id] : {std::pair("sched_switch", 300), {"sched_waking", 301}}) {
		const auto directory = tracefs.path() / "events/sched" / name;
		std::filesystem::create_directories(directory);
		std::ofstream(directory / "id") << id << '\n';
		std::ofstream(directory / "format") << "name: " << name << '\n';
	}
	std::ofstream(tracefs.path() / "events/sched/enable") << "0\n";
	const auto find = [&](const std::string &text) {
		return choose_events(parse_events(text), some_sources(), tracefs.path());
	};
	const auto event = find("sched:sched_switch");
	ASSERT_EQ(event.size(), 1u);
	EXPECT_EQ(event[0].source, "pmu") << "whose counters may be tracepoints";
	EXPECT_EQ(event[0].name(), "sched:sched_switch");
	EXPECT_EQ(event[0].reported_name(), "sched:sched_switch");
	EXPECT_EQ(make_attrs({}, event)[0].type, uint32_t{PERF_TYPE_TRACEPOINT});
	EXPECT_EQ(make_attrs({}, event)[0].config, 300u);
	EXPECT_EQ(find("sched:*").size(), 2u);
	EXPECT_NE(refusal([&] { find("sched:sched_other"); }).find("no source \"sched\""),
		  std::string::npos);
	EXPECT_NE(refusal([&] {
			  choose_events({{"sched", "sched_switch", "prev_pid == 1"}},
					some_sources(), tracefs.path());
		  }).find("--filter"),
		  std::string::npos);
}

TEST(Events, TheMarkerIsTheOnlyEventOfFtraceThatIsRecorded)
{
	const tests::scratch_directory tracefs;
	for (const auto &[name, id] : {std::pair("print", 5), {"function", 1}}) {
		const auto directory = tracefs.path() / "events/ftrace" / name;
		std::filesystem::create_directories(directory);
		std::ofstream(directory / "id") << id << '\n';
		std::ofstream(directory / "format") << "name: " << name << '\n';
	}
	auto sources = some_sources();
	sources.push_back({"ftrace", {}, {}});
	const auto find = [&](const std::string &text) {
		return choose_events(parse_events(text), sources, tracefs.path());
	};
	const auto event = find("ftrace:print");
	ASSERT_EQ(event.size(), 1u);
	EXPECT_EQ(event[0].source, "ftrace");
	EXPECT_EQ(event[0].name(), "ftrace:print");
	EXPECT_EQ(make_attrs({}, event)[0].config, 5u);
	EXPECT_NE(refusal([&] { find("ftrace:function"); }).find("give ftrace:print"),
		  std::string::npos);
}

TEST(Events, AUserWithoutTheRightToTraceRequestsTheFieldsOfTheDriver)
{
	record_options options;
	options.may_trace = false;
	options.all_cpus = true;
	const auto tick = choose_events(parse_events("mydev:tick"), some_sources());
	const auto all = make_attrs(options, tick)[0];
	EXPECT_FALSE(all.sample_type & (PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN));
	EXPECT_TRUE(all.sample_type & PERF_SAMPLE_RAW);
	EXPECT_TRUE(all.sample_type & PERF_SAMPLE_TIME);
	EXPECT_FALSE(all.mmap || all.mmap2 || all.comm || all.task);
	options.all_cpus = false;
	const auto own = make_attrs(options, tick)[0];
	EXPECT_FALSE(own.mmap || own.mmap2);
	EXPECT_TRUE(own.comm && own.task);
}

TEST(Events, AdviceWithoutTheRightToTraceIsNotWhatWasAskedForAlready)
{
	const auto refused = reader::system_error("open", EACCES);
	const auto clock = choose_events(parse_events("clock"), some_sources())[0];
	record_options options;
	options.may_trace = false;
	for (const bool exclude : {false, true}) {
		options.exclude_kernel = exclude;
		const std::string why = explain_open(refused, options, clock).what();
		EXPECT_EQ(why.find("--exclude-kernel"), std::string::npos) << why;
		EXPECT_NE(why.find("CAP_PERFMON"), std::string::npos) << why;
	}
}

TEST(Events, MoreFilesThanAPipeCanNameAreRefusedBeforeTheyAreOpened)
{
	check_ids_fit_in_pipe(1, 4200, 2);
	check_ids_fit_in_pipe(2, 4080, 2);
	const std::string why = refusal([] { check_ids_fit_in_pipe(2, 4200, 2); });
	EXPECT_NE(why.find("4,200 threads on 2 CPUs are 8,400"), std::string::npos) << why;
	EXPECT_NE(why.find("into a file"), std::string::npos) << why;
}

TEST(Events, AMistakeInAFilterIsPointedAt)
{
	const std::vector<std::string> fields{"number", "state", "name"};
	const auto mistake_in = [&](const char *text) {
		const auto found = find_filter_mistake(text, fields);
		return found ? std::to_string(found->position) + " " + found->reason : "";
	};
	EXPECT_EQ(mistake_in("nmber == 3"), "1 \"nmber\" is no field");
	EXPECT_EQ(mistake_in("number == 3 && sate == 1"), "16 \"sate\" is no field");
	EXPECT_EQ(mistake_in("number = 3"), "8 \"=\" stands where a comparison should");
	EXPECT_EQ(mistake_in("number =="), "10 its end stands where a value should");
	EXPECT_EQ(mistake_in("number == && 1"), "11 \"&&\" stands where a value should");
	EXPECT_EQ(mistake_in("number == 3 4"), "13 \"4\" stands where && or || should");
	EXPECT_EQ(mistake_in("(number == 3"), "1 this \"(\" is not closed");
	EXPECT_EQ(mistake_in("number == 3)"), "12 this \")\" closes nothing");
	EXPECT_EQ(mistake_in("number == 3 ||"), "15 its end stands where a field should");
	EXPECT_EQ(mistake_in("name == \"open"), "9 \"\"open\" stands where a value should");
	EXPECT_EQ(mistake_in(""), "1 its end stands where a field should");
	for (const char *right : {"number == 3", "!(number<3||number>=-9)&&name~\"a b*\"",
				  "number & 0x10 && !state == on", "number in (1, 2)"})
		EXPECT_EQ(mistake_in(right), "") << right;
	EXPECT_FALSE(find_named_value("number == 3 && name == \"x\""));
	EXPECT_EQ(find_named_value("number == 3 && state == onn")->position, 25u);
}

TEST(Events, AFilterBelongsToATypedEvent)
{
	const auto with_filter = [](const char *source, const char *event, const char *filter) {
		return choose_events({{source, event, filter}}, some_sources());
	};
	EXPECT_EQ(with_filter("mydev", "*", "a == 1").at(1).filter, "a == 1");
	refusal([&] { with_filter("clock", "", "a == 1"); });
	refusal([] {
		choose_events({{"mydev", "tick", "a == 1"}, {"mydev", "*", ""}}, some_sources());
	});
}

TEST(Events, EachEventGetsTheAttributeOfItsSource)
{
	record_options options;
	options.all_cpus = true;
	options.period = 100;
	const auto events =
		choose_events(parse_events("mydev:tick,clock,mydev:tock"), some_sources());
	const auto attrs = make_attrs(options, events);
	ASSERT_EQ(attrs.size(), 3u);
	EXPECT_EQ(attrs[0].type, static_cast<uint32_t>(PERF_TYPE_TRACEPOINT));
	EXPECT_EQ(attrs[0].config, 7u);
	EXPECT_EQ(attrs[0].sample_period, 100u);
	EXPECT_TRUE(attrs[0].sample_type & PERF_SAMPLE_RAW);
	EXPECT_EQ(attrs[1].type, static_cast<uint32_t>(PERF_TYPE_SOFTWARE));
	EXPECT_TRUE(attrs[1].freq) << "the period is for events";
	EXPECT_EQ(attrs[2].config, 8u);
	for (size_t at = 0; at < attrs.size(); at++) {
		EXPECT_EQ(attrs[at].mmap, at == 0) << "reported once";
		EXPECT_EQ(attrs[at].task, at == 0);
		EXPECT_TRUE(attrs[at].sample_id_all);
	}
	EXPECT_EQ(make_attrs({}, events).front().sample_period, 1u);
	options.exclude_kernel = true;
	refusal([&] { make_attrs(options, events); });
}

TEST(Events, EventsOfThePmuHaveTheNamesOfPerf)
{
	const auto events = choose_events(parse_events("pmu,pmu:cycles,clock"), some_sources());
	ASSERT_EQ(events.size(), 3u);
	EXPECT_EQ(events[0].reported_name(), "cpu-clock");
	EXPECT_EQ(events[1].reported_name(), "cycles");
	EXPECT_EQ(events[1].name(), "pmu:cycles");
	EXPECT_EQ(events[2].reported_name(), "clock");

	const auto attrs = make_attrs({}, events);
	EXPECT_EQ(attrs[0].type, static_cast<uint32_t>(PERF_TYPE_SOFTWARE));
	EXPECT_EQ(attrs[0].config, static_cast<uint64_t>(PERF_COUNT_SW_CPU_CLOCK));
	EXPECT_EQ(attrs[1].type, static_cast<uint32_t>(PERF_TYPE_HARDWARE));
	EXPECT_EQ(attrs[1].config, static_cast<uint64_t>(PERF_COUNT_HW_CPU_CYCLES));
	EXPECT_TRUE(attrs[1].freq);

	EXPECT_EQ(chosen("pmu:cpu-clock,pmu"), names{"pmu:cpu-clock"}) << "the same";
	EXPECT_NE(refusal([] { chosen("pmu:cycle"); }).find("give one of cpu-clock, "),
		  std::string::npos);
	EXPECT_NE(refusal([] {
			  choose_events({{"pmu", "cycles", "count > 3"}}, some_sources());
		  }).find("filter"),
		  std::string::npos);
}

TEST(Events, FilterErrorsSayWhatToDo)
{
	const chosen_event event{"mydev", {"all", 7, tests::typed_format_text()}, "a == 1"};
	for (const int why : {EINVAL, ENOENT, ERANGE, E2BIG, EOPNOTSUPP}) {
		const std::string said =
			explain_filter(reader::system_error("cannot set", why), event, {}).what();
		EXPECT_NE(said.find("a == 1"), std::string::npos);
		EXPECT_NE(said.find("mydev:all"), std::string::npos);
		EXPECT_EQ(said.find("cannot set"), std::string::npos) << said;
	}
	const std::string unknown =
		explain_filter(reader::system_error("", ENOENT), event, {}).what();
	EXPECT_NE(unknown.find("a_u8, a_u64, "), std::string::npos) << unknown;
}

TEST(Events, TypedEventsAreReadFromSysfs)
{
	tests::scratch_directory scratch;
	ASSERT_EQ(scratch.run("mkdir -p dev class/clock class/mydev/events/tick "
			      "class/mydev/events/broken; touch dev/clock dev/mydev; "
			      "echo a tick > class/mydev/description; "
			      "echo 7 > class/mydev/events/tick/id")
			  .status,
		  0);
	std::ofstream(scratch / "class/mydev/events/tick/format") << tests::typed_format_text();
	const auto sources = read_sources(scratch / "dev", scratch / "class");
	ASSERT_EQ(sources.size(), 2u);
	EXPECT_TRUE(sources[0].events.empty());
	ASSERT_EQ(sources[1].events.size(), 1u);
	EXPECT_EQ(sources[1].events[0].name, "tick");
	EXPECT_EQ(sources[1].events[0].id, 7u);
	EXPECT_EQ(sources[1].events[0].format, tests::typed_format_text());
	EXPECT_EQ(sources[1].attributes.at("description"), "a tick");
	EXPECT_EQ(field_names(sources[1].events[0]).substr(0, 11), "a_u8, a_u64");
}

TEST(Rates, RatesOfSourcesAndReadersAreTheDifferenceOfTwoReads)
{
	source before = some_sources()[1];
	before.attributes = {{"records", "1000"},
			     {"lost", "4"},
			     {"readers", "id=1 config=7 cpu=0 of=all records=1000 lost=4"}};
	source now = before;
	now.attributes = {{"records", "3000"},
			  {"lost", "10"},
			  {"files", "2"},
			  {"rings", "1"},
			  {"lost_full", "9"},
			  {"lost_too_big", "1"},
			  {"lost_paused", "0"},
			  {"readers",
			   "id=2 config=7 cpu=1 of=all records=500 lost=0 pid=12 name=a_b\n"
			   "id=1 config=7 cpu=0 of=all records=2500 lost=10"}};
	const auto said = describe_rates(before, now, std::chrono::seconds(2));
	const auto has = [&](const char *line) {
		EXPECT_EQ(tests::count_lines(said, line), 1u) << line << "\n" << said;
	};
	has("3,000 records (1000.0/s), 10 lost (3.0/s): 9 full, 1 too big");
	has("2 files, 1 rings");
	has("2 readers, 3,000 records (1000.0/s), 10 lost (3.0/s)");
	has("reader 1 of mydev:tick, CPU 0");
	has("2,500 records (750.0/s), 10 lost (3.0/s)");
	has("reader 2 of mydev:tick, CPU 1, a_b (12)");
	has("  mydev:tock                     no readers");
}
