// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Four threads that work until the file that is named appears: busy_threads FILE [IDLE]. Beside
// them as many as IDLE that do nothing, started before.
#include <atomic>
#include <cstdlib>
#include <thread>
#include <unistd.h>
#include <vector>

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	std::atomic<bool> over = false;
	std::vector<std::jthread> threads;
	for (int count = argc > 2 ? std::atoi(argv[2]) : 0; count; count--)
		threads.emplace_back([&] { over.wait(false); });
	for (int count = 0; count < 4; count++)
		threads.emplace_back([&] {
			while (!over) {}
		});
	while (::access(argv[1], F_OK) != 0)
		::usleep(10'000);
	over = true;
	over.notify_all();
}
