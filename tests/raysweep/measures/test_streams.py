import torch

from raysweep.measures.streams import normal, normal_each, shuffled

CPU = torch.device("cpu")


def test_streams_are_named_by_values() -> None:
    assert torch.equal(normal((5, 3), CPU, "a", 1), normal((5, 3), CPU, "a", 1))
    assert not torch.equal(normal((5, 3), CPU, "a", 1), normal((5, 3), CPU, "a", 2))
    assert not torch.equal(normal((5, 3), CPU, "a", 1), normal((5, 3), CPU, "b", 1))


def test_an_items_numbers_do_not_depend_on_how_items_are_cut() -> None:
    whole = normal_each(range(10), (2, 3), CPU, "a")
    parts = [normal_each(range(4), (2, 3), CPU, "a"), normal_each(range(4, 10), (2, 3), CPU, "a")]
    assert whole.shape == (10, 2, 3)
    assert torch.equal(torch.cat(parts), whole)
    assert len(whole.flatten().unique()) == 60


def test_they_are_standard_normal() -> None:
    values = normal_each(range(2000), (10,), CPU, "a")
    assert abs(float(values.mean())) < 0.03
    assert abs(float(values.std()) - 1) < 0.03


def test_an_order_holds_every_index_once() -> None:
    order = shuffled(50, "a")
    assert sorted(order.tolist()) == list(range(50))
    assert order.tolist() != list(range(50))
    assert order.tolist() == shuffled(50, "a").tolist()
    assert order.tolist() != shuffled(50, "b").tolist()
