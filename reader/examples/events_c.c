/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/* Prints what an event says for two seconds, of all CPUs in the order of time, and records it. */
#include <perfbuf/reader.h>
#include <stdio.h>
#include <time.h>

static int print(void *data, const struct perfbuf_sample *sample)
{
	const struct perfbuf_event_info *event = perfbuf_sample_event(sample);
	char text[256];
	size_t field;

	(void)data;
	printf("%llu cpu %u %s:", (unsigned long long)perfbuf_sample_time(sample),
	       (unsigned int)perfbuf_sample_cpu(sample), perfbuf_event_name(event));
	for (field = 0; field < perfbuf_event_field_count(event); field++)
		if (perfbuf_sample_text(sample, field, text, sizeof(text)) >= 0)
			printf(" %s=%s", perfbuf_event_field_name(event, field), text);
	printf("\n");
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "mydev:tick";
	const time_t end = time(NULL) + 2;
	struct perfbuf_session *session;
	int answer = perfbuf_session_open(&name, 1, -1, 0, &session);

	if (!answer && argc > 2)
		answer = perfbuf_session_record(session, argv[2]);
	if (!answer)
		answer = perfbuf_session_start(session);
	while (answer >= 0 && time(NULL) < end && perfbuf_session_wait(session, 100) >= 0)
		answer = perfbuf_session_read(session, print, NULL);
	if (answer >= 0)
		answer = perfbuf_session_finish(session, print, NULL);
	if (answer < 0)
		fprintf(stderr, "%s\n", perfbuf_error());
	return answer < 0;
}
