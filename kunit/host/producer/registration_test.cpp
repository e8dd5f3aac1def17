// SPDX-License-Identifier: GPL-2.0
/* Tests of sources that may register, of modules that their files hold, and of their files'
 * requests. */
#include "harness.hpp"

#include "device/text.hpp"
#include "producer/recording.hpp"

#include <cerrno>
#include <optional>
#include <string>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_registration : public producer_emission
{
public:
	/* 0 or the errno; what was said stays in now.refusal. */
	int add()
	{
		now.refusal[0] = 0;
		const int ret = perfbuf_producer_register(&of, nullptr, PERFBUF_ABI);

		perfbuf_producer_unregister(&of);
		return -ret;
	}
	typed_source &source() { return *static_cast<typed_source *>(of.registered); }
	int check(const perf_event_attr &attr)
	{
		const auto checked = source().check(attr);

		return checked ? 0 : checked.error().code();
	}

	perfbuf_event *events[2] = {&fixed::object, &varying::object};
	perfbuf_source_ops ops = {};
	perfbuf_source of = source_of("dev", events, 2, this);
	std::string written;
};

TEST_F(producer_registration, a_source_of_another_header_version_is_refused_before_it_is_read)
{
	for (const u32 abi : {u32{PERFBUF_ABI_OLDEST} - 1, u32{PERFBUF_ABI} + 1}) {
		EXPECT_EQ(perfbuf_producer_register(nullptr, nullptr, abi), -EPROTO) << abi;
		EXPECT_EQ(now.refusal, "version " + std::to_string(abi));
	}
	for (u32 abi = PERFBUF_ABI_OLDEST; abi <= PERFBUF_ABI; abi++) {
		EXPECT_EQ(perfbuf_producer_register(&of, nullptr, abi), 0) << abi;
		perfbuf_producer_unregister(&of);
	}
}

TEST_F(producer_registration, a_source_that_cannot_be_is_refused_with_its_reason)
{
	const auto refused = [&](auto &&change) {
		const perfbuf_source before = of;

		change();
		const int error = add();
		of = before;
		return error;
	};

	EXPECT_EQ(add(), 0);
	EXPECT_STREQ(now.refusal, "") << "nothing is said";
	EXPECT_EQ(refused([&] { of.name = nullptr; }), EINVAL);
	EXPECT_STREQ(now.refusal, " is not allowed");
	EXPECT_EQ(now.refused_source, "");
	EXPECT_EQ(refused([&] { of.name = "-dev"; }), EINVAL);
	EXPECT_STREQ(now.refusal, "-dev is not allowed");
	EXPECT_EQ(now.refused_source, "-dev");
	EXPECT_EQ(refused([&] { of.name = "1dev"; }), EINVAL);
	EXPECT_EQ(refused([&] { of.name = "d ev"; }), EINVAL);
	EXPECT_EQ(refused([&] { of.name = "de/v"; }), EINVAL);
	EXPECT_EQ(refused([&] { of.name = "d-e_v9Z"; }), 0);
	EXPECT_EQ(refused([&] { of.name = "_"; }), 0);
	EXPECT_EQ(refused([&] { of.name = ""; }), EINVAL);
	const std::string longest(PERFBUF_NAME_MAX, 'z'), longer = longest + "z";
	EXPECT_EQ(refused([&] { of.name = longest.c_str(); }), 0);
	EXPECT_EQ(refused([&] { of.name = longer.c_str(); }), ENAMETOOLONG);
	EXPECT_EQ(std::string(now.refusal).substr(longer.size()), " is too long");
	EXPECT_EQ(refused([&] { of.description = nullptr; }), EINVAL);
	EXPECT_STREQ(now.refusal, "its description, mode or events is not allowed");
	EXPECT_EQ(refused([&] { of.mode = 01000; }), EINVAL);
	EXPECT_EQ(refused([&] { of.mode = 0777; }), 0);
	EXPECT_EQ(refused([&] { of.events = nullptr; }), EINVAL);
	EXPECT_EQ(refused([&] {
			  of.events = nullptr;
			  of.event_count = 0;
		  }),
		  0);
	EXPECT_EQ(refused([&] { of.contexts = 16; }), EINVAL);
	EXPECT_STREQ(now.refusal, "its contexts is not allowed");
	EXPECT_EQ(refused([&] { of.contexts = 15; }), 0);
	of.registered = this;
	EXPECT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), -EBUSY);
	of.registered = nullptr;
	EXPECT_STREQ(now.refusal, "dev is registered already");

	for (int error : {EEXIST, ENFILE, EIO}) {
		now.node_error = error;
		EXPECT_EQ(add(), error);
		EXPECT_STREQ(now.refusal, error == EEXIST   ? "dev is there already"
					  : error == ENFILE ? "dev gets no node: there are too many"
							    : "dev is not allowed");
	}
	now.node_error = 0;
	EXPECT_EQ(add(), 0);
}

TEST_F(producer_registration, an_event_that_cannot_be_is_refused_and_leaves_nothing)
{
	perfbuf_event mine = {};
	const char *name = fixed::object.name;
	const auto refused = [&](auto &&change) {
		change();
		const int error = add();

		fixed::object.name = name;
		events[1] = &varying::object;
		EXPECT_EQ(fixed::object.registered, nullptr);
		EXPECT_EQ(varying::object.registered, nullptr);
		EXPECT_EQ(fixed::object.cpus, nullptr);
		EXPECT_EQ(now.trace_ids, 0);
		EXPECT_EQ(now.percpu, 0);
		return error;
	};

	EXPECT_EQ(refused([&] { events[1] = nullptr; }), EINVAL);
	EXPECT_STREQ(now.refusal, "an event without a name is not allowed");
	EXPECT_EQ(refused([&] { events[1] = &mine; }), EINVAL);
	EXPECT_STREQ(now.refusal, "an event without a name is not allowed");
	EXPECT_EQ(refused([&] { events[1] = &fixed::object; }), EEXIST);
	EXPECT_STREQ(now.refusal, "fixed is there already");
	EXPECT_EQ(refused([&] { fixed::object.name = "a-b"; }), EINVAL);
	EXPECT_STREQ(now.refusal, "a-b is no name for an event");
	EXPECT_EQ(refused([&] {
			  fixed::object.bytes += 8;
			  EXPECT_EQ(add(), EINVAL);
			  EXPECT_STREQ(now.refusal, "fixed is not as large as it says");
			  fixed::object.bytes -= 8;
			  fixed::object.registered = this;
			  EXPECT_EQ(add(), EBUSY);
			  EXPECT_STREQ(now.refusal, "fixed is registered already");
			  fixed::object.registered = nullptr;
		  }),
		  0);
	for (int error : {ENOSPC, ENOMEM, EPERM}) {
		now.trace_id_error = error;
		EXPECT_EQ(refused([] {}), error);
		EXPECT_STREQ(now.refusal, "fixed gets no id");
	}
	now.trace_id_error = 0;
	now.next_trace_id = 1;
	EXPECT_EQ(refused([] {}), 0) << "the first id there is";
	now.percpu_fails = true;
	EXPECT_EQ(refused([] {}), ENOMEM);
	now.percpu_fails = false;
	EXPECT_EQ(refused([] {}), 0);

	/* With a layout that cannot be. */
	static constexpr perfbuf_field unknown = {"int", "f", nullptr,		8,
						  4,	 1,   PERFBUF_KIND_INT, 1};

	mine.name = "mine";
	mine.bytes = 16;
	mine.describe = [](perfbuf_layout *out) { *out = {&unknown, 1, 16}; };
	EXPECT_EQ(refused([&] { events[1] = &mine; }), EINVAL);
	EXPECT_STREQ(now.refusal,
		     "mine f has a type that is none of u8 u16 u32 u64 s8 s16 s32 s64");
}

TEST_F(producer_registration, a_failure_of_any_allocation_leaks_nothing)
{
	const long before = pb_test_live_allocations();
	u32 failed = 0;

	for (u32 nth = 1; nth < 64; nth++) {
		pb_test_fail_allocation(nth);
		const int ret = perfbuf_producer_register(&of, nullptr, PERFBUF_ABI);

		pb_test_fail_allocation(0);
		if (!ret)
			break;
		EXPECT_EQ(ret, -ENOMEM);
		EXPECT_EQ(of.registered, nullptr);
		EXPECT_EQ(fixed::object.registered, nullptr);
		EXPECT_EQ(pb_test_live_allocations(), before);
		EXPECT_EQ(now.trace_ids, 0);
		failed++;
	}
	/* The source, its two tables; for each event the readers and the format. */
	EXPECT_EQ(failed, 7u);
	perfbuf_producer_unregister(&of);
	EXPECT_EQ(pb_test_live_allocations(), before);
}

TEST_F(producer_registration, a_source_says_what_it_was_registered_with)
{
	of.mode = 0640;
	const std::string text(300, 'd');
	of.description = text.c_str();
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);
	EXPECT_STREQ(source().name(), "dev");
	EXPECT_STREQ(now.refusal, "");
	EXPECT_EQ(std::string(source().description()), text.substr(0, 127));
	EXPECT_EQ(source().mode(), 0640u);
	EXPECT_FALSE(source().is_for_tracers());
	EXPECT_FALSE(source().takes_writes());
	EXPECT_EQ(source().aux(), nullptr);
	ASSERT_EQ(now.node_events.size(), 2u);
	EXPECT_EQ(now.node_events[0].id, fixed::object.id);
	EXPECT_EQ(now.node_events[1].id, varying::object.id);
	EXPECT_EQ(now.node_events[1].name, "varying");
	EXPECT_EQ(now.node_events[0].format.substr(0, 12), "name: fixed\n");
	EXPECT_EQ(now.node_events[1].format.back(), '\n');
	perfbuf_producer_unregister(&of);

	of.mode = 0;
	of.ops = &ops;
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);
	EXPECT_EQ(source().mode(), 0600u);
	EXPECT_FALSE(source().takes_writes());
	perfbuf_producer_unregister(&of);
}

TEST_F(producer_registration, bytes_written_into_the_node_reach_its_source)
{
	ops.write = [](perfbuf_source *to, const void *data, __u32 bytes) {
		auto &self = *static_cast<producer_registration *>(to->data);

		self.written.assign(static_cast<const char *>(data), bytes);
		return bytes == 3 ? -EDOM : 0;
	};
	of.ops = &ops;
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);
	EXPECT_TRUE(source().takes_writes());
	const written_part parts[] = {{"word", 4}, {"words", 5}, {"wor", 3}, {"word", 4}};

	EXPECT_EQ(source().write(parts, 1).take(), 1u);
	EXPECT_EQ(written, "word");
	EXPECT_EQ(source().write(parts, 4).take(), 2u);
	EXPECT_EQ(written, "wor");
	EXPECT_EQ(source().write(&parts[2], 2).error().code(), EDOM);
	EXPECT_EQ(written, "wor");

	typed_source &kept = source();

	kept.get();
	perfbuf_producer_unregister(&of);
	written.clear();
	EXPECT_EQ(kept.write(parts, 1).error().code(), ENODEV);
	EXPECT_EQ(written, "");
	kept.put();
}

TEST_F(producer_registration, open_files_hold_the_owner_until_the_source_goes)
{
	ASSERT_EQ(perfbuf_producer_register(&of, this, PERFBUF_ABI), 0);

	typed_source &kept = source();

	EXPECT_TRUE(kept.file_opened());
	EXPECT_TRUE(kept.file_opened());
	EXPECT_TRUE(kept.file_opened());
	EXPECT_EQ(now.modules, 3);
	EXPECT_EQ(now.last_module, this);
	kept.file_closed();
	EXPECT_EQ(now.modules, 2);
	kept.file_freed();
	now.module_goes = true;
	EXPECT_FALSE(kept.file_opened());
	now.module_goes = false;
	EXPECT_EQ(now.modules, 2);
	perfbuf_producer_unregister(&of);
	EXPECT_EQ(now.modules, 0) << "no file calls the owner any more";
	EXPECT_EQ(now.trace_ids, 2) << "files still know the source";
	EXPECT_FALSE(kept.file_opened());
	kept.file_closed();
	kept.file_closed();
	EXPECT_EQ(now.modules, 0);
	kept.file_freed();
	EXPECT_EQ(now.trace_ids, 2);
	kept.file_freed();
	EXPECT_EQ(now.trace_ids, 0);
}

TEST_F(producer_registration, a_file_asks_for_what_an_event_can_do_or_is_refused)
{
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);

	const perf_event_attr good = attr_of(fixed::object);
	const auto refused = [&](auto &&change) {
		perf_event_attr attr = good;

		change(attr);
		return check(attr);
	};

	EXPECT_EQ(check(good), 0);
	EXPECT_EQ(check(attr_of(varying::object)), 0);
	EXPECT_EQ(refused([](auto &a) { a.type = PERF_TYPE_SOFTWARE; }), ENOENT);
	EXPECT_EQ(refused([](auto &a) { a.config = varying::object.id + 1; }), ENOENT);
	EXPECT_EQ(refused([](auto &a) { a.config = fixed::object.id - 1; }), ENOENT);
	EXPECT_EQ(refused([](auto &a) { a.config1 = 1; }), EOPNOTSUPP);
	EXPECT_EQ(refused([](auto &a) { a.config2 = 1; }), EOPNOTSUPP);
	EXPECT_EQ(refused([](auto &a) { a.freq = 1; }), EOPNOTSUPP);
	EXPECT_EQ(refused([](auto &a) { a.exclude_kernel = 1; }), EOPNOTSUPP);
	EXPECT_EQ(refused([](auto &a) { a.exclude_idle = 1; }), EOPNOTSUPP);
	EXPECT_EQ(refused([](auto &a) { a.exclude_user = 1; }), 0);
	EXPECT_EQ(refused([](auto &a) { a.sample_type |= PERF_SAMPLE_BRANCH_STACK; }), EOPNOTSUPP);
	EXPECT_EQ(refused([](auto &a) { a.sample_type = PERF_SAMPLE_WEIGHT; }), EOPNOTSUPP);
	EXPECT_EQ(refused([](auto &a) { a.sample_type = every_field | PERF_SAMPLE_IP; }), 0);
	perfbuf_producer_unregister(&of);
}

TEST_F(producer_registration, the_longest_name_is_kept_whole)
{
	const std::string longest(PERFBUF_NAME_MAX, 'z');

	of.name = longest.c_str();
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);
	EXPECT_EQ(source().name(), longest);
	perfbuf_producer_unregister(&of);
}

TEST_F(producer_registration, a_file_that_opens_as_the_source_goes_is_refused)
{
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);

	typed_source &kept = source();
	struct : wake_target {
		void wake() noexcept override {}
	} target;
	event late(attr_of(fixed::object), 0, nullptr, target);

	ASSERT_TRUE(kept.file_opened());
	perfbuf_producer_unregister(&of);
	EXPECT_EQ(kept.open(late).error().code(), ENODEV);
	kept.file_closed();
	kept.file_freed();
}

/* The layer above, which notes what it is asked for. */
class noted_recording final : public recording
{
public:
	noted_recording() { set(this); }
	~noted_recording() { set(nullptr); }

	cxxrt::result<void> begin(typed_source &of, const perfbuf_source &made) noexcept override
	{
		said += std::string("b") + of.name();
		if (answer)
			return cxxrt::error(answer);
		EXPECT_EQ(of.event_count(), made.event_count);
		EXPECT_EQ(fixed::object.cpus, nullptr) << "nothing can be emitted yet";
		if (records)
			of.set_recorder(reinterpret_cast<recorder *>(this));
		return {};
	}
	void end(typed_source &of) noexcept override
	{
		said += 'e';
		EXPECT_EQ(of.get_recorder(), reinterpret_cast<recorder *>(this));
		EXPECT_EQ(fixed::object.cpus, nullptr) << "nothing is emitted any more";
	}
	void show(typed_source &, text_writer &out) noexcept override { out.string("shown"); }
	cxxrt::result<void> change(typed_source &, const char *text) noexcept override
	{
		said += text;
		return cxxrt::error(ERANGE);
	}

	std::string said;
	int answer = 0;
	bool records = false;
};

TEST_F(producer_registration, a_recorder_of_a_source_is_notified_of_its_begin_and_end)
{
	const auto show = [&](typed_source &from) {
		char text[16] = {};
		text_writer out(text, sizeof(text));

		from.show_recorder(out);
		return std::string(text);
	};
	{
		ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);
		EXPECT_EQ(show(source()), "");
		EXPECT_EQ(source().change_recorder("x").error().code(), EOPNOTSUPP);
		perfbuf_producer_unregister(&of);
	}
	noted_recording layer;

	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, 3), 0);
	EXPECT_EQ(layer.said, "") << "its header had no recorder";
	perfbuf_producer_unregister(&of);
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, 4), 0);
	EXPECT_EQ(layer.said, "bdev");
	perfbuf_producer_unregister(&of);
	EXPECT_EQ(layer.said, "bdev") << "it had begun nothing";

	layer.said.clear();
	layer.records = true;
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);
	EXPECT_EQ(show(source()), "shown");
	EXPECT_EQ(source().change_recorder("text").error().code(), ERANGE);
	EXPECT_EQ(layer.said, "bdevtext");

	typed_source &kept = source();

	kept.get();
	perfbuf_producer_unregister(&of);
	EXPECT_EQ(layer.said, "bdevtexte");
	EXPECT_EQ(show(kept), "");
	EXPECT_EQ(kept.change_recorder("text").error().code(), ENODEV);
	EXPECT_EQ(layer.said, "bdevtexte");
	kept.put();

	layer.answer = EDOM;
	EXPECT_EQ(add(), EDOM);
	EXPECT_EQ(now.has_node, false);
}

/* Makes no dump, and notes what it is asked for. */
class noted_dumps final : public dump_requests
{
public:
	explicit noted_dumps(std::function<int(void *)> answer) : answer_(std::move(answer)) {}
	cxxrt::result<void> request(void *device) noexcept override
	{
		return cxxrt::from_return(-answer_(device));
	}
	/* nullptr is no device. */
	void finish() noexcept override { (void)answer_(nullptr); }

private:
	const std::function<int(void *)> answer_;
};

TEST_F(producer_registration, a_dump_is_requested_while_the_source_is_registered)
{
	int device, requests = 0, finished = 0, answer = 0;

	EXPECT_EQ(perfbuf_producer_dump(&of, &device), -ENODEV);
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);
	EXPECT_EQ(perfbuf_producer_dump(&of, &device), -EOPNOTSUPP);
	source().set_dumps(cxxrt::unique_ptr<dump_requests>(new noted_dumps([&](void *of_device) {
		if (!of_device) {
			finished++;
			EXPECT_TRUE(now.has_node) << "before the source goes";
			EXPECT_EQ(of.registered, nullptr) << "no file finds it any more";
		} else {
			EXPECT_EQ(of_device, &device);
			requests++;
		}
		return answer;
	})));
	for (int errors : {0, EBUSY, EINVAL}) {
		answer = errors;
		EXPECT_EQ(perfbuf_producer_dump(&of, &device), -errors);
	}
	EXPECT_EQ(finished, 0);
	perfbuf_producer_unregister(&of);
	EXPECT_EQ(finished, 1);
	EXPECT_EQ(perfbuf_producer_dump(&of, &device), -ENODEV);
	EXPECT_EQ(requests, 3);
}

/* Emissions that found the event before it was withdrawn have left when the producer goes on. */
TEST_F(producer_registration, unregistering_waits_until_no_emission_is_inside)
{
	ASSERT_EQ(perfbuf_producer_register(&of, nullptr, PERFBUF_ABI), 0);
	static unsigned waited;

	waited = 0;
	on_grace_period = [] {
		/* The first is for calls of perfbuf_recorder_dump(), before an event is withdrawn.
		 */
		if (waited++) {
			EXPECT_FALSE(fixed::object.cpus && varying::object.cpus);
		}
		EXPECT_TRUE(varying::object.registered) << "not before";
	};
	perfbuf_producer_unregister(&of);
	on_grace_period = nullptr;
	EXPECT_EQ(waited, 3u) << "one for the source, and one for each event";
}

} // namespace
