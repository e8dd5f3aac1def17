// SPDX-License-Identifier: GPL-2.0
/* The limits of one user, whatever its processes do: docs/limits.md. */
#include <array>
#include <vector>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "support/mapping.hpp"
#include "support/parameter.hpp"
#include "support/process.hpp"
#include "support/rights.hpp"
#include "support/user.hpp"

using namespace device_test;

namespace
{

constexpr uid_t mallory = 1001;

/* A ring has two pages beside its data. */
constexpr size_t pages_of_ring = 8 + 2;

class user_limit : public testing::Test
{
protected:
	node_for_everybody open_to_all;
	/* The limit of locked memory is another one. */
	parameter nothing_is_pinned{"mlock_kb", "1000000"};
};

/* Rings of 8 pages until one is refused; what refused it. */
int map_until_refused(std::vector<unique_fd> &files, std::vector<mapping> &rings,
		      size_t most = 1000)
{
	while (rings.size() < most) {
		files.push_back(message_event());
		if (int error = map_error(files.back().get(), 9 * page_size()))
			return error;
		rings.emplace_back(files.back().get(), 8);
	}
	return 0;
}

/* A user that has taken what it can get, until the object goes. */
class hoarder
{
public:
	explicit hoarder(uid_t uid)
		: pipe_(make_pipe()), child_([this, uid] {
			  become_user(uid);
			  std::vector<unique_fd> files;
			  std::vector<mapping> rings;
			  const int said[] = {map_until_refused(files, rings),
					      static_cast<int>(rings.size())};
			  if (write(pipe_[1], said, sizeof(said)) != sizeof(said))
				  return 1;
			  for (;;)
				  pause();
		  })
	{
		int said[2] = {};
		if (read(pipe_[0], said, sizeof(said)) != sizeof(said))
			throw std::runtime_error("the user said nothing");
		error = said[0];
		rings = static_cast<size_t>(said[1]);
	}
	~hoarder()
	{
		close(pipe_[0]);
		close(pipe_[1]);
	}

	int error = 0;
	size_t rings = 0;

private:
	static std::array<int, 2> make_pipe()
	{
		std::array<int, 2> made;
		if (pipe(made.data()))
			fail_errno("pipe", errno);
		return made;
	}

	std::array<int, 2> pipe_;
	child child_;
};

TEST_F(user_limit, the_page_limit_of_a_user_leaves_the_rest_to_other_users_and_to_root)
{
	parameter total("total_pages_max", "1000");
	hoarder first(mallory);
	EXPECT_EQ(first.error, EPERM);
	EXPECT_EQ(first.rings, 250 / pages_of_ring);
	hoarder second(mallory + 1);
	EXPECT_EQ(second.error, EPERM);
	EXPECT_EQ(second.rings, 250 / pages_of_ring) << "another has as much";
	hoarder third(mallory + 2), fourth(mallory + 3);
	EXPECT_EQ(third.rings, 250 / pages_of_ring);
	EXPECT_EQ(fourth.error, ENOMEM) << "what is left is root's";
	EXPECT_EQ(fourth.rings, 0u);

	std::vector<unique_fd> files;
	std::vector<mapping> rings;
	EXPECT_EQ(map_until_refused(files, rings), ENOMEM);
	EXPECT_EQ(rings.size(), 250 / pages_of_ring);
}

TEST_F(user_limit, the_page_limit_counts_all_processes_of_the_user)
{
	parameter total("total_pages_max", "1000");
	hoarder first(mallory);
	EXPECT_EQ(first.rings, 250 / pages_of_ring);
	hoarder second(mallory);
	EXPECT_EQ(second.error, EPERM);
	EXPECT_EQ(second.rings, 0u);
}

TEST_F(user_limit, pages_are_credited_to_the_user_with_the_last_mapping)
{
	parameter total("total_pages_max", "1000");
	for (int turn = 0; turn < 3; turn++) {
		hoarder hoarder(mallory);
		EXPECT_EQ(hoarder.rings, 250 / pages_of_ring);
	}
}

TEST_F(user_limit, the_page_limit_does_not_hold_for_cap_sys_resource)
{
	parameter total("total_pages_max", "1000");
	EXPECT_EQ(run_in_child([] {
			  if (prctl(PR_SET_KEEPCAPS, 1))
				  return 1;
			  become_user(mallory);
			  set_rights(1ULL << CAP_SYS_RESOURCE);
			  std::vector<unique_fd> files;
			  std::vector<mapping> rings;
			  /* But root's share is not theirs either. */
			  if (map_until_refused(files, rings) != ENOMEM)
				  return 2;
			  return rings.size() == 750 / pages_of_ring ? 0 : 3;
		  }).code,
		  0);
}

/* Without CAP_IPC_LOCK, and beyond the allowance: of the user, not of each of its processes. */
TEST_F(user_limit, the_limit_of_locked_memory_counts_all_processes_of_the_user)
{
	parameter nothing_is_free("mlock_kb", "0");
	const rlimit forty = {40 * page_size(), 40 * page_size()};
	gate mapped, over;
	child first([&] {
		setrlimit(RLIMIT_MEMLOCK, &forty);
		become_user(mallory);
		unique_fd fd = message_event();
		mapping m(fd.get(), 16);
		mapped.open();
		over.wait();
		return 0;
	});
	mapped.wait();
	const auto second = [&](uid_t uid) {
		return run_in_child([&] {
			       setrlimit(RLIMIT_MEMLOCK, &forty);
			       become_user(uid);
			       unique_fd fd = message_event();
			       if (map_error(fd.get(), 17 * page_size()))
				       return 1;
			       return map_error(fd.get(), 33 * page_size());
		       })
			.code;
	};
	EXPECT_EQ(second(mallory), EPERM) << "18 of 40 pages are used";
	EXPECT_EQ(second(mallory + 1), 0) << "another's are not";
	over.open();
	EXPECT_TRUE(first.wait().clean());
	EXPECT_EQ(second(mallory), 0);
}

TEST_F(user_limit, an_event_beyond_the_limit_of_all_processes_of_the_user_is_emfile)
{
	parameter most("user_events_max", "8");
	gate taken, over;
	child first([&] {
		become_user(mallory);
		std::vector<unique_fd> files;
		for (int i = 0; i < 6; i++)
			files.push_back(message_event());
		taken.open();
		over.wait();
		return 0;
	});
	taken.wait();
	const auto more = [](uid_t uid, size_t wanted) {
		return run_in_child([=] {
			       become_user(uid);
			       std::vector<unique_fd> files;
			       const perf_event_attr attr = message_attr();
			       for (size_t i = 0; i < wanted; i++) {
				       files.push_back(open_message());
				       if (int error = configure(files.back().get(), &attr,
								 target::every_process(0)))
					       return error;
			       }
			       return 0;
		       })
			.code;
	};
	EXPECT_EQ(more(mallory, 2), 0);
	EXPECT_EQ(more(mallory, 3), EMFILE);
	EXPECT_EQ(more(mallory + 1, 8), 0);
	EXPECT_EQ(more(0, 20), 0) << "who may exceed limits";
	over.open();
	EXPECT_TRUE(first.wait().clean());
	EXPECT_EQ(more(mallory, 8), 0) << "closed files are not counted";
	EXPECT_EQ(more(mallory, 9), EMFILE);
}

TEST_F(user_limit, a_refused_event_does_not_count_towards_the_limit)
{
	parameter most("user_events_max", "4");
	EXPECT_EQ(run_in_child([] {
			  become_user(mallory);
			  perf_event_attr wrong = message_attr();
			  wrong.sample_type |= PERF_SAMPLE_IP;
			  const perf_event_attr attr = message_attr();
			  unique_fd fd = open_message();
			  for (int i = 0; i < 10; i++)
				  if (configure(fd.get(), &wrong, target::every_process(0)) !=
				      EACCES)
					  return 1;
			  if (configure(fd.get(), &attr, target::every_process(0)))
				  return 2;
			  for (int i = 0; i < 10; i++)
				  if (configure(fd.get(), &attr, target::every_process(0)) != EBUSY)
					  return 3;
			  std::vector<unique_fd> files;
			  for (int i = 0; i < 3; i++)
				  files.push_back(message_event());
			  return 0;
		  }).code,
		  0);
}

/* Events of the calling thread until one is refused: what refused it. */
int follow_until_refused(std::vector<unique_fd> &files, perf_event_attr attr)
{
	while (files.size() < 1000) {
		files.push_back(open_message());
		if (int error = configure(files.back().get(), &attr, target::thread(0))) {
			files.pop_back();
			return error;
		}
	}
	return 0;
}

/* An event that only counts: it has no place among an event's readers. */
perf_event_attr dummy_attr()
{
	perf_event_attr attr = {};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.size = sizeof(attr);
	return attr;
}

TEST_F(user_limit, an_event_beyond_the_limit_of_one_task_is_enospc)
{
	parameter most("task_events_max", "16");
	EXPECT_EQ(run_in_child([] {
			  become_user(mallory);
			  std::vector<unique_fd> files;
			  if (follow_until_refused(files, dummy_attr()) != ENOSPC)
				  return 1;
			  if (files.size() != 16)
				  return 2;
			  /* Another task of the same user has as many. */
			  const outcome other = run_in_child([] {
				  std::vector<unique_fd> own;
				  follow_until_refused(own, dummy_attr());
				  return own.size() == 16 ? 0 : 1;
			  });
			  if (!other.clean())
				  return 3;
			  files.pop_back();
			  return follow_until_refused(files, dummy_attr()) == ENOSPC &&
						 files.size() == 16
					 ? 0
					 : 4;
		  }).code,
		  0);
	std::vector<unique_fd> files;
	for (int i = 0; i < 20; i++) {
		const perf_event_attr attr = dummy_attr();
		files.push_back(open_message());
		EXPECT_EQ(configure(files.back().get(), &attr, target::thread(0)), 0) << "root";
	}
}

TEST_F(user_limit, a_file_beyond_the_limit_of_one_ring_is_enospc)
{
	parameter most("ring_files_max", "5");
	/* How many more can be opened, and the errno of the next. */
	const auto redirect_all = [](size_t wanted) {
		std::vector<unique_fd> files;
		files.push_back(message_event());
		mapping ring(files[0].get(), 8);
		while (files.size() < wanted) {
			unique_fd fd = open_message();
			const perf_event_attr attr = dummy_attr();
			if (configure(fd.get(), &attr, target::every_process(0)))
				return std::pair(files.size(), -1);
			if (int error = ioctl_error(fd.get(), PERF_EVENT_IOC_SET_OUTPUT,
						    static_cast<unsigned long>(files[0].get())))
				return std::pair(files.size(), error);
			files.push_back(std::move(fd));
		}
		/* One that is there already may say so again. */
		return std::pair(files.size(),
				 ioctl_error(files[1].get(), PERF_EVENT_IOC_SET_OUTPUT,
					     static_cast<unsigned long>(files[0].get())));
	};
	EXPECT_EQ(run_in_child([&] {
			  become_user(mallory);
			  if (redirect_all(20) != std::pair(size_t{5}, ENOSPC))
				  return 1;
			  return redirect_all(5) == std::pair(size_t{5}, 0) ? 0 : 2;
		  }).code,
		  0);
	EXPECT_EQ(redirect_all(20), std::pair(size_t{20}, 0)) << "root";
}

/* A child beyond the limit runs, is not followed, and is a loss of its event. */
TEST_F(user_limit, a_child_beyond_the_limit_of_inherited_events_is_not_followed_and_counted_as_lost)
{
	parameter most("user_members_max", "5");
	EXPECT_EQ(run_in_child([] {
			  become_user(mallory);
			  perf_event_attr attr = message_attr();
			  attr.inherit = 1;
			  attr.disabled = 0;
			  attr.read_format = PERF_FORMAT_LOST;
			  unique_fd fd = open_message(), writer = open_message(O_WRONLY);
			  if (configure(fd.get(), &attr, target::thread(0)))
				  return 1;
			  const auto fork_one = [&](std::vector<child> &all, gate &written,
						    gate &over) {
				  all.emplace_back([&] {
					  if (write(writer.get(), "x", 1) != 1)
						  return 1;
					  written.open();
					  over.wait();
					  return 0;
				  });
				  written.wait();
			  };
			  gate over;
			  {
				  std::vector<child> children;
				  for (int i = 0; i < 4; i++) {
					  gate written;
					  fork_one(children, written, over);
				  }
				  if (read_value(fd.get(), 0) != 4 || read_value(fd.get(), 1))
					  return 2;
				  for (int i = 0; i < 3; i++) {
					  gate written;
					  fork_one(children, written, over);
				  }
				  if (read_value(fd.get(), 0) != 4)
					  return 3;
				  if (!read_value(fd.get(), 1))
					  return 4;
				  /* The user has no more for any event. */
				  unique_fd second = open_message();
				  if (configure(second.get(), &attr, target::thread(0)) != EMFILE)
					  return 5;
			  }
			  /* They are dead and their members given back. */
			  std::vector<child> children;
			  gate written;
			  fork_one(children, written, over);
			  return read_value(fd.get(), 0) == 5 ? 0 : 6;
		  }).code,
		  0);
}

TEST_F(user_limit, the_limit_of_readers_of_one_event_leaves_places_to_other_users)
{
	parameter most("event_readers_max", "16");
	const auto places = [](uid_t uid) {
		return run_in_child([=] {
			       become_user(uid);
			       std::vector<unique_fd> files;
			       return follow_until_refused(files, message_attr()) == ENOSPC
					      ? static_cast<int>(files.size())
					      : 100;
		       })
			.code;
	};
	EXPECT_EQ(places(mallory), 4);
	gate taken, over;
	child first([&] {
		become_user(mallory);
		std::vector<unique_fd> files;
		follow_until_refused(files, message_attr());
		taken.open();
		over.wait();
		return 0;
	});
	taken.wait();
	EXPECT_EQ(places(mallory), 0) << "in another process";
	EXPECT_EQ(places(mallory + 1), 4);
	over.open();
	EXPECT_TRUE(first.wait().clean());
}

TEST_F(user_limit, a_ring_beyond_the_limit_of_the_user_is_enospc)
{
	parameter most("user_rings_max", "4");
	EXPECT_EQ(run_in_child([] {
			  become_user(mallory);
			  std::vector<unique_fd> files;
			  std::vector<mapping> rings;
			  if (int error = map_until_refused(files, rings); error != ENOSPC)
				  return 100 + error;
			  if (rings.size() != 4)
				  return 1;
			  /* A second mapping of a ring is no second ring. */
			  if (map_error(files[0].get(), 9 * page_size()))
				  return 2;
			  rings.pop_back();
			  return map_error(files.back().get(), 9 * page_size());
		  }).code,
		  0);
	std::vector<unique_fd> files;
	std::vector<mapping> rings;
	EXPECT_EQ(map_until_refused(files, rings, 10), 0) << "root";
}

} /* namespace */
