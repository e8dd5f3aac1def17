/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the cases, for C and C++: suite and behaviour. A case that is
 * defined and not listed does not compile; one that is listed and not defined
 * does not link.
 */
#ifndef PERFBUF_KUNIT_LIST_H
#define PERFBUF_KUNIT_LIST_H

#include "ring/debug.hpp"

/* clang-format off */

#define PERFBUF_CASES_ring_write(CASE) \
	CASE(ring_write, a_new_ring_is_empty_and_describes_itself) \
	CASE(ring_write, a_ring_without_pages_stays_paused) \
	CASE(ring_write, sizes_that_are_no_power_of_two_are_refused) \
	CASE(ring_write, a_record_is_invisible_until_commit) \
	CASE(ring_write, a_record_is_whole_after_commit) \
	CASE(ring_write, records_follow_each_other_through_many_rounds) \
	CASE(ring_write, a_record_of_the_ring_less_8_fits) \
	CASE(ring_write, a_record_of_the_ring_is_too_big) \
	CASE(ring_write, a_record_of_the_ring_and_8_is_too_big) \
	CASE(ring_write, the_largest_record_is_what_a_header_can_say) \
	CASE(ring_write, the_stream_wraps_at_2_to_the_32) \
	CASE(ring_write, the_stream_wraps_at_2_to_the_64) \
	CASE(ring_write, a_record_may_be_filled_in_any_pieces) \
	CASE(ring_write, a_skip_leaves_the_bytes_of_the_ring_as_they_were) \
	CASE(ring_write, a_moved_reservation_commits_the_record_once) \
	CASE(ring_write, data_head_is_never_read_back)

#define PERFBUF_CASES_ring_burst(CASE) \
	CASE(ring_burst, a_reader_sees_all_records_of_a_burst_or_none) \
	CASE(ring_burst, a_burst_that_crosses_the_chunks_of_the_ring_is_whole) \
	CASE(ring_burst, a_nested_record_is_published_with_the_burst_behind_it) \
	CASE(ring_burst, a_nested_burst_is_published_with_the_outer_record) \
	CASE(ring_burst, a_burst_that_does_not_fit_is_lost_as_a_whole_and_reported) \
	CASE(ring_burst, a_burst_larger_than_the_largest_record_is_too_big) \
	CASE(ring_burst, a_burst_in_a_paused_ring_is_lost_as_paused) \
	CASE(ring_burst, a_pending_loss_is_reported_before_the_burst) \
	CASE(ring_burst, a_discarded_burst_vanishes_and_is_not_counted) \
	CASE(ring_burst, a_discarded_burst_with_a_record_behind_it_becomes_one_record_of_no_loss) \
	CASE(ring_burst, a_burst_beyond_several_watermarks_wakes_once) \
	CASE(ring_burst, each_record_of_a_burst_counts_towards_the_wakeup_by_count) \
	CASE(ring_burst, watched_statistics_count_each_record_of_a_burst)

#define PERFBUF_CASES_ring_tail(CASE) \
	CASE(ring_tail, a_user_page_full_of_rubbish_hurts_only_its_owner) \
	CASE(ring_tail, a_tail_in_the_future_frees_no_more_than_the_ring) \
	CASE(ring_tail, a_tail_in_the_past_is_taken_modulo_the_size) \
	CASE(ring_tail, an_unaligned_tail_costs_its_owner_one_record) \
	CASE(ring_tail, a_tail_that_changes_all_the_time_never_moves_the_head_back)

#define PERFBUF_CASES_ring_user_copy(CASE) \
	CASE(ring_user_copy, bytes_of_a_mapped_user_page_are_copied) \
	CASE(ring_user_copy, bytes_of_an_unmapped_user_page_are_zeros_and_reported) \
	CASE(ring_user_copy, a_copy_may_end_within_a_word) \
	CASE(ring_user_copy, a_copy_crosses_the_end_of_the_ring) \
	CASE(ring_user_copy, an_address_outside_of_user_space_gives_zeros)

#define PERFBUF_CASES_ring_loss(CASE) \
	CASE(ring_loss, a_loss_in_overwrite_mode_can_be_reported_wherever_the_head_is) \
	CASE(ring_loss, a_loss_can_be_reported_just_when_its_record_has_space) \
	CASE(ring_loss, a_full_ring_refuses_and_counts) \
	CASE(ring_loss, a_loss_is_reported_before_the_next_record) \
	CASE(ring_loss, a_loss_carries_the_sample_id_of_the_event_that_reports_it) \
	CASE(ring_loss, a_record_that_fits_only_alone_goes_alone) \
	CASE(ring_loss, a_record_that_does_not_fit_with_its_loss_is_lost_too) \
	CASE(ring_loss, a_record_that_is_too_big_is_reported_as_lost) \
	CASE(ring_loss, records_that_come_during_a_pause_are_reported_after_it) \
	CASE(ring_loss, flush_reports_the_losses_of_a_pause_that_no_record_follows) \
	CASE(ring_loss, flush_reports_a_loss_only_when_there_is_space) \
	CASE(ring_loss, a_record_that_a_source_could_not_begin_is_counted_and_reported) \
	CASE(ring_loss, each_cause_of_a_loss_has_its_own_count) \
	CASE(ring_loss, every_record_is_received_or_lost)

#define PERFBUF_CASES_ring_wakeup(CASE) \
	CASE(ring_wakeup, a_record_that_ends_on_a_multiple_of_the_watermark_has_not_passed_it) \
	CASE(ring_wakeup, the_default_watermark_is_half_the_ring) \
	CASE(ring_wakeup, a_watermark_is_at_most_the_ring) \
	CASE(ring_wakeup, more_unread_bytes_than_the_watermark_wake_the_reader) \
	CASE(ring_wakeup, a_watermark_wakes_once_for_as_many_bytes) \
	CASE(ring_wakeup, a_ring_that_is_full_wakes_whatever_the_watermark) \
	CASE(ring_wakeup, a_ring_that_stays_full_wakes_once) \
	CASE(ring_wakeup, a_ring_that_is_full_again_wakes_again) \
	CASE(ring_wakeup, a_full_ring_wakes_a_reader_that_stores_its_tail_modulo_the_size) \
	CASE(ring_wakeup, one_of_every_n_records_wakes_the_reader) \
	CASE(ring_wakeup, every_event_wakes_where_n_is_1_and_none_where_it_is_0) \
	CASE(ring_wakeup, several_wakeups_before_the_reader_polls_count_as_one) \
	CASE(ring_wakeup, the_outermost_writer_sends_the_wakeup_that_a_nested_one_requested) \
	CASE(ring_wakeup, a_discarded_record_moves_no_wakeup_mark) \
	CASE(ring_wakeup, nested_writers_at_the_mark_move_it_once) \
	CASE(ring_wakeup, small_records_after_a_large_one_wake_once_for_each_watermark) \
	CASE(ring_wakeup, a_full_ring_wakes_for_a_head_that_a_discarded_record_had_reached_before) \
	CASE(ring_wakeup, a_latency_that_expires_while_a_record_is_open_wakes_for_what_is_published) \
	CASE(ring_wakeup, poll_is_level_until_the_reader_has_come_to_the_wakeup) \
	CASE(ring_wakeup, a_reader_that_polls_by_itself_is_not_woken) \
	CASE(ring_wakeup, a_record_waits_no_longer_than_the_latency) \
	CASE(ring_wakeup, every_target_is_woken_until_it_is_detached) \
	CASE(ring_wakeup, a_wakeup_that_is_walking_finds_its_way_past_a_detached_target)

#define PERFBUF_CASES_ring_overwrite(CASE) \
	CASE(ring_overwrite, no_record_is_lost_for_want_of_space) \
	CASE(ring_overwrite, the_newest_records_of_a_forward_ring_end_at_the_head) \
	CASE(ring_overwrite, a_forward_ring_keeps_marks_where_records_begin_one_for_each_watermark) \
	CASE(ring_overwrite, all_of_a_ring_is_certain_after_a_copy_where_stores_are_seen_in_order) \
	CASE(ring_overwrite, a_backward_ring_is_read_from_its_head_newest_first) \
	CASE(ring_overwrite, a_stored_tail_changes_nothing_for_the_writer) \
	CASE(ring_overwrite, a_record_of_the_ring_fits) \
	CASE(ring_overwrite, each_wakeup_is_seen_by_one_poll) \
	CASE(ring_overwrite, a_pause_keeps_what_is_there) \
	CASE(ring_overwrite, a_discarded_record_is_not_shown_as_the_oldest)

#define PERFBUF_CASES_ring_backward(CASE) \
	CASE(ring_backward, a_record_stands_at_the_head) \
	CASE(ring_backward, a_full_backward_ring_refuses_until_its_reader_frees_space) \
	CASE(ring_backward, a_record_of_the_backward_ring_less_8_bytes_fits) \
	CASE(ring_backward, the_watermark_of_a_backward_ring_counts_downwards) \
	CASE(ring_backward, a_loss_stands_above_the_record_it_came_with)

#define PERFBUF_CASES_ring_nesting(CASE) \
	CASE(ring_nesting, only_the_outermost_writer_publishes) \
	CASE(ring_nesting, four_contexts_deep_every_record_is_whole_and_in_the_order_of_begin) \
	CASE(ring_nesting, a_nested_writer_that_finds_no_space_leaves_the_outer_record_as_it_is) \
	CASE(ring_nesting, a_loss_during_the_report_of_another_is_reported_later) \
	CASE(ring_nesting, a_pause_between_begin_and_commit_does_not_hold_the_record)

#define PERFBUF_CASES_recursion(CASE) \
	CASE(recursion, a_closed_context_is_not_entered_and_a_busy_one_is_not_closed) \
	CASE(recursion, a_source_enters_each_context_once) \
	CASE(recursion, a_refused_entry_changes_nothing)

#define PERFBUF_CASES_ring_storage(CASE) \
	CASE(ring_storage, every_kind_and_size_holds_whole_records_across_its_end) \
	CASE(ring_storage, single_pages_become_vmalloc_where_the_architecture_needs_it) \
	CASE(ring_storage, pages_come_in_chunks_of_their_order) \
	CASE(ring_storage, chunks_are_smaller_where_there_are_no_large_ones) \
	CASE(ring_storage, every_kind_of_storage_holds_a_backward_ring) \
	CASE(ring_storage, a_page_of_every_kind_has_its_own_frame) \
	CASE(ring_storage, the_pages_of_a_new_ring_are_zero) \
	CASE(ring_storage, the_second_half_of_mirrored_storage_is_the_first) \
	CASE(ring_storage, a_ring_of_2_to_the_31_pages_is_refused) \
	CASE(ring_storage, a_failure_of_any_allocation_leaks_nothing) \
	CASE(ring_storage, a_ring_in_memory_of_the_callers_takes_all_from_it_and_gives_all_back) \
	CASE(ring_storage, a_ring_that_nobody_uses_is_freed_at_once_by_its_last_reference) \
	CASE(ring_storage, a_failure_of_the_callers_memory_leaks_nothing) \
	CASE(ring_storage, a_failure_to_limit_the_latency_changes_nothing)

#define PERFBUF_CASES_ring_lifetime(CASE) \
	CASE(ring_lifetime, the_last_put_frees_everything) \
	CASE(ring_lifetime, a_ring_outlives_the_writer_that_is_inside) \
	CASE(ring_lifetime, a_ring_outlives_the_wakeup_that_its_last_writer_raised) \
	CASE(ring_lifetime, a_reference_count_that_overflows_leaks_and_never_frees) \
	CASE(ring_lifetime, a_reference_to_what_has_none_is_refused) \
	CASE(ring_lifetime, a_put_too_many_saturates)

#define PERFBUF_CASES_ring_in_place(CASE) \
	CASE(ring_in_place, contiguous_bytes_begin_on_the_next_page_if_the_last_copy_ended_a_page) \
	CASE(ring_in_place, a_refused_contiguous_reserve_leaves_the_ring_as_it_was) \
	CASE(ring_in_place, every_record_on_mirrored_storage_is_contiguous) \
	CASE(ring_in_place, a_contiguous_reserve_is_refused_where_the_record_wraps_and_the_reservation_stays) \
	CASE(ring_in_place, a_whole_record_is_written_without_a_reservation_object_in_every_mode) \
	CASE(ring_in_place, a_record_written_in_steps_is_whole_on_every_storage_in_both_directions) \
	CASE(ring_in_place, a_record_written_in_steps_may_end_with_its_page) \
	CASE(ring_in_place, a_refused_record_written_in_steps_is_counted_once) \
	CASE(ring_in_place, a_reason_that_comes_while_the_limit_is_open_closes_it) \
	CASE(ring_in_place, a_record_beyond_64_KiB_is_too_big_for_a_ring_that_has_space_for_it) \
	CASE(ring_in_place, a_refused_whole_record_is_reported_before_the_next_one) \
	CASE(ring_in_place, a_whole_record_off_the_fast_path_is_not_begun_on_storage_that_is_not_mirrored) \
	CASE(ring_in_place, a_reservation_that_is_made_where_the_caller_says)

#define PERFBUF_CASES_ring_discard(CASE) \
	CASE(ring_discard, a_filler_is_a_LOST_record_that_counts_nothing) \
	CASE(ring_discard, a_discarded_record_is_not_seen_by_the_reader) \
	CASE(ring_discard, a_discarded_record_with_a_record_behind_it_becomes_a_loss_of_none) \
	CASE(ring_discard, a_loss_reported_with_a_discarded_record_stays_reported) \
	CASE(ring_discard, a_record_too_small_for_its_filler_is_refused)

#define PERFBUF_CASES_ring_stats(CASE) \
	CASE(ring_stats, a_loss_that_is_reported_alone_is_noted_as_a_record) \
	CASE(ring_stats, statistics_that_no_reader_has_mapped_note_nothing_of_nested_writers) \
	CASE(ring_stats, the_statistics_page_counts_each_write_and_each_loss) \
	CASE(ring_stats, watching_shows_what_was_written_before) \
	CASE(ring_stats, the_longest_write_is_timed_at_four_depths_and_no_deeper) \
	CASE(ring_stats, high_water_is_what_was_unread_however_the_tail_is_stored) \
	CASE(ring_stats, high_water_says_nothing_in_overwrite_mode)

#define PERFBUF_CASES_aux_transaction(CASE) \
	CASE(aux_transaction, a_sample_leaves_out_what_an_interrupted_source_may_overwrite) \
	CASE(aux_transaction, begin_gives_the_free_span) \
	CASE(aux_transaction, end_reports_the_written_bytes_and_moves_the_head) \
	CASE(aux_transaction, the_record_carries_the_sample_id_of_its_event) \
	CASE(aux_transaction, a_record_is_written_only_where_it_says_something_new) \
	CASE(aux_transaction, a_second_one_is_refused_and_counted) \
	CASE(aux_transaction, a_full_area_refuses_and_wakes) \
	CASE(aux_transaction, a_transaction_that_wrote_more_than_was_free_is_truncated) \
	CASE(aux_transaction, a_tail_that_makes_no_sense_is_a_full_area) \
	CASE(aux_transaction, skip_leaves_bytes_out_and_writes_no_record) \
	CASE(aux_transaction, the_watermark_wakes_once_for_as_many_bytes) \
	CASE(aux_transaction, the_default_watermark_is_half_the_area) \
	CASE(aux_transaction, a_wakeup_inside_of_a_data_writer_is_sent_when_it_leaves) \
	CASE(aux_transaction, a_record_that_finds_no_space_is_lost_and_reported) \
	CASE(aux_transaction, a_transaction_in_snapshot_mode_wraps_and_is_never_full) \
	CASE(aux_transaction, the_stream_wraps_at_2_to_the_64)

#define PERFBUF_CASES_aux_shared(CASE) \
	CASE(aux_shared, only_the_outermost_writer_publishes_its_packets) \
	CASE(aux_shared, reservations_cross_pages_and_rounds) \
	CASE(aux_shared, a_full_area_reports_once_that_packets_are_missing) \
	CASE(aux_shared, the_outermost_writer_reports_the_refusal_of_a_nested_one) \
	CASE(aux_shared, a_packet_larger_than_the_area_is_too_big) \
	CASE(aux_shared, an_area_refuses_the_operations_of_the_other_kind) \
	CASE(aux_shared, a_reader_is_woken_when_the_watermark_is_reached) \
	CASE(aux_shared, snapshot_mode_moves_the_head_and_writes_no_record) \
	CASE(aux_shared, a_sample_holds_the_area_alone_and_copies_across_its_end) \
	CASE(aux_shared, a_window_that_a_sample_holds_is_not_overwritten) \
	CASE(aux_shared, a_sample_leaves_out_what_an_interrupted_writer_overwrites) \
	CASE(aux_shared, a_sample_takes_nothing_where_writers_have_gone_round)

#define PERFBUF_CASES_aux_memory(CASE) \
	CASE(aux_memory, chunks_are_as_large_as_the_source_wants) \
	CASE(aux_memory, smaller_chunks_are_used_when_no_large_one_is_free) \
	CASE(aux_memory, a_source_that_cannot_scatter_has_one_chunk_or_none) \
	CASE(aux_memory, an_area_of_virtual_memory_has_consecutive_addresses) \
	CASE(aux_memory, sizes_that_cannot_be_are_refused) \
	CASE(aux_memory, a_setup_that_fails_leaves_nothing) \
	CASE(aux_memory, a_failure_of_any_allocation_leaks_nothing) \
	CASE(aux_memory, the_last_reference_frees_what_the_setup_made) \
	CASE(aux_memory, an_area_outlives_its_mappings_while_a_transaction_is_open) \
	CASE(aux_memory, an_area_without_a_reference_refuses_a_transaction)

#define PERFBUF_CASES_aux_edges(CASE) \
	CASE(aux_edges, an_event_learns_whether_its_record_was_written) \
	CASE(aux_edges, an_area_that_is_used_up_to_a_few_bytes_gives_these) \
	CASE(aux_edges, a_truncated_transaction_of_one_byte_wakes_and_is_readable) \
	CASE(aux_edges, an_area_is_readable_up_to_the_last_byte_that_was_woken_for) \
	CASE(aux_edges, the_position_of_a_transaction_is_the_areas_to_say) \
	CASE(aux_edges, snapshot_mode_ends_and_skips_where_the_source_says) \
	CASE(aux_edges, a_skip_takes_all_that_is_free_and_no_more) \
	CASE(aux_edges, a_window_of_a_shared_area_ends_at_what_is_published) \
	CASE(aux_edges, an_area_beyond_the_largest_chunk_is_cut_and_one_of_its_size_is_not)

#ifdef PERFBUF_DEBUG
#define PERFBUF_CASES_reservation_debug(CASE) \
	CASE(reservation_debug, each_way_to_overflow_a_reservation_is_caught) \
	CASE(reservation_debug, a_reservation_that_is_dropped_is_caught) \
	CASE(reservation_debug, a_record_that_is_not_filled_is_caught) \
	CASE(reservation_debug, a_record_that_overflows_its_reservation_is_caught) \
	CASE(reservation_debug, a_record_that_keeps_the_rules_is_silent) \
	CASE(reservation_debug, an_AUX_reservation_that_is_dropped_overflown_or_not_filled_is_caught)
#else
#define PERFBUF_CASES_reservation_debug(CASE)
#endif

#define PERFBUF_CASES_result(CASE) \
	CASE(result, a_value_is_taken_and_an_error_returned) \
	CASE(result, a_return_value_of_the_glue_becomes_a_result)

#define PERFBUF_CASES_guard(CASE) \
	CASE(guard, a_guard_undoes_its_work_unless_it_is_dismissed)

#define PERFBUF_CASES_alloc(CASE) \
	CASE(alloc, an_allocation_that_fails_runs_no_constructor) \
	CASE(alloc, an_owner_frees_its_object_exactly_once)

#define PERFBUF_CASES_locks(CASE) \
	CASE(locks, a_guard_holds_the_lock_that_owns_the_data)

#define PERFBUF_CASES_memory_model(CASE) \
	CASE(memory_model, a_local_word_is_read_and_changed) \
	CASE(memory_model, a_shared_word_is_read_and_changed)

#define PERFBUF_CASES_deferred(CASE) \
	CASE(deferred, a_deferred_function_runs_once_after_a_grace_period)

/* Every suite; KUnit takes no empty one, so the last stands apart. */
#define PERFBUF_SUITES(SUITE) \
	SUITE(ring_write) \
	SUITE(ring_burst) \
	SUITE(ring_tail) \
	SUITE(ring_user_copy) \
	SUITE(ring_loss) \
	SUITE(ring_wakeup) \
	SUITE(ring_overwrite) \
	SUITE(ring_backward) \
	SUITE(ring_nesting) \
	SUITE(recursion) \
	SUITE(ring_storage) \
	SUITE(ring_lifetime) \
	SUITE(ring_in_place) \
	SUITE(ring_discard) \
	SUITE(ring_stats) \
	SUITE(aux_transaction) \
	SUITE(aux_shared) \
	SUITE(aux_memory) \
	SUITE(aux_edges) \
	SUITE(result) \
	SUITE(guard) \
	SUITE(alloc) \
	SUITE(locks) \
	SUITE(memory_model) \
	SUITE(deferred)
#ifdef PERFBUF_DEBUG
#define PERFBUF_DEBUG_SUITES(SUITE) SUITE(reservation_debug)
#else
#define PERFBUF_DEBUG_SUITES(SUITE)
#endif

#define PERFBUF_CASES(CASE) \
	PERFBUF_CASES_ring_write(CASE) \
	PERFBUF_CASES_ring_burst(CASE) \
	PERFBUF_CASES_ring_tail(CASE) \
	PERFBUF_CASES_ring_user_copy(CASE) \
	PERFBUF_CASES_ring_loss(CASE) \
	PERFBUF_CASES_ring_wakeup(CASE) \
	PERFBUF_CASES_ring_overwrite(CASE) \
	PERFBUF_CASES_ring_backward(CASE) \
	PERFBUF_CASES_ring_nesting(CASE) \
	PERFBUF_CASES_recursion(CASE) \
	PERFBUF_CASES_ring_storage(CASE) \
	PERFBUF_CASES_ring_lifetime(CASE) \
	PERFBUF_CASES_ring_in_place(CASE) \
	PERFBUF_CASES_ring_discard(CASE) \
	PERFBUF_CASES_ring_stats(CASE) \
	PERFBUF_CASES_aux_transaction(CASE) \
	PERFBUF_CASES_aux_shared(CASE) \
	PERFBUF_CASES_aux_memory(CASE) \
	PERFBUF_CASES_aux_edges(CASE) \
	PERFBUF_CASES_reservation_debug(CASE) \
	PERFBUF_CASES_result(CASE) \
	PERFBUF_CASES_guard(CASE) \
	PERFBUF_CASES_alloc(CASE) \
	PERFBUF_CASES_locks(CASE) \
	PERFBUF_CASES_memory_model(CASE) \
	PERFBUF_CASES_deferred(CASE)

/* clang-format on */

#endif /* PERFBUF_KUNIT_LIST_H */
