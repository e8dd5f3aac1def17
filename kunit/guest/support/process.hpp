/* SPDX-License-Identifier: GPL-2.0 */
/* Processes, processors, and waiting for what must come. */
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace device_test
{

/* Generous: emulated machines are slow, and a test that passes never waits for it. */
inline constexpr std::chrono::seconds patience{60};

/* True as soon as @condition is, false when it never was. */
bool eventually(const std::function<bool()> &condition, std::chrono::milliseconds limit = patience);

void pause_for(std::chrono::milliseconds time);

std::vector<int> online_cpus();
void pin_to(int cpu);
pid_t current_tid();

/* One signal in one direction: wait() returns once any process has called open(). */
class gate
{
public:
	gate();
	gate(const gate &) = delete;
	~gate();
	void open() const;
	void wait() const;

private:
	int fds_[2];
};

struct outcome {
	int code = -1;
	int signal = 0;
	bool clean() const { return !signal && !code; }
};

/* A forked child; one that still runs is killed with the object. */
class child
{
public:
	/* @body's result, or 255 for an exception, is the exit code. */
	explicit child(const std::function<int()> &body);
	child(child &&other) noexcept;
	~child();

	/* Known after the end too. */
	pid_t pid() const { return pid_; }
	outcome wait();
	void kill(int signal) const;

private:
	pid_t pid_;
	bool over_ = false;
};

/* SCM_RIGHTS, with a byte; throws. */
void send_file(int socket, int fd);
/* The same with MSG_* in @flags: 0 or an errno. */
int try_send_file(int socket, int fd, int flags);
/* 0 or an errno. @fd: -1 if the message has no file. */
int try_receive_file(int socket, int &fd, int flags);

outcome run_in_child(const std::function<int()> &body);

/* Throws when the file cannot be read. */
std::string read_file(const std::string &path);
/* 0 or an errno. */
int write_file(const std::string &path, const std::string &text);
/* The number behind "@key:" in /proc/self/status, in its own unit. */
long status_value(const std::string &key);

/* A folder of this run for files, removed at exit. */
const std::string &scratch();

} /* namespace device_test */
