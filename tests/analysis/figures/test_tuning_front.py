from analysis.figures import tuning_front
from analysis.results import Results
from analysis.statistics.searches import found, on_front
from support.pretended_search import FINALISTS, drawn, known, with_search


def test_the_front_is_known_whatever_the_direction(searched: Results) -> None:
    search = found(searched)
    assert search is not None
    assert search.objectives == ("held_out_loss", "collision_entropy", "frechet")
    assert on_front(search) == {
        "published": False,
        "plain_vae": False,
        "c2": True,
        "c3": False,
        "c2_plain_vae": False,
        "c3_plain_vae": True,
    }
    (info,) = tuning_front.infos(searched)
    assert info.pairs == (
        ("held_out_loss", "collision_entropy"),
        ("held_out_loss", "frechet"),
        ("collision_entropy", "frechet"),
    )
    text = tuning_front.caption(info)
    assert "Faint dots are the 6 configurations of the search, means over 2 seeds" in text
    assert "twin has all of its settings but λ and c" in text


def test_what_was_not_scored_is_counted(shared_results: Results) -> None:
    results = with_search(shared_results, drawn(6), FINALISTS, known, failed=["c5"], pruned=["c6", "c7"])
    (info,) = tuning_front.infos(results)
    text = tuning_front.caption(info)
    assert "Faint dots are the 5 configurations" in text
    assert "Not shown: 1 failed and 2 pruned." in text
