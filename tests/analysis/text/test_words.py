import math

import pytest

from analysis.text.words import arm_label, axis_values, listing, number, percent, plural, setting, span


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (12345.0, "12,345"),
        (1234.5, "1,234"),
        (0.12345, "0.123"),
        (12.345, "12.3"),
        (-0.5, "−0.500"),
        (0.00001234, "1.23e−05"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "–"),
    ],
)
def test_numbers_have_three_digits(value: float, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.3, "0.3"),
        (30.0, "30"),
        (math.inf, "∞"),
        (10_000, "10,000"),
        (True, "yes"),
        ((0.0, 0.9), "(0, 0.9)"),
        ("a_b", "a b"),
    ],
)
def test_settings_are_not_rounded(value: object, words: str) -> None:
    assert setting(value) == words


def test_small_shares_do_not_vanish() -> None:
    assert [percent(share) for share in (0.0, 0.001, 0.5, 0.999, 1.0)] == [
        "0 %",
        "under 1 %",
        "50 %",
        "over 99 %",
        "100 %",
    ]


def test_counts_and_lists() -> None:
    assert span([500, 500]) == "500"
    assert span([1000, 400]) == "400 to 1,000"
    assert listing([]) == ""
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert (plural(1, "seed"), plural(2, "seed")) == ("1 seed", "2 seeds")


def test_names_of_arms_and_axes() -> None:
    assert arm_label("wgan_gp", "wgan_gp") == "WGAN-GP"
    assert arm_label("wide_gan", "wgan_gp") == "wide gan"
    assert arm_label("lc_vae_grid", "lc_vae") == "LC-VAE grid"
    assert arm_label("untrained_wgan_gp", "wgan_gp") == "untrained WGAN-GP"
    assert arm_label("sn_gan", "gan") == "SN-GAN"
    assert arm_label("gan_matched", "gan") == "GAN matched"
    assert arm_label("pacgan2", "gan") == "PacGAN2"
    assert axis_values((("lam", 30.0), ("c", math.inf), ("clamp", "weights_and_gains"))) == (
        "λ = 30, c = ∞, clamp = weights and gains"
    )
