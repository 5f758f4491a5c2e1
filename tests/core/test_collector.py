"""The garbage collector is off while rows stream by, and on again later."""

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from billing_engine.core.queues.collector import collector_off


def test_the_collector_is_off_inside_and_on_again_afterwards_also_after_an_error() -> None:
    with collector_off():
        assert not gc.isenabled()
    with pytest.raises(ZeroDivisionError), collector_off():
        1 / 0  # noqa: B018 -- the error itself
    assert gc.isenabled()


def test_it_stays_off_until_the_last_thread_is_done() -> None:
    both_in, first_out = Barrier(2), Barrier(2)

    def first() -> None:
        with collector_off():
            both_in.wait()
        first_out.wait()

    def last() -> bool:
        with collector_off():
            both_in.wait()
            first_out.wait()
            return gc.isenabled()

    with ThreadPoolExecutor(2) as threads:
        leaving, staying = threads.submit(first), threads.submit(last)
        leaving.result()

    assert (staying.result(), gc.isenabled()) == (False, True)


def test_where_it_was_off_already_it_stays_off() -> None:
    gc.disable()
    try:
        with collector_off():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
