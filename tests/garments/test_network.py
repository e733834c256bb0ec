"""A network is opened once, ahead of its use where that was asked for, and says what is wrong where it is used."""

from pathlib import Path

import numpy as np
import pytest

from muslin import store
from muslin.errors import UserError
from muslin.garments import network
from muslin.garments.network import Network


def test_a_session_begun_early_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    path, opened = store.load("closeup").file(), []
    really = Network._opened
    monkeypatch.setattr(Network, "_opened", lambda self: opened.append(self.path) or really(self))
    network.begin(path, threads=1)
    begun = network._BEGUN[path, 1]
    first, second, other = (Network(path, threads) for threads in (1, 1, 2))
    for one in (first, second, other):
        one.open_soon()
    assert first.session is begun.result() and not network._BEGUN
    assert second.session is not first.session and other.session is not first.session
    assert len(opened) == 3
    maps = {"stage_16": np.zeros((1, 112, 4, 4), np.float32), "stage_32": np.zeros((1, 320, 2, 2), np.float32)}
    np.testing.assert_array_equal(first(**maps)["construction"], Network(path)(**maps)["construction"])


def test_what_goes_wrong_early_is_said_where_it_is_used(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    network.begin(broken)
    one = Network(broken)
    one.open_soon()
    with pytest.raises(UserError, match="cannot be loaded"):
        _ = one.session
