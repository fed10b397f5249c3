"""The LC-VAE and the plain VAE that it is compared with."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.results import Results, TrialRow, Value, own_value
from analysis.text.words import axis_values, listing

PAPERS_SETTING = (30.0, 0.3)
"""λ and c of "Looser is Worse", Section 4.2."""

OWN_SETTINGS = {"family", "latent_dim", "lam", "c", "clamp", "encoding"}
"""Settings in which an LC-VAE may differ from the VAE that it is compared with."""


@dataclass(frozen=True)
class LipschitzPair:
    """Values of an LC-VAE at one λ and c, and of the plain VAE."""

    setting: str
    lc_vae: tuple[Value, ...]
    vae: tuple[Value, ...]
    differing: tuple[str, ...]
    """Other settings that the two do not share; then a difference may come from them."""


def lipschitz_pair(results: Results, values: Sequence[Value]) -> LipschitzPair | None:
    """The LC-VAE at the paper's λ and c, or at the largest λ with the smallest c that was swept, and the plain VAE.

    The plain VAE is the study's first arm of that family, or the LC-VAE's own λ = 0 with c = ∞. None where one of the
    two has no values.
    """
    lipschitz = [value for value in values if value.trial.family == "lc_vae" and _rest_is_own(results, value.trial)]
    lipschitz = [value for value in lipschitz if value.trial.arm == lipschitz[0].trial.arm]
    constrained = {_setting(value.trial) for value in lipschitz} - {(0.0, math.inf)}
    if not constrained:
        return None
    lam, c = PAPERS_SETTING if PAPERS_SETTING in constrained else max(constrained, key=lambda s: (s[0], -s[1]))
    ours = tuple(value for value in lipschitz if _setting(value.trial) == (lam, c))
    plain = [value for value in values if value.trial.family == "vae" and results.is_main(value.trial)]
    vae = tuple(value for value in plain if value.trial.arm == plain[0].trial.arm)
    vae = vae or tuple(value for value in lipschitz if _setting(value.trial) == (0.0, math.inf))
    if not vae:
        return None
    return LipschitzPair(
        axis_values((("lam", lam), ("c", c))), ours, vae, _differing(ours[0].trial.settings, vae[0].trial.settings)
    )


def differing_words(pair: LipschitzPair) -> str:
    """Why no verdict can stand where the two differ in more than the constraint."""
    return (
        f"The LC-VAE and the VAE differ in {listing(pair.differing)} as well, so a difference may come from there: "
        "give both arms the same settings."
    )


def _setting(trial: TrialRow) -> tuple[float, float]:
    return float(str(trial.settings["lam"])), float(str(trial.settings["c"]))


def _rest_is_own(results: Results, trial: TrialRow) -> bool:
    """Axes other than dim(z), λ and c are at the arm's own values."""
    arm = results.arm(trial.arm)
    rest = [(axis, value) for axis, value in trial.others if axis not in {"lam", "c"}]
    return arm is not None and all(value == own_value(arm, axis) for axis, value in rest)


def _differing(ours: Mapping[str, object], plain: Mapping[str, object]) -> tuple[str, ...]:
    names = sorted((set(ours) | set(plain)) - OWN_SETTINGS)
    return tuple(name.replace("_", " ") for name in names if ours.get(name) != plain.get(name))
