# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""perfbuf's reader: events by name, live on all CPUs and out of perf.data, in the order of time.

    import perfbuf

    with perfbuf.Session("nvq:complete") as session:
        session.set_filter("latency > 50us")
        for sample in session.samples(duration=1):
            print(sample.time, sample.cpu, sample["queue"], sample["latency"])

    for sample in perfbuf.Recording("perf.data"):
        print(sample.event, sample.fields())

What fails raises OSError, with the errno and a sentence. It calls libperfbuf-reader.so.1.
"""
import ctypes
import os
import time as _time

__all__ = ["Recording", "Sample", "Session", "events", "fields_of"]

_library = ctypes.CDLL(os.environ.get("PERFBUF_READER_LIBRARY", "libperfbuf-reader.so.1"))
_UNSIGNED, _SIGNED, _BOOLEAN, _TEXT, _BYTES, _ADDRESS = range(6)
_handle = ctypes.c_void_p
_use_name = ctypes.CFUNCTYPE(ctypes.c_int, _handle, ctypes.c_char_p)
_use_sample = ctypes.CFUNCTYPE(ctypes.c_int, _handle, _handle)


def _function(name, result, *arguments):
    function = getattr(_library, "perfbuf_" + name)
    function.restype = result
    function.argtypes = arguments
    return function


_size, _u32, _u64, _int, _text = (ctypes.c_size_t, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int,
                                  ctypes.c_char_p)
_error = _function("error", _text)
_event_list = _function("event_list", _int, _use_name, _handle)
_event_find = _function("event_find", _int, _text, ctypes.POINTER(_handle))
_event_free = _function("event_free", None, _handle)
_event_name = _function("event_name", _text, _handle)
_field_count = _function("event_field_count", _size, _handle)
_field_name = _function("event_field_name", _text, _handle, _size)
_field_form = _function("event_field_form", _int, _handle, _size)
_field_is_named = _function("event_field_is_named", _int, _handle, _size)
_field_is_array = _function("event_field_is_array", _int, _handle, _size)
_sample_event = _function("sample_event", _handle, _handle)
_sample_time = _function("sample_time", _u64, _handle)
_sample_cpu = _function("sample_cpu", _u32, _handle)
_sample_pid = _function("sample_pid", _u32, _handle)
_sample_tid = _function("sample_tid", _u32, _handle)
_sample_ip = _function("sample_ip", _u64, _handle)
_sample_count = _function("sample_field_count", _size, _handle, _size)
_sample_integer = _function("sample_integer", _int, _handle, _size, _size, ctypes.POINTER(_u64))
_sample_bytes = _function("sample_bytes", _int, _handle, _size, ctypes.POINTER(_handle),
                          ctypes.POINTER(_size))
_sample_text = _function("sample_text", _int, _handle, _size, ctypes.c_char_p, _size)
_session_open = _function("session_open", _int, ctypes.POINTER(_text), _size, _int, _size,
                          ctypes.POINTER(_handle))
_session_close = _function("session_close", None, _handle)
_session_set_filter = _function("session_set_filter", _int, _handle, _size, _text)
_session_record = _function("session_record", _int, _handle, _text)
_session_start = _function("session_start", _int, _handle)
_session_fd = _function("session_fd", _int, _handle)
_session_wait = _function("session_wait", _int, _handle, _int)
_session_read = _function("session_read", _int, _handle, _use_sample, _handle)
_session_finish = _function("session_finish", _int, _handle, _use_sample, _handle)
_session_lost = _function("session_lost", _u64, _handle)
_session_given_up = _function("session_given_up", _u64, _handle)
_recording_open = _function("recording_open", _int, _text, ctypes.POINTER(_handle))
_recording_close = _function("recording_close", None, _handle)
_recording_read = _function("recording_read", _int, _handle, _use_sample, _handle)


def _checked(answer):
    if answer < 0:
        raise OSError(-answer, _error().decode(errors="replace") or os.strerror(-answer))
    return answer


class _Event:
    """Name and fields of an event, read once."""

    def __init__(self, info):
        self.name = _event_name(info).decode()
        self.fields = {}
        for number in range(_field_count(info)):
            self.fields[_field_name(info, number).decode()] = (
                number, _field_form(info, number), bool(_field_is_named(info, number)),
                bool(_field_is_array(info, number)))


class Sample:
    """An occurrence of an event: event, time (ns), cpu, pid, tid, ip, and its fields by name; None: a
    field that is not in it."""

    __slots__ = ("event", "time", "cpu", "pid", "tid", "ip", "_values")

    def __init__(self, handle, event):
        self.event = event.name
        self.time = _sample_time(handle)
        self.cpu = _sample_cpu(handle)
        self.pid = _sample_pid(handle)
        self.tid = _sample_tid(handle)
        self.ip = _sample_ip(handle)
        self._values = {name: _value(handle, *field) for name, field in event.fields.items()}

    def __getitem__(self, field):
        return self._values[field]

    def fields(self):
        return dict(self._values)

    def __repr__(self):
        fields = " ".join(f"{name}={value!r}" for name, value in self._values.items())
        return f"<{self.event} at {self.time} on CPU {self.cpu}: {fields}>"


def _integer(handle, number, form, element):
    value = _u64()
    if _sample_integer(handle, number, element, ctypes.byref(value)) < 0:
        return None  # the payload is shorter than the format says
    if form == _SIGNED:
        return ctypes.c_int64(value.value).value
    return bool(value.value) if form == _BOOLEAN else value.value


def _value(handle, number, form, is_named, is_array):
    if form == _BYTES:
        at, size = _handle(), _size()
        _checked(_sample_bytes(handle, number, ctypes.byref(at), ctypes.byref(size)))
        return ctypes.string_at(at.value, size.value) if size.value else b""
    if form in (_TEXT, _ADDRESS) or is_named:
        length = _checked(_sample_text(handle, number, None, 0))
        text = ctypes.create_string_buffer(length + 1)
        _checked(_sample_text(handle, number, text, length + 1))
        return text.raw[:length].decode(errors="surrogateescape")
    if is_array:
        return [_integer(handle, number, form, element)
                for element in range(_sample_count(handle, number))]
    return _integer(handle, number, form, 0)


class _Reader:
    """What passes samples: their events are known by the address of their info."""

    def __init__(self, free):
        self._events = {}
        self._open = _handle()
        self._free = free
        self._passes = 0

    @property
    def _handle(self):
        if not self._open:
            raise ValueError("it is closed")
        return self._open

    def _pass(self, read, each):
        raised = []

        def use(_, handle):
            try:
                info = _sample_event(handle)
                event = self._events.get(info)
                if event is None:
                    event = self._events[info] = _Event(info)
                each(Sample(handle, event))
            except BaseException as error:  # it cannot cross C
                raised.append(error)
                return 1
            return 0

        self._passes += 1
        try:
            answer = read(self._handle, _use_sample(use), None)
        finally:
            self._passes -= 1
        if raised:
            raise raised[0]
        _checked(answer)

    def _samples(self, read):
        samples = []
        self._pass(read, samples.append)
        return samples

    def close(self):
        if self._passes:
            raise ValueError("it is passing samples: close it after the pass")
        if self._open:
            self._free(self._open)
            self._open = _handle()

    __del__ = close

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Session(_Reader):
    """Events on all CPUs, or of the thread @pid. @pages: of each CPU's ring, a power of two."""

    def __init__(self, *names, pid=-1, pages=0):
        super().__init__(_session_close)
        all_names = (_text * len(names))(*(name.encode() for name in names))
        _checked(_session_open(all_names, len(names), pid, pages, ctypes.byref(self._open)))

    def set_filter(self, text, event=0):
        _checked(_session_set_filter(self._handle, event, text.encode()))

    def record(self, path):
        """Writes every record into a perf.data, too."""
        _checked(_session_record(self._handle, os.fsencode(path)))

    def start(self):
        _checked(_session_start(self._handle))

    def fileno(self):
        """Readable when a ring is: more than half of it is unread, it was full, or the thread or the
        source of an event has gone. Call read() on a timer, too: fewer records wake no reader."""
        return _session_fd(self._handle)

    def wait(self, seconds):
        return bool(_checked(_session_wait(self._handle, int(seconds * 1000))))

    def read(self):
        """The samples of one pass over all rings."""
        return self._samples(_session_read)

    def finish(self):
        """Stops; the samples that are left."""
        return self._samples(_session_finish)

    def samples(self, duration):
        """Starts, passes on for @duration seconds what comes, and stops."""
        self.start()
        end = _time.monotonic() + duration
        while (left := end - _time.monotonic()) > 0:
            self.wait(min(left, 0.1))
            yield from self.read()
        yield from self.finish()

    @property
    def lost(self):
        return _session_lost(self._handle)

    @property
    def given_up(self):
        """Bytes of rings that stood behind a record of a size that cannot be."""
        return _session_given_up(self._handle)


class Recording(_Reader):
    """A perf.data, of perf or of perfbuf: its samples, in the order of time."""

    def __init__(self, path):
        super().__init__(_recording_close)
        _checked(_recording_open(os.fsencode(path), ctypes.byref(self._open)))

    def each(self, use):
        """Calls @use with each sample, of which it holds one at a time."""
        self._pass(_recording_read, use)

    def __iter__(self):
        """All samples are read before the first is passed on."""
        return iter(self._samples(_recording_read))


def events():
    """The names of all events that the module has now."""
    names = []

    def use(_, name):
        names.append(name.decode())
        return 0

    _checked(_event_list(_use_name(use), None))
    return names


def fields_of(name):
    """The names of an event's fields."""
    info = _handle()
    _checked(_event_find(name.encode(), ctypes.byref(info)))
    try:
        return list(_Event(info).fields)
    finally:
        _event_free(info)
