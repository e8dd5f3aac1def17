// SPDX-License-Identifier: GPL-2.0
/* Sets of functions (module/sources/functrace/function_set.cpp), for modules that are made up. */
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "glue/functrace.h"
#include "glue/setup.h"
#include "sources/functrace/function_set.hpp"

#include "../../support.h"

using namespace perfbuf;

namespace
{

struct function {
	std::string name;
	bool is_of_init = false;
	bool is_known = true; /* to ftrace */
};

struct module {
	std::vector<function> functions;
	int references = 0;
};

/* The kernel: the functions that ftrace has to trace, and the modules. Its sites are the
 * addresses of functions. */
struct kernel {
	std::map<std::string, module> modules;
	std::set<std::string> traced;
	int error = 0; /* of the next call with sites that are all known */
	int calls = 0;
	int sets = 0;
} now;

class function_set_of : public testing::Test
{
protected:
	function_set_of()
	{
		now = {};
		now.modules["disk"].functions = {
			{"disk_read"}, {"disk_write"}, {"disk_start", true}, {"other"}};
	}
	~function_set_of() override
	{
		for (const auto &[name, module] : now.modules)
			EXPECT_EQ(module.references, 0) << name;
		EXPECT_EQ(now.sets, 0);
		EXPECT_EQ(pb_test_live_allocations(), allocations_);
	}

	/* The functions of the set of @text, or the error. */
	static int traced(const std::string &text, std::set<std::string> &out)
	{
		cxxrt::result<function_set *> made = function_set::join(text.c_str());

		out = now.traced;
		if (!made)
			return static_cast<int>(made.error().as_return());
		function_set::leave(made.take());
		return 0;
	}

	std::set<std::string> found;

private:
	const long allocations_ = pb_test_live_allocations();
};

TEST_F(function_set_of, a_module_has_all_its_functions_but_those_of_its_init)
{
	EXPECT_EQ(traced(":mod:disk", found), 0);
	EXPECT_EQ(found, (std::set<std::string>{"disk_read", "disk_write", "other"}));
	EXPECT_EQ(now.calls, 1) << "all in one call, because each call copies the whole filter";
}

TEST_F(function_set_of, a_module_and_a_pattern_has_the_functions_that_match)
{
	EXPECT_EQ(traced("disk_*:mod:disk", found), 0);
	EXPECT_EQ(found, (std::set<std::string>{"disk_read", "disk_write"}));
	now.traced.clear();
	EXPECT_EQ(traced("disk_start:mod:disk", found), -ENOENT) << "freed with the init";
	EXPECT_EQ(traced("*:mod:tape", found), -ENOENT) << "not loaded";
}

TEST_F(function_set_of, a_module_with_functions_that_ftrace_does_not_know_has_the_others)
{
	now.modules["disk"].functions[1].is_known = false;
	EXPECT_EQ(traced(":mod:disk", found), 0);
	EXPECT_EQ(found, (std::set<std::string>{"disk_read", "other"}));
	for (function &function : now.modules["disk"].functions)
		function.is_known = false;
	now.traced.clear();
	EXPECT_EQ(traced(":mod:disk", found), -ENOENT);
}

TEST_F(function_set_of, a_module_that_ftrace_refuses_for_another_reason_is_that_error)
{
	now.error = -ENOMEM;
	EXPECT_EQ(traced(":mod:disk", found), -ENOMEM);
}

TEST_F(function_set_of, modules_are_at_most_sixteen_and_all_stay_loaded_meanwhile)
{
	std::string text;

	for (int i = 0; i < 16; i++) {
		const std::string name = "m" + std::to_string(i);

		now.modules[name].functions = {{name + "_read"}};
		text += ":mod:" + name + " ";
	}

	cxxrt::result<function_set *> made = function_set::join(text.c_str());

	ASSERT_TRUE(made);
	EXPECT_EQ(now.traced.size(), 16u);
	EXPECT_EQ(now.modules["m0"].references, 1);
	EXPECT_EQ(now.modules["m15"].references, 1);
	function_set::leave(made.take());
	EXPECT_EQ(traced(text + ":mod:disk", found), -E2BIG);
}

} // namespace

extern "C" {

void *pb_functions_create(unsigned long) noexcept
{
	now.sets++;
	return &now.sets;
}

void pb_functions_destroy(void *) noexcept
{
	now.sets--;
}

void *pb_functions_at(void *, __u32) noexcept
{
	return nullptr;
}

int pb_functions_add(void *, const char *) noexcept
{
	return 0;
}

int pb_functions_remove(void *, const char *) noexcept
{
	return 0;
}

int pb_functions_attach(void *) noexcept
{
	return 0;
}

void pb_functions_detach(void *) noexcept
{
}

/* As ftrace_set_filter_ips(): adds those that it knows up to the first that it does not. */
int pb_functions_add_sites(void *, unsigned long *sites, __u32 count) noexcept
{
	now.calls++;
	for (__u32 i = 0; i < count; i++) {
		if (!reinterpret_cast<const function *>(sites[i])->is_known)
			return -EINVAL;
	}
	if (now.error)
		return now.error;
	for (__u32 i = 0; i < count; i++)
		now.traced.insert(reinterpret_cast<const function *>(sites[i])->name);
	return 0;
}

void *pb_traced_module_get(const char *name) noexcept
{
	const auto found = now.modules.find(name);

	if (found == now.modules.end())
		return nullptr;
	found->second.references++;
	return &found->second;
}

void pb_traced_module_put(void *of) noexcept
{
	static_cast<module *>(of)->references--;
}

__u32 pb_traced_module_sites(const void *of) noexcept
{
	return static_cast<__u32>(static_cast<const module *>(of)->functions.size());
}

__u64 pb_traced_module_site(const void *of, __u32 index) noexcept
{
	const function &function = static_cast<const module *>(of)->functions[index];

	return function.is_of_init ? 0 : reinterpret_cast<__u64>(&function);
}

/* A glob of this test is a name, or ends in a star. */
int pb_site_matches(__u64 site, const char *glob) noexcept
{
	const std::string &name = reinterpret_cast<const function *>(site)->name;
	const std::size_t star = strcspn(glob, "*");

	return glob[star] ? !name.compare(0, star, glob, star) : name == glob;
}

void pb_setup_lock(void) noexcept
{
}

void pb_setup_unlock(void) noexcept
{
}

} // extern "C"
