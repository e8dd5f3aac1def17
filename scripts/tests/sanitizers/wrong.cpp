// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong on purpose, once for each sanitizer: run-sanitizers looks for a report that names the
 * function. What is wrong comes in as an argument, so that the compiler cannot see it.
 */
namespace
{

int table[4];
constinit int after_table[4] = {1, 2, 3, 4};

} // namespace

extern "C" {

int cxx_reads_past_heap(const unsigned char *bytes, int length);
int cxx_uses_after_free(const unsigned char *bytes);
int cxx_reads_past_stack(int index);
int cxx_reads_past_global(int index);
int cxx_indexes_past_array(int index);
int cxx_shifts_too_far(int by);
void cxx_increments(int *shared);

__attribute__((noinline)) int cxx_reads_past_heap(const unsigned char *bytes, int length)
{
	return bytes[length];
}

__attribute__((noinline)) int cxx_uses_after_free(const unsigned char *bytes)
{
	return bytes[3];
}

__attribute__((noinline)) int cxx_reads_past_stack(int index)
{
	volatile unsigned char local[8] = {};
	const volatile unsigned char *first = local;

	asm volatile("" : "+r"(first));
	return first[index];
}

__attribute__((noinline)) int cxx_reads_past_global(int index)
{
	const int *first = after_table;

	asm volatile("" : "+r"(first));
	return first[index];
}

__attribute__((noinline)) int cxx_indexes_past_array(int index)
{
	return table[index];
}

__attribute__((noinline)) int cxx_shifts_too_far(int by)
{
	return 1 << by;
}

__attribute__((noinline)) void cxx_increments(int *shared)
{
	++*shared;
}
}
