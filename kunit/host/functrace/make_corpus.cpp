// SPDX-License-Identifier: GPL-2.0
// make_corpus DIRECTORY: writes the fuzzer's first inputs (fuzz.cpp): streams of the encoder, and
// trace files of them.
#include "functrace/generator.hpp"

#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

#include "tracefile/writer.hpp"

namespace
{

using namespace functrace_test;

/* @mode: the first byte, by which fuzz.cpp chooses the decoder. */
void save(const std::string &name, uint8_t mode, std::span<const std::byte> content)
{
	std::ofstream file(name, std::ios::binary);
	file.put(static_cast<char>(mode));
	file.write(reinterpret_cast<const char *>(content.data()),
		   static_cast<std::streamsize>(content.size()));
}

/* Writes a stream, a trace file of it, and the stream with the lengths of pieces for fuzz.cpp. */
template <typename Stream>
bool save_all(const std::string &name, uint32_t seed)
{
	generator calls(seed, seed % 2);
	Stream stream(seed, 64 << seed % 3, seed % 2);
	for (int i = 0; i < 40; i++)
		stream.add(calls.next(), i % 9);
	/* Calls that follow each other as before, so that the encoder writes its shortest packets.
	 */
	for (int i = 0; i < 40; i++)
		stream.add(
			{2'000'000'000'000'000 + uint64_t(i * i * i), text + i % 3 * 64, 4, "a"});
	stream.end();
	save(name + "-stream", 2, stream.bytes);

	perfbuf::tracefile::writer to(
		perfbuf::reader::unique_fd(memfd_create("corpus", MFD_CLOEXEC)));
	perfbuf::tracefile::symbol_table names;
	names.add(text, "name", "module", text + 100);
	(void)to.begin({{"command", "x"}});
	(void)to.symbols(names);
	(void)to.bytes(0, 0, 0, stream.bytes, seed % 2);
	(void)to.finish({{"calls", "1"}});
	std::vector<std::byte> file(to.size());
	auto fd = to.release_file();
	if (pread(fd.get(), file.data(), file.size(), 0) != ssize_t(file.size()))
		return false;
	save(name + "-file", 0, file);

	std::vector<std::byte> chunk{std::byte{3}, std::byte{1}, std::byte{0}, std::byte{255}};
	chunk.insert(chunk.end(), stream.bytes.begin(), stream.bytes.end());
	save(name + "-chunks", 1, chunk);
	return true;
}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	const std::string directory = argv[1];
	bool good = true;
	for (uint32_t seed = 0; seed < 6; seed++) {
		const std::string name = directory + "/" + std::to_string(seed);
		good &= save_all<stream>(name, seed);
		good &= save_all<stream_of_version_1>(name + "-version-1", seed);
	}
	return good ? 0 : 1;
}
