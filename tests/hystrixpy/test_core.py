from hystrixpy.testing import FakeClock

from hystrixpy import CircuitConfig, command


def test_percentiles_are_in_milliseconds_by_hystrixs_keys(clock: FakeClock) -> None:
    @command
    def slow(seconds: float) -> None:
        clock.advance(seconds)
        if seconds == 0.5:
            raise ConnectionError

    for seconds in (0.125, 0.125, 0.25, 0.5):
        slow.outcome(seconds)
    shot = slow.snapshot()
    assert list(shot.latency_ms) == ["0", "25", "50", "75", "90", "95", "99", "99.5", "100"]
    assert shot.latency_ms["50"] == 125
    assert shot.latency_ms["75"] == 250
    assert shot.latency_ms["100"] == 500  # failures took their time too
    assert shot.mean_ms == 250
    assert shot.error_percentage == 25


def test_a_snapshot_of_nothing_is_zeros() -> None:
    @command
    def idle() -> None: ...

    shot = idle.snapshot()
    assert (shot.counts, shot.volume, shot.mean_ms, shot.error_percentage) == ({}, 0, 0, 0)
    assert shot.counts["TIMEOUT"] == 0


def test_what_is_old_is_forgotten(clock: FakeClock) -> None:
    @command(circuit=CircuitConfig(window=2, buckets=4))
    def fine() -> None: ...

    fine()
    clock.advance(1.75)
    assert fine.snapshot().volume == 1
    clock.advance(0.25)
    assert fine.snapshot().volume == 0
