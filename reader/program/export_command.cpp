// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command export: writes a recording in another program's format.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <system_error>

#include "program/command.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/samples.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *export_about =
	R"(Write a recording in the format of another program.

  perfbuf export --format perfetto -o trace.json     opens in https://ui.perfetto.dev
  perfbuf export --format speedscope -o stacks.json  opens in https://www.speedscope.app
  perfbuf export --format folded                     a line for each stack, with its count
  perfbuf export --format json                       a line of JSON for each sample, with fields
  perfbuf export --format ctf -o trace               a directory for babeltrace2

Typed fields keep their types: numbers are numbers, names of enumerations are strings, and bytes
are whole, in JSON as hexadecimal digits.)";

struct export_words {
	std::string input = "perf.data";
	std::string output = "-";
	std::string format;
	symbol_words symbols;
};

std::unique_ptr<analysis::exporter> make_exporter(const export_words &words, const output_file *to,
						  const feed &from,
						  const analysis::frame_table &frames)
{
	if (words.format == "folded")
		return analysis::export_folded(to->stream(), frames);
	if (words.format == "speedscope")
		return analysis::export_speedscope(to->stream(), frames, words.input);
	if (words.format == "perfetto")
		return analysis::export_perfetto(to->stream(), frames);
	if (words.format == "json")
		return analysis::export_json(to->stream(), frames);
	auto made = analysis::create_ctf(words.output, from.events(), frames);
	if (!made)
		throw failure(exit_failed,
			      fmt::format("{}: {}: give another directory with -o",
					  made.error().text, made.error().code.message()));
	return *std::move(made);
}

int export_recording(const export_words &words)
{
	bool known = false;
	for (const char *each : {"perfetto", "speedscope", "folded", "json", "ctf"})
		known |= words.format == each;
	if (!known)
		throw failure(exit_usage, fmt::format("--format '{}': give perfetto, speedscope, "
						      "folded, json or ctf",
						      words.format));
	const bool directory = words.format == "ctf";
	if (directory && words.output == "-")
		throw failure(exit_usage, "--format ctf writes a directory: give its name with -o");
	const auto feed = open_recording(words.input);
	sample_feed samples(*feed, words.symbols);
	samples.warn_of_missing_names();
	std::optional<output_file> to;
	if (!directory)
		to.emplace(words.output, *feed);
	const auto exporter = make_exporter(words, to ? &*to : nullptr, *feed, samples.frames());
	int status = 0;
	try {
		status = samples.run([&](const analysis::described_sample &described) {
			exporter->add(described);
		});
		exporter->finish();
	} catch (const std::system_error &why) {
		if (to)
			throw to->took_no_more(why.code().value());
		throw failure(exit_failed,
			      fmt::format("{} took no more: give another directory with -o",
					  words.output));
	}
	if (to)
		to->close();
	if (exporter->left_out())
		say("perfbuf: the stacks take more than 512 MiB: {} samples are left out: record "
		    "for a shorter time\n",
		    group_digits(exporter->left_out()));
	if (words.output != "-")
		say("[ perfbuf: {} samples -> {} ]\n", group_digits(samples.samples()),
		    words.output);
	return status;
}

} // namespace

command add_export(CLI::App &program)
{
	const auto words = std::make_shared<export_words>();
	auto *app = program.add_subcommand("export", export_about);
	app->add_option("--format", words->format, "perfetto, speedscope, folded, json or ctf")
		->type_name("FORMAT")
		->required();
	app->add_option("-i,--input", words->input, "the recording; - reads standard input")
		->type_name("FILE")
		->capture_default_str();
	app->add_option("-o,--output", words->output,
			"the file, of ctf the directory; - is standard output")
		->type_name("FILE")
		->capture_default_str();
	add_symbol_options(*app, words->symbols);
	return {app, [words](const call &) { return export_recording(*words); }};
}

} // namespace perfbuf::program
