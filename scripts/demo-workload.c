// SPDX-License-Identifier: GPL-2.0
/*
 * The workload of `make demo`: threads with something to find in a profile. Each spends its time in
 * functions of its own name, in user space and, through system calls, in the kernel.
 *
 *	demo-workload [seconds]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* Call chains are read by frame pointer, so no function may vanish into its caller. */
#define FRAME __attribute__((noinline, noclone))

static volatile int stop;
static volatile uint64_t sink;

FRAME static uint64_t multiply_rows(const uint32_t *a, const uint32_t *b, int n)
{
	uint64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += (uint64_t)a[i] * b[n - 1 - i];
	return sum;
}

FRAME static uint64_t multiply_matrix(uint32_t *matrix, int n)
{
	uint64_t sum = 0;

	for (int row = 0; row < n; row++)
		sum += multiply_rows(matrix + row * n, matrix, n);
	matrix[sum % (n * n)]++;
	return sum;
}

FRAME static void sort_numbers(uint32_t *numbers, int from, int to)
{
	uint32_t pivot = numbers[(from + to) / 2];
	int low = from, high = to;

	while (low <= high) {
		while (numbers[low] < pivot)
			low++;
		while (numbers[high] > pivot)
			high--;
		if (low <= high) {
			uint32_t swapped = numbers[low];

			numbers[low++] = numbers[high];
			numbers[high--] = swapped;
		}
	}
	if (from < high)
		sort_numbers(numbers, from, high);
	if (low < to)
		sort_numbers(numbers, low, to);
}

FRAME static uint64_t hash_bytes(const unsigned char *bytes, size_t length)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	return hash;
}

static void *matrix_thread(void *unused)
{
	static uint32_t matrix[128 * 128];

	(void)unused;
	pthread_setname_np(pthread_self(), "matrix");
	for (int i = 0; i < 128 * 128; i++)
		matrix[i] = i * 2654435761u;
	while (!stop)
		sink += multiply_matrix(matrix, 128);
	return NULL;
}

static void *sort_thread(void *unused)
{
	static uint32_t numbers[1 << 14];
	uint32_t seed = 1;

	(void)unused;
	pthread_setname_np(pthread_self(), "sort");
	while (!stop) {
		for (int i = 0; i < 1 << 14; i++)
			numbers[i] = seed = seed * 1664525 + 1013904223;
		sort_numbers(numbers, 0, (1 << 14) - 1);
	}
	return NULL;
}

static void *zero_reader_thread(void *unused)
{
	static char buffer[1 << 16];
	int zero = open("/dev/zero", O_RDONLY);

	(void)unused;
	pthread_setname_np(pthread_self(), "zero_reader");
	while (!stop && read(zero, buffer, sizeof(buffer)) > 0)
		;
	close(zero);
	return NULL;
}

static void *random_hash_thread(void *unused)
{
	static unsigned char buffer[1 << 14];

	(void)unused;
	pthread_setname_np(pthread_self(), "random_hash");
	while (!stop && getrandom(buffer, sizeof(buffer), 0) > 0)
		sink += hash_bytes(buffer, sizeof(buffer));
	return NULL;
}

int main(int argc, char **argv)
{
	void *(*const bodies[])(void *) = {matrix_thread, sort_thread, zero_reader_thread,
					   random_hash_thread};
	enum { count = sizeof(bodies) / sizeof(bodies[0]) };
	int seconds = argc > 1 ? atoi(argv[1]) : 5;
	pthread_t threads[count];

	if (seconds <= 0) {
		fprintf(stderr, "usage: demo-workload [seconds]\n");
		return 2;
	}
	for (int i = 0; i < count; i++) {
		if (pthread_create(&threads[i], NULL, bodies[i], NULL)) {
			fprintf(stderr, "demo-workload: no thread\n");
			return 1;
		}
	}
	nanosleep(&(struct timespec){.tv_sec = seconds}, NULL);
	stop = 1;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
