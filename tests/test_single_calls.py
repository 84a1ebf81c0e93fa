import numpy as np
import pytest

from course_utils.models import single_calls


@pytest.mark.parametrize(("step", "expected"), [(1e-6, [4000, 2000]), (0.0156, [2000, 1000])])
def test_single_calls_are_timed_by_the_processor_unless_its_clock_is_coarse(monkeypatch, step, expected):
    clocks = {"wall": 100.0, "cpu": 100.0}

    def work(seconds):
        clocks["wall"] += seconds
        clocks["cpu"] += 2 * seconds  # on two cores

    def process_time():
        clocks["cpu"] += step
        return clocks["cpu"]

    monkeypatch.setattr(single_calls.time, "process_time", process_time)
    monkeypatch.setattr(single_calls.time, "perf_counter", lambda: clocks["wall"])
    np.testing.assert_allclose(single_calls.call_ms(work, [2, 1]), expected, rtol=1e-4)
